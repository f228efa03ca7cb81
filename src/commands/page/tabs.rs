//! The tabs that are open, and the downloads that are running.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use mio::Waker;

/// All tabs and downloads.
#[derive(Debug)]
pub(super) struct Tabs {
    limit: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    open: Vec<Open>,
    next: u64,
    /// All of them end, then at the latest.
    until: Option<Instant>,
}

#[derive(Debug)]
struct Open {
    number: u64,
    /// Wakes its loop.
    waker: Arc<Waker>,
    /// Since when it has not taken what it was sent.
    stalled_since: Option<Instant>,
}

/// A tab that has not taken what it was sent for this time makes room for another.
const STALLED: Duration = Duration::from_secs(5);

/// A tab, or a download, among all. Dropped at its end.
#[derive(Debug)]
pub(super) struct Slot {
    tabs: Arc<Tabs>,
    number: u64,
}

impl Tabs {
    /// None yet, and at most so many at a time.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Adds one, whose loop `waker` wakes, at the cost of the one that has been stalled longest if there are too many; `None`:
    /// there is none, or all of them end.
    pub(super) fn admit(self: &Arc<Self>, waker: Arc<Waker>, now: Instant) -> Option<Slot> {
        let mut state = self.state();
        if state.until.is_some() || (state.open.len() >= self.limit && !state.drop_stalled(now)) {
            return None;
        }
        let number = state.next;
        state.next += 1;
        state.open.push(Open { number, waker, stalled_since: None });
        Some(Slot { tabs: Arc::clone(self), number })
    }

    /// Has all of them end, and waits for that up to this time.
    pub(super) fn close(&self, until: Instant) {
        let mut state = self.state();
        state.until = Some(until);
        for open in &state.open {
            let _ = open.waker.wake(); // its loop has ended
        }
        let left = until.saturating_duration_since(Instant::now());
        // Those that are left end with the program.
        let _ = self.changed.wait_timeout_while(state, left, |state| !state.open.is_empty());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Ends the one that has been stalled longest. Returns whether there was one.
    fn drop_stalled(&mut self, now: Instant) -> bool {
        let since = |open: &Open| open.stalled_since;
        let stalled = self.open.iter().enumerate().filter_map(|(at, it)| Some((since(it)?, at)));
        match stalled.min().filter(|(since, _)| now.saturating_duration_since(*since) >= STALLED) {
            Some((_, at)) => {
                let _ = self.open.remove(at).waker.wake(); // its loop has ended
                true
            }
            None => false,
        }
    }
}

impl Slot {
    /// Until when it has to end, if so: at once, if it has lost its place.
    pub(super) fn until(&self) -> Option<Instant> {
        let state = self.tabs.state();
        match state.open.iter().any(|open| open.number == self.number) {
            true => state.until,
            false => Some(Instant::now()),
        }
    }

    /// Something is sent, or everything before was taken.
    pub(super) fn set_stalled(&self, since: Option<Instant>) {
        let mut state = self.tabs.state();
        if let Some(open) = state.open.iter_mut().find(|open| open.number == self.number) {
            open.stalled_since = since;
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.tabs.state().open.retain(|open| open.number != self.number);
        self.tabs.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::net::Reactor;

    #[test]
    fn no_more_are_admitted_than_there_may_be_and_none_at_the_end() {
        let tabs = Arc::new(Tabs::new(2));
        let waker = Reactor::new(None).unwrap().waker();
        let now = Instant::now();
        let admit = || tabs.admit(Arc::clone(&waker), now);
        let mut slots: Vec<_> = (0..3).map(|_| admit()).collect();
        assert_eq!(slots.iter().flatten().count(), 2);
        slots.remove(0);
        let slot = admit().expect("a place");
        drop(slots);
        let until = Instant::now() + Duration::from_millis(1);
        tabs.close(until);
        assert_eq!(slot.until(), Some(until));
        assert!(admit().is_none());
    }

    #[test]
    fn the_one_that_was_stalled_longest_makes_room() {
        let tabs = Arc::new(Tabs::new(3));
        let waker = Reactor::new(None).unwrap().waker();
        let start = Instant::now();
        let admit = |at| tabs.admit(Arc::clone(&waker), at);
        let [one, two, three] = [(); 3].map(|()| admit(start).expect("a place"));
        two.set_stalled(Some(start));
        three.set_stalled(Some(start + Duration::from_secs(1)));
        assert!(admit(start + STALLED / 2).is_none(), "not yet");
        assert!(admit(start + 2 * STALLED).is_some());
        assert!(two.until().is_some(), "it ends");
        assert!(one.until().is_none() && three.until().is_none());
        three.set_stalled(None);
        let _four = admit(start + 2 * STALLED);
        assert!(admit(start + 3 * STALLED).is_none(), "nobody is stalled");
    }
}
