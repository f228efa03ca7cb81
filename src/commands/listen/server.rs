//! What all clients of a server share.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mio::Waker;

use super::clients::Clients;
use super::handshakes::Handshakes;
use super::streams::Streams;
use crate::commands::displays::{self, Failures};
use crate::config::ListenConfig;
use crate::error::Error;
use crate::event::Clock;
use crate::input::Action;
use crate::input::mailbox::{Content, Outgoing};
use crate::output::Outputs;
use crate::protocol::connection::ConnectionOptions;
use crate::protocol::deflate::DeflateParams;
use crate::protocol::frame::Masks;
use crate::protocol::keepalive::KeepaliveTimes;
use crate::protocol::memory::{Budget, SharedPayload};
use crate::protocol::vocabulary::Role;
use crate::protocol::{CloseCode, MessageKind};
use crate::scenario::{Count, Goal};
use crate::session::{AfterInput, Lost, OnMessage, Plan};

/// The server, as the threads of its clients see it.
pub(super) struct Server {
    pub(super) config: ListenConfig,
    pub(super) clock: Clock,
    pub(super) clients: Clients,
    /// The memory that all connections together may hold.
    pub(super) memory: Budget,
    /// Standard output and error.
    pub(super) streams: Streams,
    /// Messages from all clients, if they are counted.
    count: Option<Count>,
    /// What did not reach its place, of sessions that we ended.
    lost: Mutex<Lost>,
    /// For `/full`, where there is a prompt.
    last_message: Mutex<Option<LastMessage>>,
    numbers: AtomicU64,
    pub(super) handshakes: Arc<Handshakes>,
    client_event: Sender<ClientEvent>,
    waker: Arc<Waker>,
}

/// The last message that any client has sent.
#[derive(Clone, Debug)]
pub(super) struct LastMessage {
    pub(super) number: u64,
    pub(super) kind: MessageKind,
    pub(super) data: Arc<SharedPayload>,
}

/// What clients have to tell the control loop.
#[derive(Debug)]
pub(super) enum ClientEvent {
    /// There is one more.
    Come,
    /// There is one less; this came of it.
    Gone(Result<(), Error>),
    /// It was closed because too much was waiting for it.
    TooSlow(u64),
    /// As many messages as were asked for have come.
    CountReached,
}

impl Server {
    pub(super) fn new(
        config: ListenConfig,
        streams: Streams,
        client_event: Sender<ClientEvent>,
        waker: Arc<Waker>,
    ) -> Self {
        Self {
            count: config.count.map(Count::new),
            handshakes: Arc::new(Handshakes::new(config.capacity.handshakes)),
            memory: Budget::new(config.capacity.memory),
            config,
            clock: Clock::start(),
            clients: Clients::default(),
            streams,
            lost: Mutex::default(),
            last_message: Mutex::default(),
            numbers: AtomicU64::new(1),
            client_event,
            waker,
        }
    }

    pub(super) fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::SeqCst)
    }

    pub(super) fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }

    pub(super) fn handshake_limit(&self) -> Duration {
        self.config.handshake_timeout.unwrap_or_default()
    }

    pub(super) fn report(&self, client_event: ClientEvent) {
        let _ = self.client_event.send(client_event); // nobody listens once the program ends
        let _ = self.waker.wake();
    }

    pub(super) fn note_slow(&self, numbers: Vec<u64>) {
        for number in numbers {
            self.report(ClientEvent::TooSlow(number));
        }
    }

    /// A letter with a data message, which several clients may get.
    pub(super) fn outgoing(&self, kind: MessageKind, data: &[u8], typed: bool) -> Outgoing {
        Outgoing { content: Content::Send(kind, self.memory.share(data)), typed }
    }

    /// Keeps a received message for `/full`.
    pub(super) fn note_message(
        &self,
        number: u64,
        kind: MessageKind,
        share: impl Fn() -> Arc<SharedPayload>,
    ) {
        if self.config.commentary.takes_commands {
            let message = LastMessage { number, kind, data: share() };
            *self.last_message.lock().unwrap_or_else(PoisonError::into_inner) = Some(message);
        }
    }

    pub(super) fn last_message(&self) -> Option<LastMessage> {
        self.last_message.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts what a session did not bring to its place.
    pub(super) fn note_lost(&self, more: &Lost) {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        lost.received += more.received;
        lost.sent += more.sent;
    }

    pub(super) fn take_lost(&self) -> Lost {
        std::mem::take(&mut *self.lost.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn note_progress(&self) {
        if self.count.as_ref().is_some_and(Goal::is_filled) {
            self.report(ClientEvent::CountReached);
        }
    }

    /// Outputs of one thread, whose loop `waker` wakes.
    pub(super) fn outputs(&self, failures: Failures, waker: &Arc<Waker>) -> Outputs {
        let (out, err) = self.streams.outlets(waker);
        displays::outputs(self.config.stdout, &self.config.commentary, out, err, failures)
    }

    pub(super) fn connection_options(&self, deflate: Option<DeflateParams>) -> ConnectionOptions {
        ConnectionOptions {
            role: Role::Server,
            max_message_size: self.config.capacity.message,
            close_timeout: self.config.close_timeout,
            observe_frames: self.config.commentary.observes_frames(),
            lenient: self.config.lenient,
            deflate,
            masks: Masks::Fixed([0; 4]), // a server does not mask
        }
    }

    pub(super) fn plan(self: &Arc<Self>, number: u64, received: Arc<AtomicU64>) -> Plan {
        let greeting = self.config.greeting.iter();
        let goals = self.count.iter().map(|count| Box::new(count.clone()) as Box<dyn Goal>);
        Plan {
            presets: greeting
                .map(|text| Action::Send(MessageKind::Text, text.clone().into_bytes().into()))
                .collect(),
            echo: self.config.echo,
            after_input: AfterInput::Stay,
            max_time: None,
            close_code: Some(CloseCode::NORMAL),
            close_reason: String::new(),
            goals: goals.collect(),
            on_message: Some(on_message(Arc::clone(self), number, received)),
            times: KeepaliveTimes::default(),
            left: None,
            input_ended: false,
        }
    }
}

/// What is to be done with each received message.
fn on_message(server: Arc<Server>, number: u64, received: Arc<AtomicU64>) -> OnMessage {
    Box::new(move |kind, data, payload| {
        received.fetch_add(1, Ordering::Relaxed);
        let share = || match payload {
            Some(payload) => server.memory.share_whole(payload),
            None => server.memory.share(data),
        };
        server.note_message(number, kind, share);
        if let Some(whom) = server.config.broadcast {
            let outgoing = Outgoing { content: Content::Send(kind, share()), typed: false };
            server.note_slow(server.clients.relay(number, whom, &outgoing));
            server.memory.enforce();
        }
        server.note_progress();
    })
}

/// Where a step of setting the server up failed.
pub(super) fn failed(what: &str) -> impl Fn(io::Error) -> Error {
    let what = what.to_owned();
    move |error| Error::System(what.clone(), error)
}
