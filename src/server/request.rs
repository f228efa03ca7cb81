//! The request of an opening handshake, as it is received.

use std::io;

use memchr::memmem;

use crate::net::exchange::{Exchange, ExchangeError};
use crate::net::reactor::WaitError;
use crate::net::tls::TlsError;
use crate::net::{Deadline, Reactor, Stream};
use crate::protocol::head::{Head, HeadError, MAX_HEAD, RequestLine, parse_request};
use crate::protocol::vocabulary::TransportEnd;

/// A request, and what was received after it.
#[derive(Debug)]
pub struct ReceivedRequest {
    /// Its first line.
    pub line: RequestLine,
    /// The head, as it was received.
    pub head: Head,
    /// The bytes after the head.
    pub early: Vec<u8>,
}

/// Why there is no request, or no response to it.
#[derive(Debug)]
pub enum AcceptError {
    /// The TLS handshake failed; the library's words.
    Tls(String),
    /// The TLS handshake was not complete in time.
    TlsTimedOut,
    /// The client ended the connection after this many bytes of its request.
    Ended(TransportEnd, usize),
    /// What was received is not an HTTP request.
    Unreadable(HeadError),
    /// Time ran out after this many bytes of the request.
    TimedOut(usize),
    /// The wait was interrupted, after this many bytes of the request, to close the connection for a newer
    /// one.
    Evicted(usize),
    /// The client did not take the response, or not in time.
    Unanswered(TransportEnd),
    /// The system refused something.
    System(io::Error),
}

impl AcceptError {
    pub(super) fn of_tls(error: TlsError) -> Self {
        match error {
            TlsError::Setup(reason) | TlsError::Handshake { reason, .. } => Self::Tls(reason),
            TlsError::Wait { error: WaitError::Io(error), .. } => Self::System(error),
            TlsError::Wait { error: WaitError::Interrupted(_), .. } => Self::Evicted(0),
            TlsError::Wait { error: WaitError::TimedOut, .. } => Self::TlsTimedOut,
        }
    }

    /// `received`: the bytes of the request until then.
    fn of_read(error: ExchangeError, received: usize) -> Self {
        match error {
            ExchangeError::Transport(end) => Self::Ended(end, received),
            ExchangeError::Alert { reason, .. } => Self::Tls(reason),
            ExchangeError::Wait(WaitError::TimedOut) => Self::TimedOut(received),
            ExchangeError::Wait(WaitError::Interrupted(_)) => Self::Evicted(received),
            ExchangeError::Wait(WaitError::Io(error)) => Self::System(error),
        }
    }

    /// After a request of this many bytes.
    pub(super) fn of_write(error: ExchangeError, received: usize) -> Self {
        match error {
            ExchangeError::Transport(end) => Self::Unanswered(end),
            ExchangeError::Alert { message, .. } => Self::Unanswered(TransportEnd::Error(message)),
            ExchangeError::Wait(late @ WaitError::TimedOut) => {
                Self::Unanswered(TransportEnd::Error(late.to_string()))
            }
            ExchangeError::Wait(WaitError::Interrupted(_)) => Self::Evicted(received),
            ExchangeError::Wait(WaitError::Io(error)) => Self::System(error),
        }
    }
}

/// Receives a request head, which may begin, or be whole, in `early`: bytes of the stream that were received before,
/// such as those after the last request.
///
/// # Errors
/// When none is received as a whole, in time.
pub fn receive_request(
    stream: &mut Stream,
    early: Vec<u8>,
    reactor: &mut Reactor,
    deadline: Deadline,
) -> Result<ReceivedRequest, AcceptError> {
    let (mut received, mut before) = (early, 0);
    let mut exchange = Exchange::new(stream, reactor);
    loop {
        skip_empty_lines(&mut received);
        if received != b"\r"
            && may_be_judged(&received, before)
            && let Some((line, head)) = parse_request(&received).map_err(AcceptError::Unreadable)?
        {
            received.drain(..head.bytes().len());
            return Ok(ReceivedRequest { line, head, early: received });
        }
        before = received.len();
        exchange
            .read_more(&mut received, deadline)
            .map_err(|error| AcceptError::of_read(error, before))?;
    }
}

/// Removes empty lines before a request, which some clients write after a body (RFC 9112 section 2.2).
fn skip_empty_lines(received: &mut Vec<u8>) {
    let mut rest = &received[..];
    while let Some(next) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")) {
        rest = next;
    }
    let skipped = received.len() - rest.len();
    received.drain(..skipped);
}

/// The first bytes show what is not HTTP, such as TLS, however they are cut.
const JUDGED_AT_ONCE: usize = 8;

/// Whether the bytes after the first `before` can end a head or show that it is not one. To parse all of
/// it again for each of many small segments would take quadratic time.
fn may_be_judged(received: &[u8], before: usize) -> bool {
    let last = &received[before.saturating_sub(2)..];
    let has_empty_line =
        [&b"\n\n"[..], b"\n\r\n"].iter().any(|end| memmem::find(last, end).is_some());
    before < JUDGED_AT_ONCE || received.len() >= MAX_HEAD || has_empty_line
}

#[cfg(test)]
mod tests {
    use super::{JUDGED_AT_ONCE, may_be_judged};

    #[test]
    fn a_head_is_parsed_once_complete_however_it_is_split() {
        for head in ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\nHost: a\n\n"] {
            for first in JUDGED_AT_ONCE..head.len() {
                for second in first.max(JUDGED_AT_ONCE)..head.len() {
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
