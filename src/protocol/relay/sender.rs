//! The frames that the receiver gets, and what its decompression context contains.

use std::ops::Range;

use super::Undeliverable;
use crate::protocol::deflate::{DeflateParams, Deflater};
use crate::protocol::frame::{Header, MAX_CONTROL_PAYLOAD, Masks, Opcode, apply_mask};
use crate::protocol::message::MessageKind;
use crate::protocol::vocabulary::Event;
use crate::protocol::vocabulary::Role;

/// What is delivered in place of a message or control frame, or in addition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// A data message.
    Message(MessageKind, &'a [u8]),
    /// A control frame.
    Control(Opcode, &'a [u8]),
}

/// A message or control frame as it was received.
#[derive(Clone, Copy, Debug)]
pub(super) struct Received<'a> {
    pub(super) content: Content<'a>,
    /// Its frames, with the control frames between them.
    pub(super) raw: &'a [u8],
    /// The ranges of these control frames in `raw`.
    pub(super) controls: &'a [Range<usize>],
    pub(super) compressed: bool,
    /// Its number among the compressed messages, from 0, if later ones may refer to it.
    pub(super) number: Option<u64>,
}

/// Where the delivered bytes end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    BetweenMessages,
    BetweenFrames,
    InsideFrame,
}

/// Writes what is delivered.
#[derive(Debug)]
pub(super) struct Sender {
    /// The source of masking keys, if the receiver is the server.
    masks: Option<Masks>,
    /// The parameters of permessage-deflate, and the role of the endpoint whose messages are relayed.
    deflate: Option<(DeflateParams, Role)>,
    /// Created for the first message that is compressed anew.
    deflater: Option<Box<Deflater>>,
    /// Whether compressed messages may refer to earlier ones.
    keeps_context: bool,
    /// The number of compressed messages that were delivered as they were received, without a gap. Only the one with
    /// this number can be inflated by the receiver.
    delivered: u64,
    /// Messages are compressed anew: the receiver's context is that of `deflater`.
    is_diverged: bool,
    pub(super) place: Place,
    has_sent_close: bool,
}

impl Sender {
    /// For what `role` sends.
    pub(super) fn new(role: Role, masks: Masks, deflate: Option<DeflateParams>) -> Self {
        Self {
            masks: (role == Role::Client).then_some(masks),
            deflate: deflate.map(|params| (params, role)),
            deflater: None,
            keeps_context: deflate.is_some_and(|params| params.keeps_context(role)),
            delivered: 0,
            is_diverged: false,
            place: Place::BetweenMessages,
            has_sent_close: false,
        }
    }

    pub(super) fn keeps_context(&self) -> bool {
        self.keeps_context
    }

    /// Whether the receiver can inflate the compressed message with this number as it was received.
    pub(super) fn can_inflate(&self, number: u64) -> bool {
        !self.keeps_context || (!self.is_diverged && number == self.delivered)
    }

    /// Whether a compressed message was not delivered, or not as it was received.
    pub(super) fn is_diverged(&self, received: u64) -> bool {
        self.keeps_context && (self.is_diverged || received != self.delivered)
    }

    /// Whether no compressed message is delivered as it was received any more.
    pub(super) fn compresses_anew(&self) -> bool {
        self.is_diverged
    }

    /// Records that a compressed message is delivered as it was received.
    pub(super) fn note_inflatable(&mut self) {
        self.delivered += 1;
    }

    /// Records that a Close frame was delivered.
    pub(super) fn note_close(&mut self) {
        self.has_sent_close = true;
    }

    /// Whether a Close frame was delivered.
    pub(super) fn has_sent_close(&self) -> bool {
        self.has_sent_close
    }

    /// Bytes of memory in use.
    pub(super) fn memory_usage(&self) -> usize {
        self.deflater.as_ref().map_or(0, |deflater| deflater.memory_usage())
    }

    /// Delivers it: as it was received, if the receiver can inflate it.
    pub(super) fn pass(&mut self, unit: &Received<'_>, out: &mut Vec<u8>) {
        if !self.must_reframe(unit) {
            out.extend_from_slice(unit.raw);
            if unit.number.is_some() {
                self.note_inflatable();
            }
            self.note(unit.content);
        } else {
            self.send_controls(unit, out);
            self.send(unit.content, out);
        }
    }

    /// Delivers only the control frames between its fragments.
    pub(super) fn send_controls(&mut self, unit: &Received<'_>, out: &mut Vec<u8>) {
        for range in unit.controls {
            out.extend_from_slice(&unit.raw[range.clone()]);
        }
    }

    /// Delivers it twice. The second copy of a message that the receiver can inflate is not compressed, so that
    /// its context stays that of the sender.
    pub(super) fn duplicate(&mut self, unit: &Received<'_>, out: &mut Vec<u8>) {
        let is_reframed = self.must_reframe(unit);
        self.pass(unit, out);
        match unit.content {
            Content::Message(kind, data) if unit.number.is_some() && !is_reframed => {
                self.push_frame(kind.opcode(), true, false, data, out);
            }
            content if is_reframed => self.send(content, out),
            _ => {
                let mut at = 0;
                for range in unit.controls {
                    out.extend_from_slice(&unit.raw[at..range.start]);
                    at = range.end;
                }
                out.extend_from_slice(&unit.raw[at..]);
            }
        }
    }

    /// Delivers something else instead.
    ///
    /// # Errors
    /// If that is not allowed; then it was passed unchanged.
    pub(super) fn replace(
        &mut self,
        unit: &Received<'_>,
        with: Content<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Undeliverable> {
        let result = match (unit.content, with) {
            // It takes the place of what is a whole there.
            (Content::Message(..), Content::Message(..))
            | (Content::Control(..), Content::Control(..)) => self.validate_content(with),
            _ => self.validate(with),
        };
        match result {
            Ok(()) => {
                self.send_controls(unit, out);
                self.send(with, out);
            }
            Err(_) => self.pass(unit, out),
        }
        result
    }

    /// Delivers it with one bit of its payload changed, counted from the first; modulo their number.
    pub(super) fn corrupt(&mut self, unit: &Received<'_>, bit: u64, out: &mut Vec<u8>) {
        let (Content::Message(_, data) | Content::Control(_, data)) = unit.content;
        let Some((byte, mask)) = bit_in(data, bit) else { return self.pass(unit, out) };
        if let Some(at) = place_of(unit, byte).filter(|_| !unit.compressed) {
            let start = out.len();
            self.pass(unit, out);
            out[start + at] ^= mask;
            return;
        }
        self.send_controls(unit, out);
        let mut data = data.to_vec();
        data[byte] ^= mask;
        self.send(unit.content.with_data(&data), out);
    }

    /// Delivers something of our own, compressed if that does not affect what the receiver can inflate.
    pub(super) fn send(&mut self, content: Content<'_>, out: &mut Vec<u8>) {
        match content {
            Content::Control(opcode, payload) => self.push_frame(opcode, true, false, payload, out),
            Content::Message(kind, data) => {
                let mut deflater = self.deflater.take();
                if self.is_diverged || !self.keeps_context {
                    deflater = deflater.or_else(|| {
                        let (params, role) = self.deflate.as_ref()?;
                        Some(Box::new(Deflater::new(params, *role)))
                    });
                }
                let compressed = deflater.as_mut().and_then(|deflater| deflater.compress(data));
                let rsv1 = compressed.is_some();
                self.push_frame(kind.opcode(), true, rsv1, compressed.unwrap_or(data), out);
                if let Some(deflater) = &mut deflater {
                    deflater.shrink(KEEP_COMPRESSED);
                }
                self.deflater = deflater;
            }
        }
        self.note(content);
    }

    /// Whether [`Sender::send`] may be called with it where the delivered bytes end.
    ///
    /// # Errors
    /// Why it may not.
    pub(super) fn validate(&self, content: Content<'_>) -> Result<(), Undeliverable> {
        self.validate_at(self.place, content)
    }

    /// The same where they end at `place`.
    ///
    /// # Errors
    /// Why it may not.
    pub(super) fn validate_at(
        &self,
        place: Place,
        content: Content<'_>,
    ) -> Result<(), Undeliverable> {
        self.validate_content(content)?;
        match (content, place) {
            (_, Place::InsideFrame) | (Content::Message(..), Place::BetweenFrames) => {
                Err(Undeliverable::InsideMessage)
            }
            _ => Ok(()),
        }
    }

    /// Whether it may be delivered at all.
    fn validate_content(&self, content: Content<'_>) -> Result<(), Undeliverable> {
        match content {
            _ if self.has_sent_close => Err(Undeliverable::Closing),
            Content::Control(opcode, _) if !is_valid_control(opcode) => {
                Err(Undeliverable::NotControl(opcode))
            }
            Content::Control(opcode, data) if data.len() > MAX_CONTROL_PAYLOAD => {
                Err(Undeliverable::ControlTooLong(opcode, data.len()))
            }
            _ => Ok(()),
        }
    }

    /// Appends a frame of our own.
    pub(super) fn push_frame(
        &mut self,
        opcode: Opcode,
        fin: bool,
        rsv1: bool,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) {
        let mask = self.masks.as_mut().map(Masks::next_key);
        let header = Header::new(opcode, fin, mask, payload.len() as u64);
        let header = if rsv1 { header.with_rsv1() } else { header };
        out.extend_from_slice(header.bytes());
        let start = out.len();
        out.extend_from_slice(payload);
        if let Some(key) = mask {
            apply_mask(&mut out[start..], key, 0);
        }
    }

    /// Whether the receiver cannot inflate it as it was received. Then no later message is delivered as it was
    /// received either, as the receiver's context is that of our deflater.
    fn must_reframe(&mut self, unit: &Received<'_>) -> bool {
        let must_reframe = unit.number.is_some_and(|number| !self.can_inflate(number));
        self.is_diverged |= must_reframe;
        must_reframe
    }

    fn note(&mut self, content: Content<'_>) {
        self.has_sent_close |= matches!(content, Content::Control(Opcode::Close, _));
    }
}

impl<'a> Content<'a> {
    /// What is to be decided about, but the payload of a Close frame. `None`: nothing is decided about such an event.
    pub fn of(event: &Event<'a>) -> Option<Self> {
        match event {
            Event::Message { kind, data, .. } => Some(Self::Message(*kind, data)),
            Event::Ping(_, data) => Some(Self::Control(Opcode::Ping, data)),
            Event::Pong(_, data, _) => Some(Self::Control(Opcode::Pong, data)),
            Event::Close(..) => Some(Self::Control(Opcode::Close, &[])),
            _ => None,
        }
    }

    fn with_data(self, data: &'a [u8]) -> Self {
        match self {
            Self::Message(kind, _) => Self::Message(kind, data),
            Self::Control(opcode, _) => Self::Control(opcode, data),
        }
    }
}

/// Where bit `bit` of `data` is, modulo their number: the index of its byte, and the mask of the bit in it. None if
/// there is no data.
pub fn bit_in(data: &[u8], bit: u64) -> Option<(usize, u8)> {
    let bit = bit.checked_rem(data.len() as u64 * 8)?;
    Some(((bit / 8) as usize, 1 << (bit % 8)))
}

/// The memory of a compressed message is freed if it is more than this many bytes.
const KEEP_COMPRESSED: usize = 1 << 20;

fn is_valid_control(opcode: Opcode) -> bool {
    matches!(opcode, Opcode::Close | Opcode::Ping | Opcode::Pong)
}

/// The index in its raw bytes of this byte of the payload of an uncompressed message or a control frame.
fn place_of(unit: &Received<'_>, byte: usize) -> Option<usize> {
    let (mut at, mut left) = (0, byte);
    let mut controls = unit.controls.iter();
    let mut next = controls.next();
    loop {
        if let Some(control) = next.filter(|control| control.start == at) {
            (at, next) = (control.end, controls.next());
            continue;
        }
        let header = Header::decode(unit.raw.get(at..)?)?;
        let length = usize::try_from(header.length).ok()?;
        if left < length {
            return Some(at + header.len() + left).filter(|at| *at < unit.raw.len());
        }
        left -= length;
        at = at.checked_add(header.len())?.checked_add(length)?;
    }
}
