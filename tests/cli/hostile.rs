//! Hostile streams: all of them end with a verdict, quickly and in bounded memory.

use std::sync::mpsc::channel;
use std::time::Duration;

use flate2::{Compress, Compression, FlushCompress};

use crate::scripts::{answer_close, next, serve, serve_extension};
use crate::support::{BINARY, CONTINUATION, Outcome, PONG, Peer, TEXT};
use crate::support::{binary, deflate, frame, ping, text, wscope};

const TOO_BIG: u16 = 1009;

/// The memory of the program in MiB, without its file and the longest message allowed.
#[cfg(target_os = "linux")]
const BASELINE: usize = 6;

/// A stdout that is not read keeps the program running until its memory has been measured.
const UNREAD: usize = 200_000;

/// Runs the program against a server that accepts `extension`, unless it is empty, sends a message that is
/// not read until the end, and then performs these steps. `limit` is the limit of a message, and `buffered`
/// the part of one that may be in memory, both in MiB.
#[track_caller]
fn run_hostile(
    extension: &str,
    limit: usize,
    buffered: usize,
    steps: impl FnOnce(&mut Peer) + Send + 'static,
) -> Outcome {
    let (sender, done) = channel();
    let steps = move |peer: &mut Peer| {
        peer.send(text(&"x".repeat(UNREAD)));
        steps(peer);
        sender.send(()).expect("a receiver in the test");
    };
    let server = match extension {
        "" => serve(steps),
        extension => serve_extension(extension, steps),
    };
    let size = format!("{limit}M");
    let running =
        wscope().args(["--max-message-size", &size, "--wait", "forever", &server.url()]).spawn();
    next(&done);
    #[cfg(target_os = "linux")]
    {
        let peak = crate::scripts::peak_memory(running.id());
        assert!(peak <= BASELINE + buffered, "{peak} MiB of memory");
    }
    running.wait()
}

/// A server that sends these bytes is closed with 1009.
#[track_caller]
fn too_big(extension: &str, limit: usize, bytes: Vec<u8>) -> Outcome {
    let steps = move |peer: &mut Peer| {
        peer.send(bytes);
        assert_eq!(peer.expect_close(TOO_BIG), "message too big");
    };
    let outcome = run_hostile(extension, limit, limit, steps).code(5);
    assert_eq!(outcome.stdout_bytes.len(), UNREAD + 1, "no part of the message is shown");
    outcome
        .stderr_contains("wscope: protocol error: message too big: ")
        .stderr_contains("(RFC 6455 section 10.4); closed with 1009")
        .stderr_contains("hint: --max-message-size")
        .stderr_contains("; header ")
}

/// `size` compressed MiB of zeros: the same MiB, compressed without a context, repeated.
fn bomb(size: usize) -> Vec<u8> {
    const ZEROS: usize = 1 << 20;
    let mut state = Compress::new(Compression::fast(), false);
    let mut compressed = Vec::with_capacity(ZEROS / 100);
    state.compress_vec(&vec![0; ZEROS], &mut compressed, FlushCompress::Full).expect("zeros");
    assert_eq!(state.total_in(), ZEROS as u64);
    compressed.repeat(size)
}

#[test]
fn a_declared_length_allocates_no_memory() {
    for (length, code) in
        [(1_u64 << 62, 1009), (1 << 63, 1002), (u64::MAX, 1002), ((64 << 20) + 1, 1009)]
    {
        let header = [&[0x82, 127][..], &length.to_be_bytes()].concat();
        let steps = move |peer: &mut Peer| {
            peer.send([&header[..], &[0; 1000]].concat());
            peer.expect_close(code);
        };
        let outcome = run_hostile("", 64, 0, steps).code(5);
        outcome
            .stderr_contains(&length.to_string())
            .stderr_contains(&format!("closed with {code}"))
            .stderr_contains("; header 82 7f ");
    }
}

#[test]
fn memory_is_allocated_as_the_payload_arrives() {
    let header = [&[0x82, 127][..], &(60_u64 << 20).to_be_bytes(), &[0; 1000]].concat();
    let steps = move |peer: &mut Peer| {
        peer.send(header);
        peer.eof();
        peer.expect_eof();
    };
    run_hostile("", 64, 0, steps).code(6).stderr_contains(
        "in the middle of a binary frame (1000 of 62914560 payload bytes received)",
    );
}

#[test]
fn a_message_over_the_limit_in_one_frame() {
    too_big("", 1, binary(&vec![b'x'; (1 << 20) + 1])).stderr_contains("1048577");
}

#[test]
fn a_message_over_the_limit_in_ten_thousand_fragments() {
    let piece = frame(false, 0, CONTINUATION, &[b'x'; 110]);
    let bytes = [frame(false, 0, TEXT, b""), piece.repeat(10_000)].concat();
    too_big("", 1, bytes).stderr_contains("; header 00 6e");
}

#[test]
fn a_deflate_bomb() {
    let compressed = bomb(64);
    assert!(compressed.len() < 1 << 20, "{} bytes", compressed.len());
    too_big("permessage-deflate", 1, frame(true, 4, BINARY, &compressed))
        .stderr_contains("inflate to more than the limit of 1048576");
}

#[test]
fn a_deflate_bomb_in_many_fragments() {
    let compressed = bomb(64);
    let pieces = compressed.chunks(7).map(|piece| frame(false, 0, CONTINUATION, piece));
    let bytes = [frame(false, 4, BINARY, b"")].into_iter().chain(pieces).flatten().collect();
    too_big("permessage-deflate", 1, bytes).stderr_contains("limit of 1048576");
}

#[test]
fn compressed_messages_that_grow_to_the_limit_one_after_another() {
    const COUNT: usize = 20;
    let message = frame(true, 4, TEXT, &deflate(&vec![b'y'; 1 << 20]));
    let server = serve_extension("permessage-deflate; server_no_context_takeover", move |peer| {
        (0..COUNT).for_each(|_| peer.send(&message));
        answer_close(peer);
    });
    let args = ["--max-message-size", "1M", "--count", "20", &server.url()];
    let outcome = wscope().args(args).run().code(0);
    assert_eq!(outcome.stdout_bytes.len(), COUNT * ((1 << 20) + 1));
}

#[test]
fn a_hundred_thousand_pings_are_all_answered() {
    const COUNT: u32 = 100_000;
    let steps = |peer: &mut Peer| {
        for batch in 0..COUNT / 1000 {
            let numbers = batch * 1000..(batch + 1) * 1000;
            peer.send(
                numbers.clone().flat_map(|number| ping(&number.to_be_bytes())).collect::<Vec<_>>(),
            );
            for number in numbers {
                let pong = peer.read_frame();
                assert_eq!((pong.opcode, &pong.payload[..]), (PONG, &number.to_be_bytes()[..]));
            }
        }
        peer.close_and_expect_reply(1000);
    };
    run_hostile("", 1, 0, steps).code(0);
}

#[test]
fn a_million_empty_fragments_make_one_empty_message() {
    let empty = frame(false, 0, CONTINUATION, b"");
    let steps = move |peer: &mut Peer| {
        peer.send(frame(false, 0, TEXT, b""));
        (0..1000).for_each(|_| peer.send(empty.repeat(1000)));
        peer.send(frame(true, 0, CONTINUATION, b""));
        peer.close_and_expect_reply(1000);
    };
    let outcome = run_hostile("", 1, 0, steps).code(0);
    assert_eq!(outcome.stdout_bytes.len(), UNREAD + 2);
    assert!(outcome.stdout_bytes.ends_with(b"x\n\n"));
    assert!(outcome.elapsed < Duration::from_secs(8), "took {:?}", outcome.elapsed);
}

#[test]
fn a_million_empty_fragments_of_a_compressed_message() {
    let empty = frame(false, 0, CONTINUATION, b"");
    let steps = move |peer: &mut Peer| {
        peer.send(frame(false, 4, TEXT, b""));
        (0..1000).for_each(|_| peer.send(empty.repeat(1000)));
        peer.send(frame(true, 0, CONTINUATION, &[0]));
        peer.close_and_expect_reply(1000);
    };
    let outcome = run_hostile("permessage-deflate", 1, 0, steps).code(0);
    assert!(outcome.stdout_bytes.ends_with(b"x\n\n"));
}

#[test]
fn an_end_or_reset_of_tcp_in_the_middle_of_a_frame() {
    for (bytes, place) in [
        (&text("hello")[..4], "in the middle of a text frame (2 of 5 payload bytes received)"),
        (&[0x82, 126, 1], "in the middle of a frame header (after 3 bytes)"),
        (&frame(false, 0, TEXT, b"a"), "in the middle of a fragmented message (after 1 frame)"),
    ] {
        let bytes = bytes.to_vec();
        let sent = bytes.clone();
        let steps = move |peer: &mut Peer| {
            peer.send(bytes);
            peer.eof();
            peer.expect_eof();
        };
        run_hostile("", 1, 0, steps)
            .code(6)
            .stderr_contains("1006 Abnormal Closure: TCP connection ended (FIN) without a Close")
            .stderr_contains(place);
        // A reset discards unread data, so a ping makes sure that it has been read.
        let server = serve(move |peer| {
            peer.send([ping(b"read"), sent].concat());
            peer.expect_pong(b"read");
            peer.reset();
        });
        let outcome = wscope().arg(server.url()).stdin_open().run().code(6).stdout("");
        outcome
            .stderr_contains("1006 Abnormal Closure: TCP connection reset (RST) without")
            .stderr_contains(place);
    }
}

#[test]
fn no_reply_to_our_close() {
    let server = serve(|peer| {
        peer.expect_close(1000);
        peer.expect_eof();
    });
    let args = ["--wait", "0", "--close-timeout", "100ms", &server.url()];
    let outcome = wscope().args(args).run().code(7).stdout("");
    outcome
        .stderr_contains(
            "wscope: closing handshake: timed out: the peer did not answer our Close frame within",
        )
        .stderr_contains("100ms");
}
