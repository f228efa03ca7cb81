//! The payload of a Close frame.

use super::CloseCode;

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
    pub fn to_send(code: Option<CloseCode>, reason: &str) -> Result<Self, InvalidClose> {
        if let Some(code) = code.filter(|code| !code.may_be_sent()) {
            return Err(InvalidClose::Code(code));
        }
        if reason.len() > Self::MAX_REASON {
            return Err(InvalidClose::ReasonTooLong(reason.len()));
        }
        // A reason can only follow a code (RFC 6455 section 5.5.1).
        let reason = if code.is_some() { reason.to_owned() } else { String::new() };
        Ok(Self { code, reason })
    }

    /// The payload of the frame.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(2 + self.reason.len());
        if let Some(code) = self.code {
            bytes.extend_from_slice(&code.get().to_be_bytes());
            bytes.extend_from_slice(self.reason.as_bytes());
        }
        bytes
    }
}

/// A Close frame that must not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidClose {
    /// RFC 6455 section 7.4.
    #[error("close code {0} must not be sent: use 1000 to 1003, 1007 to 1014 or 3000 to 4999")]
    Code(CloseCode),
    /// Two bytes of a Close frame's 125 are for the code.
    #[error("a close reason has at most 123 bytes, not {0}")]
    ReasonTooLong(usize),
}
