//! The prompt that stays when the connection ends (`--stay`), and several connections at one prompt.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::repl::leave;
use crate::scripts::{answer_close, refused_url, serve};
use crate::support::{Key, Peer, Script, Server, Terminal, script, text, wscope};

mod advice;
mod attempts;
mod credentials;
mod early;
mod ending;
mod endpoints;
mod several;

/// The time in which the program must end by itself, on a busy machine.
const PROMPTLY: Duration = Duration::from_millis(900);

/// Accepts and runs `steps`; after them the connection is cut.
fn accept(steps: impl FnOnce(&mut Peer) + Send + 'static) -> Script {
    script(|peer: &mut Peer| {
        peer.accept_request();
        steps(peer);
    })
}

/// A connection that is cut once it has received this text.
fn cut_after(expected: &'static str) -> Script {
    accept(move |peer| peer.expect_text(expected))
}

/// A connection that is never accepted, and reports when it was requested.
fn hang() -> (Script, Receiver<()>) {
    let (sender, requested) = channel();
    let hang = script(move |peer: &mut Peer| {
        peer.read_head();
        sender.send(()).expect("a receiver in the test");
        peer.read_until_eof();
    });
    (hang, requested)
}

/// A prompt with `--stay` for this server. Its connection may have ended already.
fn stay(server: &Server, options: &[&str]) -> Terminal {
    let url = server.url();
    Terminal::spawn([&["--stay", url.as_str()], options].concat(), 100, 40)
}

/// Waits until a text was shown this often.
#[track_caller]
fn wait_for_times(terminal: &Terminal, text: &str, times: usize) {
    terminal.wait_until(&format!("{text:?} {times} times"), |screen| {
        screen.matches(text).count() == times
    });
}

/// Exits with this line, with this status and the terminal as it was.
#[track_caller]
fn quit(mut terminal: Terminal, status: i32) -> String {
    terminal.type_line("/quit");
    assert_eq!(terminal.wait_exit(), status, "{}", terminal.screen());
    assert!(terminal.termios_restored(), "{}", terminal.screen());
    terminal.screen()
}

#[test]
fn a_connection_that_was_lost_is_opened_again_with_reconnect_and_with_enter() {
    let server = Server::scripts([
        cut_after("one"),
        cut_after("two"),
        accept(|peer| {
            peer.expect_text("three");
            peer.send(text("at last"));
            answer_close(peer);
        }),
    ]);
    let terminal = stay(&server, &[]);
    terminal.wait_for("subprotocol");
    terminal.type_line("one");
    wait_for_times(&terminal, "wscope: closed abnormally by the peer: 1006", 1);
    terminal.wait_for("hint:");
    terminal.wait_for_prompt();
    terminal.type_line("/reconnect");
    wait_for_times(&terminal, "subprotocol", 2);
    terminal.type_line("two");
    wait_for_times(&terminal, "wscope: closed abnormally by the peer: 1006", 2);
    wait_for_times(&terminal, "hint:", 2);
    terminal.wait_for_prompt();
    terminal.press(Key::Enter);
    wait_for_times(&terminal, "subprotocol", 3);
    terminal.type_line("three");
    terminal.wait_for("< at last");
    quit(terminal, 0);
    server.join();
}

#[test]
fn a_failure_that_was_shown_is_not_shown_again_at_the_end() {
    let server = Server::scripts([cut_after("one")]);
    let terminal = stay(&server, &[]);
    terminal.wait_for("subprotocol");
    terminal.type_line("one");
    terminal.wait_for("1006");
    let screen = quit(terminal, 6);
    assert_eq!(screen.matches("1006").count(), 1, "{screen}");
}

#[test]
fn every_way_to_leave_has_the_status_of_the_last_connection() {
    for (close_code, status) in [(1000, 0), (1001, 0), (4001, 6)] {
        for key in [Key::CtrlC, Key::CtrlD] {
            let server = Server::scripts([accept(move |peer| {
                peer.expect_text("x");
                peer.close_and_expect_reply(close_code);
            })]);
            let mut terminal = stay(&server, &[]);
            terminal.type_line("x");
            terminal.wait_for(&format!("closed by the peer: {close_code}"));
            terminal.press(key);
            assert_eq!(terminal.wait_exit(), status, "{}", terminal.screen());
            assert!(terminal.termios_restored());
            let shown = terminal.screen().matches("closed by the peer").count();
            assert_eq!(shown, 1, "{}", terminal.screen());
        }
    }
}

#[test]
fn text_typed_without_a_connection_is_not_sent_and_kept_in_the_history() {
    let server = Server::scripts([
        cut_after("one"),
        accept(|peer| {
            peer.expect_text("precious");
            peer.send(text("received"));
            answer_close(peer);
        }),
    ]);
    let terminal = stay(&server, &[]);
    terminal.type_line("one");
    terminal.wait_for("1006");
    terminal.type_line("precious");
    terminal.wait_for("not connected: /reconnect or Enter connects again");
    terminal.type_line("/status");
    terminal.wait_for("state           not connected");
    terminal.wait_for("1006");
    terminal.wait_for("0 received, 1 sent");
    terminal.press(Key::Enter);
    wait_for_times(&terminal, "subprotocol", 2);
    terminal.press(Key::Up);
    terminal.press(Key::Up);
    terminal.wait_for("> precious");
    terminal.press(Key::Enter);
    terminal.wait_for("< received");
    quit(terminal, 0);
    server.join();
}

#[test]
fn close_stays_and_quit_does_not() {
    let server = Server::scripts([
        accept(|peer| {
            peer.answer_close(4000);
        }),
        accept(answer_close),
    ]);
    let terminal = stay(&server, &[]);
    terminal.wait_for("subprotocol");
    terminal.type_line("/close 4000");
    terminal.wait_for("closed by us: 4000");
    terminal.wait_for_prompt();
    terminal.type_line("/connections");
    terminal.wait_for("* main");
    terminal.press(Key::Enter);
    wait_for_times(&terminal, "subprotocol", 2);
    quit(terminal, 0);
}

#[test]
fn a_first_connection_that_cannot_be_opened_leaves_a_prompt() {
    let url = refused_url();
    let terminal = Terminal::spawn(["--stay", &url], 100, 30);
    terminal.wait_for("wscope: could not connect");
    terminal.wait_for_prompt();
    terminal.type_line("lost?");
    terminal.wait_for("not connected: /reconnect or Enter");
    terminal.type_line("/reconnect");
    wait_for_times(&terminal, "could not connect", 2);
    quit(terminal, 3);
}

#[test]
fn a_reconnect_that_is_refused_is_reported_as_at_the_start() {
    let refused = script(|peer: &mut Peer| {
        peer.read_head();
        peer.respond("HTTP/1.1 401 Who Are You\r\nContent-Length: 6\r\n\r\nno key");
    });
    let server = Server::scripts([cut_after("one"), refused]);
    let terminal = stay(&server, &[]);
    terminal.type_line("one");
    terminal.wait_for("1006");
    terminal.press(Key::Enter);
    terminal.wait_for("wscope: opening handshake refused: 401 Who Are You");
    terminal.wait_for("no key");
    quit(terminal, 4);
}

#[test]
fn another_url_takes_the_place_of_the_first() {
    let other = serve(|peer| {
        peer.expect_text("hello other");
        peer.send(text("hello you"));
        answer_close(peer);
    });
    let server = Server::scripts([cut_after("one")]);
    let terminal = stay(&server, &[]);
    terminal.wait_for("subprotocol");
    terminal.type_line(&format!("/connect {}", other.url()));
    terminal.wait_for("main is still connected: /close closes it, /connect NAME URL");
    terminal.type_line("one");
    terminal.wait_for("1006");
    terminal.type_line("/connect ws://h:0/");
    terminal.wait_for("bad URL");
    terminal.type_line(&format!("/connect {}", other.url()));
    terminal.wait_for(&format!("connected to {}", other.url()));
    terminal.type_line("hello other");
    terminal.wait_for("< hello you");
    quit(terminal, 0);
}

#[test]
fn without_a_prompt_the_option_has_no_effect() {
    let server = serve(|peer| peer.close_and_expect_reply(1000));
    let url = server.url();
    wscope().args(["--stay", &url]).run().code(0);

    let server = serve(|peer| peer.close_and_expect_reply(4000));
    let url = server.url();
    let mut terminal = Terminal::spawn_with(["--stay", &url], 100, 30, &[("TERM", "dumb")]);
    assert_eq!(terminal.wait_exit(), 6, "{}", terminal.screen());
}

#[test]
fn without_it_the_prompt_ends_with_the_connection() {
    let server = Server::scripts([cut_after("one")]);
    let mut terminal = Terminal::spawn([&server.url()], 100, 30);
    terminal.type_line("one");
    assert_eq!(terminal.wait_exit(), 6, "{}", terminal.screen());
    let server = serve(answer_close);
    leave(Terminal::spawn(["--stay", &server.url()], 100, 30));
}

#[test]
fn a_pause_lasts_beyond_the_end_of_a_connection() {
    let server = Server::scripts([
        accept(|peer| {
            peer.expect_text("go");
            peer.send(text("first"));
        }),
        accept(|peer| {
            peer.send(text("second"));
            answer_close(peer);
        }),
    ]);
    let terminal = stay(&server, &[]);
    terminal.wait_for("subprotocol");
    terminal.type_line("/pause");
    terminal.wait_for("held back ");
    terminal.type_line("go");
    terminal.wait_for("1006");
    assert!(!terminal.screen().contains("< first"), "{}", terminal.screen());
    terminal.press(Key::Enter);
    terminal.wait_for("2 held back");
    let screen = quit(terminal, 0);
    let places = ["< first", "< second"].map(|text| screen.find(text));
    assert!(places[0].is_some() && places[0] < places[1], "{screen}");
}

#[test]
fn a_failure_is_also_written_to_a_standard_error_that_is_a_file() {
    let server = Server::scripts([cut_after("one"), cut_after("two")]);
    let script = format!("\"$WSCOPE\" --stay {} 2> log", server.url());
    let mut terminal = Terminal::spawn_shell(&script, 100, 40);
    terminal.type_line("one");
    wait_for_times(&terminal, "wscope: closed abnormally by the peer: 1006", 1);
    terminal.press(Key::Enter);
    terminal.type_line("two");
    wait_for_times(&terminal, "wscope: closed abnormally by the peer: 1006", 2);
    terminal.type_line("/quit");
    assert_eq!(terminal.wait_exit(), 6, "{}", terminal.screen());
    let log = std::fs::read_to_string(terminal.home().join("log")).expect("the file");
    assert_eq!(log.matches("closed abnormally by the peer: 1006").count(), 2, "{log}");
}
