//! How a direction is passed on: streamed, or message by message.

use std::time::{Duration, Instant};

use crate::event::{Changed, EventKind, Level, Touch};
use crate::protocol::close::ClosePayload;
use crate::protocol::frame::Opcode;
use crate::protocol::relay::{Content, Decision, MessageRelay, RelayOptions, Step, Unit};
use crate::protocol::vocabulary::Event;
use crate::protocol::{Inbound, Masks, MessageKind, Side};
use crate::rules::{Effect, Judged, Replacement, Verdict};

use super::cable::{Cable, SIDES, Way, at, direction, other};
use super::events::{message, show, show_touched};
use super::hold::{Held, Payload};
use super::messages::{Ending, Messages, Plan, Wait, replaced};

/// How a direction is passed on.
#[derive(Debug)]
pub(super) enum Passing {
    /// What was read is written at once, then decoded.
    Stream(Inbound),
    /// What was read is decoded, then decided.
    Messages(Box<Messages>),
}

/// What waits, and how.
type Queued = (Unit, Plan, Wait);

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

/// What is done to a message or control frame that a rule or the operator touches.
enum Deed {
    Pass,
    Plan(Plan),
    Wait(Plan, Wait),
    Close(ClosePayload),
    Abort,
}

impl Cable<'_> {
    /// Whether what a side sends has to be decided message by message.
    pub(super) fn wants_messages(&self, from: Side) -> bool {
        self.options.enforce
            || self.judge.rules().may_touch(from)
            || self.control.holding.is_on()
            || !self.ways[at(from)].injections.is_empty()
    }

    /// Changes between streaming and messages where that is needed and possible.
    pub(super) fn update_passing(&mut self, from: Side) {
        let wants_messages = self.wants_messages(from);
        let (options, deflate) = (&self.options, self.options.deflate);
        let (decides, enforce) = (true, options.enforce);
        let way = &mut self.ways[at(from)];
        if way.ended.is_some() {
            return;
        }
        match &way.passing {
            Passing::Stream(inbound) if wants_messages && inbound.is_between_messages() => {
                let Passing::Stream(inbound) = way.take_passing() else { return };
                let options = RelayOptions { decides, enforce, deflate, masks: Masks::random() };
                let mut relay = MessageRelay::new(from, inbound, options);
                if way.has_streamed_close {
                    relay.note_close();
                }
                way.passing = Passing::Messages(Box::new(Messages::new(relay)));
            }
            Passing::Messages(messages)
                if !wants_messages
                    && messages.is_empty()
                    && messages.relay.is_at_boundary()
                    && !messages.relay.is_diverged() =>
            {
                way.has_streamed_close = way.has_delivered_close();
                let Passing::Messages(messages) = way.take_passing() else { return };
                way.passing = Passing::Stream(messages.relay.into_inbound());
            }
            _ => {}
        }
    }

    /// Passes on bytes frame by frame, so that a change of how is possible between any two messages.
    pub(super) fn feed(&mut self, from: Side, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.is_over {
            self.update_passing(from);
            let is_closing = self.closing.is_some();
            let count = match &mut self.ways[at(from)].passing {
                Passing::Stream(inbound) => {
                    let count = inbound.wanted().min(bytes.len());
                    let count = inbound.receive(&bytes[..count]);
                    if !is_closing {
                        self.write_or_keep(from, &bytes[..count]);
                    }
                    self.take_all_events(from);
                    count
                }
                Passing::Messages(messages) => {
                    let count = messages.relay.receive(bytes);
                    self.decide(from);
                    count
                }
            };
            bytes = &bytes[count..];
        }
        self.deliver_injections(from);
    }

    /// Decides about all that was decoded.
    pub(super) fn decide(&mut self, from: Side) {
        let mut out = Vec::new();
        loop {
            let Some((deed, queued)) = self.next_step(from, &mut out) else { break };
            // What was received before it precedes it.
            self.keep_order(from, &mut out);
            let Some(messages) = self.ways[at(from)].passing.messages() else { break };
            match (deed, queued) {
                (_, Some((unit, plan, wait))) => messages.push(unit, plan, wait),
                (Deed::Close(payload), None) => messages.end(Ending::Close(payload)),
                (Deed::Abort, None) => messages.end(Ending::Abort),
                (Deed::Pass | Deed::Plan(_) | Deed::Wait(..), None) => {}
            }
        }
        self.keep_order(from, &mut out);
        self.advance(from);
    }

    /// Ends the connection as a rule says.
    fn end_as_ruled(&mut self, ending: Ending) {
        match ending {
            Ending::Close(payload) => {
                let until = self.close_deadline();
                self.close(payload, "a rule".to_owned(), until);
            }
            Ending::Abort => self.abort("a rule reset both TCP connections".to_owned()),
        }
    }

    /// Takes one step of the decoder, and carries out what is decided about it.
    fn next_step(&mut self, from: Side, out: &mut Vec<u8>) -> Option<(Deed, Option<Queued>)> {
        let is_closing = self.closing.is_some();
        let since_open = self.since.elapsed();
        let Way { passing: Passing::Messages(messages), close: first_close, .. } =
            &mut self.ways[at(from)]
        else {
            return None;
        };
        let is_closing = is_closing || messages.is_ending();
        let waits = !messages.is_empty();
        let mut queued = None;
        let deed = match messages.relay.next(out)? {
            Step::Observed(event) => {
                self.totals.note(&event, from, &self.control.messages);
                show(event, direction(from), self.opened, &mut self.journal);
                Deed::Pass
            }
            Step::Decide(decision) => {
                let event = decision.event();
                self.totals.note(&event, from, &self.control.messages);
                if let Event::Close(_, close) = &event {
                    first_close.get_or_insert_with(|| (*close).clone());
                }
                let verdict = match is_closing {
                    true => None,
                    false => self.judge.judge(from, &judged(&event), since_open),
                };
                let is_held = verdict.is_none()
                    && !is_closing
                    && self.control.holding.is_on()
                    && matches!(event, Event::Message { .. });
                let hold = |event: &Event<'_>| {
                    self.control.holding.add(Held {
                        connection: self.control.number,
                        from,
                        payload: payload(event),
                        is_edited: false,
                        orders: std::sync::Arc::clone(&self.control.orders),
                    })
                };
                let (deed, held) = match &verdict {
                    _ if is_held => {
                        let number = hold(&event);
                        (Deed::Wait(Plan::Pass, Wait::Held(number)), Some(number))
                    }
                    None => (Deed::Pass, None),
                    Some(Verdict { effect: Effect::Hold, .. }) => {
                        let number = hold(&event);
                        (Deed::Wait(Plan::Pass, Wait::Held(number)), Some(number))
                    }
                    Some(verdict) => (deed(&verdict.effect), None),
                };
                emit(event, from, verdict.as_ref(), held, self.opened, &mut self.journal);
                if let Some(number) = held {
                    let text = format!(
                        "held as {number}: /go {number}, /drop {number} or /edit {number} TEXT"
                    );
                    self.journal.emit(EventKind::Notice(Level::Info, &text));
                }
                if verdict.is_some() || is_held {
                    self.totals.touched += 1;
                }
                queued = carry_out(decision, &deed, waits || is_closing, out);
                deed
            }
        };
        Some((deed, queued))
    }

    /// Writes what was decided, or puts it behind what waits.
    pub(super) fn keep_order(&mut self, from: Side, out: &mut Vec<u8>) {
        let bytes = std::mem::take(out);
        if bytes.is_empty() || self.closing.is_some() {
            return;
        }
        let Some(messages) = self.ways[at(from)].passing.messages() else { return };
        let bytes = messages.queue(bytes);
        self.write_or_keep(from, &bytes);
    }

    /// Lets go what need not wait any more.
    pub(super) fn advance(&mut self, from: Side) {
        let mut out = Vec::new();
        let Some(messages) = self.ways[at(from)].passing.messages() else { return };
        messages.advance(Instant::now(), &mut out);
        let (is_empty, ending) = (messages.is_empty(), messages.take_ending());
        if self.closing.is_none() {
            self.write_or_keep(from, &out);
        }
        if let Some(ending) = ending {
            self.end_as_ruled(ending);
        }
        if !is_empty {
            return;
        }
        self.check_enforced(from);
        if self.closing.is_none()
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
        let who = if from == Side::Client { "client" } else { "server" };
        let why = format!("--enforce: the {who} violated the protocol");
        let payload = ClosePayload { code, reason: String::new() };
        self.close(payload, why, Instant::now() + ENFORCED_CLOSE + self.greatest_latency());
    }

    /// Sends what the operator has injected, at the first message boundary.
    pub(super) fn deliver_injections(&mut self, from: Side) {
        while let Some(payload) = self.ways[at(from)].injections.pop_front() {
            let way = &mut self.ways[at(from)];
            let mut out = Vec::new();
            let content = content(&payload);
            let result = match way.passing.messages() {
                None => {
                    way.injections.push_front(payload);
                    break;
                }
                Some(messages) => messages.relay.inject(content, &mut out),
            };
            use crate::protocol::relay::Undeliverable;
            match result {
                Ok(()) => {
                    self.write_or_keep(from, &out);
                    self.totals.touched += 1;
                    self.show_injected(from, &payload, out.len());
                }
                Err(Undeliverable::InsideMessage) => {
                    self.ways[at(from)].injections.push_front(payload);
                    break;
                }
                Err(why) => {
                    let to = if from == Side::Client { "server" } else { "client" };
                    let text = format!("not sent to the {to}: {why}");
                    self.journal.emit_now(EventKind::Notice(Level::Warning, &text));
                }
            }
        }
        self.update_passing(from);
    }

    fn show_injected(&mut self, from: Side, payload: &Payload, wire_size: usize) {
        self.journal.tick();
        let touch = Touch { rule: None, action: "inject", changed_to: None };
        let direction = direction(from);
        let event = match payload {
            Payload::Message(kind, data) => {
                let wire_size = wire_size as u64;
                message(direction, *kind, data, (1, wire_size, false))
            }
            Payload::Control(Opcode::Pong, data) => EventKind::Pong(direction, data, None),
            Payload::Control(_, data) => EventKind::Ping(direction, data),
        };
        self.journal.emit_touched(&touch, event);
        self.show_soon();
    }

    /// Lets a held message go, or drops it.
    pub(super) fn release(&mut self, number: u64, is_dropped: bool) {
        let Some(held) = self.control.holding.remove(number) else { return };
        let plan = match (is_dropped, held.is_edited, held.payload) {
            (true, ..) => Plan::Drop,
            (false, false, _) => Plan::Pass,
            (false, true, Payload::Message(kind, data)) => {
                Plan::Replace(Replacement { kind: Some(kind), data })
            }
            (false, true, Payload::Control(_, data)) => {
                Plan::Replace(Replacement { kind: None, data })
            }
        };
        for side in SIDES {
            if let Some(messages) = self.ways[at(side)].passing.messages()
                && messages.release(number, plan.clone())
            {
                self.advance(side);
                self.update_passing(side);
            }
        }
    }

    /// Forgets what is held of this connection, which has ended.
    pub(super) fn forget_held(&mut self) {
        for side in SIDES {
            let Some(messages) = self.ways[at(side)].passing.messages() else { continue };
            for number in messages.clear() {
                self.control.holding.remove(number);
            }
        }
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

    /// The other side of an injection: what is sent to a side comes from the other one.
    pub(super) fn inject(&mut self, to: Side, payload: Payload) {
        let from = other(to);
        self.ways[at(from)].injections.push_back(payload);
        self.update_passing(from);
        self.deliver_injections(from);
    }
}

/// Decides. Returns what is to wait.
fn carry_out(
    decision: Decision<'_>,
    deed: &Deed,
    waits: bool,
    out: &mut Vec<u8>,
) -> Option<Queued> {
    let plan = match deed {
        Deed::Close(_) | Deed::Abort => {
            decision.drop_it(out);
            return None;
        }
        Deed::Wait(plan, wait) => return Some((decision.take(out), plan.clone(), *wait)),
        Deed::Pass => &Plan::Pass,
        Deed::Plan(plan) => plan,
    };
    if waits {
        return Some((decision.take(out), plan.clone(), Wait::None));
    }
    match plan {
        Plan::Pass => decision.pass(out),
        Plan::Drop => decision.drop_it(out),
        Plan::Duplicate => decision.duplicate(out),
        Plan::Corrupt(bit) => decision.corrupt(*bit, out),
        Plan::Replace(replacement) => {
            let kind = match decision.event() {
                Event::Message { kind, .. } => Content::Message(kind, &[]),
                Event::Pong(..) => Content::Control(Opcode::Pong, &[]),
                _ => Content::Control(Opcode::Ping, &[]),
            };
            // What is not allowed was refused when the rule was parsed; otherwise it passes.
            let _ = decision.replace(replaced(kind, replacement), out);
        }
    }
    None
}

fn deed(effect: &Effect) -> Deed {
    match effect {
        Effect::Drop => Deed::Plan(Plan::Drop),
        Effect::Delay(time) => {
            let until = Instant::now().checked_add(*time);
            Deed::Wait(Plan::Pass, until.map_or(Wait::None, Wait::Until))
        }
        Effect::Duplicate => Deed::Plan(Plan::Duplicate),
        Effect::Replace(replacement) => Deed::Plan(Plan::Replace(replacement.clone())),
        Effect::Corrupt { bit } => Deed::Plan(Plan::Corrupt(*bit)),
        Effect::Hold => Deed::Pass, // the caller holds it
        Effect::Close(payload) => Deed::Close(payload.clone()),
        Effect::Abort => Deed::Abort,
    }
}

fn judged<'a>(event: &Event<'a>) -> Judged<'a> {
    match event {
        Event::Ping(_, data) => Judged::Ping(data),
        Event::Pong(_, data, _) => Judged::Pong(data),
        Event::Close(_, close) => Judged::Close(close),
        Event::Message { kind, data, .. } => Judged::Message { kind: *kind, data },
        // Nothing else is decided about.
        _ => Judged::Message { kind: MessageKind::Binary, data: &[] },
    }
}

fn payload(event: &Event<'_>) -> Payload {
    let copy = |data: &[u8]| bytes::Bytes::copy_from_slice(data);
    match event {
        Event::Message { kind, data, .. } => Payload::Message(*kind, copy(data)),
        Event::Pong(_, data, _) => Payload::Control(Opcode::Pong, copy(data)),
        Event::Ping(_, data) => Payload::Control(Opcode::Ping, copy(data)),
        _ => Payload::Control(Opcode::Close, bytes::Bytes::new()),
    }
}

fn content(payload: &Payload) -> Content<'_> {
    match payload {
        Payload::Message(kind, data) => Content::Message(*kind, data),
        Payload::Control(opcode, data) => Content::Control(*opcode, data),
    }
}

/// Shows what was decided about.
fn emit(
    event: Event<'_>,
    from: Side,
    verdict: Option<&Verdict>,
    held: Option<u64>,
    opened: &crate::event::Opened,
    journal: &mut crate::session::Journal<'_>,
) {
    let (rule, action) = match (verdict, held) {
        (Some(verdict), _) => (Some(verdict.rule), action_text(&verdict.effect)),
        (None, Some(_)) => (None, "hold".to_owned()),
        (None, None) => return show(event, direction(from), opened, journal),
    };
    let corrupted = match (verdict.map(|it| &it.effect), &event) {
        (
            Some(Effect::Corrupt { bit }),
            Event::Message { data, .. } | Event::Ping(_, data) | Event::Pong(_, data, _),
        ) => Some(with_bit_flipped(data, *bit)),
        _ => None,
    };
    let changed_to = match (verdict.map(|it| &it.effect), &event) {
        (Some(Effect::Corrupt { .. }), Event::Message { kind, .. }) => {
            corrupted.as_deref().map(|data| Changed::Message(*kind, data))
        }
        (Some(Effect::Corrupt { .. }), _) => corrupted.as_deref().map(Changed::Control),
        (Some(Effect::Replace(with)), Event::Message { kind, .. }) => {
            Some(Changed::Message(with.kind.unwrap_or(*kind), &with.data))
        }
        (Some(Effect::Replace(with)), _) => Some(Changed::Control(&with.data)),
        (Some(Effect::Close(payload)), Event::Close(..)) => Some(Changed::Close(payload)),
        _ => None,
    };
    let touch = Touch { rule, action: &action, changed_to };
    show_touched(event, direction(from), opened, journal, &touch);
}

/// What [`Decision::corrupt`] delivers.
fn with_bit_flipped(data: &[u8], bit: u64) -> Vec<u8> {
    let mut data = data.to_vec();
    if let Some(bit) = bit.checked_rem(data.len() as u64 * 8)
        && let Some(byte) = data.get_mut((bit / 8) as usize)
    {
        *byte ^= 1 << (bit % 8);
    }
    data
}

/// An effect as rules write it.
fn action_text(effect: &Effect) -> String {
    match effect {
        Effect::Delay(time) => format!("delay {:?}", whole_milliseconds(*time)),
        Effect::Close(payload) => match payload.code {
            Some(code) => format!("close {}", code.get()),
            None => "close".to_owned(),
        },
        other => other.name().to_owned(),
    }
}

/// A time as people read it: a random one has nanoseconds.
fn whole_milliseconds(time: Duration) -> Duration {
    let milliseconds = time.as_millis().try_into().map(Duration::from_millis);
    milliseconds.ok().filter(|it| !it.is_zero()).unwrap_or(time)
}
