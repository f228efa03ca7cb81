//! HTTP CONNECT (RFC 9110 section 9.3.6), without I/O.

use super::{Conversation, Fault, Step};
use crate::net::upgrade::{Interim, MAX_INTERIM, Response};
use crate::protocol::body::{Body, BodyEnd, Excerpt};
use crate::protocol::handshake::with_custom;
use crate::protocol::head::{Head, HeaderLine, StatusLine, parse_response};
use crate::protocol::vocabulary::TransportEnd;

/// A CONNECT request and the answer to it.
#[derive(Debug)]
pub struct Connect {
    request: Head,
    /// Read and not used yet.
    received: Vec<u8>,
    interim: Vec<Interim>,
    /// Lines that are not header fields are accepted.
    lenient: bool,
    state: State,
}

/// What was said on the way to the target.
#[derive(Debug)]
pub struct Heads {
    /// The CONNECT request.
    pub request: Head,
    /// The response that opened the tunnel, if one has.
    pub response: Option<Head>,
    /// The interim responses before it.
    pub interim: Vec<Interim>,
}

#[derive(Debug)]
enum State {
    /// The request has not been sent.
    Start,
    /// The head of the answer is awaited.
    Head,
    /// The body of a refusal is awaited.
    Body(StatusLine, Head, Body),
    /// The target is reached; what the proxy said to that.
    Open(Head),
    /// The conversation is over, its fault returned.
    Over,
}

impl Connect {
    /// Asks for `authority`, a host and a port. `own` replaces headers of `common` of the same name.
    pub fn new(authority: &str, common: &[HeaderLine], own: &[HeaderLine]) -> Self {
        let mut fields = vec![HeaderLine::new("Host", authority)];
        fields.extend_from_slice(common);
        let start_line = format!("CONNECT {authority} HTTP/1.1");
        let request = Head::build(&start_line, &with_custom(fields, own));
        let (received, interim) = (Vec::new(), Vec::new());
        Self { request, received, interim, lenient: false, state: State::Start }
    }

    /// Accepts lines of the answer that are not header fields, or not.
    #[must_use]
    pub fn lenient(self, lenient: bool) -> Self {
        Self { lenient, ..self }
    }

    /// What was said.
    pub fn into_heads(self) -> Heads {
        let Self { request, interim, state, .. } = self;
        let response = match state {
            State::Open(response) => Some(response),
            _ => None,
        };
        Heads { request, response, interim }
    }

    fn head(&mut self) -> Result<Step, Fault> {
        loop {
            match parse_response(&self.received) {
                Ok(None) => return Ok(Step::Receive),
                Ok(Some((line, head))) => {
                    self.received.drain(..head.bytes().len());
                    match line.status {
                        100..200 if self.interim.len() < MAX_INTERIM => {
                            self.interim.push(Interim { line, head });
                        }
                        200..300 if !self.lenient && !head.malformed_lines().is_empty() => {
                            self.state = State::Over;
                            let response = Response { line, head, body: Excerpt::default() };
                            return Err(Fault::Invalid(Box::new(response)));
                        }
                        200..300 => {
                            self.state = State::Open(head);
                            return Ok(Step::Done(std::mem::take(&mut self.received)));
                        }
                        _ => {
                            let body = Body::new(line.status, &head);
                            self.state = State::Body(line, head, body);
                            return self.step();
                        }
                    }
                }
                Err(error) => {
                    return Err(Fault::Malformed(error, std::mem::take(&mut self.received)));
                }
            }
        }
    }

    /// The refusal, if its head has come. `end`: why no more of its body is awaited, if it is not done.
    fn refusal(&mut self, end: Option<BodyEnd>) -> Option<Fault> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Body(line, head, body) => {
                let body = body.finish(end);
                Some(Fault::Refused(Box::new(Response { line, head, body })))
            }
            _ => None,
        }
    }

    /// The refusal, or else that the connection ended.
    fn refused(&mut self, body: Option<BodyEnd>, end: TransportEnd) -> Fault {
        let received = std::mem::take(&mut self.received);
        self.refusal(body).unwrap_or(Fault::Ended(end, received))
    }
}

impl Conversation for Connect {
    fn step(&mut self) -> Result<Step, Fault> {
        match &mut self.state {
            State::Start => {
                self.state = State::Head;
                Ok(Step::Send(self.request.bytes().to_vec()))
            }
            State::Head => self.head(),
            State::Body(_, _, body) => {
                body.push(&std::mem::take(&mut self.received));
                if !body.is_done() {
                    return Ok(Step::ReceiveRest);
                }
                Err(self.refused(None, TransportEnd::Eof))
            }
            State::Open(_) | State::Over => Ok(Step::Done(std::mem::take(&mut self.received))),
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
    }

    fn has_answered(&self) -> bool {
        let is_after_head = matches!(self.state, State::Body(..) | State::Open(_));
        is_after_head || !self.interim.is_empty() || self.received.starts_with(b"HTTP/")
    }

    fn end(&mut self, end: TransportEnd) -> Fault {
        self.refused(Some(BodyEnd::Transport(end.clone())), end)
    }

    fn time_out_rest(&mut self) -> Fault {
        self.refused(Some(BodyEnd::TimedOut), TransportEnd::Eof)
    }
}
