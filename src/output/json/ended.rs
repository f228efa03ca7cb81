//! How a connection ended, beyond the close event of the documentation: what a recording needs to show the same again.

use super::Object;
use crate::event::{Closed, LastTraffic};
use crate::protocol::connection::EndCause;
use crate::protocol::vocabulary::{
    Compressed, Counters, IncompleteMessage, Position, TransportEnd,
};

/// Adds it to the object of a close event.
pub(super) fn details(object: &mut Object<'_>, closed: &Closed) {
    let ending = &closed.ending;
    object.text("end", name(&ending.cause));
    if let EndCause::Transport(end, position) = &ending.cause {
        if let TransportEnd::Error(error) = end {
            object.text("end_error", error);
        }
        self::position(object, position);
    }
    if let Some(violation) = &ending.violation {
        object.object("violation", |inner| super::violated(inner, violation));
    }
    if closed.is_unsent {
        object.boolean("unsent", true);
    }
    if closed.failure_follows {
        object.boolean("error_follows", true);
    }
    object.millis("duration_ms", Some(closed.age));
    if closed.last != LastTraffic::Other {
        object.millis("quiet_ms", Some(closed.quiet));
        last(object, &closed.last);
    }
    object.object("totals", |inner| {
        inner.object("received", |inner| totals(inner, &closed.received));
        inner.object("sent", |inner| totals(inner, &closed.sent));
    });
    if let Some(hint) = &closed.hint {
        object.text("hint", hint);
    }
}

const fn name(cause: &EndCause) -> &'static str {
    match cause {
        EndCause::Handshake => "handshake",
        EndCause::Transport(end, _) => transport_name(end),
        EndCause::CloseTimeout => "close_timeout",
        EndCause::Violation => "violation",
        EndCause::Abandoned => "abandoned",
    }
}

/// How a transport ended.
pub(super) const fn transport_name(end: &TransportEnd) -> &'static str {
    match end {
        TransportEnd::Eof => "fin",
        TransportEnd::Truncated => "fin_without_close_notify",
        TransportEnd::Reset => "reset",
        TransportEnd::Error(_) => "error",
    }
}

/// A message that was not finished.
pub(super) fn incomplete(object: &mut Object<'_>, message: Option<&IncompleteMessage>) {
    let Some(message) = message else { return };
    object.object("incomplete_message", |inner| {
        inner.text("type", message.kind.name());
        inner.number("size", message.size);
        inner.number("frames", message.frames);
        inner.boolean("compressed", message.compressed);
    });
}

/// Where the transport ended, if not between messages.
pub(super) fn position(object: &mut Object<'_>, position: &Position) {
    if *position == Position::Boundary {
        return;
    }
    object.object("position", |inner| match *position {
        Position::Boundary => {}
        Position::Header(bytes) => {
            inner.text("in", "header");
            inner.number("bytes", bytes as u64);
        }
        Position::Payload { opcode, got, of } => {
            inner.text("in", "payload");
            inner.number("opcode", u64::from(opcode.bits()));
            inner.number("got", got);
            inner.number("of", of);
        }
        Position::Message(frames) => {
            inner.text("in", "message");
            inner.number("frames", frames);
        }
    });
}

/// What was last sent, if that may explain the end.
fn last(object: &mut Object<'_>, last: &LastTraffic) {
    object.object("last", |inner| match last {
        LastTraffic::Other => {}
        LastTraffic::Handshake => inner.text("what", "handshake"),
        LastTraffic::Message(number, ago) => {
            inner.text("what", "message");
            inner.number("number", *number);
            inner.millis("ago_ms", Some(*ago));
        }
        LastTraffic::Frame(words, ago) => {
            inner.text("what", "frame");
            inner.text("frame", words);
            inner.millis("ago_ms", Some(*ago));
        }
    });
}

pub(super) fn totals(object: &mut Object<'_>, counters: &Counters) {
    object.number("messages", counters.messages);
    object.number("bytes", counters.payload_bytes);
    object.number("frames", counters.frames);
    object.number("wire_bytes", counters.wire_bytes);
    if counters.compressed != Compressed::default() {
        object.object("compressed", |inner| {
            inner.number("messages", counters.compressed.messages);
            inner.number("bytes", counters.compressed.plain_bytes);
            inner.number("wire_bytes", counters.compressed.packed_bytes);
        });
    }
}
