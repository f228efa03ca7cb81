//! A recorded client, played on a connection.
//!
//! Its messages are a source of actions, so that they wait for the socket as any input does; what it has to know of the
//! connection comes to it as to any observer.

use std::cell::{RefCell, RefMut};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use mio::{Registry, Token, Waker};

use crate::error::Error;
use crate::event::{Closed, EventKind, Level};
use crate::input::{Action, ActionSource, Next, Show};
use crate::observer::{Observed, Observer, ObserverResponse, Progress};
use crate::protocol::CloseCode;
use crate::protocol::close::ClosePayload;
use crate::protocol::counted::counted;
use crate::protocol::vocabulary::Direction;
use crate::recording::replay::{Check, Content, Differences, Player, Script, Side, StepKind, Turn};
use crate::redact::Secrets;

/// A recorded client that is played. Clones share it.
#[derive(Clone, Debug)]
pub(in crate::commands) struct Playback(Rc<RefCell<State>>);

#[derive(Debug)]
struct State {
    player: Player,
    check: Option<Check>,
    close: ClosePayload,
    /// What to do if the server refuses the handshake for want of credentials.
    refusal_hint: Option<String>,
    /// By the clock of the connection, when something last happened.
    now: Option<Instant>,
    waker: Option<Arc<Waker>>,
    is_woken: bool,
    /// All was sent, and the answers came or are not waited for any more.
    is_done: bool,
    /// The session knows that.
    is_reported: bool,
    has_ended: bool,
    /// What the comparison found, once the connection has ended.
    differences: Option<Differences>,
    /// What the session is to do next.
    ready: VecDeque<Action>,
}

impl Playback {
    /// Plays the client of `script`, and compares what is received by `check`.
    pub(in crate::commands) fn new(
        script: &Script,
        player: Player,
        check: Option<Check>,
        refusal_hint: Option<String>,
    ) -> Self {
        Self(Rc::new(RefCell::new(State {
            player,
            check,
            close: own_close(script),
            refusal_hint,
            now: None,
            waker: None,
            is_woken: false,
            is_done: false,
            is_reported: false,
            has_ended: false,
            differences: None,
            ready: VecDeque::new(),
        })))
    }

    fn state(&self) -> RefMut<'_, State> {
        self.0.borrow_mut()
    }

    /// The Close frame of the recorded client.
    pub(super) fn close(&self) -> ClosePayload {
        self.state().close.clone()
    }

    /// What is to be said before the failure of a run: how many of the recorded messages were not sent, where this is
    /// not the failure itself, and a hint.
    pub(super) fn remarks(&self, error: &Error) -> Vec<String> {
        let state = self.state();
        let unsent = state.unsent().filter(|_| matches!(error, Error::Differs { .. }));
        let is_refused = error.response().is_some_and(|it| matches!(it.status, 401 | 403));
        let hint = state.refusal_hint.clone().filter(|_| is_refused);
        unsent.into_iter().chain(hint).collect()
    }

    /// The result of the comparison in place of that of the connection; in words if there is nothing to report.
    pub(super) fn verdict(
        &self,
        verdict: Result<(), Error>,
        secrets: &Secrets,
    ) -> (Result<(), Error>, Option<String>) {
        let state = self.state();
        let Some(differences) = &state.differences else { return (verdict, None) };
        match verdict {
            Ok(()) if differences.is_empty() => (Ok(()), Some(differences.to_string())),
            Err(Error::Unmet(_, end)) if !differences.is_empty() => {
                let lines = differences.lines().into_iter();
                let list = lines.map(|line| secrets.mask_text(line)).collect();
                let counts = differences.to_string();
                // How it ended was compared.
                let end = end.filter(|end| !matches!(**end, Error::Abnormal(_)));
                let hint = differences.hint().map(|hint| secrets.mask_text(hint));
                (Err(Error::Differs { counts, list, end, hint }), None)
            }
            verdict => (verdict, None),
        }
    }
}

/// What a client is to close with: as it did in the recording, or may have done, if that may be sent.
fn own_close(script: &Script) -> ClosePayload {
    let normal = ClosePayload { code: Some(CloseCode::NORMAL), reason: String::new() };
    let recorded = script.close.as_ref().and_then(|close| match close.initiator {
        Some(Side::Client) => close.client.as_ref(),
        Some(Side::Server) => None,
        None => close.client.as_ref().or(close.server.as_ref()),
    });
    let sendable = recorded.and_then(|it| ClosePayload::to_send(it.code, &it.reason).ok());
    sendable.unwrap_or(normal)
}

impl State {
    fn unsent(&self) -> Option<String> {
        let (all, sent) = self.player.sent();
        let messages = counted(all as u64, "recorded message");
        (sent < all).then(|| format!("{} of {messages} not sent", all - sent))
    }

    fn on_sent(&mut self, now: Instant) -> ObserverResponse {
        self.player.on_sent(now);
        ObserverResponse::default()
    }

    fn on_closed(&mut self, closed: &Closed) {
        self.has_ended = true;
        self.differences = self.check.as_mut().map(|check| {
            check.on_closed(closed);
            check.differences(self.player.expired_waits())
        });
    }

    /// Lets the loop take actions.
    fn wake(&mut self) {
        if let Some(waker) = self.waker.as_ref().filter(|_| !self.is_woken) {
            self.is_woken = waker.wake().is_ok(); // if it fails, the next event does
        }
    }

    fn next_action(&mut self) -> Option<Action> {
        self.is_woken = false;
        if let Some(action) = self.ready.pop_front() {
            return Some(action);
        }
        let now = self.now.filter(|_| !self.is_done)?;
        let turn = self.player.poll(now);
        while let Some(text) = self.player.take_warning() {
            self.ready.push_back(Action::Show(Show::Notice(Level::Warning, text)));
        }
        match turn {
            Turn::Wait => {}
            Turn::Send(what) => self.ready.extend(action(what)),
            Turn::Close => self.is_done = self.ready.is_empty(),
        }
        self.ready.pop_front()
    }
}

/// What sends a step of a recording; a Close frame is sent at the end of the session.
pub(in crate::commands) fn action(step: StepKind) -> Option<Action> {
    Some(match step {
        StepKind::Message(Content { kind, data }, 0 | 1) => Action::Send(kind, data),
        StepKind::Message(Content { kind, data }, frames) => {
            // At least a byte in each, whatever a file says.
            let most = data.len().max(1);
            Action::Fragments(kind, data, usize::try_from(frames).unwrap_or(most).min(most))
        }
        StepKind::Ping(data) => Action::Ping(data),
        StepKind::Pong(data) => Action::Pong(data),
        StepKind::Close => return None,
    })
}

impl ActionSource for Playback {
    fn register(&mut self, _: &Registry, _: Token, waker: &Arc<Waker>) -> io::Result<()> {
        self.state().waker = Some(Arc::clone(waker));
        Ok(())
    }

    fn set_ready(&mut self) {}

    fn next(&mut self, _: &Registry) -> Next<'_> {
        self.state().next_action().map_or(Next::Pending, Next::Action)
    }
}

impl Observer for Playback {
    fn on_event(&mut self, event: &Observed<'_>) -> ObserverResponse {
        let mut state = self.state();
        let state = &mut *state;
        state.now = Some(event.at);
        match event.event {
            EventKind::Open(_) => state.player.on_open(event.at),
            EventKind::Message(message) if message.direction == Direction::Received => {
                if let Some(check) = &mut state.check {
                    check.on_message(message.kind, message.data, event.at);
                }
                state.player.on_message(event.at);
            }
            EventKind::Message(_)
            | EventKind::Ping(Direction::Sent, _)
            | EventKind::Pong(Direction::Sent, ..) => return state.on_sent(event.at),
            EventKind::Closed(closed) => state.on_closed(closed),
            _ => return ObserverResponse::default(),
        }
        state.wake();
        ObserverResponse::default()
    }

    fn wants_sent(&self) -> bool {
        true
    }

    fn deadline(&self) -> Option<Instant> {
        let state = self.state();
        match state.is_done && !state.is_reported {
            true => state.now,
            false => state.player.deadline(),
        }
    }

    fn on_deadline(&mut self, now: Instant) -> ObserverResponse {
        let mut state = self.state();
        state.now = Some(now);
        state.player.on_deadline();
        let is_decided = state.is_done && !state.is_reported;
        state.is_reported = state.is_done;
        state.wake();
        ObserverResponse { is_decided, ..ObserverResponse::default() }
    }

    fn progress(&self) -> Option<Progress> {
        let state = self.state();
        let differs = state.differences.as_ref().is_some_and(|it| !it.is_empty());
        Some(match (state.has_ended, state.unsent()) {
            (true, None) if !differs => Progress::Met,
            (true, _) => Progress::Missed,
            (false, _) if state.is_done => Progress::Met,
            (false, _) => Progress::Open,
        })
    }

    fn shortfall(&self) -> String {
        self.state().unsent().unwrap_or_default()
    }

    fn outranks_abnormal_end(&self) -> bool {
        self.state().check.is_some()
    }
}
