//! The file after signals, and while it cannot be written.

use std::io::Write;
use std::thread;

use super::{events, events_at, names, recorded};
use crate::scripts::{serve, wait_until_blocked};
use crate::stalls::drop_count;
use crate::support::{DEADLINE, Running, Signal, close, text, wscope};

/// A program that records a flood, of which it has recorded something.
fn flooded(url: &str, options: &[&str]) -> Running {
    let mut running =
        wscope().args([url, "--record", "r.ndjson"]).args(options).stdin_open().spawn();
    running.wait_stderr("connected");
    running
}

/// Waits until the file has at least this many bytes.
#[track_caller]
fn wait_for_size(running: &Running, size: u64) {
    wait_for_file(running, "r.ndjson", size);
}

/// The same, of a file with this name.
#[track_caller]
fn wait_for_file(running: &Running, file: &str, size: u64) {
    let path = running.home().join(file);
    let until = std::time::Instant::now() + DEADLINE;
    while std::fs::metadata(&path).map_or(0, |it| it.len()) < size {
        assert!(std::time::Instant::now() < until, "fewer than {size} bytes were recorded");
        thread::yield_now();
    }
}

#[test]
fn after_a_kill_all_lines_but_the_last_are_whole() {
    let server = serve(|peer| while peer.try_send(text("0123456789").repeat(5000)) {});
    let running = flooded(&server.url(), &["--mute", "in"]);
    wait_for_size(&running, 3 << 20);
    running.signal(Signal::KILL);
    let outcome = running.wait();
    let bytes = outcome.file("r.ndjson");
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').expect("a line") + 1;
    let events = events(&bytes[..whole]);
    assert!(events.len() > 10_000 && events[1..].iter().all(|it| it["data"] == "0123456789"));
}

#[test]
fn a_signal_is_followed_by_the_close_event() {
    for (signal, code, status) in [(Signal::TERM, 1001, 143), (Signal::INT, 1000, 130)] {
        let server = serve(move |peer| {
            peer.send(text("0123456789").repeat(2000));
            peer.answer_close(code);
        });
        let running = flooded(&server.url(), &["--mute", "in"]);
        wait_for_size(&running, 200_000);
        running.signal(signal);
        let outcome = running.wait().code(status);
        let events = events(&outcome.file("r.ndjson"));
        let last = events.last().expect("an event");
        assert_eq!((&last["event"], &last["sent"]["code"]), (&"close".into(), &code.into()));
        assert_eq!(events.len(), 2002);
    }
}

/// Far more than an output that is stalled takes, in messages of a KiB.
const MUCH: usize = 8 << 10;

#[test]
fn what_a_stalled_output_does_not_take_is_recorded() {
    let server = serve(|peer| {
        let mut socket = peer.socket();
        let sent = thread::spawn(move || {
            socket.write_all(&text(&"x".repeat(1 << 10)).repeat(MUCH)).expect("a reader");
            socket
        });
        peer.expect_close(1001);
        sent.join().expect("a writer").write_all(&close(1001, "")).expect("a reader");
    });
    let running = flooded(&server.url(), &[]);
    wait_for_size(&running, 64 << 10);
    wait_until_blocked(running.id());
    running.signal(Signal::TERM);
    let outcome = running.wait_with_stdout_stalled(DEADLINE).code(143);
    let events = events(&outcome.file("r.ndjson"));
    // How much is received until then depends on the machine.
    let unwritten = drop_count(&outcome.stderr).expect("a warning");
    let received = outcome.stdout.matches('\n').count() + unwritten;
    let last = &events.last().expect("an event")["event"];
    assert_eq!((last, events.len()), (&"close".into(), received + 2), "{}", outcome.stderr);
}

#[test]
fn a_connection_that_breaks_is_recorded() {
    let server = serve(|peer| {
        peer.send(text("one"));
        peer.reset();
    });
    let args = [&server.url(), "--record", "r.ndjson"];
    let outcome = wscope().args(args).stdin_open().spawn().wait().code(6);
    assert_eq!(recorded(&outcome), ["open", "received one", "close", "error"]);
}

pub(super) mod full {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    use super::*;

    /// The files of the program can have this many bytes from now on.
    pub(crate) fn limit_files(running: &Running, size: u64) {
        let pid = Pid::from_raw(running.id().try_into().expect("a process id"));
        let limit = Rlimit { current: Some(size), maximum: None };
        prlimit(pid, Resource::Fsize, limit).expect("a limit");
    }

    fn waiting(options: &[&str]) -> (crate::support::Server, Running) {
        let server = serve(|peer| {
            peer.send(text("ready"));
            peer.stall();
            peer.send(text("0123456789").repeat(10_000));
            peer.send(text("end"));
            peer.expect_text("still there");
            peer.close(1000, "");
            peer.expect_close(1000);
        });
        let url = server.url();
        let args = [&[url.as_str(), "--record", "r.ndjson"], options].concat();
        let mut running = wscope().args(args).stdin_open().spawn();
        assert_eq!(running.read_stdout_line(), "ready");
        limit_files(&running, 100_000);
        (server, running)
    }

    #[test]
    fn the_session_goes_on_without_a_file_that_is_full() {
        let (server, mut running) = waiting(&["--mute", "/0/"]);
        server.release();
        let warning = running.wait_stderr("warning");
        assert!(
            warning.contains("recording to r.ndjson stopped: File too large (os error 27); "),
            "{warning}"
        );
        assert_eq!(running.read_stdout_line(), "end");
        running.write_stdin("still there\n");
        let outcome = running.wait().code(8);
        let reported = "wscope: cannot write r.ndjson: File too large (os error 27)\n";
        assert_eq!(outcome.stderr.matches("warning").count(), 1, "{}", outcome.stderr);
        let outcome = outcome.stderr_contains(reported);
        let bytes = outcome.file("r.ndjson");
        let events = events(&bytes);
        assert!(bytes.len() > 99_000 && bytes.len() <= 100_000, "{}", bytes.len());
        assert!(warning.contains(&format!("{} messages", events.len() - 1)));
    }

    #[test]
    fn without_warnings_the_failure_is_reported_at_the_end() {
        let (server, mut running) = waiting(&["-q", "--mute", "/0/"]);
        server.release();
        assert_eq!(running.read_stdout_line(), "end");
        running.write_stdin("still there\n");
        let reported = "wscope: cannot write r.ndjson: File too large (os error 27)\n";
        running.wait().code(8).stderr(reported);
    }

    #[test]
    fn another_failure_is_the_exit_status() {
        let server = serve(|peer| {
            peer.stall();
            peer.send(text("0123456789").repeat(10_000));
            peer.close(4000, "gone");
            peer.expect_close(4000);
        });
        let args = [&server.url(), "--record", "r.ndjson"];
        let mut running = wscope().args(args).stdin_open().spawn();
        running.wait_stderr("connected");
        limit_files(&running, 100_000);
        server.release();
        let outcome = running.wait().code(6);
        outcome.stderr_contains("recording to r.ndjson stopped").stderr_contains("4000");
    }

    #[test]
    fn a_file_that_is_deleted_is_not_recorded_to_any_longer() {
        let server = serve(|peer| {
            peer.stall();
            peer.send(text("one"));
            close_when_answered(peer);
        });
        let args = [&server.url(), "--record", "r.ndjson", "--record", "s.ndjson"];
        let mut running = wscope().args(args).stdin_open().spawn();
        running.wait_stderr("connected");
        std::fs::remove_file(running.home().join("r.ndjson")).expect("a recording");
        server.release();
        running.wait_stderr("recording to r.ndjson stopped: the file was deleted");
        running.write_stdin("go\n");
        let outcome = running.wait().code(8);
        let others = names(&events_at(&outcome.path("s.ndjson")));
        assert_eq!(others, ["open", "received one", "sent go", "close"]);
    }

    #[test]
    fn each_file_that_was_not_written_is_named_also_with_quiet() {
        let server = serve(|peer| {
            peer.stall();
            peer.send(text("one"));
            crate::scripts::answer_close(peer);
        });
        let files = ["r.ndjson", "r.har", "r.wscope"];
        let args = files.map(|file| format!("--record={file}"));
        let running =
            wscope().args(["-q", &server.url(), "--count", "1"]).args(args).stdin_open().spawn();
        for file in files {
            wait_for_file(&running, file, 1);
            std::fs::remove_file(running.home().join(file)).expect("a recording");
        }
        server.release();
        let outcome = running.wait().code(8);
        for file in files {
            let line = format!("wscope: cannot write {file}: the file was deleted\n");
            assert_eq!(outcome.stderr.matches(&line).count(), 1, "{}", outcome.stderr);
        }
    }

    /// More bytes than a HAR has before the first connection, and fewer than with it.
    const WHOLE_START: u64 = 200;

    /// The rest was written behind a hole of NUL bytes, without a word.
    #[test]
    fn a_file_that_is_truncated_is_not_recorded_to_any_longer() {
        for file in ["r.ndjson", "r.har"] {
            let server = serve(|peer| {
                peer.stall();
                peer.send(text("one"));
                close_when_answered(peer);
            });
            let args = [&server.url(), "--record", file];
            let mut running = wscope().args(args).stdin_open().spawn();
            running.wait_stderr("connected");
            wait_for_file(&running, file, WHOLE_START);
            std::fs::write(running.home().join(file), "").expect("a recording");
            server.release();
            running.wait_stderr(&format!(
                "recording to {file} stopped: the file was truncated by another program; 0 messages had been written"
            ));
            running.write_stdin("go\n");
            let outcome = running.wait().code(8);
            assert_eq!(outcome.file(file), b"", "{file}");
        }
    }

    fn close_when_answered(peer: &mut crate::support::Peer) {
        peer.expect_text("go");
        peer.send(close(1000, ""));
        peer.expect_close(1000);
    }
}

#[test]
fn what_is_recorded_is_in_the_file_at_once() {
    let server = serve(|peer| {
        peer.send(text("one"));
        peer.expect_text("go");
        peer.close_and_expect_reply(1000);
    });
    let args = [&server.url(), "--record", "r.ndjson"];
    let mut running = wscope().args(args).stdin_open().spawn();
    assert_eq!(running.read_stdout_line(), "one");
    wait_for_size(&running, 1);
    let path = running.home().join("r.ndjson");
    let until = std::time::Instant::now() + DEADLINE;
    while names(&events_at(&path)) != ["open", "received one"] {
        assert!(std::time::Instant::now() < until, "the message is not recorded");
        thread::yield_now();
    }
    running.write_stdin("go\n");
    running.wait().code(0);
}
