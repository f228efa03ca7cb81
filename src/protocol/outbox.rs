//! The queue of encoded frames to be written.

use super::frame::{Header, Masks, Opcode, apply_mask};
use super::large;

/// Encoded frames that the transport has not accepted yet.
#[derive(Debug)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    written: usize,
    /// The start of a frame, in `bytes` or after its end if the last frame is unfinished. It is advanced
    /// lazily.
    boundary: usize,
    /// The frame before the boundary is the last one of a data message.
    boundary_ends_message: bool,
    /// `bytes` contains a frame whose header may not match it: frame boundaries are unknown.
    irregular: bool,
    /// The maximum length of `bytes` since its memory was allocated.
    touched: usize,
    /// The masking keys: only a client masks (RFC 6455 section 5.1).
    masks: Option<Masks>,
    /// The frame at the end of `bytes` whose payload is not complete.
    unfinished: Option<PartialFrame>,
    /// Frames that follow the unfinished one: nothing can be sent between the bytes of a frame.
    deferred: Vec<u8>,
}

/// A frame whose payload is supplied in pieces.
#[derive(Debug)]
struct PartialFrame {
    header: Header,
    /// Payload bytes appended so far.
    appended: u64,
}

impl PartialFrame {
    fn missing(&self) -> u64 {
        self.header.length - self.appended
    }
}

/// The number of bytes that are copied and then masked at a time, so that they stay in the L1 cache; a
/// multiple of the key's length.
const MASK_BLOCK: usize = 8 << 10;

/// The memory of an emptied outbox is freed if more than this many bytes were used.
const KEEP_CAPACITY: usize = 4 << 20;

impl Outbox {
    pub(super) fn new(masks: Option<Masks>) -> Self {
        Self {
            bytes: Vec::new(),
            written: 0,
            boundary: 0,
            boundary_ends_message: false,
            irregular: false,
            masks,
            unfinished: None,
            deferred: Vec::new(),
            touched: 0,
        }
    }

    /// Appends one frame and returns its header. RSV1 marks the first frame of a compressed message.
    pub(super) fn push(&mut self, opcode: Opcode, fin: bool, rsv1: bool, payload: &[u8]) -> Header {
        let key = self.next_key();
        let header = Header::new(opcode, fin, key, payload.len() as u64);
        let header = if rsv1 { header.with_rsv1() } else { header };
        self.append(header.bytes(), key, payload);
        header
    }

    /// Adds a whole message as one frame to an empty outbox, reusing the memory of the payload.
    pub(super) fn push_owned(&mut self, opcode: Opcode, payload: Vec<u8>) -> Header {
        debug_assert!(self.is_empty());
        let header = Header::new(opcode, true, self.next_key(), payload.len() as u64);
        self.bytes = payload;
        large::reserve(&mut self.bytes, header.len());
        self.bytes.splice(..0, header.bytes().iter().copied());
        if let Some(key) = header.mask {
            apply_mask(&mut self.bytes[header.len()..], key, 0);
        }
        self.touched = self.bytes.len();
        header
    }

    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.unwritten() == 0
    }

    /// Appends a header unchanged, and a payload masked with `key`.
    pub(super) fn append(&mut self, header: &[u8], key: Option<[u8; 4]>, payload: &[u8]) {
        let bytes = match self.unfinished {
            Some(_) => &mut self.deferred,
            None => {
                self.make_room(header.len() + payload.len());
                &mut self.bytes
            }
        };
        bytes.extend_from_slice(header);
        extend_masked(bytes, key, 0, payload);
    }

    /// Appends the header of a frame whose payload follows with [`Outbox::push_payload`]. No other
    /// frame may be unfinished.
    pub(super) fn begin(&mut self, opcode: Opcode, length: u64) -> Header {
        debug_assert!(self.unfinished.is_none());
        let header = Header::new(opcode, true, self.next_key(), length);
        self.append(header.bytes(), None, &[]);
        self.unfinished = (length > 0).then_some(PartialFrame { header, appended: 0 });
        header
    }

    /// Appends the next piece of the unfinished frame's payload, up to the length of the frame. Returns how
    /// many bytes were appended.
    pub(super) fn push_payload(&mut self, piece: &[u8]) -> usize {
        let Some(unfinished) = &mut self.unfinished else { return 0 };
        let length = unfinished.missing().min(piece.len() as u64) as usize; // at most piece.len()
        let offset = (unfinished.appended % 4) as usize; // of the masking key
        unfinished.appended += length as u64;
        let (key, is_complete) = (unfinished.header.mask, unfinished.missing() == 0);
        self.make_room(length);
        extend_masked(&mut self.bytes, key, offset, &piece[..length]);
        if is_complete {
            self.unfinished = None;
            let deferred = std::mem::take(&mut self.deferred);
            self.make_room(deferred.len());
            self.bytes.extend_from_slice(&deferred);
        }
        length
    }

    /// Whether the payload of the last frame is incomplete.
    pub(super) fn is_inside_frame(&self) -> bool {
        self.unfinished.is_some()
    }

    /// Bytes buffered to be written.
    pub(super) fn buffered(&self) -> usize {
        self.pending().len() + self.deferred.len()
    }

    /// Bytes still to be written, including payload that has not been supplied yet.
    pub(super) fn unwritten(&self) -> u64 {
        self.buffered() as u64 + self.unfinished.as_ref().map_or(0, PartialFrame::missing)
    }

    /// Drops all frames.
    pub(super) fn clear(&mut self) {
        self.unfinished = None;
        self.deferred = Vec::new();
        self.advance(self.pending().len());
    }

    /// Reserves capacity. Written bytes are removed only when their space is needed: with a transport that
    /// always leaves some bytes unwritten, the buffer must neither grow nor be moved after every write.
    #[inline]
    fn make_room(&mut self, count: usize) {
        if self.bytes.capacity() - self.bytes.len() < count {
            self.remove_written();
            large::reserve(&mut self.bytes, count);
        }
        self.touched = self.touched.max(self.bytes.len() + count);
    }

    #[cold]
    fn remove_written(&mut self) {
        self.advance_boundary();
        self.bytes.drain(..self.written);
        self.boundary -= self.written;
        self.written = 0;
    }

    /// Bytes of memory in use.
    pub(super) fn memory_usage(&self) -> usize {
        self.touched + self.deferred.len()
    }

    /// Frees the memory of written bytes, if that is most of it.
    pub(super) fn release(&mut self) {
        if self.pending().len() > self.touched / 4 {
            return;
        }
        self.advance_boundary();
        self.boundary -= self.written;
        self.bytes = large::copy(self.pending());
        (self.written, self.touched) = (0, self.bytes.len());
    }

    /// Appends a frame whose header may not match it.
    pub(super) fn append_irregular(&mut self, header: &[u8], key: Option<[u8; 4]>, payload: &[u8]) {
        self.irregular = true;
        self.append(header, key, payload);
    }

    /// The first frame boundary in the pending bytes at or after `least` bytes; greater than 0 if a frame
    /// is partly written.
    pub(super) fn next_boundary_after(&mut self, least: usize) -> usize {
        self.advance_boundary();
        let target = self.written + least.min(self.pending().len());
        self.boundary_from(target).0 - self.written
    }

    /// Whether the last frame of a data message is partly written.
    pub(super) fn is_message_cut(&mut self) -> bool {
        self.next_boundary_after(0) > 0 && self.boundary_ends_message
    }

    /// The number of data messages that end in the pending bytes after the first `skipped`, which must end
    /// at a frame boundary.
    pub(super) fn messages_after(&self, skipped: usize) -> u64 {
        let mut rest = self.pending().get(skipped..).unwrap_or_default();
        let mut count = 0;
        while let Some(header) = Header::decode(rest).filter(|_| !self.irregular) {
            count += u64::from(header.fin && !header.opcode.is_control());
            rest = rest.get(frame_len(&header)..).unwrap_or_default();
        }
        count
    }

    fn advance_boundary(&mut self) {
        (self.boundary, self.boundary_ends_message) = self.boundary_from(self.written);
    }

    /// The first boundary at or after `target`, and whether a data message ends there.
    fn boundary_from(&self, target: usize) -> (usize, bool) {
        let (mut boundary, mut ends_message) = (self.boundary, self.boundary_ends_message);
        while boundary < target {
            let header = Header::decode(&self.bytes[boundary..]).filter(|_| !self.irregular);
            let Some(header) = header else { return (self.bytes.len(), false) };
            // The rest of an unfinished frame is not in `bytes` yet.
            boundary = boundary.saturating_add(frame_len(&header));
            ends_message = header.fin && !header.opcode.is_control();
        }
        (boundary, ends_message)
    }

    /// The key of the next frame, if frames are masked.
    pub(super) fn next_key(&mut self) -> Option<[u8; 4]> {
        self.masks.as_mut().map(Masks::next_key)
    }

    /// The bytes to be written.
    pub(super) fn pending(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    /// Drops the pending bytes except for the `first` first and the `last` last ones. An unfinished frame is
    /// dropped only as a whole.
    pub(super) fn retract(&mut self, first: usize, last: usize) {
        if let Some(PartialFrame { header, appended }) = &self.unfinished {
            let size = header.len() as u64 + appended;
            let start = (self.pending().len() as u64).checked_sub(size);
            self.deferred.drain(..self.deferred.len().saturating_sub(last));
            if start.is_some_and(|start| first as u64 <= start) {
                self.unfinished = None;
                self.bytes.truncate(self.written + first);
                self.bytes.append(&mut self.deferred);
            }
            return;
        }
        let (from, to) = (self.written + first, self.bytes.len().saturating_sub(last));
        if from < to {
            self.bytes.drain(from..to);
        }
    }

    /// Records that the transport accepted the first `count` pending bytes.
    pub(super) fn advance(&mut self, count: usize) {
        self.written += count;
        debug_assert!(self.written <= self.bytes.len());
        if self.written == self.bytes.len() {
            self.written = 0;
            self.boundary = match &self.unfinished {
                Some(unfinished) => usize::try_from(unfinished.missing()).unwrap_or(usize::MAX),
                None => 0,
            };
            self.boundary_ends_message = self.unfinished.is_some(); // unfinished frames are whole messages
            self.irregular = false;
            self.bytes.clear();
            if self.touched > KEEP_CAPACITY {
                self.bytes = Vec::new();
                self.touched = 0;
            }
        }
    }
}

fn frame_len(header: &Header) -> usize {
    usize::try_from(header.wire_size()).unwrap_or(usize::MAX)
}

/// Appends `payload`, which starts at `offset` in its frame, masked with `key`.
#[inline(always)]
fn extend_masked(bytes: &mut Vec<u8>, key: Option<[u8; 4]>, offset: usize, payload: &[u8]) {
    let Some(key) = key else { return bytes.extend_from_slice(payload) };
    for block in payload.chunks(MASK_BLOCK) {
        let start = bytes.len();
        bytes.extend_from_slice(block);
        apply_mask(&mut bytes[start..], key, offset);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partly_written_frames_are_distinguished_from_unwritten_ones() {
        let mut outbox = Outbox::new(None);
        for size in [10, 200, 5] {
            outbox.push(Opcode::Text, true, false, &vec![b'x'; size]); // 12, 204 and 7 bytes
        }
        assert_eq!((outbox.next_boundary_after(0), outbox.next_boundary_after(1)), (0, 12));
        outbox.advance(12);
        assert_eq!((outbox.next_boundary_after(0), outbox.messages_after(0)), (0, 2));
        outbox.advance(1);
        assert_eq!((outbox.next_boundary_after(0), outbox.next_boundary_after(204)), (203, 210));
        assert_eq!(outbox.messages_after(203), 1);
        outbox.make_room(1 << 20); // removes written bytes
        assert_eq!((outbox.next_boundary_after(0), outbox.pending().len()), (203, 210));
        outbox.advance(210);
        outbox.push(Opcode::Ping, true, false, b"p");
        assert_eq!((outbox.next_boundary_after(0), outbox.messages_after(0)), (0, 0));
    }

    #[test]
    fn a_partly_written_message_is_distinguished_from_a_control_frame() {
        let mut outbox = Outbox::new(None);
        outbox.push(Opcode::Text, true, false, b"text"); // 6 bytes
        outbox.push(Opcode::Ping, true, false, b"ping");
        outbox.push(Opcode::Text, false, false, b"half");
        outbox.push(Opcode::Continuation, true, false, b"rest");
        let mut cuts = Vec::new();
        for _ in 0..24 {
            outbox.advance(1);
            cuts.push(if outbox.is_message_cut() { 'x' } else { '.' });
            outbox.make_room(64); // may remove written bytes
        }
        assert_eq!(cuts.iter().collect::<String>(), "xxxxx.............xxxxx.");
    }

    #[test]
    fn a_streamed_message_is_partly_written_until_its_last_byte() {
        let mut outbox = Outbox::new(None);
        outbox.begin(Opcode::Binary, 8); // 2 bytes
        outbox.push_payload(b"four");
        outbox.advance(6);
        outbox.push_payload(b"more");
        let cuts = [(); 4].map(|()| {
            let is_cut = outbox.is_message_cut() || outbox.next_boundary_after(0) > 0;
            outbox.advance(1);
            is_cut
        });
        assert_eq!((cuts, outbox.is_message_cut()), ([true; 4], false));
    }

    #[test]
    fn an_owned_message_becomes_a_regular_frame() {
        for masks in [None, Some(Masks::random())] {
            let mut outbox = Outbox::new(masks);
            outbox.push(Opcode::Text, true, false, b"before");
            outbox.advance(outbox.pending().len());
            let header = outbox.push_owned(Opcode::Binary, vec![9; 70_000]);
            let (head, payload) = outbox.pending().split_at(header.len());
            let mut payload = payload.to_vec();
            apply_mask(&mut payload, header.mask.unwrap_or_default(), 0);
            assert_eq!((head, payload), (header.bytes(), vec![9; 70_000]));
            outbox.advance(1);
            assert_eq!(
                (outbox.next_boundary_after(0), outbox.is_message_cut()),
                (outbox.pending().len(), true)
            );
        }
    }

    #[test]
    fn boundaries_are_unknown_after_an_irregular_frame() {
        let mut outbox = Outbox::new(None);
        outbox.append_irregular(&[0x81, 0x7d], None, b"short");
        outbox.push(Opcode::Text, true, false, b"next");
        assert_eq!((outbox.next_boundary_after(0), outbox.messages_after(0)), (0, 0));
        outbox.advance(1);
        assert_eq!(outbox.next_boundary_after(0), outbox.pending().len());
    }

    #[test]
    fn memory_does_not_grow_while_some_bytes_always_stay_unwritten() {
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
