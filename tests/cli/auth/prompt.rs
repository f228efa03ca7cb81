//! The password prompt on the terminal.

use std::sync::mpsc;

use rustix::process::{Pid, kill_process};

use crate::support::{Key, Server, Signal, Terminal, header};

/// A server that refuses the request, and the credentials it received.
fn server() -> (Server, mpsc::Receiver<Option<String>>) {
    let (sender, seen) = mpsc::channel();
    let server = Server::script(move |peer| {
        let head = peer.read_head();
        sender
            .send(header(&head, "Authorization").map(str::to_owned))
            .expect("a receiver in the test");
        peer.respond("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    });
    (server, seen)
}

#[test]
fn a_missing_password_is_prompted_for_without_echo() {
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

/// A shell sets its own terminal modes when it stops and continues a program: the password was echoed.
#[test]
fn a_password_is_not_echoed_after_a_stop() {
    for shell in ["bash", "dash"] {
        let (server, seen) = server();
        let terminal = Terminal::spawn_job_shell(shell, 100, 30);
        let script = format!("echo $$ >id; exec \"$WSCOPE\" --no-config -u me {}", server.url());
        terminal.type_line(&format!("sh -c '{script}'"));
        let prompt = format!("Password for me at 127.0.0.1:{}: ", server.port());
        terminal.wait_for(&prompt);
        terminal.wait_until_raw(true);
        terminal.type_text("forgotten\x15");
        let id = std::fs::read_to_string(terminal.home().join("id")).expect("an id");
        let id = Pid::from_raw(id.trim().parse().expect("a number")).expect("a process");
        kill_process(id, Signal::STOP).expect("a process to stop");
        terminal.wait_for_stop();
        terminal.type_text("stty sane; fg\n");
        enter_password_again(&terminal, &prompt);
        server.join();
        assert_eq!(seen.recv(), Ok(Some(super::BASIC.to_owned())), "{shell}");
        assert!(!terminal.raw_output().contains("hunter"), "{}", terminal.raw_output());
    }
}

/// Waits until the prompt is shown for the second time, and enters the password.
#[track_caller]
fn enter_password_again(terminal: &Terminal, prompt: &str) {
    terminal
        .wait_until("the prompt again", |screen| screen.matches(prompt.trim_end()).count() == 2);
    terminal.wait_until_raw(true);
    terminal.type_line("hunter2");
    terminal.wait_for("403");
}

#[test]
fn ctrl_z_at_the_password_prompt_stops_the_program() {
    let (server, seen) = server();
    let terminal = Terminal::spawn_job_shell("dash", 100, 30);
    terminal.type_line(&format!("\"$WSCOPE\" --no-config -u me {}", server.url()));
    let prompt = format!("Password for me at 127.0.0.1:{}: ", server.port());
    terminal.wait_for(&prompt);
    terminal.wait_until_raw(true);
    terminal.type_text("forgotten");
    terminal.press(Key::CtrlZ);
    terminal.wait_for_stop();
    terminal.wait_until_raw(false);
    terminal.type_text("fg\n");
    enter_password_again(&terminal, &prompt);
    server.join();
    assert_eq!(seen.recv(), Ok(Some(super::BASIC.to_owned())));
}

#[test]
fn ctrl_c_at_the_password_prompt_restores_the_terminal() {
    let mut terminal = Terminal::spawn(["-u", "me", "ws://127.0.0.1:1"], 80, 24);
    terminal.wait_for("Password for me at 127.0.0.1:1: ");
    terminal.type_text("hunt");
    terminal.press(Key::CtrlC);
    assert_eq!(terminal.wait_exit(), 130);
    assert!(terminal.termios_restored());
    assert!(!terminal.screen().contains("hunt"), "{}", terminal.screen());
}

#[test]
fn a_signal_at_the_password_prompt_restores_the_terminal() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let mut terminal = Terminal::spawn(["-u", "me", "ws://127.0.0.1:1"], 80, 24);
        terminal.wait_for("Password for me");
        terminal.signal(signal);
        assert_eq!(terminal.wait_exit(), code);
        assert!(terminal.termios_restored(), "{code}");
    }
}

#[test]
fn max_time_ends_the_password_prompt() {
    let args = ["-u", "me", "--max-time", "100ms", "ws://127.0.0.1:1"];
    let mut terminal = Terminal::spawn(args, 120, 24);
    assert_eq!(terminal.wait_exit(), 7);
    assert!(terminal.termios_restored());
    let words = "timed out: --max-time 100ms ran out while waiting for the password";
    assert!(terminal.screen().contains(words), "{}", terminal.screen());
}

#[test]
fn an_empty_password_entry_is_an_error() {
    let mut terminal = Terminal::spawn(["-u", "me", "ws://127.0.0.1:1"], 80, 24);
    terminal.wait_for("Password for me");
    terminal.press(Key::CtrlD);
    assert_eq!(terminal.wait_exit(), 2);
    assert!(terminal.screen().contains("no password was entered"), "{}", terminal.screen());
}

#[test]
fn there_is_no_password_prompt_after_a_usage_error() {
    let args = ["-u", "me", "--connect-timeout", "soon", "ws://127.0.0.1:1"];
    let mut terminal = Terminal::spawn(args, 80, 24);
    assert_eq!(terminal.wait_exit(), 2);
    assert!(!terminal.screen().contains("Password"), "{}", terminal.screen());
}
