//! From a target to a connected stream: name, TCP, proxy, TLS, all under one deadline, each timed.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use url::Host;

use super::proxy::{Choice, Proxy, ProxyKind, SettingOrigin};
use super::reactor::{Deadline, Reactor, WaitError};
use super::resolve;
use super::route::{LocalBinding, RouteOptions};
use super::stream::Stream;
use super::target::{Endpoint, Target};
use super::tcp::{self, ConnectError};
use super::tls::{self, ClientContext, TlsInfo, TlsOptions};
use super::tunnel::socks5::SocksDestination;
use super::tunnel::{self, Connect, Heads, Socks5, TunnelError, TunnelHandshake};
use super::unix;
use crate::protocol::head::HeaderLine;
use crate::redact::Redaction;

mod error;
mod second_connection;

pub use error::{DialError, DialPhase, ProxyCause, ProxyCredentials, ProxyError};
use error::{tcp_failed, tls_failed, wait_failed};
pub use second_connection::answers_in_tls;

/// How to dial.
#[derive(Clone, Copy, Debug)]
pub struct DialOptions<'a> {
    /// Addresses and proxies.
    pub route: &'a RouteOptions,
    /// For wss.
    pub tls: &'a ClientContext,
    /// For https proxies.
    pub proxy_tls: &'a ClientContext,
    /// The User-Agent header of CONNECT requests; empty: none.
    pub user_agent: &'a str,
    /// Lines of a proxy's response that are not header fields are accepted.
    pub lenient: bool,
    /// Whether secrets in what proxies send are masked.
    pub redaction: Redaction,
}

/// How long each phase took; `None` for one that was not needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Lookup of names.
    pub dns: Option<Duration>,
    /// TCP connect, all attempts.
    pub tcp: Option<Duration>,
    /// Through the proxy to the target, with TLS to the proxy.
    pub proxy: Option<Duration>,
    /// TLS handshake.
    pub tls: Option<Duration>,
    /// From the first byte of the request to the last of the response head.
    pub upgrade: Option<Duration>,
    /// In total.
    pub total: Duration,
}

impl Timings {
    /// Adds the opening handshake, if there was a response.
    pub fn add_upgrade(&mut self, took: Option<Duration>) {
        self.upgrade = took;
        self.total += took.unwrap_or_default();
    }
}

/// A proxy, and the setting that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// The proxy.
    pub proxy: Proxy,
    /// The setting.
    pub origin: SettingOrigin,
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin {
            SettingOrigin::Option(_) => write!(f, "proxy {}", self.proxy),
            SettingOrigin::Variable(name) => write!(f, "proxy {} from {name}", self.proxy),
        }
    }
}

/// The other end, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remote {
    /// The server at this address.
    Address(SocketAddr),
    /// The server at this Unix socket.
    Socket(PathBuf),
    /// A host and port behind a proxy, which has this address.
    Tunnel(Box<Via>, String, SocketAddr),
}

impl Remote {
    /// The address or path that our socket is connected to.
    pub fn socket(&self) -> String {
        match self {
            Self::Address(address) | Self::Tunnel(_, _, address) => address.to_string(),
            Self::Socket(path) => format!("unix:{}", path.display()),
        }
    }

    /// The proxy, if there is one.
    pub fn via(&self) -> Option<&Via> {
        match self {
            Self::Tunnel(via, ..) => Some(via),
            _ => None,
        }
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tunnel(via, authority, _) => write!(f, "{authority} via {via}"),
            _ => f.write_str(&self.socket()),
        }
    }
}

/// A connection before its opening handshake.
#[derive(Debug)]
pub struct Dialed {
    /// The connection.
    pub stream: Stream,
    /// The other end.
    pub remote: Remote,
    /// The CONNECT request and its responses, with an HTTP proxy.
    pub heads: Option<Heads>,
    /// For wss.
    pub tls: Option<TlsInfo>,
    /// The time that it has taken so far.
    pub timings: Timings,
}

/// The maximum number of a name's addresses that are passed to a SOCKS5 proxy, one after the other.
const MAX_DESTINATIONS: usize = 4;

/// Connects to `target`.
///
/// # Errors
/// The phase that failed, the address, and the reason from the system, the proxy or the TLS library.
pub fn dial(
    target: &Target,
    options: DialOptions<'_>,
    reactor: &mut Reactor,
    deadline: Deadline,
) -> Result<Dialed, DialError> {
    let start = Instant::now();
    let mut dialer = Dialer { options, reactor, deadline, timings: Timings::default() };
    let Reached { mut stream, remote, heads } = dialer.reach(target)?;
    let mut tls = None;
    if target.scheme.is_tls() {
        let before = Instant::now();
        let info;
        let name = certificate_name(target, options.tls.options());
        (stream, info) = dialer.start_tls(stream, name, options.tls, &remote).map_err(|error| {
            let options = options.tls.options();
            dialer.explain(error, options, |dialer| Ok(dialer.reach(target)?.stream))
        })?;
        dialer.timings.tls = Some(before.elapsed());
        tls = Some(info);
    }
    let timings = Timings { total: start.elapsed(), ..dialer.timings };
    Ok(Dialed { stream, remote, heads, tls, timings })
}

struct Dialer<'a> {
    options: DialOptions<'a>,
    reactor: &'a mut Reactor,
    deadline: Deadline,
    timings: Timings,
}

struct Reached {
    stream: Stream,
    remote: Remote,
    heads: Option<Heads>,
}

impl Dialer<'_> {
    /// Connects to the target, through a proxy if one is to be used, without TLS to the target.
    fn reach(&mut self, target: &Target) -> Result<Reached, DialError> {
        let route = self.options.route;
        let (host, port) = match route.endpoint(target) {
            Endpoint::Tcp { host, port } => (host, port),
            Endpoint::Unix(path) => {
                let stream = self.connect_unix(&path)?;
                return Ok(Reached { stream, remote: Remote::Socket(path), heads: None });
            }
        };
        if let Choice::Through(proxy, origin) = route.choose(target).map_err(DialError::Setting)? {
            return self.tunnel(Via { proxy, origin }, &host, port);
        }
        let (stream, address) = self.connect_tcp(&host, port)?;
        Ok(Reached { stream, remote: Remote::Address(address), heads: None })
    }

    fn connect_unix(&mut self, path: &Path) -> Result<Stream, DialError> {
        unix::connect(path, self.reactor, self.deadline).map_err(|error| match error {
            WaitError::Io(error) => DialError::Socket(path.to_owned(), error),
            other => {
                wait_failed(DialPhase::Socket(path.to_owned()), other, self.deadline, Vec::new())
            }
        })
    }

    fn connect_tcp(
        &mut self,
        host: &Host<String>,
        port: u16,
    ) -> Result<(Stream, SocketAddr), DialError> {
        let addresses = self.addresses(host, port)?;
        let source = self.options.route.source.as_ref();
        let before = Instant::now();
        let (tcp, address) = tcp::connect(&addresses, source, self.reactor, self.deadline)
            .map_err(|error| tcp_failed(error, source, self.deadline))?;
        self.timings.tcp = Some(before.elapsed());
        Ok((Stream::Plain(tcp), address))
    }

    fn addresses(&mut self, host: &Host<String>, port: u16) -> Result<Vec<SocketAddr>, DialError> {
        let route = self.options.route;
        let before = Instant::now();
        let mut addresses = match route.resolved(host, port) {
            Some(given) => given,
            None => {
                let found = resolve::resolve(host, port, self.reactor, self.deadline);
                found.map_err(|error| match error {
                    WaitError::Io(error) => DialError::Dns {
                        host: host.to_string(),
                        error,
                        lacks_configuration: resolve::lacks_configuration(),
                    },
                    other => wait_failed(
                        DialPhase::Dns(host.to_string()),
                        other,
                        self.deadline,
                        Vec::new(),
                    ),
                })?
            }
        };
        if matches!(host, Host::Domain(_)) {
            *self.timings.dns.get_or_insert_default() += before.elapsed();
        }
        addresses.retain(|address| route.family.admits(address.ip()));
        if let Some(LocalBinding::Address(own)) = route.source {
            addresses.retain(|address| address.is_ipv4() == own.is_ipv4());
        }
        match addresses.is_empty() {
            true => Err(error::no_address(host, route)),
            false => Ok(addresses),
        }
    }

    fn tunnel(&mut self, via: Via, host: &Host<String>, port: u16) -> Result<Reached, DialError> {
        let authority = format!("{host}:{port}");
        // Before connecting to the proxy, which is not involved in this lookup.
        let mut destinations = match (via.proxy.kind, host) {
            (ProxyKind::Socks5, _) => {
                self.addresses(host, port)?.into_iter().map(SocksDestination::Address).collect()
            }
            (_, Host::Domain(name)) => vec![SocksDestination::Name(name.clone(), port)],
            (_, Host::Ipv4(ip)) => vec![SocksDestination::Address((*ip, port).into())],
            (_, Host::Ipv6(ip)) => vec![SocksDestination::Address((*ip, port).into())],
        };
        destinations.truncate(MAX_DESTINATIONS);
        let mut failed = None;
        for destination in destinations {
            match self.tunnel_to(via.clone(), destination, authority.clone()) {
                Err(error) if error.is_about_address() => failed = failed.or(Some(error)),
                other => return other,
            }
        }
        Err(failed.unwrap_or_else(|| error::no_address(host, self.options.route)))
    }

    fn tunnel_to(
        &mut self,
        via: Via,
        destination: SocksDestination,
        authority: String,
    ) -> Result<Reached, DialError> {
        let proxy = &via.proxy;
        let (mut stream, address) = self
            .connect_tcp(&proxy.host, proxy.port)
            .map_err(|error| self.proxy_failed(error, &via, &authority))?;
        let before = Instant::now();
        if proxy.kind == ProxyKind::Https {
            let name = host_name(&proxy.host);
            let remote = Remote::Address(address);
            let context = self.options.proxy_tls;
            (stream, _) = self.start_tls(stream, name, context, &remote).map_err(|error| {
                let error = self.explain(error, context.options(), |dialer| {
                    Ok(dialer.connect_tcp(&proxy.host, proxy.port)?.0)
                });
                self.proxy_failed(error, &via, &authority)
            })?;
        }
        let (early, heads) = match proxy.kind.is_socks() {
            true => {
                let mut socks = Socks5::new(destination, proxy.credentials.clone());
                let early = self.converse(&mut stream, &mut socks, &via, &authority);
                (early.map_err(|error| error.into_dial_error())?, None)
            }
            false => self.connect_method(&mut stream, &via, &authority)?,
        };
        self.timings.proxy = Some(before.elapsed());
        let stream = stream.resume(early);
        Ok(Reached { stream, remote: Remote::Tunnel(Box::new(via), authority, address), heads })
    }

    fn connect_method(
        &mut self,
        stream: &mut Stream,
        via: &Via,
        authority: &str,
    ) -> Result<(Vec<u8>, Option<Heads>), DialError> {
        let options = self.options;
        let mut common = Vec::new();
        common.extend(HeaderLine::user_agent(options.user_agent));
        let basic = via.proxy.basic();
        common.extend(basic.map(|value| HeaderLine::new("Proxy-Authorization", &value)));
        let connect = Connect::new(authority, &common, &options.route.proxy_headers);
        let mut connect = connect.lenient(options.lenient);
        let outcome = self.converse(stream, &mut connect, via, authority);
        let heads = connect.into_heads();
        match outcome {
            Ok(early) => Ok((early, Some(heads))),
            Err(failed) => Err(failed.with_heads(heads).into_dial_error()),
        }
    }

    fn converse(
        &mut self,
        stream: &mut Stream,
        conversation: &mut dyn TunnelHandshake,
        via: &Via,
        authority: &str,
    ) -> Result<Vec<u8>, error::TunnelFailed> {
        let (reactor, deadline) = (&mut *self.reactor, self.deadline);
        tunnel::open(stream, conversation, reactor, deadline).map_err(|error| {
            let cause = match error {
                TunnelError::Fault(fault) => ProxyCause::Fault(fault),
                TunnelError::Wait(error) => {
                    let phase = DialPhase::Proxy(authority.to_owned());
                    ProxyCause::Reach(wait_failed(phase, error, deadline, Vec::new()))
                }
            };
            error::TunnelFailed::new(self.proxy_error(cause, via, authority))
                .having_answered(conversation.has_answered())
        })
    }

    fn start_tls(
        &mut self,
        stream: Stream,
        name: String,
        context: &ClientContext,
        remote: &Remote,
    ) -> Result<(Stream, TlsInfo), DialError> {
        match tls::connect(stream, &name, context, self.reactor, self.deadline) {
            Ok((stream, info)) => Ok((Stream::Tls(Box::new(stream)), info)),
            Err(error) => Err(tls_failed(error, remote, name, context.options(), self.deadline)),
        }
    }

    fn proxy_failed(&self, error: DialError, via: &Via, authority: &str) -> DialError {
        if let DialError::Interrupted(interrupted, Some(failure)) = error {
            let failure = self.proxy_failed(*failure, via, authority);
            return DialError::Interrupted(interrupted, Some(Box::new(failure)));
        }
        let cause = ProxyCause::Reach(error);
        error::TunnelFailed::new(self.proxy_error(cause, via, authority)).into_dial_error()
    }

    fn proxy_error(&self, cause: ProxyCause, via: &Via, authority: &str) -> ProxyError {
        ProxyError {
            via: via.clone(),
            authority: authority.to_owned(),
            cause,
            request: None,
            interim: Vec::new(),
            sent: None,
            has_answered: false,
            redaction: self.options.redaction,
            secrets: via.proxy.secrets(self.options.redaction),
        }
    }
}

/// The name for which the certificate of the target must be valid.
pub fn certificate_name(target: &Target, options: &TlsOptions) -> String {
    match &target.endpoint {
        Endpoint::Tcp { host, .. } => options.name_for(&host_name(host)),
        Endpoint::Unix(_) => options.name_for("localhost"),
    }
}

/// The host as in certificates: no brackets around IPv6 addresses.
fn host_name(host: &Host<String>) -> String {
    match host {
        Host::Domain(name) => name.trim_end_matches('.').to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    }
}
