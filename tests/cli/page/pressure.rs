//! Tabs that do not read, and histories that are small.

use std::fs;
use std::process::Stdio;

use serde_json::json;

use super::Page;
use crate::listen::{client, listen, start};
use crate::support::{CLOSE, Running, Signal, close, masked, ping, text, wscope};

/// Messages that pass.
const MESSAGES: u64 = 200_000;

/// How much memory the program has, in bytes.
fn memory(running: &Running) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", running.id())).expect("a status");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its memory");
    let kilobytes = line.split_whitespace().nth(1).and_then(|it| it.parse::<u64>().ok());
    kilobytes.expect("a number") << 10
}

/// Sends messages, until all of them have been received.
fn send_messages(port: u16, count: u64, size: usize) {
    let mut peer = client(port);
    let batch = masked(&text(&"x".repeat(size))).repeat(1000);
    for _ in 0..count / 1000 {
        peer.send(&batch);
    }
    peer.send(masked(&ping(b"all")));
    peer.expect_pong(b"all");
    peer.send(masked(&close(1000, "")));
    while peer.read_frame().opcode != CLOSE {}
}

#[test]
fn a_tab_that_does_not_read_holds_nothing_up_and_costs_no_memory() {
    let (mut running, port) = start(wscope().stdin_null().stdout_to(Stdio::null()), &["--ui"]);
    let page = Page::of(&mut running);
    let mut reading = page.tab();
    let mut frozen = page.tab();
    frozen.ask("hello", json!({}));
    // Requests whose answers nobody takes.
    for id in 0..500 {
        let request =
            json!({"id": id, "method": "rows", "from": 0, "count": 500, "filtered": false});
        frozen.peer.send(masked(&text(&request.to_string())));
    }
    send_messages(port, MESSAGES, 32);
    reading.wait_for_messages(MESSAGES);
    let used = memory(&running);
    assert!(used < 160 << 20, "{} MiB", used >> 20);
    drop(frozen);
    assert_eq!(reading.ask("hello", json!({}))["mode"], "listen");
}

#[test]
fn the_oldest_go_once_the_history_is_full() {
    let options = ["--ui", "--ui-history", "40M"];
    let (mut running, port) = start(wscope().stdin_null().stdout_to(Stdio::null()), &options);
    let mut tab = Page::of(&mut running).tab();
    send_messages(port, 20_000, 4000);
    tab.wait_for_messages(20_000);
    let state = tab.state.clone();
    let (first, dropped) = (state["first"].as_u64(), state["dropped"].as_u64());
    assert!(first > Some(1000) && dropped == first, "{state}");
    let rows = tab.ask("rows", json!({"from": first, "count": 1, "filtered": false}));
    assert_eq!(rows["rows"][0]["row"].as_u64(), first, "{rows}");
    let used = memory(&running);
    assert!(used < 160 << 20, "{} MiB", used >> 20);
}

#[test]
fn a_history_that_cannot_be_written_is_told_of() {
    let program = wscope().env("TMPDIR", "/nonexistent").stdin_null().stdout_to(Stdio::null());
    let (mut running, port) = start(program, &["--ui"]);
    let mut tab = Page::of(&mut running).tab();
    send_messages(port, 10_000, 4000);
    let state = tab.wait(|state| state["dropped"].as_u64() > Some(0));
    let said = state["recorded_end"].as_str();
    assert!(said.is_some_and(|it| it.starts_with("the file for older messages takes no more: ")));
    running.signal(Signal::INT);
    let outcome = running.wait();
    assert!(outcome.stderr.contains("page: the file for older messages"), "{}", outcome.stderr);
}

#[test]
fn a_tab_that_asks_for_too_much_at_once_is_closed() {
    let (mut running, _) = listen(&["--ui"]);
    let page = Page::of(&mut running);
    let mut tab = page.tab();
    let request = masked(&text("{\"id\":1,\"method\":\"hello\"}"));
    // It is not read, so that answers wait; then more requests than may.
    while tab.peer.try_send(request.repeat(100)) {}
    drop(tab);
    page.tab().ask("hello", json!({}));
}
