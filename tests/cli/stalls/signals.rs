//! Signals and `--max-time` end a run within about a second, whichever stream is stalled.

use std::io::{Write, pipe};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use super::{TIME_TO_END, assert_lines, expect_drop_count, numbered_line, serve_flood};
use crate::scripts::{next, serve, sum_until_stalled};
use crate::support::{Outcome, Running, Server, Signal, ping, text, wscope};

/// A signal, the code of our Close frame, and the exit status.
const SIGNALS: [(Signal, u16, i32); 3] =
    [(Signal::INT, 1000, 130), (Signal::TERM, 1001, 143), (Signal::HUP, 1001, 129)];

const SIZE: usize = 10_000;

#[track_caller]
fn assert_ends(running: Running, signal: Signal, status: i32) -> Outcome {
    running.signal(signal);
    running.wait_with_stdout_stalled(TIME_TO_END).code(status)
}

/// Runs the test for each signal in its own thread, as it mostly waits.
fn for_each_signal(test: impl Fn(Signal, u16, i32) + Sync) {
    thread::scope(|scope| {
        for (signal, code, status) in SIGNALS {
            let test = &test;
            scope.spawn(move || test(signal, code, status));
        }
    });
}

#[test]
fn a_signal_ends_a_run_whose_stdout_is_stalled() {
    for_each_signal(|signal, code, status| {
        let line = numbered_line(0, SIZE);
        let (server, progress) = serve_flood(&line, code);
        let mut running = wscope().args(["--wait", "forever", &server.url()]).spawn();
        running.wait_stderr("connected");
        sum_until_stalled(&progress);
        let outcome = assert_ends(running, signal, status);
        assert!(expect_drop_count(&outcome) > 0);
        assert_lines(&outcome, &line);
        server.join();
    });
}

#[test]
fn messages_dropped_at_a_signal_are_counted_exactly() {
    const MESSAGES: usize = 1000; // more than the capacity of all buffers between the two
    let line = numbered_line(0, SIZE);
    let messages = text(&line).repeat(MESSAGES);
    let (sender, sending) = channel();
    let server = serve(move |peer| {
        let mut socket = peer.socket();
        let writer = thread::spawn(move || {
            for chunk in messages.chunks(64 << 10) {
                socket.write_all(chunk).expect("a client that continues reading");
                let _ = sender.send(chunk.len());
            }
        });
        peer.expect_close(1001);
        writer.join().expect("everything is sent");
        peer.close(1001, "");
    });
    let mut running = wscope().args(["--wait", "forever", &server.url()]).spawn();
    running.wait_stderr("connected");
    sum_until_stalled(&sending);
    let outcome = assert_ends(running, Signal::TERM, 143);
    let whole = outcome.stdout.matches('\n').count();
    assert_eq!(whole + expect_drop_count(&outcome), MESSAGES);
}

/// Only the last messages are dropped: if the reader continues in time, no message is written after a gap.
#[test]
fn no_message_is_missing_in_the_middle_after_a_signal() {
    let (sender, closed) = channel();
    let server = serve(move |peer| {
        (0..400).for_each(|number| peer.send(text(&numbered_line(number, SIZE))));
        peer.expect_close(1001);
        sender.send(()).expect("a receiver in the test");
        // While stdout is read.
        for number in 400..450 {
            peer.send(text(&numbered_line(number, SIZE)));
            thread::sleep(TIME_TO_END / 200);
        }
        peer.close(1001, "");
    });
    let mut running = wscope().args(["--wait", "forever", &server.url()]).spawn();
    running.wait_stderr("connected");
    assert_eq!(running.read_stdout_line(), numbered_line(0, SIZE));
    thread::sleep(TIME_TO_END / 4); // not read long enough to fill all buffers
    running.signal(Signal::TERM);
    next(&closed);
    let outcome = running.wait().code(143);
    let lines: Vec<_> = outcome.stdout.lines().map(|line| line.get(..6)).collect();
    let gap = lines.iter().enumerate().position(|(at, seen)| *seen != Some(&format!("{at:06}")));
    assert_eq!(gap.filter(|at| at + 1 < lines.len()), None, "a message is missing");
}

/// When the signal arrives, a message larger than a pipe is being written.
#[test]
fn a_signal_ends_a_run_in_the_middle_of_a_message_to_a_stalled_stdout() {
    for_each_signal(|signal, code, status| {
        let server = serve(move |peer| {
            peer.send(text(&"x".repeat(4 << 20)));
            peer.send(ping(b"behind"));
            peer.expect_close(code);
            peer.close(code, "");
        });
        let mut running = wscope().args(["--wait", "forever", &server.url()]).spawn();
        running.wait_stderr("connected");
        assert!(running.read_stdout_exact(1) == b"x", "the start of the message");
        let outcome = assert_ends(running, signal, status);
        assert_eq!(expect_drop_count(&outcome), 1);
    });
}

/// The second signal ends the run immediately, and everything is still reported.
#[test]
fn dropped_messages_and_the_end_are_reported_after_a_second_signal() {
    for (options, expects_count) in [(&["--output", "lines"][..], true), (&["--json"], false)] {
        let (sender, closing) = channel();
        let messages = if expects_count { 1000 } else { 1 };
        let server = serve(move |peer| {
            peer.send(text(&numbered_line(0, SIZE)).repeat(messages));
            peer.expect_close(1000);
            sender.send(()).expect("a receiver in the test");
            peer.stall();
        });
        let mut running = wscope().args(["--wait", "forever", &server.url()]).args(options).spawn();
        if !expects_count {
            running.read_stdout_line();
        }
        running.wait_stderr("connected");
        running.signal(Signal::INT);
        closing.recv().expect("a Close frame");
        let outcome = assert_ends(running, Signal::INT, 130);
        match expects_count {
            true => assert!(expect_drop_count(&outcome) > 0),
            false => assert!(
                outcome.stdout.lines().any(|line| line.starts_with("{\"event\":\"close\"")),
                "{}",
                outcome.stdout
            ),
        }
    }
}

#[test]
fn a_signal_ends_a_run_with_a_slow_reader() {
    let line = numbered_line(0, SIZE);
    let (server, _progress) = serve_flood(&line, 1001);
    let mut running = wscope().args(["--wait", "forever", &server.url()]).spawn();
    running.wait_stderr("connected");
    assert_eq!(running.read_stdout_line(), line);
    running.signal(Signal::TERM);
    let signalled = Instant::now();
    while signalled.elapsed() < TIME_TO_END / 4 {
        assert_eq!(running.read_stdout_line(), line);
        thread::sleep(TIME_TO_END / 40);
    }
    let outcome = running.wait_with_stdout_stalled(TIME_TO_END).code(143);
    assert_lines(&outcome, &line);
}

#[test]
fn max_time_ends_a_run_whose_stdout_is_stalled() {
    let line = numbered_line(0, SIZE);
    let (server, _progress) = serve_flood(&line, 1000);
    let mut running = wscope().args(["--wait", "forever", "-m", "1s", &server.url()]).spawn();
    running.wait_stderr("connected");
    let outcome = running.wait_with_stdout_stalled(TIME_TO_END + TIME_TO_END / 2).code(7);
    assert!(expect_drop_count(&outcome) > 0);
    outcome.stderr_contains("--max-time 1s ran out");
    server.join();
}

#[test]
fn a_signal_ends_a_run_whose_stderr_is_stalled() {
    for_each_signal(|signal, code, status| {
        let (server, progress) = serve_flood(&numbered_line(0, SIZE), code);
        let (_reader, writer) = pipe().expect("a pipe");
        let options = ["-vvv", "--wait", "forever", &server.url()];
        let running =
            wscope().args(options).stderr_to(writer).stdout_to(Stdio::null()).stdin_open().spawn();
        sum_until_stalled(&progress);
        assert_ends(running, signal, status);
        server.join();
    });
}

#[test]
fn max_time_ends_a_run_whose_stderr_is_stalled() {
    for (expectation, status) in [(&[][..], 7), (&["--expect", "never"], 1)] {
        let (server, _progress) = serve_flood(&numbered_line(0, SIZE), 1000);
        let (_reader, writer) = pipe().expect("a pipe");
        let options = ["-vvv", "-m", "1s", "--wait", "forever", &server.url()];
        let program = wscope().args(expectation).args(options);
        let program = program.stderr_to(writer).stdout_to(Stdio::null());
        program.spawn().wait_with_stdout_stalled(TIME_TO_END + TIME_TO_END / 2).code(status);
    }
}

/// A server that never reads, and lines on stdin; the sizes of those written are reported.
fn serve_stalled() -> (Server, Stdio, Receiver<usize>) {
    let server = serve(|peer| peer.stall());
    let (reader, mut writer) = pipe().expect("a pipe");
    let (sender, progress) = channel();
    let line = [vec![b'x'; 64 * 1024 - 1], vec![b'\n']].concat();
    thread::spawn(
        move || {
            while writer.write_all(&line).is_ok() && sender.send(line.len()).is_ok() {}
        },
    );
    (server, reader.into(), progress)
}

#[test]
fn a_signal_ends_a_run_whose_socket_is_stalled() {
    for_each_signal(|signal, _, status| {
        let (server, stdin, progress) = serve_stalled();
        let running = wscope().arg(server.url()).stdin_from(stdin).spawn();
        sum_until_stalled(&progress);
        let outcome = assert_ends(running, signal, status).stderr_lacks("1006");
        assert!(expect_drop_count(&outcome) > 0);
    });
}

#[test]
fn max_time_of_a_run_whose_socket_is_stalled_is_reported() {
    let (server, stdin, _progress) = serve_stalled();
    let options = ["--wait", "0", "-m", "1s", &server.url()];
    let running = wscope().args(options).stdin_from(stdin).spawn();
    let outcome = running.wait_with_stdout_stalled(TIME_TO_END + TIME_TO_END / 2).code(7);
    outcome.stderr_contains("--max-time 1s ran out").stderr_lacks("1006");
}

/// The end of the input does not end the wait for queued messages.
#[test]
fn max_time_after_the_end_of_the_input_to_a_stalled_socket_is_reported() {
    let server = serve(|peer| peer.stall());
    let options = ["--wait", "0", "-m", "1s", "--send-file", "data", &server.url()];
    let program = wscope().file("data", vec![b'x'; 40 << 20]).args(options).stdin_null();
    let outcome = program.spawn().wait_with_stdout_stalled(TIME_TO_END + TIME_TO_END / 2).code(7);
    outcome.stderr_contains("--max-time 1s ran out").stderr_lacks("1006");
}

#[test]
fn a_second_signal_exits_immediately_while_all_streams_are_stalled() {
    let (sender, closed) = channel();
    let server = serve(move |peer| {
        peer.send(text(&"x".repeat(4 << 20)));
        peer.expect_close(1001);
        sender.send(()).expect("a receiver in the test");
        peer.stall();
    });
    let mut running = wscope().args(["--wait", "forever", &server.url()]).spawn();
    running.wait_stderr("connected");
    running.signal(Signal::TERM);
    next(&closed);
    running.signal(Signal::TERM);
    running.wait_with_stdout_stalled(TIME_TO_END).code(143);
}

#[test]
fn a_hangup_closes_and_waits_for_the_reply() {
    let server = serve(|peer| {
        peer.expect_close(1001);
        peer.send(text("last"));
        peer.close(1001, "");
    });
    let mut running = wscope().args(["--wait", "forever", &server.url()]).spawn();
    running.wait_stderr("connected");
    running.signal(Signal::HUP);
    running.wait().code(129).stdout("last\n");
}

#[test]
fn a_signal_shortens_the_wait_for_the_close_reply() {
    for_each_signal(|signal, code, status| {
        let server = serve(move |peer| {
            peer.expect_close(code);
            peer.expect_eof();
        });
        let mut running = wscope().args(["--wait", "forever", &server.url()]).spawn();
        running.wait_stderr("connected");
        assert_ends(running, signal, status);
    });
}
