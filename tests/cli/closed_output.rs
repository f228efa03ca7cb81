//! Standard output that nobody reads any more (`| head -1`): what it ends, and which exit status it leaves alone.

use std::sync::mpsc::channel;

use crate::scripts::{answer_close, close, next, serve, serve_on_release};
use crate::support::{Peer, Server, frame, script, text, wscope};

/// More than a pipe takes, and less than what stops the reading of the socket.
const UNREAD: usize = 150_000;

/// Closes stdout after a line, lets the server end the connection, and expects this exit status.
#[track_caller]
fn assert_goal_decides(goal: &[&str], end: impl FnOnce(&mut Peer) + Send + 'static, code: i32) {
    let (sender, begun) = channel();
    let server = serve(move |peer| {
        peer.send(text("one"));
        sender.send(()).expect("a receiver in the test");
        peer.stall();
        end(peer);
    });
    let mut running = wscope().args(goal).arg(server.url()).spawn();
    next(&begun);
    assert_eq!(running.read_stdout_line(), "one");
    running.close_stdout();
    server.release();
    running.wait().code(code);
}

/// The run closed with 1000, and its exit status was 0 without a word.
#[test]
fn a_goal_that_is_open_is_still_judged() {
    let expected = ["--expect", "never"];
    assert_goal_decides(&expected, |peer| close(peer, 1000, ""), 1);
    assert_goal_decides(&expected, |peer| close(peer, 4001, "x"), 1);
    assert_goal_decides(&expected, Peer::eof, 1);
    let counted = ["--count", "99"];
    assert_goal_decides(&counted, |peer| close(peer, 1000, ""), 1);
    assert_goal_decides(&counted, |peer| close(peer, 4001, "x"), 6);
    assert_goal_decides(&counted, |peer| peer.send(frame(true, 0, 3, b"")), 5);
}

#[test]
fn a_goal_that_is_met_later_is_a_success() {
    let end = |peer: &mut Peer| {
        peer.send(text("two"));
        answer_close(peer);
    };
    assert_goal_decides(&["--expect", "two"], end, 0);
}

#[test]
fn a_goal_that_is_open_at_the_end_of_the_time_is_reported() {
    let server = serve_on_release(answer_close);
    let args = ["-q", "--expect", "never", "-m", "300ms", &server.url()];
    let mut running = wscope().args(args).spawn();
    running.close_stdout();
    server.release();
    running.wait().code(1).stderr_contains("expected \"never\"");
}

/// The connection has ended before its output is found to be closed.
#[track_caller]
fn assert_end_decides(end: impl FnOnce(&mut Peer) + Send + 'static, code: i32, words: &str) {
    let (sender, ended) = channel();
    let server = serve(move |peer| {
        peer.send(text(&"x".repeat(UNREAD)));
        end(peer);
        sender.send(()).expect("a receiver in the test");
    });
    let mut running = wscope().args(["-q", &server.url()]).spawn();
    next(&ended);
    running.close_stdout();
    running.wait().code(code).stderr_contains(words);
}

/// All of these were exit status 0 without a word.
#[test]
fn a_connection_that_has_failed_before_keeps_its_status() {
    assert_end_decides(|peer| peer.close_and_expect_reply(4001), 6, "4001");
    assert_end_decides(|peer| peer.close_and_expect_reply(1000), 0, "");
    let violation = |peer: &mut Peer| {
        peer.send(frame(true, 0, 3, b""));
        peer.expect_close(1002);
    };
    assert_end_decides(violation, 5, "opcode 3");
    let cut = |peer: &mut Peer| {
        peer.eof();
        peer.read_until_eof();
    };
    assert_end_decides(cut, 6, "1006");
}

/// The wait for the next connection was over, with exit status 0.
#[test]
fn a_goal_that_is_open_goes_on_between_connections() {
    let server = Server::scripts([
        script(|peer: &mut Peer| {
            peer.accept_request();
            peer.send(text("one"));
        }),
        script(|peer: &mut Peer| {
            peer.accept_request();
            peer.send(text("two"));
            answer_close(peer);
        }),
    ]);
    let args = ["--reconnect", "--reconnect-delay", "300ms", "--count", "2", &server.url()];
    let mut running = wscope().args(args).spawn();
    assert_eq!(running.read_stdout_line(), "one");
    running.wait_stderr("reconnecting in");
    running.close_stdout();
    running.wait().code(0);
    server.join();
}
