//! `--retry`: attempts for the first connection.

use std::time::Duration;

use crate::events::events;
use crate::scripts::{answer_close, refused_url};
#[cfg(unix)]
use crate::support::Signal;
use crate::support::{Peer, Script, Server, script, wscope};

/// A short delay.
const SOON: [&str; 2] = ["--reconnect-delay", "1ms"];

fn answer(response: &str) -> Script {
    let response = format!("HTTP/1.1 {response}\r\nContent-Length: 0\r\n\r\n");
    script(move |peer: &mut Peer| {
        peer.read_head();
        peer.respond(&response);
    })
}

fn accept() -> Script {
    script(|peer: &mut Peer| {
        peer.accept_request();
        answer_close(peer);
    })
}

#[test]
fn attempts_continue_until_the_server_accepts() {
    let disconnect = script(|peer: &mut Peer| _ = peer.read_head());
    let server = Server::scripts([
        answer("503 Service Unavailable"),
        answer("502 Bad Gateway"),
        answer("429 Too Many Requests"),
        disconnect,
        accept(),
    ]);
    let url = server.url();
    wscope()
        .args(["--retry", "-w", "0", &url])
        .args(SOON)
        .run()
        .code(0)
        .stderr_contains(
            "wscope: opening handshake refused: 503 Service Unavailable; trying again in ",
        )
        .stderr_contains(" (attempt 1)\n")
        .stderr_contains("refused: 502 Bad Gateway; trying again in ")
        .stderr_contains("without a response")
        .stderr_contains(" (attempt 4)\n");
}

#[test]
fn the_number_of_attempts_is_limited() {
    let url = refused_url();
    let outcome = wscope().args(["--retry=3", &url]).args(SOON).run().code(3);
    let attempts =
        outcome.stderr.matches("Connection refused (os error 111); trying again").count();
    assert_eq!(attempts, 3, "{}", outcome.stderr);
    outcome
        .stderr_contains("(attempt 3 of 3)")
        .stderr_contains("hint: no program listens")
        .stderr_lacks("--retry");
    let server = Server::scripts([answer("503 Busy"), answer("503 Busy")]);
    let outcome = wscope().args(["--retry=1", &server.url()]).args(SOON).run().code(4);
    outcome
        .stderr_contains("hint: the server, or one behind it, is overloaded")
        .stderr_lacks("--retry");
}

#[test]
fn permanent_failures_are_not_retried() {
    for response in
        ["401 Unauthorized", "404 Not Found", "302 Found", "200 OK", "501 Not Implemented"]
    {
        let server = Server::scripts([answer(response)]);
        wscope()
            .args(["--retry", &server.url()])
            .args(SOON)
            .run()
            .code(4)
            .stderr_lacks("trying again");
    }
    let server = Server::script(|peer| {
        crate::scripts::refuse_untrusted_tls(peer);
    });
    wscope()
        .args(["--retry", &format!("wss://127.0.0.1:{}", server.port())])
        .args(SOON)
        .run()
        .code(3)
        .stderr_contains("certificate")
        .stderr_lacks("trying again");
}

#[test]
fn failures_are_not_retried_by_default() {
    wscope().arg(refused_url()).run().code(3).stderr_lacks("trying again");
    wscope().args(["--retry=0", &refused_url()]).run().code(3).stderr_lacks("trying again");
}

#[test]
fn retry_after_of_the_server_is_respected() {
    let server = Server::scripts([answer("503 Service Unavailable\r\nRetry-After: 1"), accept()]);
    let outcome = wscope().args(["--retry", "-w", "0", &server.url()]).args(SOON).run().code(0);
    assert!(outcome.elapsed >= Duration::from_secs(1), "{:?}", outcome.elapsed);
    outcome.stderr_contains("trying again in 1.0 s, as the server requests (attempt 1)");
}

#[test]
fn a_past_or_invalid_retry_after_is_ignored() {
    for value in ["Sun, 06 Nov 1994 08:49:37 GMT", "soon", "0"] {
        let refusal =
            format!("HTTP/1.1 503 No\r\nRetry-After: {value}\r\nContent-Length: 0\r\n\r\n");
        let refuse = script(move |peer: &mut Peer| {
            peer.read_head();
            peer.respond(&refusal);
        });
        let server = Server::scripts([refuse, accept()]);
        wscope()
            .args(["--retry", "-w", "0", &server.url()])
            .args(SOON)
            .run()
            .code(0)
            .stderr_lacks("as the server requests");
    }
}

#[test]
fn a_retry_after_beyond_max_time_ends_the_run() {
    let server = Server::scripts([answer("429 Too Many Requests\r\nRetry-After: 3600")]);
    let outcome = wscope().args(["--retry", "-m", "10s", &server.url()]).run().code(4);
    assert!(outcome.elapsed < Duration::from_secs(5), "{:?}", outcome.elapsed);
    outcome.stderr_contains("longer wait than --max-time allows");
}

#[test]
fn a_retry_after_of_more_than_a_day_ends_the_run() {
    for value in ["86401", "99999999999999999999999", "Thu, 30 Dec 9999 00:00:00 GMT"] {
        let refusal = format!("503 No\r\nRetry-After: {value}");
        let server = Server::scripts([answer(&refusal)]);
        let outcome = wscope().args(["--retry", &server.url()]).run().code(4);
        outcome.stderr_contains("a wait of more than a day (Retry-After): not retried\n");
    }
}

#[test]
fn retry_after_of_a_proxy_is_respected() {
    let proxy = Server::scripts([
        answer("503 Service Unavailable\r\nRetry-After: 1"),
        script(|peer: &mut Peer| {
            peer.read_head();
            peer.respond("HTTP/1.1 200 OK\r\n\r\n");
            peer.accept_request();
            peer.answer_close(1000);
        }),
    ]);
    let url = proxy.http_url();
    wscope()
        .args(["--retry", "-w", "0", "--proxy", &url, "ws://target.invalid"])
        .args(SOON)
        .run()
        .code(0)
        .stderr_contains("trying again in 1.0 s, as the server requests (attempt 1)");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_long_delay_immediately() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let server = Server::scripts([answer("503 No\r\nRetry-After: 86400")]);
        let mut running = wscope().args(["--retry", &server.url()]).spawn();
        running.wait_stderr("the server requested a long wait");
        running.signal(signal);
        let outcome = running.wait().code(code);
        assert!(outcome.elapsed < Duration::from_secs(5), "{:?}", outcome.elapsed);
    }
}

#[test]
fn max_time_ends_the_attempts() {
    let url = refused_url();
    let limit = ["--retry", "-m", "100ms"];
    wscope()
        .args(limit)
        .args(SOON)
        .arg(&url)
        .run()
        .code(7)
        .stderr_contains("--max-time 100ms ran out");
    wscope()
        .args(limit)
        .args(SOON)
        .args(["--expect", "x", &url])
        .run()
        .code(1)
        .stderr_contains("not open within --max-time");
}

#[test]
fn an_attempt_is_an_event() {
    let server = Server::scripts([answer("503 No"), accept()]);
    let (outcome, events) = events(wscope().args(["--retry", "-w", "0", &server.url()]).args(SOON));
    outcome.code(0);
    assert_eq!((&events[0]["event"], &events[0]["attempt"]), (&"retry".into(), &1.into()));
    assert_eq!(events[0]["reason"], "opening handshake refused: 503 No");
    assert_eq!(events[1]["event"], "open");
}

#[test]
fn invalid_values_are_usage_errors() {
    wscope().args(["--retry=x", "ws://h"]).run().code(2).stderr_contains("bad --retry \"x\"");
    wscope()
        .args(["--reconnect-delay", "0", "ws://h"])
        .run()
        .code(2)
        .stderr_contains("would flood the server");
    wscope().args(["--reconnect-on-close", "ws://h"]).run().code(2).stderr_contains("--reconnect");
}
