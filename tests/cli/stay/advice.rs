//! What can be done is said once when a connection has ended.

use super::{accept, cut_after, hang, quit, stay, wait_for_times};
use crate::scripts::{answer_close, next, refused_url, serve};
use crate::support::{Key, Server, Terminal};

const AGAIN: &str = "Enter or /reconnect connects again";
const ALONE: &str = "Enter or /reconnect connects again; /quit leaves";

#[test]
fn it_is_said_after_each_end() {
    let server = Server::scripts([
        accept(|peer| {
            peer.expect_text("one");
            peer.close_and_expect_reply(1000);
        }),
        cut_after("two"),
        accept(answer_close),
    ]);
    let terminal = stay(&server, &[]);
    terminal.type_line("one");
    wait_for_times(&terminal, ALONE, 1);
    terminal.type_line("/status");
    terminal.wait_for("not connected");
    terminal.press(Key::Enter);
    wait_for_times(&terminal, "subprotocol", 2);
    terminal.type_line("two");
    wait_for_times(&terminal, ALONE, 2);
    terminal.press(Key::Enter);
    wait_for_times(&terminal, "subprotocol", 3);
    let screen = quit(terminal, 0);
    assert_eq!(screen.matches(AGAIN).count(), 2, "{screen}");
    let end = screen.find("closed by the peer: 1000").expect("the end");
    assert!(screen.find(AGAIN) > Some(end), "{screen}");
}

#[test]
fn it_is_said_after_an_attempt_that_failed_or_was_cancelled() {
    let terminal = Terminal::spawn(["--stay", &refused_url()], 100, 30);
    wait_for_times(&terminal, ALONE, 1);
    terminal.press(Key::Enter);
    wait_for_times(&terminal, ALONE, 2);
    let screen = quit(terminal, 3);
    assert!(screen.contains("is the port right?") && !screen.contains("--retry"), "{screen}");

    let (hang, requested) = hang();
    let server = Server::scripts([cut_after("one"), hang]);
    let terminal = stay(&server, &[]);
    terminal.type_line("one");
    wait_for_times(&terminal, ALONE, 1);
    terminal.press(Key::Enter);
    next(&requested);
    terminal.press(Key::CtrlC);
    wait_for_times(&terminal, ALONE, 2);
    quit(terminal, 6);
}

#[test]
fn of_several_it_names_the_one_that_is_not_in_use() {
    let one = Server::scripts([cut_after("end")]);
    let two = Server::scripts([cut_after("end")]);
    let three = serve(|peer| {
        peer.expect_text("now");
        peer.send(crate::support::text("so"));
        answer_close(peer);
    });
    let terminal = stay(&one, &[]);
    terminal.wait_for("subprotocol");
    for (name, server) in [("b", &two), ("c", &three)] {
        terminal.type_line(&format!("/connect {name} {}", server.url()));
        terminal.wait_for(&format!("[{name}] connected to {}", server.url()));
    }
    terminal.type_line("/use b");
    terminal.type_line("end");
    terminal.wait_for(&format!("[b] {AGAIN}\n"));
    terminal.type_line("/use main");
    terminal.type_line("end");
    terminal.wait_for(&format!("[main] {AGAIN}\n"));
    terminal.type_line("/use c");
    terminal.type_line("/reconnect b");
    terminal.wait_for("[b] /reconnect b connects again");
    terminal.type_line("now");
    terminal.wait_for("[c] < so");
    terminal.type_line("/close");
    terminal.wait_for(&format!("[c] {ALONE}"));
    quit(terminal, 0);
}

#[test]
fn it_is_not_said_where_it_is_not_true_or_not_wanted() {
    let server = Server::scripts([cut_after("one")]);
    let mut terminal = Terminal::spawn([&server.url()], 100, 30);
    terminal.type_line("one");
    assert_eq!(terminal.wait_exit(), 6, "{}", terminal.screen());
    assert!(!terminal.screen().contains(AGAIN), "{}", terminal.screen());

    let server = Server::scripts([cut_after("one")]);
    let terminal = stay(&server, &["-q"]);
    terminal.type_line("one");
    terminal.wait_for("1006");
    terminal.type_line("/status");
    terminal.wait_for("not connected");
    let screen = quit(terminal, 6);
    assert!(!screen.contains(AGAIN), "{screen}");

    let server = serve(answer_close);
    let terminal = stay(&server, &[]);
    terminal.wait_for("subprotocol");
    let screen = quit(terminal, 0);
    assert!(!screen.contains(AGAIN), "{screen}");
}

/// The attempts of `--retry` can be ended, and the connection is then one that has ended.
#[test]
fn attempts_of_retry_are_cancelled_and_made_again() {
    for ends_with_key in [true, false] {
        let server = Server::scripts([cut_after("one")]);
        let terminal = stay(&server, &["--retry", "--reconnect-delay", "10m"]);
        terminal.type_line("one");
        terminal.wait_for("1006");
        wait_for_times(&terminal, ALONE, 1);
        terminal.press(Key::Enter);
        terminal.wait_for("trying again in");
        if ends_with_key {
            terminal.press(Key::CtrlC);
        } else {
            terminal.type_line("/close");
        }
        terminal.wait_for("cancelled");
        wait_for_times(&terminal, ALONE, 2);
        terminal.type_line("/status");
        terminal.wait_for("not connected");
        quit(terminal, 6);
    }
}
