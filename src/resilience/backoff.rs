//! How long to wait before the next attempt: exponential backoff with full jitter, so that the clients of a
//! server that was down do not all reconnect at the same moment.

use std::time::Duration;

/// The delays between attempts; the limit of each is twice that of the previous one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    attempts: u64,
}

/// The maximum delay, as a multiple of the first: 30 s for 0.5 s.
const LONGEST: u32 = 60;

/// A connection that was open for this many first waits counts as working.
const WORKING: u32 = 10;

/// The number of doublings after which the maximum delay is reached.
const MAX_DOUBLINGS: u64 = 6;

impl Backoff {
    /// The first delay is up to `first`.
    pub fn new(first: Duration) -> Self {
        Self { first, attempts: 0 }
    }

    /// The wait before the next attempt, which is counted: `random`, between 0 and 1, of its limit.
    pub fn next(&mut self, random: f64) -> Duration {
        let doublings = self.attempts.min(MAX_DOUBLINGS) as u32; // at most 6
        self.attempts += 1;
        let limit = self.first.saturating_mul(1 << doublings).min(self.longest());
        limit.mul_f64(random.clamp(0.0, 1.0))
    }

    /// The limit of the first wait.
    pub fn first_delay(&self) -> Duration {
        self.first
    }

    /// Attempts since the last connection that worked.
    pub fn attempts(&self) -> u64 {
        self.attempts
    }

    /// Starts again at the first wait if a connection was open long enough to count as working: where each is
    /// lost at once, the waits must go on growing.
    pub fn note_connection(&mut self, age: Duration) {
        if age >= self.first.saturating_mul(WORKING) {
            self.attempts = 0;
        }
    }

    fn longest(&self) -> Duration {
        self.first.saturating_mul(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(500);

    #[test]
    fn the_limit_doubles_from_half_a_second_to_30() {
        let mut backoff = Backoff::new(FIRST);
        let limits: Vec<_> = (0..9).map(|_| backoff.next(1.0).as_secs_f64()).collect();
        assert_eq!(limits, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]);
        assert_eq!(backoff.attempts(), 9);
    }

    #[test]
    fn the_wait_is_a_random_part_of_its_limit() {
        for (random, millis) in [(0.0, 0), (0.5, 250), (1.0, 500), (7.0, 500), (-1.0, 0)] {
            let wait = Backoff::new(FIRST).next(random);
            assert_eq!(wait, Duration::from_millis(millis), "{random}");
        }
    }

    #[test]
    fn a_connection_that_worked_resets_the_waits() {
        for (age, limit) in [(0, 2000), (4999, 2000), (5000, 500)] {
            let mut backoff = Backoff::new(FIRST);
            backoff.next(1.0);
            backoff.next(1.0);
            backoff.note_connection(Duration::from_millis(age));
            assert_eq!(backoff.next(1.0), Duration::from_millis(limit), "{age} ms");
        }
    }

    #[test]
    fn any_first_wait_can_be_doubled() {
        let mut backoff = Backoff::new(Duration::MAX);
        assert_eq!(backoff.next(0.0), Duration::ZERO);
        assert!(backoff.next(0.5) > FIRST);
        for _ in 0..100 {
            backoff.next(0.9);
        }
    }
}
