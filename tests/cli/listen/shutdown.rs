//! A server that a signal ends: every client has its end, and what it was not sent is counted.

use std::io::{Read, Write, pipe};
use std::sync::mpsc::channel;
use std::thread;

use serde_json::{Value, json};

use super::{client, listen, start};
use crate::scripts::sum_until_stalled;
use crate::support::{CLOSE, Peer, Signal, TEXT, masked, text, wscope};

/// What the last event tells of the end of a connection.
fn close_event(stdout: &str) -> Value {
    let last = stdout.lines().last().expect("an event");
    let event: Value = serde_json::from_str(last).expect("JSON");
    ["event", "connection", "code", "was_clean", "initiator"].map(|key| event[key].clone()).into()
}

#[test]
fn a_client_that_does_not_answer_has_an_end_all_the_same() {
    for is_asked_twice in [false, true] {
        let (mut server, port) = listen(&["--json"]);
        let mut peer = client(port);
        let open = server.read_stdout_line();
        assert!(open.starts_with("{\"event\":\"open\""), "{open}");
        server.signal(Signal::TERM);
        peer.expect_close(1001);
        if is_asked_twice {
            server.signal(Signal::TERM);
        }
        let expected = json!(["close", 1, 1006, false, "self"]);
        assert_eq!(close_event(&server.wait().code(143).stdout), expected);
    }
}

#[test]
fn a_client_that_does_not_answer_after_the_count_has_an_end_too() {
    let (server, port) = listen(&["--json", "--count", "1", "--close-timeout", "200ms"]);
    let mut peer = client(port);
    peer.send(masked(&text("one")));
    peer.expect_close(1000);
    let outcome = server.wait().code(0);
    let kinds = outcome.stdout.lines().map(|line| line.split('"').nth(3).unwrap_or_default());
    assert_eq!(kinds.collect::<Vec<_>>(), ["open", "message", "close", "error"]);
}

/// Every line was sent as a whole, is counted, or is left in the pipe.
#[test]
fn lines_that_a_client_did_not_take_are_counted() {
    const LINES: usize = 30_000;
    let line = format!("{}\n", "x".repeat(999));
    let (reader, mut writer) = pipe().expect("a pipe");
    let mut rest = reader.try_clone().expect("a second handle");
    let program = wscope().stdin_from(reader);
    let (server, port) = start(program, &[]);
    let mut peer = client(port);
    let (sender, progress) = channel();
    let writing = thread::spawn(move || {
        for _ in 0..LINES {
            writer.write_all(line.as_bytes()).expect("a reader");
            let _ = sender.send(line.len());
        }
    });
    sum_until_stalled(&progress);
    server.signal(Signal::TERM);
    let outcome = server.wait().code(143);
    let mut left = String::new();
    rest.read_to_string(&mut left).expect("what was not read");
    writing.join().expect("a writer that is content");
    let counted = outcome.stderr.lines().find_map(|line| {
        line.strip_prefix("wscope: warning: ")?.strip_suffix(" messages were not sent")
    });
    let counted: usize = counted.and_then(|count| count.parse().ok()).expect("a count");
    assert!(counted > 0);
    assert_eq!(whole_messages(&mut peer) + counted + left.matches('\n').count(), LINES);
}

/// Messages up to the end of the connection, which may cut the last one.
fn whole_messages(peer: &mut Peer) -> usize {
    let mut count = 0;
    while let Ok(Some(frame)) = peer.try_read_frame() {
        if frame.opcode == CLOSE {
            break;
        }
        assert_eq!((frame.opcode, frame.payload.len()), (TEXT, 999));
        count += 1;
    }
    count
}
