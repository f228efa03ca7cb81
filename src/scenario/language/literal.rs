//! Values as they are written: hex, base64, JSON strings, regular expressions, close codes.

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use regex::Regex;

/// Why a text that looks like JSON is not; `None` if it does not look like it, or is.
pub fn broken_json(text: &str) -> Option<String> {
    let text = text.trim();
    let looks_so = (text.starts_with('{') && text.ends_with('}'))
        || (text.starts_with('[') && text.ends_with(']'));
    let problem = looks_so.then(|| serde_json::from_str::<serde::de::IgnoredAny>(text).err());
    problem.flatten().map(|error| error.to_string())
}

/// The text of a JSON string.
///
/// # Errors
/// What is wrong with it, in words.
pub fn json_string(text: &str) -> Result<String, String> {
    serde_json::from_str(text.trim_end()).map_err(|error| format!("not a JSON string: {error}"))
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
    HEXLOWER_PERMISSIVE
        .decode(digits.as_bytes())
        .map_err(|_| format!("not hex: {} digits, but every byte takes two", digits.len()))
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
    BASE64.decode(text.as_bytes()).map_err(|error| format!("not base64: {error}"))
}

/// The code and the reason of `close:CODE REASON`.
pub fn close_parts(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let (code, reason) = text.split_once(' ').unwrap_or((text, ""));
    (code.trim_end(), reason)
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
