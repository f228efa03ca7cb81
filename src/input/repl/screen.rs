//! Output around the line being typed: batches go to a thread, which hands them to the line editor.
//! The event loop never waits for the terminal.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use mio::Waker;
use rustyline::ExternalPrinter;

use crate::output::Batch;
use crate::output::Lane;
use crate::output::SharedLane;

/// The terminal, as a place for output.
#[derive(Clone, Debug)]
pub struct Screen {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    batches: VecDeque<Batch>,
    /// The printing thread has one in its hands.
    is_printing: bool,
    /// The line editor has ended.
    is_closed: bool,
}

/// Batches that may wait.
const QUEUE: usize = 4;

/// Up and down again: shows nothing. The editor takes one text at a time, so once this one has been
/// taken, those before it are on the screen.
const FENCE: &[u8] = b"\x1b[A\n";

impl Screen {
    pub(super) fn start(
        printer: impl ExternalPrinter + Send + 'static,
        waker: Arc<Waker>,
    ) -> io::Result<Self> {
        let screen = Self { shared: Arc::default() };
        let shared = Arc::clone(&screen.shared);
        thread::Builder::new()
            .name("screen".to_owned())
            .spawn(move || print(printer, &shared, &waker))?;
        Ok(screen)
    }

    /// Waits until all batches are on the screen, but not beyond this time.
    pub(super) fn wait_until_shown(&self, until: Instant) {
        for _ in 0..2 {
            drop(self.shared.wait(until, |queue| queue.batches.len() >= QUEUE));
            self.shared.push(Batch { bytes: FENCE.to_vec(), messages: 0 });
            drop(self.shared.wait(until, |queue| !queue.batches.is_empty() || queue.is_printing));
        }
    }

    /// Takes no more batches.
    pub(super) fn close(&self) {
        let mut queue = self.shared.queue();
        queue.is_closed = true;
        queue.batches.clear();
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, batch: Batch) {
        self.queue().batches.push_back(batch);
        self.changed.notify_all();
    }

    /// Waits while this holds, but not beyond `until`.
    fn wait(
        &self,
        until: Instant,
        condition: impl FnMut(&mut Queue) -> bool,
    ) -> MutexGuard<'_, Queue> {
        let limit = until.saturating_duration_since(Instant::now());
        let waited = self.changed.wait_timeout_while(self.queue(), limit, condition);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Lane for Screen {
    fn offer(&mut self, batch: Batch) -> Result<(), Batch> {
        let mut queue = self.shared.queue();
        if queue.is_closed || queue.batches.len() >= QUEUE {
            return Err(batch);
        }
        queue.batches.push_back(batch);
        self.shared.changed.notify_all();
        Ok(())
    }

    fn discard(&mut self) -> u64 {
        self.shared.queue().batches.drain(..).map(|batch| batch.messages).sum()
    }
}

/// The threads of clients wait for the terminal, as they would for any other output.
impl SharedLane for Screen {
    fn hand_over(&mut self, bytes: Vec<u8>) {
        let is_full = |queue: &mut Queue| queue.batches.len() >= QUEUE && !queue.is_closed;
        let waited = self.shared.changed.wait_while(self.shared.queue(), is_full);
        let mut queue = waited.unwrap_or_else(PoisonError::into_inner);
        if !queue.is_closed {
            queue.batches.push_back(Batch { bytes, messages: 0 });
            self.shared.changed.notify_all();
        }
    }
}

fn print(mut printer: impl ExternalPrinter, shared: &Shared, waker: &Waker) {
    loop {
        let is_idle = |queue: &mut Queue| queue.batches.is_empty() && !queue.is_closed;
        let waited = shared.changed.wait_while(shared.queue(), is_idle);
        let mut queue = waited.unwrap_or_else(PoisonError::into_inner);
        let Some(batch) = queue.batches.pop_front() else { return };
        queue.is_printing = true;
        drop(queue);
        let text = String::from_utf8_lossy(&batch.bytes).into_owned();
        let _ = printer.print(text); // the editor has ended, and with it the session
        shared.queue().is_printing = false;
        shared.changed.notify_all();
        let _ = waker.wake();
    }
}
