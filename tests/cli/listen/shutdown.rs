//! A server ended by a signal: every connection has a close event, and unsent messages are counted.

use std::fs::File;
use std::io::{PipeReader, Read, Write, pipe};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};

use super::{client, listen, start};
use crate::scripts::sum_until_stalled;
use crate::support::{CLOSE, Peer, Signal, TEXT, masked, text, wscope};

/// The fields of the last event that describe the end of a connection.
fn close_event(stdout: &str) -> Value {
    let last = stdout.lines().last().expect("an event");
    let event: Value = serde_json::from_str(last).expect("JSON");
    ["event", "connection", "code", "was_clean", "initiator"].map(|key| event[key].clone()).into()
}

#[test]
fn a_client_that_does_not_answer_has_a_close_event() {
    for is_signalled_twice in [false, true] {
        let (mut server, port) = listen(&["--json"]);
        let mut peer = client(port);
        let open = server.read_stdout_line();
        assert!(open.starts_with("{\"event\":\"open\""), "{open}");
        server.signal(Signal::TERM);
        peer.expect_close(1001);
        if is_signalled_twice {
            server.signal(Signal::TERM);
        }
        let expected = json!(["close", 1, 1006, false, "self"]);
        assert_eq!(close_event(&server.wait().code(143).stdout), expected);
    }
}

#[test]
fn a_client_that_does_not_answer_after_the_count_has_a_close_event() {
    let (server, port) = listen(&["--json", "--count", "1", "--close-timeout", "200ms"]);
    let mut peer = client(port);
    peer.send(masked(&text("one")));
    peer.expect_close(1000);
    let outcome = server.wait().code(0);
    let kinds = outcome.stdout.lines().map(|line| line.split('"').nth(3).unwrap_or_default());
    assert_eq!(kinds.collect::<Vec<_>>(), ["open", "message", "close"]);
}

/// Lines written to stdin, until the server stops reading them.
struct Lines {
    reader: PipeReader,
    progress: Receiver<usize>,
    writing: JoinHandle<()>,
}

const LINES: usize = 30_000;

impl Lines {
    fn start() -> (Self, PipeReader) {
        let line = format!("{}\n", "x".repeat(999));
        let (reader, mut writer) = pipe().expect("a pipe");
        let stdin = reader.try_clone().expect("a second handle");
        let (sender, progress) = channel();
        let writing = thread::spawn(move || {
            for _ in 0..LINES {
                writer.write_all(line.as_bytes()).expect("a reader");
                let _ = sender.send(line.len());
            }
        });
        (Self { reader, progress, writing }, stdin)
    }

    fn wait_until_stalled(&self) {
        sum_until_stalled(&self.progress);
    }

    /// How many complete lines the server has not read.
    fn rest(mut self) -> usize {
        let mut rest = String::new();
        self.reader.read_to_string(&mut rest).expect("the unread lines");
        self.writing.join().expect("a writer without errors");
        rest.matches('\n').count()
    }
}

/// Every line was sent completely, is counted, or is left in the pipe.
#[track_caller]
fn assert_counted(stderr: &str, arrived: usize, rest: usize) {
    let counted = stderr.lines().find_map(|line| {
        line.strip_prefix("wscope: warning: ")?.strip_suffix(" messages were not sent")
    });
    let counted: usize = counted.and_then(|count| count.parse().ok()).expect("a count");
    assert!(counted > 0);
    assert_eq!(arrived + counted + rest, LINES);
}

#[test]
fn lines_not_sent_to_a_client_are_counted() {
    let (lines, stdin) = Lines::start();
    let (server, port) = start(wscope().stdin_from(stdin), &[]);
    let mut peer = client(port);
    lines.wait_until_stalled();
    server.signal(Signal::TERM);
    let outcome = server.wait().code(143);
    assert_counted(&outcome.stderr, whole_messages(&mut peer), lines.rest());
}

/// Its Close frame is queued after the lines: the closing handshake of the others does not end it.
#[test]
fn a_stalled_client_has_a_close_event_after_the_count() {
    let (lines, stdin) = Lines::start();
    let options = ["--json", "--count", "1", "--close-timeout", "100ms"];
    // A file: an output that is not read would hold up the lines before the client does.
    let program = wscope().stdin_from(stdin);
    let events = File::create(program.home().join("events")).expect("a file");
    let (server, port) = start(program.stdout_to(events), &options);
    let mut stalled = client(port);
    lines.wait_until_stalled();
    // It receives no lines: it only sends the message that is counted.
    let mut sender = client(port);
    sender.send(masked(&text("one")));
    let outcome = server.wait().code(0);
    let events = String::from_utf8(outcome.file("events")).expect("UTF-8");
    for connection in [1, 2] {
        let close = format!("\"connection\":{connection},\"code\":");
        assert!(events.contains(&close), "{connection}: {events}");
    }
    drop((whole_messages(&mut stalled), sender, lines.rest()));
    assert!(outcome.stderr.contains(" messages were not sent"), "{}", outcome.stderr);
}

/// The number of complete messages up to the end of the connection.
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
