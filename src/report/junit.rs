//! JUnit XML, as Jenkins, GitLab and others read it: a `testsuite` for each file, a `testcase` for each part.

use std::borrow::Cow;
use std::fmt::Write;

use super::github::ends_in_mark;
use super::seconds;
use super::text::{details, event, gap, headline};
use crate::scenario::outcome::{FileOutcome, Outcome, PartOutcome, TranscriptEvent, counts};

/// The report of these files.
pub fn junit(files: &[FileOutcome]) -> String {
    let counts = counts(files);
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites tests=\"{}\" failures=\"{}\" errors=\"0\" time=\"{}\">\n",
        counts.all(),
        counts.failed,
        seconds(files.iter().map(|file| file.duration).sum()),
    );
    for file in files {
        suite(&mut xml, file);
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn suite(xml: &mut String, file: &FileOutcome) {
    let counts = file.counts();
    let _ = writeln!(
        xml,
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{}\">",
        escaped(&file.file),
        counts.all(),
        counts.failed,
        counts.skipped,
        seconds(file.duration),
    );
    for part in &file.parts {
        case(xml, file, part);
    }
    xml.push_str("  </testsuite>\n");
}

fn case(xml: &mut String, file: &FileOutcome, part: &PartOutcome) {
    let name = escaped(&file.file);
    let _ = write!(
        xml,
        "    <testcase name=\"{}\" classname=\"{name}\" file=\"{name}\" line=\"{}\" time=\"{}\"",
        escaped(&part.title),
        part.line,
        seconds(part.duration),
    );
    let transcript = transcript(part);
    if part.outcome != Outcome::Skipped && part.failure.is_none() && transcript.is_empty() {
        xml.push_str("/>\n");
        return;
    }
    xml.push_str(">\n");
    if part.outcome == Outcome::Skipped {
        let _ = match &part.interruption {
            Some(it) => {
                writeln!(xml, "      <skipped message=\"interrupted at line {}\"/>", it.line)
            }
            None => writeln!(xml, "      <skipped/>"),
        };
    }
    if let Some(failure) = &part.failure {
        let _ = writeln!(
            xml,
            "      <failure type=\"{}\" message=\"{}\">{}</failure>",
            escaped(failure.kind),
            escaped(&headline(failure)),
            escaped(&details(&file.file, failure, None)),
        );
    }
    if !transcript.is_empty() {
        let _ = writeln!(xml, "      <system-out>{}</system-out>", escaped(&transcript));
    }
    xml.push_str("    </testcase>\n");
}

fn transcript(part: &PartOutcome) -> String {
    let warnings = part.warnings.iter().map(|warning| format!("warning: {warning}\n"));
    let lines =
        |shown: &TranscriptEvent| event(&shown.time, shown.connection.as_deref(), &shown.text);
    let events = part.transcript.with_gap();
    let events = events.map(|event| event.map_or_else(|| gap(&part.transcript), lines));
    warnings.chain(events).collect()
}

/// A text without what XML 1.0 gives a meaning to or cannot hold (section 2.2).
fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| is_special(c) || !is_allowed(c)) {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => result.push_str("&amp;"),
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '"' => result.push_str("&quot;"),
            // A command of GitHub Actions or Azure Pipelines, wherever it is in a line.
            '[' if ends_in_mark(&result) => result.push_str("&#91;"),
            '\n' => result.push_str("&#10;"),
            '\t' => result.push_str("&#9;"),
            '\r' => result.push_str("&#13;"),
            c if is_allowed(c) => result.push(c),
            _ => result.push('\u{fffd}'),
        }
    }
    Cow::Owned(result)
}

fn is_special(c: char) -> bool {
    matches!(c, '&' | '<' | '>' | '"' | '[' | '\n' | '\r' | '\t')
}

fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
