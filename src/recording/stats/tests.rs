//! Statistics of small recordings.

use std::ops::ControlFlow;

use super::*;
use crate::recording::reader::{Limits, read};

fn statistics(lines: &[&str]) -> Statistics {
    let mut statistics = Statistics::default();
    let result = read("x", lines.join("\n").as_bytes(), &Limits::default(), &mut |event| {
        statistics.add(&event);
        ControlFlow::Continue(())
    });
    assert!(result.is_ok(), "{result:?}");
    statistics
}

fn message(ms: f64, direction: &str, data: &str) -> String {
    let data = serde_json::Value::from(data);
    format!(
        "{{\"event\":\"message\",\"elapsed_ms\":{ms},\"direction\":\"{direction}\",\"type\":\"text\",\
         \"data\":{data},\"wire_size\":4,\"compressed\":true}}"
    )
}

#[test]
fn messages_are_counted_for_each_direction() {
    let lines = [
        r#"{"event":"open","url":"ws://a/","elapsed_ms":0}"#.to_owned(),
        message(100.0, "sent", r#"{"id":1,"method":"a"}"#),
        message(150.0, "received", r#"{"id":1,"result":2}"#),
        message(200.0, "received", "abc"),
        message(1900.0, "received", ""),
        r#"{"event":"pong","elapsed_ms":2000,"direction":"received","rtt_ms":7}"#.to_owned(),
        r#"{"event":"close","elapsed_ms":2000,"code":1000,"was_clean":true}"#.to_owned(),
        r#"{"event":"error","elapsed_ms":2500,"kind":"local","message":"m"}"#.to_owned(),
    ];
    let found = statistics(&lines.each_ref().map(String::as_str));
    let Stats { received, sent, latency, rtt, .. } = &found.total;
    assert_eq!((received.messages, received.bytes, received.peak), (3, 22, 2));
    assert_eq!((received.sizes.min(), received.sizes.max()), (0, 19));
    assert_eq!((received.gaps.count(), received.gaps.min()), (2, 50_000));
    assert_eq!((sent.messages, sent.bytes, sent.gaps.count()), (1, 21, 0));
    assert_eq!((latency.count(), latency.max()), (1, 50_000));
    assert_eq!((rtt.count(), rtt.max()), (1, 7000));
    assert_eq!(received.packed, Packed { messages: 3, bytes: 22, wire_bytes: 12 });
    assert_eq!(found.total.duration, Duration::from_millis(2500));
    assert_eq!(found.total.closes, BTreeMap::from([(1000, 1)]));
    assert_eq!(found.total.failures, [(FailureKind::Local, 1, "m".to_owned())]);
    assert_eq!((found.count, found.connections.len()), (1, 1));
    assert_eq!(found.connections[0].url, "ws://a/");
    assert_eq!(found.connections[0].stats.received.messages, 3);
}

#[test]
fn connections_are_told_apart_by_number_and_by_their_opening() {
    let open = |number: &str| format!("{{\"event\":\"open\",\"url\":\"ws://a\"{number}}}");
    let ping = |number: &str| format!("{{\"event\":\"ping\",\"direction\":\"sent\"{number}}}");
    let lines = [
        r#"{"event":"retry","attempt":1,"delay_ms":1}"#.to_owned(),
        open(""),
        ping(""),
        open(""),
        open(r#","connection":5"#),
        open(r#","connection":6"#),
        ping(r#","connection":5"#),
        ping(""),
        ping(""),
    ];
    let found = statistics(&lines.each_ref().map(String::as_str));
    let pings = found.connections.iter().map(|it| (it.number, it.stats.pings));
    let pings: Vec<_> = pings.collect();
    assert_eq!(pings, [(None, 1), (None, 2), (Some(5), 1), (Some(6), 0)]);
    assert_eq!((found.count, found.total.pings), (4, 4));
    let labels: Vec<_> = found.connections.iter().map(|it| &*it.label).collect();
    assert_eq!(labels, ["1", "2", "5", "6"]);
}

/// Runs that were added to a file have the same numbers again.
#[test]
fn connections_have_the_names_that_entry_takes_and_urls_also_if_they_failed() {
    let failed =
        r#"{"event":"error","kind":"connect","message":"m","url":"ws://b","connection":1}"#;
    let lines = [r#"{"event":"open","url":"ws://a","connection":1}"#, failed, failed];
    let connections = statistics(&lines).connections;
    let found: Vec<_> = connections.iter().map(|it| (&*it.label, &*it.url)).collect();
    assert_eq!(found, [("1", "ws://a"), ("1.2", "ws://b"), ("1.3", "ws://b")]);
}

#[test]
fn connections_beyond_the_limit_are_counted_together() {
    let mut statistics = Statistics::default();
    let line =
        |number| format!("{{\"event\":\"ping\",\"direction\":\"sent\",\"connection\":{number}}}\n");
    let lines: String = (0..3000).map(|number| line(number).repeat(2)).collect();
    let _ = read("x", lines.as_bytes(), &Limits::default(), &mut |event| {
        statistics.add(&event);
        ControlFlow::Continue(())
    });
    assert_eq!((statistics.count, statistics.total.pings), (3000, 6000));
    assert_eq!(statistics.connections.len(), MAX_CONNECTIONS);
}

#[test]
fn time_may_stand_still_and_run_backwards() {
    for times in [[5.0, 5.0, 5.0], [5.0, 3.0, 1.0], [0.0, 1e15, 0.0], [9.0, 1.0, 2.0]] {
        let lines = times.map(|ms| message(ms, "received", "a"));
        let found = statistics(&lines.each_ref().map(String::as_str));
        assert_eq!((found.total.received.messages, found.total.received.peak > 0), (3, true));
    }
    assert_eq!(statistics(&[r#"{"event":"x"}"#]).total.duration, Duration::ZERO);
    let began_again = [4.0, 9.0, 1.0, 3.0].map(|ms| message(ms, "received", "a"));
    let found = statistics(&began_again.each_ref().map(String::as_str));
    assert_eq!(found.total.duration, Duration::from_millis(7));
    assert_eq!(found.total.received.gaps.count(), 2);
}

#[test]
fn time_that_two_runs_have_covered_is_counted_once() {
    let event = |(second, elapsed): (u32, u32)| {
        format!(
            r#"{{"event":"ping","direction":"sent","time":"2026-01-02T03:04:{second:02}Z","elapsed_ms":{elapsed}}}"#
        )
    };
    for (events, expected) in [
        // The same period twice.
        (&[(0, 0), (20, 20_000), (0, 0), (20, 20_000)][..], 20),
        // The second run began within the first, and outlasted it.
        (&[(0, 0), (20, 20_000), (10, 0), (15, 5000), (25, 15_000), (26, 16_000)], 26),
        // It began later: what was between them does not count.
        (&[(0, 0), (20, 20_000), (30, 0), (35, 5000)], 25),
        // Three runs.
        (&[(0, 0), (9, 9000), (0, 0), (9, 9000), (5, 0), (12, 7000)], 12),
        // The clock was set back while it was recorded.
        (&[(20, 0), (30, 10_000), (5, 20_000)], 20),
    ] {
        let lines: Vec<_> = events.iter().copied().map(event).collect();
        let found = statistics(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(found.total.duration, Duration::from_secs(expected), "{events:?}");
    }
}
