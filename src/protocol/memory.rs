//! One limit on the memory that all connections together hold for what they receive and send. Knows
//! numbers only: who holds the memory says how much it is, and frees it when told to.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;

/// The memory that all connections together may hold.
#[derive(Clone, Debug)]
pub struct Budget {
    pool: Arc<Pool>,
}

/// One connection's part of it.
#[derive(Clone, Debug)]
pub struct Account {
    holder: Arc<Holder>,
}

/// Some memory, counted as long as this lives.
#[derive(Debug)]
pub struct Charge {
    account: Account,
    bytes: usize,
}

/// A payload that several connections share. It is counted once, until the last of them has dropped it.
struct SharedPayload<T: AsRef<[u8]>> {
    bytes: T,
    pool: Arc<Pool>,
}

/// The budget is exceeded, and this connection has to free its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverBudget;

#[derive(Debug)]
struct Pool {
    limit: usize,
    total: AtomicUsize,
    holders: Mutex<Vec<Weak<Holder>>>,
    /// Memory was freed, or is to be.
    changed: Condvar,
    /// Who waits for that.
    waiting: AtomicUsize,
}

struct Holder {
    pool: Arc<Pool>,
    /// What it holds for itself.
    held: AtomicUsize,
    /// What waits for it of payloads that are shared with others.
    shared: AtomicUsize,
    is_revoked: AtomicBool,
    /// Called once when it has to free its memory.
    on_revoked: Box<dyn Fn() + Send + Sync>,
}

/// Changes of less than this are not counted: an idle connection costs nothing.
const GRANULE: usize = 16 << 10;

/// A connection that holds less than this is never closed for what others hold.
const SMALL: usize = 64 << 10;

/// Until the connection that is closed has freed its memory, the others may exceed the limit by this
/// part of it.
const SLACK: usize = 16;

/// A connection that grows beyond that waits for the memory to be freed, at most for this long.
const MAX_WAIT: Duration = Duration::from_millis(250);

impl Budget {
    /// A budget of `limit` bytes.
    pub fn new(limit: usize) -> Self {
        let holders = Mutex::default();
        let (total, waiting) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { pool: Arc::new(Pool { limit, total, holders, changed: Condvar::new(), waiting }) }
    }

    /// A connection's part. `on_revoked` is called, by any thread, when the connection has to free its
    /// memory.
    pub fn open(&self, on_revoked: impl Fn() + Send + Sync + 'static) -> Account {
        let holder = Arc::new(Holder {
            pool: Arc::clone(&self.pool),
            held: AtomicUsize::new(0),
            shared: AtomicUsize::new(0),
            is_revoked: AtomicBool::new(false),
            on_revoked: Box::new(on_revoked),
        });
        let mut holders = self.pool.holders();
        holders.retain(|holder| holder.strong_count() > 0);
        holders.push(Arc::downgrade(&holder));
        Account { holder }
    }

    /// A payload that several connections will share.
    pub fn share(&self, bytes: impl AsRef<[u8]> + Send + 'static) -> Bytes {
        self.pool.total.fetch_add(bytes.as_ref().len(), Ordering::SeqCst);
        Bytes::from_owner(SharedPayload { bytes, pool: Arc::clone(&self.pool) })
    }

    /// Has the connections that hold the most free their memory, while more is held than may be.
    pub fn enforce(&self) {
        self.pool.enforce();
    }

    /// The number of bytes that are held.
    pub fn held(&self) -> usize {
        self.pool.total()
    }
}

impl Account {
    /// Memory of this connection, none at first.
    pub fn charge(&self) -> Charge {
        Charge { account: self.clone(), bytes: 0 }
    }

    /// Says how many bytes of shared payloads wait for this connection.
    pub fn set_shared(&self, bytes: usize) {
        self.holder.shared.store(bytes, Ordering::SeqCst);
    }

    /// Whether it has to free its memory.
    pub fn is_revoked(&self) -> bool {
        self.holder.is_revoked.load(Ordering::SeqCst)
    }

    /// Whether more is held than may be, by all together.
    pub fn is_exceeded(&self) -> bool {
        self.holder.pool.total() > self.holder.pool.limit
    }

    /// The whole budget, in bytes.
    pub fn limit(&self) -> usize {
        self.holder.pool.limit
    }
}

impl Charge {
    /// The connection that it belongs to.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// How many bytes it is.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Says that it is so many bytes now.
    pub fn set(&mut self, bytes: usize) {
        let bytes = bytes - bytes % GRANULE;
        let holder = &self.account.holder;
        for count in [&holder.held, &holder.pool.total] {
            if bytes > self.bytes {
                count.fetch_add(bytes - self.bytes, Ordering::SeqCst);
            } else if bytes < self.bytes {
                count.fetch_sub(self.bytes - bytes, Ordering::SeqCst);
            }
        }
        if bytes < self.bytes {
            holder.pool.announce();
        }
        self.bytes = bytes;
    }

    /// Says that it is about to be so many bytes.
    ///
    /// # Errors
    /// When this is the connection that has to free its memory, or another does not free it in time.
    pub fn grow(&mut self, bytes: usize) -> Result<(), OverBudget> {
        let before = self.bytes;
        self.set(bytes);
        let holder = &self.account.holder;
        if self.bytes > before {
            holder.pool.enforce();
            holder.pool.wait_at_slack(holder);
        }
        if self.account.is_revoked() { Err(OverBudget) } else { Ok(()) }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.set(0);
    }
}

impl<T: AsRef<[u8]>> AsRef<[u8]> for SharedPayload<T> {
    fn as_ref(&self) -> &[u8] {
        self.bytes.as_ref()
    }
}

impl<T: AsRef<[u8]>> Drop for SharedPayload<T> {
    fn drop(&mut self) {
        self.pool.total.fetch_sub(self.bytes.as_ref().len(), Ordering::SeqCst);
        self.pool.announce();
    }
}

impl Pool {
    fn holders(&self) -> MutexGuard<'_, Vec<Weak<Holder>>> {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn total(&self) -> usize {
        self.total.load(Ordering::SeqCst)
    }

    fn enforce(&self) {
        if self.total() <= self.limit {
            return;
        }
        // Called without the lock: what it does is not known here.
        for holder in self.revoke() {
            (holder.on_revoked)();
        }
        self.announce();
    }

    fn announce(&self) {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            drop(self.holders()); // whoever is about to wait has looked, or will
            self.changed.notify_all();
        }
    }

    /// Marks those that hold the most, until what they free is enough.
    fn revoke(&self) -> Vec<Arc<Holder>> {
        let holders = self.holders();
        let living: Vec<_> = holders.iter().filter_map(Weak::upgrade).collect();
        let (revoked, mut others): (Vec<_>, Vec<_>) =
            living.into_iter().partition(|holder| holder.is_revoked.load(Ordering::SeqCst));
        let freed: usize = revoked.iter().map(|holder| holder.held()).sum();
        let mut excess = self.total().saturating_sub(self.limit).saturating_sub(freed);
        others.sort_by_key(|holder| holder.weight());
        let mut chosen = Vec::new();
        while excess > 0
            && let Some(largest) = others.pop().filter(|holder| holder.weight() > 0)
        {
            excess = excess.saturating_sub(largest.weight());
            largest.is_revoked.store(true, Ordering::SeqCst);
            chosen.push(largest);
        }
        chosen
    }

    /// What is freed elsewhere may take a moment to be free.
    fn wait_at_slack(&self, holder: &Holder) {
        let most = self.limit.saturating_add(self.limit / SLACK);
        let has_to_wait = || {
            let is_revoked = holder.is_revoked.load(Ordering::SeqCst);
            self.total.load(Ordering::SeqCst) > most && holder.held() >= SMALL && !is_revoked
        };
        if !has_to_wait() {
            return;
        }
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let holders = self.holders();
        let waited = self.changed.wait_timeout_while(holders, MAX_WAIT, |_| has_to_wait());
        drop(waited);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        if has_to_wait() {
            holder.is_revoked.store(true, Ordering::SeqCst);
        }
    }
}

impl Holder {
    fn held(&self) -> usize {
        self.held.load(Ordering::SeqCst)
    }

    fn weight(&self) -> usize {
        self.held() + self.shared.load(Ordering::SeqCst)
    }
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Holder")
            .field("held", &self.held)
            .field("shared", &self.shared)
            .field("is_revoked", &self.is_revoked)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    #[test]
    fn the_connection_that_holds_the_most_has_to_free_it() {
        let budget = Budget::new(64 * MIB);
        let called = Arc::new(AtomicUsize::new(0));
        let accounts: Vec<_> = (0..3)
            .map(|_| {
                let called = Arc::clone(&called);
                budget.open(move || _ = called.fetch_add(1, Ordering::SeqCst))
            })
            .collect();
        let mut charges: Vec<_> = accounts.iter().map(Account::charge).collect();
        assert_eq!(charges[0].grow(20 * MIB), Ok(()));
        assert_eq!(charges[1].grow(30 * MIB), Ok(()));
        assert_eq!(charges[2].grow(15 * MIB), Ok(()), "another is the largest");
        assert!(accounts[1].is_revoked());
        assert_eq!(charges[1].grow(31 * MIB), Err(OverBudget));
        assert_eq!(called.load(Ordering::SeqCst), 1);
        charges[1].set(0);
        assert_eq!(budget.held(), 35 * MIB);
        assert_eq!(charges[0].grow(40 * MIB), Ok(()), "there is room again");
        drop(charges);
        assert_eq!(budget.held(), 0);
    }

    #[test]
    fn while_nothing_is_freed_whoever_grows_is_stopped_unless_it_is_small() {
        let budget = Budget::new(64 * MIB);
        let [first, second, third] = [(); 3].map(|()| budget.open(|| ()));
        let mut charges = [&first, &second, &third].map(Account::charge);
        charges[0].grow(60 * MIB).unwrap();
        charges[1].grow(5 * MIB).unwrap();
        assert!(first.is_revoked());
        assert_eq!(charges[1].grow(10 * MIB), Err(OverBudget));
        assert_eq!(charges[2].grow(MIB / 32), Ok(()));
    }

    #[test]
    fn a_shared_payload_counts_once_but_weighs_on_all_who_wait_for_it() {
        let budget = Budget::new(64 * MIB);
        let [waiting, other] = [(); 2].map(|()| budget.open(|| ()));
        let mut charge = other.charge();
        charge.set(30 * MIB);
        let payload = budget.share(vec![0; 40 * MIB]);
        waiting.set_shared(40 * MIB);
        budget.enforce();
        assert!(waiting.is_revoked());
        assert!(!other.is_revoked());
        drop(payload);
        assert_eq!(budget.held(), 30 * MIB);
    }
}
