//! The fast path for the most common kind of message: in one valid frame, received completely.

use std::ops::Range;

use super::{Inbound, InboundLimits, InboundState};
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
    length: usize,
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
        let length = usize::try_from(length).ok()?;
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
        let header = whole_message(self.input.bytes_mut(), &self.limits, self.keeps_messages)?;
        let payload = self.input.ahead(header.size, header.length);
        let wire_size = header.size + header.length;
        self.take_whole(1, header.length as u64, wire_size);
        Some(WholeMessage { kind: header.kind, payload, wire_size: wire_size as u64 })
    }

    /// Consumes such messages as long as their payload is not wanted ([`Inbound::keep_messages`]), and returns how many. Call
    /// it before [`Inbound::next_event`], which returns an event for each that is left.
    pub fn pass_over_messages(&mut self) -> u64 {
        if self.keeps_messages || !self.can_take_whole_message() {
            return 0;
        }
        let mut rest = self.input.bytes_mut();
        let before = rest.len();
        let (mut count, mut payload_bytes) = (0, 0);
        while let Some(header) = whole_message(rest, &self.limits, false) {
            rest = &mut rest[header.size + header.length..];
            count += 1;
            payload_bytes += header.length as u64;
        }
        let wire_size = before - rest.len();
        self.take_whole(count, payload_bytes, wire_size);
        count
    }

    /// Consumes so many messages, each in one frame, of these sizes together, in bytes.
    fn take_whole(&mut self, count: u64, payload_bytes: u64, wire_size: usize) {
        self.take_input(wire_size);
        self.counters.frames += count;
        self.counters.messages += count;
        self.counters.payload_bytes += payload_bytes;
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
}

/// The header of the message at the start of `bytes`, if that is completely there, in one frame that is valid for the role
/// and the limit. The payload of text is unmasked, and that of binary messages if it `is_wanted`; without such a message
/// `bytes` are left as they are.
#[inline]
fn whole_message(bytes: &mut [u8], limits: &InboundLimits, is_wanted: bool) -> Option<WholeHeader> {
    let header = WholeHeader::decode(bytes)?;
    let is_masked = header.mask.is_some();
    if is_masked != (limits.role == Role::Server) || header.length as u64 > limits.max_message_size
    {
        return None;
    }
    let payload = bytes[header.size..].get_mut(..header.length)?;
    let is_text = header.kind == MessageKind::Text;
    if !is_text && !is_wanted {
        return Some(header);
    }
    if let Some(key) = header.mask {
        apply_mask(payload, key, 0);
    }
    if !is_text || utf8::is_valid(payload) {
        return Some(header);
    }
    if let Some(key) = header.mask {
        apply_mask(payload, key, 0); // masks it again
    }
    None
}
