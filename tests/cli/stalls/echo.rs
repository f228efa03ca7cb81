//! A server that echoes a long message while receiving it, and answers nothing else until then.

use std::io::Write;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::support::{BINARY, Peer, Server, Wscope, frame, wscope};

/// More than the capacity of all buffers between the two.
const SIZE: usize = 40_000_000;
const CHUNK: usize = 32 << 10;

/// `io::Copy(writer, reader)` of a message, as in servers in Go.
fn serve_streaming_echo() -> Server {
    crate::scripts::serve(|peer| {
        let (length, key) = read_header(peer);
        peer.send([&[0x80 | BINARY, 127][..], &(length as u64).to_be_bytes()].concat());
        let mut left = length;
        while left > 0 {
            let mut chunk = peer.read_exact(left.min(CHUNK));
            unmask(&mut chunk, key);
            left -= chunk.len();
            peer.send(chunk);
        }
        peer.close_and_expect_reply(1000);
    })
}

/// Eight bytes at a time, for speed.
fn unmask(chunk: &mut [u8], key: [u8; 4]) {
    let long_key = u64::from_ne_bytes([key, key].concat().try_into().expect("eight bytes"));
    let (words, rest) = chunk.as_chunks_mut();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ long_key).to_ne_bytes();
    }
    rest.iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
}

/// The length of the message and its masking key.
fn read_header(peer: &mut Peer) -> (usize, [u8; 4]) {
    assert_eq!(peer.read_exact(2), [0x80 | BINARY, 0x80 | 127], "one long masked frame");
    let length = peer.read_exact(8).iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    (length, peer.read_exact(4).try_into().expect("four bytes"))
}

fn data() -> Vec<u8> {
    let pattern: Vec<u8> = (0..250).collect();
    pattern.repeat(SIZE / pattern.len())
}

#[track_caller]
fn assert_echoed(program: Wscope, server: &Server, data: &[u8]) {
    let options = ["--binary", "--no-compress", "--wait", "5s", &server.url()];
    let outcome = program.args(options).run().code(0);
    assert!(
        outcome.stdout_bytes == data,
        "{} of {SIZE} bytes were echoed, or they differ",
        outcome.stdout_bytes.len()
    );
}

#[test]
fn a_streamed_echo_of_a_file_is_read() {
    let (server, data) = (serve_streaming_echo(), data());
    let program = wscope().file("data", &data).args(["--send-file", "data"]);
    assert_echoed(program, &server, &data);
}

#[test]
fn a_streamed_echo_of_stdin_is_read() {
    let (server, data) = (serve_streaming_echo(), data());
    let program = wscope().args(["--input", "whole"]).stdin_bytes(data.clone());
    assert_echoed(program, &server, &data);
}

/// The queued echoes are dropped, including their limit on reading.
#[test]
fn a_reset_is_detected_while_echoes_are_queued() {
    let server = crate::scripts::serve(|peer| {
        let mut socket = peer.socket();
        let message = frame(true, 0, BINARY, &[7; 60_000]);
        socket.set_nonblocking(true).expect("a socket that does not block");
        let mut failures = 0;
        // Until neither side reads any more.
        while failures < 20 {
            match socket.write(&message) {
                Ok(count) if count == message.len() => failures = 0,
                Ok(_) => break,
                Err(_) => {
                    failures += 1;
                    thread::sleep(Duration::from_millis(10));
                }
            }
        }
        peer.reset();
    });
    let program = wscope().args(["--echo", "--no-compress", &server.url()]);
    program.stdout_to(Stdio::null()).stdin_null().run().code(6);
    server.join();
}
