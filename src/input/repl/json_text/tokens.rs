//! The tokens of a text that may be JSON, or its beginning.

/// A token of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::input::repl) struct Token<'t> {
    pub(in crate::input::repl) kind: Kind,
    pub(in crate::input::repl) text: &'t str,
    /// Where it begins, in bytes.
    pub(in crate::input::repl) at: usize,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::input::repl) enum Kind {
    Blank,
    /// `{` or `[`.
    Open,
    /// `}` or `]`.
    Close,
    Comma,
    Colon,
    /// A string with a colon behind it. The closing quote may be missing, as in the next one.
    Key,
    Str,
    /// Letters, digits and what else numbers and `true`, `false` and `null` consist of.
    Word,
    /// What cannot be in JSON.
    Other,
}

/// The white space that JSON allows between tokens.
pub(in crate::input::repl) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// The tokens of a text, in order and without gaps.
pub(in crate::input::repl) fn tokens(text: &str) -> Tokens<'_> {
    Tokens { text, at: 0 }
}

/// See [`tokens`].
pub(in crate::input::repl) struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        let rest = &self.text[self.at..];
        let first = rest.chars().next()?;
        let (kind, length) = match first {
            '{' | '[' => (Kind::Open, 1),
            '}' | ']' => (Kind::Close, 1),
            ',' => (Kind::Comma, 1),
            ':' => (Kind::Colon, 1),
            '"' => {
                let length = string_length(rest);
                let behind = rest[length..].trim_start_matches(is_blank);
                (if behind.starts_with(':') { Kind::Key } else { Kind::Str }, length)
            }
            c if is_blank(c) => (Kind::Blank, run(rest, is_blank)),
            c if is_word(c) => (Kind::Word, run(rest, is_word)),
            c => (Kind::Other, c.len_utf8()),
        };
        let token = Token { kind, text: &rest[..length], at: self.at };
        self.at += length;
        Some(token)
    }
}

/// The length of the string at the start of a text, quotes included. One without a closing quote ends with its line.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'\n' => return at,
            b'"' if !is_escaped => return at + 1,
            _ => is_escaped = byte == b'\\' && !is_escaped,
        }
    }
    text.len()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '+' | '-' | '.' | '_')
}

fn run(text: &str, is_in: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is_in(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::Kind::{Blank, Close, Colon, Comma, Key, Open, Other, Str, Word};
    use super::*;

    #[test]
    fn a_text_is_cut_into_tokens_wherever_it_ends() {
        for (text, kinds) in [
            ("", &[][..]),
            ("{", &[Open]),
            (r#"{"a" :1}"#, &[Open, Key, Blank, Colon, Word, Close]),
            (r#"["a","b"#, &[Open, Str, Comma, Str]),
            (r#"{"a\"": "\\"}"#, &[Open, Key, Colon, Blank, Str, Close]),
            ("[\"a\n1]", &[Open, Str, Blank, Word, Close]),
            ("[-1.5e+3 nul 한]", &[Open, Word, Blank, Word, Blank, Word, Close]),
            ("[']", &[Open, Other, Close]),
            ("\"\\", &[Str]),
        ] {
            let found: Vec<_> = tokens(text).collect();
            assert_eq!(found.iter().map(|it| it.kind).collect::<Vec<_>>(), kinds, "{text}");
            assert_eq!(found.iter().map(|it| it.text).collect::<String>(), text);
            let mut at = 0;
            for token in found {
                assert_eq!(token.at, at);
                at += token.text.len();
            }
        }
    }

    #[test]
    fn a_long_text_takes_linear_time() {
        let text = "\"".repeat(1 << 20) + &" ".repeat(1 << 20) + &"[\"a\\\"".repeat(1 << 18);
        assert_eq!(tokens(&text).map(|token| token.text.len()).sum::<usize>(), text.len());
    }
}
