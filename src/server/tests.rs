//! An acceptor on a loopback address, with a service that reports what becomes of each connection.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Sender, channel};

use super::*;
use crate::protocol::handshake::Response;

struct Reporter {
    options: AcceptOptions,
    is_full: bool,
    reports: Sender<String>,
}

impl Service for Reporter {
    fn serve(self: Arc<Self>, socket: AcceptedSocket, reactor: &mut Reactor) {
        let page: StaticAnswer =
            |refusal, _, _| refusal.is_plain.then(|| Response::text(200, &[], "hello"));
        let outcome = match socket.read_request(&self.options, page, reactor) {
            Ok(handshake) if self.is_full => Err(handshake.refuse_for_now("full".to_owned())),
            Ok(handshake) => handshake.accept(reactor),
            Err(rejected) => Err(rejected),
        };
        let report = match outcome {
            Ok(client) => format!("accepted, early {}", client.request.early.escape_ascii()),
            Err(mut rejected) => {
                rejected.respond(reactor);
                match &rejected.rejection {
                    Rejection::Failed(error) => format!("{error:?}"),
                    Rejection::Refused(request, _) => format!("refused {}", request.line.target),
                    Rejection::Unavailable(_, reason) => format!("unavailable: {reason}"),
                    other => format!("{other:?}"),
                }
            }
        };
        self.reports.send(report).unwrap();
    }
}

/// Receives requests without judging them, one after the other, and reports them.
struct Receiver {
    options: ReceiveOptions,
    reports: Sender<String>,
}

impl Service for Receiver {
    fn serve(self: Arc<Self>, socket: AcceptedSocket, reactor: &mut Reactor) {
        let mut received = match socket.receive(&self.options, reactor) {
            Ok(received) => received,
            Err(rejected) => {
                return self.reports.send(format!("{:?}", rejected.rejection)).unwrap();
            }
        };
        received.pending.admit(reactor);
        let mut reports = Vec::new();
        let end = loop {
            let ReceivedRequest { line, early, .. } = received.request;
            reports.push(format!("{} {}", line.method, line.target));
            match receive_request(&mut received.stream, early, reactor, received.deadline) {
                Ok(request) => received.request = request,
                Err(error) => break error,
            }
        };
        self.reports.send(format!("{}, {end:?}", reports.join(", "))).unwrap();
    }
}

/// Sends `sent` to a server that accepts one connection, which this service reports on. Returns the response and the
/// report.
fn serve_one<S: Service>(
    sent: &str,
    service: impl FnOnce(AcceptOptions, Sender<String>) -> S,
) -> (String, String) {
    let BoundListener { socket, address, hosts } = bind("127.0.0.1:0").unwrap();
    let options = AcceptOptions {
        receive: ReceiveOptions {
            tls: None,
            time_limit: Some(Duration::from_secs(10)),
            max_handshakes: 16,
            refusal_headers: Vec::new(),
        },
        rules: ServerOptions { listening: hosts, ..ServerOptions::default() },
        lenient: false,
    };
    let (reports, received) = channel();
    let service = Arc::new(service(options.clone(), reports));
    let mut acceptor = Acceptor::new(service, socket, &options.receive);
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(sent.as_bytes()).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let report = loop {
        acceptor.set_ready();
        acceptor.accept_pending().unwrap();
        if let Ok(report) = received.recv_timeout(Duration::from_millis(1)) {
            break report;
        }
    };
    let mut response = String::new();
    client.read_to_string(&mut response).unwrap();
    (response, report)
}

/// Sends `sent` to a WebSocket server.
fn exchange(sent: &str, is_full: bool) -> (String, String) {
    serve_one(sent, |options, reports| Reporter { options, is_full, reports })
}

const UPGRADE: &str = "GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
                       Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[test]
fn a_valid_request_is_accepted_with_the_bytes_that_follow() {
    let (response, report) =
        exchange(&format!("{UPGRADE}Expect: 100-continue\r\n\r\nearly"), false);
    assert!(response.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 "), "{response}");
    assert_eq!(report, "accepted, early early");
}

#[test]
fn the_service_decides_who_is_served() {
    let (response, report) = exchange(&format!("{UPGRADE}\r\n"), true);
    assert!(response.starts_with("HTTP/1.1 503 "), "{response}");
    assert!(response.contains("Retry-After: 5\r\n") && response.ends_with("\r\n\r\nfull\n"));
    assert_eq!(report, "unavailable: full");
}

#[test]
fn invalid_handshakes_are_refused_with_the_reason() {
    for (request, status, expected) in [
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "200 OK", "StaticAnswer"),
        ("POST /x HTTP/1.1\r\nHost: localhost\r\n\r\n", "405 Method Not Allowed", "refused /x"),
        ("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "403 Forbidden", "refused /"),
        ("get /x HTTP/1.1\r\nHost: localhost\r\n\r\n", "405 Method Not Allowed", "refused /x"),
        ("\r\nPOST /x HTTP/1.1\r\nHost: localhost\r\n\r\n", "405 Method Not Allowed", "refused /x"),
        ("nonsense\r\n\r\n", "400 Bad Request", "Unreadable(NotHttp"),
        ("GET / HT", "", "Ended(Eof, 8)"),
        ("", "", "Ended(Eof, 0)"),
    ] {
        let (response, report) = exchange(request, false);
        let line = response.lines().next().unwrap_or_default();
        assert_eq!(line.trim_start_matches("HTTP/1.1 "), status, "{request:?}");
        assert!(report.starts_with(expected), "{request:?}: {report}");
    }
}

#[test]
fn requests_are_received_without_being_judged() {
    let receive = |sent| {
        let service =
            |options: AcceptOptions, reports| Receiver { options: options.receive, reports };
        serve_one(sent, service).1
    };
    for (sent, expected) in [
        ("POST /x HTTP/1.1\r\nHost: a.example\r\n\r\n", "POST /x, Ended(Eof, 0)"),
        ("GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\n\n", "GET /1, HEAD /2, Ended(Eof, 0)"),
        ("GET /1 HTTP/1.0\n\nGET /2 HT", "GET /1, Ended(Eof, 9)"),
        (
            "\r\n\r\nGET /1 HTTP/1.1\r\n\r\n\r\nGET /2 HTTP/1.1\r\n\r\n\r\n",
            "GET /1, GET /2, Ended(Eof, 0)",
        ),
        ("GET /1 HTTP/1.1\r\n\r\nnonsense", "GET /1, Unreadable(NotHttp"),
        ("nonsense\r\n\r\n", "Failed(Unreadable(NotHttp"),
    ] {
        let report = receive(sent);
        assert!(report.starts_with(expected), "{sent:?}: {report}");
    }
}
