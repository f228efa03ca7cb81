//! A passive observer decodes whatever passes between two other endpoints, and keeps what its limits allow.

use proptest::prelude::*;

use super::any_streams::{any_stream, pieces, role, valid_stream};
use super::observed::clear_partial_payloads;
use super::support::{LIMIT, Observed, ROLES, pass_through};
use super::violations;
use super::wire::{Raw, bytes_for, close, frame, peer_of};
use crate::protocol::deflate::{DeflateParams, Deflater};
use crate::protocol::memory::Budget;
use crate::protocol::{
    Event, Inbound, InboundOptions, MessageKind, Omission, Role, Rule, Side, Tap, TapOptions,
    Tolerance, Violation,
};

const TAKEOVER: DeflateParams = DeflateParams {
    server_no_context_takeover: false,
    client_no_context_takeover: false,
    server_max_window_bits: 15,
    client_max_window_bits: 15,
};

const NO_TAKEOVER: DeflateParams = DeflateParams {
    server_no_context_takeover: true,
    client_no_context_takeover: true,
    ..TAKEOVER
};

pub(super) fn observer(role: Role, deflate: Option<DeflateParams>) -> Inbound {
    observer_with(role, deflate, false)
}

fn observer_with(role: Role, deflate: Option<DeflateParams>, observe_frames: bool) -> Inbound {
    let tolerance = Tolerance::Passive;
    let max_message_size = LIMIT;
    Inbound::new(InboundOptions { role, max_message_size, observe_frames, tolerance, deflate }, &[])
}

/// The events of bytes received in pieces of this size.
pub(super) fn receive(inbound: &mut Inbound, bytes: &[u8], piece: usize) -> Vec<Observed> {
    let mut observed = Vec::new();
    for mut piece in bytes.chunks(piece) {
        while !piece.is_empty() {
            let count = inbound.receive(piece);
            piece = &piece[count..];
            while let Some(event) = inbound.next_event() {
                observed.push(event.into());
            }
        }
    }
    observed
}

fn tolerated(observed: &[Observed]) -> Vec<Rule> {
    let rule = |event: &Observed| match event {
        Observed::Tolerated(violation) => Some(violation.rule),
        _ => None,
    };
    observed.iter().filter_map(rule).collect()
}

pub(super) fn texts(observed: &[Observed]) -> Vec<&[u8]> {
    let mut texts = Vec::new();
    for event in observed {
        if let Observed::Message { data, .. } = event {
            texts.push(&data[..]);
        }
    }
    texts
}

/// A compressed message in one frame.
fn compressed(deflater: &mut Deflater, data: &[u8]) -> Raw {
    frame(0xc2, deflater.compress(data).expect("it shrinks"))
}

/// The message in this many frames.
fn fragments(first: u8, payload: &[u8], size: usize) -> Vec<Raw> {
    let pieces: Vec<_> = payload.chunks(size).collect();
    let last = pieces.len() - 1;
    let frames = pieces.iter().enumerate().map(|(index, piece)| {
        let opcode = if index == 0 { first } else { 0 };
        frame(opcode | if index == last { 0x80 } else { 0 }, piece)
    });
    frames.collect()
}

#[test]
fn decoding_continues_while_the_boundaries_of_frames_are_known() {
    for role in ROLES {
        for case in violations::table() {
            let frames = [&case.frames[..], &[frame(0x81, "after")]].concat();
            let bytes = bytes_for(role, &frames);
            let mut inbound = observer(role, None);
            let observed = receive(&mut inbound, &bytes, usize::MAX);
            let violation = observed.iter().find_map(|event| match event {
                Observed::Violation(violation) => Some(violation.rule),
                _ => None,
            });
            let name = &case.name;
            if let Some(rule) = violation {
                let is_unrecoverable = matches!(
                    rule,
                    Rule::LengthTooLarge | Rule::HttpAfterUpgrade | Rule::TextInsteadOfFrame
                );
                assert!(is_unrecoverable, "{role:?}, {name}: {rule:?}");
            } else {
                // Some declare a length without having the payload.
                let is_decoded = texts(&observed).last() == Some(&&b"after"[..]);
                assert!(
                    is_decoded || !inbound.is_between_frames(),
                    "{role:?}, {name}: {observed:?}"
                );
            }
        }
    }
}

#[test]
fn frames_after_a_close_frame_are_decoded_and_reported() {
    let frames = [
        close(1000, "bye"),
        frame(0x81, "late"),
        frame(0x89, "p"),
        close(1001, "again"),
        frame(0x82, "later"),
    ];
    for role in ROLES {
        let mut inbound = observer(role, None);
        let observed = receive(&mut inbound, &bytes_for(role, &frames), usize::MAX);
        assert_eq!(tolerated(&observed), [Rule::FrameAfterClose; 3]);
        assert_eq!(texts(&observed), [b"late", &b"later"[..]]);
        let closes: Vec<_> = observed
            .iter()
            .filter_map(|event| match event {
                Observed::Close(_, close) => Some(&close.reason[..]),
                _ => None,
            })
            .collect();
        assert_eq!(closes, ["bye", "again"]);
        assert_eq!(inbound.close().map(|close| &close.reason[..]), Some("bye"));
    }
}

#[test]
fn control_frames_of_any_length_are_passed_over() {
    let frames = [frame(0x89, vec![7; 60_000]), frame(0x81, "after")];
    for role in ROLES {
        let mut inbound = observer(role, None);
        let observed = receive(&mut inbound, &bytes_for(role, &frames), 1000);
        assert_eq!(tolerated(&observed), [Rule::ControlTooLong]);
        assert_eq!(texts(&observed), [b"after"]);
        assert!(inbound.memory_usage() < 10_000, "{}", inbound.memory_usage());
    }
}

#[test]
fn messages_over_the_limit_are_omitted() {
    let long = vec![b'l'; LIMIT as usize + 30_001];
    for role in ROLES {
        for (size, count) in [(usize::MAX, 1), (30_000, 4)] {
            let mut frames = fragments(0x01, &long, size);
            frames.push(frame(0x81, "after"));
            let bytes = bytes_for(role, &frames);
            for piece in [1000, usize::MAX] {
                let observed = receive(&mut observer(role, None), &bytes, piece);
                let [Observed::Omitted { kind, size, frames, wire_size, compressed, reason }, _] =
                    &observed[..]
                else {
                    panic!("{observed:?}")
                };
                assert_eq!((*kind, *size), (MessageKind::Text, Some(long.len() as u64)));
                assert_eq!((*frames, *compressed, *reason), (count, false, Omission::TooBig));
                assert_eq!(
                    *wire_size,
                    bytes.len() as u64 - 7 - if role == Role::Server { 4 } else { 0 }
                );
                assert_eq!(texts(&observed), [b"after"]);
            }
        }
    }
}

#[test]
fn the_utf8_of_omitted_messages_is_checked() {
    let mut text = vec![b'l'; LIMIT as usize + 30_000];
    text[LIMIT as usize + 10_000] = 0xff;
    let bytes = bytes_for(Role::Client, &fragments(0x01, &text, 40_000));
    for piece in [1, 7, 1000, usize::MAX] {
        let observed = receive(&mut observer(Role::Client, None), &bytes, piece);
        assert_eq!(tolerated(&observed), [Rule::InvalidUtf8]);
        assert!(matches!(observed[1], Observed::Omitted { .. }));
    }
}

/// Later messages refer to the omitted one.
#[test]
fn omitted_messages_are_inflated_for_their_context() {
    let words: Vec<u8> = (0..LIMIT as u32).flat_map(|n| n.wrapping_mul(n).to_le_bytes()).collect();
    for params in [TAKEOVER, NO_TAKEOVER] {
        for role in ROLES {
            let mut deflater = Deflater::new(&params, peer_of(role));
            let payload = deflater.compress(&words).expect("it shrinks").to_vec();
            let mut frames = fragments(0x42, &payload, 50_000);
            let end = &words[words.len() - 2000..];
            frames.push(compressed(&mut deflater, &[end, end].concat()));
            let bytes = bytes_for(role, &frames);
            for piece in [100, usize::MAX] {
                let mut inbound = observer(role, Some(params));
                let observed = receive(&mut inbound, &bytes, piece);
                assert!(
                    matches!(observed[0], Observed::Omitted { size: Some(size), compressed: true, .. } if size == words.len() as u64),
                    "{:?}",
                    observed[0]
                );
                assert_eq!(texts(&observed), [[end, end].concat()]);
                assert_eq!(inbound.counters().messages, 2);
            }
        }
    }
}

#[test]
fn a_bomb_uses_little_memory() {
    let mut deflater = Deflater::new(&TAKEOVER, Role::Server);
    let bomb = compressed(&mut deflater, &vec![0; 50 << 20]);
    let bytes = bytes_for(Role::Client, &[bomb, compressed(&mut deflater, &[0; 100])]);
    let mut inbound = observer(Role::Client, Some(TAKEOVER));
    let observed = receive(&mut inbound, &bytes, usize::MAX);
    assert!(matches!(observed[0], Observed::Omitted { size: Some(size), .. } if size == 50 << 20));
    assert_eq!(texts(&observed), [[0; 100]]);
    assert!(inbound.memory_usage() < 300_000, "{}", inbound.memory_usage());
}

#[test]
fn corrupt_data_affects_only_messages_that_may_refer_to_it() {
    for (params, expected) in [(TAKEOVER, None), (NO_TAKEOVER, Some([b'a'; 100]))] {
        for at_end in [false, true] {
            let mut deflater = Deflater::new(&params, Role::Server);
            let corrupt = match at_end {
                true => frame(0xc1, b"\x4a"),
                false => frame(0xc1, b"\x07\xff\xff"),
            };
            let frames = [corrupt, frame(0x81, "plain"), compressed(&mut deflater, &[b'a'; 100])];
            let bytes = bytes_for(Role::Client, &frames);
            for piece in [1, usize::MAX] {
                let observed = receive(&mut observer(Role::Client, Some(params)), &bytes, piece);
                assert_eq!(tolerated(&observed), [Rule::CorruptDeflate]);
                let is_omitted = |event: &&Observed| {
                    matches!(
                        event,
                        Observed::Omitted { size: None, reason: Omission::CannotInflate, .. }
                    )
                };
                let omitted = observed.iter().filter(is_omitted).count();
                assert_eq!(omitted, if expected.is_some() { 1 } else { 2 });
                assert_eq!(texts(&observed)[0], b"plain");
                assert_eq!(
                    texts(&observed).get(1).copied(),
                    expected.as_ref().map(|data| &data[..])
                );
            }
        }
    }
}

#[test]
fn a_compressed_message_can_be_abandoned() {
    for (params, count) in [(TAKEOVER, 1), (NO_TAKEOVER, 2)] {
        let mut deflater = Deflater::new(&params, Role::Server);
        let start = deflater.compress(&[b'a'; 100]).expect("it shrinks")[..3].to_vec();
        let mut deflater = Deflater::new(&params, Role::Server);
        let frames =
            [frame(0x41, start), frame(0x81, "new"), compressed(&mut deflater, &[b'b'; 100])];
        let bytes = bytes_for(Role::Client, &frames);
        let observed = receive(&mut observer(Role::Client, Some(params)), &bytes, usize::MAX);
        assert_eq!(tolerated(&observed), [Rule::MessageInsideMessage]);
        assert_eq!(texts(&observed).len(), count, "{observed:?}");
    }
}

#[test]
fn messages_over_the_memory_budget_are_omitted() {
    const MIB: usize = 1 << 20;
    let budget = Budget::new(MIB);
    let account = budget.open(|| ());
    let options = InboundOptions {
        role: Role::Client,
        max_message_size: u64::MAX,
        observe_frames: false,
        tolerance: Tolerance::Passive,
        deflate: Some(TAKEOVER),
    };
    let mut inbound = Inbound::new(options, &[]).charge_to(&account);
    let mut deflater = Deflater::new(&TAKEOVER, Role::Server);
    for _ in 0..2 {
        for message in
            [frame(0x82, vec![1; 3 * MIB]), compressed(&mut deflater, &vec![1; 30 * MIB])]
        {
            let bytes = bytes_for(Role::Client, &[message, frame(0x81, "after")]);
            let observed = receive(&mut inbound, &bytes, usize::MAX);
            let is_omitted = |event: &Observed| {
                matches!(event, Observed::Omitted { reason: Omission::OverMemory, .. })
            };
            assert!(is_omitted(&observed[0]), "{:?}", observed[0]);
            assert_eq!(texts(&observed), [b"after"]);
            inbound.check_memory();
            account.reinstate();
            assert!(budget.held() < MIB, "{}", budget.held());
        }
        let bytes = bytes_for(Role::Client, &[frame(0x82, vec![1; MIB / 2])]);
        assert_eq!(texts(&receive(&mut inbound, &bytes, usize::MAX)).len(), 1);
    }
}

#[test]
fn a_message_being_received_is_omitted_when_the_budget_requests_it() {
    const MIB: usize = 1 << 20;
    let budget = Budget::new(4 * MIB);
    let [account, other] = [(); 2].map(|()| budget.open(|| ()));
    let options = TapOptions {
        max_message_size: u64::MAX,
        observe_frames: false,
        tolerance: Tolerance::Passive,
        deflate: None,
    };
    let mut tap = Tap::new(options).charge_to(&account);
    let bytes = bytes_for(Role::Client, &[frame(0x82, vec![1; 3 * MIB]), frame(0x81, "after")]);
    let (start, rest) = bytes.split_at(5 * MIB / 2);
    assert_eq!(pass_through(&mut tap, Side::Server, start), []);
    let mut charge = other.charge();
    assert!(charge.grow_without_waiting(2 * MIB).is_err(), "nothing was freed yet");
    assert!(account.is_revoked() && !other.is_revoked());
    tap.check_memory();
    assert!(!account.is_revoked());
    assert!(budget.held() < 3 * MIB);
    assert!(charge.grow_without_waiting(3 * MIB).is_ok());
    let observed = pass_through(&mut tap, Side::Server, rest);
    assert!(matches!(observed[0], Observed::Omitted { .. }), "{observed:?}");
    assert_eq!(texts(&observed), [b"after"]);
}

pub(super) fn clear(violation: &mut Violation) {
    violation.payload = Box::default();
    violation.excerpt.clear();
    violation.cause = None;
    if violation.rule == Rule::CorruptDeflate {
        violation.detail.clear();
    }
}

fn any_deflate() -> impl Strategy<Value = Option<DeflateParams>> {
    prop::sample::select(vec![None, Some(TAKEOVER), Some(NO_TAKEOVER)])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_result_does_not_depend_on_cuts(
        (role, bytes) in role().prop_flat_map(|role| (Just(role), any_stream(role))),
        pieces in pieces(),
        deflate in any_deflate(),
        observe_frames in any::<bool>(),
    ) {
        let mut whole = receive(&mut observer_with(role, deflate, observe_frames), &bytes, usize::MAX);
        let mut cut = receive(&mut observer_with(role, deflate, observe_frames), &bytes, pieces[0]);
        clear_partial_payloads(&mut whole, clear);
        clear_partial_payloads(&mut cut, clear);
        prop_assert_eq!(cut, whole);
    }

    /// Frame by frame, no frame is passed over.
    #[test]
    fn what_is_wanted_ends_with_the_frame(role in role(), frames in valid_stream()) {
        let mut inbound = observer(role, None);
        let mut boundaries = 0;
        let bytes = bytes_for(role, &frames);
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let count = inbound.receive(&rest[..inbound.wanted().min(rest.len())]);
            rest = &rest[count..];
            while let Some(event) = inbound.next_event() {
                prop_assert!(!matches!(event, Event::Violation(_)));
            }
            boundaries += usize::from(inbound.is_between_frames());
        }
        prop_assert_eq!(boundaries, frames.len());
        prop_assert!(inbound.is_between_messages());
    }
}
