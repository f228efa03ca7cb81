//! One direction of a connection between two other endpoints, passed on message by message, so that messages can be
//! dropped, changed or delayed. Nothing is changed unless that is requested: a message that is passed is delivered in
//! the bytes in which it was received.
//!
//! With context takeover (RFC 7692 section 7.1.1) a compressed message can refer to all earlier ones. As soon as one of
//! them is not delivered as it was received, later ones are compressed anew, without references to what precedes.
//!
//! Driving a [`MessageRelay`]:
//!
//! 1. pass received bytes to [`MessageRelay::receive`], or record with [`MessageRelay::end`] that there are no more;
//! 2. call [`MessageRelay::next`] until it returns `None`, and decide about each [`Step::Decide`];
//! 3. write `out` to the receiver;
//! 4. if [`MessageRelay::has_waiting_control`] for about a second, call [`MessageRelay::release_control`].

use std::ops::Range;

use super::deflate::DeflateParams;
use super::frame::{Header, Masks, Opcode};
use super::inbound::{Inbound, QueuedEvent, WholeMessage};
use super::tap::Side;
use super::violation::{Rule, Violation};
use super::vocabulary::{Event, Role};

mod pending;
mod sender;
mod stream;
mod unit;

use pending::Pending;
pub use sender::{Content, bit_in};
use sender::{Place, Received, Sender};
use stream::Stream;
pub use unit::{Decision, Unit};

/// The configuration of a [`MessageRelay`].
#[derive(Debug)]
pub struct RelayOptions {
    /// Whether the caller decides about each message and control frame. If not, frames are passed when they are complete.
    pub decides: bool,
    /// Withhold the first frame that violates the protocol, and everything after it.
    pub enforce: bool,
    /// The parameters of permessage-deflate, if it was negotiated.
    pub deflate: Option<DeflateParams>,
    /// The source of masking keys for frames to the server.
    pub masks: Masks,
}

/// What was received next.
#[derive(Debug)]
pub enum Step<'a> {
    /// Nothing is to be decided.
    Observed(Event<'a>),
    /// A message, ping, pong or Close frame.
    Decide(Decision<'a>),
}

/// Which messages are put together anew: see [`MessageRelay::reframed`].
#[derive(Clone, Copy, Debug)]
pub struct Reframed {
    /// Those that are compressed.
    is_compressed: bool,
    /// The message that is being received is.
    is_inside: bool,
}

impl Reframed {
    /// Whether an event is a violation that the receiver does not get.
    pub fn removes(self, event: &Event<'_>) -> bool {
        let Event::Tolerated(violation) = event else { return false };
        let is_of_framing = matches!(
            violation.rule,
            Rule::ReservedBits
                | Rule::MaskedByServer
                | Rule::UnmaskedByClient
                | Rule::LengthNotMinimal
        );
        let is_in_compressed = |header: Header| match header.opcode {
            Opcode::Text | Opcode::Binary => header.rsv1,
            Opcode::Continuation => self.is_inside,
            _ => false,
        };
        self.is_compressed && is_of_framing && violation.frame.is_some_and(is_in_compressed)
    }
}

/// Why something cannot be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undeliverable {
    /// The sender has ended, or what it sends is withheld.
    #[error("nothing more is sent in this direction")]
    Ended,
    /// Nothing may follow a Close frame (RFC 6455 section 5.5.1).
    #[error("a Close frame was sent in this direction")]
    Closing,
    /// The boundaries of frames are not known any more.
    #[error("what is sent in this direction cannot be parsed")]
    Unparsable,
    /// A message or frame has been delivered in part. It may be possible later.
    #[error("another message is still being sent")]
    InsideMessage,
    /// RFC 6455 section 5.5.
    #[error("a {0} has at most 125 bytes of payload, not {1}")]
    ControlTooLong(Opcode, usize),
    /// Not the opcode of a control frame.
    #[error("{0} is not a control frame")]
    NotControl(Opcode),
}

/// Passes on what one side sends, message by message.
#[derive(Debug)]
pub struct MessageRelay {
    inbound: Inbound,
    decides: bool,
    enforces: bool,
    /// The received bytes that were not delivered yet.
    pending: Pending,
    /// How a message that is not kept is being delivered.
    stream: Option<Stream>,
    /// What is to be decided.
    current: Option<Current>,
    /// The frame that was completed last, in the pending bytes.
    last_frame: Range<usize>,
    /// The event returned last: its bytes may still be borrowed.
    observed: Option<CurrentEvent>,
    /// The violation for which frames are withheld.
    violation: Option<Violation>,
    has_ended: bool,
    /// Where the delivered bytes end, if nothing more of what is received is delivered.
    sealed: Option<Place>,
    /// The number of compressed messages that later ones may refer to.
    compressed: u64,
    sender: Sender,
}

/// A message or control frame that was not decided yet.
#[derive(Debug)]
struct Current {
    event: CurrentEvent,
    /// Where it is in the pending bytes.
    range: Range<usize>,
    number: Option<u64>,
}

#[derive(Debug)]
enum CurrentEvent {
    Whole(WholeMessage),
    Queued(QueuedEvent),
}

/// The maximum number of bytes received at a time, where inflated data may have to be kept: it can become 1032 times as
/// much.
const INFLATED_STEP: usize = 4 << 10;

/// As [`INFLATED_STEP`], while it is unlikely.
const COMPRESSED_STEP: usize = 16 << 10;

impl MessageRelay {
    /// Continues after a message boundary of what `from` sends: [`Inbound::is_between_messages`]. `inbound` must be
    /// [`Tolerance::Passive`](super::Tolerance::Passive).
    pub fn new(from: Side, inbound: Inbound, options: RelayOptions) -> Self {
        let RelayOptions { decides, enforce, deflate, masks } = options;
        Self {
            pending: Pending::at(inbound.offset()),
            inbound,
            decides,
            enforces: enforce,
            stream: None,
            current: None,
            last_frame: 0..0,
            observed: None,
            violation: None,
            has_ended: false,
            sealed: None,
            compressed: 0,
            sender: Sender::new(role_of(from), masks, deflate),
        }
    }

    /// Accepts received bytes, and returns how many. Pass the rest after [`MessageRelay::next`] has returned `None`.
    pub fn receive(&mut self, bytes: &[u8]) -> usize {
        if self.violation.is_some() {
            return bytes.len();
        }
        if self.current.is_some() || !self.inbound.queue.is_empty() {
            return 0;
        }
        let step = match self.sender.keeps_context() {
            false => usize::MAX,
            true if self.sender.can_inflate(self.compressed) => COMPRESSED_STEP,
            true => INFLATED_STEP,
        };
        let count = self.inbound.receive(&bytes[..bytes.len().min(step)]);
        self.pending.extend(&bytes[..count]);
        self.inbound.set_other_bytes(self.pending.memory_usage() + self.sender.memory_usage());
        count
    }

    /// The next step, or `None` when more bytes are needed. What is to be written to the receiver is appended to `out`.
    pub fn next(&mut self, out: &mut Vec<u8>) -> Option<Step<'_>> {
        if self.current.is_some() {
            self.decide(out, |sender, unit, out| sender.pass(unit, out));
        }
        if !self.advance(out) {
            return None;
        }
        if self.current.is_some() {
            return Some(Step::Decide(Decision { relay: self }));
        }
        let event = match &self.violation {
            Some(violation) => Event::Violation(violation),
            None => self.observed.as_ref()?.view(&self.inbound)?,
        };
        Some(Step::Observed(event))
    }

    /// Delivers something of our own.
    ///
    /// # Errors
    /// Why it cannot be delivered.
    pub fn inject(&mut self, content: Content<'_>, out: &mut Vec<u8>) -> Result<(), Undeliverable> {
        let is_close = matches!(content, Content::Control(Opcode::Close, _));
        let closes_sealed = is_close && self.sealed.is_some();
        if (self.has_ended && !closes_sealed) || (self.violation.is_some() && !is_close) {
            return Err(Undeliverable::Ended);
        }
        if self.inbound.ignores_input() && self.violation.is_none() && !closes_sealed {
            return Err(Undeliverable::Unparsable);
        }
        self.sender.validate_at(self.sealed.unwrap_or(self.sender.place), content)?;
        self.sender.send(content, out);
        Ok(())
    }

    /// Records that nothing of what is received from now on is delivered: the caller discards `out`. A Close frame of our own may follow
    /// what was delivered before, whatever is received.
    pub fn seal(&mut self) {
        self.sealed.get_or_insert(self.sender.place);
    }

    /// Records that the sender sends no more. What is incomplete is passed, inflated if the receiver could not do that. Then call [`MessageRelay::next`]: with
    /// [`RelayOptions::enforce`] an incomplete frame may be a violation.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        if self.current.is_some() {
            self.decide(out, |sender, unit, out| sender.pass(unit, out));
        }
        let is_violation = self.inbound.end();
        if self.violation.is_none() && !(is_violation && self.enforces) {
            self.deliver_unfinished(out);
        }
        self.has_ended = true;
    }

    /// Whether nothing incomplete was received or delivered.
    pub fn is_at_boundary(&self) -> bool {
        self.inbound.is_between_messages()
            && self.current.is_none()
            && self.stream.is_none()
            && self.pending.is_empty()
    }

    /// Whether something was received that is neither delivered nor discarded yet: the start of a frame or message.
    pub fn holds_back(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether what was delivered ends within a message.
    pub fn is_inside_message(&self) -> bool {
        self.sender.place != Place::BetweenMessages
    }

    /// Whether a Close frame was delivered.
    pub fn has_sent_close(&self) -> bool {
        self.sender.has_sent_close()
    }

    /// Records that a Close frame was delivered before.
    pub fn note_close(&mut self) {
        self.sender.note_close();
    }

    /// Whether the receiver's decompression context is no longer that of the sender.
    pub fn is_diverged(&self) -> bool {
        self.sender.is_diverged(self.compressed)
    }

    /// Whether control frames wait for the end of the message between whose fragments they were received.
    pub fn has_waiting_control(&self) -> bool {
        self.pending.has_controls() && self.stream.is_none()
    }

    /// Delivers the waiting control frames before the message.
    pub fn release_control(&mut self, out: &mut Vec<u8>) {
        if self.current.is_none() && self.stream.is_none() {
            self.pending.release_controls(out);
        }
    }

    /// What of the next violation the receiver does not get. `is_known`: nothing waits to be decided or delivered.
    pub fn reframed(&self, is_known: bool) -> Reframed {
        let is_raw = matches!(self.stream, Some(Stream::Raw));
        let is_anew = self.sender.compresses_anew()
            || (is_known && !self.sender.can_inflate(self.compressed));
        Reframed {
            is_compressed: self.decides && is_anew && !is_raw,
            is_inside: self.inbound.is_message_compressed(),
        }
    }

    /// Changes whether the caller decides: see [`RelayOptions::decides`]. Must be called at a boundary; as long as
    /// [`MessageRelay::is_diverged`] it does.
    pub fn set_decides(&mut self, decides: bool) {
        self.decides = decides || self.is_diverged();
    }

    /// The violation because of which nothing more is delivered, with [`RelayOptions::enforce`]; its
    /// [`Rule::close_code`](super::Rule::close_code) says how to close.
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// The state of what was received.
    pub fn inbound(&self) -> &Inbound {
        &self.inbound
    }

    /// Counts the memory, as [`Inbound::check_memory`]. Must be called when [`MessageRelay::next`] has returned `None`.
    pub fn check_memory(&mut self) {
        self.inbound.check_memory();
    }

    /// Frees the memory that only messages need, if nothing is incomplete.
    pub fn release_idle(&mut self) {
        if self.is_at_boundary() {
            self.observed = None;
            self.pending.release();
            self.inbound.release_idle_memory();
        }
    }

    /// Ends the relaying, so that bytes can be passed on unexamined again. Must be called at a boundary; not if
    /// [`MessageRelay::is_diverged`].
    pub fn into_inbound(mut self) -> Inbound {
        self.inbound.keep_omitted(false);
        self.inbound.set_other_bytes(0);
        self.inbound
    }

    /// Delivers the control frames that wait, if what is to be decided is another one behind them.
    fn release_earlier_controls(&mut self, out: &mut Vec<u8>) {
        let must_wait = self.is_message_held_back();
        let Some(current) = self.current.as_mut().filter(|_| must_wait) else { return };
        let before = self.pending.len();
        self.pending.release_controls(out);
        let released = before - self.pending.len();
        current.range = current.range.start - released..current.range.end - released;
    }

    /// Delivers or discards what was decided; without a decision that was due, does nothing.
    fn decide(
        &mut self,
        out: &mut Vec<u8>,
        verdict: impl FnOnce(&mut Sender, &Received<'_>, &mut Vec<u8>),
    ) {
        let Some(current) = self.current.take() else { return };
        let must_wait = self.is_message_held_back();
        let Some(event) = current.view(&self.inbound) else { return };
        let compressed = matches!(event, Event::Message { compressed: true, .. });
        let Some(content) = Content::of(&event) else { return };
        let unit = Received {
            content,
            raw: self.pending.slice(current.range.clone()),
            controls: &self.pending.controls_in(&current.range),
            compressed,
            number: current.number,
        };
        if must_wait {
            let mut bytes = Vec::new();
            verdict(&mut self.sender, &unit, &mut bytes);
            self.pending.replace_control(current.range, &bytes);
        } else {
            verdict(&mut self.sender, &unit, out);
            self.pending.consume(current.range.end);
        }
    }

    fn replace(&mut self, with: Content<'_>, out: &mut Vec<u8>) -> Result<(), Undeliverable> {
        let mut result = Ok(());
        let is_message = matches!(with, Content::Message(..));
        if is_message && self.is_message_held_back() {
            // A message cannot wait between the fragments of another: it is delivered before.
            result = self.sender.validate(with);
            let is_valid = result.is_ok();
            if is_valid {
                self.sender.send(with, out);
            }
            self.decide(out, |sender, unit, out| {
                if !is_valid {
                    sender.pass(unit, out);
                }
            });
        } else {
            self.decide(out, |sender, unit, out| result = sender.replace(unit, with, out));
        }
        result
    }

    fn current_event(&self) -> Option<Event<'_>> {
        self.current.as_ref()?.view(&self.inbound)
    }
}

impl Current {
    fn view<'a>(&'a self, inbound: &'a Inbound) -> Option<Event<'a>> {
        self.event.view(inbound)
    }
}

impl CurrentEvent {
    fn view<'a>(&'a self, inbound: &'a Inbound) -> Option<Event<'a>> {
        match self {
            Self::Whole(message) => Some(inbound.whole_event(message.clone())),
            Self::Queued(queued) => inbound.view(queued),
        }
    }
}

/// Appends a control frame, as if `from` had sent it. `payload` must have at most 125 bytes.
pub fn push_control(from: Side, masks: Masks, opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
    Sender::new(role_of(from), masks, None).push_frame(opcode, true, false, payload, out);
}

fn role_of(side: Side) -> Role {
    match side {
        Side::Client => Role::Client,
        Side::Server => Role::Server,
    }
}
