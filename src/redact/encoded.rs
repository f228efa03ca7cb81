//! Matching of a text in another encoding: percent-encoded once or repeatedly, with spaces encoded as in
//! forms, or with escapes of JSON and HTML, in any mixture.

use super::percent::encoded_bytes;

/// How a text matches what is searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// It matches completely, with this many bytes of the text.
    Whole(usize),
    /// It matches up to the end of the text, which has this many bytes of what is searched for.
    Cut(usize),
    /// It does not match.
    No,
}

/// Whether `text` starts with `wanted`, in any encoding.
pub(super) fn starts_with(text: &[u8], wanted: &[u8]) -> Match {
    let mut at = 0;
    for (count, &byte) in wanted.iter().enumerate() {
        let rest = &text[at..];
        match length_of(rest, byte) {
            Some(length) => at += length,
            None if is_cut(rest) => return Match::Cut(count),
            None => return Match::No,
        }
    }
    Match::Whole(at)
}

/// Whether the text contains characters that can start an escape.
pub(super) fn has_escapes(text: &[u8]) -> bool {
    memchr::memchr3(b'%', b'\\', b'&', text).is_some() || memchr::memchr(b'+', text).is_some()
}

/// How many bytes of the text encode this byte.
fn length_of(text: &[u8], byte: u8) -> Option<usize> {
    let first = *text.first()?;
    let escape = match first {
        b'%' => encoded_bytes(text),
        b'\\' => json_escape(text),
        b'&' => html_escape(text),
        b'+' => Some((b' ', 1)),
        _ => None,
    };
    match escape {
        Some((decoded, length)) if decoded == byte => Some(length),
        _ => (first == byte).then_some(1),
    }
}

/// Whether the text ends here, or in the middle of an escape.
fn is_cut(text: &[u8]) -> bool {
    match text {
        [] => true,
        [b'%', ..] => text.len() < 3,
        [b'\\', ..] => text.len() < 6 && text[1..].iter().all(|byte| b"u0".contains(byte)),
        [b'&', ..] => text.len() < 7 && !text.contains(&b';'),
        _ => false,
    }
}

fn json_escape(text: &[u8]) -> Option<(u8, usize)> {
    match text {
        [_, byte @ (b'"' | b'\\' | b'/'), ..] => Some((*byte, 2)),
        [_, b'n', ..] => Some((b'\n', 2)),
        [_, b'r', ..] => Some((b'\r', 2)),
        [_, b't', ..] => Some((b'\t', 2)),
        [_, b'b', ..] => Some((0x08, 2)),
        [_, b'f', ..] => Some((0x0c, 2)),
        [_, b'u', b'0', b'0', high, low, ..] => {
            let (byte, _) = encoded_bytes(&[b'%', *high, *low])?;
            byte.is_ascii().then_some((byte, 6))
        }
        _ => None,
    }
}

fn html_escape(text: &[u8]) -> Option<(u8, usize)> {
    let end = text.iter().take(8).position(|&byte| byte == b';')?;
    let byte = match &text[1..end] {
        b"amp" => b'&',
        b"lt" => b'<',
        b"gt" => b'>',
        b"quot" => b'"',
        b"apos" => b'\'',
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        _ => return None,
    };
    Some((byte, end + 1))
}

fn number(digits: &[u8], radix: u32) -> Option<u8> {
    u8::from_str_radix(str::from_utf8(digits).ok()?, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_encodings_match() {
        let wanted = br#"a/ "&<'b"#;
        for text in [
            r#"a/ "&<'b"#,
            "a%2F%20%22%26%3C%27b",
            "a%2f+%22%26%3c'b",
            "%61%252F%2520%2522%2526%253C%2527%62",
            r#"a\/ \"\u0026\u003c'b"#,
            "a&#x2F; &quot;&amp;&lt;&#39;b",
        ] {
            let found = starts_with(format!("{text}tail").as_bytes(), wanted);
            assert_eq!(found, Match::Whole(text.len()), "{text}");
        }
        assert_eq!(starts_with(b"a%2G", wanted), Match::No);
        assert_eq!(starts_with(b"a%2F%2", wanted), Match::Cut(2));
        assert_eq!(starts_with(b"a&#x2F; &quo", wanted), Match::Cut(3));
        assert_eq!(starts_with(b"100%", b"100%"), Match::Whole(4));
        assert_eq!(starts_with(br"a\r\n\tb", b"a\r\n\tb"), Match::Whole(8));
        assert_eq!(starts_with(br"C:\new", br"C:\new"), Match::Whole(6), "not escaped");
        assert_eq!(starts_with(b"a+b", b"a+b"), Match::Whole(3));
    }
}
