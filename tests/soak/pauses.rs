//! Random stalls.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// The stalls of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Habit {
    /// The largest number of stalls.
    pub(crate) times: u32,
    /// The longest stall in milliseconds.
    pub(crate) longest: u64,
}

impl Habit {
    /// No stalls.
    pub(crate) const NONE: Self = Self { times: 0, longest: 0 };

    /// None with a probability of one half.
    pub(crate) fn random(random: &mut StdRng) -> Self {
        if random.random_bool(0.5) {
            return Self::NONE;
        }
        let longest = if random.random_bool(0.5) { 1200 } else { 150 };
        Self { times: random.random_range(1..=2), longest }
    }
}

/// The stalls of one side in one run.
pub(crate) struct Pauses {
    random: StdRng,
    habit: Habit,
}

impl Pauses {
    /// `side` distinguishes the sides of a run.
    pub(crate) fn new(habit: Habit, seed: u64, side: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed ^ side << 48), habit }
    }

    /// Stalls with some probability.
    pub(crate) fn stall_at_random(&mut self) {
        if self.habit.times > 0 && self.random.random_bool(0.2) {
            self.habit.times -= 1;
            thread::sleep(Duration::from_millis(self.random.random_range(0..=self.habit.longest)));
        }
    }

    /// For the sizes of pieces.
    pub(crate) fn random(&mut self) -> &mut StdRng {
        &mut self.random
    }
}

/// The longest time for which a side did not serve its socket, because it stalled or had no processor.
#[derive(Debug, Default)]
pub(crate) struct Longest(AtomicU64);

impl Longest {
    /// Records the time since `start`.
    pub(crate) fn record_since(&self, start: Instant) {
        let millis = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.fetch_max(millis, Ordering::SeqCst);
    }

    /// The longest so far.
    pub(crate) fn get(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }
}
