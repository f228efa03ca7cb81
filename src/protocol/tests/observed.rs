//! The events of the protocol in a form that can be stored and compared. The fuzz targets include this file.

use std::time::Duration;

use super::protocol::close::ClosePayload;
use super::protocol::vocabulary::Direction;
use super::protocol::{Event, Header, MessageKind, Omission, Violation};

/// An [`Event`] that owns its bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Observed {
    Frame(Direction, Header, Vec<u8>),
    Message {
        kind: MessageKind,
        data: Vec<u8>,
        frames: u64,
        wire_size: u64,
        compressed: bool,
    },
    Omitted {
        kind: MessageKind,
        size: Option<u64>,
        frames: u64,
        wire_size: u64,
        compressed: bool,
        reason: Omission,
    },
    Ping(Direction, Vec<u8>),
    Pong(Direction, Vec<u8>, Option<Duration>),
    Close(Direction, ClosePayload),
    Violation(Violation),
    Tolerated(Violation),
}

impl From<Event<'_>> for Observed {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Frame(frame) => {
                Self::Frame(frame.direction, frame.header, frame.payload.to_vec())
            }
            Event::Message { kind, data, frames, wire_size, compressed, .. } => {
                Self::Message { kind, data: data.to_vec(), frames, wire_size, compressed }
            }
            Event::Omitted { kind, size, frames, wire_size, compressed, reason } => {
                Self::Omitted { kind, size, frames, wire_size, compressed, reason }
            }
            Event::Ping(direction, data) => Self::Ping(direction, data.to_vec()),
            Event::Pong(direction, data, rtt) => Self::Pong(direction, data.to_vec(), rtt),
            Event::Close(direction, close) => Self::Close(direction, close.clone()),
            Event::Violation(violation) => Self::Violation(violation.clone()),
            Event::Tolerated(violation) => Self::Tolerated(violation.clone()),
        }
    }
}

/// Clears what depends on how much of a refused payload had arrived: in violations with `clear`, and the frames before
/// them.
pub(super) fn clear_partial_payloads(observed: &mut [Observed], clear: fn(&mut Violation)) {
    for index in 0..observed.len() {
        let (before, rest) = observed.split_at_mut(index);
        if let Observed::Violation(violation) | Observed::Tolerated(violation) = &mut rest[0] {
            clear(violation);
            if let Some(Observed::Frame(_, _, payload)) = before.last_mut() {
                payload.clear();
            }
        }
    }
}
