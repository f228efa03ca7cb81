//! Requests that no browser sends. None ends the program, and none gets anything.

use serde_json::json;

use super::{Page, assert_status};
use crate::listen::{client, listen};
use crate::support::{Peer, binary, frame, masked, text};

#[test]
fn odd_methods_and_targets_are_refused() {
    let (mut running, _) = listen(&["--ui"]);
    let page = Page::of(&mut running);
    for (start, status) in [
        ("HEAD /", 405),
        ("POST /", 405),
        ("DELETE /save/00", 405),
        ("CONNECT 127.0.0.1:1", 400),
        ("OPTIONS *", 400),
        ("PROPFIND /", 405),
        ("GET //", 404),
        ("GET /..%2f..%2fetc/passwd", 404),
        ("GET /../../etc/passwd", 404),
        ("GET /index.html/", 404),
        ("GET /assets/index.html", 404),
        ("GET /%00", 404),
        ("GET /session", 405),
        ("GET http://evil.example/", 400),
        ("GET ws://127.0.0.1/socket", 400),
    ] {
        let request = format!("{start} HTTP/1.1\r\nHost: {}\r\n\r\n", page.host());
        let (head, body) = page.requested(&request);
        assert_status(&head, status);
        if start.starts_with("HEAD") {
            assert_eq!(body, "");
        }
    }
    let (head, _) = page.get("/", &[]);
    assert_status(&head, 200);
}

#[test]
fn a_body_that_is_too_long_or_does_not_come_is_not_waited_for_without_end() {
    let (mut running, _) = listen(&["--ui"]);
    let page = Page::of(&mut running);
    let origin = page.origin();
    for (length, status) in [("257", 413), ("999999999999999999999", 413), ("x", 400)] {
        let length = format!("Content-Length: {length}");
        let fields = [&*origin, "Content-Type: application/json", &length];
        let (head, _) = page.requested(&page.request("POST", "/session", &fields, "{}"));
        assert_status(&head, status);
    }
    let mut peer = Peer::connect(page.port);
    let fields = [&*origin, "Content-Type: application/json", "Content-Length: 40"];
    peer.send(page.request("POST", "/session", &fields, "{"));
    peer.eof();
    assert_eq!(peer.read_until_eof(), b"", "the rest will not come");
}

#[test]
fn requests_of_a_tab_that_are_not_valid_are_errors() {
    let (mut running, port) = listen(&["--ui"]);
    let mut tab = Page::of(&mut running).tab();
    for request in ["", "{", "[]", "null", "1", "{\"id\":1}", "{\"id\":\"x\",\"method\":1}"] {
        tab.peer.send(masked(&text(request)));
        while !tab.next()["error"].is_string() {}
    }
    let deep = format!("{{\"id\":1,\"method\":{}", "[".repeat(100_000));
    tab.peer.send(masked(&text(&deep)));
    while !tab.next()["error"].is_string() {}
    let unknown = tab.refused("nothing", json!({}));
    assert!(unknown.contains("nothing"), "{unknown}");
    for (method, members) in [
        ("rows", json!({"from": -1, "count": 1, "filtered": false})),
        ("send", json!({"connection": 1, "to": "nowhere", "type": "text", "data": "x"})),
        (
            "send",
            json!({"connection": 9, "to": "client", "type": "text", "encoding": "utf8", "data": "x"}),
        ),
        (
            "send",
            json!({"connection": 1, "to": "server", "type": "text", "encoding": "utf8", "data": "x"}),
        ),
        ("hold", json!({"on": true})),
        ("add_rule", json!({"text": "client => drop"})),
        ("close", json!({"connection": 9, "to": "client", "code": 1000, "reason": ""})),
        ("close", json!({"connection": 1, "to": "client", "code": 1005, "reason": ""})),
        ("save", json!({"format": "exe", "filtered": false})),
    ] {
        assert_ne!(tab.refused(method, members), "", "{method}");
    }
    drop(client(port));
}

#[test]
fn a_tab_that_does_not_speak_the_protocol_is_closed() {
    let (mut running, _) = listen(&["--ui"]);
    let page = Page::of(&mut running);
    let mut tab = page.tab();
    tab.peer.send(masked(&binary(b"x")));
    tab.expect_close(1003);
    let mut tab = page.tab();
    tab.peer.send(masked(&frame(true, 0, 3, b"")));
    tab.expect_close(1002);
    let mut tab = page.tab();
    // The length alone: 20 MiB and one byte.
    tab.peer.send([&[0x81, 0xff][..], &((20_u64 << 20) + 1).to_be_bytes(), &[0; 4]].concat());
    tab.expect_close(1009);
    page.tab().ask("hello", json!({}));
}

#[test]
fn there_are_only_so_many_tabs() {
    let (mut running, _) = listen(&["--ui"]);
    let page = Page::of(&mut running);
    let mut tabs: Vec<_> = (0..16).map(|_| page.tab()).collect();
    let cookie = page.cookie();
    let refused = || page.upgrade("/socket", &[&page.origin(), &cookie]).1;
    assert_status(&refused(), 503);
    tabs.pop().expect("a tab").leave();
    // Its place is free once its thread has ended.
    while refused().starts_with("HTTP/1.1 503 ") {}
}
