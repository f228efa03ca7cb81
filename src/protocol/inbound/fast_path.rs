//! The fast path for the most common kind of message: in one valid frame, received completely.

use std::ops::Range;

use super::{Inbound, InboundState};
use crate::protocol::frame::apply_mask;
use crate::protocol::message::MessageKind;
use crate::protocol::utf8;
use crate::protocol::vocabulary::{Event, Role};

/// A message whose payload is still in the input buffer.
#[derive(Clone, Debug)]
pub(in crate::protocol) struct WholeMessage {
    kind: MessageKind,
    /// The range of its payload in the input.
    payload: Range<usize>,
    /// The size of header and payload, in bytes.
    wire_size: u64,
}

/// The header of a message in one frame, without reserved bits and with the shortest length encoding (RFC
/// 6455 section 5.2).
struct WholeHeader {
    kind: MessageKind,
    mask: Option<[u8; 4]>,
    /// Length of the payload in bytes.
    length: u64,
    /// Size of the header in bytes.
    size: usize,
}

impl WholeHeader {
    /// Decodes the header at the start of `bytes`; `None` if it is not such a header, or not complete.
    #[inline]
    fn decode(bytes: &[u8]) -> Option<Self> {
        let (&[first, second], rest) = bytes.split_first_chunk()?;
        let kind = match first {
            0x81 => MessageKind::Text,
            0x82 => MessageKind::Binary,
            _ => return None,
        };
        let (length, field, least) = match second & 0x7f {
            126 => (u64::from(u16::from_be_bytes(*rest.first_chunk()?)), 2, 126),
            127 => (u64::from_be_bytes(*rest.first_chunk()?), 8, 1 << 16),
            short => (u64::from(short), 0, 0),
        };
        if length < least {
            return None;
        }
        let (mask, key) = match second & 0x80 {
            0 => (None, 0),
            _ => (Some(*rest[field..].first_chunk()?), 4),
        };
        Some(Self { kind, mask, length, size: 2 + field + key })
    }
}

impl Inbound {
    /// The next message, if it is completely in the input, in one valid frame, and no event precedes it. It
    /// is not copied.
    ///
    /// Everything else is left untouched for the slow path, [`Inbound::parse_frame`], which yields the same
    /// message or reports the violation.
    #[inline]
    pub(in crate::protocol) fn next_whole_message(&mut self) -> Option<WholeMessage> {
        if !self.can_take_whole_message() {
            return None;
        }
        let header = WholeHeader::decode(self.input.bytes())?;
        if !self.is_valid_for(&header) {
            return None;
        }
        let length = usize::try_from(header.length).ok()?;
        if self.input.len() - header.size < length {
            return None;
        }
        let payload = self.input.ahead(header.size, length);
        if self.keeps_messages || header.kind == MessageKind::Text {
            self.unmask(&header, &payload);
        }
        if header.kind == MessageKind::Text && !utf8::is_valid(self.input.slice(payload.clone())) {
            self.unmask(&header, &payload); // masks it again
            return None;
        }
        self.take_input(header.size + length);
        self.counters.frames += 1;
        self.counters.messages += 1;
        self.counters.payload_bytes += header.length;
        let wire_size = header.size as u64 + header.length;
        Some(WholeMessage { kind: header.kind, payload, wire_size })
    }

    /// Consumes such messages as long as their payload is not wanted ([`Inbound::keep_messages`]), and returns how many. Call
    /// it before [`Inbound::next_event`], which returns an event for each that is left.
    pub fn pass_over_messages(&mut self) -> u64 {
        let before = self.counters.messages;
        while !self.keeps_messages && self.next_whole_message().is_some() {}
        self.counters.messages - before
    }

    /// The event of such a message.
    #[inline]
    pub(in crate::protocol) fn whole_event(&self, message: WholeMessage) -> Event<'_> {
        Event::Message {
            kind: message.kind,
            data: self.input.slice(message.payload),
            frames: 1,
            wire_size: message.wire_size,
            compressed: false,
            payload: None,
        }
    }

    /// Whether no message is being received, no event is queued, and frames are not observed.
    fn can_take_whole_message(&self) -> bool {
        self.state == InboundState::Open
            && self.frame.is_none()
            && self.message.is_none()
            && self.queue.is_empty()
            && !self.limits.observe_frames
    }

    /// Whether mask and length are valid for the role and the limit.
    fn is_valid_for(&self, header: &WholeHeader) -> bool {
        header.mask.is_some() == (self.limits.role == Role::Server)
            && header.length <= self.limits.max_message_size
    }

    fn unmask(&mut self, header: &WholeHeader, payload: &Range<usize>) {
        if let Some(key) = header.mask {
            apply_mask(self.input.slice_mut(payload.clone()), key, 0);
        }
    }
}
