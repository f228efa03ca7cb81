//! Text on the line from history, paste and completion is escaped on display, and sent unchanged.

use std::fs;

use super::{last_line, leave, server, session, session_with, submit, wait_for_prompt};
use crate::scripts::{answer_close, serve};
use crate::support::{Key, Terminal, text};

const TITLE: &str = "\x1b]0;PWN\x07";

#[track_caller]
fn assert_escaped(terminal: &Terminal) {
    let written = terminal.raw_output();
    for sequence in
        ["\x1b]", "PWN\x07", "a\x07", "\x1b[2J", "\u{9b}", "\u{202e}", "\u{200b}", "\x7f"]
    {
        assert!(!written.contains(sequence), "{sequence:?} was written:\n{written:?}");
    }
}

/// A prompt whose history has this line.
fn with_history(line: &str, options: &[&str], url: &str) -> (Terminal, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    fs::create_dir(folder.path().join("wscope")).expect("a folder");
    fs::write(folder.path().join("wscope/history"), format!("#V2\n{line}\n")).expect("a file");
    let home = folder.path().to_str().expect("a path in UTF-8");
    let args = [&[url], options].concat();
    let terminal = Terminal::spawn_with(args, 80, 24, &[("XDG_STATE_HOME", home)]);
    wait_for_prompt(&terminal, "");
    (terminal, folder)
}

#[test]
fn a_line_from_the_history() {
    for options in [&[][..], &["--no-color"]] {
        let line = format!("hello {TITLE}\x1b[2J\u{9b}31m\u{202e}");
        let sent = line.clone();
        let server = server(move |peer| peer.expect_text(&sent));
        let (terminal, _folder) = with_history(&line, options, &server.url());
        terminal.press(Key::Up);
        let shown = r"(control characters: hello \e]0;PWN\x07\e[2J\x9b31m\u{202e})";
        terminal.wait_for(shown);
        assert!(last_line(&terminal.screen()).starts_with("> hello 0;PWN31m  ("));
        submit(&terminal);
        terminal.wait_for(shown); // it is still shown
        assert_escaped(&terminal);
        leave(terminal);
    }
}

#[test]
fn a_line_found_in_the_history() {
    let line = format!("apple {TITLE}");
    let sent = line.clone();
    let server = server(move |peer| peer.expect_text(&sent));
    let (terminal, _folder) = with_history(&line, &[], &server.url());
    terminal.press(Key::CtrlR);
    terminal.type_text("app");
    terminal.wait_for(r"apple \e]0;PWN\x07)");
    submit(&terminal);
    assert_escaped(&terminal);
    leave(terminal);
}

/// The line editor removes escape sequences from pasted text; other control characters remain.
#[test]
fn pasted_text_and_text_typed_after_it() {
    let server = server(|peer| peer.expect_text("a\x07\u{9b}2J\u{200b}b\u{202e}c!"));
    let terminal = session(&server);
    terminal.paste("a\x07\u{9b}2J\u{200b}b\u{202e}c");
    terminal.wait_for(r"a\x07\x9b2J\u{200b}b\u{202e}c)");
    terminal.type_text("!");
    terminal.wait_for(r"b\u{202e}c!)");
    assert!(last_line(&terminal.screen()).starts_with("> a2Jbc!  ("), "{}", terminal.screen());
    submit(&terminal);
    assert_escaped(&terminal);
    leave(terminal);
}

#[test]
fn a_message_received_before_a_paste() {
    let server = server(|peer| {
        peer.expect_text("now");
        peer.send(text("news"));
        peer.expect_text("a\x07b");
    });
    let terminal = session(&server);
    terminal.type_line("now");
    terminal.wait_for("< news");
    terminal.paste("a\x07b");
    terminal.wait_for(r"(control characters: a\x07b)");
    submit(&terminal);
    assert_escaped(&terminal);
    leave(terminal);
}

#[test]
fn names_of_files() {
    let server = server(|peer| peer.expect_text("contents"));
    let terminal = session(&server);
    for name in ["hostile-1\x1b[2J\x07\x7f", "hostile-2\u{9b}\u{202e}"] {
        fs::write(terminal.home().join(name), "contents").expect("a file");
    }
    terminal.type_text("/file hostile");
    terminal.press(Key::Tab);
    wait_for_prompt(&terminal, "/file hostile-");
    terminal.press(Key::Tab);
    terminal.wait_for(r"hostile-1\e[2J\x07\x7f");
    terminal.wait_for(r"hostile-2\x9b\u{202e}");
    terminal.type_text("1");
    terminal.press(Key::Tab);
    terminal.wait_for(r"(control characters: /file hostile-1\e[2J\x07\x7f)");
    submit(&terminal);
    assert_escaped(&terminal);
    leave(terminal);
}

/// A long event is written in parts, without a prompt between them.
#[test]
fn a_long_event_is_one_line() {
    let long = "x".repeat(200_000);
    let data = long.clone();
    let server = serve(move |peer| {
        peer.send(text(&data));
        answer_close(peer);
    });
    let terminal = session_with(&server, &["--json"]);
    terminal.wait_for_output(&long);
    leave(terminal);
}
