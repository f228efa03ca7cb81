//! What a connection has received, in words.

use std::time::Instant;

use data_encoding::HEXLOWER;

use crate::protocol::MessageKind;
use crate::protocol::vocabulary::{IncompleteMessage, Partial, Position};
use crate::scenario::inbox::{Control, Inbox, Received, SeenMessage};
use crate::scenario::outcome::ShownMessage;
use crate::scenario::phrase::Phrase;

/// How much of a message is shown in a line about something else, in bytes.
const MOST_IN_LINE: usize = 200;

/// The state of a connection, a line each.
pub(super) fn state(name: Option<&str>, inbox: &Inbox, now: Instant) -> Vec<Phrase> {
    if let Some(end) = inbox.end() {
        let incomplete = end.incomplete.iter();
        return incomplete.map(|it| Phrase::new("an incomplete message: ").value(it)).collect();
    }
    let name = name.map_or(Phrase::new("the connection"), |name| name.to_owned().into());
    let open = name.own(" is open; ");
    let partial = inbox.partial().map(partial_text);
    let state = match inbox.last() {
        None if partial.is_some() => open.own("no whole message was received yet"),
        None if inbox.ignored().is_some() => open.own("nothing else was received yet"),
        None => open.own("nothing was received yet"),
        Some((at, what)) => {
            let ago = now.saturating_duration_since(at);
            open.own("the last ").own(what).own(" came ").time(ago).own(" ago")
        }
    };
    std::iter::once(state).chain(partial).collect()
}

/// The state of a connection other than the one that a step is about, in a line.
pub(super) fn summary(name: &str, inbox: &Inbox) -> Phrase {
    let name = Phrase::from(name.to_owned());
    let state = match (inbox.end(), inbox.closed()) {
        (Some(end), _) => name.own(" has ended: ").value(&end.description),
        (None, Some(closed)) => name.own(" is being closed: ").value(closed),
        (None, None) => name.own(" is open"),
    };
    let count = inbox.kept().count() as u64;
    let state = match inbox.kept().last() {
        None => state.own("; no message waits for a step"),
        Some(last) => state
            .own("; ")
            .counted(count, "message")
            .own(" that no step has taken, the last one: ")
            .value(start(last)),
    };
    match inbox.partial().filter(|_| inbox.end().is_none()) {
        Some(partial) => state.own("; ").phrase(partial_text(partial)),
        None => state,
    }
}

/// What was received behind the last whole message.
fn partial_text(partial: Partial) -> Phrase {
    let frame = match partial.position {
        Position::Payload { got, of, .. } => Some((got.min(of), of)),
        _ => None,
    };
    match (partial.message, partial.position) {
        (Some(message), _) => message_text(message, frame),
        (None, Position::Header(bytes)) => {
            let bytes = Phrase::new("a frame has begun: ").counted(bytes as u64, "byte");
            bytes.own(" of its header received")
        }
        (None, Position::Payload { opcode, .. }) => {
            let begun = Phrase::new("a ").value(opcode.to_string()).own(" frame has begun: ");
            begun.phrase(frame_text(frame)).own(" received")
        }
        (None, Position::Boundary | Position::Message(_)) => "a message has begun".into(),
    }
}

/// A message that has begun, with the bytes of the frame in which the received bytes end, if they end in one.
fn message_text(message: IncompleteMessage, frame: Option<(u64, u64)>) -> Phrase {
    let begun = Phrase::new("a ").own(message.kind.name()).own(" message has begun: ");
    if frame.is_some() && message.frames == 1 {
        return begun.phrase(frame_text(frame)).own(" of its frame received");
    }
    let noun = if message.compressed { "compressed byte" } else { "byte" };
    let received = begun.counted(message.size, noun).own(" received in ");
    let received = received.counted(message.frames, "frame");
    match frame {
        Some(_) => received.own(", ").phrase(frame_text(frame)).own(" of the last one"),
        None => received.own(", its last frame is missing"),
    }
}

/// How much of a frame was received.
fn frame_text(frame: Option<(u64, u64)>) -> Phrase {
    let (got, of) = frame.unwrap_or_default();
    Phrase::default().number(got).own(" of ").counted(of, "byte")
}

/// The start of a message, in a line.
fn start(message: &Received) -> String {
    let mut message = SeenMessage::of(message);
    message.start.truncate(MOST_IN_LINE);
    shown(&message).one_line()
}

/// A ping or a pong with its payload.
pub(super) fn control_text(control: &Control) -> Phrase {
    let payload = String::from_utf8_lossy(&control.payload);
    Phrase::new("a ").own(control.name()).own(" \"").value(payload).own("\"")
}

/// A message as reports show it.
pub(super) fn shown(message: &SeenMessage) -> ShownMessage {
    let is_cut = message.size > message.start.len();
    let (kind, start) = match message.kind {
        MessageKind::Text => ("text", text_start(&message.start, is_cut)),
        MessageKind::Binary => ("binary", HEXLOWER.encode(&message.start)),
    };
    ShownMessage { kind, start, size: message.size, is_cut }
}

/// The start of a text, which may have been cut within a character.
fn text_start(bytes: &[u8], is_cut: bool) -> String {
    let end = match str::from_utf8(bytes) {
        Err(error) if is_cut && error.error_len().is_none() => error.valid_up_to(),
        _ => bytes.len(),
    };
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::frame::Opcode;

    #[test]
    fn what_was_received_in_part_is_named() {
        let message = |frames, size, compressed| {
            Some(IncompleteMessage { kind: MessageKind::Text, frames, size, compressed })
        };
        let payload = |opcode, got, of| Position::Payload { opcode, got, of };
        for (message, position, expected) in [
            (
                message(1, 25, false),
                Position::Message(1),
                "a text message has begun: 25 bytes received in 1 frame, its last frame is missing",
            ),
            (
                message(2, 25, true),
                Position::Header(1),
                "a text message has begun: 25 compressed bytes received in 2 frames, its last frame is missing",
            ),
            (
                message(1, 10, false),
                payload(Opcode::Text, 10, 100),
                "a text message has begun: 10 of 100 bytes of its frame received",
            ),
            (
                message(2, 15, false),
                payload(Opcode::Continuation, 5, 100),
                "a text message has begun: 15 bytes received in 2 frames, 5 of 100 bytes of the last one",
            ),
            (None, payload(Opcode::Ping, 1, 5), "a ping frame has begun: 1 of 5 bytes received"),
            (None, Position::Header(1), "a frame has begun: 1 byte of its header received"),
        ] {
            assert_eq!(partial_text(Partial { message, position }).to_string(), expected);
        }
    }
}
