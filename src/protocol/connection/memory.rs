//! The memory that a connection holds: counted while it grows, freed when the connection is idle, and at
//! once when all connections together hold too much.

use std::time::{Duration, Instant};

use super::{ClosePayload, Connection, EndCause, Incoming, Phase};
use crate::protocol::close::CloseCode;
use crate::protocol::memory::{Account, Charge};
use crate::protocol::violation::{Rule, Violation};

/// A connection's part of the budget.
#[derive(Debug)]
pub(super) struct Memory {
    charge: Charge,
    /// What others hold for this connection.
    beside: usize,
    has_shed: bool,
}

/// What the peer is told when nothing of its own is cut off.
const REASON: &str = "over --max-memory; try again later";

/// Less than this is not freed when idle.
const KEEP_WHEN_IDLE: usize = 256 << 10;

/// How long no long message has to come before memory is freed: messages that follow each other reuse it.
const IDLE_TIME: Duration = Duration::from_millis(200);

/// What is left of a frame that is being written is still written if it is no more than this.
const MAX_REST_OF_FRAME: usize = 256 << 10;

impl Connection {
    /// Has its memory counted as part of a budget.
    pub fn charge_to(mut self, account: &Account) -> Self {
        self.memory = Some(Memory { charge: account.charge(), beside: 0, has_shed: false });
        self
    }

    /// Bytes of memory that it holds.
    pub fn held_bytes(&self) -> usize {
        let deflater = self.deflater.as_ref().map_or(0, |deflater| deflater.held());
        self.input.held()
            + self.payload.held()
            + self.inflated.held()
            + self.outbox.held()
            + deflater
    }

    /// Counts what it holds, and `beside`, which others hold for it. If it is the one that has to free
    /// its memory, it does, and closes with 1009 in the middle of a message, else with 1013. The first
    /// `least` pending bytes are not touched, as in [`Connection::drop_unsent`]. To be called at every
    /// turn of the loop, and when the budget asks for it. Returns whether output was dropped.
    pub fn check_memory(&mut self, beside: usize, least: usize, now: Instant) -> bool {
        let held = self.held_bytes();
        let Some(memory) = &mut self.memory else { return false };
        memory.beside = beside;
        memory.charge.set(held + beside);
        if memory.charge.account().is_revoked() && !memory.has_shed {
            memory.has_shed = true;
            self.shed(least, now);
            let held = self.held_bytes();
            if let Some(memory) = &mut self.memory {
                memory.charge.set(held + beside);
            }
            return true;
        }
        false
    }

    /// Whether all connections together hold more than they may: what this one has received has to wait
    /// until output is taken or others have freed their memory.
    pub fn is_over_budget(&self) -> bool {
        self.memory.as_ref().is_some_and(|memory| memory.charge.account().is_exceeded())
    }

    /// Frees the memory that only long messages need, if no message is being received.
    /// [`Connection::on_deadline`] does so after a while; a caller that knows better may do it earlier.
    pub fn release_idle_memory(&mut self) {
        self.release_at = None;
        if !self.is_idle() {
            return;
        }
        self.current = None; // its bytes are borrowed no more
        self.payload.release();
        self.inflated.release();
        if self.input.len() == 0 {
            self.input.release();
        }
        self.outbox.release();
        if let Some(deflater) = &mut self.deflater {
            deflater.shrink(0);
        }
    }

    /// Sets the deadline for freeing memory, if there is much and nothing to do.
    pub(super) fn schedule_release(&mut self, now: Instant) {
        if self.release_at.is_none() && self.is_idle() && self.held_bytes() >= KEEP_WHEN_IDLE {
            self.release_at = Some(now + IDLE_TIME);
        }
    }

    fn is_idle(&self) -> bool {
        self.frame.is_none() && self.message.is_none() && self.queue.is_empty()
    }

    /// Counts what a message has grown to.
    pub(super) fn count_growth(&mut self, frame: &Incoming) -> Result<(), Violation> {
        let held = self.held_bytes();
        let is_refused = self.memory.as_mut().is_some_and(|memory| !memory.may_hold(held));
        if is_refused { Err(self.over_memory(Some(frame))) } else { Ok(()) }
    }

    /// The message is given up because the budget is exceeded.
    pub(super) fn over_memory(&self, frame: Option<&Incoming>) -> Violation {
        let limit = self.memory.as_ref().map_or(0, |memory| memory.charge.account().limit());
        let detail = format!("the limit for all connections is {limit} bytes");
        let payload = match frame {
            Some(frame) => self.payload.slice(frame.start..self.payload.len()),
            None => &[],
        };
        let rule = Rule::OverMemory;
        match frame {
            Some(frame) => Violation::by_frame(frame.header, frame.offset, rule, detail, payload),
            None => Violation::at(self.offset, rule, detail),
        }
    }

    /// Frees all memory that can be freed, and closes.
    fn shed(&mut self, least: usize, now: Instant) {
        if matches!(self.phase, Phase::Ended(_)) {
            return;
        }
        let is_cut_off = !self.shed_output(least);
        let frame = self.frame.take();
        let is_ending = matches!(self.phase, Phase::Closed { .. }) || self.ignores_input();
        if !is_ending && (frame.is_some() || self.message.is_some()) {
            self.fail(self.over_memory(frame.as_ref()), now);
        } else if self.is_open() {
            self.release_idle_memory();
            let code = Some(CloseCode::TRY_AGAIN_LATER);
            self.push_close(ClosePayload { code, reason: REASON.to_owned() });
            self.await_close(now);
        }
        if is_cut_off {
            // Inside a frame nothing else can be said.
            self.outbox.clear();
            self.phase = Phase::Ended(EndCause::Abandoned);
        }
        self.outbox.release();
    }

    /// Takes back what is not written, but for the rest of a frame and our Close frame; false if that
    /// rest is too long.
    fn shed_output(&mut self, least: usize) -> bool {
        let rest = self.outbox.begun(least);
        if rest > MAX_REST_OF_FRAME {
            return false;
        }
        self.drop_behind(rest);
        true
    }
}

impl Memory {
    /// Whether the connection may come to hold so many bytes.
    pub(super) fn may_hold(&mut self, held: usize) -> bool {
        self.charge.grow(held + self.beside).is_ok()
    }
}
