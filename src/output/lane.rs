//! A way past the stream itself.

use crate::platform::batches::{Batch, BatchSender};

/// A way to a place that takes whole records in batches, such as a thread that writes for several.
pub trait Lane: Send {
    /// Hands a batch over; false if there is no room for it: then it is left as it is, and the loop is
    /// woken when it can be offered again.
    fn offer(&mut self, batch: &mut Batch) -> bool;

    /// Bytes that were handed over and are still in memory.
    fn queued(&self) -> usize {
        0
    }

    /// Whether a long record may be handed over in parts.
    fn takes_parts(&self) -> bool {
        false
    }

    /// Drops what was handed over and is not being written yet. Returns how many received messages are
    /// among it.
    fn discard(&mut self) -> u64 {
        0
    }
}

impl Lane for BatchSender {
    fn offer(&mut self, batch: &mut Batch) -> bool {
        Self::offer(self, batch)
    }

    fn queued(&self) -> usize {
        Self::queued(self)
    }

    fn takes_parts(&self) -> bool {
        Self::takes_parts(self)
    }

    fn discard(&mut self) -> u64 {
        Self::discard(self) as u64
    }
}
