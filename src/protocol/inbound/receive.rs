//! Received bytes → frames.

use std::ops::Range;

use super::validate::{MAX_TOLERATED_CONTROL, read_close, read_close_leniently};
use super::{
    Inbound, InboundState, MAX_READ_SIZE, QueuedEvent, QueuedFrame, READ_SIZE, Span, Tolerance,
};
use crate::protocol::close::ClosePayload;
use crate::protocol::frame::{Header, Opcode, apply_mask};
use crate::protocol::violation::{Rule, Violation};
use crate::protocol::vocabulary::{Direction, IncompleteMessage, Part, Partial, Position};

/// A payload with at least this many missing bytes is read directly into the payload buffer.
const DIRECT_READ: u64 = 16 << 10;

impl Inbound {
    /// The buffer to read the next bytes from the transport into.
    pub fn receive_space(&mut self) -> &mut [u8] {
        self.receive_space_of(READ_SIZE)
    }

    /// The same, with at least `size` bytes, at most 256 KiB, unless fewer are missing of a frame: less where most
    /// connections are idle.
    pub fn receive_space_of(&mut self, size: usize) -> &mut [u8] {
        let size = size.min(MAX_READ_SIZE);
        let missing = self.frame.as_ref().map_or(0, |frame| frame.header.length - frame.taken);
        self.reading_payload =
            self.input.len() == 0 && missing >= DIRECT_READ && !self.passes_over_payload();
        if self.reading_payload {
            let wanted = missing.min(size as u64) as usize; // at most MAX_READ_SIZE
            let expected = match self.omission() {
                Some(_) => wanted,
                None => usize::try_from(missing).unwrap_or(usize::MAX),
            };
            &mut self.payload.space_towards(wanted, expected)[..wanted]
        } else {
            let space = self.input.space(size);
            let most = space.len().min(MAX_READ_SIZE);
            &mut space[..most]
        }
    }

    /// Records that `count` bytes were read into [`Inbound::receive_space`].
    pub fn received(&mut self, count: usize) {
        self.counters.wire_bytes += count as u64;
        if self.ignores_input() {
            if !self.reading_payload {
                self.input.filled(count);
                self.keep_text();
            }
            // Queued events may refer to the payload: it is freed after they were returned.
            self.discard_input();
        } else if self.reading_payload {
            self.payload.filled(count);
            self.offset += count as u64;
            self.unread += count;
        } else {
            self.input.filled(count);
        }
    }

    /// Copies bytes into the input, and returns how many. Pass the rest after [`Inbound::next_event`] has returned
    /// `None`. Uses less memory than [`Inbound::receive_space`] if there are few.
    pub fn receive(&mut self, bytes: &[u8]) -> usize {
        let missing = self.frame.as_ref().map_or(0, |frame| frame.header.length - frame.taken);
        if missing >= DIRECT_READ {
            let space = self.receive_space();
            let count = space.len().min(bytes.len());
            space[..count].copy_from_slice(&bytes[..count]);
            self.received(count);
            return count;
        }
        let count = bytes.len().min(READ_SIZE);
        self.reading_payload = false;
        self.input.space(count)[..count].copy_from_slice(&bytes[..count]);
        self.received(count);
        count
    }

    /// How many bytes may be passed to [`Inbound::receive`] without going beyond the end of the current frame: at
    /// least 1, at most 128 KiB. It is 1 while the frame's header is incomplete. Call it after
    /// [`Inbound::next_event`] returned `None`.
    pub fn wanted(&self) -> usize {
        let missing = match &self.frame {
            _ if self.ignores_input() => READ_SIZE as u64,
            Some(frame) => frame.header.length - frame.taken,
            None => Header::decode(self.input.bytes())
                .map_or(1, |header| header.wire_size().saturating_sub(self.input.len() as u64)),
        };
        missing.clamp(1, READ_SIZE as u64) as usize // at most READ_SIZE
    }

    /// Records that there are no more bytes. Call it after [`Inbound::next_event`] returned `None`, and then
    /// call `next_event` again: returns whether an incomplete frame is a violation.
    pub fn end(&mut self) -> bool {
        let is_decoding = matches!(self.state, InboundState::Open | InboundState::AfterClose);
        let is_violation = is_decoding && self.validate_rest();
        self.state = InboundState::Ignoring;
        is_violation
    }

    /// Ignores what is received from now on.
    pub fn ignore(&mut self) {
        self.state = InboundState::Ignoring;
    }

    /// Whether no part of a frame was received.
    pub fn is_between_frames(&self) -> bool {
        self.frame.is_none() && self.input.len() == 0
    }

    /// Whether no part of a message or frame was received, and no event is queued.
    pub fn is_between_messages(&self) -> bool {
        self.is_between_frames() && self.is_idle()
    }

    /// Whether input is ignored: it cannot be parsed, or follows the Close frame.
    pub fn ignores_input(&self) -> bool {
        self.state == InboundState::Ignoring
    }

    /// The position at the end of the input, relative to frames and messages.
    pub fn position(&self) -> Position {
        if let Some(frame) = &self.frame {
            let (got, of) = (frame.taken, frame.header.length);
            return Position::Payload { opcode: frame.header.opcode, got, of };
        }
        let rest = self.input.bytes();
        match (Header::decode(rest), self.message) {
            (Some(header), _) => Position::Payload {
                opcode: header.opcode,
                got: (rest.len() - header.len()) as u64,
                of: header.length,
            },
            (None, _) if !rest.is_empty() => Position::Header(rest.len()),
            (None, Some(message)) => Position::Message(message.frames),
            (None, None) => Position::Boundary,
        }
    }

    /// The message being received.
    pub fn incomplete_message(&self) -> Option<IncompleteMessage> {
        let message = self.message?;
        let frame = self.frame.as_ref().filter(|frame| !frame.skipped);
        let missing = frame.map_or(0, |frame| frame.header.length - frame.taken);
        Some(IncompleteMessage {
            kind: message.kind,
            frames: message.frames,
            size: message.payload_size.saturating_sub(missing),
            compressed: message.compressed,
        })
    }

    /// What was received behind the last complete frame or message, if anything. Call it after
    /// [`Inbound::next_event`] returned `None`.
    pub fn partial(&self) -> Option<Partial> {
        if self.ignores_input() {
            return None;
        }
        let (message, position) = (self.incomplete_message(), self.position());
        let is_boundary = message.is_none() && position == Position::Boundary;
        (!is_boundary).then_some(Partial { message, position })
    }

    /// Makes one step of progress; `false` when more bytes are needed.
    pub(in crate::protocol) fn parse_frame(&mut self) -> bool {
        let step = match self.state {
            InboundState::Ignoring => {
                self.discard();
                return false;
            }
            InboundState::Closed => return self.frame_after_close(),
            InboundState::Open | InboundState::AfterClose => match self.frame.take() {
                Some(frame) => self.take_payload(frame),
                None => self.start_frame(),
            },
        };
        step.unwrap_or_else(|violation| {
            self.fail(violation);
            true
        })
    }

    /// Must only be called when no queued event refers to the buffers.
    fn discard(&mut self) {
        self.discard_input();
        self.payload.release();
        self.inflated.release();
    }

    fn discard_input(&mut self) {
        self.offset += self.input.len() as u64;
        self.input.clear(READ_SIZE);
        self.unread = 0;
    }

    /// Decodes a frame header and validates it.
    fn start_frame(&mut self) -> Result<bool, Violation> {
        if self.detect_text(false)? {
            return Ok(false);
        }
        let Some(header) = Header::decode(self.input.bytes()) else {
            return Ok(false);
        };
        self.validate(&header)?;
        match header.opcode {
            Opcode::Reserved(_) => Ok(self.skip_frame(header)),
            Opcode::Continuation if self.is_skipping_message() => Ok(self.skip_frame(header)),
            opcode if opcode.is_control() && header.length > MAX_TOLERATED_CONTROL => {
                Ok(self.skip_frame(header))
            }
            opcode if opcode.is_control() => self.control_frame(header),
            _ => self.data_frame(header),
        }
    }

    /// Queues a control frame once it is complete; it may be received between fragments.
    fn control_frame(&mut self, header: Header) -> Result<bool, Violation> {
        let whole = header.len() + header.length as usize; // validated: a few KiB at most
        if self.input.len() < whole {
            return Ok(false);
        }
        let frame_start = self.offset;
        self.take_input(header.len());
        let range = self.take_input(header.length as usize); // see above
        if let Some(key) = header.mask {
            apply_mask(self.input.slice_mut(range.clone()), key, 0);
        }
        self.counters.frames += 1;
        let payload = self.input.slice(range).to_vec();
        let close = match header.opcode {
            Opcode::Close => Some(self.close_payload(header, &payload, frame_start)?),
            _ => None,
        };
        self.observe(header, Span::Own(payload.clone()), None, None);
        self.queue.push_back(match close {
            Some(close) if self.close.is_some() => QueuedEvent::LaterClose(Box::new(close)),
            Some(close) => {
                self.close = Some(close);
                self.state = match self.limits.tolerance {
                    Tolerance::Passive => InboundState::AfterClose,
                    Tolerance::Strict | Tolerance::Lenient => InboundState::Closed,
                };
                QueuedEvent::Close(Direction::Received)
            }
            None if header.opcode == Opcode::Ping => {
                QueuedEvent::Ping(Direction::Received, Span::Own(payload))
            }
            None => QueuedEvent::Pong(Direction::Received, Span::Own(payload), None),
        });
        Ok(true)
    }

    fn close_payload(
        &mut self,
        header: Header,
        payload: &[u8],
        offset: u64,
    ) -> Result<ClosePayload, Violation> {
        match read_close(payload) {
            Ok(close) => Ok(close),
            Err((rule, detail, cause)) => {
                let violation = Violation::by_frame(header, offset, rule, detail, payload);
                // The reason follows the code.
                let excerpt = payload.get(2..).unwrap_or_default().to_vec();
                self.tolerate(Violation { excerpt, cause, ..violation })?;
                Ok(read_close_leniently(payload))
            }
        }
    }

    /// RFC 6455 section 5.5.1: no data frame may follow. A second Close frame is not explicitly forbidden.
    fn frame_after_close(&mut self) -> bool {
        let stray_text = match self.detect_text(false) {
            Ok(true) => return false,
            Ok(false) => None,
            Err(violation) => Some(violation),
        };
        if let Some(text) = stray_text {
            self.state = InboundState::Ignoring;
            let detail = format!("{}: {}; it was not read", text.rule.summary(), text.detail);
            let rule = Rule::FrameAfterClose;
            let violation = Violation { rule, detail, excerpt: Vec::new(), cause: None, ..text };
            self.queue.push_back(QueuedEvent::Tolerated(Box::new(violation)));
            self.discard();
            return true;
        }
        let Some(header) = Header::decode(self.input.bytes()) else { return false };
        self.state = InboundState::Ignoring;
        let is_data = !header.opcode.is_control();
        if is_data || header.opcode == Opcode::Close {
            let detail = format!("{header}; it was not read");
            let violation = self.violation_of(Rule::FrameAfterClose, detail, &header);
            self.observe(header, Span::Own(violation.payload.to_vec()), None, None);
            if is_data && self.limits.tolerance == Tolerance::Strict {
                self.violation = Some(violation);
                self.queue.push_back(QueuedEvent::Violation);
            } else {
                self.queue.push_back(QueuedEvent::Tolerated(Box::new(violation)));
            }
        }
        self.discard();
        true
    }

    /// Reports a violation that is tolerated, or returns it as the error that ends the connection.
    pub(super) fn tolerate(&mut self, violation: Violation) -> Result<(), Violation> {
        let is_tolerated = match self.limits.tolerance {
            Tolerance::Strict => false,
            Tolerance::Lenient => violation.rule.is_tolerable(),
            Tolerance::Passive => {
                violation.rule.is_tolerable() || violation.rule == Rule::CorruptDeflate
            }
        };
        if !is_tolerated {
            return Err(violation);
        }
        self.queue.push_back(QueuedEvent::Tolerated(Box::new(violation)));
        Ok(())
    }

    /// Reports a violation; what follows it is ignored.
    pub(super) fn fail(&mut self, violation: Violation) {
        self.report(violation);
        self.state = InboundState::Ignoring;
        self.discard();
    }

    fn report(&mut self, violation: Violation) {
        if let Some(header) = violation.frame {
            self.observe(header, Span::Own(violation.payload.to_vec()), None, None);
        }
        self.violation = Some(violation);
        self.queue.push_back(QueuedEvent::Violation);
    }

    pub(super) fn observe(
        &mut self,
        header: Header,
        payload: Span,
        part: Option<Part>,
        plain: Option<Span>,
    ) {
        if self.limits.observe_frames {
            let direction = Direction::Received;
            let frame = QueuedFrame { direction, header, payload, part, plain };
            self.queue.push_back(QueuedEvent::Frame(Box::new(frame)));
        }
    }

    pub(super) fn take_input(&mut self, count: usize) -> Range<usize> {
        self.offset += count as u64;
        self.input.take(count)
    }

    /// Validates the remaining bytes if it was undecided whether they are a frame. Returns whether they are a
    /// violation.
    fn validate_rest(&mut self) -> bool {
        if self.frame.is_some() || !matches!(self.detect_text(false), Ok(true)) {
            return false;
        }
        let result =
            self.detect_text(true).and_then(|_| match Header::decode(self.input.bytes()) {
                Some(header) => self.validate(&header),
                None => Ok(()),
            });
        match result {
            Ok(()) => false,
            Err(violation) => {
                self.report(violation);
                true
            }
        }
    }
}
