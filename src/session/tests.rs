//! Sessions over a socket, steered by observers.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use mio::{Registry, Token, Waker};

use super::{ACTION_BUDGET, AfterInput, Journal, Plan, Report, Session, Stop};
use crate::event::{Clock, EventKind, Opened};
use crate::input::file::FileMessage;
use crate::input::{Action, ActionSource, Next, NoInput};
use crate::net::{Reactor, Stream};
use crate::observer::{Observed, Observer, ObserverResponse, Progress};
use crate::output::json::{Json, JsonFrames};
use crate::output::{BatchSink, Outlet, Output, Outputs};
use crate::platform::batches::Batch;
use crate::protocol::connection::ConnectionOptions;
use crate::protocol::frame::Masks;
use crate::protocol::keepalive::KeepaliveTimes;
use crate::protocol::vocabulary::{Direction, Role};
use crate::protocol::{CloseCode, Connection, MessageKind};

const LIMIT: Duration = Duration::from_secs(20);

fn connection(role: Role) -> Connection {
    let options = ConnectionOptions {
        role,
        max_message_size: 1 << 20,
        close_timeout: Some(LIMIT),
        observe_frames: false,
        lenient: false,
        deflate: None,
        masks: Masks::Fixed([1, 2, 3, 4]),
    };
    Connection::new(options, &[])
}

/// A server that sends nothing but what the protocol requires: pongs and the answer to a Close frame.
fn peer() -> (TcpStream, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let client = TcpStream::connect(listener.local_addr().expect("an address")).expect("a server");
    let (mut server, _) = listener.accept().expect("a client");
    server.set_read_timeout(Some(LIMIT)).expect("a socket");
    let thread = thread::spawn(move || {
        let mut connection = connection(Role::Server);
        while !connection.is_finished() {
            let count = server.read(connection.receive_space()).expect("bytes");
            connection.received(count);
            while connection.next_event(Instant::now()).is_some() {}
            let pending = connection.pending_output().to_vec();
            server.write_all(&pending).expect("a client that reads");
            connection.advance_output(pending.len());
        }
    });
    (client, thread)
}

fn run(presets: Vec<Action>, observer: impl Observer + 'static) -> Report {
    let (client, server) = peer();
    let report = run_with(client, &mut NoInput, &mut Outputs::default(), presets, observer);
    server.join().expect("a server");
    report
}

fn run_with(
    client: TcpStream,
    source: &mut dyn ActionSource,
    outputs: &mut Outputs,
    presets: Vec<Action>,
    observer: impl Observer + 'static,
) -> Report {
    client.set_nonblocking(true).expect("a socket");
    let mut stream = mio::net::TcpStream::from_std(client);
    let mut reactor = Reactor::new(None).expect("an event loop");
    let interests = mio::Interest::READABLE | mio::Interest::WRITABLE;
    let token = crate::net::reactor::tokens::SOCKET;
    reactor.registry().register(&mut stream, token, interests).expect("an event loop");
    let plan = Plan {
        presets: presets.into(),
        after_input: AfterInput::Stay,
        max_time: Some(Instant::now() + LIMIT),
        close_code: Some(CloseCode::NORMAL),
        close_reason: String::new(),
        observers: vec![Box::new(observer)],
        beside: None,
        times: KeepaliveTimes::default(),
        unsent: None,
        notes_hidden: false,
        input_ended: false,
    };
    Session::new(
        Stream::Plain(stream),
        connection(Role::Client),
        &mut reactor,
        source,
        Journal::new(outputs, Clock::start()),
        plan,
        &Opened::sample("ws://test/"),
    )
    .run()
}

/// Sends pings at an interval, until a number of them were answered.
struct Pings {
    interval: Duration,
    next: Option<Instant>,
    is_next: bool,
    missing: usize,
}

impl Observer for Pings {
    fn on_event(&mut self, event: &Observed<'_>) -> ObserverResponse {
        match event.event {
            EventKind::Open(_) => self.next = Some(event.at + self.interval),
            EventKind::Pong(Direction::Received, data, Some(_)) => {
                assert_eq!(data.data, b"ping");
                self.missing = self.missing.saturating_sub(1);
            }
            _ => {}
        }
        ObserverResponse { is_decided: self.missing == 0, ..ObserverResponse::default() }
    }

    fn next_action(&mut self) -> Option<Action> {
        std::mem::take(&mut self.is_next).then(|| Action::Ping("ping".into()))
    }

    fn deadline(&self) -> Option<Instant> {
        self.next
    }

    fn on_deadline(&mut self, now: Instant) -> ObserverResponse {
        self.is_next = true;
        self.next = Some(now + self.interval);
        ObserverResponse { acts: true, ..ObserverResponse::default() }
    }

    fn progress(&self) -> Option<Progress> {
        Some(if self.missing == 0 { Progress::Met } else { Progress::Open })
    }
}

#[test]
fn an_observer_sends_at_its_deadline_and_ends_the_session_when_its_goal_is_met() {
    let interval = Duration::from_millis(5);
    let report = run(Vec::new(), Pings { interval, next: None, is_next: false, missing: 2 });
    assert!(matches!(report.stop, Some(Stop::GoalsMet)), "{:?}", report.stop);
    assert_eq!(report.observers[0].progress(), Some(Progress::Met));
    assert!(report.closed.ending.is_clean());
}

/// Sends two files at once, then closes.
struct Files {
    actions: Vec<Action>,
    sent: Vec<u64>,
}

impl Observer for Files {
    fn on_event(&mut self, event: &Observed<'_>) -> ObserverResponse {
        if let EventKind::FileSent(file) = event.event {
            self.sent.push(file.size);
            if self.sent.len() == 2 {
                self.actions.push(Action::Close(None, None));
            }
        }
        let is_open = matches!(event.event, EventKind::Open(_));
        ObserverResponse { acts: is_open || self.sent.len() == 2, ..ObserverResponse::default() }
    }

    fn next_action(&mut self) -> Option<Action> {
        self.actions.pop()
    }

    fn shortfall(&self) -> String {
        format!("{:?}", self.sent)
    }
}

#[test]
fn files_of_an_observer_are_sent_one_after_the_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, size: usize| {
        let path = folder.path().join(name);
        std::fs::write(&path, vec![b'x'; size]).expect("a file");
        Action::File(FileMessage { kind: MessageKind::Binary, name: name.to_owned(), path })
    };
    let actions = vec![file("second", 200_000), file("first", 100_000)];
    let report = run(Vec::new(), Files { actions, sent: Vec::new() });
    assert_eq!(report.observers[0].shortfall(), "[100000, 200000]");
}

/// Answers its own first message with another one and a Close frame, and keeps what it receives.
#[derive(Default)]
struct Recorder {
    events: Vec<String>,
    actions: Vec<Action>,
}

impl Observer for Recorder {
    fn on_event(&mut self, event: &Observed<'_>) -> ObserverResponse {
        let text = |data: &[u8]| String::from_utf8_lossy(data).into_owned();
        self.events.push(match event.event {
            EventKind::Open(_) => "open".to_owned(),
            EventKind::Message(message) => {
                format!("{} {}", message.direction.name(), text(message.data))
            }
            EventKind::CloseFrame(direction, close) => {
                format!("{} close {}", direction.name(), close.reason)
            }
            EventKind::Closed(closed) => format!("closed {}", closed.ending.code()),
            other => format!("{other:?}"),
        });
        let acts = self.events.last().is_some_and(|event| event == "sent first");
        if acts {
            self.actions = vec![
                Action::Close(None, Some("done".to_owned())),
                Action::Send(MessageKind::Text, b"second"[..].into()),
            ];
        }
        ObserverResponse { acts, ..ObserverResponse::default() }
    }

    fn wants_sent(&self) -> bool {
        true
    }

    fn next_action(&mut self) -> Option<Action> {
        self.actions.pop()
    }

    fn shortfall(&self) -> String {
        self.events.join(", ")
    }
}

#[test]
fn an_observer_receives_every_event_and_may_act_on_what_was_sent() {
    let first = Action::Send(MessageKind::Text, b"first"[..].into());
    let report = run(vec![first], Recorder::default());
    assert_eq!(
        report.observers[0].shortfall(),
        "open, sent first, sent second, sent close done, received close , closed 1000 Normal Closure"
    );
    assert!(matches!(report.stop, Some(Stop::Requested)), "{:?}", report.stop);
}

/// Empty messages without end.
struct Endless(Arc<AtomicUsize>);

impl ActionSource for Endless {
    fn register(&mut self, _: &Registry, _: Token, _: &Arc<Waker>) -> io::Result<()> {
        Ok(())
    }

    fn set_ready(&mut self) {}

    fn next(&mut self, _: &Registry) -> Next<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Next::Message(MessageKind::Text, b"")
    }
}

/// Takes everything as soon as it is flushed.
struct Taken;

impl BatchSink for Taken {
    fn offer(&mut self, batch: &mut Batch) -> bool {
        *batch = Batch::default();
        true
    }
}

/// Is met by the first received message.
struct First(bool);

impl Observer for First {
    fn on_event(&mut self, event: &Observed<'_>) -> ObserverResponse {
        self.0 |= event.received_message().is_some();
        ObserverResponse { is_decided: self.0, ..ObserverResponse::default() }
    }

    fn progress(&self) -> Option<Progress> {
        Some(if self.0 { Progress::Met } else { Progress::Open })
    }
}

#[test]
fn input_without_end_does_not_keep_the_session_from_reading() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let client = TcpStream::connect(listener.local_addr().expect("an address")).expect("a server");
    let (mut server, _) = listener.accept().expect("a client");
    server.set_read_timeout(Some(LIMIT)).expect("a socket");
    server.write_all(b"\x81\x02hi").expect("a client");
    let thread = thread::spawn(move || {
        let mut buffer = vec![0; 1 << 20];
        loop {
            let count = server.read(&mut buffer).expect("bytes");
            // A Close frame with a code, of 8 bytes, is the last thing that is sent.
            if count == 0 || count >= 8 && buffer[count - 8] == 0x88 {
                break;
            }
        }
        let _ = server.write_all(b"\x88\x02\x03\xe8"); // the client may be gone
    });
    let count = Arc::new(AtomicUsize::new(0));
    let mut outputs = Outputs::default();
    let outlet = Outlet::batches("events", Taken);
    outputs.push(Output::new(Box::new(Json::new(JsonFrames::None)), outlet));
    let mut source = Endless(Arc::clone(&count));
    let report = run_with(client, &mut source, &mut outputs, Vec::new(), First(false));
    thread.join().expect("a server");
    assert!(matches!(report.stop, Some(Stop::GoalsMet)), "{:?}", report.stop);
    let count = count.load(Ordering::Relaxed);
    assert!(count < 10 * ACTION_BUDGET, "{count}");
}
