//! What is done to messages and control frames.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::event::{Behind, Carried, Changed, EventKind, Level, Opened, Touch, Transit};
use crate::protocol::close::ClosePayload;
use crate::protocol::frame::Opcode;
use crate::protocol::relay::{Content, Decision, Step, Unit};
use crate::protocol::vocabulary::Event;
use crate::protocol::{MessageKind, Side};
use crate::proxy::hold::Held;
use crate::proxy::payload::Payload;
use crate::rules::{Effect, Judge, Judged, Verdict};
use crate::session::Journal;

use super::events::{as_passed, note_close, show};
use super::messages::{Ending, Wait};
use super::passing::Passing;
use super::plan::{Plan, replaced};
use super::sides::at;
use super::{Cable, CableControl, Way};

/// What waits, and how.
struct Queued {
    unit: Unit,
    plan: Plan,
    wait: Wait,
    /// It does not wait for what is before it.
    overtakes: bool,
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
    /// Decides about all that was decoded.
    pub(super) fn decide(&mut self, from: Side) {
        let mut out = Vec::new();
        loop {
            let Some((deed, queued)) = self.next_step(from, &mut out) else { break };
            // What was received before it precedes it.
            self.keep_order(from, &mut out);
            let Some(messages) = self.ways[at(from)].passing.messages() else { break };
            match (deed, queued) {
                (_, Some(Queued { unit, overtakes: true, .. })) => {
                    let mut bytes = Vec::new();
                    unit.pass(&mut messages.relay, &mut bytes);
                    if !self.withholds(from) {
                        self.write_or_keep(from, &bytes);
                    }
                }
                (_, Some(Queued { unit, plan, wait, .. })) => {
                    let is_close = matches!(unit.content(), Content::Control(Opcode::Close, _));
                    let is_passed = matches!(plan, Plan::Pass) && wait == Wait::None;
                    if let (Some(number), Content::Message(_, data)) =
                        (messages.held_before(&plan, wait), unit.content())
                    {
                        self.control.holding.add_behind(number, data.len());
                    }
                    messages.push(unit, plan, wait);
                    if is_close && is_passed {
                        self.note_waiting_close(from);
                    }
                }
                (Deed::Close(payload), None) => self.end_behind_fragments(from, payload),
                (Deed::Abort, None) => messages.end(Ending::Abort),
                (Deed::Pass | Deed::Plan(_) | Deed::Wait(..), None) => {}
            }
        }
        self.keep_order(from, &mut out);
        self.advance(from);
    }

    /// Closes the connection behind what waits. If a control frame within a message is why, the fragments before it precede that, with
    /// the control frames between them, whatever becomes of the rest of the message.
    fn end_behind_fragments(&mut self, from: Side, payload: ClosePayload) {
        let Some(messages) = self.ways[at(from)].passing.messages() else { return };
        let mut fragments = Vec::new();
        messages.relay.deliver_fragments(&mut fragments);
        self.keep_order(from, &mut fragments);
        if let Some(messages) = self.ways[at(from)].passing.messages() {
            messages.end(Ending::Close(payload));
        }
    }

    /// Ends the connection as a rule says.
    pub(super) fn end_as_ruled(&mut self, ending: Ending) {
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
        let is_withheld = self.withholds(from);
        let since_open = self.since.elapsed();
        let has_got_close = self.ways[at(from.other())].has_passed_close();
        let way = &mut self.ways[at(from)];
        let Way { close: first_close, has_got_close: had_got_close, losses, .. } = way;
        let Passing::Messages(messages) = &mut way.passing else { return None };
        let is_closing = is_withheld || messages.is_ending();
        let mut note = |event: &Event<'_>| {
            self.totals.note(event, from, &self.control.messages);
            if is_closing {
                losses.add_event(event, from);
            }
            if let Event::Close(_, close) = event {
                note_close((first_close, had_got_close), close, has_got_close);
            }
        };
        let (waits, may_be_overtaken) = (!messages.is_empty(), messages.may_be_overtaken());
        let behind = messages.behind();
        let reframed = messages.relay.reframed(!waits);
        let mut queued = None;
        let deed = match messages.relay.next(out)? {
            Step::Observed(event) => {
                note(&event);
                let transit = if is_closing { Transit::withheld() } else { Transit::default() };
                let event = as_passed(event, self.options.enforce, is_closing);
                let transit = Transit { is_reframed: reframed.removes(&event), ..transit };
                show(event, transit, from.direction(), self.opened, &mut self.journal);
                Deed::Pass
            }
            Step::Decide(decision) => {
                let event = decision.event();
                note(&event);
                let (verdict, held, deed) = match is_closing {
                    true => (None, None, Deed::Pass),
                    false => decide(&mut self.judge, &self.control, from, &event, since_open),
                };
                let is_untouched = verdict.is_none() && held.is_none();
                let overtakes = may_be_overtaken && is_untouched && is_ping_or_pong(&event);
                let is_behind = waits && !overtakes && !decision.is_within_message();
                let transit = match is_closing {
                    true => Transit::withheld(),
                    false => deed.transit(is_behind, behind),
                };
                emit(
                    event,
                    from,
                    (verdict.as_ref(), held, transit),
                    deed.change(&decision.event()),
                    self.opened,
                    &mut self.journal,
                );
                if let Some(number) = held {
                    let text = self.control.holding.notice(number);
                    self.journal.emit(EventKind::Notice(Level::Info, &text));
                }
                self.totals.touched += u64::from(!is_untouched);
                if is_closing {
                    decision.drop_it(out);
                } else {
                    queued = carry_out(decision, &deed, waits, out)
                        .map(|(unit, plan, wait)| Queued { unit, plan, wait, overtakes });
                }
                deed
            }
        };
        Some((deed, queued))
    }
}

impl Deed {
    /// Whether a message or control frame is delivered, but not at once. `is_behind`: it waits for what is before it.
    fn is_late(&self, is_behind: bool) -> bool {
        match self {
            Self::Wait(_, Wait::Held(_))
            | Self::Plan(Plan::Drop)
            | Self::Close(_)
            | Self::Abort => false,
            Self::Wait(..) => true,
            Self::Pass | Self::Plan(_) => is_behind,
        }
    }

    /// What is delivered in place of a message or control frame, if something else is.
    fn change(&self, event: &Event<'_>) -> Option<Carried> {
        match (self, event) {
            (Self::Plan(plan), _) => plan.change(Content::of(event)?),
            (Self::Close(payload), Event::Close(..)) => Some(Carried::Close(payload.clone())),
            _ => None,
        }
    }

    /// Whether it waits, and what it is shown behind: of one that is delayed itself that is shown.
    fn transit(&self, is_behind: bool, behind: Option<Behind>) -> Transit<'static> {
        let waits = self.is_late(is_behind);
        let is_delayed = matches!(self, Self::Wait(..));
        let behind = behind.filter(|it| waits && !(is_delayed && *it == Behind::Delayed));
        Transit { waits, behind, ..Transit::default() }
    }
}

/// What the rules say of a message or control frame, its number if it is held, and what is to be done.
fn decide(
    judge: &mut Judge,
    control: &CableControl,
    from: Side,
    event: &Event<'_>,
    since_open: Duration,
) -> (Option<Verdict>, Option<u64>, Deed) {
    let verdict = judge.judge(from, &judged(event), since_open);
    let held = is_to_be_held(control, event, verdict.as_ref())
        .then(|| hold(control, from, event, verdict.as_ref()));
    let deed = match (held, &verdict) {
        (Some(number), _) => Deed::Wait(Plan::Pass, Wait::Held(number)),
        (None, Some(verdict)) => deed(&verdict.effect),
        (None, None) => Deed::Pass,
    };
    (verdict, held, deed)
}

/// Whether the operator is to decide about it.
fn is_to_be_held(control: &CableControl, event: &Event<'_>, verdict: Option<&Verdict>) -> bool {
    match verdict {
        Some(verdict) => verdict.effect == Effect::Hold,
        None => control.holding.is_on() && matches!(event, Event::Message { .. }),
    }
}

fn is_ping_or_pong(event: &Event<'_>) -> bool {
    matches!(event, Event::Ping(..) | Event::Pong(..))
}

/// Adds something to what waits for the operator, and returns its number.
fn hold(control: &CableControl, from: Side, event: &Event<'_>, verdict: Option<&Verdict>) -> u64 {
    let original = carried(event);
    control.holding.add(Held {
        connection: control.number,
        rule: verdict.map(|verdict| verdict.rule),
        from,
        since: Instant::now(),
        payload: Payload::of(&original),
        original,
        orders: Arc::clone(&control.orders),
        is_edited: false,
        is_released: false,
    })
}

/// Decides. Returns what is to wait, and how.
fn carry_out(
    decision: Decision<'_>,
    deed: &Deed,
    waits: bool,
    out: &mut Vec<u8>,
) -> Option<(Unit, Plan, Wait)> {
    let plan = match deed {
        Deed::Close(_) | Deed::Abort => {
            decision.drop_it(out);
            return None;
        }
        Deed::Wait(plan, wait) => return Some((decision.take(out), plan.clone(), *wait)),
        Deed::Pass => &Plan::Pass,
        Deed::Plan(plan) => plan,
    };
    if waits && !decision.is_within_message() {
        return Some((decision.take(out), plan.clone(), Wait::None));
    }
    match plan {
        Plan::Pass => decision.pass(out),
        Plan::Drop => decision.drop_it(out),
        Plan::Duplicate => decision.duplicate(out),
        Plan::Corrupt(bit) => decision.corrupt(*bit, out),
        Plan::Replace(replacement) => {
            let event = decision.event();
            let with = replaced(Content::of(&event)?, replacement);
            // What is not allowed was refused when the rule was parsed; otherwise it passes.
            let _ = decision.replace(with, out);
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

fn carried(event: &Event<'_>) -> Carried {
    let copy = |data: &[u8]| bytes::Bytes::copy_from_slice(data);
    match event {
        Event::Message { kind, data, .. } => Carried::Message(*kind, copy(data)),
        Event::Pong(_, data, _) => Carried::Pong(copy(data)),
        Event::Close(_, close) => Carried::Close((*close).clone()),
        Event::Ping(_, data) => Carried::Ping(copy(data)),
        // Nothing else is decided about.
        _ => Carried::Message(MessageKind::Binary, bytes::Bytes::new()),
    }
}

/// Shows what was decided about, what was decided, its number if it is held, whether and how it waits otherwise, and what is delivered in
/// its place.
fn emit(
    event: Event<'_>,
    from: Side,
    (verdict, held, transit): (Option<&Verdict>, Option<u64>, Transit<'_>),
    changed_to: Option<Carried>,
    opened: &Opened,
    journal: &mut Journal<'_>,
) {
    let (rule, action) = match (verdict, held) {
        (Some(verdict), _) => (Some(verdict.rule), action_text(&verdict.effect)),
        (None, Some(_)) => (None, "hold".to_owned()),
        (None, None) => return show(event, transit, from.direction(), opened, journal),
    };
    let changed_to = changed_to.as_ref().map(Changed::from);
    let touch = Touch { rule, action: &action, changed_to, held };
    let transit = Transit { touch: Some(&touch), ..transit };
    show(event, transit, from.direction(), opened, journal);
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
