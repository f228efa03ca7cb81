//! Data messages (RFC 6455 sections 5.4 and 5.6).

use std::fmt;

use super::frame::Opcode;

/// The type of a data message (RFC 6455 section 5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// UTF-8 text.
    Text,
    /// Arbitrary bytes.
    Binary,
}

impl MessageKind {
    /// The opcode of the message's first frame.
    pub const fn opcode(self) -> Opcode {
        match self {
            Self::Text => Opcode::Text,
            Self::Binary => Opcode::Binary,
        }
    }

    /// The name used in displays and events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Binary => "binary",
        }
    }
}

impl fmt::Display for MessageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A message of which not all frames were received yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PartialMessage {
    pub(super) kind: MessageKind,
    pub(super) frames: u64,
    /// Declared size of headers and payloads of its frames so far, in bytes.
    pub(super) wire_size: u64,
    /// Declared size of the payloads of its frames so far, in bytes.
    pub(super) payload_size: u64,
    /// It is compressed (RFC 7692).
    pub(super) compressed: bool,
    /// UTF-8 is not checked: the message is binary, its invalid UTF-8 is tolerated, or it cannot be inflated.
    pub(super) unchecked: bool,
    /// Why its payload is not kept, if it is not.
    pub(super) omitted: Option<Omission>,
    /// The inflated size of a compressed message that is not kept, as far as inflated, in bytes.
    pub(super) plain_size: u64,
}

/// Why an observer did not keep a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Omission {
    /// Its payload is not wanted: see [`Inbound::keep_messages`](super::Inbound::keep_messages).
    Unwanted,
    /// It is over the limit on the size of a message.
    TooBig,
    /// It is over the memory budget.
    OverMemory,
    /// A Close frame was received between its fragments.
    Unfinished,
    /// It is compressed, and its data or that of an earlier message is corrupt.
    CannotInflate,
}
