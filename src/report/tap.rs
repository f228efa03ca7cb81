//! TAP version 14: a test point for each part, with a YAML block for a failure.

use std::fmt::Write;

use super::github::without_marks;
use super::text::headline;
use super::{Run, seconds};
use crate::output::escape::{Newlines, escape, is_hidden};
use crate::scenario::outcome::{FileOutcome, Outcome, PartOutcome, ShownMessage, counts};

/// The report of a run.
pub fn tap(run: &Run<'_>) -> String {
    let files = run.files;
    let mut text = format!("TAP version 14\n1..{}\n", counts(files).all());
    let parts = files.iter().flat_map(|file| file.parts.iter().map(move |part| (file, part)));
    for (index, (file, part)) in parts.enumerate() {
        point(&mut text, index + 1, file, part);
    }
    if run.is_interrupted {
        text.push_str("Bail out! The run was interrupted\n");
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
    field("message", &quoted(&headline(failure)));
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
    if let Some((message, _)) = failure.closest.as_ref().filter(|_| failure.has_several()) {
        field("closest", &quoted(&message.one_line()));
    }
    if let Some((_, difference)) = &failure.closest {
        field("difference", &quoted(difference));
    }
    if failure.omitted > 0 {
        field("received_omitted", &failure.omitted.to_string());
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

/// A description on one line, in which `#` and backslashes are escaped.
fn description(text: &str) -> String {
    escape(text, Newlines::Escape).replace('\\', r"\\").replace('#', r"\#")
}

/// A YAML string in double quotes (YAML 1.2.2 section 5.7), in which only visible characters are unescaped.
fn quoted(text: &str) -> String {
    let mut yaml = String::with_capacity(text.len() + 2);
    yaml.push('"');
    for c in text.chars() {
        let _ = match c {
            '"' | '\\' => write!(yaml, "\\{c}"),
            '\n' => write!(yaml, "\\n"),
            '\r' => write!(yaml, "\\r"),
            '\t' => write!(yaml, "\\t"),
            c if is_hidden(c) && u32::from(c) > 0xffff => write!(yaml, "\\U{:08x}", u32::from(c)),
            c if is_hidden(c) => write!(yaml, "\\u{:04x}", u32::from(c)),
            c => write!(yaml, "{c}"),
        };
    }
    yaml.push('"');
    without_marks(yaml, r"\x23")
}
