//! Of many events the first and the last ones are kept, and all reports say how many are missing between.

use super::{check, report, reporting};
use crate::support::{Outcome, Server, text};

const MESSAGES: usize = 5000;

/// A run in which many messages come before the one that fails.
fn flooded(args: &[&str]) -> Outcome {
    let server = Server::script(|peer| {
        peer.accept_request();
        let messages = (0..MESSAGES).flat_map(|number| text(&format!("message {number}.")));
        peer.send(messages.collect::<Vec<_>>());
        peer.send(text("the last one"));
        peer.answer_close(1000);
    });
    let scenario = "WS {{url}}\n< the last one\n[Asserts]\nsize == 1\n";
    reporting(check(&server, scenario, args)).run().code(1)
}

#[test]
fn the_first_and_the_last_events_are_in_all_reports() {
    let outcome = flooded(&[]);
    let json: serde_json::Value = serde_json::from_str(&report(&outcome, "json")).expect("JSON");
    let part = &json["files"][0]["parts"][0];
    let connection = &part["connections"][0];
    let events = connection["events"].as_array().expect("events");
    let before = connection["events_before_omitted"].as_u64().expect("a number") as usize;
    let omitted = part["events_omitted"].as_u64().expect("a number");
    assert!(omitted > 3000 && (900..=1000).contains(&before), "{omitted} {before}");
    let number = |event: &serde_json::Value| -> Option<u64> {
        event["data"].as_str()?.strip_prefix("message ")?.strip_suffix('.')?.parse().ok()
    };
    let (last, next) = (number(&events[before - 1]), number(&events[before]));
    assert_eq!(next.zip(last).map(|(next, last)| next - last), Some(omitted + 1));
    let is_last = |event: &serde_json::Value| event["data"] == "the last one";
    assert!(events.iter().any(is_last) && events.last().is_some_and(|it| it["event"] == "close"));
    let gap = format!("{omitted} events left out here");
    // A page has the events twice: as they are read, and for its viewer.
    for (kind, times) in [("junit", 1), ("html", 2)] {
        let text = report(&outcome, kind);
        let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part} is not in {kind}"));
        let (before, after) = (last.expect("a message"), next.expect("a message"));
        let [before, after] = [before, after].map(|number| at(&format!("message {number}.")));
        assert!((before..after).contains(&at(&gap)), "{kind}");
        assert_eq!(text.matches(&gap).count(), times, "{kind}");
    }
}

/// What is shown as it happens has no gap; what is shown of several files at once, after each, has one.
#[test]
fn live_transcripts_have_no_gap() {
    let outcome = flooded(&["-v"]);
    assert!(!outcome.stdout.contains("left out here"));
    assert_eq!(outcome.stdout.matches("message 2500.").count(), 1);
    let outcome = flooded(&["-v", "--jobs", "2"]);
    assert_eq!(outcome.stdout.matches(" events left out here)\n").count(), 1);
    assert_eq!(outcome.stdout.matches("< the last one\n").count(), 1);
    assert!(!outcome.stdout.contains("message 2500."));
}
