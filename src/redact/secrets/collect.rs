//! Finds secrets in header fields, URLs and values of options.

use std::borrow::Cow;

use super::Secrets;
use super::named::Named;
use crate::redact::names::HeaderKind;
use crate::redact::query::secret_parameters;
use crate::redact::{subprotocols, userinfo};

/// Collects secrets, each with the names of what holds it.
#[derive(Default)]
pub struct Collector {
    found: Vec<Named>,
    /// Masked behind their names only, however long they are.
    named: Vec<Named>,
}

impl Collector {
    /// A secret that goes by these names.
    pub fn value(&mut self, names: &[&str], value: &[u8]) {
        // Without a name it is masked only if it is long enough for that.
        let names = if names.is_empty() { &[""] } else { names };
        self.found.extend(
            names.iter().map(|name| Named { name: (*name).to_owned(), value: value.to_vec() }),
        );
    }

    /// The secrets in a header field.
    pub fn field(&mut self, name: &str, value: &[u8]) {
        let text = str::from_utf8(value).unwrap_or_default();
        match HeaderKind::of(name) {
            HeaderKind::Plain => {}
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
            HeaderKind::Url => self.url(text),
        }
    }

    /// The secrets in a URL or request target: its userinfo, and the values of token-like parameters.
    pub fn url(&mut self, url: &str) {
        for (name, value) in secret_parameters(url) {
            self.value(&[&url[name]], url[value].as_bytes());
        }
        if url.contains("//") {
            self.userinfo(userinfo(url));
        }
    }

    /// The same of what may lack a scheme.
    pub fn authority(&mut self, text: &str) {
        let has_scheme = text.contains("://");
        self.url(&if has_scheme { Cow::Borrowed(text) } else { Cow::Owned(format!("//{text}")) });
    }

    /// The password; a name alone may be a token.
    fn userinfo(&mut self, userinfo: Option<&str>) {
        let Some(userinfo) = userinfo else { return };
        match userinfo.split_once(':') {
            Some((_, password)) => self.value(&[], password.as_bytes()),
            None => self.value(&[], userinfo.as_bytes()),
        }
    }

    /// All that was collected.
    pub fn secrets(self) -> Secrets {
        Secrets::new(self.found, self.named)
    }

    /// What follows the scheme; of Basic also the password.
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
            let is_alone = colon + 1 == pair.len(); // then it is a token
            self.value(&[], if is_alone { &pair[..colon] } else { &pair[colon + 1..] });
        }
    }

    /// The values. Names of cookies are common words (`lang`), and a pair of short ones is data.
    fn cookies(&mut self, value: &[u8]) {
        let at = |pair: &[u8]| pair.iter().position(|&byte| byte == b'=');
        let pairs = value.split(|&byte| byte == b';');
        let values = pairs.filter_map(|pair| Some(pair[at(pair)? + 1..].trim_ascii()));
        values.for_each(|value| self.value(&[], value));
        self.named.push(Named { name: "cookie".to_owned(), value: value.trim_ascii().to_vec() });
    }
}
