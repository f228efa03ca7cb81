//! Signals as something an event loop can wait for.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use mio::net::UnixStream;
use mio::{Interest, Registry, Token};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM};
use signal_hook::{SigId, flag, low_level};

pub use super::signal::Signal;

/// The signals that come.
#[derive(Debug)]
pub struct Signals {
    pipes: Vec<(Signal, UnixStream)>,
    /// SIGCONT: the process was stopped until now.
    continued: UnixStream,
    shutdowns: Vec<SigId>,
}

impl Signals {
    /// Takes SIGINT, SIGTERM and SIGHUP over, and takes note of SIGCONT. A second signal of a kind
    /// ends the process at once, also where the event loop hangs in a system call. SIGHUP stays
    /// ignored if it is, as under nohup(1).
    ///
    /// # Errors
    /// When the system refuses the handlers.
    pub fn install() -> io::Result<Self> {
        let mut signals =
            Self { pipes: Vec::new(), continued: pipe_of(SIGCONT)?, shutdowns: Vec::new() };
        signals.take_over(Signal::Interrupt, SIGINT)?;
        signals.take_over(Signal::Terminate, SIGTERM)?;
        if !is_ignored(SIGHUP) {
            signals.take_over(Signal::Hangup, SIGHUP)?;
        }
        Ok(signals)
    }

    fn take_over(&mut self, signal: Signal, number: i32) -> io::Result<()> {
        let seen = Arc::new(AtomicBool::new(false));
        let code = i32::from(signal.exit_code());
        let second = flag::register_conditional_shutdown(number, code, Arc::clone(&seen))?;
        self.shutdowns.extend([second, flag::register(number, seen)?]);
        self.pipes.push((signal, pipe_of(number)?));
        Ok(())
    }

    /// Lets `registry` report signals as readiness of `token`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        for (_, pipe) in &mut self.pipes {
            registry.register(pipe, token, Interest::READABLE)?;
        }
        registry.register(&mut self.continued, token, Interest::READABLE)
    }

    /// Leaves also a second signal to the event loop: while a line editor has the terminal in its
    /// hands, the process must not end without giving it back.
    pub fn leave_to_loop(&mut self) {
        for id in self.shutdowns.drain(..) {
            low_level::unregister(id);
        }
    }

    /// The next signal that has come, each one once.
    pub fn take(&mut self) -> Option<Signal> {
        self.pipes.iter_mut().find_map(|(signal, pipe)| has_come(pipe).then_some(*signal))
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
fn is_ignored(number: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (number - 1) & 1 == 1)
}
