//! `--send-frame`: raw frames, valid or not.

use std::sync::mpsc::channel;

use crate::events::assert_valid;
use crate::scripts::{next, serve};
use crate::support::{CLOSE, PING, TEXT, wscope};

/// The bytes sent with these arguments, without the Close frame.
#[track_caller]
fn sent_bytes(args: &[&str]) -> Vec<u8> {
    let (sender, bytes) = channel();
    let server = serve(move |peer| {
        sender.send(peer.read_until_eof()).expect("a receiver in the test");
    });
    // The Close frame is not answered: the ends of the frames may be undecidable.
    let ending = ["-q", "--wait", "0", "--close-timeout", "50ms", &server.url()];
    wscope().args(args).args(ending).run().code(7);
    let mut bytes = next(&bytes);
    bytes.truncate(bytes.len() - (2 + 4 + 2));
    bytes
}

#[test]
fn frames_are_sent_as_written() {
    for (written, expected) in [
        ("text nomask hello", &b"\x81\x05hello"[..]),
        ("text nomask nofin hello you", b"\x01\x09hello you"),
        ("1 nomask x", b"\x81\x01x"),
        ("continuation nomask x", b"\x80\x01x"),
        ("cont nomask x", b"\x80\x01x"),
        ("binary nomask hex:00ff", b"\x82\x02\x00\xff"),
        ("binary nomask hex:00 FF", b"\x82\x02\x00\xff"),
        ("binary nomask base64:AP8=", b"\x82\x02\x00\xff"),
        ("text nomask text:nofin", b"\x81\x05nofin"),
        ("text nomask", b"\x81\x00"),
        ("ping nomask nofin beat", b"\x09\x04beat"),
        ("pong nomask", b"\x8a\x00"),
        ("3 nomask rsv2", b"\xa3\x00"),
        ("11 nomask rsv1 rsv3 x", b"\xdb\x01x"),
        ("15 nomask rsv1 rsv2 rsv3 nofin", b"\x7f\x00"),
        ("text nomask bits=16 x", b"\x81\x7e\x00\x01x"),
        ("text nomask bits=64 x", b"\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x01x"),
        ("text nomask length=9 x", b"\x81\x09x"),
        ("text nomask length=0 x", b"\x81\x00x"),
        ("text nomask length=200 x", b"\x81\x7e\x00\xc8x"),
        ("binary nomask length=18446744073709551615", b"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"),
        ("text mask=00000000 x", b"\x81\x81\x00\x00\x00\x00x"),
        ("text mask=0a0B0c0d abcde", b"\x81\x85\x0a\x0b\x0c\x0d\x6b\x69\x6f\x69\x6f"),
        ("text nomask hex:ff", b"\x81\x01\xff"),
    ] {
        let got = sent_bytes(&["--send-frame", written]);
        assert_eq!(got, expected, "{written:?}: {}", got.escape_ascii());
    }
}

#[test]
fn a_frame_is_masked_by_default() {
    let server = serve(|peer| {
        let frame = peer.read_frame();
        assert!(frame.masked && frame.fin, "{frame:?}");
        assert_eq!((frame.opcode, frame.rsv, &frame.payload[..]), (TEXT, 2, &b"hello"[..]));
        crate::scripts::answer_close(peer);
    });
    wscope().args(["--send-frame", "text rsv2 hello", "--wait", "0", &server.url()]).run().code(0);
}

#[test]
fn frames_and_messages_are_sent_in_the_order_of_the_arguments() {
    let server = serve(|peer| {
        let frames: Vec<_> = (0..5).map(|_| peer.read_frame()).collect();
        let payloads: Vec<_> = frames.iter().map(|frame| frame.payload.clone()).collect();
        assert_eq!(payloads, [&b"one"[..], b"two", b"3", b"four", b"five"]);
        assert_eq!((frames[1].opcode, frames[1].fin), (PING, false));
        crate::scripts::answer_close(peer);
    });
    let args = ["-x", "one", "--send-frame", "ping nofin two", "--send-hex", "33"];
    let more = ["--send-frame", "text four", "-x", "five", "--wait", "0", &server.url()];
    wscope().args(args).args(more).run().code(0);
}

#[test]
fn frames_may_follow_a_close_frame() {
    let server = serve(|peer| {
        let frame = peer.read_frame();
        assert_eq!((frame.opcode, &frame.payload[..]), (CLOSE, &b"\x03\xe8bye"[..]));
        assert_eq!(peer.read_frame().payload, b"zombie");
        assert_eq!(peer.read_frame().opcode, PING);
        peer.close(1000, "");
    });
    let frames = ["close hex:03e8627965", "text zombie", "ping"];
    let frames = frames.iter().flat_map(|frame| ["--send-frame", *frame]);
    wscope().args(frames).arg(server.url()).run().code(0);
}

#[test]
fn the_reply_to_any_close_frame_is_accepted() {
    for payload in ["", "hex:03", "hex:03ed", "hex:ffff00ff"] {
        let server = serve(|peer| {
            assert_eq!(peer.read_frame().opcode, CLOSE);
            peer.close(1002, "no such code");
        });
        let frame = format!("close {payload}");
        let outcome = wscope().args(["--send-frame", &frame, &server.url()]).run().code(6);
        outcome.stderr_contains("1002").stderr_contains("no such code");
    }
}

#[test]
fn raw_frames_are_marked() {
    let server = serve(|peer| {
        peer.read_frame();
        crate::scripts::answer_close(peer);
    });
    let args = ["--send-frame", "3 rsv1 mask=01020304 x", "--wait", "0", &server.url()];
    let outcome = wscope().args(args).run().code(0);
    outcome.stderr_contains(
        ">> raw frame reserved opcode 3, FIN, RSV1, mask 01020304, length 1 (7 bit) \"x\"\n",
    );

    let server = serve(|peer| {
        peer.read_frame();
        crate::scripts::answer_close(peer);
    });
    let args = ["--json", "--send-frame", "3 rsv1 mask=01020304 x", "--wait", "0", &server.url()];
    let outcome = wscope().args(args).run().code(0);
    let events = outcome.json_lines();
    events.iter().for_each(assert_valid);
    let frames: Vec<_> = events.iter().filter(|event| event["event"] == "frame").collect();
    let [frame] = frames[..] else { panic!("{events:?}") };
    assert_eq!((&frame["raw"], &frame["header"]), (&true.into(), &"c38101020304".into()));
    assert_eq!((&frame["direction"], &frame["mask"]), (&"sent".into(), &"01020304".into()));
}

#[test]
fn an_invalid_frame_is_a_usage_error() {
    for (written, reason) in [
        ("", "requires an opcode: 0 to 15"),
        (
            "16 x",
            "\"16\" is not an opcode: 0 to 15, continuation, text, binary, close, ping or pong",
        ),
        ("hello", "\"hello\" is not an opcode"),
        ("text mask=00", "a masking key is 4 bytes, that is 8 hex digits"),
        ("text mask=0000000g", "hex"),
        ("text length=-1 x", "length=-1: not a number of bytes"),
        ("text bits=8 x", "bits=8: a length has 7, 16 or 64 bits"),
        ("text bits=7 length=126", "a length of 126 does not fit"),
        ("text hex:0", "not hex"),
        ("text base64:A", "not base64"),
    ] {
        let outcome = wscope().args(["--send-frame", written, "ws://127.0.0.1:9/"]).run().code(2);
        outcome.stderr_contains("--send-frame").stderr_contains(reason);
    }
}
