//! A relay delivers what is passed in the bytes in which it was received, and else what was decided.

use proptest::prelude::*;

use super::any_streams::{any_stream, pieces, role};
use super::observed::{Observed, clear_partial_payloads};
use super::streams;
use super::support::{LIMIT, ROLES};
use super::violations;
use super::wire::{KEY, Raw, bytes_for, close, frame};
use crate::protocol::deflate::DeflateParams;
use crate::protocol::relay::{Content, Decision, MessageRelay, RelayOptions, Step, Undeliverable};
use crate::protocol::{
    CloseCode, Inbound, InboundOptions, Masks, MessageKind, Opcode, Role, Side, Tolerance,
};

pub(super) const DEFLATE: DeflateParams = DeflateParams {
    server_no_context_takeover: false,
    client_no_context_takeover: false,
    server_max_window_bits: 15,
    client_max_window_bits: 15,
};

/// A relay of what an endpoint in this role receives.
pub(super) fn relay(role: Role, deflate: Option<DeflateParams>, enforce: bool) -> MessageRelay {
    relay_with(role, deflate, enforce, true)
}

fn relay_with(
    role: Role,
    deflate: Option<DeflateParams>,
    enforce: bool,
    decides: bool,
) -> MessageRelay {
    let tolerance = Tolerance::Passive;
    let options =
        InboundOptions { role, max_message_size: LIMIT, observe_frames: false, tolerance, deflate };
    let from = match role {
        Role::Server => Side::Client,
        Role::Client => Side::Server,
    };
    let masks = Masks::Fixed(KEY);
    let relay_options = RelayOptions { decides, enforce, deflate, masks };
    MessageRelay::new(from, Inbound::new(options, &[]), relay_options)
}

/// Relays bytes in pieces of this size, and returns the events, decided or not.
pub(super) fn run(
    relay: &mut MessageRelay,
    bytes: &[u8],
    piece: usize,
    out: &mut Vec<u8>,
    mut decide: impl FnMut(Decision<'_>, &mut Vec<u8>),
) -> Vec<Observed> {
    let mut observed = Vec::new();
    for mut piece in bytes.chunks(piece) {
        while !piece.is_empty() {
            let count = relay.receive(piece);
            assert!(count > 0);
            piece = &piece[count..];
            steps(relay, out, &mut observed, &mut decide);
        }
    }
    observed
}

fn steps(
    relay: &mut MessageRelay,
    out: &mut Vec<u8>,
    observed: &mut Vec<Observed>,
    decide: &mut impl FnMut(Decision<'_>, &mut Vec<u8>),
) {
    while let Some(step) = relay.next(out) {
        match step {
            Step::Observed(event) => observed.push(event.into()),
            Step::Decide(decision) => {
                observed.push(decision.event().into());
                decide(decision, out);
            }
        }
    }
}

/// What is delivered if this is decided about everything, and at the end of the stream.
pub(super) fn delivered(
    relay: &mut MessageRelay,
    frames: &[Raw],
    decide: impl FnMut(Decision<'_>, &mut Vec<u8>),
) -> Vec<u8> {
    let role = Role::Client;
    let mut out = Vec::new();
    run(relay, &bytes_for(role, frames), usize::MAX, &mut out, decide);
    out
}

fn pass(decision: Decision<'_>, out: &mut Vec<u8>) {
    decision.pass(out);
}

pub(super) fn to_client(frames: &[Raw]) -> Vec<u8> {
    bytes_for(Role::Client, frames)
}

fn is_control(decision: &Decision<'_>) -> bool {
    !matches!(Observed::from(decision.event()), Observed::Message { .. })
}

#[test]
fn everything_that_is_passed_is_unchanged_at_every_split_point() {
    for role in ROLES {
        for (name, bytes) in streams::all(role) {
            for decides in [false, true] {
                let mut expected = None;
                for piece in [1, 2, 3, 7, usize::MAX] {
                    if bytes.len() > 20_000 && piece < 7 {
                        continue;
                    }
                    let mut relay = relay_with(role, None, false, decides);
                    let mut out = Vec::new();
                    let mut observed = run(&mut relay, &bytes, piece, &mut out, pass);
                    relay.end(&mut out);
                    steps(&mut relay, &mut out, &mut observed, &mut pass);
                    assert!(out == bytes, "{name}, in pieces of {piece}");
                    clear_partial_payloads(&mut observed, super::passive::clear);
                    let expected = expected.get_or_insert_with(|| observed.clone());
                    assert_eq!(observed, *expected, "{name}, in pieces of {piece}");
                }
            }
        }
    }
}

#[test]
fn a_message_waits_until_it_is_complete_but_no_longer() {
    let mut relay = relay(Role::Client, None, false);
    let mut out = Vec::new();
    run(&mut relay, &to_client(&[frame(0x01, "a")]), 1, &mut out, pass);
    assert_eq!(out, b"");
    assert!(!relay.is_at_boundary());
    run(&mut relay, &to_client(&[frame(0x80, "b")]), 1, &mut out, pass);
    assert_eq!(out, to_client(&[frame(0x01, "a"), frame(0x80, "b")]));
    assert!(relay.is_at_boundary());
}

#[test]
fn control_frames_survive_their_message() {
    let frames = [
        frame(0x01, "a"),
        frame(0x89, "p"),
        frame(0x00, "b"),
        frame(0x8b, "r"),
        frame(0x80, "c"),
        frame(0x81, "next"),
    ];
    let mut count = 0;
    let out = delivered(&mut relay(Role::Client, None, false), &frames, |decision, out| {
        count += 1;
        match count {
            2 => decision.drop_it(out),
            _ => decision.pass(out),
        }
    });
    assert_eq!(out, to_client(&[frame(0x89, "p"), frame(0x8b, "r"), frame(0x81, "next")]));
}

#[test]
fn control_frames_are_decided_between_fragments() {
    let frames = [frame(0x01, "a"), frame(0x89, "p"), frame(0x8a, "q"), frame(0x80, "c")];
    type Case = (fn(Decision<'_>, &mut Vec<u8>), Vec<Raw>);
    let cases: [Case; 5] = [
        (pass, frames.to_vec()),
        (|it, out| it.drop_it(out), vec![frame(0x01, "a"), frame(0x80, "c")]),
        (
            |it, out| it.duplicate(out),
            vec![
                frame(0x01, "a"),
                frame(0x89, "p"),
                frame(0x89, "p"),
                frame(0x8a, "q"),
                frame(0x8a, "q"),
                frame(0x80, "c"),
            ],
        ),
        (
            |it, out| it.replace(Content::Control(Opcode::Ping, b"new"), out).unwrap(),
            vec![frame(0x01, "a"), frame(0x89, "new"), frame(0x89, "new"), frame(0x80, "c")],
        ),
        (
            |it, out| it.replace(Content::Message(MessageKind::Text, b"m"), out).unwrap(),
            vec![frame(0x81, "m"), frame(0x81, "m"), frame(0x01, "a"), frame(0x80, "c")],
        ),
    ];
    for (decide, expected) in cases {
        let mut relay = relay(Role::Client, None, false);
        let out = delivered(&mut relay, &frames, |decision, out| match is_control(&decision) {
            true => decide(decision, out),
            false => decision.pass(out),
        });
        assert_eq!(out, to_client(&expected));
    }
}

#[test]
fn waiting_control_frames_can_be_released() {
    let mut relay = relay(Role::Client, None, false);
    let mut out =
        delivered(&mut relay, &[frame(0x01, "a"), frame(0x89, "p"), frame(0x00, "b")], pass);
    assert!(relay.has_waiting_control());
    assert_eq!(out, b"");
    relay.release_control(&mut out);
    assert!(!relay.has_waiting_control());
    out.extend(delivered(&mut relay, &[frame(0x80, "c")], pass));
    let expected = [frame(0x89, "p"), frame(0x01, "a"), frame(0x00, "b"), frame(0x80, "c")];
    assert_eq!(out, to_client(&expected));
}

#[test]
fn one_bit_is_corrupted_in_place() {
    let frames = [frame(0x02, "ab"), frame(0x89, "p"), frame(0x80, "c")];
    for role in ROLES {
        let bytes = bytes_for(role, &frames);
        let mut out = Vec::new();
        run(&mut relay(role, None, false), &bytes, 3, &mut out, |decision, out| {
            if is_control(&decision) { decision.pass(out) } else { decision.corrupt(17 + 24, out) }
        });
        let expected = [frame(0x02, "ab"), frame(0x89, "p"), frame(0x80, b"a")];
        assert_eq!(out, bytes_for(role, &expected));
    }
    let out = delivered(&mut relay(Role::Client, None, false), &[frame(0x81, "")], |it, out| {
        it.corrupt(5, out);
    });
    assert_eq!(out, to_client(&[frame(0x81, "")]));
}

#[test]
fn messages_are_injected_at_boundaries_only() {
    let text = Content::Message(MessageKind::Text, b"i");
    let ping = Content::Control(Opcode::Ping, b"i");
    let mut relay = relay(Role::Server, None, false);
    let mut out = Vec::new();
    relay.inject(text, &mut out).unwrap();
    assert_eq!(out, bytes_for(Role::Server, &[frame(0x81, "i")]));
    // Nothing of an incomplete message was delivered yet.
    run(&mut relay, &bytes_for(Role::Server, &[frame(0x01, "a")]), 9, &mut out, pass);
    assert_eq!(relay.inject(text, &mut out), Ok(()));
    // One over the limit is delivered as it is received.
    run(
        &mut relay,
        &bytes_for(Role::Server, &[frame(0x00, vec![b'l'; 71_000])]),
        99,
        &mut out,
        pass,
    );
    assert_eq!(relay.inject(text, &mut out), Err(Undeliverable::InsideMessage));
    assert_eq!(relay.inject(ping, &mut out), Ok(()));
    let too_long = Content::Control(Opcode::Ping, &[7; 126]);
    assert_eq!(
        relay.inject(too_long, &mut out),
        Err(Undeliverable::ControlTooLong(Opcode::Ping, 126))
    );
    run(
        &mut relay,
        &bytes_for(Role::Server, &[frame(0x80, ""), close(1000, "")]),
        9,
        &mut out,
        pass,
    );
    assert_eq!(relay.inject(text, &mut out), Err(Undeliverable::Closing));
    relay.end(&mut out);
    assert_eq!(relay.inject(text, &mut out), Err(Undeliverable::Ended));
}

#[test]
fn nothing_is_injected_where_frames_cannot_be_parsed() {
    let mut relay = relay(Role::Client, None, false);
    let mut out = Vec::new();
    let bytes = b"\xff\x7f\xff\xff\xff\xff\xff\xff\xff\xff, and more";
    run(&mut relay, bytes, 1, &mut out, pass);
    assert_eq!(out, bytes);
    let ping = Content::Control(Opcode::Ping, b"");
    assert_eq!(relay.inject(ping, &mut out), Err(Undeliverable::Unparsable));
}

#[test]
fn enforcing_withholds_the_frame_with_the_violation() {
    for role in ROLES {
        for case in violations::table() {
            for decides in [false, true] {
                let valid = bytes_for(role, &[frame(0x81, "valid"), frame(0x89, "p")]);
                let bytes = [&valid[..], &bytes_for(role, &case.frames)].concat();
                let whole = outcome(role, decides, &bytes, usize::MAX);
                let is_limit = case.name.contains("TooBig");
                assert!(whole.1.is_some() || is_limit, "{}", case.name);
                assert!(
                    whole.0.starts_with(&valid) && bytes.starts_with(&whole.0),
                    "{}",
                    case.name
                );
                if bytes.len() < 1000 {
                    assert_eq!(outcome(role, decides, &bytes, 1), whole, "{}", case.name);
                }
            }
        }
    }
}

/// What is delivered, and the code to close with.
fn outcome(role: Role, decides: bool, bytes: &[u8], piece: usize) -> (Vec<u8>, Option<CloseCode>) {
    let mut relay = relay_with(role, None, true, decides);
    let mut out = Vec::new();
    run(&mut relay, bytes, piece, &mut out, pass);
    if relay.violation().is_none() {
        relay.end(&mut out);
        steps(&mut relay, &mut out, &mut Vec::new(), &mut pass);
    }
    (out, relay.violation().map(|violation| violation.rule.close_code()))
}

#[test]
fn enforcing_alone_does_not_wait_for_messages() {
    let mut relay = relay_with(Role::Client, None, true, false);
    let mut out = Vec::new();
    let first = to_client(&[frame(0x01, "a"), frame(0x89, "p")]);
    run(&mut relay, &first, 1, &mut out, pass);
    assert_eq!(out, first);
    run(&mut relay, &to_client(&[frame(0x80, b"\xff")]), 1, &mut out, pass);
    assert_eq!(out, first);
    assert_eq!(relay.violation().unwrap().rule.close_code(), CloseCode::INVALID_PAYLOAD);
    let close = Content::Control(Opcode::Close, b"\x03\xef");
    assert_eq!(relay.inject(close, &mut out), Ok(()));
    assert_eq!(out, [first, to_client(&[frame(0x88, b"\x03\xef")])].concat());
}

#[test]
fn memory_is_bounded() {
    let header = b"\x82\x7f\0\0\0\0\x40\0\0\0";
    let fragments = bytes_for(Role::Client, &vec![frame(0x00, ""); 1000]);
    let ping = bytes_for(Role::Client, &[frame(0x89, [7; 125])]);
    let start = frame(0x02, "").bytes_for(Role::Client);
    let cases = [(&header[..], &[7; 100_000][..]), (&start, &fragments), (&start, &ping)];
    for (start, repeated) in cases {
        let mut relay = relay(Role::Client, None, false);
        let mut out = Vec::new();
        run(&mut relay, start, usize::MAX, &mut out, pass);
        let (mut sent, mut received) = (start.len(), 0);
        while sent < 4 << 20 {
            run(&mut relay, repeated, usize::MAX, &mut out, pass);
            received += std::mem::take(&mut out).len();
            sent += repeated.len();
            assert!(sent - received <= 2 << 20, "{}", sent - received);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_stream_that_is_passed_is_unchanged(
        (role, bytes) in role().prop_flat_map(|role| (Just(role), any_stream(role))),
        pieces in pieces(),
        is_compressed in any::<bool>(),
        decides in any::<bool>(),
    ) {
        let mut relay = relay_with(role, is_compressed.then_some(DEFLATE), false, decides);
        let mut out = Vec::new();
        run(&mut relay, &bytes, pieces[0], &mut out, pass);
        relay.end(&mut out);
        prop_assert_eq!(out, bytes);
    }

    #[test]
    fn nothing_panics(
        (role, bytes) in role().prop_flat_map(|role| (Just(role), any_stream(role))),
        pieces in pieces(),
        is_compressed in any::<bool>(),
        enforce in any::<bool>(),
        verdicts in prop::collection::vec(0..6u8, 1..9),
    ) {
        let mut relay = relay(role, is_compressed.then_some(DEFLATE), enforce);
        let mut out = Vec::new();
        let mut verdicts = verdicts.iter().cycle();
        run(&mut relay, &bytes, pieces[0], &mut out, |decision, out| {
            match verdicts.next().copied().unwrap_or(0) {
                0 => decision.pass(out),
                1 => decision.drop_it(out),
                2 => _ = decision.replace(Content::Message(MessageKind::Text, b"new"), out),
                3 => decision.duplicate(out),
                4 => decision.corrupt(12_345, out),
                _ => {} // passed by the next call
            }
        });
        relay.release_control(&mut out);
        relay.end(&mut out);
        steps(&mut relay, &mut out, &mut Vec::new(), &mut pass);
    }
}
