//! Collection of secrets from header fields, URLs and option values.

use std::borrow::Cow;

use super::Secrets;
use super::named::Named;
use crate::redact::names::HeaderKind;
use crate::redact::query::secret_parameters;
use crate::redact::{embedded, subprotocols, userinfo};

/// Collects secrets with their names.
#[derive(Default)]
pub struct Collector {
    found: Vec<Named>,
    /// Masked only after their names, even if they are long.
    named: Vec<Named>,
}

impl Collector {
    /// Adds a secret with these names.
    pub fn value(&mut self, names: &[&str], value: &[u8]) {
        // Without a name it is masked only if it is long enough.
        let names = if names.is_empty() { &[""] } else { names };
        self.found.extend(
            names.iter().map(|name| Named { name: (*name).to_owned(), value: value.to_vec() }),
        );
    }

    /// Adds the secrets in a header field.
    pub fn field(&mut self, name: &str, value: &[u8]) {
        let text = str::from_utf8(value).unwrap_or_default();
        match HeaderKind::of(name) {
            HeaderKind::Plain => self.text(text),
            HeaderKind::Credentials => self.credentials(name, value),
            HeaderKind::Cookies => self.cookies(value),
            HeaderKind::SetCookie => {
                self.cookies(value.split(|&byte| byte == b';').next().unwrap_or_default());
            }
            HeaderKind::Secret => {
                self.credentials(name, value);
                self.value(&[name], value);
            }
            HeaderKind::Subprotocols => {
                let secrets = subprotocols::secrets(text);
                secrets.iter().for_each(|secret| self.value(&subprotocols::PREFIXES, secret));
            }
            HeaderKind::Url => {
                self.url(text);
                self.text(text);
            }
        }
    }

    /// Adds the secrets in a URL or request target: its userinfo, and the values of token-like parameters.
    pub fn url(&mut self, url: &str) {
        for (name, value) in secret_parameters(url) {
            self.value(&[&url[name]], url[value].as_bytes());
        }
        if url.contains("//") {
            self.userinfo(userinfo(url));
        }
    }

    /// Adds the secrets of the URLs in a text.
    fn text(&mut self, text: &str) {
        for (name, value) in embedded::secrets(text) {
            let name = &text[name];
            let names = [name];
            self.value(if name.is_empty() { &[] } else { &names }, text[value].as_bytes());
        }
    }

    /// Adds the secrets in a URL that may lack a scheme.
    pub fn authority(&mut self, text: &str) {
        let has_scheme = text.contains("://");
        self.url(&if has_scheme { Cow::Borrowed(text) } else { Cow::Owned(format!("//{text}")) });
    }

    /// Adds the password, or a user name without one, which may be a token.
    fn userinfo(&mut self, userinfo: Option<&str>) {
        let Some(userinfo) = userinfo else { return };
        match userinfo.split_once(':') {
            Some((_, password)) => self.value(&[], password.as_bytes()),
            None => self.value(&[], userinfo.as_bytes()),
        }
    }

    /// The collected secrets.
    pub fn secrets(self) -> Secrets {
        Secrets::new(self.found, self.named)
    }

    /// Adds what follows the scheme, and for Basic the password.
    fn credentials(&mut self, name: &str, value: &[u8]) {
        let (scheme, rest) = match value.iter().position(|&byte| byte == b' ') {
            Some(at) => (&value[..at], value[at..].trim_ascii()),
            None => (&b""[..], value),
        };
        self.value(&[name, str::from_utf8(scheme).unwrap_or_default()], rest);
        if scheme.eq_ignore_ascii_case(b"basic")
            && let Ok(pair) = data_encoding::BASE64.decode(rest)
            && let Some(colon) = pair.iter().position(|&byte| byte == b':')
        {
            let is_alone = colon + 1 == pair.len(); // then the user name is a token
            self.value(&[], if is_alone { &pair[..colon] } else { &pair[colon + 1..] });
        }
    }

    /// Adds the values. They are not masked after the names of cookies, which may be common words (`lang`).
    fn cookies(&mut self, value: &[u8]) {
        let at = |pair: &[u8]| pair.iter().position(|&byte| byte == b'=');
        let pairs = value.split(|&byte| byte == b';');
        let values = pairs.filter_map(|pair| Some(pair[at(pair)? + 1..].trim_ascii()));
        values.for_each(|value| self.value(&[], value));
        self.named.push(Named { name: "cookie".to_owned(), value: value.trim_ascii().to_vec() });
    }
}
