//! With `lenient` violations are reported and tolerated where that is possible.

use super::support::{Endpoint, Observed, ROLES, close_payload, options};
use super::violations;
use super::wire::{Raw, bytes_for, close, frame};
use crate::protocol::vocabulary::Direction;
use crate::protocol::{CloseCode, MessageKind, Role, Rule};

fn lenient(role: Role) -> Endpoint {
    let mut options = options(role);
    options.lenient = true;
    Endpoint::with(options)
}

fn tolerated(observed: &[Observed]) -> Vec<Rule> {
    let rule = |event: &Observed| match event {
        Observed::Tolerated(violation) => Some(violation.rule),
        _ => None,
    };
    observed.iter().filter_map(rule).collect()
}

fn message(observed: &[Observed]) -> Option<(MessageKind, Vec<u8>)> {
    observed.iter().rev().find_map(|event| match event {
        Observed::Message { kind, data, .. } => Some((*kind, data.clone())),
        _ => None,
    })
}

/// The events of a stream followed by a valid message, which must be the same byte by byte and as a whole.
fn run(role: Role, frames: &[Raw]) -> Vec<Observed> {
    let after = frame(0x81, "after");
    let frames = [frames, &[after]].concat();
    let bytes = bytes_for(role, &frames);
    let whole = lenient(role).receives(&bytes);
    let mut end = lenient(role);
    let bytewise: Vec<Observed> = bytes.chunks(1).flat_map(|byte| end.receives(byte)).collect();
    assert_eq!(tolerated(&bytewise), tolerated(&whole));
    assert_eq!(bytewise.len(), whole.len());
    whole
}

#[test]
fn tolerable_violations_are_reported_and_tolerated() {
    use MessageKind::{Binary, Text};
    type Case = (&'static str, Vec<Raw>, Vec<Rule>, Option<(MessageKind, &'static [u8])>);
    let cases: Vec<Case> = vec![
        ("a reserved bit", vec![frame(0xa1, "x")], vec![Rule::ReservedBits], Some((Text, b"x"))),
        ("a reserved opcode", vec![frame(0x83, [7; 300])], vec![Rule::ReservedOpcode], None),
        (
            "a reserved opcode inside a message",
            vec![frame(0x01, "a"), frame(0x8b, "junk"), frame(0x80, "b")],
            vec![Rule::ReservedOpcode],
            Some((Text, b"ab")),
        ),
        (
            "masking",
            vec![frame(0x82, "m").wrongly_masked()],
            vec![Rule::MaskedByServer],
            Some((Binary, b"m")),
        ),
        (
            "two at once",
            vec![frame(0x92, "m").wrongly_masked()],
            vec![Rule::ReservedBits, Rule::MaskedByServer],
            Some((Binary, b"m")),
        ),
        (
            "a continuation without a start",
            vec![frame(0x80, "c")],
            vec![Rule::ContinuationWithoutStart],
            Some((Binary, b"c")),
        ),
        (
            "a message inside a message",
            vec![frame(0x01, "given up"), frame(0x81, "new")],
            vec![Rule::MessageInsideMessage],
            Some((Text, b"new")),
        ),
        (
            "a long length",
            vec![frame(0x81, "l").with_length(&[126, 0, 1])],
            vec![Rule::LengthNotMinimal],
            Some((Text, b"l")),
        ),
        (
            "bad text",
            vec![frame(0x81, b"a\xff\xffb")],
            vec![Rule::InvalidUtf8],
            Some((Text, b"a\xff\xffb")),
        ),
        (
            "bad text in fragments, cut off at the end",
            vec![frame(0x01, b"\xff"), frame(0x00, b"ok"), frame(0x80, b"\xe2\x82")],
            vec![Rule::InvalidUtf8],
            Some((Text, b"\xffok\xe2\x82")),
        ),
    ];
    for (name, frames, rules, expected) in cases {
        let role = Role::Client;
        let observed = run(role, &frames);
        assert_eq!(tolerated(&observed), rules, "{name}");
        let before = &observed[..observed.len() - 1];
        let expected = expected.map(|(kind, data)| (kind, data.to_vec()));
        assert_eq!(message(before), expected, "{name}");
        assert_eq!(message(&observed), Some((Text, b"after".to_vec())), "{name}");
    }
}

#[test]
fn invalid_control_frames_are_answered_with_valid_ones() {
    for role in ROLES {
        let observed = run(role, &[frame(0x89, [b'p'; 130]), frame(0x0a, "")]);
        assert_eq!(tolerated(&observed), [Rule::ControlTooLong, Rule::FragmentedControl]);
        let pong = observed.iter().find_map(|event| match event {
            Observed::Pong(Direction::Sent, payload, _) => Some(payload.len()),
            _ => None,
        });
        assert_eq!(pong, Some(125));
    }
}

/// Control frames are buffered, and the message size limit does not apply to them.
#[test]
fn control_frames_beyond_the_tolerance_are_violations() {
    for role in ROLES {
        let observed = run(role, &[frame(0x89, [b'p'; 4097])]);
        let broken = observed.iter().find_map(|event| match event {
            Observed::Violation(violation) => Some(violation.rule),
            _ => None,
        });
        assert_eq!(broken, Some(Rule::ControlOverTolerance));
        assert_eq!(Rule::ControlOverTolerance.close_code(), CloseCode::PROTOCOL_ERROR);
    }
}

#[test]
fn invalid_close_frames_are_answered_with_a_valid_code() {
    for role in ROLES {
        for (bad, rule, received, answer) in [
            (
                frame(0x88, b"\x03"),
                Rule::CloseTooShort,
                close_payload(None, ""),
                close_payload(None, ""),
            ),
            (
                close(1006, "x"),
                Rule::InvalidCloseCode,
                close_payload(1006, "x"),
                close_payload(1002, ""),
            ),
            (
                close(1000, b"a\xff"),
                Rule::InvalidUtf8InReason,
                close_payload(1000, "a\u{fffd}"),
                close_payload(1000, ""),
            ),
        ] {
            let mut end = lenient(role);
            let observed = end.receives(&bad.bytes_for(role));
            assert_eq!(tolerated(&observed), [rule]);
            assert_eq!(
                observed[1..],
                [
                    Observed::Close(Direction::Received, received),
                    Observed::Close(Direction::Sent, answer)
                ]
            );
            assert!(end.ending().violation.is_none());
        }
    }
}

#[test]
fn violations_that_cannot_be_tolerated_end_the_connection() {
    for role in ROLES {
        for broken in violations::table() {
            let observed = lenient(role).receives(&bytes_for(role, &broken.frames));
            let ended = observed.iter().find_map(|event| match event {
                Observed::Violation(violation) => Some(violation.rule),
                _ => None,
            });
            assert!(
                ended.is_none_or(|rule| !rule.is_tolerable()),
                "{role:?}, {}: {ended:?}",
                broken.name
            );
            assert!(ended.is_some() || !tolerated(&observed).is_empty(), "{}", broken.name);
        }
    }
}

/// A length in more bytes than needed must not hide that the message becomes too long.
#[test]
fn the_size_limit_applies_to_frames_with_long_lengths() {
    let length = [&[127][..], &60_000u64.to_be_bytes()].concat();
    let fragment = |first| frame(first, vec![7; 60_000]).with_length(&length);
    for role in ROLES {
        let observed = lenient(role).receives(&bytes_for(role, &[fragment(0x02), fragment(0x00)]));
        assert_eq!(tolerated(&observed), [Rule::LengthNotMinimal; 2]);
        let is_too_big = |event: &Observed| matches!(event, Observed::Violation(violation) if violation.rule == Rule::MessageTooBig);
        assert!(observed.iter().any(is_too_big), "{role:?}: {observed:?}");
    }
}
