//! Recordings of others: no text in them controls the terminal, and no secret in them is shown.

use serde_json::{Value, json};

use crate::support::{Outcome, wscope};

/// What is put into every string: each has a character that must not be shown.
const HIDDEN: &str = "\u{1b}]0;x\u{7}\u{9b}2J\u{202e}\nforged";

/// A URL that nothing listens at, whatever else runs on the machine.
const NOWHERE: &str = "ws+unix:/nonexistent/wscope.sock:/";

/// One event of each kind, with all members that have strings.
fn events() -> Vec<Value> {
    let interim = json!([{"from": "server", "status": 103, "reason": "r", "headers": [["A", "a"]],
        "malformed_headers": ["m"]}]);
    let certificate = json!({"subject": "s", "issuer": "i", "not_after": "2026-01-01T00:00:00Z",
        "not_before": "2025-01-01T00:00:00Z", "names": ["n"], "serial": "1", "key": "k",
        "signature": "g", "sha256": "h", "usages": ["u"], "is_authority": false});
    vec![
        json!({"event": "open", "time": "2026-07-31T12:34:56Z", "url": "ws://h/c", "remote": "r",
            "local": "l", "proxy": "http://p", "http_version": "HTTP/1.1", "status": 101, "reason": "r",
            "request_headers": [["Origin", "o"], ["Sec-WebSocket-Protocol", "p"]],
            "response_headers": [["B", "b"]], "malformed_headers": ["m"], "interim": interim,
            "protocol": "p", "extensions": "permessage-deflate", "initiator": "local",
            "tls": {"version": "v", "cipher": "c", "alpn": "a", "certificate": certificate}}),
        json!({"event": "open", "url": "ws://h/c", "remote": "r", "local": "l", "protocol": null,
            "request_headers": [["Origin", "o"], ["Sec-WebSocket-Protocol", "p"]], "initiator": "peer"}),
        json!({"event": "message", "direction": "sent", "type": "text", "data": "d"}),
        json!({"event": "message", "direction": "sent", "type": "text", "data": "{\"a\":\"b\"}"}),
        json!({"event": "message", "direction": "sent", "type": "text", "file": "f", "size": 1}),
        json!({"event": "ping", "direction": "sent", "encoding": "base64", "data": "YQ=="}),
        json!({"event": "pong", "direction": "received", "encoding": "base64", "data": "YQ=="}),
        json!({"event": "frame", "direction": "received", "opcode": "text", "fin": true,
            "masked": false, "size": 1, "mask": null, "header": "8101"}),
        json!({"event": "violation", "header": "c101",
            "message": "reserved bit set: d (RFC 6455 section 5.2)"}),
        json!({"event": "redirect", "status": 302, "reason": "r", "from": "ws://a", "to": "ws://b",
            "interim": interim}),
        json!({"event": "retry", "attempt": 1, "delay_ms": 1, "reason": "r"}),
        json!({"event": "reconnect", "attempt": 1, "delay_ms": 1, "reason": "r", "waiting": 1,
            "unconfirmed": 2}),
        json!({"event": "close", "code": 1000, "reason": "r", "was_clean": true, "initiator": "peer",
            "sent": {"code": 1000, "reason": "s"}, "received": {"code": 1001, "reason": "r"},
            "hint": "h", "last": {"what": "frame", "frame": "f", "ago_ms": 1}}),
        json!({"event": "close", "code": 1006, "was_clean": false, "initiator": "peer",
            "end": "error", "end_error": "e"}),
        json!({"event": "error", "kind": "connect", "message": "m", "hint": "h", "url": "ws://h",
            "request_headers": [["A", "a"]], "body": "b", "malformed_headers": ["m"],
            "certificate": certificate}),
        json!({"event": "error", "kind": "handshake", "message": "m", "status": 403,
            "status_line": "HTTP/1.1 403 F", "response_headers": [["A", "a"]], "body": "b",
            "body_notes": ["n"], "malformed_headers": ["m"], "interim": interim}),
    ]
}

/// The value once for each of its strings, with the hidden characters in that one.
fn variants(value: &Value) -> Vec<Value> {
    let mut paths = Vec::new();
    find_strings(value, String::new(), &mut paths);
    let variant = |path: &String| {
        let mut variant = value.clone();
        if let Some(text) = variant.pointer_mut(path) {
            *text = with_hidden(text.as_str().unwrap_or_default()).into();
        }
        variant
    };
    paths.iter().map(variant).collect()
}

/// Collects the JSON Pointers of all strings in a value.
fn find_strings(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(path),
        Value::Array(list) => {
            let items = list.iter().enumerate();
            items.for_each(|(at, item)| find_strings(item, format!("{path}/{at}"), found));
        }
        Value::Object(members) => {
            members.iter().for_each(|(name, it)| find_strings(it, format!("{path}/{name}"), found));
        }
        _ => {}
    }
}

/// The text with the hidden characters at its end, or before the section of a violation.
fn with_hidden(text: &str) -> String {
    let (text, section) = text.split_at(text.find(" (RFC").unwrap_or(text.len()));
    format!("{text}{HIDDEN}{section}")
}

#[track_caller]
fn assert_harmless(text: &str, what: &str) {
    let is_hidden = |c| matches!(c, '\u{1b}' | '\u{7}' | '\u{9b}' | '\u{202e}');
    assert!(!text.contains(is_hidden), "{what}: {text:?}");
    assert!(!text.lines().any(|line| line.starts_with("forged")), "{what}: {text:?}");
}

/// Runs `args`, whose standard output is for people or JSON, and returns whether all of the recording was read.
#[track_caller]
fn run(recording: &str, args: &[&str]) -> bool {
    let outcome =
        wscope().file("x", recording).file("clean", "{\"event\":\"x\"}\n").args(args).run();
    assert_harmless(&outcome.stderr, &format!("{args:?} {recording}"));
    assert_harmless(&outcome.stdout, &format!("{args:?} {recording}"));
    !outcome.stderr.contains("cannot read the recording")
}

/// Each variant alone, and all that can be read together, in all forms.
#[track_caller]
fn check(variants: &[Value], file: impl Fn(&[&Value]) -> String) {
    let mut readable = Vec::new();
    for variant in variants {
        if run(&file(&[variant]), &["view", "-vvv", "--output", "hex", "x"]) {
            readable.push(variant);
        }
        run(&file(&[variant]), &["replay", "x", NOWHERE]);
    }
    assert!(readable.len() > variants.len() / 2, "{} of {}", readable.len(), variants.len());
    let all = file(&readable);
    for args in [
        &["view", "--output", "hex", "x"][..],
        &["view", "-v", "--output", "hex", "x"],
        &["view", "-vv", "--output", "hex", "x"],
        &["view", "--json", "-vv", "x"],
        &["view", "--stats", "x"],
        &["view", "--stats", "--json", "x"],
        &["view", "--entry", "99", "x"],
        &["diff", "--handshake", "--timing", "--control", "x", "clean"],
        &["diff", "--handshake", "--timing", "--control", "clean", "x"],
        &["diff", "--json", "--handshake", "--control", "x", "clean"],
        &["replay", "x"],
        &["replay", "--json", "x"],
    ] {
        run(&all, args);
    }
    #[cfg(unix)]
    on_terminal(&all);
}

/// The form of a terminal, which has messages as well.
#[cfg(unix)]
#[track_caller]
fn on_terminal(recording: &str) {
    for options in ["", "-v", "-vv", "--stats"] {
        let script = format!(
            "cat > x <<'END'\n{recording}\nEND\n\"$WSCOPE\" view --color never {options} x"
        );
        let mut terminal = crate::support::Terminal::spawn_shell(&script, 80, 24);
        terminal.wait_exit();
        let shown = terminal.raw_output();
        assert!(
            !shown.contains("\u{1b}]0;x") && !shown.contains(['\u{9b}', '\u{202e}']),
            "{shown:?}"
        );
        assert!(!shown.lines().any(|line| line.starts_with("forged")), "{shown:?}");
    }
}

#[test]
fn no_text_of_events_controls_the_terminal() {
    let variants: Vec<_> = events().iter().flat_map(variants).collect();
    check(&variants, |events| events.iter().map(|event| format!("{event}\n")).collect());
}

#[test]
fn no_text_of_a_har_controls_the_terminal() {
    let header = json!([{"name": "A", "value": "a"}]);
    let entry = |status: u16| {
        json!({"startedDateTime": "2026-05-04T09:00:01Z", "time": 1, "_resourceType": "websocket",
            "serverIPAddress": "127.0.0.1", "_error": "e",
            "request": {"method": "GET", "url": "ws://h/c", "httpVersion": "HTTP/1.1", "headers": header},
            "response": {"status": status, "statusText": "s", "httpVersion": "HTTP/1.1", "headers": header,
                "redirectURL": "", "content": {"size": 1, "mimeType": "text/plain", "text": "b"}},
            "_webSocketMessages": [{"type": "send", "time": 1.0, "opcode": 1, "data": "d"},
                {"type": "receive", "time": 2.0, "opcode": 1, "data": "d"}]})
    };
    let variants: Vec<_> = [101, 403, 0].into_iter().flat_map(|it| variants(&entry(it))).collect();
    check(&variants, |entries| {
        json!({"log": {"version": "1.2", "creator": {"name": "c", "version": "1"}, "entries": entries}})
            .to_string()
    });
}

/// A HAR of a connection whose URL, request and response have secrets.
fn secret_har(status: u16) -> String {
    let fields = json!([{"name": "Authorization", "value": "Bearer hunter2-bearer"},
        {"name": "Sec-WebSocket-Protocol", "value": "bearer, Hunter2Hunter2Hunter2"}]);
    let answer = json!([{"name": "Sec-WebSocket-Protocol", "value": "Hunter2Hunter2Hunter2"},
        {"name": "Set-Cookie", "value": "sid=hunter2-cookie"},
        {"name": "X-Repeated", "value": "you sent hunter2-token"}]);
    json!({"log": {"version": "1.2", "creator": {"name": "c", "version": "1"}, "entries": [{
        "startedDateTime": "2026-05-04T09:00:01Z", "time": 1, "_resourceType": "websocket",
        "_error": "net::ERR_FAILED at wss://me:hunter2-pw@h/?token=hunter2-token",
        "request": {"method": "GET", "url": "wss://me:pw2@h/chat?token=hunter2-token",
            "httpVersion": "HTTP/1.1", "headers": fields},
        "response": {"status": status, "statusText": "no hunter2-token", "httpVersion": "HTTP/1.1",
            "headers": answer, "content": {"size": 1, "mimeType": "text/plain",
                "text": "hunter2-token or hunter2-bearer is wrong, and so is hunter2-cookie"}},
        "_webSocketMessages": [{"type": "error", "time": 1777885202.0, "opcode": -1,
            "data": "lost wss://h/chat?token=hunter2-token"}]}]}})
    .to_string()
}

#[track_caller]
fn assert_masked(outcome: &Outcome, args: &[&str]) {
    for text in [&outcome.stdout, &outcome.stderr] {
        for secret in ["hunter2-token", "hunter2-bearer", "hunter2-cookie", "Hunter2H", "pw2"] {
            assert!(!text.contains(secret), "{args:?}: {text}");
        }
    }
}

#[test]
fn secrets_of_a_har_are_masked_wherever_they_are_repeated() {
    for status in [101, 302, 403, 0] {
        for args in [
            &["view", "-vv", "x.har"][..],
            &["view", "--json", "x.har"],
            &["view", "--stats", "x.har"],
            &["view", "--stats", "--json", "x.har"],
            &["view", "--entry", "7", "x.har"],
            &["diff", "--handshake", "x.har", "clean"],
            &["diff", "--json", "--handshake", "x.har", "clean"],
        ] {
            let files =
                wscope().file("x.har", secret_har(status)).file("clean", "{\"event\":\"x\"}\n");
            assert_masked(&files.args(args).run(), args);
        }
        let written = ["view", "--record", "y.ndjson", "x.har"];
        let outcome = wscope().file("x.har", secret_har(status)).args(written).run();
        let file = String::from_utf8(outcome.file("y.ndjson")).expect("UTF-8");
        assert!(file.contains("***") && !file.contains("unter2-"), "{file}");
        let shown = ["view", "--json", "--show-secrets", "x.har"];
        let outcome = wscope().file("x.har", secret_har(status)).args(shown).run();
        outcome.stdout_contains("hunter2-token");
    }
}

#[test]
fn a_failure_in_a_har_names_the_url_without_its_query() {
    wscope()
        .file("x.har", secret_har(403))
        .args(["view", "x.har"])
        .run()
        .stderr_contains("wscope: wss://h/chat refused the upgrade: 403 no ***\n");
}
