//! What the core reports: handed to the outputs, echoed, and measured against the goals.

use super::{Journal, Session, Stop, wanted};
use crate::event::{EventKind, Message, Opened, secrets};
use crate::protocol::frame::Opcode;
use crate::protocol::large;
use crate::protocol::vocabulary::{Direction, Event, FrameEvent, Misuse};
use crate::protocol::{Connection, MessageKind, Payload};
use crate::scenario::Progress;

/// A message to be sent back.
pub(super) enum Echo {
    Copy(Vec<u8>),
    Whole(Payload),
}

impl Echo {
    fn new(data: &[u8], payload: Option<&Payload>) -> Self {
        payload
            .map_or_else(|| Self::Copy(large::copy(data)), |payload| Self::Whole(payload.clone()))
    }
}

impl Session<'_> {
    /// Takes the events of the core while the outputs keep up.
    pub(super) fn take_events(&mut self) {
        let before = self.connection.unwritten();
        self.has_more_events = true;
        while self.has_more_events && !self.is_stalled_by_output() {
            self.has_more_events = self.take_event();
        }
        self.reactions.note(before, self.connection.unwritten());
        self.note_progress();
    }

    /// Takes all of it: what the core holds is bounded, and the connection ends.
    pub(super) fn take_all_events(&mut self) {
        while self.take_event() {}
    }

    fn take_event(&mut self) -> bool {
        let now = self.now;
        let Some(event) = self.connection.next_event(now) else { return false };
        let (mut progress, mut is_closing) = (Progress::Open, false);
        match event {
            Event::Message { kind, data, frames, wire_size, compressed, payload } => {
                let surplus = self.plan.goals.iter().any(|goal| goal.is_filled());
                let message = Message {
                    direction: Direction::Received,
                    kind,
                    data,
                    wire_size,
                    compressed,
                    frames,
                    typed: false,
                    surplus,
                };
                tell_message(&mut self.journal, message, payload);
                self.first_text.get_or_insert_with(|| wanted::start(kind, data));
                if self.plan.echo {
                    self.echo.push_back((kind, Echo::new(data, payload)));
                }
                if self.keeps_last_message {
                    self.last_message = Some((kind, data.to_vec()));
                }
                self.plan.goals.iter_mut().for_each(|goal| _ = goal.message(kind, data));
                if let Some(take_note) = &mut self.plan.on_message {
                    take_note(kind, data, payload);
                }
                self.last_data = now;
                progress = overall(&self.plan.goals);
            }
            Event::Ping(direction, data) => self.journal.emit(EventKind::Ping(direction, data)),
            Event::Pong(direction, data, rtt) => {
                self.last_rtt = rtt.or(self.last_rtt);
                if direction == Direction::Received {
                    let (keepalive, resend) = (&mut self.keepalive, &mut self.resend);
                    Self::note_pong(keepalive, resend, data, rtt.is_some(), now);
                }
                self.journal.emit(EventKind::Pong(direction, data, rtt));
            }
            Event::Close(direction, close) => {
                let code = close.code.unwrap_or(crate::protocol::CloseCode::NO_STATUS);
                if direction == Direction::Received {
                    is_closing = true;
                    for goal in &mut self.plan.goals {
                        goal.close(code);
                    }
                }
                let close = secrets::close(close, &self.opened.secrets);
                self.journal.emit(EventKind::CloseFrame(direction, &close));
            }
            Event::Frame(_) | Event::Violation(_) | Event::Tolerated(_) => {
                report_frames(&mut self.journal, event, self.opened);
            }
        }
        if is_closing {
            self.note_peer_close(now);
            self.spare_unsent();
            self.drop_unsent_if_ending();
        }
        self.send_echo(); // also of the message that meets the goals: nothing follows a Close frame
        match progress {
            Progress::Open => {}
            Progress::Met => self.end(Stop::GoalsMet),
            Progress::Missed => self.end(Stop::GoalMissed),
        }
        true
    }

    /// A message that is still coming in is no silence.
    fn note_progress(&mut self) {
        if self.connection.is_receiving_message() {
            self.last_data = self.last_traffic;
        }
    }

    fn send_echo(&mut self) {
        while let Some((kind, data)) = self.echo.pop_front() {
            let before = self.connection.unwritten();
            // The connection may be closing by now.
            let is_sent = match data {
                Echo::Copy(data) => self.send(kind, &data, 1, false).is_ok(),
                Echo::Whole(payload) => self.send_back(kind, payload).is_ok(),
            };
            if let Some(resend) = &mut self.resend {
                resend.note_echo(is_sent, before, self.connection.unwritten());
            }
        }
    }

    fn send_back(&mut self, kind: MessageKind, payload: Payload) -> Result<(), Misuse> {
        if self.journal.shows_sent(kind) {
            self.journal.outputs().lend(Some(&payload));
            let sent = self.send(kind, payload.bytes(), 1, false);
            self.journal.outputs().lend(None);
            return sent;
        }
        self.received_before_send = self.connection.received_counters().messages;
        self.connection.send_back(kind, payload).map(drop)
    }

    /// Sends a message of our own and reports it.
    pub(super) fn send(
        &mut self,
        kind: MessageKind,
        data: &[u8],
        frames: usize,
        typed: bool,
    ) -> Result<(), Misuse> {
        self.received_before_send = self.connection.received_counters().messages;
        send(&mut self.connection, &mut self.journal, kind, data, frames, typed)
    }
}

/// Reports a received message, which the outputs may keep.
#[inline]
fn tell_message(journal: &mut Journal<'_>, message: Message<'_>, payload: Option<&Payload>) {
    if payload.is_none() {
        return journal.emit(EventKind::Message(message));
    }
    journal.outputs().lend(payload);
    journal.emit(EventKind::Message(message));
    journal.outputs().lend(None);
}

/// Reports what is below messages, without secrets that the peer repeats when it closes.
fn report_frames(journal: &mut Journal<'_>, event: Event<'_>, opened: &Opened) {
    match event {
        Event::Frame(frame) if frame.header.opcode == Opcode::Close => {
            // That of a refused frame is cut.
            let payload = opened.secrets.mask_cut(frame.payload);
            journal.emit(EventKind::Frame(&FrameEvent { payload: &payload, ..frame }));
        }
        Event::Frame(frame) => journal.emit(EventKind::Frame(&frame)),
        Event::Violation(violation) => {
            let violation = secrets::violation(violation, &opened.secrets);
            journal.emit(EventKind::Violation(&violation));
        }
        Event::Tolerated(violation) => {
            let violation = secrets::violation(violation, &opened.secrets);
            journal.emit(EventKind::Tolerated(&violation));
        }
        _ => {}
    }
}

/// Sends a message where the session cannot be borrowed as a whole.
pub(super) fn send(
    connection: &mut Connection,
    journal: &mut Journal<'_>,
    kind: MessageKind,
    data: &[u8],
    frames: usize,
    typed: bool,
) -> Result<(), Misuse> {
    let mut watcher = |frame: &FrameEvent<'_>| journal.emit(EventKind::Frame(frame));
    let sent = connection.send_in_frames(kind, data, frames, &mut watcher)?;
    if !journal.shows_sent(kind) {
        return Ok(());
    }
    journal.emit(EventKind::Message(Message {
        direction: Direction::Sent,
        kind,
        data,
        wire_size: sent.wire_size,
        compressed: sent.compressed,
        frames: sent.frames,
        typed,
        surplus: false,
    }));
    Ok(())
}

/// Met when all are, missed when one is.
fn overall(goals: &[Box<dyn crate::scenario::Goal>]) -> Progress {
    let mut overall = if goals.is_empty() { Progress::Open } else { Progress::Met };
    for goal in goals {
        match goal.progress() {
            Progress::Missed => return Progress::Missed,
            Progress::Open => overall = Progress::Open,
            Progress::Met => {}
        }
    }
    overall
}
