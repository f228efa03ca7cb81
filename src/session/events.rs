//! Events of the connection, passed to the observers and the outputs.

use std::time::Instant;

use super::observers::Observers;
use super::sender::ActionOrigin;
use super::{Journal, Session, Stop};
use crate::event::{EventKind, Message, Opened, emit_masked};
use crate::observer::Progress;
use crate::protocol::Payload;
use crate::protocol::vocabulary::{Direction, Event};

impl Session<'_> {
    /// Takes events while the outputs keep up.
    pub(super) fn take_events(&mut self) {
        let before = self.connection.unwritten();
        self.has_more_events = true;
        while self.has_more_events && !self.is_stalled_by_output() {
            self.has_more_events = self.take_event();
        }
        self.reactions.note(before, self.connection.unwritten());
        if !self.has_more_events && self.observers.want_partial() {
            self.observers.on_partial(self.connection.partial());
        }
        if self.connection.is_receiving_message() {
            self.traffic.on_partial_message();
        }
    }

    /// Takes all events: those that the connection holds are bounded, and it has ended.
    pub(super) fn take_all_events(&mut self) {
        while self.take_event() {}
    }

    fn take_event(&mut self) -> bool {
        let now = self.clock.event_time();
        let Some(event) = self.connection.next_event(now) else { return false };
        let mut is_closing = false;
        let (observers, journal) = (&mut self.observers, &mut self.journal);
        let mut report = |event: EventKind<'_>| report(observers, journal, self.opened, now, event);
        match event {
            Event::Message { kind, data, frames, wire_size, compressed, payload } => {
                let mut message = Message {
                    direction: Direction::Received,
                    kind,
                    data,
                    wire_size,
                    compressed,
                    frames,
                    typed: false,
                    surplus: false,
                    masked: false,
                };
                if !observers.is_empty() {
                    let response = observers.on_event(now, &EventKind::Message(message), payload);
                    message.surplus = response.surplus;
                }
                emit_received(journal, message, payload);
                self.traffic.on_message(now, kind, data);
            }
            Event::Ping(direction, data) => report(EventKind::Ping(direction, data.into())),
            Event::Pong(direction, data, rtt) => {
                self.last_rtt = rtt.or(self.last_rtt);
                if direction == Direction::Received {
                    let (keepalive, resend) = (&mut self.keepalive, &mut self.outgoing.resend);
                    Self::note_pong(keepalive, resend, data, rtt.is_some(), now);
                }
                report(EventKind::Pong(direction, data.into(), rtt));
            }
            Event::Close(direction, close) => {
                is_closing = direction == Direction::Received;
                report(EventKind::CloseFrame(direction, close));
            }
            Event::Omitted { .. } => {} // not from an endpoint
            Event::Frame(frame) => report(EventKind::Frame(&frame)),
            Event::Violation(violation) => {
                report(EventKind::Violation(Direction::Received, violation));
            }
            Event::Tolerated(violation) => {
                report(EventKind::Tolerated(Direction::Received, violation));
            }
        }
        if is_closing {
            let (received, sent) =
                (self.connection.received_counters(), self.connection.sent_counters());
            self.traffic.on_peer_close(now, received, sent);
            self.keep_unsent();
            self.drop_unsent_if_ending();
        }
        if self.observers.have_response() {
            self.follow_observers();
        }
        if is_closing {
            self.answer_close(now);
        }
        true
    }

    /// Answers the Close frame of the peer if that waited for what the observers send before.
    fn answer_close(&mut self, now: Instant) {
        if !self.closing.ends_tcp() && self.connection.answer_close(now) {
            self.drop_unsent_if_ending();
        }
    }

    /// Carries out the actions of the observers, then ends the connection if they have decided so: nothing
    /// follows a Close frame.
    pub(super) fn follow_observers(&mut self) {
        // What is sent may be followed by more.
        while self.observers.have_response() {
            let response = self.observers.take_response();
            if response.acts {
                while let Some(action) = self.observers.next_action() {
                    self.perform(action, ActionOrigin::Observer, false);
                }
            }
            if response.is_decided {
                match self.observers.progress() {
                    Some(Progress::Met | Progress::Over) => self.end(Stop::GoalsMet),
                    Some(Progress::Missed) => self.end(Stop::GoalMissed),
                    Some(Progress::Open) | None => {}
                }
            }
        }
    }
}

/// Emits a received message, which the outputs may keep.
#[inline]
fn emit_received(journal: &mut Journal<'_>, message: Message<'_>, payload: Option<&Payload>) {
    if payload.is_none() {
        return journal.emit(EventKind::Message(message));
    }
    journal.outputs().lend(payload);
    journal.emit(EventKind::Message(message));
    journal.outputs().lend(None);
}

/// Hands an event to the observers, and to the outputs without the secrets that a peer may repeat when it
/// closes.
fn report(
    observers: &mut Observers,
    journal: &mut Journal<'_>,
    opened: &Opened,
    at: Instant,
    event: EventKind<'_>,
) {
    observers.on_event(at, &event, None);
    emit_masked(event, &opened.secrets, |event| journal.emit(event));
}
