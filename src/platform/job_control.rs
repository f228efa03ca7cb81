//! Stopping and continuing a program that has changed the modes of its terminal.
//!
//! Before it stops, the terminal is put back for whoever uses it next. When it goes on, the modes are set
//! again as soon as it is in the foreground; until then the terminal is left alone.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN};
use signal_hook::iterator::Signals;
use signal_hook::low_level;

use super::signals::is_ignored;
use super::terminal::{self, suspend_group};

/// How often a program in the background looks whether it is in the foreground: a shell announces that
/// only to a program that was stopped.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// How long SIGCONT is waited for before a stop that the parent, which was stopped first, does not see. The
/// thread that the system delivers it to may have to wait for a processor.
const SCRIPT_GRACE: Duration = Duration::from_millis(50);

/// What has to be done to a terminal around a stop.
pub trait TerminalModes: Send + 'static {
    /// Puts the modes back that it was found in; does nothing in the background.
    fn give_back(&self);
    /// Sets the modes of this program, which is in the foreground.
    fn take(&self);
    /// The program uses the terminal again: shows what it had shown.
    fn redraw(&self);
}

/// Handles SIGTSTP and SIGCONT in a thread, for as long as the process lives.
#[derive(Clone, Debug)]
pub struct JobControl {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// Whoever started the program wants no stops, or is not there to continue it.
    ignores_stops: bool,
}

#[derive(Debug, Default)]
struct State {
    /// The terminal has been given back for good.
    is_released: bool,
    /// How often the terminal was taken again.
    resumed: u64,
}

impl JobControl {
    /// Takes SIGTSTP and SIGCONT over, unless SIGTSTP is ignored or without effect. The modes are set
    /// already, or will be after so much time.
    ///
    /// # Errors
    /// When the system refuses the handlers or the thread.
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

    /// Stops the process group, as Ctrl-Z does, and returns when the terminal is in the modes of this
    /// program again. Where there is no shell that could continue it, nothing stops.
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

    /// Leaves the modes of the terminal alone from now on.
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
            let came: Vec<i32> = if is_resuming {
                thread::sleep(take_after.take().unwrap_or(CHECK_INTERVAL));
                signals.pending().collect()
            } else {
                signals.wait().collect()
            };
            let is_continued = came.contains(&SIGCONT);
            is_resuming |= is_continued;
            // One that was continued since needs no stop any more.
            if came.contains(&SIGTSTP) && !is_continued {
                self.give_back(modes);
                let signal = stop_signal();
                // A script that was stopped with this process may have been told to go on already: then
                // nobody would continue a process that stops now.
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

    /// False in the background.
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

/// What stops the process as SIGTSTP does where it is not handled: not if nobody could continue it.
fn stop_signal() -> i32 {
    // There may be a shell all the same: the kernel knows, and does nothing at SIGTTIN if not.
    if terminal::has_shell() { SIGSTOP } else { SIGTTIN }
}

/// Raises it in this thread, which therefore does not go on before it is continued. Whether SIGCONT is sure
/// to have come.
fn stop(signal: i32) -> bool {
    low_level::raise(signal).is_ok() && signal == SIGSTOP
}
