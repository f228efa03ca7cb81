//! Events: the only interface between a session and its outputs.

use std::time::{Duration, Instant, SystemTime};

use crate::net::Timings;
use crate::net::tls::TlsInfo;
use crate::protocol::MessageKind;
use crate::protocol::close::Application;
use crate::protocol::close::ClosePayload;
use crate::protocol::connection::{Ending, Initiator};
use crate::protocol::violation::Violation;
use crate::protocol::vocabulary::{Counters, Direction, FrameEvent, ReadyState};
use crate::redact::Secrets;

mod closed;
pub mod failure;
pub mod head_view;
pub mod mask;
#[cfg(test)]
mod samples;
mod server_status;

pub use closed::SOON;
pub use failure::{AttemptView, FailedResponse, Failure, FailureKind};
pub use head_view::HeadView;
pub use mask::{Mask, emit_masked};
pub use server_status::ServerStatus;

/// An event with its time and connection.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// When it occurred.
    pub at: Stamp,
    /// The number of the connection, if there are several.
    pub connection: Option<u64>,
    /// The place of a data message in the run, once a view has numbered it.
    pub mark: Option<&'a Mark>,
    /// What occurred.
    pub what: EventKind<'a>,
}

/// The place of a data message in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its number, from 1, counting both directions and all connections.
    pub number: u64,
    /// The time since the request that it answers, if it answers one.
    pub latency: Option<Duration>,
}

impl Event<'_> {
    /// Whether it is a received message.
    pub fn is_received_message(&self) -> bool {
        matches!(&self.what, EventKind::Message(message) if message.direction == Direction::Received)
    }

    /// Whether it is a text message within `--count`: most displays in a pipe ignore such messages.
    #[inline]
    pub fn is_ordinary_text(&self) -> bool {
        matches!(&self.what, EventKind::Message(message)
            if message.kind == MessageKind::Text && !message.surplus)
    }
}

/// A time, by the wall clock and since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// By the system clock.
    pub wall: SystemTime,
    /// Since the program started; monotonic.
    pub elapsed: Duration,
}

/// A source of time stamps.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// The current time.
    pub fn now(&self) -> Stamp {
        Stamp { wall: SystemTime::now(), elapsed: self.start.elapsed() }
    }
}

/// The kinds of events.
#[derive(Clone, Copy, Debug)]
pub enum EventKind<'a> {
    /// An HTTP proxy has opened a tunnel. [`EventKind::Open`] contains the same data.
    Tunnel(&'a ProxyHeads),
    /// The request of the opening handshake has been sent. Secrets are already masked.
    Request(&'a HeadView),
    /// The opening handshake is complete.
    Open(&'a Opened),
    /// A data message.
    Message(Message<'a>),
    /// A data message that was streamed from a file.
    FileSent(&'a FileSent<'a>),
    /// A ping.
    Ping(Direction, &'a [u8]),
    /// A pong, with the round-trip time if it answers one of our pings.
    Pong(Direction, &'a [u8], Option<Duration>),
    /// A frame; precedes the event that it causes.
    Frame(&'a FrameEvent<'a>),
    /// A Close frame.
    CloseFrame(Direction, &'a ClosePayload),
    /// The peer violated the protocol.
    Violation(&'a Violation),
    /// The peer violated the protocol, and `--lenient` tolerates it.
    Tolerated(&'a Violation),
    /// The connection has ended.
    Closed(&'a Closed),
    /// A redirect is followed.
    Redirect(&'a Redirect),
    /// Another attempt to connect is scheduled.
    RetryScheduled(&'a RetryScheduled),
    /// An informational message or a warning.
    Notice(Level, &'a str),
    /// The run has failed, or a connection of one that goes on: at a prompt, and in transcripts of scenarios.
    Failure(&'a Failure),
    /// Output requested by the user.
    Shown(Shown<'a>),
}

/// A complete data message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Who sent it.
    pub direction: Direction,
    /// Text or binary.
    pub kind: MessageKind,
    /// The payload; valid UTF-8 if it is text, unless that violation was tolerated.
    pub data: &'a [u8],
    /// The size of frame headers and payloads, in bytes.
    pub wire_size: u64,
    /// Whether it was compressed.
    pub compressed: bool,
    /// The number of frames.
    pub frames: u64,
    /// It is already visible on the terminal, because it was typed there.
    pub typed: bool,
    /// It was received after the number of messages requested with `--count`.
    pub surplus: bool,
}

impl<'a> Message<'a> {
    /// A received message of which only the payload is known.
    pub fn received(kind: MessageKind, data: &'a [u8]) -> Self {
        Self {
            direction: Direction::Received,
            kind,
            data,
            wire_size: 0,
            compressed: false,
            frames: 1,
            typed: false,
            surplus: false,
        }
    }
}

impl Message<'_> {
    /// Whether it was received, and within the number of messages requested with `--count`.
    #[inline]
    pub fn is_requested(&self) -> bool {
        self.direction == Direction::Received && !self.surplus
    }

    /// The payload of a text message.
    pub fn text(&self) -> Option<&str> {
        match self.kind {
            MessageKind::Text => str::from_utf8(self.data).ok(),
            MessageKind::Binary => None,
        }
    }
}

/// A file that was sent as one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSent<'a> {
    /// Text or binary.
    pub kind: MessageKind,
    /// The path of the file.
    pub path: &'a str,
    /// Its length, in bytes.
    pub size: u64,
    /// The size of frame header and payload, in bytes.
    pub wire_size: u64,
}

/// A redirect that is followed. Secrets are already masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// Status code of the response.
    pub status: u16,
    /// Its reason phrase.
    pub reason: String,
    /// The URL of the request.
    pub from: String,
    /// The URL of the next request.
    pub to: String,
    /// The interim responses received before it.
    pub interim: Vec<InterimView>,
}

/// A scheduled attempt to connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryScheduled {
    /// There was a connection before; else the first attempt failed.
    pub is_reconnect: bool,
    /// The number of the attempt since the last stable connection, from 1.
    pub attempt: u64,
    /// The maximum number of attempts.
    pub limit: Option<u64>,
    /// The delay before the attempt.
    pub delay: Duration,
    /// The delay was requested by the server.
    pub is_requested: bool,
    /// The message of the failure. Secrets are already masked.
    pub reason: String,
    /// The number of inputs queued for the connection.
    pub waiting: usize,
    /// The number of messages written to the lost connection that may not have been received.
    pub unconfirmed: u64,
}

/// The level of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Information.
    Info,
    /// A possible problem.
    Warning,
}

/// An opened connection. Secrets are already masked.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Who initiated the connection.
    pub initiator: Initiator,
    /// The URL, without userinfo.
    pub url: String,
    /// The remote address: that of the peer or of the proxy.
    pub remote: String,
    /// The proxy.
    pub proxy: Option<Proxied>,
    /// The local address.
    pub local: String,
    /// Minor HTTP version of the response.
    pub http_minor: u8,
    /// Status code.
    pub status: u16,
    /// Reason phrase.
    pub reason: String,
    /// The request head.
    pub request: HeadView,
    /// The interim responses received before the response.
    pub interim: Vec<InterimView>,
    /// The response head.
    pub response: HeadView,
    /// Whether the request had credentials, in header fields or in the URL.
    pub has_credentials: bool,
    /// Subprotocols that were offered.
    pub offered: Vec<String>,
    /// The subprotocol that was chosen.
    pub protocol: Option<String>,
    /// The negotiated extensions.
    pub extensions: Option<String>,
    /// A description of the negotiated compression.
    pub compression: Option<String>,
    /// The TLS session, for wss.
    pub tls: Option<TlsInfo>,
    /// The duration of each phase.
    pub timings: Timings,
    /// Secrets that the peer may repeat, to be masked.
    pub secrets: Secrets,
}

/// The proxy that a connection goes through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxied {
    /// Its URL, without userinfo.
    pub url: String,
    /// A description with the option or variable that selected it.
    pub words: String,
    /// The CONNECT request and its responses, for an HTTP proxy. Secrets are already masked.
    pub heads: Option<ProxyHeads>,
}

/// A CONNECT request and its responses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyHeads {
    /// The request.
    pub request: HeadView,
    /// The interim responses.
    pub interim: Vec<InterimView>,
    /// The response that opened the tunnel.
    pub response: Option<HeadView>,
}

/// An interim response (RFC 9110 section 15.2). Secrets are already masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterimView {
    /// Who sent it.
    pub from: Hop,
    /// Status code, 100 to 199.
    pub status: u16,
    /// Reason phrase.
    pub reason: String,
    /// The head.
    pub head: HeadView,
}

/// The sender of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    /// The server.
    Server,
    /// The proxy that the connection goes through.
    Proxy,
}

impl Hop {
    /// The name used in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Proxy => "proxy",
        }
    }
}

/// The end of a connection, with details.
#[derive(Clone, Debug)]
pub struct Closed {
    /// Initiator, cause and close code.
    pub ending: Ending,
    /// The time without traffic before the end.
    pub quiet: Duration,
    /// The last traffic before it.
    pub last: LastTraffic,
    /// How long the connection was open.
    pub age: Duration,
    /// Totals received.
    pub received: Counters,
    /// Totals sent.
    pub sent: Counters,
    /// Our Close frame was not completely written.
    pub is_unsent: bool,
    /// What the request lacked that the server may require, if the connection ended immediately.
    pub hint: Option<String>,
    /// The application that defines the close code, if it is known.
    pub application: Option<Application>,
    /// Options to suggest.
    pub silence_advice: SilenceAdvice,
    /// A failure event with the same information follows.
    pub failure_follows: bool,
}

/// Options against lost connections that apply to this connection and are not in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SilenceAdvice {
    /// `--ping-interval`.
    pub ping_interval: bool,
    /// `--reconnect`.
    pub reconnect: bool,
    /// `--count` and `--expect`.
    pub goals: bool,
}

/// The last traffic before a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastTraffic {
    /// Nothing since the opening handshake.
    Handshake,
    /// Our data message with this number, this long before the end.
    Message(u64, Duration),
    /// A raw frame of ours, as text, this long before the end.
    Frame(String, Duration),
    /// Anything else.
    Other,
}

impl LastTraffic {
    /// A description of what we had sent, and how long before the end, if that was the last traffic.
    pub fn sent(&self) -> Option<(String, Duration)> {
        match self {
            Self::Message(number, ago) => Some((format!("message {number}"), *ago)),
            Self::Frame(words, ago) => Some((format!("frame '{words}'"), *ago)),
            Self::Handshake | Self::Other => None,
        }
    }
}

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
