//! The end of a run with tabs open.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Page, Tab};
use crate::listen::{client, listen, start};
use crate::support::{DEADLINE, Running, Server, Signal, masked, text, wscope};

/// The limit of a run after a signal, with room for a slow machine.
const LIMIT: Duration = Duration::from_millis(1500);

#[test]
fn a_signal_tells_tabs_why_and_closes_them_in_time() {
    for (signal, code, why) in [(Signal::INT, 130, "SIGINT"), (Signal::TERM, 143, "SIGTERM")] {
        let (mut running, _) = listen(&["--ui"]);
        let page = Page::of(&mut running);
        let (mut one, two) = (page.tab(), page.tab());
        one.ask("hello", json!({}));
        let started = Instant::now();
        running.signal(signal);
        for tab in [one, two] {
            let state = tab.expect_end();
            assert!(state["why"].as_str().is_some_and(|it| it.contains(why)), "{state}");
            assert!(state["time"].is_string(), "{state}");
        }
        running.wait().code(code);
        assert!(started.elapsed() < LIMIT, "{:?}", started.elapsed());
    }
}

/// The exit status of a proxy is 0 after a signal, and after the only connection.
#[test]
fn the_last_state_has_the_reason_where_nothing_failed() {
    let proxied = super::proxied::proxy(&[]);
    let tab = proxied.page.tab();
    proxied.running.signal(Signal::TERM);
    assert_eq!(tab.expect_end()["why"], "stopped");
    proxied.running.wait().code(0);
    let proxied = super::proxied::proxy(&["--once"]);
    let tab = proxied.page.tab();
    let (mut client, mut server) = proxied.open();
    client.close(1000, "");
    server.expect_close(1000);
    server.close(1000, "");
    drop((client, server));
    assert_eq!(tab.expect_end()["why"], "the last connection has ended");
    proxied.running.wait().code(0);
}

#[test]
fn tabs_that_answer_nothing_do_not_hold_up_the_end() {
    let (mut running, port) = listen(&["--ui"]);
    let page = Page::of(&mut running);
    let tabs = [page.tab(), page.tab()];
    let peer = client(port);
    let started = Instant::now();
    running.signal(Signal::INT);
    running.wait().code(130);
    assert!(started.elapsed() < LIMIT, "{:?}", started.elapsed());
    drop((tabs, peer));
}

/// A run with a tab, connected to a server that after `go` sends so many messages and closes with 4000.
fn connected_to_a_server_of(messages: usize) -> (Server, Running, Tab) {
    let server = Server::script(move |peer| {
        peer.accept_request();
        peer.expect_text("go");
        for number in 0..messages {
            peer.send(text(&format!("message {number}")));
        }
        peer.close_and_expect_reply(4000);
    });
    let program = wscope().args(["--ui", "--wait", "forever", &server.url()]).stdin_null();
    let mut running = program.spawn();
    let mut tab = Page::of(&mut running).tab();
    tab.wait(|state| state["phase"] == "live");
    (server, running, tab)
}

#[test]
fn the_last_state_has_everything_and_the_reason() {
    let (_server, running, mut tab) = connected_to_a_server_of(1000);
    tab.ask("send", super::message(None, "server", "go"));
    let state = tab.expect_end();
    assert_eq!(state["messages"], 1001, "{state}");
    assert!(state["why"].as_str().is_some_and(|why| why.contains("4000")), "{state}");
    running.wait().code(6);
}

#[test]
fn what_tabs_ask_for_because_of_the_end_is_answered() {
    let (_server, running, mut tab) = connected_to_a_server_of(500);
    tab.ask("filter", json!({"text": "message 49", "control": true, "connection": null}));
    tab.ask("send", super::message(None, "server", "go"));
    let state = tab.wait(|state| state["phase"] == "ended" && state["filter"]["done"] == true);
    assert_eq!(state["filter"]["found"], 15, "{state}");
    let rows = tab.ask("rows", json!({"from": 14, "count": 10, "filtered": true}));
    assert_eq!(rows["rows"][0]["preview"], "message 499");
    let list = tab.ask("connections", json!({"from": 0, "count": 10}))["list"][0].clone();
    assert_eq!((&list["state"], &list["code"]), (&json!("closed"), &json!(4000)), "{list}");
    assert_eq!(list["initiator"], "server");
    let refusal = tab.refused("send", super::message(None, "server", "late"));
    assert!(refusal.starts_with("not"), "{refusal}");
    tab.expect_end();
    running.wait().code(6);
}

/// The page says how the run ended, whatever its filter has not looked at.
#[test]
fn a_slow_filter_does_not_keep_the_end_from_tabs() {
    let (mut running, port) = start(wscope().stdin_null().stdout_to(Stdio::null()), &["--ui"]);
    let mut tab = Page::of(&mut running).tab();
    let mut peer = client(port);
    let numbers = format!("[{}1]", "10000,".repeat(1700));
    for _ in 0..20 {
        peer.send(masked(&text(&numbers)).repeat(100));
    }
    tab.wait_for_messages(2000);
    tab.ask("filter", json!({"text": "$..* == 2", "control": true, "connection": null}));
    running.signal(Signal::INT);
    let state = tab.expect_end();
    assert!(state["why"].as_str().is_some_and(|it| it.contains("SIGINT")), "{state}");
    running.wait().code(130);
}

#[test]
#[cfg(not(target_vendor = "apple"))]
fn the_browser_is_started_with_the_url_alone() {
    use std::os::unix::fs::PermissionsExt;
    let program = wscope()
        .file("xdg-open", "#!/bin/sh\nprintf '%s:%s\\n' \"$#\" \"$1\" > opened\n")
        .args(["listen", "--ui", "--open", ":0"])
        .stdin_null();
    let home = program.home();
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(home.join("xdg-open"), mode).expect("a program");
    let mut running = program.env("PATH", &home).spawn();
    let Page { port, token } = Page::of(&mut running);
    let until = Instant::now() + DEADLINE;
    let opened = loop {
        match std::fs::read_to_string(home.join("opened")) {
            Ok(line) if line.ends_with('\n') => break line,
            _ => assert!(Instant::now() < until, "nothing was opened"),
        }
        std::thread::yield_now();
    };
    assert_eq!(opened, format!("1:http://127.0.0.1:{port}/#token={token}\n"));
}

#[test]
fn a_browser_that_cannot_be_started_is_warned_of() {
    let program = wscope().args(["listen", "--ui", "--open", "--duration", "10ms", ":0"]);
    let outcome = program.env("PATH", "/nonexistent").run().code(0);
    outcome.stderr_contains("the browser cannot be started: ");
}

#[test]
fn a_page_that_nobody_opens_costs_no_time_at_the_end() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.answer_close(1000);
    });
    let outcome = wscope().args(["--ui", "--wait", "0", &server.url()]).run().code(0);
    assert!(outcome.elapsed < Duration::from_secs(5), "{:?}", outcome.elapsed);
}
