//! Bytes waiting for a stream, and where records end in them.

use crate::platform::batches::Batch;
use crate::protocol::large;

/// A queue of bytes. The cost of adding and taking a byte does not depend on its length.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    bytes: Vec<u8>,
    /// How many bytes at the front of `bytes` were taken.
    taken: usize,
    /// How many bytes were added before `bytes`.
    base: u64,
    /// Ends of records; the records of those before `taken_ends` were taken as a whole.
    ends: Vec<RecordEnd>,
    taken_ends: usize,
    /// Where the first of the other records starts.
    start: u64,
    /// Where the last record ended.
    last_end: u64,
    /// A part of the next record was taken as a batch.
    is_in_part: bool,
}

/// How many bytes were added up to the end of a record, and whether it is a received message.
#[derive(Clone, Copy, Debug)]
struct RecordEnd(u64);

impl RecordEnd {
    fn new(at: u64, is_message: bool) -> Self {
        Self(at << 1 | u64::from(is_message))
    }

    fn at(self) -> u64 {
        self.0 >> 1
    }

    fn is_message(self) -> bool {
        self.0 & 1 == 1
    }
}

/// Taken bytes are removed from this many on.
const COMPACT_FROM: usize = 64 << 10;

/// Above this many bytes of capacity an emptied queue gives its memory back.
const KEEP_CAPACITY: usize = 8 << 20;

impl Backlog {
    /// Adds bytes.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    /// Adds a short record of about `size` bytes, which `write` appends.
    pub(super) fn extend_with(&mut self, size: usize, write: impl FnOnce(&mut Vec<u8>)) {
        self.reserve(size);
        write(&mut self.bytes);
    }

    /// The last record whose end was marked, if nothing of it was taken.
    pub(super) fn last_record(&self) -> Option<&[u8]> {
        let (last, before) = self.ends.split_last()?;
        let start = before.last().map_or(self.start, |end| end.at()).checked_sub(self.taken())?;
        self.waiting().get(start as usize..(last.at() - self.taken()) as usize) // of what is in memory
    }

    /// Makes room for `count` bytes. Up to the capacity that an empty queue keeps, it grows as usual: mapping
    /// memory for each of many long messages would be a large part of their cost.
    #[inline]
    fn reserve(&mut self, count: usize) {
        if self.bytes.len() + count <= KEEP_CAPACITY / 2 {
            self.bytes.reserve(count);
        } else {
            large::reserve(&mut self.bytes, count);
        }
    }

    /// Counts bytes that were written without waiting.
    pub(super) fn count_written(&mut self, count: usize) {
        debug_assert!(self.len() == 0);
        self.base += count as u64;
    }

    /// Marks the end of a record, if anything was added since the last one.
    #[inline]
    pub(super) fn end_record(&mut self, is_message: bool) {
        let at = self.added();
        if at == self.last_end {
            return;
        }
        self.last_end = at;
        if self.len() > 0 {
            self.ends.push(RecordEnd::new(at, is_message));
        } else {
            self.start = at;
        }
    }

    /// How many bytes have ever been added.
    pub(super) fn added(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    /// How many bytes have ever been taken.
    pub(super) fn taken(&self) -> u64 {
        self.base + self.taken as u64
    }

    /// How many bytes are waiting.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.taken
    }

    /// The bytes that are waiting.
    pub(super) fn waiting(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }

    /// How many received messages are waiting, at least with their last byte.
    pub(super) fn messages(&self) -> u64 {
        let at = self.taken();
        let waiting = self.ends.iter().filter(|end| end.at() > at && end.is_message());
        waiting.count() as u64
    }

    /// Removes the first `count` waiting bytes.
    pub(super) fn advance(&mut self, count: usize) {
        self.taken += count;
        if self.taken == self.bytes.len() {
            self.clear();
        } else if self.taken >= COMPACT_FROM && self.taken >= self.len() {
            // Moves no more bytes than were taken since the last time.
            self.bytes.drain(..self.taken);
            self.base += self.taken as u64;
            self.taken = 0;
            self.forget_ends();
        }
    }

    /// Takes whole records of about `size` bytes in all, one at least.
    pub(super) fn take_batch(&mut self, size: usize) -> Batch {
        self.forget_ends();
        let at = self.taken();
        let ends = &self.ends[self.taken_ends..];
        let within = ends.partition_point(|end| end.at() <= at + size as u64).max(1);
        let until = ends.get(within - 1).map_or(self.added(), |end| end.at());
        self.take_bytes((until - at) as usize, within) // of what is in memory
    }

    /// The same, but a record of more than `part` bytes is taken in parts of that size, as they are added.
    pub(super) fn take_part(&mut self, size: usize, part: usize) -> Option<Batch> {
        self.forget_ends();
        let end = self.ends.get(self.taken_ends).map(|end| (end.at() - self.taken()) as usize);
        let continues = self.is_in_part;
        let mut batch = match end {
            Some(length) if length <= part && !continues => return Some(self.take_batch(size)),
            Some(length) if length <= part => self.take_bytes(length, 1),
            // The last part must not be empty.
            None if self.len() <= part => return None,
            _ => self.take_bytes(part, 0),
        };
        (batch.continues, batch.is_continued) = (continues, end.is_none_or(|length| length > part));
        self.is_in_part = batch.is_continued;
        Some(batch)
    }

    /// Whether a part of the next record was taken, and the rest was not.
    pub(super) fn is_in_part(&self) -> bool {
        self.is_in_part
    }

    /// Takes `count` bytes, in which `records` records end.
    fn take_bytes(&mut self, count: usize, records: usize) -> Batch {
        let at = self.taken();
        let ends = self.ends[self.taken_ends..].iter().take(records).filter(|end| end.is_message());
        let message_ends = ends.map(|end| (end.at() - at) as usize).collect();
        let is_all = count == self.bytes.len();
        let bytes = if is_all { self.take_all() } else { large::copy(&self.waiting()[..count]) };
        if !is_all {
            self.advance(count);
        }
        Batch { bytes, message_ends, ..Batch::default() }
    }

    fn take_all(&mut self) -> Vec<u8> {
        let added = self.added();
        let bytes = std::mem::take(&mut self.bytes);
        self.clear();
        self.base = added;
        bytes
    }

    /// Whether the next bytes need new memory.
    pub(super) fn needs_buffer(&self) -> bool {
        self.bytes.capacity() == 0
    }

    /// Uses an empty buffer for the next bytes.
    pub(super) fn set_buffer(&mut self, buffer: Vec<u8>) {
        debug_assert!(self.bytes.is_empty() && buffer.is_empty());
        self.bytes = buffer;
    }

    /// Puts a batch back at the front.
    pub(super) fn put_back(&mut self, batch: Batch) {
        let at = self.taken();
        self.forget_ends();
        let start = at - batch.bytes.len() as u64;
        let ends = batch.message_ends.iter().map(|end| RecordEnd::new(start + *end as u64, true));
        self.ends.splice(..self.taken_ends, ends);
        self.taken_ends = 0;
        self.base = start;
        self.start = self.start.min(self.base);
        self.bytes.splice(..self.taken, batch.bytes);
        self.taken = 0;
    }

    /// Drops the records of which nothing was taken. Returns how many of them were received messages.
    pub(super) fn discard_unbegun(&mut self) -> u64 {
        self.forget_ends();
        let ends = &self.ends[self.taken_ends..];
        let kept = usize::from(self.taken() > self.start).min(ends.len());
        let until = ends[..kept].last().map_or(self.taken(), |end| end.at());
        let messages = ends[kept..].iter().filter(|end| end.is_message()).count() as u64;
        self.ends.truncate(self.taken_ends + kept);
        self.last_end = until;
        self.bytes.truncate((until - self.base) as usize); // as above
        if self.len() == 0 {
            self.clear();
        }
        messages
    }

    /// Drops everything.
    pub(super) fn clear(&mut self) {
        self.start = self.ends.last().map_or(self.start, |end| end.at());
        self.base = self.added();
        (self.taken, self.taken_ends) = (0, 0);
        self.bytes.clear();
        self.ends.clear();
        if self.bytes.capacity() > KEEP_CAPACITY {
            self.bytes = Vec::new();
            self.ends = Vec::new();
        }
    }

    fn forget_ends(&mut self) {
        let at = self.taken();
        self.taken_ends += self.ends[self.taken_ends..].partition_point(|end| end.at() <= at);
        if let Some(last) = self.ends[..self.taken_ends].last() {
            self.start = last.at();
        }
        if self.taken_ends > self.ends.len() / 2 {
            self.ends.drain(..self.taken_ends);
            self.taken_ends = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three records: a message, something else, a message.
    fn backlog() -> Backlog {
        let mut backlog = Backlog::default();
        for (text, is_message) in [("one\n", true), ("note\n", false), ("two\n", true)] {
            backlog.extend(text.as_bytes());
            backlog.end_record(is_message);
        }
        backlog
    }

    #[test]
    fn messages_are_counted_until_their_last_byte_is_taken() {
        let mut backlog = backlog();
        for (taken, left) in [(0, 2), (3, 2), (1, 1), (5, 1), (3, 1), (1, 0)] {
            backlog.advance(taken);
            assert_eq!(backlog.messages(), left);
        }
        assert_eq!((backlog.len(), backlog.added()), (0, 13));
    }

    #[test]
    fn a_started_record_is_not_discarded() {
        for (taken, dropped, left, messages) in [
            (0, 2, "", 1),
            (1, 1, "ne\n", 2),
            (4, 1, "", 1),
            (5, 1, "ote\n", 1),
            (9, 1, "", 1),
            (12, 0, "\n", 2),
        ] {
            let mut backlog = backlog();
            backlog.advance(taken);
            assert_eq!(backlog.discard_unbegun(), dropped, "{taken}");
            assert_eq!(backlog.waiting(), left.as_bytes(), "{taken}");
            backlog.extend(b"next\n");
            backlog.end_record(true);
            assert_eq!(backlog.messages(), messages, "{taken}");
        }
    }

    #[test]
    fn a_record_whose_first_part_was_written_is_started() {
        let mut backlog = Backlog::default();
        backlog.count_written(3);
        backlog.extend(b"rest\n");
        backlog.end_record(true);
        assert_eq!((backlog.discard_unbegun(), backlog.waiting()), (0, &b"rest\n"[..]));
        backlog.advance(5);
        backlog.count_written(10);
        backlog.end_record(true); // all of it was taken
        backlog.extend(b"next\n");
        backlog.end_record(true);
        assert_eq!((backlog.discard_unbegun(), backlog.len()), (1, 0));
    }

    #[test]
    fn batches_hold_whole_records() {
        for (size, texts) in [
            (1, &["one\n", "note\n", "two\n"][..]),
            (9, &["one\nnote\n", "two\n"]),
            (100, &["one\nnote\ntwo\n"]),
        ] {
            let mut backlog = backlog();
            let mut messages = 0;
            for text in texts {
                let batch = backlog.take_batch(size);
                assert_eq!(batch.bytes, text.as_bytes());
                messages += batch.message_ends.len();
            }
            assert_eq!((backlog.len(), messages), (0, 2));
            assert_eq!(backlog.added(), 13);
        }
    }

    #[test]
    fn a_long_record_is_taken_in_parts() {
        let mut backlog = backlog();
        backlog.extend(b"12345678");
        let mut parts = Vec::new();
        let mut take = |backlog: &mut Backlog| {
            while let Some(batch) = backlog.take_part(4, 4) {
                let text = String::from_utf8(batch.bytes).unwrap();
                parts.push((text, batch.message_ends.len(), batch.continues, batch.is_continued));
            }
            backlog.len()
        };
        assert_eq!(take(&mut backlog), 4, "its end has not been added");
        assert!(backlog.is_in_part());
        backlog.end_record(true);
        backlog.extend(b"x\n");
        backlog.end_record(false);
        assert_eq!(take(&mut backlog), 0);
        assert!(!backlog.is_in_part());
        let part = |text: &str, ends, continues, is_continued| {
            (text.to_owned(), ends, continues, is_continued)
        };
        let expected = [
            part("one\n", 1, false, false),
            part("note", 0, false, true),
            part("\n", 0, true, false),
            part("two\n", 1, false, false),
            part("1234", 0, false, true),
            part("5678", 1, true, false),
            part("x\n", 0, false, false),
        ];
        assert_eq!(parts, expected);
    }

    #[test]
    fn a_batch_that_is_put_back_is_first_again() {
        let mut backlog = backlog();
        backlog.advance(4);
        let batch = backlog.take_batch(6);
        assert_eq!((&batch.bytes[..], batch.message_ends.len()), (&b"note\n"[..], 0));
        backlog.put_back(batch);
        assert_eq!((backlog.waiting(), backlog.messages()), (&b"note\ntwo\n"[..], 1));
        let batch = backlog.take_batch(100);
        backlog.put_back(batch);
        assert_eq!((backlog.waiting(), backlog.messages()), (&b"note\ntwo\n"[..], 1));
        assert_eq!((backlog.discard_unbegun(), backlog.len()), (1, 0));
    }

    #[test]
    fn a_stream_that_is_always_behind_does_not_make_it_grow() {
        let mut backlog = Backlog::default();
        backlog.extend(&[0; 1000]);
        for _ in 0..10_000 {
            backlog.extend(&[1; 1000]);
            backlog.end_record(true);
            backlog.advance(1000);
        }
        assert_eq!((backlog.len(), backlog.messages()), (1000, 1));
        assert!(backlog.bytes.capacity() < 4 * COMPACT_FROM, "{}", backlog.bytes.capacity());
        assert!(backlog.ends.len() < 400, "{}", backlog.ends.len());
    }
}
