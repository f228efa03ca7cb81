//! `--once`: the exit status follows the outcome of one client.

use super::{assert_status, client, listen, refused};
use crate::support::{Peer, Running, header, masked, text};

fn once(options: &[&str]) -> (Running, u16) {
    listen(&[&["--once"], options].concat())
}

#[test]
fn a_normal_closure_is_success() {
    let (server, port) = once(&[]);
    let mut peer = client(port);
    peer.send(masked(&text("hello")));
    peer.close(1000, "done");
    peer.expect_close(1000);
    server.wait().code(0).stdout("hello\n");
}

#[test]
fn another_close_code_is_abnormal() {
    let (server, port) = once(&[]);
    let mut peer = client(port);
    peer.close(4001, "see you");
    peer.expect_close(4001);
    let outcome = server.wait().code(6);
    let line = "wscope: closed by the peer: 4001 Private Use: \"see you\"\nhint: ";
    assert_eq!(
        outcome.stderr.matches("4001 Private Use").count(),
        1,
        "reported once: {}",
        outcome.stderr
    );
    outcome.stderr_contains(line);
}

#[test]
fn an_end_without_close_frame_is_abnormal() {
    let (server, port) = once(&[]);
    client(port).reset();
    server.wait().code(6).stderr_contains("1006");
}

#[test]
fn a_protocol_error_has_its_exit_status() {
    let (server, port) = once(&[]);
    let mut peer = client(port);
    peer.send(text("not masked"));
    peer.expect_close(1002);
    server.wait().code(5).stderr_contains("wscope: protocol error: ");
}

#[test]
fn an_unreached_count_is_an_unmet_expectation() {
    let (server, port) = once(&["--count", "2"]);
    let mut peer = client(port);
    peer.send(masked(&text("one")));
    peer.close_and_expect_reply(1000);
    server.wait().code(1).stderr_contains("1 of 2 messages were received");
}

#[test]
fn a_reached_count_closes_the_connection() {
    let (server, port) = once(&["-1"]);
    let mut peer = client(port);
    peer.send(masked(&text("one")));
    peer.answer_close(1000);
    server.wait().code(0).stdout("one\n");
}

#[test]
fn other_clients_are_refused_and_failed_handshakes_do_not_count() {
    let (mut server, port) = once(&["--echo"]);
    let mut failed = Peer::connect(port);
    failed.send("nonsense\r\n\r\n");
    failed.read_until_eof();
    server.wait_stderr("bad request").clear();
    let mut peer = client(port);
    let (head, body) = refused(port, "/", &[]);
    assert_status(&head, 503);
    assert!(header(&head, "Retry-After").is_some(), "{head}");
    assert_eq!(body, "only one client is served (--once)\n");
    peer.send(masked(&text("still here")));
    peer.expect_text("still here");
    peer.close_and_expect_reply(1000);
    server.wait().code(0);
}
