//! TLS over a connected stream, under a deadline.

use std::io;

use native_tls::{HandshakeError, Protocol, TlsStream};

use super::reactor::{Deadline, Interrupted, Reactor, WaitError};
use super::stream::Stream;
use super::tls_hello::{HelloTap, Seen, ServerEnd, ServerHello, TlsAnswer, answer, server_hello};
use super::tls_stream::ServerStream;

mod algorithms;
mod certificate;
mod client;
mod failure;
mod fault;
mod identity;
#[cfg_attr(any(windows, target_vendor = "apple"), path = "tls/peer_certificates_other.rs")]
mod peer_certificates;
mod rehearsal;
#[cfg_attr(any(windows, target_vendor = "apple"), path = "tls/server_other.rs")]
mod server;
mod server_handshake;
#[cfg_attr(any(windows, target_vendor = "apple"), path = "tls/system_roots_other.rs")]
mod system_roots;

pub use certificate::{CertificateInfo, Validity, utc};
pub use client::ClientContext;
pub use failure::TlsFailure;
pub use fault::{TlsFault, is_http};
pub use identity::{Identity, IdentityError, IdentityFileError, holds_pem, is_pkcs12};
pub use peer_certificates::peer_certificates;
pub(in crate::net) use rehearsal::rehearse;
pub use server::ServerContext;
pub use server_handshake::ServerHandshake;

/// The application protocol that is offered (RFC 7301 section 6): load balancers that are configured with a
/// list of protocols refuse clients that offer none. RFC 6455 needs HTTP/1.1.
pub(in crate::net) const ALPN: &str = "http/1.1";

/// The options of TLS as a client.
#[derive(Clone, Default)]
pub struct TlsOptions {
    /// Accept any certificate.
    pub insecure: bool,
    /// Certificates trusted.
    pub roots: Vec<native_tls::Certificate>,
    /// Whether the system's are trusted, too.
    pub trust: Trust,
    /// The client certificate, for a server that requests one.
    pub identity: Option<Identity>,
    /// The name that is sent to the server and that its certificate must be for.
    pub server_name: ServerName,
    /// The oldest version of the protocol.
    pub min: Option<Protocol>,
    /// The newest.
    pub max: Option<Protocol>,
}

/// Which certificates are trusted beside those that were named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// The system's.
    #[default]
    System,
    /// None.
    Named,
}

/// Which name is sent to the server (server_name, RFC 6066 section 3) and its certificate must be for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ServerName {
    /// That of the host connected to.
    #[default]
    Host,
    /// This one.
    Other(String),
    /// None is sent; the certificate must be for the host.
    Omitted,
}

impl std::fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsOptions")
            .field("insecure", &self.insecure)
            .field("roots", &self.roots.len())
            .field("trust", &self.trust)
            .field("identity", &self.identity)
            .field("server_name", &self.server_name)
            .field("versions", &(self.min, self.max))
            .finish()
    }
}

impl TlsOptions {
    /// The options for another host than the one these were given for: without the client certificate and
    /// without a name that replaces the host's. `None`: these hold for all hosts.
    pub fn for_other_hosts(&self) -> Option<Self> {
        let server_name = match self.server_name {
            ServerName::Omitted => ServerName::Omitted,
            ServerName::Host | ServerName::Other(_) => ServerName::Host,
        };
        let is_same = self.identity.is_none() && server_name == self.server_name;
        (!is_same).then(|| Self { identity: None, server_name, ..self.clone() })
    }

    /// The name that the certificate of this host must be for.
    pub fn name_for(&self, host: &str) -> String {
        match &self.server_name {
            ServerName::Other(name) => name.clone(),
            ServerName::Host | ServerName::Omitted => host.to_owned(),
        }
    }
}

/// The properties of an established TLS connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsInfo {
    /// "TLSv1.3"; "unknown" if the ServerHello could not be read.
    pub version: String,
    /// IANA's name of the cipher suite.
    pub cipher: String,
    /// The application protocol that was negotiated (ALPN, RFC 7301); many servers choose none.
    pub alpn: Option<String>,
    /// The peer's certificate; clients rarely have one.
    pub certificate: Option<CertificateInfo>,
}

/// Why there is no TLS connection.
#[derive(Debug)]
pub enum TlsError {
    /// The connector could not be built.
    Setup(String),
    /// The handshake failed.
    Handshake {
        /// The TLS library's reason.
        reason: String,
        /// What the server had sent until then.
        seen: Vec<u8>,
    },
    /// The wait ended.
    Wait {
        /// Why.
        error: WaitError,
        /// What the server had sent until then.
        seen: Vec<u8>,
    },
}

/// Performs the TLS handshake with the server of this name.
///
/// # Errors
/// With the TLS library's reason, or why the wait for it ended.
pub fn connect(
    stream: Stream,
    name: &str,
    context: &ClientContext,
    reactor: &mut Reactor,
    deadline: Deadline,
) -> Result<(TlsStream<HelloTap<Stream>>, TlsInfo), TlsError> {
    let connector = context.connector().map_err(TlsError::Setup)?;
    let (tap, seen) = HelloTap::new(stream, ServerEnd::Peer);
    handshake(connector.connect(name, tap), &seen, reactor, deadline)
}

type Tapped = HelloTap<Stream>;
type Progress = Result<TlsStream<Tapped>, HandshakeError<Tapped>>;

fn handshake(
    mut progress: Progress,
    seen: &Seen,
    reactor: &mut Reactor,
    deadline: Deadline,
) -> Result<(TlsStream<Tapped>, TlsInfo), TlsError> {
    loop {
        match progress {
            Ok(mut stream) => {
                let certificate = stream.peer_certificate().ok().flatten();
                let der = certificate.and_then(|certificate| certificate.to_der().ok());
                let info = describe(seen, stream.negotiated_alpn().ok().flatten(), der);
                stream.get_mut().stop();
                return Ok((stream, info));
            }
            Err(HandshakeError::WouldBlock(unfinished)) => {
                reactor.wait_for(deadline, None).map_err(|error| waited(error, seen))?;
                progress = unfinished.handshake();
            }
            Err(HandshakeError::Failure(error)) => return Err(failed(reason_of(&error), seen)),
        }
    }
}

/// How the server of this name answers a ClientHello. The handshake goes no further than that requires.
///
/// # Errors
/// When a signal ends the wait.
pub fn first_answer(
    stream: Stream,
    name: &str,
    options: &TlsOptions,
    reactor: &mut Reactor,
    deadline: Deadline,
) -> Result<TlsAnswer, Interrupted> {
    // Nothing is verified, so that no certificates have to be read.
    let (trust, roots) = (Trust::Named, Vec::new());
    let context = ClientContext::new(TlsOptions {
        insecure: true,
        identity: None,
        trust,
        roots,
        ..options.clone()
    });
    let Ok(connector) = context.connector() else { return Ok(TlsAnswer::Nothing) };
    let (tap, seen) = HelloTap::new(stream, ServerEnd::Peer);
    let mut progress = connector.connect(name, tap);
    loop {
        match (answer(&bytes_of(&seen)), progress) {
            (
                came @ (TlsAnswer::Nothing | TlsAnswer::Record),
                Err(HandshakeError::WouldBlock(unfinished)),
            ) => match reactor.wait_for(deadline, None) {
                Ok(_) => progress = unfinished.handshake(),
                Err(WaitError::Interrupted(interrupted)) => return Err(interrupted),
                Err(_) => return Ok(came),
            },
            (came, _) => return Ok(came),
        }
    }
}

/// Performs the TLS handshake with a client.
///
/// # Errors
/// With the TLS library's reason, or why the wait for it ended.
pub fn accept(
    stream: Stream,
    context: &ServerContext,
    reactor: &mut Reactor,
    deadline: Deadline,
) -> Result<(ServerStream<HelloTap<Stream>>, TlsInfo), TlsError> {
    let (tap, seen) = HelloTap::new(stream, ServerEnd::Local);
    let mut handshake = context.accept(tap);
    loop {
        match handshake {
            ServerHandshake::Done(mut stream) => {
                let (alpn, der) = server::agreed(&stream);
                let info = describe(&seen, alpn, der);
                stream.get_mut().stop();
                return Ok((stream, info));
            }
            ServerHandshake::Unfinished(_) => {
                reactor.wait_for(deadline, None).map_err(|error| waited(error, &seen))?;
                handshake = handshake.resume();
            }
            ServerHandshake::Failed(reason) => return Err(failed(reason, &seen)),
        }
    }
}

fn failed(reason: String, seen: &Seen) -> TlsError {
    TlsError::Handshake { reason, seen: bytes_of(seen) }
}

fn waited(error: WaitError, seen: &Seen) -> TlsError {
    TlsError::Wait { error, seen: bytes_of(seen) }
}

fn bytes_of(seen: &Seen) -> Vec<u8> {
    seen.lock().map(|seen| seen.clone()).unwrap_or_default()
}

/// The description of a TLS alert from the server, if that is why a read failed.
pub fn alert(error: &io::Error) -> Option<String> {
    let text = error.to_string();
    text.contains("alert").then(|| reason_in(&text))
}

/// Why TLS failed on an open connection, if that is why a read or write failed: the library's reason, without its
/// numbers and source files.
pub fn broken(error: &io::Error) -> Option<String> {
    let text = error.to_string();
    let is_alert = text.contains("alert");
    text.contains("SSL routines").then(|| match is_alert {
        true => format!("TLS alert from the peer: {}", reason_in(&text)),
        false => format!("TLS failed: {}", reason_in(&text)),
    })
}

fn reason_of(error: &native_tls::Error) -> String {
    let text = error.to_string();
    let source = std::error::Error::source(error).map(ToString::to_string);
    match source.filter(|source| !text.contains("error:") && *source != text) {
        Some(source) => format!("{text}: {source}"),
        None => reason_in(&text),
    }
}

/// The library's error without its numbers and source files; the result of certificate verification stands in
/// parentheses at its end.
fn reason_in(text: &str) -> String {
    let verdict = text.rfind(": (").map(|at| text[at + 3..].trim_end_matches(')'));
    let reason = text
        .split(", ")
        .find_map(|part| part.strip_prefix("error:").and_then(|part| part.split(':').nth(3)));
    match (reason, verdict) {
        (Some(reason), Some(verdict)) => format!("{reason}: {verdict}"),
        (Some(reason), None) => reason.to_owned(),
        (None, _) => text.to_owned(),
    }
}

fn describe(seen: &Seen, alpn: Option<Vec<u8>>, certificate: Option<Vec<u8>>) -> TlsInfo {
    let unknown = || ServerHello { version: "unknown".to_owned(), cipher: "unknown".to_owned() };
    let hello = seen.lock().ok().and_then(|seen| server_hello(&seen)).unwrap_or_else(unknown);
    let alpn = alpn.map(|name| String::from_utf8_lossy(&name).into_owned());
    let certificate = certificate.as_deref().and_then(CertificateInfo::read);
    TlsInfo { version: hello.version, cipher: hello.cipher, alpn, certificate }
}

/// Whether a TLS read error says that TCP ended without close_notify.
pub fn is_truncation(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof || error.to_string().contains("unexpected eof")
}
