//! One HTTP exchange that is relayed: the request to the server, what it answers to the client, both as they come. So are the
//! ends of both TCP connections.

use std::time::Instant;

use crate::net::{Reactor, Woken};
use crate::protocol::TransportEnd;

use super::end::{End, Received};
use super::outgoing::SourceEnd;
use progress::Progress;

mod outcome;
mod progress;

pub use outcome::{CutOff, Exchanged, NoResponse, Outbound, PassedResponse, Unanswered};

/// Both sides of an exchange.
#[derive(Debug)]
pub struct Relay<'a> {
    /// The event loop that both streams are registered with.
    pub reactor: &'a mut Reactor,
    /// To the client, with [`tokens::SOCKET`](crate::net::reactor::tokens::SOCKET).
    pub client: &'a mut End,
    /// To the server, with [`tokens::UPSTREAM`](crate::net::reactor::tokens::UPSTREAM).
    pub server: &'a mut End,
}

/// Bytes read at a time.
const CHUNK: usize = 16 << 10;

impl Relay<'_> {
    /// Relays one exchange. If it ends a connection other than in order, the stream to the other side is reset when it is
    /// dropped.
    pub fn exchange(&mut self, outbound: Outbound) -> Exchanged {
        let mut progress = match Progress::new(outbound) {
            Ok(progress) => progress,
            Err(fault) => return Exchanged::BadBody(fault),
        };
        loop {
            if let Some(outcome) = self.pass_request(&mut progress) {
                return outcome;
            }
            if let Some(outcome) = self.pass_response(&mut progress) {
                return outcome;
            }
            let until = progress.deadline();
            if until.is_some_and(|until| Instant::now() >= until) {
                progress.time_out();
                continue;
            }
            match self.reactor.wait(until) {
                Ok(woken) => self.note(&woken),
                Err(error) => return progress.failed(error),
            }
        }
    }

    fn note(&mut self, woken: &Woken) {
        self.client.add(woken.socket);
        self.server.add(woken.upstream);
    }

    /// Passes on what the client sends, as far as it belongs to the request.
    fn pass_request(&mut self, progress: &mut Progress) -> Option<Exchanged> {
        let mut chunk = vec![0; CHUNK]; // on the stack it would stay in memory
        loop {
            progress.up.write_to(self.server);
            if let Some(end) = progress.end_of_request() {
                self.server.finish(end);
            }
            if !progress.wants_request() || !self.client.is_readable() {
                return None;
            }
            match self.client.read(&mut chunk) {
                Received::Nothing => return None,
                Received::Bytes(count) => progress.take_request(&chunk[..count]),
                Received::End(end) if SourceEnd::from(&end) == SourceEnd::Reset => {
                    return Some(self.client_gone(end));
                }
                Received::End(end) => progress.client_ended(end),
            }
        }
    }

    /// Passes on what the server sends. Returns the end of the exchange.
    fn pass_response(&mut self, progress: &mut Progress) -> Option<Exchanged> {
        let mut chunk = vec![0; CHUNK]; // on the stack it would stay in memory
        loop {
            progress.down.write_to(self.client);
            if self.client.has_failed() {
                return Some(self.client_gone(TransportEnd::Reset));
            }
            if let Some(outcome) = progress.outcome(self.server.has_failed()) {
                return Some(outcome);
            }
            if !progress.wants_response() || !self.server.is_readable() {
                return None;
            }
            match self.server.read(&mut chunk) {
                Received::Nothing => return None,
                Received::Bytes(count) => progress.take_response(&chunk[..count]),
                Received::End(end) => progress.server_ended(end),
            }
        }
    }

    /// The client has reset its connection: so does the proxy that to the server.
    fn client_gone(&mut self, end: TransportEnd) -> Exchanged {
        self.server.abort();
        Exchanged::ClientGone(end)
    }
}
