//! What was sent and is hidden by a filter.

use super::{enter_line, leave, server, session};
use crate::listen::{client, port_in};
use crate::support::{TEXT, Terminal, pong};

/// Waits until the screen ends with this.
#[track_caller]
fn wait_for_answer(terminal: &Terminal, answer: &str) {
    terminal.wait_until(&format!("{answer:?} at the end"), |screen| {
        screen.trim_end().ends_with(answer)
    });
}

#[test]
fn the_prompt_says_what_was_sent_and_is_not_shown() {
    let server = server(|peer| {
        for _ in 0..4 {
            peer.expect_text("Kim");
        }
        peer.expect_ping(b"");
        peer.send(pong(b""));
        assert_eq!(peer.read_frame().opcode, TEXT);
        peer.expect_text("Kim");
        peer.expect_text("end");
    });
    let terminal = session(&server);
    enter_line(&terminal, "/set name Kim");
    enter_line(&terminal, "{{name}}");
    terminal.wait_for("> Kim\n");
    enter_line(&terminal, "/filter in");
    for (line, answer) in [
        ("/again", "sent (hidden by /filter)\n>"),
        ("/mute out", "not shown: out\n>"),
        ("{{name}}", "sent (hidden by /filter)\n>"),
        ("/filter off", "not shown: out\n>"),
        ("/again", "sent (hidden by /mute)\n>"),
        ("/mute pong", "not shown: out or pong\n>"),
        ("/ping", "ping sent (the pong is hidden by /mute)\n>"),
        ("/frame text hi", "sent (hidden by /mute)\n>"),
        ("Kim", "> Kim\n>"),
        ("/mute off", "all messages are shown\n>"),
        ("/text end", "> /text end\n>"),
    ] {
        terminal.type_line(line);
        wait_for_answer(&terminal, answer);
    }
    leave(terminal);
}

#[test]
fn a_server_says_it_once_for_all_clients() {
    let mut terminal = Terminal::spawn(["listen", ":0", "--mute", "out"], 100, 40);
    terminal.wait_until("a prompt below the address", |screen| {
        port_in(screen).is_some() && screen.trim_end().ends_with('>')
    });
    let port = port_in(&terminal.screen()).expect("a port on the screen");
    let mut peers = [client(port), client(port)];
    terminal.wait_for("#1 client 127.0.0.1:");
    terminal.wait_for("#2 client 127.0.0.1:");
    enter_line(&terminal, "hello");
    peers.iter_mut().for_each(|peer| peer.expect_text("hello"));
    terminal.type_line("/again");
    wait_for_answer(&terminal, "sent (hidden by /mute)\n>");
    terminal.type_line("end");
    for peer in &mut peers {
        peer.expect_text("hello");
        peer.expect_text("end");
    }
    assert_eq!(terminal.screen().matches("sent (hidden").count(), 1, "{}", terminal.screen());
    terminal.type_line("/quit");
    for mut peer in peers {
        peer.answer_close(1001);
        peer.expect_eof();
    }
    assert_eq!(terminal.wait_exit(), 0);
}
