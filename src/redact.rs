//! Secrets out of everything that is shown or recorded.

use std::borrow::Cow;

/// Whether secrets are masked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Redaction {
    /// They show as `***`.
    #[default]
    Mask,
    /// They show: `--show-secrets`.
    Show,
}

const MASK: &[u8] = b"***";

/// Headers whose values are secrets.
const SECRET_HEADERS: [&str; 4] = ["Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie"];

/// Headers whose values are URLs, which may have secrets in their query.
const URL_HEADERS: [&str; 3] = ["Location", "Content-Location", "Referer"];

/// Parts of names of query parameters whose values are secrets.
const SECRET_WORDS: [&str; 10] = [
    "token",
    "secret",
    "password",
    "passwd",
    "api_key",
    "apikey",
    "api-key",
    "auth",
    "signature",
    "session",
];

/// Names of query parameters whose values are secrets.
const SECRET_NAMES: [&str; 6] = ["key", "sig", "pwd", "pass", "jwt", "sid"];

impl Redaction {
    /// A header's value. The scheme of credentials stays visible.
    pub fn value<'a>(self, name: &str, value: &'a [u8]) -> Cow<'a, [u8]> {
        let secret = SECRET_HEADERS.iter().any(|header| header.eq_ignore_ascii_case(name));
        if self == Self::Show {
            return Cow::Borrowed(value);
        }
        if !secret {
            let is_url = URL_HEADERS.iter().any(|header| header.eq_ignore_ascii_case(name));
            return match str::from_utf8(value).map(|text| self.url(text)) {
                Ok(Cow::Owned(masked)) if is_url => Cow::Owned(masked.into_bytes()),
                _ => Cow::Borrowed(value),
            };
        }
        let is_credentials = name.to_ascii_lowercase().ends_with("authorization");
        let scheme = value.iter().position(|&byte| byte == b' ').filter(|_| is_credentials);
        Cow::Owned([scheme.map_or(&b""[..], |at| &value[..=at]), MASK].concat())
    }

    /// A request line, whose target may have secrets in its query.
    pub fn start_line(self, line: &[u8]) -> Vec<u8> {
        match (self, str::from_utf8(line)) {
            (Self::Mask, Ok(line)) if !line.starts_with("HTTP/") => {
                let parts: Vec<_> = line.split(' ').map(|part| self.url(part)).collect();
                parts.join(" ").into_bytes()
            }
            _ => line.to_vec(),
        }
    }

    /// A URL or request target: the values of token-like query parameters.
    pub fn url<'a>(self, url: &'a str) -> Cow<'a, str> {
        let Some((path, query)) = url.split_once('?').filter(|_| self == Self::Mask) else {
            return Cow::Borrowed(url);
        };
        let parameters: Vec<_> = query.split('&').map(mask_parameter).collect();
        Cow::Owned(format!("{path}?{}", parameters.join("&")))
    }
}

fn mask_parameter(parameter: &str) -> Cow<'_, str> {
    match parameter.split_once('=') {
        Some((name, value)) if !value.is_empty() && is_secret(name) => {
            Cow::Owned(format!("{name}=***"))
        }
        _ => Cow::Borrowed(parameter),
    }
}

/// Whether a query parameter of this name has a secret value.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.contains(&name.as_str()) || SECRET_WORDS.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_where_they_stand() {
        let mask = Redaction::Mask;
        assert_eq!(mask.value("authorization", b"Bearer abc").as_ref(), b"Bearer ***");
        assert_eq!(mask.value("Cookie", b"a=b; c=d").as_ref(), b"***");
        assert_eq!(mask.value("X-Other", b"abc").as_ref(), b"abc");
        assert_eq!(
            mask.url("ws://h/p?a=1&access_token=xyz&Key=k&flag"),
            "ws://h/p?a=1&access_token=***&Key=***&flag"
        );
        assert_eq!(mask.start_line(b"GET /x?token=abc HTTP/1.1"), b"GET /x?token=*** HTTP/1.1");
        assert_eq!(mask.start_line(b"HTTP/1.1 200 OK"), b"HTTP/1.1 200 OK");
    }

    #[test]
    fn on_request_nothing_is_masked() {
        assert_eq!(Redaction::Show.value("Cookie", b"a=b").as_ref(), b"a=b");
        assert_eq!(Redaction::Show.url("/x?token=abc"), "/x?token=abc");
    }
}
