//! What the operator decides about held messages.

use crate::event::{Carried, Decided, EventKind, HeldOutcome, Level, emit_masked};
use crate::protocol::frame::Opcode;
use crate::protocol::{CloseCode, Side, TransportEnd};
use crate::proxy::hold::Held;
use crate::proxy::payload::Payload;
use crate::rules::Replacement;

use super::messages::{Leftover, Released};
use super::plan::Plan;
use super::sides::{SIDES, at};
use super::{Cable, Way};

impl Cable<'_> {
    /// Lets a held message go, or drops it.
    pub(super) fn release(&mut self, number: u64, is_dropped: bool) {
        let holding = &self.control.holding;
        let held = if is_dropped { holding.remove(number) } else { holding.release(number) };
        let Some(held) = held else { return };
        let plan = match (is_dropped, held.is_edited) {
            (true, _) => Plan::Drop,
            (false, false) => Plan::Pass,
            (false, true) => Plan::Replace(replacement(&held.payload)),
        };
        let released = released(number, held, is_dropped);
        for side in SIDES {
            let Some(messages) = self.ways[at(side)].passing.messages() else { continue };
            if !messages.holds(number) {
                continue;
            }
            if is_dropped {
                messages.release(number, plan, None);
                self.show_decided(released);
            } else {
                messages.release(number, plan, Some(released));
            }
            self.advance(side);
            self.update_passing(side);
            return;
        }
    }

    /// Shows what had waited, or the operator had let go, and was delivered now unless the connection is ending.
    pub(super) fn show_released(&mut self, from: Side, released: Vec<Released>) {
        let is_delivered = !self.withholds(from) && !self.ends[at(from.other())].has_failed();
        for it in released {
            self.show_decided(if is_delivered { it } else { it.not_delivered() });
        }
    }

    /// Shows that a side has sent a Close frame, if that waits behind something held.
    pub(super) fn note_waiting_close(&mut self, from: Side) {
        let code = self.ways[at(from)].close.as_ref().and_then(|close| close.code);
        self.note_waiting_end(from, &close_sent(code));
    }

    /// Shows how a side has ended, if that waits behind something held. The other one may have ended before, which is shown first.
    pub(super) fn note_waiting_end(&mut self, from: Side, what: &str) {
        let Some(number) = self.last_held(from) else { return };
        self.note_passed_end(from.other());
        let other = &self.ways[at(from.other())];
        let then = if other.has_shown_end { "then " } else { "" };
        let who = from.name();
        let text = match other.ended {
            None => format!("the {who} has {then}{what}: passed on after held message {number}"),
            Some(_) => format!("the {who} has {then}{what}"),
        };
        self.ways[at(from)].has_shown_end = true;
        self.journal.emit(EventKind::Notice(Level::Info, &text));
    }

    /// Shows how a side has ended, if that is passed on while something of the other side is held: the connection goes on for now.
    fn note_passed_end(&mut self, from: Side) {
        let way = &self.ways[at(from)];
        let is_reset = way.pending_end.is_some() || self.ends[at(from)].has_failed();
        let is_ours = self.closing.is_some() || self.closed_side.is_some();
        if way.has_shown_end || (way.close.is_none() && way.ended.is_none()) || is_reset || is_ours
        {
            return;
        }
        let what = match &way.close {
            Some(close) => close_sent(close.code),
            None => "ended TCP".to_owned(),
        };
        if self.last_held(from).is_some() {
            return;
        }
        let Some(number) = self.last_held(from.other()) else { return };
        let (who, other) = (from.name(), from.other().name());
        let text =
            format!("the {who} has {what}; held message {number} of the {other} still waits");
        self.ways[at(from)].has_shown_end = true;
        self.journal.emit(EventKind::Notice(Level::Info, &text));
        self.show_soon();
    }

    fn last_held(&mut self, from: Side) -> Option<u64> {
        self.ways[at(from)].passing.messages()?.last_held()
    }

    /// Ends a connection that both sides have left, and of which only what is held remains: nobody is there to get it.
    pub(super) fn check_left(&mut self) {
        SIDES.into_iter().for_each(|side| self.note_passed_end(side));
        let holds = |way: &mut Way| {
            way.passing.messages().is_some_and(|messages| messages.waits_for_operator())
        };
        let [from_client, from_server] = self.ways.each_mut().map(holds);
        for (side, is_held) in [(Side::Client, from_client), (Side::Server, from_server)] {
            // There is no room to read the end of a side that was reset.
            let way = &self.ways[at(side)];
            let is_unread = way.ended.is_none() && !way.passing.has_room();
            if is_held && is_unread && self.ends[at(side)].has_failed() {
                self.source_ended(side, TransportEnd::Reset);
            }
        }
        let have_left = || {
            SIDES.into_iter().all(|side| {
                let (way, end) = (&self.ways[at(side)], &self.ends[at(side)]);
                let is_held = [from_client, from_server][at(side)];
                let has_left =
                    way.ended.is_some() || (end.has_hung_up() && !way.passing.has_room());
                has_left && way.outgoing.is_empty() && (is_held || way.passing.is_empty())
            })
        };
        self.is_over |= (from_client || from_server) && have_left();
    }

    /// Drops what waits, or is held, in directions that the proxy has ended: the operator cannot have it delivered any more.
    pub(super) fn drop_undeliverable(&mut self) {
        for from in SIDES {
            let is_closing = self.closing.is_some();
            let way = &mut self.ways[at(from)];
            let is_ended = way.is_shut || (is_closing && way.own_close.is_none());
            let Some(messages) = way.passing.messages() else { continue };
            // What ends the connection behind it still does.
            let ends_later = messages.is_ending() && !is_closing;
            if is_ended && !messages.is_empty() && !ends_later {
                way.losses.add_dropped(messages.waiting(), messages.waiting_bytes());
                self.end_holding(from);
            }
        }
    }

    /// Reports what is still held of a direction which has ended, or waits.
    pub(super) fn end_holding(&mut self, from: Side) {
        let Some(messages) = self.ways[at(from)].passing.messages() else { return };
        for leftover in messages.clear() {
            let left = match leftover {
                Leftover::Released(released) => Some(*released),
                Leftover::Held(number) => {
                    let held = self.control.holding.remove(number);
                    held.map(|held| released(number, held, false))
                }
            };
            if let Some(left) = left {
                self.show_decided(left.not_delivered());
            }
        }
    }

    fn show_decided(&mut self, Released { mut decided, since }: Released) {
        self.journal.tick();
        decided.waited = since.elapsed();
        let (secrets, journal) = (&self.opened.secrets, &mut self.journal);
        emit_masked(EventKind::Decided(&decided), secrets, |event| journal.emit(event));
        self.show_soon();
    }
}

/// "sent a Close frame, 1000 Normal Closure".
fn close_sent(code: Option<CloseCode>) -> String {
    match code {
        Some(code) => format!("sent a Close frame, {} {}", code.get(), code.name()),
        None => "sent a Close frame without a code".to_owned(),
    }
}

/// What becomes of a held message that the operator lets go or drops.
fn released(number: u64, held: Held, is_dropped: bool) -> Released {
    let Held { from, since, original, payload, is_edited, .. } = held;
    let (outcome, changed_to) = match (is_dropped, is_edited) {
        (true, _) => (HeldOutcome::Dropped, None),
        (false, false) => (HeldOutcome::Delivered, None),
        (false, true) => (HeldOutcome::Edited, carried(payload)),
    };
    let direction = from.direction();
    let waited = since.elapsed();
    let number = Some(number);
    let decided = Decided {
        number,
        direction,
        content: original,
        outcome,
        changed_to,
        duplicated: false,
        waited,
    };
    Released { decided, since }
}

fn replacement(payload: &Payload) -> Replacement {
    match payload {
        Payload::Message(kind, data) => Replacement { kind: Some(*kind), data: data.clone() },
        Payload::Control(_, data) => Replacement { kind: None, data: data.clone() },
    }
}

/// What is delivered in place of something; `None`: a Close frame, which is never edited.
fn carried(payload: Payload) -> Option<Carried> {
    match payload {
        Payload::Message(kind, data) => Some(Carried::Message(kind, data)),
        Payload::Control(Opcode::Ping, data) => Some(Carried::Ping(data)),
        Payload::Control(Opcode::Pong, data) => Some(Carried::Pong(data)),
        Payload::Control(..) => None,
    }
}
