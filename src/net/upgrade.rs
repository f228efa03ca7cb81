//! The opening handshake over a connected stream: sends the request, reads the response and validates it.

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use super::exchange::{Exchange, ExchangeError};
use super::reactor::{Deadline, Interrupted, Reactor, WaitError};
use super::stream::Stream;
use crate::protocol::body::{Body, BodyEnd, Excerpt, MAX_KEPT};
use crate::protocol::handshake::{Agreement, Finding, Request, validate_response};
use crate::protocol::head::{Head, HeadError, MAX_HEAD, StatusLine, parse_response};
use crate::protocol::vocabulary::TransportEnd;
use crate::redact::Secrets;

/// An opening handshake that succeeded.
#[derive(Debug)]
pub struct Upgraded {
    /// The response's first line.
    pub line: StatusLine,
    /// The response head, as received.
    pub head: Head,
    /// What was negotiated.
    pub agreement: Agreement,
    /// The bytes after the head.
    pub early: Vec<u8>,
    /// From the first byte of the request to the last of the head.
    pub took: Duration,
    /// The interim responses before it.
    pub interim: Vec<Interim>,
}

/// An opening handshake that failed.
#[derive(Debug)]
pub struct UpgradeFailed {
    /// The reason.
    pub error: UpgradeError,
    /// The interim responses before that.
    pub interim: Vec<Interim>,
    /// From the first byte of the request to the last of the response head, if there was one.
    pub took: Option<Duration>,
}

/// An interim response (RFC 9110 section 15.2).
#[derive(Debug)]
pub struct Interim {
    /// Its first line: a status from 100 to 199.
    pub line: StatusLine,
    /// Its head.
    pub head: Head,
}

impl fmt::Display for Interim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StatusLine { status, reason, .. } = &self.line;
        let reason = match (status, reason.as_str()) {
            (100, "") => "Continue",
            (102, "") => "Processing",
            (103, "") => "Early Hints",
            (_, reason) => reason,
        };
        f.write_str(format!("{status} {reason}").trim_end())
    }
}

/// Why it failed.
#[derive(Debug)]
pub enum UpgradeError {
    /// Another status than 101.
    Refused(Box<ServerResponse>),
    /// Status 101, but invalid in these respects, or with lines that are not header fields.
    Invalid(Box<ServerResponse>, Vec<Finding>),
    /// Not an HTTP response; with what was received.
    Malformed(HeadError, Vec<u8>),
    /// The connection ended; with what had been received of a response.
    Ended(TransportEnd, Vec<u8>),
    /// The server ended TLS with an alert: in TLS 1.3 it verifies our certificate only now.
    Tls(String),
    /// Time ran out; with what had been received of a response, and the time since the request was begun.
    TimedOut(Vec<u8>, Duration),
    /// A signal was received.
    Interrupted(Interrupted),
    /// A system call failed.
    System(io::Error),
}

/// A response that is not an upgrade.
#[derive(Debug)]
pub struct ServerResponse {
    /// Its first line.
    pub line: StatusLine,
    /// Its head.
    pub head: Head,
    /// The start of its body.
    pub body: Excerpt,
}

/// The interim responses by name; `None` without any.
pub fn interim_names(interim: &[Interim], secrets: &Secrets) -> Option<String> {
    let names: Vec<_> = interim.iter().map(Interim::to_string).collect();
    let same = names.chunk_by(|one, other| one == other).map(|same| match same {
        [name] => name.clone(),
        _ => format!("{} ({} times)", same[0], same.len()),
    });
    let list: Vec<_> = same.collect();
    (!list.is_empty()).then(|| secrets.mask_text(list.join(", ")))
}

/// How long the body of a refusal is waited for, once its head is there.
const BODY_PATIENCE: Duration = Duration::from_secs(2);

/// The most interim responses (1xx) that are accepted before the final one. A server may send one every few seconds
/// for as long as it works on the final one, so what limits them is the time, and [`MAX_HEAD`] for all together.
const MAX_INTERIM: usize = 1000;

/// Whether another interim response is accepted after these.
pub(super) fn accepts_interim(interim: &[Interim]) -> bool {
    let bytes: usize = interim.iter().map(|it| it.head.bytes().len()).sum();
    interim.len() < MAX_INTERIM && bytes < MAX_HEAD
}

/// Sends the request, reads the response and judges it; a `lenient` judge accepts lines that are not header
/// fields. The body of a response that `skips_body` is not waited for. `on_sent` is called between request and
/// response.
///
/// # Errors
/// With everything that the server sent.
pub fn upgrade(
    stream: &mut Stream,
    request: &Request,
    reactor: &mut Reactor,
    deadline: Deadline,
    lenient: bool,
    on_sent: impl FnOnce(),
    skips_body: impl FnOnce(&StatusLine, &Head) -> bool,
) -> Result<Upgraded, UpgradeFailed> {
    let start = Instant::now();
    let (received, interim) = (Vec::new(), Vec::new());
    let exchange = Exchange::new(stream, reactor);
    let mut upgrade = Upgrade { exchange, start, received, interim, took: None };
    let outcome = upgrade.run(request, deadline, lenient, on_sent, skips_body);
    let Upgrade { interim, took, .. } = upgrade;
    outcome.map_err(|error| UpgradeFailed { error, interim, took })
}

struct Upgrade<'a> {
    exchange: Exchange<'a>,
    start: Instant,
    /// Read and not used yet.
    received: Vec<u8>,
    interim: Vec<Interim>,
    /// How long it took to the end of the response head.
    took: Option<Duration>,
}

impl Upgrade<'_> {
    fn run(
        &mut self,
        request: &Request,
        deadline: Deadline,
        lenient: bool,
        on_sent: impl FnOnce(),
        skips_body: impl FnOnce(&StatusLine, &Head) -> bool,
    ) -> Result<Upgraded, UpgradeError> {
        self.send(request.head.bytes(), deadline)?;
        on_sent();
        let (line, head) = self.response_head(deadline)?;
        let took = self.start.elapsed();
        self.took = Some(took);
        if line.status != 101 {
            let body = match skips_body(&line, &head) {
                true => Excerpt::default(),
                false => self.body(&line, &head, deadline)?,
            };
            return Err(UpgradeError::Refused(Box::new(ServerResponse { line, head, body })));
        }
        let early = std::mem::take(&mut self.received);
        let findings = match validate_response(request, &line, &head.judged(lenient)) {
            Ok(agreement) if lenient || head.malformed_lines().is_empty() => {
                let interim = std::mem::take(&mut self.interim);
                return Ok(Upgraded { line, head, agreement, early, took, interim });
            }
            Ok(_) => Vec::new(),
            Err(findings) => findings,
        };
        let response = ServerResponse { line, head, body: Excerpt::default() };
        Err(UpgradeError::Invalid(Box::new(response), findings))
    }

    fn send(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), UpgradeError> {
        match self.exchange.write_all(bytes, deadline) {
            Err(ExchangeError::Wait(error)) => Err(self.wait_failed(error)),
            // The server may have sent the reason before it closed the connection: read that first.
            Ok(()) | Err(ExchangeError::Transport(_) | ExchangeError::Alert { .. }) => Ok(()),
        }
    }

    /// The final response head; interim ones are kept apart.
    fn response_head(&mut self, deadline: Deadline) -> Result<(StatusLine, Head), UpgradeError> {
        loop {
            match parse_response(&self.received) {
                Ok(Some((line, head))) => {
                    self.received.drain(..head.bytes().len());
                    let is_interim = matches!(line.status, 100 | 102..200);
                    if !is_interim || !accepts_interim(&self.interim) {
                        return Ok((line, head));
                    }
                    self.interim.push(Interim { line, head });
                }
                Ok(None) => {
                    if let Some(end) = self.read(deadline)? {
                        return Err(UpgradeError::Ended(end, std::mem::take(&mut self.received)));
                    }
                }
                Err(error) => {
                    self.read_on(deadline)?;
                    return Err(UpgradeError::Malformed(error, std::mem::take(&mut self.received)));
                }
            }
        }
    }

    /// The start of a refusal's body: what is received before the end, the limit or the deadline. Only a
    /// signal is an error.
    fn body(
        &mut self,
        line: &StatusLine,
        head: &Head,
        deadline: Deadline,
    ) -> Result<Excerpt, UpgradeError> {
        let until = deadline.or_after(BODY_PATIENCE);
        let mut body = Body::new(line.status, head);
        loop {
            body.push(&std::mem::take(&mut self.received));
            if body.is_done() {
                return Ok(body.finish(None));
            }
            let end = match self.read(until) {
                Ok(None) => continue,
                Ok(Some(end)) => BodyEnd::Transport(end),
                Err(error @ UpgradeError::Interrupted(_)) => return Err(error),
                Err(UpgradeError::Tls(alert)) => BodyEnd::Transport(TransportEnd::Error(alert)),
                Err(UpgradeError::System(error)) => BodyEnd::Transport(TransportEnd::from(&error)),
                Err(_) => BodyEnd::TimedOut,
            };
            return Ok(body.finish(Some(end)));
        }
    }

    /// Reads what else was already sent of a response that cannot be parsed. Only a signal is an error.
    fn read_on(&mut self, deadline: Deadline) -> Result<(), UpgradeError> {
        let until = deadline.or_after(Duration::from_millis(100));
        let mut received = std::mem::take(&mut self.received); // a wait that ends takes what is in it
        while received.len() < MAX_KEPT {
            match self.read(until) {
                Ok(None) => received.append(&mut self.received),
                Err(error @ UpgradeError::Interrupted(_)) => return Err(error),
                Ok(Some(_)) | Err(_) => break,
            }
        }
        self.received = received;
        Ok(())
    }

    /// Reads at least one byte; `Some` at the end of the stream.
    fn read(&mut self, deadline: Deadline) -> Result<Option<TransportEnd>, UpgradeError> {
        match self.exchange.read_more(&mut self.received, deadline) {
            Ok(()) => Ok(None),
            Err(ExchangeError::Transport(end)) => Ok(Some(end)),
            Err(ExchangeError::Alert { reason, .. }) => Err(UpgradeError::Tls(reason)),
            Err(ExchangeError::Wait(error)) => Err(self.wait_failed(error)),
        }
    }

    fn wait_failed(&mut self, error: WaitError) -> UpgradeError {
        match error {
            WaitError::TimedOut => {
                let received = std::mem::take(&mut self.received);
                UpgradeError::TimedOut(received, self.start.elapsed())
            }
            WaitError::Interrupted(interrupted) => UpgradeError::Interrupted(interrupted),
            WaitError::Io(error) => UpgradeError::System(error),
        }
    }
}
