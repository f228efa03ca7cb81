//! The destination of an outlet's whole records, in place of a stream.

use std::time::Duration;

use crate::platform::batches::{Batch, BatchSender};

/// Takes whole records in batches, such as a thread that writes for several connections.
pub trait BatchSink: Send {
    /// Takes a batch; false if there is no room for it: then the batch is unchanged, and the loop is woken
    /// when it can be offered again.
    fn offer(&mut self, batch: &mut Batch) -> bool;

    /// See [`BatchSender::announce`].
    fn announce(&mut self, _at: Duration) {}

    /// See [`BatchSender::settle`].
    fn settle(&mut self) {}

    /// Bytes of batches taken that are still in memory.
    fn queued(&self) -> usize {
        0
    }

    /// An empty buffer that the next batch can be made in.
    fn spare(&mut self) -> Option<Vec<u8>> {
        None
    }

    /// Whether a long record may be passed in parts.
    fn takes_parts(&self) -> bool {
        false
    }

    /// Drops the batches that are not being written yet. Returns the number of received messages in them.
    fn discard(&mut self) -> u64 {
        0
    }
}

impl BatchSink for BatchSender {
    fn offer(&mut self, batch: &mut Batch) -> bool {
        Self::offer(self, batch)
    }

    fn announce(&mut self, at: Duration) {
        Self::announce(self, at);
    }

    fn settle(&mut self) {
        Self::settle(self);
    }

    fn queued(&self) -> usize {
        Self::queued(self)
    }

    fn spare(&mut self) -> Option<Vec<u8>> {
        Self::spare(self)
    }

    fn takes_parts(&self) -> bool {
        Self::takes_parts(self)
    }

    fn discard(&mut self) -> u64 {
        Self::discard(self) as u64
    }
}
