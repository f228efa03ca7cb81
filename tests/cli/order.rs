//! The order of messages over all code paths; and nothing is held back while the socket is idle.

use std::io::{Read, pipe};
use std::process::Stdio;
use std::sync::mpsc::channel;

use crate::scripts::{answer_close, serve};
use crate::support::{BINARY, CONTINUATION, Peer, Server, TEXT, Wscope};
use crate::support::{
    deflate, frame, masked, ping, switching_protocols, text, upgrade_request, wscope,
};

const RSV1: u8 = 0b100;

/// Sizes around those of all buffers, so that the rest in a buffer has every length.
const SIZES: [usize; 12] =
    [0, 1, 60, 125, 126, 4_096, 65_534, 65_535, 65_536, 131_072, 140_000, 1 << 20];

#[test]
fn every_message_is_written_before_waiting_for_the_next() {
    let (sender, seen) = channel();
    let server = serve(move |peer| {
        for (index, size) in SIZES.into_iter().enumerate() {
            peer.send(frame(true, 0, TEXT, &body(index, size)));
            // Nothing more is sent until this has been read from stdout.
            seen.recv().expect("a sender in the test");
        }
        answer_close(peer);
    });
    let (mut reader, writer) = pipe().expect("pipe");
    let count = SIZES.len().to_string();
    let running = wscope().args(["--count", &count, &server.url()]).stdout_to(writer).spawn();
    for (index, size) in SIZES.into_iter().enumerate() {
        let expected = [body(index, size), b"\n".to_vec()].concat();
        let mut line = vec![0; expected.len()];
        reader.read_exact(&mut line).expect("a message");
        assert!(line == expected, "message {index} of {size} bytes");
        sender.send(()).expect("a receiver in the server");
    }
    running.wait().code(0);
}

#[test]
fn messages_on_different_code_paths_stay_in_order() {
    const ROUNDS: usize = 300;
    let extension = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover";
    let server = Server::script(move |peer| {
        let head = peer.read_head();
        peer.accept_with(&head, &[extension]);
        let stream: Vec<u8> = (0..ROUNDS).flat_map(round).collect();
        peer.send(stream);
        answer_close(peer);
    });
    let count = (ROUNDS * 5).to_string();
    let outcome = wscope().args(["--count", &count, "--json", "-v", &server.url()]).run().code(0);
    let events = outcome.json_lines();
    let got: Vec<_> = events
        .iter()
        .filter(|event| event["direction"] == "received")
        .map(|event| match event["event"].as_str() {
            Some("message") if event["type"] == "binary" => "binary".to_owned(),
            Some("message") => start_of(event["data"].as_str().unwrap_or_default()),
            other => other.unwrap_or_default().to_owned(),
        })
        .collect();
    let expected: Vec<_> = (0..ROUNDS)
        .flat_map(|round| {
            let plain =
                |path: usize| start_of(&String::from_utf8_lossy(&body(round * 10 + path, 50)));
            [plain(0), "ping".to_owned(), plain(1), plain(2), "binary".to_owned(), plain(4)]
        })
        .collect();
    assert_eq!(got.len(), expected.len());
    let wrong = got.iter().zip(&expected).position(|(got, expected)| got != expected);
    assert_eq!(wrong, None, "{:?}", wrong.map(|at| (&got[at], &expected[at])));
}

/// The output of a run in a pipe that is both stdout and stderr.
fn combined_output(command: Wscope) -> String {
    let (mut reader, writer) = pipe().expect("pipe");
    let both = writer.try_clone().expect("a second handle");
    let running = command.stdout_to(writer).stderr_to(Stdio::from(both)).spawn();
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("text");
    running.wait().code(0);
    text
}

#[test]
fn the_handshake_is_reported_before_a_message_in_the_same_segment() {
    for options in [&[][..], &["-v"], &["-vv"], &["--json"], &["--output", "hex"]] {
        let server = Server::script(|peer| {
            let head = peer.read_head();
            peer.send([switching_protocols(&head, &[]).as_bytes(), &text("hello")].concat());
            answer_close(peer);
        });
        let got = combined_output(wscope().args(options).args(["-1", &server.url()]));
        let at = |what: &str| got.find(what).unwrap_or_else(|| panic!("no {what:?} in\n{got}"));
        let message = if options.contains(&"hex") { "68656c6c6f" } else { "hello" };
        assert!(at("connected to ") < at(message), "{options:?}\n{got}");
    }
}

#[test]
fn a_client_of_listen_is_reported_before_its_first_message() {
    let (mut reader, writer) = pipe().expect("pipe");
    let both = writer.try_clone().expect("a second handle");
    let command = wscope().args(["listen", "--once", "127.0.0.1:0"]);
    let running = command.stdout_to(writer).stderr_to(Stdio::from(both)).spawn();
    let mut got = Vec::new();
    let mut byte = [0];
    while !got.ends_with(b"\n") {
        reader.read_exact(&mut byte).expect("the address");
        got.push(byte[0]);
    }
    let line = String::from_utf8_lossy(&got).into_owned();
    let port = line.trim().trim_end_matches('/').rsplit(':').next().expect("a port");
    let mut peer = Peer::connect(port.parse().expect("a port"));
    peer.send([upgrade_request("/", &[]).as_bytes(), &masked(&text("hello"))].concat());
    peer.read_head();
    peer.close_and_expect_reply(1000);
    let mut rest = String::new();
    reader.read_to_string(&mut rest).expect("text");
    running.wait().code(0);
    assert!(rest.find("connected to ") < rest.find("hello"), "{rest}");
    assert!(rest.contains("hello"), "{rest}");
}

/// A plain message, a fragmented one with a ping inside, a compressed one, a binary one, and one that is longer
/// than a read.
fn round(round: usize) -> Vec<u8> {
    let text = |path: usize| body(round * 10 + path, 50);
    let fragmented = text(1);
    [
        frame(true, 0, TEXT, &text(0)),
        frame(false, 0, TEXT, &fragmented[..20]),
        ping(b"p"),
        frame(true, 0, CONTINUATION, &fragmented[20..]),
        frame(true, RSV1, TEXT, &deflate(&text(2))),
        frame(true, 0, BINARY, &text(3)),
        frame(
            true,
            0,
            TEXT,
            &body(round * 10 + 4, if round.is_multiple_of(50) { 200_000 } else { 300 }),
        ),
    ]
    .concat()
}

/// Text of this size that starts with its number, if there is room for it.
fn body(number: usize, size: usize) -> Vec<u8> {
    let mut text = format!("{number:06} ").into_bytes();
    text.resize(size.max(text.len()), b'a' + (number % 26) as u8);
    text.truncate(size);
    text
}

fn start_of(text: &str) -> String {
    text.chars().take(7).collect()
}
