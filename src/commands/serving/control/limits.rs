//! The time limits for the end of a server.

use std::time::{Duration, Instant};

/// The time limit for all connections together when the server shuts down.
pub(in crate::commands) const LEAVE_TIMEOUT: Duration = Duration::from_millis(650);

/// The last part of it, in which received messages that do not fit into the output are dropped, so that
/// the closing handshakes that follow them are received.
pub(super) const DROPPING_TIME: Duration = Duration::from_millis(300);

/// The last part of that, for reporting connections that are still open, and what they still held.
pub(super) const REPORT_TIME: Duration = Duration::from_millis(200);

/// How much later connections may end after a signal, and be shown to have ended, if the machine is slow.
const LATE_TIME: Duration = Duration::from_millis(100);

/// How long files that are recorded to are waited for after that, without a signal or after another one. After the first one
/// they have the time that is left.
const RECORD_TIMEOUT: Duration = Duration::from_millis(100);

/// How long tabs of the page are waited for then.
const PAGE_TIMEOUT: Duration = Duration::from_millis(100);

/// The time limit for the last lines on standard error and the terminal.
const LOG_TIMEOUT: Duration = Duration::from_millis(100);

/// The time for these lines if everything before them was late.
const LEAST_LOG_TIME: Duration = Duration::from_millis(50);

/// The time from a signal to the end of all waits. A run that is ended by a signal ends within a second: the rest of it is for
/// what is not waited for, such as the exit of the process.
const END_TIMEOUT: Duration = Duration::from_millis(950);

/// When the parts of the end are over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The deadline of all connections.
    pub(super) until: Instant,
    /// How long connections are waited for that are late.
    pub(super) late_until: Instant,
    /// When all waits are over, if a signal ends the run.
    ends_by: Option<Instant>,
    /// Whoever has sent the signal expects that the run ends at once.
    is_short: bool,
}

impl Limits {
    /// Without a signal, only connections have a deadline.
    pub(super) fn without_signal(until: Instant) -> Self {
        Self { until, late_until: until, ends_by: None, is_short: false }
    }

    /// Those after a signal at `now`. `before`: those of an earlier one. `is_short`: the operator expects an immediate exit.
    pub(super) fn after_signal(now: Instant, before: Option<Self>, is_short: bool) -> Self {
        if let Some(before) = before.filter(|before| before.ends_by.is_some()) {
            let until = before.until.min(now + REPORT_TIME);
            return Self { until, late_until: until, is_short: true, ..before };
        }
        let until = now + if is_short { REPORT_TIME } else { LEAVE_TIMEOUT };
        Self { until, late_until: until + LATE_TIME, ends_by: Some(now + END_TIMEOUT), is_short }
    }

    /// When recordings are no longer waited for, from `now` on, where connections have ended or their time is over. There is
    /// no such limit if the server ends regularly.
    pub(super) fn record_by(&self, now: Instant, have_finished: bool) -> Option<Instant> {
        let by = now + RECORD_TIMEOUT;
        match self.ends_by {
            Some(ends_by) => {
                let last = ends_by - LEAST_LOG_TIME - PAGE_TIMEOUT;
                Some(if self.is_short { by.min(last) } else { last })
            }
            None => (!have_finished).then_some(by),
        }
    }

    /// When the last lines are no longer waited for, from `now` on.
    pub(super) fn log_by(&self, now: Instant) -> Instant {
        let by = now + LOG_TIMEOUT;
        self.ends_by.map_or(by, |ends_by| by.min(ends_by))
    }
}

/// When the page is no longer waited for, if this is the limit of the recordings.
pub(super) fn page_by(record_by: Instant) -> Instant {
    record_by + PAGE_TIMEOUT
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn everything_after_a_signal_ends_within_a_second_however_late_its_parts_are() {
        let start = Instant::now();
        let limits = Limits::after_signal(start, None, false);
        for late in [Duration::ZERO, Duration::from_millis(5)] {
            let over_at = limits.late_until + late;
            let record_by = limits.record_by(over_at, false).expect("a limit");
            let page_by = page_by(record_by);
            let log_by = limits.log_by(page_by);
            assert!(over_at < record_by && record_by < page_by && page_by < log_by);
            assert!(log_by < start + SECOND, "{:?}", log_by - start);
        }
        let much_later = start + 2 * SECOND;
        assert!(limits.record_by(much_later, false) < Some(start + SECOND));
        assert!(limits.log_by(much_later) < start + SECOND);
    }

    #[test]
    fn connections_that_end_in_time_leave_the_usual_limits() {
        let start = Instant::now();
        let limits = Limits::after_signal(start, None, false);
        let all = Some(start + END_TIMEOUT - LEAST_LOG_TIME - PAGE_TIMEOUT);
        assert_eq!(limits.record_by(start, true), all, "recordings have the time that is left");
        for before in [None, Some(limits)] {
            let short = Limits::after_signal(start, before, true);
            assert_eq!(short.record_by(start, true), Some(start + RECORD_TIMEOUT));
        }
        assert_eq!(limits.log_by(start), start + LOG_TIMEOUT);
        assert_eq!(limits.until, start + LEAVE_TIMEOUT);
        assert_eq!(limits.late_until, limits.until + LATE_TIME);
    }

    #[test]
    fn another_signal_only_shortens_the_limits_and_ends_the_wait_for_late_connections() {
        let start = Instant::now();
        let first = Limits::after_signal(start, None, false);
        for after in [Duration::ZERO, LEAVE_TIMEOUT] {
            let second = Limits::after_signal(start + after, Some(first), false);
            assert_eq!(second.until, first.until.min(start + after + REPORT_TIME));
            assert_eq!(second.late_until, second.until);
            assert_eq!(second.ends_by, first.ends_by);
        }
    }

    #[test]
    fn a_signal_ends_what_had_begun_to_end_without_one() {
        let start = Instant::now();
        let before = Limits::without_signal(start + 5 * SECOND);
        let limits = Limits::after_signal(start, Some(before), false);
        assert_eq!(limits.until, start + LEAVE_TIMEOUT);
        let short = Limits::after_signal(start, Some(before), true);
        assert_eq!(short.until, start + REPORT_TIME);
    }

    #[test]
    fn without_a_signal_recordings_have_a_limit_only_if_connections_are_still_open() {
        let start = Instant::now();
        let limits = Limits::without_signal(start);
        assert_eq!(limits.record_by(start + SECOND, true), None);
        // A stalled output may have delayed the end.
        let by = limits.record_by(start + SECOND, false);
        assert_eq!(by, Some(start + SECOND + RECORD_TIMEOUT));
    }
}
