//! How much waits of all connections, where `--latency` keeps it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that wait, of all connections. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Delayed(Arc<AtomicUsize>);

/// With this many bytes, each connection may keep only as much as without latency: a thousand clients that do not read must not fill
/// the memory.
const LIMIT: usize = 64 << 20;

impl Delayed {
    /// A part of it, nothing yet.
    pub(super) fn share(&self) -> DelayedShare {
        DelayedShare { all: self.clone(), own: 0 }
    }
}

/// What waits in one direction of one connection.
#[derive(Debug, Default)]
pub(super) struct DelayedShare {
    all: Delayed,
    own: usize,
}

impl DelayedShare {
    /// So many bytes wait now.
    pub(super) fn set(&mut self, own: usize) {
        let before = std::mem::replace(&mut self.own, own);
        match own.checked_sub(before) {
            Some(more) => self.all.0.fetch_add(more, Ordering::Relaxed),
            None => self.all.0.fetch_sub(before - own, Ordering::Relaxed),
        };
    }

    /// Whether all connections together may keep more.
    pub(super) fn has_room(&self) -> bool {
        self.all.0.load(Ordering::Relaxed) < LIMIT
    }
}

impl Drop for DelayedShare {
    fn drop(&mut self) {
        self.set(0);
    }
}
