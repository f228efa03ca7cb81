//! Texts of a recording on lines that show what they are.

use std::borrow::Cow;

use crate::output::escape::is_hidden;
use crate::scenario::pattern::bare_json;

/// The longest line of a block, in bytes.
const MAX_LINE: usize = 64 << 10;

/// The expression that matches just this text, on one line.
pub(super) fn literal_expression(text: &str) -> String {
    let mut expression = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => expression.push_str(r"\n"),
            '\r' => expression.push_str(r"\r"),
            '\t' => expression.push_str(r"\t"),
            c if is_awkward(c) => expression.push_str(&format!("\\x{{{:x}}}", u32::from(c))),
            '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => {
                expression.extend(['\\', c]);
            }
            c => expression.push(c),
        }
    }
    expression
}

/// A text with its braces escaped, so that nothing in it is a variable.
pub(super) fn escaped(text: &str) -> String {
    text.replace("{{", "\\{{")
}

/// A JSON text in which only those characters are left that a line shows; it means the same.
pub(super) fn visible_json(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\r' => {}
            '\n' | '\t' => visible.push(c),
            c if is_awkward(c) => push_escape(c, &mut visible),
            c => visible.push(c),
        }
    }
    visible
}

/// A text whose values stand in it as they are: of JSON it is without the escapes of characters that need none, and means the
/// same. Other texts are as they were.
#[derive(Debug)]
pub(super) struct Plain<'a> {
    pub(super) text: Cow<'a, str>,
    /// Where each character is that had an escape, and the end of its escape in the original.
    escapes: Vec<(usize, usize)>,
}

impl<'a> Plain<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let has_escapes = text.contains("\\/") || text.contains("\\u");
        match has_escapes && bare_json(text).is_some() {
            true => without_needless_escapes(text),
            false => Self { text: Cow::Borrowed(text), escapes: Vec::new() },
        }
    }

    /// The place in the original of the character at this place; that behind all characters is its end.
    pub(super) fn original(&self, at: usize) -> usize {
        let before = self.escapes.partition_point(|(place, _)| *place < at);
        match before.checked_sub(1).map(|last| self.escapes[last]) {
            Some((place, end)) => end + at - (place + 1),
            None => at,
        }
    }
}

/// All characters of values have one byte.
fn without_needless_escapes(text: &str) -> Plain<'_> {
    let mut plain = String::with_capacity(text.len());
    let mut escapes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        plain.push_str(before);
        let (length, meant) = match escape.as_bytes().get(1) {
            Some(b'/') => (2, Some('/')),
            Some(b'u') => (6, escape.get(2..6).and_then(character)),
            _ => (2, None),
        };
        let (escape, behind) = escape.split_at_checked(length).unwrap_or((escape, ""));
        match meant.filter(|c| is_of_value(*c)) {
            Some(c) => {
                escapes.push((plain.len(), text.len() - behind.len()));
                plain.push(c);
            }
            None => plain.push_str(escape),
        }
        rest = behind;
    }
    plain.push_str(rest);
    Plain { text: Cow::Owned(plain), escapes }
}

fn character(digits: &str) -> Option<char> {
    char::from_u32(u32::from_str_radix(digits, 16).ok()?)
}

/// The characters of values that mean themselves in JSON, in URLs and in scenarios.
pub(super) fn is_of_value(c: char) -> bool {
    c.is_ascii_graphic()
        && !matches!(c, '"' | '\\' | '{' | '}' | '<' | '>' | '\'' | '`' | '[' | ']')
}

/// The escapes of JSON for a character.
pub(super) fn push_escape(c: char, text: &mut String) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        text.push_str(&format!("\\u{unit:04x}"));
    }
}

/// Whether a line shows a text as it is: editors take away white space at its end.
pub(super) fn is_line(text: &str) -> bool {
    !text.contains(['\n', '\r', '\t'])
        && !text.starts_with(char::is_whitespace)
        && !text.ends_with(char::is_whitespace)
        && !text.contains(is_awkward)
}

/// Whether lines show a text as it is.
pub(super) fn is_block(text: &str) -> bool {
    text.contains('\n')
        && text.split('\n').all(|line| {
            !line.ends_with(char::is_whitespace)
                && !line.contains(|c| c != '\t' && is_awkward(c))
                && line.len() < MAX_LINE
        })
}

/// Characters that are not seen, or change what is seen of others. The zero-width joiner is none: emoji have it between
/// their parts.
pub(super) fn is_awkward(c: char) -> bool {
    c != '\u{200d}' && is_hidden(c)
}

/// The end of a text: at most so many characters.
pub(super) fn last_chars(text: &str, most: usize) -> &str {
    let start = text.char_indices().rev().take(most).last().map_or(0, |(start, _)| start);
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_characters_that_need_no_escape_are_without_one() {
        for (json, plain) in [
            (r#"{"a":"x\/y"}"#, r#"{"a":"x/y"}"#),
            (r#"["\u0041\u002f\u0062"]"#, r#"["A/b"]"#),
            (r#"["\\/\n\/"]"#, r#"["\\/\n/"]"#),
            (
                r#"["\u0022\u005c\u007b\u00e9\ud83d\ude00"]"#,
                r#"["\u0022\u005c\u007b\u00e9\ud83d\ude00"]"#,
            ),
            ("[1]", "[1]"),
            // No JSON.
            (r"x\/y\u0041", r"x\/y\u0041"),
        ] {
            assert_eq!(Plain::of(json).text, plain);
        }
    }

    #[test]
    fn a_plain_text_knows_the_places_of_the_original() {
        let json = r#"["\/\u0041é\nb\/","c"]"#;
        let plain = Plain::of(json);
        assert_eq!(plain.text, r#"["/Aé\nb/","c"]"#);
        for (part, original) in [
            ("/A", r"\/\u0041"),
            ("A", r"\u0041"),
            ("é", "é"),
            ("b/", r"b\/"),
            (r#"","c"]"#, r#"","c"]"#),
        ] {
            let start = plain.text.find(part).expect("the part");
            let end = plain.original(start + part.len());
            assert_eq!(&json[plain.original(start)..end], original);
        }
    }
}
