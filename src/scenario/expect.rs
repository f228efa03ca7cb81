//! How `--expect` writes a pattern: `text`, `/regex/`, `{…}`, `json:…`, `hex:…`, `close:CODE`.

use data_encoding::HEXLOWER_PERMISSIVE;

use super::json;
use super::language::literal;
use super::pattern::{ClosePattern, Matcher, Pattern, bare_json};

/// Why a pattern is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(String);

/// Parses a pattern as the user writes it. Text patterns also match binary messages that are text: some chat servers
/// send those.
///
/// # Errors
/// With an invalid regular expression, JSON, hex or close code.
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
        let value = json::parse(json.as_bytes()).map_err(|error| format!("not JSON: {error}"))?;
        return Ok(Matcher::Json(value));
    }
    if let Some(hex) = source.strip_prefix("hex:") {
        let digits: String = hex.split_whitespace().collect();
        let bytes = HEXLOWER_PERMISSIVE.decode(digits.as_bytes());
        let bytes = bytes.map_err(|error| format!("not hex: {error}"))?;
        return Ok(Matcher::Bytes { bytes, is_prefix: false });
    }
    if let Some(code) = source.strip_prefix("close:") {
        let code = code.parse().map_err(|error| format!("{error}"))?;
        return Ok(Matcher::Close(ClosePattern { code: Some(code), reason: None }));
    }
    match literal::between_slashes(source) {
        Some(expression) => literal::regex(expression).map(Matcher::Regex),
        None => Ok(Matcher::Text(source.to_owned())),
    }
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
            ("close:abc", "abc"),
        ] {
            let error = parse(pattern).unwrap_err().to_string();
            assert!(error.contains(expected), "{pattern}: {error}");
        }
    }
}
