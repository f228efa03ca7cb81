//! What the operator injects.

use std::collections::VecDeque;

use crate::event::{EventKind, Level, Touch, Transit};
use crate::protocol::Side;
use crate::protocol::counted::counted;
use crate::protocol::frame::Opcode;
use crate::protocol::relay::{Content, Undeliverable};
use crate::proxy::payload::Payload;
use crate::proxy::queue::Order;

use super::events::message;
use super::sides::{SIDES, at};
use super::{Cable, Way};
use crate::proxy::outgoing::HIGH_WATER;

/// What the operator has injected into a direction.
#[derive(Debug, Default)]
pub(super) struct Injections {
    /// What has not been made into frames.
    pub(super) waiting: VecDeque<Payload>,
    /// Where frames of it end that were not written whole when they were made, among the bytes that have waited.
    ends: VecDeque<u64>,
}

impl Cable<'_> {
    /// Sends what the operator has injected, at the first message boundary, as the receiver takes it.
    pub(super) fn deliver_injections(&mut self, from: Side) {
        if self.ways[at(from)].injections.waiting.is_empty() {
            return;
        }
        // What a Close frame of the proxy waits for is delivered all the same.
        let limit = match self.ways[at(from)].own_close {
            Some(_) => usize::MAX,
            None => HIGH_WATER,
        };
        while !self.ends[at(from.other())].has_failed()
            && self.ways[at(from)].outgoing.waiting() < limit
            && let Some(payload) = self.ways[at(from)].injections.waiting.pop_front()
        {
            let way = &mut self.ways[at(from)];
            let mut out = Vec::new();
            let result = match way.passing.messages() {
                Some(messages) if messages.is_at_boundary() => {
                    messages.relay.inject(content(&payload), &mut out)
                }
                _ => Err(Undeliverable::InsideMessage),
            };
            if result == Err(Undeliverable::InsideMessage) {
                way.injections.waiting.push_front(payload);
                break;
            }
            self.control.orders.forget_unsent(from.other(), &payload);
            match result {
                Ok(()) => {
                    self.write_own(from, &out);
                    self.note_written_later(from);
                    self.totals.touched += 1;
                    self.show_injected(from, &payload, out.len());
                }
                Err(why) => {
                    let to = from.other().name();
                    let text = format!("not sent to the {to}: {why}");
                    self.journal.emit_now(EventKind::Notice(Level::Warning, &text));
                }
            }
        }
        self.update_passing(from);
    }

    /// What was injected last may not have been written whole.
    fn note_written_later(&mut self, from: Side) {
        let Way { injections: Injections { ends, .. }, outgoing, .. } = &mut self.ways[at(from)];
        while ends.front().is_some_and(|end| outgoing.has_written(*end)) {
            ends.pop_front();
        }
        if outgoing.waiting() > 0 {
            ends.push_back(outgoing.position());
        }
    }

    /// Says how much of what was injected the sides have not taken.
    pub(super) fn report_unsent(&mut self) {
        while let Some(order) = self.control.orders.take() {
            if let Order::Inject { to, payload } = order {
                self.ways[at(to.other())].injections.waiting.push_back(payload);
            }
        }
        for from in SIDES {
            let Way { injections, outgoing, .. } = &mut self.ways[at(from)];
            let unwritten = injections.ends.iter().filter(|end| !outgoing.has_written(**end));
            let count = unwritten.count() + injections.waiting.len();
            if count > 0 {
                let (to, messages) = (from.other().name(), counted(count as u64, "message"));
                let text = format!("not sent to the {to}: {messages}");
                self.journal.emit_now(EventKind::Notice(Level::Warning, &text));
            }
        }
    }

    fn show_injected(&mut self, from: Side, payload: &Payload, wire_size: usize) {
        self.journal.tick();
        let touch = Touch { rule: None, action: "inject", changed_to: None, held: None };
        let direction = from.direction();
        let event = match payload {
            Payload::Message(kind, data) => {
                let wire_size = wire_size as u64;
                message(direction, *kind, data, (1, wire_size, false))
            }
            Payload::Control(Opcode::Pong, data) => EventKind::Pong(direction, data.into(), None),
            Payload::Control(_, data) => EventKind::Ping(direction, data.into()),
        };
        self.journal.emit_in_transit(Transit { touch: Some(&touch), ..Transit::default() }, event);
        self.show_soon();
    }

    /// The other side of an injection: what is sent to a side comes from the other one.
    pub(super) fn inject(&mut self, to: Side, payload: Payload) {
        let from = to.other();
        self.ways[at(from)].injections.waiting.push_back(payload);
        self.update_passing(from);
        self.deliver_injections(from);
    }
}

fn content(payload: &Payload) -> Content<'_> {
    match payload {
        Payload::Message(kind, data) => Content::Message(*kind, data),
        Payload::Control(opcode, data) => Content::Control(*opcode, data),
    }
}
