//! How long the end of a run waits for outputs.

use std::time::{Duration, Instant};

/// From the signal, or the end of `--max-time`, on. A reader that continues reading receives what it can.
const LIMIT: Duration = Duration::from_millis(400);

/// An output that has taken nothing for this long is not waited for.
const STALLED_AFTER: Duration = Duration::from_millis(100);

/// The wait for outputs at the end of a run. After it, what they have no room for is dropped: the peer's
/// Close frame may be behind it.
#[derive(Debug)]
pub(super) struct OutputGrace {
    until: Instant,
    /// Bytes that the outputs had taken at the last check.
    taken: u64,
    /// When they had last taken some, or nothing waited for them.
    progress: Instant,
}

impl OutputGrace {
    /// Starts now, with outputs that have taken `taken` bytes.
    pub(super) fn new(taken: u64, now: Instant) -> Self {
        Self { until: now + LIMIT, taken, progress: now }
    }

    /// Whether it is over, with outputs that have taken `taken` bytes.
    pub(super) fn is_over(&mut self, taken: u64, are_drained: bool, now: Instant) -> bool {
        if taken != self.taken || are_drained {
            (self.taken, self.progress) = (taken, now);
        }
        now >= self.deadline()
    }

    /// When to check again.
    pub(super) fn deadline(&self) -> Instant {
        self.until.min(self.progress + STALLED_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_waited_for_while_they_take_bytes_and_not_for_ever() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut grace = OutputGrace::new(0, start);
        assert!(!grace.is_over(0, false, at(99)));
        assert!(grace.is_over(0, false, at(100)));
        let mut grace = OutputGrace::new(0, start);
        assert!((1..8).all(|step| !grace.is_over(step, false, at(step * 50))));
        assert!(grace.is_over(9, false, at(400)));
        let mut grace = OutputGrace::new(7, start);
        assert!(!grace.is_over(7, true, at(300)) && !grace.is_over(7, false, at(399)));
        assert_eq!(grace.deadline(), at(400));
    }
}
