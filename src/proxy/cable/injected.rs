//! What the operator injects.

use crate::event::{EventKind, Level, Touch};
use crate::protocol::Side;
use crate::protocol::frame::Opcode;
use crate::protocol::relay::{Content, Undeliverable};
use crate::proxy::payload::Payload;

use super::Cable;
use super::events::message;
use super::sides::at;

impl Cable<'_> {
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
                    let to = from.other().name();
                    let text = format!("not sent to the {to}: {why}");
                    self.journal.emit_now(EventKind::Notice(Level::Warning, &text));
                }
            }
        }
        self.update_passing(from);
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
            Payload::Control(Opcode::Pong, data) => EventKind::Pong(direction, data, None),
            Payload::Control(_, data) => EventKind::Ping(direction, data),
        };
        self.journal.emit_touched(&touch, event);
        self.show_soon();
    }

    /// The other side of an injection: what is sent to a side comes from the other one.
    pub(super) fn inject(&mut self, to: Side, payload: Payload) {
        let from = to.other();
        self.ways[at(from)].injections.push_back(payload);
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
