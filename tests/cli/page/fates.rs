//! What becomes of held messages: on the page, in `--json`, in the display, and in each recording of it.

use serde_json::{Value, json};

use super::proxied::{Proxied, proxy};
use super::{Tab, message};
use crate::support::{Outcome, Peer, masked, text, wscope};

/// Four messages of `from` are held: the first is dropped, the second edited, the third delivered, and the fourth is
/// still held when the proxy ends.
fn decide(options: &[&str], from: &str) -> (Outcome, Vec<Value>) {
    let proxied = proxy(&[&["--rule", "any => hold"], options].concat());
    let mut tab = proxied.page.tab();
    let (mut client, mut server) = proxied.open();
    let is_client = from == "client";
    for words in ["first", "second", "third", "fourth"] {
        match is_client {
            true => client.send(masked(&text(words))),
            false => server.send(text(words)),
        }
    }
    let receiver = if is_client { &mut server } else { &mut client };
    tab.wait(|state| state["held"] == 4);
    tab.ask("release", json!({"number": 1, "drop": true}));
    tab.ask("edit", json!({"number": 2, "type": "text", "encoding": "utf8", "data": "changed"}));
    tab.ask("release", json!({"number": 2, "drop": false}));
    receiver.expect_text("changed");
    tab.ask("release", json!({"number": 3, "drop": false}));
    receiver.expect_text("third");
    let rows = fates(&mut tab, 3);
    (end(proxied, client, server), rows)
}

/// The rows of what became of held messages, once there are so many.
fn fates(tab: &mut Tab, count: usize) -> Vec<Value> {
    loop {
        let rows = tab.rows(false).into_iter().filter(|row| row["event"] == "held");
        let rows: Vec<_> = rows.map(|row| json!([row["direction"], row["preview"]])).collect();
        if rows.len() >= count {
            return rows;
        }
        tab.next();
    }
}

fn end(proxied: Proxied, client: Peer, server: Peer) -> Outcome {
    proxied.running.signal(rustix::process::Signal::INT);
    expect_end(proxied, client, server)
}

fn expect_end(proxied: Proxied, mut client: Peer, mut server: Peer) -> Outcome {
    client.expect_close(1001);
    server.expect_close(1001);
    client.close(1001, "");
    server.close(1001, "");
    proxied.running.wait()
}

/// Number, outcome, data and what was delivered instead, of each decision.
fn decisions(events: &[Value]) -> Vec<Value> {
    let of = |it: &Value| {
        assert!(it["held_ms"].is_number() && it["connection"] == 1, "{it}");
        json!([it["number"], it["outcome"], it["data"], it["changed_to"]["data"]])
    };
    events.iter().filter(|it| it["event"] == "held").map(of).collect()
}

fn expected() -> [Value; 4] {
    [
        json!([1, "dropped", "first", null]),
        json!([2, "edited", "second", "changed"]),
        json!([3, "delivered", "third", null]),
        json!([4, "not_delivered", "fourth", null]),
    ]
}

#[test]
fn each_fate_is_an_event_a_row_and_a_line() {
    let (outcome, rows) = decide(&["--json"], "client");
    assert_eq!(
        rows,
        [
            json!(["out", "#1 dropped: first"]),
            json!(["out", "#2 edited: changed"]),
            json!(["out", "#3 delivered: third"]),
        ]
    );
    let events = outcome.json_lines();
    let arrivals = events.iter().filter(|it| it["event"] == "message");
    let arrivals: Vec<_> =
        arrivals.map(|it| json!([it["data"], it["action"], it["held"]])).collect();
    assert_eq!(
        arrivals,
        [
            json!(["first", "hold", 1]),
            json!(["second", "hold", 2]),
            json!(["third", "hold", 3]),
            json!(["fourth", "hold", 4]),
        ]
    );
    assert_eq!(decisions(&events), expected());
    assert!(events.iter().all(|it| it["event"] != "held" || it["direction"] == "client"));
    outcome
        .code(0)
        .stderr_contains("held message 1 from the client: dropped after ")
        .stderr_contains("held message 2 from the client: edited, delivered after ")
        .stderr_contains(" → changed\n")
        .stderr_contains("held message 3 from the client: delivered after ")
        .stderr_contains("held message 4 from the client: not delivered, held for ");
}

#[test]
fn recordings_have_what_was_delivered_of_the_server() {
    let files = ["--record", "x.ndjson", "--record", "x.har", "--record", "x.wscope"];
    let (outcome, _) = decide(&files, "server");
    let view = wscope().arg("view").arg(outcome.path("x.ndjson")).arg("--json").run().code(0);
    assert_eq!(decisions(&view.json_lines()), expected());
    let view = wscope().arg("view").arg(outcome.path("x.ndjson")).run().code(0);
    view.stderr_contains("held message 2 from the server: edited, delivered after ");
    let har: Value = serde_json::from_slice(&outcome.file("x.har")).expect("JSON");
    let messages = har["log"]["entries"][0]["_webSocketMessages"].as_array().expect("messages");
    let data: Vec<_> = messages.iter().map(|it| json!([it["type"], it["data"]])).collect();
    assert_eq!(data, [json!(["receive", "changed"]), json!(["receive", "third"])]);
    let scenario = String::from_utf8(outcome.file("x.wscope")).expect("UTF-8");
    let steps: Vec<_> = scenario.lines().filter(|line| line.starts_with('<')).collect();
    let sent = ["< first", "< second", "< third", "< fourth"];
    assert!(steps.starts_with(&sent), "as the server sent it: {scenario}");
    let diff = wscope().arg("diff").arg(outcome.path("x.ndjson")).arg(outcome.path("x.har"));
    diff.run().code(0);
}

#[test]
fn a_scenario_has_what_was_delivered_of_the_client() {
    let (outcome, _) = decide(&["--record", "x.wscope"], "client");
    let scenario = String::from_utf8(outcome.file("x.wscope")).expect("UTF-8");
    let steps: Vec<_> = scenario.lines().filter(|line| line.starts_with('>')).collect();
    assert!(matches!(steps[..], ["> changed", "> third", "> close:1001"]), "{scenario}");
}

/// What waits for its time before it is delivered with it.
#[test]
fn what_is_let_go_is_delivered_at_the_end_behind_what_waits_for_its_time() {
    let rules = ["--rule", "client text:slow => delay 1h", "--rule", "client text:held => hold"];
    let proxied = proxy(&[&["--json"], &rules[..]].concat());
    let mut tab = proxied.page.tab();
    let (mut client, mut server) = proxied.open();
    client.send([masked(&text("slow")), masked(&text("held"))].concat());
    tab.wait(|state| state["held"] == 1);
    tab.ask("release", json!({"number": 1, "drop": false}));
    proxied.running.signal(rustix::process::Signal::INT);
    server.expect_text("slow");
    server.expect_text("held");
    let outcome = expect_end(proxied, client, server);
    let expected =
        [json!([null, "delivered", "slow", null]), json!([1, "delivered", "held", null])];
    assert_eq!(decisions(&outcome.json_lines()), expected);
}

#[test]
fn what_is_held_when_the_operator_closes_is_counted_as_not_delivered() {
    let proxied = proxy(&["--json", "--rule", "client text:held => hold"]);
    let mut tab = proxied.page.tab();
    let (mut client, mut server) = proxied.open();
    client.send(["held", "second", "third"].map(|words| masked(&text(words))).concat());
    tab.wait_for_messages(3);
    tab.ask("close", json!({"connection": 1, "to": "both", "code": 4001, "reason": ""}));
    server.expect_close(4001);
    client.expect_close(4001);
    client.close(4001, "");
    server.close(4001, "");
    client.expect_eof();
    server.expect_eof();
    proxied.running.signal(rustix::process::Signal::INT);
    let outcome = proxied.running.wait();
    let expected = [(Some(1), "held"), (None, "second"), (None, "third")];
    let expected = expected.map(|(number, data)| json!([number, "not_delivered", data, null]));
    assert_eq!(decisions(&outcome.json_lines()), expected);
    outcome.stderr_contains("not delivered to the server: 3 messages");
}

#[test]
fn a_close_frame_that_a_rule_drops_is_none_to_the_server() {
    let rules = ["--rule", "client text:held => hold", "--rule", "client close: => drop"];
    let mut proxied = proxy(&[&["--json"], &rules[..]].concat());
    let mut tab = proxied.page.tab();
    let (mut client, mut server) = proxied.open();
    client.send(masked(&text("held")));
    client.close(1000, "");
    proxied.running.wait_stderr("rule 2: drop");
    tab.wait(|state| state["held"] == 1);
    while tab.rows(false).iter().all(|row| row["type"] != "close") {
        tab.next();
    }
    tab.ask("send", message(Some(1), "server", "from the page"));
    server.expect_text("from the page");
    let outcome = end(proxied, client, server);
    assert!(!outcome.stderr.contains("has sent a Close frame"), "{}", outcome.stderr);
}

#[test]
fn what_was_released_stays_listed_while_it_waits_for_a_held_message() {
    let proxied = proxy(&["--rule", "client => hold"]);
    let mut tab = proxied.page.tab();
    let (mut client, mut server) = proxied.open();
    client.send([masked(&text("first")), masked(&text("second"))].concat());
    tab.wait(|state| state["held"] == 2);
    tab.ask("release", json!({"number": 2, "drop": false}));
    tab.wait(|state| state["held"] == 1);
    let list = tab.ask("held", json!({}))["list"].clone();
    let of = |at: usize| json!([list[at]["number"], list[at]["after"]]);
    assert_eq!([of(0), of(1)], [json!([1, null]), json!([2, 1])], "{list}");
    tab.ask("release", json!({"number": 1, "drop": false}));
    server.expect_text("first");
    server.expect_text("second");
    tab.wait(|state| state["held"] == 0);
    assert_eq!(tab.ask("held", json!({}))["list"], json!([]));
    end(proxied, client, server);
}
