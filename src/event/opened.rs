//! An opened connection, and what preceded it.

use super::HeadView;
use crate::net::Timings;
use crate::net::tls::TlsInfo;
use crate::protocol::connection::Initiator;
use crate::redact::Secrets;

/// An opened connection. Secrets are already masked.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Who initiated the connection.
    pub initiator: Initiator,
    /// The URL, without userinfo.
    pub url: String,
    /// The remote address: that of the peer or of the proxy.
    pub remote: String,
    /// The proxy.
    pub proxy: Option<Proxied>,
    /// The local address.
    pub local: String,
    /// Minor HTTP version of the response.
    pub http_minor: u8,
    /// Status code.
    pub status: u16,
    /// Reason phrase.
    pub reason: String,
    /// The request head.
    pub request: HeadView,
    /// Fields of the request, and its target ([`REQUEST_TARGET`]), that a proxy has changed: names, and values as the client sent
    /// them, several values separated by commas; `None`: it sent none.
    pub client_sent: Vec<(String, Option<String>)>,
    /// The interim responses received before the response.
    pub interim: Vec<InterimView>,
    /// The response head.
    pub response: HeadView,
    /// Whether the request had credentials, in header fields or in the URL.
    pub has_credentials: bool,
    /// Subprotocols that were offered.
    pub offered: Vec<String>,
    /// The subprotocol that was chosen.
    pub protocol: Option<String>,
    /// The negotiated extensions.
    pub extensions: Option<String>,
    /// A description of the negotiated compression.
    pub compression: Option<String>,
    /// The TLS session, for wss.
    pub tls: Option<TlsInfo>,
    /// The duration of each phase.
    pub timings: Timings,
    /// Secrets that the peer may repeat, to be masked.
    pub secrets: Secrets,
}

/// What the request target is called where names of header fields are. None of these has a space.
pub const REQUEST_TARGET: &str = "request target";

impl Opened {
    /// What the server got of a field of the request, or of its target, joined as in [`Opened::client_sent`].
    pub fn server_got(&self, name: &str) -> Option<String> {
        if name == REQUEST_TARGET {
            let line = String::from_utf8_lossy(&self.request.start_line);
            return line.split(' ').nth(1).map(str::to_owned);
        }
        let is_named = |(other, _): &&(String, Vec<u8>)| other.eq_ignore_ascii_case(name);
        let values = self.request.fields.iter().filter(is_named);
        let values: Vec<_> = values.map(|(_, value)| String::from_utf8_lossy(value)).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// A connection of which nothing else is known.
    pub fn unknown(initiator: Initiator, local: String) -> Self {
        Self {
            initiator,
            url: String::new(),
            remote: String::new(),
            proxy: None,
            local,
            http_minor: 1,
            status: 101,
            reason: String::new(),
            request: HeadView::empty(),
            client_sent: Vec::new(),
            interim: Vec::new(),
            response: HeadView::empty(),
            has_credentials: false,
            offered: Vec::new(),
            protocol: None,
            extensions: None,
            compression: None,
            tls: None,
            timings: Timings::default(),
            secrets: Secrets::default(),
        }
    }
}

/// The proxy that a connection goes through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxied {
    /// Its URL, without userinfo.
    pub url: String,
    /// A description with the option or variable that selected it.
    pub words: String,
    /// The CONNECT request and its responses, for an HTTP proxy. Secrets are already masked.
    pub heads: Option<ProxyHeads>,
}

/// A CONNECT request and its responses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyHeads {
    /// The request.
    pub request: HeadView,
    /// The interim responses.
    pub interim: Vec<InterimView>,
    /// The response that opened the tunnel.
    pub response: Option<HeadView>,
}

/// An interim response (RFC 9110 section 15.2). Secrets are already masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterimView {
    /// Who sent it.
    pub from: Hop,
    /// Status code, 100 to 199.
    pub status: u16,
    /// Reason phrase.
    pub reason: String,
    /// The head.
    pub head: HeadView,
}

/// The sender of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    /// The server.
    Server,
    /// The proxy that the connection goes through.
    Proxy,
}

impl Hop {
    /// The name used in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Proxy => "proxy",
        }
    }
}
