//! Escapes in a typed text: `/text -e`.

use super::json_text::Fault;

/// What an escape stands for, and how long it is.
pub(super) struct Escape {
    pub(super) text: String,
    pub(super) length: usize,
}

/// Reads the escape at the start of a text, which begins with a backslash. `\xHH` is a byte: as many as are in a row
/// are UTF-8 together.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn escape(text: &str) -> Result<Escape, String> {
    let plain = |c: char| Ok(Escape { text: c.to_string(), length: 2 });
    match text[1..].chars().next() {
        Some('n') => plain('\n'),
        Some('r') => plain('\r'),
        Some('t') => plain('\t'),
        Some('0') => plain('\0'),
        Some(c @ ('\\' | '"')) => plain(c),
        Some('x') => bytes(text),
        Some('u') if text[2..].starts_with('{') => braced(text),
        Some('u') => utf16(text),
        Some(c) => Err(format!("\\{c} is not an escape: \\\\ sends a backslash")),
        None => Err("a backslash at the end: \\\\ sends a backslash".to_owned()),
    }
}

/// A text with its escapes replaced.
///
/// # Errors
/// The first escape that is wrong.
pub(super) fn unescape(text: &str) -> Result<String, Fault> {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        result.push_str(&rest[..at]);
        let from = &rest[at..];
        let escape = escape(from).map_err(|what| Fault { at: text.len() - from.len(), what })?;
        result.push_str(&escape.text);
        rest = &from[escape.length..];
    }
    Ok(result + rest)
}

fn bytes(text: &str) -> Result<Escape, String> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(digits) = rest.strip_prefix("\\x") {
        let byte = digits.get(..2).and_then(hex);
        bytes.push(
            byte.and_then(|byte| u8::try_from(byte).ok()).ok_or("\\x requires two hex digits")?,
        );
        rest = &digits[2..];
    }
    let length = text.len() - rest.len();
    let text = String::from_utf8(bytes)
        .map_err(|_| "these bytes are not UTF-8: /binary sends any bytes".to_owned())?;
    Ok(Escape { text, length })
}

fn braced(text: &str) -> Result<Escape, String> {
    let digits = text[3..].split_once('}').map(|(digits, _)| digits).filter(|it| it.len() <= 6);
    let c = digits.and_then(|digits| Some((hex(digits).and_then(char::from_u32)?, digits.len())));
    let (c, length) = c.ok_or("\\u{…} requires the number of a character in hex, as \\u{1f600}")?;
    Ok(Escape { text: c.to_string(), length: length + 4 })
}

/// `\uXXXX`, or two of them for a character beyond U+FFFF, as in JSON.
fn utf16(text: &str) -> Result<Escape, String> {
    let unit = |text: &str| {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        hex(digits).and_then(|unit| u16::try_from(unit).ok())
    };
    let first = unit(text).ok_or("\\u requires four hex digits or {…}")?;
    let second = text.get(6..).and_then(unit).filter(|_| (0xd800..0xdc00).contains(&first));
    let units = [Some(first), second];
    let text: Result<String, _> = char::decode_utf16(units.into_iter().flatten()).collect();
    let text = text.map_err(|_| format!("\\u{first:04x} is half of a surrogate pair"))?;
    Ok(Escape { text, length: if second.is_some() { 12 } else { 6 } })
}

fn hex(digits: &str) -> Option<u32> {
    let is_hex = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_replaced() {
        for (text, result) in [
            ("", ""),
            ("plain 안녕", "plain 안녕"),
            (r#"a\n\r\t\0\\\"b"#, "a\n\r\t\0\\\"b"),
            (r"\x41\x00\xed\x95\x9cz", "A\0한z"),
            (r"\u{1F600}\u{41}\u{0}", "😀A\0"),
            (r"\ud83d\ude00\uac00", "😀가"),
            (r"\\n", r"\n"),
        ] {
            assert_eq!(unescape(text).as_deref(), Ok(result), "{text}");
        }
    }

    #[test]
    fn a_wrong_escape_has_its_place() {
        for (text, at, what) in [
            (r"a\q", 1, "\\q is not an escape"),
            (r"é\", 2, "a backslash at the end"),
            (r"\x4", 0, "two hex digits"),
            (r"\x4한", 0, "two hex digits"),
            (r"\x+4", 0, "two hex digits"),
            (r"ab\xff\xfe", 2, "not UTF-8"),
            (r"\u12", 0, "four hex digits"),
            (r"\u{}", 0, "in hex"),
            (r"\u{110000}", 0, "in hex"),
            (r"\u{41", 0, "in hex"),
            (r"\ud83dx", 0, "half of a surrogate"),
            (r"\ud83d\u0041", 0, "half of a surrogate"),
            (r"\ude00", 0, "half of a surrogate"),
        ] {
            let fault = unescape(text).expect_err(text);
            assert_eq!(fault.at, at, "{text}");
            assert!(fault.what.contains(what), "{text}: {}", fault.what);
        }
    }
}
