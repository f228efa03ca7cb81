//! Texts in which values stand as they are, whatever their escapes in JSON.

use std::borrow::Cow;

use super::lines::is_awkward;
use crate::scenario::pattern::bare_json;

/// A text whose values stand in it as they are: a JSON text has only those escapes that it needs ([`escaped_in_json`]), and means
/// the same. Other texts are as they were.
#[derive(Debug)]
pub(super) struct Plain<'a> {
    pub(super) text: Cow<'a, str>,
    escapes: Vec<Escape>,
}

/// A character that had another escape.
#[derive(Debug)]
struct Escape {
    /// Where it starts in the plain text, and where it ends.
    start: usize,
    end: usize,
    /// The end of its escape in the original.
    original_end: usize,
}

impl<'a> Plain<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let has_escapes = text.contains("\\/") || text.contains("\\u");
        match has_escapes && bare_json(text).is_some() {
            true => without_needless_escapes(text),
            false => Self::unchanged(text),
        }
    }

    /// A text as it is.
    pub(super) fn unchanged(text: &'a str) -> Self {
        Self { text: Cow::Borrowed(text), escapes: Vec::new() }
    }

    /// What of a binary message is text.
    pub(super) fn of_binary(data: &'a [u8]) -> Self {
        Self { text: String::from_utf8_lossy(data), escapes: Vec::new() }
    }

    /// The place in the original of the character at this place; that behind all characters is its end. None within the
    /// escape of a character.
    pub(super) fn original(&self, at: usize) -> Option<usize> {
        let before = self.escapes.partition_point(|escape| escape.start < at);
        match before.checked_sub(1).map(|last| &self.escapes[last]) {
            Some(escape) => at.checked_sub(escape.end).map(|behind| escape.original_end + behind),
            None => Some(at),
        }
    }
}

fn without_needless_escapes(text: &str) -> Plain<'_> {
    let mut plain = String::with_capacity(text.len());
    let mut escapes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        plain.push_str(before);
        let (length, meant) = meaning(escape);
        let (escape, behind) = escape.split_at_checked(length).unwrap_or((escape, ""));
        match meant.filter(|c| is_shown(*c)) {
            Some(c) => {
                let start = plain.len();
                push_in_json(c, &mut plain);
                let original_end = text.len() - behind.len();
                escapes.push(Escape { start, end: plain.len(), original_end });
            }
            None => plain.push_str(escape),
        }
        rest = behind;
    }
    plain.push_str(rest);
    Plain { text: Cow::Owned(plain), escapes }
}

/// How long the escape is with which this text starts, and the character that it means, if it has another escape in a plain
/// text, or none.
fn meaning(escape: &str) -> (usize, Option<char>) {
    match escape.as_bytes().get(1) {
        Some(b'/') => (2, Some('/')),
        Some(b'u') => {
            let unit = |at: usize| u16::from_str_radix(escape.get(at + 2..at + 6)?, 16).ok();
            let second = || unit(6).filter(|_| escape.get(6..8) == Some("\\u"));
            let Some(first) = unit(0) else { return (6, None) };
            match (char::from_u32(u32::from(first)), second()) {
                (Some(c), _) => (6, Some(c)),
                (None, Some(second)) => match char::decode_utf16([first, second]).next() {
                    Some(Ok(c)) => (12, Some(c)),
                    _ => (6, None),
                },
                (None, None) => (6, None),
            }
        }
        _ => (2, None),
    }
}

/// Whether a plain text shows a character that had an escape. Braces may be a variable in a scenario.
fn is_shown(c: char) -> bool {
    !matches!(c, '{' | '}') && (!is_awkward(c) || matches!(c, '\n' | '\r' | '\t'))
}

fn push_in_json(c: char, text: &mut String) {
    match c {
        '"' => text.push_str("\\\""),
        '\\' => text.push_str("\\\\"),
        '\n' => text.push_str("\\n"),
        '\r' => text.push_str("\\r"),
        '\t' => text.push_str("\\t"),
        c => text.push(c),
    }
}

/// A value as it stands in a string of a plain JSON text.
pub(super) fn escaped_in_json(value: &str) -> Cow<'_, str> {
    if !value.contains(['"', '\\', '\n', '\r', '\t']) {
        return Cow::Borrowed(value);
    }
    let mut escaped = String::with_capacity(value.len() + 8);
    value.chars().for_each(|c| push_in_json(c, &mut escaped));
    Cow::Owned(escaped)
}

/// A value of [`escaped_in_json`] as it was.
pub(super) fn unescaped_in_json(value: &str) -> Cow<'_, str> {
    let unescaped = || serde_json::from_str(&format!("\"{value}\"")).ok();
    match value.contains('\\').then(unescaped).flatten() {
        Some(unescaped) => Cow::Owned(unescaped),
        None => Cow::Borrowed(value),
    }
}

/// The characters of values that mean themselves in JSON, in URLs and in scenarios.
pub(super) fn is_of_value(c: char) -> bool {
    c.is_ascii_graphic()
        && !matches!(c, '"' | '\\' | '{' | '}' | '<' | '>' | '\'' | '`' | '[' | ']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_escapes_that_are_needed_are_left() {
        for (json, plain) in [
            (r#"{"a":"x\/y"}"#, r#"{"a":"x/y"}"#),
            (r#"["\u0041\u002f\u0062"]"#, r#"["A/b"]"#),
            (r#"["\\/\n\/"]"#, r#"["\\/\n/"]"#),
            (r#"["\u0022\u005c\u007b\u00e9\ud83d\ude00\u000A"]"#, r#"["\"\\\u007bé😀\n"]"#),
            (r#"["\u0000\u202e\u00e9\b"]"#, r#"["\u0000\u202eé\b"]"#),
            ("[1]", "[1]"),
            // No JSON, as half of a pair is no character.
            (r#"["\ud83dx\ude00\u0041"]"#, r#"["\ud83dx\ude00\u0041"]"#),
            (r"x\/y\u0041", r"x\/y\u0041"),
        ] {
            assert_eq!(Plain::of(json).text, plain);
        }
    }

    #[test]
    fn a_plain_text_knows_the_places_of_the_original() {
        let json = r#"["\/\u0041é\nb\/\u00e9\u0022\ud83d\ude00","c"]"#;
        let plain = Plain::of(json);
        assert_eq!(plain.text, r#"["/Aé\nb/é\"😀","c"]"#);
        for (part, original) in [
            ("/A", r"\/\u0041"),
            ("A", r"\u0041"),
            ("é\\n", "é\\n"),
            ("b/é", r"b\/\u00e9"),
            ("\\\"", r"\u0022"),
            ("😀", r"\ud83d\ude00"),
            (r#"","c"]"#, r#"","c"]"#),
        ] {
            let start = plain.text.find(part).expect("the part");
            let at = |place: usize| plain.original(place).expect("a place");
            assert_eq!(&json[at(start)..at(start + part.len())], original);
        }
        let quote = plain.text.find("\\\"").expect("a quote");
        assert_eq!(plain.original(quote + 1), None);
    }
}
