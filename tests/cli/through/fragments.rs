//! Messages in fragments in a direction that a rule may touch: in order, and none is kept for good.

use std::time::{Duration, Instant};

use super::deliver;
use super::rules::{Path, SIDES, both_ways};
use crate::support::{CONTINUATION, NO_STATUS, TEXT, close, frame, masked, ping, text};

/// A rule that never applies.
const NONE: &str = "nth 1000 => drop";

fn first() -> Vec<u8> {
    frame(false, 0, TEXT, b"first ")
}

fn last() -> Vec<u8> {
    frame(true, 0, CONTINUATION, b"last")
}

/// The bytes of these frames as the side of the rule sends them.
fn wire(path: &Path, frames: &[Vec<u8>]) -> Vec<u8> {
    frames.iter().flat_map(|frame| path.wire(frame)).collect()
}

/// They arrive as they are sent.
#[track_caller]
fn deliver_all(path: &mut Path, frames: &[Vec<u8>]) {
    let bytes = wire(path, frames);
    deliver(&mut path.from, &mut path.to, &bytes);
}

#[test]
fn a_ping_keeps_its_place_between_fragments() {
    both_ways(NONE, |mut path| {
        deliver_all(&mut path, &[first(), ping(b"p"), last()]);
        path.end();
    });
    both_ways("text:slow => delay 30ms", |mut path| {
        deliver_all(&mut path, &[text("slow"), first(), ping(b"p"), last()]);
        path.end();
    });
}

#[test]
fn a_close_frame_follows_the_fragments_before_it() {
    for rule in [NONE, "text:slow => delay 30ms"] {
        both_ways(rule, |mut path| {
            let frames = [text("slow"), first(), ping(b"p"), close(NO_STATUS, "")];
            deliver_all(&mut path, &frames);
            path.end();
        });
    }
}

#[test]
fn an_unfinished_message_is_delivered_before_the_end() {
    both_ways(NONE, |mut path| {
        let unfinished = wire(&path, &[first(), ping(b"p"), last()]);
        let unfinished = &unfinished[..unfinished.len() - 2];
        path.from.send(unfinished);
        path.from.eof();
        assert_eq!(path.to.read_until_eof(), unfinished);
    });
}

/// So they are before a Close frame of the proxy.
#[test]
fn an_unfinished_message_is_delivered_when_a_signal_ends_the_proxy() {
    for side in SIDES {
        let mut path = Path::new(side, NONE, &[], &[]);
        deliver_all(&mut path, &[text("whole")]);
        path.send(&first());
        path.send(&ping(b"p"));
        path.proxy.event("ping");
        path.proxy.running.signal(crate::support::Signal::TERM);
        path.expect_bytes(&first());
        path.expect_bytes(&ping(b"p"));
        path.to.expect_close(1001);
    }
}

/// One that has waited for a second overtakes them, whatever the message waits for.
#[test]
fn a_ping_does_not_wait_for_a_slow_message() {
    let mut paths = SIDES.map(|side| Path::new(side, NONE, &[], &[]));
    let start = Instant::now();
    for path in &mut paths {
        path.send(&first());
        path.send(&ping(b"p"));
    }
    for path in &mut paths {
        path.expect_bytes(&ping(b"p"));
        assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
        path.send(&last());
        path.expect_bytes(&first());
        path.expect_bytes(&last());
    }
    paths.into_iter().for_each(Path::end);
}

/// Nothing but violations is of interest then.
#[test]
fn with_enforce_alone_fragments_do_not_wait() {
    let mut proxy = super::proxy(&["--json", "--enforce"]);
    let (mut client, mut server) = proxy.open();
    for frame in [first(), ping(b"p"), last(), text("next"), close(1000, "")] {
        deliver(&mut client, &mut server, &masked(&frame));
        deliver(&mut server, &mut client, &frame);
    }
    client.eof();
    server.expect_eof();
    server.eof();
    client.expect_eof();
    let message = proxy.event("message");
    assert_eq!((&message["data"], &message["frames"]), (&"first last".into(), &2.into()));
    let close = proxy.event("close");
    assert_eq!((&close["was_clean"], &close["client"]["code"]), (&true.into(), &1000.into()));
}
