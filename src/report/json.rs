//! One JSON object for all files.

use serde_json::{Value, json};

use crate::scenario::outcome::{
    Failure, FileOutcome, PartOutcome, ShownMessage, StepOutcome, Transcript, counts,
};

/// The report of these files.
pub fn json(files: &[FileOutcome]) -> String {
    let counts = counts(files);
    let duration: f64 = files.iter().map(|file| millis(file.duration)).sum();
    let value = json!({
        "files": files.iter().map(file).collect::<Vec<_>>(),
        "summary": {
            "files": files.len(),
            "parts": counts.all(),
            "passed": counts.passed,
            "failed": counts.failed,
            "skipped": counts.skipped,
            "duration_ms": duration,
        },
    });
    format!("{value}\n")
}

fn file(file: &FileOutcome) -> Value {
    json!({
        "file": file.file,
        "outcome": file.outcome().name(),
        "duration_ms": millis(file.duration),
        "parts": file.parts.iter().map(part).collect::<Vec<_>>(),
    })
}

fn part(part: &PartOutcome) -> Value {
    json!({
        "title": part.title,
        "line": part.line,
        "outcome": part.outcome.name(),
        "duration_ms": millis(part.duration),
        "steps": part.steps.iter().map(step).collect::<Vec<_>>(),
        "failure": part.failure.as_ref().map(failure),
        "warnings": part.warnings,
        "connections": connections(&part.transcript),
        "events_omitted": part.transcript.omitted,
    })
}

fn step(step: &StepOutcome) -> Value {
    json!({
        "line": step.line,
        "kind": step.kind,
        "outcome": step.outcome.name(),
        "duration_ms": millis(step.duration),
        "passed_over": step.passed_over,
    })
}

fn failure(failure: &Failure) -> Value {
    json!({
        "type": failure.kind,
        "line": failure.line,
        "column": failure.column,
        "message": failure.message,
        "expected": failure.expected,
        "actual": failure.actual,
        "received": failure.received.iter().map(message).collect::<Vec<_>>(),
        "received_omitted": failure.omitted,
        "closest": failure.closest.as_ref().map(|(closest, difference)| json!({
            "message": message(closest),
            "difference": difference,
        })),
        "notes": failure.notes,
    })
}

fn message(message: &ShownMessage) -> Value {
    json!({
        "type": message.kind,
        "data": message.start,
        "encoding": if message.kind == "text" { "text" } else { "hex" },
        "size": message.size,
    })
}

/// The events of each connection, in the order in which the connections first appear.
fn connections(transcript: &Transcript) -> Vec<Value> {
    let mut names: Vec<Option<&str>> = Vec::new();
    for event in &transcript.events {
        if !names.contains(&event.connection.as_deref()) {
            names.push(event.connection.as_deref());
        }
    }
    let events = |name: Option<&str>| -> Vec<Value> {
        let own = transcript.events.iter().filter(|event| event.connection.as_deref() == name);
        own.filter_map(|event| serde_json::from_str(&event.json).ok()).collect()
    };
    names.into_iter().map(|name| json!({ "name": name, "events": events(name) })).collect()
}

fn millis(duration: std::time::Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
