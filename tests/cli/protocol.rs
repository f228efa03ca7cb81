//! Protocol violations after the handshake: exit status 5, the rule on stderr, the close code on the wire.

use crate::scripts::{answer_close, close, serve, violate, violate_with};
use crate::support::{BINARY, CLOSE, CONTINUATION, PING, PONG, Peer, TEXT};
use crate::support::{binary, frame, masked, ping, pong, text, wscope};

const ERROR: u16 = 1002;
const BAD_DATA: u16 = 1007;
const TOO_BIG: u16 = 1009;

#[track_caller]
fn expect_violations(section: &str, cases: &[(&[u8], u16, &str)]) {
    for (bytes, code, cause) in cases {
        violate(bytes, *code)
            .stderr_contains(cause)
            .stderr_contains(&format!("(RFC 6455 section {section})"));
    }
}

#[test]
fn reserved_bits_and_opcodes() {
    expect_violations(
        "5.2",
        &[
            (&frame(true, 4, TEXT, b"x"), ERROR, "RSV1"),
            (&frame(true, 2, BINARY, b"x"), ERROR, "RSV2"),
            (&frame(true, 1, TEXT, b""), ERROR, "RSV3"),
            (&frame(true, 7, PING, b""), ERROR, "RSV1, RSV2, RSV3"),
            (&frame(true, 4, CLOSE, &[3, 232]), ERROR, "RSV1"),
            (&frame(true, 0, 3, b"x"), ERROR, "opcode 3"),
            (&frame(true, 0, 7, b""), ERROR, "opcode 7"),
            (&frame(true, 0, 11, b""), ERROR, "opcode 11"),
            (&frame(true, 0, 15, b"x"), ERROR, "opcode 15"),
        ],
    );
}

#[test]
fn masked_frames_from_a_server() {
    expect_violations(
        "5.1",
        &[(&masked(&text("x")), ERROR, "masked"), (&masked(&ping(b"")), ERROR, "masked")],
    );
}

#[test]
fn an_unmasked_frame_from_a_client_ends_that_connection_only() {
    let mut server = wscope().args(["listen", "--echo", ":0"]).stdin_null().spawn();
    let line = server.wait_stderr("listening on ");
    let port = line.trim_end_matches('/').rsplit(':').next().and_then(|port| port.parse().ok());
    let [mut other, mut peer] = [(); 2].map(|()| {
        let mut peer = Peer::connect(port.expect("a port"));
        peer.request("/", &[]);
        peer.read_head();
        peer
    });
    peer.send(text("hi"));
    assert_eq!(peer.expect_close(ERROR), "unmasked frame from a client");
    peer.expect_eof();
    let header = "; header 81 02; payload 68 69 \"hi\"";
    assert!(
        server
            .wait_stderr("#2 wscope: offending frame at byte 0: text, FIN, length 2")
            .contains(header)
    );
    let cause = "#2 wscope: protocol error: unmasked frame from a client: text frame (RFC 6455 section 5.1)";
    assert!(server.wait_stderr(cause).contains("; closed with 1002 Protocol Error"));
    other.send(masked(&text("still served")));
    other.expect_text("still served");
    other.close_and_expect_reply(1000);
}

#[test]
fn fragmented_or_long_control_frames() {
    expect_violations(
        "5.5",
        &[
            (&frame(false, 0, PING, b"x"), ERROR, "ping frame without FIN"),
            (&frame(false, 0, PONG, b""), ERROR, "pong frame without FIN"),
            (&frame(false, 0, CLOSE, &[3, 232]), ERROR, "close frame without FIN"),
            (&ping(&[b'x'; 126]), ERROR, "126 bytes"),
            (&pong(&[b'x'; 70_000]), ERROR, "70000 bytes"),
            (&frame(true, 0, CLOSE, &[b'x'; 126]), ERROR, "126 bytes"),
        ],
    );
}

#[test]
fn a_control_frame_too_long_for_lenient_is_not_reported_as_a_long_message() {
    violate_with(&["--lenient"], &ping(&[b'x'; 5000]), ERROR)
        .stderr_contains("control frame over 125 bytes: ping frame with 5000 bytes of payload")
        .stderr_contains("hint: Close, ping and pong frames carry at most 125 bytes: --lenient accepts up to 4096\n")
        .stderr_lacks("--max-message-size");
}

#[test]
fn fragments_out_of_order() {
    expect_violations(
        "5.4",
        &[
            (&frame(true, 0, CONTINUATION, b"x"), ERROR, "continuation"),
            (&frame(false, 0, CONTINUATION, b"x"), ERROR, "continuation"),
            (&[frame(false, 0, TEXT, b"a"), text("b")].concat(), ERROR, "new message inside"),
            (&[frame(false, 0, TEXT, b"a"), binary(b"b")].concat(), ERROR, "new message inside"),
            (
                &[frame(false, 0, BINARY, b"a"), ping(b""), text("b")].concat(),
                ERROR,
                "new message inside",
            ),
        ],
    );
}

#[test]
fn text_that_is_not_utf8() {
    let fragments = |first: &[u8], last: &[u8]| {
        [frame(false, 0, TEXT, first), frame(true, 0, CONTINUATION, last)].concat()
    };
    expect_violations(
        "8.1",
        &[
            (&frame(true, 0, TEXT, b"ab\xff"), BAD_DATA, "at byte 2"),
            (&frame(true, 0, TEXT, b"\xc0\xaf"), BAD_DATA, "at byte 0"),
            (&frame(true, 0, TEXT, b"\xed\xa0\x80"), BAD_DATA, "at byte 0"),
            (&frame(true, 0, TEXT, b"\xf4\x90\x80\x80"), BAD_DATA, "at byte 0"),
            (&frame(true, 0, TEXT, b"a\xe2\x82"), BAD_DATA, "at byte 1"),
            (&fragments(b"abc", b"d\xff"), BAD_DATA, "at byte 4"),
            (&fragments(b"\xe2\x82", b"x"), BAD_DATA, "at byte 0"),
            (&fragments(b"a\xe2\x82", b""), BAD_DATA, "at byte 1"),
            // Known before the end of the message.
            (&frame(false, 0, TEXT, b"\xff"), BAD_DATA, "at byte 0"),
            (
                &frame(true, 0, TEXT, &[&[0xff; 10][..], &[b'x'; 100]].concat())[..30],
                BAD_DATA,
                "at byte 0",
            ),
        ],
    );
}

#[test]
fn the_kind_of_invalid_utf8_is_explained() {
    let cut_reason = [b"\x03\xe8", &[b'x'; 122][..], b"\xe2"].concat();
    for (bytes, cause, hint) in [
        (
            text_of(b"a\xed\xa0\xbd"),
            "at byte 1 of the message (ed a0) (",
            "hint: this is a UTF-16 surrogate, which is invalid in UTF-8",
        ),
        (text_of(b"\xed\xbf\xbf"), "(ed bf) (", "CESU-8"),
        (
            text_of(b"price: \xe2\x82"),
            "at byte 7 of the message (e2 82, a truncated character)",
            "hint: the peer ends a text message inside a character",
        ),
        (text_of("é\u{20ac}".as_bytes().split_at(3).0), "(e2, a truncated character)", ""),
        // é in Latin-1, which cannot be known.
        (
            text_of(b"caf\xe9"),
            "at byte 3 of the message (e9) (",
            "hint: text messages must be UTF-8",
        ),
        (text_of(b"a\xed\xa0!"), "(ed a0) (", "hint: text messages must be UTF-8"),
        (
            frame(true, 0, CLOSE, &cut_reason),
            "byte 122 of the reason (a truncated character)",
            "hint: a reason has at most 123 bytes",
        ),
        (
            frame(true, 0, CLOSE, b"\x03\xe8\xed\xa0\x80"),
            "byte 0 of the reason (a UTF-16 surrogate)",
            "hint: this is a UTF-16 surrogate",
        ),
    ] {
        violate(&bytes, BAD_DATA).stderr_contains(cause).stderr_contains(hint);
    }
}

fn text_of(bytes: &[u8]) -> Vec<u8> {
    frame(true, 0, TEXT, bytes)
}

#[test]
fn the_position_of_the_offending_frame_is_shown() {
    violate(&frame(true, 4, TEXT, b"x"), ERROR).stderr_contains(
        "offending frame at byte 4: text, FIN, RSV1, length 1 (7 bit); header c1 01; payload 78",
    );
    violate(&frame(true, 0, CLOSE, b"x"), ERROR).stderr_contains(
        "offending frame at byte 4: close, FIN, length 1 (7 bit); header 88 01; payload 78",
    );
}

#[test]
fn the_position_of_the_frame_with_invalid_text_is_shown() {
    let split = [frame(false, 0, TEXT, b"ab"), frame(true, 0, CONTINUATION, b"\xff")].concat();
    violate(&frame(true, 0, TEXT, b"x\xff"), BAD_DATA).stderr_contains(
        "offending frame at byte 4: text, FIN, length 2 (7 bit); header 81 02; payload 78 ff",
    );
    violate(&split, BAD_DATA).stderr_contains(
        "offending frame at byte 8: continuation, FIN, length 1 (7 bit); header 80 01; payload ff",
    );
}

#[test]
fn close_frames_with_invalid_payloads() {
    expect_violations(
        "5.5.1",
        &[
            (&frame(true, 0, CLOSE, b"x"), ERROR, "one-byte payload"),
            (&frame(true, 0, CLOSE, b"\x03\xe8\xff"), BAD_DATA, "close reason"),
            (&frame(true, 0, CLOSE, b"\x03\xe8ok\xe2\x82"), BAD_DATA, "close reason"),
        ],
    );
}

#[test]
fn close_frames_with_invalid_codes() {
    for code in [0_u16, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
        let payload = [&code.to_be_bytes()[..], b"own words"].concat();
        let outcome = violate(&frame(true, 0, CLOSE, &payload), ERROR);
        outcome
            .stderr_contains(&format!("close code {code}"))
            .stderr_contains("RFC 6455 section 7.4");
    }
}

#[test]
fn the_reason_with_an_invalid_code_is_shown() {
    let outcome = violate(&frame(true, 0, CLOSE, b"\x03\xeewhy it ended"), ERROR);
    let reason =
        "(RFC 6455 section 7.4); reason of the Close frame: \"why it ended\"; closed with 1002";
    outcome.stderr_contains(reason).stderr_lacks("\n< why");
    let outcome = violate(&frame(true, 0, CLOSE, b"\x03\xe8a\xff\x1b[2J"), BAD_DATA);
    outcome.stderr_contains("; reason of the Close frame: \"a\\xff\\e[2J\"; closed with 1007");
    violate(&frame(true, 0, CLOSE, b"\x03\xee"), ERROR).stderr_lacks("0000000");
}

#[test]
fn valid_close_frames() {
    let longest = "é".repeat(61) + "x";
    for (code, reason, status) in [
        (1000, "", 0),
        (1005, "", 0),
        (1000, &*longest, 0),
        (1014, "", 6),
        (3000, "", 6),
        (4999, "x", 6),
    ] {
        let reason = reason.to_owned();
        let words = reason.clone();
        let server = serve(move |peer| close(peer, code, &reason));
        let outcome = wscope().arg(server.url()).stdin_open().run().code(status);
        let outcome = outcome.stderr_contains(&words);
        if code == 1005 {
            outcome.stderr_contains("wscope: closed by the peer without a code (1005)\n");
        }
    }
}

#[test]
fn lengths_that_are_not_minimal_or_too_large() {
    let header = |second: u8, length: &[u8]| [&[0x82, second], length].concat();
    let long = |length: u64| header(127, &length.to_be_bytes());
    expect_violations(
        "5.2",
        &[
            (&header(126, &[0, 125]), ERROR, "125"),
            (&header(126, &[0, 0]), ERROR, "0"),
            (&long(65535), ERROR, "65535"),
            (&long(1), ERROR, "1"),
            (&long(1 << 63), ERROR, "9223372036854775808"),
            (&long(u64::MAX), ERROR, "18446744073709551615"),
        ],
    );
}

#[test]
fn messages_over_the_limit() {
    let fragments = |first: usize, last: usize| {
        let first = frame(false, 0, BINARY, &vec![b'x'; first]);
        [first, ping(b""), frame(true, 0, CONTINUATION, &vec![b'x'; last])].concat()
    };
    let huge = [&[0x82, 127][..], &(1_u64 << 62).to_be_bytes()].concat();
    for (args, bytes) in [
        (&["--max-message-size", "10"][..], text("12345678901")),
        (&["--max-message-size", "10"], fragments(6, 5)),
        (&["--max-message-size", "1K"], binary(&[0; 1025])),
        (&[], huge.clone()),
        (&["--max-message-size", "1G"], huge.clone()),
        (&[], [frame(false, 0, BINARY, b"x"), frame_header_of_64_mib()].concat()),
    ] {
        let outcome = violate_with(args, &bytes, TOO_BIG).stderr_contains("message too big");
        outcome.stderr_contains("hint: --max-message-size");
    }
}

/// The header of a continuation frame.
fn frame_header_of_64_mib() -> Vec<u8> {
    [&[0x80, 127][..], &(64_u64 << 20).to_be_bytes()].concat()
}

#[test]
fn messages_of_exactly_the_limit() {
    for bytes in [
        text("1234567890"),
        [frame(false, 0, TEXT, b"12345"), ping(b""), frame(true, 0, CONTINUATION, b"67890")]
            .concat(),
    ] {
        let server = serve(move |peer| {
            peer.send(bytes);
            answer_close(peer);
        });
        let args = ["--max-message-size", "10", "--count", "1", &server.url()];
        wscope().args(args).run().code(0).stdout("1234567890\n");
    }
}

#[test]
fn characters_may_be_split_between_fragments() {
    let server = serve(|peer| {
        peer.send(
            [frame(false, 0, TEXT, b"\xe2"), frame(false, 0, CONTINUATION, b"\x82")].concat(),
        );
        peer.send_slowly(frame(true, 0, CONTINUATION, b"\xac"));
        answer_close(peer);
    });
    wscope().args(["--count", "1", &server.url()]).run().code(0).stdout("€\n");
}

#[test]
fn pings_between_fragments_are_answered() {
    let server = serve(|peer| {
        peer.send(
            [ping(b""), frame(false, 0, TEXT, b"a"), ping(b"p"), pong(b"not asked for")].concat(),
        );
        peer.send([frame(false, 0, CONTINUATION, b""), ping(&[b'x'; 125])].concat());
        [&b""[..], b"p", &[b'x'; 125]].iter().for_each(|payload| peer.expect_pong(payload));
        peer.send(frame(true, 0, CONTINUATION, b"b"));
        answer_close(peer);
    });
    wscope().args(["--count", "1", &server.url()]).run().code(0).stdout("ab\n");
}

#[test]
fn an_http_error_after_the_handshake_is_shown() {
    let server = serve(|peer| {
        peer.send([HTTP_HEAD, HTTP_BODY].concat());
        peer.read_until_eof();
    });
    let outcome = wscope().arg(server.url()).stdin_open().run().code(5).stdout("");
    let outcome = outcome.stderr_contains("400 Bad Request").stderr_contains("RFC 6455");
    outcome.stderr_contains("Transport unknown").stderr_contains("hint: this is engine.io");
}

#[test]
fn an_http_error_received_byte_by_byte_after_the_handshake_is_shown() {
    let server = serve(|peer| {
        peer.send_slowly(HTTP_HEAD);
        peer.expect_close(ERROR);
        peer.send(HTTP_BODY);
    });
    let outcome = wscope().arg(server.url()).stdin_open().run().code(5).stdout("");
    outcome.stderr_contains("400 Bad Request").stderr_contains("Transport unknown");
}

const HTTP_HEAD: &str = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n\r\n";
const HTTP_BODY: &str = "{\"code\":0,\"message\":\"Transport unknown\"}";

#[test]
fn a_violation_instead_of_the_close_reply() {
    let server = serve(|peer| {
        peer.expect_close(1000);
        peer.send([text("late"), frame(true, 4, TEXT, b"x")].concat());
        peer.eof();
        peer.expect_eof();
    });
    let outcome = wscope().args(["--wait", "0", &server.url()]).run().code(5).stdout("late\n");
    outcome.stderr_contains("RSV1");
}

#[test]
fn data_after_the_close_of_the_peer_is_reported_and_not_read() {
    let server = serve(|peer| {
        peer.send(
            [crate::support::close(1000, ""), text("zombie"), frame(true, 7, 3, b"x")].concat(),
        );
        peer.expect_close(1000);
        peer.expect_eof();
    });
    wscope()
        .arg(server.url())
        .stdin_open()
        .run()
        .code(5)
        .stdout("")
        .stderr_contains("frame after the close frame: text, FIN, length 6 (7 bit)")
        .stderr_contains("RFC 6455 section 5.5.1");
}

#[test]
fn a_second_close_is_a_warning() {
    let server = serve(|peer| {
        peer.send([crate::support::close(1000, ""), crate::support::close(4000, "no")].concat());
        peer.expect_close(1000);
        peer.expect_eof();
    });
    let outcome = wscope().arg(server.url()).stdin_open().run();
    outcome.code(0).stdout("").stderr_contains("warning: frame after the close frame: close, FIN");
}
