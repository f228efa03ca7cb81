//! Ctrl-C on systems without Unix signals: a flag that the event loop polls.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mio::{Registry, Token};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

pub use super::signal::Signal;

/// Received signals. A second one ends the process immediately.
#[derive(Debug)]
pub struct Signals {
    interrupted: Arc<AtomicBool>,
    terminated: Arc<AtomicBool>,
    reported: [bool; 2],
}

impl Signals {
    /// Installs the handlers.
    ///
    /// # Errors
    /// If the handlers cannot be installed.
    pub fn install() -> io::Result<Self> {
        let signals =
            Self { interrupted: Arc::default(), terminated: Arc::default(), reported: [false; 2] };
        for (signal, flag, code) in
            [(SIGINT, &signals.interrupted, 130), (SIGTERM, &signals.terminated, 143)]
        {
            flag::register_conditional_shutdown(signal, code, Arc::clone(flag))?;
            flag::register(signal, Arc::clone(flag))?;
        }
        Ok(signals)
    }

    /// Does nothing: the event loop polls with a timeout.
    ///
    /// # Errors
    /// None.
    pub fn register(&mut self, _: &Registry, _: Token) -> io::Result<()> {
        Ok(())
    }

    /// Does nothing: a second signal always ends the process.
    pub fn leave_to_loop(&mut self) {}

    /// Always false: stops are not reported here.
    pub fn take_continued(&mut self) -> bool {
        false
    }

    /// The next received signal, each one once.
    pub fn take(&mut self) -> Option<Signal> {
        let new = |flag: &AtomicBool, reported: &mut bool| {
            let is_new = flag.load(Ordering::Relaxed) && !*reported;
            *reported |= is_new;
            is_new
        };
        if new(&self.terminated, &mut self.reported[0]) {
            Some(Signal::Terminate)
        } else {
            new(&self.interrupted, &mut self.reported[1]).then_some(Signal::Interrupt)
        }
    }
}

/// Does nothing: a program that has the terminal gets its own Ctrl-C.
pub fn discard_pending() {}

/// Ends the process at once at Ctrl-C, with the exit status of that, also while it waits for a file.
///
/// # Errors
/// If the handlers cannot be installed.
pub fn exit_at_once() -> io::Result<()> {
    for (signal, code) in [(SIGINT, 130), (SIGTERM, 143)] {
        flag::register_conditional_shutdown(signal, code, Arc::new(AtomicBool::new(true)))?;
    }
    Ok(())
}
