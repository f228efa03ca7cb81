//! Cross-site WebSocket hijacking and DNS rebinding: which Origin and Host are accepted.

use super::{assert_alive, assert_status, client_at, leave, listen, refused, requested, start};
use crate::support::{Peer, header, masked, text, wscope};

const UPGRADE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

/// An upgrade request with this start line and these additional header lines.
fn upgrade(start_line: &str, fields: &[&str]) -> String {
    let fields: String = fields.iter().map(|line| format!("{line}\r\n")).collect();
    format!("{start_line}\r\n{fields}{UPGRADE}\r\n")
}

/// The status line of the response to it.
fn status(port: u16, start_line: &str, fields: &[&str]) -> String {
    let mut peer = Peer::connect(port);
    peer.send(upgrade(start_line, fields));
    peer.read_head().lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_page_of_another_site_cannot_connect() {
    let (mut server, port) = listen(&["--echo"]);
    for origin in ["https://evil.example", "null", "chrome-extension://abcdef"] {
        let (head, body) = refused(port, "/", &[&format!("Origin: {origin}")]);
        assert_status(&head, 403);
        assert!(body.contains(&format!("Origin: '{origin}'; expected none, ")), "{body}");
        assert!(body.contains("--allow-origin"), "{body}");
        let line = server.wait_stderr("refused: 403 Forbidden: Origin: '");
        assert!(line.contains(origin) && line.contains("--allow-origin"), "{line}");
        assert!(server.wait_stderr("hint: ").contains("--allow-origin"));
    }
    for origin in ["http://localhost", "http://localhost:3000", "http://[::1]:1"] {
        leave(client_at(port, "/", &[&format!("Origin: {origin}")]));
    }
}

#[test]
fn a_rebound_host_is_refused_websocket_and_page() {
    let (mut server, port) = listen(&["--echo"]);
    let host = "Host: rebind.example";
    let origin = "Origin: http://rebind.example";
    assert_eq!(status(port, "GET / HTTP/1.1", &[host, origin]), "HTTP/1.1 403 Forbidden");
    let line = server.wait_stderr("refused: 403 Forbidden: Host: 'rebind.example'");
    assert!(line.contains("--allow-origin"), "{line}");
    for target in ["/", "/favicon.ico", "http://rebind.example/"] {
        let request = format!("GET {target} HTTP/1.1\r\n{host}\r\nAccept: text/html\r\n\r\n");
        let (head, body) = requested(port, &request);
        assert_status(&head, 403);
        assert!(body.contains("--allow-origin") && !body.contains("<script>"), "{body}");
        server.wait_stderr("403 Forbidden: Host: 'rebind.example'");
    }
    for host in ["Host: 127.0.0.1:1", "Host: [::1]", "Host: a.localhost"] {
        let answer = status(port, "GET / HTTP/1.1", &[host]);
        assert_eq!(answer, "HTTP/1.1 101 Switching Protocols", "{host}");
    }
}

#[test]
fn any_host_but_not_any_origin_is_accepted_on_other_addresses() {
    let mut server = wscope().args(["listen", "--echo", "0.0.0.0:0"]).stdin_null().spawn();
    let line = server.wait_stderr("listening on ws://0.0.0.0:");
    let port = line.rsplit(':').next().and_then(|rest| rest.trim_end_matches('/').parse().ok());
    let port = port.expect("a port");
    for (fields, expected) in [
        (vec!["Host: devbox.example:80"], "101 Switching Protocols"),
        (vec!["Host: devbox.example", "Origin: https://devbox.example"], "101 Switching Protocols"),
        (vec!["Host: devbox.example", "Origin: https://evil.example"], "403 Forbidden"),
    ] {
        let answer = status(port, "GET / HTTP/1.1", &fields);
        assert_eq!(answer, format!("HTTP/1.1 {expected}"), "{fields:?}");
    }
}

#[test]
fn a_refused_origin_is_an_event_that_names_the_option() {
    let (mut server, port) = listen(&["--json"]);
    refused(port, "/", &["Origin: https://evil.example"]);
    let event: serde_json::Value =
        serde_json::from_str(&server.read_stdout_line()).expect("an event");
    let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
    assert_eq!((text("event"), event["status"].as_u64()), ("error".to_owned(), Some(403)));
    assert!(text("message").contains("https://evil.example"), "{event}");
    for key in ["message", "hint", "body"] {
        assert!(text(key).contains("--allow-origin"), "{key}: {event}");
    }
}

#[test]
fn allow_origin_replaces_the_default_rules() {
    let (_server, port) = listen(&["--allow-origin", "https://a.example"]);
    let proxied = ["Host: a.example", "Origin: https://a.example"];
    assert_eq!(status(port, "GET / HTTP/1.1", &proxied), "HTTP/1.1 101 Switching Protocols");
    let own = ["Host: localhost", "Origin: http://localhost"];
    assert_eq!(status(port, "GET / HTTP/1.1", &own), "HTTP/1.1 403 Forbidden");
    let (_server, port) = listen(&["--allow-origin", "*"]);
    for fields in [vec!["Host: x"], vec!["Host: x", "Origin: https://evil.example"]] {
        let answer = status(port, "GET / HTTP/1.1", &fields);
        assert_eq!(answer, "HTTP/1.1 101 Switching Protocols", "{fields:?}");
    }
}

#[test]
fn an_ambiguous_request_is_refused() {
    let (_server, port) = listen(&["--allow-origin", "*"]);
    for (start_line, fields) in [
        ("GET / HTTP/1.1", vec!["Host: a", "Host: a"]),
        ("GET / HTTP/1.1", vec!["Host: a", "Origin: http://a", "Origin: http://a"]),
        ("GET / HTTP/1.1", vec!["Host: a/b"]),
        ("GET / HTTP/1.1", vec![]),
        ("GET http://a/ HTTP/1.1", vec![]),
        ("GET http://a:b/ HTTP/1.1", vec!["Host: a"]),
        ("GET chat HTTP/1.1", vec!["Host: a"]),
    ] {
        let answer = status(port, start_line, &fields);
        assert_eq!(answer, "HTTP/1.1 400 Bad Request", "{start_line} {fields:?}");
    }
}

#[test]
fn the_absolute_form_of_a_target_names_host_and_path() {
    let (mut server, port) = listen(&["--path", "/chat"]);
    let start_line = "GET http://localhost:1/chat?room=1 HTTP/1.1";
    let answer = status(port, start_line, &["Host: evil.example"]);
    assert_eq!(answer, "HTTP/1.1 101 Switching Protocols");
    server.wait_stderr(&format!("connected to ws://127.0.0.1:{port}/chat?room=1,"));
    for (target, expected) in
        [("http://localhost/", "404 Not Found"), ("http://evil.example/chat", "403 Forbidden")]
    {
        let answer = status(port, &format!("GET {target} HTTP/1.1"), &["Host: localhost"]);
        assert_eq!(answer, format!("HTTP/1.1 {expected}"), "{target}");
    }
}

#[test]
fn the_body_of_a_request_is_not_treated_as_frames() {
    let (server, port) = start(wscope().stdin_null(), &["--json"]);
    let frame = masked(&text("smuggled"));
    let chunked = [b"e\r\n", &frame[..], b"\r\n0\r\n\r\n"].concat();
    let length = format!("Content-Length: {}", frame.len());
    for (field, body) in [(&*length, &frame), ("Transfer-Encoding: chunked", &chunked)] {
        let mut peer = Peer::connect(port);
        let head = upgrade("GET / HTTP/1.1", &["Host: localhost", field]);
        peer.send([head.as_bytes(), body].concat());
        let head = peer.read_head();
        assert_status(&head, 400);
        assert_eq!(header(&head, "Connection"), Some("close"), "{head}");
        let rest = String::from_utf8(peer.read_until_eof()).expect("only a body in UTF-8");
        assert!(rest.starts_with(field.split(':').next().unwrap_or_default()), "{rest}");
    }
    // The body of a request for a page is not treated as another request either.
    let mut peer = Peer::connect(port);
    let second = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let length = second.len();
    peer.send(format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{second}"
    ));
    let answer = String::from_utf8(peer.read_until_eof()).expect("text");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    drop(server);
}

#[test]
fn a_client_that_expects_100_continue_receives_it_before_101() {
    let (_server, port) = listen(&["--echo"]);
    let mut peer = Peer::connect(port);
    peer.request("/", &["Expect: 100-continue"]);
    assert_status(&peer.read_head(), 100);
    assert_status(&peer.read_head(), 101);
    leave(peer);
    assert_alive(port);
}

#[test]
fn the_100_before_a_101_is_shown() {
    let (mut server, port) = listen(&["-v", "--json"]);
    let mut peer = Peer::connect(port);
    peer.request("/", &["Expect: 100-continue"]);
    server.wait_stderr("< Expect: 100-continue");
    server.wait_stderr("> HTTP/1.1 100 Continue");
    server.wait_stderr("> HTTP/1.1 101 Switching Protocols");
    let open: serde_json::Value = serde_json::from_str(&server.read_stdout_line()).expect("JSON");
    assert_eq!(open["interim"][0]["status"], 100, "{open}");
    (0..2).for_each(|_| _ = peer.read_head());
    leave(peer);
}

#[test]
fn a_refused_request_that_expects_100_continue_receives_none() {
    let (_server, port) = listen(&["--path", "/chat"]);
    let answer = status(port, "GET / HTTP/1.1", &["Host: localhost", "Expect: 100-continue"]);
    assert_eq!(answer, "HTTP/1.1 404 Not Found");
}

#[test]
fn secrets_in_a_refused_target_are_masked() {
    for (start_line, words) in [
        ("GET http://me:hunter2@localhost/ HTTP/1.1", "target 'http://me:***@localhost/'"),
        ("GET chat?token=hunter2 HTTP/1.1", "target 'chat?token=***'"),
        ("GET /?token=hunter2 x HTTP/1.1", "malformed start line \"GET /?token=*** x HTTP/1.1\""),
    ] {
        let (mut server, port) = listen(&["-v", "--json"]);
        assert_eq!(status(port, start_line, &["Host: localhost"]), "HTTP/1.1 400 Bad Request");
        let reported = server.wait_stderr("from 127.0.0.1:");
        assert!(reported.contains(words), "{reported}");
        let event = server.read_stdout_line();
        assert!(event.contains("***") && !event.contains("hunter2"), "{event}");
    }
}
