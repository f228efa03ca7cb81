//! Scenario files: `cargo bench --bench check`.
//!
//! The parser alone, and `wscope check` with a server in this process.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use divan::Bencher;
use divan::counter::ItemsCount;
use wscope::protocol::handshake::{ServerOptions, answer};
use wscope::protocol::head::parse_request;
use wscope::scenario::language::{Source, parse};

fn main() {
    divan::main();
}

const LINES: usize = 10_000;
const FILES: usize = 200;
const EXCHANGES: usize = 10;
const BURST: usize = 1_000_000;

#[divan::bench]
fn parse_10000_lines(bencher: Bencher<'_, '_>) {
    let mut text = String::from("### exchanges\nWS ws://{{host}}/chat\n");
    for number in 0..LINES / 4 {
        let _ = write!(
            text,
            "> {{\"id\":{number},\"say\":\"hello\"}}\n< {{\"id\":{number}}}\n[Asserts]\njsonpath \"$.id\" == {number}\n",
        );
    }
    bencher.counter(ItemsCount::new(LINES)).bench(|| {
        let source = Source::new("x.wscope", text.clone().into_bytes());
        assert_eq!(parse(&source).complete().expect("a scenario").parts.len(), 1);
    });
}

/// A server that sends `first` to each client, then sends all messages back.
fn serve(first: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("ws://{}/", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for client in listener.incoming() {
            let first = first.clone();
            thread::spawn(move || serve_client(client.expect("a client"), &first));
        }
    });
    url
}

/// Ends with the first message that is not a short text.
fn serve_client(mut socket: TcpStream, first: &[u8]) -> Option<()> {
    let mut reader = BufReader::new(socket.try_clone().ok()?);
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        reader.read_until(b'\n', &mut request).ok()?;
    }
    let (line, head) = parse_request(&request).ok()??;
    // It reads frames that are not compressed.
    let options = ServerOptions { compress: false, ..ServerOptions::default() };
    let (response, _) = answer(&options, &line, &head).ok()?;
    socket.write_all(&[response.bytes(), first].concat()).ok()?;
    loop {
        let mut start = [0; 6]; // two bytes of header and the masking key
        reader.read_exact(&mut start).ok()?;
        let mut payload = vec![0; usize::from(start[1] & 0x7f)];
        reader.read_exact(&mut payload).ok()?;
        payload.iter_mut().enumerate().for_each(|(at, byte)| *byte ^= start[2 + at % 4]);
        let header = [start[0], start[1] & 0x7f];
        socket.write_all(&[&header, &payload[..]].concat()).ok()?;
        if start[0] != 0x81 {
            return None;
        }
    }
}

fn check(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wscope"));
    command.arg("check").args(arguments).arg(folder);
    let output = command.stdin(Stdio::null()).output().expect("wscope");
    let shown = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&shown));
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn run_200_files_of_10_exchanges(bencher: Bencher<'_, '_>) {
    let url = serve(Vec::new());
    let folder = tempfile::tempdir().expect("a folder");
    let steps: String =
        (0..EXCHANGES).map(|n| format!("> {{\"n\":{n}}}\n< {{\"n\":{n}}}\n")).collect();
    for file in 0..FILES {
        let path = folder.path().join(format!("{file}.wscope"));
        std::fs::write(path, format!("WS {url}\n{steps}")).expect("a file");
    }
    bencher
        .counter(ItemsCount::new(FILES * EXCHANGES))
        .bench(|| check(folder.path(), &["--jobs", "16"]));
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn keep_a_burst_of_1000000_messages(bencher: Bencher<'_, '_>) {
    let burst: Vec<u8> =
        (0..BURST).flat_map(|n| [&[0x81, 7][..], format!("{n:07}").as_bytes()].concat()).collect();
    let url = serve([&burst[..], &[0x81, 4], b"last"].concat());
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!("WS {url}\n[Options]\ntimeout: 30s\n> go\n< last\n< go\n");
    std::fs::write(folder.path().join("x.wscope"), text).expect("a file");
    bencher.counter(ItemsCount::new(BURST)).bench(|| check(folder.path(), &["--max-time", "60s"]));
}

#[divan::bench(sample_count = 50, sample_size = 1)]
fn from_start_to_end_of_one_file(bencher: Bencher<'_, '_>) {
    let url = serve(Vec::new());
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("x.wscope"), format!("WS {url}\n> a\n< a\n"))
        .expect("a file");
    bencher.bench(|| check(folder.path(), &[]));
}

/// The same with `wscope -1`, for comparison.
#[divan::bench(sample_count = 50, sample_size = 1)]
fn from_start_to_end_of_one_message(bencher: Bencher<'_, '_>) {
    let url = serve(Vec::new());
    bencher.bench(|| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wscope"));
        command.args(["--quiet", "--no-compress", "-x", "a", "--count", "1", &url]);
        let output = command.stdin(Stdio::null()).output().expect("wscope");
        assert_eq!(output.stdout, b"a\n");
    });
}
