//! What is injected, or delivered in place of something held.

use bytes::Bytes;

use crate::event::Carried;
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
    /// What was received. A Close frame cannot be changed: its payload is left out.
    pub(super) fn of(carried: &Carried) -> Self {
        match carried {
            Carried::Message(kind, data) => Self::Message(*kind, data.clone()),
            Carried::Ping(data) => Self::Control(Opcode::Ping, data.clone()),
            Carried::Pong(data) => Self::Control(Opcode::Pong, data.clone()),
            Carried::Close(_) => Self::Control(Opcode::Close, Bytes::new()),
        }
    }

    /// Its length, in bytes.
    pub fn size(&self) -> usize {
        match self {
            Self::Message(_, data) | Self::Control(_, data) => data.len(),
        }
    }
}
