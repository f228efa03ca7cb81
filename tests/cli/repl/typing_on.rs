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

const KEPT: &str = "the line that was being typed was not sent; it is in the history; --stay keeps the prompt when \
     the connection ends";

/// The screen of a session whose server closes, without its line breaks.
fn words_after(options: &[&str], line: &str) -> String {
    let server = closing();
    let url = server.url();
    let mut terminal = Terminal::spawn([options, &[url.as_str()]].concat(), 80, 24);
    wait_for_prompt(&terminal, "");
    terminal.type_text(line);
    wait_for_prompt(&terminal, line);
    server.release();
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
    terminal.screen().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn it_is_said_where_the_line_is_and_how_to_keep_the_prompt() {
    let screen = words_after(&[], "half 안녕");
    assert!(screen.contains(KEPT), "{screen}");
    assert!(!words_after(&["-q"], "half").contains("--stay"));
    assert!(!words_after(&[], "").contains("--stay"));
}

#[test]
fn a_line_that_no_history_keeps_is_not_said_to_be_there() {
    for (options, line) in [(&["--no-history"][..], "half"), (&[], " half")] {
        let screen = words_after(options, line);
        let text = "the line that was being typed was not sent; --stay keeps the prompt";
        assert!(screen.contains(text), "{screen}");
    }
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
