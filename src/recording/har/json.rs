//! JSON as it is written: nothing in it hides from whoever looks at the file, and events as values.

use std::io::{self, Write};

use data_encoding::BASE64;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use serde_json::{Map, Value};

use crate::output::json::{escaped, line};
use crate::recording::Recorded;

/// Escapes hidden characters, too, as in the lines of events.
struct Visible;

impl Formatter for Visible {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut result = Ok(());
        escaped(fragment, |part| {
            if result.is_ok() {
                result = writer.write_all(part);
            }
        });
        result
    }
}

/// Appends a value.
pub(super) fn put(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    let mut serializer = Serializer::with_formatter(out, Visible);
    // Writing to a Vec cannot fail, and all keys are strings.
    let _ = value.serialize(&mut serializer);
}

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
    fn hidden_characters_are_escaped() {
        let mut out = Vec::new();
        put(&mut out, "a\"\\\n\u{1b}\u{202e}é\u{9b}😀");
        assert_eq!(str::from_utf8(&out), Ok("\"a\\\"\\\\\\n\\u001b\\u202eé\\u009b😀\""));
        out.clear();
        put_base64(&mut out, &[0, 255]);
        put_text(&mut out, "\"\u{202e}");
        assert_eq!(out, b"AP8=\\\"\\u202e");
    }
}
