//! The times of a run. That of steps stands still while the program is stopped (Ctrl-Z), and while the output of `-v` holds
//! up the connections: what could not be received meanwhile is not late. That of parts stands still only while the
//! program is stopped, so that `max-time` ends a run whose output is not read. Opening handshakes and `$` lines, which
//! wait elsewhere, end in real time.

use std::sync::{Mutex, MutexGuard, PoisonError};
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
    stall: Stall,
}

/// For how long connections had to wait for the output, any of them, in the time of parts.
#[derive(Debug, Default)]
struct Stall {
    waiting: usize,
    since: Option<Instant>,
    before: Duration,
}

impl RunClock {
    /// It runs from now on.
    pub(super) fn start() -> Self {
        let state =
            State { read: Instant::now(), stopped: Duration::ZERO, stall: Stall::default() };
        Self(Mutex::new(state))
    }

    /// The time of steps.
    pub(super) fn now(&self) -> Instant {
        let (state, now) = self.read();
        state.in_steps(now, now)
    }

    /// The time of parts.
    pub(super) fn part_time(&self) -> Instant {
        self.read().1
    }

    /// Reads the clock, since no step reads it while none waits.
    pub(super) fn tick(&self) {
        self.part_time();
    }

    /// A time of parts in the time of steps, if the output does not hold up anything before it.
    pub(super) fn in_steps(&self, time: Instant) -> Instant {
        let (state, now) = self.read();
        state.in_steps(time, now)
    }

    /// When a time of parts is reached, if the program is not stopped before.
    pub(super) fn real(&self, time: Instant) -> Instant {
        time + self.state().stopped
    }

    /// A connection begins to wait for the output.
    pub(super) fn begin_stall(&self) {
        let (mut state, now) = self.read();
        state.stall.begin(now);
    }

    /// A connection has stopped waiting for the output.
    pub(super) fn end_stall(&self) {
        let (mut state, now) = self.read();
        state.stall.end(now);
    }

    /// For how long connections have waited for the output, in all.
    pub(super) fn stalled(&self) -> Duration {
        let (state, now) = self.read();
        state.stall.total(now)
    }

    /// The state, and the time of parts. Real time is read below the lock: a thread that is stopped before it must not
    /// bring an old one.
    fn read(&self) -> (MutexGuard<'_, State>, Instant) {
        let mut state = self.state();
        let now = state.part_time(Instant::now());
        (state, now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The time of parts at a real time.
    fn part_time(&mut self, real: Instant) -> Instant {
        let gap = real.saturating_duration_since(self.read);
        if gap > LONGEST_GAP {
            self.stopped += gap;
        }
        self.read = self.read.max(real);
        earlier(real, self.stopped)
    }

    /// A time of parts in the time of steps, as far as is known `now`.
    fn in_steps(&self, time: Instant, now: Instant) -> Instant {
        earlier(time, self.stall.total(now))
    }
}

impl Stall {
    fn begin(&mut self, now: Instant) {
        self.waiting += 1;
        self.since.get_or_insert(now);
    }

    fn end(&mut self, now: Instant) {
        self.waiting -= 1;
        if self.waiting == 0 {
            self.before = self.total(now);
            self.since = None;
        }
    }

    fn total(&self, now: Instant) -> Duration {
        self.before
            + self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }
}

fn earlier(time: Instant, by: Duration) -> Instant {
    time.checked_sub(by).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: f64) -> Duration {
        Duration::from_secs_f64(count)
    }

    fn step_time(state: &mut State, real: Instant) -> Instant {
        let now = state.part_time(real);
        state.in_steps(now, now)
    }

    #[test]
    fn a_stop_does_not_count() {
        let clock = RunClock::start();
        let start = clock.state().read;
        for (real, expected) in
            [(0.5, 0.5), (1.25, 1.25), (61.25, 1.25), (62.0, 2.0), (61.9, 1.9), (62.5, 2.5)]
        {
            let now = step_time(&mut clock.state(), start + seconds(real));
            assert_eq!(now, start + seconds(expected), "{real}");
        }
        assert_eq!(clock.real(start + seconds(3.0)), start + seconds(63.0));
    }

    #[test]
    fn a_stall_counts_for_parts_and_not_for_steps_and_a_stop_in_it_for_neither() {
        let clock = RunClock::start();
        let mut state = clock.state();
        let start = state.read;
        let at = |real: f64| start + seconds(real);
        let began = state.part_time(at(0.5));
        state.stall.begin(began);
        state.stall.begin(began); // another connection
        let times = [(1.0, 1.0, 0.5), (11.0, 1.0, 0.5), (11.75, 1.75, 0.5)];
        for (real, part, step) in times {
            assert_eq!(state.part_time(at(real)), start + seconds(part), "{real}");
            assert_eq!(step_time(&mut state, at(real)), start + seconds(step), "{real}");
        }
        let ended = state.part_time(at(12.0));
        state.stall.end(ended);
        assert_eq!(step_time(&mut state, at(12.25)), start + seconds(0.5), "one still waits");
        let ended = state.part_time(at(12.5));
        state.stall.end(ended);
        assert_eq!(step_time(&mut state, at(13.0)), start + seconds(1.0));
        assert_eq!(state.part_time(at(13.0)), start + seconds(3.0));
        assert_eq!(state.stall.total(start + seconds(3.0)), seconds(2.0));
    }
}
