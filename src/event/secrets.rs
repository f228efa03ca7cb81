//! Masking of secrets that the peer repeats when it closes. Messages are data and are not changed.

use crate::protocol::close::ClosePayload;
use crate::protocol::connection::Ending;
use crate::protocol::violation::Violation;
use crate::redact::Secrets;

/// Masks a Close frame. Its reason may be truncated: it has at most 123 bytes.
pub fn close(close: &ClosePayload, secrets: &Secrets) -> ClosePayload {
    ClosePayload { code: close.code, reason: cut_text(&close.reason, secrets) }
}

/// Masks a text that may end within a secret.
fn cut_text(text: &str, secrets: &Secrets) -> String {
    String::from_utf8_lossy(&secrets.mask_cut(text.as_bytes())).into_owned()
}

/// Masks a violation.
pub fn violation(violation: &Violation, secrets: &Secrets) -> Violation {
    Violation {
        detail: cut_text(&violation.detail, secrets),
        payload: secrets.mask_cut(&violation.payload).into_owned().into(),
        excerpt: secrets.mask_cut(&violation.excerpt).into_owned(),
        ..violation.clone()
    }
}

/// Masks the end of a connection.
pub fn ending(mut ending: Ending, secrets: &Secrets) -> Ending {
    ending.received = ending.received.map(|it| close(&it, secrets));
    ending.violation = ending.violation.map(|it| violation(&it, secrets));
    ending
}
