//! Queues for much data, in which the memory of batches is used again: to map it for each would cost as much as to fill it.

use super::{BatchQueue, BatchSender};

/// A sender of a queue for much with this many bytes in it must wait.
const LANE_LIMIT: usize = 1 << 20;

/// Bytes that are worth waking the writing thread for: to wake it costs about as much as to format so many.
const GATHER_SIZE: usize = 512 << 10;

/// Buffers that are kept.
const MOST_SPARE: usize = 8;

/// Larger ones are not.
const MOST_CAPACITY: usize = 1 << 20;

impl BatchQueue {
    /// The same, for much data from each sender.
    pub fn for_much(self) -> Self {
        let mut state = self.shared.state();
        (state.lane_limit, state.gather_size) = (LANE_LIMIT, GATHER_SIZE);
        drop(state);
        self
    }

    /// Takes the buffer of a batch that is written, for a sender to fill it again.
    pub fn recycle(&self, mut buffer: Vec<u8>) {
        buffer.clear();
        let mut state = self.shared.state();
        if buffer.capacity() <= MOST_CAPACITY && state.spare.len() < MOST_SPARE {
            state.spare.push(buffer);
        }
    }
}

impl BatchSender {
    /// An empty buffer for the next batch, if there is one.
    pub fn spare(&self) -> Option<Vec<u8>> {
        self.shared.state().spare.pop()
    }
}
