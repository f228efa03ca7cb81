//! What goes into a connection and what comes out of it.

use std::time::Duration;

use super::ClosePayload;
use crate::protocol::close::CloseCode;
use crate::protocol::deflate::Agreed;
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
    /// How long the peer may take to answer our Close frame; `None`: without a limit.
    pub close_timeout: Option<Duration>,
    /// Report every frame as an event of its own.
    pub observe_frames: bool,
    /// Go on after violations where that is possible.
    pub lenient: bool,
    /// permessage-deflate, if it was agreed on.
    pub deflate: Option<Agreed>,
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
        /// Its payload; valid UTF-8 if it is text, unless [`Options::lenient`] let it pass.
        data: &'a [u8],
        /// How many frames it came in.
        frames: u64,
        /// Headers and payloads of those frames, in bytes.
        wire_size: u64,
        /// Whether it came compressed.
        compressed: bool,
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
    /// 7692 section 7.2.1 is due.
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
