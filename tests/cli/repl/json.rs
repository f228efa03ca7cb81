//! JSON at the prompt: colours, and what is broken.

use super::{enter_line, leave, server, session, session_with, submit, wait_for_prompt};
use crate::support::{Key, Terminal, text};

const REASON: &str = "not JSON: column 6: expected a value, got \"}\"; Enter again sends it as it is,\nAlt-Enter starts a new line";

#[test]
fn broken_json_is_sent_by_the_second_enter_only() {
    let server = server(|peer| {
        peer.expect_text(r#"{"a":1}"#);
        peer.expect_text(r#"{"a":}"#);
        peer.expect_text("[1, 2]");
    });
    let terminal = session(&server);
    terminal.type_line(r#"{"a":}"#);
    terminal.wait_for(&format!("> {{\"a\":}}\n{REASON}"));
    terminal.press(Key::Left);
    terminal.type_text("1");
    terminal.wait_until("no reason", |screen| !screen.contains("not JSON"));
    submit(&terminal);
    terminal.type_line(r#"{"a":}"#);
    terminal.wait_for(REASON);
    submit(&terminal);
    enter_line(&terminal, "[1, 2]");
    assert!(!terminal.screen().contains("not JSON"), "{}", terminal.screen());
    leave(terminal);
}

#[test]
fn the_reason_stays_below_the_line_while_messages_are_received() {
    let server = server(|peer| {
        peer.stall();
        for number in 0..100 {
            peer.send(text(&format!("message {number}")));
        }
        peer.expect_text(r#"{"안녕":"#);
    });
    let terminal = Terminal::spawn([server.url()], 40, 24);
    wait_for_prompt(&terminal, "");
    terminal.type_line(r#"{"안녕":"#);
    let reason = "column 7: expected a value,\ngot the end of the text; Enter again\nsends it as it is, Alt-Enter starts a\nnew line";
    terminal.wait_for(reason);
    server.release();
    terminal.wait_for("message 99");
    terminal.wait_for(&format!("< message 98\n< message 99\n> {{\"안녕\":\nnot JSON: {reason}"));
    assert_eq!(terminal.cursor().0, 10, "{}", terminal.screen());
    submit(&terminal);
    leave(terminal);
}

#[test]
fn json_is_colored_while_it_is_typed() {
    let server = server(|peer| peer.expect_text(r#"{"a":[1,"한"]}"#));
    let terminal = session_with(&server, &["--color", "always"]);
    terminal.type_text(r#"{"a":[1,"한"]}"#);
    terminal.wait_for_output("{\x1b[1;34m\"a\"\x1b[0m:[\x1b[36m1\x1b[0m,\x1b[32m\"한\"\x1b[0m]}");
    wait_for_prompt(&terminal, r#"{"a":[1,"한"]}"#);
    assert_eq!(terminal.cursor().0, 16);
    submit(&terminal);
    leave(terminal);
}

#[test]
fn without_colors_json_is_not_colored() {
    let server = server(|peer| peer.expect_text("[1]"));
    let terminal = session_with(&server, &["--no-color"]);
    enter_line(&terminal, "[1]");
    assert!(!terminal.raw_output().contains("\x1b[36m"));
    leave(terminal);
}

#[test]
fn keys_and_values_of_messages_are_completed() {
    let server = server(|peer| {
        peer.send(text(r#"{"channel":"news\u0007 한","user":"Kim"}"#));
        peer.expect_text(r#"{"channel":"news\u0007 한"}"#);
        peer.expect_text(r#"/{"user":"x"}"#);
    });
    let terminal = session(&server);
    terminal.wait_for("Kim");
    terminal.type_text(r#"{"ch"#);
    terminal.press(Key::Tab);
    wait_for_prompt(&terminal, r#"{"channel""#);
    terminal.type_text(r#":"n"#);
    terminal.press(Key::Tab);
    wait_for_prompt(&terminal, r#"{"channel":"news\u0007 한""#);
    terminal.type_text("}");
    submit(&terminal);
    terminal.type_text(r#"/text /{"us"#);
    terminal.press(Key::Tab);
    terminal.type_text(r#"er":"x"}"#);
    submit(&terminal);
    leave(terminal);
}
