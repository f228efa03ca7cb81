//! What is expected of a message: the message itself, without what is captured from it.

use std::collections::BTreeMap;

use super::capture_query::class;
use super::captures::{Capture, Captures};
use super::lines::{literal_expression, push_escape};
use super::masked::Masked;
use super::payload::{expected_regex, expected_text, read};
use super::plain::{Plain, escaped_in_json, unescaped_in_json};
use super::values::{Known, Piece, Recordings, pieces};
use crate::protocol::MessageKind;
use crate::scenario::pattern::bare_json;
use crate::scenario::relax::{apply, relax};

/// What messages have variables from.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    pub(super) captures: &'a Captures,
    pub(super) masked: &'a Masked,
    /// The values of all variables in the recording.
    pub(super) values: &'a Recordings,
}

impl<'a> Sources<'a> {
    /// The text of a message, ping, pong or reason with variables in it.
    pub(super) fn pieces(self, number: usize, text: &'a str, is_sent: bool) -> Vec<Piece<'a>> {
        self.masked.pieces((number, is_sent), self.captures.pieces(number, text))
    }

    /// The same of a data message that is sent, in which captures are found differently.
    pub(super) fn sent_pieces(self, number: usize, text: &'a str) -> Vec<Piece<'a>> {
        self.masked.pieces((number, true), self.captures.sent_pieces(number, text))
    }
}

/// The longest text whose regular expression has all of it, in bytes.
const MAX_EXPRESSION: usize = 4096;

/// The pattern of a text message that was received.
pub(super) fn text(number: usize, text: &str, sources: Sources<'_>) -> String {
    let Sources { captures, values, .. } = sources;
    let is_json = bare_json(text).is_some();
    let text = if is_json { text.trim_ascii() } else { text };
    // Values are found whatever their escapes in the recording are: JSON is compared as JSON.
    let plain = Plain::of(text).text;
    let received = Received { number, text, plain: &plain };
    let text = &*plain;
    let pieces = sources.pieces(number, text, false);
    let own = captures.of(number);
    if own.is_empty() {
        return expected_text(&pieces, values);
    }
    without_captured(&pieces, text, own, values)
        .or_else(|| as_expression(&received, captures, values))
        .or_else(|| start_of(received.text, values))
        .unwrap_or_else(|| expected_text(&pieces, values))
}

/// A text message.
struct Received<'a> {
    number: usize,
    text: &'a str,
    /// The same without needless escapes.
    plain: &'a str,
}

/// The JSON pattern without the members that are captured: they have other values the next time.
fn without_captured(
    pieces: &[Piece<'_>],
    text: &str,
    own: &[Capture],
    values: &Recordings,
) -> Option<String> {
    bare_json(text)?;
    let other = with_other_values(text, own);
    let written = expected_text(pieces, values);
    let payload = read(&format!("< {written}"))?;
    // As in `read`, so that the places of the payload are those of this text.
    let source = format!("WS ws://h\nHTTP 101\n< {written}\n");
    let relaxed = relax(&source, &payload, values, MessageKind::Text, other.as_bytes())?;
    let changed = apply(&source, &relaxed.edits);
    let written = changed.strip_prefix("WS ws://h\nHTTP 101\n< ")?.strip_suffix('\n')?;
    Some(written.to_owned())
}

/// How a JSON text starts, if nothing else of it is sure to be the same again.
fn start_of(text: &str, values: &Recordings) -> Option<String> {
    let first = bare_json(text).and_then(|_| text.chars().next())?;
    expected_regex(&format!(r"^\s*{}", literal_expression(&first.to_string())), text, values)
}

/// The message with other values in place of those that are captured.
fn with_other_values(text: &str, own: &[Capture]) -> String {
    let others: BTreeMap<&str, String> =
        own.iter().map(|capture| (capture.value.as_str(), other_value(&capture.value))).collect();
    let known = known(own);
    let mut other = String::new();
    let mut copied = 0;
    for (at, value, _) in known.find(text) {
        other.push_str(&text[copied..at]);
        other.push_str(others.get(value).map_or(value, String::as_str));
        copied = at + value.len();
    }
    other + &text[copied..]
}

/// A value of the same kind that has no digit or letter in common at any place.
fn other_value(value: &str) -> String {
    let unescaped = unescaped_in_json(value);
    let next = |c: char| match c {
        '9' => '1',
        '0'..='8' => char::from(c as u8 + 1),
        'z' | 'Z' => 'a',
        c if c.is_ascii_alphabetic() => char::from(c as u8 + 1),
        'é' => 'è',
        c if c.is_alphanumeric() => 'é',
        c => c,
    };
    let other: String = unescaped.chars().map(next).collect();
    escaped_in_json(&other).into_owned()
}

/// The regular expression of the message, with any value in place of those that are captured.
fn as_expression(
    &Received { number, text, plain }: &Received<'_>,
    captures: &Captures,
    values: &Recordings,
) -> Option<String> {
    let own = captures.of(number);
    let known = known(own);
    if text.len() > MAX_EXPRESSION {
        // The query of a value that was found in a text is an expression that it is found with again.
        let expression = own.iter().find_map(|it| it.query.strip_prefix("regex /"))?;
        let expression = expression.strip_suffix('/')?.replace("\\/", "/");
        return expected_regex(&expression, text, values);
    }
    let literal = |part: &str| match plain == text {
        true => literal_expression(part),
        false => with_any_escapes(part),
    };
    let mut expression = String::from("^");
    for piece in pieces(plain, &known, |index| Some(own[index].value.as_str())) {
        match piece {
            Piece::Text(text) => {
                for piece in captures.pieces(number, &text) {
                    match piece {
                        Piece::Text(text) => expression.push_str(&literal(&text)),
                        variable => expression.push_str(&variable.written()),
                    }
                }
            }
            Piece::Variable { value, .. } => {
                expression.push_str(class(value));
                expression.push('+');
            }
        }
    }
    expected_regex(&(expression + "$"), text, values)
}

/// The expression that matches this part of a plain JSON text also with escapes that it does not need.
fn with_any_escapes(part: &str) -> String {
    let mut expression = String::new();
    for c in part.chars() {
        let literal = literal_expression(c.encode_utf8(&mut [0; 4]));
        match c {
            '/' => expression.push_str(r"\\?/"), // PHP escapes it
            c if c.is_ascii() => expression.push_str(&literal),
            c => {
                let mut escape = String::new();
                push_escape(c, &mut escape);
                let escape = literal_expression(&escape);
                expression.push_str(&format!("(?:{literal}|(?i:{escape}))"));
            }
        }
    }
    expression
}

fn known(own: &[Capture]) -> Known {
    let mut known = Known::default();
    for (index, capture) in own.iter().enumerate() {
        known.add(&capture.value, index);
    }
    known
}
