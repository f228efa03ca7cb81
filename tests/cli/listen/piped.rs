//! Lines piped into the server go to its clients.

use super::{assert_alive, client, leave, start};
use crate::support::{TEXT, wscope};

#[test]
fn every_line_goes_to_every_client() {
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
fn nothing_is_read_until_there_is_somebody_to_get_it() {
    let (_server, port) = start(wscope().stdin("first\nlast"), &[]);
    let mut peer = client(port);
    peer.expect_text("first");
    peer.expect_text("last");
    leave(peer);
}

#[test]
fn the_end_of_the_input_is_not_that_of_the_server() {
    let (mut server, port) = start(wscope().stdin("only\n"), &["--echo"]);
    let mut peer = client(port);
    peer.expect_text("only");
    leave(peer);
    server.wait_stderr("closed by the peer");
    assert_alive(port);
}

#[test]
fn one_client_sets_the_pace_and_loses_nothing() {
    const LINES: usize = 40_000;
    let line = "x".repeat(999);
    let input = format!("{line}\n").repeat(LINES); // more than may wait for a client
    let (_server, port) = start(wscope().stdin_bytes(input), &[]);
    let mut peer = client(port);
    for _ in 0..LINES {
        let (opcode, message) = peer.read_message();
        assert_eq!((opcode, message.len()), (TEXT, line.len()));
    }
    leave(peer);
}

#[test]
fn input_that_is_no_text_is_told_and_the_server_goes_on() {
    let (mut server, port) = start(wscope().stdin_bytes(*b"good\nb\xffd\n"), &["--echo"]);
    let mut peer = client(port);
    peer.expect_text("good");
    server.wait_stderr("no more input is read: standard input: line 2, byte 2: invalid UTF-8");
    leave(peer);
    assert_alive(port);
}

#[test]
fn a_reader_that_has_enough_ends_the_server() {
    let (mut server, port) = start(wscope().stdin_null(), &[]);
    let mut peer = client(port);
    server.close_stdout();
    peer.expect_close(1000);
    peer.close(1000, "");
    peer.expect_eof();
    server.wait().code(0);
}
