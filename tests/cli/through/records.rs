//! `--record` of several connections, and the recordings viewed again.

use serde_json::{Value, json};

use super::{Proxied, leave, proxy};
use crate::support::{Outcome, binary, masked, text, wscope};

/// Two connections, the second opened while the first is.
fn exchange(options: &[&str]) -> Outcome {
    let mut proxy: Proxied = proxy(&[&["--json"], options].concat());
    let (mut one, mut server_of_one) = proxy.open_with("/one", &[], &[]);
    let (mut two, mut server_of_two) = proxy.open_with("/two", &[], &[]);
    super::deliver(&mut one, &mut server_of_one, &masked(&text("from one")));
    super::deliver(&mut two, &mut server_of_two, &masked(&text("from two")));
    super::deliver(&mut server_of_two, &mut two, &binary(b"to\x00two"));
    super::deliver(&mut server_of_one, &mut one, &text("to one"));
    leave(two, server_of_two);
    leave(one, server_of_one);
    proxy.event("close");
    proxy.event("close");
    proxy.stop()
}

#[test]
fn an_ndjson_recording_is_what_json_shows() {
    let outcome = exchange(&["--record", "x.ndjson"]);
    let recorded = String::from_utf8(outcome.file("x.ndjson")).expect("UTF-8");
    let sorted = |text: &str| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(sorted(&recorded), sorted(&outcome.stdout));
    let view = wscope().arg("view").arg(outcome.path("x.ndjson")).arg("--json");
    let viewed = view.run().code(0);
    assert_eq!(messages(&viewed.json_lines()), messages(&outcome.json_lines()));
}

/// What follows from something else, on another connection, comes behind it.
#[test]
fn events_of_all_connections_are_in_the_order_of_their_times() {
    let mut proxy: Proxied = proxy(&["--json", "--record", "x.ndjson"]);
    let mut pairs = [proxy.open(), proxy.open()];
    let expected: Vec<_> = (0..100).map(|number| number.to_string()).collect();
    for (number, payload) in expected.iter().enumerate() {
        let (client, server) = &mut pairs[number % 2];
        match number / 2 % 2 {
            0 => super::deliver(client, server, &masked(&text(payload))),
            _ => super::deliver(server, client, &text(payload)),
        }
    }
    for (client, server) in pairs {
        leave(client, server);
        proxy.event("close");
    }
    let outcome = proxy.stop();
    let recorded = outcome.file("x.ndjson");
    let recorded = String::from_utf8(recorded).expect("UTF-8");
    let recorded = recorded.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for events in [outcome.json_lines(), recorded] {
        let messages = events.iter().filter(|it| it["event"] == "message");
        let data: Vec<_> = messages.map(|it| it["data"].as_str().unwrap_or_default()).collect();
        assert_eq!(data, expected);
        let times = events.iter().map(|it| it["time"].as_str().expect("a time"));
        assert!(times.is_sorted(), "{}", outcome.stdout);
    }
}

/// Connection, direction and data of the messages, per connection.
fn messages(events: &[Value]) -> Vec<Value> {
    let of = |event: &Value| json!([event["connection"], event["direction"], event["data"]]);
    let mut list: Vec<_> = events.iter().filter(|it| it["event"] == "message").map(of).collect();
    list.sort_by_key(ToString::to_string);
    list
}

#[test]
fn a_har_has_an_entry_a_connection() {
    let outcome = exchange(&["--record", "x.har"]);
    let har: Value = serde_json::from_slice(&outcome.file("x.har")).expect("JSON");
    let entries = har["log"]["entries"].as_array().expect("entries");
    let of = |entry: &Value| {
        let messages = entry["_webSocketMessages"].as_array().expect("messages").iter();
        let messages: Vec<_> =
            messages.map(|it| json!([it["type"], it["opcode"], it["data"]])).collect();
        let url = entry["request"]["url"].as_str().unwrap_or_default();
        json!([url.rsplit('/').next(), entry["_resourceType"], messages])
    };
    let mut list: Vec<_> = entries.iter().map(of).collect();
    list.sort_by_key(ToString::to_string);
    assert_eq!(
        list,
        [
            json!(["one", "websocket", [["send", 1, "from one"], ["receive", 1, "to one"]]]),
            json!(["two", "websocket", [["send", 1, "from two"], ["receive", 2, "dG8AdHdv"]]]),
        ]
    );
    let view = wscope().arg("view").arg(outcome.path("x.har")).arg("--json").run().code(0);
    let data: Vec<_> = view
        .json_lines()
        .iter()
        .filter(|it| it["event"] == "message")
        .map(|it| it["data"].clone())
        .collect();
    assert_eq!(data.len(), 4, "{data:?}");
}

/// It is recorded when it is received: the end says that it did not arrive, in each form of the recording.
#[cfg(unix)]
#[test]
fn what_latency_kept_from_a_client_that_has_gone_is_in_the_end() {
    let records = ["--record", "x.ndjson", "--record", "x.har"];
    let mut proxy = proxy(&[&["--json", "--latency", "1h"], &records[..]].concat());
    let (mut client, mut server) = proxy.open();
    server.send([text("a"), text("b")].concat());
    proxy.event("message");
    proxy.event("message");
    client.reset();
    let outcome = proxy.stop();
    let events = outcome.json_lines();
    let lost = json!({"server": {"bytes_at_least": 6}});
    let of = |event: &Value| {
        json!([event["event"], event["data"], event["delivered"], event["undelivered"]])
    };
    let expected = [
        json!(["open", null, null, null]),
        json!(["message", "a", null, null]),
        json!(["message", "b", null, null]),
        json!(["close", null, null, lost]),
    ];
    let of_connection = events.iter().filter(|event| event["connection"] == 1);
    assert_eq!(of_connection.map(of).collect::<Vec<_>>(), expected);
    let har: Value = serde_json::from_slice(&outcome.file("x.har")).expect("JSON");
    let close = &har["log"]["entries"][0]["_webSocketClose"];
    assert_eq!(close["_wscope"]["undelivered"], lost, "{close}");
    // The lines, the HAR, and a HAR of the lines.
    let view = |name: &str, args: &[&str]| {
        let view = wscope().arg("view").arg(outcome.path(name)).args(args);
        view.run().code(0).json_lines()
    };
    let views = [
        ("x.ndjson", "y.har"),
        ("x.har", "y.wscope"),
        ("y.har", "z.ndjson"),
        ("z.ndjson", "z.wscope"),
    ];
    for (name, record) in views {
        let to = outcome.path(record);
        view(name, &["-q", "--record", to.to_str().expect("UTF-8")]);
        let events = view(name, &["--json"]);
        assert_eq!(events.iter().map(of).collect::<Vec<_>>(), expected, "{name}");
    }
    let scenarios = ["y.wscope", "z.wscope"].map(|name| outcome.file(name));
    assert_eq!(scenarios[0], scenarios[1]);
    drop(server);
}

#[test]
fn a_scenario_has_both_connections() {
    let outcome = exchange(&["--record", "x.wscope"]);
    let scenario = String::from_utf8(outcome.file("x.wscope")).expect("UTF-8");
    for line in ["/one", "/two", "> from one", "< to one", "> from two"] {
        assert!(scenario.contains(line), "{line}: {scenario}");
    }
}
