//! permessage-deflate in a connection: RSV1, counters, observed frames, and violations.

use proptest::prelude::*;

use super::any_streams::pieces;
use super::support::{Endpoint, LIMIT, Observed, ROLES, close_payload, options};
use super::wire::{Raw, bytes_for, frame};
use crate::protocol::deflate::{DeflateParams, Offer};
use crate::protocol::vocabulary::{Compressed, Direction};
use crate::protocol::{MessageKind, Role, Rule, Violation};

const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

fn params(parameters: &str) -> DeflateParams {
    Offer::parse(&format!("permessage-deflate{parameters}")).expect("an offer").accept().0
}

/// An endpoint with permessage-deflate.
pub(super) fn end(role: Role) -> Endpoint {
    watched(role, false)
}

fn watched(role: Role, observe_frames: bool) -> Endpoint {
    let mut options = options(role);
    options.deflate = Some(params(""));
    options.observe_frames = observe_frames;
    Endpoint::with(options)
}

/// A message as the peer compresses it.
fn packed(role: Role, kind: MessageKind, data: &[u8]) -> Vec<u8> {
    let mut peer = end(super::wire::peer_of(role));
    peer.sends(kind, data);
    peer.take_output()
}

fn text(data: &str, frames: u64, wire_size: u64, compressed: bool) -> Observed {
    let data = data.as_bytes().to_vec();
    Observed::Message { kind: MessageKind::Text, data, frames, wire_size, compressed }
}

/// RFC 7692 section 7.2.3.1, whole and in two frames.
#[test]
fn the_example_of_the_rfc_is_inflated_whole_and_in_fragments() {
    let key = |role| if role == Role::Server { 4 } else { 0 };
    for role in ROLES {
        let whole = [frame(0xc1, HELLO)];
        let parts = [frame(0x41, &HELLO[..3]), frame(0x89, "p"), frame(0x80, &HELLO[3..])];
        let observed = end(role).receives(&bytes_for(role, &whole));
        assert_eq!(observed, [text("Hello", 1, 9 + key(role), true)]);
        let observed = end(role).receives(&bytes_for(role, &parts));
        assert_eq!(observed.last(), Some(&text("Hello", 2, 11 + 2 * key(role), true)));
    }
}

#[test]
fn compressed_and_uncompressed_messages_can_be_mixed() {
    for role in ROLES {
        let frames =
            [frame(0x81, "plain"), frame(0xc1, HELLO), frame(0x01, "pl"), frame(0x80, "n")];
        let observed = end(role).receives(&bytes_for(role, &frames));
        let seen: Vec<bool> = observed
            .iter()
            .map(|event| matches!(event, Observed::Message { compressed: true, .. }))
            .collect();
        assert_eq!(seen, [false, true, false]);
    }
}

#[test]
fn rsv1_is_set_on_the_first_frame_only_and_compression_is_counted() {
    let data = "so much of the same, so much of the same, so much of the same".as_bytes();
    for role in ROLES {
        let mut sender = end(role);
        let sent = sender.connection.send_in_frames(MessageKind::Text, data, 3, &mut |_| ());
        assert!(sent.is_ok_and(|sent| sent.compressed && sent.frames == 3));
        sender.sends(MessageKind::Text, b"tiny");
        let mut receiver = watched(super::wire::peer_of(role), true);
        let observed = receiver.receives(&sender.take_output());
        let marks: Vec<bool> = observed
            .iter()
            .filter_map(|event| match event {
                Observed::Frame(Direction::Received, header, _) => Some(header.rsv1),
                _ => None,
            })
            .collect();
        assert_eq!(marks, [true, false, false, false]);
        let ([received, _], [_, sent]) = (receiver.counters(), sender.counters());
        assert_eq!(received, sent);
        let Compressed { messages, packed_bytes, plain_bytes } = sent.compressed;
        assert_eq!((messages, plain_bytes), (1, data.len() as u64));
        assert!(packed_bytes < plain_bytes);
    }
}

fn failure(observed: &[Observed]) -> &Violation {
    match observed {
        [.., Observed::Violation(violation), Observed::Close(Direction::Sent, _)] => violation,
        other => panic!("no violation: {other:?}"),
    }
}

#[test]
fn violations_are_named_and_closed_with_their_code() {
    let cases: Vec<(&str, Vec<Raw>, Rule, u16, &str)> = vec![
        ("corrupt", vec![frame(0xc1, [0xff; 9])], Rule::CorruptDeflate, 1007, "block type"),
        ("cut off", vec![frame(0xc1, &HELLO[..4])], Rule::CorruptDeflate, 1007, "after 4 bytes"),
        ("empty", vec![frame(0xc2, "")], Rule::CorruptDeflate, 1007, "empty"),
        (
            "corrupt in the second fragment",
            vec![frame(0x42, &HELLO[..3]), frame(0x80, [0xff; 40])],
            Rule::CorruptDeflate,
            1007,
            "",
        ),
        ("RSV1 on a ping", vec![frame(0xc9, "")], Rule::MisplacedRsv1, 1002, "ping frame"),
        (
            "RSV1 on a continuation",
            vec![frame(0x41, &HELLO[..3]), frame(0xc0, &HELLO[3..])],
            Rule::MisplacedRsv1,
            1002,
            "continuation frame",
        ),
        ("RSV2", vec![frame(0xe1, HELLO)], Rule::ReservedBits, 1002, "only RSV1 is defined"),
    ];
    for role in ROLES {
        for (name, frames, rule, code, words) in &cases {
            let observed = end(role).receives(&bytes_for(role, frames));
            let violation = failure(&observed);
            assert_eq!(violation.rule, *rule, "{name}");
            assert!(violation.detail.contains(words), "{name}: {violation}");
            assert_eq!(
                observed.last(),
                Some(&Observed::Close(Direction::Sent, close_payload(*code, rule.summary())))
            );
        }
    }
}

#[test]
fn inflated_text_must_be_utf8() {
    for role in ROLES {
        let bad = [&b"all of this is fine, all of this is fine, but "[..], b"\xff"].concat();
        let mut bytes = packed(role, MessageKind::Binary, &bad);
        bytes[0] = 0xc1;
        for pieces in [1, usize::MAX] {
            let mut end = end(role);
            let observed: Vec<Observed> =
                bytes.chunks(pieces.min(bytes.len())).flat_map(|p| end.receives(p)).collect();
            let violation = failure(&observed);
            assert_eq!(violation.rule, Rule::InvalidUtf8);
            assert_eq!(violation.detail, "at byte 46 of the message (ff)");
        }
    }
}

#[test]
fn a_bomb_costs_no_more_than_the_limit() {
    let mut sender = watched(Role::Server, false);
    sender.sends(MessageKind::Binary, &vec![0; 64 << 20]);
    let bomb = sender.take_output();
    let observed = end(Role::Client).receives(&bomb);
    let violation = failure(&observed);
    assert_eq!(violation.rule, Rule::MessageTooBig);
    assert!(violation.detail.contains(&format!("more than the limit of {LIMIT}")), "{violation}");
}

#[test]
fn compressed_bytes_are_limited_too() {
    let endless = frame(0x41, "").with_length(&[127, 0, 0, 0, 0x10, 0, 0, 0, 0]);
    for role in ROLES {
        let observed = end(role).receives(&endless.bytes_for(role));
        assert_eq!(failure(&observed).rule, Rule::MessageTooBig);
    }
}

fn content() -> impl Strategy<Value = (MessageKind, Vec<u8>)> {
    let text =
        "[a-e \u{ac00}-\u{ac10}]{0,400}".prop_map(|text| (MessageKind::Text, text.into_bytes()));
    let binary =
        prop::collection::vec(0..4u8, 0..3000).prop_map(|data| (MessageKind::Binary, data));
    let noise =
        prop::collection::vec(any::<u8>(), 0..500).prop_map(|data| (MessageKind::Binary, data));
    prop_oneof![text, binary, noise]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// The same messages, or the same violation, for all cuts, with frames observed or not.
    #[test]
    fn compressed_messages_do_not_depend_on_cuts_or_observation(
        role in super::any_streams::role(),
        contents in prop::collection::vec((content(), 1..4usize), 1..5),
        damage in prop::option::weighted(0.3, (any::<prop::sample::Index>(), 1..=255u8)),
        pieces in pieces(),
    ) {
        let mut peer = end(super::wire::peer_of(role));
        for ((kind, data), frames) in &contents {
            prop_assert!(peer.connection.send_in_frames(*kind, data, *frames, &mut |_| ()).is_ok());
        }
        let mut bytes = peer.take_output();
        if let Some((place, change)) = damage {
            let place = place.index(bytes.len());
            bytes[place] ^= change;
        }
        let whole = essence(&watched(role, false).receives(&bytes));
        for observe in [false, true] {
            let mut end = watched(role, observe);
            let (mut observed, mut rest) = (Vec::new(), &bytes[..]);
            for size in pieces.iter().cycle() {
                let (piece, after) = rest.split_at((*size).min(rest.len()));
                observed.append(&mut end.receives(piece));
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(&essence(&observed), &whole);
        }
        if damage.is_none() {
            let received = whole.iter().filter(|event| matches!(event, Observed::Message { .. })).count();
            prop_assert_eq!(received, contents.len());
        }
    }
}

/// Without frames, and without what depends on the cuts, such as the decoder's message.
fn essence(observed: &[Observed]) -> Vec<Observed> {
    observed
        .iter()
        .filter(|event| !matches!(event, Observed::Frame(..)))
        .cloned()
        .map(|event| match event {
            Observed::Violation(mut violation) => {
                if violation.rule == Rule::CorruptDeflate {
                    violation.detail.clear();
                }
                Observed::Violation(Violation { payload: Box::default(), ..violation })
            }
            event => event,
        })
        .collect()
}
