//! Failures to connect: which phase failed, at which address, and why.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use serde_json::Value;
use socket2::{Domain, Socket, Type};

use crate::support::{Outcome, Peer, Server, wscope};

/// Longer than every limit set here, and shorter than every default.
const SOON: Duration = Duration::from_secs(4);

/// A port that is reserved, so that no other process gets it, and refuses connections.
struct RefusingPort {
    _socket: Socket,
    port: u16,
}

impl RefusingPort {
    fn new() -> Self {
        Self::on(Domain::IPV4, (Ipv4Addr::LOCALHOST, 0).into()).expect("a free port")
    }

    fn on(domain: Domain, address: SocketAddr) -> std::io::Result<Self> {
        let socket = Socket::new(domain, Type::STREAM, None)?;
        socket.bind(&address.into())?;
        let port = socket.local_addr()?.as_socket().map_or(0, |address| address.port());
        Ok(Self { _socket: socket, port })
    }
}

/// The only event of a run that did not connect.
#[track_caller]
fn failure(outcome: &Outcome, kind: &str) -> Value {
    let events = outcome.json_lines();
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((&event["event"], &event["kind"]), (&"error".into(), &kind.into()), "{event}");
    for key in ["status", "response_headers", "body"] {
        assert!(event.get(key).is_some_and(Value::is_null), "{key}: {event}");
    }
    let message = event["message"].as_str().expect("a message");
    assert!(
        outcome.stderr.contains(&format!("wscope: {message}\n")),
        "{message}\n{}",
        outcome.stderr
    );
    event.clone()
}

#[track_caller]
fn assert_soon(outcome: &Outcome) {
    assert!(outcome.elapsed < SOON, "it took {:?}\n{}", outcome.elapsed, outcome.stderr);
}

#[test]
fn a_refused_connection_is_reported_with_its_cause() {
    let closed = RefusingPort::new();
    let address = format!("127.0.0.1:{}", closed.port);
    for quiet in [&[][..], &["-q"]] {
        wscope()
            .args(quiet)
            .arg(format!("ws://{address}/"))
            .run()
            .code(3)
            .stdout("")
            .stderr_contains(&format!(
                "wscope: could not connect: TCP connect: {address}: Connection refused"
            ))
            .stderr_contains(&format!("\nhint: no program listens on port {} there", closed.port))
            .stderr_contains("? --retry waits for a server that is starting\n");
    }
}

#[test]
fn failures_are_coloured_on_request() {
    let closed = RefusingPort::new();
    let url = format!("ws://127.0.0.1:{}", closed.port);
    wscope().args(["--color", "always", &url]).run().code(3).stderr_contains("\u{1b}[");
    wscope().args(["--color", "never", &url]).run().code(3).stderr_lacks("\u{1b}");
}

#[test]
fn a_refused_connection_is_an_event() {
    let closed = RefusingPort::new();
    let outcome =
        wscope().args(["--json", &format!("ws://127.0.0.1:{}", closed.port)]).run().code(3);
    let event = failure(&outcome, "connect");
    assert!(
        event["hint"].as_str().is_some_and(|hint| hint.contains("no program listens")),
        "{event}"
    );
}

#[test]
fn every_address_of_a_name_is_tried_and_named() {
    let closed = RefusingPort::new();
    wscope()
        .arg(format!("ws://localhost:{}/", closed.port))
        .run()
        .code(3)
        .stderr_contains(&format!("127.0.0.1:{}: Connection refused", closed.port));
}

#[test]
fn a_refused_ipv6_address_is_written_in_brackets() {
    let Ok(closed) = RefusingPort::on(Domain::IPV6, (Ipv6Addr::LOCALHOST, 0).into()) else {
        return;
    };
    wscope()
        .arg(format!("ws://[::1]:{}/", closed.port))
        .run()
        .code(3)
        .stderr_contains(&format!("TCP connect: [::1]:{}: Connection refused", closed.port));
}

#[test]
fn an_unknown_host_name_is_reported() {
    let outcome = wscope().arg("ws://no-such-host.invalid/").run().code(3).stdout("");
    outcome
        .stderr_contains("wscope: could not connect: DNS lookup of no-such-host.invalid: ")
        .stderr_contains("\nhint: ")
        .stderr_contains("--resolve HOST:PORT:ADDRESS");
    let outcome = wscope().args(["--json", "ws://no-such-host.invalid/"]).run().code(3);
    failure(&outcome, "connect");
}

#[test]
fn localhost_reaches_a_server_on_ipv4_only() {
    for family in [&[][..], &["-4"]] {
        let server = Server::script(|peer| {
            peer.accept_request();
            peer.close_and_expect_reply(1000);
        });
        let url = format!("ws://localhost:{}/", server.port());
        let outcome = wscope().args(family).arg(url).run().code(0);
        outcome.stderr_contains(&format!("(127.0.0.1:{})", server.port()));
    }
}

#[test]
fn an_address_of_the_other_family_cannot_be_used() {
    for (family, host, words) in
        [("-6", "127.0.0.1", "not an IPv6 address"), ("-4", "[::1]", "not an IPv4 address")]
    {
        wscope()
            .args([family, &format!("ws://{host}:9/")])
            .run()
            .code(3)
            .stderr_contains(words)
            .stderr_contains(&format!("\nhint: leave out {family}\n"));
    }
}

/// Linux does not connect to a broadcast address, whatever the routes.
#[cfg(target_os = "linux")]
#[test]
fn different_failures_of_addresses_are_explained_separately() {
    let closed = RefusingPort::new();
    let port = closed.port;
    let resolve = format!("h.example:{port}:255.255.255.255,127.0.0.1");
    wscope()
        .args(["--resolve", &resolve, &format!("ws://h.example:{port}/")])
        .run()
        .code(3)
        .stderr_contains(&format!(
            "\nhint: 255.255.255.255:{port}: a broadcast or multicast address; 127.0.0.1:{port}: no program listens on that port, or a firewall rejects the connection\n"
        ));
}

#[test]
fn a_literal_address_is_not_reported_as_looked_up() {
    wscope().args(["-6", "ws://127.0.0.1:9/"]).run().code(3).stderr_lacks("DNS");
}

#[test]
fn ipv6_only_does_not_reach_an_ipv4_server() {
    let server = Server::script(Peer::expect_eof);
    let url = format!("ws://localhost:{}/", server.port());
    wscope().args(["-6", &url]).run().code(3).stderr_contains("wscope: could not connect: ");
    drop(Peer::connect(server.port()));
}

#[test]
fn a_silent_server_times_out() {
    for options in [["--connect-timeout", "200ms"], ["--max-time", "200ms"]] {
        let server = Server::script(Peer::stall);
        let outcome = wscope().args(options).arg(server.url()).run().code(7).stdout("");
        assert_soon(&outcome);
        outcome
            .stderr_contains(
                "wscope: opening handshake: timed out: the server accepted the connection",
            )
            .stderr_contains("no response within 200ms")
            .stderr_contains("\nhint: ");
    }
}

#[test]
fn the_shorter_time_limit_applies() {
    let server = Server::script(Peer::stall);
    let outcome =
        wscope().args(["--connect-timeout", "0", "-m", "0.2"]).arg(server.url()).run().code(7);
    assert_soon(&outcome);
}

#[test]
fn a_silent_server_is_an_event() {
    let server = Server::script(Peer::stall);
    let outcome =
        wscope().args(["--json", "--connect-timeout", "200ms"]).arg(server.url()).run().code(7);
    failure(&outcome, "timeout");
}

#[test]
fn a_silent_server_does_not_meet_an_expectation() {
    let server = Server::script(Peer::stall);
    let outcome = wscope().args(["--expect", "hi", "-m", "200ms"]).arg(server.url()).run().code(1);
    assert_soon(&outcome);
    outcome.stderr_contains("wscope: expectation not met: ");
}

#[test]
fn a_server_that_disconnects_is_distinguished_from_a_refused_connection() {
    let server = Server::script(|_| {});
    wscope()
        .arg(server.url())
        .run()
        .code(4)
        .stdout("")
        .stderr_contains(
            "wscope: opening handshake: the server ended the connection without a response",
        )
        .stderr_contains("\nhint: ");
    let server = Server::script(|peer| {
        peer.read_head();
        peer.reset();
    });
    wscope()
        .arg(server.url())
        .run()
        .code(4)
        .stderr_contains("without a response: TCP connection reset (RST)");
}

#[test]
fn a_server_that_disconnects_is_an_event() {
    let server = Server::script(|peer| {
        peer.read_head();
    });
    let outcome = wscope().arg("--json").arg(server.url()).run().code(4);
    failure(&outcome, "handshake");
}

#[test]
fn an_incomplete_response_is_counted_and_shown_on_timeout() {
    const START: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgra";
    let server = Server::script(|peer| {
        peer.read_head();
        peer.respond(START);
        peer.stall();
    });
    let outcome = wscope().args(["--connect-timeout", "200ms"]).arg(server.url()).run().code(7);
    assert_soon(&outcome);
    outcome
        .stderr_contains("wscope: opening handshake: timed out: the server sent 39 bytes of")
        .stderr_contains("incomplete response head within 200ms\n")
        .stderr_contains("< HTTP/1.1 101 Switching Protocols\n< Upgra\n");
}

#[test]
fn an_incomplete_response_is_counted_and_shown_at_the_end() {
    let server = Server::respond("HTTP/1.1 101 Switching");
    wscope()
        .arg(server.url())
        .run()
        .code(4)
        .stderr_contains("the server ended the connection after 22 bytes of an incomplete response")
        .stderr_contains("< HTTP/1.1 101 Switching\n");
}

#[test]
fn nothing_is_sent_without_a_connection() {
    let closed = RefusingPort::new();
    let url = format!("ws://127.0.0.1:{}", closed.port);
    wscope().args(["-x", "one", &url]).stdin("two\n").run().code(3).stdout("");
}

#[test]
fn a_failed_connection_does_not_wait_for_the_end_of_input() {
    let closed = RefusingPort::new();
    let outcome =
        wscope().arg(format!("ws://127.0.0.1:{}", closed.port)).stdin_open().run().code(3);
    assert_soon(&outcome);
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_wait_for_a_silent_server() {
    use crate::scripts::{next, serve_silence};
    use crate::support::Signal;

    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let (server, requested) = serve_silence();
        let running = wscope().arg(server.url()).spawn();
        next(&requested);
        running.signal(signal);
        assert_soon(&running.wait().code(code).stdout(""));
    }
}
