//! Connections that do not become clients, and the responses to them.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use super::pending::PendingHandshake;
use super::request::{AcceptError, ReceivedRequest};
use crate::net::exchange::Exchange;
use crate::net::{Deadline, Reactor, Stream};
use crate::protocol::handshake::{Refusal, Response};
use crate::protocol::head::{Head, HeaderLine, RequestLine};

/// Why a connection does not become a client.
#[derive(Debug)]
pub enum Rejection {
    /// There was no valid request, or the response to it could not be sent.
    Failed(AcceptError),
    /// The request is refused.
    Refused(ReceivedRequest, Box<Refusal>),
    /// The request is valid, but not served now, for this reason.
    Unavailable(ReceivedRequest, String),
    /// The request is not for a WebSocket and has a [`StaticAnswer`].
    StaticAnswer,
    /// It was closed for a newer connection: see [`super::Evictions`].
    Evicted,
}

/// A connection that does not become a client. It keeps its place among the handshakes until it is
/// dropped.
#[derive(Debug)]
pub struct Rejected {
    /// The client's address.
    pub remote: SocketAddr,
    /// Why.
    pub rejection: Rejection,
    /// What it is answered; `None`: it does not read an answer, or has got one.
    pub response: Option<Response>,
    /// `None`: it is closed.
    stream: Option<Stream>,
    _pending: PendingHandshake,
}

/// The response to a GET request that is not an upgrade, such as that of a browser that opens the
/// address; `None`: it is refused. Not called for requests of foreign origins and those that are not
/// valid.
pub type StaticAnswer = fn(&Refusal, &RequestLine, &Head) -> Option<Response>;

/// How long a client that was refused may go on sending before the connection is reset.
const LINGER: Duration = Duration::from_secs(1);

/// When clients over a limit may try again, in seconds.
const RETRY_AFTER: &str = "5";

/// The most that is read of what a client sent that is not waited for.
const MAX_UNREAD: usize = 64 << 10;

impl Rejected {
    /// One that is answered with `response`.
    pub(super) fn new(
        remote: SocketAddr,
        rejection: Rejection,
        answer: Option<(Stream, Response)>,
        pending: PendingHandshake,
    ) -> Box<Self> {
        let (stream, response) = answer.unzip();
        Box::new(Self { remote, rejection, response, stream, _pending: pending })
    }

    /// One whose request could not be read. It is answered if it has sent anything.
    pub(super) fn unreadable(
        remote: SocketAddr,
        stream: Stream,
        error: AcceptError,
        pending: PendingHandshake,
    ) -> Box<Self> {
        if let AcceptError::Evicted(received) = error {
            return Self::evicted(remote, stream, received > 0, pending);
        }
        if !pending.set_answered() {
            return Self::evicted(remote, stream, true, pending);
        }
        let response = match &error {
            AcceptError::Unreadable(error) => Some(Response::to_unreadable(error)),
            AcceptError::TimedOut(1..) => {
                Some(Response::text(408, &[], "no complete request was received in time\n"))
            }
            _ => None,
        };
        let rejection = Rejection::Failed(error);
        Box::new(Self { remote, rejection, response, stream: Some(stream), _pending: pending })
    }

    /// One whose place a newer connection has taken. `has_begun`: some of its request was received.
    pub(super) fn evicted(
        remote: SocketAddr,
        stream: Stream,
        has_begun: bool,
        pending: PendingHandshake,
    ) -> Box<Self> {
        close_over_limit(stream, has_begun, pending.refusal_headers());
        Self::new(remote, Rejection::Evicted, None, pending)
    }

    /// One whose request is refused, or answered in another way.
    pub(super) fn refused(
        remote: SocketAddr,
        stream: Stream,
        (request, refusal): (ReceivedRequest, Box<Refusal>),
        static_answer: StaticAnswer,
        pending: PendingHandshake,
    ) -> Box<Self> {
        if let Some(answer) = answer_to_get(&refusal, &request, static_answer) {
            return Self::new(remote, Rejection::StaticAnswer, Some((stream, answer)), pending);
        }
        let response = refusal.response.clone();
        let rejection = Rejection::Refused(request, refusal);
        Self::new(remote, rejection, Some((stream, response)), pending)
    }

    /// Sends the response, if there is one, and ends the connection. What the client still sends is read
    /// for up to a second. Returns whether it took the response.
    pub fn respond(&mut self, reactor: &mut Reactor) -> bool {
        let (Some(mut stream), Some(response)) = (self.stream.take(), &self.response) else {
            return false;
        };
        let deadline = Deadline::after(Some(LINGER));
        let mut exchange = Exchange::new(&mut stream, reactor);
        let is_sent = exchange.write_all(&response.bytes(), deadline).is_ok();
        if is_sent {
            exchange.linger(deadline);
        }
        is_sent
    }
}

fn answer_to_get(
    refusal: &Refusal,
    ReceivedRequest { line, head, .. }: &ReceivedRequest,
    static_answer: StaticAnswer,
) -> Option<Response> {
    let is_foreign_or_invalid = matches!(refusal.response.status, 400 | 403);
    let is_plain_get = line.method == "GET" && head.value("Upgrade").is_none();
    if is_plain_get && !is_foreign_or_invalid { static_answer(refusal, line, head) } else { None }
}

/// The response to those who may try again later.
pub(super) fn unavailable(reason: &str, headers: &[HeaderLine]) -> Response {
    let retry = HeaderLine::new("Retry-After", RETRY_AFTER);
    let fields: Vec<_> = headers.iter().cloned().chain([retry]).collect();
    Response::text(503, &fields, &format!("{reason}\n"))
}

/// Ends a connection because there are too many handshakes, without waiting for anything. A client that
/// has begun to send a request gets a response, if it can be written at once.
pub(super) fn close_over_limit(mut stream: Stream, mut has_begun: bool, headers: &[HeaderLine]) {
    let mut rest = [0; 4 << 10];
    let mut drain = |stream: &mut Stream| {
        let mut count = 0;
        while count < MAX_UNREAD
            && let Ok(more @ 1..) = stream.read(&mut rest)
        {
            count += more;
        }
        count
    };
    has_begun |= drain(&mut stream) > 0;
    if has_begun {
        // A few hundred bytes: there is room, or no interest.
        let response = unavailable("too many unfinished handshakes", headers);
        let _ = stream.write(&response.bytes());
    }
    stream.finish_sending();
    drain(&mut stream); // unread bytes would make it a reset
}
