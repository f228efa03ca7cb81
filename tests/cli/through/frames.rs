//! Frames: byte for byte and at once, in both directions, whatever they are.

use flate2::{Compress, Compression, FlushCompress};
use serde_json::json;

use super::{Proxied, deliver, leave, proxy, unread_proxy};
use crate::support::{BINARY, CONTINUATION, Peer, TEXT, binary, frame, masked, ping, pong, text};

/// Sends bytes from each side, and expects exactly these on the other.
#[track_caller]
fn pass(client: &mut Peer, server: &mut Peer, from_client: &[u8], from_server: &[u8]) {
    deliver(client, server, from_client);
    deliver(server, client, from_server);
}

#[test]
fn frames_pass_byte_for_byte() {
    let proxy = unread_proxy(&[]);
    let (mut client, mut server) = proxy.open();
    let large: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    for frame in [
        text("hi"),
        text(""),
        binary(&[0, 255]),
        ping(b"p"),
        pong(b""),
        binary(&large[..126]),
        binary(&large),
    ] {
        pass(&mut client, &mut server, &masked(&frame), &frame);
    }
    leave(client, server);
}

#[test]
fn each_byte_passes_at_once() {
    let mut proxy = proxy(&["--json"]);
    let (mut client, mut server) = proxy.open();
    let frames =
        [frame(false, 0, TEXT, b"fr"), ping(b"between"), frame(true, 0, CONTINUATION, b"ag")]
            .concat();
    let from_client =
        [masked(&frames[..4]), masked(&frames[4..13]), masked(&frames[13..])].concat();
    for byte in from_client {
        client.send([byte]);
        assert_eq!(server.read_exact(1), [byte]);
    }
    for byte in frames {
        server.send([byte]);
        assert_eq!(client.read_exact(1), [byte]);
    }
    for direction in ["client", "server"] {
        let ping = proxy.event("ping");
        assert_eq!((&ping["direction"], &ping["size"]), (&json!(direction), &json!(7)), "{ping}");
        let message = proxy.event("message");
        let of = |name: &str| message[name].clone();
        assert_eq!(
            [
                of("direction"),
                of("data"),
                of("frames"),
                of("size"),
                of("compressed"),
                of("connection")
            ],
            [json!(direction), json!("frag"), json!(2), json!(4), json!(false), json!(1)]
        );
    }
    leave(client, server);
}

/// Non-minimal lengths, an odd masking key, and a key of zeros.
#[test]
fn unusual_encodings_are_not_normalized() {
    let proxy = unread_proxy(&[]);
    let (mut client, mut server) = proxy.open();
    let from_client = b"\x81\xfe\x00\x02\x00\x00\x00\x00hi\x82\xff\x00\x00\x00\x00\x00\x00\x00\x01\xff\xfe\xfd\xfcx";
    pass(
        &mut client,
        &mut server,
        from_client,
        b"\x81\x7e\x00\x02hi\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x01x",
    );
    leave(client, server);
}

/// The violations by each side, which the other gets all the same; nothing else happens to the connection.
#[track_caller]
fn violate(from_client: &[u8], from_server: &[u8], words: &str) {
    let mut proxy = proxy(&["--json"]);
    let (mut client, mut server) = proxy.open();
    pass(&mut client, &mut server, from_client, b"");
    expect_violation(&mut proxy, "client", words);
    pass(&mut client, &mut server, b"", from_server);
    expect_violation(&mut proxy, "server", words);
    pass(&mut client, &mut server, &masked(&text("on")), &text("on"));
    client.eof();
    server.expect_eof();
    server.eof();
    client.expect_eof();
    let close = proxy.event("close");
    assert_eq!((&close["violations"], &close["code"]), (&json!(2), &json!(1006)), "{close}");
    #[cfg(unix)]
    proxy.stop();
}

#[track_caller]
fn expect_violation(proxy: &mut Proxied, direction: &str, words: &str) {
    let event = proxy.event("violation");
    assert_eq!(event["direction"], direction, "{event}");
    assert_eq!(event["connection"], 1, "{event}");
    assert!(event["message"].as_str().is_some_and(|text| text.contains(words)), "{event}");
}

#[test]
fn wrong_masks_pass_as_violations() {
    violate(&text("hi"), &masked(&text("hi")), "mask");
}

#[test]
fn reserved_bits_pass_as_violations() {
    let bytes = frame(true, 2, TEXT, b"hi");
    violate(&masked(&bytes), &bytes, "RSV2");
}

#[test]
fn reserved_opcodes_pass_as_violations() {
    let bytes = frame(true, 0, 0xb, b"hi");
    violate(&masked(&bytes), &bytes, "opcode");
}

#[test]
fn invalid_utf8_passes_as_a_violation() {
    let bytes = frame(true, 0, TEXT, b"caf\xe9!");
    violate(&masked(&bytes), &bytes, "UTF-8");
}

#[test]
fn fragmented_and_long_control_frames_pass_as_violations() {
    let bytes = frame(true, 0, 0x9, &[b'x'; 200]);
    violate(&masked(&bytes), &bytes, "125");
    let bytes = frame(false, 0, 0x9, b"hi");
    violate(&masked(&bytes), &bytes, "fragment");
}

#[test]
fn a_continuation_of_nothing_passes_as_a_violation() {
    let bytes = frame(true, 0, CONTINUATION, b"hi");
    violate(&masked(&bytes), &bytes, "continuation");
}

#[test]
fn violations_do_not_change_the_exit_status() {
    let mut proxy = proxy(&["--once"]);
    let (mut client, mut server) = proxy.open();
    client.send(text("not masked"));
    server.read_exact(12);
    let line = proxy.running.wait_stderr("violation: ");
    assert!(line.contains('>') && line.contains("passed on") && line.starts_with("#1 "), "{line}");
    leave(client, server);
    proxy.running.wait().code(0);
}

/// A compressor that keeps its context from message to message.
struct Deflater(Compress);

impl Deflater {
    fn new() -> Self {
        Self(Compress::new(Compression::best(), false))
    }

    fn message(&mut self, data: &[u8]) -> Vec<u8> {
        let mut compressed = Vec::with_capacity(data.len() + 1024);
        self.0.compress_vec(data, &mut compressed, FlushCompress::Sync).expect("data to compress");
        compressed.truncate(compressed.len() - 4);
        frame(true, 4, TEXT, &compressed)
    }
}

#[test]
fn compressed_messages_pass_unchanged_and_are_shown_inflated() {
    let mut proxy = proxy(&["--json"]);
    let offer = ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"];
    let (mut client, mut server) =
        proxy.open_with("/", &offer, &["Sec-WebSocket-Extensions: permessage-deflate"]);
    let open = proxy.event("open");
    assert_eq!(open["extensions"], "permessage-deflate", "{open}");
    let (mut of_client, mut of_server) = (Deflater::new(), Deflater::new());
    for number in 0..5 {
        let data =
            format!("{} number {number} of several similar messages", "the same words ".repeat(20));
        let (from_client, from_server) =
            (masked(&of_client.message(data.as_bytes())), of_server.message(data.as_bytes()));
        assert!(
            number == 0 || from_server.len() < 30,
            "no context takeover: {}",
            from_server.len()
        );
        pass(&mut client, &mut server, &from_client, &from_server);
        for (direction, wire) in [("client", from_client.len()), ("server", from_server.len())] {
            let message = proxy.event("message");
            assert_eq!(message["direction"], direction);
            assert_eq!(message["data"], data.as_str(), "{message}");
            assert_eq!(
                (&message["compressed"], &message["size"]),
                (&json!(true), &json!(data.len())),
                "{message}"
            );
            assert_eq!(message["wire_size"], wire, "{message}");
        }
    }
    leave(client, server);
}

/// What cannot be decompressed passes all the same; then messages pass unshown, as their context is unknown.
#[test]
fn corrupt_compressed_data_passes_as_a_violation() {
    let mut proxy = proxy(&["--json"]);
    let offer = ["Sec-WebSocket-Extensions: permessage-deflate"];
    let (mut client, mut server) = proxy.open_with("/", &offer, &offer);
    let corrupt = frame(true, 4, BINARY, &[0xff; 20]);
    pass(&mut client, &mut server, &masked(&corrupt), &corrupt);
    let mut directions =
        [proxy.event("violation"), proxy.event("violation")].map(|it| it["direction"].to_string());
    directions.sort();
    assert_eq!(directions, ["\"client\"", "\"server\""]);
    pass(&mut client, &mut server, &masked(&text("plain")), &text("plain"));
    leave(client, server);
}

#[test]
fn unnegotiated_compression_passes_as_a_violation() {
    let bytes = frame(true, 4, BINARY, b"hi");
    violate(&masked(&bytes), &bytes, "RSV1");
}

#[test]
fn every_frame_is_shown_with_vv() {
    let mut proxy = proxy(&["--json", "-vv"]);
    let (mut client, mut server) = proxy.open();
    pass(
        &mut client,
        &mut server,
        &masked(&frame(false, 0, TEXT, b"a")),
        &frame(false, 0, BINARY, b""),
    );
    for (direction, opcode, size, wire, is_masked) in
        [("client", "text", 1, 7, true), ("server", "binary", 0, 2, false)]
    {
        let event = proxy.event("frame");
        let of = |name: &str| event[name].clone();
        assert_eq!(
            [of("direction"), of("opcode"), of("fin"), of("size"), of("wire_size"), of("masked")],
            [
                json!(direction),
                json!(opcode),
                json!(false),
                json!(size),
                json!(wire),
                json!(is_masked)
            ]
        );
    }
    leave(client, server);
}

/// Nothing behind it can be parsed, but it passes, as does the rest.
#[test]
fn a_length_with_the_top_bit_set_is_reported_as_passed_on() {
    for options in [&["--json"][..], &["--json", "--rule", "any nth 100 => drop"]] {
        let mut proxy = proxy(options);
        let (mut client, mut server) = proxy.open();
        deliver(&mut server, &mut client, b"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff, and more");
        let violation = proxy.event("violation");
        assert_eq!(violation["passed_on"], true, "{violation}");
    }
}
