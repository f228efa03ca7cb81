//! TLS on the server's side.

use std::fmt;

use super::reactor::{Deadline, Reactor};
use super::stream::Stream;
use super::tls::{self, Identity, ServerContext, TlsError, TlsInfo};

/// A certificate with its key, ready to accept clients.
#[derive(Clone)]
pub struct TlsAcceptor(ServerContext);

impl TlsAcceptor {
    /// For a server with this certificate.
    ///
    /// # Errors
    /// With the TLS library's message.
    pub fn new(identity: &Identity) -> Result<Self, String> {
        let context = ServerContext::new(identity)?;
        tls::rehearse(&context)?;
        Ok(Self(context))
    }

    /// Does the TLS handshake with a client.
    ///
    /// # Errors
    /// With the TLS library's reason, or why the wait for it ended.
    pub fn accept(
        &self,
        stream: Stream,
        reactor: &mut Reactor,
        deadline: Deadline,
    ) -> Result<(Stream, TlsInfo), TlsError> {
        let (stream, info) = tls::accept(stream, &self.0, reactor, deadline)?;
        Ok((Stream::Accepted(Box::new(stream)), info))
    }
}

impl fmt::Debug for TlsAcceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsAcceptor")
    }
}
