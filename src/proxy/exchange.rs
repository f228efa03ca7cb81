//! One HTTP exchange that is relayed: the request to the server, what it answers to the client, both as they come.

use std::io;
use std::time::Instant;

use crate::net::upgrade::Interim;
use crate::net::{Reactor, Woken};
use crate::protocol::TransportEnd;
use crate::protocol::body::{Body, Excerpt};
use crate::protocol::forward::{ChunkFault, Progress as BodyProgress, Transfer, is_interim};
use crate::protocol::head::{Head, HeadError, StatusLine, parse_response};

use super::end::{End, Received};

/// A request whose head is ready to be sent.
#[derive(Debug)]
pub struct Outbound {
    /// The head, as it goes to the server.
    pub head: Vec<u8>,
    /// Its method: a response to HEAD has no body.
    pub method: String,
    /// What belongs to its body.
    pub body: Transfer,
    /// What was received after the head.
    pub early: Vec<u8>,
    /// It asks for an upgrade: the response is awaited until then, and 101 may be the answer.
    pub upgrade_by: Option<Option<Instant>>,
}

impl Outbound {
    /// The same, to be sent on another connection; `None` if it has a body.
    pub fn again(&self) -> Option<Self> {
        let body = self.body.is_complete().then(|| self.body.clone())?;
        let (head, method, early) = (self.head.clone(), self.method.clone(), self.early.clone());
        Some(Self { head, method, body, early, upgrade_by: self.upgrade_by })
    }
}

/// A final response whose head was passed on.
#[derive(Debug)]
pub struct PassedResponse {
    /// Its first line.
    pub line: StatusLine,
    /// Its head.
    pub head: Head,
    /// The interim responses before it.
    pub interim: Vec<Interim>,
    /// The start of its body.
    pub body: Excerpt,
}

/// What became of an exchange.
#[derive(Debug)]
pub enum Exchanged {
    /// The server has switched protocols. With what both sides have sent after their heads.
    Upgraded {
        /// The response.
        response: Box<PassedResponse>,
        /// Sent by the client after its request.
        from_client: Vec<u8>,
        /// Sent by the server after its response.
        from_server: Vec<u8>,
    },
    /// The response was passed on completely.
    Answered {
        /// The response.
        response: Box<PassedResponse>,
        /// Sent by the client after its request.
        from_client: Vec<u8>,
        /// Both connections can be used for another exchange.
        persists: bool,
    },
    /// The server gave no response that could be passed on.
    Unanswered(Box<Unanswered>),
    /// The response could only be passed on in part.
    CutOff(Box<PassedResponse>, CutOff),
    /// The client has gone.
    ClientGone(TransportEnd),
    /// The request's body is not valid.
    BadBody(ChunkFault),
}

/// Why there is no response.
#[derive(Debug)]
pub struct Unanswered {
    /// The reason.
    pub why: NoResponse,
    /// Interim responses that were passed on before.
    pub interim: Vec<Interim>,
    /// What was received in place of a response.
    pub received: Vec<u8>,
}

/// Why there is no response.
#[derive(Debug)]
pub enum NoResponse {
    /// The server ended the connection.
    Ended(TransportEnd),
    /// What it sent is not an HTTP response.
    Malformed(HeadError),
    /// It sent one interim response (1xx) after the other.
    TooManyInterim,
    /// None came in time.
    TimedOut,
    /// The system refused something.
    System(io::Error),
}

/// Why a response was not passed on completely.
#[derive(Debug)]
pub enum CutOff {
    /// The server ended the connection within it.
    Server(TransportEnd),
    /// Its body is malformed.
    Body(ChunkFault),
    /// The system refused something.
    System(io::Error),
}

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

/// Bytes that are kept for a side that does not take them, at most.
const HIGH_WATER: usize = 64 << 10;

/// Bytes read at a time.
const CHUNK: usize = 16 << 10;

/// The most interim responses (1xx) before the final one.
const MAX_INTERIM: usize = 10_000;

/// How many of them are kept for events.
const KEPT_INTERIM: usize = 64;

/// The state of one exchange.
struct Progress {
    outbound: Outbound,
    /// For the server.
    up: Pending,
    /// For the client.
    down: Pending,
    /// Sent by the client behind the request.
    from_client: Vec<u8>,
    /// The client has ended its direction.
    client_ended: Option<TransportEnd>,
    /// The server has ended its direction.
    server_ended: Option<TransportEnd>,
    /// Sent by the server and not parsed yet.
    received: Vec<u8>,
    /// The first interim responses.
    interim: Vec<Interim>,
    /// The number of all of them.
    interim_count: usize,
    response: Option<Response>,
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
struct Pending {
    bytes: Vec<u8>,
    at: usize,
}

impl Pending {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn len(&self) -> usize {
        self.bytes.len() - self.at
    }

    fn write_to(&mut self, end: &mut End) {
        self.at += end.write(&self.bytes[self.at..]);
        if self.at == self.bytes.len() {
            self.bytes.clear();
            self.at = 0;
        }
    }
}

impl Relay<'_> {
    /// Relays one exchange.
    pub fn exchange(&mut self, outbound: Outbound) -> Exchanged {
        let mut progress = match Progress::new(outbound) {
            Ok(progress) => progress,
            Err(end) => return end,
        };
        loop {
            if let Err(error) = self.pass_request(&mut progress) {
                return error;
            }
            match self.pass_response(&mut progress) {
                Ok(Some(end)) => return end,
                Ok(None) => {}
                Err(end) => return end,
            }
            let until = progress.deadline();
            if until.is_some_and(|until| Instant::now() >= until) {
                return progress.unanswered(NoResponse::TimedOut);
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
    fn pass_request(&mut self, progress: &mut Progress) -> Result<(), Exchanged> {
        let mut chunk = vec![0; CHUNK]; // on the stack it would stay in memory
        loop {
            progress.up.write_to(self.server);
            let is_wanted =
                progress.up.len() < HIGH_WATER && progress.from_client.len() < HIGH_WATER;
            if !is_wanted || progress.client_ended.is_some() || !self.client.is_readable() {
                return Ok(());
            }
            match self.client.read(&mut chunk) {
                Received::Nothing => return Ok(()),
                Received::Bytes(count) => progress.take_request(&chunk[..count])?,
                // A client may end its direction once its request is complete.
                Received::End(TransportEnd::Eof) if progress.outbound.body.is_complete() => {
                    progress.client_ended = Some(TransportEnd::Eof);
                }
                Received::End(end) => return Err(Exchanged::ClientGone(end)),
            }
        }
    }

    /// Passes on what the server sends. Returns the end of the exchange.
    fn pass_response(&mut self, progress: &mut Progress) -> Result<Option<Exchanged>, Exchanged> {
        let mut chunk = vec![0; CHUNK]; // on the stack it would stay in memory
        loop {
            progress.down.write_to(self.client);
            if progress.down.len() == 0
                && let Some(end) = progress.ended()
            {
                return Ok(Some(end));
            }
            if self.client.has_failed() {
                return Err(Exchanged::ClientGone(TransportEnd::Reset));
            }
            let is_wanted = progress.down.len() < HIGH_WATER && progress.wants_response();
            if !is_wanted || progress.server_ended.is_some() || !self.server.is_readable() {
                return Ok(None);
            }
            match self.server.read(&mut chunk) {
                Received::Nothing => return Ok(None),
                Received::Bytes(count) => progress.take_response(&chunk[..count])?,
                Received::End(end) => progress.server_ended(end)?,
            }
        }
    }
}

impl Progress {
    fn new(mut outbound: Outbound) -> Result<Self, Exchanged> {
        let mut up = Pending::default();
        up.push(&outbound.head);
        let early = std::mem::take(&mut outbound.early);
        let mut progress = Self {
            outbound,
            up,
            down: Pending::default(),
            from_client: Vec::new(),
            client_ended: None,
            server_ended: None,
            received: Vec::new(),
            interim: Vec::new(),
            interim_count: 0,
            response: None,
        };
        progress.take_request(&early)?;
        Ok(progress)
    }

    /// When a response is no longer waited for.
    fn deadline(&self) -> Option<Instant> {
        if self.response.is_some() { None } else { self.outbound.upgrade_by.flatten() }
    }

    /// Bytes of the client: of the request's body, or behind it.
    fn take_request(&mut self, bytes: &[u8]) -> Result<(), Exchanged> {
        let used = self.outbound.body.scan(bytes);
        if let BodyProgress::Malformed(fault) = self.outbound.body.progress() {
            return Err(Exchanged::BadBody(fault));
        }
        self.up.push(&bytes[..used]);
        self.from_client.extend_from_slice(&bytes[used..]);
        Ok(())
    }

    /// Whether bytes of the server belong to the exchange.
    fn wants_response(&self) -> bool {
        self.response.as_ref().is_none_or(|response| !response.scan.is_complete())
    }

    fn take_response(&mut self, bytes: &[u8]) -> Result<(), Exchanged> {
        self.received.extend_from_slice(bytes);
        while self.response.is_none() {
            match parse_response(&self.received) {
                Ok(None) => return Ok(()),
                Ok(Some((line, _)))
                    if is_interim(line.status) && self.interim_count >= MAX_INTERIM =>
                {
                    return Err(self.unanswered(NoResponse::TooManyInterim));
                }
                Ok(Some((line, head))) => self.take_head(line, head),
                Err(error) => return Err(self.unanswered(NoResponse::Malformed(error))),
            }
        }
        self.take_body()
    }

    fn take_head(&mut self, line: StatusLine, head: Head) {
        self.received.drain(..head.bytes().len());
        self.down.push(head.bytes());
        if is_interim(line.status) {
            self.interim_count += 1;
            if self.interim.len() < KEPT_INTERIM {
                self.interim.push(Interim { line, head });
            }
            return;
        }
        let scan = Transfer::response(&self.outbound.method, &line, &head)
            .unwrap_or_else(|_| Transfer::until_end());
        let excerpt = Body::new(line.status, &head);
        self.response = Some(Response { line, head, scan, excerpt });
    }

    fn take_body(&mut self) -> Result<(), Exchanged> {
        let Some(response) = &mut self.response else { return Ok(()) };
        if response.line.status == 101 {
            return Ok(()); // what follows are frames
        }
        let bytes = std::mem::take(&mut self.received);
        let used = response.scan.scan(&bytes);
        self.down.push(&bytes[..used]);
        if !response.excerpt.is_done() {
            response.excerpt.push(&bytes[..used]);
        }
        match response.scan.progress() {
            BodyProgress::Malformed(fault) => Err(self.cut_off(CutOff::Body(fault))),
            _ => Ok(()),
        }
    }

    /// The server sends no more.
    fn server_ended(&mut self, end: TransportEnd) -> Result<(), Exchanged> {
        let Some(response) = &mut self.response else {
            return Err(self.unanswered(NoResponse::Ended(end)));
        };
        let is_its_end = response.scan.progress() == BodyProgress::UntilEnd;
        if is_its_end && end == TransportEnd::Eof {
            self.server_ended = Some(end);
            return Ok(());
        }
        Err(self.cut_off(CutOff::Server(end)))
    }

    /// The end of the exchange, once everything was passed on.
    fn ended(&mut self) -> Option<Exchanged> {
        let response = self.response.as_ref()?;
        if response.line.status == 101 {
            let from_client = std::mem::take(&mut self.from_client);
            let from_server = std::mem::take(&mut self.received);
            let response = self.passed()?;
            return Some(Exchanged::Upgraded { response, from_client, from_server });
        }
        let has_ended = self.server_ended.is_some() || response.scan.is_complete();
        if !has_ended {
            return None;
        }
        let persists = self.client_ended.is_none()
            && self.server_ended.is_none()
            && self.outbound.body.is_complete()
            && self.up.len() == 0
            && self.received.is_empty()
            && self.outbound.body.persists()
            && response.scan.persists();
        let from_client = std::mem::take(&mut self.from_client);
        Some(Exchanged::Answered { response: self.passed()?, from_client, persists })
    }

    fn passed(&mut self) -> Option<Box<PassedResponse>> {
        let Response { line, head, excerpt, .. } = self.response.take()?;
        let (interim, body) = (std::mem::take(&mut self.interim), excerpt.finish(None));
        Some(Box::new(PassedResponse { line, head, interim, body }))
    }

    fn unanswered(&mut self, why: NoResponse) -> Exchanged {
        let interim = std::mem::take(&mut self.interim);
        let received = std::mem::take(&mut self.received);
        Exchanged::Unanswered(Box::new(Unanswered { why, interim, received }))
    }

    fn cut_off(&mut self, why: CutOff) -> Exchanged {
        match self.passed() {
            Some(response) => Exchanged::CutOff(response, why),
            None => self.unanswered(NoResponse::Ended(TransportEnd::Eof)),
        }
    }

    fn failed(&mut self, error: io::Error) -> Exchanged {
        match self.response {
            Some(_) => self.cut_off(CutOff::System(error)),
            None => self.unanswered(NoResponse::System(error)),
        }
    }
}
