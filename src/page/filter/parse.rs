//! The text of a filter.

use std::ops::RangeInclusive;
use std::str::FromStr;

use serde_json::Value;

use super::decimal::Decimal;
use super::path::{COMPARISONS, PathTest, ValueTest};
use super::text::{Needle, TextTest};
use super::{Filter, Quick, Slow, Term};
use crate::page::facts::Kinds;
use crate::protocol::Side;

/// The longest text, in bytes.
const MAX_TEXT: usize = 4 << 10;

/// The most words.
const MAX_WORDS: usize = 64;

/// Why a text is not a filter, and which place is meant, in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::page) struct FilterError {
    pub(in crate::page) at: usize,
    pub(in crate::page) reason: String,
}

impl Filter {
    /// Reads the words of a filter. `is_server`: what this program receives was sent by a client.
    ///
    /// # Errors
    /// The first word that is wrong, and why.
    pub(in crate::page) fn parse(text: &str, is_server: bool) -> Result<Self, FilterError> {
        if text.len() > MAX_TEXT {
            let reason = format!("the filter is longer than {MAX_TEXT} bytes");
            return Err(FilterError { at: 0, reason });
        }
        let mut filter = Self::default();
        let mut words = Words { text, at: 0, is_server };
        for count in 0.. {
            words.pass_blanks();
            let start = words.at;
            if words.rest().is_empty() {
                break;
            }
            let failed = |(at, reason)| FilterError { at, reason };
            if count == MAX_WORDS {
                return Err(failed((start, format!("a filter has at most {MAX_WORDS} words"))));
            }
            let is_negated = words.negation();
            match words.word().map_err(failed)? {
                Word::Quick(test) => filter.quick.push(Term { is_negated, test }),
                Word::Slow(test) => filter.slow.push(Term { is_negated, test }),
            }
        }
        Ok(filter)
    }
}

enum Word {
    Quick(Quick),
    Slow(Slow),
}

/// Why a word is wrong, behind the place that is meant.
type Wrong = (usize, String);

/// The words of a text.
struct Words<'a> {
    text: &'a str,
    at: usize,
    is_server: bool,
}

impl<'a> Words<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn pass_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// A sign in front of a word.
    fn negation(&mut self) -> bool {
        let behind = self.rest().strip_prefix(['-', '!']);
        let is_negation = behind.is_some_and(|rest| rest.starts_with(|c: char| !c.is_whitespace()));
        self.at += usize::from(is_negation);
        is_negation
    }

    /// Up to the next blank.
    fn plain(&mut self) -> &'a str {
        let rest = self.rest();
        let word = &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn word(&mut self) -> Result<Word, Wrong> {
        let start = self.at;
        let rest = self.rest();
        if rest.starts_with('"') {
            let text = self.quoted()?;
            return TextTest::plain(&text).map(of_text).map_err(|reason| (start, reason));
        }
        if let Some((expression, ignores_case)) = self.regex()? {
            let test = TextTest::regex(expression, ignores_case);
            return test.map(of_text).map_err(|(at, reason)| (start + 1 + at, reason));
        }
        if rest.starts_with('$') && rest[1..].starts_with(['.', '[']) {
            return self.path().map(|test| Word::Slow(Slow::Path(Box::new(test))));
        }
        let word = self.plain();
        if let Some((key, value)) = word.split_once(':')
            && let Some(test) = keyed(key, value, self.is_server)
        {
            let at = start + key.len() + 1;
            return test.map(Word::Quick).map_err(|reason| (at, reason));
        }
        if let Some(key) = unknown_key(word) {
            let reason = format!(
                "{key}: is not known: use dir, type, size, conn, code, rule or late; \"{word}\" is text"
            );
            return Err((start, reason));
        }
        TextTest::plain(word).map(of_text).map_err(|reason| (start, reason))
    }

    /// What is between quotes: `\"` and `\\` are a quote and a backslash.
    fn quoted(&mut self) -> Result<String, Wrong> {
        let start = self.at;
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at = start + at + 1;
                    return match text.is_empty() {
                        true => Err((start, "there is nothing between the quotes".to_owned())),
                        false => Ok(text),
                    };
                }
                '\\' => text.extend(chars.next().map(|(_, c)| c)),
                c => text.push(c),
            }
        }
        Err((start, "the closing quote is missing".to_owned()))
    }

    /// `/expression/` or `/expression/i`, which a blank follows; `None`: it is text, as the path of a URL.
    fn regex(&mut self) -> Result<Option<(&'a str, bool)>, Wrong> {
        let rest = self.rest();
        if !rest.starts_with('/') {
            return Ok(None);
        }
        let mut is_escaped = false;
        for (at, c) in rest.char_indices().skip(1) {
            if c == '/' && !is_escaped {
                let behind = &rest[at + 1..];
                let flags = &behind[..behind.find(char::is_whitespace).unwrap_or(behind.len())];
                if at > 1 && (flags.is_empty() || flags == "i") {
                    self.at += at + 1 + flags.len();
                    return Ok(Some((&rest[1..at], flags == "i")));
                }
            }
            is_escaped = c == '\\' && !is_escaped;
        }
        let word = &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())];
        match misspelt_regex(word) {
            Some((at, reason)) => Err((self.at + at, reason)),
            None => Ok(None),
        }
    }

    /// A path, and what its value is compared with.
    fn path(&mut self) -> Result<PathTest, Wrong> {
        let start = self.at;
        let path = &self.rest()[..path_length(self.rest())];
        self.at += path.len();
        let behind = self.at;
        self.pass_blanks();
        let value = if self.passes("==") {
            ValueTest::Is(self.value()?)
        } else if self.passes("!=") {
            ValueTest::IsNot(self.value()?)
        } else if self.passes("~") {
            ValueTest::Has(self.needle()?)
        } else if let Some((sign, compare)) =
            COMPARISONS.iter().find(|(sign, _)| self.rest().starts_with(sign))
        {
            self.at += sign.len();
            ValueTest::Compares(*compare, self.number()?)
        } else if self.rest().starts_with('=') || self.rest().starts_with("!~") {
            let reason = "a path is compared with ==, !=, ~, <, <=, > or >=";
            return Err((self.at, reason.to_owned()));
        } else {
            self.at = behind;
            ValueTest::Exists
        };
        PathTest::new(path, value).map_err(|reason| (start, reason))
    }

    fn passes(&mut self, sign: &str) -> bool {
        let is_there = self.rest().starts_with(sign);
        self.at += if is_there { sign.len() } else { 0 };
        is_there
    }

    /// A value of JSON, or a word.
    fn value(&mut self) -> Result<Value, Wrong> {
        self.pass_blanks();
        let rest = self.rest();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        if let Some(Ok(value)) = values.next() {
            let length = values.byte_offset();
            let behind = rest.get(length..).unwrap_or_default();
            if behind.is_empty() || behind.starts_with(char::is_whitespace) {
                self.at += length;
                return Ok(value);
            }
        }
        if rest.starts_with(['"', '{', '[']) {
            return Err((self.at, "the value is not JSON".to_owned()));
        }
        match self.plain() {
            "" => Err((self.at, "a value is missing".to_owned())),
            word => Ok(Value::String(word.to_owned())),
        }
    }

    /// What a number is compared with.
    fn number(&mut self) -> Result<Box<str>, Wrong> {
        self.pass_blanks();
        let start = self.at;
        match self.plain() {
            "" => Err((start, "a number is missing".to_owned())),
            word if Decimal::parse(word).is_some() => Ok(word.into()),
            word => Err((start, format!("{word:?} is not a number"))),
        }
    }

    /// Text, or a regular expression.
    fn needle(&mut self) -> Result<Needle, Wrong> {
        self.pass_blanks();
        let start = self.at;
        if let Some((expression, ignores_case)) = self.regex()? {
            let needle = Needle::regex(expression, ignores_case);
            return needle.map_err(|(at, reason)| (start + 1 + at, reason));
        }
        let text = match self.rest().starts_with('"') {
            true => self.quoted()?,
            false => self.plain().to_owned(),
        };
        match text.is_empty() {
            true => Err((start, "a text is missing".to_owned())),
            false => Needle::plain(&text).map_err(|reason| (start, reason)),
        }
    }
}

fn of_text(test: TextTest) -> Word {
    Word::Slow(Slow::Text(test))
}

/// What is wrong with a word that begins with a slash, if it is meant as a regular expression, and where.
fn misspelt_regex(word: &str) -> Option<Wrong> {
    let (before, flags) = word.rsplit_once('/')?;
    let is_flag = |c: char| matches!(c, 'i' | 'm' | 's' | 'u' | 'x' | 'g');
    if before.len() > 1 && (1..=3).contains(&flags.len()) && flags.chars().all(is_flag) {
        let reason = format!(
            "{flags:?} is not a flag of regular expressions: use i, or (?s) in it; \"{word}\" is text"
        );
        return Some((before.len() + 1, reason));
    }
    word.contains(['[', '(', '*', '|', '^', '\\']).then(|| {
        let reason = "the / at the end of the regular expression is missing";
        (0, format!("{reason}; \"{}\" is text", word.replace('\\', r"\\")))
    })
}

/// Up to a blank or operator outside of brackets and quotes.
fn path_length(text: &str) -> usize {
    let (mut depth, mut quote, mut is_escaped) = (0_usize, None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if is_escaped => is_escaped = false,
            (Some(_), '\\') => is_escaped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') if depth > 0 => quote = Some(c),
            (None, '[' | '(') => depth += 1,
            (None, ']' | ')') => depth = depth.saturating_sub(1),
            (None, '=' | '!' | '~' | '<' | '>') if depth == 0 => return at,
            (None, c) if depth == 0 && c.is_whitespace() => return at,
            (None, _) => {}
        }
    }
    text.len()
}

/// `key:value`; `None`: the word is text that has a colon.
fn keyed(key: &str, value: &str, is_server: bool) -> Option<Result<Quick, String>> {
    Some(match key {
        "dir" => match (value, is_server) {
            ("out" | "client", _) | ("sent", false) | ("received", true) => {
                Ok(Quick::From(Side::Client))
            }
            ("in" | "server", _) | ("sent", true) | ("received", false) => {
                Ok(Quick::From(Side::Server))
            }
            _ => Err("a direction is in or out".to_owned()),
        },
        "type" => kinds(value).map(Quick::Kinds),
        "size" => range(value, size).map(Quick::Size),
        "late" => range(value, micros).map(Quick::Late),
        "conn" => numbers(value, "a number of a connection").map(Quick::Connections),
        "code" => numbers(value, "a close code").map(Quick::Codes),
        "rule" => numbers(value, "a number of a rule").map(Quick::Rules),
        _ => return None,
    })
}

/// The key of a word that looks like `key:value`. A URL, a time and JSON are text.
fn unknown_key(word: &str) -> Option<&str> {
    let (key, value) = word.split_once(':')?;
    let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase());
    (is_key && !value.is_empty() && !value.starts_with("//")).then_some(key)
}

fn kinds(value: &str) -> Result<Kinds, String> {
    let one = |name: &str| {
        let names = "text, binary, ping, pong, close, open, error, violation, http, redirect, retry, \
                     reconnect, held, omitted, frame, message or control";
        Kinds::named(name).ok_or_else(|| format!("{name:?} is not a type: use {names}"))
    };
    value.split(',').try_fold(Kinds::default(), |all, name| Ok(Kinds(all.0 | one(name)?.0)))
}

/// `1`, `1,3` or `1..3`.
fn numbers<T: FromStr + PartialOrd>(
    value: &str,
    what: &str,
) -> Result<Vec<RangeInclusive<T>>, String> {
    let one = |text: &str| text.parse().map_err(|_| format!("{text:?} is not {what}"));
    let part = |text: &str| match text.split_once("..") {
        Some((first, last)) => ordered(one(first)?, one(last)?),
        None => Ok(one(text)?..=one(text)?),
    };
    value.split(',').map(part).collect()
}

/// # Errors
/// If there is nothing between the two.
fn ordered<T: PartialOrd>(first: T, last: T) -> Result<RangeInclusive<T>, String> {
    match first <= last {
        true => Ok(first..=last),
        false => Err("the first of a range is greater than the last".to_owned()),
    }
}

/// `>1`, `>=1`, `<1`, `<=1`, `1..2` or `1`.
fn range(
    text: &str,
    value: impl Fn(&str) -> Result<u64, String>,
) -> Result<RangeInclusive<u64>, String> {
    if let Some(least) = text.strip_prefix(">=") {
        return Ok(value(least)?..=u64::MAX);
    }
    if let Some(below) = text.strip_prefix('>') {
        return Ok(value(below)?.saturating_add(1)..=u64::MAX);
    }
    if let Some(most) = text.strip_prefix("<=") {
        return Ok(0..=value(most)?);
    }
    if let Some(above) = text.strip_prefix('<') {
        let above = value(above)?.checked_sub(1).ok_or("nothing is less than 0")?;
        return Ok(0..=above);
    }
    match text.split_once("..") {
        Some((least, most)) => ordered(value(least)?, value(most)?),
        None => value(text).map(|value| value..=value),
    }
}

/// Bytes: `100`, `1k`, `1.5M`.
fn size(text: &str) -> Result<u64, String> {
    let units = [("k", 1 << 10), ("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30), ("", 1)];
    scaled(text, &units).ok_or_else(|| format!("{text:?} is not a size such as 100, 1k or 2M"))
}

/// Microseconds: `100ms`, `5s`, `2m`; a plain number is seconds.
fn micros(text: &str) -> Result<u64, String> {
    let units = [("us", 1), ("ms", 1000), ("s", 1_000_000), ("m", 60_000_000), ("", 1_000_000)];
    scaled(text, &units).ok_or_else(|| format!("{text:?} is not a time such as 100ms or 2s"))
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (number, unit) = units.iter().find_map(|(name, unit)| {
        let number = text.strip_suffix(name)?;
        number.ends_with(|c: char| c.is_ascii_digit()).then_some((number, *unit))
    })?;
    let is_plain = |c: char| c.is_ascii_digit() || c == '.';
    if number.is_empty() || !number.chars().all(is_plain) {
        return None;
    }
    match number.parse::<u64>() {
        Ok(number) => number.checked_mul(unit),
        Err(_) => {
            let scaled = number.parse::<f64>().ok()? * unit as f64;
            (0.0..u64::MAX as f64).contains(&scaled).then_some(scaled.round() as u64)
        }
    }
}
