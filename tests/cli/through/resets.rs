//! Resets of one side: passed on behind what was received before, and never kept for a side that takes nothing.

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use serde_json::json;
use socket2::Socket;

use super::{Proxied, proxy, unread_proxy};
#[cfg(unix)]
use crate::support::Signal;
use crate::support::{DEADLINE, Peer, masked, text};

/// How long a write waits before its receiver counts as stalled.
const PATIENCE: Duration = Duration::from_millis(200);

/// Sends this frame again and again, until nothing more is taken.
#[track_caller]
pub(super) fn fill(from: &Peer, frame: &[u8]) {
    fill_socket(from.socket(), frame);
}

/// The same, in any thread.
#[track_caller]
pub(super) fn fill_socket(mut socket: Socket, frame: &[u8]) {
    socket.set_write_timeout(Some(PATIENCE)).expect("a write timeout");
    while socket.write_all(frame).is_ok() {}
    socket.set_write_timeout(Some(DEADLINE)).expect("a write timeout");
}

/// Reads until the other side resets the connection.
#[track_caller]
pub(super) fn read_until_reset(peer: &Peer) -> Vec<u8> {
    let (mut socket, mut all, mut chunk) = (peer.socket(), Vec::new(), vec![0; 64 << 10]);
    loop {
        match socket.read(&mut chunk) {
            Ok(0) => panic!("expected a reset, got an end after {} bytes", all.len()),
            Ok(count) => all.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return all,
            Err(error) => panic!("expected a reset, got {error} after {} bytes", all.len()),
        }
    }
}

/// How both sides ended, as the next close event has it.
#[track_caller]
fn ends(proxy: &mut Proxied) -> serde_json::Value {
    let close = proxy.event("close");
    json!([close["initiator"], close["end"]["client"], close["end"]["server"]])
}

pub(super) fn large() -> Vec<u8> {
    text(&"x".repeat(60_000))
}

/// It is not read any more, as what it has sent waits for the other side.
#[test]
fn a_reset_passes_though_the_other_side_takes_nothing() {
    let mut proxy = proxy_without_messages();
    let (client, mut server) = proxy.open();
    fill(&server, &large());
    server.reset();
    assert_eq!(ends(&mut proxy), json!(["server", null, "reset"]));
    read_until_reset(&client);
    proxy.running.wait_stderr("not delivered to the client: ");

    let (mut client, server) = proxy.open();
    fill(&client, &masked(&large()));
    client.reset();
    assert_eq!(ends(&mut proxy), json!(["client", "reset", null]));
    read_until_reset(&server);
    proxy.running.wait_stderr("not delivered to the server: ");
}

/// Its own FIN waits for the other side.
#[test]
fn a_reset_behind_a_fin_passes_though_the_other_side_takes_nothing() {
    let mut proxy = proxy_without_messages();
    let (client, mut server) = proxy.open();
    fill(&server, &large());
    server.eof();
    server.reset();
    assert_eq!(ends(&mut proxy)[0], "server");
    read_until_reset(&client);
}

#[test]
fn latency_keeps_a_reset_behind_the_data() {
    let proxy = unread_proxy(&["--latency", "200ms"]);
    let (mut client, mut server) = proxy.open();
    let frames = [text("first"), text("second")].concat();
    server.send(&frames);
    server.reset();
    client.expect_reset(&frames);
    let (mut client, mut server) = proxy.open();
    let frames = masked(&text("from the client"));
    client.send(&frames);
    client.reset();
    server.expect_reset(&frames);
}

#[test]
fn a_throttle_keeps_a_reset_behind_the_data() {
    let mut proxy = proxy(&["--json", "--throttle", "100K"]);
    let (mut client, mut server) = proxy.open();
    let frame = text(&"x".repeat(130 << 10));
    server.send(&frame);
    proxy.event("message"); // it was received: a reset would discard what the server's system has not sent
    server.reset();
    assert_eq!(read_until_reset(&client).len(), frame.len());
    client.reset();
}

#[test]
fn a_delay_keeps_a_reset_behind_the_data() {
    let proxy = unread_proxy(&["--rule", "server text:a => delay 100ms"]);
    let (mut client, mut server) = proxy.open();
    let frames = [text("a"), text("b")].concat();
    server.send(&frames);
    server.reset();
    client.expect_reset(&frames);
}

/// What it can no longer get is counted.
#[test]
fn what_a_side_that_is_reset_does_not_get_is_counted() {
    let mut proxy = proxy_without_messages();
    let (mut client, server) = proxy.open();
    fill(&server, &large());
    client.reset();
    proxy.running.wait_stderr("not delivered to the client: ");
    assert_eq!(ends(&mut proxy), json!(["client", "reset", null]));
    drop(server);
}

/// Reads some of what there is for longer than a side may take nothing. The pace is what is tested.
#[cfg(target_os = "linux")]
#[track_caller]
pub(super) fn sip(peer: &Peer) -> usize {
    let (mut socket, mut count, mut chunk) = (peer.socket(), 0, vec![0; 100_000]);
    for _ in 0..7 {
        std::thread::sleep(PATIENCE);
        count += socket.read(&mut chunk).expect("some more");
    }
    count
}

/// The number before "bytes" in the next line on stderr with this text.
#[track_caller]
fn lost(proxy: &mut Proxied, text: &str) -> u64 {
    let line = proxy.running.wait_stderr(text);
    let words: Vec<_> = line.split(' ').collect();
    words[words.len() - 2].parse().unwrap_or_else(|_| panic!("a number in {line}"))
}

/// Its socket becomes writable for the proxy only after more than a second.
#[cfg(target_os = "linux")]
#[test]
fn a_side_that_reads_slowly_gets_all_before_a_reset() {
    let mut proxy = proxy_without_messages();
    let (client, mut server) = proxy.open();
    fill(&server, &large());
    server.reset();
    let got = sip(&client) + read_until_reset(&client).len();
    let close = proxy.event("close");
    assert_eq!(close["totals"]["server"]["wire_bytes"], got, "{close}");
}

/// Also what the system had accepted for it.
#[cfg(target_os = "linux")]
#[test]
fn what_is_lost_of_a_side_that_takes_nothing_is_counted() {
    let mut proxy = proxy_without_messages();
    let (client, mut server) = proxy.open();
    fill(&server, &large());
    server.reset();
    let lost = lost(&mut proxy, "not delivered to the client: up to ");
    let close = proxy.event("close");
    let got = read_until_reset(&client).len() as u64;
    assert_eq!(close["totals"]["server"]["wire_bytes"], got + lost, "{close}");
}

/// What was read and not passed on any more is in the same number.
#[cfg(unix)]
#[test]
fn what_a_stalled_side_does_not_get_at_the_end_of_the_run_is_counted() {
    let mut proxy = proxy_without_messages();
    let (mut client, server) = proxy.open();
    fill(&server, &large());
    proxy.running.signal(Signal::TERM);
    let lost = lost(&mut proxy, "not delivered to the client: ");
    let close = proxy.event("close");
    let got = client.read_until_eof().len() as u64;
    assert_eq!(close["totals"]["server"]["wire_bytes"], got + lost, "{close}");
}

/// It cannot get a Close frame.
#[cfg(unix)]
#[test]
fn a_side_that_was_reset_does_not_count_as_one_that_does_not_answer() {
    let mut proxy = proxy(&["--json", "--latency", "60s"]);
    let (client, mut server) = proxy.open();
    server.send(text("x"));
    proxy.event("message");
    server.reset();
    proxy.running.signal(Signal::TERM);
    let close = proxy.event("close");
    let awaited = close["awaited"].as_array().map_or(&[][..], |sides| sides);
    assert!(!awaited.contains(&json!("server")), "{close}");
    let outcome = proxy.running.wait();
    assert!(!outcome.stderr.contains("not delivered to the server"), "{}", outcome.stderr);
    drop(client);
}

/// Events, but none of messages: what is not read holds up nothing.
#[track_caller]
fn proxy_without_messages() -> Proxied {
    proxy(&["--json", "--mute", "in", "--mute", "out"])
}
