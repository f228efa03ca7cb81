//! What reading itself adds to the outbox: pongs, echoes, the answer to a Close frame. Only these bytes limit
//! how much is read.

use std::collections::VecDeque;

/// Bytes in the outbox that react to what was read.
#[derive(Debug, Default)]
pub(super) struct Reactions {
    /// Runs of them, in order: where each ends in all that is written, and its length.
    runs: VecDeque<(u64, usize)>,
    waiting: usize,
    written: u64,
}

/// Neighbours are joined up to this length: a run counts until its end is written.
const MAX_RUN: usize = 16 << 10;

impl Reactions {
    /// Reading made the bytes to be written grow from `before` to `after`.
    pub(super) fn note(&mut self, before: u64, after: u64) {
        if after <= before {
            return;
        }
        let (start, end) = (self.written + before, self.written + after);
        let size = usize::try_from(after - before).unwrap_or(usize::MAX);
        self.waiting += size;
        match self.runs.back_mut() {
            Some((run_end, run)) if *run_end == start && *run + size <= MAX_RUN => {
                (*run_end, *run) = (end, *run + size);
            }
            _ => self.runs.push_back((end, size)),
        }
    }

    /// The transport took `count` bytes.
    pub(super) fn note_written(&mut self, count: usize) {
        self.written += count as u64;
        while let Some((_, size)) = self.runs.front().filter(|(end, _)| *end <= self.written) {
            self.waiting -= size;
            self.runs.pop_front();
        }
    }

    /// Pending output was dropped: what is left is no reaction.
    pub(super) fn forget(&mut self) {
        self.runs.clear();
        self.waiting = 0;
    }

    /// How many of these bytes are not written.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_reading_brought_is_counted() {
        let mut reactions = Reactions::default();
        reactions.note(1_000_000, 1_000_006); // a pong behind a long message
        reactions.note(1_000_006, 1_000_012);
        reactions.note(1_000_050, 1_000_050);
        reactions.note(1_000_050, 1_000_060);
        assert_eq!((reactions.waiting(), reactions.runs.len()), (22, 2));
        reactions.note_written(1_000_000);
        assert_eq!(reactions.waiting(), 22);
        reactions.note_written(12);
        assert_eq!(reactions.waiting(), 10);
        reactions.note_written(48);
        assert_eq!(reactions.waiting(), 0);
    }

    #[test]
    fn a_long_run_is_not_counted_as_one() {
        let mut reactions = Reactions::default();
        for index in 0..10 {
            reactions.note(index * 10_000, (index + 1) * 10_000);
        }
        reactions.note_written(50_000);
        assert_eq!(reactions.waiting(), 50_000);
    }
}
