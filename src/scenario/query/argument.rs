//! Regular expressions and JSONPaths with `{{name}}` in them. A value is data there, never syntax.

use std::borrow::Cow;
use std::ops::Range;

use regex::{Captures, Regex};
use serde_json::Value as Json;

use super::error::EvalError;
use super::value::{Value, quoted, start_of};
use crate::protocol::counted::counted;
use crate::scenario::json;
use crate::scenario::json_path::{BoundedPath, PathCost, PathError, Quotes};
use crate::scenario::language::literal::regex_problem;
use crate::scenario::language::template::Piece;
use crate::scenario::language::{Diagnostic, Template, Values};

/// How many names of members are shown.
const MAX_NAMES: usize = 10;

/// A regular expression; values are escaped, so that they match themselves.
#[derive(Clone, Debug)]
pub struct RegexArgument {
    template: Template,
    /// The expression, if no value has to be put in.
    compiled: Option<Regex>,
}

impl RegexArgument {
    /// Checks a regular expression. Where values are to be put in, with `1` in their place.
    ///
    /// # Errors
    /// With the reason why it is not one.
    pub fn new(template: Template) -> Result<Self, Diagnostic> {
        let text = with_placeholders(&template, |_| "1");
        let regex = Regex::new(&text)
            .map_err(|error| Diagnostic::new(template.at.clone(), regex_problem(&error)))?;
        let compiled = template.as_literal().is_some().then_some(regex);
        Ok(Self { template, compiled })
    }

    /// The expression with its values.
    ///
    /// # Errors
    /// With a variable that has no value, or an expression that has become too large.
    pub fn regex(&self, values: &dyn Values) -> Result<Cow<'_, Regex>, EvalError> {
        if let Some(regex) = &self.compiled {
            return Ok(Cow::Borrowed(regex));
        }
        let text = self.template.expand_with(values, |value| regex::escape(&value));
        let text = text.map_err(EvalError::unknown)?;
        let regex = Regex::new(&text).map_err(|error| {
            EvalError::in_scenario(self.template.at.clone(), regex_problem(&error))
        })?;
        Ok(Cow::Owned(regex))
    }

    /// What is found in a text: the first group, or the match if there are no groups.
    ///
    /// # Errors
    /// As for `regex`.
    pub fn find(&self, text: &str, values: &dyn Values) -> Result<Option<Value>, EvalError> {
        let regex = self.regex(values)?;
        let group = usize::from(regex.captures_len() > 1);
        let found = regex.captures(text).and_then(|captures: Captures<'_>| captures.get(group));
        Ok(found.map(|found| Value::String(found.as_str().to_owned())))
    }
}

/// A JSONPath (RFC 9535); values are names, numbers or parts of a quoted name.
#[derive(Clone, Debug)]
pub struct JsonPathArgument {
    template: Template,
    /// The path, if no value has to be put in.
    parsed: Option<BoundedPath>,
    is_singular: bool,
}

impl JsonPathArgument {
    /// Checks a JSONPath. `is_verbatim` says that the file has it character for character, so that the
    /// place of an error is known. Where values are to be put in, it is checked with others in their place.
    ///
    /// # Errors
    /// With the reason why it is not one.
    pub fn new(template: Template, is_verbatim: bool) -> Result<Self, Diagnostic> {
        let text = with_placeholders(&template, |before| match Position::behind(before) {
            Position::Quoted | Position::Name => "a",
            Position::Literal => "1",
        });
        let path = parse(&text).map_err(|error| {
            let at = match error.position {
                Some(position) if is_verbatim => place(&template.at, &text, position),
                _ => template.at.clone(),
            };
            if template.as_literal().is_none() {
                return Diagnostic::new(at, "not a JSONPath").with_help(
                    "a variable in it stands for a name, a number or a part of a quoted name",
                );
            }
            let diagnostic = Diagnostic::new(at, error.message);
            if text.starts_with('$') {
                diagnostic
            } else {
                diagnostic.with_help("a path begins with $")
            }
        })?;
        let is_singular = path.is_singular();
        let parsed = template.as_literal().is_some().then_some(path);
        Ok(Self { template, parsed, is_singular })
    }

    /// Whether it can name at most one value (RFC 9535 section 2.3.5.1).
    pub fn is_singular(&self) -> bool {
        self.is_singular
    }

    /// What it names: of a singular path the value, of another the list of values.
    ///
    /// # Errors
    /// With a variable that has no value, or one that cannot stand there, and if it would take too long.
    pub fn query(&self, value: &Json, values: &dyn Values) -> Result<Option<Value>, EvalError> {
        let path = match &self.parsed {
            Some(path) => Cow::Borrowed(path),
            None => Cow::Owned(self.expanded(values)?),
        };
        let failed =
            |cost: PathCost| EvalError::in_data(self.template.at.clone(), cost.to_string());
        let mut found = path.copied(value).map_err(failed)?.into_iter().map(Value::from);
        Ok(match self.is_singular {
            true => found.next(),
            false => Some(Value::List(found.collect())),
        })
    }

    /// How far a singular path goes that names nothing: the last value on its way, in words.
    pub fn reached(&self, value: &Json, values: &dyn Values) -> Option<String> {
        let text = match self.template.as_literal() {
            Some(text) => text,
            None => Cow::Owned(self.expanded(values).ok()?.to_string()),
        };
        if !self.is_singular {
            return None;
        }
        let named = |prefix: &str| parse(prefix).ok()?.query(value).ok()?.first();
        let mut prefixes = prefixes(&text).into_iter().rev();
        let (reached, last) = prefixes.find_map(|prefix| Some((prefix, named(prefix)?)))?;
        Some(format!("{reached} {}", structure(last)))
    }

    fn expanded(&self, values: &dyn Values) -> Result<BoundedPath, EvalError> {
        let mut text = String::new();
        for piece in self.template.pieces() {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Variable(variable) => {
                    let value = values.value(&variable.name);
                    let value = value.ok_or_else(|| EvalError::unknown(variable.clone()))?;
                    let put_in = Position::behind(&text).put_in(&value).ok_or_else(|| {
                        let start = start_of(&value, 60);
                        let message =
                            format!("the value {start:?} cannot be used there in a JSONPath");
                        EvalError::in_scenario(variable.at.clone(), message)
                    })?;
                    text.push_str(&put_in);
                }
            }
        }
        parse(&text)
            .map_err(|error| EvalError::in_scenario(self.template.at.clone(), error.message))
    }
}

/// Where a value is put into a JSONPath.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// Between quotes.
    Quoted,
    /// Behind a dot, as the name of a member.
    Name,
    /// Where an index or a literal stands.
    Literal,
}

impl Position {
    fn behind(text: &str) -> Self {
        match Quotes::of(text) {
            Some(_) => Self::Quoted,
            None if text.ends_with('.') => Self::Name,
            None => Self::Literal,
        }
    }

    /// The value as it stands in the path, if it can.
    fn put_in(self, value: &str) -> Option<Cow<'_, str>> {
        match self {
            Self::Quoted => Some(escaped(value)),
            Self::Name => is_shorthand(value).then_some(Cow::Borrowed(value)),
            Self::Literal => {
                let is_word = matches!(value, "true" | "false" | "null");
                let is_literal = is_word || json::number(value).is_some();
                is_literal.then_some(Cow::Borrowed(value))
            }
        }
    }
}

/// A text for the inside of a quoted name, whatever the quotes.
fn escaped(value: &str) -> Cow<'_, str> {
    let is_special = |c: char| matches!(c, '"' | '\'' | '\\') || c < ' ';
    if !value.contains(is_special) {
        return Cow::Borrowed(value);
    }
    let escape = |c: char| match c {
        c if is_special(c) => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    Cow::Owned(value.chars().map(escape).collect())
}

/// Whether a member can be named without brackets (RFC 9535 section 2.5.1.1).
fn is_shorthand(name: &str) -> bool {
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
    name.starts_with(is_first) && name.chars().all(|c| is_first(c) || c.is_ascii_digit())
}

/// A singular path, cut before each of its names and indices.
fn prefixes(path: &str) -> Vec<&str> {
    let mut quotes = Quotes::new(path);
    let mut ends = Vec::new();
    while let Some(c) = quotes.next() {
        if matches!(c, '.' | '[') {
            ends.push(quotes.position() - 1);
        }
    }
    ends.into_iter().map(|end| path[..end].trim_end()).collect()
}

/// What a value has inside, in words.
fn structure(value: &Json) -> String {
    match value {
        Json::Object(members) if members.is_empty() => "exists without members".to_owned(),
        Json::Object(members) => {
            let names: Vec<_> = members.keys().take(MAX_NAMES).map(|name| quoted(name)).collect();
            let more = match members.len() - names.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let noun = if members.len() == 1 { "the member" } else { "the members" };
            format!("exists with {noun} {}{more}", names.join(", "))
        }
        Json::Array(values) => {
            format!("is a list of {}", counted(values.len() as u64, "element"))
        }
        value => format!("is {}", Value::from(value.clone()).described()),
    }
}

/// A path that is not taken.
struct Refusal {
    message: String,
    /// Where, in bytes of the path.
    position: Option<usize>,
}

fn parse(text: &str) -> Result<BoundedPath, Refusal> {
    BoundedPath::parse(text).map_err(|error| {
        let error = match error {
            PathError::Limit(message, position) => return Refusal { message, position },
            PathError::Syntax(error) => error,
        };
        let position = text.floor_char_boundary(error.position());
        let (before, rest) = text.split_at(position);
        let place = match rest {
            "" => "not a JSONPath: something is missing at its end".to_owned(),
            _ => {
                let number = before.chars().count() + 1;
                format!("not a JSONPath from character {number} on: {}", quoted(rest))
            }
        };
        let message = match error.message() {
            "parser error" => place,
            reason => format!("{place} ({reason})"),
        };
        Refusal { message, position: Some(position) }
    })
}

/// The character of a template at this position of its text.
fn place(at: &Range<usize>, text: &str, position: usize) -> Range<usize> {
    let start = at.start + text.floor_char_boundary(position);
    let length =
        text.get(text.floor_char_boundary(position)..).and_then(|rest| rest.chars().next());
    let end = start + length.map_or(0, char::len_utf8);
    start.min(at.end)..end.min(at.end)
}

/// The text with something in place of each value; it is given the text before.
fn with_placeholders(template: &Template, placeholder: impl Fn(&str) -> &'static str) -> String {
    template.pieces().iter().fold(String::new(), |mut text, piece| {
        match piece {
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Variable(_) => text.push_str(placeholder(&text)),
        }
        text
    })
}
