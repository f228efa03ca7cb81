//! The messages that a prompt can show, save and send again.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use crate::event::{Mark, Message, OwnedTransit, Stamp};
use crate::protocol::MessageKind;
use crate::protocol::vocabulary::Direction;

/// The limit of what a prompt keeps, in bytes.
pub const SCROLLBACK: usize = 64 << 20;

/// What a message takes beside its payload.
const OVERHEAD: usize = size_of::<Kept>() + 32;

/// A message that is kept. A clone shares the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its number, from 1, in the order of the run.
    pub number: u64,
    /// The number of its connection, if there are several.
    pub connection: Option<u64>,
    /// When it was sent or received.
    pub at: Stamp,
    /// Who sent it.
    pub direction: Direction,
    /// Text or binary.
    pub kind: MessageKind,
    /// The payload.
    pub data: Bytes,
    /// The size of frame headers and payloads, in bytes.
    pub wire_size: u64,
    /// Whether it was compressed.
    pub compressed: bool,
    /// The number of frames.
    pub frames: u64,
    /// It was typed at the prompt, and is visible as such.
    pub typed: bool,
    /// The time since the request that it answers.
    pub latency: Option<Duration>,
    /// It has passed between two other endpoints, in a proxy.
    pub transit: Option<OwnedTransit>,
}

impl Kept {
    /// As an event has it.
    pub fn message(&self) -> Message<'_> {
        Message {
            direction: self.direction,
            kind: self.kind,
            data: &self.data,
            wire_size: self.wire_size,
            compressed: self.compressed,
            frames: self.frames,
            typed: self.typed,
            surplus: false,
            masked: false,
        }
    }

    /// Its number and latency.
    pub fn mark(&self) -> Mark {
        Mark { number: self.number, latency: self.latency }
    }

    /// Whether this program sent it.
    fn is_own(&self) -> bool {
        self.direction == Direction::Sent && self.transit.is_none()
    }

    fn size(&self) -> usize {
        OVERHEAD + self.data.len() + self.transit.as_ref().map_or(0, OwnedTransit::size)
    }
}

/// The newest messages, within a limit of bytes. The newest one is kept whatever its size.
#[derive(Debug)]
pub(super) struct Scrollback {
    /// With ascending numbers.
    messages: VecDeque<Kept>,
    size: usize,
    limit: usize,
}

impl Scrollback {
    pub(super) fn new(limit: usize) -> Self {
        Self { messages: VecDeque::new(), size: 0, limit }
    }

    /// Whether anything is kept at all.
    pub(super) fn keeps_messages(&self) -> bool {
        self.limit > 0
    }

    /// Adds the newest message. `on_dropped` is given those that make room for it.
    pub(super) fn push(&mut self, message: Kept, mut on_dropped: impl FnMut(&Kept)) {
        if !self.keeps_messages() {
            return;
        }
        self.size += message.size();
        self.messages.push_back(message);
        while self.size > self.limit && self.messages.len() > 1 {
            let Some(oldest) = self.messages.pop_front() else { break };
            self.size -= oldest.size();
            on_dropped(&oldest);
        }
    }

    /// The message with this number; without a number the last received one, in a proxy the last one.
    pub(super) fn message(&self, number: Option<u64>) -> Option<Kept> {
        match number {
            Some(number) => self.from(number).next().filter(|it| it.number == number).cloned(),
            None => self.last(|it| !it.is_own()),
        }
    }

    /// The last message that was sent.
    pub(super) fn last_sent(&self) -> Option<Kept> {
        self.last(Kept::is_own)
    }

    /// The last text message that was sent on a connection that `is_meant` accepts.
    pub(super) fn last_sent_text(&self, is_meant: impl Fn(Option<u64>) -> bool) -> Option<Kept> {
        let is_sent_text = |it: &&Kept| it.is_own() && it.kind == MessageKind::Text;
        let mut texts = self.messages.iter().rev().filter(is_sent_text);
        texts.find(|it| is_meant(it.connection)).cloned()
    }

    fn last(&self, is_meant: impl Fn(&Kept) -> bool) -> Option<Kept> {
        self.messages.iter().rev().find(|message| is_meant(message)).cloned()
    }

    /// The messages from this number on.
    pub(super) fn from(&self, number: u64) -> impl Iterator<Item = &Kept> {
        self.messages.range(self.messages.partition_point(|message| message.number < number)..)
    }

    /// The newest messages, newest first, of at most this many bytes together.
    pub(super) fn recent(&self, bytes: usize) -> Vec<Kept> {
        let mut left = bytes;
        let fits = |message: &&Kept| {
            let rest = left.checked_sub(message.data.len());
            left = rest.unwrap_or_default();
            rest.is_some()
        };
        self.messages.iter().rev().take_while(fits).cloned().collect()
    }

    /// The numbers of the oldest and the newest message.
    pub(super) fn range(&self) -> Option<(u64, u64)> {
        Some((self.messages.front()?.number, self.messages.back()?.number))
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn kept(number: u64, direction: Direction, data: &str) -> Kept {
        Kept {
            number,
            connection: None,
            at: Stamp { wall: SystemTime::UNIX_EPOCH, elapsed: Duration::ZERO },
            direction,
            kind: MessageKind::Text,
            data: Bytes::copy_from_slice(data.as_bytes()),
            wire_size: 0,
            compressed: false,
            frames: 1,
            typed: false,
            latency: None,
            transit: None,
        }
    }

    #[test]
    fn the_oldest_messages_make_room_for_new_ones() {
        let mut scrollback = Scrollback::new(3 * (OVERHEAD + 4));
        for number in 1..=5 {
            scrollback.push(kept(number, Direction::Received, "abcd"), |_| {});
        }
        assert_eq!(scrollback.range(), Some((3, 5)));
        assert_eq!(scrollback.message(Some(2)), None);
        assert_eq!(scrollback.message(Some(3)).unwrap().number, 3);
        assert_eq!(scrollback.message(Some(6)), None);
        scrollback.push(kept(6, Direction::Sent, &"x".repeat(10_000)), |_| {});
        assert_eq!(scrollback.range(), Some((6, 6)), "the newest is kept whatever its size");
        assert_eq!(scrollback.message(None), None, "none that was received is kept");
        assert_eq!(scrollback.last_sent().unwrap().number, 6);
        scrollback.push(kept(7, Direction::Received, "a"), |_| {});
        assert_eq!(scrollback.range(), Some((7, 7)));
    }

    #[test]
    fn a_message_that_a_client_sent_through_a_proxy_is_not_ours() {
        let mut scrollback = Scrollback::new(1 << 20);
        scrollback.push(kept(1, Direction::Received, "a"), |_| {});
        let transit = Some(OwnedTransit::default());
        scrollback.push(Kept { transit, ..kept(2, Direction::Sent, "b") }, |_| {});
        assert_eq!(scrollback.message(None).map(|it| it.number), Some(2));
        assert_eq!(scrollback.last_sent(), None);
        assert_eq!(scrollback.last_sent_text(|_| true), None);
    }

    #[test]
    fn recent_messages_are_limited_by_their_size() {
        let mut scrollback = Scrollback::new(1 << 20);
        for (number, data) in [(1, "aaaa"), (3, "bb"), (4, "c")] {
            scrollback.push(kept(number, Direction::Received, data), |_| {});
        }
        let numbers = |bytes| -> Vec<u64> {
            scrollback.recent(bytes).iter().map(|message| message.number).collect()
        };
        assert_eq!(numbers(100), [4, 3, 1]);
        assert_eq!(numbers(3), [4, 3]);
        assert_eq!(numbers(2), [4], "a message that does not fit ends the list");
        let from: Vec<u64> = scrollback.from(2).map(|message| message.number).collect();
        assert_eq!(from, [3, 4]);
    }

    #[test]
    fn without_a_limit_nothing_is_kept() {
        let mut scrollback = Scrollback::new(0);
        scrollback.push(kept(1, Direction::Received, "a"), |_| {});
        assert_eq!(scrollback.range(), None);
    }
}
