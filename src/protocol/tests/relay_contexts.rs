//! Whatever is decided about compressed messages, the receiver can inflate what is delivered.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::observed::Observed;
use super::relay::{DEFLATE, relay, run};
use super::support::{LIMIT, ROLES};
use super::wire::{Raw, bytes_for, frame, peer_of};
use crate::protocol::deflate::{DeflateParams, Deflater};
use crate::protocol::relay::{Content, Unit};
use crate::protocol::{Inbound, InboundOptions, MessageKind, Opcode, Role, Tolerance};

/// What is decided about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Pass,
    Drop,
    Replace,
    Duplicate,
    Corrupt,
    TakeAndPass,
    TakeAndDrop,
}

const VERDICTS: [Verdict; 7] = [
    Verdict::Pass,
    Verdict::Drop,
    Verdict::Replace,
    Verdict::Duplicate,
    Verdict::Corrupt,
    Verdict::TakeAndPass,
    Verdict::TakeAndDrop,
];

const NEW: &[u8] = b"new new new new new new new new";

/// A message, and how it is sent.
#[derive(Clone, Debug)]
struct Sent {
    data: Vec<u8>,
    is_compressed: bool,
    frames: usize,
    has_ping: bool,
    verdict: Verdict,
}

fn sent() -> impl Strategy<Value = Sent> {
    let words = select(vec!["the same words ", "others, ", "and so on; ", "0123456789"]);
    let data = prop_oneof![
        4 => vec(words, 0..12).prop_map(|words| words.concat().into_bytes()),
        1 => (0..3000u32).prop_map(|count| (0..count).flat_map(u32::to_be_bytes).collect()),
        1 => Just(vec![b'x'; LIMIT as usize + 5000]),
    ];
    (data, any::<bool>(), 1..4usize, any::<bool>(), select(VERDICTS.to_vec())).prop_map(
        |(data, is_compressed, frames, has_ping, verdict)| Sent {
            data,
            is_compressed,
            frames,
            has_ping,
            verdict,
        },
    )
}

impl Sent {
    fn frames(&self, deflater: &mut Deflater) -> Vec<Raw> {
        let compressed = Some(&mut *deflater).filter(|_| self.is_compressed);
        let compressed = compressed.and_then(|deflater| deflater.compress(&self.data));
        let first = if compressed.is_some() { 0x42 } else { 0x02 };
        let mut rest = compressed.unwrap_or(&self.data);
        let mut frames = Vec::new();
        for index in 0..self.frames {
            let (piece, behind) = rest.split_at(rest.len().div_ceil(self.frames - index));
            rest = behind;
            let opcode = if index == 0 { first } else { 0 };
            let fin = if index + 1 == self.frames { 0x80 } else { 0 };
            frames.push(frame(opcode | fin, piece));
            if self.has_ping && index == 0 {
                frames.push(frame(0x89, "p"));
            }
        }
        frames
    }

    /// The messages that the receiver must get. Those over the limit are not decided about.
    fn expected(&self) -> Vec<Vec<u8>> {
        let data = self.data.clone();
        if data.len() as u64 > LIMIT {
            return vec![data];
        }
        match self.verdict {
            Verdict::Pass | Verdict::TakeAndPass => vec![data],
            Verdict::Drop | Verdict::TakeAndDrop => vec![],
            Verdict::Replace => vec![NEW.to_vec()],
            Verdict::Duplicate => vec![data.clone(), data],
            Verdict::Corrupt => {
                let mut data = data;
                if let Some(first) = data.first_mut() {
                    *first ^= 1;
                }
                vec![data]
            }
        }
    }
}

/// The messages that a strict receiver decodes, and the number of pings.
fn decode(role: Role, deflate: DeflateParams, mut bytes: &[u8]) -> (Vec<Vec<u8>>, usize) {
    let mut inbound = Inbound::new(
        InboundOptions {
            role,
            max_message_size: u64::MAX,
            observe_frames: false,
            tolerance: Tolerance::Strict,
            deflate: Some(deflate),
        },
        &[],
    );
    let (mut messages, mut pings) = (Vec::new(), 0);
    while !bytes.is_empty() {
        let count = inbound.receive(bytes);
        bytes = &bytes[count..];
        while let Some(event) = inbound.next_event() {
            match Observed::from(event) {
                Observed::Message { data, .. } => messages.push(data),
                Observed::Ping(..) => pings += 1,
                other => panic!("{other:?}"),
            }
        }
    }
    assert!(inbound.is_between_messages());
    (messages, pings)
}

fn params() -> impl Strategy<Value = DeflateParams> {
    (any::<bool>(), any::<bool>(), 8..=15u8, 8..=15u8).prop_map(
        |(server, client, first, second)| DeflateParams {
            server_no_context_takeover: server,
            client_no_context_takeover: client,
            server_max_window_bits: first,
            client_max_window_bits: second,
        },
    )
}

/// Relays the messages, and returns what is delivered.
fn relay_all(role: Role, params: DeflateParams, messages: &[Sent], piece: usize) -> Vec<u8> {
    let mut relay = relay(role, Some(params), false);
    let mut deflater = Deflater::new(&params, peer_of(role));
    let mut out = Vec::new();
    for message in messages {
        let bytes = bytes_for(role, &message.frames(&mut deflater));
        let mut taken: Option<Unit> = None;
        run(&mut relay, &bytes, piece, &mut out, |decision, out| {
            if !matches!(Observed::from(decision.event()), Observed::Message { .. }) {
                return decision.pass(out);
            }
            match message.verdict {
                Verdict::Pass => decision.pass(out),
                Verdict::Drop => decision.drop_it(out),
                Verdict::Replace => {
                    decision.replace(Content::Message(MessageKind::Binary, NEW), out).unwrap();
                }
                Verdict::Duplicate => decision.duplicate(out),
                Verdict::Corrupt => decision.corrupt(0, out),
                Verdict::TakeAndPass | Verdict::TakeAndDrop => taken = Some(decision.take(out)),
            }
        });
        match taken {
            Some(unit) if message.verdict == Verdict::TakeAndPass => {
                unit.pass(&mut relay, &mut out)
            }
            Some(unit) => unit.drop_it(&mut relay, &mut out),
            None => {}
        }
    }
    relay.end(&mut out);
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_receiver_gets_what_was_decided(
        role in select(ROLES.to_vec()),
        params in params(),
        messages in vec(sent(), 1..10),
        piece in select(vec![7, 1000, usize::MAX]),
    ) {
        let out = relay_all(role, params, &messages, piece);
        let (received, pings) = decode(role, params, &out);
        let expected: Vec<_> = messages.iter().flat_map(Sent::expected).collect();
        prop_assert!(received == expected, "{} and {} messages", received.len(), expected.len());
        prop_assert_eq!(pings, messages.iter().filter(|message| message.has_ping).count());
    }
}

fn text(data: &[u8]) -> Sent {
    let (is_compressed, has_ping) = (true, false);
    Sent { data: data.to_vec(), is_compressed, frames: 1, has_ping, verdict: Verdict::Pass }
}

/// Bytes change only where they must.
#[test]
fn messages_are_compressed_anew_only_after_a_change() {
    let data = b"some text, some text, some text".repeat(9);
    for role in ROLES {
        let mut deflater = Deflater::new(&DEFLATE, peer_of(role));
        let messages = [text(&data), text(&data), text(&data)];
        let bytes: Vec<_> =
            messages.iter().map(|it| bytes_for(role, &it.frames(&mut deflater))).collect();
        let mut relay = relay(role, Some(DEFLATE), false);
        let mut out = Vec::new();
        run(&mut relay, &bytes[0], usize::MAX, &mut out, |it, out| it.duplicate(out));
        assert!(out.starts_with(&bytes[0]) && !relay.is_diverged());
        let start = out.len();
        run(&mut relay, &bytes[1], usize::MAX, &mut out, |it, out| it.pass(out));
        assert!(out[start..] == bytes[1]);
        run(&mut relay, &bytes[2], usize::MAX, &mut out, |it, out| it.drop_it(out));
        assert!(relay.is_diverged());
        assert_eq!(decode(role, DEFLATE, &out).0, [&data[..], &data, &data]);
    }
}

/// A message that is inflated while it is delivered uses little memory, and is delivered before it is complete.
#[test]
fn a_bomb_behind_a_dropped_message_is_delivered_in_fragments() {
    let mut deflater = Deflater::new(&DEFLATE, Role::Server);
    let dropped = text(&[b'd'; 100]).frames(&mut deflater);
    let bomb = text(&vec![0; 20 << 20]).frames(&mut deflater);
    let mut relay = relay(Role::Client, Some(DEFLATE), false);
    let mut out = Vec::new();
    let bytes = bytes_for(Role::Client, &dropped);
    run(&mut relay, &bytes, usize::MAX, &mut out, |it, out| it.drop_it(out));
    let (mut most, mut all) = (0, Vec::new());
    for piece in bytes_for(Role::Client, &bomb).chunks(10_000) {
        run(&mut relay, piece, 1000, &mut out, |it, out| it.pass(out));
        most = most.max(relay.inbound().memory_usage());
        all.append(&mut out);
    }
    assert!(most < 8 << 20, "{most}");
    assert_eq!(decode(Role::Client, DEFLATE, &all).0, [vec![0; 20 << 20]]);
    assert!(relay.inject(Content::Control(Opcode::Ping, b""), &mut out).is_ok());
}
