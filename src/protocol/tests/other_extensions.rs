//! Extensions that are not known here were negotiated: what they may define is no violation (RFC 6455 sections 5.2 and 9.1).

use super::passive::{observer, receive, texts};
use super::support::{Observed, ROLES};
use super::wire::{bytes_for, close, frame};
use crate::protocol::Rule;
use crate::protocol::deflate::{DeflateParams, Deflater};

#[test]
fn reserved_bits_and_opcodes_and_encoded_text_are_no_violations() {
    let frames = [
        frame(0xa1, "one"),
        frame(0xb2, "two"),
        frame(0x83, "not known"),
        frame(0x9a, "p"),
        frame(0x11, "thr"),
        frame(0xc0, "ee"),
        frame(0x81, b"\xff\xfe"),
        close(1000, ""),
    ];
    for role in ROLES {
        let bytes = bytes_for(role, &frames);
        for piece in [1, 7, bytes.len()] {
            let mut inbound = observer(role, None).with_other_extensions(true);
            let observed = receive(&mut inbound, &bytes, piece);
            let violations = observed
                .iter()
                .filter(|event| matches!(event, Observed::Tolerated(_) | Observed::Violation(_)));
            assert_eq!(violations.count(), 0, "{role:?}, {piece}: {observed:?}");
            let expected: [&[u8]; 4] = [b"one", b"two", b"three", b"\xff\xfe"];
            assert_eq!(texts(&observed), expected, "{role:?}, {piece}");
            assert!(inbound.is_between_frames());
        }
    }
}

/// A continuation frame continues the data frame before it, whatever its opcode: what is skipped may be fragmented, and be as
/// large as it likes.
#[test]
fn the_rest_of_a_message_that_began_with_a_reserved_opcode_is_skipped_too() {
    let frames = [
        frame(0x03, "not "),
        frame(0x89, "p"),
        frame(0x00, "kn"),
        frame(0x80, "own"),
        frame(0x01, "te"),
        frame(0x83, "not known"),
        frame(0x80, "xt"),
        frame(0x80, "no start"),
    ];
    for role in ROLES {
        let bytes = bytes_for(role, &frames);
        for piece in [1, 7, bytes.len()] {
            let mut inbound = observer(role, None).with_other_extensions(true);
            let observed = receive(&mut inbound, &bytes, piece);
            assert_eq!(texts(&observed).first(), Some(&&b"text"[..]), "{role:?}, {piece}");
            let rules = observed.iter().filter_map(|event| match event {
                Observed::Tolerated(violation) => Some((violation.rule, violation.offset)),
                _ => None,
            });
            let last = bytes.len() - bytes_for(role, &frames[7..]).len();
            let expected = [(Rule::ContinuationWithoutStart, last as u64)];
            assert_eq!(rules.collect::<Vec<_>>(), expected, "{role:?}, {piece}");
        }
    }
}

#[test]
fn other_rules_hold_and_messages_are_decompressed() {
    let params = DeflateParams::default();
    for role in ROLES {
        let sender = super::wire::peer_of(role);
        let mut deflater = Deflater::new(&params, sender);
        let text = "compressed ".repeat(9);
        let packed = deflater.compress(text.as_bytes()).expect("it shrinks").to_vec();
        let frames = [frame(0xf1, packed), frame(0x80, "no start"), frame(0x09, "p")];
        let mut inbound = observer(role, Some(params)).with_other_extensions(true);
        let observed = receive(&mut inbound, &bytes_for(role, &frames), 5);
        assert_eq!(texts(&observed).first(), Some(&text.as_bytes()), "{role:?}");
        let rules = observed.iter().filter_map(|event| match event {
            Observed::Tolerated(violation) => Some(violation.rule),
            _ => None,
        });
        let expected = [Rule::ContinuationWithoutStart, Rule::FragmentedControl];
        assert_eq!(rules.collect::<Vec<_>>(), expected, "{role:?}");
    }
}
