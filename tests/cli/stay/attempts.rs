//! Attempts of `--reconnect` for the first of several connections.

use std::sync::mpsc::{Receiver, channel};

use super::several::{answer, connect, named, open};
use super::{PROMPTLY, accept, cut_after, quit};
use crate::scripts::{answer_close, next, start_untrusted_tls};
use crate::support::{Key, Peer, Script, Server, Signal, Terminal, script};

const OPTIONS: [&str; 3] = ["--reconnect", "--reconnect-delay", "1ms"];

/// Accepts when it is released, and reports when it was requested.
fn slow(steps: impl FnOnce(&mut Peer) + Send + 'static) -> (Script, Receiver<()>) {
    let (sender, requested) = channel();
    let slow = script(move |peer: &mut Peer| {
        let head = peer.read_head();
        sender.send(()).expect("a receiver in the test");
        peer.stall();
        peer.accept(&head);
        steps(peer);
    });
    (slow, requested)
}

/// Two connections, the first of which was cut and is being opened again.
fn while_reconnecting(one: &Server, two: &Server, requested: &Receiver<()>) -> Terminal {
    let terminal = connect(one, &OPTIONS);
    open(&terminal, "b", two);
    terminal.type_line("/use main");
    terminal.type_line("end");
    next(requested);
    terminal
}

#[test]
fn lines_for_others_do_not_wait_for_an_attempt() {
    let (slow, requested) = slow(|peer| {
        peer.expect_text("kept");
        answer(peer, "one");
    });
    let one = Server::scripts([cut_after("end"), slow]);
    let (two, three) = (named("two"), named("three"));
    let terminal = while_reconnecting(&one, &two, &requested);
    terminal.type_line("kept");
    terminal.type_line("/use b");
    terminal.type_line("hi");
    terminal.wait_for("[b] < two heard hi");
    open(&terminal, "c", &three);
    terminal.type_line("/connections");
    terminal.wait_for("connecting; 0 received, 1 sent");
    one.release();
    terminal.wait_for("[main] reconnected; sending 1 queued message");
    terminal.type_line("/use main");
    terminal.type_line("again");
    terminal.wait_for("[main] < one heard again");
    quit(terminal, 0);
}

#[test]
fn an_attempt_is_ended_by_ctrl_c_or_close_and_the_others_stay() {
    for ends_with_key in [true, false] {
        let (hang, requested) = super::hang();
        let one = Server::scripts([cut_after("end"), hang]);
        let two = named("two");
        let terminal = while_reconnecting(&one, &two, &requested);
        if ends_with_key {
            terminal.press(Key::CtrlC);
        } else {
            terminal.type_line("/close");
        }
        terminal.wait_for("[main] wscope: closed abnormally by the peer: 1006");
        terminal.type_line("/use b");
        terminal.type_line("hi");
        terminal.wait_for("[b] < two heard hi");
        quit(terminal, 0);
    }
}

#[test]
fn a_connection_that_is_still_being_opened_is_said_to_be() {
    let (hang, requested) = super::hang();
    let (one, two) = (named("one"), Server::scripts([hang]));
    let terminal = connect(&one, &[]);
    terminal.type_line(&format!("/connect h {}", two.url()));
    next(&requested);
    terminal.type_line(&format!("/connect h {}", one.url()));
    terminal.wait_for("h is still connecting: /close cancels it");
    terminal.type_line("/close");
    terminal.wait_for("[h] cancelled");
    quit(terminal, 0);
}

#[test]
fn a_signal_ends_the_run_during_an_attempt() {
    let (hang, requested) = super::hang();
    let one = Server::scripts([cut_after("end"), hang]);
    let two = named("two");
    let mut terminal = while_reconnecting(&one, &two, &requested);
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.wait_exit_within(2 * PROMPTLY), 143, "{}", terminal.screen());
    assert!(terminal.termios_restored());
}

#[test]
fn quit_ends_an_attempt() {
    let (hang, requested) = super::hang();
    let one = Server::scripts([cut_after("end"), hang]);
    let two = Server::scripts([accept(answer_close)]);
    let terminal = while_reconnecting(&one, &two, &requested);
    quit(terminal, 0);
}

/// The socket of the new connection goes on in the main loop.
#[test]
fn a_connection_over_tls_is_opened_again() {
    let over_tls = |steps: fn(&mut Peer)| {
        script(move |peer: &mut Peer| {
            start_untrusted_tls(peer);
            peer.accept_request();
            steps(peer);
        })
    };
    let server = Server::scripts([
        over_tls(|peer| peer.expect_text("end")),
        over_tls(|peer| answer(peer, "one")),
    ]);
    let url = server.url().replace("ws://", "wss://");
    let terminal = Terminal::spawn([&OPTIONS[..], &["-k", &url]].concat(), 100, 40);
    terminal.wait_for("subprotocol");
    terminal.type_line("end");
    terminal.wait_for("reconnected");
    terminal.type_line("still there?");
    terminal.wait_for("< one heard still there?");
    quit(terminal, 0);
}
