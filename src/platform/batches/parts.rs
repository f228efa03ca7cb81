//! Events sent in parts: nothing is written between the parts of an event.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Batch, Lane, State, TOTAL_LIMIT};

impl Batch {
    /// The number of received messages that start in it. An event in parts is counted with its first part;
    /// only messages, and the frames of messages, are that long.
    pub(super) fn messages_begun(&self) -> usize {
        match (self.continues, self.is_continued) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => self.message_ends.len(),
        }
    }

    /// Removes the received messages that begin in it, and what is before the last of them. Returns what is removed; nothing of an event
    /// in parts is left.
    pub(super) fn split_messages(&mut self) -> Self {
        let is_part = self.continues || self.is_continued;
        let Some(end) = self.message_ends.last().copied().filter(|_| !is_part) else {
            return std::mem::take(self);
        };
        let bytes = self.bytes.split_off(end.min(self.bytes.len()));
        let rest = Self { bytes, since: self.since, ..Self::default() };
        std::mem::replace(self, rest)
    }

    /// The number of messages that end in its first bytes, as many as these.
    pub fn messages_in(&self, bytes: usize) -> u64 {
        self.message_ends.partition_point(|end| *end <= bytes) as u64
    }
}

impl State {
    /// Whether a batch of this sender can be queued. The sender whose event is being written may exceed the
    /// total limit, since the others wait for it.
    pub(super) fn has_room(&self, lane: &Lane) -> bool {
        (self.queued < TOTAL_LIMIT || self.is_open(lane)) && lane.queued() < self.lane_limit
    }

    fn is_open(&self, lane: &Lane) -> bool {
        self.open.as_ref().is_some_and(|open| std::ptr::eq(&raw const **open, lane))
    }

    /// The next batch to write: inside an event, the next one of its sender.
    pub(super) fn next(&mut self) -> Option<(Batch, Arc<Lane>)> {
        match &self.open {
            None => self.batches.pop_front(),
            Some(open) => {
                let at = self.batches.iter().position(|(_, lane)| Arc::ptr_eq(lane, open))?;
                self.batches.remove(at)
            }
        }
    }

    /// Tracks whether a batch starts or ends an event in parts.
    pub(super) fn note_part(&mut self, batch: &Batch, lane: &Lane) {
        if batch.continues || batch.is_continued {
            let was_unfinished = lane.is_unfinished.swap(batch.is_continued, Ordering::Relaxed);
            self.unfinished += usize::from(batch.is_continued);
            self.unfinished -= usize::from(was_unfinished);
        }
    }

    /// Drops the messages of a batch, and what is before the last of them. What is behind them is left: it may say how a connection
    /// has ended.
    pub(super) fn drop_messages_of(&mut self, batch: &mut Batch, lane: &Lane) {
        let lost = batch.split_messages();
        self.note_lost(&lost, lane);
    }

    pub(super) fn drop_batch(&mut self, batch: &mut Batch, lane: &Lane) {
        let lost = std::mem::take(batch);
        self.note_lost(&lost, lane);
    }

    fn note_lost(&mut self, lost: &Batch, lane: &Lane) {
        self.dropped.messages += lost.messages_begun();
        lane.drops_rest.store(lost.is_continued, Ordering::Relaxed);
    }

    /// Closes the queue because the rest of a partly written event is dropped: nothing can follow it.
    pub(super) fn cut_off(&mut self) {
        self.dropped = self.close();
    }

    /// Ends the line of an unfinished event whose sender is dropped. Returns whether there is one.
    pub(super) fn end_unfinished(&mut self, lane: &Arc<Lane>) -> bool {
        let is_unfinished = lane.is_unfinished.load(Ordering::Relaxed) && !self.is_closed;
        if is_unfinished {
            let end =
                Batch { bytes: b"\n".to_vec(), continues: true, is_cut: true, ..Batch::default() };
            self.push(end, lane);
        }
        is_unfinished
    }
}
