//! The state of one exchange: what waits for either side, and how far request and response are.

use std::io;
use std::time::Instant;

use super::outcome::{CutOff, Exchanged, NoResponse, Outbound, PassedResponse, Unanswered};
use crate::net::upgrade::Interim;
use crate::protocol::TransportEnd;
use crate::protocol::body::Body;
use crate::protocol::forward::{ChunkFault, Progress as BodyProgress, Transfer, is_interim};
use crate::protocol::head::{Head, StatusLine, parse_response};
use crate::proxy::end::End;
use crate::proxy::outgoing::SourceEnd;
use crate::proxy::stall::{Lost, Stall};

/// Bytes that are kept for a side that does not take them, at most.
const HIGH_WATER: usize = 64 << 10;

/// The most interim responses (1xx) before the final one.
const MAX_INTERIM: usize = 10_000;

/// How many of them are kept for events.
const KEPT_INTERIM: usize = 64;

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

/// Bytes that wait for a side.
#[derive(Default)]
pub(super) struct Pending {
    bytes: Vec<u8>,
    at: usize,
    /// Bytes that were written since the start.
    written: u64,
    /// The same when it was last looked at by [`Pending::stalls`].
    seen: u64,
}

impl Pending {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn len(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Whether the side, which is to be reset behind what waits, takes nothing of it any more. `is_unsent`: the system still has
    /// some.
    fn stalls(
        &mut self,
        stall: &mut Option<Stall>,
        now: Instant,
        is_unsent: bool,
        to: &End,
    ) -> bool {
        if self.len() == 0 && !is_unsent {
            *stall = None;
            return false;
        }
        let stall = stall.get_or_insert_with(|| Stall::new(now));
        if std::mem::replace(&mut self.seen, self.written) != self.written {
            stall.wrote(now);
        }
        stall.is_over(now, || to.unacknowledged())
    }

    /// What the side does not get of it, with what the system has for one that is given up.
    fn lost(&self, stall: Option<Stall>) -> Lost {
        let possible = stall.map_or(0, |stall| stall.unacknowledged());
        Lost { certain: self.len() as u64, possible }
    }

    /// Writes what `end` takes now.
    pub(super) fn write_to(&mut self, end: &mut End) {
        let written = end.write(&self.bytes[self.at..]);
        self.at += written;
        self.written += written as u64;
        if self.at == self.bytes.len() {
            self.bytes.clear();
            self.at = 0;
        }
    }
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

/// What the client sends.
impl Progress {
    /// Whether more of it can be taken.
    pub(super) fn wants_request(&self) -> bool {
        self.up.len() < HIGH_WATER
            && self.from_client.len() < HIGH_WATER
            && self.client_ended.is_none()
            && self.client_reset.is_none()
            && self.bad_body.is_none()
            && self.outcome.is_none()
    }

    /// Bytes of the request's body, or behind it.
    pub(super) fn take_request(&mut self, bytes: &[u8]) {
        let used = self.outbound.body.scan(bytes);
        if let BodyProgress::Malformed(fault) = self.outbound.body.progress() {
            self.bad_body = Some(fault);
            if !self.has_whole_response() {
                self.outcome = Some(match self.response {
                    Some(_) => self.cut_off(CutOff::Request(fault)),
                    None => Exchanged::BadBody(fault),
                });
            }
            return;
        }
        self.up.push(&bytes[..used]);
        self.from_client.extend_from_slice(&bytes[used..]);
    }

    /// The client sends no more.
    pub(super) fn client_ended(&mut self, end: TransportEnd) {
        self.client_ended = Some(end);
    }

    /// The client has reset its connection.
    pub(super) fn client_was_reset(&mut self, end: TransportEnd) {
        self.client_reset.get_or_insert(end);
    }

    /// Whether no more of the request is read because the server does not take what was.
    pub(super) fn has_full_request(&self) -> bool {
        self.up.len() >= HIGH_WATER
    }

    /// How the client has reset its connection, once that is to be passed on: the server has taken all that was received before,
    /// or takes nothing. With what it does not get. `is_unsent`: the system still has some for it.
    pub(super) fn reset_of_client(
        &mut self,
        now: Instant,
        server: &End,
        is_unsent: bool,
    ) -> Option<(TransportEnd, Lost)> {
        let end = self.client_reset.clone().unwrap_or(TransportEnd::Reset);
        let is_waiting = !server.has_failed() && (self.up.len() > 0 || is_unsent);
        if !is_waiting {
            return Some((end, self.up.lost(None)));
        }
        let is_given_up = self.up.stalls(&mut self.stall, now, is_unsent, server);
        is_given_up.then(|| (end, self.up.lost(self.stall)))
    }

    /// How the client has ended its direction, once the server has everything before that. It is not passed on behind bytes that
    /// are not: another request, or what is for the protocol after a 101.
    pub(super) fn end_of_request(&self) -> Option<SourceEnd> {
        let is_next = self.up.len() == 0 && self.from_client.is_empty();
        self.client_ended.as_ref().filter(|_| is_next).map(SourceEnd::from)
    }

    /// Whether the server can still get more of the request.
    fn is_uploading(&self) -> bool {
        let is_complete = self.outbound.body.is_complete() && self.up.len() == 0;
        let is_cut = self.client_ended.is_some() && self.up.len() == 0;
        !is_complete && !is_cut && self.bad_body.is_none() && !self.server_ended
    }
}

/// What the server sends.
impl Progress {
    /// Whether more of it can be taken. While the request goes on behind the response, only the end of the server is of interest.
    pub(super) fn wants_response(&self) -> bool {
        let is_expected = !self.has_whole_response() || self.received.is_empty();
        self.down.len() < HIGH_WATER && is_expected && !self.server_ended && self.outcome.is_none()
    }

    fn has_whole_response(&self) -> bool {
        self.response.as_ref().is_some_and(|response| response.scan.is_complete())
    }

    pub(super) fn take_response(&mut self, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
        while self.response.is_none() && self.outcome.is_none() {
            let why = match parse_response(&self.received) {
                Ok(None) => return,
                Ok(Some((line, _)))
                    if is_interim(line.status) && self.interim_count >= MAX_INTERIM =>
                {
                    NoResponse::TooManyInterim
                }
                Ok(Some((line, _))) if line.status == 101 && !self.outbound.opens_websocket => {
                    NoResponse::UnaskedUpgrade
                }
                Ok(Some((line, head))) => {
                    self.take_head(line, head);
                    continue;
                }
                Err(error) => NoResponse::Malformed(error),
            };
            self.outcome = Some(self.unanswered(why));
        }
        self.take_body();
    }

    fn take_head(&mut self, line: StatusLine, head: Head) {
        self.received.drain(..head.bytes().len());
        if is_interim(line.status) {
            self.down.push(head.bytes());
            self.interim_count += 1;
            if self.interim.len() < KEPT_INTERIM {
                self.interim.push(Interim { line, head });
            }
            return;
        }
        let scan = Transfer::response(&self.outbound.method, &line, &head)
            .unwrap_or_else(|_| Transfer::until_end());
        // Nothing of a response is passed on if what came with its head shows that it is none.
        let mut ahead = scan.clone();
        ahead.scan(&self.received);
        if let BodyProgress::Malformed(fault) = ahead.progress() {
            self.outcome = Some(self.unanswered(NoResponse::Body(fault)));
            return;
        }
        self.down.push(head.bytes());
        let excerpt = Body::new(line.status, &head);
        self.response = Some(Response { line, head, scan, excerpt });
    }

    fn take_body(&mut self) {
        let Some(response) = &mut self.response else { return };
        if response.line.status == 101 {
            return; // what follows are frames
        }
        let mut bytes = std::mem::take(&mut self.received);
        let used = response.scan.scan(&bytes);
        self.down.push(&bytes[..used]);
        if !response.excerpt.is_done() {
            response.excerpt.push(&bytes[..used]);
        }
        if let BodyProgress::Malformed(fault) = response.scan.progress() {
            self.outcome = Some(self.cut_off(CutOff::Body(fault)));
        } else {
            self.received = bytes.split_off(used);
        }
    }

    /// The server sends no more.
    pub(super) fn server_ended(&mut self, end: TransportEnd) {
        let Some(response) = &self.response else {
            self.outcome = Some(self.unanswered(NoResponse::Ended(end)));
            return;
        };
        let is_its_end =
            response.scan.progress() == BodyProgress::UntilEnd && end == TransportEnd::Eof;
        if is_its_end || response.scan.is_complete() {
            self.server_ended = true;
        } else {
            self.outcome = Some(self.cut_off(CutOff::Server(end)));
        }
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
