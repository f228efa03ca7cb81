//! A limit on the memory that all connections together use for received and sent data. Only numbers are
//! counted here: each connection reports how much it uses, and frees it when requested.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;

/// The memory budget of all connections together.
#[derive(Clone, Debug)]
pub struct Budget {
    pool: Arc<Pool>,
}

/// The account of one connection in a budget.
#[derive(Clone, Debug)]
pub struct Account {
    account: Arc<AccountState>,
}

/// A number of bytes that is counted until it is dropped.
#[derive(Debug)]
pub struct Charge {
    account: Account,
    bytes: usize,
}

/// A payload shared by several connections. It is counted once, until the last of them has dropped it.
struct SharedPayload<T: AsRef<[u8]>> {
    bytes: T,
    pool: Arc<Pool>,
}

/// The budget is exceeded, and this connection must free its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverBudget;

#[derive(Debug)]
struct Pool {
    limit: usize,
    total: AtomicUsize,
    accounts: Mutex<Vec<Weak<AccountState>>>,
    /// Notified when memory was freed or is requested to be freed.
    changed: Condvar,
    /// The number of threads that wait for that.
    waiting: AtomicUsize,
}

struct AccountState {
    pool: Arc<Pool>,
    /// Bytes used by the connection alone.
    held: AtomicUsize,
    /// Bytes of shared payloads queued for the connection.
    shared: AtomicUsize,
    is_revoked: AtomicBool,
    /// It has freed what it can. What it still holds is freed when the connection has ended.
    has_shed: AtomicBool,
    /// Called once when the connection must free its memory.
    on_revoked: Box<dyn Fn() + Send + Sync>,
}

/// The granularity of counting: small changes, and idle connections, are not counted.
const GRANULE: usize = 16 << 10;

/// A connection that uses less than this is never closed because others exceed the budget.
const SMALL: usize = 64 << 10;

/// Until the connection being closed has freed its memory, the others may exceed the limit by this
/// fraction of it (1/16).
const SLACK: usize = 16;

/// How long a connection that grows beyond that waits at most for memory to be freed.
const MAX_WAIT: Duration = Duration::from_millis(250);

impl Budget {
    /// A budget of `limit` bytes.
    pub fn new(limit: usize) -> Self {
        let accounts = Mutex::default();
        let (total, waiting) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { pool: Arc::new(Pool { limit, total, accounts, changed: Condvar::new(), waiting }) }
    }

    /// Opens an account for a connection. `on_revoked` is called, on any thread, when the connection must
    /// free its memory.
    pub fn open(&self, on_revoked: impl Fn() + Send + Sync + 'static) -> Account {
        let account = Arc::new(AccountState {
            pool: Arc::clone(&self.pool),
            held: AtomicUsize::new(0),
            shared: AtomicUsize::new(0),
            is_revoked: AtomicBool::new(false),
            has_shed: AtomicBool::new(false),
            on_revoked: Box::new(on_revoked),
        });
        let mut accounts = self.pool.accounts();
        accounts.retain(|account| account.strong_count() > 0);
        accounts.push(Arc::downgrade(&account));
        Account { account }
    }

    /// A payload to be shared by several connections.
    pub fn share(&self, bytes: impl AsRef<[u8]> + Send + 'static) -> Bytes {
        self.pool.total.fetch_add(bytes.as_ref().len(), Ordering::SeqCst);
        Bytes::from_owner(SharedPayload { bytes, pool: Arc::clone(&self.pool) })
    }

    /// If the budget is exceeded, requests the connections that use the most to free their memory.
    pub fn enforce(&self) {
        self.pool.enforce();
    }

    /// The number of bytes in use.
    pub fn held(&self) -> usize {
        self.pool.total()
    }
}

impl Account {
    /// A charge to this account, zero at first.
    pub fn charge(&self) -> Charge {
        Charge { account: self.clone(), bytes: 0 }
    }

    /// Sets how many bytes of shared payloads are queued for this connection.
    pub fn set_shared(&self, bytes: usize) {
        self.account.shared.store(bytes, Ordering::SeqCst);
    }

    /// Whether the connection must free its memory.
    pub fn is_revoked(&self) -> bool {
        self.account.is_revoked.load(Ordering::SeqCst)
    }

    /// Whether the connection must free its memory, and has not done so yet.
    pub fn must_shed(&self) -> bool {
        self.is_revoked() && !self.account.has_shed.load(Ordering::SeqCst)
    }

    /// Records that the connection has freed what it can. If that does not suffice, others are requested to free
    /// theirs: while the budget is exceeded, received data is not processed, so no growth would cause the request.
    pub fn note_shed(&self) {
        self.account.has_shed.store(true, Ordering::SeqCst);
        self.account.pool.enforce();
    }

    /// Lets a connection continue that has freed its memory without closing.
    pub fn reinstate(&self) {
        self.account.has_shed.store(false, Ordering::SeqCst);
        self.account.is_revoked.store(false, Ordering::SeqCst);
    }

    /// Whether all connections together exceed the budget.
    pub fn is_exceeded(&self) -> bool {
        self.account.pool.total() > self.account.pool.limit
    }

    /// The limit of the budget, in bytes.
    pub fn limit(&self) -> usize {
        self.account.pool.limit
    }
}

impl Charge {
    /// The account that it is charged to.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The number of bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Sets the number of bytes.
    pub fn set(&mut self, bytes: usize) {
        let bytes = bytes - bytes % GRANULE;
        let account = &self.account.account;
        for count in [&account.held, &account.pool.total] {
            if bytes > self.bytes {
                count.fetch_add(bytes - self.bytes, Ordering::SeqCst);
            } else if bytes < self.bytes {
                count.fetch_sub(self.bytes - bytes, Ordering::SeqCst);
            }
        }
        if bytes < self.bytes {
            account.pool.announce();
        }
        self.bytes = bytes;
    }

    /// Sets the number of bytes before they are allocated.
    ///
    /// # Errors
    /// If this connection must free its memory, or another one does not free its own in time.
    pub fn grow(&mut self, bytes: usize) -> Result<(), OverBudget> {
        if self.set_larger(bytes) {
            let account = &self.account.account;
            account.pool.wait_at_slack(account);
        }
        if self.account.is_revoked() { Err(OverBudget) } else { Ok(()) }
    }

    /// As [`Charge::grow`], without waiting for other connections.
    ///
    /// # Errors
    /// If this connection must free its memory, or others have not freed enough yet.
    pub fn grow_without_waiting(&mut self, bytes: usize) -> Result<(), OverBudget> {
        let is_larger = self.set_larger(bytes);
        let account = &self.account.account;
        let is_refused = is_larger && account.pool.is_beyond_slack(account);
        if is_refused || self.account.is_revoked() { Err(OverBudget) } else { Ok(()) }
    }

    /// Sets the number of bytes, and enforces the limit if it is larger than before; returns whether it is.
    fn set_larger(&mut self, bytes: usize) -> bool {
        let before = self.bytes;
        self.set(bytes);
        let is_larger = self.bytes > before;
        if is_larger {
            self.account.account.pool.enforce();
        }
        is_larger
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
    fn accounts(&self) -> MutexGuard<'_, Vec<Weak<AccountState>>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn total(&self) -> usize {
        self.total.load(Ordering::SeqCst)
    }

    fn enforce(&self) {
        if self.total() <= self.limit {
            return;
        }
        // Called without the lock, as it may call back.
        for account in self.revoke() {
            (account.on_revoked)();
        }
        self.announce();
    }

    fn announce(&self) {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            drop(self.accounts()); // so that no notification is missed between check and wait
            self.changed.notify_all();
        }
    }

    /// Marks those that use the most, until the memory they will free suffices.
    fn revoke(&self) -> Vec<Arc<AccountState>> {
        let accounts = self.accounts();
        let living: Vec<_> = accounts.iter().filter_map(Weak::upgrade).collect();
        let (revoked, mut others): (Vec<_>, Vec<_>) =
            living.into_iter().partition(|account| account.is_revoked.load(Ordering::SeqCst));
        let still_frees = |account: &&Arc<AccountState>| !account.has_shed.load(Ordering::SeqCst);
        let freed: usize = revoked.iter().filter(still_frees).map(|account| account.held()).sum();
        let mut excess = self.total().saturating_sub(self.limit).saturating_sub(freed);
        others.sort_by_key(|account| account.weight());
        let mut chosen = Vec::new();
        while excess > 0
            && let Some(largest) = others.pop().filter(|account| account.weight() > 0)
        {
            excess = excess.saturating_sub(largest.weight());
            largest.is_revoked.store(true, Ordering::SeqCst);
            chosen.push(largest);
        }
        chosen
    }

    /// Whether others must free memory before this connection may grow.
    fn is_beyond_slack(&self, account: &AccountState) -> bool {
        let most = self.limit.saturating_add(self.limit / SLACK);
        self.total() > most && account.held() >= SMALL
    }

    /// Waits until other connections have freed their memory.
    fn wait_at_slack(&self, account: &AccountState) {
        let has_to_wait = || {
            let is_revoked = account.is_revoked.load(Ordering::SeqCst);
            self.is_beyond_slack(account) && !is_revoked
        };
        if !has_to_wait() {
            return;
        }
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let accounts = self.accounts();
        let waited = self.changed.wait_timeout_while(accounts, MAX_WAIT, |_| has_to_wait());
        drop(waited);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        if has_to_wait() {
            account.is_revoked.store(true, Ordering::SeqCst);
        }
    }
}

impl AccountState {
    fn held(&self) -> usize {
        self.held.load(Ordering::SeqCst)
    }

    fn weight(&self) -> usize {
        self.held() + self.shared.load(Ordering::SeqCst)
    }
}

impl fmt::Debug for AccountState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountState")
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
    fn the_connection_that_uses_the_most_must_free_its_memory() {
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
        assert_eq!(charges[0].grow(40 * MIB), Ok(()), "memory is available again");
        drop(charges);
        assert_eq!(budget.held(), 0);
    }

    #[test]
    fn while_no_memory_is_freed_only_small_connections_can_grow() {
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
    fn what_a_connection_keeps_after_freeing_must_be_freed_by_others() {
        let budget = Budget::new(64 * MIB);
        let [first, second, third] = [(); 3].map(|()| budget.open(|| ()));
        let mut charges = [&first, &second, &third].map(Account::charge);
        charges[0].grow(30 * MIB).unwrap();
        charges[1].grow(20 * MIB).unwrap();
        charges[2].grow(15 * MIB).unwrap();
        assert!(first.must_shed());
        assert!(!second.is_revoked(), "the first will free enough");
        charges[0].set(29 * MIB + MIB / 2);
        first.note_shed();
        assert!(first.is_revoked() && !first.must_shed());
        assert!(second.must_shed(), "the first keeps more than the others leave");
        assert!(!third.is_revoked());
        charges[1].set(0);
        second.note_shed();
        assert!(!third.is_revoked(), "the rest is within the budget");
    }

    #[test]
    fn a_shared_payload_is_counted_once_but_attributed_to_all_its_receivers() {
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
