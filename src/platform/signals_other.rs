//! Ctrl-C where there are no Unix signals: a flag that the event loop looks at now and then.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mio::{Registry, Token};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

pub use super::signal::Signal;

/// The signals that have come. A second one ends the process at once.
#[derive(Debug)]
pub struct Signals {
    interrupted: Arc<AtomicBool>,
    terminated: Arc<AtomicBool>,
    told: [bool; 2],
}

impl Signals {
    /// Takes the signals over.
    ///
    /// # Errors
    /// When the system refuses the handlers.
    pub fn install() -> io::Result<Self> {
        let signals =
            Self { interrupted: Arc::default(), terminated: Arc::default(), told: [false; 2] };
        for (signal, flag, code) in
            [(SIGINT, &signals.interrupted, 130), (SIGTERM, &signals.terminated, 143)]
        {
            flag::register_conditional_shutdown(signal, code, Arc::clone(flag))?;
            flag::register(signal, Arc::clone(flag))?;
        }
        Ok(signals)
    }

    /// Nothing to wait for here; the event loop's own time-out has to do.
    ///
    /// # Errors
    /// None.
    pub fn register(&mut self, _: &Registry, _: Token) -> io::Result<()> {
        Ok(())
    }

    /// A second signal always ends the process here.
    pub fn leave_to_loop(&mut self) {}

    /// Nothing tells of a stop here.
    pub fn take_continued(&mut self) -> bool {
        false
    }

    /// The next signal that has come, each one once.
    pub fn take(&mut self) -> Option<Signal> {
        let new = |flag: &AtomicBool, told: &mut bool| {
            let is_new = flag.load(Ordering::Relaxed) && !*told;
            *told |= is_new;
            is_new
        };
        if new(&self.terminated, &mut self.told[0]) {
            Some(Signal::Terminate)
        } else {
            new(&self.interrupted, &mut self.told[1]).then_some(Signal::Interrupt)
        }
    }
}
