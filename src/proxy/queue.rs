//! What other threads have a proxied connection do.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
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
    /// Of the connection's loop.
    waker: Arc<Waker>,
}

/// More orders than this wait for a connection that does not take them: the oldest are what counts.
const MOST: usize = 4096;

impl Orders {
    /// No orders yet, for the loop that `waker` wakes.
    pub fn new(waker: Arc<Waker>) -> Self {
        Self { queue: Mutex::default(), is_filled: AtomicBool::new(false), waker }
    }

    /// Adds an order. Returns whether there was room for it.
    pub fn push(&self, order: Order) -> bool {
        let mut queue = self.queue();
        if queue.len() >= MOST {
            return false;
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

    /// Wakes the loop of the connection.
    pub fn wake(&self) {
        let _ = self.waker.wake(); // its loop has ended
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Order>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
