//! Between the stream and the core.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use super::{HIGH_WATER, LINGER, READ_BUDGET, Session, WRITE_BUDGET};
use crate::net::Deadline;
use crate::net::reactor::SocketReadiness;
use crate::net::tls::{self, is_truncation};
use crate::protocol::TransportEnd;

/// Edge-triggered readiness that was announced and is not exhausted.
#[derive(Debug)]
pub(super) struct Readiness {
    readable: bool,
    writable: bool,
    /// The peer has sent its last byte: a short read is not the end of what there is to read.
    read_closed: bool,
    /// Why writing has failed.
    write_error: Option<io::Error>,
}

impl Default for Readiness {
    /// Everything may have become ready before the session was registered.
    fn default() -> Self {
        Self { readable: true, writable: true, read_closed: true, write_error: None }
    }
}

impl Readiness {
    pub(super) fn add(&mut self, announced: SocketReadiness) {
        self.readable |= announced.is_readable;
        self.writable |= announced.is_writable;
        self.read_closed |= announced.is_read_closed;
    }

    pub(super) fn is_readable(&self) -> bool {
        self.readable
    }

    /// Whether writing has failed.
    pub(super) fn has_failed(&self) -> bool {
        self.write_error.is_some()
    }

    pub(super) fn is_writable(&self) -> bool {
        self.writable
    }
}

impl Session<'_> {
    /// Whether to read. Not while an output is stalled, or earlier events have not been taken, or too many
    /// reactions wait for the socket: memory stays bounded. Other messages of ours that wait for the socket do
    /// not count: the peer may be waiting for us to read.
    pub(super) fn can_read(&self) -> bool {
        !self.has_more_events
            && !self.is_stalled_by_output()
            && self.reactions.waiting() <= 2 * HIGH_WATER
    }

    pub(super) fn read_socket(&mut self) {
        // Outputs have been flushed meanwhile. Otherwise input without end would fill them again before anything is read.
        if self.has_more_events {
            self.take_events();
        }
        for _ in 0..READ_BUDGET {
            if !self.socket.readable || !self.can_read() || self.connection.is_finished() {
                return;
            }
            let space = self.connection.receive_space();
            let room = space.len();
            match self.stream.read(space) {
                Ok(0) => return self.end_of_stream(TransportEnd::Eof),
                Ok(count) => {
                    // A short read has emptied the socket, so its next byte will be announced.
                    self.socket.readable =
                        count == room || self.stream.holds_bytes() || self.socket.read_closed;
                    let frames = self.connection.received_counters().frames;
                    self.connection.received(count);
                    let now = self.clock.set_event_time();
                    self.traffic.on_read(now, frames);
                    self.take_events();
                    self.journal.outputs().flush_ahead();
                    self.note_received();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.socket.readable = false;
                    self.socket.read_closed = false;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_truncation(&error) => {
                    return self.end_of_stream(TransportEnd::Truncated);
                }
                Err(error) => return self.end_of_stream(failure(&error)),
            }
        }
    }

    pub(super) fn write_socket(&mut self) {
        let mut budget = WRITE_BUDGET;
        while self.socket.writable && self.socket.write_error.is_none() && budget > 0 {
            let bytes = self.connection.pending_output();
            if bytes.is_empty() {
                return;
            }
            match self.stream.write(bytes) {
                Ok(0) => self.socket.writable = false,
                Ok(count) => {
                    budget = budget.saturating_sub(count);
                    self.connection.advance_output(count);
                    self.note_written(count);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.socket.writable = false;
                    self.drop_unsent_if_ending();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    // The peer may have sent the reason before: it is read first.
                    self.socket.write_error = Some(error);
                    self.socket.readable = true;
                }
            }
        }
        self.discard_if_failed();
    }

    /// Drops and counts what a failed transport does not take.
    pub(super) fn discard_if_failed(&mut self) {
        if self.socket.has_failed() {
            let unsent = self.connection.discard_output();
            self.note_unsent(unsent);
            self.reactions.forget();
        }
    }

    fn end_of_stream(&mut self, end: TransportEnd) {
        self.take_all_events();
        let end = match (&end, &self.socket.write_error) {
            // EPIPE: what we wrote after the peer's FIN was answered with RST.
            (TransportEnd::Eof, Some(error)) if error.kind() != io::ErrorKind::BrokenPipe => {
                failure(error)
            }
            _ => end,
        };
        self.connection.receive_eof(end);
        self.take_all_events();
    }

    /// Ends TCP so that no reset discards our Close frame: FIN first, then what is still received is read for
    /// a short time (RFC 6455 section 7.1.1).
    pub(super) fn linger(&mut self) {
        if self.socket.write_error.is_some() || matches!(self.stop, Some(super::Stop::System(_))) {
            return;
        }
        if self.closing.resets_tcp() {
            return self.reset_when_sent();
        }
        self.stream.finish_sending();
        let shutdown = self.source.shutdown().map(|shutdown| shutdown.until);
        let end = [Some(Instant::now() + LINGER), self.closing.deadline(), shutdown];
        let deadline = Deadline { at: end.into_iter().flatten().min(), limit: LINGER };
        let mut rest = [0; 16 << 10];
        loop {
            match self.stream.read(&mut rest) {
                Ok(0) => return,
                Ok(_) if deadline.has_passed() => return,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    // The loop's own wait: readiness of outputs and signals are not lost.
                    if deadline.has_passed() || self.wait_until(deadline.at).is_err() {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }
}

/// How often it is looked up whether the system has sent everything.
const SENT_CHECK: Duration = Duration::from_millis(5);

impl Session<'_> {
    /// Has TCP reset, which discards what the system has not sent yet: that is waited for a short time.
    fn reset_when_sent(&mut self) {
        let until = Instant::now() + LINGER;
        while !self.stream.has_sent_all()
            && Instant::now() < until
            && self.wait_until(Some(Instant::now() + SENT_CHECK)).is_ok()
        {}
        self.stream.reset_on_drop();
    }
}

/// How a failed read or write ends the transport.
fn failure(error: &io::Error) -> TransportEnd {
    match tls::broken(error) {
        Some(reason) => TransportEnd::Error(reason),
        None => TransportEnd::from(error),
    }
}
