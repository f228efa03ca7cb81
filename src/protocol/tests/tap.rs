//! A tap decodes both directions as their receivers do, for all cuts.

use proptest::prelude::*;

use super::any_bytes::run;
use super::any_streams::{any_stream, pieces};
use super::streams;
use super::support::{LIMIT, Observed, pass_through};
use crate::protocol::vocabulary::Direction;
use crate::protocol::{Role, Side, Tap, TapOptions, Tolerance};

fn tap(observe_frames: bool) -> Tap {
    let tolerance = Tolerance::Strict;
    Tap::new(TapOptions { max_message_size: LIMIT, observe_frames, tolerance, deflate: None })
}

/// The events of an endpoint for what it received: a tap reports the answers in the other direction.
pub(super) fn of_the_peer(observed: Vec<Observed>) -> Vec<Observed> {
    let is_received = |event: &Observed| match event {
        Observed::Frame(direction, ..)
        | Observed::Ping(direction, _)
        | Observed::Pong(direction, ..)
        | Observed::Close(direction, _) => *direction == Direction::Received,
        Observed::Message { .. }
        | Observed::Omitted { .. }
        | Observed::Violation(_)
        | Observed::Tolerated(_) => true,
    };
    observed.into_iter().filter(is_received).collect()
}

/// Passes both directions alternately in pieces of these sizes.
fn pass_both(tap: &mut Tap, streams: [&[u8]; 2], pieces: &[usize]) -> [Vec<Observed>; 2] {
    let sides = [Side::Client, Side::Server];
    let (mut rests, mut observed) = (streams, [Vec::new(), Vec::new()]);
    for (turn, &piece) in pieces.iter().cycle().enumerate() {
        let at = turn % 2;
        let (now, later) = rests[at].split_at(piece.min(rests[at].len()));
        observed[at].append(&mut pass_through(tap, sides[at], now));
        rests[at] = later;
        if rests.iter().all(|rest| rest.is_empty()) {
            break;
        }
    }
    for (side, observed) in sides.into_iter().zip(&mut observed) {
        tap.end(side);
        observed.append(&mut pass_through(tap, side, b""));
    }
    observed
}

#[test]
fn all_tables_are_decoded_in_both_directions() {
    let to_server = streams::all(Role::Server);
    let to_client = streams::all(Role::Client);
    for ((name, sent), (other, answered)) in to_server.iter().zip(&to_client) {
        for observe_frames in [false, true] {
            let observed = pass_both(&mut tap(observe_frames), [sent, answered], &[usize::MAX]);
            let whole = [usize::MAX];
            let server = of_the_peer(run(Role::Server, observe_frames, sent, &whole));
            let client = of_the_peer(run(Role::Client, observe_frames, answered, &whole));
            assert_eq!(observed, [server, client], "{name} and {other}");
        }
    }
}

/// A direction that cannot be decoded any more has no events, and does not affect the other.
#[test]
fn the_directions_are_independent() {
    let mut tap = tap(false);
    let observed = pass_through(&mut tap, Side::Client, b"\xff\x80\x00\x00\x00\x00");
    assert!(matches!(&observed[..], [Observed::Violation(_)]), "{observed:?}");
    assert_eq!(pass_through(&mut tap, Side::Client, b"\x81\x80\x00\x00\x00\x00"), []);
    let observed = pass_through(&mut tap, Side::Server, b"\x81\x02hi");
    assert!(
        matches!(&observed[..], [Observed::Message { data, .. }] if data == b"hi"),
        "{observed:?}"
    );
    assert_eq!(tap.inbound(Side::Server).counters().messages, 1);
    assert!(tap.inbound(Side::Client).violation().is_some());
}

/// Each side's Close frame is reported, also the answer to the other one.
#[test]
fn both_close_frames_are_reported() {
    let mut tap = tap(false);
    pass_through(&mut tap, Side::Server, b"\x88\x02\x03\xe8");
    pass_through(&mut tap, Side::Client, b"\x88\x82\x00\x00\x00\x00\x03\xe9");
    let code = |side| tap.inbound(side).close().and_then(|close| close.code).map(|code| code.get());
    assert_eq!([code(Side::Server), code(Side::Client)], [Some(1000), Some(1001)]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_stream_is_decoded_as_by_its_receiver(
        sent in any_stream(Role::Server),
        answered in any_stream(Role::Client),
        observe_frames in any::<bool>(),
        pieces in pieces(),
    ) {
        let observed = pass_both(&mut tap(observe_frames), [&sent, &answered], &pieces);
        let kinds = |observed: &[Observed]| observed.iter().map(std::mem::discriminant).collect::<Vec<_>>();
        let messages = |observed: &[Observed]| {
            let is_message = |event: &&Observed| matches!(event, Observed::Message { .. });
            observed.iter().filter(is_message).cloned().collect::<Vec<_>>()
        };
        for (observed, role, bytes) in [(&observed[0], Role::Server, &sent), (&observed[1], Role::Client, &answered)] {
            // How much of an invalid frame is shown depends on the cuts.
            let received = of_the_peer(run(role, observe_frames, bytes, &pieces));
            prop_assert_eq!(kinds(observed), kinds(&received));
            prop_assert_eq!(messages(observed), messages(&received));
        }
    }
}
