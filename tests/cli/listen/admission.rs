//! Which clients are accepted, and how the others are refused.

use super::{assert_alive, assert_status, client, client_at, leave, listen, refused, start};
use crate::support::{Peer, header, wscope};

#[test]
fn requests_for_another_path_are_refused() {
    let (mut server, port) = listen(&["--path", "/chat"]);
    leave(client_at(port, "/chat?room=1", &[]));
    let (head, body) = refused(port, "/other", &[]);
    assert_status(&head, 404);
    assert!(body.contains("path '/other'; expected '/chat'"), "{body}");
    server.wait_stderr("refused: 404 Not Found: request line: path '/other'");
}

#[test]
fn other_origins_are_refused_with_the_reason() {
    let (mut server, port) = listen(&["--allow-origin", "https://a.example/"]);
    leave(client_at(port, "/", &["Origin: https://a.example"]));
    let (head, body) = refused(port, "/", &["Origin: https://b.example"]);
    assert_status(&head, 403);
    assert!(body.contains("Origin: 'https://b.example'; expected 'https://a.example'"), "{body}");
    server.wait_stderr("refused: 403 Forbidden: Origin: 'https://b.example'");
    let (head, body) = refused(port, "/", &[]);
    assert_status(&head, 403);
    assert!(body.contains("Origin: missing"), "{body}");
}

#[test]
fn credentials_are_required_and_masked() {
    let program = wscope().stdin_null().file("credentials", "Aladdin:open sesame\n");
    let (mut server, port) = start(program, &["-v", "--user", "@credentials"]);
    let (head, _) = refused(port, "/", &[]);
    assert_status(&head, 401);
    let challenge = header(&head, "WWW-Authenticate");
    assert_eq!(challenge, Some("Basic realm=\"wscope\", charset=\"UTF-8\""), "{head}");
    server.wait_stderr("401 Unauthorized");
    let (head, _) = refused(port, "/", &["Authorization: Basic QWxhZGRpbjpvcGVu"]);
    assert_status(&head, 401);
    assert_eq!(server.wait_stderr("Authorization: Basic"), "#2 < Authorization: Basic ***");
    leave(client_at(port, "/", &["Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="]));
    assert_eq!(server.wait_stderr("Authorization: Basic"), "#3 < Authorization: Basic ***");
}

#[test]
fn secrets_are_shown_with_the_option() {
    let (mut server, port) = listen(&["-v", "--show-secrets"]);
    leave(client_at(port, "/", &["Cookie: a=b"]));
    server.wait_stderr("#1 < Cookie: a=b");
}

#[test]
fn invalid_options_are_usage_errors_without_secrets() {
    for (options, reason) in [
        (["--user", "hunter2"], "bad --user \"***\""),
        (["--path", "chat"], "a path starts with /"),
        (["--allow-origin", "example.com"], "an origin is written https://"),
        (["--allow-origin", "https://a.example/page"], "an origin has no path"),
        (["--max-clients", "0"], "bad --max-clients"),
        (["--count", "0"], "bad --count"),
        (["-H", "nonsense"], "bad --header"),
        (["--echo", "--broadcast=all"], "twice"),
    ] {
        let outcome = wscope().args(["listen", ":0"]).args(options).run().code(2).stdout("");
        outcome.stderr_contains(reason).stderr_lacks("hunter2");
    }
}

#[test]
fn headers_are_added_to_the_response_and_replace_ours() {
    let program = wscope().stdin_null().file("headers", "X-From-File: 2\n");
    let (_server, port) =
        start(program, &["-H", "X-One: 1", "-H", "@headers", "-H", "upgrade: WEBSOCKET"]);
    let mut peer = Peer::connect(port);
    peer.request("/", &[]);
    let head = peer.read_head();
    for (name, value) in [("X-One", "1"), ("X-From-File", "2"), ("Upgrade", "WEBSOCKET")] {
        assert_eq!(header(&head, name), Some(value), "{head}");
    }
    leave(peer);
}

#[test]
fn a_client_over_the_limit_is_refused_with_retry_after() {
    let (mut server, port) = listen(&["--max-clients", "1", "--echo"]);
    let first = client(port);
    let (head, body) = refused(port, "/", &[]);
    assert_status(&head, 503);
    assert!(header(&head, "Retry-After").is_some(), "{head}");
    assert_eq!(body, "there are 1 clients already\n");
    server.wait_stderr("503 Service Unavailable");
    leave(first);
    server.wait_stderr("closed by the peer");
    assert_alive(port);
}

#[test]
fn a_client_that_sends_nothing_times_out() {
    let (mut server, port) = listen(&["--echo", "--handshake-timeout", "100ms"]);
    let mut silent = Peer::connect(port);
    server.wait_stderr("timed out: the client sent nothing within 100ms");
    silent.expect_eof();
    assert_alive(port);
}

#[test]
fn a_slow_request_times_out() {
    let (mut server, port) = listen(&["--echo", "--handshake-timeout", "200ms"]);
    let mut slow = Peer::connect(port);
    slow.send_slowly("GET / HTTP/1.1\r\nHost: a");
    assert_alive(port);
    let head = slow.read_head();
    assert_status(&head, 408);
    server.wait_stderr("timed out: the client sent 23 bytes of an incomplete request within 200ms");
}

#[test]
fn a_head_over_the_limit_is_refused() {
    let (mut server, port) = listen(&["--echo"]);
    let mut peer = Peer::connect(port);
    peer.send("GET / HTTP/1.1\r\n");
    peer.send("X-Filler: 0123456789\r\n".repeat(3000));
    let head = peer.read_head();
    assert_status(&head, 431);
    peer.read_until_eof();
    server.wait_stderr("bad request");
    assert_alive(port);
}

#[test]
fn refusals_and_failures_are_events() {
    let (mut server, port) = listen(&["--json", "--path", "/chat"]);
    refused(port, "/other?token=abc", &[]);
    let event: serde_json::Value =
        serde_json::from_str(&server.read_stdout_line()).expect("an event");
    assert_eq!(event["event"], "error", "{event}");
    assert_eq!(event["kind"], "handshake", "{event}");
    assert_eq!((&event["connection"], &event["status"]), (&1.into(), &404.into()), "{event}");
    assert!(event["body"].as_str().is_some_and(|body| body.contains("/other")), "{event}");
    let mut peer = client_at(port, "/chat", &[]);
    peer.send([0x81, 1, b'x']); // not masked
    peer.expect_close(1002);
    let schema = serde_json::from_str(include_str!("../../data/events.schema.json"));
    let schema = jsonschema::draft202012::new(&schema.expect("JSON")).expect("a schema");
    schema.validate(&event).expect("an event as documented");
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|kind| kind != "error protocol") {
        let event: serde_json::Value =
            serde_json::from_str(&server.read_stdout_line()).expect("an event");
        schema.validate(&event).expect("an event as documented");
        assert_eq!(event["connection"], 2, "{event}");
        let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
        kinds.push(format!("{} {}", text("event"), text("kind")).trim().to_owned());
    }
    assert_eq!(kinds, ["open", "close", "error protocol"]);
}

#[test]
fn the_failure_of_a_client_is_reported_as_when_connecting() {
    let (mut server, port) = listen(&["-q"].map(|_| "--echo"));
    let mut peer = client(port);
    peer.eof();
    peer.expect_eof();
    let line = server.wait_stderr("closed abnormally");
    assert!(line.starts_with("#1 wscope: closed abnormally by the peer: 1006 "), "{line}");
    server.wait_stderr("#1 hint: ");
    assert_alive(port);
}
