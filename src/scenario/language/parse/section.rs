//! `[Options]`, `[Captures]` and `[Asserts]`.

use super::connect::variable_in_name;
use super::{Block, Content, Parser};
use crate::scenario::language::diagnostic::Diagnostic;
use crate::scenario::language::syntax::{Assert, Capture, Item, Sections};
use crate::scenario::language::template::is_name;

/// The sections, as they are written.
const SECTIONS: [(&str, Block); 3] =
    [("Options", Block::Options), ("Captures", Block::Captures), ("Asserts", Block::Asserts)];

/// What else they are called.
const ALIASES: [(&str, &str); 6] = [
    ("Expect", "Asserts"),
    ("Assertions", "Asserts"),
    ("Checks", "Asserts"),
    ("Variables", "Captures"),
    ("Capturing", "Captures"),
    ("Settings", "Options"),
];

/// What headers stand below in other languages: here directly below the connection.
const HEADERS: [&str; 4] = ["Headers", "Header", "Request", "Response"];

impl<'a> Parser<'a> {
    /// A line that begins a section; false if it does not.
    pub(super) fn section(&mut self, content: Content<'a>) -> bool {
        let inside = content.text.strip_prefix('[').and_then(|text| text.split_once(']'));
        let Some((name, rest)) = inside.filter(|(name, _)| is_name(name)) else { return false };
        let head = Content { text: &content.text[..name.len() + 2], ..content };
        let known = SECTIONS.iter().find(|(known, _)| *known == name);
        // Behind `[` of a payload of several lines, which is reported as such, stands something else.
        if known.is_none() && !rest.trim().is_empty() {
            return false;
        }
        let block = match known {
            Some((_, block)) => Some(*block),
            None => self.unknown_section(head, name),
        };
        match block {
            Some(block) => self.begin_section(block, head),
            None => self.block = Block::Unread,
        }
        if !rest.trim().is_empty() {
            let behind = content.skip(name.len() + 2).trim();
            let message = format!("nothing may follow [{name}] in its line");
            self.errors.push(Diagnostic::new(behind.at(), message));
        }
        true
    }

    /// Reports a section of another name; the block that was probably meant.
    fn unknown_section(&mut self, head: Content<'a>, name: &str) -> Option<Block> {
        if HEADERS.iter().any(|it| it.eq_ignore_ascii_case(name)) {
            let block = self.block;
            self.error(head.at(), format!("unknown section [{name}]")).help = Some(
                "headers stand directly below WS, those of the response below HTTP".to_owned(),
            );
            let is_header = matches!(block, Block::Request | Block::Response);
            return is_header.then_some(block);
        }
        let alias = ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(name));
        let distance =
            |known: &str| strsim::damerau_levenshtein(&known.to_lowercase(), &name.to_lowercase());
        let similar = SECTIONS.iter().find(|(known, _)| match alias {
            Some((_, meant)) => known == meant,
            None => distance(known) <= 2,
        });
        let message = match similar {
            Some((known, _)) => format!("unknown section [{name}]: did you mean [{known}]?"),
            None => format!("unknown section [{name}]"),
        };
        self.error(head.at(), message).help =
            Some("the sections are [Options], [Captures] and [Asserts]".to_owned());
        similar.map(|(_, block)| *block)
    }

    fn begin_section(&mut self, block: Block, head: Content<'a>) {
        self.block = block;
        if block == Block::Options {
            let is_behind_connect = self.last_connect().is_some();
            let is_placed = self
                .last_connect()
                .is_some_and(|it| it.response.is_none() && it.sections.is_empty());
            if !is_placed {
                let message = "[Options] belongs below the headers of a connection, before HTTP";
                self.error(head.at(), message);
            }
            if !is_behind_connect {
                self.block = Block::Unread;
            }
        } else if self.sections().is_none() {
            let may_have_connection = self.reported.may_have_connection;
            self.block = Block::Unread;
            if !may_have_connection {
                self.error(head.at(), "a section needs a connection or a step before it");
            }
        }
    }

    /// The sections of the last connection or step.
    fn sections(&mut self) -> Option<&mut Sections> {
        match self.part.as_mut()?.items.last_mut()? {
            Item::Connect(connect) => Some(&mut connect.sections),
            Item::Step(step) => Some(&mut step.sections),
        }
    }

    pub(super) fn assert(&mut self, content: Content<'a>) -> bool {
        let assert = Assert { at: content.at(), query: content.trim().owned() };
        if let Some(sections) = self.sections() {
            sections.asserts.push(assert);
        }
        true
    }

    pub(super) fn capture(&mut self, content: Content<'a>) -> bool {
        let capture = capture(content);
        if capture.is_err() && self.unknown_connection(content) {
            return true;
        }
        match capture {
            Ok(capture) => {
                if let Some(sections) = self.sections() {
                    sections.captures.push(capture);
                }
            }
            Err(error) => {
                self.errors.push(error);
                self.note_name(content);
            }
        }
        true
    }

    /// Notes the variable that a line gives a value if it is meant as a capture.
    pub(super) fn note_name(&mut self, content: Content<'a>) {
        let end = content.text.find([':', ' ', '\t', '=']).unwrap_or(content.text.len());
        let name = &content.text[..end];
        if is_name(name) {
            self.scenario.unread_names.insert(name.to_owned());
        }
    }
}

fn capture(content: Content<'_>) -> Result<Capture, Diagnostic> {
    let Some(end) = content.text.find(':') else {
        return Err(Diagnostic::new(content.at(), "a capture is written NAME: QUERY")
            .with_help("for example  id: jsonpath \"$.id\""));
    };
    let name = Content { text: &content.text[..end], start: content.start }.trim();
    if name.text.is_empty() {
        return Err(Diagnostic::new(content.at(), "a name is missing before the colon"));
    }
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
