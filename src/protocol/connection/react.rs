//! Reactions to the peer's frames and to the end of the transport.

use std::time::{Duration, Instant};

use super::send::earliest;
use super::{ANSWER_GRACE, Connection, EndCause, FAILURE_GRACE, Phase};
use crate::protocol::close::{CloseCode, ClosePayload};
use crate::protocol::frame::{MAX_CONTROL_PAYLOAD, Opcode};
use crate::protocol::inbound::{QueuedEvent, Span};
use crate::protocol::violation::Rule;
use crate::protocol::vocabulary::{Direction, Role, TransportEnd};

impl Connection {
    /// The buffer to read the next bytes from the transport into.
    pub fn receive_space(&mut self) -> &mut [u8] {
        self.inbound.receive_space()
    }

    /// Records that `count` bytes were read into [`Connection::receive_space`].
    pub fn received(&mut self, count: usize) {
        self.inbound.received(count);
    }

    /// Records that the transport ended. Call it after [`Connection::next_event`] returned `None`, and then
    /// call `next_event` again: an incomplete frame may be a violation.
    pub fn receive_eof(&mut self, end: TransportEnd) {
        let is_violation = self.inbound.end();
        self.queue.append(&mut self.inbound.queue);
        let cause = match &self.phase {
            Phase::Closed { .. } => EndCause::Handshake,
            Phase::Open | Phase::Closing { .. } if is_violation => EndCause::Violation,
            Phase::Closing { cause_if_late: EndCause::Violation, .. } => EndCause::Violation,
            Phase::Open | Phase::Closing { .. } => {
                EndCause::Transport(end, self.inbound.position())
            }
            Phase::Ended(_) => return,
        };
        self.end(cause);
    }

    /// Ends the connection without waiting for anything.
    pub fn abandon(&mut self) {
        let cause = match self.phase {
            Phase::Ended(_) => return,
            Phase::Closed { .. } => EndCause::Handshake,
            Phase::Open | Phase::Closing { .. } => EndCause::Abandoned,
        };
        self.end(cause);
    }

    /// Makes one step of progress; `false` when more bytes are needed.
    pub(super) fn parse_frame(&mut self, now: Instant) -> bool {
        self.update_other_bytes();
        let has_progressed = self.inbound.parse_frame();
        self.react(now);
        has_progressed
    }

    /// Reacts to what the peer sent, and queues the events.
    pub(super) fn react(&mut self, now: Instant) {
        while let Some(queued) = self.inbound.queue.pop_front() {
            match queued {
                QueuedEvent::Ping(_, Span::Own(payload)) => self.on_ping(payload),
                QueuedEvent::Pong(_, Span::Own(payload), _) => self.on_pong(payload, now),
                QueuedEvent::Close(_) => self.on_close(now),
                QueuedEvent::Violation => self.on_violation(now),
                other => self.queue.push_back(other),
            }
        }
    }

    /// RFC 6455 section 5.5.2: answered immediately, unless a Close frame has been sent.
    fn on_ping(&mut self, payload: Vec<u8>) {
        let answer = payload[..payload.len().min(MAX_CONTROL_PAYLOAD)].to_vec();
        self.queue.push_back(QueuedEvent::Ping(Direction::Received, Span::Own(payload)));
        if self.is_open() {
            self.push_control(Opcode::Pong, &answer);
            self.queue.push_back(QueuedEvent::Pong(Direction::Sent, Span::Own(answer), None));
        }
    }

    /// RFC 6455 section 5.5.3: a peer may answer only the most recent of several pings.
    fn on_pong(&mut self, payload: Vec<u8>, now: Instant) {
        let answered = self.pings.iter().position(|(sent, _)| *sent == payload);
        let rtt = answered.and_then(|index| {
            let (_, sent_at) = self.pings.drain(..=index).next_back()?;
            Some(now.saturating_duration_since(sent_at))
        });
        self.queue.push_back(QueuedEvent::Pong(Direction::Received, Span::Own(payload), rtt));
    }

    /// RFC 6455 section 5.5.1: answered with the same code unless another is configured, and unless it answers ours.
    fn on_close(&mut self, now: Instant) {
        self.peer_closed_first = self.sent_close.is_none();
        self.queue.push_back(QueuedEvent::Close(Direction::Received));
        if self.peer_closed_first && self.defers_close_answer {
            return;
        }
        self.complete_close(now);
    }

    /// Answers the Close frame of the peer, after [`Connection::deferring_close_answer`]. Returns whether there was one
    /// without an answer.
    pub fn answer_close(&mut self, now: Instant) -> bool {
        let is_unanswered = self.is_close_unanswered();
        if is_unanswered {
            self.complete_close(now);
        }
        is_unanswered
    }

    /// Whether the peer has sent a Close frame, and we may still send something before ours.
    pub(super) fn is_close_unanswered(&self) -> bool {
        self.is_open() && self.inbound.close().is_some()
    }

    /// Both sides have sent their Close frame; here is ours, unless it was sent before.
    pub(super) fn complete_close(&mut self, now: Instant) {
        if self.sent_close.is_none() {
            let code = match self.inbound.close().and_then(|close| close.code) {
                Some(code) if !code.may_be_sent() => Some(CloseCode::PROTOCOL_ERROR),
                code => code,
            };
            let echo = ClosePayload { code, reason: String::new() };
            let answer = self.close_answer.take().unwrap_or(echo);
            self.push_close(answer);
        }
        let latest = self.close_timeout.map(|timeout| now + timeout);
        self.phase = Phase::Closed { until: earliest(Some(now + ANSWER_GRACE), latest), latest };
    }

    /// RFC 6455 section 7.1.7: sends a Close frame with the reason and ignores further input. A frame after
    /// a Close frame has no effect.
    fn on_violation(&mut self, now: Instant) {
        self.queue.push_back(QueuedEvent::Violation);
        let Some(violation) = self.inbound.violation() else { return };
        let rule = violation.rule;
        if rule == Rule::FrameAfterClose {
            return;
        }
        if self.sent_close.is_none() {
            self.peer_closed_first = violation.is_by_close();
            self.push_close(ClosePayload {
                code: Some(rule.close_code()),
                reason: rule.summary().to_owned(),
            });
        }
        // A server closes TCP first, without waiting (RFC 6455 section 7.1.1).
        let longest = if self.role == Role::Server { Duration::ZERO } else { FAILURE_GRACE };
        let grace = self.close_timeout.map_or(longest, |timeout| timeout.min(longest));
        self.phase =
            Phase::Closing { until: Some(now + grace), cause_if_late: EndCause::Violation };
    }
}
