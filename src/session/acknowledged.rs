//! What the system still has to send before our Close frame: the peer may read it long after it was written.

use std::time::{Duration, Instant};

use super::Session;
use crate::protocol::vocabulary::ReadyState;

/// What the peer has not acknowledged is looked up this often.
const SAMPLE_EVERY: Duration = Duration::from_millis(250);

/// What the peer has acknowledged since our Close frame was written.
#[derive(Debug)]
pub(super) struct Acknowledged {
    sample_at: Instant,
    sample_every: Duration,
    /// What it had not acknowledged then, in bytes.
    unacknowledged: Option<u64>,
    /// There is nothing left, or the system does not tell.
    is_over: bool,
}

impl Acknowledged {
    /// Our Close frame, which the peer has `limit` to answer, has just been written.
    fn new(now: Instant, limit: Duration) -> Self {
        let sample_every = SAMPLE_EVERY.min(limit / 4);
        Self { sample_at: now + sample_every, sample_every, unacknowledged: None, is_over: false }
    }

    /// When to look again.
    pub(super) fn deadline(&self) -> Option<Instant> {
        (!self.is_over).then_some(self.sample_at)
    }

    /// Whether the peer has acknowledged something since this was last looked up.
    fn has_progressed(
        &mut self,
        now: Instant,
        unacknowledged: impl FnOnce() -> Option<u64>,
    ) -> bool {
        if self.is_over || now < self.sample_at {
            return false;
        }
        self.sample_at = now + self.sample_every;
        let before = std::mem::replace(&mut self.unacknowledged, unacknowledged());
        self.is_over = self.unacknowledged.unwrap_or(0) == 0;
        before.is_some_and(|before| self.unacknowledged.is_some_and(|after| after < before))
    }
}

impl Session<'_> {
    /// Has the time limit for the peer's answer start anew while it takes what was sent before our Close frame.
    pub(super) fn follow_acknowledged(&mut self, real: Instant) {
        let is_written = self.connection.pending_output().is_empty();
        let limit = self.connection.close_timeout();
        let is_awaited = self.connection.ready_state() == ReadyState::Closing && is_written;
        let Some(limit) = limit.filter(|_| is_awaited) else {
            self.closing.acknowledged = None;
            return;
        };
        let acknowledged =
            self.closing.acknowledged.get_or_insert_with(|| Acknowledged::new(real, limit));
        if acknowledged.has_progressed(real, || self.stream.unacknowledged()) {
            self.connection.note_output_progress(self.clock.at(real));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the peer has made progress at these times, in milliseconds, with what it had not acknowledged then.
    fn progress<const N: usize>(limit: u64, samples: [(u64, Option<u64>); N]) -> [bool; N] {
        let start = Instant::now();
        let mut acknowledged = Acknowledged::new(start, Duration::from_millis(limit));
        samples.map(|(millis, unacknowledged)| {
            acknowledged.has_progressed(start + Duration::from_millis(millis), || unacknowledged)
        })
    }

    #[test]
    fn a_peer_that_acknowledges_makes_progress() {
        let samples = [(250, Some(90)), (500, Some(80)), (750, Some(80)), (1000, Some(0))];
        assert_eq!(progress(5000, samples), [false, true, false, true]);
    }

    #[test]
    fn it_is_looked_up_at_intervals_and_several_times_before_the_limit() {
        let samples = [(1, Some(90)), (250, Some(90)), (251, Some(80)), (500, Some(80))];
        assert_eq!(progress(5000, samples), [false, false, false, true]);
        assert_eq!(progress(100, [(25, Some(90)), (50, Some(80))]), [false, true]);
    }

    #[test]
    fn nothing_is_looked_up_when_nothing_is_left_or_known() {
        for last in [Some(0), None] {
            let start = Instant::now();
            let mut acknowledged = Acknowledged::new(start, Duration::from_secs(5));
            assert!(acknowledged.deadline().is_some());
            assert!(!acknowledged.has_progressed(start + SAMPLE_EVERY, || last));
            assert_eq!(acknowledged.deadline(), None);
        }
    }
}
