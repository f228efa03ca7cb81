//! What a relay delivers later, or in place of something else, stays in order.

use super::observed::Observed;
use super::relay::{delivered, relay, run, to_client};
use super::support::LIMIT;
use super::wire::frame;
use crate::protocol::relay::{Content, Unit};
use crate::protocol::{MessageKind, Opcode, Role};

#[test]
fn units_are_delivered_later() {
    let frames = [frame(0x01, "a"), frame(0x89, "p"), frame(0x80, "b"), frame(0x81, "c")];
    let mut relay = relay(Role::Client, None, false);
    let mut units: Vec<Unit> = Vec::new();
    let out = delivered(&mut relay, &frames, |decision, out| {
        units.push(decision.take(out));
    });
    assert_eq!(out, b"");
    assert!(relay.is_at_boundary());
    let mut out = Vec::new();
    let contents: Vec<_> = units.iter().map(Unit::content).collect();
    assert_eq!(contents[0], Content::Control(Opcode::Ping, b"p"));
    assert_eq!(contents[1], Content::Message(MessageKind::Text, b"ab"));
    for unit in units {
        unit.pass(&mut relay, &mut out);
    }
    let expected = [frame(0x89, "p"), frame(0x01, "a"), frame(0x80, "b"), frame(0x81, "c")];
    assert_eq!(out, to_client(&expected));
}

#[test]
fn a_control_frame_that_is_delivered_later_overtakes_none_before_it() {
    let frames = [frame(0x01, "a"), frame(0x89, "1"), frame(0x8a, "2"), frame(0x80, "b")];
    let mut relay = relay(Role::Client, None, false);
    let (mut unit, mut before) = (None, Vec::new());
    let mut out = delivered(&mut relay, &frames, |decision, out| {
        if matches!(Observed::from(decision.event()), Observed::Pong(..)) {
            unit = Some(decision.take(out));
            before.clone_from(out);
        } else {
            decision.pass(out);
        }
    });
    assert_eq!(before, to_client(&frames[1..2]));
    unit.unwrap().pass(&mut relay, &mut out);
    let expected = [frame(0x89, "1"), frame(0x01, "a"), frame(0x80, "b"), frame(0x8a, "2")];
    assert_eq!(out, to_client(&expected));
}

#[test]
fn a_unit_is_replaced_also_after_the_end_of_what_is_received() {
    let mut relay = relay(Role::Client, None, false);
    let mut units: Vec<Unit> = Vec::new();
    let mut out = delivered(&mut relay, &[frame(0x81, "a")], |decision, out| {
        units.push(decision.take(out));
    });
    relay.end(&mut out);
    for unit in units {
        let with = Content::Message(MessageKind::Text, b"b");
        assert_eq!(unit.replace(&mut relay, with, &mut out), Ok(()));
    }
    assert_eq!(out, to_client(&[frame(0x81, "b")]));
}

#[test]
fn a_ping_is_replaced_also_within_a_message_that_is_too_large() {
    let large = vec![b'x'; usize::try_from(LIMIT).unwrap() + 1];
    let frames = [frame(0x01, &large), frame(0x89, "p"), frame(0x80, "")];
    let mut relay = relay(Role::Client, None, false);
    let mut out = Vec::new();
    // In pieces, so that the message is delivered in the middle of a frame.
    run(&mut relay, &to_client(&frames), 1000, &mut out, |decision, out| {
        let with = Content::Control(Opcode::Ping, b"q");
        assert_eq!(decision.replace(with, out), Ok(()));
    });
    let expected = [frame(0x01, &large), frame(0x89, "q"), frame(0x80, "")];
    assert_eq!(out, to_client(&expected));
}
