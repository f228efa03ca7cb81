//! Long values that are rendered piece by piece as the stream accepts them, and everything that follows them.
//!
//! A value rendered as a whole may be six times as long, and would be kept while the stream is stalled.

use std::collections::VecDeque;
use std::ops::Range;

use data_encoding::{BASE64, Encoding, HEXLOWER};

use super::backlog::Backlog;
use crate::protocol::{Payload, large};

/// Appends the rendering of the start of a value to a buffer. Returns how many bytes of the value that was, at
/// least one unless it is empty. The pieces together are the rendering of the value.
pub(crate) type Render = fn(&[u8], &mut Vec<u8>) -> usize;

/// Shorter values are rendered at once.
pub(super) const LONG: usize = 256 << 10;

/// How many bytes of binary data are encoded together: a multiple of three, as base64 needs.
pub(super) const BLOCK: usize = 48 << 10;

/// Appends bytes in an encoding.
pub(super) fn encode_onto(encoding: &Encoding, bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + encoding.encode_len(bytes.len()), 0);
    encoding.encode_mut(bytes, &mut out[start..]);
}

/// See [`Render`].
pub(super) fn unchanged_piece(data: &[u8], out: &mut Vec<u8>) -> usize {
    let block = &data[..data.len().min(BLOCK)];
    out.extend_from_slice(block);
    block.len()
}

/// See [`Render`].
pub(super) fn base64_piece(data: &[u8], out: &mut Vec<u8>) -> usize {
    encode_piece(&BASE64, data, out)
}

/// See [`Render`].
pub(super) fn hex_piece(data: &[u8], out: &mut Vec<u8>) -> usize {
    encode_piece(&HEXLOWER, data, out)
}

fn encode_piece(encoding: &Encoding, data: &[u8], out: &mut Vec<u8>) -> usize {
    let block = &data[..data.len().min(BLOCK)];
    encode_onto(encoding, block, out);
    block.len()
}

/// Bytes and values that follow those of a backlog, with the ends of records.
#[derive(Default)]
pub(super) struct Deferred {
    items: VecDeque<Item>,
    /// Bytes were added since the last end of a record.
    is_open: bool,
}

enum Item {
    Bytes(Vec<u8>),
    Value { value: Value, rendered: usize, render: Render },
    End { is_message: bool },
}

enum Value {
    Own(Vec<u8>),
    /// A part of a message that is kept without a copy.
    Shared(Payload, Range<usize>),
}

impl Value {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Own(bytes) => bytes,
            Self::Shared(payload, range) => &payload.bytes()[range.clone()],
        }
    }
}

impl Deferred {
    /// Adds a value that is a part of a record, without a copy if it is a part of `payload`.
    pub(super) fn add_value(&mut self, value: &[u8], render: Render, payload: Option<&Payload>) {
        self.is_open = true;
        let shared = payload.and_then(|payload| Some((payload, payload.range_of(value)?)));
        let value = match shared {
            Some((payload, range)) => Value::Shared(payload.clone(), range),
            None => Value::Own(large::copy(value)),
        };
        self.items.push_back(Item::Value { value, rendered: 0, render });
    }

    /// Adds bytes.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.add_with(|added| added.extend_from_slice(bytes));
    }

    /// Adds what `write` appends.
    pub(super) fn add_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.is_open = true;
        if !matches!(self.items.back(), Some(Item::Bytes(_))) {
            self.items.push_back(Item::Bytes(Vec::new()));
        }
        if let Some(Item::Bytes(last)) = self.items.back_mut() {
            write(last);
        }
    }

    /// Marks the end of a record, if anything was added since the last one.
    pub(super) fn end_record(&mut self, is_message: bool) {
        if std::mem::take(&mut self.is_open) {
            self.items.push_back(Item::End { is_message });
        }
    }

    /// Moves the next bytes to `backlog`, until that has about `size` bytes; false if nothing is left.
    pub(super) fn refill(&mut self, backlog: &mut Backlog, size: usize) -> bool {
        let mut piece = Vec::new();
        while backlog.len() < size {
            match self.items.pop_front() {
                None => return false,
                Some(Item::Bytes(bytes)) => backlog.extend(&bytes),
                Some(Item::End { is_message }) => backlog.end_record(is_message),
                Some(Item::Value { value, mut rendered, render }) => {
                    piece.clear();
                    rendered += render(&value.bytes()[rendered..], &mut piece);
                    backlog.extend(&piece);
                    if rendered < value.bytes().len() {
                        self.items.push_front(Item::Value { value, rendered, render });
                    }
                }
            }
        }
        !self.items.is_empty()
    }

    /// Bytes in memory.
    pub(super) fn held(&self) -> usize {
        let mut last = None;
        let held = self.items.iter().map(|item| match item {
            Item::Bytes(bytes) => bytes.len(),
            Item::Value { value: Value::Own(bytes), .. } => bytes.len(),
            // A message that is echoed is in memory once.
            Item::Value { value: Value::Shared(payload, _), .. } => {
                let before = last.replace(payload);
                let is_same = before.is_some_and(|before| before.is_same(payload));
                if is_same { 0 } else { payload.bytes().len() }
            }
            Item::End { .. } => 0,
        });
        held.sum()
    }

    /// Bytes that are still to be written, once rendered.
    pub(super) fn rendered_len(mut self) -> usize {
        let mut count = 0;
        loop {
            let mut backlog = Backlog::default();
            let is_more = self.refill(&mut backlog, 1);
            count += backlog.len();
            if !is_more {
                return count;
            }
        }
    }

    /// Received messages of which the last bytes are among this.
    pub(super) fn messages(&self) -> u64 {
        let ends = self.items.iter().filter(|item| matches!(item, Item::End { is_message: true }));
        ends.count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three bytes for each, two at a time.
    fn thrice(value: &[u8], out: &mut Vec<u8>) -> usize {
        let piece = &value[..value.len().min(2)];
        out.extend(piece.iter().flat_map(|byte| [*byte; 3]));
        piece.len()
    }

    fn deferred() -> Deferred {
        let mut deferred = Deferred::default();
        deferred.add_value(b"12345", thrice, None);
        deferred.add(b"\"");
        deferred.add(b"}");
        deferred.end_record(true);
        deferred.end_record(true); // of an event for which nothing was written
        deferred.add(b"note");
        deferred.end_record(false);
        deferred
    }

    #[test]
    fn values_are_rendered_when_there_is_room() {
        let (mut deferred, mut backlog) = (deferred(), Backlog::default());
        assert_eq!((deferred.held(), deferred.messages()), (11, 1));
        assert!(deferred.refill(&mut backlog, 7));
        assert_eq!(backlog.waiting(), b"111222333444");
        assert_eq!((deferred.messages(), backlog.messages()), (1, 0));
        assert!(!deferred.refill(&mut backlog, usize::MAX));
        assert_eq!(backlog.waiting(), b"111222333444555\"}note");
        assert_eq!((deferred.messages(), backlog.messages()), (0, 1));
        backlog.advance(17);
        assert_eq!(backlog.messages(), 0);
    }

    #[test]
    fn a_part_of_a_payload_is_not_copied() {
        let (payload, mut deferred, mut backlog) =
            (Payload::from(&b"12345"[..]), Deferred::default(), Backlog::default());
        deferred.add_value(&payload.bytes()[1..], thrice, Some(&payload));
        deferred.add_value(payload.bytes(), thrice, Some(&payload));
        assert_eq!(deferred.held(), 5, "it is in memory once");
        deferred.add_value(b"1", thrice, Some(&payload));
        assert_eq!(deferred.held(), 6);
        deferred.refill(&mut backlog, usize::MAX);
        assert_eq!(backlog.waiting(), b"222333444555111222333444555111");
    }

    #[test]
    fn the_length_is_that_of_what_would_be_written() {
        assert_eq!(deferred().rendered_len(), 21);
        assert_eq!(Deferred::default().rendered_len(), 0);
    }
}
