//! Data frames → messages: fragments are joined, inflated, and checked for UTF-8 as they are received.

use std::ops::Range;

use super::{Inbound, IncomingFrame, KEEP_PAYLOAD, QueuedEvent, Span, Tolerance};
use crate::protocol::buffer::Buffer;
use crate::protocol::deflate::InflateError;
use crate::protocol::frame::{Header, Opcode, apply_mask};
use crate::protocol::hex::hex;
use crate::protocol::message::{MessageKind, Omission, PartialMessage};
use crate::protocol::utf8;
use crate::protocol::violation::{Cause, MAX_SHOWN, Rule, Violation};
use crate::protocol::vocabulary::Part;

/// The maximum number of invalid bytes shown of a text that is not UTF-8.
const MAX_INVALID_BYTES: usize = 4;

impl Inbound {
    /// Starts a data frame that has been validated.
    pub(super) fn data_frame(&mut self, header: Header) -> Result<bool, Violation> {
        let offset = self.offset;
        self.take_input(header.len());
        self.counters.frames += 1;
        self.release_at = None;
        let message = self.message_of(&header);
        if self.is_over_limit(message.payload_size, message.compressed) {
            self.omit(Omission::TooBig); // only if passive: else it is a violation
        }
        if message.frames == 1 || message.compressed || self.omission().is_some() {
            self.payload.clear(KEEP_PAYLOAD);
        }
        let (start, plain_start) = (self.payload.len(), self.inflated.len());
        self.take_payload(IncomingFrame {
            header,
            offset,
            taken: 0,
            start,
            plain_start,
            skipped: false,
        })
    }

    /// Skips a frame that is not interpreted.
    pub(super) fn skip_frame(&mut self, header: Header) -> bool {
        let offset = self.offset;
        self.take_input(header.len());
        self.counters.frames += 1;
        match header.opcode {
            Opcode::Continuation => self.skips_continuations = !header.fin,
            opcode if opcode.is_control() => {}
            _ => self.skips_continuations |= self.limits.has_other_extensions && !header.fin,
        }
        self.observe(header, Span::Own(Vec::new()), None, None);
        let start = self.payload.len();
        let frame =
            IncomingFrame { header, offset, taken: 0, start, plain_start: 0, skipped: true };
        self.skip_payload(frame);
        true
    }

    /// Whether a continuation frame belongs to a message that is skipped, as its first frame was.
    pub(super) fn is_skipping_message(&self) -> bool {
        self.skips_continuations && self.message.is_none()
    }

    /// Whether a message that starts with this frame is compressed (RFC 7692 section 6.1).
    pub(super) fn starts_compressed(&self, header: &Header) -> bool {
        header.rsv1 && self.inflater.is_some()
    }

    /// Counts the frame as part of its message, and returns the message.
    fn message_of(&mut self, header: &Header) -> PartialMessage {
        if header.opcode != Opcode::Continuation || self.message.is_none() {
            let compressed = self.starts_compressed(header);
            let kind = kind_of(header);
            if compressed {
                self.inflated.clear(KEEP_PAYLOAD);
            }
            self.message = Some(PartialMessage {
                kind,
                frames: 0,
                wire_size: 0,
                payload_size: 0,
                compressed,
                unchecked: kind == MessageKind::Binary || self.limits.has_other_extensions,
                omitted: None,
                plain_size: 0,
            });
            if !self.keeps_messages {
                self.omit(Omission::Unwanted);
            }
            if compressed && self.inflater.as_ref().is_some_and(|inflater| inflater.is_lost()) {
                self.omit(Omission::CannotInflate);
            }
        }
        let Some(message) = &mut self.message else { unreachable!("it was set just now") };
        message.frames += 1;
        message.wire_size = message.wire_size.saturating_add(header.wire_size());
        message.payload_size = message.payload_size.saturating_add(header.length);
        *message
    }

    /// Moves the received part of a frame's payload to the message.
    pub(super) fn take_payload(&mut self, mut frame: IncomingFrame) -> Result<bool, Violation> {
        if frame.skipped {
            return Ok(self.skip_payload(frame));
        }
        if self.passes_over_payload() {
            return self.pass_over_payload(frame);
        }
        let fresh = self.fresh_payload(&frame);
        if let Some(key) = frame.header.mask {
            apply_mask(self.payload.slice_mut(fresh.clone()), key, (frame.taken % 4) as usize);
        }
        frame.taken += fresh.len() as u64;
        if self.omission().is_none()
            && let Err(violation) = self.count_growth(&frame)
        {
            self.omit_instead(violation)?;
        }
        if self.message.is_some_and(|message| message.compressed) {
            self.inflate(&frame, fresh)?;
            // The start is shown if the frame turns out to be invalid.
            if !self.limits.observe_frames {
                self.payload.truncate(frame.start + MAX_SHOWN);
            }
        } else {
            self.check_text(&frame, Span::Payload(fresh))?;
        }
        if self.omission().is_some() {
            self.discard_payload(&mut frame);
        }
        if frame.taken < frame.header.length {
            self.frame = Some(frame);
            return Ok(false);
        }
        self.finish_frame(frame)
    }

    /// Discards the received part of the payload of a skipped frame.
    fn skip_payload(&mut self, mut frame: IncomingFrame) -> bool {
        frame.taken += self.fresh_payload(&frame).len() as u64;
        if self.message.is_none_or(|message| message.compressed) {
            self.payload.clear(KEEP_PAYLOAD);
        } else {
            self.payload.truncate(frame.start);
        }
        let is_whole = frame.taken == frame.header.length;
        if !is_whole {
            self.frame = Some(frame);
        }
        is_whole
    }

    /// The new payload bytes, after moving them to `payload`.
    fn fresh_payload(&mut self, frame: &IncomingFrame) -> Range<usize> {
        if self.unread == 0 {
            let missing = frame.header.length - frame.taken;
            let count = missing.min(self.input.len() as u64) as usize; // at most the length of the input
            let range = self.take_input(count);
            self.payload.extend(self.input.slice(range));
            self.unread = count;
        }
        let end = self.payload.len();
        let start = end - std::mem::take(&mut self.unread);
        start..end
    }

    /// Inflates bytes of the message and checks the result.
    fn inflate(&mut self, frame: &IncomingFrame, packed: Range<usize>) -> Result<(), Violation> {
        if self.omission().is_some() {
            return self.inflate_omitted(frame, packed, false);
        }
        let start = self.inflated.len();
        let other_bytes = self.memory_usage() - self.inflated.memory_usage();
        let Some(inflater) = &mut self.inflater else { return Ok(()) };
        let (bytes, limit) = (self.payload.slice(packed.clone()), self.limits.max_message_size);
        let growth = &mut self.growth;
        let mut may_grow =
            |size| growth.as_mut().is_none_or(|growth| growth.try_grow(other_bytes + size));
        let result = inflater.push(bytes, &mut self.inflated, limit, &mut may_grow);
        let is_passive = self.limits.tolerance == Tolerance::Passive;
        if self.inflated.len() as u64 > limit && !is_passive {
            self.inflated.truncate(limit as usize); // less than the length
        }
        // The first violation is reported, however many bytes were received at once.
        self.check_text(frame, Span::Inflated(start..self.inflated.len()))?;
        let Err(error) = result else { return Ok(()) };
        let is_over_limit = matches!(error, InflateError::TooBig | InflateError::OverMemory);
        self.omit_instead(self.inflate_violation(error, frame))?;
        if is_over_limit { self.inflate_omitted(frame, packed, true) } else { Ok(()) }
    }

    pub(super) fn inflate_violation(
        &self,
        error: InflateError,
        frame: &IncomingFrame,
    ) -> Violation {
        let cause = match error {
            InflateError::KeptContext(_) => Some(Cause::KeptContext),
            InflateError::OutsideWindow(..) => Some(Cause::OutsideWindow),
            _ => None,
        };
        let (rule, detail) = match error {
            InflateError::TooBig => {
                let limit = self.limits.max_message_size;
                let packed = self.message.map_or(0, |message| message.payload_size);
                let detail = format!("{packed} bytes inflate to more than the limit of {limit}");
                (Rule::MessageTooBig, detail)
            }
            InflateError::OverMemory => return self.over_memory(Some(frame)),
            InflateError::Corrupt(why) => (Rule::CorruptDeflate, why),
            InflateError::KeptContext(parameter) => {
                let detail =
                    format!("it refers to earlier messages, although {parameter} was negotiated");
                (Rule::CorruptDeflate, detail)
            }
            InflateError::OutsideWindow(parameter, bits) => {
                let window = 1_u32 << bits;
                let detail = format!(
                    "it refers more than {window} bytes back, although {parameter}={bits} was negotiated"
                );
                (Rule::CorruptDeflate, detail)
            }
        };
        let payload = self.payload.slice(frame.start..self.payload.len());
        let violation = Violation::by_frame(frame.header, frame.offset, rule, detail, payload);
        Violation { cause, ..violation }
    }

    pub(super) fn check_text(
        &mut self,
        frame: &IncomingFrame,
        fresh: Span,
    ) -> Result<(), Violation> {
        if self.message.is_none_or(|message| message.unchecked) {
            return Ok(());
        }
        let bytes = match &fresh {
            Span::Payload(range) => self.payload.slice(range.clone()),
            Span::Inflated(range) => self.inflated.slice(range.clone()),
            Span::Shared { .. } | Span::Own(_) => return Ok(()),
        };
        match self.utf8.push(bytes) {
            Ok(()) => Ok(()),
            Err(at) => self.report_invalid_text(frame, at, false),
        }
    }

    /// `is_cut`: the message ends with an incomplete character.
    pub(super) fn report_invalid_text(
        &mut self,
        frame: &IncomingFrame,
        at: u64,
        is_cut: bool,
    ) -> Result<(), Violation> {
        let Some(message) = &mut self.message else { return Ok(()) };
        message.unchecked = true;
        let (text, is_cut) = match message {
            // A single byte may as well be a letter in another encoding: what is before it is not kept.
            PartialMessage { omitted: Some(_), .. } => {
                (self.utf8.rest(), is_cut && self.utf8.rest().len() > 1)
            }
            _ => {
                let text = match message.compressed {
                    true => self.inflated.bytes(),
                    false => self.payload.slice(0..self.payload.len()),
                };
                let rest = text.get(at as usize..).unwrap_or_default();
                (rest, is_cut && utf8::is_cut(text, at as usize))
            }
        };
        let payload = self.payload.slice(frame.start..self.payload.len());
        let violation = invalid_text(frame, text, at, is_cut, payload);
        self.utf8 = Default::default();
        self.tolerate(violation)
    }

    pub(super) fn finish_frame(&mut self, frame: IncomingFrame) -> Result<bool, Violation> {
        let is_final_block = frame.header.fin && self.finish_inflating(&frame)?;
        let Some(message) = self.message else { return Ok(false) };
        if frame.header.fin
            && !message.unchecked
            && let Err(at) = self.utf8.finish()
        {
            self.report_invalid_text(&frame, at, true)?;
        }
        let end = self.payload.len();
        let (fragment, compressed) = (message.frames, message.compressed);
        let part =
            Part { message: self.counters.messages + 1, fragment, compressed, is_final_block };
        let has_plain = compressed && message.omitted.is_none();
        let plain = has_plain.then(|| Span::Inflated(frame.plain_start..self.inflated.len()));
        self.observe(frame.header, Span::Payload(frame.start..end), Some(part), plain);
        if !frame.header.fin {
            return Ok(true);
        }
        self.message = None;
        if let Some(reason) = message.omitted {
            self.finish_omitted(message, reason);
            return Ok(true);
        }
        let span = match compressed {
            true => Span::Inflated(0..self.inflated.len()),
            false => Span::Payload(0..end),
        };
        self.finish_message(message, span);
        Ok(true)
    }

    /// Ends the message if it is compressed; returns whether it ended with a final block.
    fn finish_inflating(&mut self, frame: &IncomingFrame) -> Result<bool, Violation> {
        let Some(message) = self.message.filter(|message| message.compressed) else {
            return Ok(false);
        };
        let Some(inflater) = &mut self.inflater else { return Ok(false) };
        let result = match message.omitted {
            None => inflater.finish(&mut self.inflated, self.limits.max_message_size),
            Some(Omission::CannotInflate) => return Ok(false),
            Some(_) => inflater.finish(&mut Buffer::default(), u64::MAX),
        };
        result.or_else(|error| {
            self.omit_instead(self.inflate_violation(error, frame))?;
            Ok(false)
        })
    }

    fn finish_message(&mut self, message: PartialMessage, span: Span) {
        let size = span.len() as u64;
        self.count_message(&message, size);
        self.queue.push_back(QueuedEvent::Message {
            kind: message.kind,
            span,
            frames: message.frames,
            wire_size: message.wire_size,
            compressed: message.compressed,
        });
    }

    /// Counts a complete message; `size`: of its uncompressed payload, in bytes.
    pub(super) fn count_message(&mut self, message: &PartialMessage, size: u64) {
        self.counters.messages += 1;
        self.counters.payload_bytes += size;
        if message.compressed {
            self.counters.compressed.messages += 1;
            self.counters.compressed.packed_bytes += message.payload_size;
            self.counters.compressed.plain_bytes += size;
        }
    }
}

/// The kind of a message by its first frame; a continuation frame without a start is treated as binary.
fn kind_of(header: &Header) -> MessageKind {
    match header.opcode {
        Opcode::Text => MessageKind::Text,
        _ => MessageKind::Binary,
    }
}

/// `text`: the message from byte `at` on, where it is not valid UTF-8.
fn invalid_text(
    frame: &IncomingFrame,
    text: &[u8],
    at: u64,
    is_cut: bool,
    payload: &[u8],
) -> Violation {
    let bad = invalid_sequence(text);
    let cause = match is_cut {
        true => Some(Cause::CutCharacter),
        false => utf8::is_surrogate(text).then_some(Cause::Surrogate),
    };
    // A surrogate is detected by a byte that may not have been received yet: only the hint names it.
    let what = if is_cut { format!(", {}", Cause::CutCharacter) } else { String::new() };
    let what = match bad.is_empty() {
        true => String::new(), // they were not kept
        false => format!(" ({}{what})", hex(bad)),
    };
    let detail = format!("at byte {at} of the message{what}");
    let violation =
        Violation::by_frame(frame.header, frame.offset, Rule::InvalidUtf8, detail, payload);
    Violation { cause, ..violation }
}

/// The shortest prefix of `bytes` that is not the start of a character.
fn invalid_sequence(bytes: &[u8]) -> &[u8] {
    let is_wrong = |length: &usize| {
        std::str::from_utf8(&bytes[..*length]).is_err_and(|error| error.error_len().is_some())
    };
    let length = (1..=bytes.len().min(MAX_INVALID_BYTES)).find(is_wrong);
    &bytes[..length.unwrap_or(bytes.len().min(MAX_INVALID_BYTES))]
}
