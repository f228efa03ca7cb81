//! Text for people fits into the columns of the terminal and wraps between words.

use crate::listen::{client, port_in};
use crate::scripts::{next, serve_silence};
use crate::support::{Key, Server, Terminal, binary, masked, wscope};

/// A line that the terminal has wrapped counts as one line, and is too long.
#[track_caller]
fn assert_fits(terminal: &Terminal, columns: usize) {
    let screen = terminal.screen();
    let long: Vec<_> = screen.lines().filter(|line| line.chars().count() > columns).collect();
    assert!(long.is_empty(), "{long:#?} of\n{screen}");
}

#[test]
fn a_failure_and_its_hint_wrap_between_words() {
    let mut terminal = Terminal::spawn(["--no-config", "-s", "a b", "ws://127.0.0.1:1"], 40, 24);
    assert_eq!(terminal.wait_exit(), 2);
    assert_fits(&terminal, 40);
    let mut terminal = Terminal::spawn(["--no-config", "ws://127.0.0.1:1"], 50, 24);
    assert_eq!(terminal.wait_exit(), 3);
    assert_fits(&terminal, 50);
    assert!(terminal.screen().contains("hint: "), "{}", terminal.screen());
    assert!(terminal.screen().contains("\n  "), "{}", terminal.screen());
}

#[test]
fn a_recorded_failure_wraps_behind_the_number_of_its_connection() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.ndjson");
    let words = "a b ".repeat(30);
    let line = format!(
        r#"{{"event":"error","connection":12,"kind":"connect","message":"{words}","hint":"{words}"}}"#
    );
    std::fs::write(&path, line).expect("a file");
    let mut terminal = Terminal::spawn(["view".as_ref(), path.as_os_str()], 60, 24);
    assert_eq!(terminal.wait_exit(), 0);
    assert_fits(&terminal, 60);
    assert!(terminal.screen().contains("#12 wscope: a b "), "{}", terminal.screen());
}

#[test]
fn nothing_is_wrapped_in_a_pipe() {
    let outcome = wscope().args(["--no-config", "ws://127.0.0.1:1"]).stdin_null().run().code(3);
    let lines: Vec<_> = outcome.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
}

#[test]
fn the_output_of_a_listening_server_fits_into_80_columns() {
    let mut terminal = Terminal::spawn(["listen", ":0"], 80, 40);
    terminal.wait_until("a prompt", |screen| {
        port_in(screen).is_some() && screen.trim_end().ends_with('>')
    });
    assert_fits(&terminal, 80);
    let mut peer = client(port_in(&terminal.screen()).expect("a port"));
    terminal.wait_for("#1 client");
    peer.send(masked(&binary(&(0..=255).collect::<Vec<u8>>())));
    terminal.wait_for("     00f0  f0 f1");
    assert_fits(&terminal, 80);
    terminal.type_line("/help all");
    terminal.wait_for("/quit");
    terminal.type_line("/nope");
    terminal.wait_for("unknown command");
    assert_fits(&terminal, 80);
    terminal.press(Key::CtrlD);
    peer.answer_close(1001);
    assert_eq!(terminal.wait_exit(), 0);
    assert_fits(&terminal, 80);
}

#[test]
fn the_output_of_a_connection_fits_into_its_terminal() {
    let server = Server::script(|peer| {
        let head = peer.read_head();
        peer.accept_with(&head, &["Sec-WebSocket-Extensions: permessage-deflate"]);
        peer.expect_close(1000);
        peer.close(4000, "a reason with many words, so that it has to be broken somewhere");
    });
    let mut terminal = Terminal::spawn(["--no-config", &server.url()], 60, 40);
    terminal.wait_for_prompt();
    terminal.type_line("/help all");
    terminal.wait_for("/quit");
    terminal.type_line("/status");
    terminal.wait_for("age");
    terminal.press(Key::CtrlD);
    terminal.wait_exit();
    assert_fits(&terminal, 60);
}

/// The shell's prompt was on the same line.
#[test]
fn ctrl_c_while_connecting_ends_its_line() {
    let (server, requested) = serve_silence();
    let mut terminal = Terminal::spawn(["--no-config", &server.url()], 80, 24);
    next(&requested);
    terminal.press(Key::CtrlC);
    assert_eq!(terminal.wait_exit(), 130);
    assert_eq!(terminal.screen(), "^C");
    assert_eq!(terminal.cursor(), (0, 1));
}
