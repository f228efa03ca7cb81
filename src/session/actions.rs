//! Takes actions from the presets, the input and the observers, and carries them out.

use std::time::Instant;

use bytes::Bytes;

use super::resend::Tracked;
use super::sender::{ActionOrigin, Sender};
use super::{ACTION_BUDGET, HIGH_WATER, Session, Stop};
use crate::event::{EventKind, Level, Shown, Status};
use crate::input::{Action, ActionSource, InputError, Next, Show};
use crate::output::escape::{Newlines, escape};
use crate::platform::signals::Signal;
use crate::protocol::vocabulary::Misuse;
use crate::protocol::{CloseCode, RawFrame};

/// How far the input was read.
#[derive(Debug)]
pub(super) struct InputState {
    /// There may be more, although no readiness announces it.
    pub(super) has_more: bool,
    /// There is no more.
    pub(super) has_ended: bool,
    /// Why it could not be read to its end.
    pub(super) error: Option<InputError>,
}

impl InputState {
    pub(super) fn new(has_ended: bool) -> Self {
        Self { has_more: false, has_ended, error: None }
    }

    /// No more of it is taken, for this reason. The first one counts.
    pub(super) fn fail(&mut self, error: InputError) {
        self.has_ended = true;
        self.error.get_or_insert(error);
    }
}

impl<'a> Session<'a> {
    /// Takes actions while the socket keeps up.
    pub(super) fn take_actions(&mut self) {
        self.input.has_more = true;
        self.end_for_source();
        if self.closing.ends_tcp() {
            self.input.has_more = false; // nothing follows
            return;
        }
        let mut budget = ACTION_BUDGET;
        while budget > 0 {
            if !self.input.has_more || !(self.can_send_more() || self.source.is_urgent()) {
                return;
            }
            self.input.has_more = self.take_action(&mut budget);
            if self.connection.has_events() {
                self.take_events();
            }
        }
    }

    /// Ends the session for its source where the action that does so cannot be taken.
    fn end_for_source(&mut self) {
        let takes_none = self.outgoing.upload.is_some() || !self.can_send_more();
        if (takes_none || self.input.has_ended) && self.source.take_interrupt() {
            self.end_run(Stop::Signal(Signal::Interrupt));
        }
        let Some(shutdown) = self.source.shutdown() else { return };
        let is_late = Instant::now() >= shutdown.until;
        if shutdown.is_interrupted {
            if !self.closing.has_deadline() && (takes_none || is_late || !self.connection.is_open())
            {
                self.end_run(Stop::Signal(Signal::Terminate));
            }
            self.closing.limit_deadline(shutdown.until);
        } else if is_late && !self.connection.is_finished() {
            let waiting = self.source.take_waiting_messages();
            self.note_unsent(waiting);
            self.closing.set_shut_down();
            self.connection.abandon();
        }
    }

    /// Whether input can be taken that no readiness event will announce again.
    pub(super) fn can_take_input(&self) -> bool {
        self.input.has_more && self.can_send_more()
    }

    /// Whether what was sent before keeps an action of the source from ending the session.
    pub(super) fn holds_up_end(&self) -> bool {
        let takes_none = self.outgoing.upload.is_some() || !self.can_send_more();
        self.connection.is_open() && takes_none && self.source.is_end_waiting()
    }

    /// Whether more may be passed to the connection: the socket keeps up, and so do the outputs that show what is sent.
    /// Otherwise input without end would fill the memory with events. What is typed has no such rate.
    fn can_send_more(&self) -> bool {
        let limit = if self.source.waits_until_written() { 1 } else { HIGH_WATER };
        self.connection.pending_output().len() < limit
            && self.outgoing.has_room()
            && (self.source.is_typed() || !self.journal.holds_up_sending())
    }

    /// Carries out the next action, or several messages of the input; `false` if there is none at the moment.
    fn take_action(&mut self, budget: &mut usize) -> bool {
        *budget = budget.saturating_sub(1);
        if let Some(has_more) = self.continue_upload() {
            return has_more;
        }
        if let Some((action, origin)) = self.outgoing.next(&self.connection) {
            self.perform(action, origin, false);
            return true;
        }
        let can_send = self.connection.is_open() && !self.socket.has_failed();
        if can_send && self.take_from_beside() {
            return true;
        }
        if self.input.has_ended || !(can_send || self.source.is_typed()) {
            return false;
        }
        self.take_from_source(budget)
    }

    /// Carries out an action of another thread; `false` if there is none.
    fn take_from_beside(&mut self) -> bool {
        let Some(beside) = &mut self.plan.beside else { return false };
        let Next::Action(action) = beside.next(self.reactor.registry()) else { return false };
        if let Action::Close(code, reason) = &action {
            self.show_close_beside(*code, reason.as_deref().unwrap_or_default());
        }
        self.perform(action, ActionOrigin::Beside, false);
        true
    }

    /// Shows that the page closes the connection: what it sends is an event.
    fn show_close_beside(&mut self, code: Option<CloseCode>, reason: &str) {
        let code = code.map(|code| format!(" {}", code.get())).unwrap_or_default();
        let line = format!("page: /close{code} {}", escape(reason, Newlines::Escape));
        self.journal.emit(EventKind::Notice(Level::Info, line.trim_end()));
    }

    fn take_from_source(&mut self, budget: &mut usize) -> bool {
        let typed = self.source.next_is_typed();
        let is_kept = self.keeps_input();
        let mut sender = Sender {
            connection: &mut self.connection,
            journal: &mut self.journal,
            observers: &mut self.observers,
            traffic: &mut self.traffic,
            resend: self.outgoing.resend.as_mut(),
            now: self.clock.event_time(),
        };
        // The hot path: payloads are borrowed from the source, and one after the other is sent.
        let next = loop {
            match self.source.next(self.reactor.registry()) {
                Next::Message(kind, data) if !is_kept => {
                    let sent = sender.message(kind, data, None, 1, ActionOrigin::Input, typed);
                    if sent.is_err() || !sender.can_go_on() || *budget == 0 {
                        self.check(sent, typed);
                        return true;
                    }
                    *budget -= 1;
                }
                next => break next,
            }
        };
        match next {
            Next::Pending => return false,
            Next::End => self.input.has_ended = true,
            Next::Failed(error) => self.input.fail(error),
            // What is not sent on this connection is kept.
            Next::Message(kind, data) => {
                let action = Action::Send(kind, Bytes::copy_from_slice(data));
                self.keep_input(action);
            }
            Next::Action(action) if is_kept && action.is_sent() => self.keep_input(action),
            Next::Action(action) => self.perform(action, ActionOrigin::Input, typed),
        }
        true
    }

    /// Carries out an action.
    pub(super) fn perform(&mut self, action: Action, origin: ActionOrigin, typed: bool) {
        let note = match typed && self.plan.notes_hidden {
            true => action.hidden_note(|what| self.journal.hidden_by(what)),
            false => None,
        };
        let done = match action {
            Action::Send(kind, data) => {
                self.sender().message(kind, &data, Some(&data), 1, origin, typed)
            }
            Action::SendBack(kind, payload) => self.sender().send_back(kind, payload),
            Action::Composed(kind, data) => {
                self.sender().message(kind, &data, Some(&data), 1, origin, false)
            }
            Action::Fragments(kind, data, frames) => {
                self.sender().message(kind, &data, Some(&data), frames, origin, typed)
            }
            Action::File(file) if self.outgoing.upload.is_some() => {
                self.outgoing.push(Action::File(file)); // of an observer
                Ok(())
            }
            Action::File(file) => {
                self.start_upload(file, origin, typed);
                Ok(())
            }
            other => self.perform_other(other, origin),
        };
        if let (Some(note), true) = (note, done.is_ok()) {
            self.journal.emit(EventKind::Shown(Shown::Text(&note)));
        }
        self.check(done, typed || origin == ActionOrigin::Beside);
    }

    /// Carries out what is not a data message.
    fn perform_other(&mut self, action: Action, origin: ActionOrigin) -> Result<(), Misuse> {
        let now = self.clock.now();
        self.traffic.on_action(now);
        let mut sender = Sender { now, ..self.sender() };
        let start = sender.position().filter(|_| origin == ActionOrigin::Input && action.is_sent());
        let copy = start.map(|_| action.clone());
        match action {
            Action::Frame(frame) => self.send_raw(&frame, now)?,
            Action::Ping(data) => sender.ping(&data)?,
            Action::Pong(data) => self.connection.pong(&data)?,
            Action::Close(code, reason) => self.close(code, reason, now)?,
            Action::EndTcp { is_reset } => self.end_tcp(is_reset),
            Action::Leave(signal) => self.end_run(Stop::Signal(signal)),
            Action::Show(show) => self.show(&show),
            // Data messages.
            Action::Send(..)
            | Action::SendBack(..)
            | Action::Composed(..)
            | Action::Fragments(..)
            | Action::File(_) => {}
        }
        if let (Some(start), Some(action)) = (start, copy) {
            self.sender().track(start, Tracked::Input(action));
        }
        Ok(())
    }

    fn close(
        &mut self,
        code: Option<CloseCode>,
        reason: Option<String>,
        now: Instant,
    ) -> Result<(), Misuse> {
        let code = match code {
            Some(CloseCode::NO_STATUS) => None,
            code => code.or(self.plan.close_code),
        };
        let reason = reason.unwrap_or_else(|| std::mem::take(&mut self.plan.close_reason));
        self.connection.close(code, &reason, now)?;
        self.stop.get_or_insert(Stop::Requested);
        Ok(())
    }

    fn send_raw(&mut self, frame: &RawFrame, now: Instant) -> Result<(), Misuse> {
        let was_open = self.connection.is_open();
        Sender { now, ..self.sender() }.raw_frame(frame)?;
        if was_open && !self.connection.is_open() {
            self.stop.get_or_insert(Stop::Requested);
        }
        Ok(())
    }

    /// Before anything else, sends the presets, as far as the socket keeps up.
    pub(super) fn send_presets(&mut self) {
        while self.can_send_more()
            && self.outgoing.upload.is_none()
            && let Some(action) = self.outgoing.next_preset(&self.connection)
        {
            self.perform(action, ActionOrigin::Preset, false);
        }
    }

    /// The parts of the session that sending needs.
    pub(super) fn sender(&mut self) -> Sender<'_, 'a> {
        Sender {
            connection: &mut self.connection,
            journal: &mut self.journal,
            observers: &mut self.observers,
            traffic: &mut self.traffic,
            resend: self.outgoing.resend.as_mut(),
            now: self.clock.event_time(),
        }
    }

    /// Reports an action that the protocol does not allow.
    fn check(&mut self, done: Result<(), Misuse>, typed: bool) {
        if let Err(misuse) = done {
            self.refuse(&misuse.to_string(), typed);
        }
    }

    /// Reports a command that cannot be carried out: at the terminal as a problem, elsewhere as an input error.
    pub(super) fn refuse(&mut self, problem: &str, typed: bool) {
        if typed {
            self.journal.emit(EventKind::Shown(Shown::Problem(problem)));
        } else if self.connection.is_open() {
            self.outgoing.clear_presets();
            self.input.fail(InputError::Refused(problem.to_owned()));
        }
    }

    fn show(&mut self, show: &Show) {
        match show {
            Show::Status => {
                let status = self.status();
                self.journal.emit(EventKind::Shown(Shown::Status(&status)));
            }
            Show::Notice(level, text) => self.journal.emit(EventKind::Notice(*level, text)),
            Show::Headers => self.journal.emit(EventKind::Shown(Shown::Headers(self.opened))),
            show => {
                if let Some(shown) = show.shown() {
                    self.journal.emit(EventKind::Shown(shown));
                }
            }
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
            age: self.clock.age(),
        }
    }
}
