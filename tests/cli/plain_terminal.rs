//! Typed lines without the line editor: stdout is not the terminal, the terminal is dumb, or `--input` is
//! given.

use std::sync::mpsc;

use crate::listen::{client, port_in};
use crate::repl::interrupts::going_away;
use crate::repl::{leave, server};
use crate::scripts::{accept_on_release, answer_close, serve, serve_on_release};
use crate::support::{DEADLINE, Key, Server, Terminal, close_terminal, masked, text};

/// More than the line limit of a terminal in canonical mode.
const LONG: usize = 9000;

/// `"$WSCOPE" URL | cat`, after it has connected.
fn pipeline(server: &Server) -> Terminal {
    let script = format!("\"$WSCOPE\" --no-config --wait 0 {} | cat", server.url());
    let terminal = Terminal::spawn_shell(&script, 100, 30);
    terminal.wait_for("connected");
    terminal.wait_until_raw(true);
    terminal
}

/// On a terminal without any capabilities.
fn dumb(arguments: &[&str]) -> Terminal {
    Terminal::spawn_with(arguments, 100, 30, &[("TERM", "dumb")])
}

fn dumb_session(server: &Server) -> Terminal {
    let terminal = dumb(&["--wait", "0", &server.url()]);
    terminal.wait_for("connected");
    terminal.wait_until_raw(true);
    terminal
}

#[test]
fn a_long_line_to_a_pipeline_is_not_truncated() {
    let server = server(|peer| {
        peer.expect_text(&"q".repeat(LONG));
        peer.send(text("answer"));
        peer.expect_text("next");
    });
    let terminal = pipeline(&server);
    terminal.type_line(&"q".repeat(LONG));
    terminal.wait_for("answer");
    terminal.type_line("next");
    leave(terminal);
}

#[test]
fn a_long_line_on_a_dumb_terminal_is_not_truncated() {
    let server = server(|peer| {
        peer.expect_text(&"q".repeat(LONG));
        peer.send(text("answer"));
    });
    let terminal = dumb_session(&server);
    terminal.type_line(&"q".repeat(LONG));
    terminal.wait_for("< answer");
    leave(terminal);
}

#[test]
fn a_long_line_of_json_is_not_truncated() {
    let server = server(|peer| {
        peer.expect_text(&"q".repeat(LONG));
        peer.send(text("answer"));
    });
    let arguments = ["--wait", "0", "--input", "json", &server.url()];
    let terminal = Terminal::spawn(arguments, 100, 30);
    terminal.wait_for("connected");
    terminal.wait_until_raw(true);
    terminal.type_line(&format!("{{\"type\":\"text\",\"data\":\"{}\"}}", "q".repeat(LONG)));
    terminal.wait_for("< answer");
    leave(terminal);
}

#[test]
fn commands_work_without_a_line_editor() {
    for is_dumb in [false, true] {
        let server = server(|peer| {
            peer.expect_ping(b"");
            peer.expect_text("/text");
            peer.expect_text("after a mistake");
        });
        let terminal = if is_dumb { dumb_session(&server) } else { pipeline(&server) };
        terminal.type_line("/ping");
        terminal.type_line("//text");
        terminal.type_line("/nope");
        terminal.wait_for("unknown command /nope");
        terminal.type_line("after a mistake");
        leave(terminal);
    }
}

#[test]
fn a_typed_line_is_shown_once() {
    for (arguments, term) in [(&[][..], "dumb"), (&["--input", "lines"], "xterm-256color")] {
        let server = server(|peer| {
            peer.expect_text("once");
            peer.send(text("answer"));
        });
        let (url, wait) = (server.url(), ["--wait", "0"]);
        let arguments = [arguments, &wait, &[url.as_str()]].concat();
        let terminal = Terminal::spawn_with(arguments, 100, 30, &[("TERM", term)]);
        terminal.wait_for("connected");
        terminal.wait_until_raw(true);
        terminal.type_line("once");
        terminal.wait_for("< answer");
        let screen = terminal.screen();
        assert_eq!(screen.matches("once").count(), 1, "{screen}");
        leave(terminal);
    }
}

/// Messages are shown above the edited line, and the end of the connection below it.
#[test]
fn output_is_separate_from_the_edited_line() {
    for (arguments, term) in [(&[][..], "dumb"), (&["--input", "lines"], "xterm-256color")] {
        let (sender, released) = mpsc::channel();
        let server = serve_on_release(move |peer| {
            peer.send(text("answer"));
            released.recv_timeout(DEADLINE).expect("a sender in the test");
            peer.close_and_expect_reply(1000);
        });
        let url = server.url();
        let arguments = [arguments, &[url.as_str()]].concat();
        let mut terminal = Terminal::spawn_with(arguments, 100, 30, &[("TERM", term)]);
        terminal.wait_for("connected");
        terminal.wait_until_raw(true);
        terminal.type_text("half");
        terminal.wait_for("half");
        server.release();
        terminal.wait_until("the message above the line", |screen| {
            screen.trim_end().ends_with("\n< answer\nhalf")
        });
        assert_eq!(terminal.screen().matches("half").count(), 1, "{}", terminal.screen());
        terminal.type_text(" a line");
        terminal.wait_for("\nhalf a line");
        sender.send(()).expect("a receiver in the server");
        assert_eq!(terminal.wait_exit(), 0);
        let screen = terminal.screen();
        assert!(screen.contains("\nhalf a line\nclosed by the peer: 1000"), "{screen}");
    }
}

#[test]
fn help_explains_ctrl_d_on_a_plain_terminal() {
    let server = server(|_| {});
    let terminal = dumb_session(&server);
    terminal.type_line("/help");
    terminal.wait_for("on an empty line ends the input");
    assert!(terminal.screen().contains("Ctrl-D") && !terminal.raw_output().contains("Ctrl-R"));
    leave(terminal);
}

#[test]
fn keys_edit_the_line() {
    let server = server(|peer| peer.expect_text("one thréé"));
    let terminal = dumb_session(&server);
    terminal.type_text("lost");
    terminal.press(Key::CtrlU);
    terminal.type_text("one two");
    terminal.press(Key::CtrlW);
    terminal.type_text("thré€");
    terminal.press(Key::Backspace);
    terminal.type_text("é");
    terminal.wait_until("the edited line", |screen| screen.ends_with("\none thréé"));
    terminal.press(Key::Enter);
    leave(terminal);
}

#[test]
fn text_typed_before_the_connection_is_sent() {
    let (server, _requested) = accept_on_release(|peer| {
        peer.expect_text("early");
        peer.expect_text("and late");
        answer_close(peer);
    });
    let terminal = dumb(&["--wait", "0", &server.url()]);
    terminal.type_line("early");
    terminal.wait_for("early");
    server.release();
    terminal.wait_for("connected");
    terminal.wait_until_raw(true);
    terminal.type_line("and late");
    let screen = terminal.screen();
    assert_eq!(screen.matches("early").count(), 1, "{screen}");
    leave(terminal);
}

#[test]
fn ctrl_c_on_a_dumb_terminal_clears_the_line_and_then_closes() {
    let server = server(|peer| {
        peer.expect_text("sent");
        peer.send(text("answer"));
    });
    let mut terminal = dumb_session(&server);
    terminal.type_text("not sent");
    terminal.wait_for("not sent");
    terminal.press(Key::CtrlC);
    terminal.wait_for("not sent^C");
    terminal.type_line("sent");
    terminal.wait_for("< answer"); // the signal flushes keys that were not read
    terminal.press(Key::CtrlC);
    assert_eq!(terminal.wait_exit(), 130);
    assert!(terminal.termios_restored());
}

/// The reader of stdout has ended: it received the same signal.
#[test]
fn ctrl_c_in_a_pipeline_waits_for_the_close_reply() {
    let server = serve(|peer| {
        peer.expect_close(1000);
        peer.send(text("after the Close"));
        peer.close(1000, "");
        peer.expect_eof();
    });
    let script = "trap : INT; \"$WSCOPE\" --no-config URL | cat".replace("URL", &server.url());
    let mut terminal = Terminal::spawn_shell(&script, 100, 30);
    terminal.wait_for("connected");
    terminal.wait_until_raw(true);
    terminal.type_text("text");
    terminal.wait_for("text");
    terminal.press(Key::CtrlC);
    terminal.wait_for("closed by us: 1000");
    terminal.wait_exit();
    assert!(!terminal.raw_output().contains("1006"));
    assert!(terminal.termios_restored());
}

#[test]
fn a_pipeline_can_be_stopped_and_continued() {
    for shell in ["bash", "dash"] {
        let server = server(|peer| {
            peer.expect_text(&format!("half{}", "q".repeat(LONG)));
            peer.send(text("answer"));
        });
        let terminal = Terminal::spawn_job_shell(shell, 100, 30);
        terminal.type_line(&format!("\"$WSCOPE\" --no-config --wait 0 {} | cat", server.url()));
        terminal.wait_for("connected");
        terminal.wait_until_raw(true);
        terminal.type_text("half");
        terminal.wait_for("half");
        terminal.press(Key::CtrlZ);
        terminal.wait_for_stop();
        terminal.type_text("fg\n");
        terminal.wait_until_raw(true);
        terminal.wait_until("the typed text", |screen| screen.ends_with("\nhalf"));
        terminal.type_line(&"q".repeat(LONG));
        terminal.wait_for("answer");
        terminal.press(Key::CtrlD);
        terminal.wait_for("closed by us: 1000");
        terminal.wait_until("the shell", |screen| screen.trim_end().ends_with("shell$"));
    }
}

/// Nothing is typed: as at a prompt, the run ends after the wait.
#[test]
fn a_pipeline_with_a_message_and_a_wait_ends_by_itself() {
    let server = server(|peer| {
        peer.expect_text("hello");
        peer.send(text("the answer"));
    });
    let script = format!("\"$WSCOPE\" --no-config -x hello -w 0.1 {} | cat", server.url());
    let mut terminal = Terminal::spawn_shell(&script, 100, 30);
    terminal.wait_for("the answer");
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
}

#[test]
fn a_closed_terminal_is_a_hangup_and_not_the_end_of_input() {
    for arguments in ["", "--input lines"] {
        let server = going_away();
        let run = format!("\"$WSCOPE\" {arguments} -x ready {}", server.url());
        let script = format!("trap : HUP; TERM=dumb {run}; echo $? >status");
        assert_eq!(close_terminal(&script, "greetings"), "129");
        server.join();
    }
}

#[test]
fn a_listening_server_accepts_commands_and_long_lines_without_a_line_editor() {
    let mut terminal = dumb(&["listen", ":0"]);
    terminal.wait_until("the address", |screen| port_in(screen).is_some());
    terminal.wait_until_raw(true);
    let mut peer = client(port_in(&terminal.screen()).expect("a port"));
    terminal.wait_for("#1 client");
    let long = "q".repeat(LONG);
    terminal.type_line(&long);
    peer.expect_text(&long);
    terminal.type_line("/to 1 only you");
    peer.expect_text("only you");
    peer.send(masked(&text("answer")));
    terminal.wait_for("#1 < answer");
    terminal.type_text("not sent");
    terminal.wait_for("not sent");
    terminal.press(Key::CtrlC);
    terminal.wait_for("not sent^C");
    terminal.press(Key::CtrlD);
    peer.answer_close(1001);
    assert_eq!(terminal.wait_exit(), 0);
    assert!(terminal.termios_restored());
}

#[test]
fn sigquit_restores_the_terminal() {
    let server = going_away();
    let mut terminal = dumb(&[&server.url()]);
    terminal.wait_for("connected");
    terminal.wait_until_raw(true);
    terminal.type_line("ready");
    terminal.wait_for("greetings");
    terminal.type_text("\x1c");
    assert_eq!(terminal.wait_exit(), 131, "{}", terminal.screen());
    assert!(terminal.termios_restored(), "{}", terminal.screen());
}
