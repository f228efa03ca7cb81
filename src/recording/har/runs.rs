//! The order of runs that were added to one file: what elapsed starts anew in each.

use super::time::Micros;

use crate::event::FailureKind;
use crate::recording::RecordedKind;

/// How long the runs before took, so that what elapsed since the first one tells the order of all events.
#[derive(Debug, Default)]
pub(super) struct Runs {
    /// The most that had elapsed in the run at an event.
    elapsed: Micros,
    earlier: Micros,
}

impl Runs {
    /// Takes what has elapsed at the next event. Returns whether another run has begun: less has elapsed, and the event begins a
    /// connection. Other events can have odd times.
    pub(super) fn advance(&mut self, elapsed: Micros, what: &RecordedKind) -> bool {
        let is_new = elapsed < self.elapsed && is_opening(what);
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
    use bytes::Bytes;

    use super::*;
    use crate::event::Failure;
    use crate::protocol::vocabulary::Direction;

    #[test]
    fn no_event_is_before_one_of_an_earlier_run() {
        let opening =
            RecordedKind::Failure(Box::new(Failure::new(FailureKind::Connect, "x".to_owned())));
        let mut runs = Runs::default();
        let mut last = Micros::MIN;
        for elapsed in [5, 5, 9, 0, 20, 3, 3, 2, Micros::MAX, 0] {
            runs.advance(elapsed, &opening);
            let since = runs.earlier().saturating_add(elapsed);
            assert!(since >= last, "{elapsed}: {since} < {last}");
            last = since;
        }
    }

    #[test]
    fn a_message_begins_no_run() {
        let ping = RecordedKind::Ping(Direction::Sent, Bytes::new());
        let opening =
            RecordedKind::Failure(Box::new(Failure::new(FailureKind::Connect, "x".to_owned())));
        let mut runs = Runs::default();
        let found = [(9, &ping), (3, &ping), (8, &opening), (8, &opening), (7, &opening)]
            .map(|(elapsed, what)| runs.advance(elapsed, what));
        assert_eq!((found, runs.earlier()), ([false, false, true, false, true], 4));
    }
}
