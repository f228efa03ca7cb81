//! `wscope view FILE --ui`.

use serde_json::json;

use super::Page;
use crate::support::{Signal, Wscope, wscope};

const EVENTS: &str = r#"{"event":"open","time":"2026-01-02T03:04:05.000000Z","elapsed_ms":1,"url":"ws://h/?token=hunter2secret","status":101}
{"event":"message","time":"2026-01-02T03:04:06.000000Z","elapsed_ms":1001,"direction":"sent","type":"text","data":"question","size":8}
{"event":"message","time":"2026-01-02T03:04:07.000000Z","elapsed_ms":2001,"direction":"received","type":"text","data":"answer","size":6}
{"event":"close","time":"2026-01-02T03:04:08.000000Z","elapsed_ms":3001,"code":1000,"name":"Normal Closure","reason":"","was_clean":true,"initiator":"peer"}
"#;

fn view(events: &str) -> Wscope {
    wscope().file("x.ndjson", events).args(["view", "x.ndjson", "--ui"]).stdin_null()
}

#[test]
fn a_recording_is_shown_until_a_signal_ends_the_run() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut running = view(EVENTS).spawn();
        let mut tab = Page::of(&mut running).tab();
        let hello = tab.ask("hello", json!({}));
        assert_eq!(
            (hello["mode"].as_str(), hello["title"].as_str()),
            (Some("view"), Some("view x.ndjson"))
        );
        assert_eq!(hello["can"]["send"], json!([]));
        let state = tab.wait(|state| state["phase"] == "ended");
        assert_eq!(state["why"], "the recording has been read");
        let messages = tab.messages();
        let expected = [("out", "question"), ("in", "answer")];
        assert_eq!(messages, expected.map(|(one, other)| (one.to_owned(), other.to_owned())));
        let rows = json!(tab.rows(false)).to_string();
        assert!(!rows.contains("hunter2secret"), "{rows}");
        let refused = tab.refused("send", super::message(None, "server", "x"));
        assert_eq!(refused, "this is a recording: there is no connection");
        running.signal(signal);
        tab.expect_close(1001);
        running.wait().code(0).stdout("");
    }
}

#[test]
fn what_is_not_a_recording_has_no_page() {
    for (name, content, expected) in [
        (
            "x.wscope",
            "WS ws://h/\n> a\n",
            "x.wscope: it looks like a scenario\nhint: 'wscope check x.wscope' runs scenarios\n",
        ),
        ("x.ndjson", "nothing of the kind", "x.ndjson:"),
    ] {
        let view = wscope().file(name, content).args(["view", name, "--ui"]).stdin_null();
        let outcome = view.run().code(2);
        let start = format!("wscope: cannot read the recording: {expected}");
        assert!(outcome.stderr.starts_with(&start), "{}", outcome.stderr);
    }
}

#[test]
fn what_is_asked_for_is_shown_beside_the_page() {
    let mut running = view(EVENTS).arg("--json").spawn();
    let mut tab = Page::of(&mut running).tab();
    tab.wait(|state| state["phase"] == "ended");
    assert!(running.read_stdout_line().starts_with("{\"event\":\"open\""));
    running.signal(Signal::INT);
    let outcome = running.wait().code(0);
    assert_eq!(outcome.stdout.lines().count(), 4);
}

#[test]
fn a_recording_that_was_cut_says_so() {
    let cut = &EVENTS[..EVENTS.len() - 40];
    let mut running = view(cut).spawn();
    let mut tab = Page::of(&mut running).tab();
    let state = tab.wait(|state| state["phase"] == "ended");
    assert!(state["recorded_end"].as_str().is_some_and(|text| text.contains("cut")), "{state}");
    running.signal(Signal::INT);
    running.wait().code(0);
}

#[test]
fn lines_that_are_wrong_are_told_of_before_the_end() {
    let mut running = view(&format!("{EVENTS}no event\n")).spawn();
    let mut tab = Page::of(&mut running).tab();
    let state = tab.wait(|state| state["phase"] == "ended");
    assert!(
        state["recorded_end"].as_str().is_some_and(|it| it.contains("x.ndjson:5:1")),
        "{state}"
    );
    running.wait_stderr("x.ndjson:5:1");
    running.signal(Signal::INT);
    running.wait().code(2);
}

#[test]
fn a_recording_can_be_converted_beside_the_page() {
    let mut running = view(EVENTS).args(["--record", "y.har"]).spawn();
    let mut tab = Page::of(&mut running).tab();
    tab.wait(|state| state["phase"] == "ended");
    running.signal(Signal::INT);
    let outcome = running.wait().code(0);
    let har = String::from_utf8(outcome.file("y.har")).expect("UTF-8");
    assert!(har.contains("question") && har.trim_end().ends_with('}'), "{har}");
}

#[test]
fn the_runs_of_a_recording_are_told_apart() {
    let later = EVENTS.replace("T03:", "T04:");
    let mut running = view(&format!("{EVENTS}{later}")).spawn();
    let mut tab = Page::of(&mut running).tab();
    tab.wait(|state| state["phase"] == "ended");
    let rows = tab.rows(false);
    let numbers: Vec<_> = rows.iter().map(|row| row["connection"].clone()).collect();
    assert_eq!(json!(numbers), json!([1, 1, 1, 1, 2, 2, 2, 2]));
    assert_eq!(
        (&rows[4]["delta_ms"], &rows[4]["elapsed_ms"]),
        (&json!(3_597e3), &json!(3_600_001.0))
    );
    running.signal(Signal::INT);
    running.wait().code(0);
}
