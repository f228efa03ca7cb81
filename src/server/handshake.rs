//! The server's side of the opening handshake: TLS, the request, the response.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::Interest;
use mio::net::TcpStream;

use super::pending::PendingHandshake;
use super::rejection::{Rejected, Rejection, StaticAnswer, unavailable};
use super::request::{AcceptError, ReceivedRequest, receive_request};
use super::{AcceptOptions, ReceiveOptions};
use crate::net::accept::TlsAcceptor;
use crate::net::exchange::Exchange;
use crate::net::reactor::tokens;
use crate::net::tls::TlsInfo;
use crate::net::{Deadline, Reactor, Stream, Timings};
use crate::protocol::handshake::{Agreement, answer, expects_continue};
use crate::protocol::head::Head;

/// A connection that was accepted, before its opening handshake.
#[derive(Debug)]
pub struct AcceptedSocket {
    tcp: TcpStream,
    remote: SocketAddr,
    pending: PendingHandshake,
    since: Instant,
}

/// A connection with a request that is neither judged nor answered yet.
#[derive(Debug)]
pub struct Received {
    /// The client's address.
    pub remote: SocketAddr,
    /// The request, and what was received after it.
    pub request: ReceivedRequest,
    /// The connection.
    pub stream: Stream,
    /// For wss.
    pub tls: Option<TlsInfo>,
    /// The time of the TLS handshake.
    pub tls_took: Option<Duration>,
    /// When its thread took over the connection.
    pub since: Instant,
    /// The limit on everything up to the end of the opening handshake.
    pub deadline: Deadline,
    /// Its place among the unfinished handshakes: until [`PendingHandshake::admit`] the connection may be closed for a
    /// newer one, before those that have sent no request.
    pub pending: PendingHandshake,
}

/// An opening handshake whose request is valid and not answered yet.
#[derive(Debug)]
pub struct Handshake {
    /// The request and its connection.
    pub received: Received,
    /// What the response accepts.
    pub agreement: Agreement,
    response: Head,
}

/// A client whose opening handshake is complete.
#[derive(Debug)]
pub struct AcceptedClient {
    /// Its address.
    pub remote: SocketAddr,
    /// The connection.
    pub stream: Stream,
    /// The request, and what was received after it.
    pub request: ReceivedRequest,
    /// The response before the final one, to a client that waited for it.
    pub interim: Option<Head>,
    /// The final response.
    pub response: Head,
    /// What was negotiated.
    pub agreement: Agreement,
    /// For wss.
    pub tls: Option<TlsInfo>,
    /// The time since its thread took over the connection.
    pub timings: Timings,
}

impl AcceptedSocket {
    /// In the thread that serves it.
    pub(super) fn new(tcp: TcpStream, remote: SocketAddr, pending: PendingHandshake) -> Self {
        pending.start();
        Self { tcp, remote, pending, since: Instant::now() }
    }

    /// Receives the request and judges it; before that, does the TLS handshake, if `options` have TLS.
    ///
    /// # Errors
    /// Why the connection does not become a client. No response has been sent yet.
    pub fn read_request(
        self,
        options: &AcceptOptions,
        static_answer: StaticAnswer,
        reactor: &mut Reactor,
    ) -> Result<Handshake, Box<Rejected>> {
        let received = self.receive(&options.receive, reactor)?;
        let ReceivedRequest { line, head, .. } = &received.request;
        match answer(&options.rules, line, &head.judged(options.lenient)) {
            Ok((response, agreement)) => Ok(Handshake { received, agreement, response }),
            Err(refusal) => {
                let Received { remote, request, stream, pending, .. } = received;
                let refused = (request, refusal);
                Err(Rejected::refused(remote, stream, refused, static_answer, pending))
            }
        }
    }

    /// Receives the request without judging it; before that, does the TLS handshake, if `options` have TLS.
    ///
    /// # Errors
    /// Why there is no request. No response has been sent yet.
    pub fn receive(
        self,
        options: &ReceiveOptions,
        reactor: &mut Reactor,
    ) -> Result<Received, Box<Rejected>> {
        let Self { tcp, remote, pending, since } = self;
        let deadline = Deadline::after(options.time_limit);
        let (mut stream, tls) = match start(tcp, options.tls.as_ref(), reactor, deadline) {
            Ok(started) => started,
            Err(error) => {
                let rejection = match error {
                    AcceptError::Evicted(_) => Rejection::Evicted,
                    error => Rejection::Failed(error),
                };
                return Err(Rejected::new(remote, rejection, None, pending));
            }
        };
        let tls_took = tls.is_some().then(|| since.elapsed());
        let request = match receive_request(&mut stream, Vec::new(), reactor, deadline) {
            Ok(request) => request,
            Err(error) => return Err(Rejected::unreadable(remote, stream, error, pending)),
        };
        if !pending.set_answered() {
            return Err(Rejected::evicted(remote, stream, true, pending));
        }
        Ok(Received { remote, request, stream, tls, tls_took, since, deadline, pending })
    }
}

/// Takes a connection over and does the TLS handshake, if there is to be one.
fn start(
    mut tcp: TcpStream,
    acceptor: Option<&TlsAcceptor>,
    reactor: &mut Reactor,
    deadline: Deadline,
) -> Result<(Stream, Option<TlsInfo>), AcceptError> {
    let _ = tcp.set_nodelay(true); // not essential
    let interest = Interest::READABLE | Interest::WRITABLE;
    reactor.registry().register(&mut tcp, tokens::SOCKET, interest).map_err(AcceptError::System)?;
    let stream = Stream::Plain(tcp);
    let Some(acceptor) = acceptor else { return Ok((stream, None)) };
    let (stream, tls) = acceptor.accept(stream, reactor, deadline).map_err(AcceptError::of_tls)?;
    Ok((stream, Some(tls)))
}

impl Handshake {
    /// Sends the response. From then on the connection is not closed for newer ones.
    ///
    /// # Errors
    /// When it cannot be sent.
    pub fn accept(self, reactor: &mut Reactor) -> Result<AcceptedClient, Box<Rejected>> {
        let Self { received, agreement, response } = self;
        let Received { remote, request, mut stream, tls, tls_took, since, deadline, pending } =
            received;
        let interim = interim_response(&request);
        let heads = interim.iter().chain([&response]);
        let bytes = heads.flat_map(|head| head.bytes().iter().copied()).collect::<Vec<_>>();
        if let Err(error) = Exchange::new(&mut stream, reactor).write_all(&bytes, deadline) {
            let error = AcceptError::of_write(error, request.head.bytes().len());
            return Err(Rejected::new(remote, Rejection::Failed(error), None, pending));
        }
        let total = since.elapsed();
        let upgrade = Some(total - tls_took.unwrap_or_default());
        let timings = Timings { tls: tls_took, upgrade, total, ..Timings::default() };
        pending.admit(reactor);
        Ok(AcceptedClient { remote, stream, request, interim, response, agreement, tls, timings })
    }

    /// Refuses the request with 503 for this reason: the client may try again later.
    pub fn refuse_for_now(self, reason: String) -> Box<Rejected> {
        let Received { remote, request, stream, pending, .. } = self.received;
        let response = unavailable(&reason, &[]);
        let rejection = Rejection::Unavailable(request, reason);
        Rejected::new(remote, rejection, Some((stream, response)), pending)
    }
}

/// What is sent before the final response to a client that waits for it (RFC 9110 section 10.1.1).
fn interim_response(request: &ReceivedRequest) -> Option<Head> {
    let is_expected = expects_continue(&request.line, &request.head);
    is_expected.then(|| Head::build("HTTP/1.1 100 Continue", &[]))
}
