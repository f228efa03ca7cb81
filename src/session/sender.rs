//! The one way by which messages, frames and pings of ours reach the connection, the observers and the
//! outputs, and by which they are remembered until the transport has taken them.

use std::time::Instant;

use bytes::Bytes;

use super::observers::Observers;
use super::resend::{Resend, Tracked};
use super::traffic::Traffic;
use super::{HIGH_WATER, Journal};
use crate::event::{EventKind, Message};
use crate::input::Action;
use crate::protocol::vocabulary::{Direction, FrameEvent, Misuse};
use crate::protocol::{Connection, MessageKind, Payload, RawFrame};

/// The source of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ActionOrigin {
    /// The plan. It is repeated on the next connection.
    Preset,
    /// The input. What the transport has not taken is sent again on the next connection.
    Input,
    /// An observer. It belongs to this connection and is not sent on another one.
    Observer,
    /// Another thread, for this connection.
    Beside,
}

/// The parts of a session that sending needs. The input may be borrowed meanwhile.
pub(super) struct Sender<'s, 'a> {
    pub(super) connection: &'s mut Connection,
    pub(super) journal: &'s mut Journal<'a>,
    pub(super) observers: &'s mut Observers,
    pub(super) traffic: &'s mut Traffic,
    pub(super) resend: Option<&'s mut Resend>,
    /// By the peer's clock.
    pub(super) now: Instant,
}

impl Sender<'_, '_> {
    /// Sends a data message in `frames` frames. `typed`: it is visible on the terminal already.
    pub(super) fn message(
        &mut self,
        kind: MessageKind,
        data: &[u8],
        shared: Option<&Bytes>,
        frames: usize,
        origin: ActionOrigin,
        typed: bool,
    ) -> Result<(), Misuse> {
        if self.resend.is_none() {
            return self.encode(kind, data, frames, typed);
        }
        self.tracked_message(kind, data, shared, frames, origin, typed)
    }

    /// The same, remembered until the transport has taken it.
    fn tracked_message(
        &mut self,
        kind: MessageKind,
        data: &[u8],
        shared: Option<&Bytes>,
        frames: usize,
        origin: ActionOrigin,
        typed: bool,
    ) -> Result<(), Misuse> {
        let start = self.position();
        let sent = self.encode(kind, data, frames, typed);
        match (start, origin) {
            (None, _) | (_, ActionOrigin::Preset) => {}
            (Some(start), ActionOrigin::Observer | ActionOrigin::Beside) => {
                self.track_reply(start, sent.is_ok());
            }
            (Some(start), ActionOrigin::Input) if sent.is_ok() => {
                let data = shared.map_or_else(|| Bytes::copy_from_slice(data), Bytes::clone);
                let action = match frames {
                    1 => Action::Send(kind, data),
                    _ => Action::Fragments(kind, data, frames),
                };
                self.track(start, Tracked::Input(action));
            }
            (Some(_), ActionOrigin::Input) => {}
        }
        sent
    }

    /// Whether the next message may follow at once: nothing else is to be done between the two.
    #[inline]
    pub(super) fn can_go_on(&self) -> bool {
        self.resend.is_none()
            && self.observers.is_empty()
            && !self.connection.has_events()
            && self.connection.pending_output().len() < HIGH_WATER
    }

    /// Sends a long message back that was received, if possible without a copy.
    pub(super) fn send_back(&mut self, kind: MessageKind, payload: Payload) -> Result<(), Misuse> {
        let start = self.position();
        let sent = if self.journal.shows_sent(kind) || self.observers.want_sent() {
            self.journal.outputs().lend(Some(&payload));
            let sent = self.encode(kind, payload.bytes(), 1, false);
            self.journal.outputs().lend(None);
            sent
        } else {
            self.traffic.on_send(self.connection.received_counters().messages);
            self.connection.send_back(kind, payload).map(drop)
        };
        if let Some(start) = start {
            self.track_reply(start, sent.is_ok());
        }
        sent
    }

    #[inline]
    fn encode(
        &mut self,
        kind: MessageKind,
        data: &[u8],
        frames: usize,
        typed: bool,
    ) -> Result<(), Misuse> {
        let (journal, observers, now) = (&mut *self.journal, &mut *self.observers, self.now);
        let mut watcher = |frame: &FrameEvent<'_>| {
            observers.on_event(now, &EventKind::Frame(frame), None);
            journal.emit(EventKind::Frame(frame));
        };
        let sent = self.connection.send_in_frames(kind, data, frames, &mut watcher)?;
        self.traffic.on_send(self.connection.received_counters().messages);
        if self.journal.shows_sent(kind) || self.observers.want_sent() {
            let (wire_size, compressed, frames) = (sent.wire_size, sent.compressed, sent.frames);
            let direction = Direction::Sent;
            self.report_sent(Message {
                direction,
                kind,
                data,
                wire_size,
                compressed,
                frames,
                typed,
                surplus: false,
                masked: false,
            });
        }
        Ok(())
    }

    #[cold]
    fn report_sent(&mut self, message: Message<'_>) {
        if self.observers.want_sent() {
            self.observers.on_event(self.now, &EventKind::Message(message), None);
        }
        if self.journal.shows_sent(message.kind) {
            self.journal.emit(EventKind::Message(message));
        }
    }

    /// Sends a frame as the user wrote it.
    pub(super) fn raw_frame(&mut self, frame: &RawFrame) -> Result<(), Misuse> {
        let header = self.connection.send_raw(frame, self.now)?;
        let (sent, received) =
            (self.connection.sent_counters(), self.connection.received_counters());
        self.traffic.on_raw_frame(frame, sent, received);
        self.report(EventKind::Frame(&FrameEvent {
            direction: Direction::Sent,
            header,
            payload: &frame.payload,
            has_payload: true,
            part: None,
            plain: None,
            plain_size: None,
            raw: true,
        }));
        Ok(())
    }

    /// Sends a ping. Its answer also confirms what was sent before it.
    pub(super) fn ping(&mut self, payload: &[u8]) -> Result<(), Misuse> {
        self.connection.ping(payload, self.now)?;
        if let Some(resend) = &mut self.resend {
            resend.note_ping(payload);
        }
        Ok(())
    }

    /// Hands an event of ours to the observers and the outputs.
    pub(super) fn report(&mut self, event: EventKind<'_>) {
        self.observers.on_event(self.now, &event, None);
        self.journal.emit(event);
    }

    /// Where in all that is written the next bytes start, counted from what the transport has taken; `None`:
    /// nothing is remembered.
    #[inline]
    pub(super) fn position(&self) -> Option<u64> {
        self.resend.is_some().then(|| self.connection.unwritten())
    }

    /// Remembers what was sent from `start` on.
    pub(super) fn track(&mut self, start: u64, what: Tracked) {
        if let Some(resend) = &mut self.resend {
            resend.track(what, start, self.connection.unwritten());
        }
    }

    fn track_reply(&mut self, start: u64, is_sent: bool) {
        match (is_sent, &mut self.resend) {
            (true, _) => self.track(start, Tracked::Reply),
            (false, Some(resend)) => resend.note_lost_reply(),
            (false, None) => {}
        }
    }
}
