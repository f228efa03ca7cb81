//! `wscope URL | less`: both read the same terminal.

use crate::scripts::serve;
use crate::support::{PONG, Terminal, ping, text};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// A key for the pager wakes both processes; the second one must not wait for the next key.
#[test]
#[expect(clippy::print_stdout, reason = "a skipped test must be reported")]
fn a_key_for_the_pager_does_not_block_the_program() {
    const KEYS: usize = 40;
    // All keys may go to one process, if the other one is always later.
    const MOST_KEYS: usize = 4000;
    if Command::new("less").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("SKIPPED: less is not installed");
        return;
    }
    let (pongs, received) = channel();
    let server = serve(move |peer| {
        (0..400).for_each(|number| peer.send(text(&format!("line{number:04}"))));
        // Until the test drops the receiver.
        loop {
            peer.send(ping(b""));
            let frame = peer.read_frame();
            if frame.opcode != PONG || pongs.send(()).is_err() {
                return;
            }
        }
    });
    let script =
        format!("\"$WSCOPE\" --no-config --wait forever {} 2>/dev/null | less", server.url());
    let terminal = Terminal::spawn_shell(&script, 100, 24);
    terminal.wait_for("line0010");
    let has_scrolled = |screen: &str| !screen.contains("line0000");
    for key in 0..MOST_KEYS {
        if key >= KEYS && has_scrolled(&terminal.screen()) {
            break;
        }
        // Either process may receive it.
        terminal.type_text("j");
        while received.try_recv().is_ok() {}
        let pong = received.recv_timeout(Duration::from_secs(1));
        assert!(pong != Err(RecvTimeoutError::Timeout), "no pong after {} keys", key + 1);
    }
    terminal.wait_until("a scrolled page", has_scrolled);
    drop(received);
    terminal.type_text("q");
}

/// Whichever process ends first, the terminal is restored after both.
#[test]
#[expect(clippy::print_stdout, reason = "a skipped test must be reported")]
fn a_pager_that_ends_last_restores_the_terminal() {
    if Command::new("less").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("SKIPPED: less is not installed");
        return;
    }
    let server = serve(|peer| {
        (0..400).for_each(|number| peer.send(text(&format!("line{number:04}"))));
        peer.stall();
        peer.close_and_expect_reply(1000);
    });
    let script = format!("\"$WSCOPE\" --no-config {} 2>/dev/null | less", server.url());
    let mut terminal = Terminal::spawn_shell(&script, 100, 24);
    terminal.wait_for("line0010");
    super::pause(); // longer than the program needs to take over an unused terminal
    server.release();
    server.join();
    terminal.type_text("G");
    terminal.wait_for("line0399");
    terminal.type_text("q");
    terminal.wait_exit();
    assert!(terminal.termios_restored());
}
