//! The command pasted into a terminal.

use crate::repl::{leave, server};
use crate::support::Terminal;

#[test]
fn the_prompt_follows_the_command() {
    let server = server(|peer| {
        peer.expect_text("hello");
    });
    let mut terminal = Terminal::spawn(["--from-curl", "-"], 100, 30);
    terminal.wait_for("paste the curl command");
    terminal.type_line(&format!("curl 'http://127.0.0.1:{}/' \\", server.port()));
    terminal.type_line("  -H 'X-A: 1'");
    terminal.wait_for_prompt();
    terminal.type_line("hello");
    leave(terminal);
    server.join();
    terminal = Terminal::spawn(["--from-curl", "-"], 100, 30);
    terminal.wait_for("paste the curl command");
    terminal.type_line("curl 'http://127.0.0.1:1/' -o f");
    terminal.wait_for("-o cannot be used here");
    assert_eq!(terminal.wait_exit(), 2);
}

/// The kernel keeps 4,095 bytes of a line.
#[test]
fn a_line_that_the_terminal_cut_is_not_used() {
    let mut terminal = Terminal::spawn(["--from-curl", "-"], 100, 30);
    terminal.wait_for("paste the curl command");
    terminal.type_line(&format!("curl 'http://127.0.0.1:1/' -b a={}", "q".repeat(5000)));
    terminal.wait_for("save the command in a file");
    assert_eq!(terminal.wait_exit(), 2);
}
