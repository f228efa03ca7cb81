//! What is shown of what passes: messages on stdout, the rest on stderr.

use serde_json::json;

use super::{assert_alive, leave, proxy};
use crate::support::{binary, close, frame, masked, ping, text, wscope};

#[test]
fn messages_are_lines_with_number_and_direction() {
    let mut proxy = proxy(&[]);
    let (mut client, mut server) = proxy.open();
    for (bytes, line) in [("hello", "#1 > hello"), ("a\tb", "#1 > a\tb"), ("", "#1 > ")] {
        super::deliver(&mut client, &mut server, &masked(&text(bytes)));
        assert_eq!(proxy.running.read_stdout_line(), line);
        super::deliver(&mut server, &mut client, &text(bytes));
        assert_eq!(proxy.running.read_stdout_line(), line.replace('>', "<"));
    }
    let (other, server_of_other) = proxy.open();
    leave(client, server);
    let (mut client, mut server) = (other, server_of_other);
    super::deliver(&mut server, &mut client, &text("second"));
    assert_eq!(proxy.running.read_stdout_line(), "#2 < second");
    leave(client, server);
}

#[test]
fn raw_output_has_only_the_payloads() {
    for (how, expected) in [("raw", &b"one\x00\xfftwo"[..]), ("hex", b"6f6e65\n00ff\n74776f\n")] {
        let mut proxy = proxy(&["--output", how]);
        let (mut client, mut server) = proxy.open();
        super::deliver(&mut client, &mut server, &masked(&text("one")));
        proxy.running.read_stdout_exact(if how == "raw" { 3 } else { 7 });
        super::deliver(&mut server, &mut client, &binary(b"\x00\xff"));
        proxy.running.read_stdout_exact(if how == "raw" { 2 } else { 5 });
        super::deliver(&mut client, &mut server, &masked(&text("two")));
        leave(client, server);
        proxy.stop().stdout_bytes(expected);
    }
}

/// The messages that are shown with these options, of an exchange of six.
fn shown(options: &[&str]) -> Vec<String> {
    let mut proxy = proxy(&[&["--json"], options].concat());
    let (mut client, mut server) = proxy.open();
    for words in ["price", "other"] {
        super::deliver(&mut client, &mut server, &masked(&text(words)));
        super::deliver(&mut server, &mut client, &text(&format!("{{\"{words}\":1}}")));
    }
    super::deliver(&mut client, &mut server, &masked(&ping(b"")));
    leave(client, server);
    proxy.event("close");
    let outcome = proxy.stop();
    let events = outcome.json_lines();
    let is_shown =
        |event: &&serde_json::Value| event["event"] == "message" || event["event"] == "ping";
    let text = |event: &serde_json::Value| {
        let side = event["direction"].as_str().unwrap_or("?");
        format!("{} {}", &side[..1], event["data"].as_str().unwrap_or_default())
    };
    let mut list: Vec<_> = events.iter().filter(is_shown).map(text).collect();
    list.sort_unstable();
    list
}

#[test]
fn filters_apply_to_both_directions() {
    let all = ["c ", "c other", "c price", "s {\"other\":1}", "s {\"price\":1}"];
    for (options, expected) in [
        (&[][..], &all[..]),
        (&["--filter", "/price/"], &["c price", "s {\"price\":1}"]),
        (&["--filter", "client"], &["c ", "c other", "c price"]),
        (&["--filter", "{\"other\":1}"], &["s {\"other\":1}"]),
        (&["--mute", "server"], &["c ", "c other", "c price"]),
        (&["--mute", "ping", "--mute", "/other/"], &["c price", "s {\"price\":1}"]),
    ] {
        assert_eq!(shown(options), expected, "{options:?}");
    }
}

#[test]
fn a_message_over_the_limit_passes_without_being_shown() {
    for compressed in [false, true] {
        let mut proxy = proxy(&["--json", "--max-message-size", "1000"]);
        let offer = ["Sec-WebSocket-Extensions: permessage-deflate"];
        let extensions = if compressed { &offer[..] } else { &[] };
        let (mut client, mut server) = proxy.open_with("/", extensions, extensions);
        let data = vec![b'x'; 100_000];
        let large = match compressed {
            true => frame(true, 4, 1, &crate::support::deflate(&data)),
            false => frame(true, 0, 1, &data),
        };
        super::deliver(&mut client, &mut server, &masked(&large));
        super::deliver(&mut server, &mut client, &large);
        for _ in 0..2 {
            let message = proxy.event("message");
            assert_eq!(message["omitted"], true, "{message}");
            assert!(message["data"].is_null(), "{message}");
            assert_eq!(message["compressed"], compressed, "{message}");
        }
        assert_alive(&mut client, &mut server);
        assert_eq!(proxy.event("message")["data"], "alive?");
        leave(client, server);
        let close = proxy.event("close");
        assert_eq!((&close["code"], &close["violations"]), (&json!(1000), &json!(0)), "{close}");
    }
}

/// Neither the HAR nor the scenario had a trace of it.
#[test]
fn a_message_over_the_limit_is_named_in_recordings() {
    let files = ["--record", "r.har", "--record", "r.wscope"];
    let mut proxy = proxy(&[&["--json", "--max-message-size", "1000"][..], &files].concat());
    let (mut client, mut server) = proxy.open();
    super::deliver(&mut server, &mut client, &frame(true, 0, 1, &[b'x'; 1001]));
    assert_eq!(proxy.event("message")["omitted"], true);
    super::deliver(&mut client, &mut server, &masked(&frame(true, 0, 2, &[b'x'; 1002])));
    assert_eq!(proxy.event("message")["omitted"], true);
    leave(client, server);
    proxy.event("close");
    let outcome = proxy.stop();
    let reason = "the data of 2 messages is missing: the proxy did not keep it";
    let outcome = outcome.stderr_contains(&format!("r.har: {reason}"));
    let outcome = outcome.stderr_contains(&format!("r.wscope: {reason}"));
    let scenario = String::from_utf8(outcome.file("r.wscope")).expect("UTF-8");
    for comment in [
        "# A text message of 1001 bytes was received here that the proxy did not keep.\n",
        "# A binary message of 1002 bytes was sent here that the proxy did not keep.\n",
    ] {
        assert!(scenario.contains(comment), "{scenario}");
    }
    let shown = wscope().args(["view", "--json", "-"]).stdin_bytes(outcome.file("r.har")).run();
    let shown = shown.json_lines();
    let omitted: Vec<_> = shown.iter().filter(|event| event["omitted"] == true).collect();
    let facts = |event: &serde_json::Value| (event["direction"].clone(), event["size"].clone());
    let facts: Vec<_> = omitted.into_iter().map(facts).collect();
    assert_eq!(facts, [(json!("server"), json!(1001)), (json!("client"), json!(1002))]);
}

#[test]
fn the_opening_is_an_event_with_both_heads() {
    let mut proxy = proxy(&["--json", "-v"]);
    let (client, server) = proxy.open_with(
        "/chat?x=1",
        &["X-Twice: 1", "x-twice: 2", "Sec-WebSocket-Protocol: soap"],
        &["Sec-WebSocket-Protocol: soap", "X-Own: ok"],
    );
    let open = proxy.event("open");
    let target = format!("ws://127.0.0.1:{}/chat?x=1", proxy.target.port());
    assert_eq!(
        (&open["url"], &open["protocol"], &open["connection"]),
        (&json!(target), &json!("soap"), &json!(1)),
        "{open}"
    );
    let has = |list: &str, name: &str, value: &str| {
        open[list].as_array().is_some_and(|list| list.contains(&json!([name, value])))
    };
    assert!(
        has("request_headers", "X-Twice", "1") && has("request_headers", "x-twice", "2"),
        "{open}"
    );
    assert!(has("response_headers", "X-Own", "ok"), "{open}");
    leave(client, server);
}

#[test]
fn heads_and_control_frames_are_on_stderr_with_v() {
    let mut proxy = proxy(&["-v"]);
    let (mut client, mut server) = proxy.open_with("/", &["X-Mine: 1"], &["X-Own: 2"]);
    proxy.running.wait_stderr("#1 > X-Mine: 1");
    proxy.running.wait_stderr("#1 < X-Own: 2");
    super::deliver(&mut client, &mut server, &masked(&ping(b"p")));
    let line = proxy.running.wait_stderr("ping");
    assert!(line.starts_with("#1 ") && line.contains('>'), "{line}");
    super::deliver(&mut server, &mut client, &close(1001, "bye"));
    let line = proxy.running.wait_stderr("1001");
    assert!(line.starts_with("#1 ") && line.contains("bye"), "{line}");
}

/// Heads of a refused request have the same arrows as those of an accepted one.
#[test]
fn the_heads_of_a_refusal_are_on_stderr() {
    let mut proxy = proxy(&["-v"]);
    let mut client = proxy.client();
    client.request("/", &["X-Mine: 1"]);
    let mut server = proxy.target.accept();
    server.read_head();
    server.send("HTTP/1.1 403 No\r\nX-Own: 2\r\nContent-Length: 3\r\n\r\nwhy");
    proxy.running.wait_stderr("403 No");
    proxy.running.wait_stderr("#1 > X-Mine: 1");
    proxy.running.wait_stderr("#1 < X-Own: 2");
    proxy.running.wait_stderr("#1 < why");
}

#[test]
fn standard_input_is_not_read() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let proxy = super::proxy_of(wscope().stdin_from(reader), &[], "");
    drop(writer); // the end of input ends nothing
    let (mut client, mut server) = proxy.open();
    assert_alive(&mut client, &mut server);
    leave(client, server);
}

/// `| head` has what it needs: what comes behind that is not missed.
#[test]
fn a_reader_that_has_left_is_not_said_to_be_slow() {
    let mut proxy = proxy(&[]);
    let (mut client, mut server) = proxy.open();
    proxy.running.close_stdout();
    server.send([text("a"), text("b"), text("c")].concat());
    while client.read_frame().opcode != crate::support::CLOSE {}
    server.expect_close(1000);
    for peer in [&mut client, &mut server] {
        peer.close(1000, "");
        peer.expect_eof();
    }
    proxy.running.wait().code(0).stderr_lacks("not written");
}
