//! Slash commands.

use std::fs;

use super::{enter_line, leave, server, session, session_with};
use crate::scripts::{answer_close, serve};
use crate::support::{CONTINUATION, Peer, Server, TEXT, Terminal, binary, pong, text};

/// Enters each of these lines, waits for its text on the screen, and exits.
#[track_caller]
fn run_commands(server: &Server, lines: &[(&str, &str)]) {
    let terminal = session(server);
    enter_all(&terminal, lines);
    leave(terminal);
}

#[track_caller]
fn enter_all(terminal: &Terminal, lines: &[(&str, &str)]) {
    for (line, answer) in lines {
        enter_line(terminal, line);
        terminal.wait_for(answer);
    }
}

/// A server that expects this text.
fn expecting_text(expected: &'static str) -> Server {
    server(move |peer| peer.expect_text(expected))
}

fn expecting_binary(expected: &'static [u8]) -> Server {
    server(move |peer| peer.expect_binary(expected))
}

#[test]
fn fragment_sends_a_message_in_that_many_frames() {
    let server = server(|peer| {
        let frames = [(); 3].map(|()| peer.read_frame());
        assert_eq!(frames.each_ref().map(|frame| frame.fin), [false, false, true]);
        assert_eq!(frames.each_ref().map(|frame| frame.opcode), [TEXT, CONTINUATION, CONTINUATION]);
        let payloads = frames.map(|frame| frame.payload).concat();
        assert_eq!(payloads, "아 hi".as_bytes());
    });
    run_commands(
        &server,
        &[("/fragment 0 x", "requires a number from 1"), ("/fragment 3 아 hi", "")],
    );
}

#[test]
fn frame_sends_a_raw_frame_and_marks_it() {
    let server = server(|peer| {
        let frame = peer.read_frame();
        assert_eq!((frame.fin, frame.rsv, frame.opcode, frame.masked), (false, 5, 3, false));
        assert_eq!(frame.payload, [0, 255]);
    });
    let lines = [
        ("/frame 16", "not an opcode"),
        ("/frame 3 nofin rsv1 rsv3 nomask hex:00ff", ">> raw frame reserved opcode 3, RSV1, RSV3"),
    ];
    run_commands(&server, &lines);
}

#[test]
fn text_sends_text_that_starts_with_a_slash() {
    let server = server(|peer| {
        peer.expect_text("/not a command");
        peer.expect_text("");
    });
    run_commands(&server, &[("/text /not a command", ""), ("/text", "")]);
}

#[test]
fn two_slashes_send_one() {
    run_commands(&expecting_text("/x y"), &[("//x y", "")]);
}

#[test]
fn binary_takes_hex() {
    run_commands(&expecting_binary(&[0, 255, 16]), &[("/binary 00 FF10", "")]);
}

#[test]
fn binary_takes_base64() {
    run_commands(&expecting_binary(&[0, 255]), &[("/binary base64:AP8=", "")]);
}

#[test]
fn binary_takes_a_file() {
    let server = expecting_binary(b"plain text, sent as binary");
    let terminal = session(&server);
    fs::write(terminal.home().join("data"), "plain text, sent as binary").expect("a file");
    enter_line(&terminal, "/binary @data");
    leave(terminal);
}

#[test]
fn file_sends_text_as_text_and_the_rest_as_binary() {
    let server = server(|peer| {
        peer.expect_text("two\nlines\n");
        peer.expect_binary(&[0xff, 0xfe]);
    });
    let terminal = session(&server);
    fs::write(terminal.home().join("a text"), "two\nlines\n").expect("a file");
    fs::write(terminal.home().join("bytes"), [0xff, 0xfe]).expect("a file");
    enter_line(&terminal, "/file a text");
    enter_line(&terminal, "/file bytes");
    leave(terminal);
}

#[test]
fn ping_shows_the_round_trip_time() {
    let server = server(|peer| {
        peer.expect_ping(b"are you there");
        peer.send(pong(b"are you there"));
    });
    let terminal = session(&server);
    terminal.type_line("/ping are you there");
    terminal.wait_until("a round trip time", |screen| {
        screen.lines().any(|line| {
            line.contains("pong")
                && line.contains("round trip")
                && (line.contains(" ms") || line.contains(" µs"))
        })
    });
    terminal.type_line("/status");
    terminal.wait_until("the round trip time in the status", |screen| {
        screen.lines().any(|line| line.starts_with("  round trip") && line.ends_with('s'))
    });
    leave(terminal);
}

#[test]
fn pong_sends_an_unsolicited_pong() {
    run_commands(&server(|peer| peer.expect_pong(b"here")), &[("/pong here", "")]);
}

#[test]
fn close_takes_a_code_and_a_reason() {
    let server = serve(|peer| {
        assert_eq!(peer.expect_close(4001), "Work complete");
        peer.close(4001, "Work complete");
    });
    let mut terminal = session(&server);
    terminal.type_line("/close 4001 \"Work complete\"");
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
    assert!(terminal.screen().contains("closed by us: 4001"), "{}", terminal.screen());
}

#[test]
fn close_without_arguments_uses_the_options() {
    let server = serve(|peer| {
        assert_eq!(peer.expect_close(3000), "bye");
        peer.close(3000, "bye");
    });
    let mut terminal = session_with(&server, &["--close-code", "3000", "--close-reason", "bye"]);
    terminal.type_line("/close");
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
}

#[test]
fn quit_closes_normally() {
    let server = server(|_| {});
    let mut terminal = session(&server);
    terminal.type_line("/quit");
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
    assert!(terminal.termios_restored());
}

#[test]
fn status_shows_state_and_counts() {
    let server = server(|peer| {
        peer.expect_text("hello");
        peer.send([text("two"), text("answers")].concat());
    });
    let terminal = session(&server);
    terminal.type_line("hello");
    terminal.wait_for("< answers");
    terminal.type_line("/status");
    terminal.wait_for("OPEN (1)");
    terminal.wait_until("the counts", |screen| {
        let row = |name: &str| {
            screen.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned()
        };
        row("  received").contains("2 messages, 10 bytes")
            && row("  sent").contains("1 message, 5 bytes")
    });
    leave(terminal);
}

#[test]
fn headers_shows_both_heads() {
    let server = Server::script(|peer| {
        let head = peer.read_head();
        peer.accept_with(&head, &["X-Served-By: test"]);
        answer_close(peer);
    });
    let terminal = session_with(&server, &["-H", "X-Mine: 1"]);
    terminal.type_line("/headers");
    terminal.wait_for("> GET / HTTP/1.1");
    terminal.wait_for("> X-Mine: 1");
    terminal.wait_for("< X-Served-By: test\n>");
    leave(terminal);
}

#[test]
fn full_shows_the_complete_last_message() {
    let server = server(|peer| {
        let long = format!("{}the end", "x".repeat(20_000));
        peer.send(text(&long));
    });
    let terminal = session(&server);
    terminal.wait_for("/full 1 shows it whole");
    assert!(!terminal.raw_output().contains("the end"));
    terminal.type_line("/full");
    terminal.wait_for("xthe end");
    leave(terminal);
}

#[test]
fn full_without_a_message_is_reported() {
    run_commands(&server(|_| {}), &[("/full", "no message has been received yet")]);
}

#[test]
fn invalid_commands_are_explained() {
    let long_ping = format!("/ping {}", "x".repeat(126));
    let server = expecting_text("still alive");
    run_commands(
        &server,
        &[
            ("/nope", "unknown command /nope; /help lists the commands, //nope sends it as text"),
            ("/close abc", "\"abc\" is not a close code"),
            ("/close 1006", "must not be sent"),
            ("/binary zz", "not hex"),
            ("/binary 123", "not hex"),
            ("/binary", "/binary requires bytes"),
            ("/binary base64:%", "not base64"),
            ("/binary @missing", "missing: No such file"),
            (&long_ping, "at most 125 bytes, not 126"),
            ("/file missing.txt", "missing.txt: No such file"),
            ("/file", "requires the path"),
            ("/status now", "takes no argument"),
            ("still alive", ""),
        ],
    );
}

#[test]
fn a_reason_that_is_too_long_is_refused() {
    let line = format!("/close 1000 {}", "x".repeat(124));
    run_commands(&expecting_text("still alive"), &[(&line, "123"), ("still alive", "")]);
}

#[test]
fn invalid_hex_is_explained() {
    run_commands(&server(|_| {}), &[("/binary 12 3", "not hex: "), ("/binary 0g", "\"g\"")]);
}

#[test]
fn a_typed_message_is_echoed_once() {
    let server = server(|peer: &mut Peer| {
        peer.expect_text("only once");
        peer.send(binary(b"answer"));
    });
    let terminal = session(&server);
    terminal.type_line("only once");
    terminal.wait_for("answer");
    assert_eq!(terminal.screen().matches("only once").count(), 1, "{}", terminal.screen());
    leave(terminal);
}
