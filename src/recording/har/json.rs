//! JSON as it is written, and events as values.

use data_encoding::BASE64;
use serde_json::{Map, Value};

pub(super) use crate::output::json::put_visible as put;
use crate::output::json::{escaped, line};
use crate::recording::Recorded;

/// Appends what is between the quotes of a string.
pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    escaped(text, |part| out.extend_from_slice(part));
}

/// Appends data as base64.
pub(super) fn put_base64(out: &mut Vec<u8>, data: &[u8]) {
    let start = out.len();
    out.resize(start + BASE64.encode_len(data.len()), 0);
    BASE64.encode_mut(data, &mut out[start..]);
}

/// The object of an event in a recording of lines.
pub(super) fn object(event: &Recorded) -> Map<String, Value> {
    let line = event.with_event(line);
    serde_json::from_slice(&line).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_strings_are_escaped() {
        let mut out = Vec::new();
        put_base64(&mut out, &[0, 255]);
        put_text(&mut out, "\"\u{202e}");
        assert_eq!(out, b"AP8=\\\"\\u202e");
    }
}
