//! Who is woken when a store changes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use mio::Waker;

/// The loops of all tabs.
#[derive(Debug, Default)]
pub(super) struct Watchers(Mutex<Vec<Watcher>>);

#[derive(Debug)]
struct Watcher {
    waker: Weak<Waker>,
    is_waiting: Arc<AtomicBool>,
}

/// That a loop is woken by a change: once, until it says again that it waits.
#[derive(Debug)]
pub(in crate::page) struct Watch {
    is_waiting: Arc<AtomicBool>,
}

impl Watchers {
    pub(super) fn add(&self, waker: &Arc<Waker>) -> Watch {
        let is_waiting = Arc::new(AtomicBool::new(true));
        let watcher = Watcher { waker: Arc::downgrade(waker), is_waiting: Arc::clone(&is_waiting) };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|other| other.waker.strong_count() > 0);
        all.push(watcher);
        Watch { is_waiting }
    }

    /// Wakes those that wait. Most changes find nobody waiting, and cost no call of the system.
    pub(super) fn wake(&self) {
        for watcher in &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            if watcher.is_waiting.swap(false, Ordering::AcqRel)
                && let Some(waker) = watcher.waker.upgrade()
            {
                let _ = waker.wake(); // its loop has ended
            }
        }
    }
}

impl Watch {
    /// The next change wakes the loop.
    pub(in crate::page) fn wait(&self) {
        self.is_waiting.store(true, Ordering::Release);
    }
}
