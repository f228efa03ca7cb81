//! Decoding of one direction: bytes in; frames, messages and violations out. Nothing is answered here.
//!
//! [`Connection`](super::Connection) reacts to its events; [`Tap`](super::Tap) observes two of them.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Instant;

use super::buffer::Buffer;
use super::close::ClosePayload;
use super::deflate::{DeflateParams, Inflater};
use super::frame::Header;
use super::message::{MessageKind, Omission, PartialMessage};
use super::payload::Payload;
use super::utf8::Utf8Checker;
use super::violation::Violation;
use super::vocabulary::{Counters, Direction, Event, FrameEvent, Part, Role};

mod assemble;
mod fast_path;
mod memory;
mod omit;
mod receive;
mod stray_text;
mod validate;

pub(super) use fast_path::WholeMessage;
pub(super) use memory::Growth;
pub(super) use validate::read_close;

/// The configuration of an [`Inbound`].
#[derive(Debug)]
pub struct InboundOptions {
    /// The role of the receiver: a client must receive unmasked frames.
    pub role: Role,
    /// The maximum size of a message in bytes; a larger one is a violation.
    pub max_message_size: u64,
    /// Report every frame as an event.
    pub observe_frames: bool,
    /// What happens after a violation.
    pub tolerance: Tolerance,
    /// The parameters of permessage-deflate, if it was negotiated.
    pub deflate: Option<DeflateParams>,
}

/// What an [`Inbound`] does after a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tolerance {
    /// The first violation ends the decoding.
    Strict,
    /// Decoding continues if the violation does not affect which messages are received.
    Lenient,
    /// For an observer of what others receive: decoding continues while the boundaries of frames are known, also
    /// after a Close frame. A message that cannot be kept, because of a limit or because its data is corrupt, is no
    /// violation of a limit but an [`Event::Omitted`].
    Passive,
}

/// The frames from one endpoint, decoded, assembled into messages and validated (RFC 6455 section 5).
#[derive(Debug)]
pub struct Inbound {
    limits: InboundLimits,
    state: InboundState,
    input: Buffer,
    /// The offset of `input` in the stream of received bytes.
    offset: u64,
    /// The offset of the frame whose violation was tolerated last.
    tolerated_at: Option<u64>,
    /// The data frame whose payload is being received.
    frame: Option<IncomingFrame>,
    /// The fragmented message being assembled.
    message: Option<PartialMessage>,
    /// A data frame with a reserved opcode has begun a fragmented message, which is skipped.
    skips_continuations: bool,
    /// Payload of frames and messages that are not in `input` completely.
    payload: Buffer,
    /// The last call of `receive_space` returned space in `payload`, not in `input`.
    reading_payload: bool,
    /// Bytes at the end of `payload` that were read directly into it and not processed yet.
    unread: usize,
    /// The inflated data of a compressed message.
    inflated: Buffer,
    utf8: Utf8Checker,
    inflater: Option<Box<Inflater>>,
    /// Events not yet returned, in order.
    pub(super) queue: VecDeque<QueuedEvent>,
    /// The event returned last: its bytes may still be borrowed.
    current: Option<QueuedEvent>,
    close: Option<ClosePayload>,
    violation: Option<Violation>,
    counters: Counters,
    /// The inflated data of messages that are not kept is kept in `inflated` until it is taken.
    keeps_omitted: bool,
    /// The payload of messages is wanted.
    keeps_messages: bool,
    /// Memory accounting, if there is a budget.
    pub(super) growth: Option<Growth>,
    /// When to free the memory that only long messages need, unless one is received before. Messages returned
    /// by [`Inbound::next_whole_message`] do not use it and do not change the time.
    pub(super) release_at: Option<Instant>,
}

/// The number of bytes read from the transport at a time.
const READ_SIZE: usize = 128 << 10;

/// The same at most, if there is space.
const MAX_READ_SIZE: usize = 256 << 10;

/// The memory of an emptied payload buffer is freed if it is more than this many bytes.
const KEEP_PAYLOAD: usize = 2 << 20;

#[derive(Debug)]
struct InboundLimits {
    role: Role,
    max_message_size: u64,
    observe_frames: bool,
    tolerance: Tolerance,
    /// An extension that is not known here may define opcodes, reserved bits and payloads.
    has_other_extensions: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InboundState {
    Open,
    /// A Close frame was received, and decoding continues because it is passive.
    AfterClose,
    /// A Close frame was received: no data frame may follow.
    Closed,
    /// Input is ignored: it cannot be parsed, or is no longer relevant.
    Ignoring,
}

#[derive(Debug)]
struct IncomingFrame {
    header: Header,
    /// The offset of the frame in the stream of received bytes.
    offset: u64,
    /// Number of payload bytes already moved to `payload`.
    taken: u64,
    /// Where this frame's payload starts in `payload`.
    start: usize,
    /// Where this frame's inflated data starts in `inflated`.
    plain_start: usize,
    /// The frame is ignored: its opcode is reserved, or it is a control frame that is too long to be kept.
    skipped: bool,
}

/// An event without its borrowed bytes.
#[derive(Debug)]
pub(super) enum QueuedEvent {
    Frame(Box<QueuedFrame>),
    Message {
        kind: MessageKind,
        span: Span,
        frames: u64,
        wire_size: u64,
        compressed: bool,
    },
    Omitted {
        message: PartialMessage,
        size: Option<u64>,
        reason: Omission,
    },
    Ping(Direction, Span),
    Pong(Direction, Span, Option<std::time::Duration>),
    Close(Direction),
    /// Another Close frame than the first.
    LaterClose(Box<ClosePayload>),
    Violation,
    Tolerated(Box<Violation>),
}

impl QueuedEvent {
    /// Bytes of messages and frames that it owns. Control frames are too short to be counted.
    pub(super) fn owned_bytes(&self) -> usize {
        let own = |span: &Span| if let Span::Own(bytes) = span { bytes.len() } else { 0 };
        match self {
            Self::Frame(frame) => own(&frame.payload) + frame.plain.as_ref().map_or(0, own),
            Self::Message { span, .. } => own(span),
            _ => 0,
        }
    }
}

/// A [`FrameEvent`] without its borrowed bytes.
#[derive(Debug)]
pub(super) struct QueuedFrame {
    pub(super) direction: Direction,
    pub(super) header: Header,
    pub(super) payload: Span,
    pub(super) part: Option<Part>,
    pub(super) plain: Option<Span>,
}

/// The location of an event's bytes.
#[derive(Clone, Debug)]
pub(super) enum Span {
    Payload(Range<usize>),
    Inflated(Range<usize>),
    /// The buffer that was `inflated` or `payload`, moved into a shared payload.
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
    /// The stream after an opening handshake. `early` are bytes received after the head.
    pub fn new(options: InboundOptions, early: &[u8]) -> Self {
        let InboundOptions { role, max_message_size, observe_frames, tolerance, deflate } = options;
        let mut input = Buffer::default();
        input.extend(early);
        Self {
            limits: InboundLimits {
                role,
                max_message_size,
                observe_frames,
                tolerance,
                has_other_extensions: false,
            },
            state: InboundState::Open,
            input,
            offset: 0,
            tolerated_at: None,
            frame: None,
            message: None,
            skips_continuations: false,
            payload: Buffer::default(),
            reading_payload: false,
            unread: 0,
            inflated: Buffer::default(),
            utf8: Utf8Checker::default(),
            inflater: deflate.map(|params| Box::new(Inflater::new(&params, role))),
            queue: VecDeque::new(),
            current: None,
            close: None,
            violation: None,
            counters: Counters { wire_bytes: early.len() as u64, ..Counters::default() },
            keeps_omitted: false,
            keeps_messages: true,
            growth: None,
            release_at: None,
        }
    }

    /// With extensions other than permessage-deflate, if they were negotiated: what they define is not known, so reserved bits
    /// and opcodes and text that is not UTF-8 are no violations (RFC 6455 sections 5.2 and 9.1). Frames with a reserved opcode
    /// are skipped, and the continuation frames of a message that begins with one.
    pub fn with_other_extensions(mut self, were_negotiated: bool) -> Self {
        self.limits.has_other_extensions = were_negotiated;
        self
    }

    /// The next event, or `None` when more bytes are needed. Its direction is always
    /// [`Direction::Received`].
    pub fn next_event(&mut self) -> Option<Event<'_>> {
        if let Some(message) = self.next_whole_message() {
            return Some(self.whole_event(message));
        }
        loop {
            self.current = self.queue.pop_front();
            if self.current.is_some() {
                return self.current.as_ref().and_then(|queued| self.view(queued));
            }
            // A frame that is not complete may have queued a tolerated violation.
            let has_progressed = self.parse_frame();
            if !has_progressed && self.queue.is_empty() {
                return None;
            }
        }
    }

    /// The first Close frame that was received.
    pub fn close(&self) -> Option<&ClosePayload> {
        self.close.as_ref()
    }

    /// The last violation that was not tolerated.
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// What was received.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Whether part of a data message was received.
    pub fn is_receiving_message(&self) -> bool {
        self.message.is_some()
    }

    /// The offset of the first byte that is not part of a decoded frame, in the stream of received bytes.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the header of a frame was decoded whose payload is not complete. Control frames are decoded as a whole.
    pub(super) fn is_inside_frame(&self) -> bool {
        self.frame.is_some()
    }

    /// Whether the incomplete message is compressed.
    pub(super) fn is_message_compressed(&self) -> bool {
        self.message.is_some_and(|message| message.compressed)
    }

    /// The maximum size of a message in bytes.
    pub(super) fn max_message_size(&self) -> u64 {
        self.limits.max_message_size
    }

    /// A queued event with its bytes.
    pub(super) fn view<'a>(&'a self, queued: &'a QueuedEvent) -> Option<Event<'a>> {
        Some(match queued {
            QueuedEvent::Frame(frame) => Event::Frame(FrameEvent {
                direction: frame.direction,
                header: frame.header,
                payload: self.bytes(&frame.payload),
                has_payload: true,
                part: frame.part,
                plain: frame.plain.as_ref().map(|span| self.bytes(span)),
                plain_size: frame.plain.as_ref().map(|span| self.bytes(span).len() as u64),
                raw: false,
            }),
            QueuedEvent::Message { kind, span, frames, wire_size, compressed } => Event::Message {
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
            QueuedEvent::Omitted { message, size, reason } => Event::Omitted {
                kind: message.kind,
                size: *size,
                frames: message.frames,
                wire_size: message.wire_size,
                compressed: message.compressed,
                reason: *reason,
            },
            QueuedEvent::Ping(direction, span) => Event::Ping(*direction, self.bytes(span)),
            QueuedEvent::Pong(direction, span, rtt) => {
                Event::Pong(*direction, self.bytes(span), *rtt)
            }
            QueuedEvent::Close(direction) => Event::Close(*direction, self.close.as_ref()?),
            QueuedEvent::LaterClose(close) => Event::Close(Direction::Received, close),
            QueuedEvent::Violation => Event::Violation(self.violation.as_ref()?),
            QueuedEvent::Tolerated(violation) => Event::Tolerated(violation),
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
