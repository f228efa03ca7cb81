//! Messages: what fragments add up to (RFC 6455 section 5.4).

use std::fmt;

use super::frame::Opcode;

/// Type of a data message (RFC 6455 section 5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// UTF-8 text.
    Text,
    /// Any bytes.
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

/// A message of which not all frames have come yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unfinished {
    pub(super) kind: MessageKind,
    pub(super) frames: u64,
    /// Headers and payloads of its frames so far, in bytes, as declared.
    pub(super) wire_size: u64,
    /// Payloads of its frames so far, in bytes, as declared.
    pub(super) payload_size: u64,
    /// It is compressed (RFC 7692).
    pub(super) compressed: bool,
    /// It is not checked for UTF-8: it is binary, or its invalid UTF-8 is tolerated.
    pub(super) unchecked: bool,
}
