//! Detection of a stalled stream.

use std::thread;
use std::time::Duration;

use super::{BatchQueue, State, WhenFull};

/// A stream that has not accepted a byte for this long is stalled.
pub const STALLED_AFTER: Duration = Duration::from_millis(200);

impl BatchQueue {
    /// Whether a batch is being written to a stream that has not accepted a byte for [`STALLED_AFTER`].
    pub fn is_stalled(&self) -> bool {
        self.shared.state().is_stalled()
    }

    /// Records that the stream still accepts nothing: senders that need not wait for a stalled stream are
    /// woken.
    pub fn note_stall(&self) {
        let mut state = self.shared.state();
        if state.when_full != WhenFull::Wait && state.is_stalled() {
            state.wake_all();
        }
    }

    /// Calls `react` repeatedly while the stream is stalled, since its effect may be undone by others, and
    /// once when a stall has ended. Returns when the queue is closed.
    pub fn watch_stalls(&self, react: impl Fn(bool)) {
        let mut was_stalled = false;
        loop {
            let state = self.shared.state();
            if state.is_closed {
                return;
            }
            let is_stalled = state.is_stalled();
            if is_stalled || was_stalled {
                was_stalled = is_stalled;
                react(is_stalled);
            }
            if state.current.is_none() && !is_stalled {
                drop(self.shared.changed.wait(state, None));
            } else {
                drop(state);
                thread::sleep(STALLED_AFTER);
            }
        }
    }
}

impl State {
    pub(super) fn is_stalled(&self) -> bool {
        let last_progress = self.current.as_ref().map(|current| current.last_progress);
        last_progress.is_some_and(|last| last.elapsed() >= STALLED_AFTER)
    }
}
