//! Secrets of URLs within other text, such as the value of a header field: `</?token=…>`, `0; url=https://me:…@h/`.

use std::borrow::Cow;

use super::MASK;
use super::names::is_clearly_secret;
use super::query::{Parameter, parameters_from};
use super::userinfo::secrets_of_urls;

/// Masks the userinfo of URLs, and the values of token-like parameters that follow `?`, `#`, `&` or `;`. Blanks may be
/// between, if the name cannot be anything else.
pub(super) fn masked(text: &str) -> Cow<'_, str> {
    let secrets = secrets(text);
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut copied = 0;
    for (_, value) in secrets {
        // Two secrets may overlap: a parameter in what looks like userinfo.
        if value.start >= copied {
            masked += &text[copied..value.start];
            masked += MASK;
        }
        copied = copied.max(value.end);
    }
    masked += &text[copied..];
    if masked == text { Cow::Borrowed(text) } else { Cow::Owned(masked) }
}

/// As [`masked`], for text that may not be UTF-8.
pub(super) fn masked_bytes(text: &[u8]) -> Cow<'_, [u8]> {
    let bytes = |text: Cow<'_, str>| match text {
        Cow::Owned(masked) => Some(masked),
        Cow::Borrowed(_) => None,
    };
    match str::from_utf8(text) {
        Ok(utf8) => bytes(masked(utf8)).map_or(Cow::Borrowed(text), |it| it.into_bytes().into()),
        Err(_) => {
            // As ISO 8859-1 every byte is a character.
            let latin: String = text.iter().map(|&byte| char::from(byte)).collect();
            let back =
                |masked: String| masked.chars().filter_map(|c| u8::try_from(c).ok()).collect();
            bytes(masked(&latin)).map_or(Cow::Borrowed(text), |it| Cow::Owned(back(it)))
        }
    }
}

/// What is before a parameter.
const SEPARATORS: [char; 4] = ['?', '#', '&', ';'];

/// The ranges of names and secrets, in order. Userinfo has an empty name.
pub(super) fn secrets(text: &str) -> Vec<Parameter> {
    let mut found = Vec::new();
    if !text.contains(['@', '=', '%']) {
        return found;
    }
    let (mut start, mut is_separated) = (0, false);
    while start < text.len() {
        let end = end_of_word(text, start);
        let word = &text[start..end];
        let name = word.find(['=', '?', '#', '&', ';']).filter(|&end| word[end..].starts_with('='));
        let first = match name {
            Some(end) if is_separated && is_clearly_secret(&word[..end]) => 0,
            _ => word.find(SEPARATORS).map_or(word.len(), |separator| separator + 1),
        };
        let passwords = secrets_of_urls(word).into_iter().map(|it| (it.start..it.start, it));
        let of_word = passwords.chain(parameters_from(word, first));
        let place = |range: std::ops::Range<usize>| start + range.start..start + range.end;
        found.extend(of_word.map(|(name, value)| (place(name), place(value))));
        is_separated = word.ends_with(SEPARATORS) || (is_separated && word.is_empty());
        start = end + text[end..].chars().next().map_or(0, char::len_utf8);
    }
    found.sort_by_key(|(_, value)| value.start);
    found
}

/// Words end at what a URL cannot contain. A quote that follows `=` begins a value.
fn end_of_word(text: &str, start: usize) -> usize {
    let is_end = |(at, c): &(usize, char)| match c {
        '"' => !text[start..start + at].ends_with('='),
        '<' | '>' => true,
        c => c.is_whitespace(),
    };
    text[start..].char_indices().find(is_end).map_or(text.len(), |(at, _)| start + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_urls_are_masked_in_text() {
        for (text, expected) in [
            ("</?token=SEK>; rel=next", "</?token=***>; rel=next"),
            ("<https://h/?a=b&sig=SEK>, </?key=SEK>", "<https://h/?a=b&sig=***>, </?key=***>"),
            ("0; url=/?access_token=SEK", "0; url=/?access_token=***"),
            ("https://u:SEK@h", "https://u:***@h"),
            ("https://SEK@h, http://a:SEK@b", "https://***@h, http://a:***@b"),
            ("javascript:location='/?token=SEK'", "javascript:location='/?token=***"),
            ("/a;jsessionid=SEK?b", "/a;jsessionid=***?b"),
            ("a;token=\"SEK EK\"", "a;token=*** EK\""),
            ("/?next=%2F%3Ftoken%3DSEK&a=b", "/?next=%2F%3Ftoken%3D***&a=b"),
            ("https://u;token=SEK@h/x", "https://***"),
            ("a=1; token=SEK; b=2", "a=1; token=*** b=2"),
            ("/?a=1;\t access_token=SEK", "/?a=1;\t access_token=***"),
            ("/?next=https%3A%2F%2Fu%3ASEK%40h%2Fx, y", "/?next=https%3A%2F%2Fu%3A***%40h%2Fx, y"),
            ("https%3A%2F%2FSEK%40h", "https%3A%2F%2F***%40h"),
        ] {
            assert_eq!(masked(text), expected);
        }
        assert_eq!(masked_bytes(b"\xff /?token=SEK\xe9 b\xfe").as_ref(), b"\xff /?token=*** b\xfe");
    }

    #[test]
    fn other_text_is_left_as_it_is() {
        for text in [
            "",
            "text/html; charset=utf-8",
            "multipart/form-data; boundary=----x",
            "max-age=31536000; includeSubDomains",
            "permessage-deflate; client_max_window_bits=15; server_no_context_takeover",
            "Digest realm=\"me@h\", nonce=\"abc==\"",
            "dGhlIHNhbXBsZSBub25jZQ==",
            "https://h:8080/x@y?a=b@c#d",
            "Mozilla/5.0 (compatible; bot/2.1; +http://h/bot.html?lang=de)",
            "h3=\":443\"; ma=86400",
            "bad request; code=404",
            "the token=abc",
            "100%",
            "for=192.0.2.60;proto=http;by=203.0.113.43",
            "me@example.com",
            "W/\"abc=\"",
        ] {
            assert!(matches!(masked(text), Cow::Borrowed(_)), "{text}");
        }
        assert_eq!(masked_bytes(b"\xff; a=b").as_ref(), b"\xff; a=b");
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_masked(text in "(\\PC|[@:/?#&=%;\"<> ]|://|token=){0,40}") {
            let secrets = secrets(&text);
            proptest::prop_assert!(secrets.is_sorted_by_key(|(_, value)| value.start));
            proptest::prop_assert!(secrets.iter().all(|(_, value)| text.get(value.clone()).is_some()));
            let masked = masked(&text);
            let first = secrets.first().map_or(text.len(), |(_, value)| value.start);
            proptest::prop_assert_eq!(masked.get(..first), text.get(..first));
            proptest::prop_assert!(secrets.is_empty() || masked[first..].starts_with(MASK));
        }
    }
}
