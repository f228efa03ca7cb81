//! What the peer says when it closes, without the secrets that it was sent. Messages are data and stay
//! as they are.

use crate::protocol::close::ClosePayload;
use crate::protocol::connection::Ending;
use crate::protocol::violation::Violation;
use crate::redact::Secrets;

/// A Close frame. Its reason may be cut: a frame has room for 123 bytes of it.
pub fn close(close: &ClosePayload, secrets: &Secrets) -> ClosePayload {
    ClosePayload { code: close.code, reason: cut_text(&close.reason, secrets) }
}

/// A text that may end within a secret.
fn cut_text(text: &str, secrets: &Secrets) -> String {
    String::from_utf8_lossy(&secrets.mask_cut(text.as_bytes())).into_owned()
}

/// A violation.
pub fn violation(violation: &Violation, secrets: &Secrets) -> Violation {
    Violation {
        detail: cut_text(&violation.detail, secrets),
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
