//! Results for people: a line for each file, then what failed.

use std::fmt::Write;
use std::time::Duration;

use crate::output::escape::{Newlines, escape};
use crate::output::style::{Role, Style};
use crate::protocol::counted::counted;
use crate::scenario::outcome::{Failure, FileOutcome, Outcome, PartOutcome, ShownMessage, counts};

/// The line of a file, and below it what failed in it and what may be wrong.
pub fn file(file: &FileOutcome, style: Style) -> String {
    let (role, word) = match file.outcome() {
        Outcome::Passed => (Role::Good, "passed"),
        Outcome::Failed => (Role::Error, "failed"),
        Outcome::Skipped => (Role::Dim, "skipped"),
    };
    let parts = counted(file.parts.len() as u64, "part");
    let steps = counted(file.step_count() as u64, "step");
    let rest = format!("({parts}, {steps}, {})", time(file.duration));
    let name = escape(&file.file, Newlines::Escape);
    let mut text =
        format!("{} {name} {}\n", style.paint(role, word), style.paint(Role::Dim, &rest));
    for part in &file.parts {
        part_text(&mut text, file, part, style);
    }
    text
}

fn part_text(text: &mut String, file: &FileOutcome, part: &PartOutcome, style: Style) {
    for warning in &part.warnings {
        let warning = escape(warning, Newlines::Escape);
        let place = format!("{}:{}", escape(&file.file, Newlines::Escape), part.line);
        let _ = writeln!(text, "{} {place}: {warning}", style.paint(Role::Warning, "warning:"));
    }
    let Some(failure) = &part.failure else { return };
    let title = escape(&part.title, Newlines::Escape);
    let _ = writeln!(text, "\n{} {title}", style.paint(Role::Error, "failed:"));
    text.push_str(&details(&file.file, failure));
}

/// All that is known of a failure, in lines that are safe for a terminal.
pub fn details(file: &str, failure: &Failure) -> String {
    let file = escape(file, Newlines::Escape);
    let (line, column) = (failure.line, failure.column);
    let mut text = format!("{file}:{line}:{column}: {}", one_line(&failure.message));
    let excerpt = escape(&failure.excerpt, Newlines::Keep);
    let _ = writeln!(text, "{excerpt}");
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<9} {value}");
    };
    if let Some(expected) = &failure.expected {
        row("expected", &one_line(expected));
    }
    if let Some(actual) = &failure.actual {
        row("got", &one_line(actual));
    }
    let mut name = "received";
    if failure.omitted > 0 {
        let earlier = counted(failure.omitted, "earlier message");
        row(name, &format!("({earlier})"));
        name = "";
    }
    for message in &failure.received {
        row(name, &shown(message));
        name = "";
    }
    if let Some((message, difference)) = &failure.closest {
        if failure.received.len() > 1 {
            row("closest", &shown(message));
        }
        row("differs", &one_line(difference));
    }
    for note in &failure.notes {
        row("", &one_line(note));
    }
    text
}

/// What happened on the connections of a file, a line an event.
pub fn transcript(file: &FileOutcome) -> String {
    let mut text = String::new();
    for part in &file.parts {
        let _ = writeln!(text, "### {}", one_line(&part.title));
        for event in &part.transcript.events {
            let name =
                event.connection.as_ref().map_or_else(String::new, |name| format!("{name} "));
            for line in event.text.lines() {
                let _ = writeln!(text, "{name}{line}");
            }
        }
        for step in part.steps.iter().filter(|step| step.passed_over > 0) {
            let messages = counted(step.passed_over, "message");
            let _ = writeln!(text, "(line {} passed over {messages})", step.line);
        }
        if part.transcript.omitted > 0 {
            let _ = writeln!(text, "({} more events)", part.transcript.omitted);
        }
    }
    text
}

/// A workflow command of GitHub Actions for each failure.
pub fn annotations(file: &FileOutcome) -> String {
    let property = |text: &str| command_text(text).replace(':', "%3A").replace(',', "%2C");
    let failures = file.parts.iter().filter_map(|part| Some((part, part.failure.as_ref()?)));
    let lines = failures.map(|(part, failure)| {
        let message = match &failure.expected {
            Some(expected) => format!("{}; expected {expected}", failure.message),
            None => failure.message.clone(),
        };
        format!(
            "::error file={},line={},col={},title={}::{}\n",
            property(&file.file),
            failure.line,
            failure.column,
            property(&part.title),
            command_text(&message),
        )
    });
    lines.collect()
}

/// A text in a workflow command, which ends at a line break.
fn command_text(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The last line.
pub fn summary(files: &[FileOutcome], took: Duration) -> String {
    let parts = counts(files);
    format!(
        "{}, {}: {} passed, {} failed, {} skipped, {}\n",
        counted(files.len() as u64, "file"),
        counted(parts.all() as u64, "part"),
        parts.passed,
        parts.failed,
        parts.skipped,
        time(took),
    )
}

fn one_line(text: &str) -> String {
    escape(text, Newlines::Escape).into_owned()
}

fn shown(message: &ShownMessage) -> String {
    one_line(&message.one_line())
}

fn time(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ 0..1000 => format!("{millis} ms"),
        _ => format!("{:.1} s", duration.as_secs_f64()),
    }
}
