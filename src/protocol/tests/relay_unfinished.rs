//! A message that its sender does not finish is delivered as far as it came: it was never decided.

use super::relay::{DEFLATE, delivered, relay, run, to_client};
use super::support::ROLES;
use super::wire::{Raw, bytes_for, close, frame, peer_of};
use crate::protocol::Role;
use crate::protocol::deflate::Deflater;
use crate::protocol::relay::{Content, Decision, Undeliverable, Unit};
use crate::protocol::{MessageKind, Opcode};

fn pass(decision: Decision<'_>, out: &mut Vec<u8>) {
    decision.pass(out);
}

fn is_close(decision: &Decision<'_>) -> bool {
    matches!(decision.event(), crate::protocol::Event::Close(..))
}

/// Fragments, a ping between them, and a Close frame.
fn unfinished() -> Vec<Raw> {
    vec![frame(0x01, "a"), frame(0x89, "p"), frame(0x00, "b"), close(1000, "")]
}

#[test]
fn a_close_frame_follows_the_fragments_before_it() {
    for role in ROLES {
        let bytes = bytes_for(role, &unfinished());
        for piece in [1, 3, usize::MAX] {
            let (mut relay, mut out) = (relay(role, None, false), Vec::new());
            run(&mut relay, &bytes, piece, &mut out, pass);
            assert_eq!(out, bytes, "in pieces of {piece}");
            assert!(relay.has_sent_close() && !relay.has_waiting_control());
            let message = Content::Message(MessageKind::Text, b"");
            assert_eq!(relay.inject(message, &mut out), Err(Undeliverable::Closing));
        }
    }
}

#[test]
fn fragments_are_delivered_whatever_is_decided_about_the_close_frame() {
    let frames = unfinished();
    let relay_of = || relay(Role::Client, None, false);
    let out = delivered(&mut relay_of(), &frames, |it, out| match is_close(&it) {
        true => it.drop_it(out),
        false => it.pass(out),
    });
    assert_eq!(out, to_client(&frames[..3]));
    let (mut relay, mut unit) = (relay_of(), None);
    let mut out = delivered(&mut relay, &frames, |it, out| match is_close(&it) {
        true => unit = Some(it.take(out)),
        false => it.pass(out),
    });
    assert_eq!(out, to_client(&frames[..3]));
    let ping = Content::Control(Opcode::Ping, b"");
    let message = Content::Message(MessageKind::Text, b"");
    assert_eq!(relay.inject(message, &mut Vec::new()), Err(Undeliverable::InsideMessage));
    assert_eq!(relay.inject(ping, &mut Vec::new()), Ok(()));
    unit.unwrap().pass(&mut relay, &mut out);
    assert_eq!(out, to_client(&frames));
}

#[test]
fn what_follows_the_close_frame_of_an_unfinished_message_passes() {
    let frames = [unfinished(), vec![frame(0x80, "c"), frame(0x81, "d")]].concat();
    let out = delivered(&mut relay(Role::Client, None, false), &frames, pass);
    assert_eq!(out, to_client(&frames));
}

/// The first half of a compressed message that refers to one that was dropped.
fn behind_a_dropped_message(role: Role) -> (super::super::relay::MessageRelay, Vec<u8>) {
    let mut deflater = Deflater::new(&DEFLATE, peer_of(role));
    let data: String = (0..3000_u32).map(|it| it.wrapping_mul(2_654_435_761).to_string()).collect();
    let data = data.into_bytes();
    let dropped = frame(0xc2, deflater.compress(&data).expect("compressed"));
    let again = deflater.compress(&data).expect("compressed").to_vec();
    let mut relay = relay(role, Some(DEFLATE), false);
    let mut out = Vec::new();
    let bytes = bytes_for(role, &[dropped]);
    run(&mut relay, &bytes, usize::MAX, &mut out, |it, out| it.drop_it(out));
    assert_eq!(out, b"");
    let bytes = bytes_for(role, &[frame(0x42, &again[..again.len() - 4])]);
    run(&mut relay, &bytes, usize::MAX, &mut out, pass);
    assert_eq!(out, b"");
    (relay, data)
}

/// It cannot be delivered as it came: the receiver could not inflate it.
#[test]
fn fragments_that_the_receiver_cannot_inflate_are_delivered_inflated() {
    for role in ROLES {
        for is_closed in [true, false] {
            let (mut relay, data) = behind_a_dropped_message(role);
            let mut out = Vec::new();
            let close = bytes_for(role, &[close(1000, "")]);
            match is_closed {
                true => drop(run(&mut relay, &close, usize::MAX, &mut out, pass)),
                false => relay.end(&mut out),
            }
            let rest =
                if is_closed { out.split_off(out.len() - close.len()) } else { close.clone() };
            assert_eq!(rest, close);
            let header = bytes_for(role, &[frame(0x02, &data[..])]).len() - data.len();
            let inflated = &data[..out.len() - header];
            assert!(inflated.len() > data.len() / 2, "{}", inflated.len());
            assert_eq!(out, bytes_for(role, &[frame(0x02, inflated)]));
        }
    }
}

/// It is not taken out of its message, which may be delivered as it came.
#[test]
fn a_control_frame_keeps_its_place_in_a_message_that_is_delivered_later() {
    let frames = [frame(0x01, "a"), frame(0x89, "p"), frame(0x80, "b")];
    let (mut relay, mut units) = (relay(Role::Client, None, false), Vec::<Unit>::new());
    let mut out = delivered(&mut relay, &frames, |it, out| match it.is_within_message() {
        true => it.pass(out),
        false => units.push(it.take(out)),
    });
    assert_eq!((out.len(), units.len()), (0, 1));
    units.remove(0).pass(&mut relay, &mut out);
    assert_eq!(out, to_client(&frames));
}
