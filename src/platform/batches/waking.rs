//! Waking of senders when there is space, and of the watcher when everything is written.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Lane, State, TOTAL_LIMIT};

impl State {
    /// Wakes the senders that can send again. If the queue as a whole was full, this happens only once it is
    /// half empty, so that many senders are not woken for little space each.
    pub(super) fn wake_unblocked(&mut self) {
        if self.blocked.is_empty() || self.queued > TOTAL_LIMIT / 2 {
            return;
        }
        let limit = self.lane_limit;
        let (woken, blocked) = std::mem::take(&mut self.blocked)
            .into_iter()
            .partition(|lane| lane.queued() <= limit / 2);
        self.blocked = blocked;
        wake(woken);
    }

    /// Wakes the sender whose event is being written, if it waits and can send again.
    pub(super) fn wake_open(&mut self) {
        let Some(open) = self.open.as_ref().filter(|lane| lane.queued() <= self.lane_limit / 2)
        else {
            return;
        };
        if open.is_blocked.load(Ordering::Relaxed) {
            self.blocked.retain(|lane| !Arc::ptr_eq(lane, open));
            wake(vec![Arc::clone(open)]);
        }
    }

    pub(super) fn wake_all(&mut self) {
        wake(std::mem::take(&mut self.blocked));
    }

    pub(super) fn wake_watcher(&self) {
        if let Some(watcher) = &self.watcher {
            let _ = watcher.wake(); // fails only once its event loop has ended
        }
    }
}

fn wake(lanes: Vec<Arc<Lane>>) {
    for lane in lanes {
        lane.is_blocked.store(false, Ordering::Relaxed);
        let _ = lane.waker.wake(); // fails only once its event loop has ended
    }
}
