//! The line being typed, without characters that would control the terminal.
//!
//! The line editor writes the line unchanged, and text that was pasted, completed or recalled may
//! have any characters. Those that control a terminal are not drawn, and after the line it is shown again
//! with escapes in their place. What is sent does not change.

use std::borrow::Cow;

use rustyline::hint::Hint;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::output::escape;

/// The maximum length of a line shown with escapes, in characters.
const MAX_SHOWN: usize = 200;

/// The maximum length of the start of a text in a list, in characters.
const MAX_PREVIEW: usize = 60;

/// Whether the line has characters that must not be drawn.
pub(super) fn has_hidden(line: &str) -> bool {
    matches!(escape::escape(line, escape::Newlines::Keep), Cow::Owned(_))
}

/// The text with escapes, on one line.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    escape::escape(text, escape::Newlines::Escape)
}

/// The line as it is drawn: as wide as the editor computes it. For the editor a control character has no
/// width, nor has what looks like an escape sequence, so all of that is left out.
pub(super) fn drawn(line: &str) -> Cow<'_, str> {
    if !has_hidden(line) {
        return Cow::Borrowed(line);
    }
    let mut sequence = Sequence::None;
    let mut text = String::with_capacity(line.len());
    let mut previous = '\0';
    for (c, is_hidden) in escape::characters(line, escape::Newlines::Keep) {
        let is_part = sequence.take(c);
        let is_rest = previous == '\r' && c == '\n'; // one character to the editor
        previous = c;
        if is_part || is_rest {
            continue;
        }
        match is_hidden {
            false => text.push(c),
            true => (0..c.width().unwrap_or(0)).for_each(|_| text.push('\u{fffd}')),
        }
    }
    Cow::Owned(text)
}

/// The editor's state within what it parses as an escape sequence.
enum Sequence {
    None,
    Started,
    Parameters,
}

impl Sequence {
    /// Whether the next character belongs to one.
    fn take(&mut self, c: char) -> bool {
        let (next, is_part) = match self {
            Self::None if c == '\x1b' => (Self::Started, true),
            Self::None => (Self::None, false),
            Self::Started if c == '[' => (Self::Parameters, true),
            Self::Parameters if c == ';' || c.is_ascii_digit() => (Self::Parameters, true),
            Self::Started | Self::Parameters => (Self::None, true),
        };
        *self = next;
        is_part
    }
}

/// What to show after a line that is not drawn unchanged.
pub(super) fn remark(line: &str) -> Option<String> {
    has_hidden(line).then(|| {
        let shown = one_line(line);
        let (start, mark) = cut(&shown, MAX_SHOWN);
        format!("  (control characters: {start}{mark})")
    })
}

/// The start of a text, on one line.
pub(super) fn preview(text: &str) -> String {
    let (start, mark) = cut(text, MAX_PREVIEW);
    format!("{}{mark}", one_line(start))
}

/// The start of a text, in characters, and a mark if that is not all.
fn cut(text: &str, most: usize) -> (&str, &'static str) {
    match text.char_indices().nth(most) {
        Some((end, _)) => (&text[..end], "…"),
        None => (text, ""),
    }
}

/// A text in lines of at most so many columns, each indented, with a newline behind each. A longer word is not cut.
pub(super) fn in_lines(text: &str, indent: usize, columns: usize) -> String {
    let (mut lines, mut line) = (String::new(), String::new());
    for word in text.split_whitespace() {
        let is_full = indent + line.width() + 1 + word.width() > columns;
        if is_full && !line.is_empty() {
            lines += &format!("{:indent$}{line}\n", "");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines + &format!("{:indent$}{line}\n", "")
}

/// What is shown after a line.
pub(super) enum Behind {
    /// A completion, which the right arrow accepts.
    Next(String),
    /// A remark.
    Remark(String),
}

impl Hint for Behind {
    fn display(&self) -> &str {
        match self {
            Self::Next(text) | Self::Remark(text) => text,
        }
    }

    fn completion(&self) -> Option<&str> {
        match self {
            Self::Next(text) => Some(text),
            Self::Remark(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_drawn_controls_the_terminal() {
        for (line, shown) in [
            ("plain, é, 世界", "plain, é, 世界"),
            ("two\nlines\tand a tab", "two\nlines\tand a tab"),
            ("a\x1b]0;PWN\x07b", "a0;PWNb"),
            ("a\x1b[31;1mred\x1b[2J", "ared"),
            ("a\u{9b}31m\x7f\u{202e}b\u{200b}", "a31mb"),
            ("a\r\nb\rc", "abc"),
            ("\x1b", ""),
            ("👨\u{200d}👩\x07", "👨\u{200d}👩"),
        ] {
            assert_eq!(drawn(line), shown, "{line:?}");
        }
    }

    #[test]
    fn a_text_is_cut_between_words() {
        assert_eq!(in_lines("one two 한글 three", 2, 10), "  one two\n  한글\n  three\n");
        assert_eq!(in_lines("longer than this", 0, 4), "longer\nthan\nthis\n");
        assert_eq!(in_lines("", 0, 4), "\n");
    }

    #[test]
    fn undrawn_characters_are_shown_after_the_line() {
        assert_eq!(remark("plain"), None);
        let text = remark("a\x1b]0;PWN\x07b").expect("a remark");
        assert_eq!(text, "  (control characters: a\\e]0;PWN\\x07b)");
        let text = remark(&"\x07".repeat(10_000)).expect("a remark");
        assert!(text.ends_with("…)") && text.len() < 300, "{text}");
    }
}
