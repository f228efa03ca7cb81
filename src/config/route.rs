//! Proxy and routing: what was typed, and the environment → where to connect, through which proxy.

use std::net::IpAddr;

use super::files::FileReader;
use super::headers::headers_of;
use super::{ConfigError, Env};
use crate::cli::RouteArgs;
use crate::client::HandshakeConfig;
use crate::net::proxy::{Choice, ProxyPolicy, SettingOrigin};
use crate::net::route::{ConnectTo, Family, LocalBinding, Resolve, RouteOptions};
use crate::net::target::Target;
use crate::net::tls::TlsOptions;
use crate::protocol::head::HeaderLine;

/// Parses a URL; `at_socket`: the connection goes to a Unix socket.
///
/// # Errors
/// If it is not valid.
pub(super) fn target(url: &str, at_socket: bool) -> Result<Target, ConfigError> {
    let target = match at_socket {
        true => Target::parse_at_socket(url),
        false => Target::parse(url),
    };
    target.map_err(ConfigError::Target)
}

/// Resolves the options. Headers for the proxy are taken out of the request's.
///
/// # Errors
/// With the first value that cannot be used.
pub(super) fn route(
    args: &RouteArgs,
    target: &Target,
    handshake: &mut HandshakeConfig,
    env: &Env,
    files: &FileReader,
) -> Result<RouteOptions, ConfigError> {
    let (proxy, no_proxy) = (args.proxy.as_deref(), args.no_proxy.as_deref());
    let mut route = RouteOptions {
        family: family(args),
        proxies: ProxyPolicy::new(proxy, no_proxy, &env.proxies).map_err(ConfigError::Setting)?,
        proxy_headers: headers_of("--proxy-header", &args.proxy_header, files)?,
        socket: args.unix_socket.clone(),
        connect_to: each("--connect-to", &args.connect_to, ConnectTo::parse)?,
        resolve: each("--resolve", &args.resolve, Resolve::parse)?,
        source: args.interface.as_deref().map(|text| source(text, family(args))).transpose()?,
    };
    if let Choice::Through(proxy, _) = route.choose(target).map_err(ConfigError::Setting)?
        && !proxy.kind.is_socks()
    {
        // RFC 9110 section 11.7.2: that header is for the next proxy only.
        let is_for_proxy = |line: &HeaderLine| line.is("Proxy-Authorization");
        route.proxy_headers.extend(handshake.headers.extract_if(.., |line| is_for_proxy(line)));
    }
    Ok(route)
}

/// How certificates of proxies are checked: what `--cacert` adds is trusted, `-k` is about the server.
pub(super) fn proxy_tls(args: &RouteArgs, tls: &TlsOptions) -> TlsOptions {
    TlsOptions {
        insecure: args.proxy_insecure,
        roots: tls.roots.clone(),
        trust: tls.trust,
        ..TlsOptions::default()
    }
}

/// A notice about the choice of a proxy: whether it is only for `-v`, and its text.
pub fn proxy_remark(choice: &Choice) -> Option<(bool, String)> {
    let (proxy, origin, why) = match choice {
        Choice::Direct => return None,
        Choice::Through(proxy, origin) => {
            return Some((true, format!("proxy {proxy} is used because of {origin}")));
        }
        Choice::Bypassed(proxy, origin, entry, list) => {
            (proxy, origin, format!("{list} has '{entry}'"))
        }
        Choice::NotForSockets(proxy, origin) => {
            (proxy, origin, "a Unix socket is on this machine".to_owned())
        }
    };
    Some(match origin {
        SettingOrigin::Option(name) => (false, format!("{name} {proxy} is not used: {why}")),
        SettingOrigin::Variable(name) => {
            (true, format!("proxy {proxy} from {name} is not used: {why}"))
        }
    })
}

fn family(args: &RouteArgs) -> Family {
    match (args.ipv4, args.ipv6) {
        (true, _) => Family::V4,
        (_, true) => Family::V6,
        _ => Family::Any,
    }
}

fn each<T>(
    option: &'static str,
    given: &[String],
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, ConfigError> {
    let read =
        |text: &String| parse(text).map_err(|reason| ConfigError::value(option, text, reason));
    given.iter().map(read).collect()
}

fn source(text: &str, family: Family) -> Result<LocalBinding, ConfigError> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let Ok(address) = bare.parse() else { return Ok(LocalBinding::Interface(text.to_owned())) };
    if !family.admits(address) {
        let reason = match address {
            IpAddr::V6(_) => "that is an IPv6 address, and -4 leaves only IPv4",
            IpAddr::V4(_) => "that is an IPv4 address, and -6 leaves only IPv6",
        };
        return Err(ConfigError::value("--interface", text, reason));
    }
    Ok(LocalBinding::Address(address))
}
