//! Hints from the text of refusals: each follows from the response, and is not given where it could be wrong.

use super::{hint_of, refused};
use crate::scripts::start_untrusted_tls;
use crate::support::{Server, wscope};

/// The hint for a refusal with this status, these fields and this body.
#[track_caller]
fn hint(status: &str, fields: &str, body: &str, options: &[&str]) -> String {
    let length = body.len();
    let response = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\n\r\n{body}");
    hint_of(&refused(response, options))
}

#[test]
fn a_subprotocol_in_the_response_is_suggested() {
    for status in
        ["400 Bad Request", "403 Forbidden", "501 Not Implemented", "426 Upgrade Required"]
    {
        let got = hint(status, "Sec-WebSocket-Protocol: xmpp\r\n", "", &[]);
        assert!(got.contains("names the subprotocol xmpp") && got.contains("-s xmpp"), "{got}");
    }
    let field = "Sec-WebSocket-Protocol: mqtt, wamp\r\n";
    let got = hint("400 Bad Request", field, "", &["-s", "soap"]);
    assert!(got.contains("subprotocol mqtt, wamp, and soap was offered: -s mqtt"), "{got}");
    // Names that were offered, and invalid names, are not suggested.
    for field in ["Sec-WebSocket-Protocol: soap\r\n", "Sec-WebSocket-Protocol: a b; rm\r\n"] {
        let got = hint("400 Bad Request", field, "", &["-s", "soap"]);
        assert!(!got.contains("-s "), "{got}");
    }
    let got = hint("200 OK", "Sec-WebSocket-Protocol: xmpp\r\n", "", &[]);
    assert!(!got.contains("xmpp"), "{got}");
}

#[test]
fn texts_about_the_subprotocol_are_recognised() {
    for body in
        ["Unsupported subprotocol", "missing Sec-WebSocket-Protocol header", "bad sub-protocol"]
    {
        let got = hint("400 Bad Request", "", body, &[]);
        assert!(got.contains("mentions a subprotocol, and none was offered: -s NAME"), "{got}");
        let got = hint("400 Bad Request", "", body, &["-s", "soap"]);
        assert!(got.contains("the one offered (soap)? -s NAME"), "{got}");
    }
    let got = hint("400 No acceptable subprotocol", "", "", &[]);
    assert!(got.contains("-s NAME"), "{got}");
}

#[test]
fn texts_about_the_origin_are_recognised() {
    for (status, body) in [
        ("403 Forbidden", "Origin not allowed"),
        ("400 Bad Request", "<p>Cross-<b>origin</b> request</p>"),
        ("404 Not Found", "invalid origin"),
        ("403 Invalid Origin", ""),
    ] {
        let fields = if body.contains('<') { "Content-Type: text/html\r\n" } else { "" };
        let got = hint(status, fields, body, &[]);
        assert!(got.contains("mentions the Origin") && got.contains("-o https://HOST"), "{got}");
        let got = hint(status, fields, body, &["-o", "http://a.example"]);
        assert!(got.contains("may accept another (-o ORIGIN), or a request without one"), "{got}");
    }
    for (status, body) in [
        ("403 Forbidden", "the origin server said no"),
        ("502 Bad Gateway", "the origin did not answer"),
        (
            "403 Forbidden",
            "Your request:\nUser-Agent: wscope\nOrigin: none\nSec-WebSocket-Protocol: x",
        ),
    ] {
        let got = hint(status, "", body, &[]);
        assert!(!got.contains("names "), "{body}: {got}");
    }
}

/// Chromium DevTools responds with 500 to an unknown Origin, and to a Host that is a name.
#[test]
fn texts_about_the_host_and_the_upgrade_are_recognised() {
    for (status, body) in [
        ("400 Bad Request", "Invalid host header"),
        ("403 Forbidden", "Blocked request. This host (\"a\") is not allowed."),
        ("500 Oh", "Host header is specified and is not an IP address or localhost."),
    ] {
        let got = hint(status, "", body, &["-H", "Host: a.example"]);
        let expected =
            "the response mentions the Host, which was a.example: -H 'Host: NAME' sends another";
        assert_eq!(got, expected, "{body}");
    }
    let body = "Rejected an incoming WebSocket connection from the http://a origin. Use the command line flag --remote-allow-origins=http://a";
    let got = hint("500 Internal Server Error", "", body, &["-o", "http://a"]);
    assert!(got.contains("mentions the Origin") && got.contains("a request without one"), "{got}");
    for body in [
        "Can \"Upgrade\" only to \"WebSocket\".",
        "Failed to open a WebSocket connection: missing Connection header.",
        "Invalid Upgrade header",
    ] {
        let got = hint("400 Bad Request", "", body, &[]);
        assert!(got.contains("does a reverse proxy in between forward Upgrade"), "{body}: {got}");
    }
    let got = hint("400 Bad Request", "", "Missing or invalid Sec-WebSocket-Version header", &[]);
    assert!(got.contains("-H 'Sec-WebSocket-Version: N'"), "{got}");
}

/// HAProxy, Envoy and others respond with 503 for a server that is down.
#[test]
fn texts_about_the_server_behind_a_proxy_are_recognised() {
    for body in [
        "No server is available to handle this request.",
        "no healthy upstream",
        "no available server",
    ] {
        let got = hint("503 Service Unavailable", "Server: x\r\n", body, &[]);
        assert!(
            got.starts_with("a gateway or proxy answered (Server: x): the server behind it is not")
        );
    }
    let got = hint("503 Service Unavailable", "Server: Apache\r\n", "", &[]);
    assert!(
        got.starts_with("the server (Server: Apache), or one behind it, is overloaded"),
        "{got}"
    );
}

#[test]
fn a_404_may_be_caused_by_a_missing_origin() {
    let got = hint("404 Not Found", "", "Page not found", &[]);
    assert!(got.contains("a wrong path") && got.contains("(-o https://HOST)"), "{got}");
    let got = hint("404 Not Found", "", "Page not found", &["-o", "http://a.example"]);
    assert!(got.contains("a wrong path") && !got.contains("-o "), "{got}");
}

const APACHE: &str =
    "<p>Reason: You&apos;re speaking plain HTTP to an SSL-enabled server port.<br />\n";

#[test]
fn texts_about_tls_are_recognised() {
    for (status, fields, body) in [
        ("400 Bad Request", "Content-Type: text/html\r\n", APACHE),
        ("400 ", "", "Bad Request\r\nThis combination of host and port requires TLS.\r\n"),
        ("400 Bad Request", "", "Client sent an HTTP request to an HTTPS server.\n"),
        ("400 Bad Request", "", "<center>The plain HTTP request was sent to HTTPS port</center>"),
    ] {
        let got = hint(status, fields, body, &[]);
        assert_eq!(
            got, "the server speaks TLS on this port: use wss:// instead of ws://",
            "{body}"
        );
    }
    for (status, fields, body) in [
        ("403 Forbidden", "", "SSL is required to view this resource"),
        ("426 Upgrade Required", "Upgrade: TLS/1.2, HTTP/1.1\r\n", ""),
    ] {
        let got = hint(status, fields, body, &[]);
        assert!(got.contains("requires TLS: use wss://") && !got.contains("this port"), "{got}");
    }
    let got = hint("404 Not Found", "", "use https://docs.example/ instead", &[]);
    assert!(!got.contains("TLS"), "{got}");
}

/// A connection with TLS has no hint to use it.
#[test]
fn texts_about_tls_over_tls_concern_the_server_behind_a_proxy() {
    let server = Server::script(|peer| {
        start_untrusted_tls(peer);
        peer.read_head();
        let body = "Client sent an HTTP request to an HTTPS server.\n";
        let length = body.len();
        peer.send(format!("HTTP/1.1 400 Bad Request\r\nContent-Length: {length}\r\n\r\n{body}"));
    });
    let url = server.url().replace("ws://", "wss://");
    let outcome = wscope().args(["-k", &url]).run().code(4).stderr_lacks("use wss://");
    assert!(hint_of(&outcome).contains("which this connection has"), "{}", outcome.stderr);
}

#[test]
fn texts_of_a_proxy_about_tls_are_recognised() {
    let proxy =
        Server::respond(format!("HTTP/1.1 400 No\r\nContent-Type: text/html\r\n\r\n{APACHE}"));
    let url = proxy.http_url();
    let outcome = wscope().args(["--proxy", &url, "ws://target.invalid/"]).run().code(3);
    assert_eq!(hint_of(&outcome), "the proxy speaks TLS on this port: use https://");
}

#[test]
fn sockjs_is_recognised() {
    for (path, endpoint) in
        [("/echo", "/echo/websocket"), ("/echo/?a=b", "/echo/websocket"), ("", "/websocket")]
    {
        let server =
            Server::respond("HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\nWelcome to SockJS!");
        let outcome = wscope().arg(format!("{}{path}", server.url())).run().code(4);
        let expected = format!("this is SockJS: its WebSocket endpoint is {endpoint}");
        assert_eq!(hint_of(&outcome), expected);
    }
}

#[test]
fn silence_and_an_end_without_a_response_suggest_path_and_subprotocol() {
    for (options, subprotocol) in [
        (&[][..], "the server may require a subprotocol (-s NAME)"),
        (&["-s", "a"], "the server may not accept the subprotocol offered (-s NAME)"),
    ] {
        let ended = Server::script(|peer| _ = peer.read_head());
        let outcome = wscope().args(options).arg(ended.url()).run().code(4);
        let got = hint_of(&outcome);
        assert!(got.contains("the path") && got.contains(subprotocol), "{got}");
        for other in ["a server of another protocol", "a server behind a proxy may have failed"] {
            assert!(got.contains(other), "{got}");
        }
        let silent = Server::script(|peer| {
            peer.read_head();
            peer.stall();
        });
        let limit = ["--connect-timeout", "200ms", &silent.url()];
        let outcome = wscope().args(options).args(limit).run().code(7);
        let got = hint_of(&outcome);
        assert!(got.contains("the path") && got.contains(subprotocol), "{got}");
        assert!(got.contains("wss://"), "{got}");
    }
}
