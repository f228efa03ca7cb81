//! What a failed step reports.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::received::{control_text, shown, state};
use crate::scenario::inbox::{
    Arrival, Breach, End, Group, Inbox, OVERHEAD, Received, Seen, SeenMessage, Taken, WaitFailure,
};
use crate::scenario::language::Source;
use crate::scenario::outcome::Failure;
use crate::scenario::pattern::Pattern;
use crate::scenario::phrase::Phrase;
use crate::scenario::query;

/// A failure in which secrets are not masked yet.
pub(super) type Draft = Failure<Phrase>;

/// A failure at a place of the file.
pub(super) fn at(
    source: &Source,
    at: &Range<usize>,
    kind: &'static str,
    message: impl Into<Phrase>,
) -> Draft {
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
) -> Draft {
    match failure {
        WaitFailure::Timeout => {
            at(source, place, "timeout", Phrase::new("nothing matched within ").time(waited))
        }
        WaitFailure::Ended(end) => at(source, place, "closed", ended(end)),
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
) -> Draft {
    let place = forbidden_at(breach.step);
    let mut failure = at(source, &place, "forbidden", "this was received");
    match &breach.arrival {
        Arrival::Message(message) => failure.received = vec![shown(&SeenMessage::of(message))],
        Arrival::Control(control) => failure.notes.push(control_text(control)),
        Arrival::End(end) => failure.notes.push(ended(end)),
    }
    failure
}

/// Adds what a group saw while it waited, what its patterns took, and what the inbox still keeps. `line_of` gives
/// the lines of the patterns.
pub(super) fn add_seen(
    failure: &mut Draft,
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
                Phrase::from(shown(&SeenMessage::of(message)).one_line())
            }
            Taken::Control(control) => control_text(control),
            Taken::End(end) => ended(end),
        };
        let line = Phrase::new("line ").number(line_of(pattern) as u64);
        failure.notes.push(line.own(" took ").phrase(what));
    }
    if !has_messages {
        failure.notes.push("no data message was received meanwhile".into());
    }
    for pattern in group.missing().skip(1) {
        let line = Phrase::new("line ").number(line_of(pattern) as u64);
        let awaited = group.pattern(pattern).map(Pattern::describe).unwrap_or_default();
        failure.notes.push(line.own(" was not met either: expected ").phrase(awaited));
    }
    if let Some((message, difference)) = group.closest() {
        failure.closest = Some((shown(message), difference));
    }
}

/// Adds messages that were received, unless the failure has some of its own.
pub(super) fn add_messages(failure: &mut Draft, seen: &Seen) {
    if failure.received.is_empty() {
        failure.received = seen.last().map(shown).collect();
        failure.omitted = seen.omitted();
    }
}

/// Adds the message that an assertion is about, behind those that were passed over before it.
pub(super) fn add_judged(failure: &mut Draft, passed_over: &Seen, message: &Received) {
    let mut seen = passed_over.clone();
    seen.push(message);
    add_messages(failure, &seen);
    if seen.count > 1 {
        failure.notes.push("the last of these messages is the one that the step took".into());
    }
}

/// Adds the state of the connection, which may have a name, and what else it received.
pub(super) fn add_state(failure: &mut Draft, name: Option<&str>, inbox: &Inbox, now: Instant) {
    let controls: Vec<_> = inbox.kept_controls().collect();
    let omitted = controls.len().saturating_sub(MOST_CONTROLS);
    if omitted > 0 {
        let count = Phrase::default().counted(omitted as u64, "earlier ping or pong");
        failure.notes.push(count.own(" received"));
    }
    for control in &controls[omitted..] {
        failure.notes.push(control_text(control).own(" was received"));
    }
    if let Some((count, last)) = inbox.ignored() {
        let text = Phrase::default().counted(count, "message");
        let text = text.own(" set aside by ignore since the connection was opened, the last one ");
        failure.notes.push(text.time(now.saturating_duration_since(last)).own(" ago"));
    }
    failure.notes.extend(state(name, inbox, now));
}

/// Adds that the output held up the connections of the part.
pub(super) fn add_stall(failure: &mut Draft, stalled: Duration) {
    if !stalled.is_zero() {
        let text = Phrase::new("in this part nothing was received for ").time(stalled);
        failure
            .notes
            .push(text.own(" because the output of -v was not read: that may be the reason"));
    }
}

/// More was received than is kept.
pub(super) fn overflow(
    source: &Source,
    place: &Range<usize>,
    inbox: &Inbox,
    limit: usize,
) -> Draft {
    let text = Phrase::new(
        "more was received than max-buffered allows: messages are kept until their step is over, ",
    )
    .own("with ")
    .number(OVERHEAD as u64)
    .own(" bytes for each beside its payload, up to ")
    .counted(limit as u64, "byte");
    let mut failure = at(source, place, "overflow", text);
    add_messages(&mut failure, &Seen::of(inbox.kept()));
    failure
}

/// How many pings and pongs are shown.
const MOST_CONTROLS: usize = 5;

/// An assertion or a capture that failed.
pub(super) fn of_query(source: &Source, line: &Range<usize>, failed: &query::Failure) -> Draft {
    match &failed.kind {
        query::FailureKind::Mismatch(mismatch) => {
            let mut failure = at(source, line, "assertion", "the assertion does not hold");
            failure.expected = Some(mismatch.expected.clone().into());
            failure.actual = Some(mismatch.actual.clone().into());
            failure.notes.extend(mismatch.difference.clone());
            failure
        }
        query::FailureKind::Error(reason) => at(source, &failed.at, "assertion", reason.clone()),
    }
}

/// How a connection ended, in a sentence.
pub(super) fn ended(end: &End) -> Phrase {
    Phrase::new("the connection ended: ").value(&end.description)
}

/// What is left of a connection at the end of its part.
pub(super) fn untaken<'a>(kept: impl Iterator<Item = &'a Received>) -> Option<Phrase> {
    let count = kept.count() as u64;
    let text = || Phrase::default().counted(count, "message").own(" not taken by any step");
    (count > 0).then(text)
}
