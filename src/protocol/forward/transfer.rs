//! The body of a message that passes by: which bytes belong to it, and whether the connection serves another
//! request after it.

use super::framing::{self, FramingError};
use crate::protocol::body::BodyLength;
use crate::protocol::chunked::{ChunkFault, Chunked, Grammar, Step};
use crate::protocol::head::{Head, RequestLine, StatusLine};

/// The body of one message. Its bytes are passed to [`Transfer::scan`] as they are received, and go on unchanged.
#[derive(Clone, Debug)]
pub struct Transfer {
    rest: Rest,
    persists: bool,
}

/// What is missing of a body.
#[derive(Clone, Debug)]
enum Rest {
    /// So many bytes; 0: it is complete.
    Bytes(u64),
    Chunked(Chunked),
    UntilEnd,
    Malformed(ChunkFault),
}

/// How far a body was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More is expected.
    Incomplete,
    /// It ends with the connection.
    UntilEnd,
    /// What follows is another message.
    Complete,
    /// Where it ends cannot be said, and the rest of it is not known to be one.
    Malformed(ChunkFault),
}

impl Transfer {
    /// The body of a request (RFC 9112 section 6.3).
    ///
    /// # Errors
    /// If two recipients might interpret the head differently; such a request is answered with 400.
    pub fn request(line: &RequestLine, head: &Head) -> Result<Self, FramingError> {
        let length = framing::of_request(line, head)?;
        let persists = persists(line.minor_version, head);
        Ok(Self { rest: Rest::new(length, Grammar::Strict), persists })
    }

    /// The body of the response to a request with this method (RFC 9112 section 6.3). What clients understand is
    /// understood, so that it reaches them.
    ///
    /// # Errors
    /// If Content-Length is malformed or contradicts itself. A proxy answers with 502 then, or passes the rest of
    /// the connection on as it comes ([`Transfer::until_end`]).
    pub fn response(method: &str, line: &StatusLine, head: &Head) -> Result<Self, FramingError> {
        let (length, is_certain) = framing::of_response(method, line, head)?;
        let persists = is_certain && persists(line.minor_version, head);
        Ok(Self { rest: Rest::new(length, Grammar::Lenient), persists })
    }

    /// The rest of a connection.
    pub fn until_end() -> Self {
        Self { rest: Rest::UntilEnd, persists: false }
    }

    /// How many of `bytes`, which follow those of the calls before, belong to the body. If these are not all, or
    /// none is left, [`Transfer::progress`] tells why.
    pub fn scan(&mut self, bytes: &[u8]) -> usize {
        match &mut self.rest {
            Rest::Bytes(missing) => {
                let count = usize::try_from(*missing).unwrap_or(usize::MAX).min(bytes.len());
                *missing -= count as u64;
                count
            }
            Rest::UntilEnd => bytes.len(),
            Rest::Malformed(_) => 0,
            Rest::Chunked(chunked) => {
                let mut count = 0;
                while count < bytes.len() {
                    match chunked.step(&bytes[count..]) {
                        Ok(Step::Framing(more) | Step::Data(more)) => count += more,
                        Ok(Step::End) => break,
                        Err(fault) => {
                            self.rest = Rest::Malformed(fault);
                            break;
                        }
                    }
                }
                count
            }
        }
    }

    /// How far it was received.
    pub fn progress(&self) -> Progress {
        match &self.rest {
            Rest::Bytes(0) => Progress::Complete,
            Rest::Chunked(chunked) if chunked.is_complete() => Progress::Complete,
            Rest::Bytes(_) | Rest::Chunked(_) => Progress::Incomplete,
            Rest::UntilEnd => Progress::UntilEnd,
            Rest::Malformed(fault) => Progress::Malformed(*fault),
        }
    }

    /// Whether all of it was received. One that ends with the connection never is.
    pub fn is_complete(&self) -> bool {
        self.progress() == Progress::Complete
    }

    /// Whether its sender expects the connection to serve another request (RFC 9112 section 9.3).
    pub fn persists(&self) -> bool {
        self.persists && !matches!(self.rest, Rest::Malformed(_))
    }
}

impl Rest {
    fn new(length: BodyLength, grammar: Grammar) -> Self {
        match length {
            BodyLength::Bytes(count) => Self::Bytes(count),
            BodyLength::LastChunk => Self::Chunked(Chunked::new(grammar)),
            BodyLength::UntilEnd => Self::UntilEnd,
        }
    }
}

/// Whether another response to the same request follows one with this status (RFC 9110 section 15.2). 101 is the
/// last one in HTTP.
pub const fn is_interim(status: u16) -> bool {
    matches!(status, 100 | 102..200)
}

fn persists(minor_version: u8, head: &Head) -> bool {
    let options = head.list("Connection");
    let has = |wanted: &str| options.iter().any(|option| option.eq_ignore_ascii_case(wanted));
    !has("close") && (minor_version > 0 || has("keep-alive"))
}
