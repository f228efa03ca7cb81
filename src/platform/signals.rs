//! Signals as something an event loop can wait for.

use std::io::{self, IsTerminal, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mio::net::UnixStream;
use mio::{Interest, Registry, Token};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ};
use signal_hook::{SigId, flag, low_level};

pub use super::signal::Signal;
use super::{early_signals, terminal};

/// The signals that come.
#[derive(Debug)]
pub struct Signals {
    pending: Vec<Pending>,
    /// SIGCONT: the process was stopped until now.
    continued: UnixStream,
    shutdowns: Vec<SigId>,
}

/// Where a signal is announced.
#[derive(Debug)]
struct Pending {
    signal: Signal,
    pipe: UnixStream,
    /// It has come and was not taken: one more ends the process.
    is_untaken: Arc<AtomicBool>,
}

impl Signals {
    /// Takes SIGINT, SIGTERM and SIGHUP over, and takes note of SIGCONT. A second signal of a kind
    /// other than SIGHUP ends the process if the first has not been taken yet: the event loop does not
    /// turn. SIGHUP stays ignored if it is, as under nohup(1). With a terminal as standard input SIGQUIT is
    /// taken over too: the terminal has to be given back in the modes in which it was found.
    ///
    /// # Errors
    /// When the system refuses the handlers.
    pub fn install() -> io::Result<Self> {
        let mut signals =
            Self { pending: Vec::new(), continued: pipe_of(SIGCONT)?, shutdowns: Vec::new() };
        // A file that may not grow (ulimit -f) is an error of the write then, not the end.
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
        let is_untaken = Arc::new(AtomicBool::new(false));
        let code = i32::from(signal.exit_code());
        // A terminal that is closed sends more than one SIGHUP: by the kernel, and by the shell.
        if signal != Signal::Hangup {
            let second =
                flag::register_conditional_shutdown(number, code, Arc::clone(&is_untaken))?;
            self.shutdowns.extend([second, flag::register(number, Arc::clone(&is_untaken))?]);
        }
        self.pending.push(Pending { signal, pipe: pipe_of(number)?, is_untaken });
        Ok(())
    }

    /// Lets `registry` report signals as readiness of `token`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        for pending in &mut self.pending {
            registry.register(&mut pending.pipe, token, Interest::READABLE)?;
        }
        registry.register(&mut self.continued, token, Interest::READABLE)
    }

    /// Leaves every signal to the event loop: while a line editor has the terminal in its
    /// hands, the process must not end without giving it back.
    pub fn leave_to_loop(&mut self) {
        for id in self.shutdowns.drain(..) {
            low_level::unregister(id);
        }
    }

    /// The next signal that has come, each one once.
    pub fn take(&mut self) -> Option<Signal> {
        self.pending.iter_mut().find_map(Pending::take)
    }

    /// Whether the process was stopped and has been continued since the last call.
    pub fn take_continued(&mut self) -> bool {
        let mut was_continued = false;
        while has_come(&mut self.continued) {
            was_continued = true;
        }
        was_continued
    }
}

impl Pending {
    fn take(&mut self) -> Option<Signal> {
        // Before it is read: one that comes in between is read, or stays untaken.
        self.is_untaken.store(false, Ordering::SeqCst);
        let has_come = has_come(&mut self.pipe);
        if has_come && self.signal == Signal::Interrupt {
            terminal::end_echoed_line();
        }
        has_come.then_some(self.signal)
    }
}

/// The end of a pipe into which each signal of this number writes a byte.
fn pipe_of(number: i32) -> io::Result<UnixStream> {
    let (wake, end) = std::os::unix::net::UnixStream::pair()?;
    wake.set_nonblocking(true)?;
    low_level::pipe::register(number, end)?;
    Ok(UnixStream::from_std(wake))
}

fn has_come(pipe: &mut UnixStream) -> bool {
    matches!(pipe.read(&mut [0]), Ok(count) if count > 0)
}

/// Whether whoever started us has this signal ignored. Known on Linux only.
pub(super) fn is_ignored(number: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (number - 1) & 1 == 1)
}
