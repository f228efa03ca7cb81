//! Frames on their way out.

use super::frame::{Header, Masks, Opcode, apply_mask};
use super::large;

/// Encoded frames that the transport has not taken yet.
#[derive(Debug)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    written: usize,
    /// Where the first frame starts in `bytes`; what is before it is the rest of one that was removed.
    first: usize,
    /// The most that `bytes` has held since its memory was allocated.
    touched: usize,
    /// Only a client masks (RFC 6455 section 5.1).
    masks: Option<Masks>,
}

/// Bytes that are copied and then masked while they are still in the processor's nearest cache; a
/// multiple of the key's length.
const MASK_BLOCK: usize = 8 << 10;

/// Above this many bytes that were needed an emptied outbox gives its memory back.
const KEEP_CAPACITY: usize = 4 << 20;

impl Outbox {
    pub(super) fn new(masks: Option<Masks>) -> Self {
        Self { bytes: Vec::new(), written: 0, first: 0, touched: 0, masks }
    }

    /// Appends one frame and returns its header. RSV1 marks the first of a compressed message.
    pub(super) fn push(&mut self, opcode: Opcode, fin: bool, rsv1: bool, payload: &[u8]) -> Header {
        let key = self.next_key();
        let header = Header::new(opcode, fin, key, payload.len() as u64);
        let header = if rsv1 { header.with_rsv1() } else { header };
        self.append(header.bytes(), key, payload);
        header
    }

    /// Appends a header as it is, and a payload masked with `key`.
    pub(super) fn append(&mut self, header: &[u8], key: Option<[u8; 4]>, payload: &[u8]) {
        self.make_room(header.len() + payload.len());
        self.bytes.extend_from_slice(header);
        let Some(key) = key else { return self.bytes.extend_from_slice(payload) };
        for block in payload.chunks(MASK_BLOCK) {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(block);
            apply_mask(&mut self.bytes[start..], key, 0);
        }
    }

    /// Written bytes are removed only when their room is needed: a transport that keeps up, but never
    /// quite, must not make this grow, nor make us move what waits after every write.
    fn make_room(&mut self, count: usize) {
        if self.written > 0 && self.bytes.capacity() - self.bytes.len() < count {
            self.first = self.rest_of_frame();
            self.bytes.drain(..self.written);
            self.written = 0;
        }
        large::reserve(&mut self.bytes, count);
        self.touched = self.touched.max(self.bytes.len() + count);
    }

    /// Bytes that are missing of the frame that is being written.
    pub(super) fn rest_of_frame(&self) -> usize {
        let mut end = self.first;
        while end < self.written {
            let size = Header::decode(&self.bytes[end..]).map(|header| header.wire_size());
            let size = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX);
            end = end.saturating_add(size).min(self.bytes.len());
        }
        end - self.written
    }

    /// Bytes of memory that it holds.
    pub(super) fn held(&self) -> usize {
        self.touched
    }

    /// Drops everything.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.written = 0;
        self.first = 0;
    }

    /// Frees the memory that nothing waits in, if that is most of it.
    pub(super) fn release(&mut self) {
        if self.pending().len() > self.touched / 4 {
            return;
        }
        let first = self.rest_of_frame();
        let bytes = large::copy(self.pending());
        *self = Self { first, touched: bytes.len(), bytes, written: 0, masks: self.masks.take() };
    }

    /// The key of the next frame, if frames are masked.
    pub(super) fn next_key(&mut self) -> Option<[u8; 4]> {
        self.masks.as_mut().map(Masks::next_key)
    }

    /// What is still to be written.
    pub(super) fn pending(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    /// Drops what is still to be written, but for its first and its last bytes.
    pub(super) fn retract(&mut self, first: usize, last: usize) {
        let (from, to) = (self.written + first, self.bytes.len().saturating_sub(last));
        if from < to {
            self.bytes.drain(from..to);
        }
    }

    /// Says that the transport took the first `count` pending bytes.
    pub(super) fn advance(&mut self, count: usize) {
        self.written += count;
        debug_assert!(self.written <= self.bytes.len());
        if self.written == self.bytes.len() {
            self.clear();
            if self.touched > KEEP_CAPACITY {
                self.bytes = Vec::new();
                self.touched = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_a_frame_is_known_whatever_was_written_and_removed() {
        let mut outbox = Outbox::new(None);
        for round in 0..1000 {
            outbox.push(Opcode::Binary, true, false, &[0; 98]);
            outbox.push(Opcode::Binary, true, false, &[0; 196]);
            outbox.advance(if round == 0 { 150 } else { 300 });
            assert_eq!(outbox.rest_of_frame(), 150, "50 of 200 bytes are written");
        }
    }

    #[test]
    fn a_transport_that_never_catches_up_does_not_make_it_grow() {
        let mut outbox = Outbox::new(None);
        outbox.push(Opcode::Binary, true, false, &[0; 1000]);
        for _ in 0..10_000 {
            outbox.push(Opcode::Binary, true, false, &[1; 1000]);
            outbox.advance(1004);
        }
        assert_eq!(outbox.pending().len(), 1004);
        assert!(outbox.bytes.capacity() < 64 << 10, "{}", outbox.bytes.capacity());
    }
}
