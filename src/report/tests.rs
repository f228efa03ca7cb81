use std::time::{Duration, SystemTime};

use super::github::annotations;
use super::{Run, json::json, junit::junit, tap::tap, text};
use crate::output::style::Style;
use crate::scenario::outcome::{
    Failure, FileOutcome, Outcome, PartOutcome, ShownMessage, StepOutcome, Transcript,
    TranscriptEvent, Warning,
};

fn part(title: &str, outcome: Outcome) -> PartOutcome {
    PartOutcome {
        title: title.to_owned(),
        line: 3,
        outcome,
        duration: Duration::from_millis(1500),
        steps: vec![StepOutcome {
            line: 4,
            text: "< {\"a\":1}".to_owned(),
            kind: "receive",
            outcome,
            duration: Duration::from_micros(1234),
            passed_over: 0,
        }],
        failure: None,
        interruption: None,
        warnings: Vec::new(),
        transcript: Transcript::default(),
    }
}

fn message(kind: &'static str, start: &str) -> ShownMessage {
    ShownMessage { kind, start: start.to_owned(), size: start.len(), is_cut: false }
}

/// A file in which one part passed, one failed with hostile text, and one was skipped.
pub(super) fn files() -> Vec<FileOutcome> {
    let failure = Failure {
        kind: "timeout",
        line: 4,
        column: 1,
        message: "no match within 5s".to_owned(),
        excerpt: "\n  < {\"a\":1}\n  ^^^^^^^^^".to_owned(),
        expected: Some("a message that contains {\"a\":1}".to_owned()),
        actual: None,
        received: vec![message("text", "{\"a\":2}"), message("text", "]]>&\"\u{1b}[2J\u{0}<")],
        omitted: 3,
        closest: Some((message("text", "{\"a\":2}"), "at $.a expected 1, got 2".to_owned())),
        notes: vec!["the connection is open".to_owned()],
    };
    let event = TranscriptEvent {
        time: String::new(),
        connection: Some("alice".to_owned()),
        at: Duration::ZERO,
        text: "< hi\u{1b}\n".to_owned(),
        json: r#"{"event":"message","data":"hi"}"#.to_owned(),
    };
    let failed = PartOutcome {
        failure: Some(failure),
        transcript: Transcript { events: vec![event], omitted: 2, first: 1 },
        warnings: vec![Warning { line: 4, text: "the peer did not answer our Close".to_owned() }],
        ..part("b <&> #1", Outcome::Failed)
    };
    let parts = vec![part("a", Outcome::Passed), failed, part("c", Outcome::Skipped)];
    vec![FileOutcome { file: "x.wscope".to_owned(), parts, duration: Duration::from_secs(3) }]
}

fn run(files: &[FileOutcome]) -> Run<'_> {
    let (took, ended) = (Duration::from_millis(40), SystemTime::UNIX_EPOCH);
    Run { files, took, ended, is_interrupted: false }
}

/// Scenario language, section 5: "A failure shows `FILE:LINE`, …", "Last line: `N files, N parts: …`".
#[test]
fn a_failure_is_shown_with_all_that_is_known() {
    let text = text::file(&files()[0], Style::plain(), None);
    let expected = "\
failed x.wscope (3 parts, 3 steps, 3 s)

failed: b <&> #1
x.wscope:4:1: no match within 5s
  < {\"a\":1}
  ^^^^^^^^^
  expected  a message that contains {\"a\":1}
  closest   {\"a\":2}
  differs   at $.a expected 1, got 2
  received  (3 earlier messages)
            {\"a\":2}
            ]]>&\"\\e[2J\\x00<
            the connection is open
";
    assert_eq!(text, expected);
    let warnings = text::warnings(&files()[0], Style::plain(), None);
    assert_eq!(warnings, "warning: x.wscope:4: the peer did not answer our Close\n");
    let summary = text::summary(&files(), Duration::from_millis(40), None);
    assert_eq!(summary, "1 file, 3 parts: 1 passed, 1 failed, 1 skipped, 40 ms\n");
}

#[test]
fn an_interruption_is_shown_where_it_was_and_is_no_failure() {
    let failure = files().remove(0).parts.remove(1).failure.expect("a failure");
    let interruption = Failure { kind: "interrupted", omitted: 0, notes: Vec::new(), ..failure };
    let cut = PartOutcome {
        interruption: Some(Failure { closest: None, received: Vec::new(), ..interruption }),
        ..part("b", Outcome::Skipped)
    };
    let not_run = PartOutcome { steps: Vec::new(), ..part("c", Outcome::Skipped) };
    let file = |parts| FileOutcome {
        file: "x.wscope".to_owned(),
        parts,
        duration: Duration::from_secs(3),
    };
    let files = [file(vec![part("a", Outcome::Passed), cut, not_run.clone()])];
    let expected = "\
interrupted x.wscope (3 parts, 2 steps, 3 s)

interrupted: b
x.wscope:4:1: no match within 5s
  < {\"a\":1}
  ^^^^^^^^^
  expected  a message that contains {\"a\":1}
";
    assert_eq!(text::file(&files[0], Style::plain(), None), expected);
    assert_eq!(annotations(&files[0]), "");
    assert!(junit(&files).contains("<skipped message=\"interrupted at line 4\"/>"));
    assert!(tap(&run(&files)).contains("ok 2 - x.wscope: b # SKIP interrupted at line 4\nok 3"));
    let value: serde_json::Value = serde_json::from_str(&json(&run(&files))).expect("JSON");
    assert_eq!(value["files"][0]["outcome"], "skipped");
    assert_eq!(value["files"][0]["parts"][1]["interruption"]["type"], "interrupted");
    let never_begun = file(vec![not_run.clone(), not_run]);
    assert!(text::file(&never_begun, Style::plain(), None).starts_with("skipped x.wscope"));
}

/// Scenario language, section 5: "JUnit: one `testsuite` a file, one `testcase` a part …".
#[test]
fn junit_is_well_formed_whatever_was_received() {
    let xml = junit(&files());
    assert!(!xml.contains('\u{1b}') && !xml.contains('\0'), "{xml}");
    for part in [
        "<testsuite name=\"x.wscope\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"3.000\">",
        "name=\"b &lt;&amp;&gt; #1\" classname=\"x.wscope\" file=\"x.wscope\" line=\"3\" time=\"1.500\">",
        "<failure type=\"timeout\" message=\"line 4: &lt; {&quot;a&quot;:1}: at $.a expected 1, got 2; no match within \
         5s\">x.wscope:4:1: no match",
        "<skipped/>",
        "<system-out>warning: line 4: the peer did not answer our Close&#10;alice &lt; hi\u{fffd}&#10;(2 events left",
    ] {
        assert!(xml.contains(part), "{part}\n{xml}");
    }
    let count = |text: &str| xml.matches(text).count();
    assert_eq!(count("<testcase"), count("</testcase>") + count("/>\n") - count("<skipped/>"));
}

/// Scenario language, section 5: "TAP version 14".
#[test]
fn tap_numbers_the_parts_and_escapes() {
    let text = tap(&run(&files()));
    let expected = r##"TAP version 14
1..3
ok 1 - x.wscope: a
not ok 2 - x.wscope: b <&> \#1
  ---
  message: "line 4: < {\"a\":1}: at $.a expected 1, got 2; no match within 5s"
  type: timeout
  file: "x.wscope"
  line: 4
  column: 1
  duration_s: 1.500
  expected: "a message that contains {\"a\":1}"
  closest: "{\"a\":2}"
  difference: "at $.a expected 1, got 2"
  received_omitted: 3
  received:
    - "{\"a\":2}"
"##;
    assert!(text.starts_with(expected), "{text}");
    assert!(text.ends_with("  ...\nok 3 - x.wscope: c # SKIP\n"), "{text}");
}

/// Scenario language, section 5: "JSON: `{"files":[…],"summary":{…}}`".
#[test]
fn json_has_events_by_connection() {
    let value: serde_json::Value = serde_json::from_str(&json(&run(&files()))).expect("JSON");
    let part = &value["files"][0]["parts"][1];
    assert_eq!(part["failure"]["received"][0]["data"], "{\"a\":2}");
    assert_eq!(part["failure"]["closest"]["difference"], "at $.a expected 1, got 2");
    assert_eq!(part["connections"][0]["name"], "alice");
    assert_eq!(part["connections"][0]["events"][0]["event"], "message");
    assert_eq!(part["steps"][0]["duration_ms"], 1.234);
    assert_eq!(value["summary"]["failed"], 1);
    assert_eq!(value["files"][0]["parts"][0]["failure"], serde_json::Value::Null);
}

#[test]
fn a_headline_has_the_step_and_what_is_wrong() {
    let failure = |kind, message: &str, expected: Option<&str>, actual: Option<&str>| Failure {
        kind,
        line: 9,
        message: message.to_owned(),
        excerpt: "\n  jsonpath \"$.a\" == 1\n  ^^^^".to_owned(),
        expected: expected.map(str::to_owned),
        actual: actual.map(str::to_owned),
        ..Failure::default()
    };
    let step = "line 9: jsonpath \"$.a\" == 1:";
    for (failure, what) in [
        (
            failure("assertion", "the assertion does not hold", Some("1"), Some("2")),
            "expected 1, got 2",
        ),
        (failure("timeout", "nothing matched", Some("a"), None), "nothing matched"),
        (
            failure("status", "it was accepted", Some("401"), Some("101")),
            "expected 401, got 101; it was accepted",
        ),
    ] {
        assert_eq!(text::headline(&failure), format!("{step} {what}"));
    }
    let long = Failure { excerpt: "x".repeat(200), message: "no".to_owned(), ..Failure::default() };
    assert_eq!(text::headline(&long), format!("line 0: {}…: no", "x".repeat(120)));
}

/// A terminal would break them inside of words.
#[test]
fn lines_are_wrapped_between_words_but_for_that_of_the_file() {
    let mut outcome = files().remove(0);
    let failure = outcome.parts[1].failure.as_mut().expect("a failure");
    failure.excerpt = format!("\n  < {}\n  ^", "word ".repeat(20).trim_end());
    failure.notes =
        vec!["the connection ended, and the step had waited for a long time".to_owned()];
    let wrapped = text::file(&outcome, Style::plain(), Some(40));
    let is_of_file = |line: &str| line.starts_with("  < word");
    assert_eq!(wrapped.lines().filter(|line| is_of_file(line)).count(), 1, "{wrapped}");
    assert!(wrapped.lines().all(|line| line.len() <= 40 || is_of_file(line)), "{wrapped}");
    let note = "            the connection ended, and\n            the step had waited for a\n";
    assert!(wrapped.contains(note), "{wrapped}");
}
