//! What one of the senders does.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Batch, BatchSender, Lane};

impl BatchSender {
    /// Hands a batch over; false if there is no room for it: then it is left as it is.
    pub fn offer(&self, batch: &mut Batch) -> bool {
        let mut state = self.shared.state();
        let is_taken = state.accept(batch, &self.lane);
        if is_taken {
            self.shared.wake_writer(&mut state);
        }
        is_taken
    }

    /// Whether a long event may be handed over in parts.
    pub fn takes_parts(&self) -> bool {
        self.shared.takes_parts
    }

    /// Drops its batches that wait, but for the one that is being written. Returns how many received
    /// messages are among them.
    pub fn discard(&self) -> usize {
        let mut state = self.shared.state();
        let all = std::mem::take(&mut state.batches);
        let (own, others) = all.into_iter().partition(|(_, lane)| Arc::ptr_eq(lane, &self.lane));
        state.batches = others;
        let own: VecDeque<(Batch, Arc<Lane>)> = own;
        for (batch, lane) in &own {
            state.release(batch.bytes.len(), lane);
        }
        self.shared.changed.notify_all();
        own.iter().map(|(batch, _)| batch.message_ends.len()).sum()
    }

    /// Bytes of its batches that are not written.
    pub fn queued(&self) -> usize {
        self.lane.queued()
    }
}

/// A sender that has gone waits for nothing, and nobody waits for it.
impl Drop for BatchSender {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        if self.lane.is_blocked.load(Ordering::Relaxed) {
            state.blocked.retain(|lane| !Arc::ptr_eq(lane, &self.lane));
        }
        if state.end_unfinished(&self.lane) {
            self.shared.wake_writer(&mut state);
        }
    }
}
