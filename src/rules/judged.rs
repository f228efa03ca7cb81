//! What rules are applied to.

use crate::protocol::close::ClosePayload;
use crate::protocol::{CloseCode, MessageKind};
use crate::scenario::pattern::{ClosePattern, Match, Matcher, Pattern};

/// What rules are applied to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Judged<'a> {
    /// A data message.
    Message {
        /// Text or binary.
        kind: MessageKind,
        /// The payload, not compressed; text that is not valid UTF-8 is matched by no pattern for texts.
        data: &'a [u8],
    },
    /// A ping with its payload.
    Ping(&'a [u8]),
    /// A pong with its payload.
    Pong(&'a [u8]),
    /// A Close frame.
    Close(&'a ClosePayload),
}

impl Judged<'_> {
    pub(super) fn is_message(&self) -> bool {
        matches!(self, Self::Message { .. })
    }

    /// Whether it is what a pattern matches.
    pub(super) fn is_like(&self, pattern: &Pattern) -> bool {
        match *self {
            Self::Message { kind, data } => pattern.judge(kind, data) == Match::Yes,
            Self::Ping(payload) => pattern.matches_ping(payload),
            Self::Pong(payload) => pattern.matches_pong(payload),
            Self::Close(close) => {
                let code = close.code.unwrap_or(CloseCode::NO_STATUS);
                is_any_close(pattern) || pattern.matches_close(code, &close.reason)
            }
        }
    }
}

/// As the pattern of an end, `close:` does not match 1006, which is an end without a Close frame. A frame with this code
/// violates the protocol, but it is a Close frame.
fn is_any_close(pattern: &Pattern) -> bool {
    matches!(pattern.matcher(), Matcher::Close(ClosePattern { code: None, reason: None }))
}
