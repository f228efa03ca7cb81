//! `--reconnect`: lost connections, and pending messages.

use serde_json::{Value, json};

use crate::events::events;
use crate::scripts::{answer_close, close};
#[cfg(unix)]
use crate::support::Signal;
use crate::support::{Peer, Script, Server, script, text, wscope};

mod cycles;
#[cfg(unix)]
mod prompt;

/// A short delay.
const SOON: [&str; 3] = ["--reconnect", "--reconnect-delay", "1ms"];

/// Accepts and runs `steps`; after them the connection is cut.
fn accept(steps: impl FnOnce(&mut Peer) + Send + 'static) -> Script {
    script(|peer: &mut Peer| {
        peer.accept_request();
        steps(peer);
    })
}

fn cut() -> Script {
    accept(|_| {})
}

#[test]
fn a_cut_connection_is_reestablished() {
    let server = Server::scripts([
        accept(|peer| peer.send(text("one"))),
        accept(|peer| {
            peer.send(text("two"));
            peer.reset();
        }),
        accept(|peer| {
            peer.send(text("three"));
            peer.close(1000, "done");
            peer.expect_close(1000);
        }),
    ]);
    let outcome = wscope().args(SOON).arg(server.url()).stdin_open().run().code(0);
    // A reset discards unread data.
    assert!(
        ["one\ntwo\nthree\n", "one\nthree\n"].contains(&&*outcome.stdout),
        "{}",
        outcome.stdout
    );
    outcome
        .stderr_contains("1006 Abnormal Closure: TCP connection ended (FIN) without a Close frame, between frames, ")
        .stderr_contains(" ms after the last byte; reconnecting in ")
        .stderr_contains(" (attempt 1)\n")
        .stderr_contains("wscope: reconnected\n");
}

#[test]
fn a_cut_connection_ends_the_run_without_the_option() {
    let server = Server::scripts([cut()]);
    wscope().arg(server.url()).stdin_open().run().code(6).stderr_lacks("reconnecting");
}

#[test]
fn the_first_connection_is_not_retried() {
    wscope().args(SOON).arg(crate::scripts::refused_url()).run().code(3).stderr_lacks("attempt");
}

#[test]
fn transient_close_codes_reconnect() {
    for code in [1001, 1011, 1012, 1013, 1014] {
        let server = Server::scripts([
            accept(move |peer| close(peer, code, "later")),
            accept(|peer| close(peer, 1000, "")),
        ]);
        wscope()
            .args(SOON)
            .arg(server.url())
            .stdin_open()
            .run()
            .code(0)
            .stderr_contains(&format!("closed by the peer: {code} "))
            .stderr_contains("\"later\"; reconnecting in ");
    }
}

#[test]
fn permanent_close_codes_do_not_reconnect() {
    for (code, status) in [
        (1000, 0),
        (1002, 6),
        (1003, 6),
        (1007, 6),
        (1008, 6),
        (1009, 6),
        (1010, 6),
        (3000, 6),
        (4001, 6),
    ] {
        let server = Server::scripts([accept(move |peer| close(peer, code, ""))]);
        wscope()
            .args(SOON)
            .arg(server.url())
            .stdin_open()
            .run()
            .code(status)
            .stderr_lacks("reconnecting");
    }
}

#[test]
fn a_protocol_error_does_not_reconnect() {
    let server = Server::scripts([accept(|peer| {
        peer.send([0x83, 0]);
        peer.expect_close(1002);
    })]);
    wscope().args(SOON).arg(server.url()).stdin_open().run().code(5).stderr_lacks("reconnecting");
}

#[test]
fn reconnect_on_close_reconnects_after_a_normal_closure() {
    let server = Server::scripts([
        accept(|peer| close(peer, 1000, "")),
        accept(|peer| close(peer, 4000, "")),
        accept(|peer| {
            peer.send(text("enough"));
            answer_close(peer);
        }),
    ]);
    wscope()
        .args(SOON)
        .args(["--reconnect-on-close", "-1", &server.url()])
        .stdin_open()
        .run()
        .code(0)
        .stdout("enough\n");
}

#[test]
fn our_own_close_does_not_reconnect() {
    let server = Server::scripts([accept(|peer| {
        peer.expect_text("x");
        answer_close(peer);
    })]);
    wscope().args(SOON).args(["-w", "0", &server.url()]).stdin("x\n").run().code(0);
    // Even if the server cuts the connection instead of answering our Close frame.
    let server = Server::scripts([accept(|peer| _ = peer.expect_close(1000))]);
    wscope().args(SOON).args(["-w", "0", &server.url()]).stdin("").run().code(6);
}

#[test]
fn presets_are_sent_on_every_connection() {
    let server = Server::scripts([
        accept(|peer| peer.expect_text("subscribe")),
        accept(|peer| {
            peer.expect_text("subscribe");
            peer.send(text("news"));
            answer_close(peer);
        }),
    ]);
    wscope()
        .args(SOON)
        .args(["-x", "subscribe", "-1", &server.url()])
        .stdin_open()
        .run()
        .code(0)
        .stdout("news\n");
}

#[test]
fn goals_continue_over_connections() {
    let server = Server::scripts([
        accept(|peer| peer.send([text("a"), text("b")].concat())),
        accept(|peer| {
            peer.send([text("c"), text("d")].concat());
            answer_close(peer);
        }),
    ]);
    wscope()
        .args(SOON)
        .args(["--expect", "b", "--expect", "/^[cd]$/", "--count", "3", &server.url()])
        .run()
        .code(0);
}

#[test]
fn an_expected_end_does_not_reconnect() {
    let server = Server::scripts([cut()]);
    wscope().args(SOON).args(["--expect", "close:1006", &server.url()]).run().code(0);
}

#[test]
fn lines_read_without_a_connection_are_queued() {
    let server = Server::scripts([
        accept(|peer| peer.expect_text("one")),
        accept(|peer| {
            for line in ["two", "three"] {
                peer.expect_text(line);
            }
            answer_close(peer);
        }),
    ]);
    let url = server.url();
    let mut running =
        wscope().args(["--reconnect", "--reconnect-delay", "100ms", "-w", "0", &url]).spawn();
    running.write_stdin("one\n");
    running.wait_stderr("reconnecting in");
    running.write_stdin("two\nthree\n");
    running.close_stdin();
    running.wait().code(0);
}

#[test]
fn input_is_sent_after_its_end() {
    let server = Server::scripts([
        accept(|peer| {
            peer.expect_text("0");
            peer.reset();
        }),
        accept(|peer| {
            // Those that the first connection did not take.
            let mut last = None;
            while last != Some(99_999) {
                let (_, message) = peer.read_message();
                let number: u32 = String::from_utf8_lossy(&message).parse().expect("a number");
                assert!(last.is_none_or(|last| number == last + 1), "{number} after {last:?}");
                last = Some(number);
            }
            answer_close(peer);
        }),
    ]);
    let lines: String = (0..100_000).map(|number| format!("{number}\n")).collect();
    wscope()
        .args(SOON)
        .args(["-w", "0", &server.url()])
        .stdin(&lines)
        .run()
        .code(0)
        .stderr_contains("may not have arrived");
}

/// A partially sent message is sent again completely: it cannot have arrived.
#[test]
fn a_partially_sent_message_is_sent_again() {
    const SIZE: usize = 16 << 20; // more than the kernel buffers
    let server = Server::scripts([
        accept(|peer| {
            peer.read_exact(1 << 20);
            peer.reset();
        }),
        accept(|peer| {
            let (_, message) = peer.read_message();
            assert_eq!(message.len(), SIZE);
            peer.expect_text("after");
            answer_close(peer);
        }),
    ]);
    let mut running = wscope()
        .args(SOON)
        .args(["--no-compress", "-w", "0", &server.url()])
        .deadline(std::time::Duration::from_secs(60))
        .spawn();
    running.write_stdin(vec![b'x'; SIZE]);
    running.write_stdin("\nafter\n");
    running.close_stdin();
    running.wait().code(0).stderr_contains(" to send\n").stderr_lacks("may not have arrived");
}

/// After the Close of the server, messages that were not started are sent on the next connection.
#[cfg(target_os = "linux")]
#[test]
fn messages_not_started_before_a_close_are_sent_later() {
    const MESSAGES: usize = 1000;
    let (sender, taken) = std::sync::mpsc::channel();
    let server = Server::scripts([
        accept(move |peer| {
            peer.stall();
            peer.close(1012, "restart");
            let mut count = 0;
            peer.expect_text("first");
            while peer.read_frame().opcode != crate::support::CLOSE {
                count += 1;
            }
            sender.send(count).expect("a receiver in the test");
        }),
        accept(move |peer| {
            peer.expect_text("first");
            for number in taken.recv().expect("the first connection")..MESSAGES {
                let (_, message) = peer.read_message();
                assert!(message.starts_with(format!("{number} ").as_bytes()), "expected {number}");
            }
            answer_close(peer);
        }),
    ]);
    let line = "x".repeat(64 << 10);
    let lines: String = (0..MESSAGES).map(|number| format!("{number} {line}\n")).collect();
    let command = wscope()
        .args(SOON)
        .args(["--no-compress", "-w", "0", "-x", "first", &server.url()])
        .file("lines", lines)
        .deadline(std::time::Duration::from_secs(60));
    let input = std::fs::File::open(command.home().join("lines")).expect("the file just written");
    let mut running = command.stdin_from(input).spawn();
    running.wait_stderr("connected to");
    crate::scripts::wait_until_blocked(running.id());
    server.release();
    running.wait().code(0).stderr_contains(" messages to send\n");
}

#[test]
fn a_pong_confirms_the_messages_before_the_ping() {
    let server = Server::scripts([
        accept(|peer| {
            peer.expect_text("one");
            let ping = peer.read_frame();
            peer.send(crate::support::pong(&ping.payload));
            peer.send(text("go on"));
            peer.expect_text("two");
        }),
        accept(|peer| close(peer, 1000, "")),
    ]);
    let url = server.url();
    let mut running = wscope().args(SOON).args(["--input", "json", "--json", &url]).spawn();
    running
        .write_stdin("{\"type\":\"text\",\"data\":\"one\"}\n{\"type\":\"ping\",\"data\":\"?\"}\n");
    while !running.read_stdout_line().contains("go on") {}
    running.write_stdin("{\"type\":\"text\",\"data\":\"two\"}\n");
    let outcome = running.wait().code(0);
    let reconnect = find(&outcome.json_lines(), "reconnect");
    // The message and the ping before it.
    assert_eq!((&reconnect["unconfirmed"], &reconnect["waiting"]), (&json!(1), &json!(0)));
    outcome.stderr_contains("warning: 1 message may not have arrived");
}

#[track_caller]
fn find(events: &[Value], name: &str) -> Value {
    events.iter().find(|event| event["event"] == name).expect("such an event").clone()
}

#[test]
fn an_unanswered_ping_reconnects() {
    let server = Server::scripts([
        accept(Peer::stall),
        accept(|peer| {
            peer.send(text("here"));
            answer_close(peer);
        }),
    ]);
    wscope()
        .args(SOON)
        .args(["--ping-interval", "50ms", "--ping-timeout", "500ms", "-1", &server.url()])
        .stdin_open()
        .run()
        .code(0)
        .stdout("here\n")
        .stderr_contains("did not answer a ping within 500ms (--ping-timeout); reconnecting in ");
}

#[test]
fn the_number_of_attempts_is_limited() {
    let server = Server::scripts([cut()]);
    wscope()
        .args(["--reconnect=2", "--reconnect-delay", "1ms", &server.url()])
        .stdin_open()
        .run()
        .code(3)
        .stderr_contains("(attempt 2 of 2)")
        .stderr_lacks("attempt 3");
    // Connections that are cut immediately count as attempts.
    let server = Server::scripts([cut(), cut(), cut()]);
    wscope()
        .args(["--reconnect=2", "--reconnect-delay", "1s", "-q", &server.url()])
        .stdin_open()
        .run()
        .code(6)
        .stderr_contains("wscope: closed abnormally by the peer: 1006");
    // Unconfirmed messages are reported even without a further attempt.
    let server = Server::scripts([cut(), accept(|peer| peer.expect_text("x"))]);
    let mut running =
        wscope().args(["--reconnect=1", "--reconnect-delay", "1s", &server.url()]).spawn();
    running.wait_stderr("reconnected");
    running.write_stdin("x\n");
    running.wait().code(6).stderr_contains("warning: 1 message may not have arrived");
}

#[test]
fn an_unmet_expectation_takes_precedence_over_the_connection_failure() {
    let server = Server::scripts([cut()]);
    wscope()
        .args(["--reconnect=1", "--reconnect-delay", "1ms", "--expect", "x", &server.url()])
        .run()
        .code(1)
        .stderr_contains("expectation not met")
        .stderr_contains("Connection refused");
}

#[test]
fn a_permanent_refusal_ends_the_run() {
    let unauthorized = script(|peer: &mut Peer| {
        peer.read_head();
        peer.respond("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    });
    let server = Server::scripts([cut(), unauthorized]);
    wscope()
        .args(SOON)
        .arg(server.url())
        .stdin_open()
        .run()
        .code(4)
        .stderr_contains("401 Unauthorized");
}

#[cfg(unix)]
#[test]
fn signals_end_the_delay() {
    let long = ["--reconnect", "--reconnect-delay", "10m"];
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let server = Server::scripts([cut()]);
        let mut running = wscope().args(long).arg(server.url()).spawn();
        running.wait_stderr("reconnecting in");
        running.signal(signal);
        running.wait().code(code);
    }
}

#[test]
fn max_time_ends_the_delay() {
    let long = ["--reconnect", "--reconnect-delay", "10m"];
    let server = Server::scripts([cut()]);
    let limit = ["-m", "300ms"];
    let outcome = wscope().args(long).args(limit).arg(server.url()).stdin_open().run();
    outcome.code(7).stderr_contains("--max-time 300ms ran out");
}

/// `| head -1` while there is no connection.
#[test]
fn a_closed_stdout_ends_the_delay() {
    let server = Server::scripts([accept(|peer| peer.send(text("one")))]);
    let mut running =
        wscope().args(["--reconnect", "--reconnect-delay", "10m", &server.url()]).spawn();
    assert_eq!(running.read_stdout_line(), "one");
    running.wait_stderr("reconnecting in");
    running.close_stdout();
    running.wait().code(0);
}

#[test]
fn every_connection_has_its_events() {
    let server = Server::scripts([
        accept(|peer| close(peer, 1012, "restart")),
        accept(|peer| {
            peer.send(text("x"));
            answer_close(peer);
        }),
    ]);
    let (outcome, events) = events(wscope().args(SOON).args(["-1", &server.url()]).stdin_open());
    outcome.code(0);
    let names: Vec<_> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!(names, ["open", "close", "reconnect", "open", "message", "close"]);
    assert_eq!(events[1]["code"], 1012);
    assert_eq!(events[2]["attempt"], 1);
    assert_eq!(events[2]["reason"], "closed by the peer: 1012 Service Restart: \"restart\"");
}

/// Unsent input is reported at the end.
#[test]
fn unsent_messages_are_reported() {
    let server = Server::scripts([accept(|peer| {
        peer.read_exact(1 << 20);
        peer.reset();
    })]);
    let line = "x".repeat(16 << 20); // more than the kernel buffers
    let url = server.url();
    let mut running =
        wscope().args(["--reconnect=1", "--reconnect-delay", "1ms", "--no-compress", &url]).spawn();
    running.write_stdin(line);
    running.close_stdin();
    running
        .wait()
        .code(3)
        .stderr_contains("warning: not sent: 1 message that was read from the input");
}

/// Echoes belong to the lost connection, so they are not sent on the next one.
#[test]
fn lost_echoes_are_counted() {
    let server = Server::scripts([
        accept(|peer| {
            // The Close frame is sent with the messages: the echoes cannot be sent.
            peer.send([text("a"), text("b"), crate::support::close(1012, "restart")].concat());
        }),
        accept(|peer| {
            peer.send(text("c"));
            peer.expect_text("c");
            close(peer, 1000, "");
        }),
    ]);
    wscope()
        .args(SOON)
        .arg("--echo")
        .arg(server.url())
        .stdin_open()
        .run()
        .code(0)
        .stdout("a\nb\nc\n")
        .stderr_contains("up to 2 messages may not have arrived\n");
}
