//! Hosts for which the proxy is not used: NO_PROXY and `--no-proxy`.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use url::Host;

/// Hosts that are connected to directly, in curl's format, and with ports: names (with all names below them),
/// addresses, CIDR blocks, `*` for everything; separated by commas or blanks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bypass {
    entries: Vec<BypassEntry>,
}

/// One entry, with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BypassEntry {
    text: String,
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hosts {
    All,
    /// A name in lower case without dots at its ends, and its subdomains.
    Name(String),
    /// The addresses that share this many leading bits with this one.
    Block(IpAddr, u32),
}

impl fmt::Display for BypassEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Bypass {
    /// Reads a list without its invalid entries, as curl does.
    pub fn new(list: &str) -> Self {
        Self { entries: words(list).filter_map(|word| BypassEntry::parse(word).ok()).collect() }
    }

    /// Reads the list of an option.
    ///
    /// # Errors
    /// The first invalid entry, with the reason.
    pub fn parse(list: &str) -> Result<Self, String> {
        let entries = words(list).map(|word| {
            BypassEntry::parse(word).map_err(|reason| format!("entry '{word}': {reason}"))
        });
        Ok(Self { entries: entries.collect::<Result<_, _>>()? })
    }

    /// The first entry that names this host and port.
    pub fn find(&self, host: &Host<String>, port: u16) -> Option<&BypassEntry> {
        self.entries.iter().find(|entry| entry.matches(host, port))
    }
}

fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', ' ', '\t']).map(str::trim).filter(|word| !word.is_empty())
}

impl BypassEntry {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let (host, port) = split_port(text)?;
        let port = port.map(|port| port.parse().map_err(|_| "bad port")).transpose()?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let hosts = match bare.split_once('/') {
            _ if host == "*" => Hosts::All,
            Some((address, bits)) => block(address, bits)?,
            None => match bare.parse::<IpAddr>() {
                Ok(address) => Hosts::Block(address, width(address)),
                Err(_) => name(bare)?,
            },
        };
        Ok(Self { text: text.to_owned(), hosts, port })
    }

    fn matches(&self, host: &Host<String>, port: u16) -> bool {
        self.port.is_none_or(|wanted| wanted == port)
            && match (&self.hosts, host) {
                (Hosts::All, _) => true,
                (Hosts::Name(name), Host::Domain(host)) => is_below(host, name),
                (Hosts::Block(block, bits), Host::Ipv4(address)) => {
                    share(*block, IpAddr::V4(*address), *bits)
                }
                (Hosts::Block(block, bits), Host::Ipv6(address)) => {
                    share(*block, IpAddr::V6(*address), *bits)
                }
                _ => false,
            }
    }
}

/// Host and port; the colons of a bare IPv6 address or block begin no port.
fn split_port(text: &str) -> Result<(&str, Option<&str>), &'static str> {
    if let Some(rest) = text.strip_prefix('[') {
        let end = rest.find(']').ok_or("the '[' has no ']'")?;
        let (host, tail) = text.split_at(end + 2);
        return match tail.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if tail.is_empty() => Ok((host, None)),
            None => Err("neither a port nor the end follows the ']'"),
        };
    }
    let address = text.split('/').next().unwrap_or_default();
    if address.parse::<Ipv6Addr>().is_ok() {
        return Ok((text, None));
    }
    Ok(text.rsplit_once(':').map_or((text, None), |(host, port)| (host, Some(port))))
}

fn block(address: &str, bits: &str) -> Result<Hosts, &'static str> {
    let address: IpAddr = address.parse().map_err(|_| "no address before the '/'")?;
    match bits.parse() {
        Ok(bits) if bits <= width(address) => Ok(Hosts::Block(address, bits)),
        _ => Err("no prefix length of such an address after the '/'"),
    }
}

/// `*.example.com`, as in Python and elsewhere, means the same as curl's `.example.com`.
fn name(text: &str) -> Result<Hosts, &'static str> {
    let bare = text.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(text);
    let bare = bare.strip_prefix('.').unwrap_or(bare);
    let host = Host::parse(bare.strip_suffix('.').unwrap_or(bare));
    match host {
        Ok(Host::Domain(name)) if !name.is_empty() => Ok(Hosts::Name(name)),
        _ => Err("neither a name nor an address"),
    }
}

const fn width(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn is_below(host: &str, name: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    match host.strip_suffix(name) {
        Some(rest) => rest.is_empty() || rest.ends_with('.'),
        None => false,
    }
}

fn share(one: IpAddr, other: IpAddr, bits: u32) -> bool {
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            (one.to_bits() ^ other.to_bits()).leading_zeros() >= bits
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => {
            (one.to_bits() ^ other.to_bits()).leading_zeros() >= bits
        }
        _ => false,
    }
}
