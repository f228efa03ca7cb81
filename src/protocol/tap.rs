//! A passive observer of both directions of a connection, for a proxy.

use super::deflate::DeflateParams;
use super::inbound::{Inbound, InboundOptions};
use super::vocabulary::{Event, Role};

/// The two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The endpoint that sent the request of the opening handshake.
    Client,
    /// The endpoint that answered it.
    Server,
}

/// The configuration of a [`Tap`].
#[derive(Clone, Copy, Debug)]
pub struct TapOptions {
    /// The maximum size of a message in bytes. A larger one is a violation, after which its direction is no
    /// longer decoded.
    pub max_message_size: u64,
    /// Report every frame as an event.
    pub observe_frames: bool,
    /// Continue after violations where that is possible.
    pub lenient: bool,
    /// The parameters of permessage-deflate, if it was negotiated.
    pub deflate: Option<DeflateParams>,
}

/// Decodes both directions of a connection between two other endpoints without sending anything. The
/// directions are independent: each has its own order and its own end.
#[derive(Debug)]
pub struct Tap {
    from_client: Inbound,
    from_server: Inbound,
}

impl Tap {
    /// A connection whose opening handshake is complete.
    pub fn new(options: TapOptions) -> Self {
        let inbound = |role| {
            let TapOptions { max_message_size, observe_frames, lenient, deflate } = options;
            let options =
                InboundOptions { role, max_message_size, observe_frames, lenient, deflate };
            Inbound::new(options, &[])
        };
        // What the client sends is decoded in the role of the server.
        Self { from_client: inbound(Role::Server), from_server: inbound(Role::Client) }
    }

    /// Consumes bytes that `from` sent, and returns how many. Pass the rest after [`Tap::next_event`] has
    /// returned `None` for this side.
    pub fn pass(&mut self, from: Side, bytes: &[u8]) -> usize {
        let inbound = self.inbound_mut(from);
        let space = inbound.receive_space();
        let count = space.len().min(bytes.len());
        space[..count].copy_from_slice(&bytes[..count]);
        inbound.received(count);
        count
    }

    /// Records that `from` sends no more. [`Tap::next_event`] may report a violation by an incomplete frame
    /// then.
    pub fn end(&mut self, from: Side) {
        self.inbound_mut(from).end();
    }

    /// The next event of what `from` sent, or `None` when more bytes are needed. Its direction is
    /// [`Direction::Received`](super::vocabulary::Direction::Received) for either side.
    pub fn next_event(&mut self, from: Side) -> Option<Event<'_>> {
        self.inbound_mut(from).next_event()
    }

    /// The state of one direction: its counters, Close frame, and position.
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
