//! The secrets that were sent, to be found again in what the server says of them.
//!
//! Servers repeat what they were sent, in error pages above all. Such words are shown, but for the
//! secrets in them. Messages are data and are never touched.

use std::borrow::Cow;

use super::{Redaction, TOKEN_HEADERS, is_secret, percent_decoded, subprotocols};

/// Shorter ones would make holes in words that have nothing to do with them.
const MIN_LENGTH: usize = 4;

/// Secret values, longest first. They are not shown by `Debug` either.
#[derive(Clone, Default)]
pub struct Secrets(Vec<Vec<u8>>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

impl Secrets {
    /// Those in a request: its target and its header fields. None if secrets are to be shown.
    pub fn of_request<'a>(
        redaction: Redaction,
        target: &str,
        fields: impl Iterator<Item = (&'a str, &'a [u8])>,
    ) -> Self {
        if redaction == Redaction::Show {
            return Self::default();
        }
        let mut values: Vec<Vec<u8>> = Vec::new();
        let query = target.split_once('?').map_or("", |(_, query)| query);
        for (name, value) in query.split('&').filter_map(|parameter| parameter.split_once('=')) {
            if is_secret(name) {
                values.extend([value.into(), percent_decoded(value).into()]);
            }
        }
        for (name, value) in fields {
            match name.to_ascii_lowercase().as_str() {
                "authorization" | "proxy-authorization" => values.extend(credentials(value)),
                "cookie" => values.extend(cookies(value)),
                "sec-websocket-protocol" => {
                    let tokens = str::from_utf8(value).map(subprotocols::tokens);
                    values.extend(tokens.unwrap_or_default().into_iter().map(Into::into));
                }
                other if TOKEN_HEADERS.iter().any(|it| it.eq_ignore_ascii_case(other)) => {
                    values.push(value.into());
                }
                _ => {}
            }
        }
        Self::new(values)
    }

    /// These values, but for those that are too short to be found again.
    fn new(mut values: Vec<Vec<u8>>) -> Self {
        values.retain(|value| value.len() >= MIN_LENGTH);
        values.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        values.dedup();
        Self(values)
    }

    /// These and others.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self::new(self.0.into_iter().chain(others.0).collect())
    }

    /// The text without them.
    pub fn mask<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let mut masked = Cow::Borrowed(text);
        for secret in &self.0 {
            if memchr::memmem::find(&masked, secret).is_some() {
                masked = Cow::Owned(replace(&masked, secret));
            }
        }
        masked
    }

    /// The start of a text without them, also where the cut goes through one.
    pub fn mask_cut<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let masked = self.mask(text);
        let cut = |secret: &Vec<u8>| {
            (MIN_LENGTH..secret.len()).rev().find(|&length| masked.ends_with(&secret[..length]))
        };
        match self.0.iter().filter_map(cut).max() {
            None => masked,
            Some(length) => Cow::Owned([&masked[..masked.len() - length], super::MASK].concat()),
        }
    }

    /// The text without them.
    pub fn mask_text(&self, text: String) -> String {
        match self.mask(text.as_bytes()) {
            Cow::Borrowed(_) => text,
            Cow::Owned(masked) => String::from_utf8_lossy(&masked).into_owned(),
        }
    }
}

fn replace(text: &[u8], secret: &[u8]) -> Vec<u8> {
    let mut masked = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, secret) {
        masked.extend_from_slice(&rest[..at]);
        masked.extend_from_slice(super::MASK);
        rest = &rest[at + secret.len()..];
    }
    masked.extend_from_slice(rest);
    masked
}

/// What follows the scheme; of Basic also the password.
fn credentials(value: &[u8]) -> Vec<Vec<u8>> {
    let (scheme, rest) = match value.iter().position(|&byte| byte == b' ') {
        Some(at) => (&value[..at], value[at..].trim_ascii()),
        None => (&b""[..], value),
    };
    let mut found = vec![rest.to_vec()];
    if scheme.eq_ignore_ascii_case(b"basic")
        && let Ok(pair) = data_encoding::BASE64.decode(rest)
        && let Some(colon) = pair.iter().position(|&byte| byte == b':')
    {
        let is_alone = colon + 1 == pair.len(); // then it is a token
        found.push(if is_alone { pair[..colon].to_vec() } else { pair[colon + 1..].to_vec() });
    }
    found
}

fn cookies(value: &[u8]) -> Vec<Vec<u8>> {
    let value_of = |pair: &[u8]| {
        let at = pair.iter().position(|&byte| byte == b'=');
        at.map(|at| pair[at + 1..].trim_ascii().to_vec())
    };
    value.split(|&byte| byte == b';').filter_map(value_of).collect()
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
    fn what_was_sent_is_not_shown_when_it_comes_back() {
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
    fn half_a_secret_is_one_too_where_a_text_was_cut() {
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
    fn a_token_is_a_secret_whatever_its_scheme() {
        for value in ["Bearer hunter2", "hunter2", "Basic hunter2", "Basic aHVudGVyMjo="] {
            let fields = [("Authorization", value.as_bytes())];
            let secrets = Secrets::of_request(Redaction::Mask, "/", fields.into_iter());
            assert_eq!(secrets.mask(b"<hunter2>").as_ref(), b"<***>", "{value}");
        }
    }
}
