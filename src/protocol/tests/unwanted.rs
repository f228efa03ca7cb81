//! A passive observer whose messages nobody wants counts and validates them as any other, and keeps nothing of them.

use proptest::prelude::*;

use super::any_streams::{any_stream, pieces, role};
use super::support::{LIMIT, Observed, ROLES};
use super::wire::{Raw, bytes_for, close, frame};
use crate::protocol::deflate::{DeflateParams, Deflater};
use crate::protocol::{Inbound, InboundOptions, Omission, Role, Rule, Tolerance};

const DEFLATE: DeflateParams = DeflateParams {
    server_no_context_takeover: false,
    client_no_context_takeover: false,
    server_max_window_bits: 15,
    client_max_window_bits: 15,
};

fn observer(role: Role, deflate: Option<DeflateParams>) -> Inbound {
    let (tolerance, max_message_size) = (Tolerance::Passive, LIMIT);
    let options =
        InboundOptions { role, max_message_size, observe_frames: false, tolerance, deflate };
    Inbound::new(options, &[])
}

fn unwanted(role: Role, deflate: Option<DeflateParams>) -> Inbound {
    let mut inbound = observer(role, deflate);
    inbound.keep_messages(false);
    inbound
}

/// What is received in pieces of these sizes: the number of messages, and the other events.
fn receive(inbound: &mut Inbound, mut bytes: &[u8], sizes: &[usize]) -> (u64, Vec<Observed>) {
    let (mut messages, mut others) = (0, Vec::new());
    for size in sizes.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let count = inbound.receive(&bytes[..bytes.len().min(*size)]);
        bytes = &bytes[count..];
        loop {
            messages += inbound.pass_over_messages();
            match inbound.next_event().map(Observed::from) {
                None => break,
                Some(Observed::Message { .. } | Observed::Omitted { .. }) => messages += 1,
                Some(other) => others.push(other),
            }
        }
    }
    (messages, others)
}

/// Violations by rule and place, as fewer of their bytes are kept; all other events as they are.
fn outline(events: &[Observed]) -> Vec<String> {
    let outline = |event: &Observed| match event {
        Observed::Violation(it) => format!("violation {:?} at {:?}", it.rule, it.offset),
        Observed::Tolerated(it) => format!("tolerated {:?} at {:?}", it.rule, it.offset),
        other => format!("{other:?}"),
    };
    events.iter().map(outline).collect()
}

#[test]
fn memory_does_not_depend_on_the_size_of_a_message() {
    const SIZE: usize = 64 << 20;
    for role in ROLES {
        for first in [0x81, 0x82] {
            let bytes = bytes_for(role, &[frame(first, vec![b'a'; SIZE]), close(1000, "")]);
            for size in [usize::MAX, 100_003] {
                let mut inbound = unwanted(role, None);
                let mut peak = 0;
                for piece in bytes.chunks(size.min(1 << 20)) {
                    let (_, violations) = receive(&mut inbound, piece, &[size]);
                    assert!(violations.iter().all(|it| matches!(it, Observed::Close(..))));
                    peak = peak.max(inbound.memory_usage());
                }
                assert_eq!(inbound.counters().messages, 1);
                assert_eq!(inbound.counters().payload_bytes, SIZE as u64);
                assert!(peak <= 300_000, "{peak}");
            }
        }
    }
}

#[test]
fn what_a_message_inflates_to_is_not_kept() {
    let mut deflater = Deflater::new(&DEFLATE, Role::Server);
    let mut message =
        |text: &[u8]| -> Raw { frame(0xc1, deflater.compress(text).expect("it shrinks")) };
    let long = vec![b'a'; 32 << 20];
    let frames = [message(&long), message(&[b'b'; 500]), message(&[&long[..99], b"\xff"].concat())];
    let bytes = bytes_for(Role::Client, &frames);
    let mut inbound = unwanted(Role::Client, Some(DEFLATE));
    let (messages, others) = receive(&mut inbound, &bytes, &[1000]);
    assert_eq!((messages, others.len()), (3, 1), "{others:?}");
    assert!(matches!(&others[0], Observed::Tolerated(it) if it.rule == Rule::InvalidUtf8));
    assert_eq!(inbound.counters().payload_bytes, (32 << 20) + 500 + 100);
    assert!(inbound.memory_usage() < 1 << 20, "{}", inbound.memory_usage());
}

#[test]
fn invalid_bytes_are_named_however_they_are_received() {
    // (text, what the violation says)
    let cases: [(&[u8], &str); 4] = [
        (b"ab\xffcd", "at byte 2 of the message (ff)"),
        (b"ab\xf4\x90\x80\x80", "at byte 2 of the message (f4 90)"),
        (b"a\xed\xa0\x80b", "at byte 1 of the message (ed a0)"),
        (b"ab\xe2\x82", "at byte 2 of the message (e2 82, "),
    ];
    for role in ROLES {
        for (text, expected) in cases {
            let bytes = bytes_for(role, &[frame(0x81, text), frame(0x81, "after")]);
            for size in 1..=bytes.len() {
                let (messages, others) = receive(&mut unwanted(role, None), &bytes, &[size]);
                let [Observed::Tolerated(violation)] = &others[..] else { panic!("{others:?}") };
                assert!(violation.detail.starts_with(expected), "{size}: {}", violation.detail);
                assert_eq!(violation.payload[..2], text[..2]);
                assert_eq!(messages, 2);
            }
        }
    }
}

#[test]
fn what_is_wanted_changes_between_two_messages() {
    let frames = [frame(0x01, "first"), frame(0x80, " message"), frame(0x81, "second")];
    let bytes = bytes_for(Role::Client, &frames);
    let (start, rest) = bytes.split_at(3);
    let mut inbound = unwanted(Role::Client, None);
    inbound.receive(start);
    assert_eq!(inbound.next_event(), None);
    inbound.keep_messages(true);
    inbound.receive(rest);
    assert_eq!(inbound.pass_over_messages(), 0);
    let first = inbound.next_event().map(Observed::from);
    let is_unwanted =
        |it: &Observed| matches!(it, Observed::Omitted { reason: Omission::Unwanted, .. });
    assert!(first.as_ref().is_some_and(is_unwanted), "{first:?}");
    let second = inbound.next_event().map(Observed::from);
    assert!(matches!(&second, Some(Observed::Message { data, .. }) if data == b"second"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_but_the_payload_is_as_if_it_was_wanted(
        (role, bytes) in role().prop_flat_map(|role| (Just(role), any_stream(role))),
        pieces in pieces(),
        is_compressed in any::<bool>(),
    ) {
        let deflate = is_compressed.then_some(DEFLATE);
        let (mut kept, mut passed) = (observer(role, deflate), unwanted(role, deflate));
        let (messages, others) = receive(&mut kept, &bytes, &pieces);
        let (passed_over, seen) = receive(&mut passed, &bytes, &pieces);
        prop_assert_eq!(passed_over, messages);
        prop_assert_eq!(outline(&seen), outline(&others));
        prop_assert_eq!(passed.counters(), kept.counters());
        prop_assert_eq!(passed.position(), kept.position());
    }
}
