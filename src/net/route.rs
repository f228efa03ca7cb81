//! Proxy and routing: which address to connect to, where options override the URL.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use url::Host;

use super::proxy::{BadSetting, Choice, ProxyPolicy};
use super::target::{Endpoint, Target, TargetAuthority};
use crate::protocol::head::HeaderLine;

#[cfg(test)]
mod tests;

/// Which addresses may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// All.
    #[default]
    Any,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

impl Family {
    /// Whether this address may be used.
    pub const fn admits(self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
        }
    }
}

/// How targets are reached.
#[derive(Clone, Debug, Default)]
pub struct RouteOptions {
    /// Which addresses may be used.
    pub family: Family,
    /// Which proxies are used, and for which targets.
    pub proxies: ProxyPolicy,
    /// The user's own headers for CONNECT requests.
    pub proxy_headers: Vec<HeaderLine>,
    /// A Unix socket in the place of any host.
    pub socket: Option<PathBuf>,
    /// Other hosts and ports for some; the first that matches is used.
    pub connect_to: Vec<ConnectTo>,
    /// Addresses for some names; the first that matches is used.
    pub resolve: Vec<Resolve>,
    /// The local end of the connection.
    pub source: Option<LocalBinding>,
}

/// The local end of a connection: the source address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocalBinding {
    /// This address.
    Address(IpAddr),
    /// Any address of this network interface.
    Interface(String),
}

impl RouteOptions {
    /// What to connect to, or what a proxy is to connect to.
    pub fn endpoint(&self, target: &Target) -> Endpoint {
        if let Some(path) = &self.socket {
            return Endpoint::Unix(path.clone());
        }
        let Endpoint::Tcp { host, port } = &target.endpoint else { return target.endpoint.clone() };
        let other = self.connect_to.iter().find(|it| it.matches(host, *port));
        Endpoint::Tcp {
            host: other.and_then(|it| it.to.0.clone()).unwrap_or_else(|| host.clone()),
            port: other.and_then(|it| it.to.1).unwrap_or(*port),
        }
    }

    /// Which proxy is used for the target. NO_PROXY is matched against the host in the URL.
    ///
    /// # Errors
    /// When the setting that applies is not a proxy.
    pub fn choose(&self, target: &Target) -> Result<Choice, BadSetting> {
        match &self.socket {
            Some(path) => self.proxies.choose(target.scheme, &Endpoint::Unix(path.clone())),
            None => self.proxies.choose(target.scheme, &target.endpoint),
        }
    }

    /// The addresses given for a host and port.
    pub fn resolved(&self, host: &Host<String>, port: u16) -> Option<Vec<SocketAddr>> {
        let found = self.resolve.iter().find(|it| it.matches(host, port))?;
        Some(found.addresses.iter().map(|address| SocketAddr::new(*address, port)).collect())
    }
}

type HostAndPort = (Option<Host<String>>, Option<u16>);

/// Another host and port for those that it matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectTo {
    from: HostAndPort,
    to: HostAndPort,
}

impl ConnectTo {
    /// Reads `HOST:PORT`, for every target, or curl's `HOST1:PORT1:HOST2:PORT2`. An empty part matches all, or
    /// replaces nothing.
    ///
    /// # Errors
    /// The reason.
    pub fn parse(text: &str) -> Result<Self, String> {
        match split(text).as_slice() {
            [host, port] => Ok(Self { from: (None, None), to: host_and_port(host, port)? }),
            [from_host, from_port, host, port] => Ok(Self {
                from: host_and_port(from_host, from_port)?,
                to: host_and_port(host, port)?,
            }),
            _ => Err("write HOST:PORT, or HOST1:PORT1:HOST2:PORT2 for one target".to_owned()),
        }
    }

    fn matches(&self, host: &Host<String>, port: u16) -> bool {
        let (from_host, from_port) = &self.from;
        from_host.as_ref().is_none_or(|from| from == host)
            && from_port.is_none_or(|from| from == port)
    }
}

/// Addresses for a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    /// `None`: every host.
    host: Option<Host<String>>,
    port: u16,
    addresses: Vec<IpAddr>,
}

impl Resolve {
    /// Reads curl's `HOST:PORT:ADDRESS[,ADDRESS]…`; the host may be `*`.
    ///
    /// # Errors
    /// The reason.
    pub fn parse(text: &str) -> Result<Self, String> {
        let form = || "write HOST:PORT:ADDRESS[,ADDRESS]".to_owned();
        // With + an entry of curl's cache expires; wscope has no cache.
        let text = text.strip_prefix('+').unwrap_or(text);
        let parts = split(text);
        let [host, port, _, ..] = parts.as_slice() else { return Err(form()) };
        let list = &text[host.len() + port.len() + 2..];
        let (_, port) = host_and_port("", port)?;
        let host = match *host {
            "*" => None,
            host => Some(host_and_port(host, "")?.0.ok_or_else(form)?),
        };
        let addresses: Result<_, String> = list.split(',').map(address).collect();
        Ok(Self { host, port: port.ok_or_else(form)?, addresses: addresses? })
    }

    fn matches(&self, host: &Host<String>, port: u16) -> bool {
        self.port == port && self.host.as_ref().is_none_or(|own| own == host)
    }
}

/// At colons that are not inside brackets.
fn split(text: &str) -> Vec<&str> {
    let mut is_inside = false;
    text.split(|c| {
        is_inside = (is_inside || c == '[') && c != ']';
        c == ':' && !is_inside
    })
    .collect()
}

fn host_and_port(host: &str, port: &str) -> Result<HostAndPort, String> {
    let named = if host.is_empty() { "x" } else { host };
    if named.contains('@') {
        return Err("a name and password are not allowed here".to_owned());
    }
    let read = TargetAuthority::parse(&format!("{named}:{port}"))?;
    Ok(((!host.is_empty()).then_some(read.host), read.port))
}

fn address(text: &str) -> Result<IpAddr, String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().map_err(|_| format!("'{text}' is not an IP address"))
}
