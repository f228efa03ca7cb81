//! HARs of other programs and ours, shown again.

use crate::support::{Outcome, wscope};

fn fixture(name: &str) -> String {
    format!("{}/tests/data/har/{name}.har", env!("CARGO_MANIFEST_DIR"))
}

/// `wscope view` with this HAR as its standard input.
#[track_caller]
fn view(args: &[&str], har: impl Into<Vec<u8>>) -> Outcome {
    wscope().arg("view").args(args).arg("-").stdin_bytes(har).run()
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).expect("a fixture")
}

#[test]
fn what_a_browser_received_is_shown() {
    let outcome = wscope().args(["view", &fixture("chrome")]).stdin_null().run();
    outcome.stdout_contains("{\"op\":\"welcome\",\"to\":\"é 世界\"}\n");
    let outcome = wscope().args(["view", &fixture("playwright")]).stdin_null().run();
    outcome.stdout_bytes(b"\x01\x02\n");
}

#[test]
fn all_events_of_our_har_are_shown() {
    let events = view(&["--json"], read("wscope")).json_lines();
    let names: Vec<_> = events.iter().map(|it| it["event"].as_str().unwrap_or_default()).collect();
    assert_eq!(names, ["open", "message", "open", "message", "ping", "pong", "close", "error"]);
    let times: Vec<_> = events.iter().filter_map(|it| it["elapsed_ms"].as_f64()).collect();
    assert!(times.is_sorted() && times.len() == 8, "{times:?}");
    assert_eq!((&events[6]["connection"], &events[6]["code"]), (&2.into(), &1000.into()));
    assert_eq!((&events[7]["connection"], &events[7]["status"]), (&3.into(), &403.into()));
}

#[test]
fn a_har_that_was_not_closed_is_shown_with_a_warning() {
    let har = read("wscope");
    let end = har.windows(12).rposition(|it| it == b"{\"type\":\"rec").expect("a message");
    let outcome = view(&["--json"], &har[..end]);
    assert_eq!(outcome.json_lines().len(), 5);
    outcome.stderr_contains("standard input:6:").stderr_contains("the HAR is not closed");
}

#[test]
fn a_har_that_is_broken_is_an_error_behind_what_was_before() {
    let mut har = read("wscope");
    let at = har.windows(12).rposition(|it| it == b"{\"type\":\"rec").expect("a message");
    har[at] = b'!';
    let outcome = view(&["--json"], har).code(2);
    assert_eq!(outcome.json_lines().len(), 5);
    outcome.stderr_contains(":7:1: expected value");
}

#[test]
fn what_is_odd_in_a_har_is_named_with_its_place() {
    let outcome = view(&["--json"], read("odd"));
    assert_eq!(outcome.json_lines().len(), 7);
    outcome
        .stderr_contains(
            "standard input:8:73: entry 7: _webSocketMessages[2]: `data` is not base64",
        )
        .stderr_contains("entry 8: `startedDateTime` is not a date and time")
        .stderr_contains("connected to ws://x/, no subprotocol, no extensions\n")
        .stderr_contains("connected to an unknown URL, ");
}

#[test]
fn a_har_over_the_limit_is_refused() {
    let outcome = view(&["--max-size", "100"], read("chrome")).code(2);
    outcome.stderr_contains("the file is larger than 100 bytes").stderr_contains("--max-size");
}
