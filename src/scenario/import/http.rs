//! `.http` and `.rest` files as JetBrains' HTTP Client has them: each `WEBSOCKET` request becomes a part.
//!
//! The tree is built directly, so that errors point into the file. The format is that of
//! <https://github.com/JetBrains/http-request-in-editor-spec>, with messages separated by `===`. httpYac's spelling
//! of the request line (`WS URL`, or a `ws://` URL alone) is taken too. What would change the meaning if it were
//! left out is an error; scripts, which can only judge and log, are a warning.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::scenario::language::parse::check_part;
use crate::scenario::language::syntax::{Item, OptionLine, Part, Scenario};
use crate::scenario::language::template::Template;
use crate::scenario::language::units::parse_duration;
use crate::scenario::language::{Diagnostic, Line, Partial, Source};
use variables::FileVariables;

mod messages;
mod request;
#[cfg(test)]
mod tests;
mod variables;

/// Reads a file.
pub(super) fn parse(source: &Source, given: &BTreeSet<String>) -> Partial<Scenario> {
    let mut importer = Importer {
        source,
        variables: FileVariables::new(given),
        scenario: Scenario::default(),
        errors: Vec::new(),
        skipped: Vec::new(),
    };
    let lines: Vec<_> = source.lines().collect();
    for block in lines.chunk_by(|_, next| !next.text.starts_with(SEPARATOR)) {
        importer.block(block);
    }
    importer.finish()
}

/// What begins the line between two requests; a title may follow.
const SEPARATOR: &str = "###";

struct Importer<'a> {
    source: &'a Source,
    variables: FileVariables<'a>,
    scenario: Scenario,
    errors: Vec<Diagnostic>,
    /// The methods of requests that are not WebSocket, with where they stand.
    skipped: Vec<(String, Range<usize>)>,
}

/// What stands before the line of a request and belongs to it.
#[derive(Default)]
struct Preamble {
    title: Option<Template>,
    /// The line with the title.
    at: Option<Range<usize>>,
    options: Vec<OptionLine>,
}

impl Importer<'_> {
    fn finish(mut self) -> Partial<Scenario> {
        if self.scenario.parts.is_empty() && self.errors.is_empty() {
            let error = Diagnostic::new(0..0, "this file has no WEBSOCKET request")
                .with_help("a request is written  WEBSOCKET ws://localhost:8080/chat");
            self.errors.push(error);
        }
        if let Some((_, at)) = self.skipped.first().filter(|_| !self.scenario.parts.is_empty()) {
            let mut methods: Vec<&str> = Vec::new();
            for (method, _) in &self.skipped {
                if !methods.contains(&method.as_str()) && methods.len() < MAX_METHODS {
                    methods.push(method);
                }
            }
            let message = match self.skipped.len() {
                1 => "1 request that is not WEBSOCKET is skipped".to_owned(),
                count => format!("{count} requests that are not WEBSOCKET are skipped"),
            };
            let message = format!("{message}: {}", methods.join(", "));
            self.warn(at.clone(), message);
        }
        self.scenario.warnings.sort_by_key(|warning| warning.at.start);
        self.source.partial(self.scenario, self.errors)
    }

    fn warn(&mut self, at: Range<usize>, message: impl Into<String>) {
        self.scenario.warnings.push(Diagnostic::new(at, message));
    }

    /// The lines from one separator to the next.
    fn block(&mut self, lines: &[Line<'_>]) {
        let mut preamble = Preamble::default();
        let mut lines = lines;
        while let [line, rest @ ..] = lines {
            let text = line.text.trim();
            lines = rest;
            if let Some(title) = text.strip_prefix(SEPARATOR) {
                preamble.set_title(title, *line);
            } else if text.starts_with('@') {
                self.define(*line);
            } else if let Some(comment) = comment(text) {
                self.directive(comment, *line, &mut preamble);
            } else if text.starts_with("< ") {
                lines = self.script(*line, rest);
            } else if text.starts_with("import ") || text.starts_with("run ") {
                self.warn(at(*line), "requests of other files are not run");
            } else if !text.is_empty() {
                return self.request(*line, rest, preamble);
            }
        }
    }

    fn define(&mut self, line: Line<'_>) {
        match self.variables.define(line) {
            Ok(warning) => self.scenario.warnings.extend(warning),
            Err(error) => {
                self.errors.push(error);
                self.scenario.unread_names.extend(variables::name(line).map(str::to_owned));
            }
        }
    }

    /// `@name`, `@timeout` and `@connection-timeout` in a comment; others do not concern WebSocket connections.
    fn directive(&mut self, comment: &str, line: Line<'_>, preamble: &mut Preamble) {
        let Some(directive) = comment.trim_start().strip_prefix('@') else { return };
        let end = directive.find([' ', '\t', '=']).unwrap_or(directive.len());
        let (name, value) = directive.split_at(end);
        let value = value.trim_start_matches([' ', '\t', '=']);
        let option = match name {
            "name" => return preamble.set_title(value, line),
            "timeout" => "timeout",
            "connection-timeout" => "connect-timeout",
            _ => return,
        };
        let value: String = value.split_whitespace().collect();
        let has_unit = value.ends_with(|c: char| c.is_ascii_alphabetic());
        let value = if has_unit { value } else { value + "s" };
        match parse_duration(&value) {
            Ok(_) => preamble.options.push(OptionLine {
                at: at(line),
                name: option.to_owned(),
                value: Template::literal(value),
                pattern: None,
            }),
            Err(reason) => {
                self.errors.push(Diagnostic::new(at(line), format!("@{name}: {reason}")))
            }
        }
    }

    /// The lines behind a script, `{% … %}` or the name of a file, which is not run.
    fn script<'l, 's>(&mut self, line: Line<'s>, rest: &'l [Line<'s>]) -> &'l [Line<'s>] {
        self.warn(at(line), "scripts are not run: what it checks or sets is left out");
        if !line.text.contains("{%") || line.text.contains("%}") {
            return rest;
        }
        match rest.iter().position(|line| line.text.contains("%}")) {
            Some(end) => &rest[end + 1..],
            None => {
                self.errors.push(Diagnostic::new(at(line), "\"{%\" without \"%}\""));
                &[]
            }
        }
    }

    /// A request by its first line.
    fn request(&mut self, line: Line<'_>, rest: &[Line<'_>], preamble: Preamble) {
        let (method, url) = request::method(line);
        if !request::is_web_socket(method, url.text) {
            self.skipped.push((method.to_owned(), at(line)));
            return;
        }
        let first = self.errors.len();
        let (connect, rest) = self.connect(line, url, rest, preamble.options);
        let mut items = vec![Item::Connect(Box::new(connect))];
        items.extend(self.steps(rest).into_iter().map(|step| Item::Step(Box::new(step))));
        let at = preamble.at.unwrap_or_else(|| at(line));
        let part = Part { title: preamble.title, at, items };
        let warnings = &mut self.scenario.warnings;
        check_part(&part, self.source, first, &mut self.errors, warnings);
        self.scenario.parts.push(part);
    }
}

/// The most methods that are named.
const MAX_METHODS: usize = 8;

impl Preamble {
    fn set_title(&mut self, title: &str, line: Line<'_>) {
        if !title.trim().is_empty() {
            self.title = Some(Template::literal(title.trim()));
            self.at = Some(at(line));
        }
    }
}

/// The text of a comment, if the line is one.
fn comment(text: &str) -> Option<&str> {
    let text = text.trim_start();
    text.strip_prefix('#').or_else(|| text.strip_prefix("//"))
}

/// Where the text of a line stands, without the white space around it.
fn at(line: Line<'_>) -> Range<usize> {
    let start = line.start + line.text.len() - line.text.trim_start().len();
    start..start + line.text.trim().len()
}

/// A part of a line, without the white space around it.
fn part<'a>(line: Line<'a>, range: Range<usize>) -> Line<'a> {
    let text = &line.text[range.clone()];
    let start = line.start + range.start + text.len() - text.trim_start().len();
    Line { start, text: text.trim(), ..line }
}
