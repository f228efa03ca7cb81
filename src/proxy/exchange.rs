//! One HTTP exchange that is relayed: the request to the server, what it answers to the client, both as they come. So are the
//! ends of both TCP connections.

use std::time::Instant;

use crate::net::{Reactor, Woken};
use crate::protocol::TransportEnd;

use super::end::{End, Received};
use super::outgoing::SourceEnd;
use super::queue::Orders;
use super::stall::Lost;
use pending::Pending;
use progress::Progress;

mod outcome;
mod pending;
mod progress;

pub use outcome::{CutOff, Exchanged, LostParts, NoResponse, Outbound, PassedResponse, Unanswered};

/// Both sides of an exchange.
#[derive(Debug)]
pub struct Relay<'a> {
    /// The event loop that both streams are registered with.
    pub reactor: &'a mut Reactor,
    /// To the client, with [`tokens::SOCKET`](crate::net::reactor::tokens::SOCKET).
    pub client: &'a mut End,
    /// To the server, with [`tokens::UPSTREAM`](crate::net::reactor::tokens::UPSTREAM).
    pub server: &'a mut End,
    /// An exchange that goes on when the run ends is ended, too.
    pub orders: &'a Orders,
}

/// Bytes read at a time.
const CHUNK: usize = 16 << 10;

/// The most reads of a response that has arrived when the client has gone.
const REST_READS: usize = 4;

/// The most reads of what nobody gets any more: as much as sockets hold.
const UNREAD_READS: usize = 512;

impl Relay<'_> {
    /// Relays one exchange. If it ends a connection other than in order, the stream to the other side is reset when it is
    /// dropped.
    pub fn exchange(&mut self, outbound: Outbound) -> Exchanged {
        let mut progress = match Progress::new(outbound) {
            Ok(progress) => progress,
            Err(fault) => return Exchanged::BadBody(fault),
        };
        loop {
            self.pass_request(&mut progress);
            if let Some(outcome) = self.pass_response(&mut progress) {
                return outcome;
            }
            let (now, ending) = (Instant::now(), self.orders.shutdown());
            if let Some(outcome) = self.pass_reset_of_client(&mut progress, now) {
                return outcome;
            }
            if ending.is_some_and(|until| now >= until) {
                return self.end_of_run(progress);
            }
            let is_unsent = self.is_unsent(&progress);
            let client = (&*self.client, is_unsent);
            if !client.0.has_failed()
                && let Some(outcome) = progress.give_up(now, self.server.has_failed(), client)
            {
                return self.with_unread(outcome);
            }
            if progress.answer_by().is_some_and(|until| now >= until) {
                progress.time_out();
                continue;
            }
            let until = progress.deadline().into_iter().chain(ending).min();
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
    fn pass_request(&mut self, progress: &mut Progress) {
        let mut chunk = vec![0; CHUNK]; // on the stack it would stay in memory
        loop {
            progress.up.write_to(self.server);
            if let Some(end) = progress.end_of_request() {
                self.server.finish(end);
            }
            if !progress.wants_request() || !self.client.is_readable() {
                return;
            }
            match self.client.read(&mut chunk) {
                Received::Nothing => return,
                Received::Bytes(count) => progress.take_request(&chunk[..count]),
                Received::End(end) if SourceEnd::from(&end) == SourceEnd::Reset => {
                    progress.client_was_reset(end);
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
                return None; // but its request is still passed on
            }
            if !self.is_unsent(progress)
                && let Some(outcome) = progress.outcome(self.server.has_failed())
            {
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

    /// Whether the client is to be reset, which discards what the system has not sent yet.
    fn is_unsent(&self, progress: &Progress) -> bool {
        progress.resets_client() && !self.client.has_sent_all()
    }

    /// The client has reset its connection: so does the proxy that to the server, behind what the server takes of the request.
    /// What the server has answered before is part of the outcome.
    fn pass_reset_of_client(&mut self, progress: &mut Progress, now: Instant) -> Option<Exchanged> {
        if !self.client.has_failed() {
            return None;
        }
        self.pass_request(progress); // nothing announces what is left of it
        if !progress.has_full_request() {
            progress.client_was_reset(TransportEnd::Reset);
        }
        let is_unsent = !self.server.has_sent_all();
        let (end, mut lost) = progress.reset_of_client(now, self.server, is_unsent)?;
        lost.certain += unread(self.client);
        let mut chunk = vec![0; CHUNK]; // on the stack it would stay in memory
        for _ in 0..REST_READS {
            if !progress.awaits_response() {
                break;
            }
            let Received::Bytes(count) = self.server.read(&mut chunk) else { break };
            progress.take_response(&chunk[..count]);
        }
        self.server.abort();
        Some(Exchanged::ClientGone(end, progress.passed(), lost))
    }

    /// The run ends before the exchange does.
    fn end_of_run(&mut self, mut progress: Progress) -> Exchanged {
        let lost = |waiting: &Pending, to: &End, from: &mut End| Lost {
            certain: match waiting.len() {
                0 => 0, // all that was received is passed on
                waiting => waiting as u64 + unread(from),
            },
            possible: to.unacknowledged().unwrap_or(0),
        };
        let response = lost(&progress.down, self.client, self.server);
        let request = lost(&progress.up, self.server, self.client);
        progress.end_of_run(LostParts { request, response })
    }

    /// Adds what the server has sent and is not read, as the client takes nothing.
    fn with_unread(&mut self, outcome: Exchanged) -> Exchanged {
        match outcome {
            Exchanged::CutOff(response, why, mut lost) => {
                lost.certain += unread(self.server);
                Exchanged::CutOff(response, why, lost)
            }
            other => other,
        }
    }
}

/// How many bytes are left to read.
fn unread(end: &mut End) -> u64 {
    let (mut chunk, mut all) = (vec![0; CHUNK], 0);
    for _ in 0..UNREAD_READS {
        let Received::Bytes(count) = end.read(&mut chunk) else { break };
        all += count as u64;
    }
    all
}
