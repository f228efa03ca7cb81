//! The memory limit for all clients together.

use std::process::Stdio;

use super::{client, client_at, leave, start, synchronise};
#[cfg(target_os = "linux")]
use crate::scripts::peak_memory;
use crate::support::{BINARY, CONTINUATION, Running, deflate, frame, masked, text, wscope};

const MIB: usize = 1 << 20;

fn serve(options: &[&str]) -> (Running, u16) {
    start(wscope().stdin_null().stdout_to(Stdio::null()), options)
}

#[test]
fn the_client_with_the_most_memory_is_closed() {
    let (mut server, port) = serve(&["--max-memory", "8M"]);
    let [mut large, mut small] = [client(port), client(port)];
    large.send(masked(&frame(false, 0, BINARY, &vec![1; 6 * MIB])));
    synchronise(&mut large);
    small.send(masked(&frame(false, 0, BINARY, &vec![1; 3 * MIB])));
    assert_eq!(large.expect_close(1009), "message over --max-memory");
    server.wait_stderr("the limit for all connections is 8388608 bytes");
    synchronise(&mut small);
    small.send(masked(&frame(true, 0, CONTINUATION, &vec![1; 3 * MIB])));
    leave(small);
}

#[test]
fn clients_that_do_not_answer_the_close_do_not_stop_the_others() {
    let (server, port) = serve(&["--echo", "--max-memory", "4M", "--close-timeout", "60s"]);
    let unfinished = masked(&frame(false, 0, BINARY, &vec![1; MIB]));
    let mut silent: Vec<_> = (0..16).map(|_| client(port)).collect();
    std::thread::scope(|scope| {
        for client in &mut silent {
            scope.spawn(|| client.send(&unfinished));
        }
        for _ in 0..100 {
            let mut other = client(port);
            synchronise(&mut other);
            leave(other);
        }
    });
    drop(silent);
    drop(server);
}

#[test]
fn messages_queued_for_a_stalled_client_count() {
    let (mut server, port) =
        serve(&["--broadcast", "--max-memory", "8M", "--close-timeout", "100ms"]);
    let [mut sender, stalled] = [client(port), client(port)];
    for _ in 0..20 {
        sender.send(masked(&frame(true, 0, BINARY, &vec![1; MIB])));
    }
    synchronise(&mut sender);
    server.wait_stderr(
        "#2 wscope: over --max-memory (8388608 bytes for all clients): this client held the most",
    );
    leave(sender);
    drop(stalled);
}

#[cfg(target_os = "linux")]
#[test]
fn inflated_messages_of_many_clients_stay_within_the_limit_and_are_freed() {
    const CLIENTS: usize = 5;
    let (mut server, port) = serve(&["--max-memory", "10M"]);
    let bomb = deflate(&vec![0; 8 * MIB]);
    let headers = ["Sec-WebSocket-Extensions: permessage-deflate"];
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| client_at(port, "/", &headers)).collect();
    for client in &mut clients {
        client.send(masked(&frame(false, 4, BINARY, &bomb)));
    }
    for _ in 1..CLIENTS {
        server.wait_stderr("message over --max-memory");
    }
    let peak = peak_memory(server.id());
    assert!(peak < 20, "{peak} MiB");
    drop(clients);
    let mut last = client(port);
    last.send(masked(&frame(true, 0, BINARY, &vec![1; 8 * MIB])));
    synchronise(&mut last);
    // Beside the program, the 8 MiB of the last client: with those of one more client it would exceed this.
    let freed = (0..10_000).any(|_| {
        synchronise(&mut last);
        memory(&server, "RssAnon") < 12
    });
    assert!(freed, "{} MiB", memory(&server, "RssAnon"));
    leave(last);
}

/// Peak memory when all clients send one long message each, and read nothing.
#[cfg(target_os = "linux")]
fn peak_with_long_messages(options: &[&str], clients: usize, message: &str) -> usize {
    let (server, port) = serve(options);
    let mut peers: Vec<_> = (0..clients).map(|_| client(port)).collect();
    let frame = masked(&text(message));
    std::thread::scope(|scope| {
        for peer in &mut peers {
            scope.spawn(|| peer.send(&frame));
        }
    });
    peers.into_iter().for_each(leave);
    peak_memory(server.id())
}

#[cfg(target_os = "linux")]
#[test]
fn the_output_of_a_long_message_is_not_buffered_as_a_whole() {
    for options in [&["--json"][..], &["--output", "hex"], &["--output", "raw"]] {
        let message = "\u{1}".repeat(6 * MIB);
        let peak = peak_with_long_messages(options, 4, &message);
        assert!(peak < 42, "{options:?}: {peak} MiB");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_echoed_long_message_is_copied_at_most_once() {
    let (server, port) = serve(&["--echo", "--max-memory", "44M"]);
    let mut peer = client(port);
    peer.send(masked(&frame(true, 0, BINARY, &vec![1; 20 * MIB])));
    let echo = peer.read_frame();
    assert_eq!((echo.opcode, echo.payload.len()), (BINARY, 20 * MIB));
    leave(peer);
    let peak = peak_memory(server.id());
    assert!(peak < 40 + 6, "{peak} MiB");
}

/// A value of `/proc/PID/status`, in MiB.
#[cfg(target_os = "linux")]
fn memory(server: &Running, name: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id()));
    let status = status.expect("a running process");
    let line = status.lines().find(|line| line.starts_with(name)).expect("a line");
    let size = line.split_ascii_whitespace().nth(1).and_then(|size| size.parse::<usize>().ok());
    size.expect("a number") >> 10
}
