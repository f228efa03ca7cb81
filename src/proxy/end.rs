//! One side of a proxied connection: its stream, and what is known of its readiness.

use std::io::{self, Read, Write};

use crate::net::Stream;
use crate::net::reactor::SocketReadiness;
use crate::net::tls::{self, is_truncation};
use crate::protocol::TransportEnd;

use super::outgoing::SourceEnd;

/// A stream to a client or to a server. Readiness is edge-triggered: it is kept until it is used up.
#[derive(Debug)]
pub struct End {
    stream: Stream,
    is_readable: bool,
    is_writable: bool,
    /// The peer has sent its last byte: a short read is not the end of what there is to read.
    is_read_closed: bool,
    /// The connection was reset, or broke: writing would fail.
    has_failed: bool,
    /// The peer has sent its last byte, which may not be read yet.
    has_hung_up: bool,
    /// It failed because the peer has reset the connection, which reading reports no more.
    was_reset: bool,
    /// We have ended our direction.
    is_finished: bool,
}

/// The outcome of a read.
#[derive(Debug)]
pub(super) enum Received {
    /// This many bytes.
    Bytes(usize),
    /// None for now.
    Nothing,
    /// No more.
    End(TransportEnd),
}

impl End {
    /// Everything may have become ready before.
    pub fn new(stream: Stream) -> Self {
        Self {
            stream,
            is_readable: true,
            is_writable: true,
            is_read_closed: true,
            has_failed: false,
            has_hung_up: false,
            was_reset: false,
            is_finished: false,
        }
    }

    /// The stream.
    pub fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    /// Has everything tried again: another user of the reactor may have got what was announced.
    pub fn assume_ready(&mut self) {
        (self.is_readable, self.is_writable, self.is_read_closed) = (true, true, true);
    }

    /// Whether a peer that has nothing to say has neither said anything nor ended the connection.
    pub fn is_idle(&mut self) -> bool {
        matches!(self.read(&mut [0]), Received::Nothing)
    }

    /// Records what was announced.
    pub(super) fn add(&mut self, announced: SocketReadiness) {
        self.is_readable |= announced.is_readable;
        self.is_writable |= announced.is_writable;
        self.is_read_closed |= announced.is_read_closed;
        self.has_hung_up |= announced.is_read_closed;
        self.has_failed |= announced.has_failed;
    }

    /// Whether there may be something to read.
    pub(super) fn is_readable(&self) -> bool {
        self.is_readable
    }

    /// Whether bytes may be taken.
    pub(super) fn is_writable(&self) -> bool {
        self.is_writable && !self.has_failed && !self.is_finished
    }

    /// Whether the connection was reset, or broke: writing has failed, or would fail.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// Whether the peer has ended its direction, even if that is not read yet, or the connection was reset.
    pub(super) fn has_hung_up(&self) -> bool {
        self.has_hung_up || self.has_failed
    }

    /// Whether our direction has ended.
    pub(super) fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// Reads what there is.
    pub(super) fn read(&mut self, space: &mut [u8]) -> Received {
        loop {
            match self.stream.read(space) {
                Ok(0) if self.was_reset => return Received::End(TransportEnd::Reset),
                Ok(0) => return Received::End(TransportEnd::Eof),
                Ok(count) => {
                    // A short read has emptied the socket, so its next byte will be announced.
                    self.is_readable =
                        count == space.len() || self.stream.holds_bytes() || self.is_read_closed;
                    return Received::Bytes(count);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    (self.is_readable, self.is_read_closed) = (false, false);
                    return Received::Nothing;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_truncation(&error) => {
                    return Received::End(TransportEnd::Truncated);
                }
                Err(error) => {
                    self.has_failed = true;
                    return Received::End(match tls::broken(&error) {
                        Some(reason) => TransportEnd::Error(reason),
                        None => TransportEnd::from(&error),
                    });
                }
            }
        }
    }

    /// Writes what is taken now. Returns how many bytes that is.
    pub(super) fn write(&mut self, bytes: &[u8]) -> usize {
        let mut written = 0;
        while self.is_writable() && written < bytes.len() {
            match self.stream.write(&bytes[written..]) {
                Ok(0) => self.is_writable = false,
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.is_writable = false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    // How the peer ended the connection is seen by reading, after what it had sent before.
                    (self.has_failed, self.is_readable) = (true, true);
                    self.was_reset = error.kind() == io::ErrorKind::ConnectionReset;
                }
            }
        }
        written
    }

    /// Whether a reset discards nothing of what was written: see [`Stream::has_sent_all`].
    pub(super) fn has_sent_all(&self) -> bool {
        self.has_failed || self.stream.has_sent_all()
    }

    /// What a reset may discard of what was written, in bytes: see [`Stream::unacknowledged`].
    pub(super) fn unacknowledged(&self) -> Option<u64> {
        self.stream.unacknowledged()
    }

    /// Ends our direction as the other side has ended its own.
    pub(super) fn finish(&mut self, end: SourceEnd) {
        match end {
            SourceEnd::Reset => self.abort(), // also behind a FIN
            _ if std::mem::replace(&mut self.is_finished, true) => {}
            SourceEnd::Fin => self.stream.finish_sending(),
            SourceEnd::Cut => self.stream.cut_sending(),
        }
    }

    /// Has the connection reset once it is dropped.
    pub fn abort(&mut self) {
        self.is_finished = true;
        self.stream.reset_on_drop();
    }
}
