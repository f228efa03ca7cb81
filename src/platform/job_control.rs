//! Stopping and continuing a program that has changed the terminal modes.
//!
//! Before it stops, the original modes are restored. When it continues, its own modes are set again as soon
//! as it is in the foreground; until then the terminal is not touched.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN};
use signal_hook::iterator::Signals;
use signal_hook::low_level;

use super::signal::is_ignored;
use super::terminal::{self, suspend_group};

/// How often a program in the background checks whether it is in the foreground: a shell sends SIGCONT only
/// to a stopped program.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// How long to wait for SIGCONT before a stop that the parent, which was stopped first, does not notice: the
/// thread that receives it may not be scheduled immediately.
const SCRIPT_GRACE: Duration = Duration::from_millis(50);

/// The changes to terminal modes around a stop.
pub trait TerminalModes: Send + 'static {
    /// Restores the original modes; does nothing in the background.
    fn give_back(&self);
    /// Sets the modes of this program, which must be in the foreground.
    fn take(&self);
    /// Shows the line again that was shown before the stop.
    fn redraw(&self);
}

/// Handles SIGTSTP and SIGCONT in a thread, until the process ends.
#[derive(Clone, Debug)]
pub struct JobControl {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// SIGTSTP is ignored, or no process could continue the program.
    ignores_stops: bool,
}

#[derive(Debug, Default)]
struct State {
    /// The original modes of the terminal are restored and must not be changed any more.
    is_released: bool,
    /// The number of times the modes were set again after a stop.
    resumed: u64,
}

impl JobControl {
    /// Installs handlers of SIGTSTP and SIGCONT, unless SIGTSTP is ignored or without effect. The modes are
    /// set already, or are set after the time `take_after`.
    ///
    /// # Errors
    /// If the handlers cannot be installed or the thread cannot be started.
    pub fn start(modes: impl TerminalModes, take_after: Option<Duration>) -> io::Result<Self> {
        let ignores_stops = is_ignored(SIGTSTP) || terminal::leads_session();
        let handled = if ignores_stops { &[SIGCONT][..] } else { &[SIGCONT, SIGTSTP] };
        let signals = Signals::new(handled)?;
        let state = Mutex::default();
        let shared = Arc::new(Shared { state, changed: Condvar::new(), ignores_stops });
        let own = Arc::clone(&shared);
        thread::Builder::new()
            .name("job control".to_owned())
            .spawn(move || own.handle(signals, &modes, take_after))?;
        Ok(Self { shared })
    }

    /// Stops the process group, as Ctrl-Z does, and returns when the modes of this program are set again.
    /// Without a shell that could continue it, the program does not stop.
    pub fn suspend(&self) {
        if self.shared.ignores_stops {
            return;
        }
        let mut state = self.shared.state();
        let before = state.resumed;
        suspend_group();
        while state.resumed == before && !state.is_released {
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Never changes the terminal modes again.
    pub fn release(&self) {
        self.shared.state().is_released = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handle(
        &self,
        mut signals: Signals,
        modes: &impl TerminalModes,
        mut take_after: Option<Duration>,
    ) {
        let mut is_resuming = take_after.is_some();
        loop {
            let received: Vec<i32> = if is_resuming {
                thread::sleep(take_after.take().unwrap_or(CHECK_INTERVAL));
                signals.pending().collect()
            } else {
                signals.wait().collect()
            };
            let is_continued = received.contains(&SIGCONT);
            is_resuming |= is_continued;
            // A program that was continued since then must not stop.
            if received.contains(&SIGTSTP) && !is_continued {
                self.give_back(modes);
                let signal = stop_signal();
                // A script that was stopped with this process may have been continued already: then no
                // one would continue a process that stops now.
                if signal == SIGTTIN {
                    thread::sleep(SCRIPT_GRACE);
                }
                let is_continued = signals.pending().any(|signal| signal == SIGCONT);
                is_resuming |= is_continued || !stop(signal);
            }
            if is_resuming && self.resume(modes) {
                is_resuming = false;
            }
        }
    }

    fn give_back(&self, modes: &impl TerminalModes) {
        let state = self.state();
        if !state.is_released {
            modes.give_back();
        }
    }

    /// Sets the modes again; false in the background.
    fn resume(&self, modes: &impl TerminalModes) -> bool {
        let mut state = self.state();
        if state.is_released {
            return true;
        }
        if terminal::is_in_background() {
            return false;
        }
        modes.take();
        state.resumed += 1;
        drop(state);
        self.changed.notify_all();
        modes.redraw();
        true
    }
}

/// The signal with the effect of an unhandled SIGTSTP: it must not stop a process that no one could continue.
fn stop_signal() -> i32 {
    // There may still be a shell: if not, the kernel ignores SIGTTIN.
    if terminal::has_shell() { SIGSTOP } else { SIGTTIN }
}

/// Raises the signal in this thread, which returns only when continued. Returns whether SIGCONT was certainly
/// received.
fn stop(signal: i32) -> bool {
    low_level::raise(signal).is_ok() && signal == SIGSTOP
}
