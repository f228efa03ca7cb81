//! The file descriptions of stdin, stdout and stderr are shared with other processes. O_NONBLOCK applies to all of
//! them: we handle it, and never set it.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::scripts::{answer_close, expect_quiet, processor_time, serve};
use crate::support::{CLOSE, Running, Terminal, text, wscope};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

const LINES: usize = 20_000;

fn line(number: usize) -> String {
    format!("{number:06} {}", "b".repeat(100))
}

fn lines() -> String {
    (0..LINES).map(|number| line(number) + "\n").collect()
}

fn set_nonblocking(end: &impl AsFd, on: bool) {
    let flags = fcntl_getfl(end).expect("the flags of a pipe");
    let flags = if on { flags | OFlags::NONBLOCK } else { flags - OFlags::NONBLOCK };
    fcntl_setfl(end, flags).expect("flags that can be set");
}

fn is_nonblocking(end: &impl AsFd) -> bool {
    fcntl_getfl(end).expect("the flags of a pipe").contains(OFlags::NONBLOCK)
}

/// Sets and clears the flag, as another process would, while `work` runs.
fn while_toggling<T>(ends: &[OwnedFd], work: impl FnOnce() -> T) -> T {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for on in [true, false].into_iter().cycle() {
                ends.iter().for_each(|end| set_nonblocking(end, on));
                if done.load(Ordering::SeqCst) {
                    return;
                }
                thread::yield_now();
            }
        });
        let worked = work();
        done.store(true, Ordering::SeqCst);
        worked
    })
}

fn shared(end: &impl AsFd) -> OwnedFd {
    end.as_fd().try_clone_to_owned().expect("another descriptor of a description")
}

/// Reads in small pieces, so that the pipe is full at times.
fn read_in_pieces(mut reader: impl Read) -> String {
    let (mut all, mut piece) = (Vec::new(), [0; 5000]);
    while let Ok(count @ 1..) = reader.read(&mut piece) {
        all.extend(&piece[..count]);
    }
    String::from_utf8(all).expect("text")
}

/// A program with pipes for all three streams, and the test's ends of them.
struct Streams {
    running: Running,
    stdin: PipeWriter,
    stdout: PipeReader,
    stderr: PipeReader,
    /// The descriptions that the program shares.
    ends: Vec<OwnedFd>,
}

fn start(options: &[&str], url: &str) -> Streams {
    let (in_reader, stdin) = pipe().expect("a pipe");
    let (stdout, out_writer) = pipe().expect("a pipe");
    let (stderr, err_writer) = pipe().expect("a pipe");
    let ends = vec![shared(&in_reader), shared(&out_writer), shared(&err_writer)];
    let program = wscope().args(options).arg(url);
    let program = program.stdin_from(in_reader).stdout_to(out_writer).stderr_to(err_writer);
    Streams { running: program.spawn(), stdin, stdout, stderr, ends }
}

#[test]
fn nonblocking_mode_toggled_by_another_process_loses_no_messages() {
    let server = serve(|peer| {
        for number in 0..LINES {
            peer.send(text(&line(number)));
            peer.expect_text(&line(number));
        }
        answer_close(peer);
    });
    let Streams { running, mut stdin, stdout, stderr, ends } = start(&["-vv"], &server.url());
    let (shown, log) = while_toggling(&ends, || {
        let input =
            thread::spawn(move || stdin.write_all(lines().as_bytes()).map(|()| drop(stdin)));
        let shown = thread::spawn(move || read_in_pieces(stdout));
        let log = thread::spawn(move || read_in_pieces(stderr));
        running.wait().code(0);
        input.join().expect("a writer").expect("a program that reads all of stdin");
        (shown, log)
    });
    drop(ends);
    let (shown, log) = (shown.join().expect("a reader"), log.join().expect("a reader"));
    assert!(
        shown == lines(),
        "{} of {} bytes were written, or they differ",
        shown.len(),
        lines().len()
    );
    let frames = log.lines().filter(|line| line.contains("text")).count();
    assert!(frames >= 2 * LINES, "{frames} of {} frames were shown", 2 * LINES);
}

#[test]
fn waiting_for_a_nonblocking_pipe_does_not_use_the_processor() {
    let (sender, stalled) = std::sync::mpsc::channel();
    let server = serve(move |peer| {
        peer.send(text(&"x".repeat(200_000)));
        let frame = peer.read_frame();
        assert_eq!(frame.opcode, CLOSE);
        peer.send(crate::support::close(1000, ""));
        drop(sender);
    });
    let Streams { running, stdin, stdout, stderr, ends } = start(&["--wait", "0"], &server.url());
    ends.iter().for_each(|end| set_nonblocking(end, true));
    expect_quiet::<()>(&stalled, Duration::from_millis(300)); // the start
    let before = processor_time(running.id());
    expect_quiet(&stalled, Duration::from_millis(600));
    let busy = processor_time(running.id()) - before;
    assert!(busy < Duration::from_millis(150), "{busy:?} of processor time in 600 ms");
    drop(stdin);
    let readers = [
        thread::spawn(move || read_in_pieces(stdout)),
        thread::spawn(move || read_in_pieces(stderr)),
    ];
    running.wait().code(0);
    drop(ends);
    let [shown, _] = readers.map(|reader| reader.join().expect("a reader"));
    assert_eq!(shown.len(), 200_001);
}

#[test]
fn no_shared_pipe_is_made_nonblocking() {
    let server = serve(|peer| {
        peer.expect_text("x");
        peer.send(text("x"));
        answer_close(peer);
    });
    let Streams { running, mut stdin, mut stdout, stderr, ends } = start(&[], &server.url());
    stdin.write_all(b"x\n").expect("a pipe with room");
    stdout.read_exact(&mut [0; 2]).expect("the answer");
    assert!(!ends.iter().any(is_nonblocking), "a flag of a shared description was changed");
    drop((stdin, stderr));
    running.wait().code(0);
    assert!(!ends.iter().any(is_nonblocking), "a flag of a shared description was changed");
}

#[test]
fn no_shared_socket_is_made_nonblocking() {
    let server = serve(|peer| {
        peer.expect_text("x");
        peer.send(text(&"x".repeat(2 << 20)));
        answer_close(peer);
    });
    let (near, far) = UnixStream::pair().expect("a pair of sockets");
    let kept = shared(&far);
    let program = wscope().arg(server.url()).stdin_from(shared(&far)).stdout_to(OwnedFd::from(far));
    let running = program.spawn();
    let mut near_writer = near.try_clone().expect("another handle");
    near_writer.write_all(b"x\n").expect("a socket with room");
    let mut shown = vec![0; (2 << 20) + 1];
    (&near).read_exact(&mut shown).expect("the answer");
    assert!(!is_nonblocking(&kept), "a flag of a shared description was changed");
    near.shutdown(std::net::Shutdown::Write).expect("the end of the input");
    running.wait().code(0);
    assert!(!is_nonblocking(&kept), "a flag of a shared description was changed");
}

/// The shell continues with the same file description of the terminal.
#[test]
fn no_shared_terminal_is_made_nonblocking() {
    let server = serve(|peer| {
        peer.send(text("hello"));
        peer.stall();
        peer.close_and_expect_reply(1000);
    });
    let mut terminal = Terminal::spawn(["--no-config", &server.url()], 80, 24);
    terminal.wait_for("hello");
    for descriptor in 0..3 {
        let path = format!("/proc/{}/fdinfo/{descriptor}", terminal.id());
        let info = std::fs::read_to_string(path).expect("a program that still runs");
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).expect("flags");
        let flags = u32::from_str_radix(flags.trim(), 8).expect("an octal number");
        assert_eq!(flags & OFlags::NONBLOCK.bits(), 0, "descriptor {descriptor}");
    }
    server.release();
    assert_eq!(terminal.wait_exit(), 0);
}
