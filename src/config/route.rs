//! The way to the server: what was typed, and the environment → where to connect, through which proxy.

use std::net::IpAddr;

use super::connect::headers_of;
use super::files::FileReader;
use super::{ConfigError, Env, HandshakeConfig};
use crate::cli::RouteArgs;
use crate::net::proxy::{Choice, Origin, ProxyPolicy};
use crate::net::route::{ConnectTo, Family, Resolve, RouteOptions, Source};
use crate::net::target::Target;
use crate::net::tls::TlsOptions;
use crate::redact::Redaction;

/// Resolves the way to `target`. Of the request's headers, those for the proxy are taken out.
///
/// # Errors
/// With the first value that cannot be used.
pub(super) fn route(
    args: &RouteArgs,
    target: &Target,
    handshake: &mut HandshakeConfig,
    redaction: Redaction,
    env: &Env,
    files: &FileReader,
) -> Result<RouteOptions, ConfigError> {
    let (proxy, no_proxy) = (args.proxy.as_deref(), args.no_proxy.as_deref());
    let mut route = RouteOptions {
        family: family(args),
        proxies: ProxyPolicy::new(proxy, no_proxy, &env.proxies).map_err(ConfigError::Setting)?,
        user_agent: handshake.user_agent.clone(),
        proxy_headers: headers_of("--proxy-header", &args.proxy_header, files)?,
        socket: args.unix_socket.clone(),
        connect_to: each("--connect-to", &args.connect_to, ConnectTo::parse)?,
        resolve: each("--resolve", &args.resolve, Resolve::parse)?,
        source: args.interface.as_deref().map(|text| source(text, family(args))).transpose()?,
        lenient: false,
        redaction,
    };
    if let Choice::Through(proxy, _) = route.choose(target).map_err(ConfigError::Setting)?
        && !proxy.kind.is_socks()
    {
        // RFC 9110 section 11.7.2: that header is for the next proxy, and for nobody behind it.
        let is_for_proxy =
            |line: &crate::protocol::head::HeaderLine| line.is("Proxy-Authorization");
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

/// What should be told of the choice of a proxy: whether only on demand, and in words.
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
        Origin::Option(name) => (false, format!("{name} {proxy} is not used: {why}")),
        Origin::Variable(name) => (true, format!("proxy {proxy} from {name} is not used: {why}")),
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

fn source(text: &str, family: Family) -> Result<Source, ConfigError> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let Ok(address) = bare.parse() else { return Ok(Source::Interface(text.to_owned())) };
    if !family.admits(address) {
        let reason = match address {
            IpAddr::V6(_) => "that is an IPv6 address, and -4 leaves only IPv4",
            IpAddr::V4(_) => "that is an IPv4 address, and -6 leaves only IPv6",
        };
        return Err(ConfigError::value("--interface", text, reason));
    }
    Ok(Source::Address(address))
}
