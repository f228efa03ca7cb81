//! Which requests are refused, and the responses to them.

use super::*;
use crate::protocol::head::{HeadError, parse_response};

/// The status and reason of a refusal; `None`: it is forwarded.
fn refusal(options: &ForwardOptions, head: &str) -> Option<(u16, String)> {
    forwarded(options, head.as_bytes()).err().map(|refused| (refused.status, refused.reason))
}

#[track_caller]
fn assert_refused(head: &str, status: u16, reason: &str) {
    let got = refusal(&options(true, "api.example", "/"), head);
    let is_expected =
        got.as_ref().is_some_and(|(code, text)| *code == status && text.contains(reason));
    assert!(is_expected, "{head:?}: {got:?}");
}

#[test]
fn other_servers_are_not_reached() {
    for start_line in [
        "CONNECT api.example:443 HTTP/1.1",
        "CONNECT localhost:9000 HTTP/1.1",
        "CONNECT / HTTP/1.1",
        "GET http://other.example/ HTTP/1.1",
        "GET https://other.example/ HTTP/1.1",
        "GET ws://other.example/ HTTP/1.1",
        "GET http://api.example/ HTTP/1.1", // port 80
        "GET https://api.example:444/ HTTP/1.1",
        "GET http://localhost:9001/ HTTP/1.1",
        "GET http://localhost/ HTTP/1.1",
        "GET http://localhost:9000@other.example/ HTTP/1.1",
        "GET http://localhost:9000\\@other.example/ HTTP/1.1",
        "GET http:///path HTTP/1.1",
        "GET http:// HTTP/1.1",
        "GET ftp://localhost:9000/ HTTP/1.1",
        "POST file:///etc/passwd HTTP/1.1",
    ] {
        for fields in ["", "Host: localhost:9000\r\n", "Upgrade: websocket\r\n"] {
            assert_refused(&format!("{start_line}\r\n{fields}\r\n"), 403, "");
        }
    }
}

#[test]
fn request_targets_that_are_no_paths_are_refused() {
    for target in ["chat", "localhost:9000", "http:/x", "?x", "mailto:a@b", "**"] {
        assert_refused(&format!("GET {target} HTTP/1.1\r\n\r\n"), 400, "neither a path nor a URL");
    }
}

#[test]
fn bodies_whose_end_is_ambiguous_are_refused() {
    let both = "Content-Length beside Transfer-Encoding";
    let coding = "Transfer-Encoding does not end with 'chunked'";
    for (fields, reason) in [
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", both),
        ("Transfer-Encoding: chunked\r\ncontent-length: 0", both),
        ("Content-Length: 5\r\nTransfer-Encoding: identity", both),
        ("Content-Length: 5\r\nTransfer-Encoding:", both),
        ("Content-Length: 5\r\nContent-Length: 6", "different values"),
        ("Content-Length: 0\r\nContent-Length: 5", "different values"),
        ("Content-Length: 5, 6", "different values"),
        ("Content-Length:", "malformed Content-Length"),
        ("Content-Length: ,5", "malformed Content-Length"),
        ("Content-Length: 5,", "malformed Content-Length"),
        ("Content-Length: +5", "malformed Content-Length"),
        ("Content-Length: -5", "malformed Content-Length"),
        ("Content-Length: 0x5", "malformed Content-Length"),
        ("Content-Length: 5 5", "malformed Content-Length"),
        ("Content-Length: 5;a", "malformed Content-Length"),
        ("Content-Length: \"5\"", "malformed Content-Length"),
        ("Content-Length: \u{665}", "malformed Content-Length"),
        ("Content-Length: 18446744073709551616", "malformed Content-Length"),
        ("Transfer-Encoding:", coding),
        ("Transfer-Encoding: gzip", coding),
        ("Transfer-Encoding: identity", coding),
        ("Transfer-Encoding: chunked, gzip", coding),
        ("Transfer-Encoding: chunked, chunked", coding),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", coding),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", coding),
        ("Transfer-Encoding: chunked,", coding),
        ("Transfer-Encoding: , chunked", coding),
        ("Transfer-Encoding: xchunked", coding),
        ("Transfer-Encoding: chunked;q=1", coding),
        ("Transfer-Encoding: \"chunked\"", coding),
        ("Transfer-Encoding: x y, chunked", coding),
        ("Transfer-Encoding: \u{a0}chunked", coding),
    ] {
        assert_refused(&format!("POST / HTTP/1.1\r\n{fields}\r\n\r\n"), 400, reason);
    }
    let old = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_refused(old, 400, "Transfer-Encoding in HTTP/1.0");
}

#[test]
fn lines_that_could_be_other_fields_are_refused() {
    for (fields, reason) in [
        ("Transfer-Encoding : chunked", "white space before the colon"),
        ("X : y", "white space before the colon"),
        ("X", "no colon"),
        (" Content-Length: 5", "leading white space"),
        (": x", "empty name"),
        ("Content Length: 5", "invalid character in the name"),
        ("\u{b}Transfer-Encoding: chunked", "invalid character in the name"),
        ("X\rContent-Length: 5", "invalid character in the name"),
        ("X: a\rContent-Length: 5", "control character in the value"),
        ("X: a\0", "control character in the value"),
        ("Transfer-Encoding: \u{b}chunked", "control character in the value"),
        ("Content-Length: 5\u{c}", "control character in the value"),
        ("Content-Length:\r\n 5", "Content-Length in a folded header field"),
        ("transfer-encoding: x,\r\n chunked", "Transfer-Encoding in a folded header field"),
        ("Host: a\r\n\tb", "Host in a folded header field"),
        ("X: a\r\n Content-Length: 5", "Content-Length in a folded header field"),
        ("X: a\r\n b\r\n\ttransfer-encoding : x", "Transfer-Encoding in a folded header field"),
        ("Upgrade:\r\n websocket", "Upgrade in a folded header field"),
    ] {
        assert_refused(&format!("GET / HTTP/1.1\r\n{fields}\r\n\r\n"), 400, reason);
    }
}

#[test]
fn upgrade_requests_with_a_body_are_refused() {
    let upgrade = "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    for body in ["Content-Length: 5", "Transfer-Encoding: chunked"] {
        assert_refused(&format!("{upgrade}{body}\r\n\r\n"), 400, "must not have a body");
    }
    let head = format!("{upgrade}Content-Length: 0\r\n\r\n");
    assert_eq!(refusal(&options(false, "t", "/"), &head), None);
}

#[test]
fn what_the_target_has_to_judge_is_forwarded() {
    let websocket = RequestKind::WebSocket;
    for (head, kind) in [
        ("GET / HTTP/1.1\r\nUpgrade: websocket\r\n", websocket),
        (
            "GET / HTTP/1.0\r\nupgrade: h2c, WebSocket/13\r\nSec-WebSocket-Version: 12\r\n",
            websocket,
        ),
        (
            "GET / HTTP/1.1\r\nUpgrade: h2c\r\nUpgrade: websocket\r\nHost: a\r\nHost: b\r\n",
            websocket,
        ),
        ("POST / HTTP/1.1\r\nUpgrade: websocket\r\nContent-Length: 5\r\n", RequestKind::Http),
        ("GET / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n", RequestKind::Http),
        ("GET / HTTP/1.1\r\nConnection: Upgrade\r\n", RequestKind::Http),
        ("GET / HTTP/1.1\r\nContent-Length: 05, 5\r\nContent-Length: 5\r\n", RequestKind::Http),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\ntransfer-encoding: Chunked\r\n",
            RequestKind::Http,
        ),
        ("BREW /pot HTTP/1.1\r\n", RequestKind::Http),
        ("GET / HTTP/1.1\r\nX: \u{1}\r\n", RequestKind::Http),
    ] {
        let request = forwarded(&options(false, "t", "/"), format!("{head}\r\n").as_bytes());
        assert_eq!(request.map(|it| it.kind), Ok(kind), "{head:?}");
    }
}

#[test]
fn without_http_only_websockets_are_forwarded() {
    let options = ForwardOptions { relays_http: false, ..options(false, "t", "/") };
    let status = |head: &str| refusal(&options, head).map(|(status, _)| status);
    assert_eq!(status("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"), None);
    assert_eq!(status("GET / HTTP/1.1\r\n\r\n"), Some(426));
    assert_eq!(status("POST / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"), Some(426));
    assert_eq!(status("CONNECT a:1 HTTP/1.1\r\n\r\n"), Some(403));
}

#[test]
fn what_is_no_request_is_refused() {
    let long = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(64 << 10));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(300));
    for (bytes, status, reason) in [
        ("\u{16}\u{3}\u{1}\u{2}", 400, "that is TLS"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "that is HTTP/2"),
        ("GET /?token=s3cret HTTP/3\r\n\r\n", 400, "malformed request line"),
        ("GET / HTTP/1.1\rX: y\r\n\r\n", 400, "malformed request line"),
        ("hello\r\n\r\n", 400, "not HTTP"),
        (&long, 431, "longer than 64 KiB"),
        (&many, 431, "more than 256 header fields"),
    ] {
        assert_refused(bytes, status, reason);
    }
}

#[test]
fn responses_name_their_reason_and_end_the_connection() {
    for status in (200..600).chain([204, 205, 304]) {
        assert!(is_refusal_status(status));
        let refused = Refused::new(status, "down:\r\nX: y\u{1b}");
        let bytes = refused.response(None).bytes();
        let (line, head) = parse_response(&bytes).unwrap().unwrap();
        let body = &bytes[head.bytes().len()..];
        assert_eq!(line.status, status);
        assert!(head.list("Connection").contains(&"close".to_owned()), "{status}");
        let transfer = Transfer::response("GET", &line, &head).unwrap();
        if matches!(status, 204 | 205 | 304) {
            assert!(body.is_empty() && transfer.is_complete(), "{status}");
        } else {
            assert_eq!(body, b"wscope proxy: down:  X: y \n", "{status}");
            assert_eq!(head.value("Content-Length"), Some(body.len().to_string()));
        }
    }
    assert!(!is_refusal_status(199) && !is_refusal_status(600));
}

#[test]
fn responses_have_the_fields_that_their_status_requires() {
    let response = |status| Refused::new(status, "x").response(None);
    let text = |status| String::from_utf8(response(status).bytes()).unwrap();
    assert!(text(426).starts_with("HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n"));
    assert!(text(426).contains("\r\nConnection: Upgrade, close\r\n"));
    assert!(text(401).contains("\r\nWWW-Authenticate: Basic"));
    assert!(text(502).starts_with("HTTP/1.1 502 Bad Gateway\r\n"));
    assert!(text(504).starts_with("HTTP/1.1 504 Gateway Timeout\r\n"));
    assert!(text(599).starts_with("HTTP/1.1 599 Server Error\r\n"));
}

#[test]
fn a_response_to_head_has_no_body() {
    let (line, _) = parse_request(b"HEAD / HTTP/1.1\r\n\r\n").unwrap().unwrap();
    let response = Refused::new(502, "x".repeat(9999)).response(Some(&line));
    assert!(response.body.is_empty() && response.bytes().ends_with(b"\r\n\r\n"));
    assert_eq!(response.head.value("Content-Length").as_deref(), Some("515"));
    let unreadable = Refused::unreadable(&HeadError::TooLong).response(None);
    assert_eq!(unreadable.status, 431);
}
