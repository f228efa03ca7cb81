//! Hints from the status and the header fields of a refusal.

use super::{hint_of, refused};
use crate::support::{Server, wscope};

/// The hint for a response without a body.
#[track_caller]
fn hint(head: &str, options: &[&str]) -> String {
    hint_of(&refused(format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n"), options))
}

#[test]
fn hints_match_the_response() {
    for (head, expected) in [
        ("301 Moved\r\nLocation: wss://b.example/ws", "redirects to wss://b.example/ws"),
        ("302 Found", "redirects without a Location header"),
        ("400 Bad Request", "check path, Host, Origin (-o) and subprotocol (-s)"),
        ("401 Unauthorized", "requires credentials and does not specify which"),
        ("401 Unauthorized", "or it checks the Origin header (-o https://HOST)"),
        (
            "401 Unauthorized\r\nWWW-Authenticate: Basic realm=x",
            "requires a user name and password (Basic, realm \"x\")",
        ),
        (
            "401 Unauthorized\r\nWWW-Authenticate: Digest realm=x",
            "requires a Digest login (realm \"x\"), which wscope does not support",
        ),
        (
            "403 Forbidden",
            "usual causes: a wrong path, missing credentials, or an Origin check (-o https://HOST)",
        ),
        (
            "404 Not Found",
            "a server without WebSocket support, a reverse proxy that does not forward",
        ),
        ("405 Method Not Allowed\r\nAllow: POST", "(the server allows POST)"),
        (
            "405 Method Not Allowed",
            "GET is not allowed at this path, and a WebSocket is opened with GET",
        ),
        ("407 Proxy Authentication Required", "a proxy in between requires credentials"),
        ("408 Request Timeout", "whole request in time; --retry tries again"),
        ("426 Upgrade Required", "does a reverse proxy in between forward Upgrade and Connection?"),
        (
            "426 Upgrade Required\r\nUpgrade: websocket",
            "does a reverse proxy in between forward Upgrade and Connection?",
        ),
        ("426 Upgrade Required\r\nUpgrade: h2c", "requests an upgrade to h2c, not to websocket"),
        (
            "426 Upgrade Required\r\nSec-WebSocket-Version: 8, 7",
            "speaks WebSocket version 8, 7, not 13",
        ),
        ("400 Bad Request\r\nSec-WebSocket-Version: 8", "speaks WebSocket version 8, not 13"),
        (
            "429 Too Many Requests\r\nRetry-After: 30",
            "too many requests; the server requests a retry after 30 s; --retry does so",
        ),
        ("429 Too Many Requests\r\nRetry-After: ", "too many requests; try again later; --retry"),
        (
            "429 Too Many Requests\r\nRetry-After: soon",
            "too many requests; try again later; --retry",
        ),
        ("429 Too Many Requests", "too many requests; try again later; --retry does so"),
        ("500 Internal Server Error", "its log may say why; --retry tries again"),
        ("501 Not Implemented", "check the path, and whether a subprotocol is missing (-s NAME)"),
        (
            "502 Bad Gateway\r\nServer: nginx/1.26\r\nVia: 1.1 edge",
            "a gateway or proxy answered (Server: nginx/1.26, Via: 1.1 edge): the server behind it is down",
        ),
        ("502 Bad Gateway", "or gave no valid response; --retry tries again"),
        ("503 Service Unavailable", "try again later; --retry does so"),
        (
            "504 Gateway Timeout",
            "the server behind it did not respond in time; --retry tries again",
        ),
        ("507 Insufficient Storage", "--retry tries again"),
        ("511 Network Authentication Required", "this network requires a login (captive portal)"),
        (
            "521 \r\nServer: cloudflare",
            "Cloudflare answered: the server behind it refuses connections",
        ),
        ("525 \r\nServer: Cloudflare", "the TLS handshake with the server behind it failed"),
        ("200 OK\r\nContent-Type: text/html", "the response is an ordinary web page"),
        ("200 OK\r\nContent-Type: application/xml", "an ordinary HTTP response"),
        ("200 OK\r\nContent-Type: application/json", "an ordinary HTTP response"),
    ] {
        let outcome = refused(format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n"), &[]);
        let given = hint_of(&outcome);
        assert!(given.contains(expected), "{head}: no {expected:?} in\n{}", outcome.stderr);
        let status = head.lines().next().unwrap_or_default();
        let status = if status.ends_with(' ') { &status[..3] } else { status };
        outcome.stderr_contains(&format!("wscope: opening handshake refused: {status}"));
    }
}

#[test]
fn hints_do_not_guess() {
    for (head, lacks) in [
        ("300 Multiple Choices\r\nLocation: /a", "-L"),
        ("304 Not Modified\r\nLocation: /a", "redirect"),
        ("405 Method Not Allowed\r\nAllow: GET, POST", "GET is not"),
        ("501 Not Implemented", "--retry"),
        ("505 HTTP Version Not Supported", "--retry"),
        ("521 No", "Cloudflare"),
        ("503 Service Unavailable\r\nRetry-After: 90000", "--retry"),
        ("404 Not Found", "--retry"),
        ("401 Unauthorized\r\nWWW-Authenticate: Bearer", "Origin"),
    ] {
        let got = hint(head, &[]);
        assert!(!got.contains(lacks), "{head}: {got}");
    }
    for head in
        ["401 Unauthorized\r\nWWW-Authenticate: Bearer", "401 Unauthorized", "403 Forbidden"]
    {
        let got = hint(head, &["--bearer", "abcdef"]);
        assert!(!got.contains("expired") && !got.contains("wrong or"), "{head}: {got}");
    }
}

#[test]
fn retry_is_not_suggested_if_it_was_given() {
    for status in ["429 Too Many", "500 Oh", "502 Bad", "503 Busy", "504 Late", "507 Full"] {
        let server = Server::repeat(2, move |peer| {
            peer.read_head();
            peer.respond(&format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"));
        });
        let args = ["--retry=1", "--reconnect-delay", "1ms", &server.url()];
        wscope().args(args).run().code(4).stderr_lacks("--retry");
    }
}

/// A server that responds with the headers of an upgrade has received one.
#[test]
fn a_proxy_is_not_suspected_if_the_upgrade_arrived() {
    for status in ["400 Bad Request", "404 Not Found", "200 OK"] {
        for field in ["Upgrade: websocket", "Sec-WebSocket-Accept: x"] {
            let got = hint(&format!("{status}\r\n{field}"), &[]);
            assert!(got.contains("path") && !got.contains("proxy"), "{status}, {field}: {got}");
        }
    }
}

/// Headers replaced by the user are the most likely cause.
#[test]
fn replaced_headers_of_the_handshake_are_reported() {
    let host = "the request had the Host b.example (-H): the server may not accept it";
    for (head, options, expected) in [
        (
            "400 Bad Request",
            &["-H", "Sec-WebSocket-Key: x"][..],
            "-H replaced Sec-WebSocket-Key in",
        ),
        ("400 Bad Request", &["-H", "Sec-WebSocket-Key:"], "-H removed Sec-WebSocket-Key from"),
        (
            "400 Bad Request",
            &["-H", "sec-websocket-version: 7", "-H", "Upgrade: x"],
            "-H replaced Upgrade and Sec-WebSocket-Version in the request: ",
        ),
        ("400 Bad Request", &["-H", "Host: b.example"], host),
        ("403 Forbidden", &["-H", "Host: b.example"], host),
        ("404 Not Found", &["-H", "Host: b.example"], host),
        ("421 Misdirected Request", &["-H", "Host: b.example"], host),
        ("200 OK", &["-H", "Host: b.example"], host),
        (
            "400 Bad Request\r\nSec-WebSocket-Version: 13, 8",
            &["-H", "Sec-WebSocket-Version: 7"],
            "the request requested WebSocket version 7 (-H), and the server speaks 13, 8",
        ),
        (
            "426 Upgrade Required\r\nSec-WebSocket-Version: 13",
            &["-H", "Sec-WebSocket-Version:"],
            "the request had no WebSocket version (-H removed it), and the server speaks 13",
        ),
    ] {
        let got = hint(head, options);
        assert!(got.starts_with(expected), "{head}, {options:?}: {got}");
    }
    let body = "unsupported version";
    let answer = format!("HTTP/1.1 400 Bad Request\r\nContent-Length: 19\r\n\r\n{body}");
    let got = hint_of(&refused(answer, &["-H", "Sec-WebSocket-Version: 7"]));
    assert!(got.ends_with("requested WebSocket version 7 (-H)") && !got.contains("N'"), "{got}");
}

/// HTTP APIs respond in JSON, at their own paths.
#[test]
fn a_bad_request_in_json_may_be_for_another_path() {
    let answer = |body: &str| {
        let length = body.len();
        let answer = format!("HTTP/1.1 400 Bad Request\r\nContent-Length: {length}\r\n\r\n{body}");
        hint_of(&refused(answer, &[]))
    };
    assert_eq!(
        answer(r#"{"error":"quota exceeded"}"#),
        "is the path that of a WebSocket endpoint? -v shows the request that was sent"
    );
    assert_eq!(answer("quota exceeded"), "-v shows the request that was sent");
}

/// `-H` may have removed the header that the server requires.
#[test]
fn a_proxy_is_not_suspected_if_the_upgrade_was_not_requested() {
    let got = hint("426 Upgrade Required", &["-H", "Upgrade:"]);
    assert!(got.contains("-H replaced or removed one of them") && !got.contains("proxy"), "{got}");
}

#[test]
fn engine_io_is_recognised() {
    for (query, body, expected) in [
        ("", r#"{"code":0,"message":"Transport unknown"}"#, "?EIO=4&transport=websocket"),
        (
            "?sid=x",
            r#"{"code":1,"message":"Session ID unknown"}"#,
            "leave out sid, and /socket.io/?EIO",
        ),
        // If an upgrade is refused, the body is only the message.
        ("", "Transport unknown", "?EIO=4&transport=websocket"),
        ("?transport=websocket&EIO=4&sid=x", "Session ID unknown", "leave out sid, and"),
        (
            "?EIO=3&transport=websocket",
            r#"{"code":5,"message":"Unsupported protocol version"}"#,
            "it does not accept version 3: EIO=4",
        ),
    ] {
        let server = Server::respond(format!("HTTP/1.1 400 Bad Request\r\n\r\n{body}"));
        let url = format!("{}/socket.io/{query}", server.url());
        let outcome = wscope().arg(url).run().code(4).stderr_contains(body);
        let got = hint_of(&outcome);
        assert!(
            got.starts_with("this is engine.io (socket.io)") && got.contains(expected),
            "{got}"
        );
    }
}
