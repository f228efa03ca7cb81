//! Texts of a recording on lines that show what they are.

use crate::output::escape::is_hidden;

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
