//! The page of `wscope proxy`: the commands of its prompt; and the proxy as a way to the page.

use std::process::Stdio;

use serde_json::{Value, json};

use super::saves::download;
use super::{Page, assert_status, message};
use crate::listen::port_in;
use crate::support::{Listener, Peer, Running, Wscope, masked, text, upgrade_request, wscope};

/// A proxy with a page, in front of a server that the test is.
pub(super) struct Proxied {
    pub(super) running: Running,
    port: u16,
    pub(super) page: Page,
    target: Listener,
}

#[track_caller]
pub(super) fn proxy(options: &[&str]) -> Proxied {
    start(wscope(), options)
}

#[track_caller]
fn start(program: Wscope, options: &[&str]) -> Proxied {
    let target = Listener::new();
    let program = program.args(["proxy", "--ui"]).args(options).args([":0", &target.url()]);
    let mut running = program.stdin_null().spawn();
    let line = running.wait_stderr("listening on ");
    let port = port_in(&line).unwrap_or_else(|| panic!("expected a URL with a port in {line:?}"));
    let page = Page::of(&mut running);
    Proxied { running, port, page, target }
}

impl Proxied {
    /// An open WebSocket: the client and the server.
    #[track_caller]
    pub(super) fn open(&self) -> (Peer, Peer) {
        self.open_with(upgrade_request("/", &[]))
    }

    #[track_caller]
    fn open_with(&self, request: String) -> (Peer, Peer) {
        let mut client = Peer::connect(self.port);
        client.send(request);
        let mut server = self.target.accept();
        server.accept_request();
        assert_status(&client.read_head(), 101);
        (client, server)
    }
}

#[test]
fn messages_are_sent_to_both_sides_and_connections_closed() {
    let mut proxied = proxy(&["--json"]);
    let mut tab = proxied.page.tab();
    let hello = tab.ask("hello", json!({}));
    assert_eq!(hello["title"].as_str().map(|it| it.starts_with("proxy 127.0.0.1:")), Some(true));
    assert_eq!(hello["target"], format!("{}/", proxied.target.url()));
    let both = json!(["server", "client"]);
    assert_eq!(hello["can"], json!({"send": both, "close": both, "hold": true, "rules": true}));
    let (mut client, mut server) = proxied.open();
    tab.wait(|state| state["connections"] == 1);
    tab.ask("send", message(Some(1), "server", "to the server"));
    server.expect_text("to the server");
    tab.ask("send", message(Some(1), "client", "to the client"));
    client.expect_text("to the client");
    tab.wait_for_messages(2);
    let expected = [("out", "to the server"), ("in", "to the client")];
    let expected = expected.map(|(direction, text)| (direction.to_owned(), text.to_owned()));
    assert_eq!(tab.messages(), expected);
    assert_eq!(tab.refused("send", message(None, "client", "x")), "no connection is open");
    assert_eq!(tab.refused("send", message(Some(9), "client", "x")), "no connection 9");
    tab.ask("close", json!({"connection": 1, "to": "client", "code": 4002, "reason": "page"}));
    assert_eq!(client.expect_close(4002), "page");
    client.send(masked(&crate::support::close(4002, "")));
    proxied.running.wait_stderr("page: /close 1 client 4002 page");
    // Half-closed stays half-closed: the connection is over when both sides have ended.
    drop((client, server));
    proxied.running.wait_stderr("closed on the page, toward the client");
}

/// So do recordings, also those that the page saves.
#[test]
fn the_page_has_what_a_client_sent_otherwise_than_the_server_got_it() {
    let mut proxied = proxy(&["--json"]);
    let mut tab = proxied.page.tab();
    let own = format!("127.0.0.1:{}", proxied.port);
    let request = upgrade_request("/", &[]).replace("localhost", &own);
    let _ends = proxied.open_with(request);
    tab.wait(|state| state["connections"] == 1);
    let shown = tab.ask("event", json!({"row": 0, "limit": 100}));
    let host = |list: &Value| {
        let list = list.as_array().into_iter().flatten();
        list.filter(|field| field[0] == "Host").map(|field| field[1].clone()).collect::<Vec<_>>()
    };
    let event = &shown["event"];
    let target = proxied.target.url().replace("ws://", "");
    assert_eq!(host(&event["request_headers"]), [target], "{event}");
    assert_eq!(event["client_sent"], json!([["Host", own]]), "{event}");
    let line = proxied.running.read_stdout_line();
    let member = format!("\"client_sent\":[[\"Host\",\"{own}\"]]");
    assert!(line.starts_with("{\"event\":\"open\"") && line.contains(&member), "{line}");
    let saved = tab.ask("save", json!({"format": "ndjson", "filtered": false}));
    let (_, file) = download(&proxied.page, &tab, &saved);
    assert_eq!(file.lines().next(), Some(line.trim_end()));
}

#[test]
fn what_a_side_does_not_take_is_bounded_and_counted() {
    let mut proxied = start(wscope().stdout_to(Stdio::null()), &[]);
    let mut tab = proxied.page.tab();
    let (client, server) = proxied.open();
    tab.wait(|state| state["connections"] == 1);
    let large = "x".repeat(15 << 20);
    for _ in 0..4 {
        tab.ask("send", message(Some(1), "server", &large));
    }
    // The kernel has taken a part of the first.
    let mut answers = (0..2).map(|_| tab.answer("send", message(Some(1), "server", &large)));
    let refusal = answers.find_map(|answer| answer["error"].as_str().map(str::to_owned));
    let expected = "not sent: the server of connection 1 takes no more: over 64 MiB would wait";
    assert_eq!(refusal.as_deref(), Some(expected));
    tab.ask("send", message(Some(1), "client", "the other side takes it"));
    drop((client, server));
    proxied.running.wait_stderr("not sent to the server: ");
}

#[test]
fn messages_are_held_edited_delivered_and_dropped() {
    let mut proxied = proxy(&[]);
    let mut tab = proxied.page.tab();
    let (mut client, mut server) = proxied.open();
    tab.wait(|state| state["connections"] == 1);
    tab.ask("hold", json!({"on": true}));
    proxied.running.wait_stderr("page: /hold on");
    tab.wait(|state| state["holding"] == true);
    for words in ["one", "two", "three"] {
        client.send(masked(&text(words)));
    }
    tab.wait(|state| state["held"] == 3);
    let held = tab.ask("held", json!({}));
    let list = held["list"].as_array().expect("a list").clone();
    let previews: Vec<_> = list.iter().map(|it| it["preview"].clone()).collect();
    assert_eq!(previews, ["one", "two", "three"]);
    assert_eq!((&list[0]["direction"], &list[0]["size"]), (&json!("out"), &json!(3)));
    let number = |at: usize| list[at]["number"].clone();
    let payload = tab.ask("held_payload", json!({"number": number(0)}));
    assert_eq!(payload, json!({"type": "text", "encoding": "utf8", "data": "one"}));
    let edit = json!({"number": number(0), "type": "text", "encoding": "utf8", "data": "first"});
    tab.ask("edit", edit);
    let wrong = json!({"number": number(0), "type": "ping", "encoding": "utf8", "data": "x"});
    assert!(tab.refused("edit", wrong).contains("cannot become a ping"), "as at the prompt");
    tab.ask("release", json!({"number": number(1), "drop": true}));
    tab.ask("release", json!({"number": number(0), "drop": false}));
    server.expect_text("first");
    tab.ask("release", json!({"number": null, "drop": false}));
    server.expect_text("three");
    tab.wait(|state| state["held"] == 0);
    assert!(
        tab.refused("release", json!({"number": 99, "drop": false})).contains("no held message 99")
    );
    tab.ask("hold", json!({"on": false}));
    client.send(masked(&text("four")));
    server.expect_text("four");
    for line in ["/edit 1", "/drop 2", "/go 1", "page: /go", "/hold off"] {
        proxied.running.wait_stderr(line);
    }
}

#[test]
fn rules_come_and_go() {
    let mut proxied = proxy(&["--rule", "client /held/ => hold"]);
    let mut tab = proxied.page.tab();
    let rules = tab.ask("rules", json!({}));
    let rule = json!({"number": 1, "text": "client /held/ => hold", "applied": 0});
    assert_eq!(rules["list"], json!([rule]));
    let before = rules["version"].clone();
    tab.ask("add_rule", json!({"text": "client /secret/ => drop"}));
    tab.wait(|state| state["rules_version"] != before);
    let (mut client, mut server) = proxied.open();
    client.send(masked(&text("a secret")));
    client.send(masked(&text("held here")));
    tab.wait(|state| state["held"] == 1);
    proxied.running.wait_stderr("page: /rule client /secret/ => drop");
    proxied.running.wait_stderr("held as 1, for the page");
    assert_eq!(tab.ask("held", json!({}))["list"][0]["rule"], 1);
    assert_eq!(tab.ask("rules", json!({}))["list"][1]["applied"], 1);
    tab.ask("release", json!({"number": 1, "drop": false}));
    server.expect_text("held here");
    tab.wait(|state| state["held"] == 0);
    tab.ask("remove_rule", json!({"number": 2}));
    client.send(masked(&text("a secret")));
    server.expect_text("a secret");
    let rules = tab.ask("rules", json!({}))["list"].as_array().map(Vec::len);
    assert_eq!(rules, Some(1));
    for (text, reason) in [
        ("clinet => drop", "did you mean client?"),
        ("client", "=> and an action are missing"),
        ("client => replace text:@/etc/passwd", "cannot name a file"),
        ("server $.type==presence => drop", "as {\"type\":\"presence\"}, or text:"),
    ] {
        let refused = tab.refused("add_rule", json!({"text": text}));
        assert!(refused.contains(reason), "{text}: {refused}");
    }
    assert_eq!(tab.refused("remove_rule", json!({"number": 7})), "no rule 7");
    tab.ask("add_rule", json!({"text": "client close: => hold"}));
    client.close(4000, "bye");
    tab.wait(|state| state["held"] == 1);
    let held = tab.ask("held", json!({}))["list"][0].clone();
    assert_eq!((&held["preview"], &held["size"]), (&json!("4000 bye"), &json!(5)), "{held}");
    proxied.running.wait_stderr("page: /unrule 2");
}

#[test]
fn the_proxy_leads_not_to_the_page() {
    let proxied = proxy(&[]);
    let (page, port) = (&proxied.page, proxied.port);
    let ask = |request: &str| {
        let mut peer = Peer::connect(port);
        peer.send(request);
        peer.read_head()
    };
    let host = page.host();
    assert_status(&ask(&format!("GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n")), 403);
    assert_status(&ask(&format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n")), 403);
    // Whatever Host says, it goes to the target.
    let mut peer = Peer::connect(port);
    peer.send(format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
    let mut server = proxied.target.accept();
    assert!(server.read_head().starts_with("GET / HTTP/1.1\r\n"));
    server.respond("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    assert_status(&peer.read_head(), 204);
}

#[test]
fn a_proxy_to_the_page_itself_is_a_loop() {
    let reserved = Listener::new();
    let port = reserved.port();
    drop(reserved);
    let (ui, url) = (format!("--ui=127.0.0.1:{port}"), format!("ws://127.0.0.1:{port}/socket"));
    let program = wscope().args(["proxy", &ui, ":0", &url]).stdin_null();
    let mut running = program.spawn();
    let line = running.wait_stderr("listening on ");
    let clients = port_in(&line).expect("a port");
    let page = Page::of(&mut running);
    let cookie = page.cookie();
    for request in [
        format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{clients}\r\n\r\n"),
        page.request("GET", "/", &[&page.origin(), &cookie, "Upgrade: websocket"], ""),
    ] {
        let mut peer = Peer::connect(clients);
        peer.send(request);
        assert_status(&peer.read_head(), 502);
    }
}

#[test]
fn a_tab_sees_what_others_do() {
    let proxied = proxy(&[]);
    let (mut one, mut two) = (proxied.page.tab(), proxied.page.tab());
    one.ask("hold", json!({"on": true}));
    two.wait(|state| state["holding"] == true);
    let before =
        two.wait(|state: &Value| !state["rules_version"].is_null())["rules_version"].clone();
    one.ask("add_rule", json!({"text": "server => drop"}));
    two.wait(|state| state["rules_version"] != before);
}
