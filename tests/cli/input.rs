//! Sending: options, standard input in every framing, echoes. Writing received messages.

use crate::scripts::{answer_close, close, expect_quiet, next, serve, serve_bytes, serve_sink};
use crate::support::{BINARY, CONTINUATION, Outcome, PING, PONG, TEXT, Wscope};
use crate::support::{binary, frame, text, wscope};
use std::fs::File;
use std::sync::mpsc::channel;
use std::time::Duration;

/// Opcode and payload of a frame.
type Sent = (u8, Vec<u8>);

/// Runs to the end of the input, and returns the frames sent before the Close frame.
#[track_caller]
fn send(command: Wscope) -> (Outcome, Vec<Sent>) {
    let (server, frames) = serve_sink();
    let outcome = command.args(["--wait", "0", &server.url()]).run();
    let frames = next(&frames).into_iter().map(|frame| (frame.opcode, frame.payload)).collect();
    (outcome, frames)
}

fn expected(messages: &[(u8, &[u8])]) -> Vec<Sent> {
    messages.iter().map(|(opcode, payload)| (*opcode, payload.to_vec())).collect()
}

#[test]
fn stdin_is_split_according_to_the_options() {
    type Case = (&'static [&'static str], &'static [u8], &'static [(u8, &'static [u8])]);
    let cases: [Case; 13] = [
        (&[], b"a\nb", &[(TEXT, b"a"), (TEXT, b"b")]),
        (&["-t"], b"a\n", &[(TEXT, b"a")]),
        (&["--input", "lines"], b"a\0b\n", &[(TEXT, b"a\0b")]),
        (&["--input", "nul"], b"a\nb\0c\0", &[(TEXT, b"a\nb"), (TEXT, b"c")]),
        (&["-0"], b"a\n\0\0last", &[(TEXT, b"a\n"), (TEXT, b""), (TEXT, b"last")]),
        (&["--input", "whole"], b"a\nb\n", &[(TEXT, b"a\nb\n")]),
        (&["--input", "chunks"], b"a\nb\n", &[(TEXT, b"a\nb\n")]),
        (&["-b"], b"a\n\xff\0", &[(BINARY, b"a\n\xff\0")]),
        (&["-b", "--input", "lines"], b"a\n\xff\n", &[(BINARY, b"a"), (BINARY, b"\xff")]),
        (&["-b", "-0"], b"\xff\0\xfe", &[(BINARY, b"\xff"), (BINARY, b"\xfe")]),
        (&["-b", "--input", "whole"], b"\xff\n\0", &[(BINARY, b"\xff\n\0")]),
        (&["--input", "chunks"], b"", &[]),
        (&["--input", "json"], b"\n  \n", &[]),
    ];
    for (args, stdin, messages) in cases {
        let (outcome, sent) = send(wscope().args(args).stdin_bytes(stdin));
        outcome.code(0).stdout("");
        assert_eq!(sent, expected(messages), "{args:?} {}", stdin.escape_ascii());
    }
}

#[test]
fn chunks_are_complete_and_do_not_split_characters() {
    let text = "€uro ".repeat(100_000);
    let (outcome, sent) = send(wscope().args(["--input", "chunks"]).stdin(&text));
    outcome.code(0);
    assert!(
        sent.iter().all(|(opcode, payload)| *opcode == TEXT && str::from_utf8(payload).is_ok())
    );
    let whole: Vec<u8> = sent.into_iter().flat_map(|(_, payload)| payload).collect();
    assert!(whole == text.as_bytes(), "{} bytes instead of {}", whole.len(), text.len());
}

#[test]
fn presets_are_sent_in_order_and_before_stdin() {
    let command = wscope().file("f.txt", "from\na file").stdin("stdin\n");
    let args = ["-x", "one", "--send-hex", "00 ff", "--send-file", "f.txt", "--send", "-two"];
    let (outcome, sent) = send(command.args(args));
    outcome.code(0);
    let messages: [(u8, &[u8]); 5] = [
        (TEXT, b"one"),
        (BINARY, &[0, 255]),
        (TEXT, b"from\na file"),
        (TEXT, b"-two"),
        (TEXT, b"stdin"),
    ];
    assert_eq!(sent, expected(&messages));
}

#[test]
fn presets_are_binary_with_the_option() {
    let command =
        wscope().file("f.bin", [0xff, 0]).args(["-b", "-x", "one", "--send-file", "f.bin"]);
    let (outcome, sent) = send(command);
    outcome.code(0);
    assert_eq!(sent, expected(&[(BINARY, b"one"), (BINARY, &[0xff, 0])]));
}

#[test]
fn invalid_utf8_is_reported_after_the_lines_before_it() {
    for (args, stdin, place) in [
        (&[][..], &b"ok\nab\xffcd\nmore\n"[..], ["line 2", "byte 3"]),
        (&[], b"ok\n\xe2\x82", ["line 2", "byte 1"]),
        (&[], b"ok\n\xed\xa0\x80\n", ["line 2", "byte 1"]),
        (&["-0"], b"ok\0a\n\xc0\xaf\0", ["2", "byte 3"]),
    ] {
        let (outcome, sent) = send(wscope().args(args).stdin_bytes(stdin));
        assert_eq!(sent, expected(&[(TEXT, b"ok")]), "{}", stdin.escape_ascii());
        let outcome =
            outcome.code(8).stderr_contains("wscope: cannot read input").stderr_contains("UTF-8");
        place.iter().fold(outcome, |outcome, words| outcome.stderr_contains(words));
    }
}

#[test]
fn json_on_stdin_is_sent() {
    let stdin = r#"{"type":"text","data":"é\n"}
{"type":"binary","encoding":"base64","data":"AP8="}

{"type":"binary","encoding":"hex","data":"00 fF"}
{"type":"ping","data":"p"}
{"type":"ping","encoding":"base64","data":"cA=="}
{"type":"pong"}
{"data":"last","type":"text"}"#;
    let (outcome, sent) = send(wscope().args(["--input", "json"]).stdin(stdin));
    outcome.code(0);
    let frames: [(u8, &[u8]); 7] = [
        (TEXT, "é\n".as_bytes()),
        (BINARY, &[0, 255]),
        (BINARY, &[0, 255]),
        (PING, b"p"),
        (PING, b"p"),
        (PONG, b""),
        (TEXT, b"last"),
    ];
    assert_eq!(sent, expected(&frames));
}

#[test]
fn json_on_stdin_can_close() {
    for (line, code, reason) in [
        (r#"{"type":"close","code":1000,"reason":"Work complete"}"#, 1000, "Work complete"),
        (r#"{"type":"close","code":4001,"reason":"bye"}"#, 4001, "bye"),
        (r#"{"type":"close"}"#, 1000, ""),
    ] {
        let server = serve(move |peer| {
            peer.expect_text("before");
            assert_eq!(peer.expect_close(code), reason);
            peer.close(code, "");
        });
        let stdin = format!("{{\"type\":\"text\",\"data\":\"before\"}}\n{line}\n");
        let args = ["--input", "json", "--wait", "forever", &server.url()];
        wscope().args(args).stdin(&stdin).run().code(0);
    }
}

#[test]
fn invalid_json_is_reported_after_the_lines_before_it() {
    for line in [
        "nope",
        "{\"type\":\"text\"}",
        "{\"type\":\"shout\",\"data\":\"x\"}",
        "{\"type\":\"text\",\"data\":5}",
        "{\"type\":\"binary\",\"data\":\"=\"}",
        "{\"type\":\"binary\",\"encoding\":\"hex\",\"data\":\"0\"}",
        "{\"type\":\"close\",\"code\":70000}",
        "[]",
    ] {
        send_json_with_an_invalid_line(line).stderr_contains("line 2");
    }
}

#[test]
fn a_byte_order_mark_is_reported() {
    let json = r#"{"type":"text","data":"x"}"#;
    let utf16 = |text: &str| -> Vec<u8> {
        ["\u{feff}", text].concat().encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    for (args, stdin, cause) in [
        (
            &["--input", "json"][..],
            format!("\u{feff}{json}\n").into_bytes(),
            "line 1, byte 1: a byte order mark (U+FEFF) precedes the JSON",
        ),
        (
            &["--input", "json"],
            utf16(json),
            "line 1, byte 1: the input is UTF-16 according to its byte order mark",
        ),
        (
            &[],
            utf16("hello"),
            "line 1, byte 1: invalid UTF-8 (byte 1 of the input): it is UTF-16 according to its byte order mark; --binary",
        ),
    ] {
        let (outcome, sent) = send(wscope().args(args).stdin_bytes(stdin));
        assert_eq!(sent, []);
        outcome.code(8).stderr_contains(cause);
    }
}

#[test]
fn an_input_that_cannot_be_read_has_not_ended() {
    let (server, frames) = serve_sink();
    let outcome =
        wscope().args(["--wait", "10ms", &server.url()]).stdin_bytes(b"caf\xe9\n").run().code(8);
    assert!(next(&frames).is_empty());
    outcome.stderr_lacks("the input has ended").stderr_contains(": line 1, byte 4: invalid UTF-8");
}

#[test]
fn forbidden_json_actions_are_reported_after_the_lines_before_them() {
    for (line, cause) in forbidden_actions() {
        send_json_with_an_invalid_line(&line).stderr_contains(cause).stderr_contains("line 2");
    }
}

#[test]
fn forbidden_json_actions_are_not_performed() {
    for (line, cause) in forbidden_actions() {
        send_json_with_an_invalid_line(&line).stderr_contains(cause);
    }
}

fn forbidden_actions() -> [(String, &'static str); 6] {
    let close = |code: u16| format!("{{\"type\":\"close\",\"code\":{code}}}");
    let long = "x".repeat(126);
    [
        (close(1005), "1005"),
        (close(1006), "1006"),
        (close(999), "999"),
        (
            format!("{{\"type\":\"close\",\"code\":1000,\"reason\":\"{}\"}}", &long[..124]),
            "123 bytes",
        ),
        (format!("{{\"type\":\"ping\",\"data\":\"{long}\"}}"), "125 bytes"),
        (format!("{{\"type\":\"pong\",\"data\":\"{long}\"}}"), "125 bytes"),
    ]
}

#[track_caller]
fn send_json_with_an_invalid_line(line: &str) -> Outcome {
    let action = |data: &str| format!("{{\"type\":\"text\",\"data\":\"{data}\"}}");
    let stdin = format!("{}\n{line}\n{}\n", action("good"), action("never sent"));
    let (outcome, sent) = send(wscope().args(["--input", "json"]).stdin(&stdin));
    assert_eq!(sent, expected(&[(TEXT, b"good")]), "{line}");
    outcome.code(8).stderr_contains("wscope: cannot read input")
}

#[test]
#[cfg(unix)]
fn an_unreadable_stdin_is_reported() {
    let directory = File::open("/").expect("a directory");
    let (outcome, sent) = send(wscope().args(["-x", "preset"]).stdin_from(directory));
    outcome.code(8).stderr_contains("wscope: cannot read input: standard input: Is a directory");
    assert_eq!(sent, expected(&[(TEXT, b"preset")]));
}

#[test]
fn an_unreadable_file_is_reported() {
    let outcome = wscope().args(["--send-file", "missing.txt", "ws://127.0.0.1:1"]).run();
    outcome.code(8).stderr_contains("missing.txt").stderr_contains("No such file");
}

#[test]
fn a_text_file_that_is_not_utf8_is_reported() {
    let command =
        wscope().file("f.txt", b"ok\nab\xff").args(["--send-file", "f.txt", "ws://127.0.0.1:1"]);
    let outcome = command.run().code(8).stderr_contains("f.txt").stderr_contains("UTF-8");
    outcome.stderr_contains("line 2").stderr_contains("byte 3").stderr_contains("--binary");
}

#[test]
fn a_file_in_utf16_is_reported() {
    let utf16: Vec<u8> = "\u{feff}hello".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let command = wscope().file("f.txt", utf16).args(["--send-file", "f.txt", "ws://127.0.0.1:1"]);
    command
        .run()
        .code(8)
        .stderr_contains("it is UTF-16 according to its byte order mark; --binary");
}

#[test]
fn received_messages_are_written_according_to_the_options() {
    for (args, expected) in [
        (&[][..], &b"a\nb\n\0\xff\n\n"[..]),
        (&["--output", "lines"], b"a\nb\n\0\xff\n\n"),
        (&["--output", "nul"], b"a\nb\0\0\xff\0\0"),
        (&["--output", "raw"], b"a\nb\0\xff"),
        (&["-b"], b"a\nb\0\xff"),
        (&["-b", "--output", "lines"], b"a\nb\n\0\xff\n\n"),
        (&["--output", "hex"], b"610a62\n00ff\n\n"),
        (&["--output", "base64"], b"YQpi\nAP8=\n\n"),
    ] {
        let server = serve_bytes([text("a\nb"), binary(&[0, 255]), text("")].concat());
        let outcome = wscope().args(args).args(["--count", "3", &server.url()]).run();
        outcome.code(0).stdout_bytes(expected);
    }
}

#[test]
fn echo_sends_everything_back_with_the_same_type() {
    let server = serve(|peer| {
        peer.send([text("a"), binary(b"b"), text("")].concat());
        peer.send(
            [frame(false, 0, BINARY, b"two "), frame(true, 0, CONTINUATION, b"parts")].concat(),
        );
        peer.expect_text("a");
        peer.expect_binary(b"b");
        peer.expect_text("");
        peer.expect_binary(b"two parts");
        close(peer, 1000, "");
    });
    wscope().args(["--echo", &server.url()]).run().code(0).stdout("a\nb\n\ntwo parts\n");
}

#[test]
#[cfg(unix)]
fn echo_continues_after_the_end_of_stdin() {
    let (sender, closed) = channel();
    let server = serve(move |peer| {
        peer.send(text("a"));
        peer.expect_text("a");
        answer_close(peer);
        sender.send(()).expect("a receiver in the test");
    });
    let running = wscope().args(["--echo", &server.url()]).stdin_null().spawn();
    expect_quiet(&closed, Duration::from_millis(1200));
    running.signal(crate::support::Signal::INT);
    running.wait().code(130).stdout("a\n");
}
