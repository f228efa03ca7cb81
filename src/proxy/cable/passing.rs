//! How a direction is passed on: streamed, or message by message.

use std::time::{Duration, Instant};

use crate::protocol::close::ClosePayload;
use crate::protocol::relay::{MessageRelay, RelayOptions};
use crate::protocol::{Inbound, Masks, Side};

use super::messages::Messages;
use super::sides::at;
use super::{Cable, Way};
use crate::proxy::outgoing::SourceEnd;

/// How a direction is passed on.
#[derive(Debug)]
pub(super) enum Passing {
    /// What was read is written at once, then decoded.
    Stream(Box<Inbound>),
    /// What was read is decoded, then decided.
    Messages(Box<Messages>),
}

/// A limit for what has none.
const LONGEST: Duration = Duration::from_secs(3600);

/// How long both sides may take to close after a violation with `--enforce`: the one that committed it rarely answers.
const ENFORCED_CLOSE: Duration = Duration::from_secs(1);

impl Passing {
    /// What has been decoded.
    pub(super) fn inbound(&self) -> &Inbound {
        match self {
            Self::Stream(inbound) => inbound,
            Self::Messages(messages) => messages.relay.inbound(),
        }
    }

    /// Whether frames are withheld since a violation.
    pub(super) fn has_violated(&self) -> bool {
        match self {
            Self::Stream(_) => false,
            Self::Messages(messages) => messages.relay.violation().is_some(),
        }
    }

    /// Whether a control frame was withheld because of a violation, and no message that was begun before.
    pub(super) fn withholds_control_only(&self) -> bool {
        let Self::Messages(messages) = self else { return false };
        let frame = messages.relay.violation().and_then(|violation| violation.frame);
        frame.is_some_and(|header| header.opcode.is_control())
            && !messages.relay.inbound().is_receiving_message()
    }

    /// Frees memory that only traffic needs.
    pub(super) fn release_idle(&mut self) {
        match self {
            Self::Stream(inbound) => inbound.release_idle_memory(),
            Self::Messages(messages) => messages.relay.release_idle(),
        }
    }

    /// Whether nothing waits for a decision.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Stream(_) => true,
            Self::Messages(messages) => messages.is_empty(),
        }
    }

    /// Whether more may be received.
    pub(super) fn has_room(&self) -> bool {
        match self {
            Self::Stream(_) => true,
            Self::Messages(messages) => messages.has_room(),
        }
    }

    /// When something has waited long enough.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Stream(_) => None,
            Self::Messages(messages) => messages.deadline(),
        }
    }

    /// Updates the memory that is accounted for. Must be called when there are no events left.
    pub(super) fn check_memory(&mut self) {
        match self {
            Self::Stream(inbound) => inbound.check_memory(),
            Self::Messages(messages) => messages.relay.check_memory(),
        }
    }

    /// The messages, if they are decided one by one.
    pub(super) fn messages(&mut self) -> Option<&mut Messages> {
        match self {
            Self::Stream(_) => None,
            Self::Messages(messages) => Some(messages),
        }
    }
}

impl Cable<'_> {
    /// Whether what a side sends has to be decided message by message.
    pub(super) fn wants_messages(&self, from: Side) -> bool {
        self.options.enforce
            || self.decides(from)
            || !self.ways[at(from)].injections.waiting.is_empty()
    }

    /// Whether what a side sends has to be looked at frame by frame: it may have to stop at the end of one.
    pub(super) fn wants_frames(&self, from: Side) -> bool {
        self.wants_messages(from) || self.ways[at(from)].own_close.is_some()
    }

    /// Whether a rule or the operator may decide about messages of a side. With `--enforce` alone frames do not wait for the end of
    /// their message.
    fn decides(&self, from: Side) -> bool {
        self.judge.rules().may_touch(from) || self.control.holding.is_on()
    }

    /// Changes between streaming and messages where that is needed and possible.
    pub(super) fn update_passing(&mut self, from: Side) {
        let (wants_messages, decides) = (self.wants_messages(from), self.decides(from));
        let (enforce, deflate) = (self.options.enforce, self.options.deflate);
        let way = &mut self.ways[at(from)];
        if way.ended.is_some() {
            return;
        }
        match &way.passing {
            Passing::Stream(inbound) if wants_messages && inbound.is_between_messages() => {
                let Passing::Stream(mut inbound) = way.take_passing() else { return };
                inbound.keep_messages(true);
                let options = RelayOptions { decides, enforce, deflate, masks: Masks::random() };
                let mut relay = MessageRelay::new(from, *inbound, options);
                if way.has_streamed_close {
                    relay.note_close();
                }
                way.passing = Passing::Messages(Box::new(Messages::new(relay, from)));
            }
            Passing::Messages(messages)
                if !wants_messages
                    && messages.is_empty()
                    && messages.relay.is_at_boundary()
                    && !messages.relay.is_diverged() =>
            {
                way.has_streamed_close = way.has_delivered_close();
                let Passing::Messages(messages) = way.take_passing() else { return };
                way.passing = Passing::Stream(Box::new(messages.relay.into_inbound()));
            }
            Passing::Messages(messages)
                if messages.is_empty() && messages.relay.is_at_boundary() =>
            {
                if let Some(messages) = way.passing.messages() {
                    messages.relay.set_decides(decides);
                }
            }
            _ => {}
        }
    }

    /// Passes on bytes frame by frame, so that a change of how is possible between any two messages.
    pub(super) fn feed(&mut self, from: Side, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            self.update_passing(from);
            let is_withheld = self.withholds(from);
            let has_own_close = self.ways[at(from)].own_close.is_some();
            let count = match &mut self.ways[at(from)].passing {
                Passing::Stream(inbound) => {
                    let count = inbound.wanted().min(bytes.len());
                    let count = inbound.receive(&bytes[..count]);
                    match is_withheld {
                        true => self.ways[at(from)].losses.add_bytes(count),
                        false => self.write_or_keep(from, &bytes[..count]),
                    }
                    self.take_all_events(from);
                    count
                }
                Passing::Messages(messages) => {
                    let wanted = match has_own_close {
                        true => messages.relay.inbound().wanted().min(bytes.len()),
                        false => bytes.len(),
                    };
                    let count = messages.relay.receive(&bytes[..wanted]);
                    if is_withheld {
                        self.ways[at(from)].losses.add_bytes(count);
                    }
                    self.decide(from);
                    count
                }
            };
            bytes = &bytes[count..];
            self.send_own_close(from, false);
        }
        self.deliver_injections(from);
    }

    /// Writes what was decided, or puts it behind what waits.
    pub(super) fn keep_order(&mut self, from: Side, out: &mut Vec<u8>) {
        let bytes = std::mem::take(out);
        if bytes.is_empty() || self.withholds(from) {
            return;
        }
        let Some(messages) = self.ways[at(from)].passing.messages() else { return };
        if messages.is_ending() {
            return; // it was received behind what ends the connection
        }
        let bytes = messages.queue(bytes);
        self.write_or_keep(from, &bytes);
    }

    /// Lets go what need not wait any more.
    pub(super) fn advance(&mut self, from: Side) {
        let mut out = Vec::new();
        let is_withheld = self.withholds(from);
        let Way { passing, losses, .. } = &mut self.ways[at(from)];
        let Passing::Messages(messages) = passing else { return };
        let waited = if is_withheld { messages.waiting() } else { 0 };
        messages.advance(Instant::now(), &mut out);
        let (is_empty, ending) = (messages.is_empty(), messages.take_ending());
        let waits_for_operator = messages.waits_for_operator();
        let released = messages.take_released();
        if is_withheld {
            losses.add_messages(waited - messages.waiting());
        } else {
            self.write_or_keep(from, &out);
        }
        self.show_released(from, released);
        if let Some(ending) = ending {
            self.end_as_ruled(ending);
        }
        if is_empty {
            self.check_enforced(from);
        }
        // A reset does not wait for the operator: who sent what is held has gone.
        let is_reset = self.ways[at(from)].pending_end == Some(SourceEnd::Reset);
        if self.closing.is_none()
            && (is_empty || (is_reset && waits_for_operator))
            && let Some(end) = self.ways[at(from)].pending_end.take()
        {
            self.pass_end(from, end);
        }
    }

    /// With `--enforce` a violation closes both sides.
    fn check_enforced(&mut self, from: Side) {
        let Some(messages) = self.ways[at(from)].passing.messages() else { return };
        let Some(violation) = messages.relay.violation() else { return };
        let code = Some(violation.rule.close_code());
        let why = format!("--enforce: the {} violated the protocol", from.name());
        let payload = ClosePayload { code, reason: String::new() };
        self.close(payload, why, Instant::now() + ENFORCED_CLOSE + self.greatest_latency());
    }

    /// When a closing handshake of ours ends whatever the sides do.
    pub(super) fn close_deadline(&self) -> Instant {
        let limit = self.options.close_timeout.unwrap_or(LONGEST);
        Instant::now() + limit + self.greatest_latency()
    }

    /// How long `--latency` may keep what is sent.
    fn greatest_latency(&self) -> Duration {
        let latency = self.options.latency.map(|jitter| jitter.at(1.0));
        latency.unwrap_or_default().min(LONGEST)
    }
}
