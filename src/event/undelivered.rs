//! How much of what a side has sent did not reach the other one.

use std::fmt;

use crate::protocol::Side;
use crate::protocol::counted::counted;

/// What of a side's traffic the other one did not get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undelivered {
    /// So many messages.
    Messages(u64),
    /// The same, or more: what a side that has reset the connection had not read is not known.
    MessagesAtLeast(u64),
    /// So many bytes of frames.
    Bytes(u64),
    /// The same, or more: what the system had for a side that has reset the connection is not known.
    BytesAtLeast(u64),
    /// The same, or fewer: the side may have got a part of them.
    BytesAtMost(u64),
}

/// The warnings about what of the traffic of the client, and of the server, was not delivered.
pub fn undelivered_texts(amounts: [Option<Undelivered>; 2]) -> impl Iterator<Item = String> {
    let receivers = [Side::Server, Side::Client].into_iter().zip(amounts);
    receivers.filter_map(|(receiver, amount)| {
        amount.map(|amount| format!("not delivered to the {}: {amount}", receiver.name()))
    })
}

impl fmt::Display for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Messages(count) => f.write_str(&counted(count, "message")),
            Self::MessagesAtLeast(count) => write!(f, "at least {}", counted(count, "message")),
            Self::Bytes(count) => f.write_str(&counted(count, "byte")),
            Self::BytesAtLeast(count) => write!(f, "at least {}", counted(count, "byte")),
            Self::BytesAtMost(count) => write!(f, "up to {}", counted(count, "byte")),
        }
    }
}
