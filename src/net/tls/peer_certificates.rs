//! The certificates of a server that were refused, from a second connection: native-tls does not return them.

use std::io::{Read, Write};

use native_tls::Protocol;
use openssl::error::ErrorStack;
use openssl::ssl::{
    ConnectConfiguration, HandshakeError, SslConnector, SslMethod, SslRef, SslVerifyMode,
    SslVersion,
};

use super::server::ALPN_LIST;
use super::{CertificateInfo, ServerName, TlsOptions};
use crate::net::reactor::{Deadline, Interrupted, Reactor, WaitError};

/// The most certificates that are kept; a chain has two or three.
const MAX_CHAIN: usize = 10;

/// The certificates that the server sends on this new connection, its own first. They are not verified, and
/// nothing is sent but the handshake. At the deadline they are those received so far.
///
/// # Errors
/// When a signal ends the wait.
pub fn peer_certificates<S: Read + Write>(
    stream: S,
    name: &str,
    options: &TlsOptions,
    reactor: &mut Reactor,
    deadline: Deadline,
) -> Result<Vec<CertificateInfo>, Interrupted> {
    let Ok(configuration) = configuration(options) else { return Ok(Vec::new()) };
    let mut progress = configuration.connect(name, stream);
    loop {
        match progress {
            Ok(mut stream) => {
                let found = chain(stream.ssl());
                let _ = stream.shutdown(); // close_notify, if the socket takes it
                return Ok(found);
            }
            Err(HandshakeError::WouldBlock(unfinished)) => match reactor.wait_for(deadline, None) {
                Ok(_) => progress = unfinished.handshake(),
                Err(WaitError::Interrupted(interrupted)) => return Err(interrupted),
                Err(_) => return Ok(chain(unfinished.ssl())),
            },
            Err(HandshakeError::Failure(failed)) => return Ok(chain(failed.ssl())),
            Err(HandshakeError::SetupFailure(_)) => return Ok(Vec::new()),
        }
    }
}

fn configuration(options: &TlsOptions) -> Result<ConnectConfiguration, ErrorStack> {
    let mut builder = SslConnector::builder(SslMethod::tls_client())?;
    builder.set_verify(SslVerifyMode::NONE);
    builder.set_min_proto_version(options.min.map(version))?;
    builder.set_max_proto_version(options.max.map(version))?;
    builder.set_alpn_protos(ALPN_LIST)?;
    let sends_name = options.server_name != ServerName::Omitted;
    let configuration = builder.build().configure()?;
    Ok(configuration.use_server_name_indication(sends_name).verify_hostname(false))
}

fn version(version: Protocol) -> SslVersion {
    match version {
        Protocol::Sslv3 => SslVersion::SSL3,
        Protocol::Tlsv10 => SslVersion::TLS1,
        Protocol::Tlsv11 => SslVersion::TLS1_1,
        Protocol::Tlsv12 => SslVersion::TLS1_2,
        _ => SslVersion::TLS1_3,
    }
}

fn chain(ssl: &SslRef) -> Vec<CertificateInfo> {
    let sent = ssl.peer_cert_chain().into_iter().flatten();
    let ders = sent.take(MAX_CHAIN).filter_map(|certificate| certificate.to_der().ok());
    ders.filter_map(|der| CertificateInfo::read(&der)).collect()
}
