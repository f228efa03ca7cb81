//! The examples of RFC 6455 section 5.7, byte by byte.

use super::support::{Endpoint, Observed, ROLES, options};
use super::wire::{KEY, bytes_for, frame};
use crate::protocol::vocabulary::Direction::{Received, Sent};
use crate::protocol::{MessageKind, Role, Rule};

const UNMASKED_HELLO: &[u8] = &[0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
const MASKED_HELLO: &[u8] = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
const FRAGMENTED_HELLO: &[u8] = &[0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f];
const UNMASKED_PING: &[u8] = &[0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
const MASKED_PONG: &[u8] = &[0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
const BYTES_256: &[u8] = &[0x82, 0x7e, 0x01, 0x00];
const BYTES_64K: &[u8] = &[0x82, 0x7f, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00];

fn hello(frames: u64, wire_size: u64) -> Observed {
    Observed::Message {
        kind: MessageKind::Text,
        data: b"Hello".to_vec(),
        frames,
        wire_size,
        compressed: false,
    }
}

#[test]
fn a_text_message_is_received() {
    assert_eq!(Endpoint::client().receives(UNMASKED_HELLO), [hello(1, 7)]);
    assert_eq!(Endpoint::server().receives(MASKED_HELLO), [hello(1, 11)]);
    assert_eq!(Endpoint::client().receives(FRAGMENTED_HELLO), [hello(2, 9)]);
}

#[test]
fn a_text_message_is_sent() {
    for (role, expected) in [(Role::Client, MASKED_HELLO), (Role::Server, UNMASKED_HELLO)] {
        let mut end = Endpoint::new(role);
        let sent = end.connection.send(MessageKind::Text, b"Hello").expect("it is open");
        assert_eq!(end.take_output(), expected);
        assert_eq!((sent.frames, sent.wire_size), (1, expected.len() as u64));
    }
}

#[test]
fn a_ping_is_answered_with_its_payload() {
    let mut client = Endpoint::client();
    let observed = client.receives(UNMASKED_PING);
    assert_eq!(
        observed,
        [
            Observed::Ping(Received, b"Hello".to_vec()),
            Observed::Pong(Sent, b"Hello".to_vec(), None)
        ]
    );
    assert_eq!(client.take_output(), MASKED_PONG);
}

#[test]
fn a_masked_pong_is_received() {
    let observed = Endpoint::server().receives(MASKED_PONG);
    assert_eq!(observed, [Observed::Pong(Received, b"Hello".to_vec(), None)]);
}

#[test]
fn long_binary_messages_are_received_and_sent() {
    for (header, length) in [(BYTES_256, 256), (BYTES_64K, 65536)] {
        let data: Vec<u8> = (0..length).map(|index| index as u8).collect();
        let bytes = [header, &data].concat();
        let mut server = Endpoint::server();
        server.sends(MessageKind::Binary, &data);
        assert_eq!(server.take_output(), bytes);
        let message = Observed::Message {
            kind: MessageKind::Binary,
            data,
            frames: 1,
            wire_size: bytes.len() as u64,
            compressed: false,
        };
        assert_eq!(Endpoint::client().receives(&bytes), [message]);
    }
}

#[test]
fn an_example_received_in_the_other_role_is_a_violation() {
    let cases = [
        (Role::Server, UNMASKED_HELLO, Rule::UnmaskedByClient),
        (Role::Server, FRAGMENTED_HELLO, Rule::UnmaskedByClient),
        (Role::Server, UNMASKED_PING, Rule::UnmaskedByClient),
        (Role::Server, BYTES_256, Rule::UnmaskedByClient),
        (Role::Server, BYTES_64K, Rule::UnmaskedByClient),
        (Role::Client, MASKED_HELLO, Rule::MaskedByServer),
        (Role::Client, MASKED_PONG, Rule::MaskedByServer),
    ];
    for (role, bytes, rule) in cases {
        let observed = Endpoint::new(role).receives(bytes);
        assert!(
            matches!(&observed[0], Observed::Violation(it) if it.rule == rule),
            "{role:?}: {observed:?}"
        );
    }
}

/// The examples built by the frame builder of these tests.
#[test]
fn the_frame_builder_agrees_with_the_rfc() {
    assert_eq!(frame(0x81, "Hello").bytes_for(Role::Client), UNMASKED_HELLO);
    assert_eq!(frame(0x81, "Hello").bytes_for(Role::Server), MASKED_HELLO);
    assert_eq!(bytes_for(Role::Client, &[frame(0x01, "Hel"), frame(0x80, "lo")]), FRAGMENTED_HELLO);
    assert_eq!(frame(0x8a, "Hello").bytes_for(Role::Server), MASKED_PONG);
    assert_eq!(frame(0x82, [0; 256]).bytes_for(Role::Client)[..4], *BYTES_256);
    assert_eq!(frame(0x82, [0; 65536]).bytes_for(Role::Client)[..10], *BYTES_64K);
    assert_eq!(KEY, MASKED_HELLO[2..6]);
}

#[test]
fn a_frame_is_reported_before_its_event() {
    for role in ROLES {
        let mut options = options(role);
        options.observe_frames = true;
        let mut end = Endpoint::with(options);
        let observed = end.receives(&frame(0x89, "Hello").bytes_for(role));
        let [
            Observed::Frame(Received, ping, received),
            Observed::Ping(Received, _),
            Observed::Frame(Sent, pong, answered),
            Observed::Pong(Sent, ..),
        ] = &observed[..]
        else {
            panic!("{observed:?}")
        };
        assert_eq!((&received[..], &answered[..]), (&b"Hello"[..], &b"Hello"[..]));
        let (masked, plain) = if role == Role::Client { (pong, ping) } else { (ping, pong) };
        assert_eq!((masked.mask, plain.mask), (Some(KEY), None));
        assert!(end.take_output().starts_with(pong.bytes()));
    }
}
