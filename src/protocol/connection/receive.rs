//! Received bytes → frames, and what control frames and violations set off.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::judge::{read_close, read_close_leniently};
use super::send::earliest;
use super::{
    ANSWER_GRACE, ClosePayload, Connection, Direction, EndCause, FAILURE_GRACE, FrameNote, Part,
    Phase, Position, READ_SIZE, Ready, Role, Span, TransportEnd,
};
use crate::protocol::close::CloseCode;
use crate::protocol::frame::{Header, MAX_CONTROL_PAYLOAD, Opcode, apply_mask};
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
            let expected = usize::try_from(missing).unwrap_or(usize::MAX);
            &mut self.payload.space_towards(wanted, expected)[..wanted]
        } else {
            self.input.space(READ_SIZE)
        }
    }

    /// Says that `count` bytes were read into [`Connection::receive_space`].
    pub fn received(&mut self, count: usize) {
        self.received.wire_bytes += count as u64;
        if self.ignores_input() {
            if !self.reading_payload {
                self.input.filled(count);
                self.keep_foreign();
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

    /// Says that the transport ended. Call it after [`Connection::next_event`] returned `None`, and that
    /// again after it: what had come of a frame may be a violation.
    pub fn receive_eof(&mut self, end: TransportEnd) {
        let is_closed = matches!(self.phase, Phase::Closed { .. });
        let is_violation = !is_closed && !self.ignores_input() && self.object_to_rest();
        let cause = match &self.phase {
            Phase::Closed { .. } => EndCause::Handshake,
            Phase::Open | Phase::Closing { .. } if is_violation => EndCause::Violation,
            Phase::Closing { cause_if_late: EndCause::Violation, .. } => EndCause::Violation,
            Phase::Open | Phase::Closing { .. } => EndCause::Transport(end, self.position()),
            Phase::Ended(_) => return,
        };
        self.phase = Phase::Ended(cause);
    }

    /// Ends the connection without waiting for anything.
    pub fn abandon(&mut self) {
        self.phase = Phase::Ended(match self.phase {
            Phase::Ended(_) => return,
            Phase::Closed { .. } => EndCause::Handshake,
            Phase::Open | Phase::Closing { .. } => EndCause::Abandoned,
        });
    }

    /// Takes one step; `false` when more bytes are needed.
    pub(super) fn parse_frame(&mut self, now: Instant) -> bool {
        if self.ignores_input() {
            self.discard();
            return false;
        }
        let step = match self.frame.take() {
            _ if matches!(self.phase, Phase::Closed { .. }) => return self.frame_after_close(),
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

    /// Nothing that the peer sends matters any more: it cannot be parsed, or follows the Close frame.
    pub(super) fn ignores_input(&self) -> bool {
        match &self.phase {
            Phase::Open => false,
            Phase::Closing { cause_if_late, .. } => *cause_if_late == EndCause::Violation,
            Phase::Closed { .. } => self.is_past_close,
            Phase::Ended(_) => true,
        }
    }

    fn discard(&mut self) {
        self.offset += self.input.len() as u64;
        self.input.clear(READ_SIZE);
        self.payload.release();
        self.inflated.release();
        self.unread = 0;
    }

    /// Reads a frame header and judges it.
    fn start_frame(&mut self, now: Instant) -> Result<bool, Violation> {
        if self.may_be_foreign(false)? {
            return Ok(false);
        }
        let Some(header) = Header::decode(self.input.bytes()) else {
            return Ok(false);
        };
        self.judge(&header)?;
        match header.opcode {
            Opcode::Reserved(_) => Ok(self.skip_frame(header)),
            opcode if opcode.is_control() => self.control_frame(header, now),
            _ => self.data_frame(header),
        }
    }

    /// Acts on a control frame once it is whole: it is short, and may come between fragments.
    fn control_frame(&mut self, header: Header, now: Instant) -> Result<bool, Violation> {
        let whole = header.len() + header.length as usize; // judged: a few KiB at most
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
            Opcode::Close => Some(self.close_payload(header, &payload, frame_start)?),
            _ => None,
        };
        self.observe(header, Span::Input(range), None, None);
        match close {
            Some(close) => self.on_close(close, now),
            None if header.opcode == Opcode::Ping => self.on_ping(payload),
            None => self.on_pong(payload, now),
        }
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
                // The reason stands behind the code.
                let excerpt = payload.get(2..).unwrap_or_default().to_vec();
                self.peer_closed_first = self.sent_close.is_none(); // however badly
                self.object(Violation { excerpt, cause, ..violation })?;
                Ok(read_close_leniently(payload))
            }
        }
    }

    /// RFC 6455 section 5.5.2: answered at once, unless we have sent our Close frame.
    fn on_ping(&mut self, payload: Vec<u8>) {
        self.queue.push_back(Ready::Ping(Direction::Received, Span::Own(payload.clone())));
        if self.is_open() {
            let answer = &payload[..payload.len().min(MAX_CONTROL_PAYLOAD)];
            self.push_control(Opcode::Pong, answer);
            self.queue.push_back(Ready::Pong(Direction::Sent, Span::Own(answer.to_vec()), None));
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
        let answer = match close.code {
            Some(code) if !code.may_be_sent() => Some(CloseCode::PROTOCOL_ERROR),
            code => code,
        };
        self.received_close = Some(close);
        self.queue.push_back(Ready::Close(Direction::Received));
        if self.peer_closed_first {
            self.push_close(ClosePayload { code: answer, reason: String::new() });
        }
        let latest = self.options.close_timeout.map(|timeout| now + timeout);
        self.phase = Phase::Closed { until: earliest(Some(now + ANSWER_GRACE), latest), latest };
    }

    /// RFC 6455 section 5.5.1: no data frame may follow. A further Close frame is pointless, but no
    /// rule speaks of it.
    fn frame_after_close(&mut self) -> bool {
        let foreign = match self.may_be_foreign(false) {
            Ok(true) => return false,
            Ok(false) => None,
            Err(violation) => Some(violation),
        };
        if let Some(text) = foreign {
            self.is_past_close = true;
            let detail = format!("{}: {}; it was not read", text.rule.summary(), text.detail);
            let rule = Rule::FrameAfterClose;
            let violation = Violation { rule, detail, excerpt: Vec::new(), cause: None, ..text };
            self.queue.push_back(Ready::Tolerated(Box::new(violation)));
            self.discard();
            return true;
        }
        let Some(header) = Header::decode(self.input.bytes()) else { return false };
        self.is_past_close = true;
        let is_data = !header.opcode.is_control();
        if is_data || header.opcode == Opcode::Close {
            let detail = format!("{header}; it was not read");
            let violation = self.violation_of(Rule::FrameAfterClose, detail, &header);
            self.observe(header, Span::Own(violation.payload.to_vec()), None, None);
            if is_data && !self.options.lenient {
                self.violation = Some(violation);
                self.queue.push_back(Ready::Violation);
            } else {
                self.queue.push_back(Ready::Tolerated(Box::new(violation)));
            }
        }
        self.discard();
        true
    }

    /// A violation ends the connection, or is reported and tolerated.
    pub(super) fn object(&mut self, violation: Violation) -> Result<(), Violation> {
        if !self.options.lenient || !violation.rule.is_tolerable() {
            return Err(violation);
        }
        self.queue.push_back(Ready::Tolerated(Box::new(violation)));
        Ok(())
    }

    /// RFC 6455 section 7.1.7: sends the reason, and ignores further input.
    pub(super) fn fail(&mut self, violation: Violation, now: Instant) {
        if let Some(header) = violation.frame {
            self.observe(header, Span::Own(violation.payload.to_vec()), None, None);
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

    pub(super) fn observe(
        &mut self,
        header: Header,
        payload: Span,
        part: Option<Part>,
        plain: Option<Range<usize>>,
    ) {
        if self.options.observe_frames {
            let direction = Direction::Received;
            self.queue.push_back(Ready::Frame(Box::new(FrameNote {
                direction,
                header,
                payload,
                part,
                plain,
            })));
        }
    }

    pub(super) fn take_input(&mut self, count: usize) -> Range<usize> {
        self.offset += count as u64;
        self.input.take(count)
    }

    /// Judges what has come of a frame that was not known to be one. Returns whether it is a violation:
    /// one that nobody is to be told of any more.
    fn object_to_rest(&mut self) -> bool {
        if self.frame.is_some() || !matches!(self.may_be_foreign(false), Ok(true)) {
            return false;
        }
        let result =
            self.may_be_foreign(true).and_then(|_| match Header::decode(self.input.bytes()) {
                Some(header) => self.judge(&header),
                None => Ok(()),
            });
        let Err(violation) = result else { return false };
        if let Some(header) = violation.frame {
            self.observe(header, Span::Own(violation.payload.to_vec()), None, None);
        }
        self.violation = Some(violation);
        self.queue.push_back(Ready::Violation);
        true
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
