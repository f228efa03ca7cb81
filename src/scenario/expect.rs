//! How `--expect` writes a pattern: as behind `<` in scenario files, without variables and fences.

use std::path::Path;

use serde_json::Value;

use super::json;
use super::language::literal;
use super::language::prefix::{Form, form};
use super::message::matcher_of_file;
use super::pattern::{ClosePattern, Matcher, Pattern, bare_json};

/// Why a pattern is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(String);

impl PatternError {
    /// With this reason.
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// The file whose content [`parse`] needs: that of `text:@PATH`, `json:@PATH` and `binary:@PATH`.
pub fn file(source: &str) -> Option<&Path> {
    match form(source, source)? {
        (Form::File(_), length) => Some(Path::new(source[length..].trim())),
        _ => None,
    }
}

/// Parses a pattern as the user writes it; `content` is that of the file that it names. Text patterns also match
/// binary messages that are text: some chat servers send those.
///
/// # Errors
/// With an invalid regular expression, JSON, hex, base64 or close code.
pub fn parse(source: &str, content: Option<Vec<u8>>) -> Result<Pattern, PatternError> {
    let matcher = matcher(source, content);
    Ok(Pattern::new(source, matcher.map_err(PatternError)?).taking_text_in_binary())
}

/// Why a text that would be taken as it is was probably meant as something else. That it matches
/// nothing would be hard to notice.
pub fn probable_mistake(source: &str) -> Option<String> {
    let text = source.trim();
    if json::looks_like_json(text.as_bytes())
        && let Err(error) = json::parse(text.as_bytes())
    {
        return Some(format!("not JSON: {error}; text:{text} stands for the text itself"));
    }
    if text.starts_with("$.") || text.starts_with("$[") {
        let like = json_of_path(text).unwrap_or_else(|| r#"{"type":"presence"}"#.to_owned());
        return Some(format!(
            "JSONPath cannot be used here: write the members, as {like}, or text:{text} for that text"
        ));
    }
    let (_, flags) = text.strip_prefix('/')?.rsplit_once('/')?;
    let is_flags =
        matches!(flags.len(), 1..=4) && flags.chars().all(|flag| "gimsuxy".contains(flag));
    is_flags.then(|| "flags are written inside: /(?i)error/; text:/… is the text".to_owned())
}

/// `{"a":{"b":"x"}}` of `$.a.b==x`, as the filter of the page writes it.
fn json_of_path(text: &str) -> Option<String> {
    let (path, value) = text.strip_prefix("$.")?.split_once("==")?;
    let (path, value) = (path.trim(), value.trim());
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
    };
    let value = match serde_json::from_str(value) {
        Ok(value @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_))) => value,
        _ if is_name(value) => Value::String(value.to_owned()),
        _ => return None,
    };
    if path.split('.').count() > MAX_NAMES || !path.split('.').all(is_name) {
        return None;
    }
    let within = |value, name: &str| serde_json::json!({ name: value });
    Some(path.rsplit('.').fold(value, within).to_string())
}

/// An example with more names would be longer than what is explained.
const MAX_NAMES: usize = 8;

fn matcher(source: &str, content: Option<Vec<u8>>) -> Result<Matcher, String> {
    if let Some(value) = bare_json(source) {
        return Ok(Matcher::Json(value));
    }
    let Some((form, length)) = form(source, source) else {
        return match literal::between_slashes(source) {
            Some(expression) => literal::regex(expression).map(Matcher::Regex),
            None => Ok(Matcher::Text(source.to_owned())),
        };
    };
    let text = &source[length..];
    Ok(match form {
        Form::File(kind) => {
            let matcher =
                matcher_of_file(kind, Path::new(text.trim()), content.unwrap_or_default());
            matcher.map_err(|error| error.to_string())?
        }
        Form::Text => Matcher::Text(text.to_owned()),
        Form::JsonString => Matcher::Text(literal::json_string(text)?),
        Form::Json => Matcher::Json(literal::json(text)?),
        Form::Hex => {
            let (bytes, is_prefix) = literal::hex_pattern(text)?;
            Matcher::Bytes { bytes, is_prefix }
        }
        Form::Base64 => Matcher::Bytes { bytes: literal::base64(text)?, is_prefix: false },
        Form::Ping => Matcher::Ping(control(text)?),
        Form::Pong => Matcher::Pong(control(text)?),
        Form::Close => Matcher::Close(ClosePattern::parse(text)?),
    })
}

/// The payload of a ping or pong; any without one.
fn control(data: &str) -> Result<Option<Vec<u8>>, String> {
    let payload = literal::control(data)?;
    Ok((!payload.is_empty()).then(|| payload.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{CloseCode, MessageKind};
    use crate::scenario::pattern::Match;

    /// Scenario language, section 2: "`--expect` takes the same patterns; the old spellings keep their meaning"
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
            (r#"text:"a\r\n""#, "a\r\n", true),
            (r#"text:"a"b"#, r#""a"b"#, true),
            ("a:b", "a:b", true),
            ("{a", "{a", true),
            ("[INFO] up", "[INFO] up", true),
            (r#"json:{"a":{"b":[1,{"c":2}]}}"#, r#"{"a":{"b":[1,{"c":2,"d":3}],"x":0}}"#, true),
            (r#"json:{"a":[1]}"#, r#"{"a":[1,2]}"#, false),
            (r#"json:{"a":null}"#, "{}", false),
            (r#" {"a":1} "#, r#"{"b":2, "a":1}"#, true),
            (r#" {"a":1} "#, r#" {"a":1} "#, true),
            (" {a", " {a", true),
            (" {a", "{a", false),
            ("json:{}", "no json", false),
            ("hex:6f6b", "ok", false),
        ] {
            let judged = parse(pattern, None).unwrap().judge(MessageKind::Text, data.as_bytes());
            assert_eq!(judged == Match::Yes, expected, "{pattern} {data}");
        }
        let judge = |pattern, data| parse(pattern, None).unwrap().judge(MessageKind::Binary, data);
        assert_eq!(judge("hex: 00 FF", &[0, 255]), Match::Yes);
        assert_eq!(judge("hex:00 ..", &[0, 255]), Match::Yes);
        assert_eq!(judge("hex:00", &[0, 255]), Match::No);
        assert_eq!(judge("base64:AP8=", &[0, 255]), Match::Yes);
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
        let ping = |pattern| parse(pattern, None).unwrap().matches_ping(b"a");
        assert_eq!(["ping:", "ping:a", "ping:b", "pong:a"].map(ping), [true, true, false, false]);
        let close = parse("close:1008", None).unwrap();
        assert!(
            close.matches_close(CloseCode::POLICY_VIOLATION, "")
                && !close.matches_close(CloseCode::NORMAL, "")
        );
    }

    #[test]
    fn control_frames_and_ends_have_patterns() {
        let pattern = |source| parse(source, None).unwrap();
        assert!(pattern("ping:").matches_ping(b"x") && pattern("ping:x").matches_ping(b"x"));
        assert!(!pattern("ping:x").matches_ping(b"y") && !pattern("ping:").matches_pong(b""));
        assert!(pattern("pong:x").matches_pong(b"x") && !pattern("pong:x").matches_pong(b""));
        let closed = |source| pattern(source).matches_close(CloseCode::NORMAL, "see you");
        assert!(closed("close:") && closed("close:1000 see you") && closed("close:1000 /you/"));
        assert!(!closed("close:1000 you") && !closed("close:1001"));
    }

    /// Scenario language, section 2: "`--expect` takes the same patterns"
    #[test]
    fn files_are_patterns() {
        for (source, content, kind, data, expected) in [
            ("text:@a", "hi", MessageKind::Text, "hi", true),
            ("text:@a", "hi", MessageKind::Text, "hi\n", false),
            ("json:@a.json", "{\"a\":1}", MessageKind::Text, "{\"a\":1,\"b\":2}", true),
            ("binary:@ b", "\u{0}", MessageKind::Binary, "\u{0}", true),
        ] {
            let path = source.split('@').next_back().map(|path| Path::new(path.trim()));
            assert_eq!(file(source), path);
            let pattern = parse(source, Some(content.into())).unwrap();
            assert_eq!(pattern.judge(kind, data.as_bytes()) == Match::Yes, expected, "{source}");
        }
        assert_eq!(file("text:a@b").or(file("@a")), None);
        let error = parse("json:@a", Some(b"{".to_vec())).unwrap_err().to_string();
        assert!(error.starts_with("a: not JSON"), "{error}");
    }

    #[test]
    fn invalid_patterns_are_explained() {
        for (pattern, expected) in [
            ("/a(/", "unclosed group"),
            ("json:{", "not JSON"),
            ("hex:0", "not hex"),
            ("base64:A", "not base64"),
            ("text:\"\\q\"", "not a JSON string"),
            ("hex:6..", "not hex: 1 digit,"),
            ("base64:?", "not base64"),
            ("close:abc", "abc"),
            ("close:1000 /(/", "unclosed group"),
            (&format!("ping:{}", "a".repeat(126)), "126 bytes: a control frame takes at most 125"),
        ] {
            let error = parse(pattern, None).unwrap_err().to_string();
            assert!(error.contains(expected), "{pattern}: {error}");
        }
    }
}
