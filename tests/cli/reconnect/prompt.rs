//! Reconnecting at the prompt: the edited line is kept, and entered lines are queued.

use super::{accept, cut};
use crate::scripts::answer_close;
use crate::support::{Key, Peer, Server, Terminal, script, text};

fn prompt(server: &Server, delay: &str) -> Terminal {
    let url = server.url();
    Terminal::spawn(["--reconnect", "--reconnect-delay", delay, &url], 100, 30)
}

#[test]
fn lines_typed_without_a_connection_are_sent_later() {
    let busy = script(|peer: &mut Peer| {
        peer.read_head();
        peer.respond("HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n");
    });
    let server = Server::scripts([
        cut(),
        busy,
        accept(|peer| {
            peer.expect_text("typed while away");
            peer.send(text("welcome back"));
            answer_close(peer);
        }),
    ]);
    let mut terminal = prompt(&server, "1ms");
    terminal.wait_for("as the server requests");
    terminal.type_line("typed while away");
    terminal.wait_for("not connected: queued until reconnected");
    terminal.type_line("/status");
    terminal.wait_for("not connected");
    terminal.type_text("half a li");
    terminal.wait_for("reconnected; sending 1 queued message");
    terminal.wait_for("< welcome back");
    terminal.wait_for("> half a li");
    terminal.press(Key::CtrlC); // clears the line
    terminal.press(Key::CtrlC);
    terminal.wait_exit();
    assert!(terminal.termios_restored());
}

#[test]
fn ctrl_c_and_ctrl_d_end_the_delay() {
    for (key, code) in [(Key::CtrlC, 130), (Key::CtrlD, 6)] {
        let server = Server::scripts([cut()]);
        let mut terminal = prompt(&server, "10m");
        terminal.wait_for("reconnecting in");
        terminal.press(key);
        assert_eq!(terminal.wait_exit(), code, "{}", terminal.screen());
        assert!(terminal.termios_restored());
    }
}

/// The next attempt hangs in its opening handshake, when no line is read from the editor.
#[test]
fn ctrl_c_ends_an_attempt() {
    let (sender, requested) = std::sync::mpsc::channel();
    let hang = script(move |peer: &mut Peer| {
        peer.read_head();
        sender.send(()).expect("a receiver in the test");
        peer.read_until_eof();
    });
    let server = Server::scripts([cut(), hang]);
    let mut terminal = prompt(&server, "1ms");
    crate::scripts::next(&requested);
    terminal.press(Key::CtrlC);
    assert_eq!(terminal.wait_exit(), 130, "{}", terminal.screen());
    assert!(terminal.termios_restored());
}
