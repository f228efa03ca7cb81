//! The endpoint under test, and its events in a form that can be stored and compared.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

pub(super) use super::observed::Observed;
use super::wire::KEY;
use crate::protocol::close::ClosePayload;
use crate::protocol::vocabulary::{Counters, Misuse};
use crate::protocol::{
    CloseCode, Connection, ConnectionOptions, Ending, Masks, MessageKind, Role, Side, Tap,
    TransportEnd,
};

/// The message size limit of the endpoint under test.
pub(super) const LIMIT: u64 = 70_000;

/// How long the endpoint under test waits for the peer's Close frame.
pub(super) const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Both roles.
pub(super) const ROLES: [Role; 2] = [Role::Client, Role::Server];

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The instant this many milliseconds after the start of the tests.
pub(super) fn at(millis: u64) -> Instant {
    *START + Duration::from_millis(millis)
}

/// The options of most tests.
pub(super) fn options(role: Role) -> ConnectionOptions {
    ConnectionOptions {
        role,
        max_message_size: LIMIT,
        close_timeout: Some(CLOSE_TIMEOUT),
        observe_frames: false,
        lenient: false,
        deflate: None,
        masks: Masks::Fixed(KEY),
    }
}

/// The payload of a Close frame.
pub(super) fn close_payload(code: impl Into<Option<u16>>, reason: &str) -> ClosePayload {
    ClosePayload { code: code.into().map(CloseCode::new), reason: reason.to_owned() }
}

/// One endpoint of a connection, with the current time of the test.
pub(super) struct Endpoint {
    pub(super) connection: Connection,
    now: Instant,
}

impl Endpoint {
    pub(super) fn new(role: Role) -> Self {
        Self::with(options(role))
    }

    pub(super) fn client() -> Self {
        Self::new(Role::Client)
    }

    pub(super) fn server() -> Self {
        Self::new(Role::Server)
    }

    pub(super) fn with(options: ConnectionOptions) -> Self {
        Self::after_head(options, &[])
    }

    /// An endpoint that received `early` together with the head of the handshake.
    pub(super) fn after_head(options: ConnectionOptions, early: &[u8]) -> Self {
        Self { connection: Connection::new(options, early), now: at(0) }
    }

    /// Sets the current time.
    pub(super) fn at(&mut self, millis: u64) -> &mut Self {
        self.now = at(millis);
        self
    }

    /// Receives bytes, as many at a time as it provides space for, and returns the events.
    pub(super) fn receives(&mut self, mut bytes: &[u8]) -> Vec<Observed> {
        let mut observed = self.events();
        while !bytes.is_empty() {
            let space = self.connection.receive_space();
            let count = space.len().min(bytes.len());
            space[..count].copy_from_slice(&bytes[..count]);
            self.connection.received(count);
            bytes = &bytes[count..];
            observed.append(&mut self.events());
        }
        observed
    }

    /// The pending events.
    pub(super) fn events(&mut self) -> Vec<Observed> {
        let mut observed = Vec::new();
        while let Some(event) = self.connection.next_event(self.now) {
            observed.push(event.into());
        }
        observed
    }

    /// Writes all pending output.
    pub(super) fn take_output(&mut self) -> Vec<u8> {
        self.take_output_up_to(usize::MAX)
    }

    /// Writes at most this many bytes of the pending output.
    pub(super) fn take_output_up_to(&mut self, room: usize) -> Vec<u8> {
        let pending = self.connection.pending_output();
        let taken = pending[..pending.len().min(room)].to_vec();
        self.connection.advance_output(taken.len());
        taken
    }

    pub(super) fn sends(&mut self, kind: MessageKind, data: &[u8]) {
        self.connection.send(kind, data).expect("it is open");
    }

    pub(super) fn pings(&mut self, payload: &[u8]) {
        self.connection.ping(payload, self.now).expect("it is open");
    }

    pub(super) fn closes(&mut self, code: u16, reason: &str) {
        self.try_close(Some(code), reason).expect("it is open");
    }

    pub(super) fn try_close(&mut self, code: Option<u16>, reason: &str) -> Result<(), Misuse> {
        self.connection.close(code.map(CloseCode::new), reason, self.now)
    }

    /// Calls [`Connection::on_deadline`].
    pub(super) fn on_deadline(&mut self) {
        self.connection.on_deadline(self.now);
    }

    pub(super) fn end_transport(&mut self, end: TransportEnd) {
        self.connection.receive_eof(end);
    }

    pub(super) fn is_finished(&self) -> bool {
        self.connection.is_finished()
    }

    pub(super) fn ending(&self) -> Ending {
        self.connection.ending().expect("the connection has ended")
    }

    /// Received, then sent.
    pub(super) fn counters(&self) -> [Counters; 2] {
        [self.connection.received_counters(), self.connection.sent_counters()]
    }
}

/// Delivers what `from` has written to `to`, and returns the events of `to`.
pub(super) fn deliver(from: &mut Endpoint, to: &mut Endpoint) -> Vec<Observed> {
    to.receives(&from.take_output())
}

/// Passes bytes of this side through a tap, and returns its events.
pub(super) fn pass_through(tap: &mut Tap, from: Side, mut bytes: &[u8]) -> Vec<Observed> {
    let mut observed = Vec::new();
    loop {
        while let Some(event) = tap.next_event(from) {
            observed.push(event.into());
        }
        if bytes.is_empty() {
            return observed;
        }
        let count = tap.pass(from, bytes);
        bytes = &bytes[count..];
    }
}
