//! Output requested by the user.

use std::time::Duration;

use super::{Message, Opened, ServerStatus};
use crate::protocol::vocabulary::{Counters, ReadyState};

/// Output requested by the user.
#[derive(Clone, Copy, Debug)]
pub enum Shown<'a> {
    /// The state of the connection.
    Status(&'a Status),
    /// The state of a server.
    ServerStatus(&'a ServerStatus),
    /// The heads of the opening handshake.
    Headers(&'a Opened),
    /// A message, not truncated.
    Full(Message<'a>),
    /// The message with this number, for the clipboard of the terminal.
    Copied(u64, Message<'a>),
    /// Lines of text, such as help.
    Text(&'a str),
    /// Lines that are left as they are, to be copied: what is longer than the screen is not laid out.
    Lines(&'a str),
    /// A command that is invalid or failed.
    Problem(&'a str),
    /// The report on a connection that failed, while the run goes on.
    Failure(&'a str),
}

/// The state of the connection.
#[derive(Clone, Debug)]
pub struct Status {
    /// The URL, without userinfo.
    pub url: String,
    /// The state as `readyState` of the WebSocket API.
    pub state: ReadyState,
    /// The subprotocol in use.
    pub protocol: Option<String>,
    /// The extensions in use.
    pub extensions: Option<String>,
    /// A description of the negotiated compression.
    pub compression: Option<String>,
    /// Bytes not accepted by the kernel yet.
    pub buffered: usize,
    /// Totals received.
    pub received: Counters,
    /// Totals sent.
    pub sent: Counters,
    /// The last round-trip time measured.
    pub rtt: Option<Duration>,
    /// How long the connection has been open.
    pub age: Duration,
}
