//! Memory accounting of one direction: memory is counted while a message grows.

use super::{Inbound, IncomingFrame, QueuedEvent, Span, Tolerance};
use crate::protocol::memory::{Account, Charge};
use crate::protocol::message::Omission;
use crate::protocol::payload::Payload;
use crate::protocol::violation::{Rule, Violation};

/// The minimum size of a message that is shared without a copy, if memory is counted.
const SHARED_FROM: usize = 256 << 10;

/// A connection's share of the memory budget of all connections.
#[derive(Debug)]
pub(in crate::protocol) struct Growth {
    pub(in crate::protocol) charge: Charge,
    /// Bytes of memory used for the connection besides this direction.
    pub(in crate::protocol) other_bytes: usize,
    /// Whether to wait for other connections to free their memory.
    can_wait: bool,
}

impl Growth {
    pub(in crate::protocol) fn new(account: &Account) -> Self {
        Self { charge: account.charge(), other_bytes: 0, can_wait: true }
    }

    /// Whether the memory of this direction may grow to `held` bytes.
    pub(super) fn try_grow(&mut self, held: usize) -> bool {
        let bytes = held + self.other_bytes;
        match self.can_wait {
            true => self.charge.grow(bytes).is_ok(),
            false => self.charge.grow_without_waiting(bytes).is_ok(),
        }
    }

    /// Whether `count` bytes may be added, until memory is counted again.
    pub(in crate::protocol) fn try_add(&mut self, count: usize) -> bool {
        self.charge.grow(self.charge.bytes() + count).is_ok()
    }
}

impl Inbound {
    /// Bytes of memory in use.
    pub fn memory_usage(&self) -> usize {
        self.input.memory_usage() + self.payload.memory_usage() + self.inflated.memory_usage()
    }

    /// Counts its memory as part of a budget, without ever waiting for other connections.
    pub fn charge_to(mut self, account: &Account) -> Self {
        self.growth = Some(Growth { can_wait: false, ..Growth::new(account) });
        self
    }

    /// Updates the memory in use. If the budget requests it, frees memory: the message being received is omitted if
    /// passive. Must be called when [`Inbound::next_event`] has returned `None`; when everything that is charged to the
    /// account was freed, [`Account::reinstate`] lets it continue.
    pub fn check_memory(&mut self) {
        if self.growth.as_ref().is_some_and(|growth| growth.charge.account().must_shed()) {
            self.current = None;
            if self.limits.tolerance == Tolerance::Passive {
                self.omit_current(Omission::OverMemory);
            }
            self.release_idle_memory();
        }
        self.count_memory();
    }

    /// Sets the number of bytes that are used for this direction elsewhere.
    pub(in crate::protocol) fn set_other_bytes(&mut self, bytes: usize) {
        if let Some(growth) = &mut self.growth {
            growth.other_bytes = bytes;
        }
    }

    /// Updates the memory in use.
    pub(super) fn count_memory(&mut self) {
        let held = self.memory_usage();
        if let Some(growth) = &mut self.growth {
            growth.charge.set(held + growth.other_bytes);
        }
    }

    /// The account that its memory is charged to.
    pub(in crate::protocol) fn account(&self) -> Option<&Account> {
        self.growth.as_ref().map(|growth| growth.charge.account())
    }

    /// Whether no part of a message was received and no event is queued.
    pub fn is_idle(&self) -> bool {
        self.frame.is_none() && self.message.is_none() && self.queue.is_empty()
    }

    /// Whether part of a data message or frame was received.
    pub(in crate::protocol) fn is_inside_message(&self) -> bool {
        self.frame.is_some() || self.message.is_some()
    }

    /// Moves the buffer of the message that is returned next into a shared payload, if nothing else uses it.
    pub(in crate::protocol) fn share(&mut self, queued: &mut QueuedEvent) {
        let QueuedEvent::Message { span, .. } = queued else { return };
        if span.len() < SHARED_FROM || self.growth.is_none() || !self.is_idle() {
            return;
        }
        let (range, is_inflated) = match span {
            Span::Payload(range) => (range, false),
            Span::Inflated(range) => (range, true),
            Span::Shared { .. } | Span::Own(_) => return,
        };
        let buffer = if is_inflated { &mut self.inflated } else { &mut self.payload };
        if *range == buffer.ahead(0, buffer.len()) {
            let payload = Payload::new(std::mem::take(buffer));
            *span = Span::Shared { payload, is_inflated };
        }
    }

    /// Reclaims the buffer of a shared message, if no one else uses it.
    pub(in crate::protocol) fn reclaim(&mut self, queued: Option<QueuedEvent>) {
        let Some(QueuedEvent::Message { span: Span::Shared { payload, is_inflated }, .. }) = queued
        else {
            return;
        };
        let place = if is_inflated { &mut self.inflated } else { &mut self.payload };
        if let Ok(buffer) = payload.into_buffer()
            && place.memory_usage() == 0
        {
            *place = buffer;
        }
    }

    /// Frees the memory that only messages need, if idle, including that of the event returned last. Where compressed
    /// messages may refer to earlier ones, the memory for that is kept.
    pub fn release_idle_memory(&mut self) {
        self.release_at = None;
        if !self.is_idle() {
            return;
        }
        self.current = None;
        self.payload.release();
        self.inflated.release();
        self.queue.shrink_to_fit();
        if self.input.len() == 0 {
            self.input.release();
        }
        if self.limits.tolerance == Tolerance::Passive
            && let Some(inflater) = &mut self.inflater
        {
            inflater.release();
        }
    }

    /// Copies the bytes of a queued event into the event, so that the buffers can be freed.
    pub(in crate::protocol) fn copy_bytes(&self, queued: &mut QueuedEvent) {
        let own = |span: &mut Span| *span = Span::Own(self.bytes(span).to_vec());
        match queued {
            QueuedEvent::Frame(frame) => {
                own(&mut frame.payload);
                frame.plain.as_mut().map(own);
            }
            QueuedEvent::Message { span, .. }
            | QueuedEvent::Ping(_, span)
            | QueuedEvent::Pong(_, span, _) => {
                own(span);
            }
            QueuedEvent::Omitted { .. }
            | QueuedEvent::Close(_)
            | QueuedEvent::LaterClose(_)
            | QueuedEvent::Violation
            | QueuedEvent::Tolerated(_) => {}
        }
    }

    /// Discards the message being received because the budget is exceeded. Queued events must own their
    /// bytes: see [`Inbound::copy_bytes`].
    pub(in crate::protocol) fn discard_message(&mut self) {
        let frame = self.frame.take();
        self.fail(self.over_memory(frame.as_ref()));
    }

    /// Counts the memory of a growing message.
    pub(super) fn count_growth(&mut self, frame: &IncomingFrame) -> Result<(), Violation> {
        let held = self.memory_usage();
        let is_refused = self.growth.as_mut().is_some_and(|growth| !growth.try_grow(held));
        if is_refused { Err(self.over_memory(Some(frame))) } else { Ok(()) }
    }

    pub(super) fn over_memory(&self, frame: Option<&IncomingFrame>) -> Violation {
        let limit = self.growth.as_ref().map_or(0, |growth| growth.charge.account().limit());
        let detail = format!("the limit for all connections is {limit} bytes");
        let rule = Rule::OverMemory;
        let Some(frame) = frame else { return Violation::at(self.offset, rule, detail) };
        // The payload of a skipped frame is not kept.
        let end = self.payload.len();
        let payload = self.payload.slice(frame.start.min(end)..end);
        Violation::by_frame(frame.header, frame.offset, rule, detail, payload)
    }
}
