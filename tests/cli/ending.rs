//! How runs end: the exit status, its cause on stderr, and our Close frame on the wire.

use crate::scripts::{answer_close, close, next, refused_url, serve, serve_bytes};
use crate::support::{CLOSE, NO_STATUS, Outcome, Peer, Server, TEXT, frame, text, wscope};
use std::sync::mpsc::channel;
use std::time::Duration;

#[test]
fn the_exit_status_follows_the_close_of_the_peer() {
    for (code, reason, status, words) in [
        (1000, "", 0, "1000 Normal Closure"),
        (1000, "done", 0, "done"),
        (1001, "", 0, "1001 Going Away"),
        (NO_STATUS, "", 0, "1005"),
        (1002, "", 6, "1002 Protocol Error"),
        (1003, "", 6, "1003 Unsupported Data"),
        (1008, "no token", 6, "1008 Policy Violation: \"no token\""),
        (1011, "", 6, "1011 Internal"),
        (1012, "", 6, "1012 Service Restart"),
        (3000, "", 6, "3000 Unauthorized"),
        (4000, "own words", 6, "4000 Private Use: \"own words\""),
    ] {
        // The reply has the same code, or none if there was none (RFC 6455 section 5.5.1).
        let server = serve(move |peer| close(peer, code, reason));
        let outcome = wscope().arg(server.url()).stdin_open().run().code(status).stdout("");
        outcome.stderr_contains(words).stderr_contains("by the peer");
    }
}

#[test]
fn an_empty_close_is_answered_with_an_empty_close() {
    let server = serve(|peer| {
        peer.send(frame(true, 0, CLOSE, b""));
        let answer = peer.read_frame();
        assert_eq!((answer.opcode, answer.raw_len), (CLOSE, 6));
    });
    wscope().arg(server.url()).stdin_open().run().code(0);
}

#[test]
fn an_end_without_a_close_frame_is_reported_with_its_position() {
    for (bytes, place) in [
        (text("ok"), "between frames"),
        (text("hello")[..1].to_vec(), "in the middle of a frame header"),
        (frame(true, 0, TEXT, &[b'x'; 300])[..3].to_vec(), "in the middle of a frame header"),
        (text("hello")[..4].to_vec(), "2 of 5 payload bytes"),
        (frame(false, 0, TEXT, b"hel"), "in the middle of a fragmented message"),
    ] {
        let server = serve(move |peer| {
            peer.send(&bytes);
            peer.eof();
        });
        let outcome = expect_abnormal_end(&server).stderr_contains(place);
        outcome.stderr_contains("FIN").stderr_contains("without a Close frame");
    }
}

#[test]
fn a_reset_is_reported() {
    let server = serve(Peer::reset);
    expect_abnormal_end(&server).stderr_contains("reset");
}

#[track_caller]
fn expect_abnormal_end(server: &Server) -> Outcome {
    let outcome = wscope().arg(server.url()).stdin_open().run().code(6);
    let outcome = outcome.stderr_contains("1006 Abnormal Closure").stderr_contains("by the peer");
    outcome.stderr_contains("hint: ")
}

#[test]
fn an_unanswered_close_times_out() {
    let server = serve(|peer| {
        peer.expect_close(1000);
        peer.expect_eof();
    });
    let outcome = wscope().args(["--wait", "0", "--close-timeout", "100ms", &server.url()]).run();
    outcome
        .code(7)
        .stderr_contains("timed out: the peer did not answer our Close frame within 100ms");
}

#[test]
fn an_end_of_tcp_instead_of_a_close_reply_is_abnormal() {
    let server = serve(|peer| {
        peer.expect_close(1000);
        peer.eof();
    });
    let outcome = wscope().args(["--wait", "0", &server.url()]).run().code(6);
    outcome.stderr_contains("1006").stderr_contains("instead of answering our Close frame");
}

#[test]
fn a_close_reply_with_another_code_is_reported() {
    let server = serve(|peer| {
        peer.expect_close(1000);
        peer.close(1011, "too late");
    });
    let outcome = wscope().args(["--wait", "0", &server.url()]).run().code(6);
    outcome.stderr_contains("1011").stderr_contains("too late");
}

#[test]
fn max_time_performs_the_closing_handshake() {
    let server = serve_bytes(text("x"));
    let outcome = wscope().args(["-m", "150ms", &server.url()]).stdin_open().run();
    outcome.code(7).stdout("x\n").stderr_contains("--max-time 150ms ran out");
}

#[test]
fn the_time_limits_apply_to_the_handshake() {
    for option in ["--max-time", "--connect-timeout"] {
        let server = Server::script(|peer| {
            peer.read_head();
            peer.expect_eof();
        });
        let outcome = wscope().args([option, "150ms", &server.url()]).run().code(7).stdout("");
        outcome.stderr_contains("timed out").stderr_contains("150ms");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn waiting_for_the_close_reply_does_not_use_the_processor() {
    let server = serve(|peer| {
        peer.expect_close(1000);
        peer.expect_eof();
    });
    let args = ["-m", "50ms", "--close-timeout", "1s", &server.url()];
    let mut running = wscope().args(args).stdin_open().spawn();
    running.wait_stderr("--max-time 50ms ran out");
    let busy = crate::scripts::processor_time(running.id());
    running.wait().code(7);
    assert!(busy < Duration::from_millis(250), "{busy:?} of processor time in a second");
}

#[test]
fn our_close_frame_follows_the_options() {
    let longest = "é".repeat(61) + "x";
    for (args, code, reason) in [
        (vec![], 1000, ""),
        (vec!["--close-code", "4001"], 4001, ""),
        (vec!["--close-code", "3000", "--close-reason", "bye"], 3000, "bye"),
        (vec!["--close-reason", &longest], 1000, &*longest),
    ] {
        let expected = reason.to_owned();
        let server = serve(move |peer| {
            assert_eq!(peer.expect_close(code), expected);
            peer.close(code, "");
        });
        wscope().args(args).args(["--wait", "0", &server.url()]).run().code(0);
    }
}

#[test]
fn invalid_close_frames_are_usage_errors() {
    let too_long = "x".repeat(124);
    for args in [
        ["--close-code", "1005"],
        ["--close-code", "1006"],
        ["--close-code", "999"],
        ["--close-code", "5000"],
        ["--close-code", "normal"],
        ["--close-reason", &too_long],
    ] {
        let outcome = wscope().args(args).arg("ws://127.0.0.1:1").run().code(2).stdout("");
        outcome.stderr_contains(args[0]).stderr_contains(args[1]);
    }
}

#[test]
fn failures_before_the_connection_have_their_exit_status() {
    let refusing = refused_url();
    for (args, status, words) in [
        (vec!["--nope", "ws://127.0.0.1:1"], 2, "--nope"),
        (vec![], 2, "URL"),
        (vec!["ws://127.0.0.1:1/#fragment"], 2, "fragment"),
        (vec!["gopher://127.0.0.1"], 2, "gopher"),
        (vec!["-H", "no colon", "ws://127.0.0.1:1"], 2, "no colon"),
        (vec!["--wait", "soon", "ws://127.0.0.1:1"], 2, "soon"),
        (vec![&*refusing], 3, "refused"),
    ] {
        let outcome = wscope().args(&args).run().code(status).stdout("");
        let outcome = outcome.stderr_contains("wscope: ").stderr_contains(words);
        assert!(outcome.stderr.starts_with("wscope: "), "{}", outcome.stderr);
    }
}

#[test]
fn a_refused_handshake_shows_the_response_of_the_server() {
    let server = Server::respond(
        "HTTP/1.1 403 Forbidden\r\nX-Why: origin\r\nContent-Length: 7\r\n\r\nno way\n",
    );
    let outcome =
        wscope().arg(server.url()).run().code(4).stdout("").stderr_contains("403 Forbidden");
    outcome.stderr_contains("X-Why: origin").stderr_contains("no way").stderr_contains("hint: ");
}

#[test]
fn silence_after_the_last_message_is_reported() {
    let server = serve(|peer| {
        peer.expect_text("hi");
        answer_close(peer);
    });
    let outcome = wscope().args(["--wait", "100ms", &server.url()]).stdin("hi\n").run().code(0);
    outcome.stderr_contains("nothing was received").stderr_contains("--wait");
}

/// `wscope URL </dev/null`, whether or not something was received before.
#[test]
fn silence_without_any_input_is_reported_once() {
    for bytes in [String::new(), "hello".to_owned()] {
        let serve_message = || {
            let message = if bytes.is_empty() { Vec::new() } else { text(&bytes) };
            serve(move |peer| {
                peer.send(&message);
                answer_close(peer);
            })
        };
        let server = serve_message();
        let outcome = wscope().args(["--wait", "100ms", &server.url()]).run().code(0);
        let lines = outcome.stderr.lines().filter(|line| line.contains("100ms"));
        let why = "wscope: closing: the input has ended, and no message was received for 100ms; \
                   --wait TIME waits longer";
        assert_eq!(lines.collect::<Vec<_>>(), [why], "{}", outcome.stderr);
        let server = serve_message();
        wscope().args(["-q", "--wait", "100ms", &server.url()]).run().code(0).stderr("");
    }
}

#[test]
fn expected_silence_is_not_reported() {
    let serve_reply = || {
        serve(|peer| {
            peer.expect_text("hi");
            peer.send(text("hello"));
            answer_close(peer);
        })
    };
    let answered = serve_reply();
    let outcome = wscope().args(["--wait", "100ms", &answered.url()]).stdin("hi\n").run();
    outcome.code(0).stdout("hello\n").stderr_lacks("nothing was received");
    let nothing_sent = serve_bytes("");
    let outcome = wscope().args(["--wait", "100ms", &nothing_sent.url()]).run();
    outcome.code(0).stdout("").stderr_lacks("nothing was received");
    let not_waited = serve(|peer| {
        peer.expect_text("hi");
        answer_close(peer);
    });
    let outcome = wscope().args(["--wait", "0", &not_waited.url()]).stdin("hi\n").run();
    outcome.code(0).stderr_lacks("nothing was received");
}

#[cfg(unix)]
mod interrupted {
    use super::*;
    use crate::scripts::{expect_quiet, serve_silence};
    use crate::support::Signal;

    #[test]
    fn a_signal_closes_and_waits_for_the_reply() {
        for (signal, code, status) in [(Signal::INT, 1000, 130), (Signal::TERM, 1001, 143)] {
            let server = serve(move |peer| {
                peer.expect_close(code);
                peer.send(text("last"));
                peer.close(code, "");
            });
            let mut running = wscope().args(["--wait", "forever", &server.url()]).spawn();
            running.wait_stderr("connected");
            running.signal(signal);
            running.wait().code(status).stdout("last\n");
        }
    }

    #[test]
    fn a_second_interrupt_exits_immediately() {
        let (sender, closed) = channel();
        let server = serve(move |peer| {
            peer.expect_close(1000);
            sender.send(()).expect("a receiver in the test");
            peer.expect_eof();
        });
        let mut running =
            wscope().args(["--close-timeout", "1m", &server.url()]).stdin_open().spawn();
        running.wait_stderr("connected");
        running.signal(Signal::INT);
        next(&closed);
        running.signal(Signal::INT);
        running.wait().code(130);
    }

    #[test]
    fn an_interrupt_ends_the_wait_for_a_close_reply() {
        let (sender, closed) = channel();
        let server = serve(move |peer| {
            peer.expect_close(1000);
            sender.send(()).expect("a receiver in the test");
            peer.expect_eof();
        });
        let args = ["--wait", "0", "--close-timeout", "0", &server.url()];
        let running = wscope().args(args).stdin_null().spawn();
        next(&closed);
        running.signal(Signal::INT);
        running.wait().code(130);
    }

    #[test]
    fn a_signal_ends_the_handshake() {
        for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143)] {
            let (server, requested) = serve_silence();
            let running = wscope().arg(server.url()).spawn();
            next(&requested);
            running.signal(signal);
            running.wait().code(status).stdout("");
        }
    }

    #[test]
    fn wait_forever_does_not_end_after_silence() {
        for wait in ["-1", "forever"] {
            let (sender, closed) = channel();
            let server = serve(move |peer| {
                peer.expect_text("hi");
                answer_close(peer);
                sender.send(()).expect("a receiver in the test");
            });
            let running =
                wscope().args(["--wait", wait, "-x", "hi", &server.url()]).stdin_null().spawn();
            expect_quiet(&closed, Duration::from_millis(1200));
            running.signal(Signal::INT);
            running.wait().code(130);
        }
    }
}

/// While waiting for the end of TCP, the event that stdout is writable again was lost: the run hung.
#[test]
fn received_messages_are_written_while_the_peer_keeps_tcp_open() {
    const SIZE: usize = 200_000; // more than a pipe holds, less than what stops the reading
    let (sender, closed) = channel();
    let server = serve(move |peer| {
        peer.send(text(&"x".repeat(SIZE)));
        close(peer, 1000, "");
        sender.send(()).expect("a receiver in the test");
        peer.stall();
    });
    let mut running = wscope().arg(server.url()).spawn();
    closed.recv_timeout(Duration::from_secs(10)).expect("the closing handshake");
    assert_eq!(running.read_stdout_exact(SIZE + 1).last(), Some(&b'\n'));
    running.wait().code(0);
}
