//! Results for people: a line for each file, then what failed.

use std::borrow::Cow;
use std::fmt::Write;
use std::time::Duration;

use crate::output::escape::{Newlines, escape};
use crate::output::style::{Role, Style};
use crate::output::wrap::{HANGING, wrap};
use crate::protocol::counted::counted;
use crate::scenario::outcome::{
    Failure, FileOutcome, Outcome, PartOutcome, ShownMessage, Transcript, Warning, counts,
};
use crate::scenario::phrase::time;

/// The line of a file, and below it what failed in it. On a terminal, which has this many `columns`, lines are wrapped
/// between words.
pub fn file(file: &FileOutcome, style: Style, columns: Option<usize>) -> String {
    let (role, word) = match file.outcome() {
        Outcome::Passed => (Role::Good, "passed"),
        Outcome::Failed => (Role::Error, "failed"),
        Outcome::Skipped if file.is_interrupted() => (Role::Warning, "interrupted"),
        Outcome::Skipped => (Role::Dim, "skipped"),
    };
    let parts = counted(file.parts.len() as u64, "part");
    let steps = counted(file.step_count() as u64, "step");
    let rest = format!("({parts}, {steps}, {})", time(file.duration));
    let name = escape(&file.file, Newlines::Escape);
    let mut text =
        format!("{} {name} {}\n", style.paint(role, word), style.paint(Role::Dim, &rest));
    for part in &file.parts {
        part_text(&mut text, file, part, style, columns);
    }
    text
}

fn part_text(
    text: &mut String,
    file: &FileOutcome,
    part: &PartOutcome,
    style: Style,
    columns: Option<usize>,
) {
    let (failure, role, word) = match (&part.failure, &part.interruption) {
        (Some(failure), _) => (failure, Role::Error, "failed:"),
        (None, Some(interruption)) => (interruption, Role::Warning, "interrupted:"),
        (None, None) => return,
    };
    let title = escape(&part.title, Newlines::Escape);
    let _ = writeln!(text, "\n{} {title}", style.paint(role, word));
    text.push_str(&details(&file.file, failure, columns));
}

/// What may be wrong in a file that was run, a line each; wrapped as those of [`file()`].
pub fn warnings(file: &FileOutcome, style: Style, columns: Option<usize>) -> String {
    let name = escape(&file.file, Newlines::Escape);
    let warning = |Warning { line, text }: &Warning| {
        const LABEL: &str = "warning:";
        let text = format!("{name}:{line}: {}", escape(text, Newlines::Escape));
        let text = wrap(&text, columns, LABEL.len() + 1, HANGING);
        format!("{} {text}\n", style.paint(Role::Warning, LABEL))
    };
    file.parts.iter().flat_map(|part| &part.warnings).map(warning).collect()
}

/// All that is known of a failure, in lines that are safe for a terminal, and wrapped between words if it has this many
/// `columns`. The line of the file is not wrapped: the carets are below it.
pub fn details(file: &str, failure: &Failure, columns: Option<usize>) -> String {
    let file = escape(file, Newlines::Escape);
    let (line, column) = (failure.line, failure.column);
    let head = format!("{file}:{line}:{column}: {}", one_line(&failure.message));
    let mut text = wrap(&head, columns, 0, HANGING).into_owned();
    let excerpt = escape(&failure.excerpt, Newlines::Keep);
    let _ = writeln!(text, "{excerpt}");
    let mut row = |name: &str, value: &str| {
        let row = format!("  {name:<9} {value}");
        // Below the values, whose names are ended by them.
        let indent = if name.is_empty() { 0 } else { VALUE_COLUMN - HANGING };
        let _ = writeln!(text, "{}", wrap(&row, columns, 0, indent));
    };
    if let Some(expected) = &failure.expected {
        row("expected", &one_line(expected));
    }
    if let Some(actual) = &failure.actual {
        row("got", &one_line(actual));
    }
    // What matters is above the messages, which may be many and long. A single one is the closest itself.
    let closest = failure.closest.as_ref().filter(|_| failure.has_several());
    if let Some((message, difference)) = closest {
        row("closest", &shown(message));
        row("differs", &one_line(difference));
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
    if let Some((_, difference)) = failure.closest.as_ref().filter(|_| closest.is_none()) {
        row("differs", &one_line(difference));
    }
    for note in &failure.notes {
        row("", &one_line(note));
    }
    text
}

/// Where values begin, in columns.
const VALUE_COLUMN: usize = 12;

/// A failure in one line, for what shows only that of it: the step, and where what was received differs first.
pub fn headline(failure: &Failure) -> String {
    let what = match (&failure.closest, &failure.expected, &failure.actual) {
        (Some((_, difference)), ..) => format!("{difference}; {}", failure.message),
        (None, Some(expected), Some(actual)) => {
            let what = format!("expected {}, got {}", start(expected), start(actual));
            match failure.kind {
                "assertion" => what, // that it does not hold says the difference
                _ => format!("{what}; {}", failure.message),
            }
        }
        _ => failure.message.clone(),
    };
    let step = failure.excerpt.lines().map(str::trim).find(|line| !line.is_empty());
    let step = step.map_or_else(String::new, |step| format!(" {}:", start(step)));
    one_line(&format!("line {}:{step} {what}", failure.line))
}

/// How much of a step or a value is in a headline, in bytes.
const MAX_IN_HEADLINE: usize = 120;

fn start(text: &str) -> Cow<'_, str> {
    match text.floor_char_boundary(MAX_IN_HEADLINE) {
        end if end < text.len() => format!("{}…", &text[..end]).into(),
        _ => text.into(),
    }
}

/// What happened on the connections of a file, a line an event.
pub fn transcript(file: &FileOutcome) -> String {
    let mut text = String::new();
    for part in &file.parts {
        text += &heading(&file.file, &part.title);
        for event in part.transcript.with_gap() {
            text += &match event {
                Some(event) => self::event(&event.time, event.connection.as_deref(), &event.text),
                None => gap(&part.transcript),
            };
        }
        for step in part.steps.iter().filter(|step| step.passed_over > 0) {
            text += &passed_over(step.line, step.passed_over);
        }
    }
    text
}

/// The line in place of events that are not kept.
pub fn gap(transcript: &Transcript) -> String {
    format!("({} left out here)\n", counted(transcript.omitted, "event"))
}

/// The line above the events of a part.
pub fn heading(file: &str, title: &str) -> String {
    format!("### {}: {}\n", one_line(file), one_line(title))
}

/// The line about messages that a step took with its own because they came before it.
pub fn passed_over(line: usize, count: u64) -> String {
    format!("(line {line} passed over {})\n", counted(count, "message"))
}

/// An event of a connection: each of its lines begins with the time, if there is one, and the connection's name.
pub fn event(time: &str, connection: Option<&str>, text: &str) -> String {
    let time = if time.is_empty() { String::new() } else { format!("{time} ") };
    let name = connection.map_or_else(String::new, |name| format!("{name} "));
    text.lines().map(|line| format!("{time}{name}{line}\n")).collect()
}

/// The last line. If there are several files, a line for each failure comes before it: the failures themselves may
/// be far above.
pub fn summary(files: &[FileOutcome], took: Duration, columns: Option<usize>) -> String {
    let parts = counts(files);
    let failures = files.iter().filter(|_| files.len() > 1).flat_map(|file| {
        file.parts.iter().filter_map(move |part| Some((file, part, part.failure.as_ref()?)))
    });
    let failures: String = failures
        .map(|(file, part, failure)| {
            let (name, title) = (one_line(&file.file), one_line(&part.title));
            format!("failed: {name}:{}: {title}\n", failure.line)
        })
        .collect();
    let text = format!(
        "{failures}{}, {}: {} passed, {} failed, {} skipped, {}\n",
        counted(files.len() as u64, "file"),
        counted(parts.all() as u64, "part"),
        parts.passed,
        parts.failed,
        parts.skipped,
        time(took),
    );
    wrap(&text, columns, 0, HANGING).into_owned()
}

fn one_line(text: &str) -> String {
    escape(text, Newlines::Escape).into_owned()
}

fn shown(message: &ShownMessage) -> String {
    one_line(&message.one_line())
}
