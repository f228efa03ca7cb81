//! The connection's byte stream: a socket, and the layers on top of it.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use mio::event::Source;
use mio::net::TcpStream;
#[cfg(unix)]
use mio::net::UnixStream;
use mio::{Interest, Token};
use native_tls::TlsStream;
use socket2::SockRef;

use super::reactor::{Reactor, tokens};
use super::tls_hello::HelloTap;
use super::tls_stream::{ServerStream, shut_down};
use crate::platform::unsent;

#[cfg(test)]
mod tests;

/// A connected, non-blocking byte stream. Layers nest: TLS through an HTTPS proxy is TLS over TLS.
#[derive(Debug)]
pub enum Stream {
    /// TCP.
    Plain(TcpStream),
    /// A Unix domain socket.
    #[cfg(unix)]
    Unix(UnixStream),
    /// TLS over another stream.
    Tls(Box<TlsStream<HelloTap<Stream>>>),
    /// The server's end of TLS over another stream.
    Accepted(Box<ServerStream<HelloTap<Stream>>>),
    /// Another stream, of which some bytes have been read already.
    Resumed(Box<Resumed>),
}

/// A stream with bytes that come before its own.
#[derive(Debug)]
pub struct Resumed {
    /// Not read yet, from `at` on.
    early: Vec<u8>,
    at: usize,
    stream: Stream,
}

impl Stream {
    /// The same stream with `early`, which was read from it before, in front.
    pub fn resume(self, early: Vec<u8>) -> Self {
        match early.is_empty() {
            true => self,
            false => Self::Resumed(Box::new(Resumed { early, at: 0, stream: self })),
        }
    }

    /// Moves the socket from the event loop of one reactor to that of another.
    ///
    /// # Errors
    /// When the system refuses that.
    pub fn move_to(&mut self, to: &Reactor, from: &Reactor) -> io::Result<()> {
        let source = self.source();
        from.registry().deregister(source)?;
        to.registry().register(source, tokens::SOCKET, Interest::READABLE | Interest::WRITABLE)
    }

    /// Has the readiness of the socket, which is registered with this reactor, reported as that of `token`. What it is
    /// ready for now is reported again.
    ///
    /// # Errors
    /// When the system refuses that.
    pub fn set_token(&mut self, reactor: &Reactor, token: Token) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        reactor.registry().reregister(self.source(), token, interest)
    }

    fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::Plain(tcp) => tcp,
            #[cfg(unix)]
            Self::Unix(unix) => unix,
            Self::Tls(tls) => tls.get_mut().inner_mut().source(),
            Self::Accepted(tls) => tls.get_mut().inner_mut().source(),
            Self::Resumed(resumed) => resumed.stream.source(),
        }
    }

    /// Our end's address; a client's end of a Unix socket has none.
    pub fn local_address(&self) -> Option<String> {
        match self {
            Self::Plain(tcp) => tcp.local_addr().ok().map(|address| address.to_string()),
            #[cfg(unix)]
            Self::Unix(_) => None,
            Self::Tls(tls) => tls.get_ref().inner().local_address(),
            Self::Accepted(tls) => tls.get_ref().inner().local_address(),
            Self::Resumed(resumed) => resumed.stream.local_address(),
        }
    }

    /// Ends our direction: close_notify under TLS, then FIN.
    pub fn finish_sending(&mut self) {
        let _ = match self {
            Self::Plain(tcp) => tcp.shutdown(Shutdown::Write),
            #[cfg(unix)]
            Self::Unix(unix) => unix.shutdown(Shutdown::Write),
            Self::Tls(tls) => {
                let sent = tls.shutdown();
                tls.get_mut().inner_mut().finish_sending();
                sent
            }
            Self::Accepted(tls) => {
                shut_down(tls);
                return tls.get_mut().inner_mut().finish_sending();
            }
            Self::Resumed(resumed) => return resumed.stream.finish_sending(),
        }; // the peer may have gone already
    }

    /// Ends our direction with FIN alone. Under TLS the peer sees from the missing close_notify that the data may be
    /// incomplete (RFC 8446 section 6.1), as where a connection breaks.
    pub fn cut_sending(&mut self) {
        let _ = match self {
            Self::Plain(tcp) => tcp.shutdown(Shutdown::Write),
            #[cfg(unix)]
            Self::Unix(unix) => unix.shutdown(Shutdown::Write),
            Self::Tls(tls) => return tls.get_mut().inner_mut().cut_sending(),
            Self::Accepted(tls) => return tls.get_mut().inner_mut().cut_sending(),
            Self::Resumed(resumed) => return resumed.stream.cut_sending(),
        }; // the peer may have gone already
    }

    /// Has TCP send RST when the stream is dropped, which discards what is not sent yet (SO_LINGER of zero seconds). A
    /// Unix socket cannot be reset.
    pub fn reset_on_drop(&self) {
        if let Some(tcp) = self.tcp() {
            let _ = SockRef::from(tcp).set_linger(Some(Duration::ZERO)); // it is closed anyway
        }
    }

    /// Whether TCP has sent everything that was written, so that a reset discards nothing of it. Where the system does not tell,
    /// it counts as sent. Once it is, the stream is announced as writable.
    pub fn has_sent_all(&self) -> bool {
        self.tcp().is_none_or(unsent::has_sent_all)
    }

    /// Bytes that TCP has accepted and the peer has not acknowledged, about 200 ms ago at the earliest: a reset may discard them.
    /// `None`: the system does not tell. Under TLS they include its overhead.
    pub fn unacknowledged(&self) -> Option<u64> {
        self.tcp().and_then(unsent::unacknowledged)
    }

    /// The TCP connection below all layers; `None`: a Unix socket.
    fn tcp(&self) -> Option<&TcpStream> {
        match self {
            Self::Plain(tcp) => Some(tcp),
            #[cfg(unix)]
            Self::Unix(_) => None,
            Self::Tls(tls) => tls.get_ref().inner().tcp(),
            Self::Accepted(tls) => tls.get_ref().inner().tcp(),
            Self::Resumed(resumed) => resumed.stream.tcp(),
        }
    }

    /// Whether there is TLS on the socket: it buffers what it could not write.
    pub fn is_tls(&self) -> bool {
        match self {
            Self::Tls(_) | Self::Accepted(_) => true,
            Self::Resumed(resumed) => resumed.stream.is_tls(),
            _ => false,
        }
    }

    /// Whether there may be bytes to read without another readiness event: TLS buffers decrypted ones.
    pub fn holds_bytes(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            #[cfg(unix)]
            Self::Unix(_) => false,
            Self::Tls(_) | Self::Accepted(_) | Self::Resumed(_) => true,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.read(buffer),
            #[cfg(unix)]
            Self::Unix(unix) => unix.read(buffer),
            Self::Tls(tls) => tls.read(buffer),
            Self::Accepted(tls) => tls.read(buffer),
            Self::Resumed(resumed) => resumed.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.write(bytes),
            #[cfg(unix)]
            Self::Unix(unix) => unix.write(bytes),
            Self::Tls(tls) => tls.write(bytes),
            Self::Accepted(tls) => tls.write(bytes),
            Self::Resumed(resumed) => resumed.stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(tcp) => tcp.flush(),
            #[cfg(unix)]
            Self::Unix(unix) => unix.flush(),
            Self::Tls(tls) => tls.flush(),
            Self::Accepted(tls) => tls.flush(),
            Self::Resumed(resumed) => resumed.stream.flush(),
        }
    }
}

impl Read for Resumed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut rest = &self.early[self.at..];
        if rest.is_empty() {
            return self.stream.read(buffer);
        }
        let count = rest.read(buffer)?;
        self.at += count;
        Ok(count)
    }
}
