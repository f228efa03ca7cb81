//! Several connections at one prompt.

use std::time::Duration;

use super::{PROMPTLY, accept, cut_after, quit, stay, wait_for_times};
use crate::scripts::{answer_close, serve, serve_on_release, sum_until_stalled};
use crate::stalls::{TIME_TO_END, serve_flood};
use crate::support::{CLOSE, Key, Peer, Server, Signal, Terminal, frame, text};

/// A server that says what it is called whenever it is asked.
pub(super) fn named(name: &'static str) -> Server {
    serve(move |peer| answer(peer, name))
}

/// Answers texts with this name before them, up to the Close.
pub(super) fn answer(peer: &mut Peer, name: &str) {
    loop {
        let received = peer.read_frame();
        match received.opcode {
            CLOSE => {
                peer.send(frame(true, 0, CLOSE, &received.payload));
                return;
            }
            1 => {
                let data = String::from_utf8_lossy(&received.payload).into_owned();
                peer.send(text(&format!("{name} heard {data}")));
            }
            _ => {}
        }
    }
}

pub(super) fn connect(server: &Server, options: &[&str]) -> Terminal {
    let url = server.url();
    let terminal = Terminal::spawn([options, &[url.as_str()]].concat(), 100, 40);
    terminal.wait_for("subprotocol");
    terminal
}

#[track_caller]
pub(super) fn open(terminal: &Terminal, name: &str, server: &Server) {
    terminal.type_line(&format!("/connect {name} {}", server.url()));
    terminal.wait_for(&format!("[{name}] connected to {}", server.url()));
    terminal.wait_until("its prompt", |screen| screen.trim_end().ends_with(&format!("\n{name}>")));
}

#[test]
fn lines_go_to_the_connection_of_the_prompt() {
    let (one, two) = (named("one"), named("two"));
    let terminal = connect(&one, &[]);
    terminal.type_line("alone");
    terminal.wait_for("\n< one heard alone");
    open(&terminal, "b", &two);
    terminal.type_line("hi");
    terminal.wait_for("[b] < two heard hi");
    terminal.type_line("/use main");
    terminal.wait_until("the other prompt", |screen| screen.trim_end().ends_with("\nmain>"));
    terminal.type_line("again");
    terminal.wait_for("[main] < one heard again");
    terminal.type_line("/connections");
    terminal.wait_for("* main");
    terminal.wait_for("2 received, 2 sent");
    terminal.wait_for("1 received, 1 sent");
    terminal.type_line("/use c");
    terminal.wait_for("no connection is called \"c\"");
    quit(terminal, 0);
    one.join();
    two.join();
}

#[test]
fn the_run_ends_with_the_last_connection_whichever_that_is() {
    for first in ["main", "b"] {
        let (one, two) = (named("one"), named("two"));
        let mut terminal = connect(&one, &[]);
        open(&terminal, "b", &two);
        let second = if first == "b" { "main" } else { "b" };
        terminal.type_line(&format!("/use {first}"));
        terminal.type_line("/close");
        terminal.wait_for(&format!("[{first}] closed by us: 1000"));
        terminal.type_line(&format!("/use {second}"));
        terminal.type_line("still there?");
        terminal.wait_for("heard still there?");
        terminal.type_line("/close");
        assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
        assert!(terminal.screen().contains(&format!("[{second}] closed by us")));
        assert!(terminal.termios_restored());
    }
}

#[test]
fn the_status_is_that_of_the_connection_that_ended_last() {
    let one = serve(|peer| peer.expect_text("end"));
    let two = named("two");
    let mut terminal = connect(&one, &[]);
    open(&terminal, "b", &two);
    terminal.type_line("/use main");
    terminal.type_line("end");
    terminal.wait_for("[main] wscope: closed abnormally by the peer: 1006");
    terminal.type_line("lost");
    terminal.wait_for("main: not connected: /reconnect or Enter");
    terminal.type_line("/use b");
    terminal.type_line("/close");
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());

    let one = named("one");
    let two = serve(|peer| peer.expect_text("end"));
    let mut terminal = connect(&one, &[]);
    open(&terminal, "b", &two);
    terminal.type_line("/use main");
    terminal.type_line("/close");
    terminal.wait_for("[main] closed by us");
    terminal.type_line("/use b");
    terminal.type_line("end");
    assert_eq!(terminal.wait_exit(), 6, "{}", terminal.screen());
    assert_eq!(terminal.screen().matches("1006").count(), 1, "{}", terminal.screen());
}

#[test]
fn one_of_several_is_opened_again_by_its_name() {
    let one = Server::scripts([cut_after("end"), accept(|peer| answer(peer, "one"))]);
    let two = named("two");
    let terminal = connect(&one, &[]);
    open(&terminal, "b", &two);
    terminal.type_line("/use main");
    terminal.type_line("end");
    terminal.wait_for("[main] wscope: closed abnormally");
    terminal.type_line("/use b");
    terminal.type_line("/reconnect b");
    terminal.wait_for("b: not reconnected, because it has not ended (open for");
    terminal.type_line("/reconnect main");
    wait_for_times(&terminal, "[main] connected to", 1);
    terminal.type_line("/use main");
    terminal.type_line("back");
    terminal.wait_for("[main] < one heard back");
    quit(terminal, 0);
}

#[test]
fn ctrl_c_and_signals_close_all_of_them() {
    for (signal, code, status) in
        [(None, 1000, 130), (Some(Signal::TERM), 1001, 143), (Some(Signal::HUP), 1001, 129)]
    {
        let servers = [(); 3].map(|()| serve(move |peer| drop(peer.expect_close(code))));
        let mut terminal = connect(&servers[0], &[]);
        open(&terminal, "b", &servers[1]);
        open(&terminal, "c", &servers[2]);
        match signal {
            None => terminal.press(Key::CtrlC),
            Some(signal) => terminal.signal(signal),
        }
        assert_eq!(terminal.wait_exit_within(2 * PROMPTLY), status, "{}", terminal.screen());
        assert!(terminal.termios_restored());
        servers.into_iter().for_each(Server::join);
    }
}

#[test]
fn peers_that_do_not_answer_hold_up_nothing() {
    let mute = || {
        serve(|peer| {
            peer.expect_close(1001);
            peer.stall();
        })
    };
    let servers = [mute(), mute()];
    let mut terminal = connect(&servers[0], &[]);
    open(&terminal, "b", &servers[1]);
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.wait_exit_within(Duration::from_millis(1300)), 143);
    assert!(terminal.termios_restored());
}

#[test]
fn a_second_ctrl_c_ends_all_at_once() {
    let mute = || {
        serve(|peer| {
            peer.expect_close(1000);
            peer.send(text("what?"));
            peer.stall();
        })
    };
    let servers = [mute(), mute()];
    let mut terminal = connect(&servers[0], &["--close-timeout", "0"]);
    open(&terminal, "b", &servers[1]);
    terminal.type_line("/quit");
    terminal.wait_for("[b] < what?");
    terminal.wait_for("[main] < what?");
    terminal.press(Key::CtrlC);
    let status = terminal.wait_exit_within(2 * PROMPTLY);
    assert_eq!(status, 130, "{}", terminal.screen());
    assert!(terminal.termios_restored());
}

/// A flood on one connection does not keep the other from answering, nor the line being typed from its place.
#[test]
fn a_flood_in_the_background_does_not_hold_up_the_line_being_typed() {
    let flood = serve_on_release(|peer| {
        for number in 0..30_000 {
            if !peer.try_send(text(&format!("flood {number}"))) {
                return;
            }
        }
        peer.send(frame(true, 0, 9, b"alive?"));
        peer.expect_pong(b"alive?");
        answer_close(peer);
    });
    let quiet = named("quiet");
    let terminal = connect(&flood, &[]);
    open(&terminal, "b", &quiet);
    flood.release();
    terminal.wait_for("[main] < flood");
    terminal.type_line("still typing");
    terminal.wait_for_output("quiet heard still typing");
    terminal.wait_for_output("flood 29999");
    quit(terminal, 0);
    flood.join();
}

#[test]
fn a_ping_in_the_background_is_answered() {
    let asks = serve_on_release(|peer| {
        peer.send(frame(true, 0, 9, b"there?"));
        peer.expect_pong(b"there?");
        answer_close(peer);
    });
    let quiet = named("quiet");
    let terminal = connect(&quiet, &[]);
    open(&terminal, "b", &asks);
    terminal.type_line("/use main");
    asks.release();
    terminal.type_line("hi");
    terminal.wait_for("[main] < quiet heard hi");
    quit(terminal, 0);
    asks.join();
}

#[test]
fn sixteen_connections_are_the_most() {
    let servers: Vec<_> = (0..17).map(|_| named("x")).map(Server::optional).collect();
    let terminal = connect(&servers[0], &[]);
    for (number, server) in servers.iter().enumerate().take(16).skip(1) {
        terminal.type_line(&format!("/connect c{number} {}", server.url()));
        terminal.wait_for(&format!("[c{number}] connected to"));
    }
    terminal.type_line(&format!("/connect more {}", servers[16].url()));
    terminal.wait_for("16 connections are open: /close one of them first");
    terminal.type_line("/close");
    terminal.wait_for("[c15] closed by us");
    terminal.type_line(&format!("/connect more {}", servers[16].url()));
    terminal.wait_for("[more] connected to");
    terminal.type_line("hello");
    terminal.wait_for("[more] < x heard hello");
    quit(terminal, 0);
}

#[test]
fn a_connection_that_cannot_be_opened_is_said_with_its_name() {
    let one = named("one");
    let terminal = connect(&one, &[]);
    let url = crate::scripts::refused_url();
    terminal.type_line(&format!("/connect b {url}"));
    terminal.wait_for("[b] wscope: could not connect");
    terminal.type_line("/use b");
    terminal.wait_until("its prompt", |screen| screen.trim_end().ends_with("\nb>"));
    terminal.type_line("into the void");
    terminal.wait_for("b: not connected");
    terminal.type_line("/use main");
    terminal.type_line("hi");
    terminal.wait_for("[main] < one heard hi");
    quit(terminal, 0);
}

#[test]
fn lines_go_on_to_the_one_before_if_a_connection_cannot_be_opened() {
    let one = named("one");
    let terminal = connect(&one, &[]);
    let url = crate::scripts::refused_url();
    terminal.type_line(&format!("/connect b {url}"));
    terminal.wait_for("[b] not opened: lines go to main; /reconnect b tries again");
    // It may have taken so long that its prompt was shown.
    terminal.press(Key::Enter);
    terminal.wait_until("the prompt before", |screen| screen.trim_end().ends_with("\nmain>"));
    terminal.type_line("hi");
    terminal.wait_for("[main] < one heard hi");
    let screen = quit(terminal, 0);
    assert!(!screen.contains("--retry"), "an option cannot be typed here: {screen}");
}

#[test]
fn names_are_completed() {
    let (one, two) = (named("one"), named("two"));
    let terminal = connect(&one, &[]);
    open(&terminal, "backend", &two);
    terminal.type_text("/use ma");
    terminal.press(Key::Tab);
    terminal.wait_for("/use main");
    terminal.press(Key::Enter);
    terminal.wait_until("the other prompt", |screen| screen.trim_end().ends_with("\nmain>"));
    quit(terminal, 0);
}

#[test]
fn with_stay_the_prompt_is_left_when_all_have_ended() {
    let one = Server::scripts([cut_after("end"), accept(|peer| answer(peer, "one"))]);
    let two = serve(|peer| peer.close_and_expect_reply(1000));
    let terminal = stay(&one, &[]);
    terminal.wait_for("subprotocol");
    terminal.type_line(&format!("/connect b {}", two.url()));
    terminal.wait_for("[b] closed by the peer: 1000");
    terminal.type_line("/use main");
    terminal.wait_until("the other prompt", |screen| screen.trim_end().ends_with("\nmain>"));
    terminal.type_line("end");
    terminal.wait_for("[main] wscope: closed abnormally");
    terminal.type_line("/connections");
    terminal.wait_for("closed by the peer: 1000 Normal Closure, ");
    terminal.press(Key::Enter);
    wait_for_times(&terminal, "[main] connected to", 1);
    quit(terminal, 0);
}

/// The terminal is stopped, and both connections are flooded: the socket of each is no longer read.
#[test]
fn signals_end_a_run_on_a_stopped_terminal() {
    for (signal, code, status) in [(Signal::TERM, 1001, 143), (Signal::INT, 1000, 130)] {
        let (one, first) = serve_flood("a line of the first flood", code);
        let (two, second) = serve_flood("a line of the second flood", code);
        let mut terminal = Terminal::spawn([&one.url()], 100, 40);
        terminal.wait_for("line of the first flood");
        terminal.type_line(&format!("/connect b {}", two.url()));
        terminal.wait_for_output("line of the second flood");
        terminal.stop_output();
        sum_until_stalled(&first);
        sum_until_stalled(&second);
        let ended = terminal.wait_exit_after(TIME_TO_END, |terminal| terminal.signal(signal));
        assert_eq!(ended, status, "{signal:?}");
        assert!(terminal.termios_restored());
    }
}

#[test]
fn a_goal_that_any_of_them_meets_ends_the_run() {
    let (one, two) = (serve(answer_close), named("two"));
    let mut terminal = connect(&one, &["--count", "1"]);
    open(&terminal, "b", &two);
    terminal.type_line("hi");
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
    assert!(terminal.screen().contains("[b] < two heard hi"));
    one.join();
}

#[test]
fn max_time_ends_all_of_them() {
    let (one, two) = (named("one"), named("two"));
    let mut terminal = connect(&one, &["-m", "2s"]);
    open(&terminal, "b", &two);
    assert_eq!(terminal.wait_exit(), 7, "{}", terminal.screen());
    assert_eq!(terminal.screen().matches("--max-time 2s ran out").count(), 1);
    assert!(terminal.termios_restored());
}

#[test]
fn events_have_the_number_of_the_connection_once_there_are_several() {
    let (one, two) = (named("one"), named("two"));
    let url = one.url();
    let terminal = Terminal::spawn(["--json", &url], 600, 60);
    terminal.wait_for("\"event\":\"open\"");
    terminal.type_line("alone");
    terminal.wait_for("one heard alone");
    assert!(!terminal.screen().contains("\"connection\":"));
    terminal.type_line(&format!("/connect b {}", two.url()));
    terminal.wait_for("b>");
    terminal.type_line("hi");
    terminal.wait_for("two heard hi");
    let screen = terminal.screen();
    let line = screen.lines().find(|line| line.contains("two heard hi")).expect("the event");
    assert!(line.contains("\"connection\":2"), "{line}");
    quit(terminal, 0);
}

#[test]
fn a_connection_to_an_endpoint_has_its_name() {
    for (given, name) in [("@staging", "staging"), ("-c @staging", "main")] {
        let (one, two) = (named("one"), named("two"));
        let script = format!(
            "mkdir -p .config/wscope; printf '[staging]\\nurl = {}\\n' > .config/wscope/config; \
             exec \"$WSCOPE\" {given}",
            one.url()
        );
        let terminal = Terminal::spawn_shell(&script, 100, 40);
        terminal.wait_for("subprotocol");
        open(&terminal, "b", &two);
        terminal.type_line(&format!("/use {name}"));
        terminal.type_line("hi");
        terminal.wait_for(&format!("[{name}] < one heard hi"));
        quit(terminal, 0);
    }
}

/// Lines for one connection are sent while the other one stalls in its handshake, or accepts no data.
#[test]
fn a_stalled_connection_does_not_hold_up_lines_for_another() {
    let one = serve(|peer| {
        peer.expect_text("first");
        peer.stall(); // reads nothing
        peer.read_until_eof();
    });
    let two = named("two");
    let mut terminal = connect(&one, &["--no-compress"]);
    open(&terminal, "b", &two);
    let path = terminal.home().join("large");
    std::fs::write(&path, vec![b'x'; 24 << 20]).expect("a file");
    terminal.type_line("/use main");
    terminal.type_line("first");
    terminal.type_line("/file large");
    terminal.type_line("/use b");
    terminal.type_line("hi");
    terminal.wait_for("[b] < two heard hi");
    terminal.press(Key::CtrlC);
    assert_eq!(terminal.wait_exit_within(2 * PROMPTLY), 130, "{}", terminal.screen());
}

/// Ctrl-C, or `/close`, ends the wait for the next attempt of a connection in a thread; the others stay.
#[test]
fn the_wait_for_another_attempt_of_one_connection_can_be_cancelled() {
    for ends_with_key in [true, false] {
        let one = named("one");
        let two = Server::scripts([cut_after("end")]);
        let terminal = connect(&one, &["--reconnect", "--reconnect-delay", "10m"]);
        open(&terminal, "b", &two);
        terminal.type_line("end");
        terminal.wait_for("reconnecting in");
        terminal.type_line("kept");
        if ends_with_key {
            terminal.press(Key::CtrlC);
        } else {
            terminal.type_line("/close");
        }
        terminal.wait_for("[b] wscope: closed abnormally by the peer: 1006");
        terminal.wait_for("not sent: 1 message");
        terminal.type_line("/use main");
        terminal.type_line("hi");
        terminal.wait_for("[main] < one heard hi");
        quit(terminal, 0);
    }
}
