//! What can be done with a message or control frame.

use std::ops::Range;

use super::sender::{Content, Received, Sender};
use super::{MessageRelay, Undeliverable};
use crate::protocol::frame::Opcode;
use crate::protocol::message::MessageKind;
use crate::protocol::vocabulary::Event;

/// A message or control frame to be decided about. One that is not decided is passed by the next call of
/// [`MessageRelay::next`].
#[derive(Debug)]
#[must_use = "call one of the methods that decide"]
pub struct Decision<'a> {
    pub(super) relay: &'a mut MessageRelay,
}

/// A message or control frame that is to be delivered later. Units must be decided in the order in which they were taken,
/// and what is delivered meanwhile must be written behind them.
#[derive(Clone, Debug)]
#[must_use = "it is lost unless one of its methods is called"]
pub struct Unit {
    content: OwnedContent,
    raw: Vec<u8>,
    controls: Vec<Range<usize>>,
    compressed: bool,
    number: Option<u64>,
}

#[derive(Clone, Debug)]
enum OwnedContent {
    Message(MessageKind, Vec<u8>),
    Control(Opcode, Vec<u8>),
}

impl Decision<'_> {
    /// The message, ping, pong or Close frame.
    pub fn event(&self) -> Event<'_> {
        match self.relay.current_event() {
            Some(event) => event,
            None => unreachable!("there is one until it is decided"),
        }
    }

    /// Whether it is a control frame between the fragments of a message of which nothing is delivered yet. What is delivered of it
    /// then waits for the end of that message, and keeps its place if the message is passed.
    pub fn is_within_message(&self) -> bool {
        self.relay.is_message_held_back()
    }

    /// Delivers it as it was received, if the receiver can inflate it; else compressed anew or uncompressed.
    pub fn pass(self, out: &mut Vec<u8>) {
        self.relay.decide(out, |sender, unit, out| sender.pass(unit, out));
    }

    /// Does not deliver it. Control frames between its fragments are delivered.
    pub fn drop_it(self, out: &mut Vec<u8>) {
        self.relay.decide(out, |sender, unit, out| sender.send_controls(unit, out));
    }

    /// Delivers something else instead.
    ///
    /// # Errors
    /// If that is not allowed here; then it was passed unchanged.
    pub fn replace(self, with: Content<'_>, out: &mut Vec<u8>) -> Result<(), Undeliverable> {
        self.relay.replace(with, out)
    }

    /// Delivers it twice.
    pub fn duplicate(self, out: &mut Vec<u8>) {
        self.relay.decide(out, |sender, unit, out| sender.duplicate(unit, out));
    }

    /// Delivers it with one bit of its payload changed, which is counted from the first one, modulo their number. If it
    /// has no payload, it is passed.
    pub fn corrupt(self, bit: u64, out: &mut Vec<u8>) {
        self.relay.decide(out, |sender, unit, out| sender.corrupt(unit, bit, out));
    }

    /// Takes it out, to be delivered later. Control frames that wait for the end of the same message are delivered
    /// before it.
    pub fn take(self, out: &mut Vec<u8>) -> Unit {
        self.relay.release_earlier_controls(out);
        let mut taken = None;
        let take =
            |_: &mut Sender, unit: &Received<'_>, _: &mut Vec<u8>| taken = Some(Unit::from(unit));
        self.relay.decide(&mut Vec::new(), take);
        match taken {
            Some(unit) => unit,
            None => unreachable!("there is one until it is decided"),
        }
    }
}

impl Unit {
    /// The message or control frame.
    pub fn content(&self) -> Content<'_> {
        match &self.content {
            OwnedContent::Message(kind, data) => Content::Message(*kind, data),
            OwnedContent::Control(opcode, data) => Content::Control(*opcode, data),
        }
    }

    /// Bytes of memory in use.
    pub fn memory_usage(&self) -> usize {
        let (OwnedContent::Message(_, data) | OwnedContent::Control(_, data)) = &self.content;
        data.capacity() + self.raw.capacity()
    }

    /// As [`Decision::pass`].
    pub fn pass(self, relay: &mut MessageRelay, out: &mut Vec<u8>) {
        relay.sender.pass(&self.received(), out);
    }

    /// As [`Decision::drop_it`].
    pub fn drop_it(self, relay: &mut MessageRelay, out: &mut Vec<u8>) {
        relay.sender.send_controls(&self.received(), out);
    }

    /// As [`Decision::replace`].
    ///
    /// # Errors
    /// If that is not allowed; then it was passed unchanged.
    pub fn replace(
        self,
        relay: &mut MessageRelay,
        with: Content<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Undeliverable> {
        relay.sender.replace(&self.received(), with, out)
    }

    /// As [`Decision::duplicate`].
    pub fn duplicate(self, relay: &mut MessageRelay, out: &mut Vec<u8>) {
        relay.sender.duplicate(&self.received(), out);
    }

    /// As [`Decision::corrupt`].
    pub fn corrupt(self, relay: &mut MessageRelay, bit: u64, out: &mut Vec<u8>) {
        relay.sender.corrupt(&self.received(), bit, out);
    }

    fn received(&self) -> Received<'_> {
        Received {
            content: self.content(),
            raw: &self.raw,
            controls: &self.controls,
            compressed: self.compressed,
            number: self.number,
        }
    }
}

impl From<&Received<'_>> for Unit {
    fn from(unit: &Received<'_>) -> Self {
        Self {
            content: match unit.content {
                Content::Message(kind, data) => OwnedContent::Message(kind, data.to_vec()),
                Content::Control(opcode, data) => OwnedContent::Control(opcode, data.to_vec()),
            },
            raw: unit.raw.to_vec(),
            controls: unit.controls.to_vec(),
            compressed: unit.compressed,
            number: unit.number,
        }
    }
}
