//! How long outputs hold up a run that has to be over.

use std::time::{Duration, Instant};

/// From the signal, or the end of `--max-time`, on: a reader that goes on reading gets what it can.
const LIMIT: Duration = Duration::from_millis(400);

/// An output that has taken nothing for this long is not waited for.
const STALLED_AFTER: Duration = Duration::from_millis(100);

/// A wait for outputs, after which what they have no room for is dropped: the peer's Close frame may be
/// behind it.
#[derive(Debug)]
pub(super) struct Patience {
    until: Instant,
    /// Bytes that the outputs had taken when last asked.
    taken: u64,
    /// When they last took some, or nothing waited for them.
    progress: Instant,
}

impl Patience {
    /// From now on, with outputs that have taken so many bytes.
    pub(super) fn new(taken: u64, now: Instant) -> Self {
        Self { until: now + LIMIT, taken, progress: now }
    }

    /// Whether it is over, with outputs that have taken so many bytes by now.
    pub(super) fn is_over(&mut self, taken: u64, are_drained: bool, now: Instant) -> bool {
        if taken != self.taken || are_drained {
            (self.taken, self.progress) = (taken, now);
        }
        now >= self.deadline()
    }

    /// When to ask again.
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
        let mut patience = Patience::new(0, start);
        assert!(!patience.is_over(0, false, at(99)));
        assert!(patience.is_over(0, false, at(100)));
        let mut patience = Patience::new(0, start);
        assert!((1..8).all(|step| !patience.is_over(step, false, at(step * 50))));
        assert!(patience.is_over(9, false, at(400)));
        let mut patience = Patience::new(7, start);
        assert!(!patience.is_over(7, true, at(300)) && !patience.is_over(7, false, at(399)));
        assert_eq!(patience.deadline(), at(400));
    }
}
