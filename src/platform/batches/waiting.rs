//! Waiting for something to write.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::{Batch, BatchQueue, State};

/// How a wait for a batch has ended.
#[derive(Debug)]
pub enum Waited {
    /// With a batch.
    Batch(Batch),
    /// There was none in time.
    TimedOut,
    /// The queue is closed, or has ended: there will be none.
    Ended,
}

/// Bytes that are worth waking a writing thread for, see [`BatchQueue::gather`].
pub const GATHER_SIZE: usize = 64 << 10;

/// How long less than that waits: nobody who looks at what is written notices it.
pub const GATHER_TIME: Duration = Duration::from_millis(5);

impl BatchQueue {
    /// Waits for a batch to write; `None` once the queue is closed or has ended. The previous one counts as written.
    pub fn wait_for_batch(&self) -> Option<Batch> {
        match self.wait_for_batch_until(None) {
            Waited::Batch(batch) => Some(batch),
            Waited::TimedOut | Waited::Ended => None,
        }
    }

    /// The same, up to this time if there is one.
    pub fn wait_for_batch_until(&self, deadline: Option<Instant>) -> Waited {
        let shared = &*self.shared;
        let mut state = shared.state();
        loop {
            let batch = state.take();
            shared.changed.notify_all();
            if let Some(batch) = batch {
                return Waited::Batch(batch);
            }
            if state.is_closed || state.has_ended() {
                return Waited::Ended;
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            state = match left {
                Some(Duration::ZERO) => return Waited::TimedOut,
                Some(left) => {
                    let waited = shared.changed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Lets batches gather after one is written, so that a stream of small ones does not wake the writing thread for each:
    /// waits until `size` bytes are queued, but no longer than `limit`, and not at all once the queue is ending. The previous
    /// batch counts as written.
    pub fn gather(&self, size: usize, limit: Duration) {
        let mut state = self.shared.state();
        state.end_current();
        state.gathers = size;
        self.shared.changed.notify_all();
        let is_waiting =
            |state: &mut State| state.queued < size && !state.is_closed && !state.is_ending;
        let waited = self.shared.changed.wait_timeout_while(state, limit, is_waiting);
        waited.unwrap_or_else(PoisonError::into_inner).0.gathers = 0;
    }
}
