//! What a failed step reports.

use std::ops::Range;
use std::time::Duration;

use data_encoding::HEXLOWER;

use crate::protocol::MessageKind;
use crate::protocol::counted::counted;
use crate::scenario::inbox::{
    Arrival, Breach, Closest, End, Group, Received, Seen, SeenMessage, WaitFailure,
};
use crate::scenario::language::Source;
use crate::scenario::outcome::{Failure, ShownMessage};
use crate::scenario::query;

/// A failure at a place of the file.
pub(super) fn at(
    source: &Source,
    at: &Range<usize>,
    kind: &'static str,
    message: impl Into<String>,
) -> Failure {
    let place = source.place(at.start);
    Failure {
        kind,
        line: place.line,
        column: place.column,
        message: message.into(),
        excerpt: source.excerpt(place.line, at),
        ..Failure::default()
    }
}

/// A wait that failed.
pub(super) fn of_wait(
    source: &Source,
    place: &Range<usize>,
    failure: &WaitFailure,
    waited: Duration,
    forbidden_at: impl Fn(usize) -> Range<usize>,
) -> Failure {
    match failure {
        WaitFailure::Timeout => {
            let text = format!("nothing matched within {}", seconds(waited));
            at(source, place, "timeout", text)
        }
        WaitFailure::Ended(end) => {
            let mut failure = at(source, place, "closed", ended(end));
            failure.notes.extend(end_notes(end));
            failure
        }
        WaitFailure::Unexpected(message) => {
            let text = "strict: the next message is another one";
            let mut failure = at(source, place, "unexpected", text);
            failure.received = vec![shown(&SeenMessage::of(message))];
            failure
        }
        WaitFailure::NotSilent(message) => {
            let mut failure = at(source, place, "unexpected", "a message was received");
            failure.received = vec![shown(&SeenMessage::of(message))];
            failure
        }
        WaitFailure::Forbidden(breach) => of_breach(source, breach, forbidden_at),
        WaitFailure::TooMuch(limit) => {
            let text = format!(
                "more than {limit} bytes of messages were received that no step took (max-buffered)"
            );
            at(source, place, "overflow", text)
        }
    }
}

/// Something was received that must not be.
pub(super) fn of_breach(
    source: &Source,
    breach: &Breach,
    forbidden_at: impl Fn(usize) -> Range<usize>,
) -> Failure {
    let place = forbidden_at(breach.step);
    let mut failure = at(source, &place, "forbidden", "this was received");
    match &breach.arrival {
        Arrival::Message(message) => failure.received = vec![shown(&SeenMessage::of(message))],
        Arrival::Control(control) => {
            let kind = if control.is_pong { "pong" } else { "ping" };
            failure.notes.push(format!("{kind} {:?}", String::from_utf8_lossy(&control.payload)));
        }
        Arrival::End(end) => failure.notes.push(ended(end)),
    }
    failure
}

/// Adds what a group saw while it waited.
pub(super) fn add_seen(failure: &mut Failure, group: &Group) {
    let seen: &Seen = group.seen();
    if failure.received.is_empty() {
        failure.received = seen.last().map(shown).collect();
        failure.omitted = seen.omitted();
        if failure.received.is_empty() {
            failure.notes.push("no message was received meanwhile".to_owned());
        }
    }
    if let Some(Closest { message, comparison, .. }) = group.closest()
        && let Some(first) = &comparison.first
    {
        failure.closest = Some((shown(message), first.to_string()));
    }
}

/// An assertion or a capture that failed.
pub(super) fn of_query(source: &Source, line: &Range<usize>, failed: &query::Failure) -> Failure {
    match &failed.kind {
        query::FailureKind::Mismatch(mismatch) => {
            let mut failure = at(source, line, "assertion", "the assertion does not hold");
            failure.expected = Some(mismatch.expected.clone());
            failure.actual = Some(mismatch.actual.clone());
            failure.notes.extend(mismatch.difference.clone());
            failure
        }
        query::FailureKind::Error(reason) => at(source, &failed.at, "assertion", reason),
    }
}

/// How a connection ended, in a sentence.
pub(super) fn ended(end: &End) -> String {
    format!("the connection ended: {}", end.description)
}

fn end_notes(end: &End) -> Option<String> {
    let is_by_peer = !end.is_ours && end.is_clean;
    is_by_peer.then(|| match end.reason.as_str() {
        "" => format!("code {}, no reason", end.code.get()),
        reason => format!("code {}, reason {reason:?}", end.code.get()),
    })
}

/// A message as reports show it.
pub(super) fn shown(message: &SeenMessage) -> ShownMessage {
    let is_cut = message.size > message.start.len();
    let (kind, start) = match message.kind {
        MessageKind::Text => ("text", text_start(&message.start, is_cut)),
        MessageKind::Binary => ("binary", HEXLOWER.encode(&message.start)),
    };
    ShownMessage { kind, start, size: message.size, is_cut }
}

/// The start of a text, which may have been cut within a character.
fn text_start(bytes: &[u8], is_cut: bool) -> String {
    let end = match str::from_utf8(bytes) {
        Err(error) if is_cut && error.error_len().is_none() => error.valid_up_to(),
        _ => bytes.len(),
    };
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// What is left of a connection at the end of its part.
pub(super) fn untaken<'a>(kept: impl Iterator<Item = &'a Received>) -> Option<String> {
    let count = kept.count() as u64;
    (count > 0).then(|| format!("{} not taken by any step", counted(count, "message")))
}

/// A duration for people.
pub(super) fn seconds(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ 0..1000 => format!("{millis} ms"),
        _ => format!("{:.1} s", duration.as_secs_f64()).replace(".0 s", " s"),
    }
}
