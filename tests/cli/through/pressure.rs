//! Back pressure: what is not read slows its writer, memory stays bounded, and nothing is lost.

use std::io::Write;
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};

use super::exchange_ends::DOWNLOAD;
use super::http::requested;
use super::resets::fill_socket;
use super::{Proxied, assert_alive, deliver, leave, proxy, unread_proxy};
use crate::scripts::{peak_memory, sum_until_stalled};
use crate::support::{Peer, masked, text};

/// Messages of a side, until it has sent `count` of them.
struct Flood {
    progress: Receiver<usize>,
    writer: JoinHandle<()>,
}

const SIZE: usize = 60_000;
const COUNT: usize = 1_000;

fn message(number: usize) -> String {
    format!("{number:06}{}", "x".repeat(SIZE - 6))
}

fn flood(peer: &Peer, is_client: bool) -> Flood {
    let (mut socket, (sender, progress)) = (peer.socket(), channel());
    let writer = thread::spawn(move || {
        for number in 0..COUNT {
            let frame = text(&message(number));
            let frame = if is_client { masked(&frame) } else { frame };
            socket.write_all(&frame).expect("a reader");
            let _ = sender.send(frame.len());
        }
    });
    Flood { progress, writer }
}

#[test]
fn a_side_that_does_not_read_stalls_the_other() {
    let proxy = unread_proxy(&[]);
    for is_client in [false, true] {
        let (mut client, mut server) = proxy.open();
        let (from, to) = if is_client { (&client, &mut server) } else { (&server, &mut client) };
        let flood = flood(from, is_client);
        let sent = sum_until_stalled(&flood.progress);
        assert!(sent < COUNT * SIZE / 2, "{sent}");
        // It holds up no other.
        let (mut other, mut its_server) = proxy.open();
        assert_alive(&mut other, &mut its_server);
        leave(other, its_server);
        for number in 0..COUNT {
            to.expect_text(&message(number));
        }
        flood.writer.join().expect("a writer without errors");
        leave(client, server);
    }
    let peak = peak_memory(proxy.running.id());
    assert!(peak < 64, "{peak} MiB");
}

/// A client that reads nothing and has a server that sends without end: messages, or the body of a response.
fn stalled(proxy: &Proxied, is_websocket: bool) -> (Peer, Peer) {
    let (client, mut server) = match is_websocket {
        true => proxy.open(),
        false => requested(proxy, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    };
    // The system would take megabytes of each connection before the proxy had to keep anything.
    client.socket().set_recv_buffer_size(16 << 10).expect("a small buffer");
    server.socket().set_send_buffer_size(16 << 10).expect("a small buffer");
    if !is_websocket {
        server.send(DOWNLOAD);
    }
    (client, server)
}

/// Each of them has the proxy keep as much as it may.
#[test]
fn many_clients_that_do_not_read_hold_up_no_other() {
    const CLIENTS: usize = 50;
    for (options, limit) in [(&[][..], 24), (&["--latency", "100ms"], 100)] {
        let proxy = unread_proxy(options);
        let (mut client, mut server) = proxy.open();
        let before = peak_memory(proxy.running.id());
        let pairs: Vec<_> = (0..CLIENTS).map(|number| stalled(&proxy, number % 2 == 0)).collect();
        thread::scope(|scope| {
            for (_, server) in &pairs {
                let socket = server.socket();
                scope.spawn(|| fill_socket(socket, &text(&message(0))));
            }
        });
        for _ in 0..10 {
            assert_alive(&mut client, &mut server);
        }
        let (mut other, mut its_server) = requested(&proxy, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        deliver(&mut its_server, &mut other, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        let peak = peak_memory(proxy.running.id()) - before;
        assert!(peak < limit, "{options:?}: {peak} MiB for {CLIENTS} clients");
    }
}

#[test]
fn a_stalled_stdout_stops_reading_and_loses_nothing() {
    let mut proxy = proxy(&[]);
    let (mut client, server) = proxy.open();
    let flood = flood(&server, false);
    let reader = thread::spawn(move || {
        for number in 0..COUNT {
            client.expect_text(&message(number));
        }
        client
    });
    let sent = sum_until_stalled(&flood.progress);
    assert!(sent < COUNT * SIZE / 2, "{sent}");
    for number in 0..COUNT {
        let line = proxy.running.read_stdout_line();
        assert!(line.strip_prefix("#1 < ") == Some(&message(number)), "{number}");
    }
    flood.writer.join().expect("a writer without errors");
    let client = reader.join().expect("a reader without errors");
    leave(client, server);
}

/// Nobody wants it: standard output is the null device.
#[test]
fn a_message_of_any_size_passes_in_flat_memory() {
    const LENGTH: usize = 64 << 20;
    let proxy = unread_proxy(&[]);
    let (mut client, mut server) = proxy.open();
    assert_alive(&mut client, &mut server);
    let before = peak_memory(proxy.running.id());
    let mut socket = server.socket();
    let writer = thread::spawn(move || {
        socket.write_all(b"\x82\x7f").expect("a reader");
        socket.write_all(&(LENGTH as u64).to_be_bytes()).expect("a reader");
        let block = [7; 1 << 20];
        (0..LENGTH / block.len()).for_each(|_| socket.write_all(&block).expect("a reader"));
    });
    client.read_exact(10);
    for _ in 0..LENGTH >> 20 {
        client.read_exact(1 << 20);
    }
    writer.join().expect("a writer without errors");
    let peak = peak_memory(proxy.running.id());
    assert!(peak <= before + 2, "{before} MiB, then {peak} MiB");
    assert_alive(&mut client, &mut server);
    leave(client, server);
}
