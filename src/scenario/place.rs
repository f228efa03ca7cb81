//! Where two texts, or two sequences of bytes, begin to differ.

use std::fmt::{self, Write};

use unicode_width::UnicodeWidthChar;

use super::phrase::Phrase;
use crate::protocol::hex::hex;

/// How much is shown from the difference on, in characters or bytes.
const SHOWN: usize = 20;
/// How much is shown of what comes before it.
const SHOWN_BEFORE: usize = 10;

/// The place where two texts or byte sequences begin to differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// How many characters or bytes differ, at most: what is between the equal start and the equal end.
    pub differing: usize,
    /// How long the longer one is.
    length: usize,
    text: Phrase,
}

impl Place {
    /// Whether the two have at least half in common.
    pub fn is_similar(&self) -> bool {
        self.differing * 2 <= self.length
    }

    /// Where they differ, in words.
    pub fn into_phrase(self) -> Phrase {
        self.text
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

/// Where two texts begin to differ, counted from 1; `None` if they are equal.
pub fn of_texts(expected: &str, actual: &str) -> Option<Place> {
    let mut start = common_start(expected.as_bytes(), actual.as_bytes())?;
    while !(expected.is_char_boundary(start) && actual.is_char_boundary(start)) {
        start -= 1;
    }
    let (expected_rest, actual_rest) = (&expected[start..], &actual[start..]);
    let end = common_end(expected_rest.as_bytes(), actual_rest.as_bytes());
    let differing = |rest: &str| rest[..rest.floor_char_boundary(rest.len() - end)].chars().count();
    let before = &expected[..start];
    let number = before.chars().count() + 1;
    let mut text = Phrase::new("at character ").number(number as u64);
    if start + 1 != number {
        text = text.own(" (byte ").number(start as u64 + 1).own(")");
    }
    if start > 0 {
        text = text.own(", after ").value(end_of(before));
    }
    let text = text.own(": expected ").phrase(start_of(expected_rest));
    let text = text.own(", got ").phrase(start_of(actual_rest));
    Some(Place {
        differing: differing(expected_rest).max(differing(actual_rest)),
        length: expected.chars().count().max(actual.chars().count()),
        text,
    })
}

/// Where bytes begin to differ from the expected ones, counted from 1; `None` if they are equal.
pub fn of_bytes(expected: &[u8], actual: &[u8]) -> Option<Place> {
    let start = common_start(expected, actual)?;
    let (expected_rest, actual_rest) = (&expected[start..], &actual[start..]);
    let end = common_end(expected_rest, actual_rest);
    let mut text = Phrase::new("at byte ").number(start as u64 + 1);
    if start > 0 {
        let before = &expected[start.saturating_sub(SHOWN_BEFORE)..start];
        let dots = if before.len() < start { ".. " } else { "" };
        text = text.own(", after ").own(dots).value(hex(before));
    }
    let text = text.own(": expected ").phrase(hex_start(expected_rest));
    let text = text.own(", got ").phrase(hex_start(actual_rest));
    Some(Place {
        differing: expected_rest.len().max(actual_rest.len()) - end,
        length: expected.len().max(actual.len()),
        text,
    })
}

/// How many bytes both begin with; `None` if they are equal.
fn common_start(one: &[u8], other: &[u8]) -> Option<usize> {
    let start = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    (one.len() != other.len() || start < one.len()).then_some(start)
}

fn common_end(one: &[u8], other: &[u8]) -> usize {
    one.iter().rev().zip(other.iter().rev()).take_while(|(one, other)| one == other).count()
}

/// The end of a text in quotes.
fn end_of(text: &str) -> String {
    match text.char_indices().rev().nth(SHOWN_BEFORE - 1) {
        Some((at, _)) if at > 0 => format!("\"…{}\"", visible(&text[at..])),
        _ => format!("\"{}\"", visible(text)),
    }
}

/// The start of a text in quotes, and which character that is where that cannot be seen.
fn start_of(text: &str) -> Phrase {
    let Some(first) = text.chars().next() else { return Phrase::new("the end") };
    let shown = match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("\"{}…\"", visible(&text[..end])),
        None => format!("\"{}\"", visible(text)),
    };
    let shown = Phrase::from(shown);
    match first {
        ' ' => shown.own(" (a space)"),
        '!'..='~' => shown,
        other => shown.own(" (").value(format!("U+{:04X}", u32::from(other))).own(")"),
    }
}

/// A text for the inside of quotes; what cannot be seen, or joins what is before it, is escaped.
fn visible(text: &str) -> String {
    let mut visible = String::new();
    for c in text.chars() {
        let is_hidden = c.width().is_none_or(|width| width == 0) || (c.is_whitespace() && c != ' ');
        let _ = match c {
            '\n' => write!(visible, "\\n"),
            '\r' => write!(visible, "\\r"),
            '\t' => write!(visible, "\\t"),
            '"' | '\\' => write!(visible, "\\{c}"),
            _ if is_hidden => write!(visible, "\\u{{{:x}}}", u32::from(c)),
            _ => write!(visible, "{c}"),
        };
    }
    visible
}

fn hex_start(bytes: &[u8]) -> Phrase {
    match bytes {
        [] => Phrase::new("the end"),
        _ if bytes.len() > SHOWN => Phrase::from(hex(&bytes[..SHOWN])).own(" .."),
        _ => hex(bytes).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_different_character_is_named() {
        for (expected, actual, place) in [
            (
                "hello",
                "hello ",
                "at character 6, after \"hello\": expected the end, got \" \" (a space)",
            ),
            (
                "a b",
                "a\u{a0}b",
                "at character 2, after \"a\": expected \" b\" (a space), got \"\\u{a0}b\" (U+00A0)",
            ),
            ("é", "e\u{301}", "at character 1: expected \"é\" (U+00E9), got \"e\\u{301}\""),
            (
                "éé\n",
                "éé\r\n",
                "at character 3 (byte 5), after \"éé\": expected \"\\n\" (U+000A), \
                 got \"\\r\\n\" (U+000D)",
            ),
            (
                "a",
                "a\u{200b}",
                "at character 2, after \"a\": expected the end, got \"\\u{200b}\" (U+200B)",
            ),
            ("è", "é", "at character 1: expected \"è\" (U+00E8), got \"é\" (U+00E9)"),
            ("\"", "", "at character 1: expected \"\\\"\", got the end"),
        ] {
            assert_eq!(of_texts(expected, actual).expect("a difference").to_string(), place);
        }
        assert_eq!(of_texts("é", "é"), None);
    }

    #[test]
    fn of_long_texts_the_surroundings_are_shown() {
        let long = |letter: &str| format!("{}{letter}{}", "a".repeat(1000), "b".repeat(999));
        let place = of_texts(&long("x"), &long("y")).expect("a difference");
        assert_eq!(
            place.to_string(),
            "at character 1001, after \"…aaaaaaaaaa\": expected \"xbbbbbbbbbbbbbbbbbbb…\", \
             got \"ybbbbbbbbbbbbbbbbbbb…\""
        );
        assert_eq!((place.differing, place.is_similar()), (1, true));
        let place = of_texts("abc", "xyz").expect("a difference");
        assert_eq!((place.differing, place.is_similar()), (3, false));
        assert!(of_texts("aa", "aaa").expect("a difference").is_similar());
        assert!(of_texts("", "a").is_some_and(|place| !place.is_similar()));
    }

    #[test]
    fn the_first_different_byte_is_named() {
        for (expected, actual, place) in [
            (&[1, 2, 3][..], &[1, 2, 4, 5][..], "at byte 3, after 01 02: expected 03, got 04 05"),
            (&[1], &[1, 255], "at byte 2, after 01: expected the end, got ff"),
            (&[1], &[], "at byte 1: expected 01, got the end"),
            (
                &[7; 40],
                &[7; 15],
                "at byte 16, after .. 07 07 07 07 07 07 07 07 07 07: expected 07 07 07 07 07 07 07 \
                 07 07 07 07 07 07 07 07 07 07 07 07 07 .., got the end",
            ),
        ] {
            assert_eq!(of_bytes(expected, actual).expect("a difference").to_string(), place);
        }
        assert_eq!(of_bytes(&[1], &[1]), None);
    }
}
