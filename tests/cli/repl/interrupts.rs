//! Ctrl-C at the prompt, and a terminal that is closed.

use super::{leave, server, session, wait_for_prompt};
use crate::listen::{client, port_in};
use crate::scripts::{answer_close, serve};
use crate::support::{Key, Server, Terminal, close_terminal, text};
use std::time::Duration;

const AGAIN: &str = "Ctrl-C again to leave at once";

#[test]
fn ctrl_c_with_text_on_the_line_clears_the_line() {
    let server = server(|peer| peer.expect_text("sent"));
    let terminal = session(&server);
    terminal.type_text("not sent");
    wait_for_prompt(&terminal, "not sent");
    terminal.press(Key::CtrlC);
    terminal.wait_for("> not sent^C\n>");
    wait_for_prompt(&terminal, "");
    terminal.type_line("sent");
    terminal.wait_for("> sent\n>");
    terminal.press(Key::Up);
    wait_for_prompt(&terminal, "sent");
    terminal.press(Key::CtrlC);
    wait_for_prompt(&terminal, "");
    leave(terminal);
}

#[test]
fn ctrl_c_after_a_cleared_line_closes() {
    let server = server(|_| {});
    let mut terminal = session(&server);
    terminal.type_text("not sent");
    wait_for_prompt(&terminal, "not sent");
    terminal.press(Key::CtrlC);
    wait_for_prompt(&terminal, "");
    terminal.press(Key::CtrlC);
    assert_eq!(terminal.wait_exit(), 130);
    assert!(terminal.termios_restored());
}

/// A server that does not answer the Close frame until it is released.
fn silent() -> Server {
    serve(|peer| {
        peer.expect_close(1000);
        peer.send(text("after the Close"));
        peer.stall();
    })
}

#[test]
fn a_waiting_closing_handshake_shows_how_to_exit() {
    let server = silent();
    let mut terminal = session(&server);
    terminal.press(Key::CtrlC);
    terminal.wait_for(AGAIN);
    assert_eq!(terminal.wait_exit(), 130);
    assert_eq!(terminal.raw_output().matches(AGAIN).count(), 1);
}

#[test]
fn an_answered_closing_handshake_shows_no_hint() {
    let server = server(|_| {});
    let mut terminal = session(&server);
    terminal.press(Key::CtrlC);
    assert_eq!(terminal.wait_exit(), 130);
    assert!(!terminal.raw_output().contains("closing,"));
}

/// After Ctrl-D the server has more time than after a signal; text on the line is ignored.
#[test]
fn ctrl_c_exits_immediately_during_the_closing_handshake() {
    let server = silent();
    let mut terminal = session(&server);
    terminal.press(Key::CtrlD);
    terminal.wait_for("closing, waiting for the server's Close frame; Ctrl-C to leave at once");
    terminal.type_text("text");
    terminal.wait_for("text");
    terminal.press(Key::CtrlC);
    assert_eq!(terminal.wait_exit_within(Duration::from_millis(700)), 130);
    assert!(terminal.termios_restored());
}

#[test]
fn a_listening_prompt_clears_the_line_and_shows_how_to_exit() {
    let mut terminal = Terminal::spawn(["listen", ":0"], 110, 40);
    terminal.wait_until("a prompt below the address", |screen| {
        port_in(screen).is_some() && screen.trim_end().ends_with('>')
    });
    let mut peer = client(port_in(&terminal.screen()).expect("a port"));
    terminal.wait_for("#1 client");
    terminal.type_text("not sent");
    wait_for_prompt(&terminal, "not sent");
    terminal.press(Key::CtrlC);
    terminal.wait_for("> not sent^C\n>");
    terminal.type_line("sent");
    peer.expect_text("sent");
    terminal.press(Key::CtrlC);
    peer.expect_close(1001);
    terminal.wait_for(AGAIN);
    assert_eq!(terminal.wait_exit(), 130);
    assert!(terminal.termios_restored());
}

/// A server that expects a Close frame with 1001 and answers it.
pub(crate) fn going_away() -> Server {
    serve(|peer| {
        peer.expect_text("ready");
        peer.send(text("greetings"));
        peer.answer_close(1001);
        peer.expect_eof();
    })
}

/// A process other than the session leader receives no signal, or ignores it.
#[test]
fn a_closed_terminal_is_a_hangup_and_not_ctrl_d() {
    for trap in ["trap : HUP;", "trap '' HUP;"] {
        let server = going_away();
        let run = format!("\"$WSCOPE\" -x ready {}", server.url());
        let status = close_terminal(&format!("{trap} {run}; echo $? >status"), "greetings");
        assert_eq!(status, "129", "{trap}");
        server.join();
    }
}

#[test]
fn a_listening_prompt_ends_with_its_terminal() {
    let run = "\"$WSCOPE\" listen :0";
    let status = close_terminal(&format!("trap : HUP; {run}; echo $? >status"), "> ");
    assert_eq!(status, "129");
}

/// Nothing typed is lost by closing.
#[test]
fn ctrl_c_on_a_blank_line_closes() {
    let server = serve(|peer| {
        answer_close(peer);
    });
    let mut terminal = session(&server);
    terminal.press(Key::Enter);
    terminal.press(Key::CtrlC);
    assert_eq!(terminal.wait_exit(), 130);
}
