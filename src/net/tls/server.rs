//! The server's end of TLS where OpenSSL is the library. native-tls' acceptor is Mozilla's "intermediate"
//! configuration of 2017, which excludes TLS 1.3, and no limit on the version that native-tls takes brings it
//! back; so the context is built with the library itself.

use std::io::{Read, Write};

use openssl::error::ErrorStack;
use openssl::ssl::{
    AlpnError, HandshakeError, SslAcceptor, SslMethod, SslOptions, SslStream, select_next_proto,
};

use super::server_handshake::ServerHandshake;
use super::{Identity, reason_in};
use crate::net::tls_stream::ServerStream;

/// A certificate with its key, ready to accept clients.
#[derive(Clone)]
pub struct ServerContext(SslAcceptor);

/// [`super::ALPN`] as it is on the wire: its length comes first (RFC 7301 section 3.1).
pub(super) const ALPN_LIST: &[u8] = b"\x08http/1.1";

impl ServerContext {
    /// For a server with this certificate.
    ///
    /// # Errors
    /// With the TLS library's words.
    pub fn new(identity: &Identity) -> Result<Self, String> {
        build(identity).map(Self).map_err(|error| reason_in(&error.to_string()))
    }

    /// Begins a handshake.
    pub fn accept<S: Read + Write>(&self, stream: S) -> ServerHandshake<S> {
        self.0.accept(stream).into()
    }
}

/// The same ciphers as native-tls accepts from older clients, and TLS 1.3 beside them.
fn build(identity: &Identity) -> Result<SslAcceptor, ErrorStack> {
    let mut builder = SslAcceptor::mozilla_intermediate(SslMethod::tls_server())?;
    builder.clear_options(SslOptions::NO_TLSV1_3);
    // A client that offers other protocols alone is answered without one, as it was before.
    builder.set_alpn_select_callback(|_, offered| {
        select_next_proto(ALPN_LIST, offered).ok_or(AlpnError::NOACK)
    });
    let [leaf, above @ ..] = identity.pair.chain.as_slice() else {
        return Err(ErrorStack::get()); // an identity has a certificate
    };
    builder.set_private_key(&identity.pair.key)?;
    builder.set_certificate(leaf)?;
    above.iter().try_for_each(|certificate| builder.add_extra_chain_cert(certificate.clone()))?;
    Ok(builder.build())
}

impl<S> From<Result<SslStream<S>, HandshakeError<S>>> for ServerHandshake<S> {
    fn from(progress: Result<SslStream<S>, HandshakeError<S>>) -> Self {
        match progress {
            Ok(stream) => Self::Done(stream),
            Err(HandshakeError::WouldBlock(unfinished)) => Self::Unfinished(unfinished),
            Err(HandshakeError::SetupFailure(error)) => Self::Failed(reason_in(&error.to_string())),
            Err(HandshakeError::Failure(failed)) => {
                Self::Failed(reason_in(&failed.error().to_string()))
            }
        }
    }
}

/// The application protocol that was agreed on, and the client's certificate in DER.
pub(super) fn agreed<S>(stream: &ServerStream<S>) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let ssl = stream.ssl();
    let der = ssl.peer_certificate().and_then(|certificate| certificate.to_der().ok());
    (ssl.selected_alpn_protocol().map(<[u8]>::to_vec), der)
}
