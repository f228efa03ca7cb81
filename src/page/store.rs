//! What the page keeps: the lines of all events, the newest in memory, the rest in a temporary file without a name, which
//! begins again from its start when it is full.
//!
//! Rows follow each other in blocks of about 64 KiB. Of each block there are some 100 bytes in memory, which makes 13 MB
//! if 4 GiB are kept.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use memchr::{memchr, memrchr};
use mio::Waker;
use serde::Serialize;

use super::block::Block;
use super::connections::ConnectionList;
use super::prepared::{Downloads, Prepared};
use crate::platform::positioned::write_all_at;
use crate::platform::private::create_temporary_file;
use crate::protocol::Side;
use reading::Cache;
use ring::Ring;
use state::State;
use watchers::Watchers;

mod frames;
mod lines;
mod reading;
mod ring;
mod state;
#[cfg(test)]
mod tests;
mod watchers;

pub(super) use reading::Want;
pub(super) use state::BlockInfo;
pub(super) use watchers::Watch;

/// The bytes of a store in memory, unless it is told otherwise.
const MEMORY: u64 = 32 << 20;

/// The bytes of a store altogether, unless it is told otherwise.
const HISTORY: u64 = 4 << 30;

/// Others may read the store after this many bytes that are added.
const SLICE: usize = 64 << 10;

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
    /// The lines are those of a recording, which may have several runs.
    pub is_recording: bool,
    /// The lines are those of `wscope URL`, whose connections may have no numbers: the page numbers them.
    pub is_connect: bool,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            memory: MEMORY,
            history: HISTORY,
            folder: std::env::temp_dir(),
            is_server: false,
            is_recording: false,
            is_connect: false,
        }
    }
}

/// How far the run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Nothing is connected: clients may come, or a user may connect again.
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
    /// What the recording that is shown lacks, or why less is kept than was asked for.
    pub recorded_end: Option<String>,
}

/// Keeps the lines of events. Threads share it.
#[derive(Debug)]
pub struct Store {
    options: StoreOptions,
    /// Locked before `state` where both are.
    appender: Mutex<Appender>,
    state: Mutex<State>,
    file: OnceLock<File>,
    cache: Mutex<Cache>,
    /// Grows with each change.
    changes: AtomicU64,
    watchers: Watchers,
    downloads: Mutex<Downloads>,
}

/// What only the thread that appends needs.
#[derive(Debug)]
struct Appender {
    /// The start of a line whose end has not come.
    partial: Vec<u8>,
    ring: Ring,
    encoded: Vec<u8>,
}

impl Store {
    /// An empty one.
    pub fn new(options: StoreOptions) -> Self {
        let memory = options.memory.min(options.history);
        let ring = Ring::new(options.history - memory);
        let state = State::new(&options);
        Self {
            options: StoreOptions { memory, ..options },
            appender: Mutex::new(Appender { partial: Vec::new(), ring, encoded: Vec::new() }),
            state: Mutex::new(state),
            file: OnceLock::new(),
            cache: Mutex::default(),
            changes: AtomicU64::new(0),
            watchers: Watchers::default(),
            downloads: Mutex::default(),
        }
    }

    /// Takes lines of `--json` with the events of frames, as recordings get them. A line may be split between calls.
    pub fn append(&self, bytes: &[u8]) {
        let mut appender = locked(&self.appender);
        let mut rest = bytes;
        if !appender.partial.is_empty() {
            let Some(length) = memchr(b'\n', rest) else {
                return appender.partial.extend_from_slice(rest);
            };
            let mut line = std::mem::take(&mut appender.partial);
            line.extend_from_slice(&rest[..length]);
            rest = &rest[length + 1..];
            self.state().line(&line);
        }
        while let Some(first) = memchr(b'\n', rest) {
            let slice = &rest[..rest.len().min(SLICE)];
            let end = memrchr(b'\n', slice).unwrap_or(first) + 1;
            let mut state = self.state();
            let mut lines = &rest[..end];
            while let Some(length) = memchr(b'\n', lines) {
                state.line(&lines[..length]);
                lines = &lines[length + 1..];
            }
            drop(state);
            rest = &rest[end..];
            self.spill(&mut appender);
        }
        self.spill(&mut appender);
        appender.partial.extend_from_slice(rest);
        drop(appender);
        self.notify();
    }

    /// Drops the start of a line whose rest will not come.
    pub fn discard_partial(&self) {
        locked(&self.appender).partial = Vec::new();
    }

    /// Moves blocks to the file until those in memory are small enough.
    fn spill(&self, appender: &mut Appender) {
        loop {
            let Some(block) = self.state().over(self.options.memory) else { return };
            let Some(room) = appender.ring.room(block.size()) else {
                if self.stays_in_memory(&block) || !self.state().drop_oldest_in_memory() {
                    return;
                }
                continue;
            };
            self.state().clear(room); // before it is overwritten: who reads meanwhile finds that it is gone
            appender.encoded.clear();
            block.encode(&mut appender.encoded);
            let written =
                self.file().and_then(|file| write_all_at(file, &appender.encoded, room.offset));
            appender.encoded.shrink_to(4 * SLICE);
            match written {
                Ok(()) => {
                    appender.ring.take(room);
                    self.state().moved(room.offset);
                }
                Err(error) => {
                    appender.ring.limit_to(room);
                    let text = format!("the file for older messages takes no more: {error}");
                    self.state().file_error = Some(text);
                }
            }
        }
    }

    /// Whether a block that is larger than the file may be is kept all the same, as everything together is not too much.
    fn stays_in_memory(&self, block: &Block) -> bool {
        let StoreOptions { memory, history, .. } = self.options;
        block.size() > history - memory && self.state().total() <= history
    }

    fn file(&self) -> io::Result<&File> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let file = create_temporary_file(&self.options.folder)?;
        Ok(self.file.get_or_init(|| file))
    }

    /// How far the run is, why, and since when (a time as in events).
    pub fn set_phase(&self, phase: Phase, why: Option<String>, time: Option<String>) {
        let mut state = self.state();
        (state.phase, state.why, state.time) = (Some(phase), why, time);
        drop(state);
        self.notify();
    }

    /// Says what the recording that is shown lacks.
    pub fn set_recorded_end(&self, text: String) {
        self.state().recorded_end = Some(text);
        self.notify();
    }

    /// Why the file for older messages takes nothing more, so that less is kept than was asked for.
    pub fn file_error(&self) -> Option<String> {
        self.state().file_error.clone()
    }

    /// What there is.
    pub fn summary(&self) -> Summary {
        self.state().summary()
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

    /// A part of the list of connections, the newest first.
    pub(super) fn connections(&self, from: usize, most: usize) -> ConnectionList {
        let connections = &mut self.state().connections;
        let version = connections.version();
        let (total, list) = connections.list(from, most);
        ConnectionList { total, version, forgotten: connections.forgotten(), list }
    }

    /// The number of each connection whose first row is before this one, and that row.
    pub(super) fn begun_before(&self, row: u64) -> BTreeMap<Option<u64>, u64> {
        self.state().connections.begun_before(row)
    }

    /// The number by which a command knows the connection that has this one on the page; `None`: it is not open.
    pub(super) fn own_number(&self, connection: Option<u64>) -> Option<Option<u64>> {
        self.state().own_number(connection)
    }

    /// Takes note that a Close frame was sent to this side.
    pub(super) fn set_closing(&self, connection: Option<u64>, to: Side) {
        let mut state = self.state();
        let connection = state.known(connection);
        state.connections.begin_close(connection, to.other());
        drop(state);
        self.notify();
    }

    /// Whether nothing more can be sent to this side of a connection, as a Close frame was.
    pub(super) fn is_closing(&self, connection: Option<u64>, to: Side) -> bool {
        let state = self.state();
        state.connections.has_closed(state.known(connection), to.other())
    }

    /// The program ends now, and why: nothing can be downloaded any more.
    pub fn end(&self, why: String, time: String) {
        locked(&self.downloads).end();
        self.set_phase(Phase::Ended, Some(why), Some(time));
    }

    /// Keeps a download until it is taken. Returns what its URL ends with; `None`: nothing can be downloaded any more.
    pub(super) fn prepare(&self, prepared: Prepared) -> Option<String> {
        locked(&self.downloads).add(prepared)
    }

    pub(super) fn take_prepared(&self, id: &str) -> Option<Prepared> {
        locked(&self.downloads).take(id)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
