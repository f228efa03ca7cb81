//! A receive buffer: bytes are added at the end and taken from the front.

use std::ops::Range;

use super::large::size_for;

/// Bytes received and not yet used. Memory behind `end` is kept initialised, so that a reader can
/// be handed it as a plain slice without clearing it each time.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    data: Vec<u8>,
    start: usize,
    end: usize,
    /// Up to where memory has been used, and is provided by the system.
    touched: usize,
}

/// The most that is set aside because a peer says that it will come, until as much has come.
const MAX_SET_ASIDE: usize = 4 << 20;

/// A buffer of up to this many bytes is as large as it has to be; larger ones as [`large`](super::large) says.
const MAX_SMALL: usize = 256 << 10;

impl Buffer {
    /// The bytes received and not used.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.data[self.start..self.end]
    }

    /// Number of bytes received and not used.
    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    /// Marks the first `count` bytes as used and returns where they are. They stay readable by
    /// [`Buffer::slice`] until the next call of [`Buffer::space`] or [`Buffer::extend`].
    pub(super) fn take(&mut self, count: usize) -> Range<usize> {
        let taken = self.start..self.start + count;
        self.start += count;
        taken
    }

    /// Where `count` unused bytes are, after the first `skipped`. Both have to be there.
    pub(super) fn ahead(&self, skipped: usize, count: usize) -> Range<usize> {
        self.start + skipped..self.start + skipped + count
    }

    /// Bytes by their place, which holds until the next call of [`Buffer::space`] or
    /// [`Buffer::extend`].
    pub(super) fn slice(&self, range: Range<usize>) -> &[u8] {
        &self.data[range]
    }

    /// The same, to be changed in place.
    pub(super) fn slice_mut(&mut self, range: Range<usize>) -> &mut [u8] {
        &mut self.data[range]
    }

    /// Room for at least `wanted` more bytes behind the unused ones, to read into.
    pub(super) fn space(&mut self, wanted: usize) -> &mut [u8] {
        self.space_towards(wanted, wanted)
    }

    /// The same, where `expected` bytes are still to come in all. Memory for them is set aside, but the
    /// system provides it only as they come.
    pub(super) fn space_towards(&mut self, wanted: usize, expected: usize) -> &mut [u8] {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        } else if self.data.len() - self.end < wanted {
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

    fn grow(&mut self, room: usize) {
        let size = (self.end + room).max(self.data.len().saturating_mul(2));
        let size = if size > MAX_SMALL { size_for(size) } else { size };
        let mut larger = vec![0; size]; // zeroed by the allocator, without touching it
        larger[..self.end].copy_from_slice(&self.data[..self.end]);
        self.data = larger;
        self.touched = self.end;
    }

    /// Says that `count` bytes were read into [`Buffer::space`].
    pub(super) fn filled(&mut self, count: usize) {
        self.end += count;
        self.touched = self.touched.max(self.end);
        debug_assert!(self.end <= self.data.len());
    }

    /// Adds a copy of `bytes`.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.space(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.filled(bytes.len());
    }

    /// Forgets all but the first `length` bytes.
    pub(super) fn truncate(&mut self, length: usize) {
        self.end = self.end.min(self.start + length);
    }

    /// Forgets all bytes; gives memory above `keep` bytes back, unless a good part of it was needed: then
    /// it probably is again, and to get it anew is half of what a long message costs.
    pub(super) fn clear(&mut self, keep: usize) {
        let is_needed = self.end >= self.touched / 4;
        self.start = 0;
        self.end = 0;
        if self.touched > keep && !is_needed {
            self.release();
        }
    }

    /// Bytes of memory that the system provides for it.
    pub(super) fn held(&self) -> usize {
        self.touched
    }

    /// The bytes received and not used, without a copy.
    pub(super) fn into_vec(mut self) -> Vec<u8> {
        self.data.truncate(self.end);
        self.data.drain(..self.start);
        self.data
    }

    /// Forgets all bytes and gives all memory back.
    pub(super) fn release(&mut self) {
        *self = Self::default();
    }
}
