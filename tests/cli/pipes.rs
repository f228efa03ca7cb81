//! Messages through pipes: nothing lost, nothing added, nothing piled up.

use crate::scripts::{answer_close, close, next, serve, serve_bytes, serve_sink};
#[cfg(target_os = "linux")]
use crate::scripts::{expect_quiet, peak_memory, processor_time, sum_until_stalled};
use crate::support::{Peer, Server};
use crate::support::{TEXT, binary, frame, ping, pong, switching_protocols, text, wscope};
use std::io::{Write, pipe};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use std::{fs, thread};

/// Less than any of the timeouts, the 5 s of --close-timeout among them.
const AT_ONCE: Duration = Duration::from_secs(4);

#[test]
fn an_answer_is_printed_and_ends_the_run_before_the_wait_would() {
    let server = serve(|peer| {
        peer.expect_text("hi");
        peer.send(text("hi"));
        answer_close(peer);
    });
    let outcome =
        wscope().args(["--count", "1", "--wait", "5s", &server.url()]).stdin("hi\n").run();
    assert!(outcome.code(0).stdout("hi\n").elapsed < AT_ONCE);
}

#[test]
fn an_answer_that_takes_its_time_is_printed_without_a_count() {
    let (sender, asked) = channel();
    let server = serve(move |peer| {
        peer.expect_text("hi");
        sender.send(()).expect("a waiting test");
        peer.stall();
        peer.send(text("late"));
        answer_close(peer);
    });
    let running = wscope().args(["--wait", "800ms", &server.url()]).stdin("hi\n").spawn();
    next(&asked);
    server.release();
    running.wait().code(0).stdout("late\n").stderr_lacks("nothing was received");
}

#[test]
fn input_before_open_is_kept_until_open() {
    let (sender, asked) = channel();
    let server = Server::script(move |peer| {
        let head = peer.read_head();
        sender.send(()).expect("a waiting test");
        peer.stall();
        peer.accept(&head);
        ["preset", "a", "b"].iter().for_each(|message| peer.expect_text(message));
        answer_close(peer);
    });
    let args = ["-x", "preset", "--wait", "0", &server.url()];
    let running = wscope().args(args).stdin("a\nb\n").spawn();
    next(&asked);
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
        // Not unmasked, which takes long here: so the Close is neither seen nor answered.
        let bytes = peer.read_until_eof();
        sender.send((bytes[..10].to_vec(), bytes.len())).expect("a waiting test");
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
    assert!(outcome.code(0).stdout("bye\n").elapsed < AT_ONCE);
}

#[test]
fn many_lines_arrive_in_order() {
    const COUNT: usize = 200_000;
    let (sender, seen) = channel();
    let server = serve(move |peer| {
        let in_order =
            (0..COUNT).all(|number| peer.read_frame().payload == number.to_string().as_bytes());
        sender.send(in_order).expect("a waiting test");
        answer_close(peer);
    });
    let lines: String = (0..COUNT).map(|number| format!("{number}\n")).collect();
    wscope().args(["--wait", "0", &server.url()]).stdin(&lines).run().code(0);
    assert!(next(&seen));
}

/// How much is on offer where only a part may be taken.
#[cfg(target_os = "linux")]
const OFFERED: usize = 64 << 20;

/// The socket buffers of both ends take several MiB on their own.
#[cfg(target_os = "linux")]
const TAKEN: usize = 32 << 20;

/// Of memory, in MiB.
#[cfg(target_os = "linux")]
const HELD: usize = 32;

#[test]
#[cfg(target_os = "linux")]
fn a_server_that_does_not_read_stops_the_reading_of_stdin() {
    let (sender, received) = channel();
    let server = serve(move |peer| {
        peer.stall();
        sender.send(read_lines(peer)).expect("a waiting test");
    });
    let (stdin, progress) = offer_lines();
    let running = wscope().args(["--wait", "0", &server.url()]).stdin_from(stdin).spawn();
    assert_bounded(sum_until_stalled(&progress), running.id());
    server.release();
    running.wait().code(0);
    assert_eq!(next(&received), OFFERED);
}

#[test]
#[cfg(target_os = "linux")]
fn a_stdout_that_is_not_read_stops_the_reading_of_the_socket() {
    let (sender, progress) = channel();
    let server = serve(move |peer| {
        let message = text(&"x".repeat(64 * 1024 - 1));
        for _ in 0..OFFERED >> 16 {
            peer.send(&message);
            sender.send(1 << 16).expect("a waiting test");
        }
        answer_close(peer);
    });
    let count = (OFFERED >> 16).to_string();
    let running = wscope().args(["--count", &count, &server.url()]).spawn();
    assert_bounded(sum_until_stalled(&progress), running.id());
    let outcome = running.wait().code(0);
    assert_eq!(outcome.stdout_bytes.len(), OFFERED);
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_left_for_a_stdout_that_is_not_read_waits_without_effort() {
    let (sender, closed) = channel();
    let server = serve(move |peer| {
        peer.send(text(&"x".repeat(200_000)));
        close(peer, 1000, "");
        peer.expect_eof();
        sender.send(()).expect("a waiting test");
        peer.stall();
        drop(sender);
    });
    let running = wscope().args(["--wait", "forever", &server.url()]).spawn();
    next(&closed);
    let before = processor_time(running.id());
    expect_quiet(&closed, Duration::from_millis(600));
    let busy = processor_time(running.id()) - before;
    assert!(busy < Duration::from_millis(150), "busy for {busy:?} of 600 ms");
    let outcome = running.wait().code(0);
    assert_eq!(outcome.stdout_bytes.len(), 200_001);
}

#[cfg(target_os = "linux")]
#[track_caller]
fn assert_bounded(taken: usize, process: u32) {
    let held = peak_memory(process);
    assert!(taken < TAKEN, "{taken} bytes were taken though nobody wanted them");
    assert!(held < HELD, "{held} MiB of memory for what nobody takes");
}

/// A pipe full of lines, and how many bytes of them have been taken.
#[cfg(target_os = "linux")]
fn offer_lines() -> (Stdio, Receiver<usize>) {
    let (reader, mut writer) = pipe().expect("a pipe");
    let (sender, progress) = channel();
    let line = [vec![b'x'; 64 * 1024 - 1], vec![b'\n']].concat();
    thread::spawn(move || {
        for _ in 0..OFFERED / line.len() {
            if writer.write_all(&line).is_err() || sender.send(line.len()).is_err() {
                return;
            }
        }
    });
    (reader.into(), progress)
}

/// Counts the bytes of all lines up to the client's Close, and answers that.
#[cfg(target_os = "linux")]
fn read_lines(peer: &mut Peer) -> usize {
    let frames = crate::scripts::read_to_close(peer);
    frames.iter().map(|frame| frame.payload.len() + 1).sum()
}

#[test]
fn a_reader_that_has_enough_closes_the_connection_in_order() {
    let server = serve_bytes(text("first"));
    let mut running = wscope().args(["--wait", "forever", &server.url()]).spawn();
    assert_eq!(running.read_stdout_line(), "first");
    running.close_stdout();
    let outcome = running.wait().code(0).stderr_lacks("error");
    assert!(outcome.elapsed < AT_ONCE, "took {:?}", outcome.elapsed);
}

#[test]
fn a_reader_that_has_enough_of_a_flood_closes_the_connection_in_order() {
    let server = serve_bytes(text("again").repeat(10_000));
    let mut running = wscope().args(["--wait", "forever", &server.url()]).spawn();
    assert_eq!(running.read_stdout_line(), "again");
    running.close_stdout();
    let outcome = running.wait().code(0).stderr_lacks("error");
    assert!(outcome.elapsed < AT_ONCE, "took {:?}", outcome.elapsed);
}

/// It was told that the peer did not answer in time, with exit status 7.
#[test]
fn a_reader_that_has_enough_while_we_await_the_answer_to_our_close_is_no_failure() {
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
fn a_full_disk_is_told() {
    let server = serve_bytes(text("x"));
    let full = fs::File::options().write(true).open("/dev/full").expect("a full device");
    let outcome = wscope().args(["--wait", "forever", &server.url()]).stdout_to(full).run();
    let outcome = outcome.code(8).stderr_contains("wscope: cannot write standard output");
    let outcome = outcome.stderr_contains("No space left on device");
    assert!(outcome.elapsed < AT_ONCE, "took {:?}", outcome.elapsed);
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_that_may_not_grow_is_told() {
    use rustix::process::{Pid, Resource, getrlimit, prlimit};
    let (begin, begun) = channel();
    let server = serve(move |peer| {
        begun.recv().expect("a limit");
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
    begin.send(()).expect("a server");
    running.wait().code(8).stderr_contains("File too large");
}

#[test]
#[cfg(unix)]
fn a_closed_stderr_does_not_matter() {
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
fn a_stderr_that_nobody_reads_does_not_matter() {
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
fn without_stdin_presets_are_sent_and_answers_shown() {
    let server = serve(|peer| {
        peer.expect_text("question");
        peer.send(text("answer"));
        answer_close(peer);
    });
    let args = ["-x", "question", "--wait", "200ms", &server.url()];
    wscope().args(args).stdin_null().run().code(0).stdout("answer\n");
}

#[test]
fn stdout_has_messages_and_nothing_else() {
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
fn in_a_pipe_one_line_tells_of_the_connection() {
    let server = serve_bytes(text("x"));
    let url = server.url();
    let outcome = wscope().args(["--count", "1", &url]).run().code(0);
    assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
    outcome.stderr_contains(&format!("wscope: connected to {url}/ (127.0.0.1:{})", server.port()));
}

#[test]
fn quiet_success_says_nothing() {
    let server = serve(|peer| {
        peer.send([text("x"), binary(b"y")].concat());
        close(peer, 1000, "reason");
    });
    wscope().args(["-q", &server.url()]).stdin_open().run().code(0).stdout("x\ny\n").stderr("");
}

#[test]
fn quiet_failure_is_told_all_the_same() {
    let server = serve(|peer| close(peer, 1008, "no token"));
    let outcome = wscope().args(["-q", &server.url()]).stdin_open().run();
    outcome.code(6).stdout("").stderr_contains("1008 Policy Violation").stderr_contains("no token");
}

#[test]
fn the_first_binary_message_among_lines_is_noted() {
    let server = serve_bytes([text("a"), binary(b"b"), binary(b"c")].concat());
    let outcome = wscope().args(["--count", "3", &server.url()]).run().code(0).stdout("a\nb\nc\n");
    assert_eq!(outcome.stderr.matches("binary message").count(), 1, "{}", outcome.stderr);
}
