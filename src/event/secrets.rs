//! What the peer says when it closes, without the secrets that it was sent. Messages are data and stay
//! as they are.

use crate::protocol::close::ClosePayload;
use crate::protocol::connection::Ending;
use crate::protocol::violation::Violation;
use crate::redact::Secrets;

/// A Close frame.
pub fn close(close: &ClosePayload, secrets: &Secrets) -> ClosePayload {
    ClosePayload { code: close.code, reason: secrets.mask_text(close.reason.clone()) }
}

/// A violation.
pub fn violation(violation: &Violation, secrets: &Secrets) -> Violation {
    Violation {
        detail: String::from_utf8_lossy(&secrets.mask_cut(violation.detail.as_bytes()))
            .into_owned(),
        payload: secrets.mask_cut(&violation.payload).into_owned().into(),
        excerpt: secrets.mask_cut(&violation.excerpt).into_owned(),
        ..violation.clone()
    }
}

/// The end of a connection.
pub fn ending(mut ending: Ending, secrets: &Secrets) -> Ending {
    ending.received = ending.received.map(|it| close(&it, secrets));
    ending.violation = ending.violation.map(|it| violation(&it, secrets));
    ending
}
