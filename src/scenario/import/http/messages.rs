//! The messages of a request: what is sent, and where it waits.

use super::{Importer, at, comment, part};
use crate::scenario::language::syntax::{
    FileKind, Payload, PayloadKind, Sections, Step, StepKind, Wanted,
};
use crate::scenario::language::template::Template;
use crate::scenario::language::{Diagnostic, Line};

/// What separates messages. Behind it may stand [`WAIT`], and a comment.
const SEPARATOR: &str = "===";
/// A message of the server is awaited.
const WAIT: &str = "wait-for-server";

impl Importer<'_> {
    /// The steps that the lines behind the headers stand for.
    pub(super) fn steps(&mut self, lines: &[Line<'_>]) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut message = Vec::new();
        let mut lines = lines;
        while let [line, rest @ ..] = lines {
            lines = rest;
            let text = line.text;
            if let Some(behind) = separator(text) {
                steps.extend(self.send(&std::mem::take(&mut message)));
                match behind {
                    "" => {}
                    WAIT => steps.push(wait(*line)),
                    _ => {
                        let message = format!("{behind:?} is not expected behind {SEPARATOR}");
                        let help = format!("write {SEPARATOR}, or {SEPARATOR} {WAIT}");
                        self.errors.push(Diagnostic::new(at(*line), message).with_help(help));
                    }
                }
            } else if redirection(text).is_some_and(is_path) {
                self.warn(at(*line), "what is received is not written to a file");
            } else if text.strip_prefix('>').is_some_and(is_script) {
                lines = self.script(*line, rest);
            } else if comment(text).is_none() && !text.strip_prefix("<>").is_some_and(is_path) {
                message.push(*line);
            }
        }
        steps.extend(self.send(&message));
        steps
    }

    /// Sends a message, unless nothing is in it.
    fn send(&mut self, lines: &[Line<'_>]) -> Option<Step> {
        let is_blank = |line: &Line<'_>| line.text.trim().is_empty();
        let first = lines.iter().position(|line| !is_blank(line))?;
        let last = lines.iter().rposition(|line| !is_blank(line))?;
        let lines = &lines[first..=last];
        let kind = match lines {
            [line] if file(*line).is_some() => self.file(*line),
            lines => self.text(lines),
        };
        let end = lines.last().map_or(0, |line| line.start + line.text.len());
        let kind = kind.map_err(|error| self.errors.push(error)).ok()?;
        let payload = Payload { at: lines[0].start..end, kind, is_fenced: false };
        Some(step(lines[0], StepKind::Send(payload)))
    }

    fn text(&mut self, lines: &[Line<'_>]) -> Result<PayloadKind, Diagnostic> {
        if let Some(line) = lines.iter().find(|line| file(**line).is_some()) {
            let message = "a file has to be a message of its own";
            return Err(Diagnostic::new(at(*line), message));
        }
        let templates = lines.iter().map(|line| self.variables.template(*line));
        let templates = templates.collect::<Result<Vec<_>, _>>()?;
        let place = lines.first().map_or(0, |line| line.start);
        Ok(PayloadKind::Text(Template::join(templates, place..place)))
    }

    /// `< PATH`
    fn file(&mut self, line: Line<'_>) -> Result<PayloadKind, Diagnostic> {
        let path = file(line).filter(|_| !line.text.starts_with("<@")).ok_or_else(|| {
            let message = "variables in files are not replaced: <@ cannot be translated";
            Diagnostic::new(at(line), message).with_help("< PATH sends a file as it is")
        })?;
        Ok(PayloadKind::File(FileKind::Text, self.variables.template(path)?))
    }
}

/// What stands behind `===`, without a comment.
fn separator(text: &str) -> Option<&str> {
    let behind = text.strip_prefix(SEPARATOR)?;
    if !(behind.is_empty() || behind.starts_with(char::is_whitespace)) {
        return None;
    }
    let behind = behind.split("//").next().unwrap_or_default();
    Some(behind.trim())
}

/// Whether a sign at the start of a line refers to a file or script: white space and something follow it.
fn is_reference(behind: &str) -> bool {
    behind.starts_with([' ', '\t']) && !behind.trim().is_empty()
}

/// What follows `>>` or `>>!`.
fn redirection(text: &str) -> Option<&str> {
    let behind = text.strip_prefix(">>")?;
    Some(behind.strip_prefix('!').unwrap_or(behind))
}

/// Whether what follows a sign is a path, and not text: one word, or it begins as only paths do.
fn is_path(behind: &str) -> bool {
    let path = behind.trim();
    let is_explicit = ["./", "../", "/", "{{"].iter().any(|start| path.starts_with(start));
    is_reference(behind) && (is_explicit || !path.contains(char::is_whitespace))
}

/// Whether what follows `>` is a script for the response, `{% … %}` or a file. Anything else is text.
fn is_script(behind: &str) -> bool {
    let script = behind.trim();
    let is_file = SCRIPTS.iter().any(|ending| script.to_ascii_lowercase().ends_with(ending));
    is_reference(behind) && (script.starts_with("{%") || (is_file && is_path(behind)))
}

/// How the names of scripts end.
const SCRIPTS: [&str; 6] = [".js", ".mjs", ".cjs", ".ts", ".kts", ".kt"];

/// The path of `< PATH` or `<@ PATH`.
fn file(line: Line<'_>) -> Option<Line<'_>> {
    let behind = line.text.strip_prefix("<@").or_else(|| line.text.strip_prefix('<'))?;
    is_reference(behind).then(|| part(line, line.text.len() - behind.len()..line.text.len()))
}

/// Waits for a data message.
fn wait(line: Line<'_>) -> Step {
    let kind = PayloadKind::Any(Template::default());
    let payload = Payload { at: at(line), kind, is_fenced: false };
    step(line, StepKind::Receive(Wanted::Next, payload))
}

fn step(line: Line<'_>, kind: StepKind) -> Step {
    Step { at: at(line), connection: None, kind, sections: Sections::default() }
}
