//! The prompt on a terminal: typing, editing, sending, and messages received while typing.

#![cfg(unix)]

use crate::scripts::{accept_on_release, answer_close, serve};
use crate::support::{Key, Peer, Server, Terminal, text};

mod commands;
mod endings;
mod escapes;
mod help;
mod hidden;
mod history;
pub(crate) mod interrupts;
mod jobs;
mod json;
mod lines;
mod saved;
mod stream;
mod text_editor;
mod typing_on;

/// A server that accepts, runs these steps and is then closed by the client.
pub(crate) fn server(steps: impl FnOnce(&mut Peer) + Send + 'static) -> Server {
    serve(|peer| {
        steps(peer);
        answer_close(peer);
    })
}

/// A prompt that is connected to this server.
fn session(server: &Server) -> Terminal {
    session_with(server, &[])
}

/// A prompt that is connected to this server, with additional options.
fn session_with(server: &Server, options: &[&str]) -> Terminal {
    let url = server.url();
    let args = [&[url.as_str()], options].concat();
    let terminal = Terminal::spawn(args, 80, 24);
    wait_for_prompt(&terminal, "");
    terminal
}

/// Waits until the edited line is exactly this text, on any number of rows.
#[track_caller]
fn wait_for_prompt(terminal: &Terminal, typed: &str) {
    let wanted = format!("> {typed}");
    terminal.wait_until(&format!("{wanted:?} as the last line"), |screen| {
        last_line(screen) == wanted.trim_end()
    });
}

/// The rows from the last one that starts with the prompt.
fn last_line(screen: &str) -> String {
    let rows: Vec<&str> = screen.trim_end().lines().collect();
    let start = rows.iter().rposition(|row| row.starts_with('>')).unwrap_or(0);
    rows[start..].concat().trim_end().to_owned()
}

/// Types a line, presses Enter and waits for the next prompt.
#[track_caller]
fn enter_line(terminal: &Terminal, line: &str) {
    terminal.type_text(line);
    let typed = format!("> {line}");
    // A hint may follow the text.
    terminal.wait_until(&format!("{typed:?} as the last line"), |screen| {
        last_line(screen).starts_with(typed.trim_end())
    });
    submit(terminal);
}

/// Presses Enter on a line that is not empty and waits for the next prompt.
#[track_caller]
fn submit(terminal: &Terminal) {
    terminal.press(Key::Enter);
    wait_for_prompt(terminal, "");
}

/// Exits with Ctrl-D, which must succeed.
#[track_caller]
pub(crate) fn leave(mut terminal: Terminal) {
    terminal.press(Key::CtrlD);
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
    assert!(terminal.termios_restored(), "{}", terminal.screen());
}

/// The numbers of the lines `< message N` on the screen; any other line after the first of them and before
/// the prompt is an error.
#[track_caller]
fn message_numbers(screen: &str) -> Vec<usize> {
    let number =
        |line: &str| line.strip_prefix("< message ").and_then(|rest| rest.trim_end().parse().ok());
    let mut lines: Vec<&str> = screen.trim_end().lines().collect();
    lines.pop();
    let first = lines.iter().position(|line| number(line).is_some()).unwrap_or(lines.len());
    let parse =
        |line: &&str| number(line).unwrap_or_else(|| panic!("torn line {line:?} on:\n{screen}"));
    lines[first..].iter().map(parse).collect()
}

#[track_caller]
fn assert_consecutive(numbers: &[usize]) {
    assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "not in order: {numbers:?}");
}

#[test]
fn a_line_is_sent_and_stays_above_the_reply() {
    let server = server(|peer| {
        peer.expect_text("hello");
        peer.send(text("world"));
    });
    let terminal = session(&server);
    terminal.type_line("hello");
    terminal.wait_for("> hello\n< world\n>");
    wait_for_prompt(&terminal, "");
    leave(terminal);
}

#[test]
fn spaces_around_a_message_are_part_of_it() {
    let server = server(|peer| peer.expect_text("  two before, one after "));
    let terminal = session(&server);
    enter_line(&terminal, "  two before, one after ");
    leave(terminal);
}

#[test]
fn text_typed_before_the_connection_is_sent_after_it() {
    let (server, _requested) = accept_on_release(|peer| {
        peer.expect_text("impatient");
        answer_close(peer);
    });
    let terminal = Terminal::spawn([server.url()], 80, 24);
    terminal.type_line("impatient");
    // The terminal echoes, as the line editor has not started yet.
    terminal.wait_for("impatient");
    server.release();
    terminal.wait_for("> impatient\n>");
    leave(terminal);
}

#[test]
fn an_empty_line_sends_nothing() {
    let server = server(|peer| peer.expect_text("first"));
    let terminal = session(&server);
    for prompts in 2..=3 {
        terminal.press(Key::Enter);
        terminal.wait_until("another prompt", |screen| {
            screen.lines().filter(|row| row.trim_end() == ">").count() == prompts
        });
    }
    enter_line(&terminal, "first");
    leave(terminal);
}

#[test]
fn an_unsolicited_message_is_shown_above_the_prompt() {
    let server = server(|peer| {
        peer.stall();
        peer.send(text("unasked"));
    });
    let terminal = session(&server);
    server.release();
    terminal.wait_for("< unasked\n>");
    assert_eq!(terminal.cursor().0, 2, "{}", terminal.screen());
    leave(terminal);
}

#[test]
fn messages_do_not_change_the_edited_line() {
    let server = server(|peer| {
        peer.stall();
        for number in 0..200 {
            peer.send(text(&format!("message {number}")));
        }
        peer.expect_text("half a line");
    });
    let terminal = session(&server);
    terminal.type_text("half a li");
    wait_for_prompt(&terminal, "half a li");
    server.release();
    terminal.wait_for("< message 199");
    wait_for_prompt(&terminal, "half a li");
    assert_eq!(terminal.cursor(), (11, 23));
    let numbers = message_numbers(&terminal.screen());
    assert_consecutive(&numbers);
    assert_eq!(numbers.len(), 23);
    terminal.type_text("ne");
    wait_for_prompt(&terminal, "half a line");
    submit(&terminal);
    leave(terminal);
}

#[test]
fn typing_continues_while_messages_are_received() {
    const LINE: &str = "the quick brown fox jumps over the lazy dog";
    let server = server(|peer| {
        peer.stall();
        for number in 0..400 {
            peer.send(text(&format!("message {number}")));
        }
        peer.expect_text(LINE);
    });
    let terminal = session(&server);
    server.release();
    for char in LINE.chars() {
        terminal.type_text(char.encode_utf8(&mut [0; 4]));
    }
    terminal.wait_for("< message 399");
    wait_for_prompt(&terminal, LINE);
    assert_consecutive(&message_numbers(&terminal.screen()));
    submit(&terminal);
    leave(terminal);
}

#[test]
fn a_line_wider_than_the_terminal_is_kept_below_messages() {
    let long = "0123456789".repeat(20);
    let expected = long.clone();
    let server = server(move |peer| {
        peer.stall();
        for number in 0..30 {
            peer.send(text(&format!("message {number}")));
        }
        peer.expect_text(&expected);
    });
    let terminal = session(&server);
    terminal.type_text(&long);
    wait_for_prompt(&terminal, &long);
    server.release();
    terminal.wait_for("< message 29");
    wait_for_prompt(&terminal, &long);
    assert_consecutive(&message_numbers(&terminal.screen()));
    submit(&terminal);
    leave(terminal);
}

#[test]
fn a_burst_is_shown_completely_and_the_prompt_works_afterwards() {
    const COUNT: usize = 5000;
    let server = server(|peer| {
        peer.stall();
        let burst: Vec<u8> =
            (0..COUNT).flat_map(|number| text(&format!("message {number}"))).collect();
        peer.send(burst);
        peer.expect_text("still here");
        peer.send(text("so it is"));
    });
    let terminal = session(&server);
    server.release();
    terminal.wait_for("< message 4999");
    let written = terminal.raw_output();
    let lines = written.lines().filter(|line| line.contains("message ")).count();
    assert_eq!(lines, COUNT);
    wait_for_prompt(&terminal, "");
    terminal.type_line("still here");
    terminal.wait_for("< so it is");
    leave(terminal);
}

#[test]
fn a_paste_of_several_lines_is_one_message() {
    let server = server(|peer| peer.expect_text("{\n  \"a\": 1\n}"));
    let terminal = session(&server);
    terminal.paste("{\n  \"a\": 1\n}");
    terminal.wait_for("\"a\": 1\n}");
    terminal.press(Key::Enter);
    terminal.wait_for("}\n>");
    leave(terminal);
}

#[test]
fn korean_is_typed_edited_and_sent() {
    let server = server(|peer| peer.expect_text("안녕 새 세상"));
    let terminal = session(&server);
    terminal.type_text("안녕 세계");
    wait_for_prompt(&terminal, "안녕 세계");
    assert_eq!(terminal.cursor().0, 2 + 9);
    terminal.press(Key::Backspace);
    terminal.type_text("상");
    terminal.press(Key::Left);
    terminal.press(Key::Left);
    terminal.type_text("새 ");
    wait_for_prompt(&terminal, "안녕 새 세상");
    submit(&terminal);
    leave(terminal);
}

#[test]
fn backspace_deletes_a_whole_emoji() {
    let server = server(|peer| peer.expect_text("hi 👍🎉"));
    let terminal = session(&server);
    terminal.type_text("hi 👍👨\u{200d}👩\u{200d}👧");
    terminal.press(Key::Backspace);
    terminal.type_text("🎉");
    wait_for_prompt(&terminal, "hi 👍🎉");
    submit(&terminal);
    leave(terminal);
}

#[test]
fn the_window_can_be_resized_while_a_line_is_edited() {
    let server = server(|peer| {
        peer.expect_text("go");
        peer.send(text("message 0"));
        peer.expect_text("narrow and wide");
    });
    let terminal = session(&server);
    terminal.type_line("go");
    terminal.wait_for("< message 0");
    terminal.type_text("narrow");
    wait_for_prompt(&terminal, "narrow");
    terminal.resize(40, 12);
    terminal.type_text(" and");
    wait_for_prompt(&terminal, "narrow and");
    terminal.resize(120, 30);
    terminal.type_text(" wide");
    wait_for_prompt(&terminal, "narrow and wide");
    submit(&terminal);
    leave(terminal);
}

#[test]
fn presets_are_sent_before_the_prompt() {
    let server = server(|peer| {
        peer.expect_text("preset");
        peer.send(text("first answer"));
        peer.expect_text("typed");
    });
    let terminal = session_with(&server, &["-x", "preset"]);
    terminal.wait_for("< first answer");
    assert!(terminal.screen().contains("> preset\n"), "{}", terminal.screen());
    enter_line(&terminal, "typed");
    leave(terminal);
}

#[test]
fn lines_typed_at_once_are_all_sent() {
    let server = server(|peer| {
        for number in 0..20 {
            peer.expect_text(&format!("line {number}"));
        }
        peer.send(text("got them"));
    });
    let terminal = session(&server);
    let lines: String = (0..20).map(|number| format!("line {number}\r")).collect();
    terminal.type_text(&lines);
    terminal.wait_for("< got them");
    leave(terminal);
}

#[test]
fn ctrl_d_directly_after_a_line_is_not_lost() {
    let server = server(|peer| peer.expect_text("hello"));
    let mut terminal = session(&server);
    terminal.type_text("hello\r\x04");
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
}
