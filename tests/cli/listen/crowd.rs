//! A thousand clients.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use super::start;
use crate::support::{DEADLINE, upgrade_request, wscope};

const CLIENTS: usize = 1000;

#[test]
fn a_thousand_idle_clients_receive_a_message() {
    raise_open_files();
    let (mut server, port) = start(wscope().stdin_open(), &[]);
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| connect(port)).collect();
    for client in &mut clients {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte).expect("a response");
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", head.escape_ascii());
    }
    server.write_stdin("hello\n");
    for client in &mut clients {
        let mut frame = [0; 7];
        client.read_exact(&mut frame).expect("a message");
        assert_eq!(&frame, b"\x81\x05hello");
    }
}

fn connect(port: u16) -> TcpStream {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection");
    stream.set_read_timeout(Some(DEADLINE)).expect("a time limit");
    stream.write_all(upgrade_request("/", &[]).as_bytes()).expect("a writable connection");
    stream
}

/// Raises the limit for the client ends; the program raises its own.
pub(super) fn raise_open_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        let _ = setrlimit(Resource::Nofile, limit);
    }
}
