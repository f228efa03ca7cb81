//! Handling of signals during a prompt, before there is an event loop.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM};
use signal_hook::{SigId, flag, low_level};

use super::signal::{Signal, is_ignored};

const ENDING: [(Signal, i32); 3] =
    [(Signal::Interrupt, SIGINT), (Signal::Terminate, SIGTERM), (Signal::Hangup, SIGHUP)];

/// Handlers that restore the default action of signals after a prompt.
static DEFAULTS: Mutex<Vec<SigId>> = Mutex::new(Vec::new());

/// Handlers of SIGCONT and of the signals that end the program, except for ignored ones.
#[derive(Debug)]
pub(super) struct EarlySignals {
    wake: UnixStream,
    /// Which one of `ENDING` was received last, counted from 1.
    received: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
    handlers: Vec<SigId>,
}

impl EarlySignals {
    /// Installs the handlers.
    ///
    /// # Errors
    /// If the handlers cannot be installed.
    pub(super) fn catch() -> io::Result<Self> {
        let (wake, sender) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        let mut signals =
            Self { wake, received: Arc::default(), is_over: Arc::default(), handlers: Vec::new() };
        let mut defaults = Vec::new();
        for (place, (_, number)) in ENDING.into_iter().enumerate() {
            if is_ignored(number) {
                continue;
            }
            let received = Arc::clone(&signals.received);
            signals.handlers.push(flag::register_usize(number, received, place + 1)?);
            signals.handlers.push(low_level::pipe::register(number, sender.try_clone()?)?);
            let is_over = Arc::clone(&signals.is_over);
            defaults.push(flag::register_conditional_default(number, is_over)?);
        }
        signals.handlers.push(low_level::pipe::register(SIGCONT, sender)?);
        replace_defaults(defaults);
        Ok(signals)
    }

    /// The signal that was received, if any; else the program was continued after a stop. To be called when
    /// the descriptor is readable.
    pub(super) fn take(&mut self) -> Option<Signal> {
        while matches!(self.wake.read(&mut [0; 16]), Ok(1..)) {}
        let place = self.received.swap(0, Ordering::SeqCst).checked_sub(1)?;
        ENDING.get(place).map(|(signal, _)| *signal)
    }
}

impl AsFd for EarlySignals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

impl Drop for EarlySignals {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        for id in self.handlers.drain(..) {
            low_level::unregister(id);
        }
        if let Some(signal) = self.take()
            && let Some((_, number)) = ENDING.iter().find(|(it, _)| *it == signal)
        {
            let _ = low_level::raise(*number); // it was received too late to be returned
        }
    }
}

/// Removes the handlers of the default actions, when other handlers have been installed.
pub(super) fn leave_to_others() {
    replace_defaults(Vec::new());
}

fn replace_defaults(new: Vec<SigId>) {
    let mut defaults = DEFAULTS.lock().unwrap_or_else(PoisonError::into_inner);
    for id in std::mem::replace(&mut *defaults, new) {
        low_level::unregister(id);
    }
}
