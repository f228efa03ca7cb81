//! Why dialing failed.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use url::Host;

use super::{ConnectError, Deadline, LocalBinding, Remote, RouteOptions, Via, WaitError};
use crate::net::malformed::{objections, quoted};
use crate::net::proxy::BadSetting;
use crate::net::reactor::Interrupted;
use crate::net::resolve;
use crate::net::route::Family;
use crate::net::tcp::TcpFailure;
use crate::net::tls::{TlsError, TlsFailure, TlsOptions};
use crate::net::tls_hello::{TlsAnswer, answer};
use crate::net::tunnel::socks5::reply_text;
use crate::net::tunnel::{Heads, ProxyFault};
use crate::net::upgrade::{Interim, interim_names};
use crate::protocol::counted::counted;
use crate::protocol::head::{Head, HeadError};
use crate::redact::{Redaction, Secrets};

/// The phase that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialPhase {
    /// Looking up a name.
    Dns(String),
    /// Connecting to these addresses.
    Tcp(Vec<SocketAddr>),
    /// Connecting to this Unix socket.
    Socket(PathBuf),
    /// The request for this host and port to a proxy.
    Proxy(String),
    /// The TLS handshake with this end, and its answer so far.
    Tls(Box<Remote>, TlsAnswer),
}

impl fmt::Display for DialPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(host) => write!(f, "DNS lookup of {host}"),
            Self::Tcp(addresses) => {
                let list: Vec<_> = addresses.iter().map(ToString::to_string).collect();
                write!(f, "TCP connect to {}", list.join(", "))
            }
            Self::Socket(path) => write!(f, "Unix socket {}", path.display()),
            Self::Proxy(authority) => write!(f, "request for {authority}"),
            Self::Tls(remote, _) => write!(f, "TLS handshake with {remote}"),
        }
    }
}

impl DialPhase {
    /// What had been received when the time ran out, if that explains more than the phase.
    fn progress(&self) -> String {
        match self {
            Self::Tls(_, TlsAnswer::Nothing) => ": nothing was received".to_owned(),
            Self::Tls(_, TlsAnswer::Foreign(bytes)) => {
                format!(": received {}, which is not TLS", quoted(bytes))
            }
            Self::Tls(_, TlsAnswer::Alert | TlsAnswer::Record) => {
                ": the start of a TLS record was received".to_owned()
            }
            Self::Tls(_, TlsAnswer::ServerHello) => {
                ": a ServerHello was received, but not the end of the handshake".to_owned()
            }
            _ => String::new(),
        }
    }
}

/// Why dialing failed.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The name could not be looked up.
    #[error("DNS lookup of {host}: {}", resolve::reason(.error))]
    Dns {
        /// The name.
        host: String,
        /// The system's reason.
        error: io::Error,
        /// This system has no file that names its DNS servers.
        lacks_configuration: bool,
    },
    /// The name has no address of the required family.
    #[error("{host} {} {family} address", if *.is_literal { "is not an" } else { "has no" })]
    NoAddress {
        /// The name.
        host: String,
        /// It is an address itself.
        is_literal: bool,
        /// "IPv4" or "IPv6".
        family: &'static str,
        /// The address of `--interface` requires this family.
        by_source: bool,
    },
    /// Every address failed.
    #[error("TCP connect{}: {}", source_text(.1.as_ref()), failures_text(.0))]
    Tcp(Vec<TcpFailure>, Option<LocalBinding>),
    /// The Unix socket cannot be connected to.
    #[error("Unix socket {}: {}", .0.display(), .1)]
    Socket(PathBuf, io::Error),
    /// A setting that is needed only now is not valid.
    #[error(transparent)]
    Setting(BadSetting),
    /// The proxy does not connect to the target.
    #[error(transparent)]
    Proxy(Box<ProxyError>),
    /// TLS could not be set up on our side.
    #[error("TLS set-up: {0}")]
    TlsSetup(String),
    /// The TLS handshake failed.
    #[error("{0}")]
    Tls(Box<TlsFailure>),
    /// The time limit ran out.
    #[error("{phase}: timed out after {limit:?}{}{}", phase.progress(), failures_suffix(.failures))]
    Timeout {
        /// The phase that failed.
        phase: DialPhase,
        /// The limit.
        limit: Duration,
        /// Addresses that had failed by then.
        failures: Vec<TcpFailure>,
    },
    /// A signal was received, if during a second connection that was to explain a failure, with that.
    #[error("{0}")]
    Interrupted(Interrupted, Option<Box<DialError>>),
    /// A system call failed.
    #[error("{0}: {1}")]
    System(DialPhase, io::Error),
}

impl DialError {
    /// When it failed, if a second connection was made after that.
    pub fn failed_at(&self) -> Option<Instant> {
        match self {
            Self::Tls(failure) => Some(failure.at),
            Self::Proxy(proxy) => match &proxy.cause {
                ProxyCause::Reach(error) => error.failed_at(),
                ProxyCause::Fault(_) => None,
            },
            _ => None,
        }
    }

    /// Whether the time limit ran out.
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Timeout { .. } => true,
            Self::Proxy(proxy) => {
                matches!(&proxy.cause, ProxyCause::Reach(error) if error.is_timeout())
            }
            _ => false,
        }
    }

    /// Whether a SOCKS5 proxy may succeed with another address of the same name.
    pub(super) fn is_about_address(&self) -> bool {
        let Self::Proxy(proxy) = self else { return false };
        matches!(proxy.cause, ProxyCause::Fault(ProxyFault::Reply(1 | 3..=6 | 8)))
    }
}

/// A proxy that does not connect to the target.
#[derive(Debug)]
pub struct ProxyError {
    /// The proxy, and the setting that names it.
    pub via: Via,
    /// The host and port that were requested.
    pub authority: String,
    /// The reason.
    pub cause: ProxyCause,
    /// The CONNECT request, if it is to be shown.
    pub request: Option<Head>,
    /// The interim responses to it.
    pub interim: Vec<Interim>,
    /// The source of the credentials in it.
    pub sent: Option<ProxyCredentials>,
    /// It had sent something in the expected protocol.
    pub has_answered: bool,
    /// Whether secrets in its answer are masked.
    pub redaction: Redaction,
    /// Secrets that its response may repeat.
    pub secrets: Secrets,
}

/// The source of credentials for a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyCredentials {
    /// From its URL.
    Url,
    /// From a header of the user's own.
    Header,
}

/// Why a proxy does not connect to the target.
#[derive(Debug)]
pub enum ProxyCause {
    /// It cannot be reached, or does not answer in time.
    Reach(DialError),
    /// It was reached, and refuses or answers incorrectly.
    Fault(ProxyFault),
}

impl std::error::Error for ProxyError {}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { via, authority, secrets, .. } = self;
        match &self.cause {
            ProxyCause::Reach(error) => match interim_names(&self.interim, &self.secrets) {
                None => write!(f, "{via}: {error}"),
                Some(interim) => write!(f, "{via}: {error} (after {interim})"),
            },
            ProxyCause::Fault(ProxyFault::Refused(response)) if response.line.status < 200 => {
                let count = self.interim.len();
                write!(f, "{via}: it sent more than {count} interim answers (1xx) to CONNECT")
            }
            ProxyCause::Fault(ProxyFault::Refused(response)) => {
                let line = &response.line;
                let reason = secrets.mask_text(line.reason.clone());
                let answer = format!("{} {reason}", line.status);
                let lines = objections(&response.head, self.redaction, secrets);
                let lines = lines.map_or_else(String::new, |lines| format!("; {lines}"));
                write!(f, "{via} refused CONNECT {authority}: {}{lines}", answer.trim_end())
            }
            ProxyCause::Fault(ProxyFault::Ended(end, bytes)) if bytes.is_empty() => {
                match interim_names(&self.interim, &self.secrets) {
                    None => write!(f, "{via}: it ended the connection without an answer: {end}"),
                    Some(interim) => write!(
                        f,
                        "{via}: it ended the connection after {interim}, without a final answer: {end}"
                    ),
                }
            }
            ProxyCause::Fault(ProxyFault::Reply(code)) => {
                let text = reply_text(*code);
                write!(f, "{via} did not connect to {authority}: {text} (SOCKS5 reply {code})")
            }
            ProxyCause::Fault(fault) => {
                write!(f, "{via}: {}", fault_text(fault, self.redaction, secrets))
            }
        }
    }
}

fn fault_text(fault: &ProxyFault, redaction: Redaction, secrets: &Secrets) -> String {
    match fault {
        ProxyFault::Malformed(HeadError::NotHttp(bytes), _) => {
            format!("its answer to CONNECT is not HTTP: {}", quoted(&secrets.mask_cut(bytes)))
        }
        ProxyFault::Malformed(error, _) => {
            format!("invalid answer to CONNECT: {}", secrets.mask_text(error.to_string()))
        }
        ProxyFault::NotSocks(bytes) => {
            format!("its answer is not SOCKS5: {}", quoted(&secrets.mask_cut(bytes)))
        }
        ProxyFault::NoMethod(true) => {
            "it accepts neither clients without authentication nor a name and password".to_owned()
        }
        ProxyFault::NoMethod(false) => {
            "it does not accept clients without authentication".to_owned()
        }
        ProxyFault::Method(method) => {
            format!("it chose authentication method {method}, which was not offered")
        }
        ProxyFault::Credentials(status) => {
            format!("it does not accept the name and password (status {status})")
        }
        ProxyFault::BadReply(reason) => format!("its SOCKS5 reply cannot be understood: {reason}"),
        ProxyFault::NameTooLong => "SOCKS5 takes names of at most 255 bytes".to_owned(),
        ProxyFault::Ended(end, bytes) => {
            let bytes = counted(bytes.len() as u64, "byte");
            format!("it ended the connection after {bytes} of an answer: {end}")
        }
        ProxyFault::Invalid(response) => {
            let lines = objections(&response.head, redaction, secrets);
            format!("invalid answer to CONNECT: {}", lines.unwrap_or_default())
        }
        ProxyFault::Refused(_) | ProxyFault::Reply(_) => "it refused".to_owned(),
    }
}

/// Adds evidence to a proxy's failure.
pub(super) struct TunnelFailed(Box<ProxyError>);

impl TunnelFailed {
    pub(super) fn new(error: ProxyError) -> Self {
        Self(Box::new(error))
    }

    pub(super) fn with_heads(mut self, heads: Heads) -> Self {
        let Heads { request, interim, .. } = heads;
        self.0.interim = interim;
        let value = request.value("Proxy-Authorization");
        self.0.sent = value.map(|value| match self.0.via.proxy.basic() == Some(value) {
            true => ProxyCredentials::Url,
            false => ProxyCredentials::Header,
        });
        self.0.secrets = Secrets::of_request(self.0.redaction, "", request.fields());
        self.0.request = Some(request);
        self
    }

    /// Whether the proxy had answered in its protocol.
    pub(super) fn having_answered(mut self, has_answered: bool) -> Self {
        self.0.has_answered = has_answered;
        self
    }

    /// A signal is not a failure of the proxy.
    pub(super) fn into_dial_error(self) -> DialError {
        match *self.0 {
            ProxyError {
                cause: ProxyCause::Reach(DialError::Interrupted(interrupted, failure)),
                ..
            } => DialError::Interrupted(interrupted, failure),
            error => DialError::Proxy(Box::new(error)),
        }
    }
}

pub(super) fn wait_failed(
    phase: DialPhase,
    error: WaitError,
    deadline: Deadline,
    failures: Vec<TcpFailure>,
) -> DialError {
    match error {
        WaitError::TimedOut => DialError::Timeout { phase, limit: deadline.limit, failures },
        WaitError::Interrupted(interrupted) => DialError::Interrupted(interrupted, None),
        WaitError::Io(error) => DialError::System(phase, error),
    }
}

pub(super) fn tcp_failed(
    error: ConnectError,
    source: Option<&LocalBinding>,
    deadline: Deadline,
) -> DialError {
    match error {
        ConnectError::Failed(failures) => DialError::Tcp(failures, source.cloned()),
        ConnectError::Wait(error, pending, failures) => {
            wait_failed(DialPhase::Tcp(pending), error, deadline, failures)
        }
    }
}

pub(super) fn tls_failed(
    error: TlsError,
    remote: &Remote,
    name: String,
    options: &TlsOptions,
    deadline: Deadline,
) -> DialError {
    match error {
        TlsError::Setup(reason) => DialError::TlsSetup(reason),
        TlsError::Handshake { reason, seen } => {
            let remote = remote.to_string();
            DialError::Tls(Box::new(TlsFailure::new(remote, name, reason, &seen, options)))
        }
        TlsError::Wait { error, seen } => {
            let phase = DialPhase::Tls(Box::new(remote.clone()), answer(&seen));
            wait_failed(phase, error, deadline, Vec::new())
        }
    }
}

pub(super) fn no_address(host: &Host<String>, route: &RouteOptions) -> DialError {
    let by_family = match route.family {
        Family::Any => None,
        Family::V4 => Some("IPv4"),
        Family::V6 => Some("IPv6"),
    };
    let by_source = match route.source {
        Some(LocalBinding::Address(address)) if address.is_ipv4() => Some("IPv4"),
        Some(LocalBinding::Address(_)) => Some("IPv6"),
        _ => None,
    };
    DialError::NoAddress {
        host: host.to_string(),
        is_literal: !matches!(host, Host::Domain(_)),
        family: by_source.or(by_family).unwrap_or("IP"),
        by_source: by_source.is_some(),
    }
}

fn source_text(source: Option<&LocalBinding>) -> String {
    match source {
        None => String::new(),
        Some(LocalBinding::Address(address)) => format!(" from {address}"),
        Some(LocalBinding::Interface(name)) => format!(" from interface {name}"),
    }
}

fn failures_text(failures: &[TcpFailure]) -> String {
    let list: Vec<_> =
        failures.iter().map(|failure| format!("{}: {}", failure.address, failure.error)).collect();
    list.join("; ")
}

fn failures_suffix(failures: &[TcpFailure]) -> String {
    if failures.is_empty() {
        String::new()
    } else {
        format!(" (before: {})", failures_text(failures))
    }
}
