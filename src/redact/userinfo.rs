//! The userinfo of URLs within other text, also of percent-encoded URLs: `?next=https%3A%2F%2Fme%3A…%40h`.

use std::ops::Range;

use super::percent::encoded_bytes;

/// What precedes the authority of a URL.
const MARK: &[u8] = b"://";

/// The ranges of the passwords of all URLs in a text, or of user names without one, which may be tokens. They are in
/// order, and none is empty.
pub(super) fn secrets_of_urls(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut authority: Option<Authority> = None;
    let (mut at, mut matched) = (0, 0);
    while at < bytes.len() {
        let (byte, length) = encoded_bytes(&bytes[at..]).unwrap_or((bytes[at], 1));
        match (&mut authority, byte) {
            (Some(_), b'/' | b'\\' | b'?' | b'#') => {
                found.extend(authority.take().and_then(|it| it.secret()));
            }
            (Some(it), b'@') => it.end = Some(at),
            (Some(it), b':') if it.end.is_none() => {
                it.password.get_or_insert(at + length);
            }
            _ => {}
        }
        matched = match byte == MARK[matched] {
            true => matched + 1,
            false => usize::from(byte == MARK[0]),
        };
        at += length;
        if matched == MARK.len() {
            (matched, authority) = (0, Some(Authority::new(at)));
        }
    }
    found.extend(authority.and_then(|it| it.secret()));
    found
}

/// What was found of an authority so far.
struct Authority {
    start: usize,
    /// Behind the first colon, if that is in the userinfo.
    password: Option<usize>,
    /// The last `@`, which ends the userinfo.
    end: Option<usize>,
}

impl Authority {
    fn new(start: usize) -> Self {
        Self { start, password: None, end: None }
    }

    fn secret(self) -> Option<Range<usize>> {
        let secret = self.password.unwrap_or(self.start)..self.end?;
        (!secret.is_empty()).then_some(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_and_lone_user_names_are_found() {
        for (text, secrets) in [
            ("https://me:SEK@h", &["SEK"][..]),
            ("https://SEK@h, http://a:b:c@d@h/x@y", &["SEK", "b:c@d"]),
            ("https%3A%2F%2Fme%3ASEK%40h%2Fx%40y", &["SEK"]),
            ("https%3a//me:SEK%40h", &["SEK"]),
            ("https%253A%252F%252Fme%253AS%2540EK%2540h", &["S%2540EK"]),
            ("https%3A%2F%2FSEK%40h", &["SEK"]),
            ("https%3A%2F%2Fh%3A80%2Fme%40h", &[]),
            ("https://h:80?a=b@c", &[]),
            ("https://me:@h", &[]),
            ("https://@h", &[]),
            ("a::://SEK@é://é@%", &["SEK", "é"]),
            ("%2F%2F%40:/", &[]),
            ("me@h://", &[]),
        ] {
            let found: Vec<_> = secrets_of_urls(text).into_iter().map(|it| &text[it]).collect();
            assert_eq!(found, secrets, "{text}");
        }
    }
}
