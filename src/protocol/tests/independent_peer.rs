//! Interoperability with tungstenite's WebSocket as the peer, over an in-memory stream: an independent check
//! of what we send, and an independent sender.

use std::collections::VecDeque;
use std::io::{self, Read, Write};

use proptest::prelude::*;
use tungstenite::protocol::frame::coding::{CloseCode as PeerCode, Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, Frame};
use tungstenite::protocol::{Role as PeerRole, WebSocketConfig};
use tungstenite::{Bytes, Error, Message, WebSocket};

use super::any_streams::{role, valid_stream};
use super::support::{Endpoint, Observed, ROLES, close_payload, options};
use super::wire::bytes_for;
use super::{accepted, utf8};
use crate::protocol::connection::Initiator;
use crate::protocol::vocabulary::Direction::{Received, Sent};
use crate::protocol::{Masks, MessageKind, Role};

/// The stream of the peer. Reads are short, so that it receives partial frames too.
#[derive(Default)]
struct Line {
    to_peer: VecDeque<u8>,
    from_peer: Vec<u8>,
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.to_peer.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let room = buffer.len().min(1000);
        self.to_peer.read(&mut buffer[..room])
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.from_peer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Our endpoint and an independent one.
struct Interop {
    we: Endpoint,
    peer: WebSocket<Line>,
}

impl Interop {
    /// With our endpoint in this role.
    fn new(role: Role) -> Self {
        let mut options = options(role);
        options.max_message_size = 1 << 20;
        options.masks = Masks::random();
        let peer_role = match role {
            Role::Client => PeerRole::Server,
            Role::Server => PeerRole::Client,
        };
        let peer = WebSocket::from_raw_socket(
            Line::default(),
            peer_role,
            Some(WebSocketConfig::default()),
        );
        Self { we: Endpoint::with(options), peer }
    }

    /// The messages that the peer reads from all we have written.
    fn peer_receives(&mut self) -> Vec<Message> {
        self.peer.get_mut().to_peer.extend(self.we.take_output());
        let mut received = Vec::new();
        loop {
            match self.peer.read() {
                Ok(message) => received.push(message),
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    return received;
                }
                Err(Error::ConnectionClosed) => return received,
                Err(error) => panic!("the peer reports an error: {error}"),
            }
        }
    }

    /// Our events for all the peer has written.
    fn we_receive(&mut self) -> Vec<Observed> {
        if let Err(error) = self.peer.flush() {
            assert!(matches!(error, Error::ConnectionClosed), "{error}");
        }
        let bytes = std::mem::take(&mut self.peer.get_mut().from_peer);
        self.we.receives(&bytes)
    }

    fn peer_sends(&mut self, message: Message) {
        self.peer.send(message).expect("the peer can send");
    }
}

const SIZES: [usize; 9] = [0, 1, 125, 126, 127, 65535, 65536, 65537, 200_000];

fn data(kind: MessageKind, size: usize) -> Vec<u8> {
    match kind {
        MessageKind::Text => "é".repeat(size / 2).into_bytes(),
        MessageKind::Binary => (0..size).map(|index| (index * 13) as u8).collect(),
    }
}

#[test]
fn the_peer_understands_messages_sent_in_pieces() {
    for role in ROLES {
        for size in SIZES {
            for piece in [1000, 4099, 65_536] {
                let mut interop = Interop::new(role);
                let bytes = data(MessageKind::Binary, size);
                let connection = &mut interop.we.connection;
                connection.begin_frame(MessageKind::Binary, size as u64).expect("it is open");
                for piece in bytes.chunks(piece) {
                    assert!(interop.we.connection.is_inside_frame());
                    interop.we.connection.push_payload(piece);
                    interop.peer.get_mut().to_peer.extend(interop.we.take_output_up_to(700));
                }
                assert!(!interop.we.connection.is_inside_frame());
                interop.we.sends(MessageKind::Text, b"next");
                let expected = [Message::Binary(bytes.into()), Message::text("next")];
                assert_eq!(interop.peer_receives(), expected, "{role:?} {size} {piece}");
            }
        }
    }
}

#[test]
fn the_peer_understands_our_messages() {
    for role in ROLES {
        let mut interop = Interop::new(role);
        for size in SIZES {
            let (text, bytes) = (data(MessageKind::Text, size), data(MessageKind::Binary, size));
            interop.we.sends(MessageKind::Text, &text);
            interop.we.sends(MessageKind::Binary, &bytes);
            let text = String::from_utf8(text).expect("it is text");
            assert!(
                interop.peer_receives() == [Message::text(text), Message::binary(bytes)],
                "{role:?}, {size}"
            );
        }
    }
}

#[test]
fn we_understand_the_messages_of_the_peer() {
    for role in ROLES {
        let mut interop = Interop::new(role);
        for size in SIZES {
            let (text, bytes) = (data(MessageKind::Text, size), data(MessageKind::Binary, size));
            interop.peer_sends(Message::text(String::from_utf8(text.clone()).expect("it is text")));
            interop.peer_sends(Message::binary(bytes.clone()));
            let observed = interop.we_receive();
            let [Observed::Message { data: first, .. }, Observed::Message { data: second, .. }] =
                &observed[..]
            else {
                panic!("{role:?}, {size}: {} events", observed.len())
            };
            assert!((first, second) == (&text, &bytes), "{role:?}, {size}");
        }
    }
}

#[test]
fn we_assemble_the_fragments_of_the_peer() {
    for role in ROLES {
        let mut interop = Interop::new(role);
        let fragments = [
            (Data::Text, &b"f\xc3"[..], false),
            (Data::Continue, b"\xa9", false),
            (Data::Continue, b"", true),
        ];
        for (index, (opcode, payload, fin)) in fragments.into_iter().enumerate() {
            let frame = Frame::message(Bytes::from_static(payload), OpCode::Data(opcode), fin);
            interop.peer_sends(Message::Frame(frame));
            interop.peer_sends(Message::Ping(Bytes::from(vec![index as u8])));
        }
        let observed = interop.we_receive();
        let messages: Vec<_> =
            observed.iter().filter(|event| matches!(event, Observed::Message { .. })).collect();
        let [Observed::Message { kind: MessageKind::Text, data, frames: 3, .. }] = messages[..]
        else {
            panic!("{role:?}: {observed:?}")
        };
        assert_eq!(data, "fé".as_bytes());
        let pongs = [0, 1, 2].map(|index| Message::Pong(Bytes::from(vec![index])));
        assert_eq!(interop.peer_receives(), pongs);
    }
}

#[test]
fn pings_are_answered_by_both_sides() {
    for role in ROLES {
        let mut interop = Interop::new(role);
        interop.we.pings(b"ours");
        interop.we.events();
        assert_eq!(interop.peer_receives(), [Message::Ping(Bytes::from_static(b"ours"))]);
        interop.we.at(12);
        let observed = interop.we_receive();
        assert!(
            matches!(&observed[..], [Observed::Pong(Received, _, Some(rtt))] if rtt.as_millis() == 12),
            "{observed:?}"
        );

        interop.peer_sends(Message::Ping(Bytes::from_static(b"theirs")));
        let observed = interop.we_receive();
        assert!(
            matches!(&observed[..], [Observed::Ping(Received, _), Observed::Pong(Sent, ..)]),
            "{observed:?}"
        );
        assert_eq!(interop.peer_receives(), [Message::Pong(Bytes::from_static(b"theirs"))]);
    }
}

#[test]
fn we_close_and_the_peer_answers() {
    for role in ROLES {
        for (code, reason) in
            [(1000, "bye"), (1001, ""), (1011, "é".repeat(61).as_str()), (3000, "x"), (4999, "y")]
        {
            let mut interop = Interop::new(role);
            interop.we.closes(code, reason);
            interop.we.events();
            let frame = CloseFrame { code: PeerCode::from(code), reason: reason.into() };
            assert_eq!(interop.peer_receives(), [Message::Close(Some(frame))]);
            // It repeats our reason in its answer.
            assert_eq!(
                interop.we_receive(),
                [Observed::Close(Received, close_payload(code, reason))]
            );
            let ending = interop.we.ending();
            assert!(interop.we.is_finished() && ending.is_clean());
            assert_eq!((ending.initiator, ending.code().get()), (Initiator::Local, code));
        }
    }
}

#[test]
fn the_peer_closes_and_we_answer() {
    for role in ROLES {
        for (code, reason) in [(Some(1000), "bye"), (Some(1013), ""), (Some(4000), "ü"), (None, "")]
        {
            let mut interop = Interop::new(role);
            let frame =
                code.map(|code| CloseFrame { code: PeerCode::from(code), reason: reason.into() });
            interop.peer.close(frame).expect("the peer can close");
            let observed = interop.we_receive();
            assert_eq!(
                observed,
                [
                    Observed::Close(Received, close_payload(code, reason)),
                    Observed::Close(Sent, close_payload(code, ""))
                ]
            );
            let answer =
                code.map(|code| CloseFrame { code: PeerCode::from(code), reason: "".into() });
            assert_eq!(interop.peer_receives(), [Message::Close(answer)]);
            let ending = interop.we.ending();
            assert!(interop.we.is_finished() && ending.is_clean());
            assert_eq!(ending.initiator, Initiator::Peer);
        }
    }
}

/// Streams that we accept are accepted by the peer too, with the same messages.
#[test]
fn the_peer_accepts_the_same_streams() {
    for role in ROLES {
        let good = accepted::table().into_iter().map(|case| (case.name, case.frames));
        let texts = utf8::table().into_iter().map(|case| (case.name, case.frames));
        for (name, frames) in good.chain(texts) {
            let bytes = bytes_for(role, &frames);
            let observed = Endpoint::new(role).receives(&bytes);
            let is_broken = observed.iter().any(|event| matches!(event, Observed::Violation(_)));
            let ours = message_data(observed);
            let theirs = read_by_tungstenite(role, &bytes);
            assert_eq!(theirs.is_err(), is_broken, "{role:?}, {name}");
            assert!(
                theirs.is_err() || theirs.is_ok_and(|theirs| theirs == ours),
                "{role:?}, {name}"
            );
        }
    }
}

fn message_data(observed: Vec<Observed>) -> Vec<Vec<u8>> {
    let data = |event| match event {
        Observed::Message { data, .. } => Some(data),
        _ => None,
    };
    observed.into_iter().filter_map(data).collect()
}

/// The data messages that tungstenite reads in our role.
fn read_by_tungstenite(role: Role, bytes: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let role = match role {
        Role::Client => PeerRole::Client,
        Role::Server => PeerRole::Server,
    };
    let line = Line { to_peer: bytes.iter().copied().collect(), ..Line::default() };
    let mut other = WebSocket::from_raw_socket(line, role, None);
    let mut received = Vec::new();
    loop {
        match other.read() {
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                received.push(message.into_data().to_vec())
            }
            Ok(_) => {}
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                return Ok(received);
            }
            Err(Error::ConnectionClosed) => return Ok(received),
            Err(error) => return Err(error),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_peer_reads_the_same_messages(role in role(), frames in valid_stream()) {
        let bytes = bytes_for(role, &frames);
        let theirs = read_by_tungstenite(role, &bytes).expect("the stream is valid");
        prop_assert_eq!(message_data(Endpoint::new(role).receives(&bytes)), theirs);
    }
}
