//! What rules do, read as bytes at the receiver: in both directions, plain and within a compression context.

use std::time::{Duration, Instant};

use flate2::{Compress, Compression, FlushCompress};

use super::{Proxied, deliver, proxy};
use crate::support::{
    BINARY, CONTINUATION, Frame, Inflater, Peer, TEXT, frame, masked, ping, pong, text,
};

pub(super) const SIDES: [&str; 2] = ["client", "server"];

/// The header with which permessage-deflate is offered and accepted.
const DEFLATE: &str = "Sec-WebSocket-Extensions: permessage-deflate";

/// A connection seen from the side that a rule is about.
pub(super) struct Path {
    pub(super) proxy: Proxied,
    pub(super) from: Peer,
    pub(super) to: Peer,
    from_client: bool,
}

impl Path {
    /// `rule` follows the name of the side; `header` is part of the request and of the response.
    #[track_caller]
    pub(super) fn new(side: &str, rule: &str, header: &[&str], options: &[&str]) -> Self {
        let rule = format!("{side} {rule}");
        let options = [&["--json", "--seed", "1", "--rule", &rule], options].concat();
        let proxy = proxy(&options);
        let (client, server) = proxy.open_with("/", header, header);
        let from_client = side == "client";
        let (from, to) = if from_client { (client, server) } else { (server, client) };
        Self { proxy, from, to, from_client }
    }

    /// A frame as this side sends it.
    pub(super) fn wire(&self, frame: &[u8]) -> Vec<u8> {
        if self.from_client { masked(frame) } else { frame.to_vec() }
    }

    pub(super) fn send(&mut self, frame: &[u8]) {
        let bytes = self.wire(frame);
        self.from.send(bytes);
    }

    /// The next bytes at the receiver are those that were sent of this frame.
    #[track_caller]
    pub(super) fn expect_bytes(&mut self, frame: &[u8]) {
        let bytes = self.wire(frame);
        assert_eq!(self.to.read_exact(bytes.len()), bytes);
    }

    /// A frame arrives as it is sent.
    #[track_caller]
    fn deliver(&mut self, frame: &[u8]) {
        let bytes = self.wire(frame);
        deliver(&mut self.from, &mut self.to, &bytes);
    }

    /// The next frame, which is the whole of a message.
    #[track_caller]
    fn read(&mut self) -> Frame {
        let frame = self.to.read_frame();
        assert!(frame.fin && frame.masked == self.from_client, "{frame:?}");
        frame
    }

    /// Nothing more arrives before the end.
    #[track_caller]
    pub(super) fn end(mut self) {
        self.from.eof();
        self.to.expect_eof();
        self.to.eof();
        self.from.expect_eof();
    }
}

/// Runs a test for each direction.
pub(super) fn both_ways(rule: &str, test: impl Fn(Path)) {
    for side in SIDES {
        test(Path::new(side, rule, &[], &[]));
    }
}

#[test]
fn a_message_is_dropped() {
    both_ways("text:b => drop", |mut path| {
        path.deliver(&text("a"));
        path.send(&text("b"));
        path.deliver(&text("c"));
        assert_eq!(path.proxy.event("message")["action"], serde_json::Value::Null);
        assert_eq!(path.proxy.event("message")["action"], "drop");
        path.end();
    });
}

#[test]
fn control_frames_between_the_fragments_of_a_dropped_message_arrive() {
    both_ways("=> drop", |mut path| {
        path.send(&frame(false, 0, TEXT, b"a"));
        path.send(&ping(b"p"));
        path.send(&frame(true, 0, CONTINUATION, b"b"));
        path.expect_bytes(&ping(b"p"));
        path.end();
    });
}

#[test]
fn what_is_behind_a_delayed_message_waits() {
    both_ways("text:b => delay 30ms", |mut path| {
        let start = Instant::now();
        for frame in [text("a"), text("b"), ping(b"p"), text("c")] {
            path.send(&frame);
        }
        path.expect_bytes(&text("a"));
        path.expect_bytes(&text("b"));
        assert!(start.elapsed() >= Duration::from_millis(30), "{:?}", start.elapsed());
        path.expect_bytes(&ping(b"p"));
        path.expect_bytes(&text("c"));
        path.end();
    });
}

#[test]
fn a_message_is_duplicated_with_its_fragments() {
    let fragments =
        [frame(false, 0, TEXT, b"b"), frame(true, 0, CONTINUATION, b"b")].map(|it| it.to_vec());
    both_ways("text:bb => duplicate", |mut path| {
        path.deliver(&text("a"));
        path.send(&fragments[0]);
        path.send(&fragments[1]);
        for _ in 0..2 {
            path.expect_bytes(&fragments[0]);
            path.expect_bytes(&fragments[1]);
        }
        path.deliver(&text("c"));
        path.end();
    });
}

#[test]
fn a_message_is_replaced() {
    both_ways("text:b => replace hex:00ff", |mut path| {
        path.deliver(&text("a"));
        path.send(&text("b"));
        let frame = path.read();
        assert_eq!((frame.opcode, frame.rsv, &frame.payload[..]), (BINARY, 0, &[0, 0xff][..]));
        path.deliver(&text("c"));
        path.end();
    });
}

#[test]
fn one_bit_of_a_message_is_changed() {
    both_ways("text:beta => corrupt", |mut path| {
        path.deliver(&text("alpha"));
        path.send(&text("beta"));
        let sent = path.wire(&text("beta"));
        let got = path.to.read_exact(sent.len());
        let differing: u32 = got.iter().zip(&sent).map(|(a, b)| (a ^ b).count_ones()).sum();
        let header = sent.len() - "beta".len();
        assert_eq!((differing, &got[..header]), (1, &sent[..header]));
        path.deliver(&text("c"));
        path.end();
    });
}

#[test]
fn both_sides_get_a_close_frame() {
    both_ways("text:b => close 1011 why", |mut path| {
        path.deliver(&text("a"));
        path.send(&[text("b"), text("c")][0]);
        for peer in [&mut path.to, &mut path.from] {
            assert_eq!(peer.expect_close(1011), "why");
            peer.close(1011, "");
        }
        path.to.expect_eof();
        path.from.expect_eof();
    });
}

#[test]
fn both_sides_are_reset() {
    both_ways("text:b => abort", |mut path| {
        path.deliver(&text("a"));
        path.send(&text("b"));
        path.to.expect_reset(b"");
        path.from.expect_reset(b"");
    });
}

#[test]
fn control_frames_are_dropped_duplicated_and_replaced() {
    both_ways("ping: nth 2 => drop", |mut path| {
        path.deliver(&ping(b"1"));
        path.send(&ping(b"2"));
        path.deliver(&ping(b"3"));
        path.end();
    });
    both_ways("pong: => duplicate", |mut path| {
        path.send(&pong(b"1"));
        path.expect_bytes(&pong(b"1"));
        path.expect_bytes(&pong(b"1"));
        path.end();
    });
    both_ways("ping:1 => replace text:one", |mut path| {
        path.send(&ping(b"1"));
        path.to.expect_ping(b"one");
        path.deliver(&ping(b"2"));
        path.end();
    });
}

#[test]
fn a_delayed_control_frame_overtakes_none_before_it() {
    // In a message that is kept, and in one that is not.
    for limit in ["64M", "2"] {
        for side in SIDES {
            let options = ["--max-message-size", limit];
            let mut path = Path::new(side, "ping:2 => delay 20ms", &[], &options);
            path.send(&frame(false, 0, TEXT, b"abc"));
            path.send(&ping(b"1"));
            path.send(&ping(b"2"));
            path.send(&frame(true, 0, CONTINUATION, b"def"));
            let frames: Vec<_> = (0..4).map(|_| path.to.read_frame()).collect();
            let pings: Vec<_> = frames.iter().filter(|it| it.opcode > 7).collect();
            assert_eq!((&*pings[0].payload, &*pings[1].payload), (&b"1"[..], &b"2"[..]), "{limit}");
            path.end();
        }
    }
}

/// The side that compresses, with context takeover.
struct Deflater(Compress);

impl Deflater {
    fn new() -> Self {
        Self(Compress::new(Compression::best(), false))
    }

    /// A text message that may refer to those before it.
    fn text(&mut self, data: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(data.len() + 64);
        self.0.compress_vec(data.as_bytes(), &mut bytes, FlushCompress::Sync).expect("compressed");
        bytes.truncate(bytes.len() - 4);
        frame(true, 4, TEXT, &bytes)
    }
}

const MESSAGES: [&str; 5] = [
    "the first message, which later ones repeat",
    "the second message, which later ones repeat too",
    "the first message, which later ones repeat; the second message, which later ones repeat too",
    "the second message, which later ones repeat too; the first message",
    "the first message, which later ones repeat; the second message, which later ones repeat too",
];

/// Sends [`MESSAGES`] in one compression context, in each direction. The rule applies to the second. Returns what a
/// receiver makes of all that arrives.
fn within_context(rule: &str, count: usize) -> Vec<Vec<Vec<u8>>> {
    let run = |side: &&str| {
        let mut path = Path::new(side, rule, &[DEFLATE], &[]);
        let (mut deflater, mut inflater) = (Deflater::new(), Inflater::new());
        let first = deflater.text(MESSAGES[0]);
        path.deliver(&first);
        inflater.inflate(&first[2..]);
        for message in &MESSAGES[1..] {
            let frame = deflater.text(message);
            path.send(&frame);
        }
        let read = |_| {
            let frame = path.read();
            if frame.rsv == 4 { inflater.inflate(&frame.payload) } else { frame.payload }
        };
        let received = (0..count).map(read).collect();
        path.end();
        received
    };
    SIDES.iter().map(run).collect()
}

#[test]
fn messages_behind_a_touched_one_inflate() {
    let rest: Vec<_> = MESSAGES[2..].iter().map(|it| it.as_bytes().to_vec()).collect();
    let second = MESSAGES[1].as_bytes().to_vec();
    for (action, delivered) in [
        ("drop", vec![]),
        ("delay 10ms", vec![second.clone()]),
        ("duplicate", vec![second.clone(), second]),
        ("replace text:new", vec![b"new".to_vec()]),
    ] {
        let expected = [delivered, rest.clone()].concat();
        for received in within_context(&format!("nth 2 => {action}"), expected.len()) {
            assert!(received == expected, "{action}: {received:?}");
        }
    }
}

#[test]
fn a_bit_of_a_compressed_message_is_changed_in_its_text() {
    for received in within_context("nth 2 => corrupt", 4) {
        let pairs = received[0].iter().zip(MESSAGES[1].as_bytes());
        let differing: u32 = pairs.map(|(a, b)| (a ^ b).count_ones()).sum();
        assert_eq!((differing, received[0].len()), (1, MESSAGES[1].len()));
        let rest: Vec<_> = received[1..].iter().map(|it| String::from_utf8_lossy(it)).collect();
        assert_eq!(rest, MESSAGES[2..]);
    }
}

#[test]
fn a_rule_ends_a_connection_within_a_compression_context() {
    for side in SIDES {
        for (action, is_reset) in [("close 4000", false), ("abort", true)] {
            let rule = format!("nth 2 => {action}");
            let mut path = Path::new(side, &rule, &[DEFLATE], &[]);
            let mut deflater = Deflater::new();
            let frames = [deflater.text(MESSAGES[0]), deflater.text(MESSAGES[2])];
            path.deliver(&frames[0]);
            path.send(&frames[1]);
            for peer in [&mut path.to, &mut path.from] {
                match is_reset {
                    true => peer.expect_reset(b""),
                    false => drop(peer.expect_close(4000)),
                }
            }
        }
    }
}
