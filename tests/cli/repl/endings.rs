//! How a session at the prompt ends, and the state of the terminal after it.

use std::time::Duration;

use super::{leave, server, session, session_with, submit, wait_for_prompt};
use crate::scripts::{accept_on_release, answer_close, next, serve, serve_on_release};
use crate::support::{Key, NO_STATUS, Signal, Terminal, text};

/// The time in which the program must end by itself, on a busy machine.
const PROMPTLY: Duration = Duration::from_millis(500);

#[track_caller]
fn assert_ends(mut terminal: Terminal, code: i32) -> String {
    assert_eq!(terminal.wait_exit(), code, "{}", terminal.screen());
    assert!(terminal.termios_restored(), "the modes of the terminal were not restored");
    assert!(!is_bracketed_paste_on(&terminal), "bracketed paste is still on");
    terminal.screen()
}

/// Whether bracketed paste was last switched on.
fn is_bracketed_paste_on(terminal: &Terminal) -> bool {
    let written = terminal.raw_output();
    written.rfind("\x1b[?2004h") > written.rfind("\x1b[?2004l")
}

#[track_caller]
fn assert_shows(screen: &str, text: &str) {
    assert!(screen.contains(text), "no {text:?} on:\n{screen}");
}

#[test]
fn ctrl_d_closes_normally() {
    let server = server(|_| {});
    leave(session(&server));
}

#[test]
fn a_byte_that_is_not_utf8_discards_the_line_only() {
    let server = server(|peer| peer.expect_text("after"));
    let terminal = session(&server);
    terminal.type_bytes(b"before\xff");
    terminal.wait_for("not valid UTF-8");
    terminal.type_line("after");
    leave(terminal);
}

#[test]
fn ctrl_d_on_a_line_with_text_is_ignored() {
    let server = server(|peer| peer.expect_text("text"));
    let terminal = session(&server);
    terminal.type_text("text");
    wait_for_prompt(&terminal, "text");
    terminal.press(Key::CtrlD);
    submit(&terminal);
    leave(terminal);
}

#[test]
fn ctrl_c_closes_normally_and_exits_130() {
    let server = server(|_| {});
    let terminal = session(&server);
    terminal.press(Key::CtrlC);
    assert_ends(terminal, 130);
}

#[test]
fn a_second_ctrl_c_does_not_wait_for_the_server() {
    let server = serve(|peer| {
        peer.expect_close(1000);
        peer.send(text("after the Close"));
        peer.stall();
    });
    let mut terminal = session(&server);
    terminal.press(Key::CtrlC);
    terminal.wait_for("< after the Close");
    terminal.press(Key::CtrlC);
    assert_eq!(terminal.wait_exit_within(PROMPTLY), 130);
    assert_ends(terminal, 130);
}

#[test]
fn sigterm_closes_with_going_away() {
    let server = serve(|peer| {
        peer.answer_close(1001);
    });
    let terminal = session(&server);
    terminal.signal(Signal::TERM);
    assert_ends(terminal, 143);
}

#[test]
fn sigint_from_another_process_acts_as_ctrl_c() {
    let server = server(|_| {});
    let terminal = session(&server);
    terminal.signal(Signal::INT);
    assert_ends(terminal, 130);
}

#[test]
fn the_close_of_the_peer_ends_the_prompt_without_a_key() {
    let server = serve_on_release(|peer| {
        peer.close(1000, "that is all");
        peer.expect_close(1000);
    });
    let mut terminal = session(&server);
    terminal.type_text("half a line");
    wait_for_prompt(&terminal, "half a line");
    server.release();
    // What is still typed is dropped for 0.5 s.
    assert_eq!(terminal.wait_exit_within(2 * PROMPTLY), 0, "{}", terminal.screen());
    let screen = terminal.screen();
    assert_shows(&screen, "> half a line\nclosed by the peer: 1000");
    assert_shows(&screen, "that is all");
    assert!(terminal.termios_restored());
    assert!(!is_bracketed_paste_on(&terminal));
}

#[test]
fn there_is_no_prompt_after_the_end() {
    let server = serve_on_release(|peer| {
        peer.close_and_expect_reply(1000);
    });
    let terminal = session(&server);
    server.release();
    let screen = assert_ends(terminal, 0);
    assert!(!screen.lines().any(|line| line.trim_end() == ">"), "a prompt is left on:\n{screen}");
}

#[test]
fn a_close_with_another_code_is_shown_and_exits_6() {
    let server = serve_on_release(|peer| {
        peer.close(4003, "go away");
        peer.expect_close(4003);
    });
    let terminal = session(&server);
    server.release();
    let screen = assert_ends(terminal, 6);
    assert_shows(&screen, "4003");
    assert_shows(&screen, "go away");
}

#[test]
fn a_close_without_a_code_is_a_success() {
    let server = serve_on_release(|peer| {
        peer.close(NO_STATUS, "");
        peer.expect_close(NO_STATUS);
    });
    let terminal = session(&server);
    server.release();
    assert_shows(&assert_ends(terminal, 0), "1005");
}

#[test]
fn a_message_just_before_the_close_is_shown() {
    let server = serve_on_release(|peer| {
        peer.send([text("famous last words"), crate::support::close(1000, "")].concat());
        peer.expect_close(1000);
    });
    let terminal = session(&server);
    server.release();
    assert_shows(&assert_ends(terminal, 0), "< famous last words");
}

#[test]
fn a_reset_ends_the_prompt_with_6() {
    let server = serve_on_release(|peer| {
        peer.reset();
    });
    let terminal = session(&server);
    server.release();
    assert_shows(&assert_ends(terminal, 6), "1006");
}

#[test]
fn an_end_of_tcp_ends_the_prompt_with_6() {
    let server = serve_on_release(|peer| {
        peer.eof();
    });
    let terminal = session(&server);
    server.release();
    assert_shows(&assert_ends(terminal, 6), "1006");
}

#[test]
fn a_protocol_error_ends_the_prompt_with_5() {
    let server = serve_on_release(|peer| {
        peer.send(crate::support::masked(&text("servers do not mask")));
        peer.expect_close(1002);
    });
    let terminal = session(&server);
    server.release();
    assert_shows(&assert_ends(terminal, 5), "mask");
}

#[test]
fn max_time_ends_the_prompt_with_7() {
    let server = serve(|peer| {
        answer_close(peer);
    });
    let terminal = session_with(&server, &["--max-time", "300ms"]);
    assert_ends(terminal, 7);
}

#[test]
fn ctrl_d_typed_before_the_prompt_is_applied() {
    let (server, requested) = accept_on_release(|peer| {
        peer.expect_text("early");
        answer_close(peer);
    });
    let mut terminal = Terminal::spawn([server.url()], 80, 24);
    next(&requested);
    terminal.type_text("early\n\x04"); // a line and Ctrl-D
    terminal.wait_for("early");
    server.release();
    assert_eq!(terminal.wait_exit(), 0);
}

#[test]
fn quit_says_that_it_waits_for_a_file() {
    let server = serve(|peer| {
        peer.expect_close(1000);
        peer.eof();
    })
    .optional();
    let mut terminal = session(&server);
    let path = terminal.home().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.expect("mkfifo").success());
    terminal.type_line("/file fifo");
    wait_for_prompt(&terminal, "");
    terminal.type_line("/quit");
    terminal.wait_for("waiting for the file before it to be read; Ctrl-C to leave at once");
    terminal.press(Key::CtrlC);
    assert_eq!(terminal.wait_exit(), 130, "{}", terminal.screen());
}

#[test]
fn quit_says_that_it_waits_for_what_is_being_sent() {
    let ends: [fn(&Terminal); 2] =
        [|terminal| terminal.type_line("/quit"), |terminal| terminal.press(Key::CtrlD)];
    for end in ends {
        let server = serve(|peer| peer.stall()).optional();
        let mut terminal = session(&server);
        let file = std::fs::File::create(terminal.home().join("large")).expect("a file");
        file.set_len(64 << 20).expect("a sparse file");
        terminal.type_line("/file large");
        wait_for_prompt(&terminal, "");
        end(&terminal);
        let text =
            "closing, waiting for the server to read what is being sent; Ctrl-C to leave at once";
        terminal.wait_until(text, |screen| words(screen).contains(text));
        terminal.press(Key::CtrlC);
        assert_eq!(terminal.wait_exit_within(PROMPTLY), 130, "{}", terminal.screen());
        assert_eq!(words(&terminal.screen()).matches("closing, ").count(), 1);
    }
}

/// A screen without its line breaks.
fn words(screen: &str) -> String {
    screen.split_whitespace().collect::<Vec<_>>().join(" ")
}
