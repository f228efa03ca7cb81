//! What is known of a connection: its state and its counts.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::page_control::PageLinks;
use super::prepared::Prepared;
use super::session_log::SessionLogs;
use crate::commands::age::age;
use crate::commands::recording::RunRecordings;
use crate::config::ConnectConfig;
use crate::error::Error;
use crate::event::{EventKind, Mask};
use crate::input::repl::{Liveness, PromptNames};
use crate::observer::{Observed, Observer, ObserverResponse};
use crate::output::Outputs;
use crate::output::escape::{Newlines, escape};
use crate::output::human::closed_text;
use crate::protocol::vocabulary::Direction;
use crate::view::View;
use mio::Waker;

/// A connection of a run, as its loop reports it and the prompt lists it.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) number: u64,
    pub(super) name: String,
    /// Its URL, with secrets masked.
    pub(super) url: String,
    pub(super) names: Arc<PromptNames>,
    received: AtomicU64,
    sent: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Opening,
    Open(Instant),
    /// In what way, and when.
    Ended(String, Instant),
}

/// What all connections of a run share.
#[derive(Clone, Debug)]
pub(super) struct RunShared {
    /// The result of the run is known: that of a connection which it closes does not matter.
    pub(super) is_decided: Arc<AtomicBool>,
    /// What the prompt can show again, and how messages are shown.
    pub(super) view: Option<Arc<View>>,
    /// The names of the connections.
    pub(super) prompt: Arc<PromptNames>,
    /// The configurations of connections that the prompt has prepared.
    pub(super) prepared: Arc<Prepared>,
    /// What is recorded.
    pub(super) recordings: Option<RunRecordings>,
    /// What happened on each, for `/scenario`.
    pub(super) logs: SessionLogs,
    /// How the page reaches them, if there is one.
    pub(super) page: Option<PageLinks>,
}

impl RunShared {
    /// Has the outputs of connection `number`, whose loop `waker` wakes, record all events.
    pub(super) fn record(&self, outputs: &mut Outputs, waker: Arc<Waker>, number: u64) {
        if let Some(recordings) = &self.recordings {
            let names = Arc::clone(&self.prompt);
            let late = move || names.are_several().load(Ordering::Relaxed).then_some(number);
            recordings.record(outputs, waker, Box::new(late));
        }
    }

    /// Has the outputs of a connection keep its events, where a prompt can ask for them.
    pub(super) fn keep_events(&self, outputs: &mut Outputs, config: &ConnectConfig) {
        if config.commentary.takes_commands {
            self.logs.keep(outputs, config);
        }
    }
}

impl Record {
    /// A connection with this number that is being opened.
    pub(super) fn new(number: u64, config: &ConnectConfig, shared: &RunShared) -> Self {
        if let Some(view) = &shared.view {
            view.name_connection(number, &config.name);
        }
        let endpoint = &config.endpoint;
        Self {
            number,
            name: config.name.clone(),
            url: Mask::new(endpoint.redaction, &endpoint.secrets).url(&endpoint.target.url()),
            names: Arc::clone(&shared.prompt),
            received: AtomicU64::default(),
            sent: AtomicU64::default(),
            state: Mutex::new(State::Opening),
        }
    }

    pub(super) fn set_opening(&self) {
        self.set(State::Opening, Liveness::Opening);
    }

    pub(super) fn set_open(&self) {
        self.set(State::Open(Instant::now()), Liveness::Open);
    }

    /// It ended in this way, or could not be opened.
    pub(super) fn set_ended(&self, how: String) {
        self.set(State::Ended(how, Instant::now()), Liveness::Ended);
    }

    /// It failed for this reason.
    pub(super) fn set_failed(&self, error: &Error) {
        self.set_ended(error.message());
    }

    fn set(&self, state: State, liveness: Liveness) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
        self.names.set(&self.name, liveness);
    }

    pub(super) fn has_ended(&self) -> bool {
        matches!(*self.state.lock().unwrap_or_else(PoisonError::into_inner), State::Ended(..))
    }

    pub(super) fn is_opening(&self) -> bool {
        matches!(*self.state.lock().unwrap_or_else(PoisonError::into_inner), State::Opening)
    }

    /// Its state in words, on one line. A peer may have given the reason of its end.
    pub(super) fn state(&self) -> String {
        match &*self.state.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Opening => "connecting".to_owned(),
            State::Open(since) => format!("open for {}", age(since.elapsed())),
            State::Ended(how, at) => {
                format!("{}, {} ago", escape(how, Newlines::Escape), age(at.elapsed()))
            }
        }
    }

    /// The messages in each direction.
    pub(super) fn counts(&self) -> String {
        let [received, sent] =
            [&self.received, &self.sent].map(|count| count.load(Ordering::Relaxed));
        format!("{received} received, {sent} sent")
    }
}

/// Keeps a record up to date.
pub(super) struct RecordObserver(pub(super) Arc<Record>);

impl Observer for RecordObserver {
    fn on_event(&mut self, event: &Observed<'_>) -> ObserverResponse {
        let record = &self.0;
        match event.event {
            EventKind::Message(message) => {
                let count = match message.direction {
                    Direction::Received => &record.received,
                    Direction::Sent => &record.sent,
                };
                count.fetch_add(1, Ordering::Relaxed);
            }
            EventKind::FileSent(_) => {
                record.sent.fetch_add(1, Ordering::Relaxed);
            }
            EventKind::Closed(closed) => record.set_ended(closed_text(closed)),
            _ => {}
        }
        ObserverResponse::default()
    }

    fn wants_sent(&self) -> bool {
        true
    }
}
