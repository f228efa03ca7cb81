//! Output around the line being typed: batches go to a thread, which hands them to the line editor.
//! The event loop never waits for the terminal.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use mio::Waker;
use rustyline::ExternalPrinter;

use crate::output::Lane;
use crate::output::SharedLane;

/// The terminal, as a place for output.
#[derive(Clone, Debug)]
pub struct Screen {
    batches: SyncSender<Vec<u8>>,
    shown: Arc<Shown>,
}

/// How many batches have been handed in and not been shown.
#[derive(Debug, Default)]
struct Shown {
    waiting: Mutex<usize>,
    changed: Condvar,
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
        let (batches, queue) = sync_channel(QUEUE);
        let shown = Arc::new(Shown::default());
        let done = Arc::clone(&shown);
        thread::Builder::new()
            .name("screen".to_owned())
            .spawn(move || print(printer, &queue, &done, &waker))?;
        Ok(Self { batches, shown })
    }

    /// Waits until all batches are on the screen, but not longer than this.
    pub(super) fn wait_until_shown(&self, limit: Duration) {
        for _ in 0..2 {
            let mut fence = FENCE.to_vec();
            while let Err(back) = self.clone().offer(fence) {
                fence = back;
                self.wait(limit, QUEUE - 1);
            }
            self.wait(limit, 0);
        }
    }

    fn wait(&self, limit: Duration, at_most: usize) {
        let Ok(waiting) = self.shown.waiting.lock() else { return };
        let _ = self.shown.changed.wait_timeout_while(waiting, limit, |waiting| *waiting > at_most);
    }

    fn count(&self, change: impl FnOnce(&mut usize)) {
        if let Ok(mut waiting) = self.shown.waiting.lock() {
            change(&mut waiting);
        }
    }
}

impl Lane for Screen {
    fn offer(&mut self, bytes: Vec<u8>) -> Result<(), Vec<u8>> {
        self.count(|waiting| *waiting += 1);
        self.batches.try_send(bytes).map_err(|error| {
            self.count(|waiting| *waiting -= 1);
            match error {
                TrySendError::Full(bytes) | TrySendError::Disconnected(bytes) => bytes,
            }
        })
    }
}

/// The threads of clients wait for the terminal, as they would for any other output.
impl SharedLane for Screen {
    fn hand_over(&mut self, bytes: Vec<u8>) {
        self.count(|waiting| *waiting += 1);
        if self.batches.send(bytes).is_err() {
            self.count(|waiting| *waiting -= 1); // the terminal is not ours any more
        }
    }
}

fn print(
    mut printer: impl ExternalPrinter,
    queue: &Receiver<Vec<u8>>,
    shown: &Shown,
    waker: &Waker,
) {
    while let Ok(batch) = queue.recv() {
        let text = String::from_utf8_lossy(&batch).into_owned();
        let _ = printer.print(text); // the editor has ended, and with it the session
        if let Ok(mut waiting) = shown.waiting.lock() {
            *waiting -= 1;
        }
        shown.changed.notify_all();
        let _ = waker.wake();
    }
}
