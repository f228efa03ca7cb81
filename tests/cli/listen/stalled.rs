//! Output streams that stall for a time, or permanently.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::process::Stdio;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use super::{client, leave, listen, port_in, start, synchronise};
use crate::support::{Peer, Running, Signal, masked, text, wscope};

/// Sends messages of 1,000 bytes, newline included.
fn send(peer: &mut Peer, count: usize) {
    let line = "x".repeat(999);
    for _ in 0..count {
        peer.send(masked(&text(&line)));
    }
}

#[test]
fn a_pipe_made_non_blocking_by_another_process_loses_and_repeats_nothing() {
    const MESSAGES: usize = 5_000;
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let writer = OwnedFd::from(writer);
    let flags = fcntl_getfl(&writer).expect("flags");
    fcntl_setfl(&writer, flags | OFlags::NONBLOCK).expect("O_NONBLOCK");
    let program = wscope().stdin_null().stdout_to(writer);
    let (mut server, port) = start(program, &["--output", "lines"]);
    let clients = [1, 2].map(|number| {
        std::thread::spawn(move || {
            let mut peer = client(port);
            for message in 0..MESSAGES {
                peer.send(masked(&text(&format!("{number} {message} {}", "x".repeat(100)))));
            }
            leave(peer);
        })
    });
    server.wait_stderr("#2 ");
    let mut next = [0, 0];
    let mut lines = BufReader::new(File::from(OwnedFd::from(reader))).lines();
    for _ in 0..2 * MESSAGES {
        let line = lines.next().expect("a line").expect("a line of text");
        let mut words = line.split(' ');
        let mut number = || words.next().and_then(|word| word.parse::<usize>().ok());
        let (client, message) = (number().expect("a client"), number().expect("a message"));
        assert_eq!(message, next[client - 1], "{line}");
        next[client - 1] += 1;
    }
    clients.into_iter().for_each(|client| client.join().expect("a client without errors"));
}

#[test]
fn pings_are_answered_while_the_output_is_stalled() {
    let (_server, port) = listen(&[]);
    let [mut first, mut second] = [client(port), client(port)];
    for _ in 0..2 {
        for peer in [&mut first, &mut second] {
            send(peer, 100); // more than the pipe holds
            synchronise(peer);
        }
    }
}

#[test]
fn a_close_is_answered_while_the_output_is_stalled() {
    let (_server, port) = listen(&[]);
    let mut peer = client(port);
    send(&mut peer, 200);
    leave(peer);
}

#[test]
fn unwritten_messages_are_counted_after_a_signal() {
    const MESSAGES: usize = 200;
    let (mut server, port) = listen(&[]);
    let mut peer = client(port);
    send(&mut peer, MESSAGES);
    synchronise(&mut peer);
    server.signal(Signal::TERM);
    peer.answer_close(1001);
    let line = server.wait_stderr("not written");
    let outcome = server.wait().code(143);
    let written = outcome.stdout.matches('\n').count();
    let counted = format!(
        "{} messages were received and not written: standard output was not read",
        MESSAGES - written
    );
    assert!(line.contains(&counted), "{written} were written; {line}");
    assert!(written > 0);
}

#[test]
fn a_client_under_backpressure_is_closed_in_order_after_a_signal() {
    let (mut server, port) = listen(&["-v"]);
    let mut peer = client(port);
    send(&mut peer, 1_000); // more than is queued
    server.signal(Signal::TERM);
    peer.answer_close(1001);
    server.wait_stderr("#1 wscope: closed by us: 1001");
    server.wait_stderr("not written");
    server.wait().code(143);
}

#[test]
fn a_slow_reader_receives_everything() {
    const MESSAGES: usize = 2_000;
    for options in [&["--once"][..], &["--count", "2000"]] {
        let (server, port) = listen(options);
        let sender = std::thread::spawn(move || {
            let mut peer = client(port);
            send(&mut peer, MESSAGES);
            peer.close_and_expect_reply(1000);
        });
        let outcome = server.wait().code(0);
        assert_eq!(outcome.stdout.matches('\n').count(), MESSAGES, "{options:?}");
        sender.join().expect("a sender without errors");
    }
}

/// Reads the messages of [`send`], after which the server has ended successfully.
#[track_caller]
fn assert_all_written(mut server: Running, messages: usize) {
    for _ in 0..messages {
        assert_eq!(server.read_stdout_line().len(), 999);
    }
    server.wait().code(0);
}

#[test]
fn the_last_messages_wait_for_a_late_reader() {
    const MESSAGES: usize = 200;
    let (server, port) = listen(&["--once"]);
    let mut peer = client(port);
    send(&mut peer, MESSAGES);
    peer.close_and_expect_reply(1000);
    peer.expect_eof();
    assert_all_written(server, MESSAGES);
}

/// Only the closing handshake has a time limit.
#[test]
fn the_last_messages_wait_even_if_the_client_does_not_answer_the_close() {
    const MESSAGES: usize = 200;
    let (server, port) = listen(&["--count", "200", "--close-timeout", "0"]);
    let mut peer = client(port);
    send(&mut peer, MESSAGES);
    peer.expect_close(1000);
    peer.expect_eof();
    assert_all_written(server, MESSAGES);
}

#[test]
fn a_stalled_stderr_does_not_delay_clients() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let program = wscope().stdin_null().stdout_to(Stdio::null()).stderr_to(writer);
    let server = program.args(["listen", ":0", "-vv"]).spawn();
    let mut log = BufReader::new(reader);
    let mut line = String::new();
    log.read_line(&mut line).expect("a line");
    let mut peer = client(port_in(&line).expect("a port"));
    for _ in 0..20 {
        send(&mut peer, 1_000);
        synchronise(&mut peer);
    }
    // Reading makes room: the count is written with the next line that fits.
    let reader = std::thread::spawn(move || {
        let mut log = log.lines().map(|line| line.expect("a line of text"));
        log.any(|line| line.ends_with(" lines were not shown: standard error was not read"))
    });
    synchronise(&mut peer);
    leave(peer);
    server.signal(Signal::TERM);
    server.wait().code(143);
    assert!(reader.join().expect("a reader"), "the number of dropped lines is shown");
}

#[test]
fn an_output_error_is_a_failure() {
    let full = File::options().write(true).open("/dev/full").expect("/dev/full");
    let (server, port) = start(wscope().stdin_null().stdout_to(full), &[]);
    let mut peer = client(port);
    peer.send(masked(&text("lost")));
    peer.answer_close(1001);
    server.wait().code(8).stderr_contains("No space left on device");
}

#[test]
fn stdout_and_stderr_in_one_pipe_are_in_order() {
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let both = writer.try_clone().expect("a second handle");
    let server =
        wscope().stdin_null().stdout_to(writer).stderr_to(both).args(["listen", ":0"]).spawn();
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        let mut byte = [0];
        reader.read_exact(&mut byte).expect("a line");
        line.push(byte[0]);
    }
    let port = port_in(&String::from_utf8_lossy(&line)).expect("a port");
    for number in 1..=20 {
        let mut peer = client(port);
        peer.send(masked(&text(&format!("message of {number}"))));
        leave(peer);
    }
    server.signal(Signal::TERM);
    server.wait().code(143);
    let mut log = String::new();
    reader.read_to_string(&mut log).expect("the rest");
    for number in 1..=20 {
        let place =
            |text: String| log.find(&text).unwrap_or_else(|| panic!("no {text:?} in {log}"));
        let opened = place(format!("#{number} wscope: client"));
        let message = place(format!("message of {number}\n"));
        let closed = place(format!("#{number} wscope: closed"));
        assert!(opened < message && message < closed, "{log}");
    }
}
