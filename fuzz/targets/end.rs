//! One end of a connection and its events, in a form that can be stored and compared. The invariants of
//! every event are checked here.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use wscope::protocol::close::ClosePayload;
use wscope::protocol::deflate::{DeflateParams, Offer};
use wscope::protocol::vocabulary::{Counters, Direction};
use wscope::protocol::{
    Cause, Connection, ConnectionOptions, Ending, Event, Masks, MessageKind, Role, Rule,
    TransportEnd, Violation,
};

use super::input::Input;
use super::observed::{Observed, clear_partial_payloads};
use super::wire::KEY;

/// How long an end waits for the peer's Close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// The largest buffer that may be allocated for a length that has only been announced.
const MAX_ROOM: usize = 1 << 20;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The configuration of an end: everything that an input can choose.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) role: Role,
    pub(crate) observe_frames: bool,
    pub(crate) max_message_size: u64,
    pub(crate) lenient: bool,
    pub(crate) deflate: Option<DeflateParams>,
}

/// The permessage-deflate offers to choose from.
const DEFLATE: [&str; 7] = [
    "permessage-deflate",
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9",
    "permessage-deflate; server_no_context_takeover; client_max_window_bits=15",
    "permessage-deflate; client_no_context_takeover; server_max_window_bits=10",
    "permessage-deflate; server_max_window_bits=8; client_max_window_bits=8",
    "permessage-deflate; client_max_window_bits=11",
];

impl Setup {
    /// Chosen by one byte of the input.
    pub(crate) fn from(input: &mut Input<'_>) -> Self {
        let bits = input.byte();
        Self {
            role: if bits & 1 == 0 { Role::Client } else { Role::Server },
            observe_frames: bits & 2 != 0,
            max_message_size: [1 << 20, 1000, 0, u64::MAX][usize::from(bits >> 2 & 3)],
            lenient: bits & 16 != 0,
            deflate: usize::from(bits >> 5)
                .checked_sub(1)
                .map(|index| Offer::parse(DEFLATE[index]).expect("an offer").accept().0),
        }
    }

    /// The opposite end, with this limit on messages.
    pub(crate) fn peer(self, max_message_size: u64) -> Self {
        let role = if self.role == Role::Client { Role::Server } else { Role::Client };
        Self { role, observe_frames: false, max_message_size, lenient: false, ..self }
    }

    fn options(self) -> ConnectionOptions {
        ConnectionOptions {
            role: self.role,
            max_message_size: self.max_message_size,
            close_timeout: Some(CLOSE_TIMEOUT),
            observe_frames: self.observe_frames,
            lenient: self.lenient,
            deflate: self.deflate,
            masks: Masks::Fixed(KEY),
        }
    }
}

impl Observed {
    /// Whether the peer caused it.
    fn is_received(&self) -> bool {
        match self {
            Self::Frame(direction, ..)
            | Self::Ping(direction, _)
            | Self::Pong(direction, ..)
            | Self::Close(direction, _) => *direction == Direction::Received,
            Self::Message { .. } | Self::Omitted { .. } => true,
            // A frame after the Close frame is reported, but not processed.
            Self::Violation(violation) | Self::Tolerated(violation) => {
                violation.rule != Rule::FrameAfterClose
            }
        }
    }
}

/// One end of a connection, and the events it has emitted.
pub(crate) struct End {
    pub(crate) connection: Connection,
    pub(crate) events: Vec<Observed>,
    setup: Setup,
    now: Instant,
    /// A Close frame or a violation was received: no event may follow it.
    is_over: bool,
    has_late_frame: bool,
    received: Counters,
}

impl End {
    pub(crate) fn new(setup: Setup) -> Self {
        Self::after_head(setup, &[])
    }

    /// An end that got `early` in the same segment as the head of the handshake.
    pub(crate) fn after_head(setup: Setup, early: &[u8]) -> Self {
        let mut end = Self {
            connection: Connection::new(setup.options(), early),
            events: Vec::new(),
            setup,
            now: *START,
            is_over: false,
            has_late_frame: false,
            received: Counters { wire_bytes: early.len() as u64, ..Counters::default() },
        };
        end.record_events();
        end
    }

    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    /// Lets time pass.
    pub(crate) fn advance_time(&mut self, time: Duration) {
        self.now += time;
        self.connection.on_deadline(self.now);
        assert!(self.connection.deadline().is_none_or(|deadline| self.now < deadline));
    }

    /// Receives bytes, as many at a time as the receive buffer has space for.
    pub(crate) fn receive(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let space = self.connection.receive_space();
            assert!((1..=MAX_ROOM).contains(&space.len()), "room for {} bytes", space.len());
            let count = space.len().min(bytes.len());
            space[..count].copy_from_slice(&bytes[..count]);
            self.connection.received(count);
            self.received.wire_bytes += count as u64;
            bytes = &bytes[count..];
            self.record_events();
        }
    }

    /// Loses the transport.
    pub(crate) fn lose_transport(&mut self) {
        self.record_events();
        self.connection.receive_eof(TransportEnd::Eof);
        // Bytes that could still become a frame or a text are judged now; nothing else may be emitted.
        while let Some(event) = self.connection.next_event(self.now) {
            let is_judgement = matches!(event, Event::Violation(_) | Event::Tolerated(_))
                || matches!(event, Event::Frame(frame) if frame.direction == Direction::Received);
            assert!(is_judgement, "an event after the end");
        }
        // A Close frame that is still to be written does not delay the end in all phases.
        let count = self.connection.pending_output().len();
        self.connection.advance_output(count);
        assert!(self.connection.is_finished());
        assert!(self.connection.deadline().is_none());
    }

    /// The output that a transport takes which has room for this many bytes.
    pub(crate) fn take_output(&mut self, room: usize) -> Vec<u8> {
        let pending = self.connection.pending_output();
        let taken = pending[..pending.len().min(room)].to_vec();
        self.connection.advance_output(taken.len());
        taken
    }

    /// Records the pending events.
    pub(crate) fn record_events(&mut self) {
        while let Some(event) = self.connection.next_event(self.now) {
            let event = Observed::from(event);
            self.check(&event);
            self.events.push(event);
        }
        let counters = self.connection.received_counters();
        assert!(counters.frames >= self.received.frames, "the frame counter decreased");
        self.received.frames = counters.frames;
        let packed = counters.compressed.packed_bytes;
        assert!(packed >= self.received.compressed.packed_bytes && packed <= counters.wire_bytes);
        self.received.compressed.packed_bytes = packed;
        assert_eq!(counters, self.received);
        let has_ended = self.connection.ending().is_some();
        assert!(has_ended || !self.connection.is_finished());
    }

    fn check(&mut self, event: &Observed) {
        if self.is_over && event.is_received() {
            // One frame after a Close frame is decoded, so that it can be reported.
            let is_late_frame = matches!(event, Observed::Frame(..)) && !self.has_late_frame;
            assert!(is_late_frame, "{event:?} after the end");
            self.has_late_frame = true;
        }
        match event {
            Observed::Message { kind, data, frames, wire_size, compressed } => {
                self.received.messages += 1;
                self.received.payload_bytes += data.len() as u64;
                if *compressed {
                    assert!(self.setup.deflate.is_some());
                    self.received.compressed.messages += 1;
                    self.received.compressed.plain_bytes += data.len() as u64;
                }
                assert!(data.len() as u64 <= self.setup.max_message_size);
                let is_text = *kind == MessageKind::Text && !self.setup.lenient;
                assert!(!is_text || str::from_utf8(data).is_ok());
                assert!(*frames > 0 && *wire_size >= 2 * frames);
            }
            Observed::Omitted { .. } => panic!("an endpoint omits nothing"),
            Observed::Frame(..) => assert!(self.setup.observe_frames),
            Observed::Ping(direction, data) | Observed::Pong(direction, data, _) => {
                let is_lenient = self.setup.lenient && *direction == Direction::Received;
                assert!(data.len() <= if is_lenient { 4 << 10 } else { 125 });
            }
            Observed::Close(direction, close) => {
                self.is_over |= *direction == Direction::Received;
                if !(self.setup.lenient && *direction == Direction::Received) {
                    assert!(close.reason.len() <= ClosePayload::MAX_REASON);
                    assert!(close.code.is_none_or(|code| code.may_be_sent()));
                }
            }
            Observed::Violation(violation) => {
                self.is_over = true;
                // Half a compressed message leaves the context in an unknown state.
                let is_unrecoverable =
                    violation.rule == Rule::MessageInsideMessage && self.setup.deflate.is_some();
                assert!(!self.setup.lenient || !violation.rule.is_tolerable() || is_unrecoverable);
                check_violation(violation);
            }
            Observed::Tolerated(violation) => {
                let is_harmless = violation.rule == Rule::FrameAfterClose;
                assert!(is_harmless || (self.setup.lenient && violation.rule.is_tolerable()));
                check_violation(violation);
            }
        }
    }
}

fn check_violation(violation: &Violation) {
    assert!(violation.excerpt.len() <= 4 << 10 && violation.payload.len() <= 64);
    assert!(!violation.to_string().is_empty());
}

/// The effects of a stream on an end, until the transport ends.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) events: Vec<Observed>,
    pub(crate) written: Vec<u8>,
    received: Counters,
    sent: Counters,
    was_finished: bool,
    ending: Option<Ending>,
}

/// The effects on an end that receives `early` with the head and then the pieces.
pub(crate) fn outcome<'a>(
    setup: Setup,
    early: &[u8],
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Outcome {
    let mut end = End::after_head(setup, early);
    for piece in pieces {
        end.receive(piece);
    }
    let written = end.take_output(usize::MAX);
    let was_finished = end.connection.is_finished();
    end.lose_transport();
    let mut ending = end.connection.ending();
    clear_partial_payloads(&mut end.events, clear_payload);
    ending.as_mut().and_then(|it| it.violation.as_mut()).into_iter().for_each(clear_payload);
    Outcome {
        events: end.events,
        written,
        received: end.connection.received_counters(),
        sent: end.connection.sent_counters(),
        was_finished,
        ending,
    }
}

/// Clears what depends on the cuts: how much of an HTTP response or another text arrived with its first
/// line, the reason why data cannot be inflated, and whether the byte that identifies a surrogate has arrived.
fn clear_payload(violation: &mut Violation) {
    violation.payload = Box::default();
    if matches!(violation.rule, Rule::HttpAfterUpgrade | Rule::CorruptDeflate) {
        violation.detail.clear();
        violation.excerpt.clear();
    }
    if violation.rule == Rule::TextInsteadOfFrame {
        violation.excerpt.clear();
    }
    if violation.cause == Some(Cause::Surrogate) {
        violation.cause = None;
    }
}

/// Where the transport cuts a stream must not matter: nowhere, at every byte, once at each of `cuts`
/// places, into pieces of these sizes. Returns the outcome.
pub(crate) fn same_however_cut(setup: Setup, bytes: &[u8], cuts: usize, sizes: &[u8]) -> Outcome {
    let whole = outcome(setup, &[], [bytes]);
    assert_eq!(outcome(setup, bytes, []), whole, "with the head");
    if bytes.len() <= 300 {
        assert_eq!(outcome(setup, &[], bytes.chunks(1)), whole, "byte by byte");
    }
    let every = bytes.len().div_ceil(cuts).max(1);
    let first = 1 + sizes.first().map_or(0, |size| usize::from(*size) % every);
    for cut in (first..bytes.len()).step_by(every) {
        let (first, second) = bytes.split_at(cut);
        assert_eq!(outcome(setup, &[], [first, second]), whole, "cut at {cut}");
        assert_eq!(outcome(setup, first, [second]), whole, "the first {cut} bytes with the head");
    }
    assert_eq!(outcome(setup, &[], pieces(bytes, sizes)), whole, "in pieces of {sizes:?}");
    whole
}

/// Pieces of these sizes in turn, an empty one for each zero.
fn pieces<'a>(bytes: &'a [u8], sizes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = bytes;
    // The rest is one piece.
    let sizes = sizes.iter().cycle().take(100).map(|size| usize::from(*size));
    sizes.chain([usize::MAX]).map(move |size| {
        let (piece, later) = rest.split_at(size.min(rest.len()));
        rest = later;
        piece
    })
}
