//! Runs on a terminal whose output was stopped with Ctrl-S.

use super::{TIME_TO_END, serve_flood};
use crate::scripts::sum_until_stalled;
use crate::support::{Key, Signal, Terminal};

#[test]
fn a_signal_ends_a_run_on_a_stopped_terminal() {
    let signals = [(Signal::TERM, 1001, 143), (Signal::HUP, 1001, 129), (Signal::INT, 1000, 130)];
    for (signal, code, status) in signals {
        let (server, progress) = serve_flood("a line of the flood that fills the screen", code);
        let mut terminal = Terminal::spawn(["--no-config", &server.url()], 100, 30);
        terminal.wait_for("fills the screen");
        terminal.wait_until_raw(true);
        terminal.stop_output();
        sum_until_stalled(&progress);
        let ended = terminal.wait_exit_after(TIME_TO_END, |terminal| terminal.signal(signal));
        assert_eq!(ended, status, "{signal:?}");
    }
}

#[test]
fn max_time_ends_a_run_on_a_stopped_terminal() {
    let (server, _progress) = serve_flood("a line of the flood that fills the screen", 1000);
    let options = ["--no-config", "-m", "1s", &server.url()];
    let mut terminal = Terminal::spawn(options, 100, 30);
    terminal.wait_for("fills the screen");
    terminal.wait_until_raw(true);
    terminal.stop_output();
    assert_eq!(terminal.wait_exit_within(TIME_TO_END + TIME_TO_END / 2), 7);
    assert!(terminal.termios_restored());
}

#[test]
fn ctrl_c_is_read_from_a_stopped_terminal() {
    let (server, progress) = serve_flood("a line of the flood that fills the screen", 1000);
    let mut terminal = Terminal::spawn(["--no-config", &server.url()], 100, 30);
    terminal.wait_for("fills the screen");
    terminal.wait_until_raw(true);
    terminal.stop_output();
    sum_until_stalled(&progress);
    let ended = terminal.wait_exit_after(TIME_TO_END, |terminal| {
        terminal.wait_until_interruptible();
        terminal.press(Key::CtrlC);
    });
    assert_eq!(ended, 130);
    assert!(terminal.termios_restored());
}
