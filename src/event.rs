//! The vocabulary between what happens and what is shown: outputs see nothing else.

use std::time::{Duration, Instant, SystemTime};

use crate::net::Timings;
use crate::net::tls::TlsInfo;
use crate::net::upgrade::Interim;
use crate::protocol::MessageKind;
use crate::protocol::close::Application;
use crate::protocol::close::ClosePayload;
use crate::protocol::connection::{Ending, Party};
use crate::protocol::violation::Violation;
use crate::protocol::vocabulary::{Counters, Direction, FrameEvent, ReadyState};
use crate::redact::{Redaction, Secrets};

mod closed;
pub mod failure;
pub mod head_view;
pub mod secrets;
mod server_status;

pub use closed::SOON;
pub use failure::{FailedResponse, Failure, FailureKind};
pub use head_view::HeadView;
pub use server_status::ServerStatus;

/// Something that happened, with when and on which connection.
#[derive(Debug)]
pub struct Event<'a> {
    /// When.
    pub at: Stamp,
    /// Which of several connections.
    pub connection: Option<u64>,
    /// What.
    pub what: EventKind<'a>,
}

impl Event<'_> {
    /// Whether it is a message that the peer sent.
    pub fn is_received_message(&self) -> bool {
        matches!(&self.what, EventKind::Message(message) if message.direction == Direction::Received)
    }

    /// Whether it is a text message that is not more than was asked for: most displays beside a pipe
    /// ignore those.
    #[inline]
    pub fn is_ordinary_text(&self) -> bool {
        matches!(&self.what, EventKind::Message(message)
            if message.kind == MessageKind::Text && !message.surplus)
    }
}

/// A moment, by the calendar and since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// By the system's clock.
    pub wall: SystemTime,
    /// Since the program started; monotonic.
    pub elapsed: Duration,
}

/// Makes stamps.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// This moment.
    pub fn now(&self) -> Stamp {
        Stamp { wall: SystemTime::now(), elapsed: self.start.elapsed() }
    }
}

/// What happened.
#[derive(Debug)]
pub enum EventKind<'a> {
    /// An HTTP proxy has opened a tunnel. [`EventKind::Open`] has the same again.
    Tunnel(&'a ProxyHeads),
    /// The request of the opening handshake has been sent. Secrets are already masked.
    Request(&'a HeadView),
    /// The opening handshake is done.
    Open(&'a Opened),
    /// A data message.
    Message(Message<'a>),
    /// A data message that was sent from a file and never was in memory as a whole.
    FileSent(&'a FileSent<'a>),
    /// A ping.
    Ping(Direction, &'a [u8]),
    /// A pong, with the round-trip time when it answers a ping of ours.
    Pong(Direction, &'a [u8], Option<Duration>),
    /// A frame, before what it means.
    Frame(&'a FrameEvent<'a>),
    /// A Close frame.
    CloseFrame(Direction, &'a ClosePayload),
    /// The peer broke the protocol.
    Violation(&'a Violation),
    /// The peer broke the protocol, and `--lenient` tolerates it.
    Tolerated(&'a Violation),
    /// The connection is over.
    Closed(&'a Closed),
    /// The server sends us on.
    Redirect(&'a Redirect),
    /// There will be another attempt to connect.
    RetryScheduled(&'a RetryScheduled),
    /// Something worth knowing that is not a failure.
    Notice(Level, &'a str),
    /// The run has failed. The last event, if there is one.
    Failure(&'a Failure),
    /// The user asked to see something.
    Shown(Shown<'a>),
}

/// A data message, whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Who sent it.
    pub direction: Direction,
    /// Text or binary.
    pub kind: MessageKind,
    /// Its payload; valid UTF-8 if it is text, unless that was tolerated.
    pub data: &'a [u8],
    /// Frame headers and payloads, in bytes.
    pub wire_size: u64,
    /// Whether it came or went compressed.
    pub compressed: bool,
    /// How many frames.
    pub frames: u64,
    /// It can already be seen on the terminal, because it was typed there.
    pub typed: bool,
    /// It came after as many as were asked for (`--count`).
    pub surplus: bool,
}

impl<'a> Message<'a> {
    /// One that was received, of which only the payload is known.
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
    /// The payload of a text message.
    pub fn text(&self) -> Option<&str> {
        match self.kind {
            MessageKind::Text => str::from_utf8(self.data).ok(),
            MessageKind::Binary => None,
        }
    }
}

/// A file that was sent as one message while it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSent<'a> {
    /// Text or binary.
    pub kind: MessageKind,
    /// Where the file is.
    pub path: &'a str,
    /// Its length, in bytes.
    pub size: u64,
    /// Frame header and payload, in bytes.
    pub wire_size: u64,
}

/// A redirect that is followed. Secrets are already masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// Status code of the response.
    pub status: u16,
    /// Its reason phrase.
    pub reason: String,
    /// The URL that was asked.
    pub from: String,
    /// The URL to ask next.
    pub to: String,
    /// The interim responses that came before it.
    pub interim: Vec<InterimView>,
}

/// An attempt to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryScheduled {
    /// There was a connection before; else it is the first one that failed.
    pub is_reconnect: bool,
    /// Which attempt since the last connection that stood, from 1.
    pub attempt: u64,
    /// How many there may be.
    pub limit: Option<u64>,
    /// When, from now.
    pub delay: Duration,
    /// The server asked for that long.
    pub is_asked: bool,
    /// What went wrong, in the words of a failure: safe to be shown.
    pub reason: String,
    /// Inputs that wait for the connection.
    pub waiting: usize,
    /// Messages that the lost connection had taken and that may not have arrived.
    pub unconfirmed: u64,
}

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Worth knowing.
    Info,
    /// Probably not what was wanted.
    Warning,
}

/// An opened connection. Secrets are already masked.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Who asked for the connection.
    pub initiator: Party,
    /// The URL, without userinfo.
    pub url: String,
    /// The address that we are connected to: the peer's, or that of the proxy.
    pub remote: String,
    /// The proxy in between.
    pub proxy: Option<Proxied>,
    /// Ours.
    pub local: String,
    /// Minor HTTP version of the response.
    pub http_minor: u8,
    /// Status code.
    pub status: u16,
    /// Reason phrase.
    pub reason: String,
    /// The request head.
    pub request: HeadView,
    /// The interim responses that came before the response.
    pub interim: Vec<InterimView>,
    /// The response head.
    pub response: HeadView,
    /// Whether it had credentials, in header fields or in the URL.
    pub has_credentials: bool,
    /// Subprotocols that were offered.
    pub offered: Vec<String>,
    /// The one chosen.
    pub protocol: Option<String>,
    /// The extensions agreed on.
    pub extensions: Option<String>,
    /// What that means for compression, in words.
    pub compression: Option<String>,
    /// For wss.
    pub tls: Option<TlsInfo>,
    /// How long it took.
    pub timings: Timings,
    /// What the peer may say again and is not to be shown.
    pub secrets: Secrets,
}

/// The proxy that a connection goes through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxied {
    /// Its URL, without userinfo.
    pub url: String,
    /// The same in words, with who said that it is to be used.
    pub words: String,
    /// The CONNECT request and what came of it, from an HTTP proxy. Secrets are already masked.
    pub heads: Option<ProxyHeads>,
}

/// A CONNECT request and the answer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyHeads {
    /// The request.
    pub request: HeadView,
    /// The interim responses to it.
    pub interim: Vec<InterimView>,
    /// The response that opened the tunnel.
    pub response: Option<HeadView>,
}

/// An interim response (RFC 9110 section 15.2). Secrets are already masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterimView {
    /// Whose it is.
    pub from: Hop,
    /// Status code, 100 to 199.
    pub status: u16,
    /// Reason phrase.
    pub reason: String,
    /// The head.
    pub head: HeadView,
}

impl InterimView {
    /// What may be shown of several.
    pub fn all(
        interim: &[Interim],
        from: Hop,
        redaction: Redaction,
        secrets: &Secrets,
    ) -> Vec<Self> {
        interim.iter().map(|it| Self::new(it, from, redaction, secrets)).collect()
    }

    /// What may be shown of it.
    pub fn new(interim: &Interim, from: Hop, redaction: Redaction, secrets: &Secrets) -> Self {
        Self {
            from,
            status: interim.line.status,
            reason: secrets.mask_text(interim.line.reason.clone()),
            head: HeadView::new(&interim.head, redaction).without(secrets),
        }
    }
}

/// Who answers a request.
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

/// The end of a connection, with its circumstances.
#[derive(Clone, Debug)]
pub struct Closed {
    /// Who, how, with which code.
    pub ending: Ending,
    /// How long nothing had come or gone before the end.
    pub quiet: Duration,
    /// What came or went then.
    pub last: LastTraffic,
    /// How long the connection had been open.
    pub age: Duration,
    /// What came.
    pub received: Counters,
    /// What went.
    pub sent: Counters,
    /// The transport has not taken our Close frame.
    pub is_unsent: bool,
    /// What the request lacked that the server may require, if the connection ended at once.
    pub hint: Option<String>,
    /// Whose close codes these are, if that is known.
    pub application: Option<Application>,
    /// Options that could be tried.
    pub silence_advice: SilenceAdvice,
    /// A failure follows that tells the same.
    pub failure_follows: bool,
}

/// Options against lost connections that exist for this connection and are not in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SilenceAdvice {
    /// `--ping-interval`.
    pub ping_interval: bool,
    /// `--reconnect`.
    pub reconnect: bool,
    /// `--count` and `--expect`.
    pub goals: bool,
}

/// What came or went last before a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastTraffic {
    /// Nothing since the opening handshake.
    Handshake,
    /// Our data message of this number, so long before the end.
    Message(u64, Duration),
    /// A raw frame of ours, in words, so long before the end.
    Frame(String, Duration),
    /// Anything else.
    Other,
}

impl LastTraffic {
    /// What we had sent, in words, and how long before the end, if it was that.
    pub fn sent(&self) -> Option<(String, Duration)> {
        match self {
            Self::Message(number, ago) => Some((format!("message {number}"), *ago)),
            Self::Frame(words, ago) => Some((format!("frame '{words}'"), *ago)),
            Self::Handshake | Self::Other => None,
        }
    }
}

/// Something the user asked to see.
#[derive(Debug)]
pub enum Shown<'a> {
    /// The state of the connection.
    Status(&'a Status),
    /// The state of a server.
    ServerStatus(&'a ServerStatus),
    /// The heads of the opening handshake.
    Headers(&'a Opened),
    /// The last message, whole.
    Full(Message<'a>),
    /// Lines of text, such as help.
    Text(&'a str),
    /// A command that was not understood or could not be done.
    Problem(&'a str),
}

/// The state of the connection.
#[derive(Clone, Debug)]
pub struct Status {
    /// The URL, without userinfo.
    pub url: String,
    /// The state in the words of the WebSocket API.
    pub state: ReadyState,
    /// The subprotocol in use.
    pub protocol: Option<String>,
    /// The extensions in use.
    pub extensions: Option<String>,
    /// What that means for compression, in words.
    pub compression: Option<String>,
    /// Bytes that the kernel has not taken yet.
    pub buffered: usize,
    /// What came.
    pub received: Counters,
    /// What went.
    pub sent: Counters,
    /// The last round-trip time measured.
    pub rtt: Option<Duration>,
    /// How long the connection has been open.
    pub age: Duration,
}
