//! The head of a request: as it came, but for Host, Origin, and what options ask for.

use super::{proxy, proxy_to};
use crate::support::wscope;

/// A request without the lines that vary in tests.
const HANDSHAKE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\n\
                         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

#[test]
fn order_case_duplicates_and_white_space_are_kept() {
    let proxy = proxy(&[]);
    let request = "GET /a%20b/../c//?q=%zz&&=1 HTTP/1.1\r\nx-LOWER:no space\r\nHost: other.example\r\nCookie: a=1\r\n\
                   UPGRADE:  WebSocket , h2c\t\r\nCookie: b=2; c=\"3\"\r\nCoNNection: keep-alive,Upgrade\r\nX-Empty:\r\n\
                   X-Latin: caf\u{e9}\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Dup: 1\r\n\
                   Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-own; a=\"b\"\r\n\
                   X-Dup: 1\r\nsec-webSocket-version: 13\r\nSec-WebSocket-Protocol: soap,  wamp\r\nX-Dup: 2\r\n\r\n";
    assert_eq!(proxy.forwarded(request), request);
}

#[test]
fn an_invalid_handshake_is_for_the_server_to_judge() {
    let proxy = proxy(&[]);
    for fields in [
        "Upgrade: websocket\r\n",
        "Upgrade: websocket\r\nConnection: close\r\n",
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: short\r\n",
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n",
    ] {
        let request = format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        assert_eq!(proxy.forwarded(&request), request);
    }
}

/// The request with these lines for Host and Origin, and what the server gets of it.
fn rewritten(proxy: &super::Proxied, host: &str, origin: &str) -> (String, String) {
    let origin = format!("Origin: {origin}\r\n");
    let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\n{origin}{HANDSHAKE}\r\n");
    let forwarded = proxy.forwarded(&request);
    let value =
        |name: &str| crate::support::header(&forwarded, name).unwrap_or_default().to_owned();
    (value("Host"), value("Origin"))
}

#[test]
fn host_and_origin_are_rewritten_where_they_name_the_proxy() {
    let proxy = proxy(&[]);
    let (own, target) = (proxy.port, format!("127.0.0.1:{}", proxy.target.port()));
    let origin = format!("http://{target}");
    for name in ["localhost", "LocalHost", "127.0.0.1", "[::1]"] {
        let host = format!("{name}:{own}");
        for scheme in ["http", "HTTP"] {
            let sent = format!("{scheme}://{host}");
            assert_eq!(rewritten(&proxy, &host, &sent), (target.clone(), origin.clone()), "{sent}");
        }
    }
}

#[test]
fn another_host_and_origin_are_kept() {
    let proxy = proxy(&[]);
    let own = proxy.port;
    let other = own ^ 1;
    for (host, origin) in [
        ("example.com".to_owned(), "https://example.com".to_owned()),
        (format!("localhost:{other}"), format!("http://localhost:{other}")),
        ("localhost".to_owned(), "http://localhost".to_owned()),
        (format!("evil.localhost:{own}"), "null".to_owned()),
        (format!("127.0.0.2:{own}"), format!("http://127.0.0.2:{own}")),
        (format!("example.com:{own}"), format!("http://example.com:{own}")),
    ] {
        assert_eq!(rewritten(&proxy, &host, &origin), (host, origin));
    }
}

#[test]
fn host_and_origin_are_kept_on_request() {
    let (with_host, with_origin) = (proxy(&["--keep-host"]), proxy(&["--keep-origin"]));
    let host = format!("localhost:{}", with_host.port);
    let origin = format!("http://{host}");
    let target = format!("http://127.0.0.1:{}", with_host.target.port());
    assert_eq!(rewritten(&with_host, &host, &origin), (host, target));
    let host = format!("localhost:{}", with_origin.port);
    let origin = format!("http://{host}");
    let target = format!("127.0.0.1:{}", with_origin.target.port());
    assert_eq!(rewritten(&with_origin, &host, &origin), (target, origin));
}

#[test]
fn headers_are_added_replaced_and_removed_toward_the_server() {
    let options =
        ["X-New: 1", "x-old: new", "X-Gone:", "X-Blank;", "Host: forced.example", "X-New: 2"];
    let options: Vec<_> = options.iter().flat_map(|value| ["-H", value]).collect();
    let options =
        [&options[..], &["-o", "https://o.example", "-A", "agent/1", "--cookie", "s=1"]].concat();
    let proxy = proxy(&options);
    let request = format!(
        "GET / HTTP/1.1\r\nHost: localhost:{}\r\nX-Gone: a\r\nX-Old: 1\r\nX-Kept: 1\r\nX-OLD: 2\r\nUser-Agent: me\r\n\
         Cookie: mine=1\r\n{HANDSHAKE}X-Gone: b\r\n\r\n",
        proxy.port
    );
    let forwarded = proxy.forwarded(&request);
    let expected = [
        "GET / HTTP/1.1",
        "Host: forced.example",
        "x-old: new",
        "X-Kept: 1",
        "User-Agent: agent/1",
        "Cookie: s=1",
    ];
    let lines: Vec<_> = forwarded.lines().filter(|line| !HANDSHAKE.contains(line)).collect();
    assert_eq!(lines[..expected.len()], expected, "{forwarded}");
    let mut added = lines[expected.len()..].to_vec();
    added.sort_unstable();
    assert_eq!(
        added,
        ["Origin: https://o.example", "X-Blank:", "X-New: 1", "X-New: 2"],
        "{forwarded}"
    );
}

#[test]
fn paths_are_appended_and_queries_joined() {
    for (base, requested, expected) in [
        ("", "/", "/"),
        ("/api", "/", "/api"),
        ("/api/", "/chat", "/api/chat"),
        ("/api?key=1", "/chat?room=2", "/api/chat?key=1&room=2"),
        ("/api?key=1", "/", "/api?key=1"),
        ("", "/a/../b//?x", "/a/../b//?x"),
    ] {
        let proxy = proxy_to(base, &[]);
        let request = format!("GET {requested} HTTP/1.1\r\nHost: a\r\n{HANDSHAKE}\r\n");
        let forwarded = proxy.forwarded(&request);
        let line = forwarded.lines().next().unwrap_or_default();
        assert_eq!(line, format!("GET {expected} HTTP/1.1"), "{base} {requested}");
        // Requests that are no handshake lead to the same place.
        let forwarded = proxy.forwarded(&format!("PUT {requested} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert!(forwarded.starts_with(&format!("PUT {expected} HTTP/1.1\r\n")), "{forwarded}");
    }
}

/// Also by `view`, which has it from the recording.
#[test]
fn what_was_changed_is_shown_with_v() {
    let options = ["-v", "--once", "-H", "X-New: 1", "--record", "x.ndjson", "--bearer", "secret"];
    let proxy = proxy_to("/api", &options);
    let (own, target) = (proxy.port, proxy.target.port());
    let (client, server) = {
        let mut client = proxy.client();
        let authorization = "Authorization: Bearer other";
        client.send(format!(
            "GET /chat?token=x HTTP/1.1\r\nHost: LOCALHOST:{own}\r\n{authorization}\r\n{HANDSHAKE}\r\n"
        ));
        let mut server = proxy.target.accept();
        server.accept_request();
        client.read_head();
        (client, server)
    };
    super::leave(client, server);
    let outcome = proxy.running.wait().code(0);
    let recording = outcome.path("x.ndjson");
    let converted = outcome.path("x.har");
    wscope().arg("view").arg(&recording).arg("--record").arg(&converted).run().code(0);
    let view = |file| wscope().args(["view", "-v"]).arg(file).run().code(0).stderr;
    for shown in [outcome.stderr, view(&recording), view(&converted)] {
        let lines: Vec<_> = shown.lines().filter(|line| line.contains("changed toward")).collect();
        let expected = [
            "request target: /chat?token=*** → /api/chat?token=***".to_owned(),
            format!("Host: LOCALHOST:{own} → 127.0.0.1:{target}"),
            "Authorization: Bearer *** → Bearer ***".to_owned(),
            "X-New: (none) → 1".to_owned(),
        ];
        let expected = expected.map(|it| format!("#1 wscope: changed toward the server: {it}"));
        assert_eq!(lines, expected, "{shown}");
    }
}
