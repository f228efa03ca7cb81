//! How a connection ended, and who initiated that (RFC 6455 section 7.1).

use crate::protocol::close::{CloseCode, ClosePayload};
use crate::protocol::violation::{Rule, Violation};
use crate::protocol::vocabulary::{IncompleteMessage, Position, TransportEnd};

/// Who ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initiator {
    /// This side.
    Local,
    /// The remote side.
    Peer,
}

impl Initiator {
    /// The name used in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Local => "self",
            Self::Peer => "peer",
        }
    }
}

/// What ended the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndCause {
    /// Both sides sent a Close frame.
    Handshake,
    /// The transport ended before the closing handshake.
    Transport(TransportEnd, Position),
    /// The peer did not answer our Close frame in time.
    CloseTimeout,
    /// The peer violated the protocol and we closed.
    Violation,
    /// We ended the connection without waiting for the peer.
    Abandoned,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The cause.
    pub cause: EndCause,
    /// Who ended it first. A failure of the local system or network is not attributed to the peer.
    pub initiator: Initiator,
    /// The Close frame we sent.
    pub sent: Option<ClosePayload>,
    /// The Close frame the peer sent.
    pub received: Option<ClosePayload>,
    /// The violation by the peer.
    pub violation: Option<Violation>,
    /// A message that was received in part, unless it is the one with the violation.
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
            _ if peer_closed_first => Initiator::Peer,
            // Also after a violation: we fail the connection (RFC 6455 section 7.1.7).
            _ if sent.is_some() => Initiator::Local,
            EndCause::Abandoned | EndCause::CloseTimeout => Initiator::Local,
            EndCause::Transport(TransportEnd::Error(_), _) => Initiator::Local,
            EndCause::Handshake | EndCause::Transport(..) | EndCause::Violation => Initiator::Peer,
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

    /// The violation that ended the connection. A frame after a Close frame does not.
    pub fn failure(&self) -> Option<&Violation> {
        self.violation.as_ref().filter(|violation| violation.rule != Rule::FrameAfterClose)
    }
}
