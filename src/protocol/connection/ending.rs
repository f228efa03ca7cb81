//! How a connection ended, and who did it (RFC 6455 section 7.1).

use std::fmt;
use std::io;

use super::Misuse;
use crate::protocol::close::CloseCode;
use crate::protocol::frame::Opcode;
use crate::protocol::message::MessageKind;
use crate::protocol::violation::{Rule, Violation, counted};

/// What a Close frame says (RFC 6455 section 5.5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClosePayload {
    /// `None`: the frame had no payload.
    pub code: Option<CloseCode>,
    /// The reason; empty if there was none.
    pub reason: String,
}

impl ClosePayload {
    /// The longest reason, in bytes: a control frame's 125 less two for the code.
    pub const MAX_REASON: usize = 123;

    /// A payload we may send.
    ///
    /// # Errors
    /// With a code that must not be sent or a reason over 123 bytes.
    pub fn to_send(code: Option<CloseCode>, reason: &str) -> Result<Self, Misuse> {
        if let Some(code) = code.filter(|code| !code.may_be_sent()) {
            return Err(Misuse::CloseCode(code));
        }
        if reason.len() > Self::MAX_REASON {
            return Err(Misuse::ReasonTooLong(reason.len()));
        }
        // Without a code there is no place for a reason (RFC 6455 section 5.5.1).
        let reason = if code.is_some() { reason.to_owned() } else { String::new() };
        Ok(Self { code, reason })
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(2 + self.reason.len());
        if let Some(code) = self.code {
            bytes.extend_from_slice(&code.get().to_be_bytes());
            bytes.extend_from_slice(self.reason.as_bytes());
        }
        bytes
    }
}

/// One of the two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// We.
    Local,
    /// The other side.
    Peer,
}

impl Party {
    /// The name used in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Local => "self",
            Self::Peer => "peer",
        }
    }
}

/// How the transport came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportEnd {
    /// The peer ended TCP in order (FIN).
    Eof,
    /// TLS only: TCP ended without the peer's close_notify alert.
    Truncated,
    /// The connection was reset (RST), by the peer or by something in between.
    Reset,
    /// Our own system, network or TLS library reports that the connection has failed; in its words.
    Error(String),
}

impl From<&io::Error> for TransportEnd {
    /// What a failed read or write says of the end.
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionReset => Self::Reset,
            _ => Self::Error(error.to_string()),
        }
    }
}

impl fmt::Display for TransportEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Eof => f.write_str("TCP connection ended (FIN)"),
            Self::Truncated => f.write_str("TCP connection ended (FIN, no TLS close_notify)"),
            Self::Reset => f.write_str("TCP connection reset (RST)"),
            Self::Error(error) => f.write_str(error),
        }
    }
}

/// Where in the stream of frames the transport ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// After a whole frame or message.
    Boundary,
    /// Inside a frame header, after this many bytes.
    Header(usize),
    /// Inside a frame's payload.
    Payload {
        /// The frame's opcode.
        opcode: Opcode,
        /// Payload bytes received.
        got: u64,
        /// Payload bytes declared.
        of: u64,
    },
    /// Between the fragments of a message, after this many.
    Message(u64),
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boundary => f.write_str("between frames"),
            Self::Header(bytes) => {
                let bytes = counted(*bytes as u64, "byte");
                write!(f, "in the middle of a frame header (after {bytes})")
            }
            Self::Payload { opcode, got, of } => {
                write!(
                    f,
                    "in the middle of a {opcode} frame ({got} of {of} payload bytes received)"
                )
            }
            Self::Message(frames) => {
                let frames = counted(*frames, "frame");
                write!(f, "in the middle of a fragmented message (after {frames})")
            }
        }
    }
}

/// A message of which only a part was received before the connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncompleteMessage {
    /// Text or binary.
    pub kind: MessageKind,
    /// How many of its frames had been started.
    pub frames: u64,
    /// Payload bytes received, as they were on the wire.
    pub size: u64,
    /// Whether it is compressed.
    pub compressed: bool,
}

impl fmt::Display for IncompleteMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let compressed = if self.compressed { "compressed " } else { "" };
        let size = counted(self.size, &format!("{compressed}byte"));
        write!(f, "{size} of a {} message in {}", self.kind, counted(self.frames, "frame"))
    }
}

/// What ended the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndCause {
    /// Both sides sent a Close frame.
    Handshake,
    /// The transport ended before that.
    Transport(TransportEnd, Position),
    /// The peer did not answer our Close frame in time.
    CloseTimeout,
    /// The peer broke the protocol and we closed.
    Violation,
    /// We left without waiting.
    Abandoned,
}

/// The end of a connection, as it is reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// What ended it.
    pub cause: EndCause,
    /// Who was first to end it. A failure of our own system or network is not the peer's.
    pub initiator: Party,
    /// The Close frame we sent.
    pub sent: Option<ClosePayload>,
    /// The Close frame the peer sent.
    pub received: Option<ClosePayload>,
    /// The rule the peer broke.
    pub violation: Option<Violation>,
    /// A message that was not complete. The one that broke a rule is not meant.
    pub incomplete: Option<IncompleteMessage>,
}

impl Ending {
    pub(super) fn new(
        cause: EndCause,
        sent: Option<ClosePayload>,
        received: Option<ClosePayload>,
        violation: Option<Violation>,
        peer_closed_first: bool,
    ) -> Self {
        let initiator = match &cause {
            _ if peer_closed_first => Party::Peer,
            // Also after a violation: it is we who fail the connection (RFC 6455 section 7.1.7).
            _ if sent.is_some() => Party::Local,
            EndCause::Abandoned | EndCause::CloseTimeout => Party::Local,
            EndCause::Transport(TransportEnd::Error(_), _) => Party::Local,
            EndCause::Handshake | EndCause::Transport(..) | EndCause::Violation => Party::Peer,
        };
        Self { cause, initiator, sent, received, violation, incomplete: None }
    }

    /// The close code of the connection (RFC 6455 section 7.1.5), as in the WebSocket API: the
    /// peer's, 1005 if its Close frame had none, 1006 without a valid Close frame. What we sent is
    /// in [`Ending::sent`].
    pub fn code(&self) -> CloseCode {
        match &self.received {
            Some(close) => close.code.unwrap_or(CloseCode::NO_STATUS),
            None => CloseCode::ABNORMAL,
        }
    }

    /// The reason that belongs to [`Ending::code`] (RFC 6455 section 7.1.6).
    pub fn reason(&self) -> &str {
        self.received.as_ref().map_or("", |close| &close.reason)
    }

    pub(super) fn with_incomplete(self, message: Option<IncompleteMessage>) -> Self {
        let incomplete = message.filter(|_| self.failure().is_none());
        Self { incomplete, ..self }
    }

    /// Whether the closing handshake was completed (RFC 6455 section 7.1.4).
    pub fn is_clean(&self) -> bool {
        self.cause == EndCause::Handshake && self.failure().is_none()
    }

    /// The violation that ended the connection. What comes behind a Close frame ends nothing.
    pub fn failure(&self) -> Option<&Violation> {
        self.violation.as_ref().filter(|violation| violation.rule != Rule::FrameAfterClose)
    }
}
