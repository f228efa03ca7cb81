//! Patterns for messages: `text`, `/regex/`, `{…}`, `json:…`, `hex:…`, `close:CODE`.

use std::fmt;

use data_encoding::HEXLOWER_PERMISSIVE;
use regex::Regex;
use serde_json::Value;

use super::difference::{Comparison, compare};
use crate::protocol::{CloseCode, MessageKind};

/// What a message, or the end of the connection, has to match.
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

/// How a message compares with a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MatchResult {
    /// The message matches.
    Yes,
    /// Both are JSON, with different values.
    Differs(Comparison),
    /// It does not match.
    No,
}

/// Why a pattern is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(String);

impl Pattern {
    /// Parses a pattern as the user writes it.
    ///
    /// # Errors
    /// With an invalid regular expression, JSON, hex or close code.
    pub fn parse(source: &str) -> Result<Self, PatternError> {
        let matcher = if let Some(value) = bare_json(source) {
            Matcher::Json(value)
        } else if let Some(text) = source.strip_prefix("text:") {
            Matcher::Exact(text.to_owned())
        } else if let Some(json) = source.strip_prefix("json:") {
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

    /// Whether a received message matches. Text patterns also match binary messages that are text: some chat
    /// servers send those.
    pub fn judge(&self, kind: MessageKind, data: &[u8]) -> MatchResult {
        let is_match = match (&self.matcher, str::from_utf8(data)) {
            (Matcher::Exact(text), Ok(data)) => text == data,
            (Matcher::Regex(regex), Ok(data)) => regex.is_match(data),
            (Matcher::Json(wanted), Ok(data)) => return judge_json(data, wanted),
            (Matcher::Binary(bytes), _) => kind == MessageKind::Binary && bytes == data,
            _ => false,
        };
        if is_match { MatchResult::Yes } else { MatchResult::No }
    }

    /// Whether the end of the connection matches.
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

/// The last line of the crate's message. The lines before it show the pattern.
pub(super) fn regex_problem(error: &regex::Error) -> String {
    let text = error.to_string();
    let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ").trim();
    format!("not a regular expression: {reason}")
}

fn judge_json(data: &str, wanted: &Value) -> MatchResult {
    let Ok(value) = serde_json::from_str::<Value>(data) else { return MatchResult::No };
    match compare(&value, wanted) {
        comparison if comparison.is_match() => MatchResult::Yes,
        comparison => MatchResult::Differs(comparison),
    }
}

/// `{…}` or `[…]`, if it is JSON.
fn bare_json(source: &str) -> Option<Value> {
    let is_json = source.starts_with(['{', '[']);
    is_json.then(|| serde_json::from_str(source).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_pattern_matches() {
        for (pattern, data, expected) in [
            ("ready", "ready", true),
            ("ready", "ready!", false),
            ("/^ok [0-9]+$/", "ok 12", true),
            ("/ok/", "not OK", false),
            ("/", "/", true),
            (r#"json:{"a":1}"#, r#"{"b":2, "a":1.0}"#, true),
            (r#"{"a":1}"#, r#"{"b":2, "a":1.0}"#, true),
            (r#"[{"a":1}]"#, r#"[{"b":2, "a":1}]"#, true),
            (r#"text:{"a":1}"#, r#"{"b":2, "a":1}"#, false),
            (r#"text:{"a":1}"#, r#"{"a":1}"#, true),
            ("text:/a/", "/a/", true),
            ("{a", "{a", true),
            ("[INFO] up", "[INFO] up", true),
            (r#"json:{"a":{"b":[1,{"c":2}]}}"#, r#"{"a":{"b":[1,{"c":2,"d":3}],"x":0}}"#, true),
            (r#"json:{"a":[1]}"#, r#"{"a":[1,2]}"#, false),
            (r#"json:{"a":null}"#, "{}", false),
            ("json:{}", "no json", false),
            ("hex:6f6b", "ok", false),
        ] {
            let judged = Pattern::parse(pattern).unwrap().judge(MessageKind::Text, data.as_bytes());
            assert_eq!(judged == MatchResult::Yes, expected, "{pattern} {data}");
        }
        let judge =
            |pattern, data| Pattern::parse(pattern).unwrap().judge(MessageKind::Binary, data);
        assert_eq!(judge("hex: 00 FF", &[0, 255]), MatchResult::Yes);
        assert_eq!(judge("hi", b"hi"), MatchResult::Yes);
        let close = Pattern::parse("close:1008").unwrap();
        assert!(
            close.matches_close(CloseCode::POLICY_VIOLATION)
                && !close.matches_close(CloseCode::NORMAL)
        );
    }

    #[test]
    fn invalid_patterns_are_explained() {
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
