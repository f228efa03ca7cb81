//! The WebSocket of a tab: requests come in, and one after the other is answered. Answers and notices are made only once
//! everything before is written, so that a tab that does not read keeps nothing but its requests waiting.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Registry, Token, Waker};

use super::tabs::Slot;
use crate::event::{Clock, Opened};
use crate::input::{Action, ActionSource, Next, Shutdown};
use crate::net::{Reactor, Stream};
use crate::observer::{Observed, Observer, ObserverResponse};
use crate::output::Outputs;
use crate::page::{MAX_REQUEST, NOTICE_INTERVAL, Tab};
use crate::protocol::connection::{Connection, ConnectionOptions, Initiator};
use crate::protocol::deflate::DeflateParams;
use crate::protocol::frame::Masks;
use crate::protocol::keepalive::KeepaliveTimes;
use crate::protocol::vocabulary::Role;
use crate::protocol::{CloseCode, MessageKind};
use crate::session::{AfterInput, Journal, Plan, Session};

/// How long the browser may take to answer a Close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// How often a browser that is silent is asked whether it is there, and how long it may take to answer: its tab takes a
/// place that others need.
const TIMES: KeepaliveTimes = KeepaliveTimes {
    ping_interval: Some(Duration::from_secs(30)),
    ping_timeout: Some(Duration::from_secs(120)),
    idle_timeout: None,
};

/// The most requests that wait, and their bytes: one of the largest, and one more.
const MAX_WAITING: (usize, usize) = (1024, 2 * MAX_REQUEST);

/// At the end of the run a tab is closed once it has asked for nothing for this time: the last notice makes it ask for rows.
const LAST_REQUESTS: Duration = Duration::from_millis(250);

/// The last part of the time limit at the end of the run. In it the tab gets the last state and is closed, even if it has more
/// requests, or its filter has not searched everything.
const CLOSING: Duration = Duration::from_millis(100);

/// How long the filter of a tab searches before the socket gets its turn.
const WORK: Duration = Duration::from_millis(5);

/// Runs the session of a tab. `stream`: with what was received after the request.
pub(super) fn run(
    mut tab: Tab,
    slot: Slot,
    (stream, early): (Stream, &[u8]),
    deflate: Option<DeflateParams>,
    reactor: &mut Reactor,
) {
    tab.watch(&reactor.waker());
    let options = ConnectionOptions {
        role: Role::Server,
        max_message_size: MAX_REQUEST as u64,
        close_timeout: Some(CLOSE_TIMEOUT),
        observe_frames: false,
        lenient: false,
        deflate,
        masks: Masks::Fixed([0; 4]), // a server does not mask
    };
    let connection = Connection::new(options, early);
    let waker = reactor.waker();
    let state = TabState {
        tab,
        slot,
        waker,
        requests: Requests::default(),
        has_asked: false,
        is_due: false,
        told: None,
        end: None,
    };
    let state = Rc::new(RefCell::new(state));
    let plan = Plan {
        presets: VecDeque::new(),
        after_input: AfterInput::Stay,
        max_time: None,
        close_code: Some(CloseCode::NORMAL),
        close_reason: String::new(),
        observers: vec![Box::new(TabObserver(Rc::clone(&state)))],
        beside: None,
        times: TIMES,
        unsent: None,
        notes_hidden: false,
        input_ended: false,
    };
    let (mut outputs, mut source) = (Outputs::default(), TabSource(state));
    let journal = Journal::new(&mut outputs, Clock::start());
    // Nothing of it is shown.
    let local = stream.local_address().unwrap_or_default();
    let opened = Opened::unknown(Initiator::Peer, local);
    Session::new(stream, connection, reactor, &mut source, journal, plan, &opened).run();
}

/// What the session and its observer share.
struct TabState {
    tab: Tab,
    slot: Slot,
    waker: Arc<Waker>,
    requests: Requests,
    /// A request was answered: before that the tab cannot know what a notice is about.
    has_asked: bool,
    /// A notice is due, and the loop was woken for it.
    is_due: bool,
    /// When the tab was told the last state, or the last of its requests after that was answered.
    told: Option<Instant>,
    end: Option<End>,
}

/// Requests that were received and not answered.
#[derive(Default)]
struct Requests {
    waiting: VecDeque<String>,
    bytes: usize,
}

/// Why the tab is closed.
struct End {
    code: CloseCode,
    reason: &'static str,
    is_sent: bool,
}

impl End {
    fn new(code: CloseCode, reason: &'static str) -> Self {
        Self { code, reason, is_sent: false }
    }
}

impl TabState {
    fn receive(&mut self, kind: MessageKind, data: &[u8]) {
        if self.end.is_some() {
            return;
        }
        let Some(text) = str::from_utf8(data).ok().filter(|_| kind == MessageKind::Text) else {
            self.end = Some(End::new(CloseCode::UNSUPPORTED_DATA, "requests are text"));
            return;
        };
        let (most, most_bytes) = MAX_WAITING;
        let requests = &mut self.requests;
        if requests.waiting.len() >= most || requests.bytes + text.len() > most_bytes {
            requests.waiting.clear();
            self.end = Some(End::new(CloseCode::POLICY_VIOLATION, "too many requests"));
            return;
        }
        requests.bytes += text.len();
        requests.waiting.push_back(text.to_owned());
    }

    /// What is sent next, once everything before is written.
    fn next(&mut self) -> Option<Action> {
        if self.end.as_ref().is_some_and(|end| end.is_sent) {
            return None;
        }
        if let Some(request) = self.requests.waiting.pop_front() {
            self.requests.bytes -= request.len();
            self.has_asked = true;
            let answer = self.tab.request(&request);
            self.told = self.told.and(Some(Instant::now()));
            return Some(text(answer));
        }
        self.is_due = false;
        let is_ending = self.slot.until().is_some();
        let has_time = self.latest().is_some_and(|at| Instant::now() < at);
        if has_time && self.end.is_none() && self.searches() {
            return None; // the last notice says what all of the filter has found
        }
        let now = Instant::now() + if is_ending { NOTICE_INTERVAL } else { Duration::ZERO };
        if self.has_asked
            && self.end.is_none()
            && let Some(notice) = self.tab.notice(now)
        {
            return Some(text(notice)); // at the end at once
        }
        if is_ending && self.end.is_none() && self.has_asked_for_all() {
            self.end = Some(End::new(CloseCode::GOING_AWAY, "the run has ended"));
        }
        if let Some(end) = &mut self.end {
            end.is_sent = true;
            return Some(Action::Close(Some(end.code), Some(end.reason.to_owned())));
        }
        self.searches();
        None
    }

    /// Searches a little. Returns whether there is more to search, for which the loop was woken.
    fn searches(&mut self) -> bool {
        let has_more = self.tab.work(WORK);
        if has_more {
            let _ = self.waker.wake(); // if it fails, the search goes on with the next request
        }
        has_more
    }

    /// Whether the tab, which knows the last state, has had the time to ask for what it lacks.
    fn has_asked_for_all(&mut self) -> bool {
        if self.has_asked {
            self.told.get_or_insert_with(Instant::now);
        }
        self.closes_at().is_none_or(|at| Instant::now() >= at)
    }

    /// When the tab, which was told the last state, is closed.
    fn closes_at(&self) -> Option<Instant> {
        Some(self.latest()?.min(self.told? + LAST_REQUESTS))
    }

    /// When the tab is closed at the end of the run, whatever it asks for or has not found.
    fn latest(&self) -> Option<Instant> {
        self.slot.until()?.checked_sub(CLOSING)
    }
}

fn text(text: String) -> Action {
    Action::Send(MessageKind::Text, text.into())
}

/// What the tab is told.
struct TabSource(Rc<RefCell<TabState>>);

impl ActionSource for TabSource {
    fn register(&mut self, _: &Registry, _: Token, waker: &Arc<Waker>) -> io::Result<()> {
        waker.wake() // for what has changed meanwhile
    }

    fn set_ready(&mut self) {}

    fn next(&mut self, _: &Registry) -> Next<'_> {
        let mut state = self.0.borrow_mut();
        let action = state.next();
        // It is asked for the next one only once this one is written.
        state.slot.set_stalled(action.as_ref().map(|_| Instant::now()));
        action.map_or(Next::Pending, Next::Action)
    }

    fn waits_until_written(&self) -> bool {
        true
    }

    fn shutdown(&self) -> Option<Shutdown> {
        let until = self.0.borrow().slot.until()?;
        Some(Shutdown { until, is_interrupted: false })
    }
}

/// Takes the requests.
struct TabObserver(Rc<RefCell<TabState>>);

impl Observer for TabObserver {
    fn on_event(&mut self, event: &Observed<'_>) -> ObserverResponse {
        if let Some(message) = event.received_message() {
            self.0.borrow_mut().receive(message.kind, message.data);
        }
        ObserverResponse::default()
    }

    fn real_deadline(&self) -> Option<Instant> {
        let state = self.0.borrow();
        let notice = if state.is_due { None } else { state.tab.deadline() };
        let closing = if state.end.is_none() { state.closes_at() } else { None };
        notice.into_iter().chain(closing).min()
    }

    fn on_deadline(&mut self, _: Instant) -> ObserverResponse {
        let mut state = self.0.borrow_mut();
        state.is_due = true; // until it is sent: the tab may not read
        let _ = state.waker.wake(); // if it fails, the notice comes with the next change
        ObserverResponse::default()
    }
}
