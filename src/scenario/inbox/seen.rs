//! What was received while a step waited, as far as a report shows it.

use std::collections::VecDeque;

use bytes::Bytes;

use super::Received;
use crate::protocol::MessageKind;
use crate::scenario::outcome::MAX_SHOWN;
use crate::scenario::pattern::Near;

/// How many messages a report shows.
const MOST: usize = 20;

/// The messages that a step saw and did not take: the last of them, and how many there were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// How many there were in all.
    pub count: u64,
    last: VecDeque<SeenMessage>,
}

/// A message, or the start of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenMessage {
    /// Text or binary.
    pub kind: MessageKind,
    /// Up to 1 KiB of it.
    pub start: Bytes,
    /// Its length, in bytes.
    pub size: usize,
}

/// The message that came closest to a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Closest {
    /// The message.
    pub(super) message: SeenMessage,
    /// How it differs.
    pub(super) near: Near,
}

impl Seen {
    /// Takes note of a message.
    pub fn push(&mut self, message: &Received) {
        self.count += 1;
        if self.last.len() == MOST {
            self.last.pop_front();
        }
        self.last.push_back(SeenMessage::of(message));
    }

    /// What was received, the last of it.
    pub fn of<'a>(messages: impl Iterator<Item = &'a Received>) -> Self {
        let mut seen = Self::default();
        messages.for_each(|message| seen.push(message));
        seen
    }

    /// The last of them, in order.
    pub fn last(&self) -> impl Iterator<Item = &SeenMessage> {
        self.last.iter()
    }

    /// How many there were before those.
    pub fn omitted(&self) -> u64 {
        self.count - self.last.len() as u64
    }
}

impl SeenMessage {
    /// The start of a message, in memory of its own if it is only a part.
    pub fn of(message: &Received) -> Self {
        Self::start_of(message.kind, &message.data)
    }

    /// The start of a message of this kind with this payload.
    pub(super) fn start_of(kind: MessageKind, data: &Bytes) -> Self {
        let size = data.len();
        let start = match size > MAX_SHOWN {
            true => Bytes::copy_from_slice(&data[..MAX_SHOWN]),
            false => data.clone(),
        };
        Self { kind, start, size }
    }
}
