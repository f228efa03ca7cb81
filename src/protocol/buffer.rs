//! A receive buffer: bytes are added at the end and taken from the front.

use std::ops::Range;

/// Bytes received and not yet used. Memory behind `end` is kept initialised, so that a reader can
/// be handed it as a plain slice without clearing it each time.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    data: Vec<u8>,
    start: usize,
    end: usize,
}

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
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        } else if self.data.len() - self.end < wanted {
            self.data.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == 0 && self.data.len() < wanted {
            self.data = vec![0; wanted]; // zeroed by the allocator
        } else if self.data.len() - self.end < wanted {
            self.data.resize(self.end + wanted, 0);
        }
        &mut self.data[self.end..]
    }

    /// Says that `count` bytes were read into [`Buffer::space`].
    pub(super) fn filled(&mut self, count: usize) {
        self.end += count;
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

    /// Forgets all bytes; gives memory above `keep` bytes back.
    pub(super) fn clear(&mut self, keep: usize) {
        self.start = 0;
        self.end = 0;
        if self.data.len() > keep {
            self.data = Vec::new();
        }
    }
}
