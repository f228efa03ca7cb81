//! The password that is asked for on the terminal.

use std::sync::mpsc;

use crate::support::{Key, Server, Terminal, header};

/// A server that refuses, and tells which credentials it saw.
fn server() -> (Server, mpsc::Receiver<Option<String>>) {
    let (sender, seen) = mpsc::channel();
    let server = Server::script(move |peer| {
        let head = peer.read_head();
        sender.send(header(&head, "Authorization").map(str::to_owned)).expect("a test that waits");
        peer.respond("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    });
    (server, seen)
}

#[test]
fn a_missing_password_is_asked_for_and_not_shown() {
    let (server, seen) = server();
    let mut terminal = Terminal::spawn(["-u", "me", &server.url()], 80, 24);
    terminal.wait_for(&format!("Password for me at 127.0.0.1:{}: ", server.port()));
    terminal.type_line("mistyped\x15hunter3\x7f2");
    assert_eq!(terminal.wait_exit(), 4);
    server.join();
    assert_eq!(seen.recv(), Ok(Some(super::BASIC.to_owned())));
    assert!(terminal.termios_restored());
    for secret in ["hunter", "mistyped", "bWU6aHVudGVyMg"] {
        assert!(!terminal.raw_output().contains(secret), "{}", terminal.raw_output());
    }
}

#[test]
fn ctrl_c_at_the_question_leaves_the_terminal_as_it_was() {
    let mut terminal = Terminal::spawn(["-u", "me", "ws://127.0.0.1:1"], 80, 24);
    terminal.wait_for("Password for me at 127.0.0.1:1: ");
    terminal.type_text("hunt");
    terminal.press(Key::CtrlC);
    assert_eq!(terminal.wait_exit(), 130);
    assert!(terminal.termios_restored());
    assert!(!terminal.screen().contains("hunt"), "{}", terminal.screen());
}

#[test]
fn nothing_entered_is_an_error() {
    let mut terminal = Terminal::spawn(["-u", "me", "ws://127.0.0.1:1"], 80, 24);
    terminal.wait_for("Password for me");
    terminal.press(Key::CtrlD);
    assert_eq!(terminal.wait_exit(), 2);
    assert!(terminal.screen().contains("no password was entered"), "{}", terminal.screen());
}

#[test]
fn no_password_is_asked_for_when_something_else_is_wrong() {
    let args = ["-u", "me", "--connect-timeout", "soon", "ws://127.0.0.1:1"];
    let mut terminal = Terminal::spawn(args, 80, 24);
    assert_eq!(terminal.wait_exit(), 2);
    assert!(!terminal.screen().contains("Password"), "{}", terminal.screen());
}
