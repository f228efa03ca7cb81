//! Counts that other threads read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::protocol::Side;

/// How many messages each side of a connection has sent. A clone shares the counts.
#[derive(Clone, Debug, Default)]
pub struct MessageCounts(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    client: AtomicU64,
    server: AtomicU64,
}

impl MessageCounts {
    /// Counts this many more.
    pub(super) fn add(&self, from: Side, count: u64) {
        self.counter(from).fetch_add(count, Ordering::Relaxed);
    }

    /// How many this side has sent until now.
    pub fn of(&self, from: Side) -> u64 {
        self.counter(from).load(Ordering::Relaxed)
    }

    fn counter(&self, from: Side) -> &AtomicU64 {
        match from {
            Side::Client => &self.0.client,
            Side::Server => &self.0.server,
        }
    }
}
