//! Text messages with valid and invalid UTF-8 (RFC 6455 section 8.1).

use super::support::{Endpoint, Observed, ROLES, close_payload};
use super::wire::{Raw, bytes_for, close, frame, peer_of};
use crate::protocol::vocabulary::Direction;
use crate::protocol::{Header, MessageKind, Rule};

/// A text message, and the offset of its first invalid byte with the index of the frame.
pub(super) struct Text {
    pub(super) name: String,
    pub(super) frames: Vec<Raw>,
    invalid: Option<(u64, usize)>,
}

fn valid(name: &str, frames: Vec<Raw>) -> Text {
    Text { name: name.to_owned(), frames, invalid: None }
}

fn invalid(name: &str, frames: Vec<Raw>, at: u64, frame: usize) -> Text {
    Text { name: name.to_owned(), frames, invalid: Some((at, frame)) }
}

pub(super) fn table() -> Vec<Text> {
    let long = "한글😀é".repeat(3000);
    let long = long.as_bytes();
    let broken_at_last = [long, b"\xff"].concat();
    vec![
        valid("characters of every length", vec![frame(0x81, "aé한😀")]),
        valid("cut inside a character", vec![frame(0x01, b"\xf0\x9f"), frame(0x80, b"\x98\x80")]),
        valid(
            "cut inside a character by a ping",
            vec![frame(0x01, b"\xf0"), frame(0x89, b"\xff"), frame(0x80, b"\x9f\x98\x80")],
        ),
        valid(
            "one byte in each fragment, some empty",
            vec![
                frame(0x01, b"\xf0"),
                frame(0x00, b"\x9f"),
                frame(0x00, b""),
                frame(0x00, b"\x98"),
                frame(0x00, b"\x80"),
                frame(0x80, b""),
            ],
        ),
        valid(
            "long, cut inside a character",
            vec![frame(0x01, &long[..17_000]), frame(0x80, &long[17_000..])],
        ),
        invalid("wrong at once", vec![frame(0x81, b"\xffabc")], 0, 0),
        invalid("wrong later", vec![frame(0x81, b"ab\xc0\xaf")], 2, 0),
        invalid("a surrogate", vec![frame(0x81, b"a\xed\xa0\x80")], 1, 0),
        invalid("beyond U+10FFFF", vec![frame(0x81, b"\xf4\x90\x80\x80")], 0, 0),
        invalid("cut off at the end", vec![frame(0x81, b"ab\xf0\x9f\x98")], 2, 0),
        invalid("after another message", vec![frame(0x81, "fine"), frame(0x81, b"a\xff")], 1, 1),
        invalid("after a ping", vec![frame(0x89, "fine"), frame(0x81, b"a\xff")], 1, 1),
        invalid("wrong across fragments", vec![frame(0x01, b"a\xc3"), frame(0x80, b"(")], 1, 1),
        invalid(
            "wrong in the middle fragment",
            vec![frame(0x01, "a"), frame(0x00, b"\xff"), frame(0x80, "")],
            1,
            1,
        ),
        invalid(
            "cut off in the last fragment",
            vec![frame(0x01, "é"), frame(0x80, b"\xe2\x82")],
            2,
            1,
        ),
        invalid(
            "cut off by an empty last fragment",
            vec![frame(0x01, b"\xe2\x82"), frame(0x80, "")],
            0,
            1,
        ),
        invalid(
            "wrong at the end of a long frame",
            vec![frame(0x81, &broken_at_last)],
            long.len() as u64,
            0,
        ),
        invalid(
            "cut off at the end of a long frame",
            vec![frame(0x81, &long[..long.len() - 1])],
            long.len() as u64 - 2,
            0,
        ),
    ]
}

#[test]
fn valid_text_is_received_for_any_fragmentation() {
    for role in ROLES {
        for Text { name, frames, invalid } in table() {
            if invalid.is_some() {
                continue;
            }
            let observed = Endpoint::new(role).receives(&bytes_for(role, &frames));
            let data: Vec<u8> = frames
                .iter()
                .filter(|frame| !frame.is_control())
                .flat_map(Raw::payload)
                .copied()
                .collect();
            let is_it = |event: &Observed| matches!(event, Observed::Message { kind: MessageKind::Text, data: it, .. } if *it == data);
            assert!(observed.iter().any(is_it), "{role:?}, {name}: {observed:?}");
        }
    }
}

#[test]
fn invalid_text_is_a_violation_with_byte_and_frame() {
    for role in ROLES {
        for Text { name, frames, invalid } in table() {
            let Some((at, number)) = invalid else { continue };
            let mut end = Endpoint::new(role);
            let observed = end.receives(&bytes_for(role, &frames));
            let [.., Observed::Violation(violation), Observed::Close(Direction::Sent, answer)] =
                &observed[..]
            else {
                panic!("{role:?}, {name}: {observed:?}")
            };
            assert_eq!(violation.rule, Rule::InvalidUtf8);
            let place = format!("at byte {at} of the message (");
            assert!(violation.detail.starts_with(&place), "{role:?}, {name}: {violation}");
            assert_eq!(
                violation.frame,
                Header::decode(&frames[number].bytes_for(role)),
                "{role:?}, {name}"
            );
            assert_eq!(
                violation.offset,
                bytes_for(role, &frames[..number]).len() as u64,
                "{role:?}, {name}"
            );
            assert_eq!(*answer, close_payload(1007, "invalid UTF-8 in a text message"));
            let wire = close(1007, "invalid UTF-8 in a text message").bytes_for(peer_of(role));
            assert!(end.take_output().ends_with(&wire));
        }
    }
}

/// Autobahn 6.4: an invalid byte is reported before the frame is complete.
#[test]
fn an_invalid_byte_is_reported_before_its_frame_is_complete() {
    for role in ROLES {
        for (before, invalid) in [("κόσμε", &b"\xf4\x90"[..]), ("", b"\xff"), ("a", b"\xc3(")]
        {
            let payload = [before.as_bytes(), invalid, b"edited, and much more"].concat();
            let bytes = frame(0x81, &payload).bytes_for(role);
            let until_bad = bytes.len() - b"edited, and much more".len();
            let mut end = Endpoint::new(role);
            assert_eq!(end.receives(&bytes[..until_bad - 1]), [], "{role:?}");
            let observed = end.receives(&bytes[until_bad - 1..until_bad]);
            assert!(
                matches!(&observed[0], Observed::Violation(it) if it.rule == Rule::InvalidUtf8),
                "{observed:?}"
            );
        }
    }
}

#[test]
fn the_checker_is_reset_for_each_message() {
    let frames = [
        frame(0x02, b"\xf0"), // binary: no state is carried over
        frame(0x80, b"\x9f"),
        frame(0x01, "é"),
        frame(0x80, "é"),
        frame(0x81, "é"),
    ];
    for role in ROLES {
        let observed = Endpoint::new(role).receives(&bytes_for(role, &frames));
        assert_eq!(observed.len(), 3);
        assert!(
            observed.iter().all(|event| matches!(event, Observed::Message { .. })),
            "{observed:?}"
        );
    }
}
