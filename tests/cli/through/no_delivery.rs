//! What is said of frames that nobody gets any more, because the proxy has begun to close the connection, or withholds them.

use serde_json::{Value, json};

#[cfg(target_os = "linux")]
use super::resets::{fill, large, read_until_reset};
use super::{Proxied, proxy};
use crate::support::{Outcome, Peer, close, frame, masked, ping, text, wscope};

/// A reserved bit without an extension.
fn violating() -> Vec<u8> {
    frame(true, 2, 1, b"evil")
}

fn event_of(outcome: &Outcome, kind: &str) -> Value {
    let events = outcome.json_lines();
    let event = events.iter().find(|event| event["event"] == kind);
    event.unwrap_or_else(|| panic!("a {kind} event in {events:?}")).clone()
}

fn open(options: &[&str]) -> (Proxied, Peer, Peer) {
    let proxy = proxy(&[&["--json", "--once", "--record", "x.ndjson"], options].concat());
    let (client, server) = proxy.open();
    (proxy, client, server)
}

/// Both sides answer the Close frame of the proxy, and leave.
fn answer(mut client: Peer, mut server: Peer, code: u16) {
    for peer in [&mut client, &mut server] {
        peer.close(code, "");
        peer.expect_eof();
    }
}

#[test]
fn a_violation_that_comes_when_the_proxy_closes_is_not_passed_on() {
    for options in [
        &["--rule", "client => close 1012"][..],
        &["--rule", "client => close 1012", "--rule", "server no => drop"],
    ] {
        let (proxy, mut client, mut server) = open(options);
        client.send(masked(&text("x")));
        client.expect_close(1012);
        server.expect_close(1012);
        server.send(violating());
        answer(client, server, 1012);
        let outcome = proxy.running.wait();
        let violation = event_of(&outcome, "violation");
        assert_eq!(violation["passed_on"], false, "{violation}");
        outcome.stderr_contains("RFC 6455 section 5.2), withheld\n");
    }
}

#[test]
fn a_second_close_frame_behind_one_for_which_a_rule_closes_is_not_passed_on() {
    let (proxy, mut client, mut server) = open(&["--rule", "client close: => close 1012 zz"]);
    client.send([masked(&close(1000, "")), masked(&close(1000, "again"))].concat());
    server.expect_close(1012);
    client.expect_close(1012);
    server.close(1012, "");
    server.expect_eof();
    client.expect_eof();
    client.eof();
    let outcome = proxy.running.wait();
    let violation = event_of(&outcome, "violation");
    assert_eq!(violation["passed_on"], false, "{violation}");
}

#[test]
fn a_control_frame_that_is_withheld_is_no_message() {
    for frame in [frame(true, 2, 9, b"p"), frame(true, 0, 8, &[3])] {
        let (proxy, mut client, mut server) = open(&["--enforce"]);
        client.send(masked(&frame));
        client.expect_close(1002);
        server.expect_close(1002);
        drop((client, server));
        let outcome = proxy.running.wait();
        let close = event_of(&outcome, "close");
        assert_eq!(close["undelivered"], Value::Null, "{close}");
        outcome.stderr_lacks("not delivered");
    }
}

/// Each side with `--enforce` violates the protocol, and gets the Close frame for it.
#[test]
fn a_har_has_the_close_frame_for_a_violation_of_either_side() {
    for from_server in [true, false] {
        let proxy = proxy(&["--once", "--enforce", "--record", "x.har"]);
        let (mut client, mut server) = proxy.open();
        match from_server {
            true => server.send(violating()),
            false => client.send(masked(&violating())),
        }
        client.expect_close(1002);
        server.expect_close(1002);
        drop((client, server));
        let outcome = proxy.running.wait().code(5);
        let har: Value = serde_json::from_slice(&outcome.file("x.har")).expect("JSON");
        let close = &har["log"]["entries"][0]["_webSocketClose"];
        assert_eq!(close["code"], 1002, "{close}");
    }
}

/// What lies in its receive buffer is not read either.
#[test]
fn how_much_a_client_that_resets_has_not_read_is_not_known() {
    let (proxy, mut client, mut server) = open(&["--rule", "server stop => delay 1h"]);
    server.send([text("unread"), text("stop"), text("behind")].concat());
    client.expect_text("unread");
    client.reset();
    server.expect_reset(b"");
    let outcome = proxy.running.wait();
    let close = event_of(&outcome, "close");
    assert_eq!(close["undelivered"], json!({"server": {"messages_at_least": 2}}), "{close}");
    outcome.stderr_contains("not delivered to the client: at least 2 messages\n");
}

#[test]
fn view_shows_what_was_not_delivered_and_the_close_frames_again() {
    let (proxy, mut client, mut server) = open(&["-v", "--rule", "client text:x => close 1012"]);
    client.send([masked(&text("x")), masked(&text("y"))].concat());
    client.expect_close(1012);
    server.expect_close(1012);
    answer(client, server, 1012);
    let outcome = proxy.running.wait();
    let view = wscope().args(["view", "-v"]).arg(outcome.path("x.ndjson")).run().code(0);
    let lines = [
        "#1 wscope: warning: not delivered to the server: 1 message\n",
        "#1 > close 1012 Service Restart\n",
        "#1 < close 1012 Service Restart\n",
    ];
    for line in lines {
        let count = |shown: &str| shown.matches(line).count();
        assert_eq!((count(&outcome.stderr), count(&view.stderr)), (1, 1), "{line}{}", view.stderr);
    }
}

/// It has an event of its own, so that its line must not come twice.
#[test]
fn view_shows_a_close_frame_that_was_dropped_once() {
    let (proxy, mut client, mut server) = open(&["-v", "--rule", "client close: => drop"]);
    client.send([masked(&close(1000, "")), masked(&ping(b"p"))].concat());
    server.expect_ping(b"p");
    server.close(1001, "");
    client.expect_close(1001);
    client.eof();
    server.expect_eof();
    server.eof();
    let outcome = proxy.running.wait();
    let view = wscope().args(["view", "-v"]).arg(outcome.path("x.ndjson")).run().code(0);
    for line in ["#1 > close 1000 Normal Closure\n", "#1 < close 1001 Going Away\n"] {
        let count = |shown: &str| shown.matches(line).count();
        assert_eq!((count(&outcome.stderr), count(&view.stderr)), (1, 1), "{line}{}", view.stderr);
    }
}

#[test]
fn where_a_side_ends_within_a_frame_or_message_is_said() {
    let payload = json!({"incomplete_message": {"type": "text", "size": 2, "frames": 1, "compressed": false},
        "position": {"in": "payload", "opcode": 1, "got": 2, "of": 5}});
    let message = json!({"incomplete_message": {"type": "text", "size": 5, "frames": 1, "compressed": false},
        "position": {"in": "message", "frames": 1}});
    let begun = frame(false, 0, 1, b"hello");
    let unfinished = "#1 wscope: warning: the server did not finish a message: 5 bytes of a text message in 1 frame had been received\n";
    for (sent, cut, lines) in [
        (
            text("hello")[..4].to_vec(),
            payload,
            [", in the middle of a text frame (2 of 5 payload bytes received)\n", ""],
        ),
        (
            begun.clone(),
            message.clone(),
            [", in the middle of a fragmented message (after 1 frame)\n", unfinished],
        ),
        ([begun, close(1000, "")].concat(), message, ["closed by the server: 1000", unfinished]),
        (
            vec![0x81],
            json!({"position": {"in": "header", "bytes": 1}}),
            [", in the middle of a frame header (after 1 byte)\n", ""],
        ),
    ] {
        let applies_never =
            ["--rule", "server /never/ => drop", "--rule", "server close:1001 => drop"];
        for options in [&[][..], &applies_never] {
            let (proxy, mut client, mut server) = open(options);
            server.send(&sent);
            server.eof();
            assert_eq!(client.read_until_eof(), sent);
            client.eof();
            let outcome = proxy.running.wait();
            let close = event_of(&outcome, "close");
            assert_eq!(close["cut"], json!({"server": cut}), "{close}");
            let view = wscope().arg("view").arg(outcome.path("x.ndjson")).run().code(0);
            for line in lines {
                assert!(outcome.stderr.contains(line), "{line}: {}", outcome.stderr);
                assert!(view.stderr.contains(line), "{line}: {}", view.stderr);
            }
        }
    }
}

/// What a rule does to a Close frame changes nothing about the message that it came in.
#[test]
fn a_message_within_which_a_touched_close_frame_came_is_named() {
    let begun = frame(false, 0, 1, b"hello");
    for (action, code) in [("drop", None), ("delay 1ms", Some(1000)), ("close 1012", Some(1012))] {
        let (proxy, mut client, mut server) =
            open(&["--rule", &format!("server close: => {action}")]);
        server.send([&begun[..], &close(1000, "")].concat());
        server.eof();
        let delivered = code.map_or_else(Vec::new, |code| close(code, ""));
        assert_eq!(client.read_until_eof(), [&begun[..], &delivered].concat(), "{action}");
        client.eof();
        let outcome = proxy.running.wait();
        let end = event_of(&outcome, "close");
        assert_eq!(end["code"], code.unwrap_or(1006), "{end}");
        let message = &end["cut"]["server"]["incomplete_message"];
        let expected = json!({"type": "text", "size": 5, "frames": 1, "compressed": false});
        assert_eq!(message, &expected, "{action}: {end}");
    }
}

#[test]
fn a_message_over_the_memory_limit_names_that_limit() {
    for (options, name, text) in [
        (["--max-memory", "400K"], "max_memory", "not kept (--max-memory)\n"),
        (["--max-message-size", "400K"], "max_message_size", "not kept (--max-message-size)\n"),
    ] {
        let (proxy, mut client, mut server) =
            open(&[&["--rule", "server zz => drop"], &options[..]].concat());
        let half = vec![b'q'; 300_000];
        let sent = [frame(false, 0, 2, &half), frame(true, 0, 0, &half)].concat();
        server.send(&sent);
        assert_eq!(client.read_exact(sent.len()), sent);
        super::leave(client, server);
        let outcome = proxy.running.wait().code(0);
        let message = event_of(&outcome, "message");
        assert_eq!(message["omitted_for"], name, "{message}");
        let view = wscope().arg("view").arg(outcome.path("x.ndjson")).run().code(0);
        assert!(view.stderr.contains(text), "{}", view.stderr);
    }
}

/// What the system still had for the client is lost with the reset.
#[cfg(target_os = "linux")]
#[test]
fn what_a_rule_that_resets_discards_is_counted() {
    let rule = ["--rule", "client reset => abort"];
    let mut proxy = proxy(&[&["--json", "--mute", "in", "--mute", "out"], &rule[..]].concat());
    let (mut client, server) = proxy.open();
    fill(&server, &large());
    client.send(masked(&text("reset")));
    let close = proxy.event("close");
    let got = read_until_reset(&client).len() as u64;
    let received = close["totals"]["server"]["wire_bytes"].as_u64().expect("a number");
    let claimed = close["undelivered"]["server"]["bytes_at_most"].as_u64();
    assert!(claimed.is_some_and(|claimed| claimed >= received - got), "{got} arrived: {close}");
    drop(server);
}

/// Nothing behind the violation is decoded, so that nothing is known about where that ends.
#[test]
fn whole_frames_behind_a_violation_that_is_withheld_are_no_cut() {
    for behind in [
        [frame(true, 0, 3, b"y"), text("z")].concat(),
        [violating(), text("zzzzz")].concat(),
        [frame(true, 1, 9, b"y"), text(&"z".repeat(50))].concat(),
        text("z")[..2].to_vec(),
    ] {
        let (proxy, mut client, mut server) = open(&["--enforce"]);
        server.send([violating(), behind].concat());
        client.expect_close(1002);
        server.expect_close(1002);
        drop((client, server));
        let outcome = proxy.running.wait();
        let close = event_of(&outcome, "close");
        assert_eq!(close["cut"], Value::Null, "{close}");
        outcome.stderr_lacks("in the middle of");
    }
}

/// Behind the first change the proxy compresses messages anew, in frames of its own.
#[test]
fn a_violation_that_the_receiver_does_not_get_is_not_said_to_be_passed_on() {
    const DEFLATE: &str = "Sec-WebSocket-Extensions: permessage-deflate";
    let hi = crate::support::deflate(b"hi");
    for (sent, delivered, is_passed_on) in [
        (frame(true, 6, 1, &hi), Some(b"hi"), false), // RSV1, RSV2
        (masked(&frame(true, 4, 1, &hi)), Some(b"hi"), false),
        (frame(true, 2, 1, b"hi"), None, true), // not compressed
    ] {
        let options = ["--json", "--once", "--record", "x.ndjson", "--rule", "server drop => drop"];
        let proxy = proxy(&options);
        let (mut client, mut server) = proxy.open_with("/", &[DEFLATE], &[DEFLATE]);
        server.send(frame(true, 4, 1, &crate::support::deflate(b"drop")));
        server.send(&sent);
        match delivered {
            Some(text) => client.expect_text(str::from_utf8(text).expect("UTF-8")),
            None => assert_eq!(client.read_exact(sent.len()), sent),
        }
        super::leave(client, server);
        let outcome = proxy.running.wait().code(0);
        let violation = event_of(&outcome, "violation");
        assert_eq!(violation["passed_on"], is_passed_on, "{violation}");
        assert_eq!(violation["reframed"].is_null(), is_passed_on, "{violation}");
        let fate = if is_passed_on { ", passed on\n" } else { ", removed by re-framing\n" };
        let view = wscope().arg("view").arg(outcome.path("x.ndjson")).run().code(0);
        assert!(outcome.stderr.contains(fate), "{}", outcome.stderr);
        assert!(view.stderr.contains(fate), "{}", view.stderr);
    }
}
