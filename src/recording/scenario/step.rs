//! A single message as a step.

use super::payload::{
    control, expected_binary, expected_close, expected_text, sent_binary, sent_close, sent_text,
};
use super::values::{Piece, Recordings};
use crate::protocol::MessageKind;

/// What a step sends or expects.
#[derive(Clone, Copy, Debug)]
pub enum StepPayload<'a> {
    /// A data message.
    Message(MessageKind, &'a [u8]),
    /// A ping.
    Ping(&'a [u8]),
    /// A pong.
    Pong(&'a [u8]),
    /// A Close frame, or an end without one: a code as in `close` events, and a reason.
    Close(u16, &'a str),
}

/// The step of a scenario that sends or expects exactly this; `None`: no step can. It may have several lines.
pub fn step(is_sent: bool, payload: &StepPayload<'_>) -> Option<String> {
    let none = Recordings::default();
    let written = match payload {
        StepPayload::Message(MessageKind::Text, data) => {
            let pieces = [Piece::Text(str::from_utf8(data).ok()?.into())];
            match is_sent {
                true => sent_text(&pieces, &none),
                false => expected_text(&pieces, &none),
            }
        }
        StepPayload::Message(MessageKind::Binary, data) => match is_sent {
            true => sent_binary(data),
            false => expected_binary(data),
        },
        StepPayload::Ping(data) => {
            control("ping", &[Piece::Text(str::from_utf8(data).ok()?.into())], is_sent, &none)?
        }
        StepPayload::Pong(data) => {
            control("pong", &[Piece::Text(str::from_utf8(data).ok()?.into())], is_sent, &none)?
        }
        StepPayload::Close(code, reason) => {
            let reason = [Piece::Text((*reason).into())];
            match is_sent {
                true => sent_close(Some(*code), &reason, &none)?.0,
                false => expected_close(*code, &reason, &none)?,
            }
        }
    };
    Some(format!("{} {written}", if is_sent { '>' } else { '<' }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_means_what_it_was_made_of() {
        let text = |text: &'static str| StepPayload::Message(MessageKind::Text, text.as_bytes());
        for (is_sent, payload, expected) in [
            (true, text("hello"), Some("> hello")),
            (false, text("{\"a\": 1}"), Some("< {\"a\": 1}")),
            (true, text("close:1000"), Some("> text:close:1000")),
            (true, text("# no comment"), Some("> # no comment")),
            (true, text("{{x}}"), Some("> text:\\{{x}}")),
            (true, StepPayload::Message(MessageKind::Binary, &[0, 255]), Some("> hex:00 ff")),
            (false, StepPayload::Message(MessageKind::Binary, &[1]), Some("< hex:01")),
            (true, StepPayload::Ping(b"p"), Some("> ping:p")),
            (false, StepPayload::Pong(b""), Some("< pong:")),
            (false, StepPayload::Pong(b"\xff"), None),
            (false, StepPayload::Close(1006, ""), Some("< close:1006")),
            (true, StepPayload::Close(1006, ""), None),
            (true, StepPayload::Close(1005, ""), Some("> close:1005")),
            (true, StepPayload::Close(1000, "bye"), Some("> close:1000 bye")),
        ] {
            assert_eq!(step(is_sent, &payload).as_deref(), expected, "{payload:?}");
        }
    }
}
