//! The members of an object as `output::json` writes it, without building anything: most of what happens to a line needs
//! few of them.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

/// Iterates over the members of an object: names, which have no escapes, and values as they are written. It ends early
/// where the text is cut or is not an object.
#[derive(Clone, Debug)]
pub(super) struct Members<'a> {
    text: &'a [u8],
    at: usize,
    /// A value that begins at the first of these ends at the second, as was found out before.
    known: (usize, usize),
    is_whole: bool,
}

impl<'a> Members<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, known: (usize::MAX, 0), is_whole: false }
    }

    /// Passes over a value that is known to be from here to there.
    pub(super) fn passing_over(self, start: usize, end: usize) -> Self {
        Self { known: (start, end), ..self }
    }

    /// Whether the object has ended, with nothing behind it.
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Where the last value ended.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The value of one of the members behind this point.
    pub(super) fn find(mut self, name: &str) -> Option<&'a [u8]> {
        self.find_map(|(key, value)| (key == name.as_bytes()).then_some(value))
    }

    fn byte(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn value_end(&self) -> Option<usize> {
        let (start, end) = self.known;
        if self.at == start {
            return Some(end);
        }
        match self.byte()? {
            b'"' => string_end(self.text, self.at),
            b'{' | b'[' => nested_end(self.text, self.at),
            _ => {
                let rest = &self.text[self.at..];
                let length = rest.iter().position(|byte| matches!(byte, b',' | b'}'))?;
                Some(self.at + length)
            }
        }
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let expected = if self.at == 0 { b'{' } else { b',' };
        match self.byte()? {
            byte if byte == expected => {}
            b'}' => {
                self.is_whole = self.at + 1 == self.text.len();
                return None;
            }
            _ => return None,
        }
        self.at += 1;
        if self.at == 1 && self.byte()? == b'}' {
            self.is_whole = self.text.len() == 2;
            return None;
        }
        if self.byte()? != b'"' {
            return None;
        }
        let start = self.at + 1;
        let end = start + memchr(b'"', self.text.get(start..)?)?;
        self.at = end + 1;
        if self.byte()? != b':' {
            return None;
        }
        self.at += 1;
        let value_end = self.value_end()?;
        let value = self.text.get(self.at..value_end)?;
        self.at = value_end;
        Some((&self.text[start..end], value))
    }
}

/// Where a string ends, behind its closing quote.
fn string_end(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        at += memchr2(b'"', b'\\', text.get(at..)?)?;
        match text[at] {
            b'"' => return Some(at + 1),
            _ => at += 2,
        }
    }
}

/// Where an object or array ends. Nothing recurses.
fn nested_end(text: &[u8], start: usize) -> Option<usize> {
    let (mut at, mut depth) = (start, 0_usize);
    loop {
        match text.get(at)? {
            b'"' => {
                at = string_end(text, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1, // the first byte has made it 1
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// What is between the quotes of a string; nothing if the value is something else.
pub(super) fn inside(value: &[u8]) -> &[u8] {
    let inner = value.strip_prefix(b"\"").unwrap_or_default();
    inner.strip_suffix(b"\"").unwrap_or(inner)
}

/// The text of a string.
pub(super) fn text(value: &[u8]) -> Cow<'_, str> {
    let inner = inside(value);
    match memchr(b'\\', inner) {
        None => String::from_utf8_lossy(inner),
        Some(_) => {
            let mut bytes = Vec::with_capacity(inner.len());
            unescape(inner, &mut bytes);
            Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
        }
    }
}

/// A number that is not negative and has no fraction.
pub(super) fn number(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    value.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// Microseconds of a number of milliseconds with up to three decimal places.
pub(super) fn micros(value: &[u8]) -> Option<u64> {
    let point = memchr(b'.', value).unwrap_or(value.len());
    let (whole, fraction) = value.split_at(point);
    let digit = |at: usize| {
        let byte = fraction.get(at).copied().unwrap_or(b'0');
        byte.is_ascii_digit().then(|| u64::from(byte - b'0'))
    };
    let below = digit(1)? * 100 + digit(2)? * 10 + digit(3)?;
    number(whole)?.checked_mul(1000)?.checked_add(below)
}

/// Appends what a string without its quotes stands for. One that is cut ends before the escape that is incomplete.
pub(super) fn unescape(mut raw: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr(b'\\', raw) {
        out.extend_from_slice(&raw[..at]);
        let Some(&letter) = raw.get(at + 1) else { return };
        let mut length = 2;
        match letter {
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'b' => out.push(0x08),
            b'f' => out.push(0x0c),
            b'u' => {
                let Some((c, units)) = unicode(&raw[at..]) else { return };
                length = 6 * units;
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            other => out.push(other),
        }
        raw = &raw[at + length..];
    }
    out.extend_from_slice(raw);
}

/// The character of `\uXXXX` or of two of them, and how many that are (RFC 8259 section 7).
fn unicode(raw: &[u8]) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = raw.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
    };
    let first = unit(0)?;
    match first {
        0xd800..0xdc00 => match unit(6) {
            Some(second @ 0xdc00..0xe000) => {
                let value = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                Some((char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER), 2))
            }
            Some(_) => Some((char::REPLACEMENT_CHARACTER, 1)),
            None if raw.len() < 12 => None,
            None => Some((char::REPLACEMENT_CHARACTER, 1)),
        },
        value => Some((char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER), 1)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::output::json::escaped;

    fn members(text: &str) -> (String, bool) {
        let mut members = Members::new(text.as_bytes());
        let shown = |(key, value): (&[u8], &[u8])| {
            format!("{}={}", String::from_utf8_lossy(key), String::from_utf8_lossy(value))
        };
        let found: Vec<_> = members.by_ref().map(shown).collect();
        (found.join(" "), members.is_whole())
    }

    #[test]
    fn members_are_found() {
        for (text, found, is_whole) in [
            ("{}", "", true),
            (r#"{"a":1}"#, "a=1", true),
            (
                r#"{"a":"x\"}","b":[1,{"c":"]"}],"d":null}"#,
                r#"a="x\"}" b=[1,{"c":"]"}] d=null"#,
                true,
            ),
            (r#"{"a":"\\","b":2}"#, r#"a="\\" b=2"#, true),
            (r#"{"a":1} "#, "a=1", false),
            (r#"{"a":1,"b":"x"#, "a=1", false),
            (r#"{"a":1,"b":[1"#, "a=1", false),
            (r#"{"a":1,"b"#, "a=1", false),
            (r#"{"a" :1}"#, "", false),
            (r#"["a"]"#, "", false),
            ("{", "", false),
            ("", "", false),
        ] {
            assert_eq!(members(text), (found.to_owned(), is_whole), "{text}");
        }
    }

    #[test]
    fn a_known_value_is_passed_over() {
        let text = br#"{"a":"xyz","b":2}"#;
        let mut members = Members::new(text).passing_over(5, 10);
        assert_eq!(members.next(), Some((&b"a"[..], &b"\"xyz\""[..])));
        assert_eq!(members.find("b"), Some(&b"2"[..]));
        let beyond = Members::new(&text[..8]).passing_over(5, 10);
        assert_eq!(beyond.count(), 0, "the text is cut inside it");
    }

    #[test]
    fn numbers_are_exact() {
        for (text, expected) in [
            ("0", Some(0)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("-1", None),
            ("1.5", None),
            ("", None),
        ] {
            assert_eq!(number(text.as_bytes()), expected, "{text}");
        }
        for (text, expected) in
            [("1.234", Some(1234)), ("7", Some(7000)), ("0.1", Some(100)), ("1e3", None)]
        {
            assert_eq!(micros(text.as_bytes()), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn texts_are_read_as_they_were_written(written in any::<String>(), cut in any::<usize>()) {
            let mut raw = Vec::new();
            escaped(&written, |part| raw.extend_from_slice(part));
            let mut read = Vec::new();
            unescape(&raw, &mut read);
            prop_assert_eq!(str::from_utf8(&read), Ok(&*written));
            let mut start = Vec::new();
            unescape(&raw[..cut.checked_rem(raw.len()).unwrap_or(0)], &mut start);
            prop_assert!(written.as_bytes().starts_with(&start));
        }

        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(
            prop::sample::select(&b"{}[]\",:\\ua1n0"[..]), 0..40)) {
            Members::new(&bytes).for_each(drop);
            unescape(&bytes, &mut Vec::new());
        }
    }
}
