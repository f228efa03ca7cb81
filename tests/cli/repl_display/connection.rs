//! The display of the connection: heads, frames, the end.

use super::{Shown, end, leave, sending, sending_with, show, show_in};
use crate::support::{Server, Terminal, ping, text};

#[test]
fn the_response_head_is_shown() {
    let shown = show(&sending_with(&["X-Served-By: test"], Vec::new()), &[]);
    shown
        .has("< HTTP/1.1 101 Switching Protocols")
        .has("< X-Served-By: test")
        .has("connected to ws://127.0.0.1:");
    shown.lacks("> GET ");
}

#[test]
fn negotiated_parameters_are_shown() {
    let server = sending_with(&["Sec-WebSocket-Protocol: chat.v2"], Vec::new());
    show(&server, &["-s", "chat.v1,chat.v2"]).has("subprotocol chat.v2").has("no extensions");
}

#[test]
fn missing_negotiation_is_shown() {
    show(&sending(Vec::new()), &[]).has("no subprotocol, no extensions");
}

#[test]
fn the_parts_of_the_time_to_connect_are_shown() {
    let shown = show(&sending(Vec::new()), &[]);
    let line = shown.line("total ");
    for part in ["tcp ", "upgrade "] {
        assert!(line.contains(part), "{line}");
    }
}

#[test]
fn an_unchosen_subprotocol_is_a_warning() {
    show(&sending(Vec::new()), &["-s", "chat"]).has("warning: ").has("chat");
}

#[test]
fn an_assumed_scheme_is_shown() {
    let server = sending(Vec::new());
    let address = format!("localhost:{}", server.port());
    let mut terminal = Terminal::spawn([address.as_str()], 80, 24);
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
    terminal.wait_for("ws://");
}

#[test]
fn verbose_shows_the_request_and_control_frames() {
    let shown = show(&sending(ping(b"beat")), &["-v", "-H", "X-Mine: yes"]);
    shown
        .has("> GET / HTTP/1.1")
        .has("> X-Mine: yes")
        .has("< ping \"beat\"")
        .has("> pong \"beat\"");
    shown.has("< close 1000").has("> close 1000");
}

#[test]
fn control_frames_are_not_shown_by_default() {
    show(&sending(ping(b"beat")), &[]).lacks("ping").lacks("pong");
}

/// A server that expects this text, sends these bytes and closes.
fn replying(expected: &'static str, frames: Vec<u8>) -> Server {
    Server::script(move |peer| {
        peer.accept_request();
        peer.expect_text(expected);
        peer.send(frames);
        end(peer);
    })
}

#[test]
fn double_verbosity_shows_frames_in_both_directions() {
    let shown = show(&replying("hi", text("hello")), &["-vv", "-x", "hi"]);
    let received = shown.line("<< frame text");
    assert!(received.contains("FIN") && received.contains("length 5"), "{received}");
    let sent = shown.line(">> frame text");
    assert!(sent.contains("mask ") && sent.contains("length 2"), "{sent}");
    shown.has("<< frame close").has(">> frame close").lacks("header 81");
}

#[test]
fn triple_verbosity_shows_the_bytes() {
    let shown = show(&sending(text("hello")), &["-vvv"]);
    shown.has("header 81 05").has("00000000  68 65 6c 6c 6f").has("|hello|");
}

#[test]
fn quiet_shows_messages_only() {
    let shown = show(&sending(text("hello")), &["-q"]);
    shown.has("< hello").lacks("HTTP/1.1").lacks("connected").lacks("closed");
}

#[test]
fn the_end_is_shown_with_message_counts() {
    let shown = show(&sending(text("hello")), &[]);
    shown
        .has("closed by the peer: 1000")
        .has("received 1 message (5 bytes), sent 0 messages (0 bytes)");
}

#[test]
fn timestamps_precede_every_message() {
    assert_stamped("utc", |stamp| stamp.contains('T') && stamp.ends_with('Z'));
    assert_stamped("local", |stamp| stamp.len() == 12 && stamp.matches(':').count() == 2);
    assert_stamped("relative", |stamp| stamp.trim().parse::<f64>().is_ok());
    assert_stamped("delta", |stamp| {
        stamp.trim_start().starts_with('+') && stamp.trim_start().parse::<f64>().is_ok()
    });
}

#[track_caller]
fn assert_stamped(how: &str, is_stamp: impl Fn(&str) -> bool) {
    let shown = show(&sending(text("hello")), &[&format!("--timestamps={how}")]);
    let line = shown.line("hello");
    let stamp = line.split(" < ").next().unwrap_or_default();
    assert!(is_stamp(stamp), "{how}: {line:?}");
}

#[test]
fn timestamps_without_an_argument_are_local() {
    let shown = show(&sending(text("hello")), &["--timestamps"]);
    assert!(shown.line("hello").ends_with(" < hello"));
}

#[test]
fn every_line_of_a_head_has_a_timestamp() {
    let shown = show(&sending(Vec::new()), &["--timestamps=relative"]);
    let line = shown.line("Upgrade: websocket");
    assert!(
        line.split(" < ").next().is_some_and(|stamp| stamp.trim().parse::<f64>().is_ok()),
        "{line:?}"
    );
}

#[test]
fn a_sent_message_has_a_timestamp() {
    let shown = show(&replying("mine", text("hello")), &["--timestamps=relative", "-x", "mine"]);
    let line = shown.line("> mine");
    assert!(
        line.split(" > ").next().is_some_and(|stamp| stamp.trim().parse::<f64>().is_ok()),
        "{line:?}"
    );
}

#[test]
fn colours_are_used_on_a_terminal() {
    let shown = show(&sending(text("hello")), &[]);
    assert!(shown.written.contains("\x1b[32m"), "{:?}", shown.written);
}

#[test]
fn color_never_and_no_color_disable_colours() {
    assert_plain(&["--color", "never"], &[]);
    assert_plain(&["--no-color"], &[]);
    assert_plain(&[], &[("NO_COLOR", "1")]);
}

#[track_caller]
fn assert_plain(options: &[&str], env: &[(&str, &str)]) {
    let json = r#"{"a": [1, true, "x"]}"#;
    let shown = show_in(&sending(text(json)), options, env, 0);
    assert_uncoloured(shown.has(json));
}

/// No colour or attribute was set; the line editor still moves the cursor.
#[track_caller]
fn assert_uncoloured(shown: &Shown) {
    for sequence in shown.written.split("\x1b[").skip(1) {
        let end = sequence.find(|c: char| c.is_ascii_alphabetic());
        let end = end.unwrap_or_else(|| panic!("an unfinished sequence in {:?}", shown.written));
        assert_ne!(&sequence[end..=end], "m", "\\e[{sequence:?} in {:?}", shown.written);
    }
}

#[test]
fn color_never_applies_to_hint_and_prompt() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.answer_close(1000);
    });
    let url = server.url();
    let terminal = Terminal::spawn(["--color", "never", url.as_str()], 80, 24);
    terminal.wait_for("connected to");
    terminal.type_text("/cl");
    terminal.wait_for("/close [CODE");
    terminal.press(crate::support::Key::CtrlU);
    assert_uncoloured(&leave(terminal));
}
