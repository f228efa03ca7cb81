//! The lines that do something.

use super::payload::Use;
use super::{Block, Content, Parser};
use crate::scenario::language::shell::quoting;
use crate::scenario::language::source::Diagnostic;
use crate::scenario::language::syntax::{Sections, Span, Step, StepKind, Wanted};
use crate::scenario::language::template::{Template, is_name};
use crate::scenario::language::units::parse_duration;

/// How a step begins.
pub(super) struct Head<'a> {
    connection: Option<Content<'a>>,
    sign: Sign,
    /// What follows the sign.
    rest: Content<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
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
        let (name, behind) = name(content)?;
        let (sign, rest) = sign(behind).filter(|(sign, _)| *sign != Sign::Run)?;
        let is_known = self.connects().any(|it| it.name.as_deref() == Some(name.text));
        is_known.then_some(Head { connection: Some(name), sign, rest })
    }

    /// What is wrong with a line that would be a step if there were such a connection.
    pub(super) fn unknown_connection(&self, content: Content<'a>) -> Option<Diagnostic> {
        let (name, behind) = name(content)?;
        sign(behind).filter(|(sign, _)| *sign != Sign::Run)?;
        let names: Vec<_> = self.connects().filter_map(|it| it.name.as_deref()).collect();
        let message = format!("no connection of this part is named {:?}", name.text);
        let error = Diagnostic::new(name.at(), message);
        Some(match names.is_empty() {
            true => error.with_help(format!("name it: WS URL as {}", name.text)),
            false => error.with_help(format!("there are: {}", names.join(", "))),
        })
    }

    pub(super) fn step(&mut self, content: Content<'a>, head: Head<'a>) -> Result<(), Diagnostic> {
        let Head { connection, sign, rest } = head;
        // Read to its end first: a fence has more lines.
        let kind = match sign {
            Sign::Send => self.payload(rest, Use::Send).map(StepKind::Send),
            Sign::Receive(wanted) => {
                self.payload(rest, Use::Pattern).map(|pattern| StepKind::Receive(wanted, pattern))
            }
            Sign::Silence => span(content, rest).map(StepKind::Silence),
            Sign::During => span(content, rest).map(StepKind::During),
            Sign::Sleep => span(content, rest).map(StepKind::Sleep),
            Sign::Run => command(content, rest).map(StepKind::Run),
        };
        self.block = Block::Items;
        let kind = kind?;
        if self.connects().next().is_none() && !matches!(sign, Sign::Run | Sign::Sleep) {
            let message = "a connection is needed before the first step";
            return Err(Diagnostic::new(content.at(), message)
                .with_help("for example  WS ws://localhost:8080/chat"));
        }
        if let (Sign::Sleep, Some(name)) = (sign, connection) {
            let message = "SLEEP is not for one connection: leave the name out";
            return Err(Diagnostic::new(name.at(), message));
        }
        let connection = connection.map(Content::owned);
        self.push_step(Step { at: content.at(), connection, kind, sections: Sections::default() });
        Ok(())
    }
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
fn name(content: Content<'_>) -> Option<(Content<'_>, Content<'_>)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let end = content.text.find(|c| !is_part(c)).unwrap_or(content.text.len());
    let name = Content { text: &content.text[..end], ..content };
    is_name(name.text).then(|| {
        let rest = content.skip(end);
        let blank = rest.text.len() - rest.text.trim_start_matches([' ', '\t']).len();
        (name, rest.skip(blank))
    })
}

fn span(content: Content<'_>, rest: Content<'_>) -> Result<Span, Diagnostic> {
    let at = if rest.text.is_empty() { content.at() } else { rest.at() };
    if rest.text.is_empty() {
        return Err(Diagnostic::new(at, "a duration is missing")
            .with_help("durations are written 500ms, 5s or 2m"));
    }
    let text = rest.template()?;
    let known = text.as_literal().map(|text| parse_duration(&text)).transpose();
    let known = known.map_err(|message| Diagnostic::new(at, message))?;
    Ok(Span { text, known })
}

fn command(content: Content<'_>, rest: Content<'_>) -> Result<Template, Diagnostic> {
    if rest.text.trim().is_empty() {
        return Err(Diagnostic::new(content.at(), "a command is missing"));
    }
    let command = rest.template()?;
    quoting(&command)?;
    Ok(command)
}
