//! The program with a socket and pipes: `cargo bench --bench end_to_end`.
//!
//! A server in this process sends prepared frames, or counts what it receives; wscope runs between it
//! and a pipe, as users run it. Messages per second are from the start of the process to its end.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};

use divan::Bencher;
use divan::counter::ItemsCount;
use wscope::protocol::handshake::{ServerOptions, answer};
use wscope::protocol::head::parse_request;

fn main() {
    divan::main();
}

const MESSAGES: usize = 500_000;

/// A text message of 64 bytes, as a server sends it.
fn frame() -> Vec<u8> {
    [&[0x81, 64][..], &[b'x'; 64]].concat()
}

/// A server for one client; `work` does the rest.
fn serve(work: impl FnOnce(&mut TcpStream) + Send + 'static) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("ws://{}/", listener.local_addr().expect("an address"));
    let server = thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("a client");
        let mut request = Vec::new();
        let (line, head) = loop {
            let mut bytes = [0; 4096];
            let count = socket.read(&mut bytes).expect("a request");
            request.extend_from_slice(&bytes[..count]);
            if let Some(parsed) = parse_request(&request).expect("HTTP") {
                break parsed;
            }
        };
        let (response, _) = answer(&ServerOptions::default(), &line, &head).expect("a handshake");
        socket.write_all(response.bytes()).expect("an open connection");
        work(&mut socket);
        let mut rest = Vec::new();
        let _ = socket.read_to_end(&mut rest); // until the client disconnects
    });
    (url, server)
}

fn wscope(arguments: &[&str], url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wscope"));
    command.args(["--quiet", "--no-compress"]).args(arguments).arg(url);
    command
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn receive_64_bytes_to_a_pipe(bencher: Bencher<'_, '_>) {
    let block = frame().repeat(1000);
    bencher.counter(ItemsCount::new(MESSAGES)).bench(|| {
        let block = block.clone();
        let (url, server) = serve(move |socket| {
            for _ in 0..MESSAGES / 1000 {
                socket.write_all(&block).expect("an open connection");
            }
            socket.write_all(&[0x88, 2, 3, 0xe8]).expect("an open connection");
        });
        let mut tool = wscope(&[], &url);
        let mut child = tool.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("wscope");
        let mut output = child.stdout.take().expect("a pipe");
        let (mut buffer, mut total) = (vec![0; 1 << 16], 0);
        loop {
            match output.read(&mut buffer).expect("output") {
                0 => break,
                count => total += count,
            }
        }
        assert_eq!(total, 65 * MESSAGES);
        assert!(child.wait().expect("an end").success());
        server.join().expect("the server");
    });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn send_64_byte_lines_from_a_pipe(bencher: Bencher<'_, '_>) {
    let block = [&[b'x'; 64][..], b"\n"].concat().repeat(1000);
    bencher.counter(ItemsCount::new(MESSAGES)).bench(|| {
        let (url, server) = serve(|socket| {
            // Masked frames of 64 bytes, then a Close frame, which is answered.
            let (mut buffer, mut total) = (vec![0; 1 << 16], 0);
            while total < 70 * MESSAGES {
                total += socket.read(&mut buffer).expect("frames");
            }
            socket.write_all(&[0x88, 2, 3, 0xe8]).expect("an open connection");
        });
        let mut tool = wscope(&["--wait", "0"], &url);
        let mut child = tool.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("wscope");
        let mut input = child.stdin.take().expect("a pipe");
        for _ in 0..MESSAGES / 1000 {
            input.write_all(&block).expect("a reader");
        }
        drop(input);
        assert!(child.wait().expect("an end").success());
        server.join().expect("the server");
    });
}

#[divan::bench(sample_count = 50, sample_size = 1)]
fn from_start_to_the_first_reply(bencher: Bencher<'_, '_>) {
    bencher.bench(|| {
        let (url, server) = serve(|socket| {
            let mut request = [0; 8]; // a masked "hi"
            socket.read_exact(&mut request).expect("a message");
            socket.write_all(&[0x81, 2, b'h', b'i', 0x88, 2, 3, 0xe8]).expect("a client");
        });
        let output = wscope(&["-x", "hi", "--count", "1"], &url)
            .stdin(Stdio::null())
            .output()
            .expect("wscope");
        assert_eq!(output.stdout, b"hi\n");
        server.join().expect("the server");
    });
}
