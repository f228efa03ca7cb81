//! What is injected, or delivered in place of something held.

use bytes::Bytes;

use crate::protocol::MessageKind;
use crate::protocol::frame::Opcode;

/// What is delivered in place of a held message, or injected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// A data message.
    Message(MessageKind, Bytes),
    /// A ping or pong.
    Control(Opcode, Bytes),
}

impl Payload {
    /// Its length, in bytes.
    pub fn size(&self) -> usize {
        match self {
            Self::Message(_, data) | Self::Control(_, data) => data.len(),
        }
    }
}
