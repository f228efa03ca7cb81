//! The server's end of TLS where OpenSSL is not the library: native-tls'.

use std::io::{Read, Write};

use native_tls::{HandshakeError, TlsAcceptor, TlsStream};

use super::server_handshake::ServerHandshake;
use super::{Identity, reason_of};
use crate::net::tls_stream::ServerStream;

/// A certificate with its key, ready to accept clients.
#[derive(Clone)]
pub struct ServerContext(TlsAcceptor);

impl ServerContext {
    /// For a server with this certificate.
    ///
    /// # Errors
    /// With the TLS library's words.
    pub fn new(identity: &Identity) -> Result<Self, String> {
        let acceptor = TlsAcceptor::new(identity.native.clone());
        acceptor.map(Self).map_err(|error| reason_of(&error))
    }

    /// Begins a handshake.
    pub fn accept<S: Read + Write>(&self, stream: S) -> ServerHandshake<S> {
        self.0.accept(stream).into()
    }
}

impl<S> From<Result<TlsStream<S>, HandshakeError<S>>> for ServerHandshake<S> {
    fn from(progress: Result<TlsStream<S>, HandshakeError<S>>) -> Self {
        match progress {
            Ok(stream) => Self::Done(stream),
            Err(HandshakeError::WouldBlock(unfinished)) => Self::Unfinished(unfinished),
            Err(HandshakeError::Failure(error)) => Self::Failed(reason_of(&error)),
        }
    }
}

/// The application protocol that was agreed on, and the client's certificate in DER.
pub(super) fn agreed<S: Read + Write>(
    stream: &ServerStream<S>,
) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let certificate = stream.peer_certificate().ok().flatten();
    let der = certificate.and_then(|certificate| certificate.to_der().ok());
    (stream.negotiated_alpn().ok().flatten(), der)
}
