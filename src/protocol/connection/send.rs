//! Sending: messages, control frames, and raw frames.

use std::time::Instant;

use super::{ANSWER_GRACE, Connection, EndCause, MAX_PINGS, Phase};
use crate::protocol::close::{CloseCode, ClosePayload};
use crate::protocol::frame::{Header, MAX_CONTROL_PAYLOAD, Opcode};
use crate::protocol::inbound::{QueuedEvent, QueuedFrame, Span, read_close};
use crate::protocol::message::MessageKind;
use crate::protocol::payload::Payload;
use crate::protocol::raw::{RawFrame, RawMask};
use crate::protocol::vocabulary::{Direction, FrameEvent, Misuse, Part, Role, Sent};

/// The memory of a compressed message is freed if it is more than this many bytes.
const KEEP_COMPRESSED: usize = 1 << 20;

/// Called with every frame of a message that is sent.
type FrameObserver<'a> = &'a mut dyn FnMut(&FrameEvent<'_>);

impl Connection {
    /// Sends a data message in one frame, compressed if that was negotiated and makes it shorter.
    ///
    /// # Errors
    /// [`Misuse::Closing`] once a Close frame has been sent or received, or when the connection is closed
    /// because there is no memory for the message.
    pub fn send(&mut self, kind: MessageKind, data: &[u8]) -> Result<Sent, Misuse> {
        self.send_in_frames(kind, data, 1, &mut |_| ())
    }

    /// Sends a data message in `frames` frames, at least one, of about the same size. With
    /// [`ConnectionOptions::observe_frames`](super::ConnectionOptions::observe_frames), `observer` is called with each.
    ///
    /// # Errors
    /// As [`Connection::send`].
    pub fn send_in_frames(
        &mut self,
        kind: MessageKind,
        data: &[u8],
        frames: usize,
        observer: FrameObserver<'_>,
    ) -> Result<Sent, Misuse> {
        self.must_be_open()?;
        if !self.may_send(data.len()) {
            return Err(Misuse::Closing);
        }
        self.sent.messages += 1;
        self.sent.payload_bytes += data.len() as u64;
        let mut deflater = self.deflater.take();
        let compressed_data = deflater.as_mut().and_then(|deflater| deflater.compress(data));
        let compressed = compressed_data.is_some();
        let payload = compressed_data.unwrap_or(data);
        if compressed {
            self.sent.compressed.messages += 1;
            self.sent.compressed.packed_bytes += payload.len() as u64;
            self.sent.compressed.plain_bytes += data.len() as u64;
        }
        let mut wire_size = 0;
        let frames = frames.max(1);
        let mut rest = payload;
        for index in 0..frames {
            let opcode = if index == 0 { kind.opcode() } else { Opcode::Continuation };
            let (fin, rsv1) = (index + 1 == frames, compressed && index == 0);
            let (piece, behind) = rest.split_at(rest.len().div_ceil(frames - index));
            rest = behind;
            let header = self.outbox.push(opcode, fin, rsv1, piece);
            wire_size += header.wire_size();
            self.count_sent(&header);
            if self.observe_frames {
                let fragment = index as u64 + 1;
                observer(&FrameEvent {
                    direction: Direction::Sent,
                    header,
                    payload: piece,
                    has_payload: true,
                    part: Some(Part {
                        message: self.sent.messages,
                        fragment,
                        compressed,
                        is_final_block: false,
                    }),
                    plain: (compressed && frames == 1).then_some(data),
                    plain_size: (compressed && frames == 1).then_some(data.len() as u64),
                    raw: false,
                });
            }
        }
        if let Some(deflater) = &mut deflater {
            deflater.shrink(KEEP_COMPRESSED);
        }
        self.deflater = deflater;
        Ok(Sent { frames: frames as u64, wire_size, compressed })
    }

    /// Sends a received message back in one frame, if possible without a copy.
    ///
    /// # Errors
    /// As [`Connection::send`].
    pub fn send_back(&mut self, kind: MessageKind, payload: Payload) -> Result<Sent, Misuse> {
        self.must_be_open()?;
        self.current = None; // the message, which is no longer borrowed
        if self.deflater.is_some() || self.observe_frames || !self.outbox.is_empty() {
            return self.send(kind, payload.bytes());
        }
        let bytes = match payload.into_buffer() {
            Ok(buffer) => buffer.into_vec(),
            Err(payload) => return self.send(kind, payload.bytes()),
        };
        self.sent.messages += 1;
        self.sent.payload_bytes += bytes.len() as u64;
        let header = self.outbox.push_owned(kind.opcode(), bytes);
        self.count_sent(&header);
        Ok(Sent { frames: 1, wire_size: header.wire_size(), compressed: false })
    }

    /// Sends a frame unchanged, even if it violates the protocol or follows a Close frame. A raw Close
    /// frame starts the closing handshake as usual. Returns its header.
    ///
    /// # Errors
    /// When the connection has ended.
    pub fn send_raw(&mut self, frame: &RawFrame, now: Instant) -> Result<Header, Misuse> {
        if matches!(self.phase, Phase::Ended(_)) {
            return Err(Misuse::Closing);
        }
        let due = match frame.mask {
            RawMask::ByRole => self.outbox.next_key(),
            RawMask::Off | RawMask::Key(_) => None,
        };
        let header = frame.header(due);
        self.outbox.append_irregular(header.bytes(), header.mask, &frame.payload);
        self.sent.frames += 1;
        self.sent.wire_bytes += (header.len() + frame.payload.len()) as u64;
        if header.opcode == Opcode::Close && self.sent_close.is_none() {
            // Whatever its payload is, the peer treats it as the end.
            self.sent_close = Some(read_close(&frame.payload).unwrap_or_default());
            self.queue.push_back(QueuedEvent::Close(Direction::Sent));
            if self.is_open() {
                self.await_close(now);
            }
        }
        Ok(header)
    }

    /// Sends a ping and records the time, for the round-trip time.
    ///
    /// # Errors
    /// When closing, or if the payload is longer than 125 bytes.
    pub fn ping(&mut self, payload: &[u8], now: Instant) -> Result<(), Misuse> {
        self.control(Opcode::Ping, payload)?;
        if self.pings.len() == MAX_PINGS {
            self.pings.pop_front();
        }
        self.pings.push_back((payload.to_vec(), now));
        self.queue.push_back(QueuedEvent::Ping(Direction::Sent, Span::Own(payload.to_vec())));
        Ok(())
    }

    /// Sends an unsolicited pong (RFC 6455 section 5.5.3).
    ///
    /// # Errors
    /// When closing, or if the payload is longer than 125 bytes.
    pub fn pong(&mut self, payload: &[u8]) -> Result<(), Misuse> {
        self.control(Opcode::Pong, payload)?;
        self.queue.push_back(QueuedEvent::Pong(Direction::Sent, Span::Own(payload.to_vec()), None));
        Ok(())
    }

    /// Starts the closing handshake (RFC 6455 section 7.1.2). Without a code the frame is empty.
    ///
    /// # Errors
    /// When already closing, if the code must not be sent, or if the reason is longer than 123 bytes.
    pub fn close(
        &mut self,
        code: Option<CloseCode>,
        reason: &str,
        now: Instant,
    ) -> Result<(), Misuse> {
        self.must_be_open()?;
        let payload = ClosePayload::to_send(code, reason)?;
        if self.is_close_unanswered() {
            self.close_answer = Some(payload);
            self.complete_close(now);
            return Ok(());
        }
        self.push_close(payload);
        self.await_close(now);
        Ok(())
    }

    /// Drops the frames that the transport has not started to write: before our Close frame, so that it is
    /// sent immediately, or after the peer's, which reads no more messages (RFC 6455 section 5.5.1). Our
    /// Close frame is kept. The first `least` pending bytes are kept, and the frame that they end in is
    /// kept as a whole.
    ///
    /// Returns the number of data messages dropped.
    pub fn drop_unsent(&mut self, least: usize) -> u64 {
        let keep = self.outbox.next_boundary_after(least);
        self.drop_after(keep)
    }

    /// After the peer's Close frame: drops all but the first `keep` pending bytes, which must end at a frame
    /// boundary, and our Close frame.
    pub fn retract_output(&mut self, keep: usize) {
        if matches!(self.phase, Phase::Closed { .. }) {
            self.drop_after(keep);
        }
    }

    /// Drops the pending output after the first `keep` bytes, which end at a frame boundary, except for our
    /// Close frame. Returns the number of data messages dropped.
    pub(super) fn drop_after(&mut self, keep: usize) -> u64 {
        if matches!(self.phase, Phase::Ended(_)) {
            return 0;
        }
        let close = self.close_frame_size();
        let count = self.outbox.messages_after(keep);
        self.outbox.retract(keep, close);
        count
    }

    /// Records that the transport accepted bytes at `now`, which extends the deadline: a peer that is still
    /// reading what was sent before our Close frame is not late.
    pub fn note_output_progress(&mut self, now: Instant) {
        let is_through = self.outbox.unwritten() == 0;
        match &mut self.phase {
            Phase::Closing { until, cause_if_late: EndCause::CloseTimeout } => {
                *until = self.close_timeout.map(|timeout| now + timeout);
            }
            Phase::Closed { until, latest } if !is_through => {
                *until = earliest(Some(now + ANSWER_GRACE), *latest);
            }
            _ => {}
        }
    }

    /// The length of our Close frame on the wire.
    pub(super) fn close_frame_size(&self) -> usize {
        self.sent_close.as_ref().map_or(0, |close| self.size_of(close))
    }

    fn size_of(&self, close: &ClosePayload) -> usize {
        let mask = if self.role == Role::Client { 4 } else { 0 };
        2 + mask + close.to_bytes().len()
    }

    pub(super) fn await_close(&mut self, now: Instant) {
        let until = self.close_timeout.map(|timeout| now + timeout);
        self.phase = Phase::Closing { until, cause_if_late: EndCause::CloseTimeout };
    }

    pub(super) fn must_be_open(&self) -> Result<(), Misuse> {
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

    pub(super) fn push_control(&mut self, opcode: Opcode, payload: &[u8]) {
        let header = self.outbox.push(opcode, true, false, payload);
        self.count_sent(&header);
        if self.observe_frames {
            self.queue.push_back(QueuedEvent::Frame(Box::new(QueuedFrame {
                direction: Direction::Sent,
                header,
                payload: Span::Own(payload.to_vec()),
                part: None,
                plain: None,
            })));
        }
    }

    pub(super) fn push_close(&mut self, payload: ClosePayload) {
        self.push_control(Opcode::Close, &payload.to_bytes());
        self.sent_close = Some(payload);
        self.queue.push_back(QueuedEvent::Close(Direction::Sent));
    }

    fn count_sent(&mut self, header: &Header) {
        self.sent.frames += 1;
        self.sent.wire_bytes += header.wire_size();
    }
}

pub(super) fn earliest(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}
