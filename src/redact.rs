//! Secrets out of everything that is shown or recorded.

use std::borrow::Cow;

mod secrets;
pub mod subprotocols;

pub use secrets::Secrets;

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

/// Headers that services have invented for tokens.
const TOKEN_HEADERS: [&str; 10] = [
    "X-Api-Key",
    "Api-Key",
    "ApiKey",
    "X-Auth-Token",
    "X-Access-Token",
    "X-Amz-Security-Token",
    "X-Csrf-Token",
    "X-Xsrf-Token",
    "X-Vault-Token",
    "Private-Token",
];

/// Headers whose values are URLs, which may have secrets in their query.
const URL_HEADERS: [&str; 3] = ["Location", "Content-Location", "Referer"];

/// Parts of names of query parameters whose values are secrets.
const SECRET_WORDS: [&str; 13] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "api_key",
    "apikey",
    "api-key",
    "auth",
    "signature",
    "session",
    "credential",
    "ticket",
];

/// Names of query parameters whose values are secrets.
const SECRET_NAMES: [&str; 10] =
    ["key", "sig", "pwd", "pass", "jwt", "sid", "code", "otp", "pin", "access_key"];

impl Redaction {
    /// A header's value. The scheme of credentials stays visible.
    pub fn value<'a>(self, name: &str, value: &'a [u8]) -> Cow<'a, [u8]> {
        let is_in = |names: &[&str]| names.iter().any(|other| other.eq_ignore_ascii_case(name));
        if self == Self::Show {
            return Cow::Borrowed(value);
        }
        if is_in(&SECRET_HEADERS) {
            let is_credentials = name.to_ascii_lowercase().ends_with("authorization");
            let scheme = value.iter().position(|&byte| byte == b' ').filter(|_| is_credentials);
            return Cow::Owned([scheme.map_or(&b""[..], |at| &value[..=at]), MASK].concat());
        }
        if is_in(&TOKEN_HEADERS) {
            return Cow::Owned(MASK.to_vec());
        }
        if name.eq_ignore_ascii_case("Sec-WebSocket-Protocol")
            && let Ok(text) = str::from_utf8(value)
        {
            return match subprotocols::masked(text) {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(masked) => Cow::Owned(masked.into_bytes()),
            };
        }
        match str::from_utf8(value).map(|text| self.url(text)) {
            Ok(Cow::Owned(masked)) if is_in(&URL_HEADERS) => Cow::Owned(masked.into_bytes()),
            _ => Cow::Borrowed(value),
        }
    }

    /// Whether a header of this name and value is or holds credentials.
    pub fn is_credential(name: &str, value: &[u8]) -> bool {
        let is_in = |names: &[&str]| names.iter().any(|other| other.eq_ignore_ascii_case(name));
        is_in(&SECRET_HEADERS)
            || is_in(&TOKEN_HEADERS)
            || (name.eq_ignore_ascii_case("Sec-WebSocket-Protocol")
                && str::from_utf8(value).is_ok_and(|text| !subprotocols::tokens(text).is_empty()))
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

    /// A URL or request target: its userinfo, and the values of token-like parameters in its query
    /// and its fragment.
    pub fn url<'a>(self, url: &'a str) -> Cow<'a, str> {
        if self == Self::Show || !url.contains(['@', '=']) {
            return Cow::Borrowed(url);
        }
        let path_end = url.find(['?', '#']).unwrap_or(url.len());
        let (path, parameters) = url.split_at(path_end);
        let mut masked = without_userinfo(path);
        for part in parameters.split_inclusive(['?', '#', '&']) {
            masked += &mask_parameter(part);
        }
        if masked == url { Cow::Borrowed(url) } else { Cow::Owned(masked) }
    }

    /// What may be a URL, perhaps without scheme: all before an @ may be a secret.
    pub fn argument<'a>(self, text: &'a str) -> Cow<'a, str> {
        let host = text.split(['/', '?', '#']).next().unwrap_or_default();
        match host.rsplit_once('@') {
            Some((userinfo, _)) if self == Self::Mask && !userinfo.is_empty() => {
                let rest = &text[userinfo.len()..];
                Cow::Owned(format!("***{}", self.url(rest)))
            }
            _ => self.url(text),
        }
    }
}

/// The name stays visible if there is a password; alone it may be a token.
fn without_userinfo(url: &str) -> String {
    let start = url.find("//").map_or(0, |at| at + 2);
    let (before, rest) = url.split_at(start);
    let authority = rest.split(['/', '\\']).next().unwrap_or_default();
    let Some((userinfo, _)) = authority.rsplit_once('@').filter(|_| start > 0) else {
        return url.to_owned();
    };
    let name = userinfo.split_once(':').map_or(String::new(), |(name, _)| format!("{name}:"));
    format!("{before}{name}***{}", &rest[userinfo.len()..])
}

/// A parameter, which may end with the separator before the next one.
fn mask_parameter(parameter: &str) -> Cow<'_, str> {
    match parameter.split_once('=') {
        Some((name, value)) if is_secret(name) => {
            let bare = value.trim_end_matches(['?', '#', '&']);
            let mask = if bare.is_empty() { "" } else { "***" };
            Cow::Owned(format!("{name}={mask}{}", &value[bare.len()..]))
        }
        _ => Cow::Borrowed(parameter),
    }
}

/// Whether a query parameter of this name has a secret value.
pub fn is_secret(name: &str) -> bool {
    let name = percent_decoded(name).to_ascii_lowercase();
    let name = name.replace("authoriz", "auth").replace("author", ""); // who wrote a thing is no secret
    SECRET_NAMES.contains(&name.as_str()) || SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// Letters that are written as `%6b`.
fn percent_decoded(name: &str) -> String {
    let mut decoded = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('%') {
        decoded += before;
        let digits = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match digits {
            Some(byte) => {
                decoded.push(char::from(byte));
                rest = &after[2..];
            }
            None => {
                decoded.push('%');
                rest = after;
            }
        }
    }
    decoded + rest
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
        for (url, masked) in [
            ("wss://me:hunter2@h/p@q", "wss://me:***@h/p@q"),
            ("https://hunter2@h", "https://***@h"),
            ("//me:a@b@h/x?y=z", "//me:***@h/x?y=z"),
            ("/p@q?x=a@b", "/p@q?x=a@b"),
            ("/cb#access_token=hunter2&state=x", "/cb#access_token=***&state=x"),
            ("/?code=hunter2#sig=hunter2", "/?code=***#sig=***"),
            ("/?%74oken=hunter2&to%6Ben=&a%=1&%", "/?%74oken=***&to%6Ben=&a%=1&%"),
            ("/?author=me&authorization=hunter2&key=a=b", "/?author=me&authorization=***&key=***"),
        ] {
            assert_eq!(mask.url(url), masked);
        }
        assert_eq!(mask.value("x-API-key", b"hunter2").as_ref(), b"***");
        assert_eq!(mask.value("Sec-WebSocket-Key", b"abc=").as_ref(), b"abc=");
        assert_eq!(mask.start_line(b"GET /x?token=abc HTTP/1.1"), b"GET /x?token=*** HTTP/1.1");
        assert_eq!(mask.start_line(b"HTTP/1.1 200 OK"), b"HTTP/1.1 200 OK");
    }

    #[test]
    fn on_request_nothing_is_masked() {
        assert_eq!(Redaction::Show.value("Cookie", b"a=b").as_ref(), b"a=b");
        assert_eq!(Redaction::Show.url("/x?token=abc"), "/x?token=abc");
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_masked(text in "(\\PC|[@:/?#&=%]|//|token=){0,40}") {
            for masked in [Redaction::Mask.url(&text), Redaction::Mask.argument(&text)] {
                proptest::prop_assert_eq!(masked.clone(), Redaction::Mask.url(&masked), "masked once more");
            }
        }
    }
}
