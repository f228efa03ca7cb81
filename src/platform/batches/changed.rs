//! Notifies threads that wait until the queue changes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, MutexGuard, PoisonError};
use std::time::Duration;

use super::State;

/// A condition variable that counts the threads that wait: to notify makes a system call even if none does, and the queue
/// changes with each batch.
#[derive(Debug, Default)]
pub(super) struct Changed {
    condvar: Condvar,
    /// Modified only while the queue is locked. A thread that has changed the queue therefore sees all those that wait
    /// without having seen the change.
    waiting: AtomicUsize,
}

impl Changed {
    /// Wakes all that wait, after a change that was made while the queue was locked.
    pub(super) fn notify(&self) {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            self.condvar.notify_all();
        }
    }

    /// Waits for a change, up to this time if there is one. It may end early.
    pub(super) fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        limit: Option<Duration>,
    ) -> MutexGuard<'a, State> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let state = match limit {
            None => self.condvar.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(limit) => {
                let waited = self.condvar.wait_timeout(state, limit);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        state
    }

    /// Waits as long as this is true, up to this time.
    pub(super) fn wait_while<'a>(
        &self,
        state: MutexGuard<'a, State>,
        limit: Duration,
        is_waiting: impl FnMut(&mut State) -> bool,
    ) -> MutexGuard<'a, State> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let waited = self.condvar.wait_timeout_while(state, limit, is_waiting);
        let state = waited.unwrap_or_else(PoisonError::into_inner).0;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        state
    }
}
