//! Random streams, valid and invalid, and random piece sizes.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::support::ROLES;
use super::wire::{Raw, bytes_for, close, frame};
use crate::protocol::Role;

pub(super) fn role() -> impl Strategy<Value = Role> {
    select(ROLES.to_vec())
}

pub(super) fn pieces() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        Just(vec![1]),
        Just(vec![usize::MAX]),
        vec(1..40usize, 1..6),
        vec(1..30_000usize, 1..6)
    ]
}

/// A message in fragments, split anywhere, with control frames between them.
fn message() -> impl Strategy<Value = Vec<Raw>> {
    let text = "\\PC{0,60}".prop_map(|text| (0x01, text.into_bytes()));
    let binary = vec(any::<u8>(), 0..300).prop_map(|data| (0x02, data));
    let long = (17_000..40_000usize).prop_map(|size| (0x02, vec![b'l'; size]));
    let content = prop_oneof![4 => text, 4 => binary, 1 => long];
    (content, vec(any::<Index>(), 0..4), vec(control(), 0..4)).prop_map(
        |((opcode, data), cuts, controls)| {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(data.len() + 1)).collect();
            cuts.extend([0, data.len()]);
            cuts.sort_unstable();
            let mut controls = controls.into_iter();
            let last = cuts.len() - 2;
            let mut frames = Vec::new();
            for (index, cut) in cuts.windows(2).enumerate() {
                let fin = if index == last { 0x80 } else { 0 };
                let opcode = if index == 0 { opcode } else { 0 };
                frames.push(frame(fin | opcode, &data[cut[0]..cut[1]]));
                frames.extend(controls.next());
            }
            frames
        },
    )
}

fn control() -> impl Strategy<Value = Raw> {
    (select(vec![0x89, 0x8a]), vec(any::<u8>(), 0..=125))
        .prop_map(|(first, payload)| frame(first, payload))
}

/// Messages, and an optional Close frame.
pub(super) fn valid_stream() -> impl Strategy<Value = Vec<Raw>> {
    let closing =
        prop::option::of(select(vec![close(1000, "bye"), close(4000, "é"), frame(0x88, "")]));
    (vec(message(), 0..5), closing).prop_map(|(messages, closing)| {
        let mut frames: Vec<Raw> = messages.into_iter().flatten().collect();
        frames.extend(closing);
        frames
    })
}

/// Frames with arbitrary order, masking and payload.
fn any_frames() -> impl Strategy<Value = Vec<Raw>> {
    let first = prop_oneof![8 => select(vec![0x81, 0x01, 0x00, 0x80, 0x82, 0x02, 0x88, 0x89]), 1 => any::<u8>()];
    let payload = prop_oneof![
        "\\PC{0,30}".prop_map(String::into_bytes),
        vec(any::<u8>(), 0..140),
        vec(any::<u8>(), 0..3),
    ];
    let any_frame =
        (first, payload, prop::bool::weighted(0.05)).prop_map(|(first, payload, is_wrong)| {
            let frame = frame(first, payload);
            if is_wrong { frame.wrongly_masked() } else { frame }
        });
    vec(any_frame, 0..8)
}

/// A valid stream with some of its bytes changed.
pub(super) fn changed_stream(role: Role) -> impl Strategy<Value = Vec<u8>> {
    (valid_stream(), vec((any::<Index>(), 1..=255u8), 1..4)).prop_map(move |(frames, changes)| {
        let mut bytes = bytes_for(role, &frames);
        for (place, change) in changes {
            if !bytes.is_empty() {
                let place = place.index(bytes.len());
                bytes[place] ^= change;
            }
        }
        bytes
    })
}

/// A valid stream with a part missing.
pub(super) fn stream_with_gap(role: Role) -> impl Strategy<Value = Vec<u8>> {
    (valid_stream(), any::<Index>(), any::<Index>()).prop_map(move |(frames, first, second)| {
        let mut bytes = bytes_for(role, &frames);
        let (first, second) = (first.index(bytes.len() + 1), second.index(bytes.len() + 1));
        bytes.drain(first.min(second)..first.max(second));
        bytes
    })
}

/// Any stream, for an endpoint in this role.
pub(super) fn any_stream(role: Role) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..400),
        any_frames().prop_map(move |frames| bytes_for(role, &frames)),
        valid_stream().prop_map(move |frames| bytes_for(role, &frames)),
        changed_stream(role),
        stream_with_gap(role),
    ]
}
