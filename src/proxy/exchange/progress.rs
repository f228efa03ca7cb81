//! The state of one exchange: what waits for either side, and how far request and response are.

use std::io;
use std::time::Instant;

use super::outcome::{
    CutOff, Exchanged, LostParts, NoResponse, Outbound, PassedResponse, Unanswered,
};
use super::pending::Pending;
use crate::net::upgrade::Interim;
use crate::protocol::TransportEnd;
use crate::protocol::body::Body;
use crate::protocol::forward::{ChunkFault, Transfer};
use crate::protocol::head::{Head, StatusLine};
use crate::proxy::end::End;
use crate::proxy::outgoing::SourceEnd;
use crate::proxy::stall::{Lost, Stall};

mod request;
mod response;

/// Bytes that are kept for a side that does not take them, at most.
const HIGH_WATER: usize = 64 << 10;

/// The state of one exchange.
pub(super) struct Progress {
    outbound: Outbound,
    /// For the server.
    pub(super) up: Pending,
    /// For the client.
    pub(super) down: Pending,
    /// Sent by the client behind the request.
    from_client: Vec<u8>,
    /// The client has ended its direction.
    client_ended: Option<TransportEnd>,
    /// The request's body is not valid; no more of it is passed on.
    bad_body: Option<ChunkFault>,
    /// The server has ended its direction, behind the response.
    server_ended: bool,
    /// Sent by the server and not parsed yet, or behind the response.
    received: Vec<u8>,
    /// The first interim responses.
    interim: Vec<Interim>,
    /// The number of all of them.
    interim_count: usize,
    response: Option<Response>,
    /// How the exchange ends, once what waits for the client is written.
    outcome: Option<Exchanged>,
    /// Nothing else is waited for than that one side takes what it is to get: the other one has reset its connection.
    stall: Option<Stall>,
    /// The client has reset its connection, which the server gets behind what the client has sent.
    client_reset: Option<TransportEnd>,
}

/// A final response.
struct Response {
    line: StatusLine,
    head: Head,
    scan: Transfer,
    excerpt: Body,
}

impl Progress {
    /// The head and what was received behind it are ready to be written.
    ///
    /// # Errors
    /// If that is not the start of a body.
    pub(super) fn new(mut outbound: Outbound) -> Result<Self, ChunkFault> {
        let mut up = Pending::default();
        up.push(&outbound.head);
        let early = std::mem::take(&mut outbound.early);
        let mut progress = Self {
            outbound,
            up,
            down: Pending::default(),
            from_client: Vec::new(),
            client_ended: None,
            bad_body: None,
            server_ended: false,
            received: Vec::new(),
            interim: Vec::new(),
            interim_count: 0,
            response: None,
            outcome: None,
            stall: None,
            client_reset: None,
        };
        progress.take_request(&early);
        match progress.bad_body {
            Some(fault) => Err(fault),
            None => Ok(progress),
        }
    }

    /// When a response is no longer waited for.
    pub(super) fn answer_by(&self) -> Option<Instant> {
        self.outbound.answer_by.filter(|_| self.awaits_response())
    }

    /// Whether it is not known yet how the server answers.
    pub(super) fn awaits_response(&self) -> bool {
        self.response.is_none() && self.outcome.is_none()
    }

    /// When there is something to do that nothing announces.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let stall = self.stall.as_ref().map(Stall::deadline);
        self.answer_by().into_iter().chain(stall).min()
    }
}

/// How it ends.
impl Progress {
    /// The end of the exchange, once everything was passed on. `is_server_gone`: it takes no more bytes.
    pub(super) fn outcome(&mut self, is_server_gone: bool) -> Option<Exchanged> {
        if self.down.len() > 0 {
            return None;
        }
        if let Some(outcome) = self.outcome.take() {
            return Some(outcome);
        }
        if self.response.as_ref()?.line.status == 101 {
            let from_client = std::mem::take(&mut self.from_client);
            let from_server = std::mem::take(&mut self.received);
            let response = self.passed()?;
            return Some(Exchanged::Upgraded { response, from_client, from_server });
        }
        let is_whole = self.has_whole_response() || self.server_ended;
        if !is_whole || (self.is_uploading() && !is_server_gone) {
            return None;
        }
        let persists = self.persists();
        let from_client = std::mem::take(&mut self.from_client);
        Some(Exchanged::Answered { response: self.passed()?, from_client, persists })
    }

    /// Whether both connections can be used for another exchange. An end of the client that is behind another request is
    /// received again there.
    fn persists(&self) -> bool {
        (self.client_ended.is_none() || !self.from_client.is_empty())
            && !self.server_ended
            && self.up.len() == 0
            && self.received.is_empty()
            && self.outbound.body.is_complete()
            && self.outbound.body.persists()
            && self.response.as_ref().is_some_and(|response| response.scan.persists())
    }

    /// Whether the exchange ends with a reset of the client, once what waits for it is written.
    pub(super) fn resets_client(&self) -> bool {
        let is_reset = |end: &TransportEnd| SourceEnd::from(end) == SourceEnd::Reset;
        let is_cut_off = |outcome: &Exchanged| matches!(outcome, Exchanged::CutOff(_, CutOff::Server(end), _) if is_reset(end));
        self.outcome.as_ref().is_some_and(is_cut_off)
    }

    /// Ends the exchange if the client takes nothing, and nothing else is waited for: the server has reset its connection, or
    /// there is no response. What waits is lost.
    pub(super) fn give_up(
        &mut self,
        now: Instant,
        is_server_gone: bool,
        (client, is_unsent): (&End, bool),
    ) -> Option<Exchanged> {
        let is_broken = is_server_gone && !self.has_whole_response();
        let is_last = is_broken || matches!(self.outcome, Some(Exchanged::Unanswered(_)));
        if !is_last {
            self.stall = None;
        }
        if !is_last || !self.down.stalls(&mut self.stall, now, is_unsent, client) {
            return None;
        }
        let lost = self.down.lost(self.stall);
        let outcome = self.outcome.take();
        Some(match outcome.unwrap_or_else(|| self.cut_off(CutOff::Server(TransportEnd::Reset))) {
            Exchanged::Unanswered(failed) => {
                Exchanged::Unanswered(Box::new(Unanswered { is_cut: true, ..*failed }))
            }
            Exchanged::CutOff(response, why, _) => Exchanged::CutOff(response, why, lost),
            other => other,
        })
    }

    /// The end of an exchange that the run ends.
    pub(super) fn end_of_run(&mut self, lost: LostParts) -> Exchanged {
        match self.outcome.take() {
            Some(Exchanged::CutOff(response, why, _)) => {
                Exchanged::CutOff(response, why, lost.response)
            }
            Some(Exchanged::Unanswered(failed)) => {
                Exchanged::Unanswered(Box::new(Unanswered { is_cut: true, ..*failed }))
            }
            _ => Exchanged::Ending(self.passed(), lost),
        }
    }

    /// The response, as far as it was received.
    pub(super) fn passed(&mut self) -> Option<Box<PassedResponse>> {
        let Response { line, head, excerpt, .. } = self.response.take()?;
        let (interim, body) = (std::mem::take(&mut self.interim), excerpt.finish(None));
        Some(Box::new(PassedResponse { line, head, interim, body }))
    }

    fn unanswered(&mut self, why: NoResponse) -> Exchanged {
        let interim = std::mem::take(&mut self.interim);
        let received = std::mem::take(&mut self.received);
        let client_ended = self.client_ended.clone();
        let is_cut = false;
        Exchanged::Unanswered(Box::new(Unanswered { why, interim, received, client_ended, is_cut }))
    }

    fn cut_off(&mut self, why: CutOff) -> Exchanged {
        match (self.passed(), why) {
            (Some(response), why) => Exchanged::CutOff(response, why, Lost::default()),
            (None, CutOff::Server(end)) => self.unanswered(NoResponse::Ended(end)),
            (None, _) => self.unanswered(NoResponse::Ended(TransportEnd::Eof)),
        }
    }

    /// No response came in time.
    pub(super) fn time_out(&mut self) {
        self.outcome = Some(self.unanswered(NoResponse::TimedOut));
    }

    /// Waiting failed.
    pub(super) fn failed(&mut self, error: io::Error) -> Exchanged {
        match self.response {
            Some(_) => self.cut_off(CutOff::System(error)),
            None => self.unanswered(NoResponse::System(error)),
        }
    }
}

#[cfg(test)]
mod tests;
