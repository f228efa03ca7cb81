//! A reader of stdout that pauses for longer than `--wait`, `--close-timeout` and the rest.

use super::{numbered_line, pause};
use crate::listen;
use crate::scripts::{peak_memory, serve, sum_until_stalled};
use crate::support::{CLOSE, PING, Peer, Server, Signal, close, masked, pong, text, wscope};
use std::io::Write;
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};
use std::time::Duration;

const LINES: usize = 300;
const SIZE: usize = 10_000;

fn frames() -> Vec<u8> {
    (0..LINES).flat_map(|number| text(&numbered_line(number, SIZE))).collect()
}

fn lines() -> String {
    (0..LINES).map(|number| numbered_line(number, SIZE) + "\n").collect()
}

/// Sends all lines, then a Close with 1000.
fn serve_lines() -> Server {
    serve(|peer| {
        peer.send([frames(), close(1000, "")].concat());
        read_to_close(peer);
    })
}

/// Sends all lines, and answers the client's Close.
fn serve_lines_until_close() -> Server {
    serve(|peer| {
        peer.send(frames());
        read_to_close(peer);
        peer.close(1000, "");
    })
}

/// Reads up to the client's Close.
fn read_to_close(peer: &mut Peer) {
    while peer.read_frame().opcode != CLOSE {}
}

#[track_caller]
fn assert_all_arrives(options: &[&str], server: &Server) {
    let running = wscope().args(options).arg(server.url()).stdin_null().spawn();
    pause();
    running.wait().code(0).stdout(&lines());
}

#[test]
fn a_reader_pause_longer_than_the_timeouts_loses_no_messages() {
    assert_all_arrives(&["--wait", "100ms", "--close-timeout", "500ms"], &serve_lines());
}

#[test]
fn a_reader_pause_loses_no_messages_before_the_close_reply() {
    let options = ["--wait", "100ms", "--close-timeout", "500ms"];
    assert_all_arrives(&options, &serve_lines_until_close());
}

#[test]
fn a_reader_pause_loses_no_messages_without_a_wait() {
    let options = ["--wait", "0", "--close-timeout", "500ms"];
    assert_all_arrives(&options, &serve_lines_until_close());
}

#[test]
fn a_reader_pause_does_not_cause_an_idle_timeout() {
    let options = ["--wait", "forever", "--idle-timeout", "500ms"];
    assert_all_arrives(&options, &serve_lines());
}

#[test]
fn a_reader_pause_does_not_cause_a_ping_timeout() {
    let server = serve(|peer| {
        peer.send(frames());
        let ping = peer.read_frame();
        assert_eq!(ping.opcode, PING);
        // After the messages: it cannot be received before the reader continues.
        peer.send(pong(&ping.payload));
        peer.send(close(1000, ""));
        read_to_close(peer);
    });
    let options = ["--wait", "forever", "--ping-interval", "150ms", "--ping-timeout", "600ms"];
    assert_all_arrives(&options, &server);
}

/// In the server role: `--count` closes, and the client's reply comes after its messages.
#[test]
fn a_reader_pause_of_a_listening_server_loses_no_messages_after_its_close() {
    let options = ["--once", "--count", "300", "--close-timeout", "500ms"];
    let (server, port) = listen::listen(&options);
    let client = send_lines(port, |client| {
        read_to_close(client);
        client.close(1000, "");
        client.expect_eof();
    });
    pause();
    server.wait().code(0).stdout(&lines());
    client.join().expect("a client that can send and close");
}

#[test]
fn a_reader_pause_of_a_listening_server_loses_no_messages_before_the_close_of_the_client() {
    let (server, port) = listen::listen(&["--once", "--close-timeout", "500ms"]);
    let client = send_lines(port, |client| {
        client.close(1000, "");
        read_to_close(client);
        client.expect_eof();
    });
    pause();
    server.wait().code(0).stdout(&lines());
    client.join().expect("a client that can send and close");
}

/// A client that sends all lines and then runs `then`.
fn send_lines(port: u16, then: impl FnOnce(&mut Peer) + Send + 'static) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut client = listen::client(port);
        for number in 0..LINES {
            client.send(masked(&text(&numbered_line(number, SIZE))));
        }
        then(&mut client);
    })
}

/// Input for a broken connection is not read, and queued messages are counted.
#[test]
fn input_is_not_read_for_a_broken_connection_during_a_reader_pause() {
    let server = serve(|peer| {
        let (batch, mut socket) = (text(&numbered_line(0, SIZE)).repeat(100), peer.socket());
        let limit = Some(Duration::from_millis(200));
        socket.set_write_timeout(limit).expect("a socket with a limit for writing");
        while socket.write_all(&batch).is_ok() {}
        peer.reset();
    });
    let (stdin, mut input) = std::io::pipe().expect("a pipe");
    let running = wscope().arg(server.url()).stdin_from(stdin).spawn();
    let line = numbered_line(0, SIZE) + "\n";
    let written = thread::spawn(move || {
        // Much more than the capacity of all buffers.
        (0..2_000).take_while(|_| input.write_all(line.as_bytes()).is_ok()).count()
    });
    pause();
    let _ = running.wait().code(6);
    assert!(written.join().expect("a writer that does not panic") < 2_000);
}

#[cfg(target_os = "linux")]
#[test]
fn input_waits_for_an_output_that_shows_what_is_sent() {
    for options in [&["--json"][..], &["-vv", "--json"]] {
        let (sender, progress) = channel();
        let server = serve(move |peer| {
            while let Ok(Some(frame)) = peer.try_read_frame() {
                let _ = sender.send(frame.payload.len()); // the test has seen enough
            }
        });
        let input = std::fs::File::open("/dev/zero").expect("a source without end");
        let args = ["--input", "nul", "--send-hex", "00"];
        let running = wscope().args(args).args(options).arg(server.url()).stdin_from(input).spawn();
        sum_until_stalled(&progress);
        let memory = peak_memory(running.id());
        assert!(memory < 40, "{memory} MiB");
        running.signal(Signal::KILL);
        running.wait();
        server.join();
    }
}
