//! A bounded queue of output batches from several threads to the one that writes them. Senders never block:
//! if the queue is full, a sender keeps its batch and is woken when there is space again.

mod changed;
mod end;
mod parts;
mod sender;
mod spare;
mod stall;
mod state;
mod waiting;
mod waking;

pub use stall::STALLED_AFTER;
pub use waiting::Waited;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use mio::Waker;

use changed::Changed;

/// Complete events, in order, or a part of one.
#[derive(Debug, Default)]
pub struct Batch {
    /// Their bytes.
    pub bytes: Vec<u8>,
    /// The end of each received message in `bytes`.
    pub message_ends: Vec<usize>,
    /// When its first event happened, since the program started. Batches of several senders are written in the order of these
    /// times, as far as they are in the queue together; one without a time is written behind those before it.
    pub since: Option<Duration>,
    /// It continues the event of the sender's previous batch.
    pub continues: bool,
    /// Its event is continued in the sender's next batch.
    pub is_continued: bool,
    /// It ends an event whose rest is not written: its sender has been dropped.
    pub is_cut: bool,
}

/// What happens to a batch when the queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// The sender keeps it.
    Wait,
    /// The sender keeps it while the stream accepts bytes; it is dropped while the stream is stalled.
    DropIfStalled,
    /// Its received messages are dropped, with all that precedes the last of them in it. What follows that message waits while
    /// the stream accepts bytes, as do batches without messages and the rest of an event that is partly queued: how a connection
    /// ended is not lost because there were many lines before.
    DropMessages,
}

/// Output that was not written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unwritten {
    /// Received messages.
    pub messages: usize,
    /// Lines of all kinds.
    pub lines: usize,
}

/// The queue, for its owner and the writing thread.
#[derive(Clone, Debug)]
pub struct BatchQueue {
    shared: Arc<Shared>,
}

/// A sender of the queue. Batches of one sender are written in order.
#[derive(Debug)]
pub struct BatchSender {
    shared: Arc<Shared>,
    lane: Arc<Lane>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Notified when a batch was added or removed.
    changed: Changed,
    /// Events may be sent in parts.
    takes_parts: bool,
    /// Wakes the writing thread, if it waits in an event loop.
    writer: OnceLock<Arc<Waker>>,
}

#[derive(Debug)]
struct State {
    batches: VecDeque<(Batch, Arc<Lane>)>,
    /// The batch that is being written.
    current: Option<Current>,
    /// The sender of the event whose last part is not taken yet: only its batches can be written next.
    open: Option<Arc<Lane>>,
    /// The number of events of which the last part was not sent yet.
    unfinished: usize,
    /// Bytes of all these batches.
    queued: usize,
    /// Senders that keep a batch until there is space.
    blocked: Vec<Arc<Lane>>,
    when_full: WhenFull,
    dropped: Unwritten,
    /// The number of dropped lines is written to the output itself.
    notes_dropped: bool,
    /// The writing thread found nothing to write.
    is_starved: bool,
    /// The writing thread waits until so many bytes are queued; 0: it does not.
    gathers: usize,
    /// Batches with received messages are dropped.
    drops_messages: bool,
    /// No more batches are written.
    is_closed: bool,
    /// All senders there are.
    senders: Vec<Arc<Lane>>,
    /// Nothing follows what the senders there are still send.
    is_ending: bool,
    /// Woken whenever everything is written.
    watcher: Option<Arc<Waker>>,
    /// Buffers of batches that are written, to be filled again.
    spare: Vec<Vec<u8>>,
    /// A sender with this many bytes in the queue must wait.
    lane_limit: usize,
    /// Bytes that are worth waking the writing thread for.
    gather_size: usize,
}

#[derive(Debug)]
struct Current {
    lane: Arc<Lane>,
    size: usize,
    /// Its messages that are not written yet.
    messages: usize,
    /// When it was taken, or its bytes were last written.
    last_progress: Instant,
}

#[derive(Debug)]
struct Lane {
    waker: Arc<Waker>,
    /// Bytes in the queue. This and the flags below are only changed while the queue is locked.
    queued: AtomicUsize,
    is_blocked: AtomicBool,
    /// The last part of its current event was not sent yet.
    is_unfinished: AtomicBool,
    /// The first part of an event was dropped, so the rest is dropped too.
    drops_rest: AtomicBool,
    /// No event that is still to be offered is older, in nanoseconds since the program started; [`NOTHING`]: there is none.
    oldest: AtomicU64,
}

/// A sender has offered all that has happened.
const NOTHING: u64 = u64::MAX;

/// A sender with this many bytes in the queue must wait, unless its queue is for much. A single batch may be of any size.
const LANE_LIMIT: usize = 256 << 10;

/// Bytes that are worth waking a writing thread for, unless its queue is for much.
const GATHER_SIZE: usize = 64 << 10;

/// With this many bytes in the queue all senders must wait.
const TOTAL_LIMIT: usize = 4 << 20;

impl BatchQueue {
    /// A queue without loss: senders wait.
    pub fn lossless() -> Self {
        Self::new(WhenFull::Wait, false, false)
    }

    /// A queue without loss in which a long event may be sent in parts, so that it is never completely in
    /// memory. No other event is written before its end.
    pub fn lossless_in_parts() -> Self {
        Self::new(WhenFull::Wait, false, true)
    }

    /// A queue for a log: if it is full while the stream is stalled, batches are dropped, and the number of
    /// dropped lines is written when the stream accepts bytes again.
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
            gathers: 0,
            drops_messages: false,
            is_closed: false,
            senders: Vec::new(),
            is_ending: false,
            watcher: None,
            spare: Vec::new(),
            lane_limit: LANE_LIMIT,
            gather_size: GATHER_SIZE,
        };
        let (state, changed, writer) = (Mutex::new(state), Changed::default(), OnceLock::new());
        Self { shared: Arc::new(Shared { state, changed, takes_parts, writer }) }
    }

    /// A new sender; `waker` is woken when a batch that was not accepted can be offered again.
    pub fn sender(&self, waker: Arc<Waker>) -> BatchSender {
        let lane = Arc::new(Lane {
            waker,
            queued: AtomicUsize::new(0),
            is_blocked: AtomicBool::new(false),
            is_unfinished: AtomicBool::new(false),
            drops_rest: AtomicBool::new(false),
            oldest: AtomicU64::new(NOTHING),
        });
        self.shared.state().senders.push(Arc::clone(&lane));
        BatchSender { shared: Arc::clone(&self.shared), lane }
    }

    /// Sets the waker of the writing thread, used when a batch is added.
    pub fn set_writer(&self, waker: Arc<Waker>) {
        let _ = self.shared.writer.set(waker); // there is one writing thread
    }

    /// Wakes `watcher` whenever everything is written.
    pub fn watch(&self, watcher: Arc<Waker>) {
        self.shared.state().watcher = Some(watcher);
    }

    /// Changes what happens to batches when the queue is full.
    pub fn set_when_full(&self, when_full: WhenFull) {
        let mut state = self.shared.state();
        state.when_full = when_full;
        state.wake_all();
    }

    /// Drops received messages, queued and future ones, with what is before them in the same batch.
    pub fn drop_messages(&self) {
        let mut state = self.shared.state();
        state.drops_messages = true;
        for (mut batch, lane) in std::mem::take(&mut state.batches) {
            if !batch.message_ends.is_empty() {
                let lost = batch.split_messages();
                state.dropped.messages += lost.message_ends.len();
                state.release(lost.bytes.len(), &lane);
            }
            if !batch.bytes.is_empty() {
                state.batches.push_back((batch, lane));
            }
        }
        state.wake_all();
    }

    /// The next batch to write. The previous one counts as written.
    pub fn take(&self) -> Option<Batch> {
        let mut state = self.shared.state();
        let batch = state.take();
        self.shared.changed.notify();
        batch
    }

    /// Records that the first `written` bytes of the batch taken last have been written.
    pub fn progress(&self, batch: &Batch, written: usize) {
        if let Some(current) = &mut self.shared.state().current {
            let ends = &batch.message_ends;
            current.messages = ends.len() - ends.partition_point(|end| *end <= written);
            current.last_progress = Instant::now();
        }
    }

    /// Drops queued and future batches, and returns what was not written.
    pub fn close(&self) -> Unwritten {
        let mut state = self.shared.state();
        let unwritten = state.close();
        self.shared.changed.notify();
        unwritten
    }

    /// What was dropped so far.
    pub fn dropped(&self) -> Unwritten {
        self.shared.state().dropped
    }

    /// Whether the queue is closed.
    pub fn is_closed(&self) -> bool {
        self.shared.state().is_closed
    }

    /// Whether everything is written, and no sender waits.
    pub fn is_idle(&self) -> bool {
        let state = self.shared.state();
        state.is_empty() && state.blocked.is_empty()
    }

    /// Bytes that are not written yet.
    pub fn queued(&self) -> usize {
        self.shared.state().queued
    }

    /// Waits until everything is written; false if `deadline` passes before.
    pub fn wait_until_written(&self, deadline: Instant) -> bool {
        let state = self.shared.state();
        let limit = deadline.saturating_duration_since(Instant::now());
        self.shared.changed.wait_while(state, limit, |state| !state.is_empty()).is_empty()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the writing thread, if it found nothing to write, or enough has gathered.
    fn wake_writer(&self, state: &mut State) {
        let has_gathered = state.gathers > 0 && state.queued >= state.gathers;
        if std::mem::take(&mut state.is_starved) || has_gathered {
            state.gathers = 0; // once
            self.changed.notify();
            if let Some(writer) = self.writer.get() {
                let _ = writer.wake(); // it polls again soon in any case
            }
        }
    }
}

impl Lane {
    fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests;
