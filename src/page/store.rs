//! What the page keeps: the lines of all events, the newest in memory.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mio::Waker;
use serde::Serialize;

use super::save::{Prepared, Save};
use watchers::Watchers;

mod watchers;

pub(super) use watchers::Watch;

/// The bytes of a store in memory, unless it is told otherwise.
const MEMORY: u64 = 32 << 20;

/// The bytes of a store altogether, unless it is told otherwise.
const HISTORY: u64 = 4 << 30;

/// How a store keeps lines.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// How many bytes are kept in memory.
    pub memory: u64,
    /// How many bytes are kept altogether (`--ui-history`): over that the oldest go.
    pub history: u64,
    /// Where the temporary file is made.
    pub folder: PathBuf,
    /// What is received was sent by a client: this program is the server.
    pub is_server: bool,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { memory: MEMORY, history: HISTORY, folder: std::env::temp_dir(), is_server: false }
    }
}

/// How far the run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Nothing is connected yet: clients may come.
    #[default]
    Waiting,
    /// A connection is being opened.
    Connecting,
    /// A connection is open.
    Live,
    /// The run has ended, or the recording has been read.
    Ended,
}

/// What a store has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The number of rows so far: they are numbered from 0.
    pub rows: u64,
    /// The oldest row that is kept.
    pub first: u64,
    /// The number of data messages so far.
    pub messages: u64,
    /// The bytes of their payloads.
    pub bytes: u64,
    /// The number of connections so far.
    pub connections: u64,
    /// Changes with what is known of connections.
    pub connections_version: u64,
    /// How far the run is.
    pub phase: Phase,
    /// Why it is so.
    pub why: Option<String>,
    /// Since when, as in events.
    pub time: Option<String>,
    /// The number of rows that went to make room for others.
    pub dropped: u64,
    /// What the recording that is shown lacks.
    pub recorded_end: Option<String>,
}

/// Keeps the lines of events. Threads share it.
#[derive(Debug)]
pub struct Store {
    options: StoreOptions,
    state: Mutex<Summary>,
    /// Grows with each change.
    changes: AtomicU64,
    watchers: Watchers,
    prepared: Mutex<Vec<Prepared>>,
}

impl Store {
    /// An empty one.
    pub fn new(options: StoreOptions) -> Self {
        Self {
            options,
            state: Mutex::default(),
            changes: AtomicU64::new(0),
            watchers: Watchers::default(),
            prepared: Mutex::default(),
        }
    }

    /// Takes lines of `--json` with the events of frames, as recordings get them. A line may be split between calls.
    pub fn append(&self, bytes: &[u8]) {
        let lines = memchr::memchr_iter(b'\n', bytes).count();
        self.state().rows += lines as u64;
        self.notify();
    }

    /// Drops the start of a line whose rest will not come.
    pub fn discard_partial(&self) {}

    /// How far the run is, why, and since when (a time as in events).
    pub fn set_phase(&self, phase: Phase, why: Option<String>, time: Option<String>) {
        let mut state = self.state();
        (state.phase, state.why, state.time) = (phase, why, time);
        drop(state);
        self.notify();
    }

    /// Says what the recording that is shown lacks.
    pub fn set_recorded_end(&self, text: String) {
        self.state().recorded_end = Some(text);
        self.notify();
    }

    /// What there is.
    pub fn summary(&self) -> Summary {
        self.state().clone()
    }

    /// A number that grows whenever anything changes that tabs show.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Says that something has changed that tabs show.
    pub fn notify(&self) {
        self.changes.fetch_add(1, Ordering::Release);
        self.watchers.wake();
    }

    /// The limits of what is kept.
    pub fn options(&self) -> &StoreOptions {
        &self.options
    }

    /// Wakes the loop of a tab when something changes.
    pub(super) fn watch(&self, waker: &Arc<Waker>) -> Watch {
        self.watchers.add(waker)
    }

    /// The download that a tab has prepared under this name, once.
    pub fn take_save(self: &Arc<Self>, id: &str) -> Option<Save> {
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        let at = prepared.iter().position(|it| it.id == id)?;
        Some(prepared.remove(at).save(Arc::clone(self)))
    }

    fn state(&self) -> MutexGuard<'_, Summary> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
