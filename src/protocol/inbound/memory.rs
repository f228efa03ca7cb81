//! The memory of one direction: counted while a message grows.

use super::{Inbound, Incoming, Ready, Span};
use crate::protocol::memory::{Account, Charge};
use crate::protocol::payload::Payload;
use crate::protocol::violation::{Rule, Violation};

/// A message of this size or more can be kept by others without a copy, where memory is counted.
const SHARED_FROM: usize = 256 << 10;

/// A connection's part of the budget for all connections.
#[derive(Debug)]
pub(in crate::protocol) struct Growth {
    pub(in crate::protocol) charge: Charge,
    /// What is held for the connection beside the memory of this direction.
    pub(in crate::protocol) beside: usize,
}

impl Growth {
    pub(in crate::protocol) fn new(account: &Account) -> Self {
        Self { charge: account.charge(), beside: 0 }
    }

    /// Whether the direction may come to hold so many bytes.
    pub(super) fn may_hold(&mut self, held: usize) -> bool {
        self.charge.grow(held + self.beside).is_ok()
    }

    /// Whether so many bytes may come to what is held, until that is counted again.
    pub(in crate::protocol) fn may_add(&mut self, count: usize) -> bool {
        self.charge.grow(self.charge.bytes() + count).is_ok()
    }
}

impl Inbound {
    /// Bytes of memory that it holds.
    pub fn held_bytes(&self) -> usize {
        self.input.held() + self.payload.held() + self.inflated.held()
    }

    /// No part of a message has come, and nothing waits to be handed out.
    pub fn is_idle(&self) -> bool {
        self.frame.is_none() && self.message.is_none() && self.queue.is_empty()
    }

    /// Part of a data message has come.
    pub(in crate::protocol) fn is_inside_message(&self) -> bool {
        self.frame.is_some() || self.message.is_some()
    }

    /// Lets others keep the message that is handed out next, with its buffer. Nothing else may need that.
    pub(in crate::protocol) fn share(&mut self, ready: &mut Ready) {
        let Ready::Message { span, .. } = ready else { return };
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

    /// Takes the buffer of a message that was handed out back, if nobody keeps it.
    pub(in crate::protocol) fn take_back(&mut self, ready: Option<Ready>) {
        let Some(Ready::Message { span: Span::Shared { payload, is_inflated }, .. }) = ready else {
            return;
        };
        let place = if is_inflated { &mut self.inflated } else { &mut self.payload };
        if let Ok(buffer) = payload.into_buffer()
            && place.held() == 0
        {
            *place = buffer;
        }
    }

    /// Frees the memory that only long messages need, if it is idle. Ends the borrow of the last event.
    pub fn release_idle_memory(&mut self) {
        self.release_at = None;
        if !self.is_idle() {
            return;
        }
        self.current = None;
        self.payload.release();
        self.inflated.release();
        if self.input.len() == 0 {
            self.input.release();
        }
    }

    /// Copies the bytes of an event that waits to be handed out, so that all others can be freed.
    pub(in crate::protocol) fn copy_bytes(&self, ready: &mut Ready) {
        let own = |span: &mut Span| *span = Span::Own(self.bytes(span).to_vec());
        match ready {
            Ready::Frame(note) => {
                own(&mut note.payload);
                note.plain.as_mut().map(own);
            }
            Ready::Message { span, .. } | Ready::Ping(_, span) | Ready::Pong(_, span, _) => {
                own(span);
            }
            Ready::Close(_) | Ready::Violation | Ready::Tolerated(_) => {}
        }
    }

    /// The message that is coming in is given up because the budget is exceeded. Events that wait to be
    /// handed out need bytes of their own, as [`Inbound::copy_bytes`] provides.
    pub(in crate::protocol) fn give_up_message(&mut self) {
        let frame = self.frame.take();
        self.fail(self.over_memory(frame.as_ref()));
    }

    /// Counts what a message has grown to.
    pub(super) fn count_growth(&mut self, frame: &Incoming) -> Result<(), Violation> {
        let held = self.held_bytes();
        let is_refused = self.growth.as_mut().is_some_and(|growth| !growth.may_hold(held));
        if is_refused { Err(self.over_memory(Some(frame))) } else { Ok(()) }
    }

    pub(super) fn over_memory(&self, frame: Option<&Incoming>) -> Violation {
        let limit = self.growth.as_ref().map_or(0, |growth| growth.charge.account().limit());
        let detail = format!("the limit for all connections is {limit} bytes");
        let rule = Rule::OverMemory;
        let Some(frame) = frame else { return Violation::at(self.offset, rule, detail) };
        // What has come of a frame that means nothing is not kept, nor what was before it.
        let end = self.payload.len();
        let payload = self.payload.slice(frame.start.min(end)..end);
        Violation::by_frame(frame.header, frame.offset, rule, detail, payload)
    }
}
