//! Ctrl-C at a prompt that a server floods.

use super::{HELD_BY_KERNEL, serve_flood};
use crate::support::{Key, Terminal};
use std::time::Duration;

#[test]
fn ctrl_c_in_a_flood_went_on_showing_what_was_queued() {
    let (server, _progress) = serve_flood("a line of the flood that fills the screen", 1000);
    let mut terminal = Terminal::spawn(["--no-config", &server.url()], 100, 30);
    terminal.wait_for("fills the screen");
    terminal.press(Key::CtrlC);
    let status = terminal.wait_exit_within(Duration::from_millis(1500));
    assert_eq!(status, 130);
    assert!(terminal.termios_restored());
    let output = terminal.raw_output();
    let counted = super::drop_count(&output).expect("what was received and not shown is counted");
    assert!(counted > 0, "{}", terminal.screen());
}

/// The display stops at once: what the terminal still shows was written before the Close frame.
#[test]
fn after_ctrl_c_in_a_flood_nothing_more_of_it_is_shown() {
    let (server, progress) = serve_flood("a line of the flood that fills the screen", 1000);
    let mut terminal = Terminal::spawn(["--no-config", &server.url()], 100, 30);
    terminal.wait_for("fills the screen");
    terminal.press(Key::CtrlC);
    progress.iter().for_each(drop); // ends when the server has seen the Close frame
    let before = terminal.raw_output().len();
    terminal.wait_exit_within(Duration::from_millis(1500));
    let after = terminal.raw_output().len() - before;
    assert!(after < HELD_BY_KERNEL, "{after} bytes were shown after the Close frame");
}
