//! What a failed step reports.

use std::ops::Range;
use std::time::Duration;

use data_encoding::HEXLOWER;

use crate::protocol::MessageKind;
use crate::protocol::counted::counted;
use crate::report::text;
use crate::scenario::inbox::{
    Arrival, Breach, Closest, Control, End, Group, Inbox, Received, Seen, SeenMessage, Taken,
    WaitFailure,
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
    inbox: &Inbox,
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
            let text = "strict: the next message does not match";
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
        WaitFailure::TooMuch(limit) => overflow(source, place, inbox, *limit),
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
            failure.notes.push(control_text(control));
        }
        Arrival::End(end) => failure.notes.push(ended(end)),
    }
    failure
}

/// Adds what a group saw while it waited, what its patterns took, and what the inbox still keeps. `line_of` gives
/// the lines of the patterns.
pub(super) fn add_seen(
    failure: &mut Failure,
    group: &Group,
    inbox: &Inbox,
    line_of: impl Fn(usize) -> usize,
) {
    let mut seen: Seen = group.seen().clone();
    inbox.kept().for_each(|message| seen.push(message));
    add_messages(failure, &seen);
    let mut has_messages = seen.count > 0;
    for (pattern, taken) in group.taken() {
        let what = match taken {
            Taken::Message(message) => {
                has_messages = true;
                shown(&SeenMessage::of(message)).one_line()
            }
            Taken::Control(control) => control_text(control),
            Taken::End(end) => ended(end),
        };
        failure.notes.push(format!("line {} took {what}", line_of(pattern)));
    }
    if !has_messages {
        failure.notes.push("no data message was received meanwhile".to_owned());
    }
    if let Some(Closest { message, near, .. }) = group.closest() {
        failure.closest = Some((shown(message), near.text.clone()));
    }
}

/// Adds messages that were received, unless the failure has some of its own.
pub(super) fn add_messages(failure: &mut Failure, seen: &Seen) {
    if failure.received.is_empty() {
        failure.received = seen.last().map(shown).collect();
        failure.omitted = seen.omitted();
    }
}

/// Adds the message that an assertion is about, behind those that were passed over before it.
pub(super) fn add_judged(failure: &mut Failure, passed_over: &Seen, message: &Received) {
    let mut seen = passed_over.clone();
    seen.push(message);
    add_messages(failure, &seen);
    if seen.count > 1 {
        failure.notes.push("the last of these messages is the one that the step took".to_owned());
    }
}

/// Adds the state of the connection, where it has not ended, and what else it received.
pub(super) fn add_state(failure: &mut Failure, inbox: &Inbox) {
    let controls: Vec<_> = inbox.kept_controls().collect();
    let omitted = controls.len().saturating_sub(MOST_CONTROLS);
    if omitted > 0 {
        failure.notes.push(format!("{} received", counted(omitted as u64, "earlier ping or pong")));
    }
    for control in &controls[omitted..] {
        failure.notes.push(format!("{} was received", control_text(control)));
    }
    if inbox.ignored_count() > 0 {
        let count = counted(inbox.ignored_count(), "message");
        failure.notes.push(format!("{count} set aside by ignore since the connection was opened"));
    }
    if inbox.end().is_none() {
        failure.notes.push(match inbox.last() {
            None => "the connection is open; nothing was received yet".to_owned(),
            Some((at, what)) => {
                format!(
                    "the connection is open; the last {what} came {} ago",
                    seconds(at.elapsed())
                )
            }
        });
    }
}

/// More was received than is kept.
pub(super) fn overflow(
    source: &Source,
    place: &Range<usize>,
    inbox: &Inbox,
    limit: usize,
) -> Failure {
    let count = inbox.kept().count() as u64;
    let text = format!(
        "more was received than max-buffered allows: {} in {} that no step took, of at most {limit} bytes",
        counted(inbox.held() as u64, "byte"),
        counted(count, "message"),
    );
    let mut failure = at(source, place, "overflow", text);
    add_messages(&mut failure, &Seen::of(inbox.kept()));
    failure
}

fn control_text(control: &Control) -> String {
    format!("a {} \"{}\"", control.name(), String::from_utf8_lossy(&control.payload))
}

/// How many pings and pongs are shown.
const MOST_CONTROLS: usize = 5;

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
        reason => format!("code {}, reason \"{reason}\"", end.code.get()),
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
    text::time(duration).replace(".0 s", " s")
}
