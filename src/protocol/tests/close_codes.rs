//! Codes and reasons of Close frames (RFC 6455 sections 5.5.1 and 7.4).

use super::support::{Endpoint, Observed, ROLES, close_payload, options};
use super::wire::{Raw, bytes_for, close, frame, peer_of};
use crate::protocol::close::{ClosePayload, InvalidClose};
use crate::protocol::connection::Initiator;
use crate::protocol::vocabulary::{Direction, Misuse, TransportEnd};
use crate::protocol::{CloseCode, Opcode, Role, Rule};

/// A stream that contains a Close frame.
pub(super) struct Close {
    pub(super) name: String,
    pub(super) frames: Vec<Raw>,
    verdict: Result<ClosePayload, (Rule, String)>,
}

fn accepts(name: &str, frames: Vec<Raw>, close: ClosePayload) -> Close {
    Close { name: name.to_owned(), frames, verdict: Ok(close) }
}

fn refuses(frame: Raw, rule: Rule, detail: String) -> Close {
    Close { name: format!("{rule:?}: {detail}"), frames: vec![frame], verdict: Err((rule, detail)) }
}

pub(super) fn table() -> Vec<Close> {
    let accepted = (1000..=1003).chain(1007..=1014).chain([3000, 3999, 4000, 4999]);
    let accepted = accepted.map(|code| {
        accepts(&format!("code {code}"), vec![close(code, "")], close_payload(code, ""))
    });
    let refused =
        [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map(|code| {
            let detail = format!("close code {} must not be sent", CloseCode::new(code));
            refuses(close(code, "why"), Rule::InvalidCloseCode, detail)
        });
    accepted.chain(refused).chain(payloads()).chain(surroundings()).collect()
}

fn payloads() -> Vec<Close> {
    let longest = "x".repeat(ClosePayload::MAX_REASON);
    vec![
        accepts("no payload", vec![frame(0x88, "")], close_payload(None, "")),
        accepts("a reason", vec![close(4001, "Grüße")], close_payload(4001, "Grüße")),
        accepts("the longest reason", vec![close(1000, &longest)], close_payload(1000, &longest)),
        refuses(
            frame(0x88, b"\x03"),
            Rule::CloseTooShort,
            "payload 0x03, but a close code has two bytes".to_owned(),
        ),
        refuses(
            close(1000, b"ab\xff"),
            Rule::InvalidUtf8InReason,
            "close code 1000 Normal Closure, byte 2 of the reason".to_owned(),
        ),
        refuses(
            close(1001, b"\xe2\x82"),
            Rule::InvalidUtf8InReason,
            "close code 1001 Going Away, byte 0 of the reason (a truncated character)".to_owned(),
        ),
    ]
}

fn surroundings() -> Vec<Close> {
    vec![
        accepts(
            "two",
            vec![close(1000, "first"), close(1001, "second")],
            close_payload(1000, "first"),
        ),
        accepts(
            "a second one that is wrong",
            vec![close(1000, ""), frame(0x88, b"\x03")],
            close_payload(1000, ""),
        ),
        accepts(
            "data after it",
            vec![close(1000, ""), frame(0x81, "late"), frame(0x89, "")],
            close_payload(1000, ""),
        ),
        accepts(
            "garbage after it",
            vec![close(1000, ""), frame(0xff, [0xff; 40])],
            close_payload(1000, ""),
        ),
    ]
}

#[test]
fn a_valid_close_is_reported_and_answered_with_its_code() {
    for role in ROLES {
        for Close { name, frames, verdict } in table() {
            let Ok(received) = verdict else { continue };
            let mut end = Endpoint::new(role);
            let observed = end.receives(&bytes_for(role, &frames));
            let answer = ClosePayload { code: received.code, reason: String::new() };
            let expected = [
                Observed::Close(Direction::Received, received.clone()),
                Observed::Close(Direction::Sent, answer.clone()),
            ];
            assert_eq!(observed[..2], expected, "{role:?}, {name}");
            let wire = received.code.map_or_else(|| frame(0x88, ""), |code| close(code.get(), ""));
            assert_eq!(end.take_output(), wire.bytes_for(peer_of(role)), "{role:?}, {name}");
            let ending = end.ending();
            assert!(ending.is_clean() && end.is_finished(), "{role:?}, {name}");
            assert_eq!(ending.code(), received.code.unwrap_or(CloseCode::NO_STATUS));
            assert_eq!(ending.reason(), received.reason);
            assert_eq!((ending.sent, ending.received), (Some(answer), Some(received)));
        }
    }
}

#[test]
fn an_invalid_close_is_a_violation_that_shows_its_payload() {
    for role in ROLES {
        for Close { name, frames, verdict } in table() {
            let Err((rule, detail)) = verdict else { continue };
            let mut end = Endpoint::new(role);
            let observed = end.receives(&bytes_for(role, &frames));
            let [Observed::Violation(violation), Observed::Close(Direction::Sent, answer)] =
                &observed[..]
            else {
                panic!("{role:?}, {name}: {observed:?}")
            };
            assert_eq!((violation.rule, &violation.detail), (rule, &detail), "{role:?}");
            assert_eq!(
                (violation.offset, &violation.excerpt[..]),
                (0, frames[0].payload().get(2..).unwrap_or_default()),
                "{name}"
            );
            assert_eq!(*answer, close_payload(rule.close_code().get(), rule.summary()));
            let wire = close(rule.close_code().get(), rule.summary()).bytes_for(peer_of(role));
            assert_eq!(end.take_output(), wire, "{role:?}, {name}");
            end.end_transport(TransportEnd::Eof);
            let ending = end.ending();
            assert_eq!((ending.initiator, ending.received), (Initiator::Peer, None), "{name}");
        }
    }
}

#[test]
fn an_invalid_reason_is_answered_with_1007_and_an_invalid_code_with_1002() {
    for (frame, code) in
        [(close(1000, b"\xff"), 1007), (close(1005, ""), 1002), (frame(0x88, "x"), 1002)]
    {
        let mut end = Endpoint::server();
        end.receives(&frame.bytes_for(Role::Server));
        assert_eq!(end.take_output()[2..4], u16::to_be_bytes(code));
    }
}

#[test]
fn only_valid_codes_are_sent() {
    for role in ROLES {
        for Close { name, frames, verdict } in table() {
            let code = frames[0].payload().first_chunk().map(|code| u16::from_be_bytes(*code));
            let mut end = Endpoint::new(role);
            let refused = end.try_close(code, "").is_err();
            let expected = matches!(verdict, Err((Rule::InvalidCloseCode, _)));
            assert_eq!(refused, expected, "{role:?}, {name}");
            assert_eq!(refused, end.connection.is_open(), "{role:?}, {name}");
        }
    }
}

/// RFC 6455 section 5.5.1 forbids data frames; by section 1.4 other data is discarded.
#[test]
fn frames_after_a_close_frame_are_reported_once_and_not_processed() {
    let late = [frame(0x81, "late"), frame(0x82, "later"), close(1001, "")];
    for role in ROLES {
        for (after, is_failure) in [(&late[..], true), (&late[2..], false)] {
            let frames = [&[close(1000, "bye")][..], after].concat();
            let mut end = Endpoint::new(role);
            let observed = end.receives(&bytes_for(role, &frames));
            let [_, _, last] = &observed[..] else { panic!("{observed:?}") };
            let (Observed::Violation(violation) | Observed::Tolerated(violation)) = last else {
                panic!("{observed:?}")
            };
            assert_eq!(violation.rule, Rule::FrameAfterClose);
            assert_eq!(matches!(last, Observed::Violation(_)), is_failure);
            assert_eq!(violation.offset, frames[0].bytes_for(role).len() as u64);
            let ending = end.ending();
            assert_eq!(ending.violation.is_some(), is_failure);
            assert_eq!((ending.code(), ending.reason()), (CloseCode::NORMAL, "bye"));
            assert!(ending.is_clean() && ending.failure().is_none());
        }
    }
}

#[test]
fn an_invalid_payload_is_refused_and_the_connection_stays_open() {
    let mut end = Endpoint::client();
    let refused = Misuse::Close(InvalidClose::Code(CloseCode::NO_STATUS));
    assert_eq!(end.try_close(Some(1005), "x"), Err(refused));
    assert_eq!(
        end.try_close(Some(1000), &"x".repeat(124)),
        Err(InvalidClose::ReasonTooLong(124).into())
    );
    // 62 characters, but two bytes each.
    assert_eq!(
        end.try_close(Some(1000), &"é".repeat(62)),
        Err(InvalidClose::ReasonTooLong(124).into())
    );
    let long = [0; 126];
    assert_eq!(end.connection.pong(&long), Err(Misuse::ControlTooLong(Opcode::Pong, 126)));
    assert!(end.connection.is_open());
    assert_eq!((end.events(), end.take_output()), (vec![], vec![]));
    assert_eq!(end.try_close(Some(1000), &"é".repeat(61)), Ok(()));
}

#[test]
fn a_close_frame_is_observed_once_before_the_close_event() {
    for role in ROLES {
        let mut options = options(role);
        options.observe_frames = true;
        let observed = Endpoint::with(options).receives(&close(1001, "bye").bytes_for(role));
        let [
            Observed::Frame(Direction::Received, _, received),
            Observed::Close(Direction::Received, _),
            Observed::Frame(Direction::Sent, _, answered),
            Observed::Close(Direction::Sent, _),
        ] = &observed[..]
        else {
            panic!("{observed:?}")
        };
        assert_eq!((&received[..], &answered[..]), (&b"\x03\xe9bye"[..], &b"\x03\xe9"[..]));
    }
}
