//! The peer closes while we are sending a long message.

use std::io::Read;
use std::time::{Duration, Instant};

use crate::scripts::serve;
use crate::support::{Server, Wscope, text, wscope};

/// Much less than the time for which the peer keeps TCP open.
const SOON: Duration = Duration::from_secs(2);
const SIZE: usize = 40_000_000;

/// Reads some of the message, refuses it, and keeps TCP open without reading more.
fn serve_refusal() -> Server {
    serve(|peer| {
        peer.read_exact(100_000);
        peer.send(text("quota exceeded"));
        peer.close(1009, "too big");
        peer.stall();
    })
}

#[track_caller]
fn assert_close_received(program: Wscope, server: &Server) {
    let program = program.args(["--binary", "--no-compress", "--output", "lines", &server.url()]);
    let running = program.stdin_null().spawn();
    let start = Instant::now();
    let outcome = running.wait().code(6).stdout("quota exceeded\n").stderr_contains("1009");
    assert!(start.elapsed() < SOON, "took {:?}", start.elapsed());
    outcome.stderr_contains("too big").stderr_lacks("1006");
    server.release();
}

#[test]
fn a_close_in_the_middle_of_our_long_message_is_received() {
    let server = serve_refusal();
    let program = wscope().file("data", vec![b'z'; SIZE]).args(["--send-file", "data"]);
    assert_close_received(program, &server);
}

#[test]
fn a_close_in_the_middle_of_our_many_messages_is_received() {
    let server = serve_refusal();
    let program = wscope().stdin_bytes([b'z'; 10_000].repeat(SIZE / 10_000));
    let running =
        program.args(["--binary", "--no-compress", "--output", "lines", &server.url()]).spawn();
    let start = Instant::now();
    running.wait().code(6).stdout("quota exceeded\n").stderr_contains("1009");
    assert!(start.elapsed() < SOON, "took {:?}", start.elapsed());
    server.release();
}

/// The peer closes and continues reading, so that sending continues.
#[test]
fn max_time_ends_a_run_whose_peer_has_closed() {
    let server = serve(|peer| {
        peer.read_exact(100_000);
        peer.close(1000, "");
        let mut socket = peer.socket();
        let mut chunk = vec![0; 256 << 10];
        while socket.read(&mut chunk).is_ok_and(|count| count > 0) {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    let client = wscope();
    let file = std::fs::File::create(client.home().join("large")).expect("a file");
    file.set_len(4 << 30).expect("a sparse file");
    let options = ["-b", "--send-file", "large", "--close-timeout", "0", "-m", "500ms"];
    let start = Instant::now();
    client.args(options).arg(server.url()).stdin_null().run().code(7);
    assert!(start.elapsed() < SOON, "took {:?}", start.elapsed());
    server.join();
}
