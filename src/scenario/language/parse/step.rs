//! The lines that do something.

use super::payload::Use;
use super::{Block, Content, Parser};
use crate::scenario::language::shell::quoting;
use crate::scenario::language::syntax::{Sections, Span, Step, StepKind, Wanted};
use crate::scenario::language::template::{Template, is_name};
use crate::scenario::language::units::parse_duration;

/// How a step begins.
pub(super) struct Head<'a> {
    pub(super) connection: Option<Content<'a>>,
    pub(super) sign: Sign,
    /// What follows the sign.
    pub(super) rest: Content<'a>,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Send,
    Receive(Wanted),
    Silence,
    During,
    Sleep,
    Run,
}

/// The signs as they are written, longer ones first.
const SIGNS: [(&str, Sign); 6] = [
    (">", Sign::Send),
    ("<&", Sign::Receive(Wanted::Also)),
    ("<?", Sign::Receive(Wanted::Optional)),
    ("<!", Sign::Receive(Wanted::Never)),
    ("<", Sign::Receive(Wanted::Next)),
    ("$", Sign::Run),
];

const KEYWORDS: [(&str, Sign); 3] =
    [("SILENCE", Sign::Silence), ("DURING", Sign::During), ("SLEEP", Sign::Sleep)];

impl<'a> Parser<'a> {
    /// The beginning of a step; `None` if the line is not one.
    pub(super) fn step_head(&self, content: Content<'a>) -> Option<Head<'a>> {
        if let Some((sign, rest)) = sign(content) {
            return Some(Head { connection: None, sign, rest });
        }
        let (name, behind) = name(content).or_else(|| self.wrong_name(content))?;
        let (sign, rest) = sign(behind).filter(|(sign, _)| *sign != Sign::Run)?;
        self.has_connection(name.text).then_some(Head { connection: Some(name), sign, rest })
    }

    /// The name of a connection that is reported as not being one.
    fn wrong_name(&self, content: Content<'a>) -> Option<(Content<'a>, Content<'a>)> {
        let names = self.connections.iter().flatten().filter(|name| !is_name(name));
        let mut lengths = names.filter(|name| content.text.starts_with(*name)).map(String::len);
        let length = lengths.next()?;
        let name = Content { text: &content.text[..length], ..content };
        let behind = content.skip(length);
        let blank = behind.text.len() - behind.text.trim_start_matches([' ', '\t']).len();
        Some((name, behind.skip(blank)))
    }

    /// A line that would be a step if there were such a connection; false if it would not. The name is reported once.
    pub(super) fn unknown_connection(&mut self, content: Content<'a>) -> bool {
        let Some((name, behind)) = name(content) else { return false };
        let Some((sign, rest)) = sign(behind).filter(|(sign, _)| *sign != Sign::Run) else {
            return false;
        };
        let is_new = self.reported.unknown_names.insert(name.text.to_owned());
        let is_known = self.reported.has_unread_name
            || self.reported.may_have_connection
            || (self.connections.is_empty() && self.reported.lacks_connection);
        if is_new && !is_known {
            let names: Vec<_> = self.connections.iter().flatten().map(String::as_str).collect();
            let help = match names.is_empty() {
                true => format!("name it: WS URL as {}", name.text),
                false => format!("its connections are: {}", names.join(", ")),
            };
            let message = format!("no connection of this part is named {:?}", name.text);
            self.error(name.at(), message).help = Some(help);
        }
        self.reported.lacks_connection = true; // it lacks that one
        self.step(content, Head { connection: Some(name), sign, rest });
        true
    }

    pub(super) fn step(&mut self, content: Content<'a>, head: Head<'a>) {
        let Head { connection, sign, rest } = self.with_name_in_front(content, head);
        let kind = match sign {
            Sign::Send => StepKind::Send(self.payload(rest, Use::Send)),
            Sign::Receive(wanted) => StepKind::Receive(wanted, self.payload(rest, Use::Pattern)),
            Sign::Silence => StepKind::Silence(self.span(content, rest)),
            Sign::During => StepKind::During(self.span(content, rest)),
            Sign::Sleep => StepKind::Sleep(self.span(content, rest)),
            Sign::Run => StepKind::Run(self.command(content, rest)),
        };
        self.block = Block::Items;
        let needs_connection = !matches!(sign, Sign::Run | Sign::Sleep);
        if needs_connection && self.connections.is_empty() {
            let is_reported = self.reported.lacks_connection || self.reported.may_have_connection;
            self.reported.lacks_connection = true;
            if !is_reported {
                let message = "a connection is needed before the first step";
                self.error(content.at(), message).help =
                    Some("for example  WS ws://localhost:8080/chat".to_owned());
            }
        }
        let connection = connection.map(Content::owned);
        let name = connection.clone().filter(|_| sign == Sign::Sleep);
        if let Some(name) = name {
            self.error(name.at, "SLEEP is not for one connection: leave the name out");
        }
        self.push_step(Step { at: content.at(), connection, kind, sections: Sections::default() });
    }

    /// `SILENCE alice 1s`, which is reported, is read as `alice SILENCE 1s`.
    fn with_name_in_front(&mut self, content: Content<'a>, head: Head<'a>) -> Head<'a> {
        let is_for_one = matches!(head.sign, Sign::Silence | Sign::During);
        let found = name(head.rest).filter(|(name, _)| {
            is_for_one && head.connection.is_none() && self.has_connection(name.text)
        });
        let Some((name, rest)) = found else { return head };
        let word = content.text.split([' ', '\t']).next().unwrap_or_default();
        let help = format!("write the name before the word: {} {word} {}", name.text, rest.text);
        self.error(name.at(), "the name of a connection stands at the start of the line").help =
            Some(help.trim_end().to_owned());
        Head { connection: Some(name), sign: head.sign, rest }
    }

    fn span(&mut self, content: Content<'_>, rest: Content<'_>) -> Span {
        if rest.text.is_empty() {
            self.error(content.at(), "a duration is missing").help = Some(DURATIONS.to_owned());
        }
        let errors = self.errors.len();
        let text = self.template(rest);
        let is_whole = self.errors.len() == errors && !rest.text.is_empty();
        let literal = text.as_literal().filter(|_| is_whole);
        let known = literal.and_then(|text| match parse_duration(&text) {
            Ok(known) => Some(known),
            Err(message) => {
                self.error(rest.at(), message);
                None
            }
        });
        Span { text, known }
    }

    fn command(&mut self, content: Content<'_>, rest: Content<'_>) -> Template {
        if rest.text.trim().is_empty() {
            self.error(content.at(), "a command is missing");
        }
        let command = self.template(rest);
        if let Err(error) = quoting(&command) {
            self.errors.push(error);
        }
        command
    }
}

const DURATIONS: &str = "durations are written 500ms, 5s or 2m";

/// The sign that a keyword stands for.
pub(super) fn keyword_sign(keyword: &str) -> Option<Sign> {
    KEYWORDS.iter().find(|(word, _)| *word == keyword).map(|(_, sign)| *sign)
}

/// The sign at the start of a text, and what follows it.
fn sign(content: Content<'_>) -> Option<(Sign, Content<'_>)> {
    for (text, sign) in SIGNS {
        if content.text.starts_with(text) {
            let rest = content.skip(text.len());
            // One space belongs to the sign.
            let space = usize::from(rest.text.starts_with(' '));
            return Some((sign, rest.skip(space)));
        }
    }
    let (_, sign) = KEYWORDS.iter().find(|(word, _)| {
        let rest = content.text.strip_prefix(word);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    })?;
    let length = content.text.find([' ', '\t']).unwrap_or(content.text.len());
    Some((*sign, content.skip(length).trim()))
}

/// A name at the start of a text, and what follows it and the spaces behind it.
pub(super) fn name(content: Content<'_>) -> Option<(Content<'_>, Content<'_>)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let end = content.text.find(|c| !is_part(c)).unwrap_or(content.text.len());
    let name = Content { text: &content.text[..end], ..content };
    is_name(name.text).then(|| {
        let rest = content.skip(end);
        let blank = rest.text.len() - rest.text.trim_start_matches([' ', '\t']).len();
        (name, rest.skip(blank))
    })
}
