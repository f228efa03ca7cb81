//! The connection's byte stream: TCP, or TLS over it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};

use mio::net::TcpStream;
use native_tls::TlsStream;

use super::tls_hello::HelloTap;

/// A connected, non-blocking byte stream.
#[derive(Debug)]
pub enum Stream {
    /// TCP.
    Plain(TcpStream),
    /// TLS over TCP.
    Tls(Box<TlsStream<HelloTap<TcpStream>>>),
}

impl Stream {
    /// The TCP socket below.
    pub fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => tls.get_ref().inner(),
        }
    }

    /// Our end's address.
    pub fn local_address(&self) -> Option<SocketAddr> {
        self.tcp().local_addr().ok()
    }

    /// Tells the peer that nothing more will come: close_notify under TLS, then FIN.
    pub fn finish_sending(&mut self) {
        if let Self::Tls(tls) = self {
            let _ = tls.shutdown(); // the peer may have gone already
        }
        let _ = self.tcp().shutdown(Shutdown::Write);
    }

    /// Whether bytes may be waiting that no readiness will announce again: TLS holds decrypted ones.
    pub fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(_))
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.read(buffer),
            Self::Tls(tls) => tls.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.write(bytes),
            Self::Tls(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(tcp) => tcp.flush(),
            Self::Tls(tls) => tls.flush(),
        }
    }
}
