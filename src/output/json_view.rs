//! JSON laid out for reading, with its tokens unchanged.
//!
//! The layout works on the tokens of the original text, so numbers, the order of keys, duplicate
//! keys and the spelling of strings stay exactly as the peer sent them. Nothing here recurses, and
//! no part of the text is looked at more than a bounded number of times.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use unicode_width::UnicodeWidthStr;

use super::escape::{Newlines, escape};
use super::style::{Role, Style};

/// Deeper nesting is not treated as JSON. It is what serde_json accepts for a `Value`; for values
/// that it only skips, it has no limit of its own.
const MAX_DEPTH: usize = 127;

/// Indentation stops growing here, so that deep nesting cannot multiply the size of the output.
const MAX_INDENT: usize = 64;

/// How much source text is examined for each column of a line. Text that needs more (long runs of
/// blanks or combining marks) is laid out over several lines even if it would fit.
const BYTES_PER_COLUMN: usize = 8;

/// An array of numbers, literals and strings of at most this many columns has as many of them on a line as fit.
const MAX_FILLED: usize = 24;

/// How tokens are written.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Colours.
    pub style: Style,
    /// Characters that could control a terminal or mislead are escaped.
    pub escapes: bool,
}

/// Whether `text` is a JSON object or array, with blanks around it allowed.
pub fn looks_like_json(text: &str) -> bool {
    text.trim_start_matches(is_blank).starts_with(['{', '['])
        && serde_json::from_str::<IgnoredAny>(text).is_ok()
        && is_shallow(text)
}

/// `text` on one line if that fits in `width` columns, of which `lead` are taken already; otherwise
/// indented, with those nested arrays and objects that fit in the rest of their line left on it, and
/// arrays of short values filling their lines.
///
/// The text should satisfy [`looks_like_json`]. The result for any other text is still safe to
/// show, but its layout means nothing.
pub fn render(text: &str, look: Look, width: usize, lead: usize) -> String {
    let text = text.trim_matches(is_blank);
    match one_line(text, Spacing::Original, look, width.saturating_sub(lead)) {
        Some((line, "")) => line,
        _ => Layout::new(look, width, lead).run(text),
    }
}

/// `text` in colours, otherwise unchanged.
pub fn colored(text: &str, style: Style) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut tokens = Tokens { rest: text };
    while let Some(token) = tokens.next() {
        style.paint_into(&mut out, token.role(tokens.rest), token.text);
    }
    out
}

fn is_shallow(text: &str) -> bool {
    let mut depth = 0_usize;
    Tokens { rest: text }.all(|token| {
        depth = token.depth_after(depth);
        depth <= MAX_DEPTH
    })
}

/// The white space that JSON allows between tokens, which is less than that of Unicode.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// The object, array or single token at the start of `text` on one line of at most `columns`, and
/// what follows it in the text.
fn one_line(text: &str, spacing: Spacing, look: Look, columns: usize) -> Option<(String, &str)> {
    // A token that is cut off here is never the last one of a complete object or array.
    let view = head(text, columns.saturating_mul(BYTES_PER_COLUMN));
    let mut tokens = Tokens { rest: view };
    let mut line = String::new();
    let mut columns_left = columns;
    let mut depth = 0;
    while let Some(token) = tokens.next() {
        let shown = spacing.apply(token, look);
        columns_left = columns_left.checked_sub(shown.width())?;
        look.style.paint_into(&mut line, token.role(tokens.rest), &shown);
        depth = token.depth_after(depth);
        if depth == 0 {
            return Some((line, &text[view.len() - tokens.rest.len()..]));
        }
    }
    None
}

/// The start of `text`, `len` bytes or up to three less to end between two characters.
fn head(text: &str, len: usize) -> &str {
    let end = (0..=len.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// How the tokens of a line are set apart.
#[derive(Clone, Copy)]
enum Spacing {
    /// As in the source, except that a line break or tab becomes a single space.
    Original,
    /// One space after each comma and colon.
    Regular,
}

impl Spacing {
    fn apply(self, token: Token<'_>, look: Look) -> Cow<'_, str> {
        match (self, token.kind) {
            (Self::Original, Kind::Blank) if token.text.bytes().any(|byte| byte != b' ') => {
                " ".into()
            }
            (Self::Regular, Kind::Blank) => "".into(),
            (Self::Regular, Kind::Comma) => ", ".into(),
            (Self::Regular, Kind::Colon) => ": ".into(),
            _ => token.shown(look),
        }
    }
}

/// The text spread over several lines, as far as it has been written.
struct Layout {
    out: String,
    look: Look,
    width: usize,
    depth: usize,
    column: usize,
}

impl Layout {
    fn new(look: Look, width: usize, lead: usize) -> Self {
        Self { out: String::new(), look, width, depth: 0, column: lead.min(width) }
    }

    fn run(mut self, text: &str) -> String {
        let mut tokens = Tokens { rest: text };
        loop {
            let here = tokens.rest;
            let Some(token) = tokens.next() else {
                return self.out;
            };
            match token.kind {
                Kind::Blank => {}
                Kind::Open => tokens.rest = self.open(token, here, tokens.rest),
                Kind::Close => {
                    self.depth = token.depth_after(self.depth);
                    self.new_line();
                    self.push(token, tokens.rest);
                }
                Kind::Comma => {
                    self.push(token, tokens.rest);
                    self.new_line();
                }
                Kind::Colon => {
                    self.push(token, tokens.rest);
                    self.push_blank();
                }
                Kind::Str | Kind::Scalar => self.push(token, tokens.rest),
            }
        }
    }

    /// Writes the whole object or array that starts `here` if it is short, what is before the closing
    /// bracket if it is an array of short values, only its bracket otherwise, and returns the text that is still to be written.
    fn open<'a>(&mut self, bracket: Token<'a>, here: &'a str, after: &'a str) -> &'a str {
        let mut inside = Tokens { rest: after.trim_start_matches(is_blank) };
        let empty = inside.next().filter(|token| token.kind == Kind::Close);
        if let Some(close) = empty {
            self.push(bracket, after);
            self.push(close, inside.rest);
            return inside.rest;
        }
        // One column is reserved for the comma that may follow.
        let room = self.width.saturating_sub(self.column + 1);
        // Text that is not JSON may be deeper, and trying at each level would take too long.
        if self.depth < MAX_DEPTH
            && let Some((line, rest)) = one_line(here, Spacing::Regular, self.look, room)
        {
            self.out.push_str(&line);
            return rest;
        }
        self.push(bracket, after);
        self.depth = bracket.depth_after(self.depth);
        self.new_line();
        if bracket.text == "[" && self.has_short_values(after) { self.fill(after) } else { after }
    }

    /// Whether the array whose bracket precedes `inside` has only values that share lines. An array is
    /// only examined up to the first one nested in it, thus no text more than once.
    fn has_short_values(&self, inside: &str) -> bool {
        for token in (Tokens { rest: inside }) {
            match token.kind {
                Kind::Blank | Kind::Comma | Kind::Scalar => {}
                Kind::Str if token.shown(self.look).width() <= MAX_FILLED => {}
                Kind::Close => return token.text == "]",
                Kind::Str | Kind::Open | Kind::Colon => return false,
            }
        }
        false
    }

    /// Writes the values before the closing bracket, as many on a line as fit, and returns the text from
    /// that bracket on.
    fn fill<'a>(&mut self, inside: &'a str) -> &'a str {
        let mut tokens = Tokens { rest: inside };
        let mut starts_line = true;
        loop {
            let here = tokens.rest;
            let Some(token) = tokens.next() else { return here };
            match token.kind {
                Kind::Close => return here,
                Kind::Blank => continue,
                Kind::Comma => {}
                // A blank before it and a comma after it.
                _ if starts_line => {}
                _ if self.column + token.shown(self.look).width() + 2 > self.width => {
                    self.new_line();
                }
                _ => self.push_blank(),
            }
            starts_line = false;
            self.push(token, tokens.rest);
        }
    }

    fn push(&mut self, token: Token<'_>, after: &str) {
        let shown = token.shown(self.look);
        self.column += shown.width();
        self.look.style.paint_into(&mut self.out, token.role(after), &shown);
    }

    fn push_blank(&mut self) {
        self.out.push(' ');
        self.column += 1;
    }

    fn new_line(&mut self) {
        self.column = self.depth.saturating_mul(2).min(MAX_INDENT);
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', self.column));
    }
}

#[derive(Clone, Copy)]
struct Token<'a> {
    kind: Kind,
    text: &'a str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Blank,
    Open,
    Close,
    Comma,
    Colon,
    Str,
    /// A number, `true`, `false` or `null`; in text that is not JSON, anything else.
    Scalar,
}

impl<'a> Token<'a> {
    /// The token as it is written.
    fn shown(self, look: Look) -> Cow<'a, str> {
        match look.escapes {
            true => escape(self.text, Newlines::Escape),
            false => Cow::Borrowed(self.text),
        }
    }

    fn depth_after(self, depth: usize) -> usize {
        match self.kind {
            Kind::Open => depth.saturating_add(1),
            Kind::Close => depth.saturating_sub(1),
            _ => depth,
        }
    }

    /// How the token is coloured when `after` follows it.
    fn role(self, after: &str) -> Role {
        match self.kind {
            Kind::Str if after.trim_start_matches(is_blank).starts_with(':') => Role::Key,
            Kind::Str => Role::Str,
            Kind::Scalar if self.text.starts_with(is_number_start) => Role::Number,
            Kind::Scalar => Role::Literal,
            _ => Role::Punctuation,
        }
    }
}

fn is_number_start(c: char) -> bool {
    c == '-' || c.is_ascii_digit()
}

/// Splits any text into tokens that together are that text.
struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let bytes = self.rest.as_bytes();
        let (kind, len) = match bytes.first()? {
            b'{' | b'[' => (Kind::Open, 1),
            b'}' | b']' => (Kind::Close, 1),
            b',' => (Kind::Comma, 1),
            b':' => (Kind::Colon, 1),
            b'"' => (Kind::Str, string_len(bytes)),
            b' ' | b'\t' | b'\n' | b'\r' => (Kind::Blank, run_len(bytes, is_blank)),
            _ => (Kind::Scalar, run_len(bytes, is_scalar)),
        };
        // Every token ends before or after an ASCII byte, thus between two characters.
        let (text, rest) = self.rest.split_at(len);
        self.rest = rest;
        Some(Token { kind, text })
    }
}

fn is_scalar(c: char) -> bool {
    !is_blank(c) && !matches!(c, '{' | '}' | '[' | ']' | ',' | ':' | '"')
}

/// The number of bytes before the first that does not belong. Only ASCII matters to the callers,
/// so looking at bytes as if they were characters is sound.
fn run_len(bytes: &[u8], belongs: impl Fn(char) -> bool) -> usize {
    let end = bytes.iter().position(|byte| !belongs(char::from(*byte)));
    end.unwrap_or(bytes.len())
}

/// The length of the string at the start of `bytes` with both quotes; all of them if it is open.
fn string_len(bytes: &[u8]) -> usize {
    let mut escaped = false;
    for (at, byte) in bytes.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests;
