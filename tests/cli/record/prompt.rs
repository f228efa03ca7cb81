//! `/record` at the prompts.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use super::{events_at, names};
use crate::listen::port_in;
use crate::scripts::serve;
use crate::support::{DEADLINE, Peer, Server, Terminal, masked, script, text};

/// Waits until these are the events in a file.
#[track_caller]
pub(super) fn wait_for(path: &Path, expected: &[&str]) {
    let until = Instant::now() + DEADLINE;
    loop {
        let found = if path.exists() { names(&events_at(path)) } else { Vec::new() };
        if found == expected {
            return;
        }
        assert!(Instant::now() < until, "{found:?}");
        std::thread::yield_now();
    }
}

#[test]
fn a_recording_begins_and_ends_while_the_connection_is_open() {
    let server = serve(|peer| {
        for expected in ["before", "during", "after"] {
            peer.expect_text(expected);
            peer.send(text(&format!("{expected}!")));
        }
        peer.answer_close(1000);
    });
    let mut terminal = Terminal::spawn([server.url()], 80, 40);
    terminal.wait_for_prompt();
    terminal.type_line("before");
    terminal.wait_for("before!");
    terminal.type_line("/record");
    terminal.wait_for("nothing is recorded; /record FILE");
    terminal.type_line("/record r.ndjson");
    terminal.wait_for("recording to r.ndjson from now on");
    let path = terminal.home().join("r.ndjson");
    wait_for(&path, &["open"]); // so that the file stands alone
    terminal.type_line("/record r.ndjson");
    terminal.wait_for("already being recorded to");
    terminal.type_line("during");
    let expected = ["open", "sent during", "received during!"];
    wait_for(&path, &expected);
    terminal.type_line("/record");
    terminal.wait_for("r.ndjson  recording; 2 messages, ");
    terminal.type_line("/record off");
    terminal.wait_for("recorded 2 messages, ");
    terminal.type_line("after");
    terminal.wait_for("after!");
    terminal.type_line("/record r.ndjson");
    terminal.wait_for("it exists (--force replaces it, --append");
    terminal.type_line("/record off");
    terminal.wait_for("nothing is recorded\n");
    assert_eq!(names(&events_at(&path)), expected);
    terminal.type_line("/record --force r.ndjson");
    wait_for(&path, &["open"]);
    terminal.type_line("/quit");
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
    assert!(terminal.screen().contains("recorded 0 messages, "), "{}", terminal.screen());
    assert_eq!(names(&events_at(&path)), ["open", "close"]);
}

#[test]
fn the_first_connection_stays_one_when_there_are_others() {
    let first = script(|peer| {
        peer.accept_request();
        for expected in ["one", "two"] {
            peer.expect_text(expected);
            peer.send(text(&format!("{expected}!")));
        }
        peer.answer_close(1000);
    });
    let second = script(|peer| {
        peer.accept_request();
        peer.answer_close(1000);
    });
    let server = Server::scripts([first, second]);
    let url = server.url();
    let args = [url.as_str(), "--record", "r.ndjson", "--record", "r.har"];
    let mut terminal = Terminal::spawn(args, 80, 40);
    terminal.wait_for_prompt();
    terminal.type_line("one");
    let path = terminal.home().join("r.ndjson");
    wait_for(&path, &["open", "sent one", "received one!"]);
    terminal.type_line(&format!("/connect b {url}"));
    wait_for(&path, &["open", "sent one", "received one!", "open"]);
    terminal.type_line("/use main");
    terminal.type_line("two");
    wait_for(&path, &["open", "sent one", "received one!", "open", "sent two", "received two!"]);
    terminal.type_line("/quit");
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
    let numbers: Vec<_> = events_at(&path).iter().map(|it| it["connection"].as_u64()).collect();
    assert_eq!(numbers[..6], [None, None, None, Some(2), None, None]);
    let har = std::fs::read(terminal.home().join("r.har")).expect("a HAR");
    let har: serde_json::Value = serde_json::from_slice(&har).expect("JSON");
    // They are in the order in which they ended.
    let entries = har["log"]["entries"].as_array().expect("entries");
    let messages = entries.iter().map(|it| it["_webSocketMessages"].as_array().map(Vec::len));
    assert_eq!(messages.collect::<BTreeSet<_>>(), [Some(0), Some(4)].into(), "{har}");
    assert_eq!(entries.len(), 2, "{har}");
    assert!(entries.iter().all(|entry| entry["_webSocketClose"]["code"] == 1000), "{har}");
}

#[test]
fn a_server_records_the_clients_that_are_there() {
    let mut terminal = Terminal::spawn(["listen", ":0"], 80, 40);
    terminal.wait_for("listening on ");
    terminal.wait_for_prompt();
    let port = port_in(&terminal.screen()).expect("a port");
    let mut peer = crate::listen::client(port);
    terminal.wait_for("#1");
    terminal.type_line("/record r.ndjson");
    let path = terminal.home().join("r.ndjson");
    wait_for(&path, &["open"]);
    peer.send(masked(&text("hi")));
    wait_for(&path, &["open", "received hi"]);
    let events = events_at(&path);
    assert!(events.iter().all(|event| event["connection"] == 1), "{events:?}");
    terminal.type_line("/quit");
    answer(&mut peer);
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
    assert_eq!(names(&events_at(&path)), ["open", "received hi", "close"]);
}

fn answer(peer: &mut Peer) {
    peer.answer_close(1001);
}

#[test]
fn on_a_terminal_it_is_said_what_was_recorded() {
    for (options, is_said) in [(&[][..], true), (&["-q"], false)] {
        let server = serve(|peer| {
            peer.send(text("one"));
            peer.close_and_expect_reply(1000);
        });
        let url = server.url();
        let args = [&[url.as_str(), "--record", "r.ndjson"], options].concat();
        let mut terminal = Terminal::spawn(args, 80, 24);
        assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
        let screen = terminal.screen();
        assert_eq!(screen.contains("recorded 1 message, "), is_said, "{screen}");
    }
}
