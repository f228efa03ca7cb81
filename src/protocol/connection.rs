//! The state machine of one WebSocket connection (RFC 6455 sections 5 to 7), either role.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

use super::buffer::Buffer;
use super::deflate::{Deflater, Inflater};
use super::frame::Header;
use super::message::{MessageKind, Unfinished};
use super::outbox::Outbox;
use super::utf8::Utf8Checker;
use super::violation::Violation;

mod assemble;
mod ending;
mod foreign;
mod judge;
mod memory;
mod plain;
mod receive;
mod send;
mod streamed;
mod vocabulary;

pub use ending::{
    ClosePayload, EndCause, Ending, IncompleteMessage, Party, Position, TransportEnd,
};
pub use vocabulary::{
    Compressed, Counters, Direction, Event, FrameEvent, Misuse, Options, Part, ReadyState, Role,
    Sent,
};

/// One connection after its opening handshake. See [the module above](super) for the order of calls.
#[derive(Debug)]
pub struct Connection {
    options: Limits,
    phase: Phase,
    input: Buffer,
    /// Where `input` starts in the stream of received bytes.
    offset: u64,
    /// Where the frame starts that was objected to last and is put up with.
    judged: Option<u64>,
    /// The data frame whose payload is coming in.
    frame: Option<Incoming>,
    /// The fragmented message being put together.
    message: Option<Unfinished>,
    /// Payload of frames and messages that are not in `input` as a whole.
    payload: Buffer,
    /// The last call of `receive_space` handed out `payload`, not `input`.
    reading_payload: bool,
    /// Bytes at the end of `payload` that were read straight into it and not looked at yet.
    unread: usize,
    /// What a compressed message comes to.
    inflated: Buffer,
    utf8: Utf8Checker,
    inflater: Option<Box<Inflater>>,
    deflater: Option<Box<Deflater>>,
    outbox: Outbox,
    /// What happened and has not been told, in order.
    queue: VecDeque<Ready>,
    /// What was told last: its bytes are still borrowed.
    current: Option<Ready>,
    pings: VecDeque<(Vec<u8>, Instant)>,
    sent_close: Option<ClosePayload>,
    received_close: Option<ClosePayload>,
    peer_closed_first: bool,
    /// Something came behind the peer's Close frame: nothing more is looked at.
    is_past_close: bool,
    violation: Option<Violation>,
    received: Counters,
    sent: Counters,
    /// Where its memory is counted.
    memory: Option<memory::Memory>,
    /// When memory that only long messages need is freed, if the connection is still idle.
    release_at: Option<Instant>,
}

/// Pings waiting for their pong that are remembered; the oldest is forgotten first.
const MAX_PINGS: usize = 64;

/// Bytes read from the transport at a time.
const READ_SIZE: usize = 128 << 10;

/// An emptied payload buffer above this size gives its memory back.
const KEEP_PAYLOAD: usize = 2 << 20;

/// The peer has closed, and hardly reads what is still to be written: so long it may take none of it.
const ANSWER_GRACE: Duration = Duration::from_millis(100);

/// After a violation the peer gets at most this long to answer our Close frame.
const FAILURE_GRACE: Duration = Duration::from_secs(1);

#[derive(Debug)]
struct Limits {
    role: Role,
    max_message_size: u64,
    close_timeout: Option<Duration>,
    observe_frames: bool,
    lenient: bool,
}

#[derive(Debug)]
enum Phase {
    Open,
    /// Our Close frame is out, the peer's is awaited.
    Closing {
        until: Option<Instant>,
        cause_if_late: EndCause,
    },
    /// Both Close frames have passed; ours may still be in the outbox.
    Closed {
        until: Option<Instant>,
        /// Not even a transport that goes on taking bytes is waited for any longer.
        latest: Option<Instant>,
    },
    Ended(EndCause),
}

#[derive(Debug)]
struct Incoming {
    header: Header,
    /// Where the frame starts in the stream of received bytes.
    offset: u64,
    /// Payload bytes already moved to `payload`.
    taken: u64,
    /// Where this frame's payload starts in `payload`.
    start: usize,
    /// Where what it inflates to starts in `inflated`.
    plain_start: usize,
    /// Its opcode means nothing, so its payload does not either.
    skipped: bool,
}

/// An event without its borrowed bytes.
#[derive(Debug)]
enum Ready {
    Frame(Box<FrameNote>),
    Message { kind: MessageKind, span: Span, frames: u64, wire_size: u64, compressed: bool },
    Ping(Direction, Span),
    Pong(Direction, Span, Option<Duration>),
    Close(Direction),
    Violation,
    Tolerated(Box<Violation>),
}

/// A [`FrameEvent`] without its borrowed bytes.
#[derive(Debug)]
struct FrameNote {
    direction: Direction,
    header: Header,
    payload: Span,
    part: Option<Part>,
    plain: Option<Range<usize>>,
}

/// Where an event's bytes are.
#[derive(Clone, Debug)]
enum Span {
    Input(Range<usize>),
    Payload(Range<usize>),
    Inflated(Range<usize>),
    Own(Vec<u8>),
}

impl Span {
    fn len(&self) -> usize {
        match self {
            Self::Input(range) | Self::Payload(range) | Self::Inflated(range) => range.len(),
            Self::Own(bytes) => bytes.len(),
        }
    }
}

impl Connection {
    /// A connection whose opening handshake is done. `early` is what followed the head in the same
    /// segment.
    pub fn new(options: Options, early: &[u8]) -> Self {
        let role = options.role;
        let masks = (role == Role::Client).then_some(options.masks);
        let deflate = options.deflate.as_ref();
        let mut input = Buffer::default();
        input.extend(early);
        Self {
            options: Limits {
                role,
                max_message_size: options.max_message_size,
                close_timeout: options.close_timeout,
                observe_frames: options.observe_frames,
                lenient: options.lenient,
            },
            phase: Phase::Open,
            input,
            offset: 0,
            judged: None,
            frame: None,
            message: None,
            payload: Buffer::default(),
            reading_payload: false,
            unread: 0,
            inflated: Buffer::default(),
            utf8: Utf8Checker::default(),
            inflater: deflate.map(|agreed| Box::new(Inflater::new(agreed, role))),
            deflater: deflate.map(|agreed| Box::new(Deflater::new(agreed, role))),
            outbox: Outbox::new(masks),
            queue: VecDeque::new(),
            current: None,
            pings: VecDeque::new(),
            sent_close: None,
            received_close: None,
            peer_closed_first: false,
            is_past_close: false,
            violation: None,
            received: Counters { wire_bytes: early.len() as u64, ..Counters::default() },
            sent: Counters::default(),
            memory: None,
            release_at: None,
        }
    }

    /// The next thing that happened, in order, or `None` when more bytes are needed.
    pub fn next_event(&mut self, now: Instant) -> Option<Event<'_>> {
        if let Some(message) = self.plain_message() {
            return Some(Event::Message {
                kind: message.kind,
                data: self.input.slice(message.payload),
                frames: 1,
                wire_size: message.wire_size,
                compressed: false,
            });
        }
        loop {
            self.current = self.queue.pop_front();
            if self.current.is_some() {
                return self.view();
            }
            // A frame that is not whole may have been objected to already.
            let has_progressed = self.parse_frame(now);
            if !has_progressed && self.queue.is_empty() {
                self.schedule_release(now);
                return None;
            }
        }
    }

    /// Whether something is to be told that no further bytes are needed for.
    pub fn has_news(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Bytes waiting to be written to the transport.
    pub fn pending_output(&self) -> &[u8] {
        self.outbox.pending()
    }

    /// Says that the transport took the first `count` bytes of the pending output.
    pub fn advance_output(&mut self, count: usize) {
        self.outbox.advance(count);
    }

    /// When [`Connection::on_deadline`] has to be called, if nothing happens before.
    pub fn deadline(&self) -> Option<Instant> {
        self.close_deadline().into_iter().chain(self.release_at).min()
    }

    /// When the peer has had its time to end the connection.
    fn close_deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Closing { until, .. } | Phase::Closed { until, .. } if !self.is_finished() => {
                until
            }
            _ => None,
        }
    }

    /// Gives up waiting for the peer once the deadline has passed, and frees memory when idle.
    pub fn on_deadline(&mut self, now: Instant) {
        if self.release_at.is_some_and(|at| now >= at) {
            self.release_idle_memory();
        }
        if self.close_deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        let cause = match &self.phase {
            Phase::Closing { cause_if_late, .. } => cause_if_late.clone(),
            _ => EndCause::Handshake,
        };
        self.phase = Phase::Ended(cause);
    }

    /// Nothing more will happen: the transport can be closed.
    pub fn is_finished(&self) -> bool {
        match self.phase {
            Phase::Open | Phase::Closing { .. } => false,
            Phase::Closed { .. } => self.outbox.unwritten() == 0,
            Phase::Ended(_) => true,
        }
    }

    /// The state in the words of the WebSocket API.
    pub fn ready_state(&self) -> ReadyState {
        match self.phase {
            Phase::Open => ReadyState::Open,
            Phase::Closing { .. } => ReadyState::Closing,
            Phase::Closed { .. } | Phase::Ended(_) => ReadyState::Closed,
        }
    }

    /// Whether messages can be sent.
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open)
    }

    /// Whether part of a data message has come.
    pub fn is_receiving_message(&self) -> bool {
        self.message.is_some()
    }

    /// What came in.
    pub fn received_counters(&self) -> Counters {
        self.received
    }

    /// What was sent, including what is still pending.
    pub fn sent_counters(&self) -> Counters {
        self.sent
    }

    /// How the connection ended; `None` while it has not.
    pub fn ending(&self) -> Option<Ending> {
        let cause = match &self.phase {
            Phase::Ended(cause) => cause.clone(),
            Phase::Closed { .. } => EndCause::Handshake,
            Phase::Open | Phase::Closing { .. } => return None,
        };
        let (sent, received) = (self.sent_close.clone(), self.received_close.clone());
        let ending =
            Ending::new(cause, sent, received, self.violation.clone(), self.peer_closed_first);
        Some(ending.with_incomplete(self.incomplete_message()))
    }

    /// The message that is coming in, as far as it has been received.
    fn incomplete_message(&self) -> Option<IncompleteMessage> {
        let message = self.message?;
        let frame = self.frame.as_ref().filter(|frame| !frame.skipped);
        let missing = frame.map_or(0, |frame| frame.header.length - frame.taken);
        Some(IncompleteMessage {
            kind: message.kind,
            frames: message.frames,
            size: message.payload_size.saturating_sub(missing),
            compressed: message.compressed,
        })
    }

    /// The current event with its bytes.
    fn view(&self) -> Option<Event<'_>> {
        Some(match self.current.as_ref()? {
            Ready::Frame(note) => Event::Frame(FrameEvent {
                direction: note.direction,
                header: note.header,
                payload: self.bytes(&note.payload),
                part: note.part,
                plain: note.plain.clone().map(|range| self.inflated.slice(range)),
                raw: false,
            }),
            Ready::Message { kind, span, frames, wire_size, compressed } => Event::Message {
                kind: *kind,
                data: self.bytes(span),
                frames: *frames,
                wire_size: *wire_size,
                compressed: *compressed,
            },
            Ready::Ping(direction, span) => Event::Ping(*direction, self.bytes(span)),
            Ready::Pong(direction, span, rtt) => Event::Pong(*direction, self.bytes(span), *rtt),
            Ready::Close(Direction::Sent) => {
                Event::Close(Direction::Sent, self.sent_close.as_ref()?)
            }
            Ready::Close(Direction::Received) => {
                Event::Close(Direction::Received, self.received_close.as_ref()?)
            }
            Ready::Violation => Event::Violation(self.violation.as_ref()?),
            Ready::Tolerated(violation) => Event::Tolerated(violation),
        })
    }

    fn bytes<'a>(&'a self, span: &'a Span) -> &'a [u8] {
        match span {
            Span::Input(range) => self.input.slice(range.clone()),
            Span::Payload(range) => self.payload.slice(range.clone()),
            Span::Inflated(range) => self.inflated.slice(range.clone()),
            Span::Own(bytes) => bytes,
        }
    }
}
