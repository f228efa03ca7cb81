//! Connections are opened where their handshakes began.

use std::time::{Duration, SystemTime};

use super::{at, close, closed, head, opened, received, refusal, scenario, sent};
use crate::event::{Failure, FailureKind, Opened, Redirect, Stamp};
use crate::net::Timings;
use crate::protocol::connection::Initiator;
use crate::recording::{Recorded, RecordedKind};

/// What is behind the titles of the parts, without the lines that are in all.
fn parts(events: &[Recorded]) -> Vec<String> {
    let text = scenario(events).text;
    let parts = text.split("\n### recorded ").skip(1);
    parts
        .map(|part| {
            let lines = part.lines().skip(1).filter(|line| *line != "HTTP 101");
            lines.collect::<Vec<_>>().join(", ")
        })
        .collect()
}

fn after(millis: u64, event: Recorded) -> Recorded {
    at(millis, event.what)
}

/// A connection that was open after so many milliseconds, with a handshake of some of them.
fn open(number: u64, millis: u64, took: u64) -> Recorded {
    let timings = Timings { total: Duration::from_millis(took), ..Timings::default() };
    let opened = Opened { timings, ..opened(&format!("ws://h/{number}"), &[]) };
    at(millis, RecordedKind::Open(Box::new(opened))).of(number)
}

#[test]
fn what_came_during_a_handshake_is_behind_its_start() {
    let events = [
        open(1, 10, 5),
        after(500, sent("go")).of(1),
        after(1500, received("news")).of(1),
        open(2, 2000, 1000),
        after(2100, received("hi")).of(2),
    ];
    assert_eq!(parts(&events), ["WS ws://h/1 as a, a> go, WS ws://h/2 as b, a< news, b< hi"]);
}

#[test]
fn connections_are_in_the_order_in_which_their_handshakes_began() {
    let events = [
        open(1, 0, 0),
        open(3, 2000, 500),
        after(2500, received("3")).of(3),
        open(2, 3000, 2000),
        after(3500, received("2")).of(2),
    ];
    assert_eq!(
        parts(&events),
        ["WS ws://h/1 as a, WS ws://h/2 as b, WS ws://h/3 as c, c< 3, b< 2"]
    );
}

/// Browsers write the start in whole milliseconds.
#[test]
fn what_came_in_the_millisecond_of_a_start_stays_before_it() {
    for (micros, expected) in [
        (1_000_000, "WS ws://h/1 as a, a> go, WS ws://h/2 as b"),
        (1_000_999, "WS ws://h/1 as a, a> go, WS ws://h/2 as b"),
        (1_001_000, "WS ws://h/1 as a, WS ws://h/2 as b, a> go"),
    ] {
        let elapsed = Duration::from_micros(micros);
        let stamp = Stamp { wall: SystemTime::UNIX_EPOCH + elapsed, elapsed };
        let message = Recorded { at: stamp, ..sent("go").of(1) };
        assert_eq!(parts(&[open(1, 0, 0), message, open(2, 2000, 1000)]), [expected]);
    }
}

/// A server may end one connection because of the next. A client that ends one and opens the next has sent its Close frame
/// before.
#[test]
fn an_end_during_a_handshake_comes_first_if_it_is_the_clients() {
    let with = |initiator| {
        let end = closed(initiator, close(1000, ""), close(1000, ""));
        parts(&[open(1, 0, 0), after(1500, end).of(1), open(2, 2000, 1000)])
    };
    assert_eq!(with(Initiator::Peer), ["WS ws://h/1 as a, WS ws://h/2 as b, a< close:1000"]);
    assert_eq!(with(Initiator::Local), ["WS ws://h/1, > close:1000, < close:1000", "WS ws://h/2"]);
}

#[test]
fn a_handshake_began_at_the_latest_with_its_first_redirect() {
    let redirect = Redirect {
        status: 302,
        reason: String::new(),
        from: "ws://first/".to_owned(),
        to: "ws://h/2".to_owned(),
        request: head(&[("Host", "first"), ("Sec-WebSocket-Extensions", "x")]),
        interim: Vec::new(),
    };
    let events = [
        open(1, 0, 0),
        at(1000, RecordedKind::Redirect(Box::new(redirect))).of(2),
        after(1500, received("news")).of(1),
        open(2, 2000, 100),
    ];
    assert_eq!(
        parts(&events),
        ["WS ws://h/1 as a, WS ws://first/ as b, [Options], location: true, a< news"]
    );
}

#[test]
fn a_refused_handshake_is_where_it_began() {
    let mut failure = Failure::new(FailureKind::Handshake, "refused".to_owned());
    let timings = Timings { total: Duration::from_secs(1), ..Timings::default() };
    failure.attempt = Some(Box::new(crate::event::AttemptView {
        url: "ws://h/2".to_owned(),
        timings: Some(timings),
        ..Default::default()
    }));
    failure.response = Some(refusal(403));
    let events = [
        open(1, 0, 0),
        after(1500, received("news")).of(1),
        at(2000, RecordedKind::Failure(Box::new(failure))).of(2),
    ];
    let found = parts(&events);
    let expected = "HTTP 403, a< news";
    assert!(found.len() == 1 && found[0].ends_with(expected), "{found:?}");
}

/// What elapsed begins again in a run that was appended.
#[test]
fn a_connection_does_not_move_into_an_earlier_run_or_behind_one_with_its_number() {
    let of_run = |seconds: u64, event: Recorded| {
        let wall = event.at.wall + Duration::from_secs(seconds);
        Recorded { at: Stamp { wall, ..event.at }, ..event }
    };
    let events =
        [open(1, 10, 5), after(1500, received("x")).of(1), of_run(60, open(2, 2000, 1000))];
    assert_eq!(parts(&events), ["WS ws://h/1 as a, a< x, WS ws://h/2 as b"]);
    let again = [
        open(1, 10, 5),
        after(1500, received("x")).of(1),
        after(1600, closed(Initiator::Peer, None, close(1000, ""))).of(1),
        open(1, 2000, 1000),
    ];
    assert_eq!(parts(&again), ["WS ws://h/1, < x, < close:1000", "WS ws://h/1"]);
    // Of the first the end is missing.
    let [first, x, _, second] = again;
    assert_eq!(parts(&[first, x, second]), ["WS ws://h/1, < x", "WS ws://h/1"]);
}

#[test]
fn what_the_request_had_was_sent_when_the_handshake_began() {
    const ID: &str = "f81d4fae-7dec-11d0";
    let Recorded { at, what, .. } = open(2, 2000, 1000);
    let RecordedKind::Open(mut opened) = what else { unreachable!() };
    opened.request = head(&[("X-Id", ID)]);
    let second =
        Recorded { at, connection: Some(2), transit: None, what: RecordedKind::Open(opened) };
    let received_at = |millis| after(millis, received(&format!(r#"{{"id":"{ID}","n":1}}"#))).of(1);
    let sent = after(3000, sent(ID)).of(1);
    let is_captured = |events: &[Recorded]| scenario(events).text.contains("[Captures]");
    let first = || open(1, 0, 0);
    assert!(!is_captured(&[first(), received_at(1500), second.clone(), sent.clone()]));
    assert!(is_captured(&[first(), received_at(900), second, sent]));
}
