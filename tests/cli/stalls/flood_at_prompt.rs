//! Ctrl-C at a prompt during a flood of messages.

use super::{SHOWN_WHILE_STOPPING, serve_flood};
use crate::support::{Key, Terminal};
use std::time::Duration;

#[test]
fn ctrl_c_in_a_flood_discards_and_counts_queued_messages() {
    let (server, _progress) = serve_flood("a line of the flood that fills the screen", 1000);
    let mut terminal = Terminal::spawn(["--no-config", &server.url()], 100, 30);
    terminal.wait_for("fills the screen");
    terminal.press(Key::CtrlC);
    let status = terminal.wait_exit_within(Duration::from_millis(1500));
    assert_eq!(status, 130);
    assert!(terminal.termios_restored());
    let output = terminal.raw_output();
    let counted = super::drop_count(&output).expect("a count of unshown messages");
    assert!(counted > 0, "{}", terminal.screen());
}

/// The display stops immediately: later output of the terminal was written before the Close frame.
#[test]
fn nothing_is_shown_after_ctrl_c_in_a_flood() {
    let (server, progress) = serve_flood("a line of the flood that fills the screen", 1000);
    let mut terminal = Terminal::spawn(["--no-config", &server.url()], 100, 30);
    terminal.wait_for("fills the screen");
    terminal.press(Key::CtrlC);
    progress.iter().for_each(drop); // ends when the server has received the Close frame
    let before = terminal.raw_output().len();
    terminal.wait_exit_within(Duration::from_millis(1500));
    let after = terminal.raw_output().len() - before;
    assert!(after < SHOWN_WHILE_STOPPING, "{after} bytes were shown after the Close frame");
}
