//! The part of a body that is kept and shown, and why it is not complete.

use std::fmt;

use crate::protocol::counted::counted;
use crate::protocol::vocabulary::TransportEnd;

/// The first bytes of a body, and how they differ from the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// The first bytes, decoded if all codings are supported.
    pub bytes: Vec<u8>,
    /// There are more bytes, which were not read or are not kept.
    pub is_cut: bool,
    /// Why the body is malformed or incomplete.
    pub defect: Option<Defect>,
    /// Its codings, if not all are supported: `bytes` are as received then.
    pub undecoded: Option<String>,
    /// Bytes received, before decoding.
    pub received: u64,
}

impl Excerpt {
    /// Whether `bytes` may not be the complete body.
    pub fn is_partial(&self) -> bool {
        self.is_cut || self.defect.is_some()
    }
}

/// Why a body is malformed, incomplete, or possibly incomplete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Defect {
    /// It ended early.
    Incomplete {
        /// Bytes received.
        received: u64,
        /// Where it should have ended.
        expected: BodyLength,
        /// What ended it instead.
        end: BodyEnd,
    },
    /// The chunked transfer coding is malformed; the bytes from that line on are as received.
    MalformedChunk,
    /// It is not compressed as the head declares; its bytes are as received.
    NotPacked,
}

/// What delimits a body (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// Content-Length.
    Bytes(u64),
    /// The last chunk.
    LastChunk,
    /// The end of the connection.
    UntilEnd,
}

/// Why reading of an incomplete body stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyEnd {
    /// The connection ended.
    Transport(TransportEnd),
    /// A timeout ran out.
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
                    "the body is not compressed as its head declares: it is shown as received",
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
