//! The messages of one direction.

use std::time::Duration;

use super::histogram::Histogram;
use super::micros;
use crate::recording::RecordedMessage;

/// The messages of one direction.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    /// Their number.
    pub messages: u64,
    /// Their payloads together, in bytes.
    pub bytes: u64,
    /// The most messages within a second of the recording, from whole second to whole second.
    pub peak: u64,
    /// Their sizes, in bytes.
    pub sizes: Histogram,
    /// Microseconds between one and the next.
    pub gaps: Histogram,
    /// Those that were compressed, and whose size on the wire was recorded.
    pub packed: Packed,
    /// The current second, and its messages.
    second: (u64, u64),
    last: Option<Duration>,
}

/// Compressed messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// Their number.
    pub messages: u64,
    /// Their payloads together, in bytes.
    pub bytes: u64,
    /// Their frames together, in bytes.
    pub wire_bytes: u64,
}

impl Traffic {
    pub(super) fn add_message(&mut self, at: Duration, message: &RecordedMessage) {
        let size = message.data.len() as u64;
        self.add(at, size);
        if message.compressed && message.wire_size > 0 {
            self.packed.messages += 1;
            self.packed.bytes = self.packed.bytes.saturating_add(size);
            self.packed.wire_bytes = self.packed.wire_bytes.saturating_add(message.wire_size);
        }
    }

    /// Adds a message of this size.
    pub(super) fn add(&mut self, at: Duration, size: u64) {
        self.messages += 1;
        self.bytes = self.bytes.saturating_add(size);
        self.sizes.add(size);
        // Where time runs backwards a recording begins again.
        if let Some(gap) = self.last.and_then(|last| at.checked_sub(last)) {
            self.gaps.add(micros(gap));
        }
        self.last = Some(at);
        let second = at.as_secs();
        self.second =
            if self.second.0 == second { (second, self.second.1 + 1) } else { (second, 1) };
        self.peak = self.peak.max(self.second.1);
    }
}
