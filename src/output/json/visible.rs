//! Values as JSON in which nothing is hidden from whoever looks at it.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::escaped;

/// Escapes hidden characters in strings, as in the lines of events.
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

/// A value as JSON on one line, in which characters that would control a terminal or not be seen are escapes.
/// Its keys have to be strings.
pub fn visible(value: &(impl Serialize + ?Sized)) -> String {
    let mut bytes = Vec::new();
    put_visible(&mut bytes, value);
    String::from_utf8(bytes).unwrap_or_default() // serde_json writes UTF-8 only
}

/// Appends it.
pub fn put_visible(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    let mut serializer = Serializer::with_formatter(out, Visible);
    // Writing to a Vec cannot fail, and all keys are strings.
    let _ = value.serialize(&mut serializer);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn hidden_characters_are_escaped_in_keys_and_values() {
        let value = BTreeMap::from([("k\u{202e}", ["a\"\\\n\u{1b}\u{202e}é\u{9b}😀"])]);
        let expected = r#"{"k\u202e":["a\"\\\n\u001b\u202eé\u009b😀"]}"#;
        assert_eq!(visible(&value), expected);
    }
}
