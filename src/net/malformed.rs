//! Descriptions, safe to show, of malformed input from peers: lines of heads that are not header fields, bytes of
//! another protocol.

use crate::protocol::head::Head;
use crate::protocol::hex::hex;
use crate::redact::{Redaction, Secrets};

/// The maximum number that one sentence names.
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

/// How many bytes of another protocol are quoted.
const MAX_QUOTED: usize = 60;

/// The first bytes of another protocol: text in quotation marks, anything else in hexadecimal.
pub fn quoted(bytes: &[u8]) -> String {
    let bytes = &bytes[..bytes.len().min(MAX_QUOTED)];
    let is_text = |byte: &u8| matches!(byte, b' '..=b'~' | b'\r' | b'\n' | b'\t');
    if !bytes.iter().all(is_text) {
        return format!("bytes {}", hex(bytes));
    }
    let text = bytes.iter().map(|&byte| match byte {
        b'\r' => "\\r".to_owned(),
        b'\n' => "\\n".to_owned(),
        b'\t' => "\\t".to_owned(),
        byte => char::from(byte).to_string(),
    });
    format!("\"{}\"", text.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn foreign_bytes_are_text_or_hexadecimal_and_cut() {
        for (bytes, expected) in [
            (&b"INFO {\"a\":1}\r\n"[..], r#""INFO {"a":1}\r\n""#),
            (b"a\tb\\c", r#""a\tb\c""#),
            (b"\x15\x03\x01\0\x02\x02\x46", "bytes 15 03 01 00 02 02 46"),
            (b"text\x1b[2J", "bytes 74 65 78 74 1b 5b 32 4a"),
        ] {
            assert_eq!(quoted(bytes), expected);
        }
        assert_eq!(quoted(&[b'x'; 100]).len(), 62);
        assert_eq!(quoted(&[0; 100]).len(), 5 + 60 * 3);
    }
}
