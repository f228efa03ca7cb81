//! The end of a queue whose senders end by themselves.

use std::sync::Arc;

use super::{BatchQueue, Lane, State};

impl BatchQueue {
    /// No more senders follow: once there are none, and everything is written, [`BatchQueue::wait_for_batch`] returns
    /// `None`.
    pub fn end(&self) {
        self.shared.state().is_ending = true;
        self.shared.changed.notify();
    }
}

impl State {
    /// Whether nothing can follow.
    pub(super) fn has_ended(&self) -> bool {
        self.is_ending && self.senders.is_empty() && self.is_empty()
    }

    /// A sender was dropped. Returns whether the queue has ended with it.
    pub(super) fn remove_sender(&mut self, lane: &Arc<Lane>) -> bool {
        self.senders.retain(|sender| !Arc::ptr_eq(sender, lane));
        self.is_ending && self.senders.is_empty()
    }
}
