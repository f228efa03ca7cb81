//! Recordings of what waited in the proxy, or did not reach the client: a HAR has what the server sent as it was delivered, and
//! when, a scenario as it was sent.

use serde_json::{Value, json};

use super::{Proxied, proxy};
use crate::support::{Outcome, Peer, binary, masked, ping, text, wscope};

/// A proxy that delays a message of the server for longer than any test runs, with others that wait behind it: their events.
fn waiting(options: &[&str]) -> (Proxied, Peer, Peer) {
    let rules = ["--rule", "server text:slow => delay 1h", "--rule", "server text:x => replace y"];
    let records = ["--record", "x.ndjson", "--record", "x.har", "--record", "x.wscope"];
    let mut proxy = proxy(&[&["--json"], &rules[..], &records, options].concat());
    let (mut client, mut server) = proxy.open();
    super::deliver(&mut server, &mut client, &text("before"));
    server.send([text("slow"), binary(b"\0"), text("x"), ping(b"p")].concat());
    proxy.event("ping");
    super::deliver(&mut client, &mut server, &masked(&text("meanwhile")));
    (proxy, client, server)
}

/// What HARs have, and scenarios: the messages in their order.
#[track_caller]
fn assert_recorded(outcome: &Outcome, messages: &[(&str, &str)], expected_steps: &[&str]) {
    for converted in ["x.har", "y.har"] {
        let har: Value = serde_json::from_slice(&outcome.file(converted)).expect("JSON");
        let entry = &har["log"]["entries"][0];
        let of = |it: &Value| json!([it["type"], it["data"]]);
        let list: Vec<_> =
            entry["_webSocketMessages"].as_array().expect("messages").iter().map(of).collect();
        let expected: Vec<_> = messages.iter().map(|(kind, data)| json!([kind, data])).collect();
        assert_eq!(list, expected, "{converted}");
    }
    for converted in ["x.wscope", "y.wscope"] {
        let scenario = String::from_utf8(outcome.file(converted)).expect("UTF-8");
        let steps = scenario.lines().filter(|line| line.starts_with(['>', '<']));
        let steps: Vec<_> = steps.filter(|line| !line.contains("close:")).collect();
        assert_eq!(steps, expected_steps, "{converted}: {scenario}");
    }
}

/// Converts the lines that were recorded, too.
fn convert(outcome: &Outcome) {
    let records = ["y.har", "y.wscope"].map(|name| outcome.path(name));
    let view = wscope().arg("view").arg(outcome.path("x.ndjson")).arg("-q");
    let view = records.iter().fold(view, |view, path| view.arg("--record").arg(path));
    view.run().code(0);
}

#[test]
fn what_waited_is_recorded_when_it_was_delivered() {
    let (proxy, mut client, mut server) = waiting(&[]);
    proxy.running.signal(crate::support::Signal::TERM);
    client.expect_text("slow");
    client.read_exact(binary(b"\0").len());
    client.expect_text("y");
    client.expect_ping(b"p");
    client.expect_close(1001);
    // What comes behind the Close frame of the proxy is shown, and not delivered.
    server.expect_close(1001);
    server.send(text("late"));
    server.close(1001, "");
    client.close(1001, "");
    client.expect_eof();
    let outcome = proxy.running.wait().code(0);
    convert(&outcome);
    let messages = [
        ("receive", "before"),
        ("send", "meanwhile"),
        ("receive", "slow"),
        ("receive", "AA=="),
        ("receive", "y"),
    ];
    // The server sent the rest before it received what the client sent meanwhile.
    let steps = ["< before", "< slow", "< hex:00", "< x", "> meanwhile", "< late"];
    assert_recorded(&outcome, &messages, &steps);
    let held: Vec<_> = outcome
        .json_lines()
        .iter()
        .filter(|it| it["event"] == "held")
        .map(|it| json!([it["direction"], it["number"], it["outcome"], it["type"]]))
        .collect();
    assert_eq!(
        held,
        [
            json!(["server", null, "delivered", "text"]),
            json!(["server", null, "delivered", "binary"]),
            json!(["server", null, "edited", "text"]),
            json!(["server", null, "delivered", "ping"]),
        ]
    );
}

#[test]
fn what_still_waited_at_the_end_is_not_recorded_as_received() {
    let (mut proxy, mut client, mut server) = waiting(&["--once"]);
    client.reset();
    server.expect_reset(b"");
    proxy.event("close");
    let outcome = proxy.running.wait().code(6);
    convert(&outcome);
    let steps = ["< before", "< slow", "< hex:00", "< x", "> meanwhile"];
    assert_recorded(&outcome, &[("receive", "before"), ("send", "meanwhile")], &steps);
}

/// The last line of a recorded scenario.
#[track_caller]
fn last_step(outcome: &Outcome) -> String {
    let scenario = String::from_utf8(outcome.file("x.wscope")).expect("UTF-8");
    scenario.trim_end().lines().last().unwrap_or_default().to_owned()
}

#[test]
fn an_end_without_close_frame_stays_so_though_the_proxy_ends_then() {
    let proxy = proxy(&["--record", "x.wscope"]);
    let (mut client, mut server) = proxy.open();
    server.eof();
    client.expect_eof();
    proxy.running.signal(crate::support::Signal::TERM);
    server.expect_close(1001);
    let outcome = proxy.running.wait().code(0);
    assert_eq!(last_step(&outcome), "< close:1006");
}

#[test]
fn a_close_frame_that_a_rule_replaced_is_in_a_scenario_as_the_server_sent_it() {
    let rule = ["--rule", "server close: => close 1011 bye"];
    let mut proxy = proxy(&[&["--json", "--once", "--record", "x.wscope"], &rule[..]].concat());
    let (mut client, mut server) = proxy.open();
    server.close(1000, "");
    assert_eq!(client.expect_close(1011), "bye");
    server.expect_close(1011);
    client.close(1011, "");
    client.expect_eof();
    let close = proxy.event("close");
    assert_eq!(close["not_delivered"], json!(["server"]), "{close}");
    let outcome = proxy.running.wait();
    assert_eq!(last_step(&outcome), "< close:1000");
}
