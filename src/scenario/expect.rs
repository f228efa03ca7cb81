//! How `--expect` writes a pattern: as scenarios do, but `text:…` is verbatim, and files are not named.

use serde_json::Value;

use super::language::literal;
use super::pattern::{ClosePattern, Matcher, Pattern};
use crate::protocol::frame::MAX_CONTROL_PAYLOAD;

/// Why a pattern is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(String);

/// Parses a pattern as the user writes it. Text patterns also match binary messages that are text: some chat servers
/// send those.
///
/// # Errors
/// With an invalid regular expression, JSON, hex, base64 or close code, or too long a payload of a control frame.
pub fn parse(source: &str) -> Result<Pattern, PatternError> {
    let matcher = matcher(source).map_err(PatternError)?;
    Ok(Pattern::new(source, matcher).taking_text_in_binary())
}

fn matcher(source: &str) -> Result<Matcher, String> {
    if let Some(value) = bare_json(source) {
        return Ok(Matcher::Json(value));
    }
    if let Some(text) = source.strip_prefix("text:") {
        return Ok(Matcher::Text(text.to_owned()));
    }
    if let Some(json) = source.strip_prefix("json:") {
        let value = serde_json::from_str(json).map_err(|error| format!("not JSON: {error}"))?;
        return Ok(Matcher::Json(value));
    }
    if let Some(hex) = source.strip_prefix("hex:") {
        let (bytes, is_prefix) = literal::hex_pattern(hex)?;
        return Ok(Matcher::Bytes { bytes, is_prefix });
    }
    if let Some(base64) = source.strip_prefix("base64:") {
        return Ok(Matcher::Bytes { bytes: literal::base64(base64)?, is_prefix: false });
    }
    if let Some(data) = source.strip_prefix("ping:") {
        return control(data).map(Matcher::Ping);
    }
    if let Some(data) = source.strip_prefix("pong:") {
        return control(data).map(Matcher::Pong);
    }
    if let Some(close) = source.strip_prefix("close:") {
        return ClosePattern::parse(close).map(Matcher::Close);
    }
    match literal::between_slashes(source) {
        Some(expression) => literal::regex(expression).map(Matcher::Regex),
        None => Ok(Matcher::Text(source.to_owned())),
    }
}

/// The payload of a ping or pong; any without one.
fn control(data: &str) -> Result<Option<Vec<u8>>, String> {
    match data.len() {
        0 => Ok(None),
        1..=MAX_CONTROL_PAYLOAD => Ok(Some(data.as_bytes().to_vec())),
        length => Err(format!("{length} bytes: a control frame takes at most 125")),
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
    use crate::protocol::{CloseCode, MessageKind};
    use crate::scenario::pattern::Match;

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
            let judged = parse(pattern).unwrap().judge(MessageKind::Text, data.as_bytes());
            assert_eq!(judged == Match::Yes, expected, "{pattern} {data}");
        }
        let judge = |pattern, data| parse(pattern).unwrap().judge(MessageKind::Binary, data);
        assert_eq!(judge("hex: 00 FF", &[0, 255]), Match::Yes);
        assert_eq!(judge("hi", b"hi"), Match::Yes);
        for (pattern, expected) in [
            ("hex:61..", Match::Yes),
            ("hex:61 ..", Match::Yes),
            ("hex:..", Match::Yes),
            ("hex:62..", Match::No),
            ("hex:61", Match::No),
            ("base64:YWI=", Match::Yes),
        ] {
            assert_eq!(judge(pattern, b"ab"), expected, "{pattern}");
        }
        let ping = |pattern| parse(pattern).unwrap().matches_ping(b"a");
        assert_eq!(["ping:", "ping:a", "ping:b", "pong:a"].map(ping), [true, true, false, false]);
        let close = parse("close:1008").unwrap();
        assert!(
            close.matches_close(CloseCode::POLICY_VIOLATION, "")
                && !close.matches_close(CloseCode::NORMAL, "")
        );
    }

    #[test]
    fn invalid_patterns_are_explained() {
        for (pattern, expected) in [
            ("/a(/", "unclosed group"),
            ("json:{", "not JSON"),
            ("hex:0", "not hex"),
            ("hex:6..", "not hex: 1 digits"),
            ("base64:?", "not base64"),
            ("close:abc", "abc"),
            ("close:1000 /(/", "unclosed group"),
            (&format!("ping:{}", "a".repeat(126)), "126 bytes: a control frame takes at most 125"),
        ] {
            let error = parse(pattern).unwrap_err().to_string();
            assert!(error.contains(expected), "{pattern}: {error}");
        }
    }
}
