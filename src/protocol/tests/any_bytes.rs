//! Arbitrary input does not cause a panic, and nothing is processed after the end.

use proptest::prelude::*;

use super::any_streams::{any_stream, pieces, role, valid_stream};
use super::support::{Endpoint, Observed, options};
use super::wire::bytes_for;
use crate::protocol::vocabulary::Direction;
use crate::protocol::{Role, Rule, TransportEnd, Violation};

/// Receives the bytes in pieces of these sizes, repeated as needed, and then the end of the transport.
pub(super) fn run(
    role: Role,
    observe_frames: bool,
    bytes: &[u8],
    pieces: &[usize],
) -> Vec<Observed> {
    let [mut before, mut at_end] = run_apart(role, observe_frames, bytes, pieces);
    before.append(&mut at_end);
    before
}

/// The same, with what is observed before the end of the transport, and at it.
fn run_apart(
    role: Role,
    observe_frames: bool,
    bytes: &[u8],
    pieces: &[usize],
) -> [Vec<Observed>; 2] {
    let mut options = options(role);
    options.observe_frames = observe_frames;
    let mut end = Endpoint::with(options);
    let (mut observed, mut rest) = (Vec::new(), bytes);
    for &piece in pieces.iter().cycle() {
        let (now, later) = rest.split_at(piece.min(rest.len()));
        observed.append(&mut end.receives(now));
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    end.take_output();
    end.end_transport(TransportEnd::Eof);
    let at_end = end.events();
    assert!(end.is_finished());
    let found = violation(&observed).or_else(|| violation(&at_end));
    assert_eq!(end.ending().violation.as_ref(), found);
    [observed, at_end]
}

pub(super) fn violation(observed: &[Observed]) -> Option<&Violation> {
    observed.iter().find_map(|event| match event {
        Observed::Violation(violation) => Some(violation),
        _ => None,
    })
}

pub(super) fn is_close(event: &Observed) -> bool {
    matches!(event, Observed::Close(Direction::Received, _))
}

#[test]
fn a_start_that_may_be_text_is_judged_at_the_end() {
    for role in [Role::Client, Role::Server] {
        let [before, at_end] = run_apart(role, false, b"00", &[1]);
        assert!(before.is_empty(), "{before:?}");
        assert!(matches!(at_end[..], [Observed::Violation(_)]), "{at_end:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_processed_after_a_close_or_a_violation(
        (role, bytes) in role().prop_flat_map(|role| (Just(role), any_stream(role))),
        pieces in pieces(),
    ) {
        let [mut observed, mut at_end] = run_apart(role, false, &bytes, &pieces);
        let is_last = |event: &Observed| is_close(event) || matches!(event, Observed::Violation(_));
        // Whether it is text or frames is not known before the end of a short start. Then no Close frame can be sent.
        if !observed.iter().any(is_last) && let Some(last) = at_end.iter().position(is_last) {
            prop_assert_eq!(last + 1, at_end.len(), "{:?}", at_end);
            return Ok(());
        }
        observed.append(&mut at_end);
        if let Some(last) = observed.iter().position(is_last) {
            let after = &observed[last + 1..];
            // Data after a Close frame is not processed, but reported.
            let after = match after {
                [sent, Observed::Violation(late) | Observed::Tolerated(late)] => {
                    prop_assert_eq!(late.rule, Rule::FrameAfterClose);
                    std::slice::from_ref(sent)
                }
                after => after,
            };
            prop_assert!(matches!(after, [Observed::Close(Direction::Sent, _)]), "{after:?}");
        }
    }

    /// If frames are observed, no message takes the fast path.
    #[test]
    fn the_fast_path_matches_the_slow_path(
        (role, bytes) in role().prop_flat_map(|role| (Just(role), any_stream(role))),
        pieces in pieces(),
    ) {
        let short = run(role, false, &bytes, &pieces);
        let mut long = run(role, true, &bytes, &pieces);
        long.retain(|event| !matches!(event, Observed::Frame(..)));
        prop_assert_eq!(short, long);
    }

    #[test]
    fn valid_streams_have_no_violations(role in role(), frames in valid_stream(), pieces in pieces()) {
        let observed = run(role, false, &bytes_for(role, &frames), &pieces);
        prop_assert_eq!(violation(&observed), None);
    }
}
