//! Values of a recording that a scenario has as variables, and finding them in messages.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::lines::{escaped, visible_json};
use super::plain::Plain;

/// The values that variables had in the recording, by their names.
pub(super) type Recordings = BTreeMap<String, String>;

/// The longest value that is captured, in bytes.
pub(super) const MAX_VALUE: usize = 4096;

/// The shortest value that is looked for, in bytes.
pub(in crate::recording) const MIN_VALUE: usize = 8;

/// How many values with the same start are looked for.
const MAX_ALIKE: usize = 64;

/// How many bytes of values are compared for each byte of a text: a text may be the start of many values at each place.
const MAX_COMPARED: usize = 256;

/// A part of a text message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// It stands for itself.
    Text(Cow<'a, str>),
    /// A variable, with the value that it had.
    Variable { name: &'a str, value: &'a str },
}

impl<'a> Piece<'a> {
    /// The text that was recorded.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Variable { value, .. } => value,
        }
    }

    /// As it is written in a scenario.
    pub(super) fn written(&self) -> String {
        match self {
            Self::Text(text) => escaped(text),
            Self::Variable { name, .. } => format!("{{{{{name}}}}}"),
        }
    }

    /// The same, of a message that is JSON.
    pub(super) fn with_visible_json(&self) -> Self {
        match self {
            Self::Text(text) => Self::Text(visible_json(text).into()),
            variable => variable.clone(),
        }
    }
}

/// Values that are looked for in messages, each with a number of its owner's choice.
#[derive(Debug, Default)]
pub(super) struct Known {
    by_start: HashMap<[u8; MIN_VALUE], Vec<(String, usize)>>,
}

impl Known {
    /// Adds a value. False if it is known already, too short, or if too many begin like it.
    pub(super) fn add(&mut self, value: &str, number: usize) -> bool {
        let Some(start) = start(value) else { return false };
        let alike = self.by_start.entry(start).or_default();
        if alike.len() >= MAX_ALIKE || alike.iter().any(|(known, _)| known == value) {
            return false;
        }
        // Of two that fit the longer one counts.
        let at = alike.partition_point(|(known, _)| known.len() >= value.len());
        alike.insert(at, (value.to_owned(), number));
        true
    }

    /// Whether it is known.
    pub(super) fn has(&self, value: &str) -> bool {
        let alike = start(value).and_then(|start| self.by_start.get(&start));
        alike.is_some_and(|alike| alike.iter().any(|(known, _)| known == value))
    }

    /// The longest value that stands here, as a word of its own or as one that is in no other by chance. `left` is how many bytes may still be compared.
    fn at(&self, text: &str, at: usize, left: &mut usize) -> Option<(&str, usize)> {
        let rest = &text[at..];
        let alike = self.by_start.get(&start(rest)?)?;
        for (value, number) in alike.iter().filter(|(value, _)| value.len() <= rest.len()) {
            *left = left.checked_sub(value.len())?;
            if rest.starts_with(value.as_str())
                && (is_unmistakable(value) || is_separate(text, at, at + value.len()))
            {
                return Some((value, *number));
            }
        }
        None
    }

    /// All values in a text, in order: where each stands, the value and its number. Where that takes too long, some are
    /// not found.
    pub(super) fn find<'a>(&'a self, text: &str) -> Vec<(usize, &'a str, usize)> {
        let mut found = Vec::new();
        let mut at = 0;
        let mut left = text.len().saturating_mul(MAX_COMPARED);
        while !self.by_start.is_empty() && at + MIN_VALUE <= text.len() {
            match text.is_char_boundary(at).then(|| self.at(text, at, &mut left)).flatten() {
                Some((value, number)) => {
                    found.push((at, value, number));
                    at += value.len();
                }
                None => at += 1,
            }
        }
        found
    }
}

/// A text as pieces: `variable` gives the name of the variable for a number of `known`, if it is one there.
pub(super) fn pieces<'a>(
    text: &'a str,
    known: &'a Known,
    variable: impl Fn(usize) -> Option<&'a str>,
) -> Vec<Piece<'a>> {
    cut(
        text,
        known
            .find(text)
            .into_iter()
            .map(|(at, value, number)| (at..at + value.len(), value, number)),
        variable,
    )
}

/// The same of a text with values that are found as they stand in its plain form.
pub(super) fn pieces_of<'a>(
    plain: &Plain<'_>,
    text: &'a str,
    known: &'a Known,
    variable: impl Fn(usize) -> Option<&'a str>,
) -> Vec<Piece<'a>> {
    let found = known.find(&plain.text).into_iter();
    let in_text = found.filter_map(|(at, value, number)| {
        Some((plain.original(at)?..plain.original(at + value.len())?, value, number))
    });
    cut(text, in_text, variable)
}

/// The pieces of a text with known values in these ranges.
fn cut<'a>(
    text: &'a str,
    found: impl Iterator<Item = (Range<usize>, &'a str, usize)>,
    variable: impl Fn(usize) -> Option<&'a str>,
) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut copied = 0;
    for (range, value, number) in found {
        // In front of "{{", these would belong to it.
        let is_writable = !text[..range.start].ends_with(['{', '\\']);
        if let Some(name) = variable(number).filter(|_| is_writable) {
            pieces.push(Piece::Text(Cow::Borrowed(&text[copied..range.start])));
            pieces.push(Piece::Variable { name, value });
            copied = range.end;
        }
    }
    pieces.push(Piece::Text(Cow::Borrowed(&text[copied..])));
    pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
    pieces
}

fn start(text: &str) -> Option<[u8; MIN_VALUE]> {
    text.as_bytes().first_chunk().copied()
}

/// The length from which a value with letters and digits is in no longer word by chance, in bytes.
const MIN_UNMISTAKABLE: usize = 16;

/// Whether a value means itself also as a part of a longer word, such as `msg-` with a UUID.
fn is_unmistakable(value: &str) -> bool {
    value.len() >= MIN_UNMISTAKABLE
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Whether a text ends with an escape such as `\n` of JSON, whose letter is not a part of the next word.
fn ends_with_escape(text: &str) -> bool {
    let Some(rest) = text.strip_suffix(['b', 'f', 'n', 'r', 't']) else { return false };
    let backslashes = rest.len() - rest.trim_end_matches('\\').len();
    backslashes % 2 == 1
}

/// Whether the text in this range is not a part of a longer word or number.
fn is_separate(text: &str, start: usize, end: usize) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let (before, value, after) = (&text[..start], &text[start..end], &text[end..]);
    let is_decimal = |next: Option<char>| next.is_some_and(|c| c.is_ascii_digit());
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    let is_fraction = is_number
        && (after.strip_prefix('.').is_some_and(|rest| is_decimal(rest.chars().next()))
            || before.strip_suffix('.').is_some_and(|rest| is_decimal(rest.chars().next_back())));
    let joins = |inner: Option<char>, outer: Option<char>| {
        inner.is_some_and(is_word) && outer.is_some_and(is_word)
    };
    !is_fraction
        && (ends_with_escape(before) || !joins(value.chars().next(), before.chars().next_back()))
        && !joins(value.chars().next_back(), after.chars().next())
}

/// Names of variables that a scenario does not have yet.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: BTreeMap<String, u32>,
}

impl Names {
    /// A new name like this one.
    pub(super) fn new_like(&mut self, wanted: &str) -> String {
        let base = name_of(wanted);
        loop {
            let count = self.taken.entry(base.clone()).or_insert(0);
            *count += 1;
            let name = if *count == 1 { base.clone() } else { format!("{base}_{count}") };
            let is_new = *count == 1 || !self.taken.contains_key(&name);
            if is_new {
                self.taken.entry(name.clone()).or_insert(1);
                return name;
            }
        }
    }
}

/// The longest name of a variable.
const MAX_NAME: usize = 40;

/// A name of a variable that is like a word of a recording.
pub(super) fn name_of(word: &str) -> String {
    let mut name = String::new();
    for c in word.chars().take(MAX_NAME) {
        match c {
            c if c.is_ascii_alphanumeric() => name.push(c),
            _ if !name.is_empty() && !name.ends_with('_') => name.push('_'),
            _ => {}
        }
    }
    let name = name.trim_matches('_');
    match name.chars().next() {
        Some(first) if first.is_ascii_alphabetic() => match name {
            // The language gives these a meaning.
            "newUuid" | "newDate" => format!("{name}_value"),
            name => name.to_owned(),
        },
        Some(_) => format!("value_{name}"),
        None => "value".to_owned(),
    }
}
