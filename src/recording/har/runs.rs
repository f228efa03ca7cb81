//! The order of runs that were added to one file: what elapsed starts anew in each.

use std::ops::RangeInclusive;

use super::time::{Micros, micros_of, micros_of_wall};
use crate::event::{FailureKind, Stamp};
use crate::recording::RecordedKind;

/// The clock and what elapsed are read one after the other: the starts of a run that follow from them differ by less, unless the
/// process had to wait between. Another run starts later by at least the time of the one before, and that of a start of the program.
const TOLERANCE: RangeInclusive<Micros> = 1000..=1_000_000;

/// Computes what has to be added to `elapsed_ms` so that it increases over all runs in a file.
#[derive(Debug, Default)]
pub(super) struct Runs {
    /// The most that had elapsed in the run at an event.
    elapsed: Micros,
    /// When the run began, as it follows from that event.
    start: Micros,
    earlier: Micros,
}

impl Runs {
    /// Takes the time of the next event. Returns whether another run has begun: less has elapsed since another start, and the
    /// event begins a connection. Other events can have odd times, and those of one run are not always in order.
    pub(super) fn advance(&mut self, at: Stamp, what: &RecordedKind) -> bool {
        let elapsed = micros_of(at.elapsed);
        let start = micros_of_wall(at.wall).saturating_sub(elapsed);
        let tolerance = (self.elapsed / 2).clamp(*TOLERANCE.start(), *TOLERANCE.end());
        let is_new = elapsed < self.elapsed
            && start.saturating_sub(self.start).unsigned_abs() > tolerance.unsigned_abs()
            && is_opening(what);
        if is_new || elapsed >= self.elapsed {
            self.start = start; // of the event with the most that elapsed
        }
        if is_new {
            // No event of it is at the time of one before.
            let end = self.earlier.saturating_add(self.elapsed).saturating_add(1);
            self.earlier = end.saturating_sub(elapsed);
            self.elapsed = elapsed;
        }
        self.elapsed = self.elapsed.max(elapsed);
        is_new
    }

    /// What has to be added to what elapsed in the current run.
    pub(super) fn earlier(&self) -> Micros {
        self.earlier
    }
}

fn is_opening(what: &RecordedKind) -> bool {
    match what {
        RecordedKind::Open(_) | RecordedKind::Redirect(_) => true,
        RecordedKind::Failure(failure) => {
            matches!(failure.kind, FailureKind::Connect | FailureKind::Handshake)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use bytes::Bytes;

    use super::*;
    use crate::event::Failure;
    use crate::protocol::vocabulary::Direction;

    /// What a run that began at this time has as its time after some microseconds.
    fn at(start: u64, elapsed: u64) -> Stamp {
        let elapsed = Duration::from_micros(elapsed);
        Stamp { wall: SystemTime::UNIX_EPOCH + Duration::from_micros(start) + elapsed, elapsed }
    }

    fn opening() -> RecordedKind {
        RecordedKind::Failure(Box::new(Failure::new(FailureKind::Connect, "x".to_owned())))
    }

    #[test]
    fn no_event_is_before_one_of_an_earlier_run() {
        let mut runs = Runs::default();
        let mut last = Micros::MIN;
        for (run, elapsed) in [5, 5, 9, 0, 20, 3, 3, 2, u64::MAX >> 8, 0].into_iter().enumerate() {
            runs.advance(at(run as u64 * 2_000_000, elapsed), &opening());
            let since = runs.earlier().saturating_add(Micros::try_from(elapsed).expect("few"));
            assert!(since >= last, "{elapsed}: {since} < {last}");
            last = since;
        }
    }

    #[test]
    fn a_message_begins_no_run() {
        let (ping, opening) = (RecordedKind::Ping(Direction::Sent, Bytes::new().into()), opening());
        let mut runs = Runs::default();
        let events =
            [(1, 9, &ping), (2, 3, &ping), (3, 8, &opening), (3, 8, &opening), (4, 7, &opening)];
        let found =
            events.map(|(run, elapsed, what)| runs.advance(at(run * 1_000_000, elapsed), what));
        assert_eq!((found, runs.earlier()), ([false, false, true, false, true], 4));
    }

    #[test]
    fn events_of_one_run_need_not_be_in_order() {
        let mut runs = Runs::default();
        let events = [(0, 5), (0, 10_000_009), (15_000, 10_000_000), (3, 8), (0, 1)];
        let found =
            events.map(|(start, elapsed)| runs.advance(at(7_000_000 + start, elapsed), &opening()));
        assert_eq!((found, runs.earlier()), ([false; 5], 0));
        // The clock was set back.
        assert!(runs.advance(at(5_900_000, 10_000_000), &opening()));
    }
}
