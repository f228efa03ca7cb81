//! What is written is read back, and what other programs write is read.

mod dialects;
mod importer;
mod layout;
mod round_trip;
mod sessions;

use std::ops::ControlFlow;

use super::{HarWriter, read};
use crate::output::json::line;
use crate::recording::ndjson::parse_event;
use crate::recording::{Limits, ReadError, Recorded, Summary};

/// The events of a HAR, and how its reading ended.
fn read_all(har: &[u8]) -> (Vec<Recorded>, Result<Summary, ReadError>) {
    let mut events = Vec::new();
    let result = read("x.har", har, &Limits::default(), &mut |event| {
        events.push(event);
        ControlFlow::Continue(())
    });
    (events, result)
}

/// The events of a HAR without mistakes.
fn events(har: &[u8]) -> Vec<Recorded> {
    let (events, result) = read_all(har);
    assert_eq!(result.map(|summary| summary.warnings).map_err(|it| it.to_string()), Ok(vec![]));
    events
}

/// An event as it is in a recording of lines.
fn shown(event: &Recorded) -> String {
    String::from_utf8(event.with_event(line)).expect("UTF-8").trim_end().to_owned()
}

fn written(events: &[Recorded]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = HarWriter::new(std::env::temp_dir());
    for event in events {
        writer.event(event, &mut file).expect("a Vec");
    }
    writer.finish(&mut file).expect("a Vec");
    file
}

/// What a HAR of these lines has, as lines again.
fn through_a_har(lines: &[&str]) -> Vec<String> {
    let parse = |line: &&str| parse_event(line.as_bytes()).expect("an event").expect("a known one");
    let seen: Vec<_> = lines.iter().map(parse).flat_map(Recorded::seen_in_har).collect();
    events(&written(&seen)).iter().map(shown).collect()
}

const TIMES: [&str; 3] = [
    r#""time":"2026-01-01T00:16:40.000000Z","elapsed_ms":1000000.000"#,
    r#""time":"2026-01-01T00:16:41.500000Z","elapsed_ms":1001500.001"#,
    r#""time":"2026-01-01T00:16:42.000000Z","elapsed_ms":1002000.000"#,
];

#[test]
fn a_har_of_a_proxy_keeps_who_ended_and_who_sent() {
    let [first, second, third] = TIMES;
    let lines = [
        format!(
            r#"{{"event":"open",{first},"connection":1,"url":"ws://h/","initiator":"client"}}"#
        ),
        format!(
            r#"{{"event":"message",{second},"connection":1,"direction":"client","type":"text","data":"a"}}"#
        ),
        format!(
            r#"{{"event":"close",{third},"connection":1,"code":1006,"initiator":"client","client":null,"server":null,"end":{{"client":"fin"}}}}"#
        ),
    ];
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let found = through_a_har(&lines);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].contains(r#""initiator":"client""#), "{found:?}");
    assert!(found[1].contains(r#""direction":"client""#), "{found:?}");
    assert!(
        found[2]
            .contains(r#""initiator":"client","client":null,"server":null,"end":{"client":"fin""#),
        "{found:?}"
    );
}

#[test]
fn times_are_kept_without_the_opening() {
    let lines = TIMES.map(|times| {
        format!(
            r#"{{"event":"message",{times},"connection":1,"direction":"server","type":"text","data":"a"}}"#
        )
    });
    let found = through_a_har(&lines.each_ref().map(String::as_str));
    for times in TIMES {
        let count = found.iter().filter(|line| line.contains(times)).count();
        assert!(count >= 1, "{times}: {found:?}");
    }
    assert!(found.iter().all(|line| TIMES.iter().any(|times| line.contains(times))), "{found:?}");
}

/// Each run begins with the connection 1, and what elapsed starts anew.
#[test]
fn runs_that_were_added_to_a_file_stay_apart() {
    let run = |day: u8, name: &str, [open, message, close]: [u32; 3]| {
        let at = |ms: u32| {
            format!(r#""time":"2026-01-{day:02}T00:00:00.{ms:03}000Z","elapsed_ms":{ms}.000"#)
        };
        let [open, message, close] = [open, message, close].map(at);
        [
            format!(r#"{{"event":"open",{open},"connection":1,"url":"ws://h/{name}"}}"#),
            format!(
                r#"{{"event":"message",{message},"connection":1,"direction":"received","type":"text","data":"{name}"}}"#
            ),
            format!(r#"{{"event":"close",{close},"connection":1,"code":1000}}"#),
        ]
    };
    let mut lines = run(2, "first", [400, 410, 600]).to_vec();
    lines.extend(run(3, "second", [405, 420, 450]));
    lines.truncate(5); // killed
    lines.extend(run(1, "third", [1, 2, 900])); // the clock was set back
    let found = through_a_har(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    let data = |lines: &[String]| {
        let data = |line: &String| {
            let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
            format!("{} {} {}", line["event"], line["time"], line["data"])
        };
        lines.iter().map(data).collect::<Vec<_>>()
    };
    assert_eq!(data(&found), data(&lines));
}
