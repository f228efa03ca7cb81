//! Every rule a peer can violate, the event that reports it, and our Close frame.

use std::time::Duration;

use super::support::{Endpoint, LIMIT, Observed, ROLES, at, close_payload};
use super::wire::{Raw, bytes_for, close, frame, peer_of};
use crate::protocol::connection::{EndCause, Initiator};
use crate::protocol::vocabulary::{Direction, ReadyState};
use crate::protocol::{CloseCode, Header, Role, Rule, TransportEnd};

/// A stream whose last frame violates a rule.
pub(super) struct Broken {
    pub(super) name: String,
    pub(super) frames: Vec<Raw>,
    rule: Rule,
    detail: String,
}

fn breaks(rule: Rule, detail: &str, frames: Vec<Raw>) -> Broken {
    Broken { name: format!("{rule:?}: {detail}"), frames, rule, detail: detail.to_owned() }
}

pub(super) fn table() -> Vec<Broken> {
    [opcodes_and_bits(), control_frames(), sequences(), lengths(), sizes()]
        .into_iter()
        .flatten()
        .collect()
}

fn opcodes_and_bits() -> Vec<Broken> {
    let reserved = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(|opcode: u8| {
        let detail = format!("opcode {opcode} (0x{opcode:x})");
        breaks(Rule::ReservedOpcode, &detail, vec![frame(0x80 | opcode, "?")])
    });
    let bits = |first, which, kind| {
        let detail = format!("{which} set on a {kind} frame, but no extension was negotiated");
        breaks(Rule::ReservedBits, &detail, vec![frame(0x81, "before"), frame(first, "?")])
    };
    let mut table = vec![
        bits(0xc1, "RSV1", "text"),
        bits(0xa2, "RSV2", "binary"),
        bits(0x99, "RSV3", "ping"),
        bits(0xd8, "RSV1, RSV3", "close"),
        bits(0xf1, "RSV1, RSV2, RSV3", "text"),
        breaks(
            Rule::ReservedBits,
            "RSV1 set on a continuation frame, but no extension was negotiated",
            vec![frame(0x01, "a"), frame(0xc0, "b")],
        ),
        breaks(Rule::ReservedOpcode, "opcode 3 (0x3)", vec![frame(0x01, "a"), frame(0x73, "")]),
    ];
    table.extend(reserved);
    table
}

fn control_frames() -> Vec<Broken> {
    vec![
        breaks(Rule::FragmentedControl, "ping frame without FIN", vec![frame(0x09, "")]),
        breaks(Rule::FragmentedControl, "pong frame without FIN", vec![frame(0x0a, "x")]),
        breaks(Rule::FragmentedControl, "close frame without FIN", vec![frame(0x08, b"\x03\xe8")]),
        breaks(
            Rule::ControlTooLong,
            "ping frame with 126 bytes of payload",
            vec![frame(0x89, [0; 126])],
        ),
        breaks(
            Rule::ControlTooLong,
            "close frame with 126 bytes of payload",
            vec![frame(0x01, "a"), close(1000, [b'x'; 124])],
        ),
        breaks(
            Rule::ControlTooLong,
            "ping frame with 65536 bytes of payload",
            vec![frame(0x89, "").with_length(&[127, 0, 0, 0, 0, 0, 1, 0, 0])],
        ),
    ]
}

fn sequences() -> Vec<Broken> {
    vec![
        breaks(
            Rule::ContinuationWithoutStart,
            "no message has been started",
            vec![frame(0x80, "a")],
        ),
        breaks(
            Rule::ContinuationWithoutStart,
            "no message has been started",
            vec![frame(0x00, "")],
        ),
        breaks(
            Rule::ContinuationWithoutStart,
            "no message has been started",
            vec![frame(0x01, "a"), frame(0x80, "b"), frame(0x80, "c")],
        ),
        breaks(
            Rule::MessageInsideMessage,
            "text frame after 1 frame of an unfinished text message",
            vec![frame(0x01, "a"), frame(0x81, "b")],
        ),
        breaks(
            Rule::MessageInsideMessage,
            "binary frame after 3 frames of an unfinished text message",
            vec![
                frame(0x01, ""),
                frame(0x00, "a"),
                frame(0x89, ""),
                frame(0x00, ""),
                frame(0x02, ""),
            ],
        ),
    ]
}

fn lengths() -> Vec<Broken> {
    let not_minimal = |first, length: usize, bits, field: &[u8]| {
        let detail = format!("length {length} encoded in {bits} bits");
        let payload = vec![b'x'; length.min(200)]; // the declared length need not be received
        let frames = vec![frame(first, payload).with_length(field)];
        breaks(Rule::LengthNotMinimal, &detail, frames)
    };
    let top_bit = |length: u64| {
        let field = [&[127][..], &length.to_be_bytes()].concat();
        let frames = vec![frame(0x82, "start").with_length(&field)];
        breaks(Rule::LengthTooLarge, &format!("declared length {length}"), frames)
    };
    vec![
        not_minimal(0x81, 125, 16, &[126, 0, 125]),
        not_minimal(0x82, 0, 16, &[126, 0, 0]),
        not_minimal(0x89, 5, 16, &[126, 0, 5]),
        not_minimal(0x8a, 125, 64, &[127, 0, 0, 0, 0, 0, 0, 0, 125]),
        not_minimal(0x82, 65535, 64, &[127, 0, 0, 0, 0, 0, 0, 0xff, 0xff]),
        top_bit(1 << 63),
        top_bit((1 << 63) + 1),
        top_bit(u64::MAX),
    ]
}

fn sizes() -> Vec<Broken> {
    let too_big = |length: u64, frames| {
        breaks(Rule::MessageTooBig, &format!("{length} bytes, over the limit of {LIMIT}"), frames)
    };
    let declaring = |first, length: u64| {
        frame(first, "").with_length(&[&[127][..], &length.to_be_bytes()].concat())
    };
    let half = vec![b'x'; LIMIT as usize / 2];
    vec![
        too_big(LIMIT + 1, vec![declaring(0x82, LIMIT + 1)]),
        too_big(1 << 62, vec![declaring(0x81, 1 << 62)]),
        too_big((1 << 63) - 1, vec![frame(0x81, "a"), declaring(0x02, (1 << 63) - 1)]),
        too_big(LIMIT + 1, vec![frame(0x02, &half), frame(0x00, &half), frame(0x00, "x")]),
        too_big(
            LIMIT + 9,
            vec![frame(0x01, &half), frame(0x00, &half), frame(0x89, ""), frame(0x80, [b'x'; 9])],
        ),
        too_big(i64::MAX as u64 + 1, vec![frame(0x01, "x"), declaring(0x00, i64::MAX as u64)]),
    ]
}

/// The output of a server that falls back to HTTP after its 101.
pub(super) const HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 6\r\n\r\nsorry\n";

#[test]
fn every_violation_is_reported_and_answered_with_its_code() {
    for role in ROLES {
        for Broken { name, frames, rule, detail } in table() {
            let mut end = Endpoint::new(role);
            let mut observed = end.receives(&bytes_for(role, &frames));
            let (last, before) = frames.split_last().expect("one frame at least");
            assert_eq!(
                observed.pop(),
                Some(Observed::Close(
                    Direction::Sent,
                    close_payload(rule.close_code().get(), rule.summary())
                ))
            );
            let Some(Observed::Violation(violation)) = observed.pop() else {
                panic!("{name}: not reported")
            };
            assert_eq!((violation.rule, &violation.detail), (rule, &detail), "{role:?}");
            assert_eq!(violation.frame, Header::decode(&last.bytes_for(role)), "{role:?}, {name}");
            assert_eq!(violation.offset, bytes_for(role, before).len() as u64, "{role:?}, {name}");
            assert_eq!(
                observed,
                Endpoint::new(role).receives(&bytes_for(role, before)),
                "{role:?}, {name}"
            );
            assert_closed_for(&mut end, role, rule);
        }
    }
}

/// Our Close frame is the last one written, and nothing is processed or sent after it.
fn assert_closed_for(end: &mut Endpoint, role: Role, rule: Rule) {
    let answer = close(rule.close_code().get(), rule.summary()).bytes_for(peer_of(role));
    assert!(end.take_output().ends_with(&answer), "{rule:?}");
    assert_eq!(
        end.receives(&bytes_for(role, &[frame(0x81, "late"), frame(0x89, ""), close(1000, "")])),
        []
    );
    assert_eq!(end.take_output(), b"", "{rule:?}");
    assert_eq!((end.connection.ready_state(), end.is_finished()), (ReadyState::Closing, false));

    end.end_transport(TransportEnd::Eof);
    let ending = end.ending();
    assert_eq!((&ending.cause, ending.initiator), (&EndCause::Violation, Initiator::Local));
    assert_eq!((ending.code(), ending.reason()), (CloseCode::ABNORMAL, ""));
    assert_eq!(ending.sent, Some(close_payload(rule.close_code().get(), rule.summary())));
    assert_eq!(ending.violation.as_ref().map(|violation| violation.rule), Some(rule));
    assert!(ending.received.is_none() && !ending.is_clean() && end.is_finished());
}

#[test]
fn the_masking_rule_depends_on_the_role() {
    for (first, kind) in [(0x81, "text"), (0x02, "binary"), (0x89, "ping"), (0x88, "close")] {
        let wrong = frame(first, b"\x03\xe8").wrongly_masked();
        let masked = format!("{kind} frame with masking key 37fa213d");
        let cases = [
            (Role::Client, Rule::MaskedByServer, masked),
            (Role::Server, Rule::UnmaskedByClient, format!("{kind} frame")),
        ];
        for (role, rule, detail) in cases {
            let mut end = Endpoint::new(role);
            let observed = end.receives(&wrong.bytes_for(role));
            assert!(
                matches!(&observed[0], Observed::Violation(it) if it.rule == rule && it.detail == detail),
                "{observed:?}"
            );
            assert_closed_for(&mut end, role, rule);
        }
    }
}

#[test]
fn a_violation_is_displayed_with_its_section() {
    let observed = Endpoint::client().receives(&frame(0x83, "?").bytes_for(Role::Client));
    let Observed::Violation(violation) = &observed[0] else { panic!("{observed:?}") };
    assert_eq!(violation.to_string(), "reserved opcode: opcode 3 (0x3) (RFC 6455 section 5.2)");
}

#[test]
fn the_close_codes_are_those_of_the_rfc() {
    for Broken { rule, .. } in table() {
        let code = if rule == Rule::MessageTooBig { 1009 } else { 1002 };
        assert_eq!(rule.close_code().get(), code, "{rule:?}");
    }
    assert_eq!(Rule::InvalidUtf8.close_code().get(), 1007);
    assert_eq!(Rule::InvalidUtf8InReason.close_code().get(), 1007);
}

/// The header is sufficient: the payload need not be received.
#[test]
fn a_header_is_validated_before_its_payload_is_received() {
    for role in ROLES {
        for Broken { name, frames, rule, .. } in table() {
            let bytes = bytes_for(role, &frames);
            let last = frames.last().expect("one frame at least").bytes_for(role);
            let header = Header::decode(&last).expect("a whole header").len();
            let observed =
                Endpoint::new(role).receives(&bytes[..bytes.len() - last.len() + header]);
            let seen = observed
                .iter()
                .any(|event| matches!(event, Observed::Violation(it) if it.rule == rule));
            assert!(seen, "{role:?}, {name}");
        }
    }
}

#[test]
fn plain_http_after_the_upgrade_is_shown() {
    for role in ROLES {
        let mut end = Endpoint::new(role);
        let observed = end.receives(HTTP);
        let [Observed::Violation(violation), Observed::Close(Direction::Sent, _)] = &observed[..]
        else {
            panic!("{observed:?}")
        };
        assert_eq!(violation.rule, Rule::HttpAfterUpgrade);
        assert_eq!(violation.detail, "HTTP/1.1 400 Bad Request");
        assert_eq!((violation.frame, violation.offset), (None, 0));
        assert_eq!(violation.excerpt, HTTP);
        assert_closed_for(&mut end, role, Rule::HttpAfterUpgrade);
    }
}

#[test]
fn plain_http_is_detected_byte_by_byte() {
    for role in ROLES {
        let mut end = Endpoint::new(role);
        let observed: Vec<Observed> = HTTP.chunks(1).flat_map(|byte| end.receives(byte)).collect();
        let [Observed::Violation(violation), Observed::Close(Direction::Sent, _)] = &observed[..]
        else {
            panic!("{observed:?}")
        };
        assert_eq!(violation.rule, Rule::HttpAfterUpgrade);
        assert!(HTTP.starts_with(&violation.excerpt) && violation.excerpt.starts_with(b"HTTP/"));
        assert_closed_for(&mut end, role, Rule::HttpAfterUpgrade);
        let violation = end.ending().violation.expect("reported above");
        assert!(violation.excerpt.starts_with(HTTP), "what was received later is kept as well");
    }
}

/// Text with a similar start is decoded as a frame, with RSV1 set: 0x48.
#[test]
fn text_that_only_resembles_http_is_a_frame() {
    for bytes in [&b"HELLO, there"[..], b"HTTPS is another"] {
        let observed = Endpoint::client().receives(bytes);
        assert!(matches!(&observed[0], Observed::Violation(it) if it.rule == Rule::ReservedBits));
    }
}

#[test]
fn the_excerpt_of_long_http_is_limited() {
    let endless = [&b"HTTP/"[..], &[b'x'; 10_000]].concat();
    let mut end = Endpoint::client();
    let observed = [end.receives(&endless[..3000]), end.receives(&endless[3000..])].concat();
    let Observed::Violation(violation) = &observed[0] else { panic!("{observed:?}") };
    assert_eq!((violation.detail.len(), violation.excerpt.len()), (120, 3000));
    end.end_transport(TransportEnd::Eof);
    assert_eq!(end.ending().violation.map(|violation| violation.excerpt.len()), Some(4096));
}

/// Inside a message it is data.
#[test]
fn http_is_detected_in_place_of_any_frame() {
    let greeting = frame(0x81, "HTTP/1.1 200 OK").bytes_for(Role::Client);
    let observed = Endpoint::client().receives(&[&greeting, HTTP].concat());
    let [Observed::Message { .. }, Observed::Violation(violation), _] = &observed[..] else {
        panic!("{observed:?}")
    };
    assert_eq!((violation.rule, violation.offset), (Rule::HttpAfterUpgrade, 17));
    assert_eq!(violation.detail, "HTTP/1.1 400 Bad Request");
}

/// The rest that was awaited is never received.
#[test]
fn truncated_text_is_detected_at_the_end() {
    for (text, rule) in [
        (&b"HTTP/1.1 50"[..], Some(Rule::HttpAfterUpgrade)),
        (b"1f", Some(Rule::ReservedBits)),
        (b"<htm", Some(Rule::ReservedOpcode)),
        (b"7", None),
    ] {
        let mut end = Endpoint::client();
        assert_eq!(end.receives(text), []);
        end.end_transport(TransportEnd::Eof);
        let observed = end.events();
        let ending = end.ending();
        assert_eq!(ending.violation.as_ref().map(|violation| violation.rule), rule);
        assert_eq!((observed.len(), ending.sent), (usize::from(rule.is_some()), None));
        assert_eq!(ending.initiator, Initiator::Peer);
    }
}

/// After a violation we wait for the peer one second at most, and no longer than the close timeout.
#[test]
fn the_wait_after_a_violation_is_short() {
    let timeouts = [
        (Some(Duration::from_millis(300)), 300),
        (Some(Duration::from_secs(5)), 1000),
        (None, 1000),
    ];
    for (close_timeout, grace) in timeouts {
        let mut options = super::support::options(Role::Client);
        options.close_timeout = close_timeout;
        let mut end = Endpoint::with(options);
        end.at(2000).receives(&frame(0x80, "").bytes_for(Role::Client));
        assert_eq!(end.connection.deadline(), Some(at(2000 + grace)));
        end.at(2000 + grace - 1).on_deadline();
        assert!(!end.is_finished());
        end.at(2000 + grace).on_deadline();
        assert!(end.is_finished());
        assert_eq!(end.ending().cause, EndCause::Violation);
    }
}
