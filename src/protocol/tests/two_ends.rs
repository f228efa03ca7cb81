//! A connected client and server: everything they send is received, however the bytes are split, and a tap
//! between them decodes the same.

use proptest::prelude::*;
use proptest::sample::select;

use super::support::{Endpoint, Observed, options, pass_through};
use super::tap::of_the_peer;
use crate::protocol::connection::Initiator;
use crate::protocol::deflate::{DeflateParams, Offer};
use crate::protocol::vocabulary::Direction;
use crate::protocol::{MessageKind, Role, Side, Tap, TapOptions, Tolerance};

/// One step of a simulation.
#[derive(Clone, Debug)]
enum Step {
    /// A message of this size in this many frames.
    Send(Side, MessageKind, usize, usize),
    Ping(Side, Vec<u8>),
    /// Deliver this many bytes written by one side to the other.
    Carry(Side, usize),
}

/// Two endpoints with the messages they should receive and have received, and a tap between them.
struct Pair {
    client: Participant,
    server: Participant,
    between: Tap,
}

/// The message size limit of all three.
const LIMIT: u64 = 1 << 20;

struct Participant {
    end: Endpoint,
    expected: Vec<(MessageKind, Vec<u8>)>,
    received: Vec<(MessageKind, Vec<u8>)>,
    pings: usize,
    pongs: usize,
}

impl Participant {
    fn new(role: Role, deflate: Option<DeflateParams>) -> Self {
        let mut options = options(role);
        options.deflate = deflate;
        options.max_message_size = LIMIT;
        options.observe_frames = role == Role::Server;
        Self {
            end: Endpoint::with(options),
            expected: vec![],
            received: vec![],
            pings: 0,
            pongs: 0,
        }
    }

    fn record(&mut self, observed: Vec<Observed>) {
        for event in observed {
            match event {
                Observed::Message { kind, data, .. } => self.received.push((kind, data)),
                Observed::Pong(Direction::Received, _, rtt) => {
                    assert!(rtt.is_some(), "each pong answers a ping");
                    self.pongs += 1;
                }
                Observed::Violation(violation) => panic!("{violation}"),
                _ => {}
            }
        }
    }
}

impl Pair {
    fn new(deflate: Option<DeflateParams>) -> Self {
        let between = Tap::new(TapOptions {
            max_message_size: LIMIT,
            observe_frames: false,
            tolerance: Tolerance::Strict,
            deflate,
        });
        let (client, server) =
            (Participant::new(Role::Client, deflate), Participant::new(Role::Server, deflate));
        Self { client, server, between }
    }

    /// That side, and the other.
    fn participants(&mut self, side: Side) -> (&mut Participant, &mut Participant) {
        match side {
            Side::Client => (&mut self.client, &mut self.server),
            Side::Server => (&mut self.server, &mut self.client),
        }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Send(side, kind, size, frames) => {
                let (from, to) = self.participants(*side);
                let data = data(*kind, *size);
                let connection = &mut from.end.connection;
                let sent = connection.send_in_frames(*kind, &data, *frames, &mut |_| ());
                assert_eq!(sent.map(|sent| sent.frames), Ok(*frames as u64));
                to.expected.push((*kind, data));
            }
            Step::Ping(side, payload) => {
                let (from, _) = self.participants(*side);
                let number = from.pings as u64;
                from.end.pings(&[&number.to_be_bytes(), &payload[..]].concat());
                from.pings += 1;
            }
            Step::Carry(side, count) => {
                self.carry(*side, *count);
            }
        }
    }

    /// Delivers bytes; returns whether there were any.
    fn carry(&mut self, side: Side, count: usize) -> bool {
        let (from, _) = self.participants(side);
        let bytes = from.end.take_output_up_to(count);
        let seen = pass_through(&mut self.between, side, &bytes);
        let (_, to) = self.participants(side);
        let observed = to.end.receives(&bytes);
        assert_eq!(seen, of_the_peer(as_the_tap_sees_them(&observed)));
        to.record(observed);
        !bytes.is_empty()
    }

    /// Delivers in pieces of these sizes, repeated as needed, until neither side has output.
    fn carry_all(&mut self, pieces: &[usize]) {
        for &piece in pieces.iter().cycle() {
            let to_server = self.carry(Side::Client, piece);
            let to_client = self.carry(Side::Server, piece);
            if !to_server && !to_client {
                return;
            }
        }
    }

    fn check_arrivals(&self) {
        for participant in [&self.client, &self.server] {
            assert!(
                participant.received == participant.expected,
                "{} of {} messages",
                participant.received.len(),
                participant.expected.len()
            );
            assert_eq!(participant.pings, participant.pongs);
        }
        self.check_counters();
    }

    fn check_counters(&self) {
        let ([client_received, client_sent], [server_received, server_sent]) =
            (self.client.end.counters(), self.server.end.counters());
        assert_eq!(client_sent, server_received);
        assert_eq!(server_sent, client_received);
    }
}

/// A tap does not match pongs to pings, and this one does not report frames.
fn as_the_tap_sees_them(observed: &[Observed]) -> Vec<Observed> {
    let without_time = |event: &Observed| match event {
        Observed::Frame(..) => None,
        Observed::Pong(direction, payload, _) => {
            Some(Observed::Pong(*direction, payload.clone(), None))
        }
        other => Some(other.clone()),
    };
    observed.iter().filter_map(without_time).collect()
}

/// A payload that depends on its size, without repetition at frame boundaries.
fn data(kind: MessageKind, size: usize) -> Vec<u8> {
    if kind == MessageKind::Binary {
        return (0..size).map(|index| (index * 31 + size) as u8).collect();
    }
    let mut text = "aé한😀".repeat(size / 10).into_bytes();
    text.resize(size, b'x');
    text
}

fn side() -> impl Strategy<Value = Side> {
    select(vec![Side::Client, Side::Server])
}

fn step() -> impl Strategy<Value = Step> {
    let kind = select(vec![MessageKind::Text, MessageKind::Binary]);
    let size = prop_oneof![
        4 => select(vec![0, 1, 124, 125, 126, 127, 65534, 65535, 65536, 65537, 200_000]),
        1 => 0..20_000usize,
    ];
    prop_oneof![
        3 => (side(), kind, size, select(vec![1, 1, 1, 2, 7])).prop_map(|(side, kind, size, frames)| Step::Send(side, kind, size, frames)),
        1 => (side(), prop::collection::vec(any::<u8>(), 0..=117)).prop_map(|(side, payload)| Step::Ping(side, payload)),
        3 => (side(), piece()).prop_map(|(side, count)| Step::Carry(side, count)),
    ]
}

/// No compression, or any parameters.
fn deflate() -> impl Strategy<Value = Option<DeflateParams>> {
    let window = select(vec![8, 9, 12, 15]);
    let flags = (any::<bool>(), any::<bool>());
    let params = (flags, window.clone(), window).prop_map(|((server, client), s, c)| {
        let flag = |set, name| if set { name } else { "" };
        let offer = format!(
            "permessage-deflate; server_max_window_bits={s}; client_max_window_bits={c}{}{}",
            flag(server, "; server_no_context_takeover"),
            flag(client, "; client_no_context_takeover")
        );
        Offer::parse(&offer).expect("an offer").accept().0
    });
    prop::option::weighted(0.7, params)
}

fn piece() -> impl Strategy<Value = usize> {
    prop_oneof![1..200usize, 1..20_000usize, 20_000..300_000usize]
}

/// Piece sizes for the rest, including a large one to limit the duration.
fn pieces() -> impl Strategy<Value = Vec<usize>> {
    (prop::collection::vec(piece(), 1..8), 30_000..300_000usize).prop_map(|(mut pieces, large)| {
        pieces.push(large);
        pieces
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_messages_are_received_in_order_and_the_close_is_clean(
        steps in prop::collection::vec(step(), 0..24),
        deflate in deflate(),
        pieces in pieces(),
        closers in select(vec![vec![Side::Client], vec![Side::Server], vec![Side::Client, Side::Server]]),
    ) {
        let mut pair = Pair::new(deflate);
        for step in &steps {
            pair.take(step);
        }
        pair.carry_all(&pieces);
        pair.check_arrivals();

        for side in &closers {
            pair.participants(*side).0.end.closes(1000, "done");
        }
        pair.carry_all(&pieces);
        pair.check_arrivals();
        for side in [Side::Client, Side::Server] {
            let participant = pair.participants(side).0;
            prop_assert!(participant.end.is_finished());
            let ending = participant.end.ending();
            prop_assert!(ending.is_clean());
            prop_assert_eq!(ending.code().get(), 1000);
            let initiator = if closers.contains(&side) { Initiator::Local } else { Initiator::Peer };
            prop_assert_eq!(ending.initiator, initiator);
        }
    }

    /// Nothing is delivered before the close: earlier messages are still received first.
    #[test]
    fn messages_in_flight_are_received_before_the_close(
        sizes in prop::collection::vec(select(vec![0, 125, 126, 65536, 200_000]), 0..6),
        deflate in deflate(),
        pieces in pieces(),
        closer in side(),
    ) {
        let mut pair = Pair::new(deflate);
        for size in sizes {
            pair.take(&Step::Send(closer, MessageKind::Binary, size, 1));
        }
        pair.participants(closer).0.end.closes(1001, "");
        pair.carry_all(&pieces);
        pair.check_arrivals();
        prop_assert!(pair.client.end.is_finished() && pair.server.end.is_finished());
    }
}
