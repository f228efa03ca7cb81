//! What is recorded at the moment, for all outputs of a run. Recordings begin and end while connections are open, also in
//! other threads.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use mio::Waker;

use crate::event::Level;
use crate::platform::batches::{BatchQueue, BatchSender};

/// The recordings of a run, each with the queue of the thread that writes it.
#[derive(Default)]
pub struct Recorders {
    /// Changes whenever a recording begins or ends.
    version: AtomicU64,
    shared: Mutex<Shared>,
}

/// Which events of frames a recording gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordedFrames {
    /// Those that the options ask for.
    AsAsked,
    /// The same, for a scenario, which is not written as it is: with the hashes of masked secrets, and when a Close frame was
    /// sent or received.
    ForScenario,
    /// Those that say more than their message does, without their payload: parts of messages, frames with reserved bits, and
    /// the like.
    Unusual,
}

#[derive(Default)]
struct Shared {
    recordings: Vec<Recording>,
    /// The number of recordings so far.
    count: u64,
    /// The loops that write to them.
    loops: Vec<Weak<Waker>>,
    /// What has to be shown to the user, once.
    notices: Vec<(Level, String)>,
    /// Messages that loops did not get into the queue of a recording.
    lost: Vec<(u64, u64)>,
}

struct Recording {
    number: u64,
    queue: BatchQueue,
    frames: RecordedFrames,
}

/// A recording as one of the loops writes to it.
pub(super) struct NewSender {
    pub(super) number: u64,
    pub(super) sender: BatchSender,
    pub(super) frames: RecordedFrames,
}

impl Recorders {
    /// Begins a recording, whose batches `queue` takes. Returns its number.
    pub fn add(&self, queue: BatchQueue, frames: RecordedFrames) -> u64 {
        let mut shared = self.shared();
        shared.count += 1;
        let number = shared.count;
        shared.recordings.push(Recording { number, queue, frames });
        self.announce(&mut shared);
        number
    }

    /// Ends a recording: nothing more is written to it than what has happened by now.
    pub fn remove(&self, number: u64) {
        let mut shared = self.shared();
        shared.recordings.retain(|recording| recording.number != number);
        self.announce(&mut shared);
    }

    /// Has the next loop that can do so show a notice.
    pub fn notice(&self, level: Level, text: String) {
        let mut shared = self.shared();
        shared.notices.push((level, text));
        self.announce(&mut shared);
    }

    /// The notices that were not shown yet. They count as shown.
    pub fn take_notices(&self) -> Vec<(Level, String)> {
        std::mem::take(&mut self.shared().notices)
    }

    /// How many messages the loops did not get into the queue of a recording.
    pub fn lost(&self, number: u64) -> u64 {
        let of_it = |(other, count): &(u64, u64)| (*other == number).then_some(*count);
        self.shared().lost.iter().filter_map(of_it).sum()
    }

    pub(super) fn note_lost(&self, number: u64, count: u64) {
        let mut shared = self.shared();
        match shared.lost.iter_mut().find(|(other, _)| *other == number) {
            Some((_, sum)) => *sum += count,
            None => shared.lost.push((number, count)),
        }
    }

    /// A number that changes with the recordings.
    #[inline]
    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Wakes this loop from now on when something changes.
    pub(super) fn subscribe(&self, waker: &Arc<Waker>) {
        let mut shared = self.shared();
        if shared.loops.len() == shared.loops.capacity() {
            shared.loops.retain(|waker| waker.strong_count() > 0);
        }
        shared.loops.push(Arc::downgrade(waker));
    }

    /// The numbers of all recordings, and a sender to each that is not `known`. After its end a recording gets no new
    /// senders.
    pub(super) fn senders(
        &self,
        known: impl Fn(u64) -> bool,
        waker: &Arc<Waker>,
    ) -> (Vec<u64>, Vec<NewSender>) {
        let shared = self.shared();
        let numbers = shared.recordings.iter().map(|recording| recording.number).collect();
        let new = shared.recordings.iter().filter(|recording| !known(recording.number));
        let sender = |Recording { number, queue, frames }: &Recording| NewSender {
            number: *number,
            sender: queue.sender(Arc::clone(waker)),
            frames: *frames,
        };
        (numbers, new.map(sender).collect())
    }

    fn announce(&self, shared: &mut Shared) {
        self.version.fetch_add(1, Ordering::Release);
        for waker in shared.loops.iter().filter_map(Weak::upgrade) {
            let _ = waker.wake(); // its loop has ended
        }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Recorders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorders").field("version", &self.version()).finish_non_exhaustive()
    }
}
