//! Job control: between stop and continuation, the terminal belongs to the shell.

use super::server;
use crate::listen::{client, port_in};
use crate::scripts::{answer_close, serve_on_release};
use crate::support::{Key, Server, Signal, Terminal, text};
use rustix::process::{Pid, kill_process};
use std::fs;

/// More than the line limit of a terminal in canonical mode.
const LONG: usize = 9000;

/// How the program is stopped.
#[derive(Clone, Copy, Debug)]
enum Stop {
    Key,
    Signal(Signal),
}

/// A shell that has started the program, in its foreground.
fn start_in_shell(shell: &str, arguments: &str) -> Terminal {
    let terminal = Terminal::spawn_job_shell(shell, 100, 30);
    let script = format!("echo $$ >id; exec \"$WSCOPE\" {arguments}");
    terminal.type_line(&format!("sh -c '{script}'"));
    terminal.wait_for_prompt();
    terminal.wait_until_raw(true);
    terminal
}

fn start_connected(shell: &str, server: &Server) -> Terminal {
    start_in_shell(shell, &server.url())
}

fn program(terminal: &Terminal) -> Pid {
    let id = fs::read_to_string(terminal.home().join("id")).expect("the id of the program");
    Pid::from_raw(id.trim().parse().expect("a number")).expect("the id of a process")
}

/// Stops the program, and waits until the shell reports it.
fn stop(terminal: &Terminal, how: Stop) {
    match how {
        Stop::Key => terminal.press(Key::CtrlZ),
        Stop::Signal(signal) => {
            kill_process(program(terminal), signal).expect("a process to signal");
        }
    }
    terminal.wait_for_stop();
}

/// Continues it in the foreground. The edited line is shown again, and a long line can be typed.
fn continue_typing(terminal: &Terminal) {
    terminal.type_text("fg\n");
    terminal.wait_until_raw(true);
    terminal.wait_until("the edited line", |screen| screen.trim_end().ends_with("\n> half"));
    terminal.type_text(&"q".repeat(LONG));
    terminal.press(Key::Enter);
}

fn assert_typing_continues(shell: &str, how: Stop) {
    let server = server(|peer| {
        let line = format!("half{}", "q".repeat(LONG));
        peer.expect_text(&line);
    });
    let terminal = start_connected(shell, &server);
    terminal.type_text("half");
    terminal.wait_for("> half");
    stop(&terminal, how);
    continue_typing(&terminal);
    terminal.wait_until("a new prompt", |screen| screen.trim_end().ends_with("\n>"));
    terminal.press(Key::CtrlD);
    terminal.wait_for("closed by us: 1000");
    server.join();
}

#[test]
fn a_long_line_is_not_truncated_after_ctrl_z_and_fg() {
    for shell in ["bash", "dash"] {
        assert_typing_continues(shell, Stop::Key);
    }
}

#[test]
fn a_long_line_is_not_truncated_after_a_stop_by_another_process() {
    for how in [Stop::Signal(Signal::STOP), Stop::Signal(Signal::TSTP)] {
        assert_typing_continues("bash", how);
    }
}

/// dash does not reset the terminal modes after a program has stopped.
#[test]
fn the_terminal_modes_of_the_shell_are_restored_on_stop() {
    for how in [Stop::Key, Stop::Signal(Signal::TSTP)] {
        let server = server(|_| {});
        let terminal = start_connected("dash", &server);
        stop(&terminal, how);
        terminal.wait_until_raw(false);
        terminal.type_line("echo still $((40 + 2))");
        terminal.wait_for("still 42");
        terminal.type_line("fg");
        terminal.wait_until_raw(true);
        terminal.press(Key::CtrlD);
        terminal.wait_for("closed by us: 1000");
        terminal.wait_until_raw(false);
    }
}

/// In the background messages may be shown; the prompt and typed text belong to the shell.
#[test]
fn the_prompt_is_not_drawn_in_the_background() {
    let server = serve_on_release(|peer| {
        peer.send(text("in the background"));
        peer.expect_text("half a line");
        answer_close(peer);
    });
    let terminal = start_connected("bash", &server);
    terminal.type_text("half");
    terminal.wait_for("> half");
    stop(&terminal, Stop::Key);
    let before = terminal.raw_output().len();
    terminal.type_line("bg");
    terminal.type_line("echo at the $((40 + 2))");
    terminal.wait_for("at the 42");
    server.release();
    terminal.wait_for("< in the background");
    terminal.type_line("jobs");
    terminal.wait_for("Running");
    let written = terminal.raw_output()[before..].to_owned();
    assert!(!written.contains("half"), "the edited line was drawn: {written:?}");
    terminal.type_line("fg");
    terminal.wait_until("the line", |screen| screen.trim_end().ends_with("\n> half"));
    terminal.type_line(" a line");
    terminal.press(Key::CtrlD);
    terminal.wait_for("closed by us: 1000");
}

/// A program stopped while reading a line does not draw it either.
#[test]
fn the_prompt_is_not_drawn_with_a_message_after_sigstop() {
    let server = serve_on_release(|peer| {
        peer.send(text("in the background"));
        peer.answer_close(1001);
    });
    let terminal = start_connected("bash", &server);
    terminal.type_text("half");
    terminal.wait_for("> half");
    stop(&terminal, Stop::Signal(Signal::STOP));
    let before = terminal.raw_output().len();
    kill_process(program(&terminal), Signal::CONT).expect("a process to continue");
    server.release();
    terminal.wait_for("< in the background");
    let written = terminal.raw_output()[before..].to_owned();
    assert!(!written.contains("half"), "the edited line was drawn: {written:?}");
    kill_process(program(&terminal), Signal::TERM).expect("a process to signal");
    terminal.wait_for("closed by us: 1001");
    terminal.type_line("wait; echo ended $((40 + 2))");
    terminal.wait_for("ended 42");
}

/// The end of the session in the background does not change the terminal modes of the shell.
#[test]
fn an_end_in_the_background_does_not_change_the_terminal() {
    let server = serve_on_release(|peer| {
        peer.close_and_expect_reply(1000);
    });
    let terminal = start_connected("dash", &server);
    stop(&terminal, Stop::Key);
    terminal.type_line("bg");
    terminal.type_line("echo at the $((40 + 2))");
    terminal.wait_for("at the 42");
    server.release();
    terminal.wait_for("closed by the peer: 1000");
    terminal.type_line("wait; echo ended $((40 + 2))");
    terminal.wait_for("ended 42");
    terminal.wait_until_raw(false);
}

#[test]
fn ctrl_backslash_ends_the_program_as_sigquit_does() {
    for typed in ["", "half a line"] {
        let server = crate::scripts::serve(|peer| peer.answer_close(1001));
        let mut terminal = super::session(&server);
        terminal.type_text(typed);
        super::wait_for_prompt(&terminal, typed);
        terminal.type_text("\x1c");
        assert_eq!(terminal.wait_exit(), 131, "{}", terminal.screen());
        assert!(terminal.termios_restored(), "{}", terminal.screen());
    }
}

/// Without a shell the program could not be continued.
#[test]
fn ctrl_z_without_a_shell_is_ignored() {
    let server = server(|peer| peer.expect_text("half a line"));
    let terminal = super::session(&server);
    terminal.type_text("half");
    super::wait_for_prompt(&terminal, "half");
    terminal.press(Key::CtrlZ);
    terminal.wait_for("> half^Z");
    super::wait_for_prompt(&terminal, "half");
    terminal.type_line(" a line");
    super::wait_for_prompt(&terminal, "");
    super::leave(terminal);
}

/// The shell with job control is not the parent of the program, but of another process in its group.
#[test]
fn ctrl_z_stops_a_script_and_the_program() {
    let server = server(|peer| {
        let line = format!("half{}", "q".repeat(LONG));
        peer.expect_text(&line);
    });
    let terminal = Terminal::spawn_job_shell("bash", 100, 30);
    terminal.type_line(&format!("sh -c '\"$WSCOPE\" {}; echo ended'", server.url()));
    terminal.wait_for_prompt();
    terminal.type_text("half");
    terminal.wait_for("> half");
    stop(&terminal, Stop::Key);
    continue_typing(&terminal);
    terminal.wait_until("a new prompt", |screen| screen.trim_end().ends_with("\n>"));
    terminal.press(Key::CtrlD);
    terminal.wait_for("ended");
    server.join();
}

#[test]
fn a_listening_prompt_can_be_stopped_and_continued() {
    for how in [Stop::Key, Stop::Signal(Signal::STOP)] {
        let terminal = start_in_shell("bash", "listen :0");
        terminal.wait_until("a prompt below the address", |screen| {
            port_in(screen).is_some() && screen.trim_end().ends_with("\n>")
        });
        let port = port_in(&terminal.screen()).expect("a port on the screen");
        let mut peer = client(port);
        terminal.wait_for("#1 client");
        terminal.type_text("half");
        terminal.wait_for("> half");
        stop(&terminal, how);
        continue_typing(&terminal);
        peer.expect_text(&format!("half{}", "q".repeat(LONG)));
        terminal.press(Key::CtrlD);
        peer.answer_close(1001);
        terminal.wait_until("the shell", |screen| screen.trim_end().ends_with("shell$"));
    }
}
