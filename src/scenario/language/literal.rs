//! Values as they are written: hex, base64, JSON strings, regular expressions, close codes.

use data_encoding::{BASE64, DecodeError, DecodeKind, HEXLOWER_PERMISSIVE};
use regex::Regex;
use serde_json::Value;

use crate::protocol::CloseCode;
use crate::protocol::close::{ClosePayload, InvalidClose};
use crate::protocol::counted::counted;
use crate::protocol::frame::MAX_CONTROL_PAYLOAD;
use crate::scenario::json::{self, JsonError};

/// Why a text that looks like JSON is not; `None` if it does not look like it, or is.
pub fn broken_json(text: &str) -> Option<JsonError> {
    let text = text.trim_end();
    let start = text.trim_start();
    let looks_so = (start.starts_with('{') && text.ends_with('}'))
        || (start.starts_with('[') && text.ends_with(']'))
        || ["{\"", "[{", "[\""].iter().any(|open| start.starts_with(open));
    looks_so.then(|| json::parse(text.as_bytes()).err()).flatten()
}

/// The text of a JSON string.
///
/// # Errors
/// What is wrong with it, in words.
pub fn json_string(text: &str) -> Result<String, JsonError> {
    let named = |error: JsonError| JsonError {
        reason: format!("not a JSON string: {}", error.reason),
        ..error
    };
    serde_json::from_str(text.trim_end()).map_err(|error| named(JsonError::from(error)))
}

/// The bytes that hex digits stand for; blanks between them mean nothing.
///
/// # Errors
/// What is wrong, in words.
pub fn hex(text: &str) -> Result<Vec<u8>, String> {
    let digits: String = text.split_whitespace().collect();
    if let Some(c) = digits.chars().find(|c| !c.is_ascii_hexdigit()) {
        return Err(format!("not hex: {:?} is not a hex digit", c.to_string()));
    }
    HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).map_err(|_| {
        let digits = counted(digits.len() as u64, "digit");
        format!("not hex: {digits}, but every byte takes two")
    })
}

/// The bytes of a pattern, and whether they are only the start of a message: `hex:01 ..`.
///
/// # Errors
/// What is wrong, in words.
pub fn hex_pattern(text: &str) -> Result<(Vec<u8>, bool), String> {
    match text.trim_end().strip_suffix("..") {
        Some(start) => Ok((hex(start)?, true)),
        None => Ok((hex(text)?, false)),
    }
}

/// The bytes that base64 stands for.
///
/// # Errors
/// What is wrong, in words.
pub fn base64(text: &str) -> Result<Vec<u8>, String> {
    let text: String = text.split_whitespace().collect();
    BASE64.decode(text.as_bytes()).map_err(|error| base64_problem(&text, &error))
}

/// Why a text is not base64, in words.
pub fn base64_problem(text: &str, error: &DecodeError) -> String {
    let at = text.floor_char_boundary(error.position);
    let number = text[..at].chars().count() + 1;
    let reason = match (error.kind, text[at..].chars().next()) {
        (DecodeKind::Length, _) => {
            let characters = counted(text.chars().count() as u64, "character");
            match text.len() % 4 {
                1 => format!("{characters}, but the last group of four has to have 2 or more"),
                _ => format!(
                    "{characters}, which is not a multiple of four: = is missing at the end"
                ),
            }
        }
        (DecodeKind::Symbol, Some(c)) => {
            format!("{c:?} at character {number} is not one of its characters")
        }
        (DecodeKind::Trailing, _) => format!("character {number} has bits that have to be 0"),
        (DecodeKind::Padding | DecodeKind::Symbol, _) => {
            format!("= at character {number} is not where it has to be")
        }
    };
    format!("not base64: {reason}")
}

/// Any JSON value.
///
/// # Errors
/// What is wrong with it, in words.
pub fn json(text: &str) -> Result<Value, JsonError> {
    let named =
        |error: JsonError| JsonError { reason: format!("not JSON: {}", error.reason), ..error };
    json::parse(text.as_bytes()).map_err(named)
}

/// The payload of a ping or pong (RFC 6455 section 5.5).
///
/// # Errors
/// If it is too long.
pub fn control(text: &str) -> Result<&[u8], String> {
    match text.len() {
        0..=MAX_CONTROL_PAYLOAD => Ok(text.as_bytes()),
        length => {
            Err(format!("{length} bytes: a control frame takes at most {MAX_CONTROL_PAYLOAD}"))
        }
    }
}

/// A close code; none is none.
///
/// # Errors
/// If it is not one.
pub fn close_code(text: &str) -> Result<Option<CloseCode>, String> {
    match text {
        "" => Ok(None),
        code => code.parse().map(Some).map_err(|error| format!("{error}")),
    }
}

/// The code and the reason of `close:CODE REASON`.
pub fn close_parts(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let (code, reason) = text.split_once(' ').unwrap_or((text, ""));
    (code.trim_end(), reason)
}

/// The code and the reason of `close:CODE REASON` that is sent. 1005 is a Close frame without a code; none at all is left to
/// the options of the connection.
///
/// # Errors
/// If there can be no such Close frame.
pub fn close_to_send(text: &str) -> Result<(Option<CloseCode>, &str), String> {
    let (code, reason) = close_parts(text);
    let code = close_code(code)?;
    match code {
        None => Ok((None, reason)),
        Some(CloseCode::NO_STATUS) if reason.is_empty() => Ok((code, reason)),
        Some(CloseCode::NO_STATUS) => {
            Err("close:1005 is a Close frame without a code: it has no reason, which could only \
                                           stand behind a code"
                .to_owned())
        }
        Some(_) => match ClosePayload::to_send(code, reason) {
            Ok(_) => Ok((code, reason)),
            Err(error @ InvalidClose::Code(_)) => {
                Err(format!("{error}, or 1005 for a Close frame without a code"))
            }
            Err(error @ InvalidClose::ReasonTooLong(_)) => Err(error.to_string()),
        },
    }
}

/// The reason of a Close frame, which has the rest of its payload behind the code.
///
/// # Errors
/// If it is too long.
pub fn close_reason(text: &str) -> Result<&str, String> {
    match text.len() {
        0..=ClosePayload::MAX_REASON => Ok(text),
        length => Err(InvalidClose::ReasonTooLong(length).to_string()),
    }
}

/// Compiles a regular expression.
///
/// # Errors
/// What is wrong with it, in words.
pub fn regex(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|error| regex_problem(&error))
}

/// Why an expression is not valid: the last line of the crate's message. The lines before it show the expression.
pub fn regex_problem(error: &regex::Error) -> String {
    let text = error.to_string();
    let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
    format!("not a regular expression: {}", reason.trim())
}

/// The expression between two slashes.
pub fn between_slashes(text: &str) -> Option<&str> {
    text.strip_prefix('/')?.strip_suffix('/')
}
