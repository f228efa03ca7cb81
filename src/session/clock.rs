//! Time as it counts against the peer. While we do not read, because an output is stalled or because
//! the process was stopped, the peer cannot show that it is there: that time does not count.

use std::time::{Duration, Instant};

/// A clock that stands still while we do not read. Its instants are never later than the real ones.
#[derive(Debug, Default)]
pub(super) struct PeerClock {
    /// Since when nothing has been read because of us.
    stalled: Option<Instant>,
    /// How much time has not counted until now.
    lost: Duration,
}

impl PeerClock {
    /// What this clock shows at a real time.
    pub(super) fn at(&self, real: Instant) -> Instant {
        let real = self.stalled.unwrap_or(real);
        real.checked_sub(self.lost).unwrap_or(real)
    }

    /// What it shows now.
    pub(super) fn now(&self) -> Instant {
        self.at(Instant::now())
    }

    /// When it will show `time`; `None` while it stands still.
    pub(super) fn real(&self, time: Instant) -> Option<Instant> {
        time.checked_add(self.lost).filter(|_| self.stalled.is_none())
    }

    /// Says whether nothing is read because of us.
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

    /// Leaves out a time in which the process was stopped.
    pub(super) fn skip(&mut self, gap: Duration) {
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
        let mut clock = PeerClock::default();
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
}
