//! The payload of a Close frame.

use super::CloseCode;
use crate::protocol::vocabulary::Misuse;

/// The code and the reason in a Close frame (RFC 6455 section 5.5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClosePayload {
    /// `None`: the frame had no payload.
    pub code: Option<CloseCode>,
    /// The reason; empty if there was none.
    pub reason: String,
}

impl ClosePayload {
    /// The maximum length of the reason in bytes: 125 of a control frame less two for the code.
    pub const MAX_REASON: usize = 123;

    /// A payload that may be sent.
    ///
    /// # Errors
    /// If the code must not be sent, or the reason is longer than 123 bytes.
    pub fn to_send(code: Option<CloseCode>, reason: &str) -> Result<Self, Misuse> {
        if let Some(code) = code.filter(|code| !code.may_be_sent()) {
            return Err(Misuse::CloseCode(code));
        }
        if reason.len() > Self::MAX_REASON {
            return Err(Misuse::ReasonTooLong(reason.len()));
        }
        // A reason can only follow a code (RFC 6455 section 5.5.1).
        let reason = if code.is_some() { reason.to_owned() } else { String::new() };
        Ok(Self { code, reason })
    }

    pub(in crate::protocol) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(2 + self.reason.len());
        if let Some(code) = self.code {
            bytes.extend_from_slice(&code.get().to_be_bytes());
            bytes.extend_from_slice(self.reason.as_bytes());
        }
        bytes
    }
}
