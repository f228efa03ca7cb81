//! What is to be done with a message or control frame that waits.

use bytes::Bytes;

use crate::event::Carried;
use crate::protocol::Opcode;
use crate::protocol::relay::{Content, MessageRelay, Unit, bit_in};
use crate::rules::Replacement;

/// What is to be done with a message or control frame.
#[derive(Clone, Debug)]
pub(super) enum Plan {
    /// Deliver it.
    Pass,
    /// Do not deliver it.
    Drop,
    /// Deliver it twice.
    Duplicate,
    /// Deliver something else.
    Replace(Replacement),
    /// Flip one bit.
    Corrupt(u64),
}

impl Plan {
    /// Does it, and appends what is to be written to `out`.
    pub(super) fn carry_out(&self, unit: Unit, relay: &mut MessageRelay, out: &mut Vec<u8>) {
        match self {
            Self::Pass => unit.pass(relay, out),
            Self::Drop => unit.drop_it(relay, out),
            Self::Duplicate => unit.duplicate(relay, out),
            Self::Corrupt(bit) => unit.corrupt(relay, *bit, out),
            Self::Replace(replacement) => {
                let content = replaced(unit.content(), replacement);
                // What is not allowed was refused when the rule or the line was parsed; otherwise it passes.
                let _ = unit.clone().replace(relay, content, out);
            }
        }
    }

    /// What is delivered in place of `content`, if something else is.
    pub(super) fn change(&self, content: Content<'_>) -> Option<Carried> {
        match (self, content) {
            (Self::Pass | Self::Drop | Self::Duplicate, _) => None,
            (Self::Replace(with), _) => carried(replaced(content, with)),
            (Self::Corrupt(bit), Content::Message(kind, data)) => {
                carried(Content::Message(kind, &with_bit_flipped(data, *bit)))
            }
            (Self::Corrupt(bit), Content::Control(opcode, data)) => {
                carried(Content::Control(opcode, &with_bit_flipped(data, *bit)))
            }
        }
    }
}

/// What is delivered in place of `content`.
pub(super) fn replaced<'a>(content: Content<'_>, with: &'a Replacement) -> Content<'a> {
    match content {
        Content::Message(kind, _) => Content::Message(with.kind.unwrap_or(kind), &with.data),
        Content::Control(opcode, _) => Content::Control(opcode, &with.data),
    }
}

/// What [`Plan::Corrupt`] delivers.
fn with_bit_flipped(data: &[u8], bit: u64) -> Vec<u8> {
    let mut data = data.to_vec();
    if let Some((byte, mask)) = bit_in(&data, bit) {
        data[byte] ^= mask;
    }
    data
}

/// A message, ping or pong as events have it; `None`: a Close frame.
pub(super) fn carried(content: Content<'_>) -> Option<Carried> {
    let copy = Bytes::copy_from_slice;
    match content {
        Content::Message(kind, data) => Some(Carried::Message(kind, copy(data))),
        Content::Control(Opcode::Ping, data) => Some(Carried::Ping(copy(data))),
        Content::Control(Opcode::Pong, data) => Some(Carried::Pong(copy(data))),
        Content::Control(..) => None,
    }
}
