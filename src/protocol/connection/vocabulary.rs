//! What goes into a connection and what comes out of it.

use std::time::Duration;

use super::ClosePayload;
use crate::protocol::close::CloseCode;
use crate::protocol::frame::{Header, Masks, Opcode};
use crate::protocol::message::MessageKind;
use crate::protocol::violation::Violation;

/// Which side of the connection we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// We sent the request: our frames are masked, the peer's are not.
    Client,
    /// We answered it.
    Server,
}

/// Seen from our side.
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

/// Limits and choices of a [`Connection`](super::Connection).
#[derive(Debug)]
pub struct Options {
    /// Our side.
    pub role: Role,
    /// A received message over this many bytes closes the connection with 1009.
    pub max_message_size: u64,
    /// How long the peer may take to answer our Close frame; `None`: for ever.
    pub close_timeout: Option<Duration>,
    /// Report every frame as an event of its own.
    pub observe_frames: bool,
    /// Where masking keys come from (client role).
    pub masks: Masks,
}

/// Something that happened on the connection.
#[derive(Debug, PartialEq)]
pub enum Event<'a> {
    /// A frame, whole; only with [`Options::observe_frames`]. Comes before what it means.
    Frame(FrameEvent<'a>),
    /// A data message, whole.
    Message {
        /// Text or binary.
        kind: MessageKind,
        /// Its payload; valid UTF-8 if it is text.
        data: &'a [u8],
        /// How many frames it came in.
        frames: u64,
        /// Headers and payloads of those frames, in bytes.
        wire_size: u64,
    },
    /// A ping, received (and already answered) or sent.
    Ping(Direction, &'a [u8]),
    /// A pong, with the round-trip time when it answers a ping of ours.
    Pong(Direction, &'a [u8], Option<Duration>),
    /// A Close frame.
    Close(Direction, &'a ClosePayload),
    /// The peer broke the protocol; the connection is being closed.
    Violation(&'a Violation),
}

/// One frame as it was on the wire.
#[derive(Debug, PartialEq)]
pub struct FrameEvent<'a> {
    /// Who sent it.
    pub direction: Direction,
    /// Its header.
    pub header: Header,
    /// Its payload, unmasked; empty when the frame was refused at its header.
    pub payload: &'a [u8],
}

/// What became of a message handed to [`Connection::send`](super::Connection::send).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The header of the frame it went out in.
    pub header: Header,
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
