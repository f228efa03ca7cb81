//! The opening handshake over a connected stream: the request out, the response in, judged.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use super::reactor::{Deadline, Interrupted, Reactor, WaitError};
use super::stream::Stream;
use super::tls::{alert, is_truncation};
use crate::protocol::body::Body;
use crate::protocol::connection::TransportEnd;
use crate::protocol::handshake::{Agreement, Finding, Request, judge_response};
use crate::protocol::head::{Head, HeadError, StatusLine, parse_response};

/// An opening handshake that succeeded.
#[derive(Debug)]
pub struct Upgraded {
    /// The response's first line.
    pub line: StatusLine,
    /// The response head, as it came.
    pub head: Head,
    /// What was agreed on.
    pub agreement: Agreement,
    /// What came behind the head.
    pub early: Vec<u8>,
    /// From the first byte of the request to the last of the head.
    pub took: Duration,
}

/// Why it did not.
#[derive(Debug)]
pub enum UpgradeError {
    /// Another status than 101.
    Refused(Box<Response>),
    /// Status 101, but wrong in these points.
    Invalid(Box<Response>, Vec<Finding>),
    /// Not an HTTP response; with what came.
    Malformed(HeadError, Vec<u8>),
    /// The connection ended; with what had come of a response.
    Ended(TransportEnd, Vec<u8>),
    /// The server ended TLS with an alert: in TLS 1.3 it judges our certificate only now.
    Tls(String),
    /// Time ran out; with what had come of a response, and the time since the request was begun.
    TimedOut(Vec<u8>, Duration),
    /// A signal came.
    Interrupted(Interrupted),
    /// The system failed us.
    System(io::Error),
}

/// A response that is no upgrade.
#[derive(Debug)]
pub struct Response {
    /// Its first line.
    pub line: StatusLine,
    /// Its head.
    pub head: Head,
    /// The start of its body, at most 4 KiB.
    pub body: Vec<u8>,
    /// There is more of the body.
    pub is_cut: bool,
}

/// How long the body of a refusal is waited for, once its head is there.
const BODY_PATIENCE: Duration = Duration::from_secs(2);

/// The most interim responses (1xx) that are skipped.
const MAX_INTERIM: usize = 16;

/// Sends the request, reads the response and judges it. The body of a response that `skips_body` is not
/// waited for.
///
/// # Errors
/// With everything the server said.
pub fn upgrade(
    stream: &mut Stream,
    request: &Request,
    reactor: &mut Reactor,
    deadline: Deadline,
    skips_body: impl FnOnce(&StatusLine, &Head) -> bool,
) -> Result<Upgraded, UpgradeError> {
    let start = Instant::now();
    let mut exchange = Exchange { stream, reactor, start, received: Vec::new() };
    exchange.send(request.head.bytes(), deadline)?;
    let (line, head) = exchange.response_head(deadline)?;
    let took = start.elapsed();
    if line.status != 101 {
        let body = match skips_body(&line, &head) {
            true => Body::new(line.status, &head),
            false => exchange.body(&line, &head, deadline)?,
        };
        let is_cut = body.is_cut();
        let body = body.into_bytes();
        return Err(UpgradeError::Refused(Box::new(Response { line, head, body, is_cut })));
    }
    let early = exchange.received;
    match judge_response(request, &line, &head) {
        Ok(agreement) => Ok(Upgraded { line, head, agreement, early, took }),
        Err(findings) => {
            let response = Response { line, head, body: Vec::new(), is_cut: false };
            Err(UpgradeError::Invalid(Box::new(response), findings))
        }
    }
}

struct Exchange<'a> {
    stream: &'a mut Stream,
    reactor: &'a mut Reactor,
    start: Instant,
    /// Read and not used yet.
    received: Vec<u8>,
}

impl Exchange<'_> {
    fn send(&mut self, mut bytes: &[u8], deadline: Deadline) -> Result<(), UpgradeError> {
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(deadline)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The server may have said why before it hung up: read that first.
                Err(_) => return Ok(()),
            }
        }
        Ok(())
    }

    /// The final response head; interim ones (RFC 9110 section 15.2) are skipped.
    fn response_head(&mut self, deadline: Deadline) -> Result<(StatusLine, Head), UpgradeError> {
        let mut interim = 0;
        loop {
            match parse_response(&self.received) {
                Ok(Some((line, head))) => {
                    self.received.drain(..head.bytes().len());
                    if !matches!(line.status, 100 | 102..200) || interim == MAX_INTERIM {
                        return Ok((line, head));
                    }
                    interim += 1;
                }
                Ok(None) => {
                    if let Some(end) = self.read(deadline)? {
                        return Err(UpgradeError::Ended(end, std::mem::take(&mut self.received)));
                    }
                }
                Err(error) => {
                    self.read_on(deadline);
                    return Err(UpgradeError::Malformed(error, std::mem::take(&mut self.received)));
                }
            }
        }
    }

    /// The start of a refusal's body: as much as comes before the end, the limit or the deadline. Only
    /// a signal is an error.
    fn body(
        &mut self,
        line: &StatusLine,
        head: &Head,
        deadline: Deadline,
    ) -> Result<Body, UpgradeError> {
        let until = deadline.or_after(BODY_PATIENCE);
        let mut body = Body::new(line.status, head);
        loop {
            body.push(&std::mem::take(&mut self.received));
            if body.is_done() {
                return Ok(body);
            }
            match self.read(until) {
                Ok(None) => {}
                Err(error @ UpgradeError::Interrupted(_)) => return Err(error),
                Ok(Some(_)) | Err(_) => return Ok(body),
            }
        }
    }

    /// Takes what else is already there of a response that cannot be understood.
    fn read_on(&mut self, deadline: Deadline) {
        let until = deadline.or_after(Duration::from_millis(100));
        while self.received.len() < crate::protocol::body::MAX_KEPT
            && matches!(self.read(until), Ok(None))
        {}
    }

    /// Reads at least one byte; `Some` at the end of the stream.
    fn read(&mut self, deadline: Deadline) -> Result<Option<TransportEnd>, UpgradeError> {
        let mut buffer = [0; 16 << 10];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Ok(Some(TransportEnd::Eof)),
                Ok(count) => {
                    self.received.extend_from_slice(&buffer[..count]);
                    return Ok(None);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(deadline)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_truncation(&error) => return Ok(Some(TransportEnd::Truncated)),
                Err(error) => match alert(&error) {
                    Some(reason) => return Err(UpgradeError::Tls(reason)),
                    None => return Ok(Some(TransportEnd::Error(error.to_string()))),
                },
            }
        }
    }

    fn wait(&mut self, deadline: Deadline) -> Result<(), UpgradeError> {
        match self.reactor.wait_for(deadline, None) {
            Ok(_) => Ok(()),
            Err(WaitError::TimedOut) => {
                let received = std::mem::take(&mut self.received);
                Err(UpgradeError::TimedOut(received, self.start.elapsed()))
            }
            Err(WaitError::Interrupted(interrupted)) => Err(UpgradeError::Interrupted(interrupted)),
            Err(WaitError::Io(error)) => Err(UpgradeError::System(error)),
        }
    }
}
