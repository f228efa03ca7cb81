//! A passive observer of both directions of a connection, for a proxy.

use super::deflate::DeflateParams;
use super::inbound::{Inbound, InboundOptions, Tolerance};
use super::memory::Account;
use super::vocabulary::{Direction, Event, Role};

/// The two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The endpoint that sent the request of the opening handshake.
    Client,
    /// The endpoint that answered it.
    Server,
}

impl Side {
    /// The name used in texts and events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    /// The other side.
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// The direction of what it sends, from the client's point of view.
    pub const fn direction(self) -> Direction {
        match self {
            Self::Client => Direction::Sent,
            Self::Server => Direction::Received,
        }
    }
}

/// The configuration of a [`Tap`].
#[derive(Clone, Copy, Debug)]
pub struct TapOptions {
    /// The maximum size of a message in bytes. With [`Tolerance::Passive`] a larger one is an
    /// [`Event::Omitted`]; else it is a violation, after which its direction is no longer decoded.
    pub max_message_size: u64,
    /// Report every frame as an event.
    pub observe_frames: bool,
    /// What happens after a violation: a proxy needs [`Tolerance::Passive`].
    pub tolerance: Tolerance,
    /// The parameters of permessage-deflate, if it was negotiated.
    pub deflate: Option<DeflateParams>,
}

impl TapOptions {
    /// The options for decoding what one side sends: as its receiver does.
    pub fn of_side(self, from: Side) -> InboundOptions {
        let Self { max_message_size, observe_frames, tolerance, deflate } = self;
        let role = match from {
            Side::Client => Role::Server,
            Side::Server => Role::Client,
        };
        InboundOptions { role, max_message_size, observe_frames, tolerance, deflate }
    }
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
        let inbound = |from| Inbound::new(options.of_side(from), &[]);
        Self { from_client: inbound(Side::Client), from_server: inbound(Side::Server) }
    }

    /// Counts its memory as part of a budget: a message over it is omitted if passive, else it is a violation.
    pub fn charge_to(self, account: &Account) -> Self {
        Self {
            from_client: self.from_client.charge_to(account),
            from_server: self.from_server.charge_to(account),
        }
    }

    /// Consumes bytes that `from` sent, and returns how many. Pass the rest after [`Tap::next_event`] has
    /// returned `None` for this side.
    pub fn pass(&mut self, from: Side, bytes: &[u8]) -> usize {
        self.inbound_mut(from).receive(bytes)
    }

    /// Records that `from` sends no more. [`Tap::next_event`] may report a violation by an incomplete frame
    /// then.
    pub fn end(&mut self, from: Side) {
        self.inbound_mut(from).end();
    }

    /// The next event of what `from` sent, or `None` when more bytes are needed. Its direction is
    /// [`Direction::Received`] for either side.
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

    /// Bytes of memory in use for what was received.
    pub fn memory_usage(&self) -> usize {
        self.from_client.memory_usage() + self.from_server.memory_usage()
    }

    /// Frees the memory of each direction in which nothing is incomplete. For when nothing has been received for a
    /// while; what is received next allocates it again.
    pub fn release_idle(&mut self) {
        self.from_client.release_idle_memory();
        self.from_server.release_idle_memory();
    }

    /// Updates the memory in use, and frees it if the budget requests that: messages being received are omitted.
    /// Must be called when [`Tap::next_event`] has returned `None` for both sides.
    pub fn check_memory(&mut self) {
        self.from_client.check_memory();
        self.from_server.check_memory();
        if let Some(account) = self.from_client.account() {
            account.reinstate();
        }
    }

    /// The two directions, from client and from server, to be continued separately.
    pub fn into_inbounds(self) -> [Inbound; 2] {
        [self.from_client, self.from_server]
    }

    fn inbound_mut(&mut self, from: Side) -> &mut Inbound {
        match from {
            Side::Client => &mut self.from_client,
            Side::Server => &mut self.from_server,
        }
    }
}
