//! A bounded queue of batches of output, from several threads to the one that writes them. Senders
//! never block: a sender whose batch finds no room keeps it, and is woken when there is room.

mod parts;
mod sender;
mod stall;
mod waking;

pub use stall::STALLED_AFTER;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use mio::Waker;

/// Whole events, in order, or a part of one.
#[derive(Debug, Default)]
pub struct Batch {
    /// Their bytes.
    pub bytes: Vec<u8>,
    /// Where in `bytes` each received message ends.
    pub message_ends: Vec<usize>,
    /// It goes on with the event that the sender's batch before is a part of.
    pub continues: bool,
    /// Its event goes on in the sender's next batch.
    pub is_continued: bool,
}

/// What becomes of a batch that finds no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// The sender keeps it.
    Wait,
    /// The sender keeps it while the stream takes bytes; it is dropped while the stream is stalled.
    DropIfStalled,
    /// It is dropped.
    Drop,
}

/// Output that was not written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unwritten {
    /// Received messages.
    pub messages: usize,
    /// Lines of all kinds.
    pub lines: usize,
}

/// The queue, as its owner and the thread that writes see it.
#[derive(Clone, Debug)]
pub struct BatchQueue {
    shared: Arc<Shared>,
}

/// One of the senders. Batches of one sender are written in order.
#[derive(Debug)]
pub struct BatchSender {
    shared: Arc<Shared>,
    lane: Arc<Lane>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// A batch has come or gone.
    changed: Condvar,
    /// Events may come in parts.
    takes_parts: bool,
    /// Wakes the writing thread, where it waits for more than batches.
    writer: OnceLock<Arc<Waker>>,
}

#[derive(Debug)]
struct State {
    batches: VecDeque<(Batch, Arc<Lane>)>,
    /// The batch that is being written.
    current: Option<Current>,
    /// The sender of the event of which a part was taken last: only that one's batches can follow.
    open: Option<Arc<Lane>>,
    /// Events of which a part has come and the end has not.
    unfinished: usize,
    /// Bytes of all these batches.
    queued: usize,
    /// Senders that keep a batch until there is room.
    blocked: Vec<Arc<Lane>>,
    when_full: WhenFull,
    dropped: Unwritten,
    /// Lines that were dropped are counted in the output itself.
    notes_dropped: bool,
    /// The writing thread has found nothing to write.
    is_starved: bool,
    /// Batches with received messages are dropped.
    drops_messages: bool,
    /// Nothing is written any more.
    is_closed: bool,
    /// Woken whenever nothing is left to be written.
    watcher: Option<Arc<Waker>>,
}

#[derive(Debug)]
struct Current {
    lane: Arc<Lane>,
    size: usize,
    /// Messages of it that are not written.
    messages: usize,
    /// When it was taken, or bytes of it were last written.
    last_progress: Instant,
}

#[derive(Debug)]
struct Lane {
    waker: Arc<Waker>,
    /// Bytes in the queue. This and the flags below change only while the queue is locked.
    queued: AtomicUsize,
    is_blocked: AtomicBool,
    /// A part of an event has come from it, and the end has not.
    is_unfinished: AtomicBool,
    /// The first part of an event was dropped: so is the rest.
    drops_rest: AtomicBool,
}

/// A sender with this many bytes in the queue has to wait. One batch may be of any size.
const LANE_LIMIT: usize = 256 << 10;

/// With this many bytes in the queue all senders have to wait.
const TOTAL_LIMIT: usize = 4 << 20;

impl BatchQueue {
    /// A queue that loses nothing: senders wait.
    pub fn lossless() -> Self {
        Self::new(WhenFull::Wait, false, false)
    }

    /// The same, where a long event may come in parts, so that it is in memory nowhere as a whole. No
    /// other event is written before its end.
    pub fn lossless_in_parts() -> Self {
        Self::new(WhenFull::Wait, false, true)
    }

    /// A queue for a log: what finds no room while the stream is stalled is dropped, and the number of
    /// dropped lines is written when the stream takes bytes again.
    pub fn lossy() -> Self {
        Self::new(WhenFull::DropIfStalled, true, false)
    }

    fn new(when_full: WhenFull, notes_dropped: bool, takes_parts: bool) -> Self {
        let state = State {
            batches: VecDeque::new(),
            current: None,
            open: None,
            unfinished: 0,
            queued: 0,
            blocked: Vec::new(),
            when_full,
            dropped: Unwritten::default(),
            notes_dropped,
            is_starved: false,
            drops_messages: false,
            is_closed: false,
            watcher: None,
        };
        let (state, changed, writer) = (Mutex::new(state), Condvar::new(), OnceLock::new());
        Self { shared: Arc::new(Shared { state, changed, takes_parts, writer }) }
    }

    /// A new sender; `waker` is woken when a batch that found no room can be offered again.
    pub fn sender(&self, waker: Arc<Waker>) -> BatchSender {
        let lane = Arc::new(Lane {
            waker,
            queued: AtomicUsize::new(0),
            is_blocked: AtomicBool::new(false),
            is_unfinished: AtomicBool::new(false),
            drops_rest: AtomicBool::new(false),
        });
        BatchSender { shared: Arc::clone(&self.shared), lane }
    }

    /// Wakes the writing thread through `waker` when a batch comes.
    pub fn set_writer(&self, waker: Arc<Waker>) {
        let _ = self.shared.writer.set(waker); // there is one writing thread
    }

    /// Wakes `watcher` whenever nothing is left to be written.
    pub fn watch(&self, watcher: Arc<Waker>) {
        self.shared.state().watcher = Some(watcher);
    }

    /// Changes what becomes of batches that find no room, from now on.
    pub fn set_when_full(&self, when_full: WhenFull) {
        let mut state = self.shared.state();
        state.when_full = when_full;
        state.wake_all();
    }

    /// Drops what has received messages in it, from the batches that wait and from those to come.
    pub fn drop_messages(&self) {
        let mut state = self.shared.state();
        state.drops_messages = true;
        for (batch, lane) in std::mem::take(&mut state.batches) {
            if batch.message_ends.is_empty() {
                state.batches.push_back((batch, lane));
            } else {
                state.dropped.messages += batch.message_ends.len();
                state.release(batch.bytes.len(), &lane);
            }
        }
        state.wake_all();
    }

    /// The next batch to write. The one before it counts as written.
    pub fn take(&self) -> Option<Batch> {
        let mut state = self.shared.state();
        let batch = state.take();
        self.shared.changed.notify_all();
        batch
    }

    /// Waits for a batch to write; `None` once the queue is closed. The one before it counts as written.
    pub fn wait_for_batch(&self) -> Option<Batch> {
        let mut state = self.shared.state();
        loop {
            let batch = state.take();
            self.shared.changed.notify_all();
            if batch.is_some() || state.is_closed {
                return batch;
            }
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Says that the first `written` bytes of the batch taken last have been written.
    pub fn progress(&self, batch: &Batch, written: usize) {
        if let Some(current) = &mut self.shared.state().current {
            let ends = &batch.message_ends;
            current.messages = ends.len() - ends.partition_point(|end| *end <= written);
            current.last_progress = Instant::now();
        }
    }

    /// Drops what waits and all that follows, and returns what has not been written until now.
    pub fn close(&self) -> Unwritten {
        let mut state = self.shared.state();
        let unwritten = state.close();
        self.shared.changed.notify_all();
        unwritten
    }

    /// What was dropped.
    pub fn dropped(&self) -> Unwritten {
        self.shared.state().dropped
    }

    /// Whether nothing is written any more.
    pub fn is_closed(&self) -> bool {
        self.shared.state().is_closed
    }

    /// Whether nothing is left to be written, and no sender waits.
    pub fn is_idle(&self) -> bool {
        let state = self.shared.state();
        state.is_empty() && state.blocked.is_empty()
    }

    /// Waits until nothing is left to be written; false when `deadline` has passed before.
    pub fn wait_until_written(&self, deadline: Instant) -> bool {
        let state = self.shared.state();
        let limit = deadline.saturating_duration_since(Instant::now());
        let waited =
            self.shared.changed.wait_timeout_while(state, limit, |state| !state.is_empty());
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.is_empty()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the writing thread look again, if it has found nothing to write.
    fn wake_writer(&self, state: &mut State) {
        if std::mem::take(&mut state.is_starved) {
            self.changed.notify_all();
            if let Some(writer) = self.writer.get() {
                let _ = writer.wake(); // it looks again soon, woken or not
            }
        }
    }
}

impl Lane {
    fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }
}

impl State {
    fn drops(&self) -> bool {
        match self.when_full {
            WhenFull::Wait => false,
            WhenFull::DropIfStalled => self.is_stalled(),
            WhenFull::Drop => true,
        }
    }

    fn is_empty(&self) -> bool {
        self.current.is_none() && self.batches.is_empty() && self.open.is_none()
    }

    /// Takes a batch or drops it; false if its sender has to keep it.
    fn accept(&mut self, batch: &mut Batch, lane: &Arc<Lane>) -> bool {
        let messages = batch.messages_begun();
        if self.is_closed {
            self.dropped.messages += messages;
            *batch = Batch::default();
        } else if batch.continues && lane.drops_rest.load(Ordering::Relaxed) {
            *batch = Batch::default(); // it was counted with the first part
        } else if self.drops_messages && messages > 0 {
            self.drop_batch(batch, lane);
        } else if self.has_room(lane) {
            self.note_dropped(lane);
            self.push(std::mem::take(batch), lane);
        } else if self.drops() && batch.continues {
            self.cut_off();
            *batch = Batch::default();
        } else if self.drops() {
            self.dropped.lines += memchr::memchr_iter(b'\n', &batch.bytes).count();
            // What is written of the messages has no gaps; a log says where it has.
            self.drops_messages |= !self.notes_dropped && messages > 0;
            self.drop_batch(batch, lane);
        } else {
            self.block(lane);
            return false;
        }
        true
    }

    fn push(&mut self, batch: Batch, lane: &Arc<Lane>) {
        self.note_part(&batch, lane);
        self.queued += batch.bytes.len();
        lane.queued.fetch_add(batch.bytes.len(), Ordering::Relaxed);
        self.batches.push_back((batch, Arc::clone(lane)));
    }

    fn block(&mut self, lane: &Arc<Lane>) {
        if !lane.is_blocked.swap(true, Ordering::Relaxed) {
            self.blocked.push(Arc::clone(lane));
        }
    }

    /// Says in the output what is missing at this place.
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

    fn take(&mut self) -> Option<Batch> {
        if let Some(current) = self.current.take() {
            self.release(current.size, &current.lane);
            if self.batches.is_empty() {
                self.note_dropped(&current.lane);
            }
        }
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

    /// What was dropped, and the messages that are still in the queue.
    fn unwritten(&self) -> Unwritten {
        let queued = self.batches.iter().map(|(batch, _)| batch.message_ends.len());
        let current = self.current.as_ref().map_or(0, |current| current.messages);
        let messages = self.dropped.messages + self.unfinished + current + queued.sum::<usize>();
        Unwritten { messages, ..self.dropped }
    }

    fn close(&mut self) -> Unwritten {
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

    fn release(&mut self, size: usize, lane: &Lane) {
        self.queued -= size;
        lane.queued.fetch_sub(size, Ordering::Relaxed);
        self.wake_unblocked();
        self.wake_open();
    }
}

#[cfg(test)]
mod tests;
