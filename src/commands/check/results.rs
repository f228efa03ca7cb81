//! What the workers hand to the thread that prints.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use mio::Waker;

use super::clock::RunClock;
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

struct State {
    clock: Arc<RunClock>,
    queue: Mutex<Queue>,
    /// Lines were taken, or the receiver is gone.
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    bytes: usize,
    /// The receiver is gone.
    is_closed: bool,
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
            self.clock.begin_stall();
            while is_full(&queue) {
                queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
            self.clock.end_stall();
        }
        queue.bytes += bytes;
    }
}

/// A queue whose receiver is woken by `waker`. While lines wait for room, the time of steps stands still on `clock`.
pub(super) fn queue(waker: Arc<Waker>, clock: Arc<RunClock>) -> (Results, ResultReceiver) {
    let (sender, results) = channel();
    let (queue, changed) = (Mutex::default(), Condvar::new());
    let state = Arc::new(State { clock, queue, changed });
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
}

impl ResultReceiver {
    /// Makes room for others, since these lines were taken.
    pub(super) fn release(&self, lines: &str) {
        self.state.queue().bytes -= lines.len();
        self.state.changed.notify_all();
    }
}

/// Wakes threads that wait for room in the queue.
impl Drop for ResultReceiver {
    fn drop(&mut self) {
        self.state.queue().is_closed = true;
        self.state.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use super::*;

    fn test_queue() -> (Results, ResultReceiver, mio::Poll) {
        let poll = mio::Poll::new().expect("a poll");
        let waker = Waker::new(poll.registry(), mio::Token(0)).expect("a waker");
        let (results, receiver) = queue(Arc::new(waker), Arc::new(RunClock::start()));
        (results, receiver, poll)
    }

    fn wait_until_stalled(results: &Results) {
        while results.state.clock.stalled().is_zero() {
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
            assert!(results.state.clock.stalled() > Duration::ZERO);
            queued.iter().for_each(|lines| receiver.release(lines));
            assert!((0..2).map(lines).all(|taken| taken == line));
            writer.join().expect("no panic");
        });
        let stalled = results.state.clock.stalled();
        assert_eq!(results.state.clock.stalled(), stalled, "the time stands still");
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
