//! The sending side of the queue.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Batch, BatchSender, Lane};

impl BatchSender {
    /// Queues a batch; false if the queue is full: then the batch is unchanged.
    pub fn offer(&self, batch: &mut Batch) -> bool {
        let mut state = self.shared.state();
        let is_taken = state.accept(batch, &self.lane);
        if is_taken {
            self.shared.wake_writer(&mut state);
        }
        is_taken
    }

    /// Whether a long event may be sent in parts.
    pub fn takes_parts(&self) -> bool {
        self.shared.takes_parts
    }

    /// Drops its queued batches, except for the one being written. Returns the number of received messages
    /// in them.
    pub fn discard(&self) -> usize {
        let mut state = self.shared.state();
        let all = std::mem::take(&mut state.batches);
        let (own, others) = all.into_iter().partition(|(_, lane)| Arc::ptr_eq(lane, &self.lane));
        state.batches = others;
        let own: VecDeque<(Batch, Arc<Lane>)> = own;
        for (batch, lane) in &own {
            state.release(batch.bytes.len(), lane);
        }
        self.shared.changed.notify();
        own.iter().map(|(batch, _)| batch.message_ends.len()).sum()
    }

    /// Bytes of its batches that are not written yet.
    pub fn queued(&self) -> usize {
        self.lane.queued()
    }
}

/// A dropped sender does not wait any more, and its unfinished event is ended.
impl Drop for BatchSender {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        if self.lane.is_blocked.load(Ordering::Relaxed) {
            state.blocked.retain(|lane| !Arc::ptr_eq(lane, &self.lane));
        }
        let is_last = state.remove_sender(&self.lane);
        if state.end_unfinished(&self.lane) || is_last {
            self.shared.wake_writer(&mut state);
        }
    }
}
