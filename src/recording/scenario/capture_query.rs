//! The query that finds a value in its message.

use std::borrow::Cow;

use regex::Regex;
use serde_json::Value;

use super::lines::{last_chars, literal_expression};
use super::plain::{is_of_value, unescaped_in_json};
use super::values::{Known, MAX_VALUE};
use crate::scenario::json;

/// How much of the text before a value its regular expression has, in characters.
const MAX_CONTEXT: usize = 24;

/// The query that finds a value in its message, and a word that says what it is.
pub(super) fn query(text: &str, leaf: Option<usize>, value: &str) -> Option<(String, String)> {
    match leaf {
        Some(leaf) => {
            let json = json::parse(text.as_bytes()).ok()?;
            let (mut path, mut left) = (Vec::new(), leaf);
            find_leaf(&json, &mut left, &mut path).then_some(())?;
            let word = path.iter().rev().find_map(|step| match step {
                Place::Member(name) => Some((*name).to_owned()),
                Place::Element(_) => None,
            });
            let path = format!("jsonpath \"{}\"", json_path(&path)?);
            Some((word.unwrap_or_default(), path + &escapes(value)))
        }
        None => {
            let (word, expression) = expression(text, value)?;
            Some((word, format!("regex /{}/", expression.replace('/', "\\/"))))
        }
    }
}

/// Filters that give a value the escapes that it has in JSON: it is put into a string as it is. A value that needs none here is
/// taken to need none the next time: nearly all are identifiers, whose queries stay short.
fn escapes(value: &str) -> String {
    let meant = match unescaped_in_json(value) {
        Cow::Borrowed(_) => return String::new(),
        Cow::Owned(meant) => meant,
    };
    // Where one escape is needed, the next value may need each of these.
    let mut filters = String::from(r#" replace "\\" "\\\\" replace "\"" "\\\"""#);
    for (c, escape) in [('\n', 'n'), ('\r', 'r'), ('\t', 't')] {
        if meant.contains(c) {
            filters.push_str(&format!(r#" replace "\{escape}" "\\{escape}""#));
        }
    }
    filters
}

/// A step into a JSON value.
enum Place<'a> {
    Member(&'a str),
    Element(usize),
}

/// Finds the leaf with this index.
fn find_leaf<'a>(value: &'a Value, left: &mut usize, path: &mut Vec<Place<'a>>) -> bool {
    let mut inside = |place: Place<'a>, value: &'a Value| {
        path.push(place);
        let is_found = find_leaf(value, left, path);
        if !is_found {
            path.pop();
        }
        is_found
    };
    match value {
        Value::Array(elements) => {
            elements.iter().enumerate().any(|(index, it)| inside(Place::Element(index), it))
        }
        Value::Object(members) => members.iter().any(|(name, it)| inside(Place::Member(name), it)),
        _ if *left == 0 => true,
        _ => {
            *left -= 1;
            false
        }
    }
}

/// The path in the notation of RFC 9535; `None` if a name cannot be written without escapes.
fn json_path(path: &[Place<'_>]) -> Option<String> {
    let mut written = String::from("$");
    for place in path {
        match place {
            Place::Element(index) => written.push_str(&format!("[{index}]")),
            Place::Member(name) if is_short_name(name) => written.push_str(&format!(".{name}")),
            Place::Member(name) => {
                let is_plain = |c: char| {
                    (c == ' ' || c.is_alphanumeric() || c.is_ascii_punctuation())
                        && !matches!(c, '"' | '\'' | '\\' | '{' | '}')
                };
                name.chars().all(is_plain).then_some(())?;
                written.push_str(&format!("['{name}']"));
            }
        }
    }
    (written.len() <= MAX_VALUE).then_some(written)
}

/// Names that are written behind a dot.
fn is_short_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The regular expression whose group is the value, and the word before it.
fn expression(text: &str, value: &str) -> Option<(String, String)> {
    let mut known = Known::default();
    known.add(value, 0);
    let (at, ..) = *known.find(text).first()?;
    let line = text[..at].rsplit('\n').next().unwrap_or_default();
    // What has digits may be another value.
    let context = last_chars(line, MAX_CONTEXT)
        .rsplit(|c: char| c.is_ascii_digit())
        .next()
        .unwrap_or_default();
    let word = context.rsplit(|c: char| !c.is_ascii_alphanumeric()).find(|word| !word.is_empty());
    let anchor = if at == 0 { "^" } else { "" };
    let group = format!("{anchor}{}{}", literal_expression(context), group(value));
    let regex = Regex::new(&group).ok()?;
    let found = regex.captures(text).and_then(|found| found.get(1));
    (found.is_some_and(|it| it.as_str() == value) && group.len() <= MAX_VALUE)
        .then(|| (word.unwrap_or_default().to_owned(), group))
}

/// A group that takes values like this one.
pub(super) fn group(value: &str) -> String {
    format!("({}+)", class(value))
}

/// The characters that values like this one have.
pub(super) fn class(value: &str) -> &'static str {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        "[0-9]"
    } else if value.bytes().all(is_word) {
        r"[\w-]"
    } else if value.chars().all(is_of_value) {
        r#"[^\s"'<>]"#
    } else {
        r#"(?:[^"\\]|\\.)"# // in a string of JSON
    }
}
