//! The state of a server.

use std::time::Duration;

/// What the operator of a server is shown of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerStatus {
    /// What it listens on.
    pub url: String,
    /// Clients that are connected.
    pub clients: usize,
    /// Clients that have ever been connected.
    pub admitted: usize,
    /// Data messages received from all clients.
    pub received: u64,
    /// Data messages sent to all clients.
    pub sent: u64,
    /// Bytes of memory that messages are held in.
    pub memory: usize,
    /// How many there may be.
    pub memory_limit: usize,
    /// How long it has been running.
    pub age: Duration,
}
