//! The result must not depend on how the transport splits a stream: whole, byte by byte or split at any
//! point, the same is observed, written and counted.

use super::observed::clear_partial_payloads;
use super::streams;
use super::support::{Endpoint, Observed, ROLES, options};
use super::violations::HTTP;
use super::wire::{bytes_for, frame};
use crate::protocol::vocabulary::Counters;
use crate::protocol::{Cause, Ending, Role, Rule, TransportEnd, Violation};

/// The effects of a stream on an endpoint, until the transport ends.
#[derive(Debug, PartialEq)]
struct Outcome {
    observed: Vec<Observed>,
    written: Vec<u8>,
    counters: [Counters; 2],
    was_finished: bool,
    ending: Ending,
}

/// What is reported.
#[derive(Clone, Copy, Debug)]
pub(super) enum Watching {
    Messages,
    Frames,
}

fn end(role: Role, watching: Watching, early: &[u8]) -> Endpoint {
    let mut options = options(role);
    options.observe_frames = matches!(watching, Watching::Frames);
    Endpoint::after_head(options, early)
}

fn outcome<'a>(mut end: Endpoint, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut observed = end.events();
    for piece in pieces {
        observed.append(&mut end.receives(piece));
    }
    let written = end.take_output();
    let was_finished = end.is_finished();
    end.end_transport(TransportEnd::Eof);
    observed.append(&mut end.events());
    clear_partial_payloads(&mut observed, clear_payload);
    let mut ending = end.ending();
    if let Some(violation) = &mut ending.violation {
        clear_payload(violation);
    }
    Outcome { observed, written, counters: end.counters(), was_finished, ending }
}

/// How much of an HTTP response is shown depends on what was received with its first line, and so on the
/// cuts; longer than any Close frame's payload.
const SEEN_OF_HTTP: usize = "HTTP/1.1 400 Bad Request\r".len();

/// How much payload of an invalid frame is shown depends on what was received with its header.
fn clear_payload(violation: &mut Violation) {
    violation.payload = Box::default();
    violation.excerpt.truncate(SEEN_OF_HTTP);
    if violation.rule == Rule::TextInsteadOfFrame {
        violation.excerpt.clear();
    }
    if violation.cause == Some(Cause::Surrogate) {
        violation.cause = None; // detected by the byte after the invalid ones
    }
}

/// Every position in a short stream; in a long one those around its headers, and some others.
fn cuts(length: usize) -> impl Iterator<Item = usize> {
    let is_short = length < 400;
    (0..=length).filter(move |cut| is_short || *cut < 16 || length - cut < 6 || cut % 19_997 == 0)
}

pub(super) fn check(role: Role, watching: Watching, name: &str, bytes: &[u8]) {
    let whole = outcome(end(role, watching, b""), [bytes]);
    let early = outcome(end(role, watching, bytes), []);
    assert_eq!(early, whole, "{name}, with the head, {watching:?}");
    let bytewise = outcome(end(role, watching, b""), bytes.chunks(1));
    assert_eq!(bytewise, whole, "{name}, byte by byte, {watching:?}");
    for cut in cuts(bytes.len()) {
        let (first, second) = bytes.split_at(cut);
        let split = outcome(end(role, watching, b""), [first, second]);
        assert_eq!(split, whole, "{name}, cut at {cut}, {watching:?}");
        let split = outcome(end(role, watching, first), [second]);
        assert_eq!(split, whole, "{name}, the first {cut} bytes with the head, {watching:?}");
    }
}

#[test]
fn the_result_does_not_depend_on_cuts() {
    for role in ROLES {
        for (name, bytes) in streams::all(role) {
            check(role, Watching::Messages, &name, &bytes);
        }
    }
}

/// After "HTTP/" alone the rest of the line must be awaited.
#[test]
fn the_result_of_plain_http_does_not_depend_on_cuts() {
    for role in ROLES {
        check(role, Watching::Messages, &format!("{role:?}"), HTTP);
    }
}

/// Three pieces, so that the middle one both ends a frame and starts another.
#[test]
fn the_result_does_not_depend_on_two_cuts() {
    let frames = [
        frame(0x01, "a\u{e9}"),
        frame(0x89, "p"),
        frame(0x00, ""),
        frame(0x80, "z"),
        frame(0x88, b"\x03\xe8"),
    ];
    for role in ROLES {
        let bytes = bytes_for(role, &frames);
        let whole = outcome(end(role, Watching::Frames, b""), [&bytes[..]]);
        for first in 0..bytes.len() {
            for second in first..bytes.len() {
                let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                let cut = outcome(end(role, Watching::Frames, b""), pieces);
                assert_eq!(cut, whole, "{role:?}, cut at {first} and {second}");
            }
        }
    }
}
