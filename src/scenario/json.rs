//! JSON of messages and patterns, with numbers and the order of members as they are written.
//!
//! Everything that has to be JSON is read here, so that all agree on what is.

use std::fmt;

use serde::de::IgnoredAny;
use serde_json::{Map, Number, Value};

use crate::protocol::counted::counted;

/// How deep arrays and objects may be nested.
pub const MAX_DEPTH: usize = 256;

/// Why a text is not taken as JSON, with the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}{place}")]
pub struct JsonError {
    /// Why.
    pub reason: String,
    /// Where.
    pub place: JsonPlace,
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonPlace {
    /// The line, from 1.
    pub line: usize,
    /// The byte of that line, from 1; 0 before the first.
    pub column: usize,
}

impl fmt::Display for JsonPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " at line {} column {}", self.line, self.column)
    }
}

impl From<JsonError> for String {
    fn from(error: JsonError) -> Self {
        error.to_string()
    }
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        let place = JsonPlace { line: error.line(), column: error.column() };
        let text = error.to_string();
        Self { reason: text.strip_suffix(&place.to_string()).unwrap_or(&text).to_owned(), place }
    }
}

/// Reads a whole text.
///
/// # Errors
/// With the reason and its place: a syntax error, nesting that is too deep, or half of a surrogate pair.
pub fn parse(data: &[u8]) -> Result<Value, JsonError> {
    read(data, None)
}

/// The same, without the members of objects that `wanted` does not name at their place: of a large message a pattern
/// looks at a few.
///
/// # Errors
/// As for [`parse`]; what is left out may be nested as deep as it likes.
pub fn parse_wanted(data: &[u8], wanted: &Value) -> Result<Value, JsonError> {
    read(data, Some(wanted))
}

fn read(data: &[u8], wanted: Option<&Value>) -> Result<Value, JsonError> {
    let text = str::from_utf8(data).map_err(|error| {
        let (before, _) = data.split_at(error.valid_up_to());
        JsonError { reason: "not UTF-8".to_owned(), place: place(before) }
    })?;
    // This checks the syntax without recursion; what is left is to build the value.
    serde_json::from_str::<IgnoredAny>(text)?;
    Builder { text, at: 0, open: Vec::new(), wanted }.build()
}

/// A number alone, as it is written.
pub fn number(text: &str) -> Option<Number> {
    let is_trimmed = text.trim_ascii() == text;
    (is_trimmed && serde_json::from_str::<Number>(text).is_ok()).then(|| as_written(text))
}

/// Whether an object or an array may begin here.
pub fn looks_like_json(data: &[u8]) -> bool {
    matches!(data.trim_ascii_start(), [b'{' | b'[', ..])
}

/// Builds the value of a text whose syntax is valid. The stack is its own, as a message can be nested deeply.
struct Builder<'a> {
    text: &'a str,
    at: usize,
    open: Vec<Open<'a>>,
    /// What is compared with the whole value.
    wanted: Option<&'a Value>,
}

/// An array or object whose end has not been read, and what it is compared with.
enum Open<'a> {
    Array(Vec<Value>, Option<&'a Value>),
    /// With the name of the member that is being read.
    Object(Map<String, Value>, Option<String>, Option<&'a Value>),
}

impl<'a> Open<'a> {
    /// What the value that is being read in it is compared with.
    fn wanted(&self) -> Option<&'a Value> {
        match self {
            Open::Array(values, wanted) => wanted.as_ref()?.get(values.len()),
            Open::Object(_, name, wanted) => wanted.as_ref()?.get(name.as_deref()?),
        }
    }
}

impl Builder<'_> {
    fn build(mut self) -> Result<Value, JsonError> {
        let mut whole = None;
        while let Some(byte) = self.text.as_bytes().get(self.at) {
            let value = match byte {
                b'{' | b'[' => {
                    self.enter(*byte)?;
                    None
                }
                b'}' | b']' => {
                    self.at += 1;
                    self.open.pop().map(|open| match open {
                        Open::Array(values, _) => Value::Array(values),
                        Open::Object(members, ..) => Value::Object(members),
                    })
                }
                b'"' => self.string_or_name()?,
                b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' => {
                    self.at += 1;
                    None
                }
                _ => Some(self.scalar()),
            };
            if let Some(value) = value {
                whole = self.place(value);
            }
        }
        whole.ok_or_else(|| self.error("no value"))
    }

    fn enter(&mut self, bracket: u8) -> Result<(), JsonError> {
        if self.open.len() == MAX_DEPTH {
            let levels = counted(MAX_DEPTH as u64, "level");
            return Err(self.error(&format!("nested deeper than {levels}")));
        }
        self.at += 1;
        let wanted = self.open.last().map_or(self.wanted, Open::wanted);
        self.open.push(match bracket {
            // A value of another type is shown as a whole.
            b'{' => Open::Object(Map::new(), None, wanted.filter(|it| it.is_object())),
            _ => Open::Array(Vec::new(), wanted.filter(|it| it.is_array())),
        });
        Ok(())
    }

    /// Puts a value where it belongs; the one that is in no other comes back.
    fn place(&mut self, value: Value) -> Option<Value> {
        match self.open.last_mut() {
            None => return Some(value),
            Some(Open::Array(values, _)) => values.push(value),
            Some(Open::Object(members, name, _)) => {
                members.insert(name.take().unwrap_or_default(), value);
            }
        }
        None
    }

    /// A string that is a value; the name of a member is kept, or its value left out.
    fn string_or_name(&mut self) -> Result<Option<Value>, JsonError> {
        let string = self.string()?;
        match self.open.last_mut() {
            Some(Open::Object(_, None, Some(wanted))) if wanted.get(&string).is_none() => {
                self.skip_value();
                Ok(None)
            }
            Some(Open::Object(_, name @ None, _)) => {
                *name = Some(string);
                Ok(None)
            }
            _ => Ok(Some(Value::String(string))),
        }
    }

    /// Goes behind the value of a member, from behind its name.
    fn skip_value(&mut self) {
        let bytes = self.text.as_bytes();
        let mut depth = 0_usize;
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'"' => self.at = self.string_end().0,
                b'{' | b'[' => depth += 1,
                // The member that follows, or the end of the object that it is in.
                b',' | b'}' if depth == 0 => return,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Where the string that begins here ends, and whether it has escapes.
    fn string_end(&self) -> (usize, bool) {
        let bytes = self.text.as_bytes();
        let mut end = self.at + 1;
        let mut has_escape = false;
        while bytes[end] != b'"' {
            let is_escape = bytes[end] == b'\\';
            has_escape |= is_escape;
            end += if is_escape { 2 } else { 1 };
        }
        (end, has_escape)
    }

    fn string(&mut self) -> Result<String, JsonError> {
        let start = self.at;
        let (end, has_escape) = self.string_end();
        let string = match has_escape {
            false => self.text[start + 1..end].to_owned(),
            true => serde_json::from_str(&self.text[start..=end])
                .map_err(|_| self.error("half of a UTF-16 surrogate pair alone in \\u escapes"))?,
        };
        self.at = end + 1;
        Ok(string)
    }

    /// A number or a word.
    fn scalar(&mut self) -> Value {
        let rest = &self.text[self.at..];
        let is_end = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b']' | b'}');
        let length = rest.bytes().position(is_end).unwrap_or(rest.len());
        self.at += length;
        match &rest[..length] {
            "null" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            number => Value::Number(as_written(number)),
        }
    }

    fn error(&self, reason: &str) -> JsonError {
        let before = &self.text.as_bytes()[..self.at];
        JsonError { reason: reason.to_owned(), place: place(before) }
    }
}

/// The place behind a text.
fn place(before: &[u8]) -> JsonPlace {
    let start = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    JsonPlace { line, column: before.len() - start + 1 }
}

/// A number with its text. `FromStr` would change that: `1E3` to `1e+3`.
fn as_written(number: &str) -> Number {
    Number::from_string_unchecked(number.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_the_same() {
        for text in [
            r#"{"z":1,"a":[true,false,null,{"b":{}}],"é":"\"\\\n","":[]}"#,
            "12345678901234567890123",
            "1E3",
            "-0",
            "1e400",
            "0.10000000000000000001",
            r#"{"$serde_json::private::Number":"1"}"#,
            r#""a""#,
            "[[],[[]]]",
        ] {
            assert_eq!(parse(text.as_bytes()).expect(text).to_string(), text);
        }
        let spaced = parse(b" {\"a\" :\t[ 1 , \"\\u0041\" ] }\r\n").expect("JSON");
        assert_eq!(spaced.to_string(), r#"{"a":[1,"A"]}"#);
        assert_eq!(parse(br#"{"a":1,"b":2,"a":3}"#).expect("JSON").to_string(), r#"{"a":3,"b":2}"#);
    }

    #[test]
    fn what_is_not_json_has_a_reason_and_a_place() {
        let error = |data: &[u8]| parse(data).expect_err("not JSON").to_string();
        for (text, reason) in [
            ("", "EOF while parsing a value at line 1 column 0"),
            ("[1,]", "expected value at line 1 column 4"),
            ("1 2", "trailing characters at line 1 column 3"),
            (
                "{\"a\":\n \"\\ud800\"}",
                "half of a UTF-16 surrogate pair alone in \\u escapes at line 2 column 2",
            ),
            ("[01]", "invalid number at line 1 column 3"),
            (
                "[\"\u{1}\"]",
                "control character (\\u0000-\\u001F) found while parsing a string at line 1 column 2",
            ),
        ] {
            assert_eq!(error(text.as_bytes()), reason, "{text}");
        }
        assert_eq!(error(b"[\"\xff\"]"), "not UTF-8 at line 1 column 3");
    }

    #[test]
    fn members_that_are_not_wanted_are_left_out() {
        let wanted = parse(br#"{"a":{"b":1},"l":[0,{"c":1}],"s":2}"#).expect("JSON");
        for (text, left) in [
            (r#"{"x":"}\"",  "a" : {"y":[{}],"b":2,"z":1},"n":null}"#, r#"{"a":{"b":2}}"#),
            (
                r#"{"l":[{"c":1},{"c":2,"d":[1,"]"]},{"e":1}]}"#,
                r#"{"l":[{"c":1},{"c":2},{"e":1}]}"#,
            ),
            (r#"{"a":[{"b":1}],"s":{"t":1},"x":1e5 }"#, r#"{"a":[{"b":1}],"s":{"t":1}}"#),
            (r#"{"x":1}"#, "{}"),
            (r#"{"x":{},"a":1}"#, r#"{"a":1}"#),
            (r#"[{"a":1,"x":2}]"#, r#"[{"a":1,"x":2}]"#),
            ("1", "1"),
        ] {
            assert_eq!(parse_wanted(text.as_bytes(), &wanted).expect(text).to_string(), left);
        }
    }

    #[test]
    fn nesting_has_a_limit() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        let error = parse(nested(MAX_DEPTH + 1).as_bytes()).expect_err("too deep").to_string();
        assert_eq!(error, "nested deeper than 256 levels at line 1 column 257");
        assert!(parse("[".repeat(1 << 20).as_bytes()).is_err());
    }

    #[test]
    fn a_number_alone_stays_as_it_is_written() {
        assert_eq!(number("1E3").expect("a number").as_str(), "1E3");
        for text in ["", "01", " 1", "1 ", "true", "1x", "+1"] {
            assert_eq!(number(text), None, "{text:?}");
        }
    }
}
