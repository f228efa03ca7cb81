//! How long a side has taken nothing of what it is to get before a reset. Pure: times are arguments.

use std::fmt;
use std::time::{Duration, Instant};

use crate::protocol::counted::counted;

/// A side that takes nothing for this time is reset.
const LIMIT: Duration = Duration::from_secs(1);

/// What the system still has for a side is looked up this often.
const SAMPLE_EVERY: Duration = Duration::from_millis(250);

/// A side to which nothing can be written, or for which the system still has something.
///
/// That nothing can be written is not enough to tell that it takes nothing: a socket is writable only once a good part of its
/// buffer is free, which a slow reader may need seconds for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stall {
    /// When it has last taken something.
    since: Instant,
    sample_at: Instant,
    /// What it had not acknowledged then, in bytes.
    unacknowledged: Option<u64>,
}

impl Stall {
    /// It has just taken something.
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, sample_at: now, unacknowledged: None }
    }

    /// Something was written: what is not acknowledged is more than before.
    pub(super) fn wrote(&mut self, now: Instant) {
        (self.since, self.unacknowledged) = (now, None);
    }

    /// Whether it has taken nothing for too long. `unacknowledged` looks up what the system still has for it, in bytes, `None` if
    /// that is not known.
    pub(super) fn is_over(
        &mut self,
        now: Instant,
        unacknowledged: impl FnOnce() -> Option<u64>,
    ) -> bool {
        if now >= self.sample_at {
            let before = std::mem::replace(&mut self.unacknowledged, unacknowledged());
            self.sample_at = now + SAMPLE_EVERY;
            if let (Some(before), Some(after)) = (before, self.unacknowledged)
                && after < before
            {
                self.since = now;
            }
        }
        now >= self.since + LIMIT
    }

    /// What the system still had for it when that was last looked up, in bytes.
    pub(super) fn unacknowledged(&self) -> u64 {
        self.unacknowledged.unwrap_or(0)
    }

    /// When to look again.
    pub(super) fn deadline(&self) -> Instant {
        self.sample_at.min(self.since + LIMIT)
    }
}

/// What was received and not delivered, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Of these nothing was delivered.
    pub(super) certain: u64,
    /// The system had these for the receiver, which may have got a part of them.
    pub(super) possible: u64,
}

impl Lost {
    /// Whether everything was delivered.
    pub fn is_nothing(&self) -> bool {
        self.certain + self.possible == 0
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = if self.possible > 0 { "up to " } else { "" };
        write!(f, "{limit}{}", counted(self.certain + self.possible, "byte"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_side_that_acknowledges_nothing_is_given_up_after_a_second() {
        let start = Instant::now();
        for held in [None, Some(70_000)] {
            let mut stall = Stall::new(start);
            for time in [0, 250, 500, 750, 999] {
                assert!(!stall.is_over(start + millis(time), || held), "after {time} ms");
            }
            assert!(stall.is_over(start + millis(1000), || held));
            assert_eq!(stall.unacknowledged(), held.unwrap_or(0));
        }
    }

    #[test]
    fn a_side_that_acknowledges_is_waited_for() {
        let start = Instant::now();
        let mut stall = Stall::new(start);
        for step in 0..100 {
            let now = start + millis(250 * step);
            // Less every 750 ms.
            assert!(!stall.is_over(now, || Some(1000 - step / 3)), "step {step}");
        }
    }

    #[test]
    fn it_is_looked_up_no_more_than_four_times_a_second() {
        let start = Instant::now();
        let (mut stall, mut count) = (Stall::new(start), 0);
        for time in 0..1000 {
            let now = start + millis(time);
            stall.is_over(now, || {
                count += 1;
                Some(1)
            });
            assert!(stall.deadline() > now);
        }
        assert_eq!(count, 4);
    }

    #[test]
    fn a_loss_of_which_a_part_may_have_arrived_is_a_limit() {
        let lost = |certain, possible| Lost { certain, possible };
        assert!(Lost::default().is_nothing() && !lost(0, 1).is_nothing());
        assert_eq!(lost(1, 0).to_string(), "1 byte");
        assert_eq!(lost(5, 3).to_string(), "up to 8 bytes");
    }

    #[test]
    fn what_is_written_counts_as_taken() {
        let start = Instant::now();
        let mut stall = Stall::new(start);
        assert!(!stall.is_over(start, || Some(10)));
        stall.wrote(start + millis(900));
        assert!(!stall.is_over(start + millis(1000), || Some(20)));
        assert!(!stall.is_over(start + millis(1899), || Some(20)));
        assert!(stall.is_over(start + millis(1900), || Some(20)));
    }
}
