//! The connections that are open, for the operator and for the end of the run.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::input::Shutdown;
use crate::protocol::CloseCode;
use crate::protocol::close::ClosePayload;
use crate::proxy::{Order, Orders};

/// All clients.
#[derive(Debug, Default)]
pub(super) struct Connections {
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    /// Ordered by number.
    records: Vec<Record>,
    /// Attempts to open a WebSocket since the start.
    attempts: u64,
    /// The proxy is ending.
    shutdown: Option<(CloseCode, Shutdown)>,
}

/// What other threads know of a client.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) number: u64,
    pub(super) remote: SocketAddr,
    pub(super) since: Instant,
    pub(super) orders: Arc<Orders>,
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

    /// Removes a client, which was reported completely.
    pub(super) fn remove(&self, number: u64) {
        self.table().records.retain(|record| record.number != number);
    }

    /// Closes all connections, and admits no more.
    pub(super) fn shut_down(&self, code: CloseCode, shutdown: Shutdown) {
        let mut table = self.table();
        table.shutdown = Some((code, shutdown));
        for record in &table.records {
            record.orders.push(Order::Close {
                payload: ClosePayload { code: Some(code), reason: String::new() },
                why: "the proxy is ending".to_owned(),
                until: shutdown.until,
            });
        }
    }

    /// Whether the proxy is ending.
    pub(super) fn is_ending(&self) -> bool {
        self.table().shutdown.is_some()
    }

    /// Whether there are none.
    pub(super) fn have_finished(&self) -> bool {
        self.table().records.is_empty()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
