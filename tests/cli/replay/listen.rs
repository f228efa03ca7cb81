//! `listen --replay`: a recorded server is played.

use serde_json::json;

use crate::listen::{client, start};
use crate::replay::{open, recording};
use crate::support::{Key, Peer, Running, Terminal, masked, text, wscope};

fn mock(lines: &[&str], options: &[&str]) -> (Running, u16) {
    let program = wscope().stdin_null().file("r.ndjson", recording(&open("ws://a/chat"), lines));
    start(program, &[&["--replay", "r.ndjson"], options].concat())
}

fn say(peer: &mut Peer, message: &str) {
    peer.send(masked(&text(message)));
}

const CHAT: [&str; 7] = ["< hi", "> a", "< 1", "<hex 00ff", ">ping p", "> b", "< 2"];

#[test]
fn each_client_is_answered_by_count() {
    let (_server, port) = mock(&[&CHAT[..], &["end peer 4001 bye"]].concat(), &[]);
    let mut clients = [client(port), client(port)];
    for peer in &mut clients {
        peer.expect_text("hi");
        say(peer, "a");
        peer.expect_text("1");
        peer.expect_binary(&[0, 255]);
    }
    for peer in &mut clients {
        say(peer, "b");
        peer.expect_text("2");
        assert_eq!(peer.expect_close(4001), "bye");
    }
}

#[test]
fn on_a_terminal_it_says_that_it_is_a_mock() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().join("r.ndjson");
    std::fs::write(&path, recording(&open("ws://a/chat"), &CHAT)).expect("a file");
    let path = path.to_str().expect("a path of UTF-8");
    for (strict, compared) in [
        (None, "counts the client's messages, does not compare them"),
        (Some("--strict"), "closes with 1008 if a client's message is not as recorded"),
    ] {
        let arguments = ["listen", "--replay", path, "127.0.0.1:0"].into_iter().chain(strict);
        let mut terminal = Terminal::spawn(arguments, 200, 24);
        let answers = "answers each client with 4 recorded messages";
        terminal.wait_for(&format!("mock of the server in {path}: {answers}; {compared}"));
        terminal.wait_for("/help lists the commands\n>");
        terminal.press(Key::CtrlD);
        assert_eq!(terminal.wait_exit(), 0);
    }
}

#[test]
fn a_server_that_did_not_close_stays() {
    let (server, port) = mock(&[&CHAT[..], &["end self 1000"]].concat(), &["--once"]);
    let mut peer = client(port);
    peer.expect_text("hi");
    for message in ["a", "b"] {
        say(&mut peer, message);
    }
    for answer in ["1", "2"] {
        if answer == "2" {
            peer.expect_binary(&[0, 255]);
        }
        peer.expect_text(answer);
    }
    peer.close(1000, "");
    peer.expect_close(1000);
    server.wait().code(0).stdout("a\nb\n").stderr_lacks("not as recorded");
}

/// Messages of a client and its Close frame, in one write.
fn say_and_close(peer: &mut Peer, messages: &[&str]) {
    let close = [0x88, 2, 3, 0xe8];
    let frames = messages.iter().map(|message| text(message)).chain([close.to_vec()]);
    peer.send(frames.flat_map(|frame| masked(&frame)).collect::<Vec<_>>());
}

#[test]
fn what_was_said_before_a_close_frame_is_answered_before_it() {
    let (server, port) = mock(&CHAT, &["--once"]);
    let mut peer = client(port);
    say_and_close(&mut peer, &["a", "b"]);
    peer.expect_text("hi");
    peer.expect_text("1");
    peer.expect_binary(&[0, 255]);
    peer.expect_text("2");
    peer.expect_close(1000);
    server.wait().code(0).stderr_lacks("not sent");
}

#[test]
fn what_a_client_did_not_wait_for_is_reported() {
    let (server, port) = mock(&CHAT, &["--once"]);
    let mut peer = client(port);
    say_and_close(&mut peer, &["a"]);
    for answer in [&text("hi")[..], &text("1"), &[0x82, 2, 0, 255], &[0x88, 2, 3, 0xe8]] {
        assert_eq!(peer.read_exact(answer.len()), answer);
    }
    let outcome = server.wait().code(0);
    outcome.stderr_contains("1 of 4 recorded messages not sent: the client closed first");
}

#[test]
fn a_close_of_the_recorded_server_comes_before_the_answer_to_that_of_the_client() {
    let (server, port) = mock(&["> a", "< 1", "end peer 4001 bye"], &["--once"]);
    let mut peer = client(port);
    say_and_close(&mut peer, &["a"]);
    peer.expect_text("1");
    assert_eq!(peer.expect_close(4001), "bye");
    server.wait().code(0);
}

#[test]
fn a_client_that_closes_gets_no_recording_without_end() {
    let messages: Vec<_> = (0..6).map(|_| format!("< {}", "x".repeat(1 << 20))).collect();
    let lines: Vec<_> = ["> a"].into_iter().chain(messages.iter().map(String::as_str)).collect();
    let (server, port) = mock(&lines, &["--once"]);
    let mut peer = client(port);
    say_and_close(&mut peer, &["a"]);
    let received = peer.read_until_eof();
    assert!((1 << 20..6 << 20).contains(&received.len()), "{}", received.len());
    assert!(received.ends_with(&[0x88, 2, 3, 0xe8]));
    server.wait().code(0);
}

/// A recording of one question and one answer, at which the server ended the connection as given.
#[track_caller]
fn mock_that_ends(end: &serde_json::Value) -> (Running, u16) {
    let file = format!("{}{end}\n", recording(&open("ws://a/chat"), &["> a", "< 1"]));
    let program = wscope().stdin_null().file("r.ndjson", file);
    start(program, &["--replay", "r.ndjson", "--once"])
}

#[test]
fn a_connection_that_ended_without_a_close_frame_ends_so() {
    for (end, is_closing) in [
        ("fin", false),
        ("fin", true),
        ("fin_without_close_notify", false),
        ("reset", false),
        ("reset", true),
    ] {
        let (server, port) = mock_that_ends(&json!({
            "event": "close", "code": 1006, "reason": "", "was_clean": false, "initiator": "peer",
            "sent": null, "received": null, "end": end,
        }));
        let mut peer = client(port);
        match is_closing {
            true => say_and_close(&mut peer, &["a"]),
            false => say(&mut peer, "a"),
        }
        match end {
            "reset" => peer.expect_reset(&text("1")),
            _ => {
                peer.expect_text("1");
                peer.expect_eof();
            }
        }
        server.wait().code(0).stdout("a\n").stderr_lacks("stays open");
    }
}

#[test]
fn a_close_frame_without_a_code_is_sent_without_one() {
    let (server, port) = mock_that_ends(&json!({
        "event": "close", "code": 1005, "reason": "", "was_clean": true, "initiator": "peer",
        "sent": {"code": 1005, "reason": ""}, "received": {"code": 1005, "reason": ""},
        "end": "handshake",
    }));
    let mut peer = client(port);
    say(&mut peer, "a");
    let frames = [text("1"), vec![0x88, 0]].concat();
    assert_eq!(peer.read_exact(frames.len()), frames);
    peer.send(masked(&[0x88, 0]));
    peer.expect_eof();
    server.wait().code(0);
}

#[test]
fn the_close_frame_of_a_client_is_answered_as_recorded() {
    for (recorded, code, reason) in
        [("end self 1000 see you", 1000, "see you"), ("end self 4001 no", 4001, "no")]
    {
        let (_server, port) = mock(&["> a", "< 1", recorded], &[]);
        let mut peer = client(port);
        say(&mut peer, "a");
        peer.expect_text("1");
        peer.close(1000, "");
        assert_eq!(peer.expect_close(code), reason);
    }
}

#[test]
fn a_client_that_says_something_else_is_reported() {
    let lines = [r#"> {"n":1,"ts":1}"#, "< 1", "> b", "< 2"];
    let (server, port) = mock(&lines, &["--once", "--ignore", "$.ts"]);
    let mut peer = client(port);
    say(&mut peer, r#"{"ts":2,"n":1}"#);
    peer.expect_text("1");
    say(&mut peer, "x");
    peer.expect_text("2");
    say(&mut peer, "more");
    peer.close(1000, "");
    peer.expect_close(1000);
    let outcome = server.wait().code(0);
    assert_eq!(outcome.stderr.matches("message 1 ").count(), 0, "{}", outcome.stderr);
    outcome
        .stderr_contains("message 2 is not as recorded: character 1: recorded \"b\", now \"x\"")
        .stderr_contains("message 3: only 2 were recorded: \"more\"");
}

#[test]
fn strict_closes_such_a_client() {
    let (server, port) = mock(&["> a", "< 1"], &["--once", "--strict"]);
    let mut peer = client(port);
    say(&mut peer, "x");
    assert_eq!(peer.expect_close(1008), "message 1 is not as recorded");
    peer.close(1008, "");
    let outcome = server.wait().code(1);
    outcome.stderr_contains("message 1 is not as recorded: character 1: recorded \"a\", now \"x\"");
}

#[test]
fn what_was_said_before_something_else_is_answered() {
    let (server, port) = mock(&["> a", "< 1", "> b", "< 2"], &["--once", "--strict"]);
    let mut peer = client(port);
    peer.send([masked(&text("a")), masked(&text("x"))].concat());
    peer.expect_text("1");
    assert_eq!(peer.expect_close(1008), "message 2 is not as recorded");
    peer.close(1008, "");
    server.wait().code(1);
}

#[test]
fn the_recorded_subprotocol_is_accepted() {
    let mut event = open("ws://a/chat");
    event["protocol"] = "chat.v2".into();
    for (options, chosen) in [(&[][..], true), (&["-s", "other"], false)] {
        let program = wscope().stdin_null().file("r.ndjson", recording(&event, &["< hi"]));
        let (_server, port) = start(program, &[&["--replay", "r.ndjson"], options].concat());
        let mut peer = Peer::connect(port);
        peer.request("/", &["Sec-WebSocket-Protocol: chat.v2"]);
        let head = peer.read_head();
        assert_eq!(head.contains("Sec-WebSocket-Protocol: chat.v2"), chosen, "{head}");
    }
}

#[test]
fn other_answers_are_a_usage_error() {
    for option in [&["--echo"][..], &["--broadcast"], &["-x", "hello"]] {
        let file = recording(&open("ws://a"), &["< hi"]);
        let program = wscope().file("r.ndjson", file).args(["listen", "--replay", "r.ndjson"]);
        program.args(option).run().code(2).stderr_contains("cannot be used with");
    }
    for option in
        [&["--entry", "1"][..], &["--strict"], &["--ignore", "$.a"], &["--max-size", "1M"]]
    {
        let outcome = wscope().arg("listen").args(option).run().code(2);
        outcome.stderr_contains(&format!("{} requires --replay FILE", option[0]));
    }
    let two = recording(&open("ws://a/x"), &["< hi"]).repeat(2);
    let outcome =
        wscope().file("r.ndjson", two).args(["listen", "--replay", "r.ndjson"]).run().code(2);
    outcome.stderr_contains("wscope: r.ndjson: 2 connections: choose one with --entry N");
}

/// A client would wait for them for ever.
#[test]
fn a_recording_that_lacks_messages_is_exit_2_with_strict() {
    const HAR: &str = r#"{"log":{"entries":[{"startedDateTime":"2024-01-02T03:04:05Z","request":{"url":"ws://a/"},"response":{"status":101},"_webSocketMessages":[{"type":"other","time":1.0,"opcode":1,"data":"b"}]}]}}"#;
    wscope()
        .stdin_null()
        .file("r.har", HAR)
        .args(["listen", "--replay", "r.har", "--strict", "127.0.0.1:0"])
        .run()
        .code(2)
        .stderr_contains("the message is skipped");
    let omitted = concat!(
        r#"{"event":"open","elapsed_ms":1,"connection":1,"url":"ws://a/","initiator":"client"}"#,
        "\n",
        r#"{"event":"message","elapsed_ms":2,"connection":1,"direction":"server","type":"text","size":5,"wire_size":9,"compressed":false,"frames":1,"omitted":true}"#,
        "\n",
    );
    wscope()
        .stdin_null()
        .file("r.ndjson", omitted)
        .args(["listen", "--replay", "r.ndjson", "--strict", "127.0.0.1:0"])
        .run()
        .code(2)
        .stderr_contains("the recording lacks 1 message of the server that the proxy did not keep");
}
