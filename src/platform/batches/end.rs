//! The end of a queue whose senders end by themselves.

use super::{BatchQueue, State};

impl BatchQueue {
    /// No more senders follow: once there are none, and everything is written, [`BatchQueue::wait_for_batch`] returns
    /// `None`.
    pub fn end(&self) {
        self.shared.state().is_ending = true;
        self.shared.changed.notify_all();
    }
}

impl State {
    /// Whether nothing can follow.
    pub(super) fn has_ended(&self) -> bool {
        self.is_ending && self.senders == 0 && self.is_empty()
    }

    /// A sender was dropped. Returns whether the queue has ended with it.
    pub(super) fn remove_sender(&mut self) -> bool {
        self.senders -= 1;
        self.is_ending && self.senders == 0
    }
}
