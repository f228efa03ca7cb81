//! Memory accounting of a connection: memory is counted as it grows, and freed when the connection is
//! idle, or immediately when all connections together exceed the budget.

use std::time::{Duration, Instant};

use super::{Connection, EndCause, Phase};
use crate::protocol::close::{CloseCode, ClosePayload};
use crate::protocol::inbound::{Growth, QueuedEvent};
use crate::protocol::memory::Account;

/// The reason in our Close frame when no message of the peer is discarded.
const REASON: &str = "over --max-memory; try again later";

/// Messages smaller than this are not counted before they are sent.
const COUNTED_FROM: usize = 64 << 10;

/// Memory below this is not freed when idle.
const KEEP_WHEN_IDLE: usize = 256 << 10;

/// How long without a long message before memory is freed: messages in quick succession reuse it.
const IDLE_TIME: Duration = Duration::from_millis(200);

/// The rest of a partly written frame is still written if it is not longer than this.
const MAX_REST_OF_FRAME: usize = 256 << 10;

impl Connection {
    /// Counts the connection's memory as part of a budget.
    pub fn charge_to(mut self, account: &Account) -> Self {
        self.inbound.growth = Some(Growth::new(account));
        self
    }

    /// Bytes of memory in use.
    pub fn memory_usage(&self) -> usize {
        let queued: usize = self.queue.iter().map(QueuedEvent::owned_bytes).sum();
        self.inbound.memory_usage() + self.outbound_bytes() + queued
    }

    fn outbound_bytes(&self) -> usize {
        self.outbox.memory_usage()
            + self.deflater.as_ref().map_or(0, |deflater| deflater.memory_usage())
    }

    /// Updates the memory in use besides that of received messages.
    pub(super) fn update_other_bytes(&mut self) {
        let other_bytes = self.outbound_bytes() + self.other_bytes;
        if let Some(growth) = &mut self.inbound.growth {
            growth.other_bytes = other_bytes;
        }
    }

    /// Counts the memory in use, including `other_bytes` bytes outside of the connection. If this connection was
    /// chosen to free its memory, it does so and closes with 1009 if a message is being received, else with
    /// 1013. The first `least` pending bytes are kept, as in [`Connection::drop_unsent`]. Must be called in
    /// every turn of the loop, and when the budget requests it. Returns whether output was dropped.
    pub fn check_memory(&mut self, other_bytes: usize, least: usize, now: Instant) -> bool {
        self.other_bytes = other_bytes;
        self.reclaim();
        let held = self.memory_usage() + other_bytes;
        let Some(growth) = &mut self.inbound.growth else { return false };
        growth.charge.set(held);
        if !growth.charge.account().must_shed() {
            return false;
        }
        self.shed(least, now);
        let held = self.memory_usage() + other_bytes;
        if let Some(growth) = &mut self.inbound.growth {
            growth.charge.set(held);
            growth.charge.account().note_shed();
        }
        true
    }

    /// Whether all connections together exceed the budget: processing of received data is paused until output
    /// is written or other connections have freed their memory.
    pub fn is_over_budget(&self) -> bool {
        self.inbound.growth.as_ref().is_some_and(|growth| growth.charge.account().is_exceeded())
    }

    /// Frees the memory that only long messages need, if no message is being received.
    /// [`Connection::on_deadline`] does so after a delay; the caller may do it earlier.
    pub fn release_idle_memory(&mut self) {
        if !self.is_idle() {
            self.inbound.release_at = None;
            return;
        }
        self.reclaim(); // its bytes are no longer borrowed
        self.inbound.release_idle_memory();
        self.outbox.release();
        if let Some(deflater) = &mut self.deflater {
            deflater.shrink(0);
        }
    }

    /// Reclaims the buffer of the event returned last.
    pub(super) fn reclaim(&mut self) {
        if self.current.is_some() {
            self.inbound.reclaim(self.current.take());
        }
    }

    /// Counts a message that is about to be sent. Returns false if there is no memory for it; the
    /// connection is closed then.
    pub(super) fn may_send(&mut self, size: usize) -> bool {
        let growth = self.inbound.growth.as_mut().filter(|_| size >= COUNTED_FROM);
        growth.is_none_or(|growth| growth.try_add(size))
    }

    /// Sets the deadline for freeing memory, if enough is in use and the connection is idle.
    pub(super) fn schedule_release(&mut self, now: Instant) {
        let is_scheduled = self.inbound.release_at.is_some();
        if !is_scheduled && self.is_idle() && self.memory_usage() >= KEEP_WHEN_IDLE {
            self.inbound.release_at = Some(now + IDLE_TIME);
        }
    }

    fn is_idle(&self) -> bool {
        self.inbound.is_idle() && self.queue.is_empty()
    }

    /// Frees all memory that can be freed, and closes.
    fn shed(&mut self, least: usize, now: Instant) {
        if matches!(self.phase, Phase::Ended(_)) {
            return;
        }
        let is_cut_off = !self.shed_output(least);
        let is_ending = matches!(self.phase, Phase::Closed { .. }) || self.inbound.ignores_input();
        if !is_ending && self.inbound.is_inside_message() {
            for queued in &mut self.queue {
                self.inbound.copy_bytes(queued);
            }
            self.inbound.discard_message();
            self.react(now);
        } else if self.is_open() {
            self.release_idle_memory();
            let code = Some(CloseCode::TRY_AGAIN_LATER);
            self.push_close(ClosePayload { code, reason: REASON.to_owned() });
            self.await_close(now);
        }
        if is_cut_off {
            // No Close frame can be sent inside another frame.
            self.outbox.clear();
            self.end(EndCause::Abandoned);
        }
        self.outbox.release();
    }

    /// Drops unwritten output, except for the rest of a partly written frame and our Close frame. Returns
    /// false if that rest is too long.
    fn shed_output(&mut self, least: usize) -> bool {
        let rest = self.outbox.next_boundary_after(least);
        if rest > MAX_REST_OF_FRAME {
            return false;
        }
        self.drop_after(rest);
        true
    }
}
