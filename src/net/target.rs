//! Parses the URL or address to connect to.
//!
//! Hosts, paths and queries are parsed as in the WHATWG URL standard and in browsers. Unlike a browser we
//! refuse input that is probably a mistake (spaces, port 0), and report its position.

mod error;
mod host;
mod scheme;
mod split;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use url::{Host, Position, Url};

use crate::protocol::handshake::is_localhost;
pub use error::TargetError;
use error::TargetFault;
use host::{read_host, read_port, split_port};
use scheme::refuse_incomplete_scheme;
use split::{authority_len, secret, split_scheme, split_socket, strip_slashes};

/// Whether the connection is encrypted (RFC 6455 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `ws`: without encryption.
    Ws,
    /// `wss`: over TLS.
    Wss,
}

impl Scheme {
    /// The scheme as written before the colon.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// The port where the URL names none.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }

    /// Whether the opening handshake is sent over TLS.
    pub const fn is_tls(self) -> bool {
        matches!(self, Self::Wss)
    }
}

/// The address of the server's socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A host, in ASCII if it is a name, and a port.
    Tcp {
        /// As the URL standard normalises it.
        host: Host<String>,
        /// Never 0.
        port: u16,
    },
    /// A Unix domain socket.
    Unix(PathBuf),
}

/// User name and password for Basic authentication, percent-decoded.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// May be empty; has no colon (RFC 7617 section 2).
    pub user: String,
    /// `user@` has none, `user:@` an empty one.
    pub password: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let password = self.password.as_ref().map(|_| "***");
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .field("password", &password)
            .finish()
    }
}

/// What was assumed because the input does not specify it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assumed {
    /// No scheme was given, and the host is not a loopback host.
    WssForHost,
    /// `http` or `https` was given and taken as `ws` or `wss`.
    HttpScheme,
}

/// A parsed WebSocket URL (RFC 6455 section 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// With or without TLS.
    pub scheme: Scheme,
    /// What to connect to.
    pub endpoint: Endpoint,
    /// The resource name: path and query as sent in the request line; starts with `/`.
    pub resource: String,
    /// The userinfo.
    pub credentials: Option<Credentials>,
    /// What was assumed about the scheme, for a notice.
    pub assumed: Option<Assumed>,
}

impl Target {
    /// Reads a `ws`, `wss`, `http`, `https`, `ws+unix` or `wss+unix` URL, or one without scheme or host.
    pub fn parse(input: &str) -> Result<Self, TargetError> {
        read(input.trim_ascii(), false).map_err(|fault| fault.within(input))
    }

    /// Reads the same where the connection goes to a Unix socket: without a scheme, that is `ws`.
    pub fn parse_at_socket(input: &str) -> Result<Self, TargetError> {
        read(input.trim_ascii(), true).map_err(|fault| fault.within(input))
    }

    /// The URL with this path and query, if it has neither. A slash is a path.
    pub fn with_resource(input: &str, resource: &str) -> Option<String> {
        let url = input.trim_ascii();
        let (scheme, rest) = split_scheme(url);
        let is_unix = scheme.is_some_and(|scheme| scheme.to_ascii_lowercase().ends_with("+unix"));
        if is_unix {
            let (_, uri) = split_socket(rest.strip_prefix("//").unwrap_or(rest));
            return uri.is_empty().then(|| format!("{}:{resource}", url.trim_end_matches(':')));
        }
        let rest = strip_slashes(rest, scheme.is_some());
        (authority_len(rest) == rest.len()).then(|| format!("{url}{resource}"))
    }

    /// The normalised URL, without userinfo and default port.
    pub fn url(&self) -> String {
        let scheme = self.scheme.as_str();
        match &self.endpoint {
            Endpoint::Tcp { .. } => format!("{scheme}://{}{}", self.host_header(), self.resource),
            Endpoint::Unix(path) => {
                format!("{scheme}+unix:{}:{}", encode_path(path), self.resource)
            }
        }
    }

    /// The value of the Host header: no default port (RFC 6455 section 4.1).
    pub fn host_header(&self) -> String {
        match &self.endpoint {
            Endpoint::Tcp { host, port } if *port == self.scheme.default_port() => host.to_string(),
            Endpoint::Tcp { host, port } => format!("{host}:{port}"),
            Endpoint::Unix(_) => "localhost".to_owned(),
        }
    }

    /// Names that distinguish two targets: host and port, with the scheme if these are the same.
    pub fn names_of(one: &Self, other: &Self) -> [String; 2] {
        let hosts = [one, other].map(Self::host_header);
        match hosts[0] == hosts[1] {
            true => [one, other].map(|it| format!("{}://{}", it.scheme.as_str(), hosts[0])),
            false => hosts,
        }
    }

    /// What was assumed, in one sentence. Nothing is said about http for this machine.
    pub fn assumption(&self) -> Option<String> {
        let scheme = self.scheme.as_str();
        let Endpoint::Tcp { host, .. } = &self.endpoint else { return None };
        Some(match self.assumed? {
            Assumed::WssForHost => {
                format!("no scheme given: {scheme}:// because {host} is not a loopback host")
            }
            Assumed::HttpScheme if self.scheme.is_tls() => format!("https:// taken as {scheme}://"),
            Assumed::HttpScheme if is_this_machine(host) => return None,
            Assumed::HttpScheme => format!("http:// taken as {scheme}://"),
        })
    }

    /// Whether the other URL has the same scheme, host and port, or socket.
    pub fn has_same_origin(&self, other: &Self) -> bool {
        (self.scheme, &self.endpoint) == (other.scheme, &other.endpoint)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url())
    }
}

fn read(text: &str, at_socket: bool) -> Result<Target, TargetFault<'_>> {
    if text.is_empty() {
        return Err(TargetFault::new(text, "the URL is empty"));
    }
    refuse_controls(text)?;
    refuse_incomplete_scheme(text)?;
    let (name, rest) = split_scheme(text);
    let Some(name) = name else { return read_tcp(rest, None, at_socket) };
    let lower = name.to_ascii_lowercase();
    let scheme = match lower.as_str() {
        "ws" | "http" | "ws+unix" => Scheme::Ws,
        "wss" | "https" | "wss+unix" => Scheme::Wss,
        _ => {
            let reason =
                "is not a scheme of WebSocket URLs: ws, wss, http, https, ws+unix and wss+unix are";
            return Err(TargetFault::quoting(name, reason));
        }
    };
    if lower.ends_with("+unix") {
        return read_unix(rest, scheme);
    }
    let assumed = lower.starts_with("http").then_some(Assumed::HttpScheme);
    Ok(Target { assumed, ..read_tcp(rest, Some(scheme), at_socket)? })
}

/// The part of a URL between the slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TargetAuthority {
    pub(super) credentials: Option<Credentials>,
    pub(super) host: Host<String>,
    pub(super) port: Option<u16>,
}

impl TargetAuthority {
    /// Reads `[user[:password]@]host[:port]`, of which a path may follow.
    ///
    /// # Errors
    /// The reason; no secret is quoted.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        read_authority(text, false)
            .map(|(authority, _)| authority)
            .map_err(TargetFault::into_reason)
    }
}

/// The authority at the start of `rest`, and what follows it.
fn read_authority(
    rest: &str,
    may_lack_host: bool,
) -> Result<(TargetAuthority, &str), TargetFault<'_>> {
    refuse_broken_password(rest)?;
    refuse_fragment(rest)?;
    let (authority, tail) = rest.split_at(authority_len(rest));
    let (userinfo, host_port) = authority.rsplit_once('@').unwrap_or(("", authority));
    let credentials = read_credentials(userinfo)?;
    let (host, port) = match may_lack_host && is_number(host_port) {
        true => ("", host_port),
        false => split_port(host_port)?,
    };
    let host = match host {
        "" if may_lack_host && !port.is_empty() => Host::Domain("localhost".to_owned()),
        _ => read_host(host)?,
    };
    Ok((TargetAuthority { credentials, host, port: read_port(port)? }, tail))
}

/// Whether this is a port alone, as for `listen`. The URL standard would parse a number as an IPv4 address,
/// which is not what a number without a scheme is meant to be.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn read_tcp(
    rest: &str,
    scheme: Option<Scheme>,
    at_socket: bool,
) -> Result<Target, TargetFault<'_>> {
    let rest = strip_slashes(rest, scheme.is_some());
    refuse_spaces(&rest[..authority_len(rest)])?;
    let (TargetAuthority { credentials, host, port }, tail) =
        read_authority(rest, scheme.is_none())?;
    let (scheme, assumed) = match scheme {
        Some(scheme) => (scheme, None),
        // Not reported: ws is the usual scheme for this machine, and at a socket.
        None if at_socket || is_this_machine(&host) => (Scheme::Ws, None),
        None => (Scheme::Wss, Some(Assumed::WssForHost)),
    };
    let endpoint = Endpoint::Tcp { host, port: port.unwrap_or(scheme.default_port()) };
    Ok(Target { scheme, endpoint, resource: read_resource(tail)?, credentials, assumed })
}

fn read_unix(rest: &str, scheme: Scheme) -> Result<Target, TargetFault<'_>> {
    refuse_fragment(rest)?;
    let text = rest.strip_prefix("//").unwrap_or(rest);
    if text.len() < rest.len() && !text.is_empty() && !text.starts_with('/') {
        let (host, _) = text.split_at(authority_len(text));
        return Err(TargetFault::new(
            host,
            "a Unix socket has no host: write ws+unix:/path/to.sock",
        ));
    }
    let (path, uri) = split_socket(text);
    refuse_spaces(path)?;
    if path.is_empty() {
        return Err(TargetFault::new(path, "the path of the Unix socket is missing"));
    }
    let endpoint = Endpoint::Unix(percent_decode(path, "the path of the Unix socket")?.into());
    Ok(Target { scheme, endpoint, resource: read_resource(uri)?, credentials: None, assumed: None })
}

/// The URL standard drops tabs and newlines, which hides mistakes in pasted text.
fn refuse_controls(text: &str) -> Result<(), TargetFault<'_>> {
    refuse(text, char::is_control)
}

/// Before the path; behind it they are encoded, as the URL standard has it.
fn refuse_spaces(text: &str) -> Result<(), TargetFault<'_>> {
    refuse(text, char::is_whitespace)
}

fn refuse(text: &str, is_refused: fn(char) -> bool) -> Result<(), TargetFault<'_>> {
    let Some((start, first)) = text.char_indices().find(|&(_, c)| is_refused(c)) else {
        return Ok(());
    };
    let (_, tail) = text.split_at(start);
    let (refused, _) = tail.split_at(tail.find(|c| !is_refused(c)).unwrap_or(tail.len()));
    Err(match first {
        ' ' => TargetFault::new(
            refused,
            "a URL cannot contain spaces before its path: write %20 in a name or password",
        ),
        _ => TargetFault::new(
            refused,
            format!("a URL cannot contain the character U+{:04X} unencoded", u32::from(first)),
        ),
    })
}

/// RFC 6455 section 3: a fragment must not be used.
fn refuse_fragment(text: &str) -> Result<(), TargetFault<'_>> {
    let Some(start) = text.find('#') else { return Ok(()) };
    let (_, fragment) = text.split_at(start);
    Err(TargetFault::new(
        fragment,
        "a WebSocket URL cannot have a fragment ('#…'): encode a literal # as %23",
    ))
}

/// Without this, the error would quote a part of a password as a bad port.
fn refuse_broken_password(rest: &str) -> Result<(), TargetFault<'_>> {
    let (authority, tail) = rest.split_at(authority_len(rest));
    let reaches_beyond =
        secret(rest).is_some_and(|secret| error::span(rest, secret).end > authority.len());
    match (reaches_beyond, tail.bytes().next()) {
        (true, Some(byte)) => {
            let (delimiter, _) = tail.split_at(1);
            Err(TargetFault::quoting(
                delimiter,
                &format!("ends the host; in a password write %{byte:02X}"),
            ))
        }
        _ => Ok(()),
    }
}

fn read_credentials(userinfo: &str) -> Result<Option<Credentials>, TargetFault<'_>> {
    if userinfo.is_empty() {
        return Ok(None);
    }
    let (name, password) = match userinfo.split_once(':') {
        Some((name, password)) => (name, Some(password)),
        None => (userinfo, None),
    };
    let user = percent_decode(name, "the user name")?;
    if user.contains(':') {
        return Err(TargetFault::new(
            name,
            "a user name for Basic authentication cannot contain a colon (RFC 7617 section 2)",
        ));
    }
    let password = password.map(|password| percent_decode(password, "the password")).transpose()?;
    Ok(Some(Credentials { user, password }))
}

/// Servers print the unspecified address as their own, and connecting to it reaches this machine.
fn is_this_machine(host: &Host<String>) -> bool {
    let address = match host {
        Host::Domain(name) => return is_localhost(name),
        Host::Ipv4(address) => IpAddr::from(*address),
        Host::Ipv6(address) => address.to_canonical(),
    };
    address.is_loopback() || address.is_unspecified()
}

/// The address at which this machine reaches a socket that is bound to this one: the loopback address in place of the
/// unspecified one.
pub fn reached_at(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}

/// Path and query as a browser sends them: dot segments resolved, percent-encoded where needed.
fn read_resource(tail: &str) -> Result<String, TargetFault<'_>> {
    let url = Url::parse(&format!("ws://localhost{tail}"))
        .map_err(|error| TargetFault::new(tail, error.to_string()))?;
    // url 2.5.8 leaves ^ as it is, browsers do not: servo/rust-url#1140.
    let path = url[Position::BeforePath..Position::AfterPath].replace('^', "%5E");
    Ok(path + &url[Position::AfterPath..Position::AfterQuery])
}

/// Percent-encodes what would otherwise not be read as part of the path again.
fn encode_path(path: &Path) -> String {
    let mut encoded = String::new();
    for c in path.to_string_lossy().chars() {
        if c.is_whitespace() || c.is_control() || matches!(c, '%' | ':' | '?' | '#') {
            encoded.extend(c.to_string().bytes().map(|byte| format!("%{byte:02X}")));
        } else {
            encoded.push(c);
        }
    }
    encoded
}

/// As in the URL standard: a `%` without two digits is literal.
fn percent_decode<'a>(part: &'a str, what: &str) -> Result<String, TargetFault<'a>> {
    let mut decoded = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = escaped_byte(rest);
        decoded.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8(decoded)
        .map_err(|_| TargetFault::new(part, format!("{what} is not UTF-8 once decoded")))
}

fn escaped_byte(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}
