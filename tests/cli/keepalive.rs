//! `--ping-interval`, `--ping-timeout`, `--idle-timeout`.

use std::time::Duration;

use crate::events::events;
use crate::scripts::{answer_close, serve};
use crate::support::{PING, Peer, Server, binary, pong, text, wscope};

/// The next ping's payload.
fn read_ping(peer: &mut Peer) -> Vec<u8> {
    let frame = peer.read_frame();
    assert_eq!(frame.opcode, PING, "{frame:?}");
    frame.payload
}

/// Answers so many pings.
fn answer_pings(peer: &mut Peer, count: usize) {
    for _ in 0..count {
        let payload = read_ping(peer);
        peer.send(pong(&payload));
    }
}

#[test]
fn pings_go_out_and_do_not_disturb() {
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
fn verbose_and_json_show_them() {
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
fn a_server_that_does_not_answer_is_gone() {
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
             pongs does not match\nhint: a pong has to repeat the payload of the ping",
        );
}

#[test]
fn a_server_that_sends_messages_and_no_pong_is_there() {
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

/// What was received before the ping was sent answers nothing.
#[test]
fn a_server_that_falls_silent_sent_nothing_instead() {
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

/// The ping stands behind a message that the server does not take.
#[test]
fn a_server_that_takes_nothing_is_not_said_to_have_not_answered() {
    let server = serve(Peer::stall);
    let mut running = wscope()
        .args(["--no-compress", "--input", "whole", "--ping-interval", "1s"])
        .args(["--ping-timeout", "300ms", &server.url()])
        .spawn();
    running.write_stdin(vec![b'x'; 16 << 20]); // more than a kernel takes
    running.close_stdin();
    let outcome = running.wait().code(7);
    outcome
        .stderr_contains(
            "timed out: the peer accepted no data for 300ms, so a ping could not be sent",
        )
        .stderr_lacks("did not answer");
}

/// The server answers every ping, but its pongs stand behind data that a stalled reader does not take.
#[test]
fn a_stalled_output_makes_no_server_look_dead() {
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
    // Nothing to wait for: that nothing happens for longer than the timeouts is what is tested.
    std::thread::sleep(Duration::from_millis(1600));
    let outcome = running.wait().code(0);
    assert_eq!(outcome.stdout_bytes.len(), SIZE + 3);
}

#[test]
fn silence_ends_it_if_asked_to() {
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
fn pings_do_not_prolong_the_wait_for_silence() {
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
fn a_timeout_alone_does_nothing() {
    let server = Server::script(|peer| {
        let head = peer.read_head();
        peer.accept(&head);
        answer_close(peer);
    });
    wscope().args(["--ping-timeout", "1ms", "-w", "50ms", &server.url()]).stdin("").run().code(0);
}
