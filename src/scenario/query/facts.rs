//! What the queries look at. Plain data: whoever runs a scenario fills it in.

use std::time::Duration;

use jiff::Timestamp;

use super::value::Value;
use crate::protocol::MessageKind;
use crate::scenario::language::Values;

/// What the sections behind a step judge.
#[derive(Clone, Copy, Debug)]
pub enum Facts<'a> {
    /// Behind `WS` and `HTTP`.
    Handshake(&'a HandshakeFacts),
    /// Behind a step that took a message.
    Message(&'a MessageFacts<'a>),
    /// Behind `< close:`.
    Close(&'a CloseFacts),
    /// Behind `< pong:`.
    Pong(&'a PongFacts),
    /// Behind `DURING`.
    Period(&'a PeriodFacts<'a>),
    /// Behind `$`.
    Command(&'a CommandFacts),
    /// Behind a step that takes nothing.
    Nothing,
}

/// Variables with their types.
pub trait Variables: Values {
    /// The value of this name, if there is one: a captured one as it was captured, one that was given as
    /// text by [`Value::from_variable`].
    fn typed(&self, name: &str) -> Option<Value>;
}

/// A message.
#[derive(Clone, Copy, Debug)]
pub struct MessageFacts<'a> {
    /// Text or binary.
    pub kind: MessageKind,
    /// Its data, decompressed.
    pub data: &'a [u8],
    /// Its bytes on the wire, with frame headers.
    pub wire_size: u64,
    /// The number of its frames.
    pub frames: u64,
    /// Whether it came compressed.
    pub is_compressed: bool,
    /// The time since the last send on the connection, if something has been sent.
    pub duration: Option<Duration>,
}

/// The end of a connection.
#[derive(Clone, Debug, Default)]
pub struct CloseFacts {
    /// The code: of the peer's Close, 1005 without one in it, 1006 without a Close.
    pub code: u16,
    /// The reason in the peer's Close.
    pub reason: String,
    /// Whether both sent a Close.
    pub is_clean: bool,
    /// Whether the peer closed first.
    pub is_by_peer: bool,
}

/// A pong.
#[derive(Clone, Copy, Debug, Default)]
pub struct PongFacts {
    /// The time since its ping, if we sent one with this data.
    pub rtt: Option<Duration>,
}

/// The handshake.
#[derive(Clone, Debug, Default)]
pub struct HandshakeFacts {
    /// The status code of the response.
    pub status: u16,
    /// The headers of the response, in order.
    pub headers: Vec<(String, String)>,
    /// The negotiated subprotocol.
    pub subprotocol: Option<String>,
    /// The negotiated extensions, as the header has them.
    pub extensions: Option<String>,
    /// The body of a response other than 101.
    pub body: Option<Vec<u8>>,
    /// How long it took.
    pub timings: Timings,
    /// The version of TLS, such as `TLSv1.3`.
    pub tls_version: Option<String>,
    /// The server's certificate.
    pub certificate: Option<CertificateFacts>,
}

/// How long the phases of connecting took; a phase that did not happen has no time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timings {
    /// The lookup of the host.
    pub dns: Option<Duration>,
    /// The TCP connection.
    pub tcp: Option<Duration>,
    /// The TLS handshake.
    pub tls: Option<Duration>,
    /// The WebSocket handshake.
    pub upgrade: Option<Duration>,
    /// All of them.
    pub total: Option<Duration>,
}

/// A certificate.
#[derive(Clone, Debug, Default)]
pub struct CertificateFacts {
    /// Whom it is for.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// When it ends.
    pub not_after: Timestamp,
    /// The days until then, negative when it has ended.
    pub days_left: i64,
}

/// The messages of a period.
#[derive(Clone, Debug, Default)]
pub struct PeriodFacts<'a> {
    /// How long the period was.
    pub length: Duration,
    /// The messages, in order, each with the time of its arrival: since the period began or, if the first was kept
    /// before, since that came.
    pub messages: Vec<(Duration, MessageFacts<'a>)>,
}

/// A command that has ended.
#[derive(Clone, Debug, Default)]
pub struct CommandFacts {
    /// All that it wrote to standard output.
    pub stdout: Vec<u8>,
    /// Its exit status; none if a signal ended it.
    pub exit: Option<i32>,
}
