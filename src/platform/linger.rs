//! The terminal after the end of a connection, while someone is still typing: what is typed then is dropped, and does
//! not reach the shell.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use super::line_editor;
use super::terminal::{self, SavedModes};

/// How long what is typed is dropped.
const LINGER: Duration = Duration::from_millis(500);

/// While keys are pressed, what is typed is dropped until none was pressed for this long.
const QUIET: Duration = Duration::from_millis(300);

/// The limit of that.
const LONGEST: Duration = Duration::from_millis(1500);

/// The process has one terminal.
static LINGERING: Mutex<Option<Lingering>> = Mutex::new(None);

struct Lingering {
    modes: SavedModes,
    until: Instant,
    /// A signal was received.
    is_over: Arc<AtomicBool>,
}

/// From now on what is typed is dropped, but Ctrl-C sends SIGINT. [`finish`] restores these modes.
pub fn begin(modes: &SavedModes) {
    modes.set_raw();
    modes.set_interruptible(true);
    let is_over = Arc::<AtomicBool>::default();
    for signal in [SIGINT, SIGTERM] {
        let _ = flag::register(signal, Arc::clone(&is_over)); // without it the time passes
    }
    let lingering = Lingering { modes: modes.clone(), until: Instant::now() + LINGER, is_over };
    *LINGERING.lock().unwrap_or_else(PoisonError::into_inner) = Some(lingering);
}

/// At the end of the process: waits for the rest of the time, or until a signal, and restores the terminal.
pub fn finish() {
    let lingering = LINGERING.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(Lingering { modes, until, is_over }) = lingering else { return };
    if !terminal::is_in_background() {
        if !is_over.load(Ordering::SeqCst) {
            terminal::drop_typed(until, QUIET, until + LONGEST);
        }
        terminal::discard_typed();
    }
    line_editor::restore(&modes);
}
