//! One JSON object for all files. Members come in the order of the documentation.

use serde::Serialize;
use serde_json::value::RawValue;

use super::Run;
use super::github::without_marks;
use crate::output::json::visible;
use crate::scenario::outcome::{
    Failure, FileOutcome, PartOutcome, ShownMessage, StepOutcome, Transcript, Warning, counts,
};

#[derive(Serialize)]
struct Report<'a> {
    files: Vec<File<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    parts: usize,
    passed: usize,
    failed: usize,
    skipped: usize,
    duration_ms: f64,
    interrupted: bool,
}

#[derive(Serialize)]
struct File<'a> {
    file: &'a str,
    outcome: &'static str,
    duration_ms: f64,
    parts: Vec<Part<'a>>,
}

#[derive(Serialize)]
struct Part<'a> {
    title: &'a str,
    line: usize,
    outcome: &'static str,
    duration_ms: f64,
    steps: Vec<Step>,
    failure: Option<Failed<'a>>,
    connections: Vec<Connection<'a>>,
    interruption: Option<Failed<'a>>,
    events_omitted: u64,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct Step {
    line: usize,
    kind: &'static str,
    outcome: &'static str,
    duration_ms: f64,
    passed_over: u64,
}

#[derive(Serialize)]
struct Failed<'a> {
    line: usize,
    column: usize,
    message: &'a str,
    expected: Option<&'a str>,
    received: Vec<Message<'a>>,
    received_omitted: u64,
    #[serde(rename = "type")]
    kind: &'static str,
    actual: Option<&'a str>,
    closest: Option<Closest<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Closest<'a> {
    message: Message<'a>,
    difference: &'a str,
}

#[derive(Serialize)]
struct Message<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    data: &'a str,
    size: usize,
    truncated: bool,
}

#[derive(Serialize)]
struct Connection<'a> {
    name: Option<&'a str>,
    events: Vec<&'a RawValue>,
    /// How many of them come before those that are left out.
    events_before_omitted: usize,
}

/// The report of a run.
pub fn json(run: &Run<'_>) -> String {
    let files = run.files;
    let counts = counts(files);
    let summary = Summary {
        files: files.len(),
        parts: counts.all(),
        passed: counts.passed,
        failed: counts.failed,
        skipped: counts.skipped,
        duration_ms: files.iter().map(|file| millis(file.duration)).sum(),
        interrupted: run.is_interrupted,
    };
    let report = Report { files: files.iter().map(file).collect(), summary };
    without_marks(visible(&report), r"\u0023") + "\n"
}

fn file(file: &FileOutcome) -> File<'_> {
    File {
        file: &file.file,
        outcome: file.outcome().name(),
        duration_ms: millis(file.duration),
        parts: file.parts.iter().map(part).collect(),
    }
}

fn part(part: &PartOutcome) -> Part<'_> {
    Part {
        title: &part.title,
        line: part.line,
        outcome: part.outcome.name(),
        duration_ms: millis(part.duration),
        steps: part.steps.iter().map(step).collect(),
        failure: part.failure.as_ref().map(failure),
        connections: connections(&part.transcript),
        interruption: part.interruption.as_ref().map(failure),
        events_omitted: part.transcript.omitted,
        warnings: part.warnings.iter().map(Warning::to_string).collect(),
    }
}

fn step(step: &StepOutcome) -> Step {
    Step {
        line: step.line,
        kind: step.kind,
        outcome: step.outcome.name(),
        duration_ms: millis(step.duration),
        passed_over: step.passed_over,
    }
}

fn failure(failure: &Failure) -> Failed<'_> {
    Failed {
        line: failure.line,
        column: failure.column,
        message: &failure.message,
        expected: failure.expected.as_deref(),
        received: failure.received.iter().map(message).collect(),
        received_omitted: failure.omitted,
        kind: failure.kind,
        actual: failure.actual.as_deref(),
        closest: failure
            .closest
            .as_ref()
            .map(|(closest, difference)| Closest { message: message(closest), difference }),
        notes: &failure.notes,
    }
}

fn message(message: &ShownMessage) -> Message<'_> {
    Message {
        kind: message.kind,
        encoding: (message.kind != "text").then_some("hex"),
        data: &message.start,
        size: message.size,
        truncated: message.is_cut,
    }
}

/// The events of each connection as they are, in the order in which the connections first appear.
fn connections(transcript: &Transcript) -> Vec<Connection<'_>> {
    let mut connections: Vec<Connection<'_>> = Vec::new();
    for (number, event) in transcript.events.iter().enumerate() {
        let name = event.connection.as_deref();
        let index = connections.iter().position(|it| it.name == name).unwrap_or_else(|| {
            let (events, events_before_omitted) = (Vec::new(), 0);
            connections.push(Connection { name, events, events_before_omitted });
            connections.len() - 1
        });
        // Events that are for people only have no JSON.
        let connection = &mut connections[index];
        connection.events.extend(serde_json::from_str::<&RawValue>(&event.json).ok());
        if number < transcript.first {
            connection.events_before_omitted = connection.events.len();
        }
    }
    connections
}

fn millis(duration: std::time::Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
