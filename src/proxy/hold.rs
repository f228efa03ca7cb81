//! Messages that wait for the operator, of all connections.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use crate::event::Carried;
use crate::protocol::Side;

use super::payload::Payload;
use super::queue::Orders;

/// A message that waits for the operator.
#[derive(Clone, Debug)]
pub struct Held {
    /// The number of its connection.
    pub connection: u64,
    /// Who sent it.
    pub from: Side,
    /// When it was received.
    pub since: Instant,
    /// What it was then.
    pub original: Carried,
    /// What is delivered once it is let go.
    pub payload: Payload,
    /// It was edited.
    pub is_edited: bool,
    /// Where its connection takes orders.
    pub orders: Arc<Orders>,
}

/// The messages that wait for the operator, by number.
#[derive(Default)]
pub struct Holding {
    /// Every data message is held.
    is_on: AtomicBool,
    last: AtomicU64,
    table: Mutex<BTreeMap<u64, Held>>,
    /// Changes with all of this.
    version: AtomicU64,
    /// Called after each change.
    watcher: OnceLock<Box<dyn Fn() + Send + Sync>>,
    /// There is a prompt for commands.
    has_prompt: bool,
}

impl Holding {
    /// Nothing is held yet. `has_prompt`: commands can be typed, not only the page used.
    pub fn new(has_prompt: bool) -> Self {
        Self { has_prompt, ..Self::default() }
    }

    /// What is shown of a message that was just held.
    pub(super) fn notice(&self, number: u64) -> String {
        match self.has_prompt {
            true => {
                format!("held as {number}: /go {number}, /drop {number} or /edit {number} TEXT")
            }
            false => format!("held as {number}, for the page"),
        }
    }

    /// Whether every data message is held.
    pub fn is_on(&self) -> bool {
        self.is_on.load(Ordering::SeqCst)
    }

    /// Whether every data message is to be held from now on.
    pub fn set(&self, is_on: bool) {
        self.is_on.store(is_on, Ordering::SeqCst);
        self.note_change();
    }

    /// A number that changes with the messages and with [`Holding::is_on`].
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::SeqCst)
    }

    /// Calls `watcher` after each change from now on; it must not wait. There is one.
    pub fn watch(&self, watcher: Box<dyn Fn() + Send + Sync>) {
        let _ = self.watcher.set(watcher);
    }

    fn note_change(&self) {
        self.version.fetch_add(1, Ordering::SeqCst);
        if let Some(watcher) = self.watcher.get() {
            watcher();
        }
    }

    /// Adds a message, and returns its number, from 1.
    pub(super) fn add(&self, held: Held) -> u64 {
        let number = self.last.fetch_add(1, Ordering::SeqCst) + 1;
        self.table().insert(number, held);
        self.note_change();
        number
    }

    /// Removes one that waits no more.
    pub(super) fn remove(&self, number: u64) -> Option<Held> {
        let removed = self.table().remove(&number);
        self.note_change();
        removed
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.table().len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.table().is_empty()
    }

    /// The first of them, by number; at most so many.
    pub fn first(&self, most: usize) -> Vec<(u64, Held)> {
        self.table().iter().take(most).map(|(number, held)| (*number, held.clone())).collect()
    }

    /// All of them, by number.
    pub fn list(&self) -> Vec<(u64, Held)> {
        self.first(usize::MAX)
    }

    /// One of them.
    pub fn get(&self, number: u64) -> Option<Held> {
        self.table().get(&number).cloned()
    }

    /// The last of those that the same side of the same connection sent before this one, and that has to be decided first.
    pub fn before(&self, number: u64) -> Option<u64> {
        let table = self.table();
        let Held { connection, from, .. } = table.get(&number)?;
        let is_ahead =
            |(_, held): &(&u64, &Held)| held.connection == *connection && held.from == *from;
        table.range(..number).rev().find(is_ahead).map(|(number, _)| *number)
    }

    /// Has something else delivered in place of one. `false`: there is none with this number.
    pub fn edit(&self, number: u64, payload: Payload) -> bool {
        let mut table = self.table();
        let Some(held) = table.get_mut(&number) else { return false };
        (held.payload, held.is_edited) = (payload, true);
        drop(table);
        self.note_change();
        true
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<u64, Held>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Holding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Holding")
            .field("is_on", &self.is_on)
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}
