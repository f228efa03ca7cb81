//! The head that the target gets, byte for byte.

use super::*;

fn lines(lines: &[&str]) -> Vec<HeaderLine> {
    lines.iter().map(|line| HeaderLine::parse(line).unwrap()).collect()
}

/// The head for the target, and what is listed as rewritten.
#[track_caller]
fn rewritten(options: &ForwardOptions, head: &str) -> (String, Vec<String>) {
    let request = forwarded(options, head.as_bytes()).unwrap_or_else(|refused| {
        panic!("{head:?}: {refused:?}");
    });
    let list = request.rewritten.iter().map(|it| {
        let [field, from, to] =
            [&it.field, &it.from, &it.to].map(|it| it.as_deref().unwrap_or("-"));
        format!("{field}: {from} → {to}")
    });
    (String::from_utf8(request.head).unwrap(), list.collect())
}

/// Checks one line of a head, with others around it that stay.
#[track_caller]
fn assert_line(options: &ForwardOptions, line: &str, expected: &str) {
    let head = |line: &str| {
        format!("GET / HTTP/1.1\r\nA: 1\r\n{line}\r\nreferer: http://localhost:9000/\r\n\r\n")
    };
    let (got, list) = rewritten(options, &head(line));
    assert_eq!(got, head(expected));
    assert_eq!(list.is_empty(), line == expected, "{line:?}: {list:?}");
}

#[test]
fn host_is_the_targets_where_it_named_the_proxy() {
    let options = options(true, "api.example", "/");
    for (line, expected) in [
        ("Host: localhost:9000", "Host: api.example"),
        ("hOST:\t LOCALHOST:9000 \t", "hOST:\t api.example \t"),
        ("Host:localhost:09000", "Host:api.example"),
        ("Host: 127.0.0.1:9000", "Host: api.example"),
        ("Host: [::1]:9000", "Host: api.example"),
        ("Host: [0:0:0:0:0:0:0:1]:9000", "Host: api.example"),
        ("Host: 192.0.2.7:9000", "Host: api.example"),
        ("Host: [::ffff:192.0.2.7]:9000", "Host: api.example"),
        ("Host: DevBox:9000", "Host: api.example"),
        ("Host: 198.51.100.1:9000", "Host: api.example"),
        ("Host: localhost", "Host: localhost"),
        ("Host: localhost:90000", "Host: localhost:90000"),
        ("Host: localhost:9001", "Host: localhost:9001"),
        ("Host: app.localhost:9000", "Host: app.localhost:9000"),
        ("Host: localhost.example:9000", "Host: localhost.example:9000"),
        ("Host: 127.0.0.2:9000", "Host: 127.0.0.2:9000"),
        ("Host: other.example:9000", "Host: other.example:9000"),
        ("Host: me@localhost:9000", "Host: me@localhost:9000"),
        ("Host: api.example", "Host: api.example"),
        ("Host:", "Host:"),
        ("X-Host: localhost:9000", "X-Host: localhost:9000"),
        ("X-Forwarded-Host: localhost:9000", "X-Forwarded-Host: localhost:9000"),
    ] {
        assert_line(&options, line, expected);
    }
    let both = "Host: localhost:9000\r\nHost: other\r\nHOST: [::1]:9000";
    assert_line(&options, both, "Host: api.example\r\nHost: other\r\nHOST: api.example");
    let keep = ForwardOptions { keep_host: true, ..options };
    assert_line(&keep, "Host: localhost:9000", "Host: localhost:9000");
}

#[test]
fn a_host_without_a_port_names_a_proxy_at_a_default_port() {
    for (port, host, expected) in [
        (80, "localhost", "api.example:1"),
        (80, "localhost:80", "api.example:1"),
        (80, "localhost:", "api.example:1"),
        (443, "devbox", "api.example:1"),
        (8080, "localhost", "localhost"),
    ] {
        let mut options = options(false, "api.example:1", "/");
        options.proxy.port = port;
        assert_line(&options, &format!("Host: {host}"), &format!("Host: {expected}"));
    }
}

#[test]
fn origin_is_the_targets_where_it_named_the_proxy() {
    let tls = options(true, "api.example", "/");
    for (line, expected) in [
        ("Origin: http://localhost:9000", "Origin: https://api.example"),
        ("ORIGIN:  HTTP://LocalHost:9000\t", "ORIGIN:  https://api.example\t"),
        ("Origin: https://127.0.0.1:9000", "Origin: https://api.example"),
        ("Origin: http://[::1]:9000", "Origin: https://api.example"),
        ("Origin: ws://devbox:9000", "Origin: https://api.example"),
        ("Origin: http://198.51.100.1:9000", "Origin: https://api.example"),
        ("Origin:\r\n http://localhost:9000", "Origin:\r\n https://api.example"),
        ("Origin: http://localhost", "Origin: http://localhost"),
        ("Origin: http://localhost:3000", "Origin: http://localhost:3000"),
        ("Origin: http://evil.example", "Origin: http://evil.example"),
        (
            "Origin: http://localhost:9000.evil.example",
            "Origin: http://localhost:9000.evil.example",
        ),
        (
            "Origin: http://localhost:9000@evil.example",
            "Origin: http://localhost:9000@evil.example",
        ),
        ("Origin: http://localhost:9000/path", "Origin: http://localhost:9000/path"),
        ("Origin: http://localhost:9000, http://b", "Origin: http://localhost:9000, http://b"),
        ("Origin: localhost:9000", "Origin: localhost:9000"),
        ("Origin: null", "Origin: null"),
        ("Origin:", "Origin:"),
        ("X-Origin: http://localhost:9000", "X-Origin: http://localhost:9000"),
    ] {
        assert_line(&tls, line, expected);
    }
    let plain = options(false, "[2001:db8::1]:81", "/");
    assert_line(&plain, "Origin: http://localhost:9000", "Origin: http://[2001:db8::1]:81");
    let keep = ForwardOptions { keep_origin: true, ..plain };
    assert_line(&keep, "Origin: http://localhost:9000", "Origin: http://localhost:9000");
}

#[test]
fn the_request_target_is_below_the_url() {
    for (resource, start_line, expected) in [
        ("/api", "GET / HTTP/1.1", "GET /api HTTP/1.1"),
        ("/api?k=1", "POST /c?x=2 HTTP/1.0", "POST /api/c?k=1&x=2 HTTP/1.0"),
        ("/api/", "HEAD /chat HTTP/1.1", "HEAD /api/chat HTTP/1.1"),
        ("/", "GET //a?b?c HTTP/1.1", "GET //a?b?c HTTP/1.1"),
        ("/api?k=1", "OPTIONS * HTTP/1.1", "OPTIONS * HTTP/1.1"),
        ("/api", "GET http://localhost:9000/c HTTP/1.1", "GET /api/c HTTP/1.1"),
        ("/", "GET WS://LOCALHOST:9000?x HTTP/1.1", "GET /?x HTTP/1.1"),
        ("/", "GET https://api.example HTTP/1.1", "GET / HTTP/1.1"),
        ("/", "GET wss://API.example:443/c HTTP/1.1", "GET /c HTTP/1.1"),
        ("/", "GET http://api.example:443/c HTTP/1.1", "GET /c HTTP/1.1"),
        ("/", "GET /http://other/ HTTP/1.1", "GET /http://other/ HTTP/1.1"),
        ("/", "GET /a/../b/%2e%2e/ HTTP/1.1", "GET /a/../b/%2e%2e/ HTTP/1.1"),
    ] {
        for line_break in ["\r\n", "\n"] {
            let head =
                |line: &str| format!("{line}{line_break}Host: api.example{line_break}{line_break}");
            let (got, list) = rewritten(&options(true, "api.example", resource), &head(start_line));
            assert_eq!(got, head(expected), "{resource}");
            assert_eq!(list.is_empty(), start_line == expected);
        }
    }
}

#[test]
fn the_host_in_an_absolute_target_overrides_host() {
    let mut options = options(true, "api.example", "/");
    let head = |host: &str, target: &str| format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (got, list) = rewritten(&options, &head("other", "https://api.example/c"));
    assert_eq!(got, head("api.example", "/c"));
    assert_eq!(list, ["-: https://api.example/c → /c", "Host: other → api.example"]);
    for line in ["Host:", "Host: ", "Host:\t"] {
        let head = |line: &str, target: &str| format!("GET {target} HTTP/1.1\n{line}\nA: 1\n\n");
        let (got, _) = rewritten(&options, &head(line, "https://api.example/c"));
        assert_eq!(got, head(&format!("{line}api.example"), "/c"));
    }
    options.keep_host = true;
    let (got, _) = rewritten(&options, &head("other", "https://api.example/c"));
    assert_eq!(got, head("other", "/c"));
}

#[test]
fn lines_of_the_user_replace_add_and_remove() {
    let head = "GET / HTTP/1.1\r\nA: 1\r\nHost: localhost:9000\r\na:  2\r\nB: 3\r\n\r\n";
    for (headers, credentials, expected, list) in [
        (vec![], vec![], "A: 1\r\nHost: t\r\na:  2\r\nB: 3\r\n", vec!["Host: localhost:9000 → t"]),
        (
            vec!["a: 9"],
            vec![],
            "a: 9\r\nHost: t\r\nB: 3\r\n",
            vec!["A: 1, 2 → 9", "Host: localhost:9000 → t"],
        ),
        (
            vec!["b: x", "c;", "b: y"],
            vec![],
            "A: 1\r\nHost: t\r\na:  2\r\nb: x\r\nb: y\r\nc:\r\n",
            vec!["Host: localhost:9000 → t", "B: 3 → x, y", "c: - → "],
        ),
        (
            vec!["A:", "None:", "B:", "B: 4"],
            vec![],
            "Host: t\r\nB: 4\r\n",
            vec!["A: 1, 2 → -", "Host: localhost:9000 → t", "B: 3 → 4"],
        ),
        (
            vec!["Host: mine", "B: 3"],
            vec![],
            "A: 1\r\nHost: mine\r\na:  2\r\nB: 3\r\n",
            vec!["Host: localhost:9000 → mine"],
        ),
        (
            vec!["Host:"],
            vec!["Authorization: Basic x"],
            "A: 1\r\na:  2\r\nB: 3\r\nAuthorization: Basic x\r\n",
            vec!["Host: localhost:9000 → -", "Authorization: - → Basic x"],
        ),
        (
            vec!["Authorization: mine"],
            vec!["authorization: Basic x"],
            "A: 1\r\nHost: t\r\na:  2\r\nB: 3\r\nAuthorization: mine\r\n",
            vec!["Host: localhost:9000 → t", "Authorization: - → mine"],
        ),
        (
            vec!["Authorization:"],
            vec!["authorization: Basic x"],
            "A: 1\r\nHost: t\r\na:  2\r\nB: 3\r\n",
            vec!["Host: localhost:9000 → t"],
        ),
        (
            vec![],
            vec!["b: credentials"],
            "A: 1\r\nHost: t\r\na:  2\r\nb: credentials\r\n",
            vec!["Host: localhost:9000 → t", "B: 3 → credentials"],
        ),
    ] {
        let options = ForwardOptions {
            headers: lines(&headers),
            credentials: lines(&credentials),
            ..options(false, "t", "/")
        };
        let (got, got_list) = rewritten(&options, head);
        assert_eq!(got, format!("GET / HTTP/1.1\r\n{expected}\r\n"), "{headers:?}");
        assert_eq!(got_list, list, "{headers:?}");
    }
}

#[test]
fn lines_of_the_user_have_the_line_breaks_of_the_client() {
    let options = ForwardOptions { headers: lines(&["A: 9", "B: 8"]), ..options(false, "t", "/") };
    for (head, expected) in [
        ("GET / HTTP/1.1\nA: 1\n\n", "GET / HTTP/1.1\nA: 9\nB: 8\n\n"),
        ("GET / HTTP/1.1\r\nA: 1\n\r\n", "GET / HTTP/1.1\r\nA: 9\nB: 8\r\n\r\n"),
        ("GET / HTTP/1.1\nA: 1\r\n x\r\n\n", "GET / HTTP/1.1\nA: 9\r\nB: 8\n\n"),
        ("GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nA: 9\r\nB: 8\r\n\r\n"),
    ] {
        assert_eq!(rewritten(&options, head).0, expected, "{head:?}");
    }
}

#[test]
fn everything_else_stays_as_it_came() {
    let options = options(true, "api.example", "/");
    for fields in [
        "",
        "Cookie: a=b; c=d\r\ncookie:e=f\r\nCOOKIE:  g=h",
        "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Key: short",
        "upgrade:\twebsocket\r\nSEC-WEBSOCKET-VERSION: 8\r\nSec-WebSocket-Extensions: x;y=\"a, b\"",
        "Connection: close, X-A\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\nProxy-Authorization: x",
        "Sec-WebSocket-Protocol: so ap,,\r\nSec-WebSocket-Protocol:",
        "X: a\r\n b\r\n\tc\r\nY:z",
        "X: \u{e9}\u{1f600}\r\nY: \u{1}",
        "X:a:b: c  \r\nX:   ",
        "Referer: http://localhost:9000/page\r\nX-Forwarded-For: localhost:9000",
    ] {
        let fields = if fields.is_empty() { String::new() } else { format!("{fields}\r\n") };
        let head = format!("GET /x HTTP/1.1\r\n{fields}\r\n");
        assert_eq!(rewritten(&options, &head), (head.clone(), Vec::new()));
        let head = head.replace("\r\n", "\n");
        assert_eq!(rewritten(&options, &head), (head.clone(), Vec::new()));
    }
}
