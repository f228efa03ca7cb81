//! A recorded server, played for each client (`--replay`).

use std::cell::{RefCell, RefMut};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mio::{Registry, Token, Waker};

use crate::commands::connect::action;
use crate::commands::recorded;
use crate::config::{ListenConfig, MockConfig};
use crate::error::Error;
use crate::event::{Closed, EventKind, Level, Message};
use crate::input::queue::QueuedActions;
use crate::input::{Action, ActionSource, Next, Show, Shutdown};
use crate::observer::{Observed, Observer, ObserverResponse, Progress};
use crate::protocol::CloseCode;
use crate::protocol::close::ClosePayload;
use crate::protocol::connection::{Connection, Initiator};
use crate::protocol::counted::counted;
use crate::protocol::head::is_token;
use crate::protocol::vocabulary::Direction;
use crate::recording::replay::{Replies, Reply, Rules, Script, Side, StepKind};

/// The recorded server.
pub(super) struct Mock {
    /// The file, or standard input, in words.
    source: String,
    script: Arc<Script>,
    rules: Rules,
    strict: bool,
}

impl Mock {
    /// Reads the recording that `--replay` names, and accepts its subprotocol unless others are given.
    ///
    /// # Errors
    /// If the file cannot be read, or has not exactly one such connection.
    pub(super) fn load(config: &mut ListenConfig) -> Result<Option<Self>, Error> {
        let Some(MockConfig { recording, rules, strict }) = config.mock.clone() else {
            return Ok(None);
        };
        let file = recording.file.clone();
        let source = recorded::name(file.as_deref());
        config
            .record
            .used
            .extend(file.map(|file| (file, "the recording that is replayed".to_owned())));
        let recorded::Loaded { script, warnings, incomplete } = recorded::load(&recording)?;
        if let Some(error) = incomplete.filter(|_| strict) {
            return Err(error.into());
        }
        let lacking = not_kept(&script);
        if let Some(message) = lacking.clone().filter(|_| strict) {
            return Err(Error::Usage { message, hint: None });
        }
        let warnings = warnings.into_iter().chain(lacking);
        config.notices.extend(warnings.map(|text| (Level::Warning, text)));
        let subprotocols = &mut config.accept.rules.subprotocols;
        if subprotocols.is_empty() {
            let recorded = script.opened.as_ref().and_then(|opened| opened.protocol.clone());
            subprotocols.extend(recorded.filter(|name| is_token(name)));
        }
        Ok(Some(Self { source, script: Arc::new(script), rules, strict }))
    }

    /// What it does, in one line.
    pub(super) fn description(&self) -> String {
        let count = counted(self.script.messages(Side::Server) as u64, "recorded message");
        let compared = match self.strict {
            true => "closes with 1008 if a client's message is not as recorded",
            false => "counts the client's messages, does not compare them",
        };
        let source = &self.source;
        format!("mock of the server in {source}: answers each client with {count}; {compared}")
    }

    /// What this server answers one client.
    pub(super) fn client(&self) -> ClientMock {
        ClientMock(Rc::new(RefCell::new(State {
            recorded: self.script.messages(Side::Server) as u64,
            replies: Replies::new(Arc::clone(&self.script), self.rules.clone()),
            strict: self.strict,
            sent: Arc::default(),
            reports: VecDeque::new(),
            deviation: None,
            next: None,
            has_closed: false,
            closes_without_code: closes_without_code(&self.script),
            close_answer: close_answer(&self.script),
            waker: None,
        })))
    }
}

/// That the recording lacks messages of the server, which clients do not get.
fn not_kept(script: &Script) -> Option<String> {
    let count = Some(script.not_kept).filter(|count| *count > 0)?;
    let messages = counted(count, "message");
    Some(format!(
        "the recording lacks {messages} of the server that the proxy did not keep: clients do not get them"
    ))
}

fn closes_without_code(script: &Script) -> bool {
    let close = script.close.as_ref().and_then(|close| close.server.as_ref());
    close.is_some_and(|close| close.code.is_none())
}

/// What the recorded server answered the Close frame of the client, if it did and that may be sent.
fn close_answer(script: &Script) -> Option<ClosePayload> {
    let close = script.close.as_ref().filter(|close| close.initiator == Some(Side::Client))?;
    let server = close.server.as_ref()?;
    ClosePayload::to_send(server.code, &server.reason).ok()
}

/// What a recorded server answers one client. Clones share it.
#[derive(Clone)]
pub(super) struct ClientMock(Rc<RefCell<State>>);

struct State {
    /// The number of messages of the recorded server.
    recorded: u64,
    replies: Replies,
    strict: bool,
    /// The number of messages that were sent.
    sent: Arc<AtomicU64>,
    /// Reports on what the client sent, and what follows from that.
    reports: VecDeque<Action>,
    /// What the client sent first that was not recorded.
    deviation: Option<String>,
    /// What is sent next.
    next: Option<Reply>,
    /// Our Close frame was sent.
    has_closed: bool,
    closes_without_code: bool,
    close_answer: Option<ClosePayload>,
    waker: Option<Arc<Waker>>,
}

impl ClientMock {
    fn state(&self) -> RefMut<'_, State> {
        self.0.borrow_mut()
    }

    /// The number of messages that were sent.
    pub(super) fn sent(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.state().sent)
    }

    /// The code of the Close frame if no other is given: none, if the recorded server sent none.
    pub(super) fn close_code(&self) -> Option<CloseCode> {
        let state = self.state();
        (!state.closes_without_code).then_some(CloseCode::NORMAL)
    }

    /// Has the connection answer a Close frame as the recorded server did, after what is due before.
    pub(super) fn configure(&self, connection: Connection) -> Connection {
        let connection = connection.deferring_close_answer();
        match self.state().close_answer.clone() {
            Some(answer) => connection.answering_close_with(answer),
            None => connection,
        }
    }

    /// How many recorded messages a client did not get that ended the connection first, in words. Of those that were
    /// sent, `dropped` were not delivered.
    pub(super) fn unsent(&self, closed: &Closed, dropped: u64) -> Option<String> {
        let State { recorded, sent, .. } = &*self.state();
        let delivered = sent.load(Ordering::Relaxed).saturating_sub(dropped);
        let unsent = recorded.saturating_sub(delivered);
        let is_due = unsent > 0 && closed.ending.initiator == Initiator::Peer;
        is_due.then(|| {
            let messages = counted(*recorded, "recorded message");
            format!("{unsent} of {messages} not sent: the client closed first")
        })
    }

    fn on_message(&self, message: &Message<'_>) -> ObserverResponse {
        let deviation = self.state().replies.on_message(message.kind, message.data);
        let Some(deviation) = deviation else { return ObserverResponse::default() };
        let text = format!("{}: {}", deviation.summary, deviation.details);
        let is_closing = {
            let mut state = self.state();
            state.reports.push_back(Action::Show(Show::Notice(Level::Warning, text)));
            state.strict && state.deviation.is_none()
        };
        if is_closing {
            self.state().replies.forget_last_message(); // it is answered with the Close frame
            self.send_due();
            let (code, reason) = (CloseCode::POLICY_VIOLATION, deviation.summary.clone());
            self.state().reports.push_back(Action::Close(Some(code), Some(reason)));
        }
        self.state().deviation.get_or_insert(deviation.summary);
        ObserverResponse { acts: true, is_decided: is_closing, ..ObserverResponse::default() }
    }

    /// The client has sent a Close frame, which is answered after this.
    fn on_close(&self) -> ObserverResponse {
        if !self.state().has_closed {
            self.send_due();
        }
        let acts = !self.state().reports.is_empty();
        ObserverResponse { acts, ..ObserverResponse::default() }
    }

    /// Sends what the messages of the client call for, without waiting for the socket: a Close frame follows.
    fn send_due(&self) {
        let mut left = MAX_DUE;
        while left > 0
            && let Some(action) = self.next()
        {
            let size = match &action {
                Action::Send(_, data) | Action::Fragments(_, data, _) => data.len(),
                _ => 0,
            };
            left = left.saturating_sub(size + OVERHEAD);
            self.state().reports.push_back(action);
        }
    }

    /// Whether something is to be sent.
    fn has_next(&self) -> bool {
        let mut state = self.state();
        if state.next.is_none() && !(state.strict && state.deviation.is_some()) {
            state.next = state.replies.next_reply();
        }
        state.next.is_some()
    }

    fn next(&self) -> Option<Action> {
        if !self.has_next() {
            return None;
        }
        let mut state = self.state();
        let reply = state.next.take()?;
        if matches!(reply, Reply::Send(StepKind::Message(..))) {
            state.sent.fetch_add(1, Ordering::Relaxed);
        }
        match reply {
            Reply::Send(step) => action(step),
            Reply::Close(close) => Some(closing(&close)),
            Reply::End { is_reset } => Some(Action::EndTcp { is_reset }),
        }
    }
}

/// How much of what was recorded is sent before a Close frame, in bytes: that is not to wait for a stream without end.
const MAX_DUE: usize = 4 << 20;

/// What a message takes of these besides its payload.
const OVERHEAD: usize = 64;

/// The recorded Close frame, or 1000 if that must not be sent.
fn closing(close: &ClosePayload) -> Action {
    let sendable = ClosePayload::to_send(close.code, &close.reason).ok();
    let normal = || ClosePayload { code: Some(CloseCode::NORMAL), reason: String::new() };
    let ClosePayload { code, reason } = sendable.unwrap_or_else(normal);
    Action::Close(code, Some(reason))
}

impl Observer for ClientMock {
    fn on_event(&mut self, event: &Observed<'_>) -> ObserverResponse {
        let response = match event.event {
            EventKind::Open(_) => ObserverResponse::default(),
            EventKind::CloseFrame(Direction::Received, _) => return self.on_close(),
            EventKind::CloseFrame(Direction::Sent, _) => {
                self.state().has_closed = true;
                return ObserverResponse::default();
            }
            _ => match event.received_message() {
                Some(message) => self.on_message(message),
                None => return ObserverResponse::default(),
            },
        };
        if let Some(waker) = &self.state().waker {
            let _ = waker.wake(); // if it fails, the next event does
        }
        response
    }

    fn next_action(&mut self) -> Option<Action> {
        self.state().reports.pop_front()
    }

    fn progress(&self) -> Option<Progress> {
        let state = self.state();
        (state.strict && state.deviation.is_some()).then_some(Progress::Missed)
    }

    fn shortfall(&self) -> String {
        self.state().deviation.clone().unwrap_or_default()
    }

    fn outranks_abnormal_end(&self) -> bool {
        true
    }
}

/// What is sent to a client: by the recorded server, then by the operator and other clients.
pub(super) struct MockSource<'a> {
    pub(super) mock: Option<ClientMock>,
    pub(super) actions: &'a mut QueuedActions,
}

impl MockSource<'_> {
    /// Whether the recorded server sends something next, and the connection is not to end.
    fn has_reply(&self) -> bool {
        let is_ending = self.actions.is_urgent() || self.actions.shutdown().is_some();
        !is_ending && self.mock.as_ref().is_some_and(ClientMock::has_next)
    }
}

impl ActionSource for MockSource<'_> {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        waker: &Arc<Waker>,
    ) -> io::Result<()> {
        if let Some(mock) = &self.mock {
            mock.state().waker = Some(Arc::clone(waker));
        }
        self.actions.register(registry, token, waker)
    }

    fn set_ready(&mut self) {
        self.actions.set_ready();
    }

    fn next(&mut self, registry: &Registry) -> Next<'_> {
        let reply = if self.has_reply() { self.mock.as_ref() } else { None };
        match reply.and_then(ClientMock::next) {
            Some(action) => Next::Action(action),
            None => self.actions.next(registry),
        }
    }

    fn is_typed(&self) -> bool {
        self.actions.is_typed()
    }

    fn next_is_typed(&self) -> bool {
        self.actions.next_is_typed() && !self.has_reply()
    }

    fn shutdown(&self) -> Option<Shutdown> {
        self.actions.shutdown()
    }

    fn take_waiting_messages(&mut self) -> u64 {
        self.actions.take_waiting_messages()
    }

    fn is_urgent(&self) -> bool {
        self.actions.is_urgent()
    }
}
