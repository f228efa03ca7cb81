//! Patterns of messages, control frames and ends, with their values put in.

use std::cell::OnceCell;
use std::fmt;

use regex::Regex;
use serde_json::Value;

use super::difference::{Comparison, Distance, compare, compare_whole, contains, distance};
use super::json;
use super::language::literal;
use super::phrase::Phrase;
use super::place::{self, Place};
use crate::protocol::{CloseCode, MessageKind};

/// What a message, a control frame or the end of a connection has to be like.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// As it is written.
    source: String,
    matcher: Matcher,
    /// A text may also come as a binary message, as chat servers relay it.
    takes_text_in_binary: bool,
}

/// What has to match.
#[derive(Clone, Debug)]
pub enum Matcher {
    /// Any message.
    Any,
    /// A text message equal to this.
    Text(String),
    /// A text message in which this is found.
    Regex(Regex),
    /// A message that is JSON and contains this.
    Json(Value),
    /// A binary message equal to this, or with this start.
    Bytes {
        /// The bytes.
        bytes: Vec<u8>,
        /// More may follow.
        is_prefix: bool,
    },
    /// A ping, with this payload if one is given.
    Ping(Option<Vec<u8>>),
    /// A pong, with this payload if one is given.
    Pong(Option<Vec<u8>>),
    /// The peer's Close frame, or the end without one.
    Close(ClosePattern),
}

/// What a close has to be like.
#[derive(Clone, Debug, Default)]
pub struct ClosePattern {
    /// The code; `None`: any.
    pub code: Option<CloseCode>,
    /// The reason; `None`: any.
    pub reason: Option<ReasonPattern>,
}

/// What the reason of a close has to be like.
#[derive(Clone, Debug)]
pub enum ReasonPattern {
    /// Equal to this.
    Equal(String),
    /// With this in it.
    Regex(Regex),
}

/// What patterns are of, and what they look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternClass {
    /// Data messages.
    Message,
    /// Pings and pongs.
    Control,
    /// The end of the connection.
    Close,
}

/// What a pattern makes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// The message is as it has to be.
    Yes,
    /// It is JSON, as it has to be, with other values.
    Differs(Comparison),
    /// It is something else.
    No,
}

/// How a message differs that is close to what a pattern takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Near {
    /// How much of it differs; of several, the closest one is shown.
    pub distance: Distance,
    /// The difference, in words.
    pub text: Phrase,
}

impl Near {
    /// A message that differs as a whole.
    fn whole(text: impl Into<Phrase>) -> Self {
        Self { distance: Distance { differing: usize::MAX, missing: 0 }, text: text.into() }
    }
}

/// A message that is compared with several patterns: its JSON is parsed once.
pub struct Candidate<'a> {
    kind: MessageKind,
    data: &'a [u8],
    /// The only JSON that it is compared with.
    wanted: Option<&'a Value>,
    json: OnceCell<Option<Value>>,
}

impl<'a> Candidate<'a> {
    /// A message with this payload. `only` is the only pattern that it is compared with, if it is one.
    pub fn new(kind: MessageKind, data: &'a [u8], only: Option<&'a Pattern>) -> Self {
        let wanted = only.and_then(|pattern| match &pattern.matcher {
            Matcher::Json(wanted) => Some(wanted),
            _ => None,
        });
        Self { kind, data, wanted, json: OnceCell::new() }
    }

    fn json(&self) -> Option<&Value> {
        let parse = || match self.wanted {
            Some(wanted) => json::parse_wanted(self.data, wanted).ok(),
            None => json::parse(self.data).ok(),
        };
        self.json.get_or_init(parse).as_ref()
    }
}

impl Pattern {
    /// A pattern that is written like this.
    pub fn new(source: impl Into<String>, matcher: Matcher) -> Self {
        Self { source: source.into(), matcher, takes_text_in_binary: false }
    }

    /// The same; texts may come in binary messages too.
    #[must_use]
    pub fn taking_text_in_binary(self) -> Self {
        Self { takes_text_in_binary: true, ..self }
    }

    /// What has to match.
    pub fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    /// What it looks at.
    pub fn class(&self) -> PatternClass {
        match self.matcher {
            Matcher::Any
            | Matcher::Text(_)
            | Matcher::Regex(_)
            | Matcher::Json(_)
            | Matcher::Bytes { .. } => PatternClass::Message,
            Matcher::Ping(_) | Matcher::Pong(_) => PatternClass::Control,
            Matcher::Close(_) => PatternClass::Close,
        }
    }

    /// Whether a received message is like this.
    pub fn judge(&self, kind: MessageKind, data: &[u8]) -> Match {
        let text = || match kind == MessageKind::Text || self.takes_text_in_binary {
            true => str::from_utf8(data).ok(),
            false => None,
        };
        let is_match = match &self.matcher {
            Matcher::Any => true,
            Matcher::Text(wanted) => text() == Some(wanted),
            Matcher::Regex(regex) => text().is_some_and(|text| regex.is_match(text)),
            Matcher::Json(wanted) => return judge_json(data, wanted),
            Matcher::Bytes { bytes, is_prefix } if kind == MessageKind::Binary => match is_prefix {
                true => data.starts_with(bytes),
                false => data == bytes,
            },
            _ => false,
        };
        if is_match { Match::Yes } else { Match::No }
    }

    /// Whether a received message is like this.
    pub fn is_match(&self, kind: MessageKind, data: &[u8]) -> bool {
        self.accepts(&Candidate::new(kind, data, Some(self)))
    }

    /// The same of a message that is compared with several patterns.
    pub fn accepts(&self, message: &Candidate<'_>) -> bool {
        match &self.matcher {
            Matcher::Json(wanted) => message.json().is_some_and(|value| contains(value, wanted)),
            _ => self.judge(message.kind, message.data) == Match::Yes,
        }
    }

    /// How a message that does not match differs, if it is close to what has to match, and not farther than another.
    pub fn nearer(&self, message: &Candidate<'_>, before: Option<Distance>) -> Option<Near> {
        let is_nearer = |distance| before.is_none_or(|before| distance <= before);
        let both = match &self.matcher {
            Matcher::Json(wanted) => message.json().map(|value| (value, wanted)),
            _ => None,
        };
        let near = match both {
            Some((value, wanted)) => {
                let distance = Some(distance(value, wanted)).filter(|it| is_nearer(*it))?;
                Near { distance, text: compare(value, wanted).phrase()? }
            }
            None => self.near(message.kind, message.data)?,
        };
        is_nearer(near.distance).then_some(near)
    }

    /// How a message that does not match differs, if it is close to what has to match.
    fn near(&self, kind: MessageKind, data: &[u8]) -> Option<Near> {
        let is_text = kind == MessageKind::Text;
        let place = |place: Option<Place>| {
            let place = place.filter(Place::is_similar)?;
            let distance = Distance { differing: place.differing, missing: 0 };
            Some(Near { distance, text: place.into_phrase() })
        };
        match &self.matcher {
            Matcher::Text(wanted) if is_text && is_encoded_twice(wanted, data) => {
                Some(Near::whole("the expected text, encoded as UTF-8 twice"))
            }
            Matcher::Text(wanted) if is_text => {
                place(place::of_texts(wanted, str::from_utf8(data).ok()?))
            }
            Matcher::Text(wanted) => (data == wanted.as_bytes()).then(|| {
                Near::whole("a binary message with this text; a text message is expected")
            }),
            Matcher::Bytes { bytes, .. } if is_text => (data == bytes.as_slice())
                .then(|| Near::whole("a text message with these bytes; a binary one is expected")),
            Matcher::Bytes { bytes, is_prefix: false } => place(place::of_bytes(bytes, data)),
            Matcher::Bytes { bytes, is_prefix: true } => {
                place(place::of_bytes(bytes, &data[..data.len().min(bytes.len())]))
            }
            Matcher::Json(wanted) if json::looks_like_json(data) => {
                let error = json::parse_wanted(data, wanted).err()?;
                let text =
                    Phrase::new("the received message is not JSON: ").value(error.to_string());
                Some(Near::whole(text))
            }
            _ => None,
        }
    }

    /// How a message that is JSON differs, if this is about JSON; with the members that an object has.
    pub fn json_difference(&self, data: &[u8]) -> Option<Phrase> {
        let Matcher::Json(wanted) = &self.matcher else { return None };
        compare_whole(&json::parse(data).ok()?, wanted).phrase()
    }

    /// Whether a received ping is like this.
    pub fn matches_ping(&self, payload: &[u8]) -> bool {
        matches!(&self.matcher, Matcher::Ping(wanted) if is_any_or(wanted.as_deref(), payload))
    }

    /// Whether a received pong is like this.
    pub fn matches_pong(&self, payload: &[u8]) -> bool {
        matches!(&self.matcher, Matcher::Pong(wanted) if is_any_or(wanted.as_deref(), payload))
    }

    /// Whether the end of the connection is like this: 1005 is a Close frame without a code, 1006 an end
    /// without a Close frame.
    pub fn matches_close(&self, code: CloseCode, reason: &str) -> bool {
        let Matcher::Close(wanted) = &self.matcher else { return false };
        let is_code = match wanted.code {
            Some(wanted) => wanted == code,
            None => code != CloseCode::ABNORMAL,
        };
        is_code
            && match &wanted.reason {
                None => true,
                Some(ReasonPattern::Equal(wanted)) => wanted == reason,
                Some(ReasonPattern::Regex(wanted)) => wanted.is_match(reason),
            }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl ClosePattern {
    /// Reads `CODE REASON`, `CODE /regex/` or nothing.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (code, reason) = literal::close_parts(text);
        let code = literal::close_code(code)?;
        let reason = match (reason, literal::between_slashes(reason)) {
            ("", _) => None,
            (_, Some(expression)) => Some(ReasonPattern::Regex(literal::regex(expression)?)),
            (reason, None) => Some(ReasonPattern::Equal(literal::close_reason(reason)?.to_owned())),
        };
        Ok(Self { code, reason })
    }
}

/// Whether these bytes are those of a text that was read as Latin-1 though it was UTF-8.
fn is_encoded_twice(text: &str, data: &[u8]) -> bool {
    if text.is_ascii() || data.len() <= text.len() {
        return false;
    }
    let Ok(data) = str::from_utf8(data) else { return false };
    text.bytes().map(char::from).eq(data.chars())
}

fn is_any_or(wanted: Option<&[u8]>, payload: &[u8]) -> bool {
    wanted.is_none_or(|wanted| wanted == payload)
}

fn judge_json(data: &[u8], wanted: &Value) -> Match {
    let Ok(value) = json::parse_wanted(data, wanted) else { return Match::No };
    match compare(&value, wanted) {
        comparison if comparison.is_match() => Match::Yes,
        comparison => Match::Differs(comparison),
    }
}

/// `{…}` or `[…]`, with white space around it or not, if it is JSON.
pub fn bare_json(text: &str) -> Option<Value> {
    json::looks_like_json(text.as_bytes()).then(|| json::parse(text.as_bytes()).ok()).flatten()
}
