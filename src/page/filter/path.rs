//! JSONPath in messages.

use std::cmp::Ordering;

use memchr::memmem::{self, Finder};
use memchr::{memchr, memchr2_iter};
use serde_json::Value;

use super::decimal::Decimal;
use super::pick::pick;
use super::text::{Needle, data, in_line};
use crate::page::block::Row;
use crate::page::facts::Kind;
use crate::scenario::json_path::{BoundedPath, PathError};

/// The longest message that a path without `..` looks at, in bytes of its line.
const MAX_MESSAGE: usize = 4 << 20;

/// The same for a path with `..`, which visits all values of the message.
const MAX_SEARCHED: usize = 1 << 20;

/// The longest path, in bytes.
const MAX_PATH: usize = 512;

/// The most `..` of a path: a filter looks at all messages, while somebody waits.
const MAX_DESCENDANTS: u32 = 1;

/// A query of a message that is JSON.
#[derive(Debug)]
pub(super) struct PathTest {
    path: BoundedPath,
    /// The names of a path that consists of names.
    names: Option<Box<[Box<str>]>>,
    /// A longer message is not looked at, in bytes of its line.
    longest: usize,
    value: ValueTest,
    /// What the line of every message has in which the query finds something, unless JSON in it has escapes.
    parts: Vec<Needle>,
    /// The digits of the number that is looked for: any line has them that has no exponent.
    digits: Option<Finder<'static>>,
}

/// What holds for one of the values that are found.
#[derive(Debug)]
pub(super) enum ValueTest {
    Exists,
    Is(Value),
    IsNot(Value),
    Has(Needle),
    /// A number for which this holds.
    Compares(Compare, Box<str>),
}

/// Whether the order of a number and another is the one that is looked for.
pub(super) type Compare = fn(Ordering) -> bool;

/// Comparisons of numbers, each before what it begins with.
pub(super) const COMPARISONS: [(&str, Compare); 4] = [
    (">=", Ordering::is_ge),
    ("<=", Ordering::is_le),
    (">", Ordering::is_gt),
    ("<", Ordering::is_lt),
];

impl PathTest {
    /// # Errors
    /// Why it is not a path.
    pub(super) fn new(path: &str, value: ValueTest) -> Result<Self, String> {
        let parsed = parse(path)?;
        let text = match &value {
            ValueTest::Is(Value::String(text)) => Some(text.as_str()).filter(|it| is_plain(it)),
            _ => None,
        };
        // The value first, which is rarer. In any case is more than is needed, and right.
        let names = plain_names(path);
        let last_name = names.as_ref().and_then(|names| names.last()).map(AsRef::as_ref);
        let parts = text.into_iter().chain(last_name);
        let parts = parts.filter_map(|part| Needle::plain(&in_line(&format!("\"{part}\""))).ok());
        let longest = if parsed.descendants() > 0 { MAX_SEARCHED } else { MAX_MESSAGE };
        let parts = parts.collect();
        let digits = value.digits().map(|digits| Finder::new(digits).into_owned());
        Ok(Self { path: parsed, names, longest, value, parts, digits })
    }

    pub(super) fn holds(&self, row: &Row<'_>, scratch: &mut Vec<u8>) -> bool {
        let raw = row.data();
        let is_text = matches!(row.facts.kind, Kind::Text | Kind::Binary);
        if !is_text || raw.is_empty() || raw.len() > self.longest {
            return false;
        }
        if !row.facts.is_base64 && self.is_impossible(raw) {
            return false;
        }
        let data = data(row, scratch);
        let first = data.iter().find(|byte| !byte.is_ascii_whitespace());
        if memchr(*first.unwrap_or(&b' '), b"{[\"-0123456789tfn").is_none() {
            return false;
        }
        if let Some(names) = &self.names {
            return pick(data, names).is_some_and(|value| self.value.holds(&value));
        }
        let Ok(document) = serde_json::from_slice(data) else { return false };
        let found = self.path.query(&document);
        found.is_ok_and(|found| found.iter().any(|value| self.value.holds(value)))
    }

    /// Whether the text of a line shows that nothing is found in it.
    fn is_impossible(&self, raw: &[u8]) -> bool {
        let lacks_part = self.parts.iter().any(|part| !part.is_in(raw));
        if lacks_part && memmem::find(raw, br"\\u").is_none() {
            return true;
        }
        self.digits.as_ref().is_some_and(|digits| digits.find(raw).is_none() && !has_exponent(raw))
    }
}

impl ValueTest {
    /// The digits of a whole number that the value has to be.
    fn digits(&self) -> Option<&str> {
        let Self::Is(Value::Number(number)) = self else { return None };
        let digits = number.as_str().trim_start_matches('-');
        digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)
    }

    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Exists => true,
            Self::Is(wanted) => is_equal(value, wanted),
            Self::IsNot(other) => !is_equal(value, other),
            Self::Has(needle) => match value {
                Value::String(text) => needle.is_in(text.as_bytes()),
                value => needle.is_in(value.to_string().as_bytes()),
            },
            Self::Compares(compare, other) => match value {
                Value::Number(number) => order(number.as_str(), other).is_some_and(compare),
                _ => false,
            },
        }
    }
}

/// Numbers are equal if their values are.
fn is_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            order(one.as_str(), other.as_str()).is_some_and(Ordering::is_eq)
        }
        _ => one == other,
    }
}

fn order(one: &str, other: &str) -> Option<Ordering> {
    Some(Decimal::parse(one)?.compare(Decimal::parse(other)?))
}

/// A path that may be evaluated for each message.
fn parse(path: &str) -> Result<BoundedPath, String> {
    if path.len() > MAX_PATH {
        return Err(format!("the path is longer than {MAX_PATH} bytes"));
    }
    let parsed = BoundedPath::parse(path).map_err(|error| match error {
        PathError::Limit(reason, _) => reason,
        PathError::Syntax(error) => format!("not a JSONPath: {error}"),
    })?;
    match parsed.descendants() > MAX_DESCENDANTS {
        true => Err(format!("a path has at most {MAX_DESCENDANTS} \"..\"")),
        false => Ok(parsed),
    }
}

/// Whether JSON has a text as it is, unless it is written with `\u`.
fn is_plain(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() || matches!(c, '"' | '\\' | '/'))
}

/// Whether a number in it may be written with an exponent.
fn has_exponent(text: &[u8]) -> bool {
    let mut positions = memchr2_iter(b'e', b'E', text);
    positions.any(|at| at > 0 && text[at - 1].is_ascii_digit())
}

/// The names of a path that consists of names.
fn plain_names(path: &str) -> Option<Box<[Box<str>]>> {
    let names = path.strip_prefix("$.")?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let are_names = names.split('.').all(|name| !name.is_empty() && name.chars().all(is_name));
    are_names.then(|| names.split('.').map(Into::into).collect())
}
