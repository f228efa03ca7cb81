//! Masking of secrets in everything that is shown or recorded.

use std::borrow::Cow;
use std::ops::Range;

mod embedded;
mod encoded;
mod names;
mod parts;
mod percent;
mod query;
mod secrets;
pub mod subprotocols;
mod userinfo;

use names::HeaderKind;
pub use parts::masked_parts;
pub use query::secret_values;
pub use secrets::{Collector, Secrets};

/// Whether secrets are masked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Redaction {
    /// They are shown as `***`.
    #[default]
    Mask,
    /// They are shown: `--show-secrets`.
    Show,
}

/// What stands for a secret, in what is shown and in recordings.
pub const MASK: &str = "***";

impl Redaction {
    /// Masks a header's value. The scheme of credentials stays visible.
    pub fn value<'a>(self, name: &str, value: &'a [u8]) -> Cow<'a, [u8]> {
        if self == Self::Show {
            return Cow::Borrowed(value);
        }
        let in_text = |mask: fn(&str) -> Cow<'_, str>| match str::from_utf8(value).map(mask) {
            Ok(Cow::Owned(masked)) => Cow::Owned(masked.into_bytes()),
            _ => Cow::Borrowed(value),
        };
        match HeaderKind::of(name) {
            HeaderKind::Plain => embedded::masked_bytes(value),
            HeaderKind::Cookies | HeaderKind::SetCookie | HeaderKind::Secret => {
                Cow::Owned(MASK.into())
            }
            HeaderKind::Credentials => {
                let scheme = value.iter().position(|&byte| byte == b' ');
                Cow::Owned([scheme.map_or(&b""[..], |at| &value[..=at]), MASK.as_bytes()].concat())
            }
            HeaderKind::Subprotocols => in_text(subprotocols::masked),
            HeaderKind::Url => match in_text(|url| Self::Mask.url(url)) {
                Cow::Borrowed(value) => embedded::masked_bytes(value),
                Cow::Owned(masked) => Cow::Owned(embedded::masked_bytes(&masked).into_owned()),
            },
        }
    }

    /// Masks a malformed header line: what follows the name of a header with secrets may be a secret.
    pub fn malformed_line(self, line: &[u8]) -> Cow<'_, [u8]> {
        let is_end = |byte: &u8| b": \t=".contains(byte);
        let start = line.iter().take_while(|byte| b" \t".contains(byte)).count();
        let words = line[start..].iter().position(is_end).map(|length| (start, start + length));
        let colon = line.iter().position(|&byte| byte == b':').map(|end| {
            let name = line[..end].trim_ascii_end();
            (name.iter().rposition(is_end).map_or(0, |at| at + 1), name.len())
        });
        let masked = |name: &str, end: usize| {
            let gap = line[end..].iter().take_while(|byte| is_end(byte)).count();
            let (before, value) = line.split_at(end + gap);
            Cow::Owned([before, &self.value(name, value)].concat())
        };
        for (start, end) in [words, colon].into_iter().flatten() {
            let name = str::from_utf8(&line[start..end]).unwrap_or_default();
            if HeaderKind::of(name) != HeaderKind::Plain {
                return masked(name, end);
            }
        }
        match names::obfuscated_name(line) {
            Some((name, end)) => masked(&name, end),
            None if self == Self::Mask => embedded::masked_bytes(line),
            None => Cow::Borrowed(line),
        }
    }

    /// Whether a header with this name and value contains credentials.
    pub fn is_credential(name: &str, value: &[u8]) -> bool {
        match HeaderKind::of(name) {
            HeaderKind::Plain | HeaderKind::Url => {
                matches!(Self::Mask.value(name, value), Cow::Owned(masked) if masked != value)
            }
            HeaderKind::Subprotocols => {
                str::from_utf8(value).is_ok_and(|text| !subprotocols::tokens(text).is_empty())
            }
            _ => true,
        }
    }

    /// The places of credentials in a request to this URL or target: names of header fields, and `?NAME` for
    /// query parameters.
    pub fn credentials<'a>(
        url: &str,
        fields: impl Iterator<Item = (&'a str, &'a [u8])>,
    ) -> Vec<String> {
        let fields = fields.filter(|(name, value)| Self::is_credential(name, value));
        let parameters = query::secret_names(url).into_iter().map(|name| format!("?{name}"));
        let mut found: Vec<String> = Vec::new();
        for name in fields.map(|(name, _)| name.to_owned()).chain(parameters) {
            if !found.iter().any(|it| it.eq_ignore_ascii_case(&name)) {
                found.push(name);
            }
        }
        found
    }

    /// Masks secrets in the query of a request line's target.
    pub fn start_line(self, line: &[u8]) -> Vec<u8> {
        match (self, str::from_utf8(line)) {
            (Self::Mask, Ok(line)) if !line.starts_with("HTTP/") => {
                let parts: Vec<_> = line.split(' ').map(|part| self.url(part)).collect();
                parts.join(" ").into_bytes()
            }
            _ => line.to_vec(),
        }
    }

    /// Masks a URL or request target: its userinfo, and the values of token-like parameters in its query
    /// and fragment.
    pub fn url<'a>(self, url: &'a str) -> Cow<'a, str> {
        if self == Self::Show || !url.contains(['@', '=', '%']) {
            return Cow::Borrowed(url);
        }
        let path_end = url.find(['?', '#']).unwrap_or(url.len());
        let in_path = userinfo::secrets_of_urls(&url[..path_end]);
        let mut secrets: Vec<_> = password_range(url).into_iter().chain(in_path).collect();
        secrets.sort_by_key(|range| range.start);
        secrets.extend(secret_values(url));
        let (mut masked, mut copied) = (String::with_capacity(url.len()), 0);
        for value in secrets {
            // The first two may be the same.
            if value.start >= copied {
                masked += &url[copied..value.start];
                masked += MASK;
            }
            copied = copied.max(value.end);
        }
        masked += &url[copied..];
        if masked == url { Cow::Borrowed(url) } else { Cow::Owned(masked) }
    }

    /// Masks an argument that may be a URL, possibly without a scheme: everything before an @ may be a
    /// secret.
    pub fn argument<'a>(self, text: &'a str) -> Cow<'a, str> {
        let host = text.split(['/', '?', '#']).next().unwrap_or_default();
        match host.rsplit_once('@') {
            Some((userinfo, _)) if self == Self::Mask && !userinfo.is_empty() => {
                let rest = &text[userinfo.len()..];
                Cow::Owned(format!("{MASK}{}", self.url(rest)))
            }
            _ => self.url(text),
        }
    }
}

/// Where the userinfo is in a URL's authority, which starts after two slashes.
pub fn userinfo_range(url: &str) -> Option<Range<usize>> {
    let path_end = url.find(['?', '#']).unwrap_or(url.len());
    let start = url[..path_end].find("//")? + 2;
    let authority = url[start..path_end].split(['/', '\\']).next().unwrap_or_default();
    authority.rfind('@').map(|length| start..start + length)
}

fn userinfo(url: &str) -> Option<&str> {
    userinfo_range(url).map(|range| &url[range])
}

/// Where the secret is in a URL's userinfo. The user name stays visible if there is a password; on its own it may be a
/// token.
fn password_range(url: &str) -> Option<Range<usize>> {
    let userinfo = userinfo_range(url)?;
    let password = url[userinfo.clone()].find(':').map_or(0, |colon| colon + 1);
    Some(userinfo.start + password..userinfo.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked() {
        let mask = Redaction::Mask;
        assert_eq!(mask.value("authorization", b"Bearer abc").as_ref(), b"Bearer ***");
        assert_eq!(mask.value("Cookie", b"a=b; c=d").as_ref(), b"***");
        assert_eq!(mask.value("X-Other", b"abc").as_ref(), b"abc");
        for (name, value, masked) in [
            ("Link", "</?token=hunter2>; rel=next", "</?token=***>; rel=next"),
            ("Refresh", "0; url=/?access_token=hunter2", "0; url=/?access_token=***"),
            ("Origin", "https://me:hunter2@h", "https://me:***@h"),
            ("Location", "?a=1;token=hunter2", "?a=1;token=***"),
            ("Location", "/a;jsessionid=hunter2?b=c", "/a;jsessionid=***?b=c"),
            ("Location", "/a//http://me:hunter2@h", "/a//http://me:***@h"),
            ("Server", "nginx/1.2 (a=b; c=d)", "nginx/1.2 (a=b; c=d)"),
        ] {
            assert_eq!(mask.value(name, value.as_bytes()).as_ref(), masked.as_bytes(), "{name}");
            assert_eq!(Redaction::is_credential(name, value.as_bytes()), value != masked, "{name}");
        }
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
            ("/?next=%2Fx%3Ftoken%3Dhunter2%26a%3Db", "/?next=%2Fx%3Ftoken%3D***%26a%3Db"),
            ("/?next=https%3A%2F%2Fme%3Ahunter2%40h", "/?next=https%3A%2F%2Fme%3A***%40h"),
            ("/to/https%3a%2F%2Fhunter2%40h/?a", "/to/https%3a%2F%2F***%40h/?a"),
            ("ws://me:hunter2@h/?a=http://me:hunter2@h", "ws://me:***@h/?a=http://me:***@h"),
            ("//:@h/", "//:***@h/"),
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
    fn places_of_credentials_are_named() {
        let fields = [
            ("Host", &b"h"[..]),
            ("Cookie", b"a=b"),
            ("X-Api-Key", b"hunter2"),
            ("x-api-key", b"hunter3"),
            ("Sec-WebSocket-Protocol", b"chat"),
        ];
        let found = Redaction::credentials("/x?a=b&token=hunter2&key=", fields.into_iter());
        assert_eq!(found, ["Cookie", "X-Api-Key", "?token"]);
        let token = [("Sec-WebSocket-Protocol", &b"bearer, Hunter2Hunter2"[..])];
        assert_eq!(Redaction::credentials("/", token.into_iter()), ["Sec-WebSocket-Protocol"]);
        assert!(Redaction::credentials("/x?lang=de", [].into_iter()).is_empty());
    }

    #[test]
    fn malformed_header_lines_are_masked() {
        for (line, masked) in [
            ("Set-Cookie : a=hunter2", "Set-Cookie : ***"),
            ("Set-Cookie a=hunter2", "Set-Cookie ***"),
            (" Cookie: a=hunter2", " Cookie: ***"),
            ("X Set-Cookie: a=hunter2", "X Set-Cookie: ***"),
            ("Authorization=Bearer hunter2", "Authorization=Bearer ***"),
            ("Location : /x?token=hunter2", "Location : /x?token=***"),
            ("Author ization: Bearer hunter2", "Author ization: Bearer ***"),
            ("Author ization Bearer hunter2", "Author ization Bearer ***"),
            ("Author\u{1}ization\u{7f}: Bearer hunter2", "Author\u{1}ization\u{7f}: Bearer ***"),
            ("AuthorizationBearer hunter2", "AuthorizationBearer ***"),
            ("Authorization;Bearer hunter2", "Authorization;Bearer ***"),
            ("X-Api Key= hunter2", "X-Api Key= ***"),
            ("X Api-Key=hunter2:a", "X Api-Key=***"),
            ("Cookie=hunter2", "Cookie=***"),
            ("Cook ie=a=hunter2", "Cook ie=***"),
            ("Cookie,a=hunter2", "Cookie,***"),
            ("\"Cookie\": \"a=hunter2\"", "\"Cookie\": \"***"),
            ("Set-Cookie2 a=hunter2", "Set-Cookie2 ***"),
            ("X Link: </?token=hunter2>", "X Link: </?token=***>"),
            ("Cooking: pots", "Cooking: pots"),
            ("Server box: a", "Server box: a"),
            ("Server : box", "Server : box"),
            ("garbage", "garbage"),
            (":", ":"),
            ("", ""),
        ] {
            let shown = Redaction::Mask.malformed_line(line.as_bytes()).into_owned();
            assert_eq!(String::from_utf8_lossy(&shown), masked, "{line:?}");
            assert_eq!(Redaction::Show.malformed_line(line.as_bytes()).as_ref(), line.as_bytes());
        }
    }

    #[test]
    fn nothing_is_masked_with_show_secrets() {
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
