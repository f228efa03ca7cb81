//! What is typed when the connection ends reaches the history, and not the shell.

use std::fs;
use std::time::{Duration, Instant};

use super::wait_for_prompt;
use crate::scripts::serve;
use crate::support::{Key, Server, Signal, Terminal};

/// A peer that closes on release.
fn closing() -> Server {
    serve(|peer| {
        peer.stall();
        peer.close_and_expect_reply(1000);
    })
}

fn in_shell(server: &Server) -> Terminal {
    let terminal = Terminal::spawn_job_shell("bash", 100, 30);
    terminal.type_line(&format!("\"$WSCOPE\" {}", server.url()));
    terminal.wait_for_prompt();
    terminal
}

/// Whether the shell has taken the next line as a whole.
#[track_caller]
fn assert_shell_has_nothing(terminal: &Terminal) {
    terminal.type_line("echo $((6 * 7))");
    terminal.wait_for("\n42\nshell$");
    let screen = terminal.screen();
    assert!(!screen.contains("not found") && !screen.contains("ran"), "{screen}");
}

#[test]
fn what_is_typed_on_does_not_reach_the_shell() {
    let server = closing();
    let terminal = in_shell(&server);
    terminal.type_text("half a");
    terminal.wait_for("> half a");
    server.release();
    terminal.wait_for("closed by the peer");
    terminal.type_text(" message\recho r''an\r");
    terminal.wait_until("the shell", |screen| screen.trim_end().ends_with("shell$"));
    assert_shell_has_nothing(&terminal);
    let history = terminal.home().join(".local/state/wscope/history");
    assert_eq!(fs::read_to_string(history).expect("a history"), "#V2\nhalf a\n");
}

#[test]
fn a_key_pressed_just_before_is_enough() {
    let server = closing();
    let terminal = in_shell(&server);
    terminal.type_text("a");
    terminal.press(Key::Backspace);
    wait_for_prompt(&terminal, "");
    server.release();
    terminal.wait_for("closed by the peer");
    terminal.type_text("echo r''an\r");
    terminal.wait_until("the shell", |screen| screen.trim_end().ends_with("shell$"));
    assert_shell_has_nothing(&terminal);
}

/// How long what is typed is dropped.
const LINGER: Duration = Duration::from_millis(500);

/// Whether one of a few runs takes less than that from its start, which it returns, to its end: others may be delayed on
/// a busy machine.
fn ends_at_once(run: impl Fn() -> (Terminal, Instant)) -> bool {
    (0..5).any(|_| {
        let (mut terminal, start) = run();
        assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
        let time = start.elapsed();
        assert!(terminal.termios_restored(), "{}", terminal.screen());
        time < LINGER
    })
}

fn session_with(server: &Server, line: &str) -> Terminal {
    let terminal = Terminal::spawn([server.url()], 80, 24);
    wait_for_prompt(&terminal, "");
    terminal.type_text(line);
    wait_for_prompt(&terminal, line);
    terminal
}

#[test]
fn only_someone_who_is_typing_delays_the_end() {
    let run = |line: &str| {
        let server = closing();
        let terminal = session_with(&server, line);
        let start = Instant::now();
        server.release();
        server.join();
        (terminal, start)
    };
    assert!(ends_at_once(|| run("")));
    assert!(!ends_at_once(|| run("a")));
}

#[test]
fn quit_is_not_delayed() {
    assert!(ends_at_once(|| {
        let server = super::server(|_| {});
        let terminal = session_with(&server, "/quit");
        let start = Instant::now();
        terminal.press(Key::Enter);
        server.join();
        (terminal, start)
    }));
}

#[test]
fn ctrl_c_and_signals_end_it_at_once() {
    let ends: [fn(&Terminal); 2] =
        [|terminal| terminal.press(Key::CtrlC), |terminal| terminal.signal(Signal::TERM)];
    for end in ends {
        assert!(ends_at_once(|| {
            let server = closing();
            let terminal = session_with(&server, "half");
            let start = Instant::now();
            server.release();
            terminal.wait_for("closed by the peer");
            end(&terminal);
            (terminal, start)
        }));
    }
}
