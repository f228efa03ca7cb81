//! What is known of a body once no more of it is awaited.

use std::fmt;

use crate::protocol::counted::counted;
use crate::protocol::vocabulary::TransportEnd;

/// The start of a body, and how it differs from the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// Its first bytes, decoded as far as the codings are known.
    pub bytes: Vec<u8>,
    /// There is more of it, which was not read or is not kept.
    pub is_cut: bool,
    /// What is wrong with it.
    pub defect: Option<Defect>,
    /// Its codings, if they are not all known: then its bytes are as received.
    pub undecoded: Option<String>,
    /// How many of its bytes were received, before decoding.
    pub received: u64,
}

impl Excerpt {
    /// Whether its bytes may not be all of it.
    pub fn is_partial(&self) -> bool {
        self.is_cut || self.defect.is_some()
    }
}

/// Why a body is not complete or not certainly so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Defect {
    /// It ended early.
    Incomplete {
        /// How many bytes of it were received.
        received: u64,
        /// Where it should have ended.
        expected: BodyLength,
        /// What came instead.
        end: BodyEnd,
    },
    /// The chunked transfer coding is malformed; from that line on the bytes are as received.
    MalformedChunk,
    /// It is not compressed in the way that the head declares; its bytes are as received.
    NotPacked,
}

/// How the end of a body is known (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// Content-Length.
    Bytes(u64),
    /// The last chunk.
    LastChunk,
    /// The end of the connection.
    UntilEnd,
}

/// Why no more of a body is awaited, although it is not complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyEnd {
    /// The connection ended.
    Transport(TransportEnd),
    /// Time ran out.
    TimedOut,
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (received, expected, end) = match self {
            Self::Incomplete { received, expected, end } => (received, expected, end),
            Self::MalformedChunk => {
                return f.write_str(
                    "the chunked transfer coding is malformed: the body is shown as received from there on",
                );
            }
            Self::NotPacked => {
                return f.write_str(
                    "the body is not compressed as its head says: it is shown as received",
                );
            }
        };
        let bytes = counted(*received, "byte");
        match (expected, end) {
            (BodyLength::Bytes(length), end) => {
                write!(f, "body cut after {received} of {length} bytes: {end}")
            }
            (BodyLength::LastChunk, end) => {
                write!(f, "body cut after {bytes}, before its last chunk: {end}")
            }
            (
                BodyLength::UntilEnd,
                BodyEnd::Transport(TransportEnd::Reset | TransportEnd::Error(_)),
            ) => {
                write!(f, "body cut after {bytes}: {end}")
            }
            (BodyLength::UntilEnd, end) => {
                write!(f, "body possibly cut after {bytes}: {end}")
            }
        }
    }
}

impl fmt::Display for BodyEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(TransportEnd::Eof) => f.write_str("the connection was closed"),
            Self::Transport(TransportEnd::Truncated) => {
                f.write_str("the connection was closed without TLS close_notify")
            }
            Self::Transport(TransportEnd::Reset) => f.write_str("the connection was reset"),
            Self::Transport(TransportEnd::Error(error)) => f.write_str(error),
            Self::TimedOut => f.write_str("timed out"),
        }
    }
}
