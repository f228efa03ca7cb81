//! `wscope proxy`: raw clients and servers on both sides of it, driven by the test.

use std::process::Stdio;

use serde_json::Value;

use crate::listen::port_in;
use crate::support::{Listener, Outcome, Peer, Running, Wscope, masked, text, wscope};

mod dialing;
mod display;
mod ends;
mod exchange_ends;
mod faults;
mod fragments;
mod frames;
mod heads;
mod http;
#[cfg(unix)]
mod lifetime;
mod no_delivery;
#[cfg(target_os = "linux")]
mod pressure;
mod records;
mod refused;
#[cfg(target_os = "linux")]
mod resets;
mod responses;
mod rule_ends;
mod rules;
#[cfg(unix)]
mod scenarios;
mod secrets;
#[cfg(unix)]
mod shut_down;
#[cfg(not(any(windows, target_vendor = "apple")))]
mod tls;
mod upstream;
#[cfg(unix)]
mod waiting;

/// A running proxy, and the listening socket of the server that it forwards to.
struct Proxied {
    running: Running,
    /// Where clients connect.
    port: u16,
    target: Listener,
}

/// A proxy in front of a server, with these options.
#[track_caller]
fn proxy(options: &[&str]) -> Proxied {
    proxy_of(wscope().stdin_null(), options, "")
}

/// The same, but what it writes to stdout is dropped.
#[track_caller]
fn unread_proxy(options: &[&str]) -> Proxied {
    proxy_of(wscope().stdin_null().stdout_to(Stdio::null()), options, "")
}

/// A proxy in front of a server with `path` behind its address.
#[track_caller]
fn proxy_to(path: &str, options: &[&str]) -> Proxied {
    proxy_of(wscope().stdin_null(), options, path)
}

/// The same, for a prepared program.
#[track_caller]
fn proxy_of(program: Wscope, options: &[&str], path: &str) -> Proxied {
    let target = Listener::new();
    let (running, port) = start(program, options, &format!("{}{path}", target.url()));
    Proxied { running, port, target }
}

/// A proxy in front of what a URL names, and its port.
#[track_caller]
fn start(program: Wscope, options: &[&str], url: &str) -> (Running, u16) {
    let mut running = program.arg("proxy").args(options).args([":0", url]).spawn();
    let line = running.wait_stderr("listening on ");
    let port = port_in(&line).unwrap_or_else(|| panic!("expected a URL with a port in {line:?}"));
    (running, port)
}

impl Proxied {
    /// An open WebSocket: the client and the server.
    #[track_caller]
    fn open(&self) -> (Peer, Peer) {
        self.open_with("/", &[], &[])
    }

    /// The same, with this path and additional header lines of request and response.
    #[track_caller]
    fn open_with(&self, path: &str, request: &[&str], response: &[&str]) -> (Peer, Peer) {
        let mut client = self.client();
        client.request(path, request);
        let mut server = self.target.accept();
        let head = server.read_head();
        server.accept_with(&head, response);
        let head = client.read_head();
        assert_status(&head, 101);
        (client, server)
    }

    /// A connected client.
    #[track_caller]
    fn client(&self) -> Peer {
        Peer::connect(self.port)
    }

    /// What the server gets of a request that it then refuses, and what the client gets of that.
    #[track_caller]
    fn forwarded(&self, request: &str) -> String {
        let mut client = self.client();
        client.send(request);
        let mut server = self.target.accept();
        let head = server.read_head();
        server.send(NOT_FOUND);
        assert_eq!(client.read_head(), NOT_FOUND);
        head
    }

    /// The next event of this kind.
    #[track_caller]
    fn event(&mut self, kind: &str) -> Value {
        event(&mut self.running, kind)
    }

    /// Ends the proxy with SIGTERM.
    #[cfg(unix)]
    #[track_caller]
    fn stop(self) -> Outcome {
        self.running.signal(crate::support::Signal::TERM);
        self.running.wait().code(0)
    }
}

/// A refusal without a body, after which the connection is usable.
const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

/// The next event of this kind on stdout.
#[track_caller]
fn event(running: &mut Running, kind: &str) -> Value {
    loop {
        let line = running.read_stdout_line();
        let event: Value = serde_json::from_str(&line).expect("an event");
        if event["event"] == kind {
            return event;
        }
    }
}

/// Closes a connection from the client's side, with an answer of the server.
#[track_caller]
fn leave(mut client: Peer, mut server: Peer) {
    client.close(1000, "");
    server.answer_close(1000);
    client.expect_close(1000);
    server.eof();
    client.expect_eof();
    client.eof();
    server.expect_eof();
}

/// Sends bytes, which arrive exactly so at the other side.
#[track_caller]
fn deliver(from: &mut Peer, to: &mut Peer, bytes: &[u8]) {
    from.send(bytes);
    let got = to.read_exact(bytes.len());
    assert_eq!(got.escape_ascii().to_string(), bytes.escape_ascii().to_string());
}

/// A message passes in each direction.
#[track_caller]
fn assert_alive(client: &mut Peer, server: &mut Peer) {
    client.send(masked(&text("alive?")));
    server.expect_text("alive?");
    server.send(text("alive"));
    client.expect_text("alive");
}

#[track_caller]
fn assert_status(head: &str, status: u16) {
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "expected {status}, got {head}");
}
