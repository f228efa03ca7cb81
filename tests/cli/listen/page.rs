//! Responses to browsers and other programs that do not request an upgrade.

use super::{assert_alive, assert_status, listen, requested};
use crate::support::header;

const BROWSER: &str =
    "Host: localhost\r\nAccept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\n";

#[test]
fn a_browser_receives_a_page_with_a_client() {
    let (mut server, port) = listen(&["--echo"]);
    let (head, body) = requested(port, &format!("GET / HTTP/1.1\r\n{BROWSER}\r\n"));
    assert_status(&head, 200);
    assert_eq!(header(&head, "Content-Type"), Some("text/html; charset=utf-8"), "{head}");
    assert_eq!(header(&head, "Content-Length"), Some(&*body.len().to_string()), "{head}");
    assert!(body.contains("new WebSocket(") && body.len() < 8192, "{body}");
    for foreign in ["http://", "https://", " src=", "onclick="] {
        assert!(!body.contains(foreign), "{foreign} in the page");
    }
    server.wait_stderr("was shown the page");
    assert_alive(port);
}

#[test]
fn a_request_for_the_favicon_is_not_reported() {
    let (server, port) = listen(&["--echo", "--path", "/chat"]);
    let (head, _) = requested(port, &format!("GET /favicon.ico HTTP/1.1\r\n{BROWSER}\r\n"));
    assert_status(&head, 404);
    let mut server = server;
    let (head, _) = requested(port, &format!("GET /other HTTP/1.1\r\n{BROWSER}\r\n"));
    assert_status(&head, 404);
    let line = server.wait_stderr("#1 wscope: ");
    assert!(line.contains("#1 ") && line.contains("'/other'"), "{line}");
}

#[test]
fn other_programs_receive_426() {
    let (mut server, port) = listen(&[]);
    let (head, body) = requested(port, "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n");
    assert_status(&head, 426);
    assert!(body.contains("Upgrade: missing; expected 'websocket'"), "{body}");
    server.wait_stderr("426 Upgrade Required: not a WebSocket request");
}

#[test]
fn head_and_post_are_not_allowed() {
    let (_server, port) = listen(&[]);
    for (method, has_body) in [("HEAD", false), ("POST", true)] {
        let (head, body) = requested(port, &format!("{method} / HTTP/1.1\r\n{BROWSER}\r\n"));
        assert_status(&head, 405);
        assert_eq!(header(&head, "Allow"), Some("GET"), "{head}");
        assert_eq!(!body.is_empty(), has_body, "{method}: {body}");
    }
}

#[test]
fn the_page_requires_the_credentials() {
    let (_server, port) = listen(&["--user", "joe:secret"]);
    let (head, _) = requested(port, &format!("GET / HTTP/1.1\r\n{BROWSER}\r\n"));
    assert_status(&head, 401);
    let basic = "Authorization: Basic am9lOnNlY3JldA==\r\n";
    let (head, _) = requested(port, &format!("GET / HTTP/1.1\r\n{BROWSER}{basic}\r\n"));
    assert_status(&head, 200);
}
