//! Strings as JSON has them, in ASCII escapes where a character would control a terminal or not be seen.
//! Any parser reads the same text.

use crate::output::escape::is_hidden;

/// How a byte is written: 0 for one that is unchanged, else the letter after the backslash. `MIXED`
/// for one that starts several characters, some of which are escaped.
const ESCAPES: [u8; 256] = {
    let mut escapes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        escapes[byte] = match byte {
            0x08 => b'b',
            0x09 => b't',
            0x0a => b'n',
            0x0c => b'f',
            0x0d => b'r',
            0x22 => b'"',
            0x5c => b'\\',
            0..0x20 | 0x7f => b'u',
            0xc2 | 0xcd | 0xd8 | 0xe1..=0xe3 | 0xef..=0xf4 => MIXED,
            _ => 0,
        };
        byte += 1;
    }
    escapes
};

const MIXED: u8 = 1;

/// The number of bytes that are examined together: compilers turn this into one instruction.
const BLOCK: usize = 16;

/// Passes the text between the quotes to `put`, in parts.
pub fn escaped(text: &str, mut put: impl FnMut(&[u8])) {
    let bytes = text.as_bytes();
    let (mut copied, mut at) = (0, 0);
    while at < bytes.len() {
        if bytes[at..].first_chunk().is_some_and(is_plain_ascii) {
            at += BLOCK;
            continue;
        }
        let end = bytes.len().min(at + BLOCK);
        while at < end {
            let start = at;
            let escape = ESCAPES[usize::from(bytes[at])];
            at += 1;
            if escape == 0 {
                continue;
            }
            let c = match escape {
                MIXED => text[start..].chars().next().unwrap_or_default(),
                _ => char::from(bytes[start]),
            };
            at = start + c.len_utf8();
            if escape == MIXED && !is_hidden(c) {
                continue;
            }
            if copied < start {
                put(&bytes[copied..start]);
            }
            copied = at;
            match escape {
                MIXED | b'u' => put_units(c, &mut put),
                _ => put(&[b'\\', escape]),
            }
        }
    }
    if copied < bytes.len() {
        put(&bytes[copied..]);
    }
}

/// Whether these bytes are text that is written as it is. Few other texts are not: those in other scripts.
pub(super) fn is_unchanged(bytes: &[u8]) -> bool {
    let (blocks, rest) = bytes.as_chunks();
    let mut last = [b' '; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    blocks.iter().all(is_plain_ascii) && is_plain_ascii(&last)
}

/// How much of a long text is escaped together.
const PIECE: usize = 16 << 10;

/// See [`Render`](crate::output::deferred::Render). What is not UTF-8 is replaced.
pub(super) fn escaped_piece(text: &[u8], out: &mut Vec<u8>) -> usize {
    let mut end = text.len().min(PIECE);
    // A character is not cut: those that continue one start with the bits 10.
    let is_inside = |at: usize| text.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
    while end + 3 > PIECE && is_inside(end) {
        end -= 1;
    }
    match simdutf8::basic::from_utf8(&text[..end]) {
        Ok(piece) => escaped(piece, |part| out.extend_from_slice(part)),
        Err(_) => {
            let piece = String::from_utf8_lossy(&text[..end]);
            escaped(&piece, |part| out.extend_from_slice(part));
        }
    }
    end
}

// Called for each few bytes of all text.
#[inline(always)]
fn is_plain_ascii(block: &[u8; BLOCK]) -> bool {
    let unusual = |byte: u8| !(0x20..0x7f).contains(&byte) | (byte == b'"') | (byte == b'\\');
    block.iter().fold(0, |found, &byte| found | u8::from(unusual(byte))) == 0
}

/// Characters beyond U+FFFF are two units (RFC 8259 section 7).
fn put_units(c: char, put: &mut impl FnMut(&[u8])) {
    c.encode_utf16(&mut [0; 2]).iter().for_each(|&value| put(&unit(value)));
}

fn unit(value: u16) -> [u8; 6] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |shift: u16| DIGITS[usize::from(value >> shift & 0xf)];
    [b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quoted(text: &str) -> String {
        let mut bytes = vec![b'"'];
        escaped(text, |part| bytes.extend_from_slice(part));
        bytes.push(b'"');
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn hidden_characters_are_escaped() {
        for (text, json) in [
            ("", r#""""#),
            ("plain, é, Ω, 世界, 👩, ❤\u{fe0f}", "\"plain, é, Ω, 世界, 👩, ❤\u{fe0f}\""),
            ("\"\\\n\r\t\u{8}\u{c}", r#""\"\\\n\r\t\b\f""#),
            ("\0\u{1b}[2J\u{7f}", r#""\u0000\u001b[2J\u007f""#),
            ("\u{80}\u{9b}31m\u{9f}\u{a0}", "\"\\u0080\\u009b31m\\u009f\u{a0}\""),
            ("\u{61c}\u{200e}\u{202e}\u{2066}", r#""\u061c\u200e\u202e\u2066""#),
            ("a\u{200b}b\u{200d}\u{2060}\u{feff}\u{ad}", r#""a\u200bb\u200d\u2060\ufeff\u00ad""#),
            ("\u{2028}\u{2029}", r#""\u2028\u2029""#),
            ("\u{e0041}x", r#""\udb40\udc41x""#),
        ] {
            assert_eq!(quoted(text), json);
        }
    }

    #[test]
    fn each_hidden_character_is_escaped_and_read_back() {
        let all: Vec<char> = ('\0'..=char::MAX).collect();
        for some in all.chunks(4096) {
            let text: String = some.iter().collect();
            let json = quoted(&text);
            assert!(!json.contains(is_hidden), "in those from {:?} on", some[0]);
            assert_eq!(serde_json::from_str::<String>(&json).ok(), Some(text));
        }
    }

    #[test]
    fn a_long_text_is_escaped_in_pieces_as_if_in_one() {
        for before in 0..5 {
            let unit = "\u{1}é世👩\u{200b}\"a";
            let text = "x".repeat(before) + &unit.repeat(3 * PIECE / unit.len());
            let (mut at, mut bytes) = (0, vec![b'"']);
            while at < text.len() {
                at += escaped_piece(&text.as_bytes()[at..], &mut bytes);
            }
            bytes.push(b'"');
            assert_eq!(String::from_utf8(bytes).expect("UTF-8"), quoted(&text), "{before}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_back(text in "(\\PC|[a-z\"\\\\\\x00-\\x1f\\x7f-\u{9f}é世]|[a-z]{20}|\u{200b}){0,60}") {
            let json = quoted(&text);
            prop_assert!(!json.contains(is_hidden));
            prop_assert_eq!(serde_json::from_str::<String>(&json).expect("JSON"), text);
        }
    }
}
