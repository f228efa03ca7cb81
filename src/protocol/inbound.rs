//! What one end sends: bytes in, frames, messages and violations out. Nothing is answered here.
//!
//! [`Connection`](super::Connection) reacts to what it says; [`Tap`](super::Tap) watches two of them.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Instant;

use super::buffer::Buffer;
use super::close::ClosePayload;
use super::deflate::{Agreed, Inflater};
use super::frame::Header;
use super::message::{MessageKind, Unfinished};
use super::payload::Payload;
use super::utf8::Utf8Checker;
use super::violation::Violation;
use super::vocabulary::{Counters, Direction, Event, FrameEvent, Part, Role};

mod assemble;
mod foreign;
mod judge;
mod memory;
mod plain;
mod receive;

pub(super) use judge::read_close;
pub(super) use memory::Growth;

/// Limits and choices of an [`Inbound`].
#[derive(Debug)]
pub struct InboundOptions {
    /// The receiving end: a client receives frames that are not masked.
    pub role: Role,
    /// A message over this many bytes is a violation.
    pub max_message_size: u64,
    /// Report every frame as an event of its own.
    pub observe_frames: bool,
    /// Go on after violations where that is possible.
    pub lenient: bool,
    /// permessage-deflate, if it was agreed on.
    pub deflate: Option<Agreed>,
}

/// The stream of frames from one end, decoded, put together and judged (RFC 6455 section 5).
#[derive(Debug)]
pub struct Inbound {
    limits: Limits,
    state: State,
    input: Buffer,
    /// Where `input` starts in the stream of received bytes.
    offset: u64,
    /// Where the frame starts that was objected to last and is tolerated.
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
    /// What was found and has not been handed out, in order.
    pub(super) queue: VecDeque<Ready>,
    /// What was handed out last: its bytes are still borrowed.
    current: Option<Ready>,
    close: Option<ClosePayload>,
    violation: Option<Violation>,
    counters: Counters,
    /// Where its memory is counted.
    pub(super) growth: Option<Growth>,
    /// When memory that only long messages need is freed, if none comes before: those that
    /// [`Inbound::plain_message`] takes do not need it, and change nothing.
    pub(super) release_at: Option<Instant>,
}

/// Bytes read from the transport at a time.
const READ_SIZE: usize = 128 << 10;

/// An emptied payload buffer above this size gives its memory back.
const KEEP_PAYLOAD: usize = 2 << 20;

#[derive(Debug)]
struct Limits {
    role: Role,
    max_message_size: u64,
    observe_frames: bool,
    lenient: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// A Close frame has come: no data frame may follow.
    Closed,
    /// Nothing more is looked at: it cannot be understood, or does not matter any more.
    Ignoring,
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
pub(super) enum Ready {
    Frame(Box<FrameNote>),
    Message { kind: MessageKind, span: Span, frames: u64, wire_size: u64, compressed: bool },
    Ping(Direction, Span),
    Pong(Direction, Span, Option<std::time::Duration>),
    Close(Direction),
    Violation,
    Tolerated(Box<Violation>),
}

impl Ready {
    /// Bytes of messages and frames that it holds itself. Control frames are too short to be counted.
    pub(super) fn own_bytes(&self) -> usize {
        let own = |span: &Span| if let Span::Own(bytes) = span { bytes.len() } else { 0 };
        match self {
            Self::Frame(note) => own(&note.payload) + note.plain.as_ref().map_or(0, own),
            Self::Message { span, .. } => own(span),
            _ => 0,
        }
    }
}

/// A [`FrameEvent`] without its borrowed bytes.
#[derive(Debug)]
pub(super) struct FrameNote {
    pub(super) direction: Direction,
    pub(super) header: Header,
    pub(super) payload: Span,
    pub(super) part: Option<Part>,
    pub(super) plain: Option<Span>,
}

/// Where an event's bytes are.
#[derive(Clone, Debug)]
pub(super) enum Span {
    Payload(Range<usize>),
    Inflated(Range<usize>),
    /// All of what was in `inflated`, or else in `payload`, with the buffer.
    Shared {
        payload: Payload,
        is_inflated: bool,
    },
    Own(Vec<u8>),
}

impl Span {
    fn len(&self) -> usize {
        match self {
            Self::Payload(range) | Self::Inflated(range) => range.len(),
            Self::Shared { payload, .. } => payload.bytes().len(),
            Self::Own(bytes) => bytes.len(),
        }
    }
}

impl Inbound {
    /// The stream that follows an opening handshake. `early` is what followed the head in the same
    /// segment.
    pub fn new(options: InboundOptions, early: &[u8]) -> Self {
        let InboundOptions { role, max_message_size, observe_frames, lenient, deflate } = options;
        let mut input = Buffer::default();
        input.extend(early);
        Self {
            limits: Limits { role, max_message_size, observe_frames, lenient },
            state: State::Open,
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
            inflater: deflate.map(|agreed| Box::new(Inflater::new(&agreed, role))),
            queue: VecDeque::new(),
            current: None,
            close: None,
            violation: None,
            counters: Counters { wire_bytes: early.len() as u64, ..Counters::default() },
            growth: None,
            release_at: None,
        }
    }

    /// The next thing that was sent, in order, or `None` when more bytes are needed. Its direction is
    /// always [`Direction::Received`].
    pub fn next_event(&mut self) -> Option<Event<'_>> {
        if let Some(message) = self.plain_message() {
            return Some(self.plain_event(message));
        }
        loop {
            self.current = self.queue.pop_front();
            if self.current.is_some() {
                return self.current.as_ref().and_then(|ready| self.view(ready));
            }
            // A frame that is not whole may have been objected to already.
            let has_progressed = self.parse_frame();
            if !has_progressed && self.queue.is_empty() {
                return None;
            }
        }
    }

    /// The Close frame that came.
    pub fn close(&self) -> Option<&ClosePayload> {
        self.close.as_ref()
    }

    /// The violation that was last, of those that are not tolerated.
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// What came in.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Whether part of a data message has come.
    pub fn is_receiving_message(&self) -> bool {
        self.message.is_some()
    }

    /// An event that was found here, with its bytes.
    pub(super) fn view<'a>(&'a self, ready: &'a Ready) -> Option<Event<'a>> {
        Some(match ready {
            Ready::Frame(note) => Event::Frame(FrameEvent {
                direction: note.direction,
                header: note.header,
                payload: self.bytes(&note.payload),
                part: note.part,
                plain: note.plain.as_ref().map(|span| self.bytes(span)),
                raw: false,
            }),
            Ready::Message { kind, span, frames, wire_size, compressed } => Event::Message {
                kind: *kind,
                data: self.bytes(span),
                frames: *frames,
                wire_size: *wire_size,
                compressed: *compressed,
                payload: match span {
                    Span::Shared { payload, .. } => Some(payload),
                    _ => None,
                },
            },
            Ready::Ping(direction, span) => Event::Ping(*direction, self.bytes(span)),
            Ready::Pong(direction, span, rtt) => Event::Pong(*direction, self.bytes(span), *rtt),
            Ready::Close(direction) => Event::Close(*direction, self.close.as_ref()?),
            Ready::Violation => Event::Violation(self.violation.as_ref()?),
            Ready::Tolerated(violation) => Event::Tolerated(violation),
        })
    }

    pub(super) fn bytes<'a>(&'a self, span: &'a Span) -> &'a [u8] {
        match span {
            Span::Payload(range) => self.payload.slice(range.clone()),
            Span::Inflated(range) => self.inflated.slice(range.clone()),
            Span::Shared { payload, .. } => payload.bytes(),
            Span::Own(bytes) => bytes,
        }
    }
}
