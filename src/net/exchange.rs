//! Reads and writes before a session exists, each limited by a deadline.

use std::io::{self, Read, Write};

use super::reactor::{Deadline, Reactor, WaitError};
use super::stream::Stream;
use super::tls::{alert, is_truncation};
use crate::protocol::vocabulary::TransportEnd;

/// A stream, and the reactor it is registered with.
#[derive(Debug)]
pub struct Exchange<'a> {
    stream: &'a mut Stream,
    reactor: &'a mut Reactor,
}

/// Why a read or write did not succeed.
#[derive(Debug)]
pub enum ExchangeError {
    /// The transport ended or failed.
    Transport(TransportEnd),
    /// The peer ended TLS with an alert.
    Alert {
        /// The description of the alert.
        reason: String,
        /// The TLS library's whole message.
        message: String,
    },
    /// The wait for the peer ended.
    Wait(WaitError),
}

/// Bytes read at a time. The stack of a thread stays in memory as far as it was ever used, so they are few.
const CHUNK: usize = 4 << 10;

impl<'a> Exchange<'a> {
    /// An exchange over `stream`.
    pub fn new(stream: &'a mut Stream, reactor: &'a mut Reactor) -> Self {
        Self { stream, reactor }
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// A failed write is always [`TransportEnd::Error`], with the system's message: how the peer ended
    /// the connection is seen by reading.
    pub fn write_all(&mut self, mut bytes: &[u8], deadline: Deadline) -> Result<(), ExchangeError> {
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(0) => return Err(write_failed(&io::ErrorKind::WriteZero.into())),
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(deadline)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(write_failed(&error)),
            }
        }
        Ok(())
    }

    /// Reads at least one byte. Returns how many.
    ///
    /// # Errors
    /// The end of the stream is one.
    pub fn read(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, ExchangeError> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Err(ExchangeError::Transport(TransportEnd::Eof)),
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(deadline)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(read_failed(&error)),
            }
        }
    }

    /// Appends at least one byte to `received`.
    ///
    /// # Errors
    /// As [`Exchange::read`].
    pub fn read_more(
        &mut self,
        received: &mut Vec<u8>,
        deadline: Deadline,
    ) -> Result<(), ExchangeError> {
        let mut buffer = vec![0; CHUNK]; // on the stack it would stay in memory
        let count = self.read(&mut buffer, deadline)?;
        received.extend_from_slice(&buffer[..count]);
        Ok(())
    }

    /// Sends FIN, then reads and discards what the peer still sends, until it ends the connection or the
    /// deadline passes: with unread bytes, a reset could discard what was written.
    pub fn linger(&mut self, deadline: Deadline) {
        self.stream.finish_sending();
        let mut buffer = vec![0; CHUNK]; // on the stack it would stay in memory
        // If bytes are always available, a read alone would never check the deadline.
        while !deadline.has_passed() && self.read(&mut buffer, deadline).is_ok() {}
    }

    fn wait(&mut self, deadline: Deadline) -> Result<(), ExchangeError> {
        self.reactor.wait_for(deadline, None).map(drop).map_err(ExchangeError::Wait)
    }
}

fn write_failed(error: &io::Error) -> ExchangeError {
    ExchangeError::Transport(TransportEnd::Error(error.to_string()))
}

fn read_failed(error: &io::Error) -> ExchangeError {
    if is_truncation(error) {
        return ExchangeError::Transport(TransportEnd::Truncated);
    }
    match alert(error) {
        Some(reason) => ExchangeError::Alert { reason, message: error.to_string() },
        None => ExchangeError::Transport(TransportEnd::from(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    use std::time::Duration;

    use super::*;
    use crate::net::reactor::tests::registered;
    use crate::net::reactor::tokens;

    /// A registered stream, its reactor, and the peer's end.
    fn connected() -> (Stream, Reactor, TcpStream) {
        let reactor = Reactor::new(None).unwrap();
        let (ours, peer) = registered(&reactor, tokens::SOCKET);
        (Stream::Plain(ours), reactor, peer)
    }

    fn soon() -> Deadline {
        Deadline::after(Some(Duration::from_millis(50)))
    }

    fn long() -> Deadline {
        Deadline::after(Some(Duration::from_secs(10)))
    }

    #[test]
    fn received_bytes_are_appended_until_the_end_of_the_stream() {
        let (mut stream, mut reactor, mut peer) = connected();
        let mut exchange = Exchange::new(&mut stream, &mut reactor);
        let mut received = b"before ".to_vec();
        peer.write_all(b"hello").unwrap();
        while received.len() < 12 {
            exchange.read_more(&mut received, long()).unwrap();
        }
        assert_eq!(received, b"before hello");
        drop(peer);
        let end = exchange.read_more(&mut received, long());
        assert!(matches!(end, Err(ExchangeError::Transport(TransportEnd::Eof))), "{end:?}");
    }

    #[test]
    fn a_reset_is_not_an_orderly_end() {
        let (mut stream, mut reactor, peer) = connected();
        socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
        drop(peer);
        let mut exchange = Exchange::new(&mut stream, &mut reactor);
        let end = exchange.read(&mut [0; 8], long());
        assert!(matches!(end, Err(ExchangeError::Transport(TransportEnd::Reset))), "{end:?}");
        let end = exchange.write_all(b"x", long());
        assert!(matches!(end, Err(ExchangeError::Transport(TransportEnd::Error(_)))), "{end:?}");
    }

    #[test]
    fn reads_and_writes_end_at_their_deadline() {
        let (mut stream, mut reactor, _peer) = connected();
        let mut exchange = Exchange::new(&mut stream, &mut reactor);
        let end = exchange.read(&mut [0; 8], soon());
        assert!(matches!(end, Err(ExchangeError::Wait(WaitError::TimedOut))), "{end:?}");
        let end = exchange.write_all(&vec![0; 64 << 20], soon());
        assert!(matches!(end, Err(ExchangeError::Wait(WaitError::TimedOut))), "{end:?}");
    }

    #[test]
    fn another_thread_can_end_the_wait() {
        let (mut stream, mut reactor, _peer) = connected();
        reactor.interrupt_on(Arc::new(AtomicBool::new(true)));
        reactor.waker().wake().unwrap();
        let mut exchange = Exchange::new(&mut stream, &mut reactor);
        let end = exchange.read(&mut [0; 8], long());
        assert!(matches!(end, Err(ExchangeError::Wait(WaitError::Interrupted(_)))), "{end:?}");
    }

    #[test]
    fn lingering_ends_with_the_peer_or_with_its_time() {
        let (mut stream, mut reactor, mut peer) = connected();
        peer.write_all(&[0; 10_000]).unwrap();
        Exchange::new(&mut stream, &mut reactor).linger(soon());
        drop(stream);
        let mut rest = Vec::new();
        peer.read_to_end(&mut rest).expect("FIN, and no reset");
    }
}
