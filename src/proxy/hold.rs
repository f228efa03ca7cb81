//! Messages that wait for the operator, of all connections.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    /// What is delivered once it is let go.
    pub payload: Payload,
    /// It was edited.
    pub is_edited: bool,
    /// Where its connection takes orders.
    pub orders: Arc<Orders>,
}

/// The messages that wait for the operator, by number.
#[derive(Debug, Default)]
pub struct Holding {
    /// Every data message is held.
    is_on: AtomicBool,
    last: AtomicU64,
    table: Mutex<BTreeMap<u64, Held>>,
}

impl Holding {
    /// Whether every data message is held.
    pub fn is_on(&self) -> bool {
        self.is_on.load(Ordering::SeqCst)
    }

    /// Whether every data message is to be held from now on.
    pub fn set(&self, is_on: bool) {
        self.is_on.store(is_on, Ordering::SeqCst);
    }

    /// Adds a message, and returns its number, from 1.
    pub(super) fn add(&self, held: Held) -> u64 {
        let number = self.last.fetch_add(1, Ordering::SeqCst) + 1;
        self.table().insert(number, held);
        number
    }

    /// Removes one that waits no more.
    pub(super) fn remove(&self, number: u64) -> Option<Held> {
        self.table().remove(&number)
    }

    /// All of them, by number.
    pub fn list(&self) -> Vec<(u64, Held)> {
        self.table().iter().map(|(number, held)| (*number, held.clone())).collect()
    }

    /// One of them.
    pub fn get(&self, number: u64) -> Option<Held> {
        self.table().get(&number).cloned()
    }

    /// Has something else delivered in place of one. `false`: there is none with this number.
    pub fn edit(&self, number: u64, payload: Payload) -> bool {
        let mut table = self.table();
        let Some(held) = table.get_mut(&number) else { return false };
        (held.payload, held.is_edited) = (payload, true);
        true
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<u64, Held>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
