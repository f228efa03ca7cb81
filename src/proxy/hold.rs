//! Messages that wait for the operator, of all connections.

use std::collections::{BTreeMap, BTreeSet, HashSet};
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
    /// The number of the rule that holds it; `None`: each data message is held.
    pub rule: Option<u64>,
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
    /// The operator has let it go, and it is delivered once what the same side sent before it is decided.
    pub is_released: bool,
    /// Where its connection takes orders.
    pub orders: Arc<Orders>,
}

/// The messages that wait for the operator.
#[derive(Default)]
pub struct Holding {
    /// Every data message is held.
    is_on: AtomicBool,
    last: AtomicU64,
    table: Mutex<Table>,
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
        self.table().waiting.insert(number, held);
        self.note_change();
        number
    }

    /// Removes one that is dropped, or that waits no more.
    pub(super) fn remove(&self, number: u64) -> Option<Held> {
        let removed = self.table().remove(number);
        self.note_change();
        removed
    }

    /// Lets one go. Behind another one that is held it stays in [`Holding::waiting`].
    pub(super) fn release(&self, number: u64) -> Option<Held> {
        let released = self.table().release(number);
        self.note_change();
        released
    }

    /// How many are held.
    pub fn len(&self) -> usize {
        let table = self.table();
        table.waiting.len() - table.released.len()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All that are held, by number.
    pub fn list(&self) -> Vec<(u64, Held)> {
        let table = self.table();
        let held = table.waiting.iter().filter(|(_, held)| !held.is_released);
        held.map(|(number, held)| (*number, held.clone())).collect()
    }

    /// All that are held, and those that were let go and wait for one of them, by number.
    pub fn waiting(&self) -> Vec<(u64, Held)> {
        self.table().waiting.iter().map(|(number, held)| (*number, held.clone())).collect()
    }

    /// One of [`Holding::waiting`].
    pub fn get(&self, number: u64) -> Option<Held> {
        self.table().waiting.get(&number).cloned()
    }

    /// The last of those that the same side of the same connection sent before this one, and that has to be decided first.
    pub fn before(&self, number: u64) -> Option<u64> {
        self.table().before(number)
    }

    /// A message of this size waits behind a held one, and for nothing else.
    pub(super) fn add_behind(&self, number: u64, size: usize) {
        let mut table = self.table();
        if table.waiting.contains_key(&number) {
            table
                .behind
                .entry(number)
                .or_default()
                .add(Backlog { messages: 1, bytes: size as u64 });
        }
    }

    /// What waits behind held messages without being held itself, and behind which it does.
    pub fn behind(&self) -> Vec<(u64, Backlog)> {
        self.table().behind.iter().map(|(number, backlog)| (*number, *backlog)).collect()
    }

    /// How many messages are delivered at once when this one is decided, besides it. They include those that were let go.
    pub fn followers(&self, number: u64) -> u64 {
        self.table().followers(number)
    }

    /// Has something else delivered in place of one. `false`: none with this number is held.
    pub fn edit(&self, number: u64, payload: Payload) -> bool {
        let mut table = self.table();
        let Some(held) = table.waiting.get_mut(&number).filter(|held| !held.is_released) else {
            return false;
        };
        (held.payload, held.is_edited) = (payload, true);
        drop(table);
        self.note_change();
        true
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What waits. Thousands may be held, and each of them is removed at the end of its connection: what is done for all of
/// them is done only for those that were let go.
#[derive(Debug, Default)]
struct Table {
    /// Also those that were let go and wait for another one, by number.
    waiting: BTreeMap<u64, Held>,
    /// The numbers of these.
    released: BTreeSet<u64>,
    /// What waits behind the held message with this number, up to the next one that is held, and is not held itself.
    behind: BTreeMap<u64, Backlog>,
}

/// Messages that wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How many.
    pub messages: u64,
    /// The size of their payloads, in bytes.
    pub bytes: u64,
}

impl Backlog {
    /// Adds more.
    pub fn add(&mut self, more: Self) {
        self.messages += more.messages;
        self.bytes += more.bytes;
    }
}

impl Table {
    fn remove(&mut self, number: u64) -> Option<Held> {
        self.waiting.get(&number).filter(|held| !held.is_released)?;
        self.pass_backlog(number);
        let removed = self.waiting.remove(&number);
        self.forget_delivered();
        removed
    }

    fn release(&mut self, number: u64) -> Option<Held> {
        let held = self.waiting.get_mut(&number).filter(|held| !held.is_released)?;
        let before = held.clone();
        held.is_released = true;
        self.released.insert(number);
        self.pass_backlog(number);
        self.forget_delivered();
        Some(before)
    }

    /// What waited behind a held message now waits behind the one before it, or is delivered.
    fn pass_backlog(&mut self, number: u64) {
        let Some(backlog) = self.behind.remove(&number) else { return };
        if let Some(before) = self.before(number) {
            self.behind.entry(before).or_default().add(backlog);
        }
    }

    /// See [`Holding::followers`].
    fn followers(&self, number: u64) -> u64 {
        let Some(Held { connection, from, .. }) = self.waiting.get(&number) else { return 0 };
        if self.before(number).is_some() {
            return 0;
        }
        let same_sender = self
            .waiting
            .range(number + 1..)
            .filter(|(_, held)| held.connection == *connection && held.from == *from);
        let released = same_sender.take_while(|(_, held)| held.is_released).count() as u64;
        released + self.behind.get(&number).map_or(0, |backlog| backlog.messages)
    }

    /// Removes what was let go and waits for nothing that is held.
    fn forget_delivered(&mut self) {
        // What follows one that waits, waits too.
        let mut stopped = HashSet::new();
        let mut delivered = Vec::new();
        for number in &self.released {
            let Some(held) = self.waiting.get(number) else { continue };
            let sender = (held.connection, held.from);
            if stopped.contains(&sender) {
                continue;
            }
            match self.before(*number) {
                Some(_) => drop(stopped.insert(sender)),
                None => delivered.push(*number),
            }
        }
        for number in delivered {
            self.waiting.remove(&number);
            self.released.remove(&number);
        }
    }

    /// See [`Holding::before`].
    fn before(&self, number: u64) -> Option<u64> {
        let Held { connection, from, .. } = self.waiting.get(&number)?;
        let is_ahead = |(_, held): &(&u64, &Held)| {
            !held.is_released && held.connection == *connection && held.from == *from
        };
        self.waiting.range(..number).rev().find(is_ahead).map(|(number, _)| *number)
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
