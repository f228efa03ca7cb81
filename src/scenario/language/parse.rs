//! Text to tree. All that is wrong in a file is found at once: after an error the next line goes on.

use std::ops::Range;

use super::source::{Diagnostic, Line, Source};
use super::syntax::{Assert, Capture, Connect, Item, Part, Scenario, Sections, Step, Text};
use super::template::{Template, is_name};
use connect::variable_in_name;

mod checks;
mod connect;
mod payload;
mod step;
#[cfg(test)]
mod tests;

pub(in crate::scenario) use checks::part as check_part;

/// Reads a file.
///
/// # Errors
/// With everything that is wrong in it, in the order of the file.
pub fn parse(source: &Source) -> Result<Scenario, Vec<Diagnostic>> {
    let mut parser = Parser::new(source);
    while let Some(line) = parser.next_line() {
        parser.line(line);
    }
    parser.end_part();
    parser.errors.sort_by_key(|error| error.at.start);
    match parser.errors.is_empty() {
        true => Ok(parser.scenario),
        false => Err(parser.errors),
    }
}

struct Parser<'a> {
    source: &'a Source,
    /// The number of the next line.
    next: usize,
    scenario: Scenario,
    part: Option<Part>,
    block: Block,
    errors: Vec<Diagnostic>,
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
}

/// The sections, as they are written.
const SECTIONS: [(&str, Block); 3] =
    [("Options", Block::Options), ("Captures", Block::Captures), ("Asserts", Block::Asserts)];

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

    fn template(self) -> Result<Template, Diagnostic> {
        Template::parse(self.text, self.start)
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
        }
    }

    fn next_line(&mut self) -> Option<Line<'a>> {
        let line =
            self.source.line(self.next).filter(|line| line.number <= self.source.line_count());
        self.next += usize::from(line.is_some());
        line
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
        let result = match self.item(content) {
            Ok(true) => Ok(()),
            Ok(false) => self.line_of_block(content),
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            self.errors.push(error);
        }
    }

    /// A line that means the same in every block; false if it belongs to the block.
    fn item(&mut self, content: Content<'a>) -> Result<bool, Diagnostic> {
        if let Some(block) = section(content)? {
            self.begin_section(block, content)?;
            return Ok(true);
        }
        if let Some(rest) = keyword(content, "WS") {
            self.connect(content, rest)?;
            return Ok(true);
        }
        if matches!(self.block, Block::Request | Block::Options)
            && let Some(rest) = keyword(content, "HTTP")
        {
            self.response(content, rest)?;
            return Ok(true);
        }
        match self.step_head(content) {
            Some(head) => self.step(content, head).map(|()| true),
            None => Ok(false),
        }
    }

    fn line_of_block(&mut self, content: Content<'a>) -> Result<(), Diagnostic> {
        match self.block {
            Block::Items => Err(self.unexpected(content)),
            Block::Request | Block::Options | Block::Response => self.line_of_connect(content),
            Block::Captures => {
                let capture = capture(content)?;
                self.sections(content)?.captures.push(capture);
                Ok(())
            }
            Block::Asserts => {
                let assert = Assert { at: content.at(), query: content.trim().owned() };
                self.sections(content)?.asserts.push(assert);
                Ok(())
            }
        }
    }

    fn unexpected(&self, content: Content<'a>) -> Diagnostic {
        if let Some(error) = self.unknown_connection(content) {
            return error;
        }
        let message = match self.part.as_ref().is_some_and(|part| !part.items.is_empty()) {
            true => "not a step, a section or a connection",
            false => "a connection is needed first: WS ws://HOST/PATH",
        };
        Diagnostic::new(content.at(), message).with_help(
            "a step starts with >, <, <&, <?, <!, SILENCE, DURING, SLEEP or $, a comment with #",
        )
    }

    fn begin_part(&mut self, content: Content<'a>, title: Content<'a>) {
        self.end_part();
        let title = match title.text {
            "" => None,
            _ => title.template().map_err(|error| self.errors.push(error)).ok(),
        };
        self.part = Some(Part { title, at: content.at(), items: Vec::new() });
    }

    /// The part that is being read; it may begin without a title.
    fn part(&mut self, at: Range<usize>) -> &mut Part {
        self.part.get_or_insert(Part { title: None, at, items: Vec::new() })
    }

    fn begin_section(&mut self, block: Block, content: Content<'a>) -> Result<(), Diagnostic> {
        match (block, self.block) {
            (Block::Options, Block::Request) => {}
            (Block::Options, _) => {
                let message = "[Options] belongs below the headers of a connection, before HTTP";
                return Err(Diagnostic::new(content.at(), message));
            }
            _ => drop(self.sections(content)?),
        }
        self.block = block;
        Ok(())
    }

    /// The sections of the last connection or step.
    fn sections(&mut self, content: Content<'a>) -> Result<&mut Sections, Diagnostic> {
        match self.part.as_mut().and_then(|part| part.items.last_mut()) {
            Some(Item::Connect(connect)) => Ok(&mut connect.sections),
            Some(Item::Step(step)) => Ok(&mut step.sections),
            None => {
                let message = "a section needs a connection or a step before it";
                Err(Diagnostic::new(content.at(), message))
            }
        }
    }

    fn push_connect(&mut self, connect: Connect) {
        let at = connect.at.clone();
        self.part(at).items.push(Item::Connect(Box::new(connect)));
        self.block = Block::Request;
    }

    fn push_step(&mut self, step: Step) {
        let at = step.at.clone();
        self.part(at).items.push(Item::Step(Box::new(step)));
        self.block = Block::Items;
    }

    fn connects(&self) -> impl Iterator<Item = &Connect> {
        self.part.iter().flat_map(|part| &part.items).filter_map(|item| match item {
            Item::Connect(connect) => Some(&**connect),
            Item::Step(_) => None,
        })
    }

    fn last_connect(&mut self) -> Option<&mut Connect> {
        match self.part.as_mut()?.items.last_mut()? {
            Item::Connect(connect) => Some(connect),
            Item::Step(_) => None,
        }
    }

    fn end_part(&mut self) {
        self.block = Block::Items;
        let Some(part) = self.part.take() else { return };
        checks::part(&part, &mut self.errors, &mut self.scenario.warnings);
        self.scenario.parts.push(part);
    }
}

/// The section that a line begins; `None` if it is not one.
fn section(content: Content<'_>) -> Result<Option<Block>, Diagnostic> {
    let name = content.text.trim_end().strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let Some(name) = name.filter(|name| is_name(name)) else { return Ok(None) };
    match SECTIONS.iter().find(|(known, _)| *known == name) {
        Some((_, block)) => Ok(Some(*block)),
        None => Err(Diagnostic::new(content.at(), format!("unknown section [{name}]"))
            .with_help("the sections are [Options], [Captures] and [Asserts]")),
    }
}

/// What follows a keyword at the start of a line.
fn keyword<'a>(content: Content<'a>, word: &str) -> Option<Content<'a>> {
    let rest = content.text.strip_prefix(word)?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| content.skip(word.len()).trim())
}

fn capture(content: Content<'_>) -> Result<Capture, Diagnostic> {
    let Some(end) = content.text.find(':') else {
        return Err(Diagnostic::new(content.at(), "a capture is written NAME: QUERY")
            .with_help("for example  id: jsonpath \"$.id\""));
    };
    let name = Content { text: &content.text[..end], start: content.start }.trim();
    if let Some(error) = variable_in_name(name, "a captured value") {
        return Err(error);
    }
    if !is_name(name.text) {
        let message = format!("{:?} is not the name of a variable", name.text);
        return Err(Diagnostic::new(name.at(), message)
            .with_help("a name has letters, digits, _ and -, and does not start with a digit"));
    }
    let query = content.skip(end + 1).trim();
    Ok(Capture { at: content.at(), name: name.text.to_owned(), query: query.owned() })
}
