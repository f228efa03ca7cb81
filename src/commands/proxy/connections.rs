//! The connections that are open, for the operator and for the end of the run.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::layout::{fitted, safe};
use crate::commands::age::age;
use crate::input::Shutdown;
use crate::platform::terminal;
use crate::protocol::close::ClosePayload;
use crate::protocol::{CloseCode, Side};
use crate::proxy::{MessageCounts, Order, Orders};

/// All clients. A clone shares them.
#[derive(Clone, Debug, Default)]
pub(super) struct Connections {
    table: Arc<Mutex<Table>>,
}

#[derive(Debug, Default)]
struct Table {
    /// Ordered by number.
    records: Vec<Record>,
    /// Attempts to open a WebSocket since the start.
    attempts: u64,
    /// Messages of connections that have ended.
    before: Messages,
    /// The proxy is ending.
    shutdown: Option<(CloseCode, Shutdown)>,
}

/// What other threads know of a client.
#[derive(Clone, Debug)]
pub(super) struct Record {
    number: u64,
    remote: SocketAddr,
    since: Instant,
    orders: Arc<Orders>,
    /// Once it is open.
    socket: Option<Socket>,
}

/// An open WebSocket.
#[derive(Clone, Debug)]
struct Socket {
    /// Path and query at the server, with secrets masked.
    resource: String,
    subprotocol: Option<String>,
    messages: MessageCounts,
}

/// How many messages clients and servers have sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Messages {
    pub(super) client: u64,
    pub(super) server: u64,
}

/// What is counted of all connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    /// Open WebSockets.
    pub(super) open: usize,
    /// Attempts to open one.
    pub(super) attempts: u64,
    pub(super) messages: Messages,
}

/// Why a client is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotAdmitted {
    /// There are as many as there may be.
    Full,
    /// No further WebSocket is opened: `--once`, `--connections`.
    Last,
    /// The proxy is ending.
    Ending,
}

impl Connections {
    /// Adds a client.
    pub(super) fn admit(&self, limit: usize, record: Record) -> Result<(), NotAdmitted> {
        let mut table = self.table();
        if table.shutdown.is_some() {
            return Err(NotAdmitted::Ending);
        }
        if table.records.len() >= limit {
            return Err(NotAdmitted::Full);
        }
        table.records.push(record);
        Ok(())
    }

    /// Counts an attempt to open a WebSocket, of which there may be `most`.
    pub(super) fn begin(&self, most: Option<u64>) -> Result<(), NotAdmitted> {
        let mut table = self.table();
        if table.shutdown.is_some() {
            return Err(NotAdmitted::Ending);
        }
        if most.is_some_and(|most| table.attempts >= most) {
            return Err(NotAdmitted::Last);
        }
        table.attempts += 1;
        Ok(())
    }

    /// Records that a client's WebSocket is open. `resource` has no secrets. Returns what counts its messages.
    pub(super) fn open(
        &self,
        number: u64,
        resource: String,
        subprotocol: Option<String>,
    ) -> MessageCounts {
        let messages = MessageCounts::default();
        let mut table = self.table();
        if let Some(record) = table.records.iter_mut().find(|record| record.number == number) {
            record.since = Instant::now();
            record.socket = Some(Socket { resource, subprotocol, messages: messages.clone() });
        }
        messages
    }

    /// Removes a client, which was reported completely.
    pub(super) fn remove(&self, number: u64) {
        let mut table = self.table();
        let Some(at) = table.records.iter().position(|record| record.number == number) else {
            return;
        };
        let messages = table.records.remove(at).messages();
        table.before.add(messages);
    }

    /// Closes all connections, and admits no more.
    pub(super) fn shut_down(&self, code: CloseCode, shutdown: Shutdown) {
        let mut table = self.table();
        table.shutdown = Some((code, shutdown));
        for record in &table.records {
            record.orders.push(Order::ShutDown {
                payload: ClosePayload { code: Some(code), reason: String::new() },
                until: shutdown.until,
            });
        }
    }

    /// Has all of them look at the rules, and at whether messages are held.
    pub(super) fn refresh(&self) {
        for record in self.table().records.iter().filter(|record| record.socket.is_some()) {
            record.orders.push(Order::Refresh);
        }
    }

    /// Where an open WebSocket takes orders.
    ///
    /// # Errors
    /// If there is none with this number, in words.
    pub(super) fn orders(&self, number: u64) -> Result<Arc<Orders>, String> {
        let table = self.table();
        match table.records.iter().find(|record| record.number == number) {
            Some(Record { orders, socket: Some(_), .. }) => Ok(Arc::clone(orders)),
            Some(_) => Err(format!("connection {number} is not a WebSocket that is open")),
            None => Err(format!("no connection {number}; /connections lists the open ones")),
        }
    }

    /// The numbers of the open WebSockets, each with what it is.
    pub(super) fn list(&self) -> Vec<(u64, String)> {
        let table = self.table();
        let what = |record: &Record| {
            let socket = record.socket.as_ref()?;
            Some((record.number, format!("{} {}", record.remote, socket.resource)))
        };
        table.records.iter().filter_map(what).collect()
    }

    /// A line for each open WebSocket.
    pub(super) fn table_text(&self) -> String {
        let rows: Vec<_> = self.table().records.iter().filter_map(Record::row).collect();
        match rows.is_empty() {
            true => "  no connection is open".to_owned(),
            false => fitted(rows, RESOURCE, terminal::width()),
        }
    }

    /// Counts all of them.
    pub(super) fn totals(&self) -> Totals {
        let table = self.table();
        let mut messages = table.before;
        table.records.iter().for_each(|record| messages.add(record.messages()));
        let open = table.records.iter().filter(|record| record.socket.is_some()).count();
        Totals { open, attempts: table.attempts, messages }
    }

    /// Whether there are none.
    pub(super) fn have_finished(&self) -> bool {
        self.table().records.is_empty()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The column of the path and query in the list.
const RESOURCE: usize = 3;

impl Record {
    /// A client that has just connected.
    pub(super) fn new(number: u64, remote: SocketAddr, orders: Arc<Orders>) -> Self {
        Self { number, remote, since: Instant::now(), orders, socket: None }
    }

    fn messages(&self) -> Messages {
        self.socket.as_ref().map_or_else(Messages::default, |socket| Messages {
            client: socket.messages.of(Side::Client),
            server: socket.messages.of(Side::Server),
        })
    }

    /// Its column [`RESOURCE`] may be cut.
    fn row(&self) -> Option<[String; 6]> {
        let socket = self.socket.as_ref()?;
        let Messages { client, server } = self.messages();
        Some([
            format!("#{}", self.number),
            self.remote.to_string(),
            age(self.since.elapsed()),
            safe(&socket.resource),
            socket.subprotocol.as_deref().map_or_else(|| "no subprotocol".to_owned(), safe),
            format!("client {client}, server {server}"),
        ])
    }
}

impl Messages {
    fn add(&mut self, more: Self) {
        self.client += more.client;
        self.server += more.server;
    }
}
