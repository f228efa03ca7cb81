//! The closing handshake: the Close frames of both sides, the initiator, and peers that do not complete it.

use crate::events::{events, without_totals};
use crate::listen::{client, listen};
use crate::scripts::{answer_close, close, serve};
use crate::support::{CLOSE, CONTINUATION, Peer, TEXT, frame, masked, ping, text, wscope};
use serde_json::{Value, json};

mod hints;

/// The close event of a run against these steps, without its name and times.
#[track_caller]
fn close_event(args: &[&str], steps: impl FnOnce(&mut Peer) + Send + 'static) -> Value {
    let server = serve(steps);
    let args = [&["--close-timeout", "200ms"], args].concat();
    let (_, events) = events(wscope().args(args).arg(server.url()).stdin_open());
    let mut closes: Vec<_> = events.iter().filter(|event| event["event"] == "close").collect();
    let mut event = closes.pop().expect("a close event").clone();
    assert!(closes.is_empty(), "several ends: {closes:?}");
    let object = event.as_object_mut().expect("an object");
    let keys = ["event", "time", "elapsed_ms", "name", "end", "end_error", "position"];
    keys.iter().for_each(|key| _ = object.remove(*key));
    without_totals(&event)
}

fn close_frame(code: u16, reason: &str) -> Value {
    json!({"code": code, "reason": reason})
}

#[test]
fn the_reason_of_the_peer_is_distinguished_from_ours() {
    let answer = |peer: &mut Peer| {
        assert_eq!(peer.expect_close(1000), "mine");
        peer.close(1000, "Goodbye");
    };
    let server = serve(answer);
    let args = ["-w", "0", "--close-reason", "mine"];
    let line = "wscope: closed by us: 1000 Normal Closure: \"mine\"; the peer answered: 1000 \
                Normal Closure: \"Goodbye\"\n";
    wscope().args(args).arg(server.url()).run().code(0).stderr_contains(line);
    let event =
        close_event(&["-x", "", "-w", "0", "--count", "1", "--close-reason", "mine"], |peer| {
            peer.send(text("x"));
            peer.expect_text("");
            answer_close_with(peer, "mine", "Goodbye");
        });
    let expected = json!({
        "code": 1000, "reason": "Goodbye", "was_clean": true, "initiator": "self",
        "sent": close_frame(1000, "mine"), "received": close_frame(1000, "Goodbye"),
    });
    assert_eq!(event, expected);
}

fn answer_close_with(peer: &mut Peer, expected: &str, reason: &str) {
    assert_eq!(peer.expect_close(1000), expected);
    peer.close(1000, reason);
}

#[test]
fn a_reply_that_repeats_our_close_frame_is_not_reported() {
    for reason in ["", "mine"] {
        let server = serve(move |peer| answer_close_with(peer, "mine", reason));
        let args = ["-w", "0", "--close-reason", "mine", &server.url()];
        wscope().args(args).run().code(0).stderr_lacks("closed by");
    }
}

#[test]
fn a_reply_with_another_code_is_reported() {
    let server = serve(|peer| {
        peer.expect_close(1000);
        peer.close(1011, "too late");
    });
    wscope().args(["-w", "0", &server.url()]).run().code(6).stderr_contains(
        "wscope: the peer answered our Close frame with 1011 Internal Error: \"too late\"\n",
    );
}

#[test]
fn both_close_frames_are_in_the_event() {
    let event = close_event(&[], |peer| close(peer, 1008, "no token"));
    let expected = json!({
        "code": 1008, "reason": "no token", "was_clean": true, "initiator": "peer",
        "sent": close_frame(1008, ""), "received": close_frame(1008, "no token"),
    });
    assert_eq!(event, expected);
    let event = close_event(&[], |peer| {
        peer.send(frame(true, 0, CLOSE, b""));
        peer.read_frame();
    });
    let expected = json!({
        "code": 1005, "reason": "", "was_clean": true, "initiator": "peer",
        "sent": close_frame(1005, ""), "received": close_frame(1005, ""),
    });
    assert_eq!(event, expected);
}

#[test]
fn a_close_frame_that_breaks_the_protocol_is_in_the_event() {
    for (payload, received) in [
        (&b"\x03\xedwhy"[..], close_frame(1005, "why")),
        (b"\x03\xe8b\xffd", close_frame(1000, "b\u{fffd}d")),
        (b"\x03", close_frame(1005, "")),
    ] {
        let event = close_event(&[], move |peer| {
            peer.send(frame(true, 0, CLOSE, payload));
            peer.read_frame();
        });
        assert_eq!(event["code"], 1006);
        assert_eq!(event["reason"], "");
        assert_eq!(event["received"], received, "{payload:?}");
    }
}

/// After a violation the code is that of the WebSocket API: the peer has sent no Close frame.
#[test]
fn our_close_after_a_violation_is_not_attributed_to_the_peer() {
    let event = close_event(&[], |peer| {
        peer.send(frame(true, 4, TEXT, b"x"));
        peer.expect_close(1002);
    });
    let expected = json!({
        "code": 1006, "reason": "", "was_clean": false, "initiator": "self",
        "sent": close_frame(1002, "reserved bit set"), "received": null,
    });
    assert_eq!(event, expected);
    // An invalid Close frame still starts the closing handshake.
    let event = close_event(&[], |peer| {
        peer.send(frame(true, 0, CLOSE, b"x"));
        peer.expect_close(1002);
    });
    assert_eq!((&event["initiator"], &event["code"]), (&json!("peer"), &json!(1006)));
    // Ours had been sent before.
    let event = close_event(&["--count", "1"], |peer| {
        peer.send(text("x"));
        peer.expect_close(1000);
        peer.send(frame(true, 4, TEXT, b"x"));
        peer.expect_eof();
    });
    assert_eq!((&event["initiator"], &event["sent"]), (&json!("self"), &close_frame(1000, "")));
}

#[test]
fn the_reported_code_of_our_close_is_the_one_sent() {
    let server = serve(|peer| {
        peer.send(text("x"));
        peer.expect_close(1000);
        peer.send(frame(true, 4, TEXT, b"x"));
        peer.expect_eof();
    });
    let outcome = wscope().args(["-1", &server.url()]).run().code(5);
    outcome.stderr_contains("; closed with 1000 Normal Closure\n").stderr_lacks("closed with 1002");
}

#[test]
fn a_violation_of_a_client_is_not_reported_as_its_close() {
    let (server, mut peer) = listen_once(&["--json"]);
    peer.send(text("not masked"));
    peer.expect_close(1002);
    let outcome = server.wait().code(5);
    let close = outcome.json_lines().into_iter().find(|event| event["event"] == "close");
    let close = close.expect("a close event");
    assert_eq!((&close["code"], &close["initiator"]), (&json!(1006), &json!("self")));
    assert_eq!(close["sent"], close_frame(1002, "unmasked frame from a client"));
}

pub(crate) fn listen_once(options: &[&str]) -> (crate::support::Running, Peer) {
    let (server, port) = listen(&[&["--once"], options].concat());
    (server, client(port))
}

/// One request, one reply: many servers end TCP instead of answering our Close frame.
#[test]
fn a_met_goal_succeeds_without_a_reply_to_our_close() {
    let end: [fn(&mut Peer); 2] = [Peer::eof, Peer::reset];
    for end in end {
        for args in [["--count", "1"], ["--expect", "hello"]] {
            let server = serve(move |peer| {
                peer.send(text("hello"));
                peer.expect_close(1000);
                end(peer);
            });
            let outcome = wscope().args(args).args(["-v", &server.url()]).stdin_null().run();
            let note = "closed by us: 1000 Normal Closure; the peer did not answer: ";
            outcome.code(0).stdout("hello\n").stderr_contains(note);
        }
    }
}

#[test]
fn an_unanswered_close_without_a_met_goal_is_abnormal() {
    for args in [&["-w", "0"][..], &["-w", "0", "-x", "/close"]] {
        let server = serve(|peer| {
            peer.send(ping(b""));
            while peer.read_frame().opcode != CLOSE {}
            peer.eof();
        });
        wscope().args(args).arg(server.url()).stdin_null().run().code(6);
    }
    let server = serve(|peer| {
        peer.send(text("one of two"));
        peer.eof();
    });
    wscope().args(["--count", "2", &server.url()]).stdin_null().run().code(6);
}

#[test]
fn an_unanswered_close_after_the_count_is_not_clean() {
    let event = close_event(&["-1"], |peer| {
        peer.send(text("hello"));
        peer.expect_close(1000);
        peer.eof();
    });
    let expected = json!({
        "code": 1006, "reason": "", "was_clean": false, "initiator": "self",
        "sent": close_frame(1000, ""), "received": null,
    });
    assert_eq!(event, expected);
}

#[test]
fn a_client_that_disconnects_after_the_count_is_not_a_failure() {
    let (server, mut peer) = listen_once(&["--count", "1"]);
    peer.send(masked(&text("one")));
    peer.expect_close(1000);
    peer.eof();
    server.wait().code(0).stdout("one\n").stderr_lacks("closed abnormally");
}

#[test]
fn the_message_that_completes_the_count_is_echoed_too() {
    for args in [["--count", "2"], ["--expect", "b"]] {
        let server = serve(|peer| {
            peer.send([text("a"), text("b")].concat());
            peer.expect_text("a");
            peer.expect_text("b");
            answer_close(peer);
        });
        wscope().args(args).args(["--echo", &server.url()]).run().code(0).stdout("a\nb\n");
    }
    let (server, mut peer) = listen_once(&["--echo", "--count", "1"]);
    peer.send(masked(&text("a")));
    peer.expect_text("a");
    peer.expect_close(1000);
    peer.send(masked(&crate::support::close(1000, "")));
    server.wait().code(0).stdout("a\n");
}

/// A run against a server that ends TCP without a Close frame.
#[track_caller]
fn run_cut(
    args: &[&str],
    steps: impl FnOnce(&mut Peer) + Send + 'static,
) -> crate::support::Outcome {
    let server = serve(move |peer| {
        steps(peer);
        peer.eof();
    });
    wscope().args(args).arg(server.url()).stdin_open().run().code(6)
}

#[test]
fn an_end_without_a_close_frame_names_the_preceding_event() {
    let pause = |millis| std::thread::sleep(std::time::Duration::from_millis(millis));
    let after = |outcome: &crate::support::Outcome, words: &str| {
        let (before, _) = outcome.stderr.split_once(words).expect(&outcome.stderr);
        let number: String = before.chars().rev().take_while(char::is_ascii_digit).collect();
        let number: String = number.chars().rev().collect();
        number.parse::<u64>().expect("milliseconds")
    };
    let outcome = run_cut(&[], |_| ());
    outcome.stderr_contains("between frames, right after the handshake (").stderr_contains(
        " ms)\nhint: the server closed right after the handshake; the request had no Origin",
    );
    let outcome = run_cut(&["-x", "one", "-x", "two"], move |peer| {
        peer.expect_text("one");
        peer.expect_text("two");
        pause(120);
    });
    assert!((100..1000).contains(&after(&outcome, " ms after message 2 was sent\n")));
    let outcome = run_cut(&["-x", "one"], move |peer| {
        peer.expect_text("one");
        peer.send(text("answer"));
    });
    assert!(after(&outcome, " ms after message 1 was sent\n") < 100);
    let outcome = run_cut(&["--send-frame", "text nomask hi"], move |peer| {
        peer.read_exact(4);
    });
    outcome
        .stderr_contains(" ms after frame 'text nomask' was sent\nhint: ")
        .stderr_contains("right after that frame: its log may say why")
        .stderr_lacks("Origin");
    let outcome = run_cut(&["--send-frame", "ping", "-x", "one"], move |peer| {
        peer.expect_ping(b"");
        peer.expect_text("one");
    });
    outcome.stderr_contains(" ms after message 1 was sent\n");
    let outcome = run_cut(&["-x", "one"], move |peer| {
        peer.expect_text("one");
        peer.send(text("answer"));
        pause(120);
    });
    assert!((100..1000).contains(&after(&outcome, " ms after the last byte\n")));
    let outcome = run_cut(&[], move |_| pause(1200));
    outcome.stderr_contains(", 1.2 s after the handshake, with nothing sent or received\n");
}

/// The server may have an idle timeout.
#[test]
fn an_idle_connection_has_one_duration_and_a_hint() {
    let outcome = run_cut(&[], |_| std::thread::sleep(std::time::Duration::from_millis(2100)));
    let words = ", 2.1 s after the handshake, with nothing sent or received\nhint: nothing was sent or \
                 received for 2.1 s before: if the server or a proxy in between has an idle time limit, \
                 --ping-interval 1s keeps the connection busy; otherwise the logs there may say why\n";
    outcome.stderr_contains(words);
}

#[test]
fn verbose_names_the_event_shortly_before_a_close() {
    for code in [1000, 1001, 1005] {
        let code = if code == 1005 { crate::support::NO_STATUS } else { code };
        let server = serve(move |peer| {
            peer.expect_text("one");
            close(peer, code, "");
        });
        let outcome = wscope().args(["-v", "-x", "one", &server.url()]).stdin_open().run().code(0);
        outcome.stderr_contains("s after message 1 was sent\n");
    }
    let server = serve(|peer| close(peer, 1000, ""));
    let outcome = wscope().args(["-v", &server.url()]).stdin_open().run().code(0);
    outcome
        .stderr_contains("closed by the peer: 1000 Normal Closure, ")
        .stderr_contains("s after the handshake\n");
}

/// RFC 6455 section 5.4 permits it, and the start of the message is lost.
#[test]
fn a_close_inside_a_fragmented_message_reports_the_dropped_part() {
    let start = || [frame(false, 0, TEXT, b"one"), frame(false, 0, CONTINUATION, b"two")].concat();
    let warning = "wscope: warning: an incomplete message was dropped: 6 bytes of a text message in 2 \
                   frames had been received\n";
    let server = serve(move |peer| {
        peer.send(start());
        close(peer, 1000, "");
    });
    let outcome = wscope().arg(server.url()).stdin_open().run().code(0).stdout("");
    outcome.stderr_contains(warning);
    run_cut(&[], move |peer| peer.send(start())).stderr_contains(warning);
    let whole = serve(move |peer| {
        peer.send([start(), frame(true, 0, CONTINUATION, b"!")].concat());
        close(peer, 1000, "");
    });
    let outcome = wscope().arg(whole.url()).stdin_open().run().code(0).stdout("onetwo!\n");
    outcome.stderr_lacks("incomplete");
    let event = close_event(&[], move |peer| {
        peer.send(start());
        close(peer, 1000, "");
    });
    let expected = json!({"type": "text", "size": 6, "frames": 2, "compressed": false});
    assert_eq!((&event["code"], &event["incomplete_message"]), (&json!(1000), &expected));
    let (server, mut peer) = listen_once(&[]);
    peer.send(
        [masked(&frame(false, 0, TEXT, b"one")), masked(&crate::support::close(1000, ""))].concat(),
    );
    peer.expect_close(1000);
    server
        .wait()
        .code(0)
        .stderr_contains("3 bytes of a text message in 1 frame had been received\n");
}

/// The goal has been met; only the duration of the run has to be explained.
#[test]
fn a_met_goal_succeeds_after_the_close_timeout() {
    for args in [["--count", "1"], ["--expect", "hello"]] {
        let server = serve(|peer| {
            peer.send(text("hello"));
            peer.expect_close(1000);
            peer.expect_eof();
        });
        let args = [&args[..], &["--close-timeout", "100ms"]].concat();
        let outcome = wscope().args(args).arg(server.url()).stdin_null().run().code(0);
        outcome.stdout("hello\n").stderr_contains(
            "wscope: closed by us: 1000 Normal Closure; the peer did not answer (1006)\n",
        );
    }
}

/// Our Close frame is queued after a message that the server does not read.
#[test]
fn a_stalled_server_is_not_reported_as_not_answering_our_close() {
    let server = serve(|peer| {
        peer.read_exact(1);
        peer.send(text("enough"));
        peer.stall();
    });
    let mut running = wscope()
        .args(["--no-compress", "--input", "whole", "--count", "1", "--close-timeout", "300ms"])
        .arg(server.url())
        .spawn();
    running.write_stdin(vec![b'x'; 16 << 20]); // more than the kernel buffers
    running.close_stdin();
    let outcome = running.wait().code(7).stdout("enough\n");
    outcome
        .stderr_contains(
            "the peer accepted no data for 300ms, so our Close frame could not be sent",
        )
        .stderr_lacks("did not answer");
}

#[test]
fn a_close_frame_that_was_not_sent_is_not_reported_as_sent() {
    for option in ["--idle-timeout", "--close-timeout"] {
        let server = serve(|peer| peer.stall());
        let args = ["--json", "-w", "0", option, "300ms", "--send-file", "data", &server.url()];
        let program = wscope().file("data", vec![b'x'; 40 << 20]).args(args).stdin_null();
        let (outcome, events) = events(program.args(["-m", "2s"]));
        let close = events.iter().find(|event| event["event"] == "close").expect("a close event");
        assert_eq!((&close["sent"], &close["code"]), (&Value::Null, &json!(1006)), "{option}");
        outcome.stderr_lacks("closed by us");
    }
}

#[test]
fn a_close_frame_before_an_invalid_frame_is_shown() {
    let server = serve(|peer| {
        peer.send([frame(true, 0, CLOSE, b"\x03\xf3db down"), text("late")].concat());
        peer.expect_close(1011);
    });
    let outcome = wscope().args(["-w", "-1", &server.url()]).run().code(5);
    outcome
        .stderr_contains("protocol error: frame after the close frame")
        .stderr_contains("the peer had closed with 1011 Internal Error: \"db down\"");
}

#[test]
fn max_time_ends_the_run_even_after_an_invalid_reply() {
    let server = serve(|peer| {
        peer.expect_close(1000);
        peer.send([frame(true, 0, CLOSE, b"\x03\xe8"), text("late")].concat());
    });
    let outcome = wscope().args(["-w", "-1", "-m", "200ms", &server.url()]).run().code(7);
    outcome.stderr_contains("--max-time 200ms ran out");
}

#[test]
fn an_expected_end_without_a_close_frame_names_its_cause() {
    let server = serve(|peer| {
        peer.send([0x81, 5, b'a', b'b']);
        peer.reset();
    });
    let args = ["--expect", "close:1006", "-w", "-1", &server.url()];
    let outcome = wscope().args(args).run().code(0);
    outcome
        .stderr_contains(
            "closed by the peer: 1006 Abnormal Closure: TCP connection reset (RST), in",
        )
        .stderr_contains("2 of 5");
}
