//! The time of a run, which does not go on while the program is stopped (Ctrl-Z): no limit of a scenario runs out
//! then, and what came meanwhile is not late.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The clock is read many times a second. A longer time without that is a stop.
const LONGEST_GAP: Duration = Duration::from_secs(1);

/// A clock that all threads of a run share.
#[derive(Debug)]
pub(super) struct RunClock(Mutex<State>);

#[derive(Debug)]
struct State {
    read: Instant,
    /// How long the program was stopped.
    stopped: Duration,
}

impl RunClock {
    /// It runs from now on.
    pub(super) fn start() -> Self {
        Self(Mutex::new(State { read: Instant::now(), stopped: Duration::ZERO }))
    }

    /// The time without stops.
    pub(super) fn now(&self) -> Instant {
        self.at(Instant::now())
    }

    /// Reads the clock: while no step waits, nothing else does.
    pub(super) fn tick(&self) {
        self.now();
    }

    /// When a time of this clock is reached, if the program is not stopped before.
    pub(super) fn real(&self, time: Instant) -> Instant {
        time + self.0.lock().unwrap_or_else(PoisonError::into_inner).stopped
    }

    fn at(&self, real: Instant) -> Instant {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let gap = real.saturating_duration_since(state.read);
        if gap > LONGEST_GAP {
            state.stopped += gap;
        }
        state.read = state.read.max(real);
        real.checked_sub(state.stopped).unwrap_or(real)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_does_not_count() {
        let clock = RunClock::start();
        let start = clock.now();
        let seconds = |count: f64| Duration::from_secs_f64(count);
        for (real, expected) in
            [(0.5, 0.5), (1.25, 1.25), (61.25, 1.25), (62.0, 2.0), (61.9, 1.9), (62.5, 2.5)]
        {
            assert_eq!(clock.at(start + seconds(real)), start + seconds(expected), "{real}");
        }
        assert_eq!(clock.real(start + seconds(3.0)), start + seconds(63.0));
    }
}
