//! Lines piped into the server are sent to its clients.

use super::{assert_alive, client, leave, start};
use crate::support::{TEXT, wscope};

#[test]
fn every_line_is_sent_to_every_client() {
    let (mut server, port) = start(wscope().stdin_open(), &[]);
    let mut peers = [client(port), client(port)];
    server.wait_stderr("#2 ");
    server.write_stdin("one\n\ntwo\n");
    for peer in &mut peers {
        for line in ["one", "", "two"] {
            peer.expect_text(line);
        }
    }
    peers.into_iter().for_each(leave);
}

#[test]
fn stdin_is_not_read_before_a_client_connects() {
    let (_server, port) = start(wscope().stdin("first\nlast"), &[]);
    let mut peer = client(port);
    peer.expect_text("first");
    peer.expect_text("last");
    leave(peer);
}

#[test]
fn the_server_continues_after_the_end_of_the_input() {
    let (mut server, port) = start(wscope().stdin("only\n"), &["--echo"]);
    let mut peer = client(port);
    peer.expect_text("only");
    leave(peer);
    server.wait_stderr("closed by the peer");
    assert_alive(port);
}

#[test]
fn a_single_client_applies_backpressure_to_the_input() {
    const LINES: usize = 40_000;
    let line = "x".repeat(999);
    let input = format!("{line}\n").repeat(LINES); // more than the queue of a client
    let (_server, port) = start(wscope().stdin_bytes(input), &[]);
    let mut peer = client(port);
    for _ in 0..LINES {
        let (opcode, message) = peer.read_message();
        assert_eq!((opcode, message.len()), (TEXT, line.len()));
    }
    leave(peer);
}

#[test]
fn input_that_is_not_text_is_reported_and_the_server_continues() {
    let (mut server, port) = start(wscope().stdin_bytes(*b"good\nb\xffd\n"), &["--echo"]);
    let mut peer = client(port);
    peer.expect_text("good");
    server.wait_stderr("no more input is read: standard input: line 2, byte 2: invalid UTF-8");
    leave(peer);
    assert_alive(port);
}

#[test]
fn a_closed_stdout_ends_the_server() {
    let (mut server, port) = start(wscope().stdin_null(), &[]);
    let mut peer = client(port);
    server.close_stdout();
    peer.answer_close(1000);
    peer.expect_eof();
    server.wait().code(0);
}

/// The exit status was 0, without a word.
#[test]
fn a_closed_stdout_does_not_meet_a_goal() {
    let (mut server, _) = start(wscope().stdin_null(), &["--count", "2", "--duration", "300ms"]);
    server.close_stdout();
    server.wait().code(1).stderr_contains("0 of 2 messages were received");
}
