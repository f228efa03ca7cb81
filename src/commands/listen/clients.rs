//! The connected clients, and sending to several of them.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::commands::age::age;
use crate::config::Broadcast;
use crate::input::Shutdown;
use crate::input::queue::{ClientQueue, Enqueued, QueuedAction};
use crate::output::escape::{Newlines, escape};
use crate::protocol::CloseCode;

/// The recipients of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recipients {
    /// Every client.
    All,
    /// The client with this number.
    One(u64),
}

/// What became of an action that was pushed to the queues of clients.
#[derive(Debug, Default)]
pub(super) struct Pushed {
    /// How many queues it is in.
    pub(super) waiting: usize,
    /// How many are being closed and do not accept it.
    pub(super) closing: usize,
    /// Whose queue is over its limit.
    pub(super) too_slow: Vec<u64>,
}

/// What other threads know of a client.
#[derive(Clone, Debug)]
pub(super) struct ClientRecord {
    pub(super) number: u64,
    pub(super) queue: ClientQueue,
    pub(super) remote: SocketAddr,
    /// The request target, with secrets masked.
    pub(super) target: String,
    pub(super) protocol: Option<String>,
    pub(super) since: Instant,
    pub(super) received: Arc<AtomicU64>,
    /// Messages that are sent to each client first, in addition to the queue.
    pub(super) greetings: u64,
    pub(super) echoes: bool,
    /// The number of messages of a recorded server that were sent.
    pub(super) replayed: Arc<AtomicU64>,
}

/// All clients.
#[derive(Debug, Default)]
pub(super) struct Clients {
    table: Mutex<ClientTable>,
}

#[derive(Debug, Default)]
struct ClientTable {
    /// Ordered by number.
    records: Vec<ClientRecord>,
    /// How many there have been since the start.
    admitted: usize,
    /// How many of those have not been reported completely.
    unfinished: usize,
    /// Messages of the clients that have disconnected.
    disconnected: Messages,
    /// All have been closed, because the server is shutting down.
    is_ending: bool,
}

/// Data messages in each direction.
#[derive(Clone, Copy, Debug, Default)]
struct Messages {
    received: u64,
    sent: u64,
}

/// How many clients and messages there are and have been.
#[derive(Clone, Copy, Debug)]
pub(super) struct Totals {
    pub(super) connected: usize,
    pub(super) admitted: usize,
    pub(super) received: u64,
    pub(super) sent: u64,
}

/// Why no more clients are admitted.
#[derive(Clone, Copy, Debug)]
pub(super) enum NotAdmitted {
    /// The maximum number of clients is connected.
    Full,
    /// The server is shutting down.
    Ending,
}

impl Clients {
    /// Adds one; `once`: no other one is ever admitted.
    pub(super) fn admit(
        &self,
        limit: usize,
        once: bool,
        record: impl FnOnce() -> ClientRecord,
    ) -> Result<u64, NotAdmitted> {
        let mut table = self.lock();
        if table.is_ending {
            return Err(NotAdmitted::Ending);
        }
        // Threads that wait until a stalled output accepts their last lines are limited too.
        let is_full = table.records.len() >= limit || table.unfinished >= limit.saturating_mul(2);
        if is_full || (once && table.admitted > 0) {
            return Err(NotAdmitted::Full);
        }
        let record = record();
        let number = record.number;
        table.records.push(record);
        table.admitted += 1;
        table.unfinished += 1;
        Ok(number)
    }

    /// Removes one from the list, so that another can be admitted.
    pub(super) fn remove(&self, number: u64) {
        let mut table = self.lock();
        if let Some(record) = table.take(number) {
            let Messages { received, sent } = record.messages();
            table.disconnected.received += received;
            table.disconnected.sent += sent;
        }
    }

    /// Removes one from the list that never became a client.
    pub(super) fn withdraw(&self, number: u64) {
        let mut table = self.lock();
        table.take(number);
        table.admitted -= 1;
        table.unfinished -= 1;
    }

    /// Records that one that was removed from the list has been reported completely.
    pub(super) fn finish(&self) {
        self.lock().unfinished -= 1;
    }

    /// Whether all have been reported completely.
    pub(super) fn have_finished(&self) -> bool {
        self.lock().unfinished == 0
    }

    /// Whether any has room in its queue. A source that can wait is read as fast as the fastest client receives.
    pub(super) fn have_room(&self) -> bool {
        self.lock().records.iter().any(|record| record.queue.has_room())
    }

    /// Pushes it to the queues of these clients, in the same order for all.
    pub(super) fn push(&self, to: Recipients, outgoing: &QueuedAction) -> Pushed {
        self.push_where(outgoing, |number| to == Recipients::All || to == Recipients::One(number))
    }

    /// Pushes what client `from` sent to the queues of the others, or of all. Returns which are too slow.
    pub(super) fn relay(&self, from: u64, whom: Broadcast, outgoing: &QueuedAction) -> Vec<u64> {
        self.push_where(outgoing, |number| whom == Broadcast::All || number != from).too_slow
    }

    fn push_where(&self, outgoing: &QueuedAction, is_for: impl Fn(u64) -> bool) -> Pushed {
        let table = self.lock();
        let mut pushed = Pushed::default();
        for record in table.records.iter().filter(|record| is_for(record.number)) {
            match record.queue.push(outgoing.clone()) {
                Enqueued::Waiting => pushed.waiting += 1,
                Enqueued::Overrun => pushed.too_slow.push(record.number),
                Enqueued::Closed => pushed.closing += 1,
            }
        }
        pushed
    }

    /// Closes one connection; false if there is none.
    pub(super) fn kick(&self, number: u64, code: CloseCode, reason: &str) -> bool {
        let table = self.lock();
        let found = table.records.iter().find(|record| record.number == number);
        found.map(|record| record.queue.kick(code, reason)).is_some()
    }

    /// Whether a client with this number is connected.
    pub(super) fn has(&self, number: u64) -> bool {
        self.lock().records.iter().any(|record| record.number == number)
    }

    /// Ends all sessions, and admits no more clients.
    pub(super) fn shut_down(&self, code: CloseCode, shutdown: Shutdown) {
        let mut table = self.lock();
        table.is_ending = true;
        for record in &table.records {
            record.queue.shut_down(code, shutdown);
        }
    }

    /// A line for each client.
    pub(super) fn table(&self) -> String {
        let records = self.lock().records.clone();
        if records.is_empty() {
            return "  no client is connected".to_owned();
        }
        let rows: Vec<_> = records.iter().map(ClientRecord::row).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
        let widths: Vec<_> = (0..5).map(|column| width(column).unwrap_or_default()).collect();
        let line = |row: &[String; 6]| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}  "));
            format!("  {}{}", cells.collect::<String>(), row[5])
        };
        rows.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Counts all clients and their messages.
    pub(super) fn totals(&self) -> Totals {
        let table = self.lock();
        let Messages { mut received, mut sent } = table.disconnected;
        for messages in table.records.iter().map(ClientRecord::messages) {
            received += messages.received;
            sent += messages.sent;
        }
        Totals { connected: table.records.len(), admitted: table.admitted, received, sent }
    }

    fn lock(&self) -> MutexGuard<'_, ClientTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientTable {
    fn take(&mut self, number: u64) -> Option<ClientRecord> {
        let at = self.records.iter().position(|record| record.number == number)?;
        Some(self.records.remove(at))
    }
}

impl ClientRecord {
    fn messages(&self) -> Messages {
        let received = self.received.load(Ordering::Relaxed);
        let echoed = if self.echoes { received } else { 0 };
        let replayed = self.replayed.load(Ordering::Relaxed);
        Messages { received, sent: self.greetings + self.queue.taken() + echoed + replayed }
    }

    fn row(&self) -> [String; 6] {
        let safe = |text: &str| escape(text, Newlines::Escape).into_owned();
        let Messages { received, sent } = self.messages();
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
