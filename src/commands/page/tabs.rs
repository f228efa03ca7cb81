//! The tabs that are open, and the downloads that are running.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

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
    /// Each with what wakes its loop.
    open: Vec<(u64, Arc<Waker>)>,
    next: u64,
    /// All of them end, then at the latest.
    until: Option<Instant>,
}

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

    /// Adds one, whose loop `waker` wakes; `None`: there are too many, or all of them end.
    pub(super) fn admit(self: &Arc<Self>, waker: Arc<Waker>) -> Option<Slot> {
        let mut state = self.state();
        if state.until.is_some() || state.open.len() >= self.limit {
            return None;
        }
        let number = state.next;
        state.next += 1;
        state.open.push((number, waker));
        Some(Slot { tabs: Arc::clone(self), number })
    }

    /// Has all of them end, and waits for that up to this time.
    pub(super) fn close(&self, until: Instant) {
        let mut state = self.state();
        state.until = Some(until);
        for (_, waker) in &state.open {
            let _ = waker.wake(); // its loop has ended
        }
        let left = until.saturating_duration_since(Instant::now());
        // Those that are left end with the program.
        let _ = self.changed.wait_timeout_while(state, left, |state| !state.open.is_empty());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Until when it has to end, if so.
    pub(super) fn until(&self) -> Option<Instant> {
        self.tabs.state().until
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.tabs.state().open.retain(|(number, _)| *number != self.number);
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
        let mut slots: Vec<_> = (0..3).map(|_| tabs.admit(Arc::clone(&waker))).collect();
        assert_eq!(slots.iter().flatten().count(), 2);
        slots.remove(0);
        let slot = tabs.admit(Arc::clone(&waker)).expect("a place");
        drop(slots);
        let until = Instant::now() + Duration::from_millis(1);
        tabs.close(until);
        assert_eq!(slot.until(), Some(until));
        assert!(tabs.admit(waker).is_none());
    }
}
