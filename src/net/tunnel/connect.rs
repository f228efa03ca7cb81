//! HTTP CONNECT (RFC 9110 section 9.3.6), without I/O.

use super::{ProxyFault, TunnelHandshake, TunnelStep};
use crate::net::upgrade::{Interim, ServerResponse, accepts_interim};
use crate::protocol::body::{Body, BodyEnd, Excerpt};
use crate::protocol::handshake::with_custom;
use crate::protocol::head::{Head, HeaderLine, StatusLine, parse_response};
use crate::protocol::vocabulary::TransportEnd;

/// A CONNECT request and the response to it.
#[derive(Debug)]
pub struct Connect {
    request: Head,
    /// Read and not used yet.
    received: Vec<u8>,
    interim: Vec<Interim>,
    /// Lines that are not header fields are accepted.
    lenient: bool,
    state: ConnectState,
}

/// The heads that were exchanged with the proxy.
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
enum ConnectState {
    /// The request has not been sent.
    Start,
    /// Waiting for the head of the response.
    Head,
    /// Waiting for the body of a refusal.
    Body(StatusLine, Head, Body),
    /// The tunnel is open; with the response.
    Open(Head),
    /// The handshake has failed, and its fault was returned.
    Over,
}

impl Connect {
    /// A request for `authority`, a host and a port. `own` replaces headers of `common` of the same name.
    pub fn new(authority: &str, common: &[HeaderLine], own: &[HeaderLine]) -> Self {
        let mut fields = vec![HeaderLine::new("Host", authority)];
        fields.extend_from_slice(common);
        let start_line = format!("CONNECT {authority} HTTP/1.1");
        let request = Head::build(&start_line, &with_custom(fields, own));
        let (received, interim) = (Vec::new(), Vec::new());
        Self { request, received, interim, lenient: false, state: ConnectState::Start }
    }

    /// Sets whether lines of the response that are not header fields are accepted.
    #[must_use]
    pub fn lenient(self, lenient: bool) -> Self {
        Self { lenient, ..self }
    }

    /// The heads that were exchanged.
    pub fn into_heads(self) -> Heads {
        let Self { request, interim, state, .. } = self;
        let response = match state {
            ConnectState::Open(response) => Some(response),
            _ => None,
        };
        Heads { request, response, interim }
    }

    fn head(&mut self) -> Result<TunnelStep, ProxyFault> {
        loop {
            match parse_response(&self.received) {
                Ok(None) => return Ok(TunnelStep::Receive),
                Ok(Some((line, head))) => {
                    self.received.drain(..head.bytes().len());
                    match line.status {
                        100..200 if accepts_interim(&self.interim) => {
                            self.interim.push(Interim { line, head });
                        }
                        200..300 if !self.lenient && !head.malformed_lines().is_empty() => {
                            self.state = ConnectState::Over;
                            let response = ServerResponse { line, head, body: Excerpt::default() };
                            return Err(ProxyFault::Invalid(Box::new(response)));
                        }
                        200..300 => {
                            self.state = ConnectState::Open(head);
                            return Ok(TunnelStep::Done(std::mem::take(&mut self.received)));
                        }
                        _ => {
                            let body = Body::new(line.status, &head);
                            self.state = ConnectState::Body(line, head, body);
                            return self.step();
                        }
                    }
                }
                Err(error) => {
                    return Err(ProxyFault::Malformed(error, std::mem::take(&mut self.received)));
                }
            }
        }
    }

    /// The refusal, if its head was received. `end`: why its body is incomplete, if it is.
    fn refusal(&mut self, end: Option<BodyEnd>) -> Option<ProxyFault> {
        match std::mem::replace(&mut self.state, ConnectState::Over) {
            ConnectState::Body(line, head, body) => {
                let body = body.finish(end);
                Some(ProxyFault::Refused(Box::new(ServerResponse { line, head, body })))
            }
            _ => None,
        }
    }

    /// The refusal, or the end of the connection.
    fn refused(&mut self, body: Option<BodyEnd>, end: TransportEnd) -> ProxyFault {
        let received = std::mem::take(&mut self.received);
        self.refusal(body).unwrap_or(ProxyFault::Ended(end, received))
    }
}

impl TunnelHandshake for Connect {
    fn step(&mut self) -> Result<TunnelStep, ProxyFault> {
        match &mut self.state {
            ConnectState::Start => {
                self.state = ConnectState::Head;
                Ok(TunnelStep::Send(self.request.bytes().to_vec()))
            }
            ConnectState::Head => self.head(),
            ConnectState::Body(_, _, body) => {
                body.push(&std::mem::take(&mut self.received));
                if !body.is_done() {
                    return Ok(TunnelStep::ReceiveRest);
                }
                Err(self.refused(None, TransportEnd::Eof))
            }
            ConnectState::Open(_) | ConnectState::Over => {
                Ok(TunnelStep::Done(std::mem::take(&mut self.received)))
            }
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
    }

    fn has_answered(&self) -> bool {
        let is_after_head = matches!(self.state, ConnectState::Body(..) | ConnectState::Open(_));
        is_after_head || !self.interim.is_empty() || self.received.starts_with(b"HTTP/")
    }

    fn end(&mut self, end: TransportEnd) -> ProxyFault {
        self.refused(Some(BodyEnd::Transport(end.clone())), end)
    }

    fn time_out_rest(&mut self) -> ProxyFault {
        self.refused(Some(BodyEnd::TimedOut), TransportEnd::Eof)
    }
}
