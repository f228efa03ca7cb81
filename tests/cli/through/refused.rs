//! What the proxy itself refuses, and what is no request at all.

use serde_json::json;

use super::{Proxied, assert_alive, assert_status, leave, proxy};

/// Sends bytes. Returns the head and the body of the answer, after which the connection ends.
#[track_caller]
fn answered(proxy: &Proxied, bytes: impl AsRef<[u8]>) -> (String, String) {
    let mut client = proxy.client();
    client.try_send(bytes);
    let head = client.read_head();
    let body = String::from_utf8(client.read_until_eof()).expect("a body in UTF-8");
    (head, body)
}

/// Another client is served.
#[track_caller]
fn assert_serves(proxy: &Proxied) {
    proxy.target.expect_none();
    let (mut client, mut server) = proxy.open();
    assert_alive(&mut client, &mut server);
    leave(client, server);
}

#[test]
fn pages_are_refused_with_no_http() {
    let mut proxy = proxy(&["--json", "--no-http"]);
    let (head, body) = answered(&proxy, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_status(&head, 426);
    assert_eq!(crate::support::header(&head, "Upgrade"), Some("websocket"), "{head}");
    assert!(body.contains("--no-http"), "{body}");
    let event = proxy.event("http");
    assert_eq!((&event["status"], &event["target"]), (&json!(426), &json!("/")), "{event}");
    assert_serves(&proxy);
}

#[test]
fn it_is_no_open_proxy() {
    let mut proxy = proxy(&["--json"]);
    for line in [
        "CONNECT example.com:443",
        "GET http://example.com/",
        "GET https://example.com/",
        "GET ftp://example.com/",
        "GET ws://localhost:1/",
    ] {
        for fields in ["", "Upgrade: websocket\r\nConnection: Upgrade\r\n"] {
            let (head, _) =
                answered(&proxy, format!("{line} HTTP/1.1\r\nHost: example.com\r\n{fields}\r\n"));
            assert_status(&head, 403);
        }
    }
    assert_eq!(proxy.event("http")["status"], 403);
    assert_serves(&proxy);
}

#[test]
fn ambiguous_bodies_are_refused() {
    let proxy = proxy(&[]);
    for fields in [
        "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Content-Length: 3\r\nContent-Length: 4",
        "Content-Length: +3",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    ] {
        let request = format!("POST / HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n0\r\n\r\n");
        assert_status(&answered(&proxy, request).0, 400);
    }
    assert_serves(&proxy);
}

#[test]
fn what_is_no_request_is_refused_and_named() {
    let mut proxy = proxy(&[]);
    for (bytes, words) in [
        (&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a hello\r\n\r\n"[..], "TLS"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/2"),
        (b"\x00\x01\x02\x03\r\n\r\n", ""),
        (b"nonsense\r\n\r\n", ""),
        (b"GET /a b c HTTP/1.1\r\n\r\n", ""),
    ] {
        let (head, body) = answered(&proxy, bytes);
        assert_status(&head, 400);
        assert!(!body.is_empty(), "{head}");
        let line = proxy.running.wait_stderr("is not HTTP/1.1: ");
        assert!(line.contains(words), "{line}");
    }
    assert_serves(&proxy);
}

#[test]
fn a_head_of_100_kb_is_refused_with_431() {
    let proxy = proxy(&[]);
    let (head, _) = answered(&proxy, format!("GET / HTTP/1.1\r\nX-Long: {}", "x".repeat(100_000)));
    assert_status(&head, 431);
    assert_serves(&proxy);
}

#[test]
fn a_slow_head_is_refused_with_408() {
    let mut proxy = proxy(&["--handshake-timeout", "200ms"]);
    let (head, _) = answered(&proxy, "GET / HTTP/1.1\r\nX-Slow: ");
    assert_status(&head, 408);
    proxy.running.wait_stderr("did not send a complete request in time");
    let mut silent = proxy.client();
    silent.read_until_eof();
    assert_serves(&proxy);
}

#[test]
fn an_incomplete_request_does_not_hold_up_others() {
    let mut proxy = proxy(&[]);
    let mut half = proxy.client();
    half.send("GET / HTTP/1.1\r\nHost: loc");
    assert_serves(&proxy);
    half.eof();
    half.read_until_eof();
    proxy.running.wait_stderr("ended the connection within its request");
}

#[test]
fn clients_over_the_limit_get_503() {
    let mut proxy = proxy(&["--json", "--max-clients", "1"]);
    let (client, server) = proxy.open();
    let (head, body) = answered(&proxy, crate::support::upgrade_request("/", &[]));
    assert_status(&head, 503);
    assert!(body.contains("1 clients"), "{body}");
    let error = proxy.event("error");
    assert_eq!((&error["connection"], &error["kind"]), (&json!(2), &json!("handshake")), "{error}");
    leave(client, server);
    proxy.event("close");
}

#[test]
fn a_share_of_clients_is_refused_on_purpose() {
    let mut proxy = proxy(&["--json", "--refuse", "503", "--seed", "7"]);
    let (head, body) = answered(&proxy, crate::support::upgrade_request("/", &[]));
    assert_status(&head, 503);
    assert!(body.contains("--refuse"), "{body}");
    assert_eq!(proxy.event("error")["connection"], 1);
    proxy.target.expect_none();
    // Pages are not concerned.
    proxy.forwarded("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    for (share, is_refused) in [("418,100%", true), ("418,0.0001%", false)] {
        let proxy = super::proxy(&["--refuse", share, "--seed", "7"]);
        if is_refused {
            assert_status(&answered(&proxy, crate::support::upgrade_request("/", &[])).0, 418);
        } else {
            assert_serves(&proxy);
        }
    }
}
