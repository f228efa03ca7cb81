//! Lets the thread that reads lines wait until what was typed before is done: the answers of commands come in the order of
//! the commands then, and `/again` finds the message of the line before it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The longest wait: a loop that waits for a peer or for the output does not keep anybody from typing on.
const LONGEST: Duration = Duration::from_millis(100);

/// How many lines were passed to the loop, and how many of them it has carried out.
#[derive(Debug, Default)]
pub(super) struct Settled {
    counts: Mutex<Counts>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    sent: u64,
    done: u64,
}

impl Settled {
    /// Counts a line that the loop can take from now on, and returns its number, from 1.
    pub(super) fn count(&self) -> u64 {
        let mut counts = self.counts();
        counts.sent += 1;
        counts.sent
    }

    /// The number of lines that the loop can take.
    pub(super) fn sent(&self) -> u64 {
        self.counts().sent
    }

    /// The first `count` lines have been carried out.
    pub(super) fn set_done(&self, count: u64) {
        let mut counts = self.counts();
        if count > counts.done {
            counts.done = count;
            self.changed.notify_all();
        }
    }

    /// From now on nothing is waited for.
    pub(super) fn end(&self) {
        self.set_done(u64::MAX);
    }

    /// Waits until this line has been carried out, for a limited time. Returns at once if the one before it has not: then a
    /// wait has been in vain already.
    pub(super) fn wait_for(&self, number: u64) {
        let counts = self.counts();
        if counts.done.saturating_add(1) >= number {
            let is_waiting = |counts: &mut Counts| counts.done < number;
            drop(self.changed.wait_timeout_while(counts, LONGEST, is_waiting));
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    #[test]
    fn a_line_is_waited_for_until_it_is_done_or_nothing_is_any_more() {
        for end in [false, true] {
            let settled = Arc::new(Settled::default());
            let number = settled.count();
            let waiting = {
                let settled = Arc::clone(&settled);
                thread::spawn(move || settled.wait_for(number))
            };
            match end {
                true => settled.end(),
                false => settled.set_done(settled.sent()),
            }
            waiting.join().expect("no panic");
            assert!(settled.counts().done >= number);
        }
    }

    #[test]
    fn a_loop_that_is_behind_is_not_waited_for() {
        let settled = Settled::default();
        settled.count();
        let second = settled.count();
        settled.wait_for(second); // would take a tenth of a second
        assert_eq!(settled.counts().done, 0);
    }
}
