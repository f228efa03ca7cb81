//! Both directions of a connection that goes by: what a proxy sees of it.

use super::deflate::Agreed;
use super::inbound::{Inbound, InboundOptions};
use super::vocabulary::{Event, Role};

/// The two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The end that sent the request of the opening handshake.
    Client,
    /// The end that answered it.
    Server,
}

/// Limits and choices of a [`Tap`].
#[derive(Clone, Copy, Debug)]
pub struct TapOptions {
    /// A message over this many bytes is a violation: what follows it in its direction is not decoded.
    pub max_message_size: u64,
    /// Report every frame as an event of its own.
    pub observe_frames: bool,
    /// Go on after violations where that is possible.
    pub lenient: bool,
    /// permessage-deflate, if the two ends agreed on it.
    pub deflate: Option<Agreed>,
}

/// Decodes both directions of a connection between two others, and says nothing to either. The
/// directions are independent of each other: each has its own order, and its own end.
#[derive(Debug)]
pub struct Tap {
    from_client: Inbound,
    from_server: Inbound,
}

impl Tap {
    /// A connection whose opening handshake has passed.
    pub fn new(options: TapOptions) -> Self {
        let inbound = |role| {
            let TapOptions { max_message_size, observe_frames, lenient, deflate } = options;
            let options =
                InboundOptions { role, max_message_size, observe_frames, lenient, deflate };
            Inbound::new(options, &[])
        };
        // What the client sends is decoded as its server does.
        Self { from_client: inbound(Role::Server), from_server: inbound(Role::Client) }
    }

    /// Takes bytes that `from` sent, and returns how many: the rest is for the next call, after
    /// [`Tap::next_event`] has returned `None` for this side.
    pub fn pass(&mut self, from: Side, bytes: &[u8]) -> usize {
        let inbound = self.inbound_mut(from);
        let space = inbound.receive_space();
        let count = space.len().min(bytes.len());
        space[..count].copy_from_slice(&bytes[..count]);
        inbound.received(count);
        count
    }

    /// Says that `from` sends no more. [`Tap::next_event`] may have something to say of what had come
    /// of a frame.
    pub fn end(&mut self, from: Side) {
        self.inbound_mut(from).end();
    }

    /// The next thing that `from` sent, in order, or `None` when more bytes are needed. Its direction
    /// is [`Direction::Received`](super::vocabulary::Direction::Received) whichever side it is from.
    pub fn next_event(&mut self, from: Side) -> Option<Event<'_>> {
        self.inbound_mut(from).next_event()
    }

    /// One of the directions: its counters, its Close frame, and how far it has come.
    pub fn inbound(&self, from: Side) -> &Inbound {
        match from {
            Side::Client => &self.from_client,
            Side::Server => &self.from_server,
        }
    }

    fn inbound_mut(&mut self, from: Side) -> &mut Inbound {
        match from {
            Side::Client => &mut self.from_client,
            Side::Server => &mut self.from_server,
        }
    }
}
