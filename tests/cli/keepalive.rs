//! `--ping-interval`, `--ping-timeout`, `--idle-timeout`.

use std::time::Duration;

use crate::events::events;
use crate::scripts::{answer_close, serve};
use crate::support::{PING, Peer, Server, binary, pong, text, wscope};

/// The payload of the next ping.
fn read_ping(peer: &mut Peer) -> Vec<u8> {
    let frame = peer.read_frame();
    assert_eq!(frame.opcode, PING, "{frame:?}");
    frame.payload
}

/// Answers `count` pings.
fn answer_pings(peer: &mut Peer, count: usize) {
    for _ in 0..count {
        let payload = read_ping(peer);
        peer.send(pong(&payload));
    }
}

#[test]
fn pings_are_sent_and_not_shown() {
    let server = serve(|peer| {
        answer_pings(peer, 5);
        peer.send(text("hi"));
        answer_close(peer);
    });
    wscope()
        .args(["-1", "--ping-interval", "20ms", "--ping-timeout", "5s", &server.url()])
        .stdin_open()
        .run()
        .code(0)
        .stdout("hi\n")
        .stderr_lacks("pong");
}

#[test]
fn verbose_and_json_show_pings() {
    let server = serve(|peer| {
        answer_pings(peer, 2);
        peer.send(text("hi"));
        answer_close(peer);
    });
    wscope()
        .args(["-1v", "--ping-interval", "20ms", &server.url()])
        .stdin_open()
        .run()
        .code(0)
        .stderr_contains("> ping \"keepalive 1\"\n")
        .stderr_contains("< pong \"keepalive 1\", round trip ");
    let server = serve(|peer| {
        answer_pings(peer, 1);
        peer.send(text("hi"));
        answer_close(peer);
    });
    let (outcome, events) =
        events(wscope().args(["-1", "--ping-interval", "20ms", &server.url()]).stdin_open());
    outcome.code(0);
    let pong = events.iter().find(|event| event["event"] == "pong").expect("a pong");
    assert!(pong["rtt_ms"].is_number(), "{pong}");
}

#[test]
fn a_server_with_wrong_pongs_times_out() {
    let server = serve(|peer| {
        let first = read_ping(peer);
        assert_eq!(first, b"keepalive 1");
        peer.send(pong(b""));
        peer.send(pong(b"keepalive 0"));
        peer.send(text("I am here"));
        loop {
            let frame = peer.read_frame();
            if frame.opcode != PING {
                assert_eq!(frame.payload, b"\x03\xf3keepalive ping timeout");
                break;
            }
        }
    });
    wscope()
        .args(["--ping-interval", "50ms", "--ping-timeout", "300ms", &server.url()])
        .stdin_open()
        .run()
        .code(7)
        .stdout("I am here\n")
        .stderr_contains(
            "wscope: timed out: the peer did not answer a ping within 300ms (--ping-timeout); the payload of its \
             pongs does not match\nhint: a pong must repeat the payload of the ping",
        );
}

#[test]
fn a_server_that_sends_messages_but_no_pongs_times_out() {
    let server = serve(|peer| {
        read_ping(peer);
        peer.send([text("one"), text("two")].concat());
        while peer.read_frame().opcode == PING {}
    });
    wscope()
        .args(["--ping-interval", "50ms", "--ping-timeout", "300ms", &server.url()])
        .stdin_open()
        .run()
        .code(7)
        .stderr_contains("within 300ms (--ping-timeout); it sent 2 messages, and no pong\n")
        .stderr_contains("hint: the peer is alive but does not answer pings");
}

/// A message received before the ping was sent is not a sign of activity.
#[test]
fn a_silent_server_times_out_after_a_ping() {
    let server = serve(|peer| {
        peer.send(text("before"));
        while peer.read_frame().opcode == PING {}
    });
    let outcome = wscope()
        .args(["--ping-interval", "200ms", "--ping-timeout", "200ms", &server.url()])
        .stdin_open()
        .run()
        .code(7);
    outcome.stderr_contains(
        "did not answer a ping within 200ms (--ping-timeout)\nhint: nothing else was received either: the \
         peer hangs or ignores pings, or the network in between fails; --reconnect connects again\n",
    );
}

/// The ping is queued after a message that the server does not read.
#[test]
fn a_stalled_server_is_not_reported_as_not_answering() {
    let server = serve(Peer::stall);
    let mut running = wscope()
        .args(["--no-compress", "--input", "whole", "--ping-interval", "1s"])
        .args(["--ping-timeout", "300ms", &server.url()])
        .spawn();
    running.write_stdin(vec![b'x'; 16 << 20]); // more than the kernel buffers
    running.close_stdin();
    let outcome = running.wait().code(7);
    outcome
        .stderr_contains(
            "timed out: the peer accepted no data for 300ms, so a ping could not be sent",
        )
        .stderr_lacks("did not answer");
}

/// The server answers every ping, but its pongs come after data that a stalled reader does not read.
#[test]
fn a_stalled_output_does_not_cause_a_ping_timeout() {
    const SIZE: usize = 16 << 20;
    let server = serve(|peer| {
        peer.send(binary(&vec![b'x'; SIZE]));
        answer_pings(peer, 1);
        peer.send(binary(b"end"));
        loop {
            let frame = peer.read_frame();
            if frame.opcode == PING {
                peer.send(pong(&frame.payload));
            } else {
                peer.send(crate::support::frame(true, 0, frame.opcode, &frame.payload));
                return;
            }
        }
    });
    let mut running = wscope()
        .args(["--ping-interval", "20ms", "--ping-timeout", "700ms", "--idle-timeout", "700ms"])
        .args(["--output", "raw", "--count", "2", &server.url()])
        .stdin_open()
        .spawn();
    assert_eq!(running.read_stdout_exact(1), b"x");
    // There is no event to wait for: the test is that nothing happens for longer than the timeouts.
    std::thread::sleep(Duration::from_millis(1600));
    let outcome = running.wait().code(0);
    assert_eq!(outcome.stdout_bytes.len(), SIZE + 3);
}

#[test]
fn silence_ends_the_run_with_idle_timeout() {
    let server = serve(|peer| {
        peer.send(text("last words"));
        answer_close(peer);
    });
    wscope()
        .args(["--idle-timeout", "500ms", &server.url()])
        .stdin_open()
        .run()
        .code(7)
        .stdout("last words\n")
        .stderr_contains("nothing was received for 500ms (--idle-timeout)");
}

#[test]
fn pings_do_not_extend_the_wait_for_silence() {
    let server = serve(|peer| {
        loop {
            let frame = peer.read_frame();
            if frame.opcode != PING {
                peer.close(1000, "");
                return;
            }
            peer.send(pong(&frame.payload));
        }
    });
    let outcome = wscope()
        .args(["--ping-interval", "20ms", "-w", "300ms", &server.url()])
        .stdin("")
        .run()
        .code(0);
    assert!(outcome.elapsed < Duration::from_secs(5), "{:?}", outcome.elapsed);
}

#[test]
fn a_ping_timeout_without_an_interval_has_no_effect() {
    let server = Server::script(|peer| {
        peer.accept_request();
        answer_close(peer);
    });
    wscope().args(["--ping-timeout", "1ms", "-w", "50ms", &server.url()]).stdin("").run().code(0);
}
