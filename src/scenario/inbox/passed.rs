//! Messages that a step passed over, kept until it is over.

use super::{Inbox, OVERHEAD, Received};

/// Messages that were passed over, in order. They count as kept by the inbox.
#[derive(Clone, Debug, Default)]
pub(super) struct Passed {
    messages: Vec<Received>,
    held: usize,
    /// How many were not kept.
    left_out: usize,
    /// How many of them were received before the last message that was taken.
    before_taken: usize,
    /// Those that were taken after all, by their index.
    taken: Vec<usize>,
}

impl Passed {
    pub(super) fn messages(&self) -> impl Iterator<Item = &Received> {
        self.messages.iter()
    }

    pub(super) fn left_out(&self) -> usize {
        self.left_out
    }

    /// Keeps a message that was taken from the inbox. These have half of the inbox's limit: a flood that a step
    /// passes over is no failure.
    pub(super) fn push(&mut self, message: &Received, inbox: &mut Inbox) {
        let cost = message.data.len() + OVERHEAD;
        if self.held + cost <= inbox.limit / 2 {
            self.held += cost;
            inbox.held += cost;
            self.messages.push(message.clone());
        } else {
            self.left_out += 1;
        }
    }

    /// A message was taken.
    pub(super) fn note_taken(&mut self) {
        self.before_taken = self.messages.len();
    }

    /// Takes a message by its index, and with it those before it. Indexes stay what they are.
    pub(super) fn take(&mut self, index: usize) -> Option<Received> {
        self.before_taken = self.before_taken.max(index + 1);
        self.taken.push(index);
        self.messages.get(index).cloned()
    }

    /// Gives the messages behind the last one that was taken back to the inbox.
    pub(super) fn give_back(mut self, inbox: &mut Inbox) {
        let rest = self.messages.split_off(self.before_taken.min(self.messages.len()));
        self.held -= rest.iter().map(|message| message.data.len() + OVERHEAD).sum::<usize>();
        for message in rest.into_iter().rev() {
            inbox.messages.push_front(message);
        }
        self.release(inbox);
    }

    /// Gives up what they hold: the step has passed over them, except for those that it has taken.
    pub(super) fn release(self, inbox: &mut Inbox) {
        inbox.held -= self.held;
        for (index, message) in self.messages.iter().enumerate() {
            inbox.earlier.push(message, self.taken.contains(&index));
        }
    }
}
