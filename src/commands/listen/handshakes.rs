//! The handshakes under way: how many there may be, and which one is closed for a new one.

use std::collections::{BTreeMap, HashMap, hash_map};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mio::Waker;

use crate::net::Reactor;
use crate::protocol::counted::counted;

/// All connections that are not clients yet. When there are too many, the oldest is closed: so a flood
/// of connections that never finish their handshake keeps nobody out.
pub(super) struct Handshakes {
    limit: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By the order in which they came.
    entries: BTreeMap<u64, Entry>,
    next: u64,
    /// How many of the entries there are of each network.
    networks: HashMap<Network, usize>,
    /// How many of the entries there are of each [`Progress`].
    counts: [usize; 3],
    /// Threads that have not ended their handshake, also of connections being closed.
    threads: usize,
    evicted: Evicted,
}

struct Entry {
    network: Network,
    progress: Progress,
    interrupt: Interrupt,
}

/// Ends the waits of a thread by its reactor.
pub(super) struct Interrupt {
    interrupted: Arc<AtomicBool>,
    waker: Arc<Waker>,
}

impl Interrupt {
    /// Of this reactor's thread.
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
enum Progress {
    /// Its thread has not run yet: it is not the client that is late.
    Starting,
    /// For the client.
    Waiting,
    /// The response is out, or on its way.
    Answered,
}

/// Whose connections are counted together: an IPv4 address, or a /64 of IPv6, which a single host has
/// for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Network(IpAddr);

/// Handshakes that were closed unfinished, by what there was too much of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Evicted {
    /// Of one address; with the last such address.
    of_address: usize,
    address: Option<Network>,
    /// Of all.
    of_all: usize,
    /// More than the system has memory, threads or descriptors for.
    of_system: usize,
}

/// A place among the handshakes under way, until it is dropped.
pub(super) struct Pending {
    handshakes: Arc<Handshakes>,
    id: u64,
}

/// There is no place: too many threads have not ended yet.
#[derive(Debug)]
pub(super) struct NoPlace;

impl Handshakes {
    /// With room for so many.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, state: Mutex::default() }
    }

    /// The most of one address.
    fn address_limit(&self) -> usize {
        (self.limit / 2).max(1)
    }

    /// Takes a place for a connection from `remote`. When there is none left, the oldest of the same address,
    /// or of all, is closed: its thread is interrupted.
    pub(super) fn begin(
        self: &Arc<Self>,
        remote: IpAddr,
        interrupt: Interrupt,
    ) -> Result<Pending, NoPlace> {
        let network = Network::of(remote);
        let mut state = self.state();
        if state.threads >= 2 * self.limit {
            state.evicted.of_all += 1; // closed by the caller
            return Err(NoPlace);
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
        state.insert(id, Entry { network, progress: Progress::Starting, interrupt });
        state.threads += 1;
        Ok(Pending { handshakes: Arc::clone(self), id })
    }

    /// Whether threads are started faster than the system lets them run. What is accepted meanwhile would
    /// take the place of clients that have done nothing wrong.
    pub(super) fn are_behind(&self) -> bool {
        *self.state().count(Progress::Starting) > self.address_limit() / 2
    }

    /// Closes the oldest because the system has nothing left; false if there is none.
    pub(super) fn evict_for_system(&self) -> bool {
        let mut state = self.state();
        let before = state.entries.len();
        if state.evict(|_| true) {
            state.evicted.of_system += 1;
        }
        state.entries.len() < before
    }

    /// Whether any were closed since [`Handshakes::take_warning`].
    pub(super) fn have_evicted(&self) -> bool {
        self.state().evicted != Evicted::default()
    }

    /// What to tell the user of those closed since the last time.
    pub(super) fn take_warning(&self) -> Option<String> {
        let evicted = std::mem::take(&mut self.state().evicted);
        let Evicted { of_address, address, of_all, of_system } = evicted;
        let mut reasons = Vec::new();
        if let Some(address) = address {
            let limit = self.address_limit();
            reasons.push(format!("{of_address} over the limit of {limit} per address ({address})"));
        }
        if of_all > 0 {
            reasons.push(format!("{of_all} over the limit of {} in all", self.limit));
        }
        if of_system > 0 {
            reasons.push(format!("{of_system} because the system has no resources left"));
        }
        let count = of_address + of_all + of_system;
        (count > 0).then(|| {
            let reasons = reasons.join(", ");
            let handshakes = counted(count as u64, "unfinished handshake");
            format!("closed {handshakes} for newer connections: {reasons}")
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Closes the oldest of those that `may_go`, if any; those that have been answered first. Whether it
    /// was an unfinished one.
    fn evict(&mut self, may_go: impl Fn(&Entry) -> bool) -> bool {
        let oldest = |progress| {
            let mut entries = self.entries.iter();
            entries
                .find(|(_, entry)| entry.progress == progress && may_go(entry))
                .map(|(id, _)| *id)
        };
        let answered = if self.counts[Progress::Answered as usize] > 0 {
            oldest(Progress::Answered)
        } else {
            None
        };
        let oldest = answered.or_else(|| oldest(Progress::Waiting));
        let Some(entry) = oldest.and_then(|id| self.remove(id)) else { return false };
        entry.interrupt.raise();
        answered.is_none()
    }

    fn insert(&mut self, id: u64, entry: Entry) {
        *self.networks.entry(entry.network).or_default() += 1;
        *self.count(entry.progress) += 1;
        self.entries.insert(id, entry);
    }

    fn remove(&mut self, id: u64) -> Option<Entry> {
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

    /// How many of the entries have come this far.
    fn count(&mut self, progress: Progress) -> &mut usize {
        &mut self.counts[progress as usize]
    }
}

impl Pending {
    /// Its thread runs.
    pub(super) fn start(&self) {
        self.set(Progress::Waiting);
    }

    /// The handshake has come to its end, in whatever way; false if it has been closed already.
    #[must_use]
    pub(super) fn set_answered(&self) -> bool {
        self.set(Progress::Answered)
    }

    fn set(&self, progress: Progress) -> bool {
        let mut state = self.handshakes.state();
        let Some(entry) = state.remove(self.id) else { return false };
        state.insert(self.id, Entry { progress, ..entry });
        true
    }
}

impl Drop for Pending {
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

    /// A place for a connection from this address whose thread runs, and its reactor.
    fn begin(handshakes: &Arc<Handshakes>, remote: &str) -> (Pending, Reactor) {
        let mut reactor = Reactor::new(None).unwrap();
        let interrupt = Interrupt::of(&mut reactor);
        let pending = handshakes.begin(remote.parse().unwrap(), interrupt).unwrap();
        pending.start();
        (pending, reactor)
    }

    fn is_evicted(pending: &Pending) -> bool {
        !pending.handshakes.state().entries.contains_key(&pending.id)
    }

    /// Which of them have been closed.
    fn evicted(all: &[(Pending, Reactor)]) -> Vec<usize> {
        (0..all.len()).filter(|&at| is_evicted(&all[at].0)).collect()
    }

    #[test]
    fn one_address_has_half_of_the_places_and_its_oldest_are_closed() {
        let handshakes = Arc::new(Handshakes::new(6));
        let mut all = vec![begin(&handshakes, "192.0.2.9")];
        all.extend((0..5).map(|_| begin(&handshakes, "192.0.2.1")));
        assert_eq!(evicted(&all), [1, 2]);
        let warning = handshakes.take_warning().unwrap();
        let expected = "closed 2 unfinished handshakes for newer connections: \
                        2 over the limit of 3 per address (192.0.2.1)";
        assert_eq!(warning, expected);
        assert_eq!((handshakes.take_warning(), handshakes.have_evicted()), (None, false));
        let late = crate::net::Deadline::after(None);
        assert!(all[1].1.wait_for(late, None).is_err(), "its thread does not wait any more");
    }

    #[test]
    fn the_oldest_of_all_is_closed_when_all_places_are_taken() {
        let handshakes = Arc::new(Handshakes::new(4));
        let all: Vec<_> = (0..6).map(|at| begin(&handshakes, &format!("192.0.2.{at}"))).collect();
        assert_eq!(evicted(&all), [0, 1]);
        assert!(handshakes.take_warning().unwrap().ends_with("2 over the limit of 4 in all"));
    }

    #[test]
    fn a_64_of_ipv6_counts_as_one_address() {
        let handshakes = Arc::new(Handshakes::new(4));
        let mut all: Vec<_> =
            (1..4).map(|at| begin(&handshakes, &format!("2001:db8::{at}"))).collect();
        all.push(begin(&handshakes, "2001:db8:0:1::1"));
        assert_eq!(evicted(&all), [0]);
        assert!(handshakes.take_warning().unwrap().contains("(2001:db8::/64)"));
        let handshakes = Arc::new(Handshakes::new(2));
        let all = ["192.0.2.1", "::ffff:192.0.2.1"].map(|remote| begin(&handshakes, remote));
        assert_eq!(evicted(&all), [0]);
    }

    #[test]
    fn what_has_been_answered_goes_first_and_is_not_counted() {
        let handshakes = Arc::new(Handshakes::new(4));
        let mut all = vec![begin(&handshakes, "192.0.2.1"), begin(&handshakes, "192.0.2.1")];
        assert!(all[1].0.set_answered());
        all.push(begin(&handshakes, "192.0.2.1"));
        assert_eq!((evicted(&all), handshakes.take_warning()), (vec![1], None));
        assert!(!all[1].0.set_answered());
    }

    #[test]
    fn what_has_not_started_yet_stays() {
        let handshakes = Arc::new(Handshakes::new(4));
        let remote = "192.0.2.1".parse().unwrap();
        let mut reactor = Reactor::new(None).unwrap();
        let starting =
            [(); 2].map(|()| handshakes.begin(remote, Interrupt::of(&mut reactor)).unwrap());
        assert!(handshakes.are_behind());
        let third = begin(&handshakes, "192.0.2.1");
        assert!(!starting.iter().any(is_evicted) && !is_evicted(&third.0));
        starting[0].start();
        let _fourth = begin(&handshakes, "192.0.2.1");
        assert!(is_evicted(&starting[0]) && !handshakes.are_behind());
    }

    #[test]
    fn places_are_free_again_and_threads_are_limited_too() {
        let handshakes = Arc::new(Handshakes::new(2));
        for _ in 0..9 {
            drop(begin(&handshakes, "192.0.2.1"));
        }
        assert!(!handshakes.have_evicted());
        let all: Vec<_> = (0..4).map(|_| begin(&handshakes, "192.0.2.1")).collect();
        let mut reactor = Reactor::new(None).unwrap();
        let other = "192.0.2.2".parse().unwrap();
        assert!(handshakes.begin(other, Interrupt::of(&mut reactor)).is_err());
        drop(all);
        assert!(handshakes.begin(other, Interrupt::of(&mut reactor)).is_ok());
    }

    #[test]
    fn the_system_may_ask_for_a_place_back() {
        let handshakes = Arc::new(Handshakes::new(2));
        assert!(!handshakes.evict_for_system());
        let (pending, _reactor) = begin(&handshakes, "192.0.2.1");
        assert!(handshakes.evict_for_system() && is_evicted(&pending));
        let warning = handshakes.take_warning().unwrap();
        assert!(warning.starts_with("closed 1 unfinished handshake for newer"), "{warning}");
        assert!(warning.ends_with("because the system has no resources left"), "{warning}");
    }
}
