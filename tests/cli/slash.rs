//! `--slash`: commands in the lines of standard input.

use crate::scripts::{answer_close, next, serve, serve_sink};
use crate::support::{BINARY, CONTINUATION, Outcome, PING, PONG, TEXT, Wscope, wscope};
use std::fs::File;

/// Opcodes and payloads of the frames sent for this input, and the outcome.
#[track_caller]
fn frames_of(options: &[&str], input: &[u8]) -> (Vec<(u8, Vec<u8>)>, Outcome) {
    let (server, frames) = serve_sink();
    let program = wscope().args(options).args(["-w", "0", &server.url()]);
    let outcome = program.stdin_bytes(input).run();
    let frames = next(&frames).into_iter().map(|frame| (frame.opcode, frame.payload)).collect();
    (frames, outcome)
}

/// The same with this input, all of which can be read at once.
fn from_file(program: Wscope, input: &str) -> Wscope {
    let program = program.file("input", input);
    let file = File::open(program.home().join("input")).expect("the input");
    program.stdin_from(file)
}

fn frame(opcode: u8, payload: &[u8]) -> (u8, Vec<u8>) {
    (opcode, payload.to_vec())
}

#[test]
fn lines_that_start_with_a_slash_are_commands() {
    let input = b"one\n/ping a b\r\n/pong\n\n//two\n /three\n/binary 00ff\n/fragment 2 ab\n/text";
    let (frames, outcome) = frames_of(&["--slash"], input);
    outcome.code(0);
    assert_eq!(
        frames,
        [
            frame(TEXT, b"one"),
            frame(PING, b"a b"),
            frame(PONG, b""),
            frame(TEXT, b""),
            frame(TEXT, b"/two"),
            frame(TEXT, b" /three"),
            frame(BINARY, b"\0\xff"),
            frame(TEXT, b"a"),
            frame(CONTINUATION, b"b"),
            frame(TEXT, b""),
        ]
    );
}

#[test]
fn lines_with_a_slash_are_messages_by_default() {
    for options in [&[][..], &["--input", "lines"]] {
        let (frames, outcome) = frames_of(options, b"/ping\n//x\n/close\n");
        outcome.code(0);
        let texts = ["/ping", "//x", "/close"].map(|text| frame(TEXT, text.as_bytes()));
        assert_eq!(frames, texts, "{options:?}");
    }
}

#[test]
fn nothing_is_sent_after_a_close() {
    let server = serve(|peer| {
        peer.expect_text("one");
        assert_eq!(peer.expect_close(4001), "all done");
        peer.close(4001, "");
    });
    let program = wscope().args(["--slash", &server.url()]);
    let program = from_file(program, "one\n/close 4001 \"all done\"\ntwo\n");
    let outcome = program.run().code(0);
    outcome.stderr_contains("wscope: warning: 1 message was not sent\n");
    server.join();
}

#[test]
fn an_invalid_command_ends_the_input_and_is_reported_with_its_line() {
    for (line, reason) in [
        ("/pong2", "unknown command /pong2"),
        ("/", "unknown command /"),
        ("/close 1006", "close code 1006 Abnormal Closure must not be sent"),
        ("/close x", "\"x\" is not a close code"),
        ("/binary xyz", "not hex"),
        ("/file", "/file requires the path of a file"),
    ] {
        let (frames, outcome) = frames_of(&["--slash"], format!("one\n{line}\ntwo\n").as_bytes());
        let words = format!("wscope: cannot read input: standard input: line 2: {reason}");
        outcome.code(8).stderr_contains(&words);
        assert_eq!(frames, [frame(TEXT, b"one")], "{line}");
    }
    let (frames, outcome) = frames_of(&["--slash", "-b", "--input", "lines"], b"/x\xff\n");
    outcome.code(8).stderr_contains("line 1: a command must be UTF-8");
    assert_eq!(frames, []);
}

#[test]
fn the_other_lines_are_sent_with_the_selected_type() {
    let (frames, _) = frames_of(&["--slash", "-b", "--input", "lines"], b"\xff\n//\xfe\n/ping\n");
    assert_eq!(frames, [frame(BINARY, b"\xff"), frame(BINARY, b"/\xfe"), frame(PING, b"")]);
}

#[test]
fn the_output_of_commands_is_written_to_stderr() {
    for (options, stdout) in [(&["--slash"][..], ""), (&["--slash", "-q"], "")] {
        let (_, outcome) = frames_of(options, b"/status\n/help\n");
        outcome
            .code(0)
            .stdout(stdout)
            .stderr_contains("OPEN")
            .stderr_contains("/close [CODE [REASON]]");
    }
    let (_, outcome) = frames_of(&["--slash", "--json"], b"/status\n");
    outcome.code(0).stderr_contains("OPEN");
}

#[test]
fn commands_require_line_input() {
    for options in [&["-0"][..], &["--binary"], &["--input", "json"], &["--input", "whole"]] {
        let outcome = wscope().arg("--slash").args(options).arg("ws://127.0.0.1:1").run();
        outcome.code(2).stderr_contains("wscope: --slash requires --input lines\n");
    }
    // As a default it is overridden.
    let (server, frames) = serve_sink();
    let program = wscope().env("WSCOPE_OPTIONS", "--slash").args(["-0", "-w", "0", &server.url()]);
    program.stdin_bytes(b"/ping\0").run().code(0);
    let sent = next(&frames).into_iter().map(|frame| frame.payload);
    assert_eq!(sent.collect::<Vec<_>>(), [b"/ping"]);
}

/// What stands behind the command is counted, also where it has not been read.
#[test]
fn input_behind_a_close_is_counted() {
    const CLOSE: &str = "{\"type\":\"close\"}\n";
    const TEXT: &str = "{\"type\":\"text\",\"data\":\"x\"}\n";
    let many = format!("{CLOSE}{}", TEXT.repeat(100_000));
    for (options, input, expected) in [
        (&["--slash"][..], "/quit\na\n/ping\nb", "wscope: warning: 2 messages were not sent\n"),
        (&["--slash"], "/quit\n", ""),
        (
            &["--input", "json"],
            &format!("{CLOSE}{TEXT}"),
            "wscope: warning: 1 message was not sent\n",
        ),
        (&["--send-frame", "close hex:03e8"], "a\n", "wscope: warning: 1 message was not sent\n"),
        (
            &["--input", "json"],
            &many,
            " messages were not sent; standard input was not read to its",
        ),
    ] {
        let server = serve(answer_close);
        let program = from_file(wscope().args(options).arg(server.url()), input);
        let outcome = program.run().code(0);
        match expected {
            "" => outcome.stderr_lacks("not sent"),
            expected => outcome.stderr_contains(expected),
        };
    }
}
