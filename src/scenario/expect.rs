//! Patterns for messages: `text`, `/regex/`, `json:{…}`, `hex:…`, `close:CODE`.

use std::fmt;

use data_encoding::HEXLOWER_PERMISSIVE;
use regex::Regex;
use serde_json::Value;

use crate::protocol::{CloseCode, MessageKind};

/// What a message, or the end of the connection, has to be like.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
    matcher: Matcher,
}

#[derive(Clone, Debug)]
enum Matcher {
    Exact(String),
    Regex(Regex),
    Json(Value),
    Binary(Vec<u8>),
    Close(CloseCode),
}

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(String);

impl Pattern {
    /// Reads a pattern as it is typed.
    ///
    /// # Errors
    /// With a broken regular expression, JSON, hex or close code.
    pub fn parse(source: &str) -> Result<Self, PatternError> {
        let matcher = if let Some(json) = source.strip_prefix("json:") {
            Matcher::Json(
                serde_json::from_str(json)
                    .map_err(|error| PatternError(format!("not JSON: {error}")))?,
            )
        } else if let Some(hex) = source.strip_prefix("hex:") {
            let digits: String = hex.split_whitespace().collect();
            let bytes = HEXLOWER_PERMISSIVE.decode(digits.as_bytes());
            Matcher::Binary(bytes.map_err(|error| PatternError(format!("not hex: {error}")))?)
        } else if let Some(code) = source.strip_prefix("close:") {
            Matcher::Close(code.parse().map_err(|error| PatternError(format!("{error}")))?)
        } else if let Some(regex) = regex_of(source) {
            Matcher::Regex(Regex::new(regex).map_err(|error| PatternError(regex_problem(&error)))?)
        } else {
            Matcher::Exact(source.to_owned())
        };
        Ok(Self { source: source.to_owned(), matcher })
    }

    /// Whether a received message is like this. Text patterns take binary messages that are text,
    /// as chat servers relay them.
    pub fn matches(&self, kind: MessageKind, data: &[u8]) -> bool {
        match (&self.matcher, str::from_utf8(data)) {
            (Matcher::Exact(text), Ok(data)) => text == data,
            (Matcher::Regex(regex), Ok(data)) => regex.is_match(data),
            (Matcher::Json(wanted), Ok(data)) => {
                serde_json::from_str(data).is_ok_and(|value: Value| contains(&value, wanted))
            }
            (Matcher::Binary(bytes), _) => kind == MessageKind::Binary && bytes == data,
            _ => false,
        }
    }

    /// Whether the connection's end is like this.
    pub fn matches_close(&self, code: CloseCode) -> bool {
        matches!(&self.matcher, Matcher::Close(wanted) if *wanted == code)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

fn regex_of(source: &str) -> Option<&str> {
    source.strip_prefix('/')?.strip_suffix('/')
}

/// The last line of the crate's message; the lines before draw the pattern.
fn regex_problem(error: &regex::Error) -> String {
    let text = error.to_string();
    let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ").trim();
    format!("not a regular expression: {reason}")
}

/// Every given member is there and equal; members not given are free, array elements are not.
fn contains(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => wanted
            .iter()
            .all(|(key, wanted)| value.get(key).is_some_and(|value| contains(value, wanted))),
        (Value::Array(value), Value::Array(wanted)) => {
            value.len() == wanted.len()
                && value.iter().zip(wanted).all(|(value, wanted)| contains(value, wanted))
        }
        (Value::Number(value), Value::Number(wanted)) => {
            value == wanted || value.as_f64() == wanted.as_f64()
        }
        _ => value == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_pattern_takes_what_it_should() {
        for (pattern, data, expected) in [
            ("ready", "ready", true),
            ("ready", "ready!", false),
            ("/^ok [0-9]+$/", "ok 12", true),
            ("/ok/", "not OK", false),
            ("/", "/", true),
            (r#"json:{"a":1}"#, r#"{"b":2, "a":1.0}"#, true),
            (r#"json:{"a":{"b":[1,{"c":2}]}}"#, r#"{"a":{"b":[1,{"c":2,"d":3}],"x":0}}"#, true),
            (r#"json:{"a":[1]}"#, r#"{"a":[1,2]}"#, false),
            (r#"json:{"a":null}"#, "{}", false),
            ("json:{}", "no json", false),
            ("hex:6f6b", "ok", false),
        ] {
            assert_eq!(
                Pattern::parse(pattern).unwrap().matches(MessageKind::Text, data.as_bytes()),
                expected,
                "{pattern} {data}"
            );
        }
        assert!(Pattern::parse("hex: 00 FF").unwrap().matches(MessageKind::Binary, &[0, 255]));
        assert!(Pattern::parse("hi").unwrap().matches(MessageKind::Binary, b"hi"));
        let close = Pattern::parse("close:1008").unwrap();
        assert!(
            close.matches_close(CloseCode::POLICY_VIOLATION)
                && !close.matches_close(CloseCode::NORMAL)
        );
    }

    #[test]
    fn broken_patterns_say_why() {
        for (pattern, expected) in [
            ("/a(/", "unclosed group"),
            ("json:{", "not JSON"),
            ("hex:0", "not hex"),
            ("close:abc", "abc"),
        ] {
            let error = Pattern::parse(pattern).unwrap_err().to_string();
            assert!(error.contains(expected), "{pattern}: {error}");
        }
    }
}
