//! What peers send and should not, in words that may be shown: lines of heads that are not header fields, bytes
//! of another protocol.

use crate::protocol::head::Head;
use crate::redact::{Redaction, Secrets};

/// How many are named in one sentence.
const MAX_NAMED: usize = 3;

/// Which lines of `head` are not header fields and why; `None` if there are none.
pub fn objections(head: &Head, redaction: Redaction, secrets: &Secrets) -> Option<String> {
    let lines = head.malformed_lines();
    let (named, more) = lines.split_at(lines.len().min(MAX_NAMED));
    let words: Vec<_> = named
        .iter()
        .map(|line| line.describe(&secrets.mask(&redaction.malformed_line(&line.text))))
        .collect();
    let more = match more.len() {
        0 => String::new(),
        count => format!("; and {count} more"),
    };
    (!named.is_empty()).then(|| words.join("; ") + &more)
}

/// How much of foreign bytes is quoted.
const MAX_QUOTED: usize = 60;

/// The start of foreign bytes, in quotation marks.
pub(super) fn quoted(bytes: &[u8]) -> String {
    let bytes = &bytes[..bytes.len().min(MAX_QUOTED)];
    let mut text = String::from("\"");
    for &byte in bytes {
        match byte {
            b'"' | b'\'' => text.push(char::from(byte)),
            _ => text.extend(std::ascii::escape_default(byte).map(char::from)),
        }
    }
    text + "\""
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn foreign_bytes_are_escaped_and_cut() {
        assert_eq!(quoted(b"INFO {\"a\":1}\r\n\x00\xff"), r#""INFO {"a":1}\r\n\x00\xff""#);
        assert_eq!(quoted(&[b'x'; 100]).len(), 62);
    }
}
