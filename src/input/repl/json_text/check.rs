//! Where a text is not JSON.

use super::tokens::{Kind, Token, tokens};

/// Why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::input::repl) struct Fault {
    /// Where, in bytes.
    pub(in crate::input::repl) at: usize,
    /// What is wrong there.
    pub(in crate::input::repl) what: String,
}

/// A longer token is cut in a message, in characters.
const MAX_QUOTED: usize = 20;

/// What can follow in the text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Value,
    /// Behind `[`.
    ValueOrClose,
    /// Behind `{`.
    KeyOrClose,
    /// Behind a comma in an object.
    Key,
    Colon,
    CommaOrClose,
    End,
}

/// What is wrong with the text as JSON; the first fault.
pub(in crate::input::repl) fn fault(text: &str) -> Option<Fault> {
    let mut checker = Checker { next: Next::Value, open: Vec::new() };
    for token in tokens(text).filter(|token| token.kind != Kind::Blank) {
        if let Err(fault) = checker.take(token) {
            return Some(fault);
        }
    }
    (checker.next != Next::End).then(|| Fault {
        at: text.len(),
        what: format!("expected {}, got the end of the text", checker.expected()),
    })
}

struct Checker {
    next: Next,
    /// The closing brackets of all that is open.
    open: Vec<u8>,
}

impl Checker {
    fn take(&mut self, token: Token<'_>) -> Result<(), Fault> {
        match (self.next, token.kind) {
            (Next::Value | Next::ValueOrClose, Kind::Open) => {
                let is_object = token.text == "{";
                self.open.push(if is_object { b'}' } else { b']' });
                self.next = if is_object { Next::KeyOrClose } else { Next::ValueOrClose };
            }
            (Next::Value | Next::ValueOrClose, Kind::Str | Kind::Key) => {
                string(token)?;
                self.end_value();
            }
            (Next::Value | Next::ValueOrClose, Kind::Word) => {
                word(token)?;
                self.end_value();
            }
            (Next::Key | Next::KeyOrClose, Kind::Str | Kind::Key) => {
                string(token)?;
                self.next = Next::Colon;
            }
            (Next::Colon, Kind::Colon) => self.next = Next::Value,
            (Next::CommaOrClose, Kind::Comma) => {
                let is_object = self.open.last() == Some(&b'}');
                self.next = if is_object { Next::Key } else { Next::Value };
            }
            (Next::CommaOrClose | Next::ValueOrClose | Next::KeyOrClose, Kind::Close)
                if self.open.last() == token.text.as_bytes().first() =>
            {
                self.open.pop();
                self.end_value();
            }
            _ => {
                let what = format!("expected {}, got {}", self.expected(), quoted(token.text));
                return Err(Fault { at: token.at, what });
            }
        }
        Ok(())
    }

    fn end_value(&mut self) {
        self.next = if self.open.is_empty() { Next::End } else { Next::CommaOrClose };
    }

    fn expected(&self) -> &'static str {
        let is_object = self.open.last() == Some(&b'}');
        match self.next {
            Next::Value => "a value",
            Next::ValueOrClose => "a value or \"]\"",
            Next::KeyOrClose => "a key in quotes or \"}\"",
            Next::Key => "a key in quotes",
            Next::Colon => "\":\"",
            Next::CommaOrClose if is_object => "\",\" or \"}\"",
            Next::CommaOrClose => "\",\" or \"]\"",
            Next::End => "nothing more",
        }
    }
}

fn quoted(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("\"{}…\"", &text[..end]),
        None => format!("\"{text}\""),
    }
}

/// Checks a string with its quotes.
fn string(token: Token<'_>) -> Result<(), Fault> {
    let fault = |at: usize, what: &str| Err(Fault { at: token.at + at, what: what.to_owned() });
    let mut characters = token.text.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Ok(()),
            '\\' => match characters.next() {
                Some((_, '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't')) => {}
                Some((_, 'u')) => {
                    let digits = characters.by_ref().take(4);
                    if digits.filter(|(_, c)| c.is_ascii_hexdigit()).count() < 4 {
                        return fault(at, "\\u requires four hex digits");
                    }
                }
                Some((_, c)) => {
                    return fault(at, &format!("\\{c} is not an escape of JSON"));
                }
                None => break,
            },
            '\0'..=' ' if c != ' ' => {
                let code = u32::from(c);
                return fault(at, &format!("a string has a control character: \\u{code:04x}"));
            }
            _ => {}
        }
    }
    fault(0, "the string that begins here has no closing quote")
}

/// Checks a number or a literal.
fn word(token: Token<'_>) -> Result<(), Fault> {
    let is_valid = matches!(token.text, "true" | "false" | "null") || is_number(token.text);
    let quoted = quoted(token.text);
    match is_valid {
        true => Ok(()),
        false if token.text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
            Err(Fault { at: token.at, what: format!("{quoted} is not a number of JSON") })
        }
        false => Err(Fault { at: token.at, what: format!("expected a value, got {quoted}") }),
    }
}

/// RFC 8259 section 6.
fn is_number(text: &str) -> bool {
    let rest = text.strip_prefix('-').unwrap_or(text);
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    is_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(is_digits)
        && exponent
            .is_none_or(|digits| is_digits(digits.strip_prefix(['+', '-']).unwrap_or(digits)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::IgnoredAny;

    use super::*;

    #[test]
    fn the_first_fault_has_its_place_and_its_reason() {
        for (text, at, what) in [
            (r#"{"a": }"#, 6, "expected a value, got \"}\""),
            ("{", 1, "expected a key in quotes or \"}\", got the end of the text"),
            ("[1", 2, "expected \",\" or \"]\", got the end of the text"),
            ("[1,]", 3, "expected a value, got \"]\""),
            (r#"{"a":1,}"#, 7, "expected a key in quotes, got \"}\""),
            (r#"{"a" 1}"#, 5, "expected \":\", got \"1\""),
            (r#"{"a":1 "b":2}"#, 7, "expected \",\" or \"}\", got \"\"b\"\""),
            ("{a:1}", 1, "expected a key in quotes or \"}\", got \"a\""),
            ("[1]x", 3, "expected nothing more, got \"x\""),
            ("[1}", 2, "expected \",\" or \"]\", got \"}\""),
            ("[\"a", 1, "the string that begins here has no closing quote"),
            ("[\"a\nb\"]", 1, "the string that begins here has no closing quote"),
            ("[\"a\tb\"]", 3, "a string has a control character: \\u0009"),
            (r#"["\x"]"#, 2, "\\x is not an escape of JSON"),
            (r#"["\u12g4"]"#, 2, "\\u requires four hex digits"),
            ("[01]", 1, "\"01\" is not a number of JSON"),
            ("[NaN]", 1, "expected a value, got \"NaN\""),
            ("['a']", 1, "expected a value or \"]\", got \"'\""),
            ("[aaaaaaaaaaaaaaaaaaaaaaaa]", 1, "expected a value, got \"aaaaaaaaaaaaaaaaaaaa…\""),
        ] {
            assert_eq!(fault(text), Some(Fault { at, what: what.to_owned() }), "{text}");
        }
    }

    #[test]
    fn any_depth_is_valid() {
        let depth = 1 << 19;
        assert_eq!(fault(&("[".repeat(depth) + &"]".repeat(depth))), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn what_is_valid_is_what_serde_json_accepts(
            text in r#"([\[{]|"[a"\\u0-9\t]{0,6}"|[\]},:]|-?[0-9.eE+]{1,4}|true|null|[ \n]|x){0,12}"#
        ) {
            let is_json = serde_json::from_str::<IgnoredAny>(&text).is_ok();
            prop_assert_eq!(fault(&text).is_none(), is_json, "{}", text);
        }

        #[test]
        fn what_is_generated_as_json_is_valid(
            keys in prop::collection::vec(any::<String>(), 0..4), number in any::<f64>()
        ) {
            let number = serde_json::json!({ "number": number, "keys": keys }).to_string();
            prop_assert_eq!(fault(&number), None);
        }
    }
}
