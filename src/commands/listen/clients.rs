//! Who is connected, and what is sent to several of them.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::config::Broadcast;
use crate::input::Shutdown;
use crate::input::queue::{ClientQueue, Enqueued, Outgoing};
use crate::input::repl::Recipients;
use crate::output::escape::{Newlines, escape};
use crate::protocol::CloseCode;

/// A client, seen from outside its thread.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) number: u64,
    pub(super) queue: ClientQueue,
    pub(super) remote: SocketAddr,
    /// The request target, as it may be shown.
    pub(super) target: String,
    pub(super) protocol: Option<String>,
    pub(super) since: Instant,
    pub(super) received: Arc<AtomicU64>,
    /// Messages that each client is sent first, beside the queue.
    pub(super) greetings: u64,
    pub(super) echoes: bool,
}

/// All clients.
#[derive(Debug, Default)]
pub(super) struct Clients {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Ordered by number.
    entries: Vec<Entry>,
    /// How many there have been.
    admitted: usize,
    /// How many of those have not been told to their end.
    unfinished: usize,
    /// All have been closed, since the server ends.
    is_ending: bool,
}

/// Why no more clients are taken.
#[derive(Clone, Copy, Debug)]
pub(super) enum NotAdmitted {
    /// There are as many as there may be.
    Full,
    /// The server ends.
    Ending,
}

impl Clients {
    /// Adds one; `once`: the only one ever.
    pub(super) fn admit(
        &self,
        limit: usize,
        once: bool,
        entry: impl FnOnce() -> Entry,
    ) -> Result<u64, NotAdmitted> {
        let mut state = self.state();
        if state.is_ending {
            return Err(NotAdmitted::Ending);
        }
        // Threads that wait for a stalled output to take their last lines are limited too.
        let is_full = state.entries.len() >= limit || state.unfinished >= limit.saturating_mul(2);
        if is_full || (once && state.admitted > 0) {
            return Err(NotAdmitted::Full);
        }
        let entry = entry();
        let number = entry.number;
        state.entries.push(entry);
        state.admitted += 1;
        state.unfinished += 1;
        Ok(number)
    }

    /// Takes one off the list: there is room for another.
    pub(super) fn remove(&self, number: u64) {
        self.state().entries.retain(|entry| entry.number != number);
    }

    /// Takes one off the list that never became a client.
    pub(super) fn withdraw(&self, number: u64) {
        self.remove(number);
        self.state().admitted -= 1;
        self.finish();
    }

    /// Takes note that all has been told of one that was taken off the list.
    pub(super) fn finish(&self) {
        self.state().unfinished -= 1;
    }

    /// Whether all has been told of all.
    pub(super) fn have_finished(&self) -> bool {
        self.state().unfinished == 0
    }

    /// Whether any can be sent more. The fastest sets the pace of a source that can wait.
    pub(super) fn have_room(&self) -> bool {
        self.state().entries.iter().any(|entry| entry.queue.has_room())
    }

    /// Pushes it to the queues of these, in the same order for all. Returns how many there are, and who is too slow.
    pub(super) fn push(&self, to: Recipients, outgoing: &Outgoing) -> (usize, Vec<u64>) {
        self.send_where(outgoing, |number| to == Recipients::All || to == Recipients::One(number))
    }

    /// Sends on what client `from` sent. Returns who is too slow.
    pub(super) fn relay(&self, from: u64, whom: Broadcast, outgoing: &Outgoing) -> Vec<u64> {
        self.send_where(outgoing, |number| whom == Broadcast::All || number != from).1
    }

    fn send_where(&self, outgoing: &Outgoing, is_for: impl Fn(u64) -> bool) -> (usize, Vec<u64>) {
        let state = self.state();
        let (mut count, mut too_slow) = (0, Vec::new());
        for entry in state.entries.iter().filter(|entry| is_for(entry.number)) {
            match entry.queue.push(outgoing.clone()) {
                Enqueued::Waiting => count += 1,
                Enqueued::Overrun => too_slow.push(entry.number),
                Enqueued::Closed => {}
            }
        }
        (count, too_slow)
    }

    /// Closes one connection; false if there is none.
    pub(super) fn kick(&self, number: u64, code: CloseCode, reason: &str) -> bool {
        let state = self.state();
        let found = state.entries.iter().find(|entry| entry.number == number);
        found.map(|entry| entry.queue.kick(code, reason)).is_some()
    }

    /// Ends all sessions, and admits no more clients.
    pub(super) fn shut_down(&self, code: CloseCode, shutdown: Shutdown) {
        let mut state = self.state();
        state.is_ending = true;
        for entry in &state.entries {
            entry.queue.shut_down(code, shutdown);
        }
    }

    /// A line for each client.
    pub(super) fn table(&self) -> String {
        let entries = self.state().entries.clone();
        if entries.is_empty() {
            return "  nobody is connected".to_owned();
        }
        let rows: Vec<_> = entries.iter().map(Entry::row).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
        let widths: Vec<_> = (0..5).map(|column| width(column).unwrap_or_default()).collect();
        let line = |row: &[String; 6]| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}  "));
            format!("  {}{}", cells.collect::<String>(), row[5])
        };
        rows.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn row(&self) -> [String; 6] {
        let safe = |text: &str| escape(text, Newlines::Escape).into_owned();
        let received = self.received.load(Ordering::Relaxed);
        let echoed = if self.echoes { received } else { 0 };
        let sent = self.greetings + self.queue.taken() + echoed;
        [
            format!("#{}", self.number),
            self.remote.to_string(),
            age(self.since.elapsed()),
            safe(&self.target),
            self.protocol.as_deref().map_or_else(|| "no subprotocol".to_owned(), safe),
            format!("received {received}, sent {sent}"),
        ]
    }
}

fn age(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}
