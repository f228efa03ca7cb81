//! TAP version 14: a test point for each part, with a YAML block for a failure.

use std::fmt::Write;

use super::seconds;
use crate::scenario::outcome::{FileOutcome, Outcome, PartOutcome, ShownMessage, counts};

/// The report of these files.
pub fn tap(files: &[FileOutcome]) -> String {
    let mut text = format!("TAP version 14\n1..{}\n", counts(files).all());
    let parts = files.iter().flat_map(|file| file.parts.iter().map(move |part| (file, part)));
    for (index, (file, part)) in parts.enumerate() {
        point(&mut text, index + 1, file, part);
    }
    text
}

fn point(text: &mut String, number: usize, file: &FileOutcome, part: &PartOutcome) {
    let ok = if part.outcome == Outcome::Failed { "not ok" } else { "ok" };
    let skipped = match (part.outcome, &part.interruption) {
        (Outcome::Skipped, Some(it)) => format!(" # SKIP interrupted at line {}", it.line),
        (Outcome::Skipped, None) => " # SKIP".to_owned(),
        _ => String::new(),
    };
    let name = description(&format!("{}: {}", file.file, part.title));
    let _ = writeln!(text, "{ok} {number} - {name}{skipped}");
    let Some(failure) = &part.failure else { return };
    let _ = writeln!(text, "  ---");
    let mut field = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name}: {value}");
    };
    field("message", &quoted(&failure.message));
    field("type", failure.kind);
    field("file", &quoted(&file.file));
    field("line", &failure.line.to_string());
    field("column", &failure.column.to_string());
    field("duration_s", &seconds(part.duration));
    if let Some(expected) = &failure.expected {
        field("expected", &quoted(expected));
    }
    if let Some(actual) = &failure.actual {
        field("actual", &quoted(actual));
    }
    if let Some((_, difference)) = &failure.closest {
        field("difference", &quoted(difference));
    }
    let received: Vec<_> = failure.received.iter().map(ShownMessage::one_line).collect();
    list(text, "received", &received);
    list(text, "notes", &failure.notes);
    let _ = writeln!(text, "  ...");
}

fn list(text: &mut String, name: &str, items: &[String]) {
    if !items.is_empty() {
        let _ = writeln!(text, "  {name}:");
    }
    for item in items {
        let _ = writeln!(text, "    - {}", quoted(item));
    }
}

/// A description, in which `#` and backslashes are escaped, on one line.
fn description(text: &str) -> String {
    text.chars()
        .flat_map(|c| match c {
            '#' | '\\' => vec!['\\', c],
            c if c.is_control() => vec![' '],
            c => vec![c],
        })
        .collect()
}

/// A YAML string in double quotes: JSON strings are such.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
