//! Signals, Ctrl-C and limits while there is no connection, or while one is opened again.

use std::sync::mpsc::channel;

use super::several::{connect, named, open};
use super::{PROMPTLY, accept, cut_after, hang, quit, stay, wait_for_times};
use crate::scripts::{answer_close, next, serve};
use crate::support::{Key, Peer, Server, Signal, Terminal, close_terminal, script, text};

#[test]
fn ctrl_c_cancels_an_attempt_and_stays() {
    let (hang, requested) = hang();
    let server = Server::scripts([cut_after("one"), hang, accept(answer_close)]);
    let terminal = stay(&server, &[]);
    terminal.type_line("one");
    terminal.wait_for("1006");
    terminal.press(Key::Enter);
    next(&requested);
    terminal.press(Key::CtrlC);
    terminal.wait_for("cancelled");
    terminal.wait_for_prompt();
    terminal.type_line("/reconnect");
    wait_for_times(&terminal, "subprotocol", 2);
    quit(terminal, 0);
}

#[test]
fn text_typed_while_connecting_is_sent_then() {
    let (sender, requested) = channel();
    let slow = script(move |peer: &mut Peer| {
        let head = peer.read_head();
        sender.send(()).expect("a receiver in the test");
        peer.stall();
        peer.accept(&head);
        peer.expect_text("early");
        peer.send(text("bird"));
        answer_close(peer);
    });
    let server = Server::scripts([cut_after("one"), slow]);
    let terminal = stay(&server, &[]);
    terminal.type_line("one");
    terminal.wait_for("1006");
    terminal.press(Key::Enter);
    next(&requested);
    terminal.type_line("early");
    terminal.type_line("/status");
    terminal.wait_for("connecting");
    server.release();
    terminal.wait_for("< bird");
    quit(terminal, 0);
}

#[test]
fn a_signal_ends_the_run_without_a_connection() {
    for (signal, status) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let server = Server::scripts([cut_after("one")]);
        let mut terminal = stay(&server, &[]);
        terminal.type_line("one");
        terminal.wait_for("1006");
        terminal.wait_for_prompt();
        terminal.signal(signal);
        assert_eq!(terminal.wait_exit_within(PROMPTLY), status, "{}", terminal.screen());
        assert!(terminal.termios_restored());
    }
}

#[test]
fn a_signal_ends_an_attempt_and_the_run() {
    let (hang, requested) = hang();
    let server = Server::scripts([cut_after("one"), hang]);
    let mut terminal = stay(&server, &[]);
    terminal.type_line("one");
    terminal.wait_for("1006");
    terminal.press(Key::Enter);
    next(&requested);
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.wait_exit_within(PROMPTLY), 143, "{}", terminal.screen());
    assert!(terminal.termios_restored());
}

#[test]
fn the_run_ends_with_its_terminal() {
    let server = Server::scripts([accept(|peer| peer.reset())]);
    let script = format!("trap '' HUP; \"$WSCOPE\" --stay {}; echo $? > status", server.url());
    assert_eq!(close_terminal(&script, "1006"), "129");
}

#[test]
fn ctrl_z_stops_and_continues_without_a_connection() {
    let server =
        Server::scripts([accept(|peer| peer.close_and_expect_reply(1000)), accept(answer_close)]);
    let terminal = Terminal::spawn_job_shell("bash", 100, 40);
    terminal.type_line(&format!("\"$WSCOPE\" --stay {}", server.url()));
    terminal.wait_for("closed by the peer: 1000");
    terminal.wait_for_prompt();
    terminal.press(Key::CtrlZ);
    terminal.wait_for_stop();
    terminal.type_line("fg");
    terminal.wait_for_prompt();
    terminal.press(Key::Enter);
    wait_for_times(&terminal, "subprotocol", 2);
    terminal.type_line("/quit");
    terminal.wait_until("the shell", |screen| screen.trim_end().ends_with("shell$"));
}

#[test]
fn max_time_ends_the_run_without_a_connection() {
    let server = Server::scripts([accept(|peer| peer.close_and_expect_reply(1000))]);
    let mut terminal = stay(&server, &["-m", "1s"]);
    terminal.wait_for("closed by the peer: 1000");
    assert_eq!(terminal.wait_exit(), 7, "{}", terminal.screen());
    assert!(terminal.screen().contains("--max-time 1s ran out"));
    assert!(terminal.termios_restored());
}

#[test]
fn a_goal_that_is_met_ends_the_run() {
    for lost in [false, true] {
        let mut scripts = vec![accept(|peer| {
            peer.send(text("enough"));
            answer_close(peer);
        })];
        if lost {
            scripts.insert(0, accept(|peer| peer.reset()));
        }
        let server = Server::scripts(scripts);
        let mut terminal = stay(&server, &["--count", "1"]);
        if lost {
            terminal.wait_for("wscope: ");
            terminal.wait_for_prompt();
            terminal.press(Key::Enter);
        }
        assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
        assert!(terminal.screen().contains("< enough"));
    }
}

#[test]
fn reconnect_is_tried_first() {
    let server = Server::scripts([cut_after("one")]);
    let options = ["--reconnect=2", "--reconnect-delay", "1ms"];
    let terminal = stay(&server, &options);
    terminal.type_line("one");
    terminal.wait_for("wscope: could not connect");
    terminal.wait_for_prompt();
    assert!(terminal.screen().contains("reconnecting"), "{}", terminal.screen());
    terminal.type_line("/status");
    terminal.wait_for("not connected");
    quit(terminal, 3);
}

#[test]
fn ctrl_c_ends_the_attempts_of_reconnect_and_stays() {
    let server = Server::scripts([cut_after("one"), accept(answer_close)]);
    let terminal = stay(&server, &["--reconnect", "--reconnect-delay", "10m"]);
    terminal.type_line("one");
    terminal.wait_for("reconnecting in");
    terminal.press(Key::CtrlC);
    terminal.wait_for("wscope: closed abnormally");
    terminal.wait_for_prompt();
    terminal.press(Key::Enter);
    wait_for_times(&terminal, "subprotocol", 2);
    quit(terminal, 0);
}

/// Whichever of them waits, and also where no other one is open.
#[test]
fn ctrl_c_ends_the_wait_of_a_connection_that_is_being_closed() {
    let waiting = "closing, waiting for the server's Close frame; Ctrl-C to leave at once";
    let silent = || {
        serve(|peer| {
            peer.expect_close(1000);
            peer.stall();
        })
    };
    for closed in ["main", "b"] {
        let other = if closed == "b" { "main" } else { "b" };
        let servers = match closed {
            "b" => [named("open"), silent()],
            _ => [silent(), named("open")],
        };
        let terminal = connect(&servers[0], &["--close-timeout", "0"]);
        open(&terminal, "b", &servers[1]);
        terminal.type_line(&format!("/use {closed}"));
        terminal.type_line("/close");
        terminal.wait_for(&format!("[{closed}] {waiting}"));
        terminal.press(Key::CtrlC);
        terminal.wait_for(&format!("[{closed}] Enter or /reconnect connects again"));
        terminal.type_line(&format!("/use {other}"));
        terminal.type_line("hi");
        terminal.wait_for(&format!("[{other}] < open heard hi"));
        quit(terminal, 0);
    }
    let server = silent();
    let terminal = stay(&server, &["--close-timeout", "0"]);
    terminal.wait_for("subprotocol");
    terminal.wait_for_prompt();
    terminal.type_line("/close");
    terminal.wait_for(waiting);
    terminal.press(Key::CtrlC);
    terminal.wait_for("Enter or /reconnect connects again; /quit leaves");
    quit(terminal, 0);
}
