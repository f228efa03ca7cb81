//! Proxies: their URLs, and which one is used for a target.

use std::fmt;

use url::Host;

use super::target::{Credentials, TargetAuthority, is_number};
use crate::protocol::basic;
use crate::redact::{Redaction, Secrets};

mod bypass;
mod choice;
#[cfg(test)]
mod tests;

pub use bypass::{Bypass, BypassEntry};
pub use choice::{BadSetting, Choice, ProxyPolicy, SettingOrigin, VARIABLES, Variables};

/// The protocol of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyKind {
    /// HTTP CONNECT (RFC 9110 section 9.3.6).
    Http,
    /// The same over TLS.
    Https,
    /// SOCKS5 (RFC 1928); names are looked up here.
    Socks5,
    /// SOCKS5; the proxy looks names up.
    Socks5h,
}

impl ProxyKind {
    /// The scheme of its URL.
    pub const fn scheme(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }

    /// Whether it is SOCKS5.
    pub const fn is_socks(self) -> bool {
        matches!(self, Self::Socks5 | Self::Socks5h)
    }

    /// curl's defaults.
    const fn default_port(self) -> u16 {
        match self {
            Self::Https => 443,
            _ => 1080,
        }
    }
}

/// A proxy. Displayed, it has no userinfo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Its protocol.
    pub kind: ProxyKind,
    /// Its host.
    pub host: Host<String>,
    /// Never 0.
    pub port: u16,
    /// For a proxy that requires them.
    pub credentials: Option<Credentials>,
}

/// RFC 1929 section 2: the lengths are one byte each.
const MAX_SOCKS_FIELD: usize = 255;

impl Proxy {
    /// Reads `[scheme://][user[:password]@]host[:port]`; without a scheme it is an HTTP proxy.
    ///
    /// # Errors
    /// The reason; no secret is quoted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let kind = match scheme.to_ascii_lowercase().as_str() {
            "http" => ProxyKind::Http,
            "https" => ProxyKind::Https,
            "socks5" => ProxyKind::Socks5,
            "socks5h" => ProxyKind::Socks5h,
            "socks" | "socks4" | "socks4a" => {
                return Err(
                    "wscope supports version 5 of SOCKS only: socks5:// or socks5h://".to_owned()
                );
            }
            _ => {
                return Err("a proxy is http://, https://, socks5:// or socks5h://".to_owned());
            }
        };
        if is_number(rest) {
            return Err(format!("a port alone is not a proxy: write localhost:{rest}"));
        }
        let TargetAuthority { credentials, host, port } = TargetAuthority::parse(rest)?;
        let is_long = |it: &Credentials| {
            let fields = [Some(&it.user), it.password.as_ref()];
            fields.into_iter().flatten().any(|field| field.len() > MAX_SOCKS_FIELD)
        };
        if kind.is_socks() && credentials.as_ref().is_some_and(is_long) {
            let reason =
                "a name or password for SOCKS5 can have at most 255 bytes (RFC 1929 section 2)";
            return Err(reason.to_owned());
        }
        Ok(Self { kind, host, port: port.unwrap_or(kind.default_port()), credentials })
    }

    /// The given proxy, without its userinfo.
    pub fn masked(text: &str) -> String {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (format!("{scheme}://"), rest),
            None => (String::new(), text),
        };
        match rest.rsplit_once('@') {
            Some((_, host)) => format!("{scheme}***@{host}"),
            None => text.to_owned(),
        }
    }

    /// The value of Proxy-Authorization for Basic (RFC 7617 section 2).
    pub fn basic(&self) -> Option<String> {
        let Credentials { user, password } = self.credentials.as_ref()?;
        let pair = format!("{user}:{}", password.as_deref().unwrap_or_default());
        Some(basic::authorization(pair.as_bytes()))
    }

    /// Secrets that its responses may repeat.
    pub fn secrets(&self, redaction: Redaction) -> Secrets {
        let basic = self.basic();
        let field = basic.as_ref().map(|value| ("Proxy-Authorization", value.as_bytes()));
        Secrets::of_request(redaction, "", field.into_iter())
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.kind.scheme(), self.host, self.port)
    }
}
