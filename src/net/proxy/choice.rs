//! Which proxy is used for a target, and which setting names it.

use std::fmt;

use super::{Bypass, BypassEntry, Proxy};
use crate::net::target::{Endpoint, Scheme};

/// The environment variables that are read, and REQUEST_METHOD: with it, a web server may have made HTTP_PROXY
/// from a client's header (CVE-2016-5385).
pub const VARIABLES: [&str; 13] = [
    "ws_proxy",
    "WS_PROXY",
    "wss_proxy",
    "WSS_PROXY",
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "REQUEST_METHOD",
];

/// Those of [`VARIABLES`] that are set and not empty.
pub type Variables = Vec<(&'static str, String)>;

/// The source of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingOrigin {
    /// This option.
    Option(&'static str),
    /// This environment variable.
    Variable(&'static str),
}

impl fmt::Display for SettingOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(name) | Self::Variable(name) => f.write_str(name),
        }
    }
}

/// All settings about proxies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyPolicy {
    option: Option<Proxy>,
    /// `--proxy ''` turns those of the environment off.
    is_off: bool,
    bypass: Bypass,
    bypass_origin: Option<SettingOrigin>,
    variables: Variables,
}

/// The choice of a proxy for a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// No proxy is set for such targets.
    Direct,
    /// A proxy, because of this setting.
    Through(Proxy, SettingOrigin),
    /// Not this proxy, although this setting names it: an entry of that list matches the target.
    Bypassed(Proxy, SettingOrigin, BypassEntry, SettingOrigin),
    /// Not this proxy, although this setting names it: the target is a Unix socket.
    NotForSockets(Proxy, SettingOrigin),
}

impl ProxyPolicy {
    /// From `--proxy` and `--no-proxy`, where they are given, and the environment. As in curl, an empty
    /// `--proxy` means none, and `--no-proxy` replaces NO_PROXY, which limits `--proxy` too.
    ///
    /// # Errors
    /// Which setting is not valid, and why.
    pub fn new(
        proxy: Option<&str>,
        no_proxy: Option<&str>,
        variables: &Variables,
    ) -> Result<Self, BadSetting> {
        let option = proxy.map(str::trim).filter(|text| !text.is_empty());
        let option =
            option.map(|text| parse(text, SettingOrigin::Option("--proxy"))).transpose()?;
        let (bypass, bypass_origin) = match (no_proxy, set(variables, &["no_proxy", "NO_PROXY"])) {
            (Some(list), _) => {
                let origin = SettingOrigin::Option("--no-proxy");
                let bad = |reason| BadSetting { origin, shown: list.to_owned(), reason };
                (Bypass::parse(list).map_err(bad)?, Some(origin))
            }
            (None, Some((name, list))) => (Bypass::new(list), Some(SettingOrigin::Variable(name))),
            (None, None) => (Bypass::default(), None),
        };
        let is_off = proxy.is_some() && option.is_none();
        Ok(Self { option, is_off, bypass, bypass_origin, variables: variables.clone() })
    }

    /// The choice for an endpoint and connections of this scheme.
    ///
    /// # Errors
    /// When the value of the environment variable that applies is not a proxy.
    pub fn choose(&self, scheme: Scheme, endpoint: &Endpoint) -> Result<Choice, BadSetting> {
        let Some((proxy, origin)) = self.proxy(scheme)? else { return Ok(Choice::Direct) };
        let Endpoint::Tcp { host, port } = endpoint else {
            return Ok(Choice::NotForSockets(proxy, origin));
        };
        Ok(match (self.bypass.find(host, *port), self.bypass_origin) {
            (Some(entry), Some(list)) => Choice::Bypassed(proxy, origin, entry.clone(), list),
            _ => Choice::Through(proxy, origin),
        })
    }

    fn proxy(&self, scheme: Scheme) -> Result<Option<(Proxy, SettingOrigin)>, BadSetting> {
        if let Some(proxy) = &self.option {
            return Ok(Some((proxy.clone(), SettingOrigin::Option("--proxy"))));
        }
        if self.is_off {
            return Ok(None);
        }
        let is_cgi = set(&self.variables, &["REQUEST_METHOD"]).is_some();
        let names: &[&str] = match scheme {
            Scheme::Wss => {
                &["wss_proxy", "WSS_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
            }
            Scheme::Ws if is_cgi => {
                &["ws_proxy", "WS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"]
            }
            Scheme::Ws => {
                &["ws_proxy", "WS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]
            }
        };
        let Some((name, text)) = set(&self.variables, names) else { return Ok(None) };
        let origin = SettingOrigin::Variable(name);
        Ok(Some((parse(text, origin)?, origin)))
    }
}

/// The first of these variables that is set.
fn set<'a>(variables: &'a Variables, names: &[&str]) -> Option<(&'static str, &'a str)> {
    names.iter().find_map(|wanted| {
        let found = variables.iter().find(|(name, value)| name == wanted && !value.is_empty());
        found.map(|(name, value)| (*name, value.as_str()))
    })
}

fn parse(text: &str, origin: SettingOrigin) -> Result<Proxy, BadSetting> {
    Proxy::parse(text).map_err(|reason| BadSetting { origin, shown: Proxy::masked(text), reason })
}

/// A setting that is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bad {origin} {shown:?}: {reason}")]
pub struct BadSetting {
    /// The setting.
    pub origin: SettingOrigin,
    /// Its value, without secrets.
    pub shown: String,
    /// The reason.
    pub reason: String,
}
