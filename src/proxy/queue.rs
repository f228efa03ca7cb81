//! What other threads have a proxied connection do.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use mio::Waker;

use crate::protocol::Side;
use crate::protocol::close::ClosePayload;

use super::payload::Payload;

/// Something that a connection is to do.
#[derive(Clone, Debug)]
pub enum Order {
    /// Close it on both sides, until then at the latest.
    Close {
        /// What both sides are sent.
        payload: ClosePayload,
        /// Why, for people.
        why: String,
        /// When it ends whatever the sides do.
        until: Instant,
    },
    /// Close it on both sides because the run ends, until then at the latest. What waits for its time only is delivered before.
    ShutDown {
        /// What both sides are sent.
        payload: ClosePayload,
        /// When it ends whatever the sides do.
        until: Instant,
    },
    /// Send one side a Close frame, as if the other side had sent it.
    CloseSide {
        /// Who gets it.
        side: Side,
        /// Its payload.
        payload: ClosePayload,
        /// Why, for people.
        why: String,
    },
    /// Send one side something, as if the other side had sent it.
    Inject {
        /// Who gets it.
        to: Side,
        /// What.
        payload: Payload,
    },
    /// Let the held message with this number go, or drop it.
    Release {
        /// Its number.
        number: u64,
        /// It is not delivered.
        is_dropped: bool,
    },
    /// Look at the rules, and at what is held, again.
    Refresh,
}

/// The orders of one connection, from any thread.
#[derive(Debug)]
pub struct Orders {
    queue: Mutex<VecDeque<Order>>,
    /// There may be some.
    is_filled: AtomicBool,
    /// The size of what was injected toward each side and has not been sent, in bytes.
    unsent: [AtomicUsize; 2],
    /// Set with [`Order::ShutDown`].
    is_interrupted: Arc<AtomicBool>,
    /// Of the connection's loop.
    waker: Arc<Waker>,
}

/// More orders than this wait for a connection that does not take them: the oldest are what counts.
const MOST: usize = 4096;

/// What is injected toward a side waits up to this size, or if it is alone: a side that reads nothing must not fill the
/// memory.
pub const MAX_UNSENT: usize = 64 << 20;

/// The size that something injected counts in addition to its payload, in bytes.
const OVERHEAD: usize = 64;

impl Orders {
    /// No orders yet, for the loop that `waker` wakes.
    pub fn new(waker: Arc<Waker>) -> Self {
        Self {
            queue: Mutex::default(),
            is_filled: AtomicBool::new(false),
            unsent: Default::default(),
            is_interrupted: Arc::default(),
            waker,
        }
    }

    /// Whether so much more may be injected toward a side.
    pub fn has_room(&self, to: Side, payload: &Payload) -> bool {
        let unsent = self.unsent(to).load(Ordering::SeqCst);
        unsent == 0 || unsent + charged(payload) <= MAX_UNSENT
    }

    /// Adds an order. Returns whether there was room for it.
    pub fn push(&self, order: Order) -> bool {
        let mut queue = self.queue();
        if queue.len() >= MOST {
            return false;
        }
        if let Order::Inject { to, payload } = &order {
            if !self.has_room(*to, payload) {
                return false;
            }
            self.unsent(*to).fetch_add(charged(payload), Ordering::SeqCst);
        }
        if matches!(order, Order::ShutDown { .. }) {
            self.is_interrupted.store(true, Ordering::SeqCst);
        }
        queue.push_back(order);
        self.is_filled.store(true, Ordering::SeqCst);
        drop(queue);
        let _ = self.waker.wake(); // its loop has ended
        true
    }

    /// Takes the next one.
    pub fn take(&self) -> Option<Order> {
        if !self.is_filled.load(Ordering::SeqCst) {
            return None;
        }
        let mut queue = self.queue();
        let order = queue.pop_front();
        self.is_filled.store(!queue.is_empty(), Ordering::SeqCst);
        order
    }

    /// When the run ends whatever the sides do, if it is ending and that order was not taken yet.
    pub fn shutdown(&self) -> Option<Instant> {
        if !self.is_filled.load(Ordering::SeqCst) {
            return None;
        }
        let queue = self.queue();
        let until = |order: &Order| match order {
            Order::ShutDown { until, .. } => Some(*until),
            _ => None,
        };
        queue.iter().filter_map(until).min()
    }

    /// Set once the run is ending, for [`Reactor::interrupt_on`](crate::net::Reactor::interrupt_on).
    pub fn interruption(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_interrupted)
    }

    /// Something injected toward a side waits no longer.
    pub fn forget_unsent(&self, to: Side, payload: &Payload) {
        self.unsent(to).fetch_sub(charged(payload), Ordering::SeqCst);
    }

    /// Wakes the loop of the connection.
    pub fn wake(&self) {
        let _ = self.waker.wake(); // its loop has ended
    }

    fn unsent(&self, to: Side) -> &AtomicUsize {
        let [client, server] = &self.unsent;
        match to {
            Side::Client => client,
            Side::Server => server,
        }
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Order>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn charged(payload: &Payload) -> usize {
    OVERHEAD + payload.size()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Reactor;
    use crate::protocol::MessageKind;

    #[test]
    fn what_is_injected_toward_a_side_is_bounded() {
        let orders = Orders::new(Reactor::new(None).unwrap().waker());
        let payload = |size| Payload::Message(MessageKind::Binary, vec![0; size].into());
        let inject = |to, size| orders.push(Order::Inject { to, payload: payload(size) });
        assert!(inject(Side::Server, MAX_UNSENT + 1), "a single one may have any size");
        assert!(!inject(Side::Server, 0) && !orders.has_room(Side::Server, &payload(0)));
        assert!(inject(Side::Client, 1), "the other side has its own limit");
        orders.forget_unsent(Side::Server, &payload(MAX_UNSENT + 1));
        assert!(inject(Side::Server, 1));
        assert!(!inject(Side::Server, MAX_UNSENT));
    }
}
