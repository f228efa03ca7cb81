//! Messages through pipes: nothing is lost, added or buffered without limit.

use crate::scripts::{
    accept_on_release, answer_close, close, next, serve, serve_bytes, serve_sink,
};
#[cfg(target_os = "linux")]
use crate::scripts::{expect_quiet, peak_memory, processor_time, sum_until_stalled};
use crate::support::{Peer, Server};
use crate::support::{TEXT, binary, frame, ping, pong, switching_protocols, text, wscope};
use std::io::{Write, pipe};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use std::{fs, thread};

/// Less than any of the timeouts, including the 5 s of --close-timeout.
const SOON: Duration = Duration::from_secs(4);

#[test]
fn a_reached_count_ends_the_run_before_the_wait() {
    let server = serve(|peer| {
        peer.expect_text("hi");
        peer.send(text("hi"));
        answer_close(peer);
    });
    let outcome =
        wscope().args(["--count", "1", "--wait", "5s", &server.url()]).stdin("hi\n").run();
    assert!(outcome.code(0).stdout("hi\n").elapsed < SOON);
}

#[test]
fn a_late_reply_is_printed_without_a_count() {
    let (sender, requested) = channel();
    let server = serve(move |peer| {
        peer.expect_text("hi");
        sender.send(()).expect("a receiver in the test");
        peer.stall();
        peer.send(text("late"));
        answer_close(peer);
    });
    let running = wscope().args(["--wait", "800ms", &server.url()]).stdin("hi\n").spawn();
    next(&requested);
    server.release();
    running.wait().code(0).stdout("late\n").stderr_lacks("nothing was received");
}

#[test]
fn input_before_the_connection_is_sent_after_it() {
    let (server, requested) = accept_on_release(|peer| {
        ["preset", "a", "b"].iter().for_each(|message| peer.expect_text(message));
        answer_close(peer);
    });
    let args = ["-x", "preset", "--wait", "0", &server.url()];
    let running = wscope().args(args).stdin("a\nb\n").spawn();
    next(&requested);
    server.release();
    running.wait().code(0).stdout("");
}

#[test]
fn each_line_is_a_message() {
    for (stdin, expected) in [
        ("a\nb\n", &["a", "b"][..]),
        ("a\nb", &["a", "b"]),
        ("a\n\nb\n", &["a", "", "b"]),
        ("\n", &[""]),
        ("", &[]),
        ("añ\u{1f469}\u{200d}\u{1f680}\n", &["añ\u{1f469}\u{200d}\u{1f680}"]),
        ("tab\tand\0nul\n", &["tab\tand\0nul"]),
    ] {
        let (server, frames) = serve_sink();
        wscope().args(["--wait", "0", &server.url()]).stdin(stdin).run().code(0).stdout("");
        let frames = next(&frames);
        assert!(frames.iter().all(|frame| frame.opcode == TEXT && frame.masked && frame.fin));
        let sent: Vec<_> =
            frames.iter().map(|frame| String::from_utf8_lossy(&frame.payload)).collect();
        assert_eq!(sent, expected, "{stdin:?}");
    }
}

#[test]
fn an_empty_message_is_an_empty_line() {
    let server = serve_bytes([text(""), text("x"), binary(b""), text("two\nlines")].concat());
    wscope().args(["--count", "4", &server.url()]).run().code(0).stdout("\nx\n\ntwo\nlines\n");
}

#[test]
fn a_long_line_is_one_message() {
    const SIZE: usize = 100 << 20;
    let (sender, received) = channel();
    let server = serve(move |peer| {
        // Read without unmasking, which would take long, so the Close frame is not answered.
        let bytes = peer.read_until_eof();
        sender.send((bytes[..10].to_vec(), bytes.len())).expect("a receiver in the test");
    });
    let mut line = vec![b'x'; SIZE];
    line.push(b'\n');
    let args = ["--wait", "0", "--close-timeout", "50ms", &server.url()];
    wscope().args(args).stdin_bytes(line).run().code(7);
    let header = [&[0x81, 0x80 | 127][..], &(SIZE as u64).to_be_bytes()].concat();
    let (masking_key, close) = (4, 2 + 4 + 2);
    assert_eq!(next(&received), (header, 10 + masking_key + SIZE + close));
}

#[test]
fn messages_in_the_segment_of_the_handshake_are_shown() {
    let server = Server::script(|peer| {
        let head = peer.read_head();
        peer.send(
            [switching_protocols(&head, &[]).into_bytes(), text("early"), text("bird")].concat(),
        );
        answer_close(peer);
    });
    wscope().args(["--count", "2", &server.url()]).run().code(0).stdout("early\nbird\n");
}

#[test]
fn messages_and_the_close_in_the_segment_of_the_handshake_are_shown() {
    let server = Server::script(|peer| {
        let head = peer.read_head();
        let close = crate::support::close(1000, "that is all");
        peer.send([switching_protocols(&head, &[]).into_bytes(), text("early"), close].concat());
        peer.expect_close(1000);
    });
    let outcome = wscope().arg(server.url()).stdin_open().run();
    outcome.code(0).stdout("early\n").stderr_contains("that is all");
}

#[test]
fn messages_around_our_close_are_shown() {
    let server = serve(|peer| {
        peer.send(text("before"));
        peer.expect_text("hi");
        peer.expect_close(1000);
        peer.send([text("after"), frame(false, 0, TEXT, b"in "), ping(b"")].concat());
        peer.send([frame(true, 0, 0, b"parts"), crate::support::close(1000, "")].concat());
    });
    let outcome = wscope().args(["--wait", "0", "-x", "hi", &server.url()]).run();
    outcome.code(0).stdout("before\nafter\nin parts\n");
}

#[test]
fn the_close_of_the_peer_ends_the_run_while_stdin_is_open() {
    let server = serve(|peer| {
        peer.send(text("bye"));
        close(peer, 1000, "");
    });
    let outcome = wscope().args(["--wait", "forever", &server.url()]).stdin_open().run();
    assert!(outcome.code(0).stdout("bye\n").elapsed < SOON);
}

#[test]
fn many_lines_arrive_in_order() {
    const COUNT: usize = 200_000;
    let (sender, seen) = channel();
    let server = serve(move |peer| {
        let in_order =
            (0..COUNT).all(|number| peer.read_frame().payload == number.to_string().as_bytes());
        sender.send(in_order).expect("a receiver in the test");
        answer_close(peer);
    });
    let lines: String = (0..COUNT).map(|number| format!("{number}\n")).collect();
    wscope().args(["--wait", "0", &server.url()]).stdin(&lines).run().code(0);
    assert!(next(&seen));
}

/// The bytes sent in tests of backpressure.
#[cfg(target_os = "linux")]
const TOTAL: usize = 64 << 20;

/// The limit of the bytes read: the socket buffers of both ends hold several MiB.
#[cfg(target_os = "linux")]
const MAX_READ: usize = 32 << 20;

/// The limit of memory in MiB.
#[cfg(target_os = "linux")]
const MAX_MEMORY: usize = 14;

#[test]
#[cfg(target_os = "linux")]
fn a_stalled_server_stops_the_reading_of_stdin() {
    let (sender, received) = channel();
    let server = serve(move |peer| {
        peer.stall();
        sender.send(read_lines(peer)).expect("a receiver in the test");
    });
    let (stdin, progress) = write_lines();
    let running = wscope().args(["--wait", "0", &server.url()]).stdin_from(stdin).spawn();
    assert_bounded(sum_until_stalled(&progress), running.id());
    server.release();
    running.wait().code(0);
    assert_eq!(next(&received), TOTAL);
}

#[test]
#[cfg(target_os = "linux")]
fn a_stalled_stdout_stops_the_reading_of_the_socket() {
    let (sender, progress) = channel();
    let server = serve(move |peer| {
        let message = text(&"x".repeat(64 * 1024 - 1));
        for _ in 0..TOTAL >> 16 {
            peer.send(&message);
            sender.send(1 << 16).expect("a receiver in the test");
        }
        answer_close(peer);
    });
    let count = (TOTAL >> 16).to_string();
    let running = wscope().args(["--count", &count, &server.url()]).spawn();
    assert_bounded(sum_until_stalled(&progress), running.id());
    let outcome = running.wait().code(0);
    assert_eq!(outcome.stdout_bytes.len(), TOTAL);
}

#[test]
#[cfg(target_os = "linux")]
fn waiting_for_a_stalled_stdout_does_not_use_the_processor() {
    let (sender, closed) = channel();
    let server = serve(move |peer| {
        peer.send(text(&"x".repeat(200_000)));
        close(peer, 1000, "");
        peer.expect_eof();
        sender.send(()).expect("a receiver in the test");
        peer.stall();
        drop(sender);
    });
    let running = wscope().args(["--wait", "forever", &server.url()]).spawn();
    next(&closed);
    let before = processor_time(running.id());
    expect_quiet(&closed, Duration::from_millis(600));
    let busy = processor_time(running.id()) - before;
    assert!(busy < Duration::from_millis(150), "{busy:?} of processor time in 600 ms");
    let outcome = running.wait().code(0);
    assert_eq!(outcome.stdout_bytes.len(), 200_001);
}

#[cfg(target_os = "linux")]
#[track_caller]
fn assert_bounded(read: usize, process: u32) {
    let peak = peak_memory(process);
    assert!(read < MAX_READ, "{read} bytes were read without a reader");
    assert!(peak < MAX_MEMORY, "{peak} MiB of memory for unread data");
}

/// A pipe with lines, and the sizes of those that have been written to it.
#[cfg(target_os = "linux")]
fn write_lines() -> (Stdio, Receiver<usize>) {
    let (reader, mut writer) = pipe().expect("a pipe");
    let (sender, progress) = channel();
    let line = [vec![b'x'; 64 * 1024 - 1], vec![b'\n']].concat();
    thread::spawn(move || {
        for _ in 0..TOTAL / line.len() {
            if writer.write_all(&line).is_err() || sender.send(line.len()).is_err() {
                return;
            }
        }
    });
    (reader.into(), progress)
}

/// Counts the bytes of all lines up to the client's Close, and answers it.
#[cfg(target_os = "linux")]
fn read_lines(peer: &mut Peer) -> usize {
    let frames = crate::scripts::read_to_close(peer);
    frames.iter().map(|frame| frame.payload.len() + 1).sum()
}

#[test]
fn a_closed_stdout_closes_the_connection_in_order() {
    assert_closed_after_a_line(text("first"), "first");
}

#[test]
fn a_stdout_closed_in_a_flood_closes_the_connection_in_order() {
    assert_closed_after_a_line(text("again").repeat(10_000), "again");
}

/// Reads one line of stdout and closes it, as `head -1` does.
#[track_caller]
fn assert_closed_after_a_line(bytes: Vec<u8>, line: &str) {
    let server = serve_bytes(bytes);
    let mut running = wscope().args(["--wait", "forever", &server.url()]).spawn();
    assert_eq!(running.read_stdout_line(), line);
    running.close_stdout();
    let outcome = running.wait().code(0).stderr_lacks("error");
    assert!(outcome.elapsed < SOON, "took {:?}", outcome.elapsed);
}

/// It was reported as a close timeout, with exit status 7.
#[test]
fn a_stdout_closed_during_the_closing_handshake_is_not_a_failure() {
    let server = serve(|peer| {
        peer.expect_close(1000);
        peer.send(text("late"));
        peer.read_until_eof();
    });
    let args = ["--wait", "0", "--close-timeout", "1s", &server.url()];
    let mut running = wscope().args(args).stdin_null().spawn();
    assert_eq!(running.read_stdout_line(), "late");
    running.close_stdout();
    running.wait().code(0).stderr_lacks("closing handshake");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_reported() {
    let server = serve_bytes(text("x"));
    let full = fs::File::options().write(true).open("/dev/full").expect("a full device");
    let outcome = wscope().args(["--wait", "forever", &server.url()]).stdout_to(full).run();
    let outcome = outcome.code(8).stderr_contains("wscope: cannot write standard output");
    let outcome = outcome.stderr_contains("No space left on device");
    assert!(outcome.elapsed < SOON, "took {:?}", outcome.elapsed);
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_size_limit_is_reported() {
    use rustix::process::{Pid, Resource, getrlimit, prlimit};
    let (start, started) = channel();
    let server = serve(move |peer| {
        started.recv().expect("a limit");
        peer.send(text(&"x".repeat(100_000)));
        peer.stall();
    });
    let file = tempfile::tempfile().expect("a file");
    let mut running = wscope().args(["--wait", "forever", &server.url()]).stdout_to(file).spawn();
    running.wait_stderr("connected");
    let mut limit = getrlimit(Resource::Fsize);
    limit.current = Some(1000);
    let process = Pid::from_raw(running.id().cast_signed());
    prlimit(process, Resource::Fsize, limit).expect("a limit on the size of files");
    start.send(()).expect("a server");
    running.wait().code(8).stderr_contains("File too large");
}

#[test]
#[cfg(unix)]
fn a_closed_or_full_stderr_is_ignored() {
    for redirection in ["2>&-", "2>/dev/full"] {
        let server = serve_bytes(text("x"));
        let mut shell = Command::new("sh");
        let script = format!("exec \"$0\" \"$@\" {redirection}");
        let program = assert_cmd::cargo::cargo_bin!("wscope");
        shell.arg("-c").arg(script).arg(program).args([
            "-m",
            "8s",
            "-v",
            "--count",
            "1",
            &server.url(),
        ]);
        let output = shell.stdin(Stdio::null()).output().expect("a shell");
        assert_eq!(
            (output.status.code(), &*output.stdout),
            (Some(0), &b"x\n"[..]),
            "{redirection}"
        );
    }
}

#[test]
fn a_stderr_without_a_reader_is_ignored() {
    let server = serve_bytes(text("x"));
    let (reader, writer) = pipe().expect("a pipe");
    drop(reader);
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("wscope"));
    command
        .args(["-m", "8s", "-v", "--count", "1", &server.url()])
        .stdin(Stdio::null())
        .stderr(writer);
    let output = command.output().expect("the program");
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"x\n"[..]));
}

#[test]
fn presets_are_sent_and_replies_shown_without_stdin() {
    let server = serve(|peer| {
        peer.expect_text("question");
        peer.send(text("answer"));
        answer_close(peer);
    });
    let args = ["-x", "question", "--wait", "200ms", &server.url()];
    wscope().args(args).stdin_null().run().code(0).stdout("answer\n");
}

#[test]
fn stdout_has_only_messages() {
    let server = serve(|peer| {
        peer.expect_text("mine");
        peer.send([ping(b"p"), text("one"), pong(b"q"), binary(&[0, 255])].concat());
        peer.send(
            [text("\u{1b}[31mred"), frame(false, 0, TEXT, b"t"), frame(true, 0, 0, b"wo")].concat(),
        );
        peer.expect_pong(b"p");
        answer_close(peer);
    });
    let args =
        ["-vvv", "--color", "always", "--timestamps", "--count", "4", "-x", "mine", &server.url()];
    wscope().args(args).run().code(0).stdout_bytes(b"one\n\0\xff\n\x1b[31mred\ntwo\n");
}

#[test]
fn one_line_reports_the_connection_in_a_pipe() {
    let server = serve_bytes(text("x"));
    let url = server.url();
    let outcome = wscope().args(["--count", "1", &url]).run().code(0);
    assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
    outcome.stderr_contains(&format!("wscope: connected to {url}/ (127.0.0.1:{})", server.port()));
}

#[test]
fn quiet_success_writes_nothing_to_stderr() {
    let server = serve(|peer| {
        peer.send([text("x"), binary(b"y")].concat());
        close(peer, 1000, "reason");
    });
    wscope().args(["-q", &server.url()]).stdin_open().run().code(0).stdout("x\ny\n").stderr("");
}

#[test]
fn quiet_failure_is_reported() {
    let server = serve(|peer| close(peer, 1008, "no token"));
    let outcome = wscope().args(["-q", &server.url()]).stdin_open().run();
    outcome.code(6).stdout("").stderr_contains("1008 Policy Violation").stderr_contains("no token");
}

#[test]
fn the_first_binary_message_among_lines_is_reported() {
    let server = serve_bytes([text("a"), binary(b"b"), binary(b"c")].concat());
    let outcome = wscope().args(["--count", "3", &server.url()]).run().code(0).stdout("a\nb\nc\n");
    assert_eq!(outcome.stderr.matches("binary message").count(), 1, "{}", outcome.stderr);
}
