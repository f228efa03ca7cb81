//! What a connection receives.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::protocol::{CloseCode, MessageKind};

/// A received data message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Text or binary.
    pub kind: MessageKind,
    /// Its payload, uncompressed.
    pub data: Bytes,
    /// When it was complete.
    pub at: Instant,
    /// How long after the last message was sent; `None` if none was.
    pub since_send: Option<Duration>,
    /// In how many frames.
    pub frames: u64,
    /// Bytes on the wire, with the headers of its frames.
    pub wire_size: u64,
    /// Whether it was compressed.
    pub is_compressed: bool,
}

/// A received ping or pong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// A pong, otherwise a ping.
    pub is_pong: bool,
    /// Its payload.
    pub payload: Bytes,
    /// When it was received.
    pub at: Instant,
    /// Of a pong: the time since the ping that it answers.
    pub rtt: Option<Duration>,
}

impl Control {
    /// `ping` or `pong`.
    pub fn name(&self) -> &'static str {
        if self.is_pong { "pong" } else { "ping" }
    }
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The code of the peer's Close frame; 1005: it had none; 1006: there was no Close frame.
    pub code: CloseCode,
    /// Its reason.
    pub reason: String,
    /// The closing handshake was complete.
    pub is_clean: bool,
    /// We began it.
    pub is_ours: bool,
    /// The code of our Close frame, if we sent one with a code.
    pub sent: Option<CloseCode>,
    /// How it ended, in words.
    pub description: String,
    /// What was received of a message that was not complete, in words.
    pub incomplete: Option<String>,
}

impl End {
    /// Whether the peer only answered our Close frame, with the same code.
    pub fn is_answer(&self) -> bool {
        self.is_ours && self.sent == Some(self.code)
    }
}

/// Something that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A data message.
    Message(Received),
    /// A ping or a pong.
    Control(Control),
    /// The end of the connection.
    End(End),
}

/// A data message as the connection hands it out.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Text or binary.
    pub kind: MessageKind,
    /// Its payload.
    pub data: &'a [u8],
    /// When it was complete.
    pub at: Instant,
    /// In how many frames.
    pub frames: u64,
    /// Bytes on the wire.
    pub wire_size: u64,
    /// Whether it was compressed.
    pub is_compressed: bool,
}
