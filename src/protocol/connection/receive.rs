//! Received bytes → frames → messages, and what they set off.

use std::time::{Duration, Instant};

use super::judge::{MAX_EXCERPT, read_close};
use super::{
    ClosePayload, Connection, Direction, EndCause, FAILURE_GRACE, Incoming, KEEP_PAYLOAD, Phase,
    Position, READ_SIZE, Ready, Role, Span, TransportEnd,
};
use crate::protocol::frame::{Header, Opcode, apply_mask};
use crate::protocol::message::{MessageKind, Unfinished};
use crate::protocol::violation::{Rule, Violation};

/// A payload with at least this many bytes to come is read straight to where it is put together.
const DIRECT_READ: u64 = 16 << 10;

impl Connection {
    /// Where the next bytes from the transport go.
    pub fn receive_space(&mut self) -> &mut [u8] {
        let missing = self.frame.as_ref().map_or(0, |frame| frame.header.length - frame.taken);
        self.reading_payload = self.input.len() == 0 && missing >= DIRECT_READ;
        if self.reading_payload {
            let wanted = missing.min(READ_SIZE as u64) as usize; // at most READ_SIZE
            &mut self.payload.space(wanted)[..wanted]
        } else {
            self.input.space(READ_SIZE)
        }
    }

    /// Says that `count` bytes were read into [`Connection::receive_space`].
    pub fn received(&mut self, count: usize) {
        self.received.wire_bytes += count as u64;
        if self.is_deaf() {
            if !self.reading_payload {
                self.input.filled(count);
                self.keep_http();
            }
            self.discard();
        } else if self.reading_payload {
            self.payload.filled(count);
            self.offset += count as u64;
            self.unread += count;
        } else {
            self.input.filled(count);
        }
    }

    /// Says that the transport ended. Call it after [`Connection::next_event`] returned `None`.
    pub fn receive_eof(&mut self, end: TransportEnd) {
        let cause = match &self.phase {
            Phase::Closed { .. } => EndCause::Handshake,
            Phase::Closing { cause_if_late: EndCause::Violation, .. } => EndCause::Violation,
            Phase::Open | Phase::Closing { .. } => EndCause::Transport(end, self.position()),
            Phase::Ended(_) => return,
        };
        self.phase = Phase::Ended(cause);
    }

    /// Ends the connection without waiting for anything.
    pub fn abandon(&mut self) {
        if !matches!(self.phase, Phase::Ended(_) | Phase::Closed { .. }) {
            self.phase = Phase::Ended(EndCause::Abandoned);
        }
    }

    /// Takes one step; `false` when more bytes are needed.
    pub(super) fn parse_frame(&mut self, now: Instant) -> bool {
        if self.is_deaf() {
            self.discard();
            return false;
        }
        let step = match self.frame.take() {
            Some(frame) => self.take_payload(frame),
            None => self.start_frame(now),
        };
        match step {
            Ok(progress) => progress,
            Err(violation) => {
                self.fail(violation, now);
                true
            }
        }
    }

    /// Nothing the peer says matters any more: it has closed, or cannot be understood.
    fn is_deaf(&self) -> bool {
        match &self.phase {
            Phase::Open => false,
            Phase::Closing { cause_if_late, .. } => *cause_if_late == EndCause::Violation,
            Phase::Closed { .. } | Phase::Ended(_) => true,
        }
    }

    /// The rest of an HTTP response that came instead of frames: the peer's own words.
    fn keep_http(&mut self) {
        let Some(violation) = &mut self.violation else { return };
        if violation.rule == Rule::HttpAfterUpgrade {
            let room = MAX_EXCERPT.saturating_sub(violation.excerpt.len());
            let bytes = self.input.bytes();
            violation.excerpt.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }

    fn discard(&mut self) {
        self.offset += self.input.len() as u64;
        self.input.clear(READ_SIZE);
        self.payload.clear(0);
        self.unread = 0;
    }

    /// Reads a frame header and judges it.
    fn start_frame(&mut self, now: Instant) -> Result<bool, Violation> {
        if self.offset == 0 && self.may_be_http()? {
            return Ok(false);
        }
        let Some(header) = Header::decode(self.input.bytes()) else {
            return Ok(false);
        };
        self.judge(&header)?;
        if header.opcode.is_control() {
            return self.control_frame(header, now);
        }
        let offset = self.offset;
        self.take_input(header.len());
        self.received.frames += 1;
        let message = self.message.get_or_insert(Unfinished {
            kind: if header.opcode == Opcode::Text {
                MessageKind::Text
            } else {
                MessageKind::Binary
            },
            frames: 0,
            wire_size: 0,
        });
        message.frames += 1;
        message.wire_size += header.wire_size();
        if self.input.len() as u64 >= header.length && header.fin && message.frames == 1 {
            return self.whole_message(header, offset);
        }
        if message.frames == 1 {
            self.payload.clear(KEEP_PAYLOAD);
        }
        let start = self.payload.len();
        self.take_payload(Incoming { header, offset, taken: 0, start })
    }

    /// The common case: a message of one frame that is in the buffer as a whole. No copy.
    fn whole_message(&mut self, header: Header, offset: u64) -> Result<bool, Violation> {
        let Some(message) = self.message.take() else { return Ok(false) };
        let range = self.take_input(header.length as usize); // in the buffer, so it fits
        if let Some(key) = header.mask {
            apply_mask(self.input.slice_mut(range.clone()), key, 0);
        }
        if message.kind == MessageKind::Text
            && let Err(error) = simdutf8::compat::from_utf8(self.input.slice(range.clone()))
        {
            return Err(bad_text(header, offset, error.valid_up_to() as u64));
        }
        self.observe(header, Span::Input(range.clone()));
        self.finish_message(message, Span::Input(range));
        Ok(true)
    }

    /// Moves what has come of a frame's payload to where the message is put together.
    fn take_payload(&mut self, mut frame: Incoming) -> Result<bool, Violation> {
        let fresh = self.fresh_payload(&frame);
        let count = fresh.len();
        if let Some(key) = frame.header.mask {
            apply_mask(self.payload.slice_mut(fresh.clone()), key, (frame.taken % 4) as usize);
        }
        let is_text = self.message.is_some_and(|message| message.kind == MessageKind::Text);
        if is_text && let Err(at) = self.utf8.push(self.payload.slice(fresh)) {
            return Err(bad_text(frame.header, frame.offset, at));
        }
        frame.taken += count as u64;
        if frame.taken < frame.header.length {
            self.frame = Some(frame);
            return Ok(false);
        }
        self.finish_frame(frame)
    }

    /// The payload bytes that are new, after they have been brought to `payload`.
    fn fresh_payload(&mut self, frame: &Incoming) -> std::ops::Range<usize> {
        if self.unread == 0 {
            let missing = frame.header.length - frame.taken;
            let count = missing.min(self.input.len() as u64) as usize; // at most what is there
            let range = self.take_input(count);
            self.payload.extend(self.input.slice(range));
            self.unread = count;
        }
        let end = self.payload.len();
        let start = end - std::mem::take(&mut self.unread);
        start..end
    }

    fn finish_frame(&mut self, frame: Incoming) -> Result<bool, Violation> {
        if frame.header.fin
            && let Err(at) = self.utf8.finish()
        {
            return Err(bad_text(frame.header, frame.offset, at));
        }
        let end = self.payload.len();
        self.observe(frame.header, Span::Payload(frame.start..end));
        if !frame.header.fin {
            return Ok(true);
        }
        let Some(message) = self.message.take() else { return Ok(false) };
        self.finish_message(message, Span::Payload(0..end));
        Ok(true)
    }

    fn finish_message(&mut self, message: Unfinished, span: Span) {
        let size = match &span {
            Span::Input(range) | Span::Payload(range) => range.len(),
            Span::Own(bytes) => bytes.len(),
        };
        self.received.messages += 1;
        self.received.payload_bytes += size as u64;
        self.queue.push_back(Ready::Message {
            kind: message.kind,
            span,
            frames: message.frames,
            wire_size: message.wire_size,
        });
    }

    /// Acts on a control frame once it is whole: it is short, and may come between fragments.
    fn control_frame(&mut self, header: Header, now: Instant) -> Result<bool, Violation> {
        let whole = header.len() + header.length as usize; // judged: at most 125
        if self.input.len() < whole {
            return Ok(false);
        }
        let frame_start = self.offset;
        self.take_input(header.len());
        let range = self.take_input(header.length as usize); // see above
        if let Some(key) = header.mask {
            apply_mask(self.input.slice_mut(range.clone()), key, 0);
        }
        self.received.frames += 1;
        let payload = self.input.slice(range.clone()).to_vec();
        let close = match header.opcode {
            Opcode::Close => Some(read_close(&payload).map_err(|(rule, detail)| Violation {
                rule,
                detail,
                frame: Some(header),
                offset: frame_start,
                excerpt: payload.clone(),
            })?),
            _ => None,
        };
        self.observe(header, Span::Input(range));
        match close {
            Some(close) => self.on_close(close, now),
            None if header.opcode == Opcode::Ping => self.on_ping(payload),
            None => self.on_pong(payload, now),
        }
        Ok(true)
    }

    /// RFC 6455 section 5.5.2: answered at once, unless we have sent our Close frame.
    fn on_ping(&mut self, payload: Vec<u8>) {
        self.queue.push_back(Ready::Ping(Direction::Received, Span::Own(payload.clone())));
        if self.is_open() {
            self.push_control(Opcode::Pong, &payload);
            self.queue.push_back(Ready::Pong(Direction::Sent, Span::Own(payload), None));
        }
    }

    /// RFC 6455 section 5.5.3: a pong may answer only the latest of several pings.
    fn on_pong(&mut self, payload: Vec<u8>, now: Instant) {
        let answered = self.pings.iter().position(|(sent, _)| *sent == payload);
        let rtt = answered.and_then(|index| {
            let (_, sent_at) = self.pings.drain(..=index).next_back()?;
            Some(now.saturating_duration_since(sent_at))
        });
        self.queue.push_back(Ready::Pong(Direction::Received, Span::Own(payload), rtt));
    }

    /// RFC 6455 section 5.5.1: answered with the same code, unless it answers ours.
    fn on_close(&mut self, close: ClosePayload, now: Instant) {
        self.peer_closed_first = self.sent_close.is_none();
        let answer = close.code;
        self.received_close = Some(close);
        self.queue.push_back(Ready::Close(Direction::Received));
        if self.peer_closed_first {
            self.push_close(ClosePayload { code: answer, reason: String::new() });
        }
        self.phase =
            Phase::Closed { until: self.options.close_timeout.map(|timeout| now + timeout) };
    }

    /// RFC 6455 section 7.1.7: says why, and listens no more.
    fn fail(&mut self, violation: Violation, now: Instant) {
        if let Some(header) = violation.frame {
            // The excerpt is a bad Close frame's payload; other frames are refused without theirs.
            self.observe(header, Span::Own(violation.excerpt.clone()));
        }
        let rule = violation.rule;
        self.violation = Some(violation);
        self.queue.push_back(Ready::Violation);
        if self.sent_close.is_none() {
            self.push_close(ClosePayload {
                code: Some(rule.close_code()),
                reason: rule.summary().to_owned(),
            });
        }
        // A server ends TCP first, and need not wait (RFC 6455 section 7.1.1).
        let longest =
            if self.options.role == Role::Server { Duration::ZERO } else { FAILURE_GRACE };
        let grace = self.options.close_timeout.map_or(longest, |timeout| timeout.min(longest));
        self.phase =
            Phase::Closing { until: Some(now + grace), cause_if_late: EndCause::Violation };
        self.discard();
    }

    fn observe(&mut self, header: Header, span: Span) {
        if self.options.observe_frames {
            self.queue.push_back(Ready::Frame(Direction::Received, header, span));
        }
    }

    fn take_input(&mut self, count: usize) -> std::ops::Range<usize> {
        self.offset += count as u64;
        self.input.take(count)
    }

    fn position(&self) -> Position {
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
}

fn bad_text(header: Header, offset: u64, at: u64) -> Violation {
    Violation {
        rule: Rule::InvalidUtf8,
        detail: format!("at byte {at} of the message"),
        frame: Some(header),
        offset,
        excerpt: Vec::new(),
    }
}
