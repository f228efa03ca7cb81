//! Common types of the protocol: roles, events, counters and errors.

use std::fmt;
use std::io;
use std::time::Duration;

use super::close::{ClosePayload, InvalidClose};
use super::counted::counted;
use super::frame::{Header, Opcode};
use super::message::{MessageKind, Omission};
use super::payload::Payload;
use super::violation::Violation;

/// Our role in the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// We sent the request: our frames are masked, the peer's are not.
    Client,
    /// We answered the request.
    Server,
}

/// The direction from our point of view; for a [`Tap`](super::Tap), which only receives, it is always
/// [`Received`](Self::Received).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The peer sent it.
    Received,
    /// We sent it.
    Sent,
}

impl Direction {
    /// The name used in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Sent => "sent",
        }
    }
}

/// An event of the connection.
#[derive(Debug, PartialEq)]
pub enum Event<'a> {
    /// A complete frame; only if frames are observed. Precedes the event that it causes.
    Frame(FrameEvent<'a>),
    /// A complete data message.
    Message {
        /// Text or binary.
        kind: MessageKind,
        /// The payload; valid UTF-8 if it is text, unless that violation was tolerated.
        data: &'a [u8],
        /// The number of its frames.
        frames: u64,
        /// The size of headers and payloads of its frames, in bytes.
        wire_size: u64,
        /// Whether it was compressed.
        compressed: bool,
        /// The shared buffer of `data`, for long messages if memory is counted.
        payload: Option<&'a Payload>,
    },
    /// The end of a data message whose payload was not kept; only from a passive observer.
    Omitted {
        /// Text or binary.
        kind: MessageKind,
        /// The size of its payload, uncompressed, in bytes; `None` if it cannot be inflated.
        size: Option<u64>,
        /// The number of its frames.
        frames: u64,
        /// The size of headers and payloads of its frames, in bytes.
        wire_size: u64,
        /// Whether it was compressed.
        compressed: bool,
        /// Why it was not kept.
        reason: Omission,
    },
    /// A ping, received (and already answered) or sent.
    Ping(Direction, &'a [u8]),
    /// A pong, with the round-trip time if it answers one of our pings.
    Pong(Direction, &'a [u8], Option<Duration>),
    /// A Close frame.
    Close(Direction, &'a ClosePayload),
    /// The peer violated the protocol; the connection is being closed.
    Violation(&'a Violation),
    /// The peer violated the protocol, and the connection continues.
    Tolerated(&'a Violation),
}

/// One frame as it was on the wire.
#[derive(Debug, PartialEq)]
pub struct FrameEvent<'a> {
    /// Who sent it.
    pub direction: Direction,
    /// Its header.
    pub header: Header,
    /// Its payload, unmasked; the first bytes if the frame is invalid.
    pub payload: &'a [u8],
    /// The payload is known: a recording may lack it.
    pub has_payload: bool,
    /// Which part of which data message it is; `None` for control frames and invalid ones.
    pub part: Option<Part>,
    /// The inflated payload of a compressed message's frame, if it can be attributed to the frame.
    pub plain: Option<&'a [u8]>,
    /// The size of that payload, also where the payload itself is not known any more.
    pub plain_size: Option<u64>,
    /// It was sent as a raw frame requested by the user.
    pub raw: bool,
}

/// The position of a frame in the data messages of its direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The number of the message, from 1.
    pub message: u64,
    /// The number of the frame in the message, from 1.
    pub fragment: u64,
    /// The message is compressed.
    pub compressed: bool,
    /// Its compressed data ended with a final DEFLATE block (BFINAL), where the empty block of RFC
    /// 7692 section 7.2.1 is expected.
    pub is_final_block: bool,
}

/// How a message was sent by [`Connection::send`](super::Connection::send).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The number of its frames.
    pub frames: u64,
    /// The size of headers and payloads of its frames, in bytes.
    pub wire_size: u64,
    /// Whether it was compressed.
    pub compressed: bool,
}

/// A request that the protocol does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misuse {
    /// Nothing may follow a Close frame (RFC 6455 section 5.5.1).
    #[error("the connection is closing: nothing more can be sent")]
    Closing,
    /// RFC 6455 section 5.5.
    #[error("a {0} has at most 125 bytes of payload, not {1}")]
    ControlTooLong(Opcode, usize),
    /// A Close frame that must not be sent.
    #[error(transparent)]
    Close(#[from] InvalidClose),
    /// The frames of two messages must not interleave (RFC 6455 section 5.4).
    #[error("another message is still being sent")]
    InsideFrame,
}

/// Totals since the connection was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Data messages.
    pub messages: u64,
    /// Payload bytes of data messages.
    pub payload_bytes: u64,
    /// Frames of every kind.
    pub frames: u64,
    /// Bytes on the wire, frame headers included.
    pub wire_bytes: u64,
    /// The data messages that were compressed.
    pub compressed: Compressed,
}

/// Totals of compressed data messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compressed {
    /// Their number.
    pub messages: u64,
    /// The size of their payloads on the wire, in bytes.
    pub packed_bytes: u64,
    /// The size of their uncompressed payloads, in bytes.
    pub plain_bytes: u64,
}

/// The states of the WebSocket API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadyState {
    /// Messages can be sent.
    Open,
    /// A Close frame was sent or received, but not both.
    Closing,
    /// The connection is closed.
    Closed,
}

impl ReadyState {
    /// The name and number of `readyState` in the WebSocket API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN (1)",
            Self::Closing => "CLOSING (2)",
            Self::Closed => "CLOSED (3)",
        }
    }
}

/// How the transport ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportEnd {
    /// The peer closed the TCP connection (FIN).
    Eof,
    /// TLS only: TCP ended without the peer's close_notify alert.
    Truncated,
    /// The connection was reset (RST), by the peer or by an intermediary.
    Reset,
    /// The local system, network or TLS library reports that the connection failed, with this message.
    Error(String),
}

impl From<&io::Error> for TransportEnd {
    /// The end that a failed read or write indicates.
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionReset => Self::Reset,
            _ => Self::Error(error.to_string()),
        }
    }
}

impl fmt::Display for TransportEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Eof => f.write_str("TCP connection ended (FIN)"),
            Self::Truncated => f.write_str("TCP connection ended (FIN, no TLS close_notify)"),
            Self::Reset => f.write_str("TCP connection reset (RST)"),
            Self::Error(error) => f.write_str(error),
        }
    }
}

/// The position in the stream of frames where the transport ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// After a complete frame or message.
    Boundary,
    /// Inside a frame header, after this many bytes.
    Header(usize),
    /// Inside a frame's payload.
    Payload {
        /// The frame's opcode.
        opcode: Opcode,
        /// Payload bytes received.
        got: u64,
        /// Payload bytes declared.
        of: u64,
    },
    /// Between the fragments of a message, after this many of them.
    Message(u64),
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boundary => f.write_str("between frames"),
            Self::Header(bytes) => {
                let bytes = counted(*bytes as u64, "byte");
                write!(f, "in the middle of a frame header (after {bytes})")
            }
            Self::Payload { opcode, got, of } => {
                write!(
                    f,
                    "in the middle of a {opcode} frame ({got} of {of} payload bytes received)"
                )
            }
            Self::Message(frames) => {
                let frames = counted(*frames, "frame");
                write!(f, "in the middle of a fragmented message (after {frames})")
            }
        }
    }
}

/// What was received behind the last complete frame or message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partial {
    /// The message that has begun.
    pub message: Option<IncompleteMessage>,
    /// Where the received bytes end.
    pub position: Position,
}

impl Partial {
    /// Whether the bytes end with a frame of a message that is not complete.
    pub fn is_boundary(&self) -> bool {
        self.position == Position::Boundary
    }
}

/// A message of which only part was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncompleteMessage {
    /// Text or binary.
    pub kind: MessageKind,
    /// The number of its frames received completely or in part.
    pub frames: u64,
    /// Payload bytes received, as on the wire.
    pub size: u64,
    /// Whether it is compressed.
    pub compressed: bool,
}

impl fmt::Display for IncompleteMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let compressed = if self.compressed { "compressed " } else { "" };
        let size = counted(self.size, &format!("{compressed}byte"));
        write!(f, "{size} of a {} message in {}", self.kind, counted(self.frames, "frame"))
    }
}
