//! `--lenient`: tolerable violations are reported, and the run continues.

use crate::events::assert_valid;
use crate::scripts::{serve, serve_extension, violate_deflate, violate_with};
use crate::support::{CLOSE, CONTINUATION, Outcome, PING, PONG, Peer, TEXT};
use crate::support::{close, deflate, frame, masked, ping, text, wscope};

/// A run in which the server sends these bytes, a message and a Close frame with 1000.
#[track_caller]
fn run_lenient(options: &[&str], extension: &str, bytes: &[u8]) -> Outcome {
    let bytes = [bytes, &text("after"), &close(1000, "")].concat();
    let steps = move |peer: &mut Peer| {
        peer.send(bytes);
        peer.expect_close(1000);
    };
    let server = match extension {
        "" => serve(steps),
        extension => serve_extension(extension, steps),
    };
    wscope().arg("--lenient").args(options).arg(server.url()).stdin_open().run().code(0)
}

#[test]
fn tolerable_violations_are_warnings() {
    let split = |first: Vec<u8>, last: Vec<u8>| [first, last].concat();
    for (bytes, shown, warning, header) in [
        (
            frame(true, 4, TEXT, b"x"),
            "x\nafter\n",
            "reserved bit set: RSV1 set on a text frame, but no extension was negotiated (RFC 6455 \
             section 5.2)",
            "c1 01",
        ),
        (
            frame(true, 3, TEXT, b"x"),
            "x\nafter\n",
            "RSV2, RSV3 set on a text frame, but no extension",
            "b1 01",
        ),
        (
            frame(true, 0, 3, b"skipped"),
            "after\n",
            "reserved opcode: opcode 3 (0x3) (RFC 6455 section 5.2)",
            "83 07",
        ),
        (frame(true, 0, 11, b""), "after\n", "reserved opcode: opcode 11 (0xb)", "8b 00"),
        (
            masked(&text("x")),
            "x\nafter\n",
            "masked frame from a server: text frame with masking key 37fa213d (RFC 6455 section 5.1)",
            "81 81 37 fa 21 3d",
        ),
        (
            frame(false, 0, PING, b"x"),
            "after\n",
            "fragmented control frame: ping frame without FIN (RFC 6455 section 5.5)",
            "09 01",
        ),
        (
            frame(true, 0, PONG, &[b'x'; 126]),
            "after\n",
            "control frame over 125 bytes: pong frame with 126 bytes of payload (RFC 6455 section 5.5)",
            "8a 7e 00 7e",
        ),
        (
            frame(true, 0, CONTINUATION, b"x"),
            "x\nafter\n",
            "continuation frame without a message to continue: no message has been started (RFC 6455 \
             section 5.4)",
            "80 01",
        ),
        (
            split(frame(false, 0, TEXT, b"half"), text("whole")),
            "whole\nafter\n",
            "new message inside a fragmented one: text frame after 1 frame of an unfinished text \
             message (RFC 6455 section 5.4)",
            "81 05",
        ),
        (
            vec![0x81, 126, 0, 1, b'x'],
            "x\nafter\n",
            "length not minimally encoded: length 1 encoded in 16 bits (RFC 6455 section 5.2)",
            "81 7e 00 01",
        ),
        (
            vec![0x81, 127, 0, 0, 0, 0, 0, 0, 0, 1, b'x'],
            "x\nafter\n",
            "length 1 encoded in 64 bits",
            "81 7f 00 00 00 00 00 00 00 01",
        ),
    ] {
        let outcome = run_lenient(&[], "", &bytes).stdout(shown);
        let lines: Vec<_> = outcome.stderr.lines().collect();
        let warnings: Vec<_> =
            lines.iter().filter(|line| line.starts_with("wscope: warning: ")).collect();
        assert_eq!(warnings.len(), 1, "{}", outcome.stderr);
        outcome
            .stderr_contains(warning)
            .stderr_contains("wscope: offending frame at byte ")
            .stderr_contains(&format!("; header {header}"));
    }
}

#[test]
fn text_that_is_not_utf8_is_shown_unchanged() {
    for bytes in [
        frame(true, 0, TEXT, b"a\xffb"),
        [frame(false, 0, TEXT, b"a\xff"), frame(true, 0, CONTINUATION, b"b")].concat(),
    ] {
        let outcome = run_lenient(&[], "", &bytes).stdout_bytes(b"a\xffb\nafter\n");
        outcome.stderr_contains(
            "warning: invalid UTF-8 in a text message: at byte 1 of the message (ff) (RFC 6455 \
             section 8.1)",
        );
    }
}

#[test]
fn rsv1_on_a_continuation_with_compression() {
    let bytes = [frame(false, 4, TEXT, &deflate(b"hello")), frame(true, 4, CONTINUATION, b"")];
    run_lenient(&[], "permessage-deflate", &bytes.concat())
        .stdout("hello\nafter\n")
        .stderr_contains("warning: RSV1 on a frame that cannot start a compressed message")
        .stderr_contains("(RFC 7692 section 6.1)");
}

#[test]
fn the_exit_status_follows_the_close_code() {
    for (payload, status, warning) in [
        (&b"x"[..], 0, "close frame with a one-byte payload"),
        (b"\x03\xe8\xff", 0, "invalid UTF-8 in the close reason"),
        (b"\x03\xe7", 6, "invalid close code: close code 999 Unused must not be sent"),
        (b"\x13\x88why", 6, "invalid close code: close code 5000 "),
    ] {
        let bytes = frame(true, 0, CLOSE, payload);
        let server = serve(move |peer| {
            peer.send(bytes);
            assert_eq!(peer.read_frame().opcode, CLOSE);
        });
        let outcome = wscope().args(["--lenient", &server.url()]).stdin_open().run().code(status);
        let outcome = outcome.stderr_contains(&format!("wscope: warning: {warning}"));
        if status == 6 {
            outcome.stderr_contains(" explains the code\n");
        }
    }
}

#[test]
fn data_after_the_close_frame_is_reported_and_not_shown() {
    let server = serve(|peer| {
        peer.send([close(1000, ""), text("zombie")].concat());
        peer.expect_close(1000);
    });
    let outcome = wscope().args(["--lenient", &server.url()]).stdin_open().run().code(0).stdout("");
    outcome
        .stderr_contains("warning: frame after the close frame: text, FIN, length 6")
        .stderr_contains("(RFC 6455 section 5.5.1)");
}

#[test]
fn intolerable_violations_end_the_connection() {
    let lenient = &["--lenient"][..];
    let long = |length: u64| [&[0x82, 127][..], &length.to_be_bytes()].concat();
    violate_with(lenient, &long(1 << 63), 1002).stderr_contains("(RFC 6455 section 5.2)");
    violate_with(lenient, &long(1 << 62), 1009).stderr_contains("(RFC 6455 section 10.4)");
    violate_with(lenient, &ping(&[0; 70_000]), 1002).stderr_contains("70000 bytes");
    violate_deflate(lenient, &frame(true, 4, TEXT, &[0xff; 9]), 1007)
        .stderr_contains("(RFC 7692 section 7.2.2)");
    // After half a compressed message, inflating cannot continue.
    let bytes = [frame(false, 4, TEXT, &deflate(b"half a message")[..5]), text("whole")].concat();
    violate_deflate(lenient, &bytes, 1002).stderr_contains("new message inside a fragmented one");
}

#[test]
fn each_violation_is_an_event() {
    let bytes = [frame(true, 4, TEXT, b"x"), frame(true, 0, 3, b"")].concat();
    let outcome = run_lenient(&["--json"], "", &bytes);
    let events = outcome.json_lines();
    events.iter().for_each(assert_valid);
    let violations: Vec<_> = events.iter().filter(|event| event["event"] == "violation").collect();
    let [first, second] = violations[..] else { panic!("{events:?}") };
    assert_eq!(
        first["message"],
        "reserved bit set: RSV1 set on a text frame, but no extension was negotiated (RFC 6455 \
         section 5.2)"
    );
    assert_eq!((&first["section"], &first["offset"]), (&"RFC 6455 section 5.2".into(), &0.into()));
    assert_eq!((&first["header"], &second["header"]), (&"c101".into(), &"8300".into()));
    assert_eq!(second["offset"], 3);
    let last = events.last().expect("an event");
    assert_eq!((&last["event"], &last["code"]), (&"close".into(), &1000.into()));
}

#[test]
fn quiet_suppresses_the_warnings() {
    run_lenient(&["-q"], "", &frame(true, 4, TEXT, b"x")).stdout("x\nafter\n").stderr("");
}
