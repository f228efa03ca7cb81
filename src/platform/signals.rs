//! Signals as an event source for mio.

use std::io::{self, IsTerminal, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use mio::net::UnixStream;
use mio::{Interest, Registry, Token};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ};
use signal_hook::{SigId, flag, low_level};

pub use super::signal::Signal;
use super::signal::is_ignored;
use super::stdio::Writer;
use super::{early_signals, terminal};

/// Received signals.
#[derive(Debug)]
pub struct Signals {
    pending: Vec<Pending>,
    /// SIGCONT: the process was stopped and continued.
    continued: UnixStream,
    shutdowns: Vec<SigId>,
}

/// The event source of one signal.
#[derive(Debug)]
struct Pending {
    signal: Signal,
    pipe: UnixStream,
    /// It was received and not taken yet: another one ends the process.
    is_pending: Arc<AtomicBool>,
    /// It was received and is not for the loop.
    is_discarded: Arc<AtomicBool>,
}

/// The flags of the signals that a terminal sends to all programs of the group: that one is pending, and that it is discarded.
static OF_TERMINAL: Mutex<Vec<[Arc<AtomicBool>; 2]>> = Mutex::new(Vec::new());

/// SIGINT and SIGQUIT that were received until now are not for the loop: they were for a program that has had the terminal, or
/// were sent to interrupt the line editor.
pub fn discard_pending() {
    let flags = OF_TERMINAL.lock().unwrap_or_else(PoisonError::into_inner);
    if !flags.is_empty() {
        // When a thread handles a signal that is raised for it, it also handles those that are pending for the process. The
        // handler of this one has no effect: see `Signals::install`.
        let _ = low_level::raise(SIGXFSZ);
    }
    for [is_pending, is_discarded] in flags.iter() {
        if is_pending.load(Ordering::SeqCst) {
            is_discarded.store(true, Ordering::SeqCst);
        }
    }
}

impl Signals {
    /// Installs handlers of SIGINT, SIGTERM, SIGHUP and SIGCONT. A second signal of the same kind, except for
    /// SIGHUP, ends the process if the first was not taken yet: the event loop hangs. SIGHUP stays ignored
    /// if it is, as under nohup(1). With a terminal on standard input SIGQUIT is handled too, so that the
    /// terminal modes can be restored.
    ///
    /// # Errors
    /// If the handlers cannot be installed.
    pub fn install() -> io::Result<Self> {
        let mut signals =
            Self { pending: Vec::new(), continued: pipe_of(SIGCONT)?, shutdowns: Vec::new() };
        // Exceeding a file size limit (ulimit -f) is a write error then, and does not end the process.
        flag::register(SIGXFSZ, Arc::default())?;
        signals.take_over(Signal::Interrupt, SIGINT)?;
        signals.take_over(Signal::Terminate, SIGTERM)?;
        if !is_ignored(SIGHUP) {
            signals.take_over(Signal::Hangup, SIGHUP)?;
        }
        if io::stdin().is_terminal() && !is_ignored(SIGQUIT) {
            signals.take_over(Signal::Quit, SIGQUIT)?;
        }
        early_signals::leave_to_others();
        Ok(signals)
    }

    fn take_over(&mut self, signal: Signal, number: i32) -> io::Result<()> {
        let [is_pending, is_discarded] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        let code = i32::from(signal.exit_code());
        // Closing a terminal causes more than one SIGHUP: from the kernel and from the shell.
        if signal != Signal::Hangup {
            let second =
                flag::register_conditional_shutdown(number, code, Arc::clone(&is_pending))?;
            self.shutdowns.push(second);
            flag::register(number, Arc::clone(&is_pending))?;
        }
        if matches!(signal, Signal::Interrupt | Signal::Quit) {
            let flags = [Arc::clone(&is_pending), Arc::clone(&is_discarded)];
            OF_TERMINAL.lock().unwrap_or_else(PoisonError::into_inner).push(flags);
        }
        self.pending.push(Pending { signal, pipe: pipe_of(number)?, is_pending, is_discarded });
        Ok(())
    }

    /// Registers the signals with `registry` as `token`.
    ///
    /// # Errors
    /// If the registration fails.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        for pending in &mut self.pending {
            registry.register(&mut pending.pipe, token, Interest::READABLE)?;
        }
        registry.register(&mut self.continued, token, Interest::READABLE)
    }

    /// A second signal no longer ends the process: while a line editor has changed the terminal modes, the
    /// process must not end without restoring them.
    pub fn leave_to_loop(&mut self) {
        for id in self.shutdowns.drain(..) {
            low_level::unregister(id);
        }
    }

    /// The next received signal, each one once.
    pub fn take(&mut self) -> Option<Signal> {
        self.pending.iter_mut().find_map(Pending::take)
    }

    /// Whether the process was stopped and has been continued since the last call.
    pub fn take_continued(&mut self) -> bool {
        let mut was_continued = false;
        while was_received(&mut self.continued) {
            was_continued = true;
        }
        was_continued
    }
}

impl Pending {
    /// Whether the terminal sends it to another program, which has the terminal.
    fn goes_to_other(&self) -> bool {
        matches!(self.signal, Signal::Interrupt | Signal::Quit) && terminal::is_lent()
    }

    fn take(&mut self) -> Option<Signal> {
        // Read first: `discard_pending` marks what is pending before the terminal is no longer lent.
        let goes_to_other = self.goes_to_other();
        // Before reading: a signal received in between is read, or stays untaken.
        self.is_pending.store(false, Ordering::SeqCst);
        let is_ours = was_received(&mut self.pipe)
            && !self.is_discarded.swap(false, Ordering::SeqCst)
            && !goes_to_other;
        if is_ours && self.signal == Signal::Interrupt {
            end_echoed_line();
        }
        is_ours.then_some(self.signal)
    }
}

/// Ends the process at once at SIGINT, SIGTERM and SIGHUP, with the exit status of that, also while it waits for a file.
/// After Ctrl-C on a terminal the line there is ended. SIGHUP stays ignored if it is.
///
/// # Errors
/// If the handlers cannot be installed.
pub fn exit_at_once() -> io::Result<()> {
    flag::register(SIGXFSZ, Arc::default())?; // see `install`
    let endings =
        [(Signal::Interrupt, SIGINT), (Signal::Terminate, SIGTERM), (Signal::Hangup, SIGHUP)];
    for (signal, number) in endings {
        let code = i32::from(signal.exit_code());
        if number == SIGINT && terminal::echoes_interrupt() {
            exit_on_new_line(code)?;
        } else if number != SIGHUP || !is_ignored(number) {
            flag::register_conditional_shutdown(number, code, Arc::new(AtomicBool::new(true)))?;
        }
    }
    early_signals::leave_to_others();
    Ok(())
}

/// Ends the process at SIGINT after what is on the line of the terminal: a part of a message, and the echo of Ctrl-C.
fn exit_on_new_line(code: i32) -> io::Result<()> {
    let (mut wake, end) = std::os::unix::net::UnixStream::pair()?;
    low_level::pipe::register(SIGINT, end)?;
    let is_line_ended = Arc::new(AtomicBool::new(false));
    flag::register_conditional_shutdown(SIGINT, code, Arc::clone(&is_line_ended))?;
    let wait = move || {
        let _ = wake.read_exact(&mut [0]); // the other end is never closed
        end_echoed_line();
        is_line_ended.store(true, Ordering::SeqCst);
        let _ = low_level::raise(SIGINT); // there is such a signal
    };
    thread::Builder::new().name("interrupt".to_owned()).spawn(wait).map(drop)
}

/// The reading end of a pipe that receives a byte for each signal of this number.
fn pipe_of(number: i32) -> io::Result<UnixStream> {
    let (wake, end) = std::os::unix::net::UnixStream::pair()?;
    wake.set_nonblocking(true)?;
    low_level::pipe::register(number, end)?;
    Ok(UnixStream::from_std(wake))
}

fn was_received(pipe: &mut UnixStream) -> bool {
    matches!(pipe.read(&mut [0]), Ok(count) if count > 0)
}

/// Starts a new line on the terminal on standard error, if the kernel has just echoed `^C` there.
fn end_echoed_line() {
    if terminal::echoes_interrupt()
        && let Ok(mut stderr) = Writer::stderr()
    {
        let _ = stderr.write(b"\n"); // only cosmetic
    }
}
