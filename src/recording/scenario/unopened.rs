//! What a scenario names in comments, as no step can expect it: connections that could not be opened, and requests for
//! something else.

use std::fmt::Write as _;

use super::comments::comment;
use super::secrets::Secrets;
use crate::event::Failure;
use crate::protocol::counted::counted;
use crate::redact::Redaction;

/// The most failures of a kind that a scenario names.
const MAX_FAILURES: usize = 20;

/// Names connections that could not be opened, which no step can expect.
pub(super) fn write_failed(failed: &[&Failure], body: &mut String, secrets: &mut Secrets) {
    if failed.is_empty() {
        return;
    }
    let count = counted(failed.len() as u64, "connection");
    secrets.warn(format!("{count} could not be opened: a scenario cannot expect that"));
    body.push_str("\n# A scenario cannot expect that a connection fails, as here:\n");
    list(failed, body, |url| format!("WS {}", shown(url)));
}

/// Names requests that were not for a WebSocket, which a scenario cannot make.
pub(super) fn write_not_web_socket(refused: &[&Failure], body: &mut String, secrets: &mut Secrets) {
    if refused.is_empty() {
        return;
    }
    let count = counted(refused.len() as u64, "plain HTTP request");
    secrets.warn(format!("{count} left out: a scenario has WebSocket connections only"));
    body.push_str("\n# Left out, as a scenario has WebSocket connections only:\n");
    list(refused, body, |url| match url.split_once("://") {
        Some(("wss", rest)) => shown(&format!("https://{rest}")),
        Some(("ws", rest)) => shown(&format!("http://{rest}")),
        _ => shown(url),
    });
}

fn shown(url: &str) -> String {
    comment(&Redaction::Mask.url(url))
}

fn list(failures: &[&Failure], body: &mut String, shown: impl Fn(&str) -> String) {
    for failure in failures.iter().take(MAX_FAILURES) {
        let url = failure.attempt.as_ref().map(|it| shown(&it.url));
        let url = url.map(|url| format!(" ({url})")).unwrap_or_default();
        let _ = writeln!(body, "#   {}{url}", comment(&failure.message));
    }
    if let Some(more @ 1..) = failures.len().checked_sub(MAX_FAILURES) {
        let _ = writeln!(body, "#   and {}", counted(more as u64, "other"));
    }
}
