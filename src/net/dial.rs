//! From a target to a connected stream: name, TCP, TLS, each under the same deadline and timed.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use url::Host;

use super::reactor::{Deadline, Interrupted, Reactor, WaitError};
use super::resolve;
use super::stream::Stream;
use super::target::{Endpoint, Target};
use super::tcp::{self, ConnectError, Failure};
use super::tls::{self, TlsError, TlsInfo, TlsOptions};

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

/// How to dial.
#[derive(Clone, Debug, Default)]
pub struct DialOptions {
    /// Which addresses may be used.
    pub family: Family,
    /// For wss.
    pub tls: TlsOptions,
}

/// How long each phase took; `None` for one that was not needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Look-up of the name.
    pub dns: Option<Duration>,
    /// TCP connect, all attempts.
    pub tcp: Option<Duration>,
    /// TLS handshake.
    pub tls: Option<Duration>,
    /// From the first byte of the request to the last of the response head.
    pub upgrade: Option<Duration>,
    /// All together.
    pub total: Duration,
}

/// A connection before its opening handshake.
#[derive(Debug)]
pub struct Dialed {
    /// The bytes.
    pub stream: Stream,
    /// The address that answered.
    pub remote: SocketAddr,
    /// For wss.
    pub tls: Option<TlsInfo>,
    /// Up to here.
    pub timings: Timings,
}

/// Where on the way to a connection we were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Looking up a name.
    Dns(String),
    /// Connecting to these addresses.
    Tcp(Vec<SocketAddr>),
    /// TLS with this address.
    Tls(SocketAddr),
    /// Waiting for the response to our request from this address.
    Upgrade(SocketAddr),
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(host) => write!(f, "DNS look-up of {host}"),
            Self::Tcp(addresses) => {
                let list: Vec<_> = addresses.iter().map(ToString::to_string).collect();
                write!(f, "TCP connect to {}", list.join(", "))
            }
            Self::Tls(address) => write!(f, "TLS handshake with {address}"),
            Self::Upgrade(address) => write!(f, "opening handshake with {address}"),
        }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The name could not be looked up.
    #[error("DNS look-up of {host}: {}", dns_reason(.error))]
    Dns {
        /// The name.
        host: String,
        /// The system's words.
        error: io::Error,
    },
    /// The name has no address of the family wanted.
    #[error("{host} has no {family} address")]
    NoAddress {
        /// The name.
        host: String,
        /// "IPv4" or "IPv6".
        family: &'static str,
    },
    /// Every address failed.
    #[error("TCP connect: {}", failures_text(.0))]
    Tcp(Vec<Failure>),
    /// TLS could not be set up on our side.
    #[error("TLS set-up: {0}")]
    TlsSetup(String),
    /// The TLS handshake failed.
    #[error("TLS handshake with {address} for '{name}': {reason}")]
    Tls {
        /// Whom with.
        address: SocketAddr,
        /// The name that the certificate had to be for.
        name: String,
        /// The TLS library's words.
        reason: String,
        /// What the server had sent until then.
        seen: Vec<u8>,
    },
    /// The time limit ran out.
    #[error("{phase}: no success within {limit:?}{}", failures_suffix(.failures))]
    Timeout {
        /// What was being done.
        phase: Phase,
        /// The limit.
        limit: Duration,
        /// Addresses that had failed by then.
        failures: Vec<Failure>,
    },
    /// A signal came.
    #[error(transparent)]
    Interrupted(Interrupted),
    /// The system failed us.
    #[error("{0}: {1}")]
    System(Phase, io::Error),
}

fn dns_reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.strip_prefix("failed to lookup address information: ").unwrap_or(&text).to_owned()
}

fn failures_text(failures: &[Failure]) -> String {
    let list: Vec<_> =
        failures.iter().map(|failure| format!("{}: {}", failure.address, failure.error)).collect();
    list.join("; ")
}

fn failures_suffix(failures: &[Failure]) -> String {
    if failures.is_empty() {
        String::new()
    } else {
        format!(" (before: {})", failures_text(failures))
    }
}

fn wait_failed(
    phase: Phase,
    error: WaitError,
    deadline: Deadline,
    failures: Vec<Failure>,
) -> DialError {
    match error {
        WaitError::TimedOut => DialError::Timeout { phase, limit: deadline.limit, failures },
        WaitError::Interrupted(interrupted) => DialError::Interrupted(interrupted),
        WaitError::Io(error) => DialError::System(phase, error),
    }
}

/// Connects to `target`.
///
/// # Errors
/// Which phase failed, with which address, and what the system or the TLS library said.
pub fn dial(
    target: &Target,
    options: &DialOptions,
    reactor: &mut Reactor,
    deadline: Deadline,
) -> Result<Dialed, DialError> {
    let Endpoint::Tcp { host, port } = &target.endpoint else {
        let error =
            io::Error::new(io::ErrorKind::Unsupported, "unix sockets are not supported yet");
        return Err(DialError::System(Phase::Tcp(Vec::new()), error));
    };
    let start = Instant::now();
    let addresses = addresses(host, *port, options.family, reactor, deadline)?;
    let dns = matches!(host, Host::Domain(_)).then(|| start.elapsed());
    let before_tcp = Instant::now();
    let (tcp, remote) =
        tcp::connect(&addresses, reactor, deadline).map_err(|error| match error {
            ConnectError::Failed(failures) => DialError::Tcp(failures),
            ConnectError::Wait(error, pending, failures) => {
                wait_failed(Phase::Tcp(pending), error, deadline, failures)
            }
        })?;
    let mut timings = Timings { dns, tcp: Some(before_tcp.elapsed()), ..Timings::default() };
    let (stream, tls) = if target.scheme.is_tls() {
        let before_tls = Instant::now();
        let name = host_name(host);
        let (stream, info) =
            tls::connect(Stream::Plain(tcp), &name, &options.tls, reactor, deadline)
                .map_err(|error| tls_failed(error, remote, name, deadline))?;
        timings.tls = Some(before_tls.elapsed());
        (Stream::Tls(Box::new(stream)), Some(info))
    } else {
        (Stream::Plain(tcp), None)
    };
    timings.total = start.elapsed();
    Ok(Dialed { stream, remote, tls, timings })
}

fn addresses(
    host: &Host<String>,
    port: u16,
    family: Family,
    reactor: &mut Reactor,
    deadline: Deadline,
) -> Result<Vec<SocketAddr>, DialError> {
    let mut addresses =
        resolve::resolve(host, port, reactor, deadline).map_err(|error| match error {
            WaitError::Io(error) => DialError::Dns { host: host.to_string(), error },
            other => wait_failed(Phase::Dns(host.to_string()), other, deadline, Vec::new()),
        })?;
    addresses.retain(|address| match family {
        Family::Any => true,
        Family::V4 => address.is_ipv4(),
        Family::V6 => address.is_ipv6(),
    });
    if addresses.is_empty() {
        let family = match family {
            Family::Any => "IP",
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        };
        return Err(DialError::NoAddress { host: host.to_string(), family });
    }
    Ok(addresses)
}

/// The host as certificates spell it: no brackets around IPv6 addresses.
fn host_name(host: &Host<String>) -> String {
    match host {
        Host::Domain(name) => name.trim_end_matches('.').to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    }
}

fn tls_failed(error: TlsError, address: SocketAddr, name: String, deadline: Deadline) -> DialError {
    match error {
        TlsError::Setup(reason) => DialError::TlsSetup(reason),
        TlsError::Handshake { reason, seen } => DialError::Tls { address, name, reason, seen },
        TlsError::Wait(error) => wait_failed(Phase::Tls(address), error, deadline, Vec::new()),
    }
}
