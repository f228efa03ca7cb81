//! HTTP proxies that refuse or fail: their responses and hints.

use std::time::Duration;

use serde_json::json;

use super::{TARGET, assert_no_secret, run_through};
use crate::events::assert_valid;
use crate::support::{Outcome, Peer, Server, wscope};

/// A run in which the proxy sends this response to CONNECT, then ends.
#[track_caller]
fn refused(answer: impl AsRef<[u8]>, scheme: &str, options: &[&str]) -> Outcome {
    let answer = answer.as_ref().to_vec();
    let proxy = Server::respond(answer);
    run_through(scheme, &proxy, options).code(3).stdout_contains("")
}

const CHALLENGE: &str = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x, y\"\r\n\
                         Set-Cookie: a=hunter3\r\nContent-Length: 12\r\n\r\nask for help";

#[test]
fn a_challenge_is_shown_and_explained() {
    refused(CHALLENGE, "http://", &[])
        .stderr_contains("wscope: could not connect: proxy http://127.0.0.1:")
        .stderr_contains(" refused CONNECT target.invalid:80: 407 Proxy Authentication Required\nhint: the proxy requires a name and password: --proxy http://USER:PASS@127.0.0.1:")
        .stderr_contains("< HTTP/1.1 407 Proxy Authentication Required\n< Proxy-Authenticate: Basic realm=\"x, y\"\n< Set-Cookie: ***\n")
        .stderr_contains("\n<\n< ask for help\n")
        .stderr_lacks("> CONNECT");
    refused(CHALLENGE, "http://me:hunter2@", &["-v"])
        .stderr_contains("hint: the proxy does not accept this name and password")
        .stderr_contains("> CONNECT target.invalid:80 HTTP/1.1\n")
        .stderr_contains("> Proxy-Authorization: Basic ***\n")
        .stderr_lacks("hunter2");
    refused(CHALLENGE, "http://me:hunter2@", &[])
        .stderr_contains("hint: the proxy does not accept this name and password")
        .stderr_lacks("> CONNECT");
}

#[test]
fn the_401_of_tinyproxy_is_treated_as_a_wrong_password() {
    let answer = "HTTP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"Tinyproxy\"\r\n\r\n";
    refused(answer, "http://me:pw@", &[]).stderr_contains(
        ": 401 Unauthorized\nhint: the proxy does not accept this name and password",
    );
    refused(answer, "http://", &[])
        .stderr_contains("hint: a proxy would answer 407, a web server 401");
}

#[test]
fn an_unsupported_challenge_is_reported() {
    for (fields, schemes) in [
        ("Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM", "Negotiate or NTLM"),
        ("Proxy-Authenticate: Digest realm=\"a, b\", nonce = \"c\", stale =true", "Digest"),
    ] {
        refused(format!("HTTP/1.1 407 No\r\n{fields}\r\n\r\n"), "http://me:pw@", &[])
            .stderr_contains(&format!(
                "hint: the proxy requires {schemes}; wscope supports only Basic"
            ));
    }
}

#[test]
fn the_hint_distinguishes_credentials_of_a_header_and_the_url() {
    let outcome = refused(
        CHALLENGE,
        "http://",
        &["--proxy-header", "Proxy-Authorization: Basic aHVudGVyMjpodW50ZXIy"],
    );
    assert_no_secret(&outcome, &["hunter2", "aHVudGVyMjpodW50ZXIy"]);
    outcome.stderr_contains("hint: the proxy does not accept the Proxy-Authorization header");
}

#[test]
fn port_443_is_not_recommended_if_it_is_used() {
    let proxy = Server::respond("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
    let url = proxy.http_url();
    wscope()
        .args(["--proxy", &url, "wss://target.invalid"])
        .run()
        .code(3)
        .stderr_contains("hint: the proxy does not allow connections to target.invalid:443\n");
}

#[test]
fn a_failure_that_the_proxy_explains() {
    let tinyproxy = "HTTP/1.1 500 Unable to connect\r\nContent-Length: 0\r\n\r\n";
    refused(tinyproxy, "http://", &[]).stderr_contains("hint: the proxy could not reach target");
}

#[test]
fn a_refusal_is_an_event() {
    let outcome = refused(CHALLENGE, "http://me:hunter2@", &["--json"]);
    let events = outcome.json_lines();
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_valid(event);
    assert_eq!((&event["event"], &event["kind"]), (&json!("error"), &json!("connect")));
    assert_eq!((&event["status"], &event["body"]), (&json!(407), &json!("ask for help")));
    assert_eq!(event["response_headers"][1], json!(["Set-Cookie", "***"]));
    assert_no_secret(&outcome, &["hunter"]);
}

#[test]
fn hints_match_the_response() {
    for (status, hint) in [
        (
            "403 Forbidden",
            "does not allow connections to target.invalid:80; many allow CONNECT only to port 443",
        ),
        ("400 Bad Request", "often answer CONNECT like this"),
        ("405 Method Not Allowed", "does not support CONNECT"),
        ("501 Not Implemented", "does not support CONNECT"),
        ("500 Internal Server Error", "the proxy failed: its answer, or its log"),
        ("502 Bad Gateway", "could not reach target.invalid:80"),
        ("503 Service Unavailable", "could not reach target.invalid:80, or is overloaded"),
        ("504 Gateway Timeout", "could not reach target.invalid:80"),
    ] {
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        refused(answer, "http://", &[])
            .stderr_contains(&format!(": {status}\nhint: "))
            .stderr_contains(hint);
    }
    refused("HTTP/1.1 301 Moved\r\nLocation: /x?token=hunter2\r\n\r\n", "http://", &[])
        .stderr_contains(": 301 Moved\n")
        .stderr_contains("< Location: /x?token=***\n");
}

#[test]
fn localhost_is_explained_as_the_machine_of_the_proxy() {
    let proxy = Server::respond("HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n");
    let url = proxy.http_url();
    wscope()
        .args(["--proxy", &url, "ws://localhost:9/"])
        .run()
        .code(3)
        .stderr_contains("for the proxy localhost is its own machine: --no-proxy 'localhost'");
}

#[test]
fn a_body_is_shown_up_to_4_kib() {
    let body = "0123456789abcde\n".repeat(1000);
    let outcome = refused(format!("HTTP/1.1 500 Oh\r\n\r\n{body}"), "http://", &[]);
    assert_eq!(outcome.stderr.matches("< 0123456789abcde\n").count(), 256, "{}", outcome.stderr);
    outcome.stderr_contains("its first 4 KiB were read");
}

#[test]
fn a_stalled_body_times_out_quickly() {
    let proxy = Server::script(|peer| {
        peer.read_head();
        peer.respond("HTTP/1.1 403 No\r\nContent-Length: 99\r\n\r\nnot you");
        peer.stall();
    });
    let outcome = run_through("http://", &proxy, &[]).code(3).stderr_contains("\n<\n< not you\n");
    assert!(outcome.elapsed < Duration::from_millis(3500), "it took {:?}", outcome.elapsed);
}

#[test]
fn other_protocols_are_recognised() {
    for (answer, line, hint) in [
        (
            &b"\x05\xff"[..],
            "its answer to CONNECT is not HTTP: bytes 05 ff",
            "use socks5h:// for the proxy",
        ),
        (b"\x15\x03\x01\0\x02\x02\x46", "is not HTTP", "use https://"),
        (
            b"SSH-2.0-x\r\n",
            "is not HTTP: \"SSH-2.0-x",
            "that is an SSH server: is the proxy's port right?",
        ),
        (b"", "it ended the connection without an answer", "may be a SOCKS proxy (socks5h://)"),
        (b"HTTP/1.1 200 Con", "after 16 bytes of an answer", ""),
        (
            b"HTTP/1.1 200 OK\r\nbad line\r\n\r\n",
            "invalid answer to CONNECT: malformed header field",
            "",
        ),
        (b"HTTP/1.1 200 OK\x1b[2J\r\n\r\n", "invalid answer to CONNECT", ""),
    ] {
        let outcome = refused(answer, "http://", &[]).stderr_contains(line).stderr_contains(hint);
        assert!(!outcome.stderr.contains('\u{1b}'), "{:?}", outcome.stderr);
    }
}

#[test]
fn a_response_head_over_the_limit_is_refused() {
    let proxy = Server::script(|peer| {
        peer.read_head();
        peer.send([b"HTTP/1.1 200 OK\r\nX: ", &[b'x'; 70_000][..]].concat());
    });
    run_through("http://", &proxy, &[]).code(3).stderr_contains("the head is longer than 64 KiB");
}

#[test]
fn a_silent_proxy_times_out() {
    for (scheme, start, hint) in [
        ("http://", "", "may be a SOCKS proxy"),
        ("http://", "HTTP/1.1 200 OK\r\n", "answers, but not whether it reached target.invalid:80"),
        ("socks5h://", "", "may be an HTTP proxy"),
    ] {
        let proxy = Server::script(move |peer| {
            peer.send(start);
            peer.stall();
        });
        run_through(scheme, &proxy, &["--connect-timeout", "200ms"])
            .code(7)
            .stderr_contains(": request for target.invalid:80: timed out after 200ms\n")
            .stderr_contains(hint);
    }
    let proxy = Server::script(Peer::stall);
    run_through("http://", &proxy, &["--expect", "x", "-m", "200ms"]).code(1);
}

#[test]
fn an_unreachable_proxy_is_reported() {
    for (proxy, line) in [
        (
            "http://127.0.0.1:1",
            "proxy http://127.0.0.1:1: TCP connect: 127.0.0.1:1: Connection refused",
        ),
        (
            "socks5h://no-such-proxy.invalid",
            "proxy socks5h://no-such-proxy.invalid:1080: DNS lookup of no-such-proxy.invalid: ",
        ),
    ] {
        wscope()
            .args(["--proxy", proxy, TARGET])
            .run()
            .code(3)
            .stderr_contains(&format!("wscope: could not connect: {line}"))
            .stderr_contains("\nhint: ");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_wait_for_a_silent_proxy() {
    use crate::scripts::{next, serve_silence};
    use crate::support::Signal;
    let (proxy, requested) = serve_silence();
    let url = proxy.http_url();
    let running = wscope().args(["--proxy", &url, TARGET]).spawn();
    next(&requested);
    running.signal(Signal::INT);
    running.wait().code(130);
}

#[test]
fn a_password_repeated_by_the_proxy_is_masked() {
    const PAIR: &str = "bWU6aHVudGVyMg=="; // me:hunter2 in base64
    for status in ["407 No hunter2", "403 me:hunter2", "200 OK hunter2\x01", "hunter2"] {
        let answer = format!(
            "HTTP/1.1 {status}\r\nProxy-Authenticate: hunter2\r\nX-Echo: {PAIR}\r\n\r\nhunter2 {PAIR}"
        );
        for display in [&["-v"][..], &["--json", "-v"]] {
            let outcome = refused(&answer, "http://me:hunter2@", display);
            assert_no_secret(&outcome, &["hunter2", PAIR]);
            outcome.stderr_contains("***");
        }
        let garbage = answer.replace("HTTP/1.1", "SMTP");
        assert_no_secret(&refused(garbage, "http://me:hunter2@", &[]), &["hunter2", PAIR]);
    }
}

#[test]
fn a_password_repeated_on_success_is_masked() {
    for display in [&["-v"][..], &["--json"]] {
        let proxy = Server::script(|peer| {
            peer.read_head();
            peer.respond("HTTP/1.1 200 hunter2\r\nX-Echo: hunter2\r\n\r\n");
            let head = peer.read_head();
            peer.accept_with(&head, &["Via: hunter2"]);
            peer.expect_text("hi");
            peer.close(1000, "hunter2");
            peer.expect_close(1000);
        });
        let outcome = run_through("http://me:hunter2@", &proxy, display).code(0);
        assert_no_secret(&outcome, &["hunter2"]);
    }
}
