//! Text where a frame should start: HTTP, HTML pages, the output of a print statement.

use crate::listen::{client, listen};
use crate::scripts::{serve, serve_extension};
use crate::support::{BINARY, CLOSE, CONTINUATION, Outcome, PING, Peer, TEXT};
use crate::support::{close, frame, masked, text, wscope};

const GATEWAY: &[u8] = b"HTTP/1.1 504 Gateway Time-out\r\nContent-Length: 5\r\n\r\nsorry";

/// A run in which the server sends these bytes right after the handshake.
#[track_caller]
fn receive(bytes: &[u8]) -> Outcome {
    receive_with(&[], bytes)
}

#[track_caller]
fn receive_with(args: &[&str], bytes: &[u8]) -> Outcome {
    let bytes = bytes.to_vec();
    let server = serve(move |peer| {
        peer.send(bytes);
        peer.expect_close(1002);
    });
    wscope().args(args).arg(server.url()).stdin_open().run().code(5)
}

#[test]
fn http_is_recognised_at_every_frame_boundary() {
    let fragment = frame(false, 0, TEXT, b"half");
    for before in [text("welcome"), fragment, crate::support::ping(b""), Vec::new()] {
        let outcome = receive(&[&before, GATEWAY].concat());
        outcome
            .stderr_contains(
                "protocol error: HTTP response instead of frames: HTTP/1.1 504 Gateway Time-out",
            )
            .stderr_contains(
                "hint: a gateway or proxy responds like this when the server behind it",
            )
            .stderr_contains("\n< Content-Length: 5\n< \n< sorry\n")
            .stderr_lacks("compression")
            .stderr_lacks("frame at byte");
    }
    let outcome = receive(&[&text("x"), &b"HTTP/1.1 200 OK\r\n\r\n"[..]].concat());
    outcome.stderr_contains("hint: after the upgrade a connection carries only frames");
}

#[test]
fn the_error_event_has_the_text_instead_of_frames() {
    let outcome = receive_with(&["--json"], &[&text("x"), GATEWAY].concat());
    let events = outcome.json_lines();
    let error = events.last().expect("an error");
    assert_eq!(error["body"], std::str::from_utf8(GATEWAY).expect("ASCII"));
    assert!(error["status"].is_null(), "{error}");
}

#[test]
fn http_with_compression_is_not_explained_by_compression() {
    let server = serve_extension("permessage-deflate", |peer| {
        peer.send([&text("x"), GATEWAY].concat());
        peer.expect_close(1002);
    });
    let outcome = wscope().arg(server.url()).stdin_open().run().code(5);
    outcome.stderr_contains("HTTP/1.1 504").stderr_lacks("RSV1").stderr_lacks("--no-compress");
}

#[test]
fn chunk_sizes_and_html_pages_are_recognised() {
    let hello = text("hello");
    for (bytes, cause, hint) in [
        (
            [b"7\r\n", &hello[..], b"\r\n"].concat(),
            "the size of an HTTP chunk: \"7\\r\\n\"",
            "chunked",
        ),
        ([b"0\r\n\r\n", &hello[..]].concat(), "the size of an HTTP chunk: \"0\\r\\n\"", "chunked"),
        (b"1F\r\n".to_vec(), "the size of an HTTP chunk: \"1F\\r\\n\"", "chunked"),
        (b"a\r\n".to_vec(), "the size of an HTTP chunk: \"a\\r\\n\"", "chunked"),
        (
            [&hello[..], b"\r\n7\r\n", &hello].concat(),
            "the size of an HTTP chunk: \"7\\r\\n\"",
            "chunked",
        ),
        (b"<html><body>Bad gateway</body></html>".to_vec(), "HTML or XML: \"<html\"", "a page"),
        ([&hello[..], b"<!DOCTYPE html>\n"].concat(), "HTML or XML: \"<!DOCTYPE\"", "a page"),
        ([b"\r\n", &hello[..]].concat(), "a line end: ", "hint: an extra line end follows the"),
        ([&hello[..], b"\r\n", &hello].concat(), "a line end: ", "a line end after its frames"),
    ] {
        receive(&bytes)
            .stderr_contains("protocol error: text instead of a frame: ")
            .stderr_contains(cause)
            .stderr_contains(hint)
            .stderr_lacks("the previous frame");
    }
    let page = receive(b"<html><body>Bad gateway</body></html>");
    page.stderr_contains("\n< <html><body>Bad gateway</body></html>\n");
}

#[test]
fn text_received_byte_by_byte_is_recognised() {
    for (bytes, cause) in [
        (&b"\r\n1f\r\n"[..], "the size of an HTTP chunk"),
        (b"<html>", "HTML or XML"),
        (b"HTTP/1.1 502 Bad Gateway\r\n", "502 Bad Gateway"),
    ] {
        let server = serve(move |peer| {
            peer.send(text("x"));
            peer.send_slowly(bytes);
            peer.expect_close(1002);
        });
        let outcome = wscope().arg(server.url()).stdin_open().run().code(5).stdout("x\n");
        outcome.stderr_contains(cause);
    }
}

#[test]
fn truncated_text_is_recognised() {
    for (bytes, cause) in [
        (&b"HTTP/1.1 503 Service"[..], "HTTP response instead of frames: HTTP/1.1 503 Service"),
        (b"1f", "reserved bit set"),
    ] {
        let server = serve(move |peer| {
            peer.send([&text("x"), bytes].concat());
            peer.eof();
        });
        let outcome = wscope().arg(server.url()).stdin_open().run().code(5).stdout("x\n");
        outcome.stderr_contains(cause).stderr_lacks("closed with");
    }
}

#[test]
fn other_text_is_reported_as_text() {
    for bytes in [&b"Traceback (most recent call last):\n"[..], b"{\"error\":\"no such user\"}"] {
        for before in [Vec::new(), text("x")] {
            let outcome = receive(&[&before, bytes].concat());
            outcome.stderr_contains("hint: these bytes are text, not a frame");
        }
    }
}

/// At the start there is no previous frame, and an invalid header tells nothing about it.
#[test]
fn the_hint_mentions_a_previous_frame_only_if_there_is_one() {
    for bytes in [frame(true, 0, 3, b"\0"), frame(true, 2, BINARY, b"\0")] {
        receive(&bytes).stderr_lacks("hint: ");
        let outcome = receive(&[text("x"), bytes].concat());
        outcome.stderr_contains("hint: if the previous frame declared a wrong length");
    }
}

/// RFC 7692 section 6.1: RSV1 marks a compressed message, and has no other meaning.
#[test]
fn rsv1_is_explained_by_compression_only_where_it_is_allowed() {
    for (opcode, is_explained) in
        [(TEXT, true), (BINARY, true), (PING, false), (CONTINUATION, false)]
    {
        let outcome = receive(&frame(true, 4, opcode, b"\0"));
        assert_eq!(
            outcome.stderr.contains("RSV1 is used by compression"),
            is_explained,
            "{opcode}"
        );
    }
    receive(&frame(true, 4, CLOSE, b"\x03\xe8")).stderr_lacks("used by compression");
}

#[test]
fn text_is_not_tolerated_with_lenient() {
    receive_with(&["--lenient"], &[&text("x"), GATEWAY].concat()).stdout("x\n");
    receive_with(&["--lenient"], b"7\r\n").stderr_contains("HTTP chunk");
}

#[test]
fn http_after_the_close_frame_is_a_warning() {
    let server = serve(|peer| {
        peer.send([&close(1000, ""), GATEWAY].concat());
        peer.expect_close(1000);
        peer.expect_eof();
    });
    let outcome = wscope().arg(server.url()).stdin_open().run().code(0);
    outcome.stderr_contains(
        "warning: frame after the close frame: HTTP response instead of frames: HTTP/1.1 504",
    );
}

#[test]
fn http_from_a_client_is_recognised() {
    for (bytes, cause) in [
        (&b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n"[..], "an HTTP request: \"GET /next HTTP/1.1\""),
        (b"5\r\nhello\r\n", "the size of an HTTP chunk: \"5\\r\\n\""),
        (b"HTTP/1.1 408 Request Timeout\r\n\r\n", "HTTP/1.1 408 Request Timeout"),
    ] {
        let (server, mut peer) = crate::closing::listen_once(&[]);
        peer.send([&masked(&text("one")), bytes].concat());
        peer.expect_close(1002);
        let outcome = server.wait().code(5).stdout("one\n");
        outcome.stderr_contains(cause).stderr_contains("hint: ").stderr_lacks("mask");
    }
}

#[test]
fn text_from_one_of_many_clients_is_shown() {
    let (mut server, port) = listen(&[]);
    let mut peer = client(port);
    peer.send(b"GET /next HTTP/1.1\r\nHost: \x1b[31mx\r\n\r\n");
    peer.expect_close(1002);
    assert!(server.wait_stderr("#1 wscope: protocol error: text instead of").contains("GET /next"));
    server.wait_stderr("#1 hint: after the upgrade a connection carries only frames");
    server.wait_stderr("47 45 54 20 2f 6e 65 78");
    let mut peer = client(port);
    peer.send(b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
    peer.expect_close(1002);
    server.wait_stderr("#2 < Host: x");
}

/// Letters and digits that are not such a text are judged as frames.
#[test]
fn frames_that_start_like_text_are_judged_as_frames() {
    let cases: [(&[u8], &str); 3] = [
        (b"\x37\x01x", "opcode 7"),
        (b"<\x03abc", "opcode 12"),
        (b"H\x02ab", "RSV1 set on a close"),
    ];
    for (bytes, cause) in cases {
        receive(bytes).stderr_contains(cause).stderr_contains("frame at byte 0");
    }
}

#[test]
fn a_valid_fragment_that_looks_like_text_is_accepted() {
    let compressed =
        crate::support::deflate(b"a message that is long enough to be compressed, compressed");
    let server = serve_extension("permessage-deflate", move |peer: &mut Peer| {
        // 41 0d 0a: with a payload that starts with a line end it looks like a chunk size.
        peer.send(frame(false, 4, TEXT, &compressed[..13]));
        peer.send(frame(true, 0, CONTINUATION, &compressed[13..]));
        crate::scripts::answer_close(peer);
    });
    wscope().args(["-1", &server.url()]).run().code(0);
}
