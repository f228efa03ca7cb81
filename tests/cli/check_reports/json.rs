//! JSON against its schema.

use super::{HOSTILE, HOSTILE_TITLE, check, hostile, report, reporting};
use crate::support::{Outcome, Server, TEXT, frame, text};
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("../../data/check-report.schema.json");
const EVENTS: &str = include_str!("../../data/events.schema.json");

#[track_caller]
fn valid(outcome: &Outcome) -> Value {
    let text = report(outcome, "json");
    assert!(text.ends_with("}\n") && text.matches('\n').count() == 1, "one line");
    assert!(!text.trim_end().contains(|c: char| c.is_control() || c == '\u{202e}'), "{text}");
    let report: Value = serde_json::from_str(&text).expect("JSON");
    let errors = errors(&report);
    assert!(errors.is_empty(), "{report:#}\n{}", errors.join("\n"));
    report
}

fn errors(report: &Value) -> Vec<String> {
    let parse = |text| serde_json::from_str::<Value>(text).expect("JSON");
    let registry = jsonschema::Registry::new()
        .add("https://wscope.invalid/events.schema.json", parse(EVENTS))
        .and_then(|registry| registry.prepare())
        .expect("a schema");
    let schema = parse(SCHEMA);
    let validator =
        jsonschema::options().with_registry(&registry).build(&schema).expect("a schema");
    validator
        .iter_errors(report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn outcomes(report: &Value) -> Vec<&str> {
    let parts = report["files"][0]["parts"].as_array().expect("parts");
    parts.iter().filter_map(|part| part["outcome"].as_str()).collect()
}

/// Scenario language, section 5: "JSON: …; events inside as in" the output of `--json`.
#[test]
fn a_report_with_hostile_messages_is_as_documented() {
    let report = valid(&hostile());
    assert_eq!(outcomes(&report), ["passed", "failed", "skipped"]);
    let expected = json!({
        "files": 1, "parts": 3, "passed": 1, "failed": 1, "skipped": 1, "interrupted": false,
        "duration_ms": &report["summary"]["duration_ms"],
    });
    assert_eq!(report["summary"], expected);
    let part = &report["files"][0]["parts"][1];
    assert_eq!(part["title"], HOSTILE_TITLE);
    let failure = &part["failure"];
    assert_eq!((&failure["line"], &failure["column"]), (&10.into(), &1.into()));
    assert_eq!(failure["expected"], "JSON that contains {\"a\":1}");
    let received = failure["received"].as_array().expect("messages");
    let texts: Vec<_> = received.iter().filter(|it| it["type"] == "text").collect();
    assert_eq!(texts.iter().map(|it| &it["data"]).collect::<Vec<_>>(), HOSTILE);
    assert_eq!(received[HOSTILE.len()]["data"], "00fffe3c623e");
    assert_eq!(failure["closest"]["difference"], "at $.a expected 1, got 2");
    let connection = &part["connections"][0];
    assert_eq!(connection["name"], "x");
    let events = connection["events"].as_array().expect("events");
    let is_received = |it: &&Value| it["type"] == "text" && it["direction"] == "received";
    let data: Vec<_> = events.iter().filter(is_received).map(|it| &it["data"]).collect();
    assert_eq!(data, HOSTILE);
    let kinds: Vec<_> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!((kinds.first(), kinds.last()), (Some(&"open"), Some(&"close")));
}

/// Scenario language, section 5: "JSON: `{"files":[{"file","outcome","duration_ms","parts":[…".
#[test]
fn members_come_in_the_documented_order() {
    let text = report(&hostile(), "json");
    for keys in [
        r#"{"files":[{"file":"s.wscope","outcome":"failed","duration_ms":"#,
        r#","parts":[{"title":"a","line":1,"outcome":"passed","duration_ms":"#,
        r#","steps":[{"line":2,"kind":"connect","outcome":"passed","duration_ms":"#,
        r#""failure":null,"connections":[{"name":null,"events":[{"event":"open","time":""#,
        r#""direction":"sent","type":"binary","encoding":"base64","data":"AP8K","size":3,"#,
        r#""failure":{"line":10,"column":1,"message":"nothing matched within 50 ms","expected":"#,
        r#""summary":{"files":1,"parts":3,"passed":1,"#,
    ] {
        assert!(text.contains(keys), "{keys}\nis not in\n{text}");
    }
}

#[test]
fn text_that_is_not_utf_8_is_reported_as_bytes() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(frame(true, 0, TEXT, b"caf\xe9"));
        peer.send(text("ok"));
        peer.read_until_eof();
    });
    let scenario = "WS {{url}}\n[Options]\nlenient: true\nclose-timeout: 50ms\n< ok\n";
    let report = valid(&reporting(check(&server, scenario, &[])).run());
    let events =
        report["files"][0]["parts"][0]["connections"][0]["events"].as_array().expect("events");
    assert!(
        events.iter().any(|event| event["data"] == "Y2Fm6Q==" || event["data"] == "caf\u{fffd}"),
        "{report:#}"
    );
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(frame(true, 0, TEXT, b"caf\xe9"));
        peer.read_until_eof();
    });
    let report = valid(
        &reporting(check(&server, "WS {{url}}\n[Options]\nclose-timeout: 50ms\n< ok\n", &[]))
            .run()
            .code(1),
    );
    assert_eq!(outcomes(&report), ["failed"]);
}

/// Scenario language, section 5: "in full up to 1 KiB each".
#[test]
fn long_messages_are_shortened_in_the_failure() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("é".repeat(3000).as_str()));
        peer.answer_close(1000);
    });
    let scenario = "WS {{url}}\n[Options]\ntimeout: 50ms\n< a\n";
    let report = valid(&reporting(check(&server, scenario, &[])).run().code(1));
    let message = &report["files"][0]["parts"][0]["failure"]["received"][0];
    assert_eq!((&message["size"], &message["truncated"]), (&6000.into(), &true.into()));
    let data = message["data"].as_str().expect("text");
    assert!(data.len() <= 1024 && data.chars().all(|c| c == 'é'), "{data}");
}

#[test]
fn the_schema_refuses_what_is_not_documented() {
    let report = valid(&hostile());
    for (pointer, wrong) in [
        ("/files/0/parts/1/failure", Value::Null),
        ("/files/0/parts/0/failure", report["files"][0]["parts"][1]["failure"].clone()),
        ("/files/0/parts/0/outcome", "unknown".into()),
        ("/files/0/parts/0/steps/0/kind", "x".into()),
        ("/files/0/parts/0/line", 0.into()),
        ("/files/0/parts/0/connections/0/events/0", json!({"event": "open"})),
        ("/summary", json!({})),
    ] {
        let mut report = report.clone();
        *report.pointer_mut(pointer).expect("a member") = wrong;
        assert!(!errors(&report).is_empty(), "{pointer}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_is_reported() {
    let report = valid(&super::interrupted());
    assert_eq!(outcomes(&report), ["skipped", "skipped"]);
    assert_eq!(report["summary"]["interrupted"], true);
    let steps = report["files"][0]["parts"][0]["steps"].as_array().expect("steps");
    assert!(!steps.is_empty(), "what ran is reported");
}
