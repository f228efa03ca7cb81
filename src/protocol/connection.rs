//! The state machine of one WebSocket connection (RFC 6455 sections 5 to 7), either role.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

use super::buffer::Buffer;
use super::close::CloseCode;
use super::frame::{Header, MAX_CONTROL_PAYLOAD, Opcode};
use super::message::{MessageKind, Unfinished};
use super::outbox::Outbox;
use super::utf8::Utf8Checker;
use super::violation::Violation;

mod ending;
mod judge;
mod receive;
mod vocabulary;

pub use ending::{ClosePayload, EndCause, Ending, Party, Position, TransportEnd};
pub use vocabulary::{
    Counters, Direction, Event, FrameEvent, Misuse, Options, ReadyState, Role, Sent,
};

/// One connection after its opening handshake. See [the module above](super) for the order of calls.
#[derive(Debug)]
pub struct Connection {
    options: Limits,
    phase: Phase,
    input: Buffer,
    /// Where `input` starts in the stream of received bytes.
    offset: u64,
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
    utf8: Utf8Checker,
    outbox: Outbox,
    /// What happened and has not been told, in order.
    queue: VecDeque<Ready>,
    /// What was told last: its bytes are still borrowed.
    current: Option<Ready>,
    pings: VecDeque<(Vec<u8>, Instant)>,
    sent_close: Option<ClosePayload>,
    received_close: Option<ClosePayload>,
    peer_closed_first: bool,
    violation: Option<Violation>,
    received: Counters,
    sent: Counters,
}

/// Pings waiting for their pong that are remembered; the oldest is forgotten first.
const MAX_PINGS: usize = 64;

/// Bytes read from the transport at a time.
const READ_SIZE: usize = 128 << 10;

/// An emptied payload buffer above this size gives its memory back.
const KEEP_PAYLOAD: usize = 2 << 20;

/// After a violation the peer gets at most this long to answer our Close frame.
const FAILURE_GRACE: Duration = Duration::from_secs(1);

#[derive(Debug)]
struct Limits {
    role: Role,
    max_message_size: u64,
    close_timeout: Option<Duration>,
    observe_frames: bool,
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
}

/// An event without its borrowed bytes.
#[derive(Debug)]
enum Ready {
    Frame(Direction, Header, Span),
    Message { kind: MessageKind, span: Span, frames: u64, wire_size: u64 },
    Ping(Direction, Span),
    Pong(Direction, Span, Option<Duration>),
    Close(Direction),
    Violation,
}

/// Where an event's bytes are.
#[derive(Clone, Debug)]
enum Span {
    Input(Range<usize>),
    Payload(Range<usize>),
    Own(Vec<u8>),
}

impl Connection {
    /// A connection whose opening handshake is done. `early` is what followed the head in the same
    /// segment.
    pub fn new(options: Options, early: &[u8]) -> Self {
        let masks = (options.role == Role::Client).then_some(options.masks);
        let mut input = Buffer::default();
        input.extend(early);
        Self {
            options: Limits {
                role: options.role,
                max_message_size: options.max_message_size,
                close_timeout: options.close_timeout,
                observe_frames: options.observe_frames,
            },
            phase: Phase::Open,
            input,
            offset: 0,
            frame: None,
            message: None,
            payload: Buffer::default(),
            reading_payload: false,
            unread: 0,
            utf8: Utf8Checker::default(),
            outbox: Outbox::new(masks),
            queue: VecDeque::new(),
            current: None,
            pings: VecDeque::new(),
            sent_close: None,
            received_close: None,
            peer_closed_first: false,
            violation: None,
            received: Counters { wire_bytes: early.len() as u64, ..Counters::default() },
            sent: Counters::default(),
        }
    }

    /// Sends a data message in one frame.
    ///
    /// # Errors
    /// [`Misuse::Closing`] once a Close frame has been sent or received.
    pub fn send(&mut self, kind: MessageKind, data: &[u8]) -> Result<Sent, Misuse> {
        self.must_be_open()?;
        let header = self.push_frame(kind.opcode(), data);
        self.sent.messages += 1;
        self.sent.payload_bytes += data.len() as u64;
        Ok(Sent { header })
    }

    /// Sends a ping and remembers when, for the round-trip time.
    ///
    /// # Errors
    /// When closing, or with more than 125 bytes of payload.
    pub fn ping(&mut self, payload: &[u8], now: Instant) -> Result<(), Misuse> {
        self.control(Opcode::Ping, payload)?;
        if self.pings.len() == MAX_PINGS {
            self.pings.pop_front();
        }
        self.pings.push_back((payload.to_vec(), now));
        self.queue.push_back(Ready::Ping(Direction::Sent, Span::Own(payload.to_vec())));
        Ok(())
    }

    /// Sends a pong nobody asked for (RFC 6455 section 5.5.3).
    ///
    /// # Errors
    /// When closing, or with more than 125 bytes of payload.
    pub fn pong(&mut self, payload: &[u8]) -> Result<(), Misuse> {
        self.control(Opcode::Pong, payload)?;
        self.queue.push_back(Ready::Pong(Direction::Sent, Span::Own(payload.to_vec()), None));
        Ok(())
    }

    /// Starts the closing handshake (RFC 6455 section 7.1.2). Without a code the frame is empty.
    ///
    /// # Errors
    /// When already closing, with a code that must not be sent, or a reason over 123 bytes.
    pub fn close(
        &mut self,
        code: Option<CloseCode>,
        reason: &str,
        now: Instant,
    ) -> Result<(), Misuse> {
        self.must_be_open()?;
        let payload = ClosePayload::to_send(code, reason)?;
        self.push_close(payload);
        let until = self.options.close_timeout.map(|timeout| now + timeout);
        self.phase = Phase::Closing { until, cause_if_late: EndCause::CloseTimeout };
        Ok(())
    }

    /// The next thing that happened, in order, or `None` when more bytes are needed.
    pub fn next_event(&mut self, now: Instant) -> Option<Event<'_>> {
        loop {
            self.current = self.queue.pop_front();
            if self.current.is_some() {
                return self.view();
            }
            if !self.parse_frame(now) {
                return None;
            }
        }
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
        match self.phase {
            Phase::Closing { until, .. } | Phase::Closed { until } if !self.is_finished() => until,
            _ => None,
        }
    }

    /// Gives up waiting for the peer once the deadline has passed.
    pub fn on_deadline(&mut self, now: Instant) {
        if self.deadline().is_none_or(|deadline| now < deadline) {
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
            Phase::Closed { .. } => self.outbox.pending().is_empty(),
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
        Some(Ending::new(cause, sent, received, self.violation.clone(), self.peer_closed_first))
    }

    fn must_be_open(&self) -> Result<(), Misuse> {
        if self.is_open() { Ok(()) } else { Err(Misuse::Closing) }
    }

    fn control(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), Misuse> {
        self.must_be_open()?;
        if payload.len() > MAX_CONTROL_PAYLOAD {
            return Err(Misuse::ControlTooLong(opcode, payload.len()));
        }
        self.push_control(opcode, payload);
        Ok(())
    }

    fn push_control(&mut self, opcode: Opcode, payload: &[u8]) {
        let header = self.push_frame(opcode, payload);
        if self.options.observe_frames {
            self.queue.push_back(Ready::Frame(
                Direction::Sent,
                header,
                Span::Own(payload.to_vec()),
            ));
        }
    }

    fn push_close(&mut self, payload: ClosePayload) {
        self.push_control(Opcode::Close, &payload.to_bytes());
        self.sent_close = Some(payload);
        self.queue.push_back(Ready::Close(Direction::Sent));
    }

    fn push_frame(&mut self, opcode: Opcode, payload: &[u8]) -> Header {
        let header = self.outbox.push(opcode, true, payload);
        self.sent.frames += 1;
        self.sent.wire_bytes += header.wire_size();
        header
    }

    /// The current event with its bytes.
    fn view(&self) -> Option<Event<'_>> {
        Some(match self.current.as_ref()? {
            Ready::Frame(direction, header, span) => Event::Frame(FrameEvent {
                direction: *direction,
                header: *header,
                payload: self.bytes(span),
            }),
            Ready::Message { kind, span, frames, wire_size } => Event::Message {
                kind: *kind,
                data: self.bytes(span),
                frames: *frames,
                wire_size: *wire_size,
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
        })
    }

    fn bytes<'a>(&'a self, span: &'a Span) -> &'a [u8] {
        match span {
            Span::Input(range) => self.input.slice(range.clone()),
            Span::Payload(range) => self.payload.slice(range.clone()),
            Span::Own(bytes) => bytes,
        }
    }
}
