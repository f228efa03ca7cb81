//! Messages that steps before the current one have passed over or taken, for the report of a failure.

use std::collections::VecDeque;

use bytes::Bytes;

use super::{OVERHEAD, Received, SeenMessage};
use crate::protocol::MessageKind;
use crate::scenario::pattern::Pattern;

/// The most messages that are kept, and the most bytes. The oldest ones are forgotten first.
const MOST_MESSAGES: usize = 1000;
const MOST_BYTES: usize = 4 << 20;

/// What earlier steps did with the last messages before the current step.
#[derive(Debug)]
pub(super) struct Earlier {
    step: usize,
    messages: VecDeque<EarlierMessage>,
    held: usize,
    most_bytes: usize,
}

/// A message that an earlier step has passed over or taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierMessage {
    /// The number of that step.
    pub step: usize,
    /// The step has taken it; otherwise it took a later one, and this one with it.
    pub is_taken: bool,
    kind: MessageKind,
    data: Bytes,
}

impl EarlierMessage {
    /// The start of the message.
    pub fn shown(&self) -> SeenMessage {
        SeenMessage::start_of(self.kind, &self.data)
    }

    fn cost(&self) -> usize {
        self.data.len() + OVERHEAD
    }
}

impl Earlier {
    /// For an inbox that keeps up to `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        let most_bytes = MOST_BYTES.min(limit);
        Self { step: 0, messages: VecDeque::new(), held: 0, most_bytes }
    }

    /// From here on this step takes messages.
    pub(super) fn begin_step(&mut self, step: usize) {
        self.step = step;
    }

    /// The current step has passed over a message, or has taken it.
    pub(super) fn push(&mut self, message: &Received, is_taken: bool) {
        if message.data.len() + OVERHEAD > self.most_bytes {
            return;
        }
        // A copy, as the message may hold a larger piece of memory.
        let data = Bytes::copy_from_slice(&message.data);
        let message = EarlierMessage { step: self.step, is_taken, kind: message.kind, data };
        self.held += message.cost();
        self.messages.push_back(message);
        while self.messages.len() > MOST_MESSAGES || self.held > self.most_bytes {
            let Some(oldest) = self.messages.pop_front() else { break };
            self.held -= oldest.cost();
        }
    }

    /// The last message equal to this that a step before the current one took.
    pub(super) fn find_equal(&self, message: &Received) -> Option<&EarlierMessage> {
        let is_equal = |it: &&EarlierMessage| {
            it.is_taken
                && it.step != self.step
                && (it.kind, &it.data) == (message.kind, &message.data)
        };
        self.messages.iter().rev().find(is_equal)
    }

    /// The last message like this that a step before the current one passed over, or else took.
    pub(super) fn find(&self, pattern: &Pattern) -> Option<&EarlierMessage> {
        let is_like =
            |it: &&EarlierMessage| it.step != self.step && pattern.is_match(it.kind, &it.data);
        let like = || self.messages.iter().rev().filter(is_like);
        like().find(|it| !it.is_taken).or_else(|| like().next())
    }
}
