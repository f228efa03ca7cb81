//! `wscope listen`.

use std::net::TcpListener;

use serde_json::Value;

use crate::support::{
    BINARY, CONTINUATION, PONG, Peer, Running, TEXT, Wscope, assert_status, binary, frame, header,
    masked, ping, text, upgrade_request, wscope,
};

mod admission;
mod crowd;
mod flood;
#[cfg(unix)]
mod joining;
#[cfg(not(any(windows, target_vendor = "apple")))]
mod keys;
mod memory;
mod once;
mod origins;
mod page;
mod piped;
mod sending;
#[cfg(unix)]
mod shutdown;
mod slow;
#[cfg(unix)]
mod stalled;
#[cfg(unix)]
mod terminal;
mod tls;

/// A listening `wscope` and its port.
pub(crate) fn listen(options: &[&str]) -> (Running, u16) {
    start(wscope().stdin_null(), options)
}

/// The same, for a prepared program.
pub(crate) fn start(program: Wscope, options: &[&str]) -> (Running, u16) {
    let mut running = program.arg("listen").args(options).arg(":0").spawn();
    let line = running.wait_stderr("listening on ");
    let port = port_in(&line).unwrap_or_else(|| panic!("expected a URL with a port in {line:?}"));
    (running, port)
}

/// The port of the URL in a line.
pub(crate) fn port_in(text: &str) -> Option<u16> {
    let rest = text.split("://127.0.0.1:").nth(1)?;
    rest.split('/').next()?.parse().ok()
}

/// A client whose request has been accepted.
pub(crate) fn client(port: u16) -> Peer {
    client_at(port, "/", &[])
}

/// The same, with this path and additional header lines.
fn client_at(port: u16, path: &str, headers: &[&str]) -> Peer {
    let mut peer = Peer::connect(port);
    peer.request(path, headers);
    let head = peer.read_head();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    peer
}

/// Requests an upgrade that is refused. Returns the head and the body of the response.
fn refused(port: u16, path: &str, headers: &[&str]) -> (String, String) {
    let mut peer = Peer::connect(port);
    peer.request(path, headers);
    peer.answer()
}

/// Sends a raw request. Returns the head and the body of the response.
fn requested(port: u16, request: &str) -> (String, String) {
    let mut peer = Peer::connect(port);
    peer.send(request);
    peer.answer()
}

fn leave(mut peer: Peer) {
    peer.close_and_expect_reply(1000);
    peer.expect_eof();
}

/// Waits until everything sent before has been received.
#[track_caller]
fn synchronise(peer: &mut Peer) {
    peer.send(masked(&ping(b"here?")));
    assert_eq!(peer.read_frame().opcode, PONG);
}

/// The program still echoes messages.
fn assert_alive(port: u16) {
    let mut peer = client(port);
    peer.send(masked(&text("alive?")));
    peer.expect_text("alive?");
    leave(peer);
}

#[test]
fn echo_sends_a_message_back() {
    let (_server, port) = listen(&["--echo"]);
    let url = format!("ws://127.0.0.1:{port}/");
    wscope().args(["-x", "hi", "--count", "1", &url]).run().code(0).stdout("hi\n");
}

#[test]
fn messages_are_only_shown_without_echo() {
    let (mut server, port) = listen(&[]);
    let mut peer = client(port);
    peer.send(masked(&text("for the record")));
    assert_eq!(server.read_stdout_line(), "for the record");
    leave(peer);
}

#[test]
fn connections_are_reported_with_their_number() {
    let (mut server, port) = listen(&[]);
    let first = client(port);
    server.wait_stderr("#1 ");
    let second = client(port);
    server.wait_stderr("#2 ");
    leave(first);
    leave(second);
}

#[test]
fn the_first_supported_subprotocol_of_the_client_is_chosen() {
    let (_server, port) = listen(&["-s", "chat.v1", "-s", "chat.v2"]);
    let mut peer = Peer::connect(port);
    peer.request("/", &["Sec-WebSocket-Protocol: other, chat.v2, chat.v1"]);
    let head = peer.read_head();
    assert_eq!(header(&head, "Sec-WebSocket-Protocol"), Some("chat.v2"), "{head}");
    leave(peer);
}

#[test]
fn an_unsupported_subprotocol_is_not_chosen() {
    let (_server, port) = listen(&["-s", "chat"]);
    let mut peer = Peer::connect(port);
    peer.request("/", &["Sec-WebSocket-Protocol: soap"]);
    let head = peer.read_head();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert_eq!(header(&head, "Sec-WebSocket-Protocol"), None, "{head}");
    leave(peer);
}

#[test]
fn fragments_are_echoed_as_one_message() {
    let (_server, port) = listen(&["--echo"]);
    let mut peer = client(port);
    peer.send(masked(&frame(false, 0, TEXT, b"three ")));
    peer.send(masked(&frame(false, 0, CONTINUATION, b"frag")));
    peer.send(masked(&ping(b"between")));
    peer.send(masked(&frame(true, 0, CONTINUATION, b"ments")));
    peer.expect_pong(b"between");
    peer.expect_text("three fragments");
    leave(peer);
}

#[test]
fn binary_messages_are_echoed_as_binary() {
    let (mut server, port) = listen(&["--echo"]);
    let mut peer = client(port);
    let bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    for message in [&[][..], &[0, 255], &bytes] {
        peer.send(masked(&binary(message)));
        assert_eq!(server.read_stdout_exact(message.len() + 1), [message, b"\n"].concat());
        assert_eq!(peer.read_message(), (BINARY, message.to_vec()));
    }
    leave(peer);
}

/// RFC 6455 section 5.2: the user answers with an extension of their own, which may define bits and opcodes.
#[test]
fn an_extension_of_the_user_may_define_reserved_bits() {
    let extension = "Sec-WebSocket-Extensions: x-own";
    let (mut server, port) = start(wscope(), &["--json", "-H", extension]);
    let mut offering = client_at(port, "/", &[extension]);
    offering.send([masked(&frame(true, 2, 1, b"coded")), masked(&frame(true, 0, 3, b""))].concat());
    offering.send(masked(&text("plain")));
    let data = |server: &mut Running| loop {
        let event: Value = serde_json::from_str(&server.read_stdout_line()).expect("an event");
        assert!(event["event"] != "violation", "{event}");
        if event["event"] == "message" {
            break event["data"].clone();
        }
    };
    assert_eq!([data(&mut server), data(&mut server)], ["coded", "plain"]);
    leave(offering);
    let mut other = client_at(port, "/", &[]); // it has not offered the extension
    other.send(masked(&frame(true, 2, 1, b"coded")));
    other.expect_close(1002);
}

#[test]
fn clients_are_served_concurrently() {
    let (_server, port) = listen(&["--echo"]);
    let (mut first, mut second) = (client(port), client(port));
    for turn in 0..3 {
        for (name, peer) in [("second", &mut second), ("first", &mut first)] {
            let words = format!("{name} {turn}");
            peer.send(masked(&text(&words)));
            peer.expect_text(&words);
        }
    }
    leave(first);
    second.send(masked(&text("alone")));
    second.expect_text("alone");
    leave(second);
}

#[test]
fn a_plain_request_is_refused_with_426() {
    let (_server, port) = listen(&["--echo"]);
    let mut peer = Peer::connect(port);
    peer.send("GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: a browser\r\n\r\n");
    let head = peer.read_head();
    assert!(head.starts_with("HTTP/1.1 426 "), "{head}");
    assert_eq!(header(&head, "Upgrade"), Some("websocket"), "{head}");
    assert_eq!(header(&head, "Sec-WebSocket-Version"), Some("13"), "{head}");
    peer.read_until_eof();
    assert_alive(port);
}

#[test]
fn another_version_is_refused_with_the_supported_one() {
    let (_server, port) = listen(&["--echo"]);
    let mut peer = Peer::connect(port);
    peer.send(upgrade_request("/", &[]).replace("Version: 13", "Version: 8"));
    let head = peer.read_head();
    assert!(head.starts_with("HTTP/1.1 426 "), "{head}");
    assert_eq!(header(&head, "Sec-WebSocket-Version"), Some("13"), "{head}");
    peer.read_until_eof();
    assert_alive(port);
}

#[test]
fn invalid_requests_are_refused_without_affecting_other_clients() {
    let (mut server, port) = listen(&["--echo"]);
    let mut other = client(port);
    let mut peer = Peer::connect(port);
    peer.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 this is TLS\r\n\r\n");
    let answer = peer.read_until_eof();
    assert!(answer.starts_with(b"HTTP/1.1 400 "), "{}", answer.escape_ascii());
    server.wait_stderr("bad request");
    other.send(masked(&text("undisturbed")));
    other.expect_text("undisturbed");
    leave(other);
}

#[test]
fn an_incomplete_request_does_not_affect_other_clients() {
    let (mut server, port) = listen(&["--echo"]);
    let mut half = Peer::connect(port);
    half.send("GET / HTTP/1.1\r\nHost: loc");
    assert_alive(port);
    half.eof();
    half.expect_eof();
    server.wait_stderr("closed the connection in the middle of its request");
    assert_alive(port);
}

#[test]
fn a_reset_does_not_affect_other_clients() {
    let (mut server, port) = listen(&["--echo"]);
    let mut peer = client(port);
    peer.reset();
    server.wait_stderr("1006");
    assert_alive(port);
}

#[test]
fn frames_in_the_same_segment_as_the_request_are_received() {
    let (_server, port) = listen(&["--echo"]);
    let mut peer = Peer::connect(port);
    peer.send([upgrade_request("/", &[]).as_bytes(), &masked(&text("early"))].concat());
    peer.read_head();
    peer.expect_text("early");
    leave(peer);
}

#[test]
fn an_address_reachable_from_other_machines_is_reported() {
    let mut open = wscope().args(["listen", "0.0.0.0:0"]).stdin_null().spawn();
    open.wait_stderr("listening on ws://0.0.0.0:");
    open.wait_stderr("can be reached from other machines");
}

#[cfg(unix)]
#[test]
fn sigint_closes_every_connection_with_going_away() {
    assert_closes_all(crate::support::Signal::INT, 130);
}

#[cfg(unix)]
#[test]
fn sigterm_closes_every_connection_with_going_away() {
    assert_closes_all(crate::support::Signal::TERM, 143);
}

#[cfg(unix)]
#[track_caller]
fn assert_closes_all(signal: crate::support::Signal, code: i32) {
    let (server, port) = listen(&["--echo"]);
    let mut clients = [client(port), client(port)];
    server.signal(signal);
    for peer in &mut clients {
        peer.answer_close(1001);
        peer.expect_eof();
    }
    server.wait().code(code);
}

#[cfg(unix)]
#[test]
fn a_client_that_does_not_answer_delays_the_end_only_briefly() {
    let (server, port) = listen(&[]);
    let mut peer = client(port);
    server.signal(crate::support::Signal::INT);
    peer.expect_close(1001);
    let outcome = server.wait().code(130);
    assert!(outcome.elapsed < std::time::Duration::from_secs(5), "{:?}", outcome.elapsed);
}

#[test]
fn an_address_in_use_is_a_local_failure() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let outcome = wscope().args(["listen", &address]).run().code(8).stdout("");
    outcome
        .stderr_contains(&format!("wscope: cannot listen on {address}: "))
        .stderr_contains("in use")
        .stderr_contains("hint: ");
}

#[test]
fn an_invalid_address_is_a_usage_error() {
    for address in ["127.0.0.1:99999", "nonsense", "ws://127.0.0.1:80"] {
        wscope().args(["listen", address]).run().code(2).stdout("").stderr_contains(address);
    }
}

#[test]
fn an_unusable_address_is_reported_with_examples() {
    for (address, words) in [
        ("99999", "bad address \"99999\": port 99999 is out of range (1 to 65535"),
        ("ws://localhost:80", "bad address \"ws://localhost:80\": write host:port, not a URL"),
        ("name.invalid", "bad address \"name.invalid:8080\": the name cannot be looked up: "),
    ] {
        wscope()
            .args(["listen", address])
            .stdin_null()
            .run()
            .code(2)
            .stderr_contains(words)
            .stderr_contains("for example 'wscope listen localhost:8080'");
    }
}

#[test]
fn a_user_without_a_password_is_refused() {
    wscope()
        .args(["listen", "-u", "me", ":0"])
        .run()
        .code(2)
        .stderr_contains("password is missing");
}
