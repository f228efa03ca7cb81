//! The peer closes while a long message of ours is going out.

use std::time::{Duration, Instant};

use crate::scripts::serve;
use crate::support::{Server, Wscope, text, wscope};

/// Well under what the peer keeps TCP open for.
const AT_ONCE: Duration = Duration::from_secs(2);
const SIZE: usize = 40_000_000;

/// Reads some of the message, refuses it, and keeps TCP open without reading on.
fn serve_refusal() -> Server {
    serve(|peer| {
        peer.read_exact(100_000);
        peer.send(text("quota exceeded"));
        peer.close(1009, "too big");
        peer.stall();
    })
}

#[track_caller]
fn assert_seen(program: Wscope, server: &Server) {
    let program = program.args(["--binary", "--no-compress", "--output", "lines", &server.url()]);
    let running = program.stdin_null().spawn();
    let start = Instant::now();
    let outcome = running.wait().code(6).stdout("quota exceeded\n").stderr_contains("1009");
    assert!(start.elapsed() < AT_ONCE, "took {:?}", start.elapsed());
    outcome.stderr_contains("too big").stderr_lacks("1006");
    server.release();
}

#[test]
fn a_close_in_the_middle_of_our_long_message_was_not_seen() {
    let server = serve_refusal();
    let program = wscope().file("data", vec![b'z'; SIZE]).args(["--send-file", "data"]);
    assert_seen(program, &server);
}

#[test]
fn a_close_in_the_middle_of_our_many_messages_was_not_seen() {
    let server = serve_refusal();
    let program = wscope().stdin_bytes([b'z'; 10_000].repeat(SIZE / 10_000));
    let running =
        program.args(["--binary", "--no-compress", "--output", "lines", &server.url()]).spawn();
    let start = Instant::now();
    running.wait().code(6).stdout("quota exceeded\n").stderr_contains("1009");
    assert!(start.elapsed() < AT_ONCE, "took {:?}", start.elapsed());
    server.release();
}
