//! What the operator sends waits for the end of a message, a Close frame for what was sent before it, and nothing for
//! sides that have left.

use std::io::Write;
use std::sync::mpsc::channel;
use std::time::Duration;

use super::{connect, finish, proxy, say};
use crate::support::{CONTINUATION, Key, Server, TEXT, frame, masked, ping, text};

#[test]
fn what_was_injected_precedes_the_close_frame_behind_it() {
    let (sender, received) = channel();
    let server = Server::script(move |peer| {
        peer.accept_request();
        let first = peer.read_frame();
        assert_eq!((first.fin, &*first.payload), (false, &b"first "[..]));
        sender.send(()).expect("a test that still runs");
        let last = peer.read_frame();
        assert_eq!((last.fin, &*last.payload), (true, &b"last"[..]));
        peer.expect_text("injected");
        peer.answer_close(4001);
        peer.expect_eof();
    });
    let (terminal, port) = proxy(&[], &server);
    let mut client = connect(&terminal, port, "/", &[]);
    client.send(masked(&frame(false, 0, TEXT, b"first ")));
    received.recv().expect("a fragment");
    terminal.type_line("/server 1 injected");
    terminal.type_line("/close 1 4001");
    client.expect_close(4001);
    client.send(masked(&frame(true, 0, CONTINUATION, b"last")));
    client.close(4001, "");
    client.expect_eof();
    drop(client);
    terminal.wait_for("closed at the prompt");
}

/// The message is larger than what rules apply to, so that it is passed on as it comes.
#[test]
fn nothing_is_injected_into_a_message_in_which_a_ping_is_held() {
    const LARGE: usize = 3 << 20;
    let server = Server::script(|peer| {
        peer.accept_request();
        let first = peer.read_frame();
        assert_eq!((first.fin, first.payload.len()), (false, LARGE));
        let last = peer.read_frame();
        assert_eq!((last.fin, &*last.payload), (true, &b"last"[..]));
        peer.expect_text("injected");
        peer.answer_close(1000);
    });
    let options = ["--rule", "client ping: => hold", "--max-message-size", "1M"];
    let (mut terminal, port) = proxy(&options, &server);
    let mut client = connect(&terminal, port, "/", &[]);
    client.send(masked(&frame(false, 0, TEXT, &vec![b'x'; LARGE])));
    client.send(masked(&ping(b"held")));
    client.send(masked(&frame(true, 0, CONTINUATION, b"last")));
    terminal.wait_for("held as 1");
    terminal.type_line("/server 1 injected");
    terminal.type_line("/drop 1");
    terminal.wait_for("dropped 1");
    terminal.wait_for("#1 > injected");
    finish(&mut terminal, client);
}

/// The end of the server is shown first, though it is the client's that waits behind the held message.
#[test]
fn who_ends_the_connection_first_is_shown_first_while_something_is_held() {
    let (sender, is_held) = channel();
    let server = Server::script(move |peer| {
        peer.accept_request();
        is_held.recv().expect("a test that still runs");
        peer.eof();
        peer.expect_eof();
    });
    let (mut terminal, port) = proxy(&["--rule", "client text:held => hold"], &server);
    let mut client = connect(&terminal, port, "/", &[]);
    say(&mut client, "held");
    terminal.wait_for("hold as 1");
    sender.send(()).expect("a server");
    terminal.wait_for("#1 the server has ended TCP; held message 1 of the client still waits");
    client.expect_eof();
    client.eof();
    terminal.wait_for("#1 the client has then ended TCP");
    terminal.wait_for("#1 ended by the server without a Close frame");
    drop(client);
    terminal.press(Key::CtrlD);
    assert_eq!(terminal.wait_exit(), 0);
    let screen = terminal.screen();
    let at = |text: &str| screen.find(text).unwrap_or_else(|| panic!("{text}: {screen}"));
    assert!(at("the server has ended") < at("the client has then ended"), "{screen}");
}

#[test]
fn a_close_frame_of_one_side_is_shown_while_something_of_the_other_is_held() {
    let (sender, is_held) = channel();
    let server = Server::script(move |peer| {
        peer.accept_request();
        is_held.recv().expect("a test that still runs");
        peer.close(1001, "");
        peer.expect_text("held");
        peer.expect_close(1001);
    });
    let (mut terminal, port) = proxy(&["--rule", "client text:held => hold"], &server);
    let mut client = connect(&terminal, port, "/", &[]);
    say(&mut client, "held");
    terminal.wait_for("hold as 1");
    sender.send(()).expect("a server");
    terminal.wait_for("#1 the server has sent a Close frame, 1001 Going Away; held message 1");
    client.expect_close(1001);
    client.close(1001, "");
    terminal
        .wait_for("#1 the client has then sent a Close frame, 1001 Going Away: passed on after");
    terminal.type_line("/go");
    client.expect_eof();
    drop(client);
    terminal.wait_for("#1 closed by the server: 1001");
    terminal.press(Key::CtrlD);
    assert_eq!(terminal.wait_exit(), 0);
}

#[test]
fn a_connection_that_both_sides_have_left_ends_though_something_is_held() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.expect_text("passes");
        peer.eof();
        peer.expect_eof();
    });
    let (mut terminal, port) = proxy(&["--rule", "client text:held => hold"], &server);
    let mut client = connect(&terminal, port, "/", &[]);
    say(&mut client, "passes");
    client.expect_eof();
    say(&mut client, "held");
    client.eof();
    terminal.wait_for("held message 1: not delivered");
    terminal.wait_for("#1 ended by the server");
    drop(client);
    terminal.press(Key::CtrlD);
    assert_eq!(terminal.wait_exit(), 0);
}

#[test]
fn what_is_held_for_a_side_that_is_closed_cannot_be_delivered_any_more() {
    for command in ["/close 1 client 1012", "/close 1"] {
        let server = Server::script(|peer| {
            peer.accept_request();
            peer.send([text("hold me"), text("behind")].concat());
            peer.read_until_eof();
        });
        let options = ["--rule", "server /hold/ => hold", "--close-timeout", "20s"];
        let (terminal, port) = proxy(&options, &server);
        let mut client = connect(&terminal, port, "/", &[]);
        terminal.wait_for("hold as 1");
        terminal.type_line(command);
        terminal.wait_for("held message 1: not delivered");
        client.expect_close(if command == "/close 1" { 1000 } else { 1012 });
        terminal.type_line("/go");
        terminal.wait_for("no message is held");
    }
}

/// What is dropped of a flood are messages, and not what the lines behind them say.
#[test]
fn ctrl_c_in_a_flood_shows_what_was_not_delivered_and_how_the_connection_ended() {
    let server = Server::script(|peer| {
        peer.accept_request();
        let batch = text("a line of the flood that fills the screen").repeat(1000);
        let mut socket = peer.socket();
        while socket.write_all(&batch).is_ok() {} // until the proxy has ended
    });
    let (mut terminal, port) = proxy(&[], &server);
    let client = connect(&terminal, port, "/", &[]);
    terminal.wait_for("fills the screen");
    terminal.press(Key::CtrlC);
    assert_eq!(terminal.wait_exit_within(Duration::from_secs(5)), 0);
    let output = terminal.raw_output();
    for words in ["not delivered to the client: ", "closed by wscope: 1001 Going Away"] {
        assert!(output.contains(words), "no {words:?} in:\n{}", terminal.screen());
    }
    drop(client);
}

/// The side that was closed answers, which the other side gets and answers in its turn: nobody waits for that.
#[test]
fn the_answer_to_an_answer_of_the_side_that_was_closed_is_no_loss() {
    for (closed, other) in [("client", "server"), ("server", "client")] {
        let server = Server::script(|peer| {
            peer.accept_request();
            peer.expect_close(4001);
            peer.close(4001, "bye");
            peer.eof();
            peer.expect_eof();
        });
        let options = ["--record", "x.ndjson", "--record", "x.wscope"];
        let (mut terminal, port) = proxy(&options, &server);
        let mut client = connect(&terminal, port, "/", &[]);
        terminal.type_line(&format!("/close 1 {closed} 4001 bye"));
        client.expect_close(4001);
        client.close(4001, "bye");
        client.eof();
        client.expect_eof();
        terminal.wait_for("closed at the prompt");
        let screen = terminal.screen();
        assert!(!screen.contains("not delivered"), "{screen}");
        assert!(!screen.contains(&format!("the {other} had closed")), "{screen}");
        terminal.type_line("/quit");
        assert_eq!(terminal.wait_exit(), 0);
        let recorded = std::fs::read_to_string(terminal.home().join("x.ndjson")).expect("a file");
        assert!(!recorded.contains("\"not_delivered\""), "{recorded}");
        let scenario = std::fs::read_to_string(terminal.home().join("x.wscope")).expect("a file");
        let steps: Vec<_> = scenario.lines().filter(|it| it.starts_with(['>', '<'])).collect();
        assert_eq!(steps, ["> close:4001 bye", "< close:4001 bye"], "{scenario}");
    }
}
