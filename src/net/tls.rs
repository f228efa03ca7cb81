//! TLS over a connected stream, under the dial's deadline.

use std::io;

use native_tls::{HandshakeError, TlsConnector, TlsStream};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::reactor::{Deadline, Reactor, WaitError};
use super::stream::Stream;
use super::tls_hello::{HelloTap, Seen, Server, ServerHello, server_hello};

/// How TLS is to be done.
#[derive(Clone, Default)]
pub struct TlsOptions {
    /// Accept any certificate.
    pub insecure: bool,
    /// Certificates trusted beside the system's.
    pub roots: Vec<native_tls::Certificate>,
}

impl std::fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let roots = self.roots.len();
        f.debug_struct("TlsOptions")
            .field("insecure", &self.insecure)
            .field("roots", &roots)
            .finish()
    }
}

/// What is known of an established TLS connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsInfo {
    /// "TLSv1.3"; "unknown" if the ServerHello could not be read.
    pub version: String,
    /// IANA's name of the cipher suite.
    pub cipher: String,
    /// The peer's certificate; clients rarely have one.
    pub certificate: Option<CertificateInfo>,
}

/// What is shown of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateInfo {
    /// Distinguished name of the subject.
    pub subject: String,
    /// Distinguished name of the issuer.
    pub issuer: String,
    /// DNS names and IP addresses it is for.
    pub names: Vec<String>,
    /// End of validity, seconds since the epoch.
    pub not_after: i64,
}

/// Why there is no TLS connection.
#[derive(Debug)]
pub enum TlsError {
    /// The connector could not be built.
    Setup(String),
    /// The handshake failed; OpenSSL's words, and what the server had sent.
    Handshake {
        /// The TLS library's words.
        reason: String,
        /// What the server had sent until then.
        seen: Vec<u8>,
    },
    /// The wait ended.
    Wait(WaitError),
}

/// Does the TLS handshake with the server called `name`.
///
/// # Errors
/// With the TLS library's reason, or why the wait for it ended.
pub fn connect(
    stream: Stream,
    name: &str,
    options: &TlsOptions,
    reactor: &mut Reactor,
    deadline: Deadline,
) -> Result<(TlsStream<HelloTap<Stream>>, TlsInfo), TlsError> {
    let connector = connector(options).map_err(|error| TlsError::Setup(error.to_string()))?;
    let (tap, seen) = HelloTap::new(stream, Server::Peer);
    shake_hands(connector.connect(name, tap), &seen, reactor, deadline)
}

type Tapped = HelloTap<Stream>;
type Progress = Result<TlsStream<Tapped>, HandshakeError<Tapped>>;

/// Brings a handshake on, in either role, until it is done.
pub(super) fn shake_hands(
    mut progress: Progress,
    seen: &Seen,
    reactor: &mut Reactor,
    deadline: Deadline,
) -> Result<(TlsStream<Tapped>, TlsInfo), TlsError> {
    loop {
        match progress {
            Ok(mut stream) => {
                let info = describe(&stream, seen);
                stream.get_mut().stop();
                return Ok((stream, info));
            }
            Err(HandshakeError::WouldBlock(unfinished)) => {
                reactor.wait_for(deadline, None).map_err(TlsError::Wait)?;
                progress = unfinished.handshake();
            }
            Err(HandshakeError::Failure(error)) => {
                let seen = seen.lock().map(|seen| seen.clone()).unwrap_or_default();
                return Err(TlsError::Handshake { reason: reason_of(&error), seen });
            }
        }
    }
}

fn connector(options: &TlsOptions) -> native_tls::Result<TlsConnector> {
    let mut builder = TlsConnector::builder();
    builder
        .danger_accept_invalid_certs(options.insecure)
        .danger_accept_invalid_hostnames(options.insecure);
    for root in &options.roots {
        builder.add_root_certificate(root.clone());
    }
    builder.build()
}

/// What a TLS alert received from the server says, if that is why a read failed.
pub fn alert(error: &io::Error) -> Option<String> {
    let text = error.to_string();
    text.contains("alert").then(|| reason_in(&text))
}

pub(super) fn reason_of(error: &native_tls::Error) -> String {
    let text = error.to_string();
    let source = std::error::Error::source(error).map(ToString::to_string);
    match source.filter(|source| !text.contains("error:") && *source != text) {
        Some(source) => format!("{text}: {source}"),
        None => reason_in(&text),
    }
}

/// The library's error without its numbers and source files; the verdict on a certificate stands in
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

fn describe(stream: &TlsStream<Tapped>, seen: &Seen) -> TlsInfo {
    let unknown = || ServerHello { version: "unknown".to_owned(), cipher: "unknown".to_owned() };
    let hello = seen.lock().ok().and_then(|seen| server_hello(&seen)).unwrap_or_else(unknown);
    let der =
        stream.peer_certificate().ok().flatten().and_then(|certificate| certificate.to_der().ok());
    let certificate = der.as_deref().and_then(read_certificate);
    TlsInfo { version: hello.version, cipher: hello.cipher, certificate }
}

fn read_certificate(der: &[u8]) -> Option<CertificateInfo> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let alternatives = certificate.subject_alternative_name().ok().flatten();
    let names = alternatives.map_or_else(Vec::new, |extension| {
        extension.value.general_names.iter().filter_map(name_text).collect()
    });
    Some(CertificateInfo {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        names,
        not_after: certificate.validity().not_after.timestamp(),
    })
}

fn name_text(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match <[u8; 4]>::try_from(*bytes) {
            Ok(v4) => Some(std::net::Ipv4Addr::from(v4).to_string()),
            Err(_) => {
                <[u8; 16]>::try_from(*bytes).ok().map(|v6| std::net::Ipv6Addr::from(v6).to_string())
            }
        },
        _ => None,
    }
}

/// Whether a TLS read error says that TCP ended without close_notify.
pub fn is_truncation(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof || error.to_string().contains("unexpected eof")
}
