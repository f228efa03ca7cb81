//! Limits the number of unfinished handshakes, and chooses which one is closed for a new connection.

use std::collections::{BTreeMap, HashMap, hash_map};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mio::Waker;

use crate::net::Reactor;
use crate::protocol::head::HeaderLine;

/// All connections that are not clients yet. When there are too many, the oldest is closed: a flood of
/// connections that never finish their handshake does not exclude others.
#[derive(Debug)]
pub(super) struct HandshakeTable {
    limit: usize,
    /// Of responses to those over it.
    refusal_headers: Vec<HeaderLine>,
    state: Mutex<TableState>,
}

#[derive(Debug, Default)]
struct TableState {
    /// In the order in which they were accepted.
    entries: BTreeMap<u64, PendingEntry>,
    next: u64,
    /// How many entries each network has.
    networks: HashMap<Network, usize>,
    /// How many entries there are of each [`HandshakeProgress`].
    counts: [usize; 3],
    /// Threads that have not ended their handshake, also of connections being closed.
    threads: usize,
    evicted: Evictions,
}

#[derive(Debug)]
struct PendingEntry {
    network: Network,
    progress: HandshakeProgress,
    interrupter: Interrupter,
}

/// Ends the waits of a thread by its reactor.
#[derive(Debug)]
pub(super) struct Interrupter {
    interrupted: Arc<AtomicBool>,
    waker: Arc<Waker>,
}

impl Interrupter {
    /// For the thread with this reactor.
    pub(super) fn of(reactor: &mut Reactor) -> Self {
        let interrupted = Arc::new(AtomicBool::new(false));
        reactor.interrupt_on(Arc::clone(&interrupted));
        Self { interrupted, waker: reactor.waker() }
    }

    fn raise(&self) {
        self.interrupted.store(true, Ordering::SeqCst);
        let _ = self.waker.wake(); // should it fail, the thread sees the flag when it wakes next
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HandshakeProgress {
    /// Its thread has not run yet: the client is not slow.
    Starting,
    /// The client has not sent a whole request.
    Waiting,
    /// The response is sent or being sent.
    Answered,
}

/// Addresses whose connections are counted together: an IPv4 address, or a /64 of IPv6, which is usually assigned to a single
/// host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

/// How many unfinished handshakes were closed for newer connections, by the limit that was exceeded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evictions {
    /// By that of one address.
    pub of_address: usize,
    /// The last such address.
    pub address: Option<Network>,
    /// The limit of one address.
    pub address_limit: usize,
    /// By that of all.
    pub of_all: usize,
    /// The limit of all.
    pub limit: usize,
    /// By the system's limits on memory, threads and descriptors.
    pub of_system: usize,
}

impl Evictions {
    /// The sum.
    pub fn count(&self) -> usize {
        self.of_address + self.of_all + self.of_system
    }
}

/// An entry in the table of unfinished handshakes, removed when dropped. While there are too many, its connection may
/// be closed for a newer one.
#[derive(Debug)]
pub struct PendingHandshake {
    handshakes: Arc<HandshakeTable>,
    id: u64,
}

/// Too many threads have not ended yet.
#[derive(Debug)]
pub(super) struct TableFull;

impl HandshakeTable {
    /// With this limit. Responses to those over it have these fields.
    pub(super) fn new(limit: usize, refusal_headers: Vec<HeaderLine>) -> Self {
        Self { limit, refusal_headers, state: Mutex::default() }
    }

    /// What responses to those over the limit have beside their own fields.
    pub(super) fn refusal_headers(&self) -> &[HeaderLine] {
        &self.refusal_headers
    }

    /// The limit for one address.
    fn address_limit(&self) -> usize {
        (self.limit / 2).max(1)
    }

    /// Adds an entry for a connection from `remote`. At the limit, the oldest one of the same address, or of
    /// all, is closed: its thread is interrupted.
    pub(super) fn begin(
        self: &Arc<Self>,
        remote: IpAddr,
        interrupter: Interrupter,
    ) -> Result<PendingHandshake, TableFull> {
        let network = Network::of(remote);
        let mut state = self.state();
        if state.threads >= 2 * self.limit {
            state.evicted.of_all += 1; // closed by the caller
            return Err(TableFull);
        }
        if state.networks.get(&network).is_some_and(|count| *count >= self.address_limit()) {
            if state.evict(|entry| entry.network == network) {
                state.evicted.of_address += 1;
                state.evicted.address = Some(network);
            }
        } else if state.entries.len() >= self.limit && state.evict(|_| true) {
            state.evicted.of_all += 1;
        }
        let id = state.next;
        state.next += 1;
        state.insert(
            id,
            PendingEntry { network, progress: HandshakeProgress::Starting, interrupter },
        );
        state.threads += 1;
        Ok(PendingHandshake { handshakes: Arc::clone(self), id })
    }

    /// Whether threads are started faster than the system runs them. Connections accepted meanwhile would evict
    /// clients that are not slow.
    pub(super) fn are_behind(&self) -> bool {
        *self.state().count(HandshakeProgress::Starting) > self.address_limit() / 2
    }

    /// Closes the oldest because the system has no resources left; false if there is none.
    pub(super) fn evict_for_system(&self) -> bool {
        let mut state = self.state();
        let before = state.entries.len();
        if state.evict(|_| true) {
            state.evicted.of_system += 1;
        }
        state.entries.len() < before
    }

    /// Whether any were closed since [`HandshakeTable::take_evictions`].
    pub(super) fn have_evicted(&self) -> bool {
        self.state().evicted.count() > 0
    }

    /// Those closed since the last call, if any.
    pub(super) fn take_evictions(&self) -> Option<Evictions> {
        let evicted = std::mem::take(&mut self.state().evicted);
        let (address_limit, limit) = (self.address_limit(), self.limit);
        (evicted.count() > 0).then_some(Evictions { address_limit, limit, ..evicted })
    }

    fn state(&self) -> MutexGuard<'_, TableState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TableState {
    /// Closes the oldest entry that `may_go` accepts, answered ones first. Returns whether it was an
    /// unfinished one.
    fn evict(&mut self, may_go: impl Fn(&PendingEntry) -> bool) -> bool {
        let oldest = |progress| {
            let mut entries = self.entries.iter();
            entries
                .find(|(_, entry)| entry.progress == progress && may_go(entry))
                .map(|(id, _)| *id)
        };
        let answered = if self.counts[HandshakeProgress::Answered as usize] > 0 {
            oldest(HandshakeProgress::Answered)
        } else {
            None
        };
        let oldest = answered.or_else(|| oldest(HandshakeProgress::Waiting));
        let Some(entry) = oldest.and_then(|id| self.remove(id)) else { return false };
        entry.interrupter.raise();
        answered.is_none()
    }

    fn insert(&mut self, id: u64, entry: PendingEntry) {
        *self.networks.entry(entry.network).or_default() += 1;
        *self.count(entry.progress) += 1;
        self.entries.insert(id, entry);
    }

    fn remove(&mut self, id: u64) -> Option<PendingEntry> {
        let entry = self.entries.remove(&id)?;
        *self.count(entry.progress) -= 1;
        if let hash_map::Entry::Occupied(mut count) = self.networks.entry(entry.network) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
        Some(entry)
    }

    /// How many entries have this progress.
    fn count(&mut self, progress: HandshakeProgress) -> &mut usize {
        &mut self.counts[progress as usize]
    }
}

impl PendingHandshake {
    /// Ends the handshake in the thread with this reactor, whose waits are not interrupted any more: from now on the
    /// connection is not closed for newer ones.
    pub fn admit(self, reactor: &mut Reactor) {
        drop(self); // first: until then the flag may be set
        reactor.interrupt_on(Arc::default());
    }

    /// See [`HandshakeTable::refusal_headers`].
    pub(super) fn refusal_headers(&self) -> &[HeaderLine] {
        self.handshakes.refusal_headers()
    }

    /// Its thread runs.
    pub(super) fn start(&self) {
        self.set(HandshakeProgress::Waiting);
    }

    /// The request is complete or has failed; false if the connection has been closed for another.
    #[must_use]
    pub(super) fn set_answered(&self) -> bool {
        self.set(HandshakeProgress::Answered)
    }

    fn set(&self, progress: HandshakeProgress) -> bool {
        let mut state = self.handshakes.state();
        let Some(entry) = state.remove(self.id) else { return false };
        state.insert(self.id, PendingEntry { progress, ..entry });
        true
    }
}

impl Drop for PendingHandshake {
    fn drop(&mut self) {
        let mut state = self.handshakes.state();
        state.remove(self.id);
        state.threads -= 1;
    }
}

impl Network {
    fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let prefix = u128::from(address) & !u128::from(u64::MAX);
                IpAddr::V6(Ipv6Addr::from(prefix))
            }
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => write!(f, "{address}"),
            IpAddr::V6(prefix) => write!(f, "{prefix}/64"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An entry for a connection from this address whose thread runs, and its reactor.
    fn begin(handshakes: &Arc<HandshakeTable>, remote: &str) -> (PendingHandshake, Reactor) {
        let mut reactor = Reactor::new(None).unwrap();
        let interrupt = Interrupter::of(&mut reactor);
        let pending = handshakes.begin(remote.parse().unwrap(), interrupt).unwrap();
        pending.start();
        (pending, reactor)
    }

    fn is_evicted(pending: &PendingHandshake) -> bool {
        !pending.handshakes.state().entries.contains_key(&pending.id)
    }

    /// Which of them have been closed.
    fn evicted(all: &[(PendingHandshake, Reactor)]) -> Vec<usize> {
        (0..all.len()).filter(|&at| is_evicted(&all[at].0)).collect()
    }

    #[test]
    fn one_address_is_limited_to_half_of_the_entries_and_its_oldest_are_closed() {
        let handshakes = Arc::new(HandshakeTable::new(6, Vec::new()));
        let mut all = vec![begin(&handshakes, "192.0.2.9")];
        all.extend((0..5).map(|_| begin(&handshakes, "192.0.2.1")));
        assert_eq!(evicted(&all), [1, 2]);
        let evictions = handshakes.take_evictions().unwrap();
        assert_eq!((evictions.count(), evictions.of_address, evictions.address_limit), (2, 2, 3));
        assert_eq!(evictions.address.unwrap().to_string(), "192.0.2.1");
        assert_eq!((handshakes.take_evictions(), handshakes.have_evicted()), (None, false));
        let late = crate::net::Deadline::after(None);
        assert!(all[1].1.wait_for(late, None).is_err(), "its thread does not wait any more");
    }

    #[test]
    fn the_oldest_of_all_is_closed_at_the_limit() {
        let handshakes = Arc::new(HandshakeTable::new(4, Vec::new()));
        let all: Vec<_> = (0..6).map(|at| begin(&handshakes, &format!("192.0.2.{at}"))).collect();
        assert_eq!(evicted(&all), [0, 1]);
        let evictions = Evictions { of_all: 2, limit: 4, address_limit: 2, ..Evictions::default() };
        assert_eq!(handshakes.take_evictions(), Some(evictions));
    }

    #[test]
    fn a_64_of_ipv6_counts_as_one_address() {
        let handshakes = Arc::new(HandshakeTable::new(4, Vec::new()));
        let mut all: Vec<_> =
            (1..4).map(|at| begin(&handshakes, &format!("2001:db8::{at}"))).collect();
        all.push(begin(&handshakes, "2001:db8:0:1::1"));
        assert_eq!(evicted(&all), [0]);
        let address = handshakes.take_evictions().unwrap().address.unwrap();
        assert_eq!(address.to_string(), "2001:db8::/64");
        let handshakes = Arc::new(HandshakeTable::new(2, Vec::new()));
        let all = ["192.0.2.1", "::ffff:192.0.2.1"].map(|remote| begin(&handshakes, remote));
        assert_eq!(evicted(&all), [0]);
    }

    #[test]
    fn answered_handshakes_are_closed_first_and_not_counted() {
        let handshakes = Arc::new(HandshakeTable::new(4, Vec::new()));
        let mut all = vec![begin(&handshakes, "192.0.2.1"), begin(&handshakes, "192.0.2.1")];
        assert!(all[1].0.set_answered());
        all.push(begin(&handshakes, "192.0.2.1"));
        assert_eq!((evicted(&all), handshakes.take_evictions()), (vec![1], None));
        assert!(!all[1].0.set_answered());
    }

    #[test]
    fn handshakes_whose_thread_has_not_started_are_not_closed() {
        let handshakes = Arc::new(HandshakeTable::new(4, Vec::new()));
        let remote = "192.0.2.1".parse().unwrap();
        let mut reactor = Reactor::new(None).unwrap();
        let starting =
            [(); 2].map(|()| handshakes.begin(remote, Interrupter::of(&mut reactor)).unwrap());
        assert!(handshakes.are_behind());
        let third = begin(&handshakes, "192.0.2.1");
        assert!(!starting.iter().any(is_evicted) && !is_evicted(&third.0));
        starting[0].start();
        let _fourth = begin(&handshakes, "192.0.2.1");
        assert!(is_evicted(&starting[0]) && !handshakes.are_behind());
    }

    #[test]
    fn entries_are_freed_and_threads_are_limited() {
        let handshakes = Arc::new(HandshakeTable::new(2, Vec::new()));
        for _ in 0..9 {
            drop(begin(&handshakes, "192.0.2.1"));
        }
        assert!(!handshakes.have_evicted());
        let all: Vec<_> = (0..4).map(|_| begin(&handshakes, "192.0.2.1")).collect();
        let mut reactor = Reactor::new(None).unwrap();
        let other = "192.0.2.2".parse().unwrap();
        assert!(handshakes.begin(other, Interrupter::of(&mut reactor)).is_err());
        drop(all);
        assert!(handshakes.begin(other, Interrupter::of(&mut reactor)).is_ok());
    }

    #[test]
    fn an_entry_is_closed_when_the_system_has_no_resources() {
        let handshakes = Arc::new(HandshakeTable::new(2, Vec::new()));
        assert!(!handshakes.evict_for_system());
        let (pending, _reactor) = begin(&handshakes, "192.0.2.1");
        assert!(handshakes.evict_for_system() && is_evicted(&pending));
        let evictions = handshakes.take_evictions().unwrap();
        assert_eq!((evictions.count(), evictions.of_system), (1, 1));
    }
}
