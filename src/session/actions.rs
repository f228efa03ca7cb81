//! What the input asks for: done on the connection, told to the outputs.

use std::time::Instant;

use bytes::Bytes;

use super::end::RawSent;
use super::resend::Resend;
use super::upload::Origin;
use super::{ACTION_BUDGET, HIGH_WATER, Session, Stop, events};
use crate::event::{EventKind, Message, Shown, Status};
use crate::input::{Action, Next, Show};
use crate::platform::signals::Signal;
use crate::protocol::RawFrame;
use crate::protocol::vocabulary::{Direction, FrameEvent, Misuse};

/// What `/full` shows before there is a message.
pub const NO_MESSAGE: &str = "no message has been received yet";

impl Session<'_> {
    /// Takes actions while the socket keeps up.
    pub(super) fn take_actions(&mut self) {
        self.has_more_input = true;
        self.leave_if_asked();
        for _ in 0..ACTION_BUDGET {
            if !self.has_more_input || !(self.socket_keeps_up() || self.source.is_urgent()) {
                return;
            }
            self.has_more_input = self.take_action();
            if self.connection.has_events() {
                self.take_events();
            }
        }
    }

    /// Ends the session for its source, where the action that does so cannot be waited for.
    fn leave_if_asked(&mut self) {
        let takes_none = self.upload.is_some() || !self.socket_keeps_up();
        if (takes_none || self.input_ended) && self.source.take_interrupt() {
            self.leave(Stop::Signal(Signal::Interrupt));
        }
        let Some(shutdown) = self.source.shutdown() else { return };
        let is_late = Instant::now() >= shutdown.until;
        if shutdown.is_interrupted {
            if self.leave_by.is_none() && (takes_none || is_late || !self.connection.is_open()) {
                self.leave(Stop::Signal(Signal::Terminate));
            }
            self.leave_by = self.leave_by.map(|own| own.min(shutdown.until));
        } else if is_late && !self.connection.is_finished() {
            let waiting = self.source.take_waiting_messages();
            self.note_unsent(waiting);
            self.is_shut_down = true;
            self.connection.abandon();
        }
    }

    /// Whether input can be taken that no readiness will announce again.
    pub(super) fn can_take_input(&self) -> bool {
        self.has_more_input && self.socket_keeps_up()
    }

    fn socket_keeps_up(&self) -> bool {
        self.connection.pending_output().len() < HIGH_WATER
            && self.resend.as_ref().is_none_or(Resend::keeps_up)
    }

    fn take_action(&mut self) -> bool {
        if let Some(has_more) = self.continue_upload() {
            return has_more;
        }
        if let Some(action) = self.next_preset() {
            self.act(action, false);
            return true;
        }
        if let Some(action) = self.next_left() {
            self.act_on_input(action, false);
            return true;
        }
        let can_send = self.connection.is_open() && !self.socket.has_failed();
        if self.input_ended || !(can_send || self.source.is_typed()) {
            return false;
        }
        self.take_from_source()
    }

    fn take_from_source(&mut self) -> bool {
        let typed = self.source.next_is_typed();
        let is_left = self.leaves_input();
        let shared; // a payload that is not in the buffer of the source
        let (kind, data) = match self.source.next(self.reactor.registry()) {
            Next::Message(kind, data) if is_left => {
                let action = Action::Send(kind, Bytes::copy_from_slice(data));
                self.keep_for_next(action);
                return true;
            }
            Next::Action(action) if is_left && action.is_sent() => {
                self.keep_for_next(action);
                return true;
            }
            Next::Message(kind, data) => {
                shared = None;
                (kind, data)
            }
            Next::Action(Action::Send(kind, data)) => {
                shared = Some(data);
                (kind, shared.as_deref().unwrap_or_default())
            }
            Next::Action(other) => {
                self.act_on_input(other, typed);
                return true;
            }
            Next::Pending => return false,
            Next::End => {
                self.input_ended = true;
                return true;
            }
            Next::Failed(error) => {
                self.input_ended = true;
                self.input_error = Some(error);
                return true;
            }
        };
        // The hot path.
        let received = self.connection.received_counters().messages;
        let (connection, journal) = (&mut self.connection, &mut self.journal);
        let before = self.resend.is_some().then(|| connection.unwritten());
        match events::send(connection, journal, kind, data, 1, typed) {
            Ok(()) => {
                self.received_before_send = received;
                if let (Some(resend), Some(before)) = (&mut self.resend, before) {
                    let payload = shared.clone().unwrap_or_else(|| Bytes::copy_from_slice(data));
                    let action = Action::Send(kind, payload);
                    resend.note_queued(action, before, connection.unwritten());
                }
            }
            Err(misuse) if typed => {
                journal.emit(EventKind::Shown(Shown::Problem(&misuse.to_string())));
            }
            Err(_) => {}
        }
        true
    }

    /// Whether it could be done.
    pub(super) fn act(&mut self, action: Action, typed: bool) -> bool {
        let now = self.clock.now();
        let done = match action {
            Action::Send(kind, data) => self.send(kind, &data, 1, typed),
            Action::Fragments(kind, data, frames) => self.send(kind, &data, frames, typed),
            Action::File(file) => {
                self.start_upload(file, Origin::Preset, typed);
                Ok(())
            }
            Action::Frame(frame) => self.send_raw(&frame, now),
            Action::Ping(data) => self.ping(&data),
            Action::Pong(data) => self.connection.pong(&data),
            Action::Close(code, reason) => {
                let code = code.or(self.plan.close_code);
                let reason = reason.unwrap_or_else(|| std::mem::take(&mut self.plan.close_reason));
                self.connection.close(code, &reason, now).map(|()| {
                    self.stop.get_or_insert(Stop::Asked);
                })
            }
            Action::Leave(signal) => {
                self.leave(Stop::Signal(signal));
                Ok(())
            }
            Action::Show(show) => {
                self.show(&show);
                Ok(())
            }
        };
        self.last_data = now;
        if let Err(misuse) = &done {
            self.refuse(&misuse.to_string(), typed);
        }
        done.is_ok()
    }

    /// Sends what is to be sent first, as far as the socket keeps up.
    pub(super) fn send_presets(&mut self) {
        while self.socket_keeps_up()
            && self.upload.is_none()
            && let Some(action) = self.next_preset()
        {
            self.act(action, false);
        }
    }

    /// The next of what is sent first. Frames that are asked for go out also after a Close frame.
    fn next_preset(&mut self) -> Option<Action> {
        let is_raw = matches!(self.plan.presets.front(), Some(Action::Frame(_)));
        let can_send = self.connection.is_open() || (is_raw && !self.connection.is_finished());
        self.plan.presets.pop_front_if(|_| can_send)
    }

    fn send_raw(&mut self, frame: &RawFrame, now: Instant) -> Result<(), Misuse> {
        let was_open = self.connection.is_open();
        let header = self.connection.send_raw(frame, now)?;
        self.received_before_send = self.connection.received_counters().messages;
        self.raw_sent = Some(RawSent {
            words: frame.to_string(),
            messages: self.connection.sent_counters().messages,
            gone: None,
        });
        if was_open && !self.connection.is_open() {
            self.stop.get_or_insert(Stop::Asked);
        }
        self.journal.emit(EventKind::Frame(&FrameEvent {
            direction: Direction::Sent,
            header,
            payload: &frame.payload,
            part: None,
            plain: None,
            raw: true,
        }));
        Ok(())
    }

    /// On the terminal a command that cannot be done harms nothing; elsewhere it is an input error.
    pub(super) fn refuse(&mut self, problem: &str, typed: bool) {
        if typed {
            self.journal.emit(EventKind::Shown(Shown::Problem(problem)));
        } else if self.connection.is_open() {
            self.input_ended = true;
            self.plan.presets.clear();
            self.input_error = Some(crate::input::InputError::Refused(problem.to_owned()));
        }
    }

    fn show(&mut self, show: &Show) {
        match show {
            Show::Status => {
                let status = self.status();
                self.journal.emit(EventKind::Shown(Shown::Status(&status)));
            }
            Show::Headers => self.journal.emit(EventKind::Shown(Shown::Headers(self.opened))),
            Show::Text(text) => self.journal.emit(EventKind::Shown(Shown::Text(text))),
            Show::Problem(text) => self.journal.emit(EventKind::Shown(Shown::Problem(text))),
            Show::Full => match &self.last_message {
                None => self.journal.emit(EventKind::Shown(Shown::Problem(NO_MESSAGE))),
                Some((kind, data)) => {
                    let message = Message::received(*kind, data);
                    self.journal.emit(EventKind::Shown(Shown::Full(message)));
                }
            },
        }
    }

    fn status(&self) -> Status {
        Status {
            url: self.opened.url.clone(),
            state: self.connection.ready_state(),
            protocol: self.opened.protocol.clone(),
            extensions: self.opened.extensions.clone(),
            compression: self.opened.compression.clone(),
            buffered: self.connection.buffered_output(),
            received: self.connection.received_counters(),
            sent: self.connection.sent_counters(),
            rtt: self.last_rtt,
            age: self.started.elapsed(),
        }
    }
}
