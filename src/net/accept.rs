//! The server's end of a new connection: TLS, a request in, a response out, each under a deadline.

use std::fmt;
use std::io::{self, Read, Write};
use std::time::Duration;

use memchr::memmem;
use mio::Interest;
use mio::net::{TcpListener, TcpStream};

use super::exchange::{Exchange, ExchangeError};
use super::reactor::{Deadline, Reactor, WaitError, tokens};
use super::stream::Stream;
use super::tls::{self, Identity, ServerContext, TlsError, TlsInfo};
use crate::protocol::handshake::Response;
use crate::protocol::head::{Head, HeadError, MAX_HEAD, RequestLine, parse_request};
use crate::protocol::vocabulary::TransportEnd;

/// What TLS needs on the server's side.
#[derive(Clone)]
pub struct TlsAcceptor(ServerContext);

impl TlsAcceptor {
    /// For a server with this certificate.
    ///
    /// # Errors
    /// With the TLS library's words.
    pub fn new(identity: &Identity) -> Result<Self, String> {
        let context = ServerContext::new(identity)?;
        tls::rehearse(&context)?;
        Ok(Self(context))
    }
}

impl fmt::Debug for TlsAcceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsAcceptor")
    }
}

/// A request, and what came behind it.
#[derive(Debug)]
pub struct Asked {
    /// Its first line.
    pub line: RequestLine,
    /// The head, as it came.
    pub head: Head,
    /// What followed.
    pub early: Vec<u8>,
}

/// Why there is no request, or no response to it.
#[derive(Debug)]
pub enum AcceptError {
    /// The TLS handshake failed; the library's words.
    Tls(String),
    /// It did not come to its end in time.
    TlsTimedOut,
    /// The client closed the connection after so many bytes of its request.
    Ended(TransportEnd, usize),
    /// That is no request.
    Unreadable(HeadError),
    /// Time ran out after so many bytes of the request.
    TimedOut(usize),
    /// The reactor was interrupted after so many bytes of the request: others need its place.
    Evicted(usize),
    /// The response was not taken in time, or not at all.
    Unanswered(TransportEnd),
    /// The system failed us.
    System(io::Error),
}

/// How long a client that was refused may go on sending before the connection is reset.
const LINGER: Duration = Duration::from_secs(1);

/// Whether a connection waits to be accepted, as far as the system tells without accepting it.
#[cfg(unix)]
pub fn is_client_waiting(listener: &TcpListener) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    poll(&mut [PollFd::new(listener, PollFlags::IN)], Some(&Timespec::default()))
        .map_or(true, |count| count > 0)
}

/// Whether a connection waits to be accepted: it is not known.
#[cfg(not(unix))]
pub fn is_client_waiting(_: &TcpListener) -> bool {
    true
}

/// Takes a connection over and starts TLS on it, if it is to be used.
///
/// # Errors
/// When TLS fails or takes too long.
pub fn accept(
    mut tcp: TcpStream,
    acceptor: Option<&TlsAcceptor>,
    reactor: &mut Reactor,
    deadline: Deadline,
) -> Result<(Stream, Option<TlsInfo>), AcceptError> {
    let _ = tcp.set_nodelay(true); // it works without
    let interest = Interest::READABLE | Interest::WRITABLE;
    reactor.registry().register(&mut tcp, tokens::SOCKET, interest).map_err(AcceptError::System)?;
    let Some(TlsAcceptor(context)) = acceptor else { return Ok((Stream::Plain(tcp), None)) };
    match tls::accept(Stream::Plain(tcp), context, reactor, deadline) {
        Ok((stream, info)) => Ok((Stream::Accepted(Box::new(stream)), Some(info))),
        Err(TlsError::Setup(reason) | TlsError::Handshake { reason, .. }) => {
            Err(AcceptError::Tls(reason))
        }
        Err(TlsError::Wait { error, .. }) => Err(match error {
            WaitError::Io(error) => AcceptError::System(error),
            WaitError::Interrupted(_) => AcceptError::Evicted(0),
            WaitError::TimedOut => AcceptError::TlsTimedOut,
        }),
    }
}

/// Reads a request head.
///
/// # Errors
/// When none comes.
pub fn read_request(
    stream: &mut Stream,
    reactor: &mut Reactor,
    deadline: Deadline,
) -> Result<Asked, AcceptError> {
    let mut received = Vec::new();
    let mut exchange = Exchange::new(stream, reactor);
    loop {
        let before = received.len();
        exchange.read_more(&mut received, deadline).map_err(|error| not_received(error, before))?;
        if may_be_judged(&received, before)
            && let Some((line, head)) = parse_request(&received).map_err(AcceptError::Unreadable)?
        {
            received.drain(..head.bytes().len());
            return Ok(Asked { line, head, early: received });
        }
    }
}

/// The first bytes show what is not HTTP, such as TLS, however they are cut.
const JUDGED_AT_ONCE: usize = 8;

/// Whether what came behind the first `before` bytes can end a head or show that it is none. To parse all
/// of it again for each of many small segments would take quadratic time.
fn may_be_judged(received: &[u8], before: usize) -> bool {
    let last = &received[before.saturating_sub(2)..];
    let has_empty_line =
        [&b"\n\n"[..], b"\n\r\n"].iter().any(|end| memmem::find(last, end).is_some());
    before < JUDGED_AT_ONCE || received.len() >= MAX_HEAD || has_empty_line
}

/// Why a request was not received as a whole, after so many bytes of it.
fn not_received(error: ExchangeError, before: usize) -> AcceptError {
    match error {
        ExchangeError::Transport(end) => AcceptError::Ended(end, before),
        ExchangeError::Alert { reason, .. } => AcceptError::Tls(reason),
        ExchangeError::Wait(WaitError::TimedOut) => AcceptError::TimedOut(before),
        ExchangeError::Wait(WaitError::Interrupted(_)) => AcceptError::Evicted(before),
        ExchangeError::Wait(WaitError::Io(error)) => AcceptError::System(error),
    }
}

/// Writes all of a response.
///
/// # Errors
/// When the client does not take it in time.
pub fn write(
    stream: &mut Stream,
    bytes: &[u8],
    reactor: &mut Reactor,
    deadline: Deadline,
) -> Result<(), AcceptError> {
    Exchange::new(stream, reactor).write_all(bytes, deadline).map_err(not_answered)
}

fn not_answered(error: ExchangeError) -> AcceptError {
    match error {
        ExchangeError::Transport(end) => AcceptError::Unanswered(end),
        ExchangeError::Alert { message, .. } => {
            AcceptError::Unanswered(TransportEnd::Error(message))
        }
        ExchangeError::Wait(late @ WaitError::TimedOut) => {
            AcceptError::Unanswered(TransportEnd::Error(late.to_string()))
        }
        ExchangeError::Wait(WaitError::Interrupted(_)) => AcceptError::Evicted(1),
        ExchangeError::Wait(WaitError::Io(error)) => AcceptError::System(error),
    }
}

/// Sends a response that is the end of the connection. What the client still sends is read for a
/// while: with unread bytes, a reset would overtake the response.
///
/// # Errors
/// When the client does not take it.
pub fn send_away(
    mut stream: Stream,
    response: &Response,
    reactor: &mut Reactor,
) -> Result<(), AcceptError> {
    let deadline = Deadline::after(Some(LINGER));
    let mut exchange = Exchange::new(&mut stream, reactor);
    exchange.write_all(&response.bytes(), deadline).map_err(not_answered)?;
    exchange.linger(deadline);
    Ok(())
}

/// The most that is read of what a client sent that is not waited for.
const MAX_UNREAD: usize = 64 << 10;

/// Ends a connection without waiting for anything. A client that has begun to speak HTTP gets the
/// response, if it is taken at once.
pub fn send_away_at_once(mut stream: Stream, response: &Response, mut has_begun: bool) {
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
        let _ = stream.write(&response.bytes()); // a few hundred bytes: there is room, or no interest
    }
    stream.finish_sending();
    drain(&mut stream); // unread bytes would make it a reset
}

#[cfg(test)]
mod tests {
    use super::may_be_judged;

    #[cfg(unix)]
    #[test]
    fn a_client_that_waits_is_seen_without_being_accepted() {
        use super::{TcpListener, is_client_waiting};
        let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        assert!(!is_client_waiting(&listener));
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let is_seen = (0..1_000_000).any(|_| {
            std::thread::yield_now(); // the last segment of the handshake may be on its way
            is_client_waiting(&listener)
        });
        assert!(is_seen);
        drop((client, listener.accept().unwrap()));
        assert!(!is_client_waiting(&listener));
    }

    #[test]
    fn a_head_is_parsed_when_its_end_has_come_however_it_is_cut() {
        for head in ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\nHost: a\n\n"] {
            for first in super::JUDGED_AT_ONCE..head.len() {
                for second in first.max(super::JUDGED_AT_ONCE)..head.len() {
                    let (before, received) = (first, &head.as_bytes()[..second]);
                    assert!(!may_be_judged(received, before) || received.ends_with(b"\n\n"));
                }
                assert!(may_be_judged(head.as_bytes(), first), "{head:?} cut at {first}");
            }
        }
        assert!(may_be_judged(b"\x16", 0), "the first bytes show what is not HTTP");
        assert!(may_be_judged(&[b'a'; 64 << 10], 1), "too long");
    }
}
