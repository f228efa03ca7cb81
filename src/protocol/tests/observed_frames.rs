//! Observed frames match the received bytes, and observing them changes nothing else.

use proptest::prelude::*;

use super::any_bytes::{is_close, run, violation};
use super::any_streams::{any_stream, pieces, role};
use super::cuts::{Watching, check};
use super::streams;
use super::support::{Observed, ROLES};
use super::wire::{bytes_for, close, frame};
use crate::protocol::Header;
use crate::protocol::frame::apply_mask;
use crate::protocol::vocabulary::Direction;

#[test]
fn the_result_does_not_depend_on_cuts_when_frames_are_observed() {
    for role in ROLES {
        for (name, bytes) in streams::all(role) {
            check(role, Watching::Frames, &name, &bytes);
        }
    }
}

#[test]
fn each_fragment_is_observed_with_its_payload() {
    let frames = [frame(0x01, "ab"), frame(0x89, "p"), frame(0x00, ""), frame(0x80, "cd")];
    for role in ROLES {
        for pieces in [1, usize::MAX] {
            let observed = run(role, true, &bytes_for(role, &frames), &[pieces]);
            let payloads: Vec<_> = observed
                .iter()
                .filter_map(|event| match event {
                    Observed::Frame(Direction::Received, _, payload) => Some(&payload[..]),
                    _ => None,
                })
                .collect();
            assert_eq!(payloads, [&b"ab"[..], b"p", b"", b"cd"]);
        }
    }
}

/// Regression: the bytes had been freed with the rest of the input when they were accessed, a panic.
#[test]
fn a_frame_with_an_invalid_payload_is_observed_once() {
    let bad_close = close(999, "why");
    let cut_off_text = frame(0x80, b"\xe2\x82");
    let start = frame(0x01, b"");
    for role in ROLES {
        for (frames, payload) in [
            (vec![bad_close.clone()], &b"\x03\xe7why"[..]),
            (vec![start.clone(), cut_off_text.clone()], b"\xe2\x82"),
        ] {
            let bytes = bytes_for(role, &frames);
            let mut observed = run(role, true, &bytes, &[1]);
            observed.truncate(observed.len() - 2); // our Close frame, as frame and as close event
            assert!(matches!(observed.pop(), Some(Observed::Violation(_))));
            let Some(Observed::Frame(Direction::Received, _, shown)) = observed.pop() else {
                panic!("{observed:?}")
            };
            assert_eq!(shown, payload);
            assert_eq!(observed.len(), frames.len() - 1, "{observed:?}");
        }
    }
}

/// Encoded again, the received frames are the bytes up to the first violation, the Close frame or the
/// first incomplete frame.
fn check_frames(frames: &[Observed], observed: &[Observed], bytes: &[u8]) {
    let mut received: Vec<(&Header, &Vec<u8>)> = frames
        .iter()
        .filter_map(|event| match event {
            Observed::Frame(Direction::Received, header, payload) => Some((header, payload)),
            _ => None,
        })
        .collect();
    let violation = violation(observed);
    if let Some(culprit) = violation.and_then(|violation| violation.frame) {
        let (header, payload) = received.pop().expect("the frame at fault is observed");
        assert_eq!(*header, culprit);
        assert!(payload.len() as u64 <= header.length);
    }
    let encoded: Vec<u8> =
        received.iter().flat_map(|(header, payload)| encode(header, payload)).collect();
    assert_eq!(encoded, bytes[..encoded.len()]);
    let rest = &bytes[encoded.len()..];
    if let Some(violation) = violation {
        assert_eq!(violation.offset, encoded.len() as u64);
        if let Some(culprit) = violation.frame {
            assert!(rest.starts_with(culprit.bytes()));
        }
    } else if !observed.iter().any(is_close) {
        let is_whole =
            Header::decode(rest).is_some_and(|header| header.wire_size() <= rest.len() as u64);
        assert!(!is_whole, "a whole frame was not observed: {rest:x?}");
    }
}

fn encode(header: &Header, payload: &[u8]) -> Vec<u8> {
    let mut payload = payload.to_vec();
    if let Some(key) = header.mask {
        apply_mask(&mut payload, key, 0);
    }
    [header.bytes(), &payload].concat()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn observed_frames_are_the_received_bytes(
        (role, bytes) in role().prop_flat_map(|role| (Just(role), any_stream(role))),
        pieces in pieces(),
    ) {
        let observed = run(role, false, &bytes, &pieces);
        let (frames, rest): (Vec<_>, Vec<_>) = run(role, true, &bytes, &pieces)
            .into_iter()
            .partition(|event| matches!(event, Observed::Frame(..)));
        prop_assert_eq!(&rest, &observed);
        check_frames(&frames, &observed, &bytes);
    }
}
