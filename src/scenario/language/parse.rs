//! Text to tree. All that is wrong in a file is found at once: a line with an error is read as far as it goes, and
//! the next lines belong to it.

use std::collections::BTreeSet;
use std::ops::Range;

use super::diagnostic::{Diagnostic, Partial};
use super::source::{Line, Source};
use super::syntax::{Connect, Item, Part, Scenario, Step, Text, status_code};
use super::template::Template;

mod checks;
mod connect;
mod payload;
mod recovery;
mod section;
mod step;
#[cfg(test)]
mod tests;

pub(in crate::scenario) use checks::part as check_part;

/// Reads a file.
pub fn parse(source: &Source) -> Partial<Scenario> {
    let mut parser = Parser::new(source);
    while let Some(line) = parser.next_line() {
        parser.line(line);
    }
    parser.end_part();
    let Parser { mut scenario, errors, .. } = parser;
    scenario.warnings.sort_by_key(|warning| warning.at.start);
    source.partial(scenario, errors)
}

struct Parser<'a> {
    source: &'a Source,
    /// The number of the next line.
    next: usize,
    scenario: Scenario,
    part: Option<Part>,
    block: Block,
    errors: Vec<Diagnostic>,
    /// The connections of the part, with their names.
    connections: Vec<Option<String>>,
    /// What the part that is being read has had.
    reported: Reported,
    /// Lines in a row that cannot be read: the error of the first, and how many follow it.
    unknown_lines: Option<(usize, usize)>,
    /// The line before is a payload: what follows may be meant as more of it.
    is_behind_payload: bool,
    /// Fences that no line below closes.
    unclosed_fences: BTreeSet<String>,
}

/// What is not reported again in a part, since it would only follow from what was.
#[derive(Default)]
struct Reported {
    /// How many errors there were before the part.
    first: usize,
    /// A line that was not understood may be a connection.
    may_have_connection: bool,
    /// A step has no connection.
    lacks_connection: bool,
    /// The name of a connection could not be read.
    has_unread_name: bool,
    /// Names that no connection has.
    unknown_names: BTreeSet<String>,
}

/// What the lines of a block are, and where they go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Block {
    /// Nothing but connections and steps.
    Items,
    /// Headers of a request.
    Request,
    /// Options of a connection.
    Options,
    /// Headers of a response.
    Response,
    /// Captures of the last connection or step.
    Captures,
    /// Asserts of the last connection or step.
    Asserts,
    /// Lines of a section that was reported as a whole.
    Unread,
}

/// A line without the white space before it.
#[derive(Clone, Copy)]
struct Content<'a> {
    text: &'a str,
    /// Where it starts in the file.
    start: usize,
}

impl<'a> Content<'a> {
    fn new(line: Line<'a>) -> Self {
        let text = line.text.trim_start();
        Self { text, start: line.start + line.text.len() - text.len() }
    }

    fn at(self) -> Range<usize> {
        self.start..self.start + self.text.trim_end().len()
    }

    /// What follows so many bytes.
    fn skip(self, bytes: usize) -> Self {
        Self { text: &self.text[bytes..], start: self.start + bytes }
    }

    fn trim(self) -> Self {
        let text = self.text.trim_start();
        let start = self.start + self.text.len() - text.len();
        Self { text: text.trim_end(), start }
    }

    fn owned(self) -> Text {
        Text { at: self.start..self.start + self.text.len(), text: self.text.to_owned() }
    }
}

impl<'a> Parser<'a> {
    fn new(source: &'a Source) -> Self {
        Self {
            source,
            next: 1,
            scenario: Scenario::default(),
            part: None,
            block: Block::Items,
            errors: Vec::new(),
            connections: Vec::new(),
            reported: Reported::default(),
            unknown_lines: None,
            is_behind_payload: false,
            unclosed_fences: BTreeSet::new(),
        }
    }

    /// The line so many behind the next one.
    fn peek(&self, ahead: usize) -> Option<Line<'a>> {
        let line = self.source.line(self.next + ahead)?;
        Some(line).filter(|line| line.number <= self.source.line_count())
    }

    fn next_line(&mut self) -> Option<Line<'a>> {
        let line = self.peek(0);
        self.next += usize::from(line.is_some());
        line
    }

    fn error(&mut self, at: Range<usize>, message: impl Into<String>) -> &mut Diagnostic {
        self.errors.push(Diagnostic::new(at, message));
        let last = self.errors.len() - 1;
        &mut self.errors[last]
    }

    fn template(&mut self, content: Content<'_>) -> Template {
        let Partial { value, errors } = Template::read(content.text, content.start);
        self.errors.extend(errors);
        value
    }

    fn line(&mut self, line: Line<'a>) {
        let content = Content::new(line);
        if let Some(title) = content.text.strip_prefix("###") {
            let title = content.skip(content.text.len() - title.len()).trim();
            return self.begin_part(content, title);
        }
        if content.text.trim_end().is_empty() || content.text.starts_with('#') {
            return;
        }
        let is_behind_payload = std::mem::take(&mut self.is_behind_payload);
        match self.item(content) || self.line_of_block(content) || self.meant(content) {
            true => self.end_unknown_lines(),
            false => self.unknown_line(content, is_behind_payload),
        }
    }

    /// A line that means the same in every block; false if it belongs to the block.
    fn item(&mut self, content: Content<'a>) -> bool {
        if self.section(content) {
            return true;
        }
        if let Some(rest) = keyword(content, "WS") {
            self.connect(content, rest);
            return true;
        }
        if let Some(rest) = keyword(content, "HTTP")
            && (self.has_request() || self.block == Block::Response || is_status(rest.text))
        {
            self.response(content, rest);
            return true;
        }
        match self.step_head(content) {
            Some(head) => self.step(content, head),
            None => return false,
        }
        true
    }

    /// Whether lines are headers of a request or options, which `HTTP` ends.
    fn has_request(&self) -> bool {
        matches!(self.block, Block::Request | Block::Options)
    }

    /// A line that belongs to the block; false if it cannot.
    fn line_of_block(&mut self, content: Content<'a>) -> bool {
        match self.block {
            Block::Items => false,
            Block::Request | Block::Options | Block::Response => self.line_of_connect(content),
            Block::Captures => self.meant(content) || self.capture(content),
            Block::Asserts => self.meant(content) || self.assert(content),
            Block::Unread => {
                self.note_name(content);
                true
            }
        }
    }

    fn begin_part(&mut self, content: Content<'a>, title: Content<'a>) {
        self.end_part();
        let title = (!title.text.is_empty()).then(|| self.template(title));
        self.part = Some(Part { title, at: content.at(), items: Vec::new() });
    }

    /// The part that is being read; it may begin without a title.
    fn part(&mut self, at: Range<usize>) -> &mut Part {
        self.part.get_or_insert(Part { title: None, at, items: Vec::new() })
    }

    fn push_connect(&mut self, connect: Connect) {
        self.connections.push(connect.name.clone());
        let at = connect.at.clone();
        self.part(at).items.push(Item::Connect(Box::new(connect)));
        self.block = Block::Request;
    }

    fn push_step(&mut self, step: Step) {
        let at = step.at.clone();
        self.part(at).items.push(Item::Step(Box::new(step)));
        self.block = Block::Items;
    }

    /// Whether a connection of this part has this name.
    fn has_connection(&self, name: &str) -> bool {
        self.connections.iter().flatten().any(|it| it == name)
    }

    fn last_connect(&mut self) -> Option<&mut Connect> {
        match self.part.as_mut()?.items.last_mut()? {
            Item::Connect(connect) => Some(connect),
            Item::Step(_) => None,
        }
    }

    fn end_part(&mut self) {
        self.end_unknown_lines();
        self.block = Block::Items;
        self.is_behind_payload = false;
        self.connections.clear();
        let reported = std::mem::take(&mut self.reported);
        self.reported.first = self.errors.len();
        let Some(part) = self.part.take() else { return };
        let warnings = &mut self.scenario.warnings;
        checks::part(&part, self.source, reported.first, &mut self.errors, warnings);
        self.reported.first = self.errors.len();
        self.scenario.parts.push(part);
    }
}

/// What follows a keyword at the start of a line.
fn keyword<'a>(content: Content<'a>, word: &str) -> Option<Content<'a>> {
    let rest = content.text.strip_prefix(word)?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| content.skip(word.len()).trim())
}

/// Whether this can follow `HTTP`.
fn is_status(text: &str) -> bool {
    text == "*" || status_code(text).is_some() || text.contains("{{")
}

/// Whether a text begins as the URL of a connection does.
fn is_url(text: &str) -> bool {
    ["ws://", "wss://", "http://", "https://"].iter().any(|scheme| text.starts_with(scheme))
}
