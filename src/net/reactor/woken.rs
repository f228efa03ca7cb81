//! The results of a wait, by token.

use mio::event::Event;

use super::tokens;

/// What ended a wait. Readiness is edge-triggered: it is reported once, and has to be stored by
/// the code that acts on it later.
#[derive(Clone, Copy, Debug)]
pub struct Woken {
    /// Of the connection's socket.
    pub socket: SocketReadiness,
    /// Of the second socket, where a loop joins two.
    pub upstream: SocketReadiness,
    /// Of the socket of a peer that is watched: see [`super::Reactor::watch`].
    pub watched: SocketReadiness,
    /// The input has something to read.
    pub is_input_ready: bool,
    /// Clients may be waiting to be accepted.
    pub is_listener_ready: bool,
    /// Another thread has woken the loop.
    pub is_woken: bool,
    /// Signals may have been received: see [`super::Reactor::take_signal`]. Not every system reports them.
    pub is_signalled: bool,
    /// A signal cut the wait short. On Linux that is also so, in every thread, when the process was stopped
    /// during the wait and has been continued.
    pub was_interrupted: bool,
    outputs: Indices,
    readers_gone: Indices,
    attempts: Indices,
}

/// The readiness of a socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SocketReadiness {
    /// There is something to read, or the end of the stream.
    pub is_readable: bool,
    /// It can be written to.
    pub is_writable: bool,
    /// The peer has sent its last byte, or the connection has failed.
    pub is_read_closed: bool,
    /// The connection has failed: reset, for example.
    pub has_failed: bool,
    /// Neither direction works any more.
    pub has_hung_up: bool,
}

impl SocketReadiness {
    fn add(&mut self, event: &Event) {
        self.is_readable |= event.is_readable() || event.is_error();
        self.is_writable |= event.is_writable();
        self.is_read_closed |= event.is_read_closed() || event.is_error();
        self.has_failed |= event.is_error();
        self.has_hung_up |= event.is_error() || event.is_write_closed();
    }
}

impl Woken {
    /// Nothing has been reported yet.
    pub(super) fn new(was_interrupted: bool) -> Self {
        Self {
            socket: SocketReadiness::default(),
            upstream: SocketReadiness::default(),
            watched: SocketReadiness::default(),
            is_input_ready: false,
            is_listener_ready: false,
            is_woken: false,
            is_signalled: cfg!(not(unix)),
            was_interrupted,
            outputs: Indices(0),
            readers_gone: Indices(0),
            attempts: Indices(0),
        }
    }

    pub(super) fn add(&mut self, event: &Event) {
        match event.token() {
            tokens::SOCKET => self.socket.add(event),
            tokens::UPSTREAM => self.upstream.add(event),
            tokens::WATCHED => self.watched.add(event),
            tokens::SIGNALS => self.is_signalled = true,
            tokens::INPUT => self.is_input_ready = true,
            tokens::WAKER => self.is_woken = true,
            tokens::LISTENER => self.is_listener_ready = true,
            mio::Token(attempt @ tokens::ATTEMPTS..) => {
                self.attempts.insert(attempt - tokens::ATTEMPTS);
            }
            mio::Token(output @ tokens::OUTPUTS..) => {
                self.outputs.insert(output - tokens::OUTPUTS);
                if event.is_error() || event.is_write_closed() {
                    self.readers_gone.insert(output - tokens::OUTPUTS);
                }
            }
            _ => {}
        }
    }

    /// The outputs that can be written to again, each with whether its reader has closed.
    pub fn outputs(&self) -> impl Iterator<Item = (usize, bool)> {
        let readers_gone = self.readers_gone;
        self.outputs.map(move |output| (output, readers_gone.contains(output)))
    }

    /// The connection attempts that have an outcome.
    pub fn attempts(&self) -> impl Iterator<Item = usize> {
        self.attempts
    }
}

/// Indices below 64, from low to high.
#[derive(Clone, Copy, Debug)]
struct Indices(u64);

impl Indices {
    /// A larger index is not stored.
    fn insert(&mut self, index: usize) {
        self.0 |= 1_u64.checked_shl(index as u32).unwrap_or_default(); // tokens are small
    }

    fn contains(self, index: usize) -> bool {
        self.0 >> index & 1 == 1
    }
}

impl Iterator for Indices {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let lowest = self.0.trailing_zeros() as usize;
        self.0 &= self.0.wrapping_sub(1);
        (lowest < 64).then_some(lowest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_ascending_and_unique() {
        let mut indices = Indices(0);
        for index in [63, 0, 5, 5, 64, 1000] {
            indices.insert(index);
        }
        assert!(indices.contains(5) && !indices.contains(6));
        assert_eq!(indices.collect::<Vec<_>>(), [0, 5, 63]);
    }
}
