//! Output in a job of GitHub Actions or Azure Pipelines, where lines of a certain form are commands to the runner.

use std::borrow::Cow;

use crate::scenario::language::Place;
use crate::scenario::outcome::{FileOutcome, Warning};

/// A workflow command for each failure, which shows it at its place in the file.
pub fn annotations(file: &FileOutcome) -> String {
    let failures = file.parts.iter().filter_map(|part| Some((part, part.failure.as_ref()?)));
    let lines = failures.map(|(part, failure)| {
        let expected = failure.expected.iter().map(|expected| format!("expected {expected}"));
        let actual = failure.actual.iter().map(|actual| format!("got {actual}"));
        let difference = failure.closest.iter().map(|(_, difference)| difference.clone());
        let known = expected.chain(actual).chain(difference);
        let message = std::iter::once(failure.message.clone()).chain(known);
        let message = message.collect::<Vec<_>>().join("; ");
        let place = format!("line={},col={}", failure.line, failure.column);
        let (file, title) = (property(&file.file), property(&part.title));
        format!("::error file={file},{place},title={title}::{}\n", data(&message))
    });
    lines.collect()
}

/// The same for what may be wrong in a file that was run.
pub fn warnings(file: &FileOutcome) -> String {
    let warnings = file.parts.iter().flat_map(|part| &part.warnings);
    let name = property(&file.file);
    let line = |warning: &Warning| {
        format!("::warning file={name},line={}::{}\n", warning.line, data(&warning.text))
    };
    warnings.map(line).collect()
}

/// A workflow command for what is wrong at a place of a file; the severity is `error` or `warning`.
pub fn diagnostic(severity: &str, file: &str, at: Place, text: &str) -> String {
    let Place { line, column } = at;
    format!("::{severity} file={},line={line},col={column}::{}\n", property(file), data(text))
}

/// A workflow command for a file that cannot be read, or for what stands for no file.
pub fn unreadable(file: Option<&str>, text: &str) -> String {
    let file = file.map_or_else(String::new, |file| format!(" file={}", property(file)));
    format!("::error{file}::{}\n", data(text))
}

/// A text in a workflow command, which ends at a line break.
fn data(text: &str) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    text.replace("##[", "#%23[")
}

/// A text in a property, which ends at a comma, and all properties at a colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// How a command starts, behind white space at the start of a line.
const COMMAND: &str = "::";

/// How a command starts anywhere in a line: one of the older form, and one of Azure Pipelines, which has both.
const MARKS: [&str; 2] = ["##[", "##vso["];

/// A text in which this stands for the second `#` of each command that may be anywhere in a line.
pub(super) fn without_marks(text: String, hash: &str) -> String {
    let replaced = |text: String, mark: &str| text.replace(mark, &format!("#{hash}{}", &mark[2..]));
    MARKS.into_iter().fold(text, replaced)
}

/// Whether a `[` behind this text makes such a command of its end.
pub(super) fn ends_in_mark(text: &str) -> bool {
    MARKS.iter().any(|mark| text.ends_with(&mark[..mark.len() - 1]))
}

/// A text without workflow commands: the first character of what would be one is shown as an escape.
pub fn without_commands(text: &str) -> Cow<'_, str> {
    let is_command = |line: &str| line.trim_start().starts_with(COMMAND);
    let has_mark = MARKS.iter().any(|mark| text.contains(mark));
    if !text.split(['\n', '\r']).any(is_command) && !has_mark {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive(['\n', '\r']) {
        if is_command(line) {
            let (space, command) = line.split_at(line.len() - line.trim_start().len());
            safe.push_str(space);
            safe.push_str(r"\x3a");
            safe.push_str(&command[1..]);
        } else {
            safe.push_str(line);
        }
    }
    let replaced = |text: String, mark: &str| text.replace(mark, &format!(r"\x23{}", &mark[1..]));
    Cow::Owned(MARKS.into_iter().fold(safe, replaced))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::outcome::{Failure, Outcome, PartOutcome, Transcript};
    use std::time::Duration;

    /// Scenario language, section 5: "no other line of the output can begin with `::`".
    #[test]
    fn nothing_else_is_a_command() {
        for (text, safe) in [
            ("a :: b\n  c", "a :: b\n  c"),
            ("::error::a", r"\x3a:error::a"),
            ("a\n \t\u{a0}::add-mask::b\nc", "a\n \t\u{a0}\\x3a:add-mask::b\nc"),
            ("a\r::stop-commands::b", "a\r\\x3a:stop-commands::b"),
            (":::", r"\x3a::"),
            ("a ##[error]b ###[", r"a \x23#[error]b #\x23#["),
            ("a ##vso[task.setvariable]b ##vsot[", r"a \x23#vso[task.setvariable]b ##vsot["),
        ] {
            assert_eq!(without_commands(text), safe);
            assert!(matches!(without_commands(safe), Cow::Borrowed(_)), "{text}");
        }
        assert!(matches!(without_commands("\n: :\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn what_is_wrong_in_a_file_is_a_single_line_too() {
        let at = Place { line: 2, column: 5 };
        let text = "a:\r\n::error::b ##[c";
        assert_eq!(
            diagnostic("warning", "a,b:c", at, text),
            "::warning file=a%2Cb%3Ac,line=2,col=5::a:%0D%0A::error::b #%23[c\n"
        );
        assert_eq!(unreadable(Some("a\n"), "b\nc"), "::error file=a%0A::b%0Ac\n");
        assert_eq!(unreadable(None, "b"), "::error::b\n");
    }

    #[test]
    fn annotations_are_single_lines_whatever_is_in_them() {
        let failure = Failure {
            line: 7,
            column: 2,
            message: "100%\r\n::error::evil".to_owned(),
            expected: Some("a, b: c\n::warning::x ##[y".to_owned()),
            ..Failure::default()
        };
        let part = PartOutcome {
            title: "a,title=b::c%3A\n::error::d".to_owned(),
            line: 1,
            outcome: Outcome::Failed,
            duration: Duration::ZERO,
            steps: Vec::new(),
            failure: Some(failure),
            interruption: None,
            warnings: Vec::new(),
            transcript: Transcript::default(),
        };
        let file = FileOutcome {
            file: "C:\\a,b\n.wscope".to_owned(),
            parts: vec![part],
            duration: Duration::ZERO,
        };
        let expected = "::error file=C%3A\\a%2Cb%0A.wscope,line=7,col=2,\
             title=a%2Ctitle=b%3A%3Ac%253A%0A%3A%3Aerror%3A%3Ad::\
             100%25%0D%0A::error::evil; expected a, b: c%0A::warning::x #%23[y\n";
        assert_eq!(annotations(&file), expected);
    }
}
