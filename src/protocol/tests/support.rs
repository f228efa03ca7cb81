//! The end under test, and what it tells in a form that can be kept and compared.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

pub(super) use super::observed::Observed;
use super::wire::KEY;
use crate::protocol::close::ClosePayload;
use crate::protocol::vocabulary::{Counters, Misuse};
use crate::protocol::{
    CloseCode, Connection, Ending, Masks, MessageKind, Options, Role, Side, Tap, TransportEnd,
};

/// The largest message that the end under test takes.
pub(super) const LIMIT: u64 = 70_000;

/// How long the end under test waits for the peer's Close frame.
pub(super) const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Both roles, for tests that hold in either.
pub(super) const ROLES: [Role; 2] = [Role::Client, Role::Server];

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// A moment of the test: so many milliseconds after its start.
pub(super) fn at(millis: u64) -> Instant {
    *START + Duration::from_millis(millis)
}

/// What most tests are run with.
pub(super) fn options(role: Role) -> Options {
    Options {
        role,
        max_message_size: LIMIT,
        close_timeout: Some(CLOSE_TIMEOUT),
        observe_frames: false,
        lenient: false,
        deflate: None,
        masks: Masks::Fixed(KEY),
    }
}

/// What a Close frame said.
pub(super) fn said(code: impl Into<Option<u16>>, reason: &str) -> ClosePayload {
    ClosePayload { code: code.into().map(CloseCode::new), reason: reason.to_owned() }
}

/// One end of a connection, at a moment of the test.
pub(super) struct End {
    pub(super) connection: Connection,
    now: Instant,
}

impl End {
    pub(super) fn new(role: Role) -> Self {
        Self::with(options(role))
    }

    pub(super) fn client() -> Self {
        Self::new(Role::Client)
    }

    pub(super) fn server() -> Self {
        Self::new(Role::Server)
    }

    pub(super) fn with(options: Options) -> Self {
        Self::after_head(options, &[])
    }

    /// An end that got `early` in the same segment as the head of the handshake.
    pub(super) fn after_head(options: Options, early: &[u8]) -> Self {
        Self { connection: Connection::new(options, early), now: at(0) }
    }

    /// Moves on to another moment.
    pub(super) fn at(&mut self, millis: u64) -> &mut Self {
        self.now = at(millis);
        self
    }

    /// Receives bytes, as many at a time as it makes room for, and tells what they were.
    pub(super) fn hears(&mut self, mut bytes: &[u8]) -> Vec<Observed> {
        let mut observed = self.tells();
        while !bytes.is_empty() {
            let space = self.connection.receive_space();
            let count = space.len().min(bytes.len());
            space[..count].copy_from_slice(&bytes[..count]);
            self.connection.received(count);
            bytes = &bytes[count..];
            observed.append(&mut self.tells());
        }
        observed
    }

    /// What there is to tell.
    pub(super) fn tells(&mut self) -> Vec<Observed> {
        let mut observed = Vec::new();
        while let Some(event) = self.connection.next_event(self.now) {
            observed.push(event.into());
        }
        observed
    }

    /// What it writes, all of it.
    pub(super) fn writes(&mut self) -> Vec<u8> {
        self.writes_up_to(usize::MAX)
    }

    /// What it writes to a transport that takes no more than this.
    pub(super) fn writes_up_to(&mut self, room: usize) -> Vec<u8> {
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
        self.tries_to_close(Some(code), reason).expect("it is open");
    }

    pub(super) fn tries_to_close(&mut self, code: Option<u16>, reason: &str) -> Result<(), Misuse> {
        self.connection.close(code.map(CloseCode::new), reason, self.now)
    }

    /// Looks at the clock, as the session does when the deadline has come.
    pub(super) fn looks_at_the_clock(&mut self) {
        self.connection.on_deadline(self.now);
    }

    pub(super) fn loses_transport(&mut self, end: TransportEnd) {
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

/// Carries what `from` has written to `to`, and tells what `to` made of it.
pub(super) fn deliver(from: &mut End, to: &mut End) -> Vec<Observed> {
    to.hears(&from.writes())
}

/// Has bytes of this side pass a tap, and tells what it made of them.
pub(super) fn passes(tap: &mut Tap, from: Side, mut bytes: &[u8]) -> Vec<Observed> {
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
