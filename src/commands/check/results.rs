//! What the workers hand to the thread that prints.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use mio::Waker;

use super::transcript::Lines;
use crate::scenario::outcome::FileOutcome;

/// The most bytes of lines that wait to be printed. Beyond it the connections wait for the reader: nothing is lost,
/// and memory is bounded.
const MAX_QUEUED: usize = 16 << 20;

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
    queue: Mutex<Queue>,
    /// Lines were taken, or nobody takes them any more.
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    bytes: usize,
    /// Nobody takes lines any more.
    is_closed: bool,
    stall: Stall,
}

/// For how long lines had to wait for room in the queue, any of them.
#[derive(Default)]
struct Stall {
    waiting: usize,
    since: Option<Instant>,
    before: Duration,
}

impl Stall {
    fn begin(&mut self, now: Instant) {
        self.waiting += 1;
        self.since.get_or_insert(now);
    }

    fn end(&mut self, now: Instant) {
        self.waiting -= 1;
        if self.waiting == 0 {
            self.before = self.total(now);
            self.since = None;
        }
    }

    fn total(&self, now: Instant) -> Duration {
        self.before
            + self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }
}

impl State {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes room for so many bytes, when there is some.
    fn reserve(&self, bytes: usize) {
        let is_full =
            |queue: &Queue| queue.bytes > 0 && queue.bytes + bytes > MAX_QUEUED && !queue.is_closed;
        let mut queue = self.queue();
        if is_full(&queue) {
            queue.stall.begin(Instant::now());
            while is_full(&queue) {
                queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
            queue.stall.end(Instant::now());
        }
        queue.bytes += bytes;
    }
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
        self.state.reserve(text.len());
        self.send(Printed::Lines(text));
    }

    fn stalled(&self) -> Duration {
        self.state.queue().stall.total(Instant::now())
    }
}

impl ResultReceiver {
    /// Makes room for others, since these lines were taken.
    pub(super) fn release(&self, lines: &str) {
        self.state.queue().bytes -= lines.len();
        self.state.changed.notify_all();
    }
}

/// Nobody waits for a receiver that is gone.
impl Drop for ResultReceiver {
    fn drop(&mut self) {
        self.state.queue().is_closed = true;
        self.state.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn test_queue() -> (Results, ResultReceiver, mio::Poll) {
        let poll = mio::Poll::new().expect("a poll");
        let waker = Waker::new(poll.registry(), mio::Token(0)).expect("a waker");
        let (results, receiver) = queue(Arc::new(waker));
        (results, receiver, poll)
    }

    fn wait_until_stalled(results: &Results) {
        while results.state.queue().stall.waiting == 0 {
            thread::yield_now();
        }
    }

    #[test]
    fn lines_wait_for_room_and_nothing_is_lost() {
        let (results, receiver, _poll) = test_queue();
        let line = "x".repeat(MAX_QUEUED / 4);
        let lines = |_| match receiver.results.recv().expect("lines") {
            Printed::Lines(lines) => lines,
            Printed::File(..) => panic!("a file"),
        };
        thread::scope(|scope| {
            let writer = scope.spawn(|| (0..6).for_each(|_| results.show(line.clone())));
            wait_until_stalled(&results);
            let queued: Vec<_> = (0..4).map(lines).collect();
            assert!(receiver.results.try_recv().is_err(), "the rest waits");
            assert!(results.stalled() > Duration::ZERO);
            queued.iter().for_each(|lines| receiver.release(lines));
            assert!((0..2).map(lines).all(|taken| taken == line));
            writer.join().expect("no panic");
        });
        let stalled = results.stalled();
        assert_eq!(results.stalled(), stalled, "the time stands still");
    }

    #[test]
    fn a_receiver_that_is_gone_is_not_waited_for() {
        let (results, receiver, _poll) = test_queue();
        let long = "x".repeat(MAX_QUEUED * 2);
        results.show(long.clone());
        thread::scope(|scope| {
            scope.spawn(|| results.show(long.clone()));
            wait_until_stalled(&results);
            drop(receiver);
        });
        results.show(long);
    }
}
