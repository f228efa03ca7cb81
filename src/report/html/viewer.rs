//! The viewer of messages, with the events of all parts.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::output::escape::{Newlines, characters};
use crate::page::embedded::viewer;
use crate::protocol::counted::counted;
use crate::report::github::without_marks;
use crate::scenario::outcome::{FileOutcome, Outcome, PartOutcome, TranscriptEvent};

/// The viewer's elements, and the events in the form that its script reads. It shows them when it is asked for.
pub(super) fn push(page: &mut String, title: &str, files: &[FileOutcome]) {
    let viewer = viewer();
    let _ = write!(
        page,
        "<script type=\"application/json\" id=\"events\">{}</script>\n\
         <template id=\"viewer-template\">\n{}</template>\n<script>{}</script>\n",
        embedded(&data(title, files)),
        viewer.markup,
        viewer.script,
    );
}

/// JSON that ends no element, hides no character from those who look at the file, and has no command of GitHub Actions or
/// Azure Pipelines, which may read it.
fn embedded(data: &Value) -> String {
    let json = without_marks(data.to_string(), "\\u0023");
    let mut escaped = String::with_capacity(json.len() + json.len() / 16);
    for (c, is_hidden) in characters(&json, Newlines::Escape) {
        if is_hidden || c == '<' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// The connections of a part, in the order in which they have their first events. Their numbers in the viewer follow
/// those of the parts before.
pub(super) fn connections(part: &PartOutcome) -> Vec<Option<&str>> {
    let mut names = Vec::new();
    for event in &part.transcript.events {
        if !names.contains(&event.connection.as_deref()) {
            names.push(event.connection.as_deref());
        }
    }
    names
}

/// What the script reads.
fn data(title: &str, files: &[FileOutcome]) -> Value {
    let mut events = Vec::new();
    let mut names = Map::new();
    for part in files.iter().flat_map(|file| &file.parts) {
        let (before, connections) = (names.len(), connections(part));
        for name in &connections {
            let number = names.len() + 1;
            let name = name.map_or_else(String::new, |name| format!(" ({name})"));
            let failed = if part.outcome == Outcome::Failed { "failed: " } else { "" };
            names.insert(number.to_string(), Value::from(format!("{failed}{}{name}", part.title)));
        }
        for event in part.transcript.with_gap() {
            let Some(event) = event else {
                events.push(gap(part.transcript.omitted, events.last()));
                continue;
            };
            let place = connections.iter().position(|name| *name == event.connection.as_deref());
            events.extend(numbered(event, before + 1 + place.unwrap_or_default()));
        }
        let last = events.last().filter(|_| !part.transcript.events.is_empty());
        events.extend(last.and_then(|last| failed(part, last)));
    }
    in_order(&mut events);
    json!({
        "title": format!("wscope check: {title}"),
        "side": "client",
        "version": env!("CARGO_PKG_VERSION"),
        "names": names,
        "events": events,
    })
}

/// An event with the number of its connection.
fn numbered(event: &TranscriptEvent, number: usize) -> Option<Value> {
    let mut json: Value = serde_json::from_str(&event.json).ok()?;
    json.as_object_mut()?.insert("connection".to_owned(), number.into());
    Some(json)
}

/// Stands for events that are not kept, behind the last one before them.
fn gap(omitted: u64, before: Option<&Value>) -> Value {
    let of_last = |name: &str| before.map_or(Value::Null, |event| event[name].clone());
    json!({
        "event": "omitted",
        "connection": of_last("connection"),
        "time": of_last("time"),
        "message": format!("{} left out here", counted(omitted, "event")),
    })
}

/// Where a part failed: behind the last of its events, which a step was not content with.
fn failed(part: &PartOutcome, last: &Value) -> Option<Value> {
    let failure = part.failure.as_ref()?;
    Some(json!({
        "event": "error",
        "connection": last["connection"],
        "time": last["time"],
        "kind": "expectation",
        "message": format!("part failed in line {}: {}", failure.line, failure.message),
        "expected": failure.expected,
        "got": failure.actual,
    }))
}

/// Parts may have run side by side, and each counts its time from its own start: all are put in the order of the
/// clock, and count from the first of all.
fn in_order(events: &mut [Value]) {
    let time = |event: &Value| event["time"].as_str()?.parse::<jiff::Timestamp>().ok();
    events.sort_by_cached_key(time);
    let Some(first) = events.first().and_then(time) else { return };
    for event in events {
        let since = time(event).map_or(0.0, |time| time.duration_since(first).as_secs_f64());
        // To a microsecond, as the times are.
        event["elapsed_ms"] = ((since * 1e6).round() / 1e3).into();
    }
}
