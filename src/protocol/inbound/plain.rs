//! The short way for what nearly all traffic is made of.

use std::ops::Range;

use super::{Inbound, State};
use crate::protocol::frame::apply_mask;
use crate::protocol::message::MessageKind;
use crate::protocol::utf8;
use crate::protocol::vocabulary::{Event, Role};

/// A message that is still where it was read to.
pub(in crate::protocol) struct PlainMessage {
    kind: MessageKind,
    /// Where its payload is in the input.
    payload: Range<usize>,
    /// Header and payload, in bytes.
    wire_size: u64,
}

/// The header of a whole message in one frame, without reserved bits and of the shortest encoding (RFC
/// 6455 section 5.2).
struct PlainHeader {
    kind: MessageKind,
    mask: Option<[u8; 4]>,
    /// Of the payload.
    length: u64,
    /// Of the header.
    size: usize,
}

impl PlainHeader {
    /// Decodes the header at the start of `bytes`; `None` if it is not such a one, or not there as a
    /// whole.
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
    /// The next message, if it is in the input as a whole, in one valid frame, and no event comes
    /// before it. It is not copied.
    ///
    /// Whatever is out of the ordinary is left untouched for the long way, [`Inbound::parse_frame`],
    /// which comes to the same message, or says what is wrong with it.
    #[inline]
    pub(in crate::protocol) fn plain_message(&mut self) -> Option<PlainMessage> {
        if !self.is_between_messages() {
            return None;
        }
        let header = PlainHeader::decode(self.input.bytes())?;
        if !self.is_ordinary(&header) {
            return None;
        }
        let length = usize::try_from(header.length).ok()?;
        if self.input.len() - header.size < length {
            return None;
        }
        let payload = self.input.ahead(header.size, length);
        self.unmask(&header, &payload);
        if header.kind == MessageKind::Text && !utf8::is_valid(self.input.slice(payload.clone())) {
            self.unmask(&header, &payload); // masks it again
            return None;
        }
        self.take_input(header.size + length);
        self.counters.frames += 1;
        self.counters.messages += 1;
        self.counters.payload_bytes += header.length;
        let wire_size = header.size as u64 + header.length;
        Some(PlainMessage { kind: header.kind, payload, wire_size })
    }

    /// A plain message with its payload.
    #[inline]
    pub(in crate::protocol) fn plain_event(&self, message: PlainMessage) -> Event<'_> {
        Event::Message {
            kind: message.kind,
            data: self.input.slice(message.payload),
            frames: 1,
            wire_size: message.wire_size,
            compressed: false,
            payload: None,
        }
    }

    /// Nothing is half done, and nothing waits to be handed out.
    fn is_between_messages(&self) -> bool {
        self.state == State::Open
            && self.frame.is_none()
            && self.message.is_none()
            && self.queue.is_empty()
            && !self.limits.observe_frames
    }

    /// Whether the header says what it has to in this role and within this limit.
    fn is_ordinary(&self, header: &PlainHeader) -> bool {
        header.mask.is_some() == (self.limits.role == Role::Server)
            && header.length <= self.limits.max_message_size
    }

    fn unmask(&mut self, header: &PlainHeader, payload: &Range<usize>) {
        if let Some(key) = header.mask {
            apply_mask(self.input.slice_mut(payload.clone()), key, 0);
        }
    }
}
