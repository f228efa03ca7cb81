//! Valid streams and their messages.

use super::support::{Endpoint, LIMIT, Observed, ROLES};
use super::wire::{Raw, bytes_for, frame, peer_of};
use crate::protocol::vocabulary::Direction::{Received, Sent};
use crate::protocol::{MessageKind, Role};

/// A stream and the data messages in it.
pub(super) struct Accepted {
    pub(super) name: String,
    pub(super) frames: Vec<Raw>,
    messages: Vec<(MessageKind, Vec<u8>)>,
}

fn accepted(name: &str, frames: Vec<Raw>, messages: &[(MessageKind, &[u8])]) -> Accepted {
    let messages = messages.iter().map(|(kind, data)| (*kind, data.to_vec())).collect();
    Accepted { name: name.to_owned(), frames, messages }
}

fn text(name: &str, frames: Vec<Raw>, data: &str) -> Accepted {
    accepted(name, frames, &[(MessageKind::Text, data.as_bytes())])
}

fn binary(name: &str, frames: Vec<Raw>, data: &[u8]) -> Accepted {
    accepted(name, frames, &[(MessageKind::Binary, data)])
}

pub(super) fn table() -> Vec<Accepted> {
    let long: Vec<u8> = (0..LIMIT).map(|index| (index * 7) as u8).collect();
    let lengths = [125, 126, 127, 65535, 65536, LIMIT as usize].map(|length| {
        binary(&format!("{length} bytes"), vec![frame(0x82, &long[..length])], &long[..length])
    });
    let mut table = vec![
        accepted("nothing", vec![], &[]),
        text("an empty text", vec![frame(0x81, "")], ""),
        binary("an empty binary", vec![frame(0x82, "")], b""),
        text("empty fragments alone", vec![frame(0x01, ""), frame(0x00, ""), frame(0x80, "")], ""),
        text(
            "empty fragments around",
            vec![frame(0x01, ""), frame(0x00, "ab"), frame(0x80, "")],
            "ab",
        ),
        text(
            "an empty fragment between",
            vec![frame(0x01, "a"), frame(0x00, ""), frame(0x80, "b")],
            "ab",
        ),
        text(
            "a ping between fragments",
            vec![frame(0x01, "a"), frame(0x89, "p"), frame(0x80, "b")],
            "ab",
        ),
        text(
            "control frames between empty fragments",
            vec![
                frame(0x01, ""),
                frame(0x89, "1"),
                frame(0x8a, "2"),
                frame(0x89, ""),
                frame(0x80, ""),
            ],
            "",
        ),
        accepted(
            "an empty ping and the longest",
            vec![frame(0x89, ""), frame(0x89, [7; 125])],
            &[],
        ),
        accepted("an unsolicited pong", vec![frame(0x8a, "who asked?")], &[]),
        binary("bytes that are not text", vec![frame(0x82, b"\xff\xc0\x80")], b"\xff\xc0\x80"),
        binary(
            "bytes that are not text, in fragments",
            vec![frame(0x02, b"\xf0"), frame(0x00, b"\xff"), frame(0x80, b"\xc0")],
            b"\xf0\xff\xc0",
        ),
        accepted(
            "messages of both kinds, one after the other",
            vec![
                frame(0x81, "a"),
                frame(0x82, "b"),
                frame(0x02, "c"),
                frame(0x80, "d"),
                frame(0x81, "e"),
            ],
            &[
                (MessageKind::Text, b"a"),
                (MessageKind::Binary, b"b"),
                (MessageKind::Binary, b"cd"),
                (MessageKind::Text, b"e"),
            ],
        ),
        accepted(
            "the longest message in fragments, a ping inside, then a short one in fragments",
            vec![
                frame(0x02, &long[..30_000]),
                frame(0x89, "p"),
                frame(0x00, &long[30_000..50_000]),
                frame(0x80, &long[50_000..]),
                frame(0x01, "x"),
                frame(0x80, "y"),
            ],
            &[(MessageKind::Binary, &long), (MessageKind::Text, b"xy")],
        ),
    ];
    table.extend(lengths);
    table
}

impl Accepted {
    /// The events of an endpoint in this role: each message after its last frame, each ping with its
    /// answer.
    fn observed(&self, role: Role) -> Vec<Observed> {
        let mut observed = Vec::new();
        let mut messages = self.messages.iter();
        let (mut frames, mut wire_size) = (0, 0);
        for frame in &self.frames {
            let bytes = frame.bytes_for(role);
            let payload = frame.payload().to_vec();
            match bytes[0] {
                0x89 => {
                    observed.push(Observed::Ping(Received, payload.clone()));
                    observed.push(Observed::Pong(Sent, payload, None));
                }
                0x8a => observed.push(Observed::Pong(Received, payload, None)),
                first => {
                    frames += 1;
                    wire_size += bytes.len() as u64;
                    if first & 0x80 != 0 {
                        let (kind, data) =
                            messages.next().expect("a message for each last frame").clone();
                        observed.push(Observed::Message {
                            kind,
                            data,
                            frames,
                            wire_size,
                            compressed: false,
                        });
                        (frames, wire_size) = (0, 0);
                    }
                }
            }
        }
        observed
    }

    /// The pongs that answer its pings.
    fn answers(&self) -> Vec<Raw> {
        let is_ping = |frame: &&Raw| frame.bytes_for(Role::Client)[0] == 0x89;
        self.frames.iter().filter(is_ping).map(|ping| frame(0x8a, ping.payload())).collect()
    }
}

#[test]
fn valid_streams_are_decoded() {
    for role in ROLES {
        for case in table() {
            let mut end = Endpoint::new(role);
            assert_eq!(
                end.receives(&bytes_for(role, &case.frames)),
                case.observed(role),
                "{role:?}, {}",
                case.name
            );
            assert_eq!(
                end.take_output(),
                bytes_for(peer_of(role), &case.answers()),
                "{role:?}, {}",
                case.name
            );
            assert!(end.connection.is_open() && end.connection.ending().is_none(), "{}", case.name);
        }
    }
}

#[test]
fn received_frames_are_counted() {
    for role in ROLES {
        for case in table() {
            let bytes = bytes_for(role, &case.frames);
            let mut end = Endpoint::new(role);
            end.receives(&bytes);
            let [received, sent] = end.counters();
            assert_eq!(received.wire_bytes, bytes.len() as u64, "{}", case.name);
            assert_eq!(received.frames, case.frames.len() as u64, "{}", case.name);
            assert_eq!(received.messages, case.messages.len() as u64, "{}", case.name);
            let payload: usize = case.messages.iter().map(|(_, data)| data.len()).sum();
            assert_eq!(received.payload_bytes, payload as u64, "{}", case.name);
            assert_eq!((sent.messages, sent.payload_bytes), (0, 0), "{}", case.name);
            assert_eq!(sent.frames, case.answers().len() as u64, "{}", case.name);
            assert_eq!(sent.wire_bytes, end.take_output().len() as u64, "{}", case.name);
        }
    }
}

#[test]
fn a_message_is_being_received_from_its_first_frame_to_its_last() {
    let mut end = Endpoint::client();
    for (frames, under_way) in [
        (frame(0x01, "a"), true),
        (frame(0x89, ""), true),
        (frame(0x00, "b"), true),
        (frame(0x80, "c"), false),
        (frame(0x81, "d"), false),
    ] {
        end.receives(&frames.bytes_for(Role::Client));
        assert_eq!(end.connection.is_receiving_message(), under_way, "{frames:?}");
    }
}

/// The longest valid declared length does not reserve more memory than any other.
#[test]
fn a_declared_length_is_not_trusted() {
    for role in ROLES {
        let mut options = super::support::options(role);
        options.max_message_size = u64::MAX;
        let mut end = Endpoint::with(options);
        let huge = frame(0x82, b"").with_length(&[127, 0x40, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(end.receives(&huge.bytes_for(role)), []);
        assert!(end.connection.receive_space().len() <= 1 << 20);
        assert_eq!(end.receives(&[0; 500_000]), []);
        assert!(end.connection.receive_space().len() <= 1 << 20);
        assert!(end.connection.is_open());
    }
}
