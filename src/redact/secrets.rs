//! Masking of secrets that were sent when the server repeats them.
//!
//! Servers repeat what they receive, especially in error pages. Such texts are shown with the secrets in them
//! masked. Messages are data and are never changed.

use std::borrow::Cow;
use std::ops::Range;

use data_encoding::{BASE64_NOPAD, HEXLOWER};

use super::encoded::{Match, has_escapes, starts_with};
use super::percent::decoded_bytes;
use super::{MASK, Redaction};
pub use collect::Collector;
use named::Named;

mod behind;
mod collect;
mod named;
mod parts;

/// Shorter secrets are masked only after their names: elsewhere they may be part of unrelated words.
const MIN_LENGTH: usize = 4;

/// Common values of cookies and headers that are not secret.
const COMMON: [&[u8]; 4] = [b"true", b"false", b"none", b"null"];

/// The minimum length of a base64 text that is searched for, of a value that was found to be a secret.
const MIN_BASE64: usize = 8;

/// The same of a value that the user declared to be a secret.
const MIN_DECLARED_BASE64: usize = 4;

/// The minimum length of a part of a secret that is searched for.
const MIN_FRAGMENT: usize = 6;

/// Secret values in all encodings in which they may be repeated. `Debug` does not show them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    /// Masked anywhere, longest first.
    anywhere: Vec<Vec<u8>>,
    /// Masked after their names.
    named: Vec<Named>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.anywhere.len() + self.named.len())
    }
}

impl Secrets {
    /// The secrets in a request: in its target and header fields. None if secrets are shown.
    pub fn of_request<'a>(
        redaction: Redaction,
        target: &str,
        fields: impl Iterator<Item = (&'a str, &'a [u8])>,
    ) -> Self {
        if redaction == Redaction::Show {
            return Self::default();
        }
        let mut collector = Collector::default();
        collector.url(target);
        fields.for_each(|(name, value)| collector.field(name, value));
        collector.secrets()
    }

    /// These values, wherever they are, however short.
    pub fn of_values<'a>(values: impl Iterator<Item = &'a String>) -> Self {
        let mut anywhere = Vec::new();
        for value in values.filter(|value| !value.is_empty()).map(String::as_bytes) {
            let decoded = decoded_bytes(value);
            anywhere.extend([value, &decoded].into_iter().flat_map(|value| {
                match value.len() < MIN_LENGTH {
                    true => vec![value.to_vec()],
                    false => forms(value.to_vec(), MIN_DECLARED_BASE64),
                }
            }));
        }
        Self { anywhere, named: Vec::new() }.in_order()
    }

    /// The secrets in a response: in its cookies and its Location. None if secrets are shown.
    pub fn of_response<'a>(
        redaction: Redaction,
        fields: impl Iterator<Item = (&'a str, &'a [u8])>,
    ) -> Self {
        Self::of_request(redaction, "", fields)
    }

    /// These values in all their encodings, and others unencoded after their names.
    fn new(values: Vec<Named>, others: Vec<Named>) -> Self {
        let decoded = |it: &Named| Named { name: it.name.clone(), value: decoded_bytes(&it.value) };
        let decoded: Vec<_> = values.iter().map(decoded).collect();
        let is_long = |it: &Named| {
            it.value.len() >= MIN_LENGTH
                && !COMMON.iter().any(|word| it.value.eq_ignore_ascii_case(word))
        };
        let values = values.into_iter().chain(decoded).filter(|it| !it.value.is_empty());
        let (long, mut named): (Vec<_>, Vec<_>) = values.partition(is_long);
        named.extend(others);
        named.retain(|it| !it.name.is_empty() && !it.value.is_empty());
        let anywhere = long.into_iter().flat_map(|it| forms(it.value, MIN_BASE64)).collect();
        Self { anywhere, named }.in_order()
    }

    fn in_order(mut self) -> Self {
        self.anywhere.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        self.anywhere.dedup();
        self.named.sort();
        self.named.dedup();
        self
    }

    /// The union with other secrets.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.anywhere.extend(others.anywhere);
        self.named.extend(others.named);
        self.in_order()
    }

    /// The text with secrets masked.
    pub fn mask<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        self.without(text, false)
    }

    /// The start of a text with secrets masked, including one truncated at its end.
    pub fn mask_cut<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        self.without(text, true)
    }

    fn without<'a>(&self, text: &'a [u8], is_cut: bool) -> Cow<'a, [u8]> {
        let mut masked = Cow::Borrowed(text);
        for secret in &self.anywhere {
            if let Some(without) = replaced(&masked, occurrences(&masked, secret, is_cut)) {
                masked = Cow::Owned(without);
            }
        }
        for named in &self.named {
            if let Some(without) = replaced(&masked, named.occurrences(&masked)) {
                masked = Cow::Owned(without);
            }
        }
        masked
    }

    /// A shortened text, which may start or end in the middle of a secret, with secrets and longer parts of them
    /// masked.
    pub fn mask_fragments(&self, text: String) -> String {
        let masked = self.mask_byte_fragments(text.as_bytes()).into_owned();
        String::from_utf8(masked)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }

    /// The same of bytes.
    pub fn mask_byte_fragments<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        if self.anywhere.is_empty() && self.named.is_empty() {
            return Cow::Borrowed(text);
        }
        Cow::Owned(without_parts(&self.mask(text), &self.anywhere))
    }

    /// The text with secrets masked.
    pub fn mask_text(&self, text: String) -> String {
        match self.mask(text.as_bytes()) {
            Cow::Borrowed(_) => text,
            Cow::Owned(masked) => String::from_utf8_lossy(&masked).into_owned(),
        }
    }
}

/// The text with each of these parts masked, if there are any. They are in order.
fn replaced(text: &[u8], parts: impl Iterator<Item = Range<usize>>) -> Option<Vec<u8>> {
    let (mut masked, mut copied) = (Vec::new(), 0);
    for part in parts {
        masked.extend_from_slice(&text[copied..part.start]);
        masked.extend_from_slice(MASK.as_bytes());
        copied = part.end;
    }
    masked.extend_from_slice(&text[copied..]);
    (copied > 0).then_some(masked)
}

/// Where the secret stands in the text, in order.
fn occurrences(text: &[u8], secret: &[u8], is_cut: bool) -> impl Iterator<Item = Range<usize>> {
    let may_be_there = is_cut || has_escapes(text) || memchr::memmem::find(text, secret).is_some();
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(start) = candidate(text, at, secret).filter(|_| may_be_there) {
            let length = match starts_with(&text[start..], secret) {
                Match::Whole(length) => Some(length),
                Match::Cut(count) if is_cut && count >= MIN_LENGTH => Some(text.len() - start),
                _ => text[start..].starts_with(secret).then_some(secret.len()),
            };
            at = start + length.unwrap_or(1);
            if length.is_some() {
                return Some(start..at);
            }
        }
        None
    })
}

/// The text with each part of a secret masked that is not too short. All are searched for in the text as it is: what
/// one form of a secret has in common with it must not hide what another has.
fn without_parts(text: &[u8], secrets: &[Vec<u8>]) -> Vec<u8> {
    let mut is_part = vec![false; text.len()];
    for secret in secrets {
        mark_parts(text, secret, &mut is_part);
    }
    let (mut masked, mut at) = (Vec::with_capacity(text.len()), 0);
    for run in is_part.chunk_by(|a, b| a == b) {
        match run[0] {
            true => masked.extend_from_slice(MASK.as_bytes()),
            false => masked.extend_from_slice(&text[at..at + run.len()]),
        }
        at += run.len();
    }
    masked
}

fn mark_parts(text: &[u8], secret: &[u8], is_part: &mut [bool]) {
    let is_in_secret = |part: &[u8]| memchr::memmem::find(secret, part).is_some();
    let mut at = 0;
    while let Some(part) = text.get(at..at + MIN_FRAGMENT) {
        if !is_in_secret(part) {
            at += 1;
            continue;
        }
        let start = at;
        at += MIN_FRAGMENT;
        while at < text.len() && is_in_secret(&text[start..=at]) {
            at += 1;
        }
        is_part[start..at].fill(true);
    }
}

/// The first position where the secret may start: with its first byte or with an escape.
fn candidate(text: &[u8], from: usize, secret: &[u8]) -> Option<usize> {
    let rest = text.get(from..)?;
    let plain = memchr::memchr(*secret.first()?, rest);
    let escaped = memchr::memchr3(b'%', b'\\', b'&', &rest[..plain.unwrap_or(rest.len())]);
    escaped.or(plain).map(|at| from + at)
}

/// A value unencoded, in lower case as in a host name, in base64 at any offset, with JSON escapes for non-ASCII
/// characters, and with the escapes of regular expressions. Other escapes are decoded while searching.
fn forms(value: Vec<u8>, min_base64: usize) -> Vec<Vec<u8>> {
    let mut forms = vec![value.to_ascii_lowercase()];
    for offset in 0..3 {
        let before = [&b"\0\0"[..offset], &value].concat();
        let text = BASE64_NOPAD.encode(&before);
        // Characters that depend on adjacent bytes are left out.
        let start = [0, 2, 3][offset];
        let end = before.len() * 8 / 6;
        if end >= start + min_base64 {
            let inner = &text[start..end];
            forms.push(inner.into());
            forms.push(inner.replace('+', "-").replace('/', "_").into());
        }
    }
    if let Ok(text) = str::from_utf8(&value)
        && !text.is_ascii()
    {
        let escaped = |unit: fn(u16) -> String| -> String {
            let escape = |c: char| match c.is_ascii() {
                true => c.to_string(),
                false => c.encode_utf16(&mut [0; 2]).iter().map(|it| unit(*it)).collect(),
            };
            text.chars().map(escape).collect()
        };
        forms.push(escaped(|unit| format!("\\u{unit:04x}")).into());
        forms.push(escaped(|unit| format!("\\u{unit:04X}")).into());
    }
    forms.push(HEXLOWER.encode(&value).into());
    let pairs: Vec<_> = value.iter().map(|byte| format!("{byte:02x}")).collect();
    forms.push(pairs.join(" ").into());
    let escaped = str::from_utf8(&value).map(regex::escape).ok();
    let escaped = escaped.filter(|escaped| escaped.len() > value.len());
    forms.push(value);
    forms.extend(escaped.map(Into::into)); // as a value stands in the pattern of a scenario
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(redaction: Redaction) -> Secrets {
        let fields = [
            ("authorization", &b"Basic bWU6aHVudGVyMg=="[..]),
            ("Cookie", b"a=one1; sid=two2; b=x"),
            ("X-Other", b"open"),
            ("x-api-key", b"four4"),
            ("Sec-WebSocket-Protocol", b"soap, bearer, five5five5"),
        ];
        Secrets::of_request(redaction, "/p?token=three%2B3&a=open", fields.into_iter())
    }

    #[test]
    fn sent_secrets_are_masked_when_repeated() {
        let said = b"me:hunter2 bWU6aHVudGVyMg== hunter2hunter2 one1 two2 three%2B3 three+3 four4 five5five5 soap open x me";
        let masked = secrets(Redaction::Mask).mask(said).into_owned();
        assert_eq!(
            String::from_utf8_lossy(&masked),
            "me:*** *** ****** *** *** *** *** *** *** soap open x me"
        );
        assert_eq!(secrets(Redaction::Show).mask(said).as_ref(), said);
        assert_eq!(Secrets::default().mask_text("hunter2".to_owned()), "hunter2");
    }

    #[test]
    fn encoded_secrets_are_masked() {
        let fields =
            [("X-Acme-Token", &b"a/b c\"\xc3\xa9-Secret"[..]), ("Cookie", b"consent=true")];
        let secrets = Secrets::of_request(Redaction::Mask, "/", fields.into_iter());
        for (text, masked) in [
            ("<a/b c\"é-Secret>", "<***>"),
            ("<a%2Fb%20c%22%C3%A9-Secret>", "<***>"),
            ("<a%252fb%2520c%2522%25C3%25a9-Secret>", "<***>"),
            ("<a%2Fb+c%22%C3%A9-Secret>", "<***>"),
            ("<a\\/b c\\\"é-Secret>", "<***>"),
            ("<a/b c\"\\u00e9-Secret>", "<***>"),
            ("<a/b c&quot;é-Secret>", "<***>"),
            ("/<a/b c\"é\\-Secret>/", "/<***>/"),
            ("<a/b c\"é-secret>", "<***>"),
            ("consent=true", "consent=true"),
        ] {
            assert_eq!(String::from_utf8_lossy(&secrets.mask(text.as_bytes())), masked, "{text}");
        }
        for before in ["", "x", "xx"] {
            let text = format!("{before}a/b c\"é-Secret, and more");
            let text = data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
            let masked = secrets.mask_text(text.clone());
            assert!(masked.contains("***") && masked.len() < text.len() - 14, "{text}: {masked}");
        }
    }

    #[test]
    fn a_truncated_secret_is_masked_at_the_end_of_a_truncated_text() {
        let secrets = secrets(Redaction::Mask);
        for (text, masked) in [
            ("you sent hunt", "you sent ***"),
            ("hunter2 bWU6aHVudGVyMg=", "*** ***"),
            ("you sent hun", "you sent hun"),
            ("you sent", "you sent"),
        ] {
            assert_eq!(secrets.mask_cut(text.as_bytes()).as_ref(), masked.as_bytes(), "{text}");
        }
    }

    #[test]
    fn a_token_is_masked_for_any_scheme() {
        for value in ["Bearer hunter2", "hunter2", "Basic hunter2", "Basic aHVudGVyMjo="] {
            let fields = [("Authorization", value.as_bytes())];
            let secrets = Secrets::of_request(Redaction::Mask, "/", fields.into_iter());
            assert_eq!(secrets.mask(b"<hunter2>").as_ref(), b"<***>", "{value}");
        }
    }

    /// Scenario language, section 1: "masked […] also where it comes base64- or percent-encoded"
    #[test]
    fn declared_secrets_are_masked_however_short() {
        let values = ["ab".to_owned(), "pass".to_owned(), "\u{e9}t\u{e9}-key".to_owned()];
        let secrets = Secrets::of_values(values.iter());
        for (text, masked) in [
            ("<ab>", "<***>"),
            ("<pass> cGFzcw== eHBhc3M= eHhwYXNz", "<***> ***w== eH***M= eHh***"),
            (r"<\u00e9t\u00e9-key> <\u00E9t\u00E9-key>", "<***> <***>"),
            ("<%C3%A9t%c3%a9%2dkey>", "<***>"),
        ] {
            assert_eq!(secrets.mask_text(text.to_owned()), masked);
        }
    }

    #[test]
    fn parts_of_secrets_are_masked_in_shortened_texts() {
        let secrets = Secrets::of_values(["0123456789-abc".to_owned()].iter());
        for (text, masked) in [
            ("expected \"a\", got \"6789-abc\"", "expected \"a\", got \"***\""),
            ("got \"x0123456\u{2026}", "got \"x***\u{2026}"),
            ("<0123456789-abc>", "<***>"),
            ("01234 and 9-abc", "01234 and 9-abc"),
        ] {
            assert_eq!(secrets.mask_fragments(text.to_owned()), masked);
        }
    }

    /// `"A1"` may be part of other words.
    #[test]
    fn a_short_secret_is_masked_after_its_name() {
        let fields = [
            ("Authorization", &b"Bearer A1"[..]),
            ("Cookie", b"sid=7; consent=true"),
            ("X-Acme-Token", b"xyz"),
            ("Sec-WebSocket-Protocol", b"base64url.bearer.authorization.k8s.io.QQ"),
        ];
        let secrets = Secrets::of_request(Redaction::Mask, "/?pin=42", fields.into_iter());
        for (text, masked) in [
            ("authorization: bearer A1", "authorization: bearer ***"),
            (r#"{"Authorization":"Bearer A1"}"#, r#"{"Authorization":"Bearer ***"}"#),
            (r#"{\"authorization\": \"A1\"}"#, r#"{\"authorization\": \"***\"}"#),
            ("--bearer=A1 --bearer A1", "--bearer=*** --bearer ***"),
            ("Cookie: sid=7; consent=true", "Cookie: ***"),
            ("x-acme-token: xyz.", "x-acme-token: ***."),
            ("/?a=b&pin=42&c=d", "/?a=b&pin=***&c=d"),
            (
                "'base64url.bearer.authorization.k8s.io.QQ'",
                "'base64url.bearer.authorization.k8s.io.***'",
            ),
            (
                "x A1 y, bearerA1, bearer A11, abearer A1",
                "x A1 y, bearerA1, bearer A11, abearer A1",
            ),
            ("sid=7 of 42, consent=true", "sid=7 of 42, consent=true"),
        ] {
            assert_eq!(String::from_utf8_lossy(&secrets.mask(text.as_bytes())), masked, "{text}");
        }
    }
}
