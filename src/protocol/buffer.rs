//! A receive buffer: bytes are appended at the end and consumed from the front.

use std::ops::Range;

use super::large::size_for;

/// Bytes received and not yet consumed. Memory after `end` is kept initialised, so that a reader can
/// be given it as a plain slice without clearing it each time.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    data: Vec<u8>,
    start: usize,
    end: usize,
    /// The highest index written so far: up to it the system has committed memory.
    touched: usize,
}

/// The most memory reserved for a length that a peer declares, until that much was received.
const MAX_SET_ASIDE: usize = 4 << 20;

/// Once so many bytes were consumed, the rest is moved to the front if it is small: otherwise a buffer that always ends in
/// a part of a frame would be used to its end, and all of it would be in memory.
const MOVE_AFTER: usize = 64 << 10;

/// The rest is small if it is at most this fraction of what was consumed.
const SMALL_REST: usize = 16;

/// Buffers up to this many bytes have the exact size needed; larger ones are sized by [`large`](super::large).
const MAX_SMALL: usize = 256 << 10;

impl Buffer {
    /// The bytes received and not consumed.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.data[self.start..self.end]
    }

    /// As [`Buffer::bytes`], mutable.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.data[self.start..self.end]
    }

    /// The number of bytes received and not consumed.
    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    /// Consumes the first `count` bytes and returns their range. They stay readable with
    /// [`Buffer::slice`] until the next call of [`Buffer::space`] or [`Buffer::extend`].
    pub(super) fn take(&mut self, count: usize) -> Range<usize> {
        let taken = self.start..self.start + count;
        self.start += count;
        taken
    }

    /// The range of `count` bytes after the first `skipped` unconsumed ones. The buffer must contain them.
    pub(super) fn ahead(&self, skipped: usize, count: usize) -> Range<usize> {
        self.start + skipped..self.start + skipped + count
    }

    /// The bytes in a range, which is valid until the next call of [`Buffer::space`] or
    /// [`Buffer::extend`].
    pub(super) fn slice(&self, range: Range<usize>) -> &[u8] {
        &self.data[range]
    }

    /// As [`Buffer::slice`], mutable.
    pub(super) fn slice_mut(&mut self, range: Range<usize>) -> &mut [u8] {
        &mut self.data[range]
    }

    /// Space for at least `wanted` more bytes after the unconsumed ones, to read into.
    pub(super) fn space(&mut self, wanted: usize) -> &mut [u8] {
        self.space_towards(wanted, wanted)
    }

    /// As [`Buffer::space`], when `expected` bytes are still to be received in total. Address space for them
    /// is reserved; the system commits the memory only as they are written.
    pub(super) fn space_towards(&mut self, wanted: usize, expected: usize) -> &mut [u8] {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        } else if self.data.len() - self.end < wanted || self.is_mostly_consumed() {
            self.data.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.data.len() - self.end < wanted {
            let most = self.data.len().max(MAX_SET_ASIDE).max(wanted);
            self.grow(expected.clamp(wanted, most));
        }
        &mut self.data[self.end..]
    }

    fn is_mostly_consumed(&self) -> bool {
        self.start >= MOVE_AFTER && self.len() <= self.start / SMALL_REST
    }

    fn grow(&mut self, room: usize) {
        let size = (self.end + room).max(self.data.len().saturating_mul(2));
        let size = if size > MAX_SMALL { size_for(size) } else { size };
        let mut larger = vec![0; size]; // zeroed by the allocator, without touching it
        larger[..self.end].copy_from_slice(&self.data[..self.end]);
        self.data = larger;
        self.touched = self.end;
    }

    /// Records that `count` bytes were read into [`Buffer::space`].
    pub(super) fn filled(&mut self, count: usize) {
        self.end += count;
        self.touched = self.touched.max(self.end);
        debug_assert!(self.end <= self.data.len());
    }

    /// Appends a copy of `bytes`.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.space(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.filled(bytes.len());
    }

    /// Discards all but the first `length` bytes.
    pub(super) fn truncate(&mut self, length: usize) {
        self.end = self.end.min(self.start + length);
    }

    /// Discards all bytes. Frees memory if it is over `keep` bytes, unless at least a quarter of it was used:
    /// then it is likely to be needed again, and allocating it is half the cost of a long message.
    pub(super) fn clear(&mut self, keep: usize) {
        let is_needed = self.end >= self.touched / 4;
        self.start = 0;
        self.end = 0;
        if self.touched > keep && !is_needed {
            self.release();
        }
    }

    /// Bytes of memory committed for the buffer.
    pub(super) fn memory_usage(&self) -> usize {
        self.touched
    }

    /// The bytes received and not consumed, without a copy.
    pub(super) fn into_vec(mut self) -> Vec<u8> {
        self.data.truncate(self.end);
        self.data.drain(..self.start);
        self.data
    }

    /// Discards all bytes and frees all memory.
    pub(super) fn release(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_that_is_never_consumed_does_not_use_up_the_buffer() {
        let mut buffer = Buffer::default();
        buffer.extend(b"x");
        let read = 256 << 10;
        for _ in 0..100 {
            buffer.space(read)[..read].fill(b'x');
            buffer.filled(read);
            buffer.take(read);
        }
        assert_eq!(buffer.bytes(), b"x");
        assert!(buffer.memory_usage() < 1 << 20, "{} bytes", buffer.memory_usage());
    }

    #[test]
    fn a_large_rest_is_not_moved_before_the_end_of_the_buffer() {
        let mut buffer = Buffer::default();
        buffer.space(300_000)[..200_000].fill(b'x');
        buffer.filled(200_000);
        buffer.take(MOVE_AFTER);
        let before = buffer.start;
        buffer.space(1);
        assert_eq!(buffer.start, before);
    }
}
