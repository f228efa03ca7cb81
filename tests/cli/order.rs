//! The order of what arrives, over all the ways a message can take; and nothing held back while the
//! socket is idle.

use std::io::{Read, pipe};
use std::sync::mpsc::channel;

use crate::scripts::{answer_close, serve};
use crate::support::{BINARY, CONTINUATION, Server, TEXT, frame, pack, ping, wscope};

const RSV1: u8 = 0b100;

/// Sizes around every buffer on the way, so that what waits at its end is of every length.
const SIZES: [usize; 12] =
    [0, 1, 60, 125, 126, 4_096, 65_534, 65_535, 65_536, 131_072, 140_000, 1 << 20];

#[test]
fn every_message_is_written_before_the_next_is_awaited() {
    let (sender, seen) = channel();
    let server = serve(move |peer| {
        for (index, size) in SIZES.into_iter().enumerate() {
            peer.send(frame(true, 0, TEXT, &body(index, size)));
            // Nothing more comes until this has been read at the other end.
            seen.recv().expect("a reading test");
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
        sender.send(()).expect("a server that awaits it");
    }
    running.wait().code(0);
}

#[test]
fn messages_that_take_different_ways_stay_in_order() {
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
    let due: Vec<_> = (0..ROUNDS)
        .flat_map(|round| {
            let plain =
                |way: usize| start_of(&String::from_utf8_lossy(&body(round * 10 + way, 50)));
            [plain(0), "ping".to_owned(), plain(1), plain(2), "binary".to_owned(), plain(4)]
        })
        .collect();
    assert_eq!(got.len(), due.len());
    let wrong = got.iter().zip(&due).position(|(got, due)| got != due);
    assert_eq!(wrong, None, "{:?}", wrong.map(|at| (&got[at], &due[at])));
}

/// A plain message, a fragmented one with a ping inside, a compressed one, a binary one, and one that
/// is longer than a read.
fn round(round: usize) -> Vec<u8> {
    let text = |way: usize| body(round * 10 + way, 50);
    let fragmented = text(1);
    [
        frame(true, 0, TEXT, &text(0)),
        frame(false, 0, TEXT, &fragmented[..20]),
        ping(b"p"),
        frame(true, 0, CONTINUATION, &fragmented[20..]),
        frame(true, RSV1, TEXT, &pack(&text(2))),
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

/// Text of this size that starts with its number, as far as there is room for it.
fn body(number: usize, size: usize) -> Vec<u8> {
    let mut text = format!("{number:06} ").into_bytes();
    text.resize(size.max(text.len()), b'a' + (number % 26) as u8);
    text.truncate(size);
    text
}

fn start_of(text: &str) -> String {
    text.chars().take(7).collect()
}
