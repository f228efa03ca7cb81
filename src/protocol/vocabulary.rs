//! What is said of a connection: by its two directions, and to whoever drives it.

use std::fmt;
use std::io;
use std::time::Duration;

use super::close::{CloseCode, ClosePayload};
use super::counted::counted;
use super::frame::{Header, Opcode};
use super::message::MessageKind;
use super::payload::Payload;
use super::violation::Violation;

/// Which side of the connection we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// We sent the request: our frames are masked, the peer's are not.
    Client,
    /// We answered it.
    Server,
}

/// Seen from our side; for a [`Tap`](super::Tap), whose two sides are both peers, it is always
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

/// Something that happened on the connection.
#[derive(Debug, PartialEq)]
pub enum Event<'a> {
    /// A frame, whole; only if frames are observed. Comes before what it means.
    Frame(FrameEvent<'a>),
    /// A data message, whole.
    Message {
        /// Text or binary.
        kind: MessageKind,
        /// Its payload; valid UTF-8 if it is text, unless that was tolerated.
        data: &'a [u8],
        /// How many frames it came in.
        frames: u64,
        /// Headers and payloads of those frames, in bytes.
        wire_size: u64,
        /// Whether it came compressed.
        compressed: bool,
        /// What `data` is the bytes of, if others may keep it: of long messages where memory is counted.
        payload: Option<&'a Payload>,
    },
    /// A ping, received (and already answered) or sent.
    Ping(Direction, &'a [u8]),
    /// A pong, with the round-trip time when it answers a ping of ours.
    Pong(Direction, &'a [u8], Option<Duration>),
    /// A Close frame.
    Close(Direction, &'a ClosePayload),
    /// The peer broke the protocol; the connection is being closed.
    Violation(&'a Violation),
    /// The peer broke the protocol, and the connection goes on.
    Tolerated(&'a Violation),
}

/// One frame as it was on the wire.
#[derive(Debug, PartialEq)]
pub struct FrameEvent<'a> {
    /// Who sent it.
    pub direction: Direction,
    /// Its header.
    pub header: Header,
    /// Its payload, unmasked; of a frame that was refused, the start.
    pub payload: &'a [u8],
    /// Which part of which data message it is; `None` for control frames and refused ones.
    pub part: Option<Part>,
    /// What the payload of a compressed message's frame inflates to, where frame and text can be
    /// told apart.
    pub plain: Option<&'a [u8]>,
    /// It was sent because the user asked for this very frame.
    pub raw: bool,
}

/// The place of a frame in the data messages of its direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which message, from 1.
    pub message: u64,
    /// Which of its frames, from 1.
    pub fragment: u64,
    /// The message is compressed.
    pub compressed: bool,
    /// Its compressed data ended with a final DEFLATE block (BFINAL), where the empty block of RFC
    /// 7692 section 7.2.1 is expected.
    pub is_final_block: bool,
}

/// What became of a message handed to [`Connection::send`](super::Connection::send).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// How many frames it went out in.
    pub frames: u64,
    /// Headers and payloads of those frames, in bytes.
    pub wire_size: u64,
    /// Whether it was compressed.
    pub compressed: bool,
}

/// We were asked for something the protocol does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misuse {
    /// Nothing may follow a Close frame (RFC 6455 section 5.5.1).
    #[error("the connection is closing: nothing more can be sent")]
    Closing,
    /// RFC 6455 section 5.5.
    #[error("a {0} takes at most 125 bytes, not {1}")]
    ControlTooLong(Opcode, usize),
    /// RFC 6455 section 7.4.
    #[error("close code {0} must not be sent: use 1000 to 1003, 1007 to 1014 or 3000 to 4999")]
    CloseCode(CloseCode),
    /// Two bytes of a Close frame's 125 are for the code.
    #[error("a close reason takes at most 123 bytes, not {0}")]
    ReasonTooLong(usize),
    /// The frames of two messages must not interleave (RFC 6455 section 5.4).
    #[error("another message is still being sent")]
    InsideFrame,
}

/// What has been counted since the connection was opened.
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
    /// The data messages among them that were compressed.
    pub compressed: Compressed,
}

/// What compression made of data messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compressed {
    /// How many.
    pub messages: u64,
    /// Their payload on the wire, in bytes.
    pub packed_bytes: u64,
    /// Their payload as it is handed on, in bytes.
    pub plain_bytes: u64,
}

/// States of the WebSocket API, by name and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadyState {
    /// Messages flow.
    Open,
    /// A Close frame was sent or received, not both.
    Closing,
    /// It is over.
    Closed,
}

impl ReadyState {
    /// The name and number of the WebSocket API's `readyState`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN (1)",
            Self::Closing => "CLOSING (2)",
            Self::Closed => "CLOSED (3)",
        }
    }
}

/// How the transport came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportEnd {
    /// The peer ended TCP in order (FIN).
    Eof,
    /// TLS only: TCP ended without the peer's close_notify alert.
    Truncated,
    /// The connection was reset (RST), by the peer or by something in between.
    Reset,
    /// Our own system, network or TLS library reports that the connection has failed; in its words.
    Error(String),
}

impl From<&io::Error> for TransportEnd {
    /// What a failed read or write says of the end.
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

/// Where in the stream of frames the transport ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// After a whole frame or message.
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
    /// Between the fragments of a message, after this many.
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

/// A message of which only a part was received before the connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncompleteMessage {
    /// Text or binary.
    pub kind: MessageKind,
    /// How many of its frames had been started.
    pub frames: u64,
    /// Payload bytes received, as they were on the wire.
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
