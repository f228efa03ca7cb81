//! What the workers hand to the thread that prints.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use mio::Waker;

use super::transcript::Lines;
use crate::scenario::outcome::FileOutcome;

/// The most bytes of lines that wait to be printed. Beyond it they are left out and counted: the connections must
/// not wait for a slow reader, whose pauses would fail their steps.
const MAX_QUEUED: usize = 64 << 20;

/// Something to print.
pub(super) enum Printed {
    /// Whole lines.
    Lines(String),
    /// What came of the file with this index.
    File(usize, FileOutcome),
}

/// The side of the workers.
#[derive(Clone)]
pub(super) struct Results {
    sender: Sender<Printed>,
    waker: Arc<Waker>,
    state: Arc<State>,
}

/// The side that prints.
pub(super) struct ResultReceiver {
    pub(super) results: Receiver<Printed>,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    queued: AtomicUsize,
    dropped: AtomicUsize,
}

/// A queue whose receiver is woken by `waker`.
pub(super) fn queue(waker: Arc<Waker>) -> (Results, ResultReceiver) {
    let (sender, results) = channel();
    let state = Arc::<State>::default();
    (Results { sender, waker, state: Arc::clone(&state) }, ResultReceiver { results, state })
}

impl Results {
    /// Hands over what came of a file.
    pub(super) fn file(&self, index: usize, outcome: FileOutcome) {
        self.send(Printed::File(index, outcome));
    }

    fn send(&self, printed: Printed) {
        let _ = self.sender.send(printed); // fails only if the receiver is gone
        let _ = self.waker.wake(); // should it fail, the receiver looks again soon
    }
}

impl Lines for Results {
    fn show(&self, text: String) {
        let length = text.len();
        if self.state.queued.fetch_add(length, Ordering::SeqCst) + length > MAX_QUEUED {
            self.state.queued.fetch_sub(length, Ordering::SeqCst);
            self.state.dropped.fetch_add(1, Ordering::SeqCst);
            return;
        }
        self.send(Printed::Lines(text));
    }
}

impl ResultReceiver {
    /// Makes room for others, since these lines were taken.
    pub(super) fn release(&self, lines: &str) {
        self.state.queued.fetch_sub(lines.len(), Ordering::SeqCst);
    }

    /// How many events were left out since the last call.
    pub(super) fn take_dropped(&self) -> usize {
        self.state.dropped.swap(0, Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_taken_is_bounded_and_counted() {
        let poll = mio::Poll::new().expect("a poll");
        let waker = Waker::new(poll.registry(), mio::Token(0)).expect("a waker");
        let (results, receiver) = queue(Arc::new(waker));
        let line = "x".repeat(MAX_QUEUED / 4);
        for _ in 0..6 {
            results.show(line.clone());
        }
        assert_eq!((receiver.take_dropped(), receiver.take_dropped()), (2, 0));
        assert!(matches!(receiver.results.try_recv(), Ok(Printed::Lines(taken)) if taken == line));
        receiver.release(&line);
        results.show(line.clone());
        assert_eq!(receiver.take_dropped(), 0);
    }
}
