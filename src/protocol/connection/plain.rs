//! The short way for what nearly all traffic is made of.

use std::ops::Range;

use super::{Connection, Phase, Role};
use crate::protocol::frame::{Header, Opcode, apply_mask};
use crate::protocol::message::MessageKind;
use crate::protocol::utf8;

/// A message that is still where it was read to.
pub(super) struct PlainMessage {
    pub(super) kind: MessageKind,
    /// Where its payload is in the input.
    pub(super) payload: Range<usize>,
    /// Header and payload, in bytes.
    pub(super) wire_size: u64,
}

impl Connection {
    /// The next message, if it is in the input as a whole, in one frame that nothing can be said
    /// against, and nothing is to be told before it. It is not copied.
    ///
    /// Whatever is out of the ordinary is left untouched for the long way, [`Connection::parse_frame`],
    /// which comes to the same message, or says what is wrong with it.
    #[inline]
    pub(super) fn plain_message(&mut self) -> Option<PlainMessage> {
        if !self.is_between_messages() {
            return None;
        }
        let header = Header::decode(self.input.bytes())?;
        let kind = match header.opcode {
            Opcode::Text => MessageKind::Text,
            Opcode::Binary => MessageKind::Binary,
            _ => return None,
        };
        let is_whole = (self.input.len() - header.len()) as u64 >= header.length;
        if !is_whole || !self.is_ordinary(&header) {
            return None;
        }
        let payload = self.input.ahead(header.len(), header.length as usize); // it is in memory
        self.unmask(&header, &payload);
        if kind == MessageKind::Text && !utf8::is_valid(self.input.slice(payload.clone())) {
            self.unmask(&header, &payload); // masks it again
            return None;
        }
        self.take_input(header.len() + payload.len());
        self.received.frames += 1;
        self.received.messages += 1;
        self.received.payload_bytes += header.length;
        Some(PlainMessage { kind, payload, wire_size: header.wire_size() })
    }

    /// Nothing is half done, and nothing waits to be told.
    fn is_between_messages(&self) -> bool {
        matches!(self.phase, Phase::Open)
            && self.frame.is_none()
            && self.message.is_none()
            && self.queue.is_empty()
            && !self.options.observe_frames
    }

    /// Whether a whole data frame is as RFC 6455 section 5.2 wants it; all that
    /// [`Connection::judge`] looks for, without the words.
    fn is_ordinary(&self, header: &Header) -> bool {
        header.fin
            && !(header.rsv1 || header.rsv2 || header.rsv3)
            && header.mask.is_some() == (self.options.role == Role::Server)
            && header.is_minimal()
            && header.length <= self.options.max_message_size
    }

    fn unmask(&mut self, header: &Header, payload: &Range<usize>) {
        if let Some(key) = header.mask {
            apply_mask(self.input.slice_mut(payload.clone()), key, 0);
        }
    }
}
