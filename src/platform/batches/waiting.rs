//! Waiting for something to write.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

use super::{Batch, BatchQueue, BatchSender, GATHER_SIZE, Lane, NOTHING, Shared, State};

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

/// How long less than that waits for a file: nobody who looks at it notices that.
const GATHER_TIME: Duration = Duration::from_millis(5);

/// The most that a batch waits for older ones of other senders.
const AWAIT_LIMIT: Duration = Duration::from_millis(100);

/// Senders that have offered nothing do not wake who waits for them: it looks again after this time.
const AWAIT_STEP: Duration = Duration::from_millis(1);

impl BatchQueue {
    /// Waits for a batch to write; `None` once the queue is closed or has ended. The previous one counts as written.
    pub fn wait_for_batch(&self) -> Option<Batch> {
        match self.wait(None, false) {
            Waited::Batch(batch) => Some(batch),
            Waited::TimedOut | Waited::Ended => None,
        }
    }

    /// The same, up to this time if there is one; after a first batch others gather, see [`BatchQueue::gather`].
    pub fn wait_for_batches_until(&self, deadline: Option<Instant>) -> Waited {
        self.wait(deadline, true)
    }

    fn wait(&self, deadline: Option<Instant>, gathers: bool) -> Waited {
        let shared = &*self.shared;
        let mut state = shared.state();
        loop {
            if gathers {
                state = shared.await_older(state);
            }
            let batch = state.take();
            shared.changed.notify();
            if let Some(batch) = batch {
                return Waited::Batch(batch);
            }
            if state.is_closed || state.has_ended() {
                return Waited::Ended;
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            state = match left {
                Some(Duration::ZERO) => return Waited::TimedOut,
                left => shared.changed.wait(state, left),
            };
            if gathers && !state.batches.is_empty() {
                state = shared.gather(state, GATHER_TIME);
            }
        }
    }

    /// Lets batches gather, so that a stream of small ones does not wake the writing thread for each, and those of several
    /// senders are written in the order of their times: waits until 64 KiB are queued, or more in a queue for much,
    /// but no longer than `limit`, and not at all once the queue is ending.
    pub fn gather(&self, limit: Duration) {
        let state = self.shared.state();
        if !state.batches.is_empty() {
            drop(self.shared.gather(state, limit));
        }
    }

    /// The next batch to write, as [`BatchQueue::take`]; what is older comes first, see [`BatchSender::announce`].
    pub fn take_in_order(&self) -> Option<Batch> {
        let mut state = self.shared.await_older(self.shared.state());
        let batch = state.take();
        self.shared.changed.notify();
        batch
    }
}

impl BatchSender {
    /// Tells that something may happen from now on, `at` this time since the program started, that is offered later: batches of
    /// others with later times wait for it, up to 100 ms.
    pub fn announce(&self, at: Duration) {
        let nanos = u64::try_from(at.as_nanos()).unwrap_or(NOTHING);
        self.lane.oldest.store(nanos, Ordering::SeqCst);
    }

    /// All that has happened was offered.
    pub fn settle(&self) {
        self.lane.oldest.store(NOTHING, Ordering::SeqCst);
    }
}

impl Shared {
    /// Waits while a sender may still offer something older than the next batch. A sender that takes long is not waited for,
    /// and where much is queued nothing is.
    fn await_older<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let mut limit = AWAIT_LIMIT;
        while !limit.is_zero() && state.queued < GATHER_SIZE && state.has_older() {
            state = self.changed.wait(state, Some(AWAIT_STEP));
            limit = limit.saturating_sub(AWAIT_STEP);
        }
        state
    }

    fn gather<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        limit: Duration,
    ) -> MutexGuard<'a, State> {
        let size = state.gather_size;
        state.gathers = size;
        let is_waiting =
            |state: &mut State| state.queued < size && !state.is_closed && !state.is_ending;
        let mut state = self.changed.wait_while(state, limit, is_waiting);
        state.gathers = 0;
        state
    }
}

impl State {
    /// Whether a sender may still offer something older than the next batch.
    fn has_older(&self) -> bool {
        let Some((Batch { since: Some(since), .. }, lane)) = self.batches.front() else {
            return false;
        };
        let is_older = |sender: &Arc<Lane>| {
            !Arc::ptr_eq(sender, lane)
                && u128::from(sender.oldest.load(Ordering::SeqCst)) < since.as_nanos()
        };
        self.open.is_none()
            && !self.is_closed
            && !self.is_ending
            && self.senders.iter().any(is_older)
    }
}
