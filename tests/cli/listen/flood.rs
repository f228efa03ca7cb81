//! Connections that never finish their handshake do not block others.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use super::crowd::raise_open_files;
use super::{assert_alive, assert_status, leave, listen};
use crate::support::{DEADLINE, Peer, header};

/// The limit of unfinished handshakes per address.
const ADDRESS_LIMIT: usize = 1024;

#[test]
fn unfinished_handshakes_do_not_block_the_server() {
    raise_open_files();
    let (mut server, port) = listen(&["--echo", "--handshake-timeout", "0"]);
    let mut silent = Peer::connect(port);
    let mut started = Peer::connect(port);
    started.send("GET / HTTP/1.1\r\n");
    let mut flood: Vec<_> = (0..ADDRESS_LIMIT + 50).map(|_| Peer::connect(port)).collect();
    for peer in &mut flood[..ADDRESS_LIMIT / 2] {
        peer.try_send("GET / HTTP/1.1\r\n");
    }
    assert_alive(port);
    silent.expect_eof();
    let head = started.read_head();
    assert_status(&head, 503);
    assert!(header(&head, "Retry-After").is_some(), "{head}");
    assert_eq!(started.read_until_eof(), b"too many unfinished handshakes\n");
    let line = server.wait_stderr("unfinished handshake");
    assert!(line.contains("warning: closed "), "{line}");
    assert!(line.contains("over the limit of 1024 per address (127.0.0.1)"), "{line}");
    // The latest connections are still open.
    let mut last = flood.pop().expect("a flood");
    last.request("/", &[]);
    assert_status(&last.read_head(), 101);
    leave(last);
}

#[test]
fn a_slow_client_is_accepted_without_a_handshake_timeout() {
    let (_server, port) = listen(&["--echo", "--handshake-timeout", "0"]);
    let mut slow = Peer::connect(port);
    slow.send_slowly("GET / HTTP/1.1\r\nX-Slow: ");
    assert_alive(port);
    slow.send_slowly("yes\r\nHost: localhost\r\n\r\n");
    assert_status(&slow.read_head(), 426);
}

/// The timeout is for the whole request, not for each byte of it.
#[test]
fn the_handshake_timeout_is_not_extended_by_single_bytes() {
    let (_server, port) = listen(&["--handshake-timeout", "300ms"]);
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection");
    client.set_read_timeout(Some(Duration::from_millis(20))).expect("a time limit");
    client.write_all(b"GET / HTTP/1.1\r\nX-Slow: ").expect("a writable connection");
    let until = Instant::now() + DEADLINE;
    let mut answer = [0; 12];
    while client.read_exact(&mut answer).is_err() {
        assert!(Instant::now() < until, "the timeout did not end it");
        client.write_all(b"a").expect("a writable connection");
    }
    assert_eq!(&answer, b"HTTP/1.1 408");
}

/// With file descriptors for a few connections only.
#[cfg(target_os = "linux")]
#[test]
fn unfinished_handshakes_are_closed_when_file_descriptors_run_out() {
    use rustix::process::{Pid, Resource, getrlimit, prlimit};
    let (mut server, port) = listen(&["--echo", "--handshake-timeout", "0"]);
    assert_alive(port);
    let open = std::fs::read_dir(format!("/proc/{}/fd", server.id())).expect("a process").count();
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(open as u64 + 10);
    let process = Pid::from_raw(server.id().cast_signed());
    prlimit(process, Resource::Nofile, limit).expect("a limit on open files");
    let flood: Vec<_> = (0..20).map(|_| Peer::connect(port)).collect();
    assert_alive(port);
    server.wait_stderr("because the system has no resources left");
    drop(flood);
}
