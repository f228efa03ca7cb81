//! Arbitrary bytes, passed on message by message with arbitrary decisions.
//!
//! Input: a byte of [`Setup`], a byte of options, three piece sizes, eight decisions, the stream.

use wscope::protocol::{
    Content, Decision, Inbound, InboundOptions, Masks, MessageKind, MessageRelay, Opcode,
    RelayOptions, Role, Side, Step, Tolerance, Unit,
};

use super::end::Setup;
use super::input::Input;
use super::wire::KEY;

/// Nothing panics; what is passed is unchanged, and where it is cut does not matter.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let setup = Setup::from(&mut input);
    let options = input.byte();
    let sizes = input.take(3).to_vec();
    let verdicts = input.take(8).to_vec();
    let stream = input.rest();
    let (decides, enforce) = (options & 1 == 0, options & 2 != 0);
    let passed = relay_all(setup, decides, enforce, &[], stream, &sizes);
    let whole = relay_all(setup, decides, enforce, &[], stream, &[]);
    match enforce {
        false => assert!(passed == stream && whole == stream),
        true => assert!(stream.starts_with(&passed) && stream.starts_with(&whole)),
    }
    relay_all(setup, decides, enforce, &verdicts, stream, &sizes);
}

/// What is delivered of the stream, received in pieces of these sizes.
fn relay_all(
    setup: Setup,
    decides: bool,
    enforce: bool,
    verdicts: &[u8],
    stream: &[u8],
    sizes: &[u8],
) -> Vec<u8> {
    let mut relay = new_relay(setup, decides, enforce);
    let (mut out, mut taken) = (Vec::new(), Vec::new());
    let mut verdicts = verdicts.iter().cycle();
    let mut sizes = sizes.iter().cycle();
    let mut rest = stream;
    while !rest.is_empty() {
        let size = sizes.next().map_or(rest.len(), |size| 1 + usize::from(*size)).min(rest.len());
        let count = relay.receive(&rest[..size]);
        assert!(count > 0);
        rest = &rest[count..];
        while let Some(step) = relay.next(&mut out) {
            if let Step::Decide(decision) = step {
                decide(decision, verdicts.next().copied(), &mut out, &mut taken);
            }
        }
        for (unit, verdict) in taken.drain(..) {
            deliver(unit, verdict, &mut relay, &mut out);
        }
        if verdicts.next().is_some_and(|verdict| verdict & 0x80 != 0) {
            relay.release_control(&mut out);
            _ = relay.inject(Content::Control(Opcode::Ping, b"injected"), &mut out);
            _ = relay.inject(Content::Message(MessageKind::Text, b"injected"), &mut out);
        }
        if relay.is_at_boundary() {
            relay.release_idle();
        }
    }
    relay.end(&mut out);
    while let Some(step) = relay.next(&mut out) {
        assert!(matches!(step, Step::Observed(_)), "a message after the end");
    }
    out
}

fn new_relay(setup: Setup, decides: bool, enforce: bool) -> MessageRelay {
    let Setup { role, observe_frames, max_message_size, deflate, .. } = setup;
    let tolerance = Tolerance::Passive;
    let options = InboundOptions { role, max_message_size, observe_frames, tolerance, deflate };
    let from = if role == Role::Server { Side::Client } else { Side::Server };
    let masks = Masks::Fixed(KEY);
    let relay_options = RelayOptions { decides, enforce, deflate, masks };
    MessageRelay::new(from, Inbound::new(options, &[]), relay_options)
}

/// Without a verdict, it is passed.
fn decide(
    decision: Decision<'_>,
    verdict: Option<u8>,
    out: &mut Vec<u8>,
    taken: &mut Vec<(Unit, u8)>,
) {
    // What is to be delivered later must not be overtaken.
    let verdict = if taken.is_empty() { verdict } else { Some(6) };
    match verdict.map(|verdict| verdict % 8) {
        None => decision.pass(out),
        Some(0) => {} // passed by the next call
        Some(1) => decision.drop_it(out),
        Some(2) => _ = decision.replace(Content::Message(MessageKind::Binary, b"replaced"), out),
        Some(3) => _ = decision.replace(Content::Control(Opcode::Pong, b"replaced"), out),
        Some(4) => decision.duplicate(out),
        Some(5) => decision.corrupt(1_234_567, out),
        Some(6) => taken.push((decision.take(out), verdict.unwrap_or(0) >> 3)),
        Some(_) => decision.pass(out),
    }
}

fn deliver(unit: Unit, verdict: u8, relay: &mut MessageRelay, out: &mut Vec<u8>) {
    match verdict % 5 {
        0 => unit.pass(relay, out),
        1 => unit.drop_it(relay, out),
        2 => _ = unit.replace(relay, Content::Message(MessageKind::Text, b"replaced"), out),
        3 => unit.duplicate(relay, out),
        _ => unit.corrupt(relay, 7, out),
    }
}
