//! `wscope URL | less`: both read the same terminal.

use crate::scripts::serve;
use crate::support::{PONG, Terminal, ping, text};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// A key that is meant for the pager wakes both of them; who comes second must not wait for the next one.
#[test]
#[expect(clippy::print_stdout, reason = "a test that did not run has to say so")]
fn a_key_for_the_pager_stopped_the_whole_program() {
    const KEYS: usize = 40;
    if Command::new("less").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("SKIPPED: less is not installed");
        return;
    }
    let (pongs, ponged) = channel();
    let server = serve(move |peer| {
        (0..400).for_each(|number| peer.send(text(&format!("line{number:04}"))));
        // Until the test has seen enough.
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
    for key in 0..KEYS {
        // Either of the two may get it.
        terminal.type_text("j");
        while ponged.try_recv().is_ok() {}
        let pong = ponged.recv_timeout(Duration::from_secs(1));
        assert!(pong != Err(RecvTimeoutError::Timeout), "no pong after {} keys", key + 1);
    }
    terminal.wait_until("a page that has moved", |screen| !screen.contains("line0000"));
    drop(ponged);
    terminal.type_text("q");
}

/// Whichever of the two ends first, the terminal is as it was before both.
#[test]
#[expect(clippy::print_stdout, reason = "a test that did not run has to say so")]
fn a_pager_that_outlives_the_program_gives_the_terminal_back() {
    if Command::new("less").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("SKIPPED: less is not installed");
        return;
    }
    let server = serve(|peer| {
        (0..400).for_each(|number| peer.send(text(&format!("line{number:04}"))));
        peer.stall();
        peer.close(1000, "");
        peer.expect_close(1000);
    });
    let script = format!("\"$WSCOPE\" --no-config {} 2>/dev/null | less", server.url());
    let mut terminal = Terminal::spawn_shell(&script, 100, 24);
    terminal.wait_for("line0010");
    super::pause(); // longer than it takes the program to take a terminal that nobody else has
    server.release();
    server.join();
    terminal.type_text("G");
    terminal.wait_for("line0399");
    terminal.type_text("q");
    terminal.wait_exit();
    assert!(terminal.termios_restored());
}
