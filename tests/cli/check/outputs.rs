//! Outputs that stall, and the lines of what runs on a terminal.

use std::io::Read;
use std::thread;
use std::time::Duration;

use super::check;
use crate::files::fifo;
use crate::support::{Server, Signal, Terminal, close, text};

const PASSES: &str = "### the title\nWS {{url}}\n< a\n";

fn sending_a() -> Server {
    Server::script(|peer| {
        peer.accept_request();
        peer.send(text("a"));
        peer.answer_close(1000);
    })
}

#[test]
fn a_report_waits_for_the_reader_of_a_fifo() {
    let server = sending_a();
    let program = check(PASSES).args(["--variable", &format!("url={}", server.url())]);
    let path = fifo(&program.home());
    let reader = thread::spawn(move || {
        let mut report = String::new();
        std::fs::File::open(path)?.read_to_string(&mut report).map(|_| report)
    });
    program.args(["--report-tap", "fifo"]).run().code(0);
    let report = reader.join().expect("no panic").expect("a report");
    assert!(report.starts_with("TAP version 14\n1..1\nok 1 - s.wscope: the title"), "{report}");
}

#[test]
fn a_signal_ends_the_wait_for_the_reader_of_a_report() {
    let server = sending_a();
    let program = check(PASSES).args(["--variable", &format!("url={}", server.url())]);
    fifo(&program.home());
    let mut running = program.args(["--report-tap", "fifo"]).spawn();
    while !running.read_stdout_line().starts_with("1 file") {}
    running.signal(Signal::TERM);
    running.wait().code(143);
}

/// Scenario language, section 5: "running ones are shown while they run".
#[test]
fn a_terminal_shows_what_runs_until_it_is_over() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.stall();
        peer.send(text("a"));
        peer.send(close(1000, ""));
    });
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("s.wscope");
    std::fs::write(&file, "### the title\nWS {{url}}\n< a\n< close:1000\n").expect("a file");
    let url = format!("url={}", server.url());
    let terminal =
        Terminal::spawn(["check", file.to_str().expect("UTF-8"), "--variable", &url], 100, 20);
    terminal.wait_for("part 1 of 1: the title)");
    server.release();
    terminal.wait_for("1 file, 1 part: 1 passed");
    assert!(!terminal.screen().contains("running"), "{}", terminal.screen());
}

/// Scenario language, section 5: "`-v` the transcripts of all parts as they happen".
#[test]
fn verbose_shows_events_as_they_happen() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("first"));
        peer.stall();
        peer.send(text("second"));
        peer.answer_close(1000);
    });
    let url = format!("url={}", server.url());
    let scenario = "### two\nWS {{url}}\n< second\n";
    let mut running = check(scenario).args(["-v", "--variable", &url]).spawn();
    assert_eq!(running.read_stdout_line(), "### s.wscope: two");
    while !running.read_stdout_line().contains("first") {}
    server.release();
    let outcome = running.wait().code(0);
    assert_eq!(outcome.stdout.matches("### ").count(), 1, "{}", outcome.stdout);
    assert_eq!(outcome.stdout.matches("second").count(), 1, "{}", outcome.stdout);
}

/// Command line, section 1: "`-vv` every frame, `-vvv` every byte", and frames have times.
#[test]
fn more_verbose_shows_frames_with_times_and_without_secrets() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("first hunter2-secret"));
        peer.answer_close(1000);
    });
    let url = format!("url={}", server.url());
    let secret = ["--secret", "token=hunter2-secret"];
    let outcome = check("WS {{url}}\n< first {{token}}\n")
        .args(["-vvv", "--variable", &url])
        .args(secret)
        .run()
        .code(0);
    let frame = outcome.stdout.lines().find(|line| line.contains("<< frame text, FIN"));
    let frame = frame.expect("the frame");
    assert!(frame.trim_start().starts_with("0.") && frame.ends_with("\"first ***\""), "{frame}");
    assert!(outcome.stdout.contains("header 81 14"), "{}", outcome.stdout);
    assert!(!outcome.stdout.contains("68 75 6e 74"), "{}", outcome.stdout);
}

#[test]
fn times_are_before_the_lines_of_events() {
    let server = sending_a();
    let url = format!("url={}", server.url());
    let args = ["-v", "--timestamps=delta", "--variable", &url];
    let outcome = check("WS {{url}} as it\n< a\n").args(args).run().code(0);
    let line = outcome.stdout.lines().find(|line| line.ends_with(" it < a"));
    assert!(line.expect("the message").trim_start().starts_with("+0."), "{}", outcome.stdout);
    assert!(!outcome.stdout.contains("<< frame"), "{}", outcome.stdout);
}

#[test]
fn verbose_shows_all_events() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send((0..5000).flat_map(|n| text(&format!("message {n}."))).collect::<Vec<_>>());
        peer.send(text("last"));
        peer.answer_close(1000);
    });
    let url = format!("url={}", server.url());
    let outcome = check("WS {{url}}\n< last\n").args(["-v", "--variable", &url]).run().code(0);
    assert_eq!(outcome.stdout.matches("message ").count(), 5000);
}

/// Of 800 kB: together more than the program and the kernel keep.
const PARTS: usize = 80;

/// What a reader does not take is kept up to a limit, then the connections wait: nothing is lost, and a failure says
/// so.
#[test]
fn a_reader_that_stops_loses_nothing_and_is_named_in_a_failure() {
    let (sender, sent) = std::sync::mpsc::channel();
    let server = Server::script(move |peer| {
        peer.accept_request();
        let messages = text(&"x".repeat(8000)).repeat(100);
        for _ in 0..PARTS {
            peer.send(&messages); // blocks: the buffers of the kernel are full, too
            sender.send(()).expect("the test waits");
        }
        peer.send(text("last"));
        peer.stall();
        peer.answer_close(1000);
    });
    let url = format!("url={}", server.url());
    // Long enough for all of it on a busy machine.
    let limits = "timeout: 100s\nmax-time: 100s";
    let scenario = format!("WS {{{{url}}}}\n[Options]\n{limits}\n\n< last\n[Asserts]\nsize == 1\n");
    let program = check(&scenario).deadline(Duration::from_secs(120));
    let mut running = program.args(["-v", "--variable", &url]).spawn();
    let parts = std::iter::from_fn(|| sent.recv_timeout(Duration::from_secs(2)).ok()).count();
    assert!(parts < PARTS, "the run waits for the reader");
    #[cfg(target_os = "linux")] // on a busy machine it may only be slow
    crate::scripts::wait_until_blocked(running.id());
    let mut messages = 0;
    while messages < 100 * PARTS {
        messages += usize::from(running.read_stdout_line().ends_with("xxx"));
    }
    server.release();
    let outcome = running.wait().code(1);
    outcome
        .stdout_contains("< last\n")
        .stdout_contains("s.wscope:8:1: the assertion does not hold\n")
        .stdout_contains("because the output of -v was not read: that may be the reason\n");
}

/// Standard error that nobody reads, with more for it than a pipe takes.
#[test]
fn a_signal_ends_a_run_whose_standard_error_is_not_read() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send((0..5000).flat_map(|n| text(&format!("message {n}."))).collect::<Vec<_>>());
        peer.send(text("last"));
        peer.answer_close(1000);
    });
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let url = format!("url={}", server.url());
    let program = check("WS {{url}}\n< last\n").args(["-v", "--variable", &url]);
    let running = program.args(["--report-tap", "-"]).stderr_to(writer).spawn();
    server.join();
    let mut first = [0];
    reader.read_exact(&mut first).expect("the first byte");
    running.signal(Signal::TERM);
    let outcome = running.wait().code(143);
    assert!(outcome.elapsed < Duration::from_secs(8), "{:?}", outcome.elapsed);
}

/// The end of one output is not taken for that of another one.
#[test]
fn a_report_is_whole_though_nobody_reads_standard_output() {
    let server = sending_a();
    let program = check(PASSES).args(["--variable", &format!("url={}", server.url())]);
    let path = fifo(&program.home());
    let mut running = program.args(["--report-tap", "fifo"]).spawn();
    while !running.read_stdout_line().starts_with("1 file") {}
    running.close_stdout();
    let mut report = String::new();
    let read = std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut report));
    read.expect("a report");
    running.wait().code(0);
    assert!(report.starts_with("TAP version 14\n1..1\nok 1 - s.wscope: the title"), "{report}");
}
