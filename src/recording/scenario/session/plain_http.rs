//! Recorded requests that are not opening handshakes.

use crate::event::{Failure, UNKNOWN_HOST};
use crate::net::target::Target;

/// Whether a request that was refused is one that no scenario can make: it did not ask for a WebSocket, or has no URL that
/// a client can be given.
pub(super) fn is_no_handshake(failure: &Failure) -> bool {
    if failure.response.is_none() {
        return false;
    }
    let Some(attempt) = failure.attempt.as_ref() else { return false };
    let behind_scheme = attempt.url.split_once("://").map_or("", |(_, rest)| rest);
    if Target::parse(&attempt.url).is_err() || behind_scheme.starts_with(UNKNOWN_HOST) {
        return true;
    }
    let Some(request) = &attempt.request else { return false };
    let value = |wanted: &str| {
        let mut fields = request.fields.iter();
        let field = fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        field.map(|(_, value)| value.to_ascii_lowercase())
    };
    let upgrade = value("Upgrade");
    let asks = upgrade.as_deref().map(|it| memchr::memmem::find(it, b"websocket").is_some());
    let is_asked = asks.unwrap_or_else(|| value("Sec-WebSocket-Key").is_some());
    // Of a handshake that failed a browser may have some of the fields only, and not Host.
    attempt.method.as_deref().is_some_and(|method| method != "GET")
        || (!is_asked && value("Host").is_some())
}
