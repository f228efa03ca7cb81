//! The lines of what runs, on a terminal: nothing of them is left when they are replaced.

use std::fmt::Write;

use crate::support::{Key, Peer, Server, Terminal, close, text};

/// A title that does not fit into a row.
const TITLE: &str = "a title that is so long that no window of the usual width has room for it";

/// A server of so many connections, each of which sends `a` and a Close when the test releases it.
fn server(connections: usize) -> Server {
    Server::repeat(connections, |peer| {
        peer.accept_request();
        peer.stall();
        if peer.try_send([text("a"), close(1000, "")].concat()) {
            peer.read_until_eof();
        }
    })
}

/// The command that writes so many scenarios, and runs them side by side.
fn command(server: &Server, files: usize, options: &str) -> String {
    let mut command = String::new();
    for file in 0..files {
        let scenario =
            format!(r"### {TITLE}\nWS {}\n[Options]\ntimeout: 60s\n\n< a\n", server.url());
        let _ = write!(command, "printf '{scenario}' >{file}.wscope; ");
    }
    command + &format!("\"$WSCOPE\" check --jobs {files} {options}")
}

fn start(server: &Server, files: usize, options: &str, columns: u16, rows: u16) -> Terminal {
    let command = command(server, files, options).replace("\"$WSCOPE\"", "exec \"$WSCOPE\"");
    Terminal::spawn_shell(&command, columns, rows)
}

fn running(screen: &str) -> usize {
    screen.lines().filter(|line| line.starts_with("running ")).count()
}

#[track_caller]
fn assert_clean(terminal: &Terminal, last: &str) {
    let screen = terminal.screen();
    assert!(!screen.contains("running ") && !screen.contains("^C"), "{screen}");
    assert!(screen.trim_end().lines().last().is_some_and(|line| line.contains(last)), "{screen}");
    assert_eq!(terminal.cursor().0, 0, "{screen}");
    assert!(!terminal.raw_output().contains("\x1b[?25l"), "the cursor was hidden");
}

#[test]
fn lines_that_do_not_fit_are_marked() {
    let server = server(2);
    let mut terminal = start(&server, 2, "", 80, 24);
    terminal.wait_until("two lines", |screen| {
        running(screen) == 2 && screen.lines().all(|line| line.trim_end().ends_with('…'))
    });
    server.release();
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
    assert_clean(&terminal, "2 files, 2 parts: 2 passed");
}

#[test]
fn a_window_that_becomes_narrower_and_lower_keeps_no_old_lines() {
    let server = server(3);
    let mut terminal = start(&server, 3, "", 120, 24);
    // Whole lines: what is written of one after a change of the size would wrap.
    let is_whole = |line: &str| line.ends_with(['…', ')']) || line.ends_with(" more");
    let fits = |line: &&str| line.is_empty() || (line.starts_with("running ") && is_whole(line));
    terminal.wait_until("three lines", |screen| {
        running(screen) == 3 && screen.lines().map(str::trim_end).all(|line| fits(&line))
    });
    for (columns, rows) in [(50, 24), (30, 10), (20, 4), (90, 30)] {
        terminal.resize(columns, rows);
        let count = usize::from(rows - 2).min(3);
        terminal.wait_until("lines of this width", |screen| {
            let lines: Vec<_> = screen.lines().map(str::trim_end).collect();
            running(screen) == count
                && lines.iter().all(fits)
                && lines.first().is_some_and(|line| line.chars().count() < usize::from(columns))
        });
    }
    server.release();
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
    assert_clean(&terminal, "3 files, 3 parts: 3 passed");
}

#[test]
fn many_files_leave_room_in_a_low_window() {
    const FILES: usize = 60;
    let server = server(FILES);
    let mut terminal = start(&server, FILES, "", 80, 10);
    terminal.wait_until("a number of the rest", |screen| {
        running(screen) == 8 && screen.contains("running 53 more")
    });
    server.release();
    assert_eq!(terminal.wait_exit(), 0, "{}", terminal.screen());
    assert_clean(&terminal, "60 files, 60 parts: 60 passed");
}

#[test]
fn ctrl_c_leaves_the_results_alone_on_the_screen() {
    let server = server(2);
    let mut terminal = start(&server, 2, "", 80, 40);
    terminal.wait_until("two lines", |screen| running(screen) == 2);
    terminal.press(Key::CtrlC);
    assert_eq!(terminal.wait_exit(), 130);
    server.release();
    assert_clean(&terminal, "2 files, 2 parts: 0 passed, 0 failed, 2 skipped");
    assert!(terminal.termios_restored());
}

#[test]
fn the_shell_has_the_screen_after_ctrl_z() {
    let server = server(2);
    let terminal = Terminal::spawn_job_shell("bash", 100, 40);
    terminal.type_line(&format!("clear; {}", command(&server, 2, "")));
    terminal.wait_until("two lines", |screen| running(screen) == 2);
    terminal.press(Key::CtrlZ);
    terminal.wait_for_stop();
    assert_eq!(running(&terminal.screen()), 0, "{}", terminal.screen());
    terminal.type_text("fg\n");
    terminal.wait_until("two lines again", |screen| running(screen) == 2);
    server.release();
    terminal.wait_for("2 files, 2 parts: 2 passed");
    assert_eq!(running(&terminal.screen()), 0, "{}", terminal.screen());
}

#[test]
fn nothing_is_drawn_in_the_background() {
    let server = server(1);
    let terminal = Terminal::spawn_job_shell("bash", 100, 40);
    terminal.type_line(&format!("clear; {} &", command(&server, 1, "-v")));
    terminal.wait_for("connected to");
    // The shell answers for longer than it takes until a line would be shown.
    terminal.type_line("sleep 1; echo $((6 * 7))");
    terminal.wait_for("\n42");
    assert!(!terminal.raw_output().contains("running "), "{}", terminal.screen());
    server.release();
    terminal.wait_for("1 file, 1 part: 1 passed");
}

#[test]
fn terminals_that_cannot_remove_lines_get_none() {
    for (prefix, columns) in [("TERM=dumb ", 80), ("GITHUB_ACTIONS=true ", 80), ("", 0)] {
        let server = server(1);
        let command =
            command(&server, 1, "-v").replace("\"$WSCOPE\"", &format!("{prefix}\"$WSCOPE\""));
        let size = if columns == 0 { "stty cols 0; " } else { "" };
        let mut terminal = Terminal::spawn_shell(&format!("{size}{command}"), 80, 24);
        terminal.wait_for("connected to");
        wait_for_lines();
        server.release();
        assert_eq!(terminal.wait_exit(), 0);
        assert!(!terminal.raw_output().contains("running "), "{prefix}: {}", terminal.raw_output());
    }
}

/// A pause that is longer than it takes until a line would be shown: that none is has no event.
fn wait_for_lines() {
    std::thread::sleep(std::time::Duration::from_secs(1));
}

#[test]
fn without_colours_the_lines_have_none() {
    let server = server(1);
    let command = command(&server, 1, "").replace("\"$WSCOPE\"", "NO_COLOR=1 \"$WSCOPE\"");
    let mut terminal = Terminal::spawn_shell(&command, 80, 24);
    terminal.wait_until("a line", |screen| running(screen) == 1);
    server.release();
    assert_eq!(terminal.wait_exit(), 0);
    assert!(!terminal.raw_output().contains("\x1b[2m"), "{}", terminal.raw_output());
}

#[test]
fn the_lines_are_where_the_results_are() {
    for (redirection, expected) in [("2>errors", 1), (">results", 0)] {
        let server = server(1);
        let mut terminal = start(&server, 1, &format!("-v {redirection}"), 80, 24);
        match expected {
            0 => wait_for_lines(),
            _ => terminal.wait_until("a line", |screen| running(screen) == 1),
        }
        server.release();
        assert_eq!(terminal.wait_exit(), 0);
        let was_shown = terminal.raw_output().contains("running ");
        assert_eq!(was_shown, expected > 0, "{redirection}: {}", terminal.raw_output());
        let file = std::fs::read_to_string(terminal.home().join("results")).unwrap_or_default();
        assert!(!file.contains('\x1b') && !file.contains("running "), "{file}");
    }
}

/// A step whose message was sent while the program was stopped has not failed.
#[test]
fn the_time_of_a_stop_does_not_count() {
    let server = Server::script(|peer: &mut Peer| {
        peer.accept_request();
        peer.stall();
        peer.send([text("a"), close(1000, "")].concat());
        peer.read_until_eof();
    });
    let terminal = Terminal::spawn_job_shell("bash", 100, 40);
    let scenario =
        format!(r"WS {}\n[Options]\ntimeout: 1500ms\nmax-time: 2s\n\n< a\n", server.url());
    terminal
        .type_line(&format!("clear; printf '{scenario}' >s.wscope; \"$WSCOPE\" check s.wscope"));
    terminal.wait_until("a line", |screen| running(screen) == 1);
    terminal.press(Key::CtrlZ);
    terminal.wait_for_stop();
    terminal.type_line("sleep 2; echo $((6 * 7))");
    terminal.wait_for("\n42");
    terminal.type_text("fg\n");
    terminal.wait_until("a line again", |screen| running(screen) == 1);
    server.release();
    terminal.wait_for("1 file, 1 part: 1 passed");
}
