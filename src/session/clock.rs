//! Time as it counts against the peer. While we do not read, because an output is stalled or because
//! the process was stopped, the peer cannot show that it is there: that time does not count.

use std::time::{Duration, Instant};

/// How long timers are put off for what can be read: a peer that never pauses must not stop them.
const MAX_BEHIND: Duration = Duration::from_millis(500);

/// A wait that ends later than this after its deadline was extended by a stop of the process.
const MAX_OVERSLEPT: Duration = Duration::from_millis(20);

/// A wait of the loop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wait {
    pub(super) start: Instant,
    /// When it had to end at the latest.
    pub(super) until: Option<Instant>,
}

/// A clock that is paused while we do not read. Its instants are never later than the real ones.
#[derive(Debug)]
pub(super) struct PeerClock {
    /// Since when nothing has been read because of us.
    stalled: Option<Instant>,
    /// How much time has not counted until now.
    lost: Duration,
    /// When the session started, in real time.
    start: Instant,
    /// When the last wait was over, in real time.
    woke: Instant,
    /// When the last wait or read was over: its events happened then.
    event_time: Instant,
    /// Since when timers have been put off because there is something to read, in real time.
    behind: Option<Instant>,
}

impl PeerClock {
    /// Shows this real time.
    pub(super) fn new(now: Instant) -> Self {
        let (stalled, behind, lost) = (None, None, Duration::ZERO);
        Self { stalled, lost, start: now, woke: now, event_time: now, behind }
    }

    /// What this clock shows at a real time.
    pub(super) fn at(&self, real: Instant) -> Instant {
        let real = self.stalled.unwrap_or(real);
        real.checked_sub(self.lost).unwrap_or(real)
    }

    /// What it shows now.
    pub(super) fn now(&self) -> Instant {
        self.at(Instant::now())
    }

    /// When it will show `time`; `None` while it is paused.
    pub(super) fn real(&self, time: Instant) -> Option<Instant> {
        time.checked_add(self.lost).filter(|_| self.stalled.is_none())
    }

    /// Sets whether nothing is read because of us.
    pub(super) fn set_stalled(&mut self, is_stalled: bool, real: Instant) {
        match (self.stalled, is_stalled) {
            (None, true) => self.stalled = Some(real),
            (Some(since), false) => {
                self.lost += real.saturating_duration_since(since);
                self.stalled = None;
            }
            _ => {}
        }
    }

    /// Since when nothing has been read because of us, in real time.
    pub(super) fn stalled_since(&self) -> Option<Instant> {
        self.stalled
    }

    /// When the last wait or read was over.
    #[inline]
    pub(super) fn event_time(&self) -> Instant {
        self.event_time
    }

    /// A read is over: sets the time of its events.
    pub(super) fn set_event_time(&mut self) -> Instant {
        self.event_time = self.now();
        self.event_time
    }

    /// A wait is over: leaves out the time in which the process was stopped.
    pub(super) fn wake(&mut self, wait: Wait, was_stopped: bool) {
        let real = Instant::now();
        // A deadline that had passed before is no evidence of a stop.
        let deadline = wait.until.map(|until| until.max(wait.start));
        let overslept =
            deadline.map_or(Duration::ZERO, |deadline| real.saturating_duration_since(deadline));
        let gap = match was_stopped {
            // When the stop began is not known.
            true => real.saturating_duration_since(self.woke),
            false if overslept > MAX_OVERSLEPT => overslept,
            false => Duration::ZERO,
        };
        self.skip(gap);
        self.woke = real;
        self.event_time = self.at(real);
    }

    /// Whether the timers that judge the peer have to wait for what can be read.
    pub(super) fn is_put_off(&mut self, real: Instant, is_behind: bool) -> bool {
        if !is_behind {
            self.behind = None;
            return false;
        }
        real.saturating_duration_since(*self.behind.get_or_insert(real)) < MAX_BEHIND
    }

    /// How long the session has been running.
    pub(super) fn age(&self) -> Duration {
        self.start.elapsed()
    }

    fn skip(&mut self, gap: Duration) {
        if self.stalled.is_none() {
            self.lost += gap;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_in_which_we_do_not_read_does_not_count() {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let mut clock = PeerClock::new(start);
        assert_eq!(clock.at(at(10)), at(10));
        clock.set_stalled(true, at(10));
        clock.set_stalled(true, at(12)); // still
        assert_eq!((clock.at(at(60)), clock.real(at(15))), (at(10), None));
        clock.skip(Duration::from_secs(20)); // a part of the stall
        clock.set_stalled(false, at(110));
        assert_eq!((clock.at(at(115)), clock.real(at(15))), (at(15), Some(at(115))));
        clock.skip(Duration::from_secs(5));
        assert_eq!((clock.at(at(120)), clock.real(at(20))), (at(15), Some(at(125))));
    }

    #[test]
    fn timers_wait_for_what_can_be_read_but_not_forever() {
        let start = Instant::now();
        let mut clock = PeerClock::new(start);
        assert!(clock.is_put_off(start, true));
        assert!(clock.is_put_off(start + MAX_BEHIND / 2, true));
        assert!(!clock.is_put_off(start + MAX_BEHIND, true));
        assert!(!clock.is_put_off(start + MAX_BEHIND, false));
        assert!(clock.is_put_off(start + MAX_BEHIND, true));
    }
}
