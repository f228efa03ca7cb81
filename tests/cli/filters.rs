//! `--filter`, `--mute` and `--duration` in pipes.

use std::io::Write;
use std::sync::mpsc::channel;
use std::thread;

use crate::listen::{client, start};
use crate::scripts::{answer_close, close, serve};
use crate::support::{
    CLOSE, DEADLINE, Outcome, Server, binary, frame, masked, ping, pong, text, wscope,
};

/// Runs without input.
fn run<'a>(args: impl IntoIterator<Item = &'a str>) -> Outcome {
    wscope().args(args).stdin_null().run()
}

/// A server that sends these messages and closes.
fn sending(bytes: Vec<Vec<u8>>) -> Server {
    serve(move |peer| {
        peer.send(bytes.concat());
        close(peer, 1000, "");
    })
}

fn stream() -> Vec<Vec<u8>> {
    vec![text(r#"{"type":"a","n":1}"#), text("plain"), binary(&[1, 2]), text(r#"{"type":"b"}"#)]
}

#[test]
fn only_what_a_filter_accepts_is_written() {
    for (options, expected) in [
        (&["--filter", r#"{"type":"a"}"#][..], "{\"type\":\"a\",\"n\":1}\n"),
        (&["--filter", "/^pl/", "--filter", "hex:01 .."], "plain\n\u{1}\u{2}\n"),
        (&["--mute", "in"], ""),
        (&["--filter", "out"], ""),
        (&["--filter", "in", "--mute", r"/\{/", "--mute", "hex:01 .."], "plain\n"),
    ] {
        let server = sending(stream());
        let outcome = run([&[server.url().as_str()], options].concat());
        outcome.code(0).stdout(expected);
    }
}

#[test]
fn what_is_not_shown_is_counted_and_judged() {
    let server = sending(stream());
    let url = server.url();
    run([url.as_str(), "--filter", "none", "--expect", "plain", "--strict"]).code(1);
    let server = sending(stream());
    run([server.url().as_str(), "--mute", "in", "--count", "4"]).code(0).stdout("");
}

#[test]
fn control_frames_are_filtered_by_their_names() {
    let frames = || [vec![ping(b"p"), pong(b"q")], stream()].concat();
    let shown = |options: &[&str]| {
        let server = sending(frames());
        let outcome = run([&[server.url().as_str(), "--json"], options].concat());
        let events = outcome.code(0).json_lines();
        let names = events.iter().map(|event| event["event"].as_str().expect("a name").to_owned());
        names.filter(|name| !matches!(&**name, "open" | "close")).collect::<Vec<_>>()
    };
    assert_eq!(shown(&["--filter", "ping"]), ["ping"]);
    assert_eq!(shown(&["--filter", "pong:q"]), ["pong"]);
    assert_eq!(shown(&["--mute", "ping", "--mute", "pong", "--mute", "/./"]), [""; 0]);
    assert_eq!(shown(&["--filter", "plain"]), ["message"]);
}

#[test]
fn filters_that_are_not_valid_are_usage_errors() {
    for (options, reason) in [
        (["--filter", "/(/"], "--filter"),
        (["--mute", "close:1000"], "the end of a connection is always shown"),
        (["--filter", "text:@missing"], "missing"),
    ] {
        run(["ws://127.0.0.1:1/", options[0], options[1]]).code(2).stderr_contains(reason);
    }
}

#[test]
fn a_duration_ends_the_run_with_success() {
    let server = serve(|peer| {
        peer.send(text("one"));
        answer_close(peer);
    });
    run([server.url().as_str(), "--duration", "300ms"]).code(0).stdout("one\n");
}

#[test]
fn a_duration_with_a_peer_that_ends_tcp_is_no_failure() {
    let server = serve(|peer| {
        peer.send(text("one"));
        peer.read_frame(); // our Close frame, which is not answered
    });
    run([server.url().as_str(), "--duration", "200ms"]).code(0).stdout("one\n");
}

#[test]
fn a_goal_that_is_open_after_the_duration_is_missed() {
    let server = serve(|peer| {
        peer.send(text("one"));
        answer_close(peer);
    });
    run([server.url().as_str(), "--duration", "200ms", "--count", "2"])
        .code(1)
        .stderr_contains("1 of 2 messages were received");
}

#[test]
fn a_connection_that_ends_before_the_duration_has_missed_nothing() {
    run([sending(stream()).url().as_str(), "--duration", "1h"]).code(0);
}

#[test]
fn a_duration_goes_on_while_an_output_is_stalled() {
    const MUCH: usize = 16 << 10; // more than an output that is stalled takes
    let (closing, is_closing) = channel();
    let server = serve(move |peer| {
        let mut socket = peer.socket();
        let sent = thread::spawn(move || {
            socket.write_all(&text(&"x".repeat(1 << 10)).repeat(MUCH)).expect("a reader");
            socket
        });
        peer.expect_close(1000);
        closing.send(()).expect("the test");
        sent.join()
            .expect("a writer")
            .write_all(&crate::support::close(1000, ""))
            .expect("a reader");
    });
    let running = wscope().args([server.url().as_str(), "--duration", "1s"]).stdin_null().spawn();
    is_closing.recv_timeout(DEADLINE).expect("a Close frame while nobody reads the output");
    let outcome = running.wait().code(0);
    assert_eq!(outcome.stdout.len(), MUCH * ((1 << 10) + 1));
}

#[test]
fn a_server_ends_after_its_duration() {
    let (server, port) = start(wscope().stdin_null(), &["--duration", "500ms"]);
    let mut peer = client(port);
    peer.send(masked(&text("one")));
    peer.expect_close(1000);
    peer.send(masked(&frame(true, 0, CLOSE, &1000_u16.to_be_bytes())));
    server.wait().code(0).stdout("one\n");
}

#[test]
fn a_count_that_a_server_has_not_reached_within_its_duration_is_missed() {
    let args = ["listen", ":0", "--duration", "100ms", "--count", "3"];
    let outcome = wscope().args(args).stdin_null().run();
    outcome.code(1).stderr_contains("0 of 3 messages were received");
}
