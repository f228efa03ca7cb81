//! The state that all clients of a server share.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mio::Waker;

use super::clients::Clients;
use super::mock::Mock;
use super::session_log::SessionLog;
use super::streams::Streams;
use crate::commands::displays::{self, Failures, SharedView};
use crate::commands::recording::RunRecordings;
use crate::config::ListenConfig;
use crate::error::Error;
use crate::event::Clock;
use crate::input::Action;
use crate::output::Outputs;
use crate::protocol::connection::ConnectionOptions;
use crate::protocol::deflate::DeflateParams;
use crate::protocol::frame::Masks;
use crate::protocol::memory::Budget;
use crate::protocol::vocabulary::Role;
use crate::scenario::Count;
use crate::session::Lost;
use crate::view::View;

/// The state that the control loop and the threads of all clients share.
pub(super) struct Server {
    pub(super) config: ListenConfig,
    pub(super) clock: Clock,
    pub(super) clients: Clients,
    /// The limit on the memory of all connections together.
    pub(super) memory: Budget,
    /// Standard output and error.
    pub(super) streams: Streams,
    /// Messages from all clients, if they are counted.
    pub(super) count: Option<Count>,
    /// The recorded server that is played for each client.
    pub(super) mock: Option<Mock>,
    /// What was not delivered by sessions that we ended.
    lost: Mutex<Lost>,
    /// What the prompt can show again, and how messages are shown.
    pub(super) view: Option<Arc<View>>,
    pub(super) recordings: RunRecordings,
    /// Keeps all events for the prompt.
    log: Option<SessionLog>,
    numbers: AtomicU64,
    client_event: Sender<ClientEvent>,
    waker: Arc<Waker>,
}

/// What clients report to the control loop.
#[derive(Debug)]
pub(super) enum ClientEvent {
    /// One was admitted.
    Admitted,
    /// One has ended, with this result.
    Ended(Result<(), Error>),
    /// One is closed because its queue was over the limit.
    TooSlow(u64),
    /// The number of messages of `--count` was received.
    CountReached,
}

impl Server {
    pub(super) fn new(
        config: ListenConfig,
        clock: Clock,
        view: Option<Arc<View>>,
        streams: Streams,
        recordings: RunRecordings,
        client_event: Sender<ClientEvent>,
        waker: Arc<Waker>,
    ) -> Self {
        if let Some(view) = &view {
            view.set_waker(Arc::clone(&waker));
        }
        Self {
            view,
            recordings,
            log: None,
            count: config.count.map(Count::new),
            mock: None,
            memory: Budget::new(config.capacity.memory),
            config,
            clock,
            clients: Clients::default(),
            streams,
            lost: Mutex::default(),
            numbers: AtomicU64::new(1),
            client_event,
            waker,
        }
    }

    /// Plays this recorded server for each client.
    pub(super) fn with_mock(self, mock: Option<Mock>) -> Self {
        Self { mock, ..self }
    }

    /// Keeps all events in this log.
    pub(super) fn with_log(self, log: Option<SessionLog>) -> Self {
        Self { log, ..self }
    }

    pub(super) fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::SeqCst)
    }

    pub(super) fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }

    pub(super) fn handshake_limit(&self) -> Duration {
        self.config.accept.receive.time_limit.unwrap_or_default()
    }

    pub(super) fn report(&self, client_event: ClientEvent) {
        let _ = self.client_event.send(client_event); // the receiver is dropped when the program ends
        let _ = self.waker.wake();
    }

    pub(super) fn note_slow(&self, numbers: Vec<u64>) {
        for number in numbers {
            self.report(ClientEvent::TooSlow(number));
        }
    }

    /// Charges the payload of an action, which several clients may share, to the memory of the server.
    pub(super) fn charge(&self, mut action: Action) -> Action {
        if let Some(payload) = action.payload_mut() {
            *payload = self.memory.share(std::mem::take(payload));
        }
        action
    }

    /// Counts what a session did not deliver.
    pub(super) fn note_lost(&self, more: &Lost) {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        lost.received += more.received;
        lost.sent += more.sent;
    }

    pub(super) fn take_lost(&self) -> Lost {
        std::mem::take(&mut *self.lost.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn note_progress(&self) {
        if self.count.as_ref().is_some_and(Count::is_reached) {
            self.report(ClientEvent::CountReached);
        }
    }

    /// Outputs of one thread, whose loop `waker` wakes.
    pub(super) fn outputs(
        &self,
        failures: Failures,
        waker: &Arc<Waker>,
        shows_waiting: bool,
    ) -> Outputs {
        let (out, err) = self.streams.outlets(waker);
        let view = self.view.as_ref().map(|view| SharedView { view, shows_waiting });
        let config = &self.config;
        let mut outputs =
            displays::outputs(config.stdout, &config.commentary, out, err, failures, view);
        self.recordings.record(&mut outputs, Arc::clone(waker), Box::new(|| None));
        if let Some(log) = &self.log {
            outputs.set_log(Box::new(log.clone()));
        }
        outputs
    }

    pub(super) fn connection_options(&self, deflate: Option<DeflateParams>) -> ConnectionOptions {
        ConnectionOptions {
            role: Role::Server,
            max_message_size: self.config.capacity.message,
            close_timeout: self.config.close_timeout,
            observe_frames: self.config.commentary.observes_frames(),
            lenient: self.config.accept.lenient,
            deflate,
            masks: Masks::Fixed([0; 4]), // a server does not mask
        }
    }
}

/// The error of a step of the server's set-up.
pub(super) fn failed(what: &str) -> impl Fn(io::Error) -> Error {
    let what = what.to_owned();
    move |error| Error::System(what.clone(), error)
}
