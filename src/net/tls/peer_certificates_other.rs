//! The certificate of a server that was refused, from a second connection: here native-tls returns the server's
//! own only.

use std::io::{Read, Write};

use native_tls::{HandshakeError, TlsConnector};

use super::{CertificateInfo, ServerName, TlsOptions};
use crate::net::reactor::{Deadline, Interrupted, Reactor, WaitError};

/// The certificate that the server sends on this new connection. It is not verified, and nothing is sent but the
/// handshake.
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
    let connector = TlsConnector::builder()
        .danger_accept_invalid_certs(true)
        .danger_accept_invalid_hostnames(true)
        .use_sni(options.server_name != ServerName::Omitted)
        .min_protocol_version(options.min)
        .max_protocol_version(options.max)
        .request_alpns(&[super::ALPN])
        .build();
    let Ok(connector) = connector else { return Ok(Vec::new()) };
    let mut progress = connector.connect(name, stream);
    loop {
        match progress {
            Ok(stream) => {
                let certificate = stream.peer_certificate().ok().flatten();
                let der = certificate.and_then(|certificate| certificate.to_der().ok());
                return Ok(der.as_deref().and_then(CertificateInfo::read).into_iter().collect());
            }
            Err(HandshakeError::WouldBlock(unfinished)) => match reactor.wait_for(deadline, None) {
                Ok(_) => progress = unfinished.handshake(),
                Err(WaitError::Interrupted(interrupted)) => return Err(interrupted),
                Err(_) => return Ok(Vec::new()),
            },
            Err(HandshakeError::Failure(_)) => return Ok(Vec::new()),
        }
    }
}
