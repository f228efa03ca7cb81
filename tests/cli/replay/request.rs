//! The opening handshake that is repeated.

use serde_json::json;

use crate::replay::{open_with, recording};
use crate::scripts::answer_close;
use crate::support::{Outcome, Server, wscope};

const BROWSER: [(&str, &str); 10] = [
    ("Host", "recorded.example"),
    ("Connection", "keep-alive, Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Key", "x3JJHMbDL1EzLkh9GBhXDw=="),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),
    ("Origin", "https://app.example"),
    ("User-Agent", "Mozilla/5.0"),
    ("x-Custom", "one"),
    ("x-Custom", "two"),
];

/// The request head that a server receives, and the outcome.
#[track_caller]
fn request(headers: &[(&str, &str)], is_recorded: bool, args: &[&str]) -> (String, Outcome) {
    let (sender, heads) = std::sync::mpsc::channel();
    let server = Server::script(move |peer| {
        let head = peer.read_head();
        sender.send(head.clone()).expect("a receiver in the test");
        let chosen = head.contains("Protocol: chat").then_some("Sec-WebSocket-Protocol: chat");
        peer.accept_with(&head, &chosen.into_iter().collect::<Vec<_>>());
        answer_close(peer);
    });
    let url = if is_recorded { server.url() } else { "ws://recorded.example/x".to_owned() };
    let file = recording(&open_with(&url, headers), &["end self 1000"]);
    let mut program = wscope().file("r.ndjson", file).args(["replay", "r.ndjson"]);
    if !is_recorded {
        program = program.arg(server.url());
    }
    let outcome = program.args(args).run();
    let head = heads.recv().expect("a request");
    server.join();
    (head, outcome)
}

fn lines<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let is_one = |line: &&str| line.to_ascii_lowercase().starts_with(&format!("{name}:"));
    head.lines().filter(is_one).collect()
}

#[test]
fn headers_are_those_of_the_recording_but_for_the_keys() {
    let (head, outcome) = request(&BROWSER, true, &[]);
    outcome.code(0);
    assert_eq!(lines(&head, "origin"), ["Origin: https://app.example"]);
    assert_eq!(lines(&head, "user-agent"), ["User-Agent: Mozilla/5.0"]);
    assert_eq!(lines(&head, "x-custom"), ["x-Custom: one", "x-Custom: two"]);
    assert_eq!(lines(&head, "connection"), ["Connection: Upgrade"]);
    for name in ["host", "sec-websocket-key", "sec-websocket-version"] {
        assert_eq!(lines(&head, name).len(), 1, "{head}");
    }
    assert!(!head.contains("x3JJHMbDL1EzLkh9GBhXDw=="), "{head}");
    assert!(!head.contains("recorded.example"), "{head}");
}

#[test]
fn options_replace_recorded_headers() {
    let args = ["-H", "X-Custom: mine", "-H", "Origin:", "-A", "me"];
    let (head, outcome) = request(&BROWSER, true, &args);
    outcome.code(0);
    assert_eq!(lines(&head, "x-custom"), ["X-Custom: mine"]);
    assert_eq!(lines(&head, "origin"), [""; 0]);
    assert_eq!(lines(&head, "user-agent"), ["User-Agent: me"]);
}

#[test]
fn masked_values_are_left_out_and_named() {
    let masked = [
        ("Authorization", "Bearer ***"),
        ("Cookie", "***"),
        ("X-Api-Key", "***"),
        ("Sec-WebSocket-Protocol", "chat, bearer.***"),
    ];
    let (head, outcome) = request(&masked, true, &[]);
    let outcome = outcome
        .code(0)
        .stderr_contains("warning: Authorization is masked in the recording and not sent; give it with --bearer TOKEN\n")
        .stderr_contains("Cookie is masked in the recording and not sent; give it with --cookie 'NAME=VALUE'\n")
        .stderr_contains("X-Api-Key is masked in the recording and not sent; give it with -H 'X-Api-Key: …'\n");
    outcome.stderr_contains(
        "subprotocol bearer.***: masked in the recording, and not offered; give it with -s",
    );
    assert!(!head.contains("***"), "{head}");
    assert_eq!(lines(&head, "sec-websocket-protocol"), ["Sec-WebSocket-Protocol: chat"]);
    let args = ["--bearer", "t", "--cookie", "a=b", "-H", "x-api-key: k", "-s", "chat"];
    let (head, outcome) = request(&masked, true, &args);
    outcome.code(0).stderr_lacks("masked");
    assert_eq!(lines(&head, "authorization"), ["Authorization: Bearer t"]);
    assert_eq!(lines(&head, "cookie"), ["Cookie: a=b"]);
}

#[test]
fn credentials_are_for_the_recorded_server_only() {
    let headers = [("Cookie", "sid=1"), ("Authorization", "Bearer t"), ("X-Plain", "p")];
    let (head, outcome) = request(&headers, true, &[]);
    outcome.code(0).stderr_lacks("not sent");
    assert_eq!(lines(&head, "cookie"), ["Cookie: sid=1"]);
    let (head, outcome) = request(&headers, false, &[]);
    outcome.code(0).stderr_contains(
        "warning: recorded for another server and not sent to this one: Cookie, Authorization; give it with -H\n",
    );
    assert_eq!((lines(&head, "cookie").len(), lines(&head, "authorization").len()), (0, 0));
    assert_eq!(lines(&head, "x-plain"), ["X-Plain: p"]);
    let (head, outcome) = request(&headers, false, &["-H", "Cookie: own"]);
    outcome.code(0).stderr_contains("not sent to this one: Authorization; give it with -H");
    assert_eq!(lines(&head, "cookie"), ["Cookie: own"]);
}

#[test]
fn a_header_that_cannot_be_sent_is_left_out() {
    let headers =
        [("X Bad", "1"), ("X-Line", "a\r\nEvil: 1"), (":authority", "h"), ("X-Empty", "")];
    let (head, outcome) = request(&headers, true, &[]);
    outcome
        .code(0)
        .stderr_contains("not a valid header, and not sent: X Bad\n")
        .stderr_contains("not a valid header, and not sent: X-Line\n")
        .stderr_lacks("authority");
    assert_eq!((lines(&head, "evil").len(), lines(&head, "x-empty")), (0, vec!["X-Empty:"]));
}

#[test]
fn a_masked_url_is_sent_without_the_secret() {
    let server = Server::script(|peer| {
        let head = peer.read_head();
        assert!(head.starts_with("GET /x?a=1&b=2 HTTP/1.1"), "{head}");
        peer.accept(&head);
        answer_close(peer);
    });
    let url = server.url().replace("ws://", "ws://me:***@");
    let url = format!("{}/x?a=1&token=***&b=2", url.trim_end_matches('/'));
    let file = recording(&open_with(&url, &[]), &["end self 1000"]);
    let outcome = wscope().file("r.ndjson", file).args(["replay", "r.ndjson"]).run().code(0);
    outcome.stderr_contains(
        "masked in the URL of the recording and not sent: token, user and password; give the whole URL",
    );
    server.join();
}

#[test]
fn a_url_without_a_path_has_the_recorded_path_and_query() {
    for (end, line) in [("", "GET /chat?a=1 HTTP/1.1"), ("/", "GET / HTTP/1.1")] {
        let server = Server::script(move |peer| {
            let head = peer.read_head();
            assert!(head.starts_with(line), "{head}");
            peer.accept(&head);
            answer_close(peer);
        });
        let url = "ws://recorded.example/chat?token=***&a=1";
        let file = recording(&open_with(url, &[]), &["end self 1000"]);
        let program = wscope().file("r.ndjson", file);
        let given = server.url() + end;
        let outcome = program.args(["replay", "r.ndjson", &given]).run().code(0);
        let text = "masked in the URL of the recording and not sent: token;";
        match end {
            "" => outcome.stderr_contains(text),
            _ => outcome.stderr_lacks(text),
        };
        server.join();
    }
}

#[test]
fn a_refusal_for_want_of_cookies_has_a_hint() {
    for (headers, args, has_hint) in [
        (&BROWSER[..], &[][..], true),
        (&[("Cookie", "a=b")], &[], false),
        (&BROWSER, &["--cookie", "a=b"], false),
        (&[], &[], false),
    ] {
        let server = Server::respond("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        let file = recording(&open_with(&server.url(), headers), &["end self 1000"]);
        let program = wscope().file("r.ndjson", file).args(["replay", "r.ndjson"]).args(args);
        let outcome = program.run().code(4);
        let text = "the recording has neither cookies nor Authorization";
        match has_hint {
            true => drop(outcome.stderr_contains(text)),
            false => drop(outcome.stderr_lacks(text)),
        }
        server.join();
    }
}

#[test]
fn a_recording_without_a_url_needs_one() {
    let file =
        recording(&json!({"event":"ping","direction":"sent","data":"","elapsed_ms":0}), &["> a"]);
    let outcome = wscope().file("r.ndjson", file).args(["replay", "r.ndjson"]).run().code(2);
    outcome
        .stderr_contains("wscope: the recording does not have the URL of the connection\n")
        .stderr_contains("hint: give it after the file: wscope replay FILE URL\n");
}
