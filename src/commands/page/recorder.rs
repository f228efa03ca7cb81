//! The thread that takes the lines of all events, as those of recordings do, and puts them into the store.

use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use crate::output::{RecordedFrames, Recorders};
use crate::page::Store;
use crate::platform::batches::{BatchQueue, Waited, WhenFull};

/// The recording into a store.
pub(super) struct Recorder {
    number: u64,
    queue: BatchQueue,
    recorders: Arc<Recorders>,
    over: Arc<Over>,
}

/// Whether the thread has ended.
#[derive(Default)]
struct Over {
    is_over: Mutex<bool>,
    changed: Condvar,
}

impl Recorder {
    /// Records into `store` what outputs report from now on.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(super) fn start(store: Arc<Store>, recorders: Arc<Recorders>) -> io::Result<Self> {
        let queue = BatchQueue::lossless_in_parts().for_much();
        let over = Arc::<Over>::default();
        let (of_thread, ended) = (queue.clone(), Arc::clone(&over));
        thread::Builder::new().name("page events".to_owned()).spawn(move || {
            record(&of_thread, &store);
            of_thread.close(); // senders do not wait for room any more
            ended.set();
        })?;
        let number = recorders.add(queue.clone(), RecordedFrames::Unusual);
        Ok(Self { number, queue, recorders, over })
    }

    /// Nothing more is recorded than what outputs have by now.
    pub(super) fn end(&self) {
        self.recorders.remove(self.number);
        self.queue.end();
    }

    /// What has no room is dropped from now on.
    pub(super) fn stop_waiting(&self) {
        self.queue.set_when_full(WhenFull::DropMessages);
    }

    /// Waits until everything is in the store, up to this time.
    pub(super) fn wait_until_over(&self, until: Instant) {
        self.over.wait(until);
    }
}

/// A run that ends early does not leave the thread behind.
impl Drop for Recorder {
    fn drop(&mut self) {
        self.recorders.remove(self.number);
        self.queue.close();
    }
}

impl Over {
    fn set(&self) {
        *self.is_over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    fn wait(&self, until: Instant) {
        let is_over = self.is_over.lock().unwrap_or_else(PoisonError::into_inner);
        let left = until.saturating_duration_since(Instant::now());
        // Whether it is over does not matter to those whose time is.
        let _ = self.changed.wait_timeout_while(is_over, left, |is_over| !*is_over);
    }
}

fn record(queue: &BatchQueue, store: &Store) {
    loop {
        match queue.wait_for_batches_until(None) {
            Waited::Batch(batch) if batch.is_cut => store.discard_partial(),
            Waited::Batch(batch) => {
                store.append(&batch.bytes);
                queue.recycle(batch.bytes);
            }
            Waited::TimedOut => {}
            Waited::Ended => return,
        }
    }
}
