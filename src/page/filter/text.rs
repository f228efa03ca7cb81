//! Text that is looked for in rows: in the data of messages, pings and pongs as they were sent, in other rows in the
//! sentence that the list shows.

use data_encoding::BASE64;
use memchr::memchr;
use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};

use crate::output::json::escaped;
use crate::page::block::Row;
use crate::page::members::unescape;
use crate::page::row::sentence;

/// The most memory that a compiled regular expression takes, and as much again while it searches, in bytes.
const MAX_REGEX: usize = 1 << 20;

/// How deep groups may be nested.
const MAX_NESTING: u32 = 50;

/// Text that is looked for.
#[derive(Debug)]
pub(super) struct TextTest {
    needle: Needle,
    /// What a line has in which the text occurs; nothing if that cannot be told.
    in_line: Option<Needle>,
}

/// What is searched for.
#[derive(Debug)]
pub(super) enum Needle {
    Exact(Box<Finder<'static>>),
    Regex(Regex),
}

impl Needle {
    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        match self {
            Self::Exact(finder) => finder.find(text).is_some(),
            Self::Regex(regex) => regex.is_match(text),
        }
    }

    /// Text, in any case if it has only small letters.
    ///
    /// # Errors
    /// Why it cannot be searched for.
    pub(super) fn plain(text: &str) -> Result<Self, String> {
        match text.chars().any(char::is_uppercase) || !text.chars().any(char::is_alphabetic) {
            true => Ok(Self::Exact(Box::new(Finder::new(text).into_owned()))),
            false => Self::regex(&regex::escape(text), true).map_err(|(_, reason)| reason),
        }
    }

    /// # Errors
    /// Which place, in bytes, is why it is not a regular expression.
    pub(super) fn regex(expression: &str, ignores_case: bool) -> Result<Self, (usize, String)> {
        let regex = RegexBuilder::new(expression)
            .case_insensitive(ignores_case)
            .size_limit(MAX_REGEX)
            .dfa_size_limit(MAX_REGEX)
            .nest_limit(MAX_NESTING)
            .build();
        regex.map(Self::Regex).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                (0, "the regular expression is too large".to_owned())
            }
            error => {
                let text = error.to_string();
                let reason = text.lines().last().unwrap_or_default();
                let reason = reason.strip_prefix("error: ").unwrap_or(reason);
                (fault_at(expression), format!("not a regular expression: {reason}"))
            }
        })
    }
}

/// Where an expression is not a regular expression, in bytes.
fn fault_at(expression: &str) -> usize {
    let mut options = regex_syntax::ParserBuilder::new();
    match options.utf8(false).nest_limit(MAX_NESTING).build().parse(expression) {
        Err(regex_syntax::Error::Parse(error)) => error.span().start.offset,
        Err(regex_syntax::Error::Translate(error)) => error.span().start.offset,
        _ => 0,
    }
}

impl TextTest {
    /// Text as it is, in any case if it has only small letters.
    ///
    /// # Errors
    /// Why it cannot be searched for.
    pub(super) fn plain(text: &str) -> Result<Self, String> {
        Ok(Self { needle: Needle::plain(text)?, in_line: Needle::plain(&in_line(text)).ok() })
    }

    /// # Errors
    /// As [`Needle::regex`].
    pub(super) fn regex(expression: &str, ignores_case: bool) -> Result<Self, (usize, String)> {
        Ok(Self { needle: Needle::regex(expression, ignores_case)?, in_line: None })
    }

    pub(super) fn holds(&self, row: &Row<'_>, scratch: &mut Vec<u8>) -> bool {
        let raw = row.data();
        if row.facts.data == 0 {
            return self.needle.is_in(sentence(row).as_bytes());
        }
        if !row.facts.is_base64 {
            if self.in_line.as_ref().is_some_and(|needle| !needle.is_in(raw)) {
                return false;
            }
            if memchr(b'\\', raw).is_none() {
                return self.in_line.is_some() || self.needle.is_in(raw);
            }
        }
        self.needle.is_in(data(row, scratch))
    }
}

/// The text as a line has it.
pub(super) fn in_line(text: &str) -> String {
    let mut line = Vec::with_capacity(text.len());
    escaped(text, |part| line.extend_from_slice(part));
    String::from_utf8(line).unwrap_or_default()
}

/// The data of a row as it was sent.
pub(super) fn data<'a>(row: &Row<'_>, scratch: &'a mut Vec<u8>) -> &'a [u8] {
    let raw = row.data();
    scratch.clear();
    match row.facts.is_base64 {
        false => unescape(raw, scratch),
        true => {
            let raw = &raw[..raw.len() / 4 * 4];
            scratch.resize(BASE64.decode_len(raw.len()).unwrap_or_default(), 0);
            let length = BASE64.decode_mut(raw, scratch).unwrap_or_default();
            scratch.truncate(length);
        }
    }
    scratch
}
