//! HTTP/1.1 (RFC 9110, RFC 9112) as a reverse proxy passes it on: which requests are forwarded, what changes in
//! their heads, and where the bodies of requests and responses end. Neither body nor head is ever normalized.
//!
//! For each request of a client: [`forward`] decides, and has the head for the target and the [`Transfer`] of the
//! body. For each head of the target: [`Transfer::response`]; after an interim response ([`is_interim`]) another
//! head follows. The connection serves another request if both transfers persist. After a 101, to whatever request,
//! the bytes of both directions are not HTTP.

use url::Host;

use super::handshake::{Authority, RequestTarget};
use super::head::{Head, HeaderLine, RequestLine};

mod framing;
mod lines;
mod pages;
mod refused;
mod rewrite;
mod route;
#[cfg(test)]
mod tests;
mod transfer;

pub use super::chunked::ChunkFault;
pub use framing::{FramingError, is_framing};
pub use refused::{Refused, is_refusal_status};
pub use rewrite::Rewritten;
use route::Route;
pub use transfer::{Progress, Transfer, is_interim};

/// What is forwarded where, and with which changes.
#[derive(Clone, Debug)]
pub struct ForwardOptions {
    /// What clients call the proxy.
    pub proxy: ProxyNames,
    /// Where their requests go.
    pub target: ForwardTarget,
    /// Do not change Host.
    pub keep_host: bool,
    /// Do not change Origin.
    pub keep_origin: bool,
    /// Header lines of the user for the target. They replace the client's of the same name, or remove them. Those
    /// that [`is_framing`] names would contradict the body, which is not changed.
    pub headers: Vec<HeaderLine>,
    /// Credentials for the target, but not in requests of foreign pages. They replace the client's, unless `headers` has
    /// lines of the same name.
    pub credentials: Vec<HeaderLine>,
    /// Forward requests that are not for a WebSocket.
    pub relays_http: bool,
}

/// The names of the proxy: with its port, `localhost`, `127.0.0.1`, `[::1]`, and these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyNames {
    /// The addresses it is bound to, and the name they were resolved from.
    pub hosts: Vec<Host>,
    /// The port it is bound to.
    pub port: u16,
    /// Only this machine can connect.
    pub is_loopback: bool,
}

/// The server that requests are forwarded to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardTarget {
    /// With TLS: origins on it begin with `https`.
    pub is_tls: bool,
    /// The value of Host: a host, with a port unless it is the default port.
    pub host: String,
    /// Path and query of the URL; starts with `/`.
    pub resource: String,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// Opening a WebSocket. Whether the handshake is valid is for the target to say.
    WebSocket,
    /// Anything else.
    Http,
}

/// A request to send to the target.
#[derive(Debug)]
pub struct ForwardedRequest {
    /// What it is for.
    pub kind: RequestKind,
    /// The head: that of the client but for what `rewritten` lists.
    pub head: Vec<u8>,
    /// What was changed, in the order of the head. It may contain secrets.
    pub rewritten: Vec<Rewritten>,
    /// The request is that of a foreign page: the credentials were not added.
    pub withholds_credentials: bool,
    /// The body that follows the client's head.
    pub body: Transfer,
}

/// What to do with a request. `local`: the address that the client is connected to, which is a name of the proxy
/// too.
///
/// # Errors
/// If it is refused: with 400 (RFC 9112 sections 3.2, 5 and 6.3: two recipients might interpret it differently), with
/// 403 (it is not for the target), or with 426 (it is not for a WebSocket, and only those are forwarded).
pub fn forward(
    options: &ForwardOptions,
    local: &Host,
    line: &RequestLine,
    head: &Head,
) -> Result<ForwardedRequest, Refused> {
    let route = Route::of(options, local, line)?;
    let body = Transfer::request(line, head).map_err(|error| Refused::new(400, error))?;
    let kind = kind(line, head);
    if kind == RequestKind::WebSocket && !body.is_complete() {
        return Err(Refused::new(400, "an upgrade request must not have a body"));
    }
    if kind == RequestKind::Http && !options.relays_http {
        return Err(Refused::new(426, "only WebSocket connections are forwarded (--no-http)"));
    }
    let withholds_credentials =
        !options.credentials.is_empty() && pages::is_foreign(options, local, line, head);
    let credentials = if withholds_credentials { &[][..] } else { &options.credentials };
    let (head, rewritten) = rewrite::rewrite(options, credentials, local, &route, line, head);
    Ok(ForwardedRequest { kind, head, rewritten, withholds_credentials, body })
}

/// A server answers with 101 only if Upgrade lists `websocket`, and a handshake without `Connection: Upgrade` is not
/// ours to correct.
fn kind(line: &RequestLine, head: &Head) -> RequestKind {
    let is_websocket = |protocol: &String| {
        let name = protocol.split('/').next().unwrap_or_default();
        name.eq_ignore_ascii_case("websocket")
    };
    match line.method == "GET" && head.list("Upgrade").iter().any(is_websocket) {
        true => RequestKind::WebSocket,
        false => RequestKind::Http,
    }
}

impl ProxyNames {
    fn include(&self, local: &Host, authority: &Authority, default_port: u16) -> bool {
        let host = canonical(&authority.host);
        let is_loopback = match &host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.octets() == [127, 0, 0, 1],
            Host::Ipv6(address) => address.segments() == [0, 0, 0, 0, 0, 0, 0, 1],
        };
        let mut others = self.hosts.iter().chain([local]);
        authority.port.unwrap_or(default_port) == self.port
            && (is_loopback || others.any(|other| canonical(other) == host))
    }
}

impl ForwardTarget {
    fn is(&self, authority: &Authority, default_port: u16) -> bool {
        let own_default = if self.is_tls { 443 } else { 80 };
        Authority::parse(&self.host).is_some_and(|own| {
            own.host == authority.host
                && own.port.unwrap_or(own_default) == authority.port.unwrap_or(default_port)
        })
    }

    /// The origin of its pages.
    fn origin(&self) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://{}", self.host)
    }
}

/// A client of a socket for both versions of IP has an IPv4 address in the form of IPv6.
fn canonical(host: &Host) -> Host {
    match host {
        Host::Ipv6(address) => address.to_ipv4_mapped().map_or(Host::Ipv6(*address), Host::Ipv4),
        other => other.clone(),
    }
}
