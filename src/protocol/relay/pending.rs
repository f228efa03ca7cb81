//! The bytes that were received and not delivered yet.

use std::ops::Range;

use crate::protocol::frame::Header;
use crate::protocol::large;

/// The memory of emptied bytes is freed if it is more than this many.
const KEEP: usize = 1 << 20;

/// The bytes of complete frames of an incomplete message, then those of an incomplete frame.
#[derive(Debug)]
pub(super) struct Pending {
    bytes: Vec<u8>,
    /// The bytes before it were delivered or discarded.
    start: usize,
    /// Where the complete frames end.
    complete: usize,
    /// The offset of that place in the stream of received bytes.
    offset: u64,
    /// Whether a frame starts there: else part of it was delivered already.
    is_at_frame: bool,
    /// The control frames and others that are not part of the message, in order.
    controls: Vec<Range<usize>>,
}

impl Pending {
    /// Nothing, at this offset in the stream of received bytes.
    pub(super) fn at(offset: u64) -> Self {
        let bytes = Vec::new();
        Self { bytes, start: 0, complete: 0, offset, is_at_frame: true, controls: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    pub(super) fn memory_usage(&self) -> usize {
        self.bytes.capacity()
    }

    pub(super) fn release(&mut self) {
        if self.is_empty() {
            *self = Self { is_at_frame: self.is_at_frame, ..Self::at(self.offset) };
        }
    }

    /// Appends received bytes.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.start);
        self.complete -= self.start;
        for range in &mut self.controls {
            *range = range.start - self.start..range.end - self.start;
        }
        self.start = 0;
        large::reserve(&mut self.bytes, bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    /// Records that all frames that end before this offset are complete. Returns the range of the new ones, and the header
    /// of the first.
    pub(super) fn complete_to(&mut self, offset: u64) -> (Range<usize>, Option<Header>) {
        let start = self.complete;
        let header = Header::decode(&self.bytes[start..]).filter(|_| self.is_at_frame);
        let count = usize::try_from(offset - self.offset).unwrap_or(usize::MAX);
        self.complete = start.saturating_add(count).min(self.bytes.len());
        self.offset = offset;
        self.is_at_frame = true;
        (start..self.complete, header)
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    pub(super) fn complete(&self) -> Range<usize> {
        self.start..self.complete
    }

    pub(super) fn slice(&self, range: Range<usize>) -> &[u8] {
        &self.bytes[range]
    }

    /// The control frames in a range, relative to its start.
    pub(super) fn controls_in(&self, range: &Range<usize>) -> Vec<Range<usize>> {
        let is_inside = |it: &&Range<usize>| it.start >= range.start && it.end <= range.end;
        let relative = |it: &Range<usize>| it.start - range.start..it.end - range.start;
        self.controls.iter().filter(is_inside).map(relative).collect()
    }

    pub(super) fn has_controls(&self) -> bool {
        !self.controls.is_empty()
    }

    /// Adds a frame to those that are not part of the message.
    pub(super) fn add_control(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.controls.push(range);
        }
    }

    /// Replaces the last complete frame, which is a control frame, and lets it wait.
    pub(super) fn replace_control(&mut self, range: Range<usize>, bytes: &[u8]) {
        let end = range.start + bytes.len();
        if self.bytes[range.clone()] != *bytes {
            self.bytes.splice(range.clone(), bytes.iter().copied());
        }
        self.complete = end;
        self.add_control(range.start..end);
    }

    /// Removes what is before `end`.
    pub(super) fn consume(&mut self, end: usize) {
        self.start = end;
        self.controls.retain(|range| range.start >= end);
        if self.is_empty() && self.bytes.capacity() > KEEP {
            (self.bytes, self.start, self.complete) = (Vec::new(), 0, 0);
        }
    }

    /// Moves the complete frames to `out`.
    pub(super) fn deliver_complete(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bytes[self.complete()]);
        self.consume(self.complete);
    }

    /// Moves what is before `end` to `out`.
    pub(super) fn deliver_to(&mut self, end: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bytes[self.start..end]);
        self.consume(end);
    }

    /// Removes the complete frames, and moves those of them that are not part of the message to `out`.
    pub(super) fn discard_complete(&mut self, out: &mut Vec<u8>) {
        self.discard_to(self.complete, out);
    }

    /// The same with those before `end`.
    pub(super) fn discard_to(&mut self, end: usize, out: &mut Vec<u8>) {
        for range in self.controls.iter().filter(|range| range.end <= end) {
            out.extend_from_slice(&self.bytes[range.clone()]);
        }
        self.consume(end);
    }

    /// Removes everything; `offset`: that of the end. Moves it to `out`, if there is one.
    pub(super) fn take_all(&mut self, offset: u64, out: Option<&mut Vec<u8>>) {
        if let Some(out) = out {
            out.extend_from_slice(&self.bytes[self.start..]);
        }
        self.is_at_frame &= self.complete == self.bytes.len();
        self.complete = self.bytes.len();
        self.offset = offset;
        self.consume(self.complete);
    }

    /// Moves the waiting frames to `out`.
    pub(super) fn release_controls(&mut self, out: &mut Vec<u8>) {
        let controls = std::mem::take(&mut self.controls);
        for range in &controls {
            out.extend_from_slice(&self.bytes[range.clone()]);
        }
        for range in controls.into_iter().rev() {
            self.complete -= range.len();
            self.bytes.drain(range);
        }
    }
}
