//! What became of what was held in a proxy, or waited there.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;

use crate::protocol::MessageKind;
use crate::protocol::close::ClosePayload;
use crate::protocol::vocabulary::Direction;

/// A message or control frame that was held in a proxy is held no more, or one that waited there waits no more. The event of its
/// arrival has the same number, [`Touch::held`](super::Touch::held), or none and [`Transit::waits`](super::Transit::waits).
/// Secrets are already masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Its number, from 1, counted over all connections; `None`: it waited only for its time or for what was before it.
    pub number: Option<u64>,
    /// Who sent it, as in [`Transit`](super::Transit).
    pub direction: Direction,
    /// What it was when it was received.
    pub content: Carried,
    /// What became of it.
    pub outcome: HeldOutcome,
    /// What was delivered in its place, if it was edited or a rule changed it.
    pub changed_to: Option<Carried>,
    /// It was delivered twice, as a rule says.
    pub duplicated: bool,
    /// How long it was held, or waited.
    pub waited: Duration,
}

/// What became of something held, or that waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")] // as HeldOutcome::name
pub enum HeldOutcome {
    /// It was delivered as it was received.
    Delivered,
    /// Something else was delivered in its place.
    Edited,
    /// The operator dropped it.
    Dropped,
    /// It was still held, or waited for something held, when the connection ended.
    NotDelivered,
}

impl HeldOutcome {
    /// The name used in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Edited => "edited",
            Self::Dropped => "dropped",
            Self::NotDelivered => "not_delivered",
        }
    }
}

/// A message or control frame, with its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// A data message.
    Message(MessageKind, Bytes),
    /// A ping.
    Ping(Bytes),
    /// A pong.
    Pong(Bytes),
    /// A Close frame.
    Close(ClosePayload),
}

impl Decided {
    /// What was delivered.
    pub fn delivered(&self) -> Option<&Carried> {
        match self.outcome {
            HeldOutcome::Delivered => Some(&self.content),
            HeldOutcome::Edited => Some(self.changed_to.as_ref().unwrap_or(&self.content)),
            HeldOutcome::Dropped | HeldOutcome::NotDelivered => None,
        }
    }

    /// The bytes of payload that it keeps.
    pub fn size(&self) -> usize {
        self.content.size() + self.changed_to.as_ref().map_or(0, Carried::size)
    }
}

impl Carried {
    /// The name of its type in events.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Message(kind, _) => kind.name(),
            Self::Ping(_) => "ping",
            Self::Pong(_) => "pong",
            Self::Close(_) => "close",
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Message(_, data) | Self::Ping(data) | Self::Pong(data) => data.len(),
            Self::Close(close) => close.reason.len(),
        }
    }
}
