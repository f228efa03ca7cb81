//! Texts of several lines, escapes and placeholders.

use super::{enter_line, leave, server, session, submit, wait_for_prompt};
use crate::scripts::answer_close;
use crate::support::{Key, Server, Terminal, script};

#[test]
fn alt_enter_and_a_backslash_start_a_new_line() {
    let server = server(|peer| {
        peer.expect_text("one\ntwo\nthree");
        peer.expect_text(r"C:\\");
        peer.expect_text(r"a\b");
    });
    let terminal = session(&server);
    terminal.type_text("one");
    terminal.press(Key::AltEnter);
    terminal.type_text(r"two\");
    terminal.press(Key::Enter);
    terminal.type_text("three");
    terminal.wait_for("> one\ntwo\nthree");
    submit(&terminal);
    enter_line(&terminal, r"C:\\");
    terminal.type_text(r"a\b\");
    terminal.press(Key::Backspace);
    submit(&terminal);
    leave(terminal);
}

#[test]
fn a_backslash_before_the_cursor_only_is_sent() {
    let server = server(|peer| peer.expect_text(r"ab\"));
    let terminal = session(&server);
    terminal.type_text(r"ab\");
    terminal.press(Key::Left);
    submit(&terminal);
    leave(terminal);
}

#[test]
fn lines_of_a_text_are_edited_and_recalled_by_the_next_session() {
    fn expecting(text: &'static str) -> crate::support::Script {
        script(move |peer| {
            peer.accept_request();
            peer.expect_text(text);
            answer_close(peer);
        })
    }
    let server = Server::scripts([expecting("a1\nb2\\\nc"), expecting("!a1\nb2\\\nc?")]);
    let first = session(&server);
    for line in ["a1", "b2\\"] {
        first.type_text(line);
        first.press(Key::AltEnter);
    }
    first.type_text("c");
    first.wait_for("> a1\nb2\\\nc");
    submit(&first);
    let home = first.home();
    let environment = [("HOME", home.to_str().expect("a path in UTF-8"))];
    let second = Terminal::spawn_with([server.url()], 80, 24, &environment);
    wait_for_prompt(&second, "");
    second.press(Key::Up);
    second.wait_for("> a1\nb2\\\nc");
    second.press(Key::Up);
    second.press(Key::Up);
    second.type_text("!");
    second.press(Key::Down);
    second.press(Key::Down);
    second.press(Key::CtrlE);
    second.type_text("?");
    second.wait_until("both changes", |screen| screen.contains("!") && screen.contains("c?"));
    submit(&second);
    leave(second);
    leave(first);
}

#[test]
fn escapes_are_sent_as_what_they_stand_for() {
    let server = server(|peer| {
        peer.expect_text("a\r\n\u{0}한😀\"");
        peer.expect_text("-e a\\n");
        peer.expect_text("-e b");
    });
    let terminal = session(&server);
    enter_line(&terminal, r#"/text -e a\r\n\0\u{d55c}\ud83d\ude00\""#);
    enter_line(&terminal, r"/text -- -e a\n");
    enter_line(&terminal, "-e b");
    terminal.type_line(r"/text -e 한\q");
    terminal.wait_for("\ncolumn 11: \\q is not an escape: \\\\ sends a backslash");
    terminal.press(Key::CtrlC);
    terminal.wait_for("^C");
    leave(terminal);
}
