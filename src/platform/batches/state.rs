//! What is queued, and for whom there is room.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::{Batch, Current, Lane, State, Unwritten, WhenFull};

/// A batch is put before at most this many others: one that had no room for long would be compared with all of them.
const MOST_LATER: usize = 256;

impl State {
    /// Whether a batch in which so many messages begin is dropped if there is no room.
    fn drops(&self, messages: usize) -> bool {
        match self.when_full {
            WhenFull::Wait => false,
            WhenFull::DropIfStalled => self.is_stalled(),
            WhenFull::DropMessages => messages > 0 || self.is_stalled(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.current.is_none() && self.batches.is_empty() && self.open.is_none()
    }

    /// Queues a batch or drops it; false if its sender must keep it.
    pub(super) fn accept(&mut self, batch: &mut Batch, lane: &Arc<Lane>) -> bool {
        let mut messages = batch.messages_begun();
        if self.is_closed {
            self.dropped.messages += messages;
            *batch = Batch::default();
            return true;
        }
        if batch.continues && lane.drops_rest.load(Ordering::Relaxed) {
            *batch = Batch::default(); // it was counted with the first part
            return true;
        }
        let is_full_of_messages = self.when_full == WhenFull::DropMessages && !self.has_room(lane);
        if messages > 0 && (self.drops_messages || is_full_of_messages) {
            self.stop_messages();
            self.drop_messages_of(batch, lane);
            if batch.bytes.is_empty() {
                return true;
            }
            messages = 0;
        }
        if self.has_room(lane) {
            self.note_dropped(lane);
            self.push(std::mem::take(batch), lane);
        } else if self.drops(messages) && batch.continues {
            self.cut_off();
            *batch = Batch::default();
        } else if self.drops(messages) {
            self.dropped.lines += memchr::memchr_iter(b'\n', &batch.bytes).count();
            if messages > 0 {
                self.stop_messages();
            }
            self.drop_batch(batch, lane);
        } else {
            self.block(lane);
            return false;
        }
        true
    }

    /// After a dropped message no other is written, so that what is written has no gaps; a log states where it has one.
    fn stop_messages(&mut self) {
        self.drops_messages |= !self.notes_dropped;
    }

    pub(super) fn push(&mut self, batch: Batch, lane: &Arc<Lane>) {
        self.note_part(&batch, lane);
        self.queued += batch.bytes.len();
        lane.queued.fetch_add(batch.bytes.len(), Ordering::Relaxed);
        let at = self.place(&batch, lane);
        self.batches.insert(at, (batch, Arc::clone(lane)));
    }

    /// Where a batch belongs among the others: what happened at almost the same time is offered in any order.
    fn place(&self, batch: &Batch, lane: &Arc<Lane>) -> usize {
        let Some(since) = batch.since else { return self.batches.len() };
        let is_later = |(other, sender): &&(Batch, Arc<Lane>)| {
            !Arc::ptr_eq(sender, lane) && other.since.is_some_and(|other| other > since)
        };
        let later = self.batches.iter().rev().take(MOST_LATER).take_while(is_later);
        self.batches.len() - later.count()
    }

    fn block(&mut self, lane: &Arc<Lane>) {
        if !lane.is_blocked.swap(true, Ordering::Relaxed) {
            self.blocked.push(Arc::clone(lane));
        }
    }

    /// Writes a note about dropped lines at this point of the output.
    fn note_dropped(&mut self, lane: &Arc<Lane>) {
        let lines = self.dropped.lines;
        if self.notes_dropped && lines > 0 {
            let s = if lines == 1 { " was" } else { "s were" };
            let note = format!(
                "wscope: warning: {lines} line{s} not shown: standard error was not read\n"
            );
            self.dropped = Unwritten::default();
            self.push(Batch { bytes: note.into_bytes(), ..Batch::default() }, lane);
        }
    }

    pub(super) fn take(&mut self) -> Option<Batch> {
        self.end_current();
        let Some((batch, lane)) = self.next() else {
            self.is_starved = true;
            self.wake_watcher();
            return None;
        };
        let (size, messages) = (batch.bytes.len(), batch.message_ends.len());
        self.open = batch.is_continued.then(|| Arc::clone(&lane));
        self.current = Some(Current { lane, size, messages, last_progress: Instant::now() });
        self.wake_open();
        Some(batch)
    }

    /// The batch taken last is written.
    pub(super) fn end_current(&mut self) {
        if let Some(current) = self.current.take() {
            self.release(current.size, &current.lane);
            if self.batches.is_empty() {
                self.note_dropped(&current.lane);
            }
        }
    }

    /// What was dropped, including the messages still in the queue.
    pub(super) fn unwritten(&self) -> Unwritten {
        let queued = self.batches.iter().map(|(batch, _)| batch.message_ends.len());
        let current = self.current.as_ref().map_or(0, |current| current.messages);
        let messages = self.dropped.messages + self.unfinished + current + queued.sum::<usize>();
        Unwritten { messages, ..self.dropped }
    }

    pub(super) fn close(&mut self) -> Unwritten {
        let unwritten = self.unwritten();
        self.is_closed = true;
        (self.open, self.unfinished) = (None, 0);
        self.take_all();
        self.wake_all();
        self.wake_watcher();
        unwritten
    }

    fn take_all(&mut self) {
        let batches = std::mem::take(&mut self.batches);
        for (batch, lane) in batches {
            self.release(batch.bytes.len(), &lane);
        }
        if let Some(current) = self.current.take() {
            self.release(current.size, &current.lane);
        }
    }

    pub(super) fn release(&mut self, size: usize, lane: &Lane) {
        self.queued -= size;
        lane.queued.fetch_sub(size, Ordering::Relaxed);
        self.wake_unblocked();
        self.wake_open();
    }
}
