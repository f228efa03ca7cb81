//! What is received: which frames are complete, which are decided about, and which are delivered at once.

use super::sender::Place;
use super::{Current, CurrentEvent, MessageRelay};
use crate::protocol::frame::Opcode;
use crate::protocol::inbound::QueuedEvent;
use crate::protocol::message::{MessageKind, Omission};
use crate::protocol::violation::Rule;

/// How a message that is not kept is being delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    /// As it is received.
    Raw,
    /// Inflated, in uncompressed fragments: the receiver could not inflate it.
    Fragments { has_begun: bool },
}

/// A message may be this much longer on the wire than its payload, in bytes, before it is delivered undecided: many
/// small fragments have many headers.
const MAX_HEADERS: u64 = 1 << 20;

impl MessageRelay {
    /// Proceeds to the next event, which is then in `current`, `observed` or `violation`.
    pub(super) fn advance(&mut self, out: &mut Vec<u8>) -> bool {
        self.observed = None;
        if self.violation.is_some() {
            return false;
        }
        loop {
            if let Some(message) = self.inbound.next_whole_message() {
                self.pending.deliver_complete(out);
                self.pending.complete_to(self.inbound.offset());
                self.set_message(CurrentEvent::Whole(message), false, out);
                return true;
            }
            if let Some(queued) = self.inbound.queue.pop_front() {
                self.handle(queued, out);
                return true;
            }
            if self.stream.is_none() {
                self.inbound.keep_omitted(!self.sender.can_inflate(self.compressed));
            }
            let has_progressed = self.inbound.parse_frame();
            self.after_parsing(out);
            if !has_progressed && self.inbound.queue.is_empty() {
                self.deliver_undecided(out);
                return false;
            }
        }
    }

    /// Whether a message is being received of which nothing is delivered yet.
    pub(super) fn is_message_held_back(&self) -> bool {
        self.inbound.is_receiving_message() && self.stream.is_none()
    }

    /// Delivers everything that is left, behind which nothing is received.
    pub(super) fn deliver_unfinished(&mut self, out: &mut Vec<u8>) {
        if self.is_message_held_back() && !self.sender.can_inflate(self.compressed) {
            self.stream_unfinished();
            self.continue_stream(Omission::Unfinished, out);
        } else {
            self.deliver_all(out);
        }
    }

    /// Delivers the complete fragments of a message that is held back, because a Close frame of our own follows them. Nothing else
    /// is delivered then, also if this is called again; the message is still received to its end, so that it can be shown.
    pub fn deliver_fragments(&mut self, out: &mut Vec<u8>) {
        let may_deliver = self.decides && self.violation.is_none() && self.current.is_none();
        let are_delivered = self.sender.place != Place::BetweenMessages || self.sealed.is_some();
        if !may_deliver || are_delivered || !self.is_message_held_back() {
            return;
        }
        let is_compressed = self.inbound.is_message_compressed();
        if is_compressed && !self.sender.can_inflate(self.compressed) {
            self.pending.discard_complete(out);
            let kind = self.inbound.incomplete_message().map(|message| message.kind);
            let (opcode, data) = (kind.map(MessageKind::opcode), self.inbound.inflated());
            if let Some(opcode) = opcode.filter(|_| !data.is_empty()) {
                self.sender.push_frame(opcode, false, false, data, out);
                self.sender.place = Place::BetweenFrames;
            }
        } else if !self.pending.complete().is_empty() {
            self.pending.deliver_complete(out);
            self.sender.place = Place::BetweenFrames;
        }
    }

    /// Has the message that is held back delivered as far as it came: nothing will be decided about it.
    fn stream_unfinished(&mut self) {
        let compressed = self.inbound.is_message_compressed();
        self.inbound.omit_current(Omission::Unfinished);
        self.begin_stream(compressed, Omission::Unfinished);
    }

    /// Delivers everything that is left.
    pub(super) fn deliver_all(&mut self, out: &mut Vec<u8>) {
        let is_raw = !matches!(self.stream, Some(Stream::Fragments { .. }));
        self.pending.take_all(self.inbound.offset(), is_raw.then_some(out));
        self.sender.place = Place::InsideFrame;
    }

    /// After a step of decoding: delivers frames about which is not decided.
    fn after_parsing(&mut self, out: &mut Vec<u8>) {
        let queue = &self.inbound.queue;
        if self.enforces && queue.iter().any(is_violation) {
            return;
        }
        if queue.iter().any(abandons_message) {
            self.pending.deliver_complete(out);
            self.stream = None;
        }
        let offset = self.inbound.offset();
        if self.inbound.is_inside_frame() || offset == self.pending.offset() {
            return;
        }
        let (range, header) = self.pending.complete_to(offset);
        let (decides, is_inside) = (self.decides, self.inbound.is_inside_message());
        let is_open = |queued: &QueuedEvent| match queued {
            QueuedEvent::Omitted { .. } => true,
            queued => decides && (is_message(queued) || is_control(queued)),
        };
        if queue.iter().any(is_open) {
            self.last_frame = range;
            return;
        }
        let is_other =
            |opcode: Opcode| opcode.is_control() || matches!(opcode, Opcode::Reserved(_));
        if header.is_some_and(|header| is_other(header.opcode)) {
            self.pending.add_control(range);
        }
        if !decides || !is_inside {
            self.pending.deliver_complete(out);
            self.sender.place =
                if is_inside { Place::BetweenFrames } else { Place::BetweenMessages };
        }
    }

    fn handle(&mut self, queued: QueuedEvent, out: &mut Vec<u8>) {
        match &queued {
            violation if self.enforces && is_violation(violation) => {
                return self.withhold(queued, out);
            }
            QueuedEvent::Message { compressed, .. } => {
                let compressed = *compressed;
                return self.set_message(CurrentEvent::Queued(queued), compressed, out);
            }
            control if self.decides && is_control(control) => {
                return self.set_control(queued, out);
            }
            QueuedEvent::Omitted { message, reason, .. } => {
                let (kind, compressed, reason) = (message.kind, message.compressed, *reason);
                self.begin_stream(compressed, reason);
                self.finish_stream(kind, reason, out);
            }
            QueuedEvent::Violation => self.deliver_all(out),
            QueuedEvent::Close(_) => self.sender.note_close(),
            _ => {}
        }
        self.observed = Some(CurrentEvent::Queued(queued));
    }

    fn set_message(&mut self, event: CurrentEvent, compressed: bool, out: &mut Vec<u8>) {
        if !self.decides {
            self.pending.deliver_complete(out);
            self.sender.place = Place::BetweenMessages;
            self.observed = Some(event);
            return;
        }
        let number = (compressed && self.sender.keeps_context()).then_some(self.compressed);
        self.compressed += u64::from(number.is_some());
        self.current = Some(Current { event, range: self.pending.complete(), number });
    }

    fn set_control(&mut self, queued: QueuedEvent, out: &mut Vec<u8>) {
        let range = self.last_frame.clone();
        // Nothing follows a Close frame, so that it cannot wait for the end of a message.
        let is_unfinished = is_close(&queued) && self.is_message_held_back();
        if is_unfinished {
            self.stream_unfinished();
        }
        match self.stream {
            None if self.inbound.is_receiving_message() => {}
            Some(Stream::Fragments { .. }) => {
                self.pending.discard_to(range.start, out);
                if is_unfinished {
                    self.push_unfinished(Omission::Unfinished, out);
                }
            }
            None | Some(Stream::Raw) => {
                self.pending.deliver_to(range.start, out);
                if is_unfinished {
                    self.sender.place = Place::BetweenFrames;
                }
            }
        }
        self.current = Some(Current { event: CurrentEvent::Queued(queued), range, number: None });
    }

    /// Delivers what can be delivered of incomplete frames and messages.
    fn deliver_undecided(&mut self, out: &mut Vec<u8>) {
        let max = self.inbound.max_message_size().saturating_add(MAX_HEADERS);
        if self.inbound.ignores_input() {
            self.deliver_all(out);
        } else if self.inbound.is_inside_frame() && !self.inbound.is_receiving_message() {
            // A frame that is not interpreted.
            self.deliver_all(out);
        } else {
            if self.inbound.is_receiving_message() && self.pending.len() as u64 > max {
                self.inbound.omit_current(Omission::TooBig);
            }
            if let Some(reason) = self.inbound.omission() {
                self.begin_stream(self.inbound.is_message_compressed(), reason);
                self.continue_stream(reason, out);
            }
        }
    }

    /// Starts to deliver a message that is not kept.
    fn begin_stream(&mut self, compressed: bool, reason: Omission) {
        if self.stream.is_some() {
            return;
        }
        let is_numbered = compressed
            && self.decides
            && self.sender.keeps_context()
            && reason != Omission::CannotInflate;
        self.stream = Some(Stream::Raw);
        if is_numbered {
            if self.sender.can_inflate(self.compressed) {
                self.sender.note_inflatable();
            } else {
                self.stream = Some(Stream::Fragments { has_begun: false });
            }
            self.compressed += 1;
        }
    }

    fn continue_stream(&mut self, reason: Omission, out: &mut Vec<u8>) {
        let is_inside = self.inbound.is_inside_frame();
        match self.stream {
            Some(Stream::Fragments { .. }) => {
                self.pending.discard_complete(out);
                if is_inside {
                    self.pending.take_all(self.inbound.offset(), None);
                }
                self.push_unfinished(reason, out);
            }
            Some(Stream::Raw) if is_inside => self.deliver_all(out),
            Some(Stream::Raw) | None => {
                self.pending.deliver_complete(out);
                self.sender.place = Place::BetweenFrames;
            }
        }
    }

    fn finish_stream(&mut self, kind: MessageKind, reason: Omission, out: &mut Vec<u8>) {
        if let Some(Stream::Fragments { .. }) = self.stream {
            self.pending.discard_complete(out);
            self.push_fragment(kind, true, reason, out);
        } else {
            self.pending.deliver_complete(out);
        }
        self.stream = None;
        self.sender.place = Place::BetweenMessages;
    }

    fn push_unfinished(&mut self, reason: Omission, out: &mut Vec<u8>) {
        let kind = self.inbound.incomplete_message().map(|message| message.kind);
        self.push_fragment(kind.unwrap_or(MessageKind::Binary), false, reason, out);
    }

    /// Delivers the data inflated since the last time. A message whose data is corrupt gets no end: what follows it is a
    /// violation for the receiver, as the message is.
    fn push_fragment(&mut self, kind: MessageKind, fin: bool, reason: Omission, out: &mut Vec<u8>) {
        let Some(Stream::Fragments { has_begun }) = &mut self.stream else { return };
        let mut data = Vec::new();
        self.inbound.take_omitted(&mut data);
        if reason == Omission::CannotInflate || (data.is_empty() && !fin) {
            return;
        }
        let opcode = if *has_begun { Opcode::Continuation } else { kind.opcode() };
        *has_begun = true;
        self.sender.push_frame(opcode, fin, false, &data, out);
        self.sender.place = Place::BetweenFrames;
    }

    /// Delivers the frames before the one with a violation, and nothing after it.
    fn withhold(&mut self, queued: QueuedEvent, out: &mut Vec<u8>) {
        let is_reframed = matches!(self.stream, Some(Stream::Fragments { .. }));
        if is_reframed || !self.sender.can_inflate(self.compressed) {
            self.pending.discard_complete(out);
        } else {
            self.pending.deliver_complete(out);
        }
        self.pending.take_all(self.inbound.offset(), None);
        if self.sender.place == Place::BetweenMessages {
            self.sender.place = Place::BetweenFrames;
        }
        self.violation = match queued {
            QueuedEvent::Tolerated(violation) => Some(*violation),
            _ => self.inbound.violation().cloned(),
        };
        // Nothing behind it is decoded, so that where that ends is not known.
        self.inbound.ignore();
    }
}

fn is_message(queued: &QueuedEvent) -> bool {
    matches!(queued, QueuedEvent::Message { .. })
}

fn is_control(queued: &QueuedEvent) -> bool {
    matches!(
        queued,
        QueuedEvent::Ping(..)
            | QueuedEvent::Pong(..)
            | QueuedEvent::Close(_)
            | QueuedEvent::LaterClose(_)
    )
}

fn is_close(queued: &QueuedEvent) -> bool {
    matches!(queued, QueuedEvent::Close(_) | QueuedEvent::LaterClose(_))
}

fn is_violation(queued: &QueuedEvent) -> bool {
    matches!(queued, QueuedEvent::Violation | QueuedEvent::Tolerated(_))
}

fn abandons_message(queued: &QueuedEvent) -> bool {
    matches!(queued, QueuedEvent::Tolerated(violation) if violation.rule == Rule::MessageInsideMessage)
}
