//! Clients that leave while the proxy connects to the server: here through a tunnel that is not opened.

use std::thread;

use serde_json::Value;

use super::{Proxied, assert_status, start};
use crate::support::{Listener, Peer, Wscope, upgrade_request, wscope};

const PAGE: &str = "GET /page HTTP/1.1\r\nHost: x\r\n\r\n";

/// A proxy whose connections to the server depend on the test: `target` is the tunnel.
#[track_caller]
fn tunnelled(program: Wscope) -> Proxied {
    let target = Listener::new();
    let tunnel = target.url().replace("ws:", "http:");
    let options = ["--json", "--max-clients", "1", "--proxy", &tunnel];
    let (running, port) = start(program, &options, "ws://example.invalid:81");
    Proxied { running, port, target }
}

/// A client whose request the proxy has, and the tunnel, which does not answer.
#[track_caller]
fn dialing(proxy: &Proxied, request: &str) -> (Peer, Peer) {
    let mut client = proxy.client();
    client.send(request);
    let mut tunnel = proxy.target.accept();
    let head = tunnel.read_head();
    assert!(head.starts_with("CONNECT example.invalid:81 "), "{head}");
    (client, tunnel)
}

/// The next client gets the only slot, which is free shortly after the event.
#[track_caller]
fn assert_free(proxy: &Proxied) {
    let target = &proxy.target;
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut tunnel = target.accept();
            tunnel.read_head();
            tunnel.send("HTTP/1.1 200 OK\r\n\r\n");
            tunnel.read_head();
            tunnel.send(super::NOT_FOUND);
        });
        let head = loop {
            let mut client = proxy.client();
            client.send(PAGE);
            let head = client.read_head();
            if !head.starts_with("HTTP/1.1 503 ") {
                break head;
            }
        };
        assert_status(&head, 404);
    });
}

#[test]
fn a_client_that_leaves_while_connecting_frees_its_slot() {
    type Leave = fn(&mut Peer);
    let ways: [(Leave, &str); 2] = [(Peer::reset, "reset (RST)"), (Peer::eof, "ended (FIN)")];
    for (leave, end) in ways {
        let mut proxy = tunnelled(wscope().stdin_null());
        let (mut client, mut tunnel) = dialing(&proxy, &upgrade_request("/", &[]));
        leave(&mut client);
        tunnel.read_until_eof();
        let error = proxy.event("error");
        assert_eq!(error["kind"], "abnormal", "{error}");
        let message = error["message"].as_str().expect("a text");
        assert!(message.contains("the client ended the connection before"), "{message}");
        assert!(message.contains(end), "{message}");
        drop(client);
        assert_free(&proxy);
    }
}

#[test]
fn a_client_of_http_that_is_reset_while_connecting_frees_its_slot() {
    let mut proxy = tunnelled(wscope().stdin_null());
    let (mut client, mut tunnel) = dialing(&proxy, PAGE);
    client.reset();
    tunnel.read_until_eof();
    let exchange = proxy.event("http");
    assert_eq!(exchange["status"], Value::Null, "{exchange}");
    let note = exchange["note"].as_str().expect("a note");
    assert!(note.contains("the client ended the connection before"), "{note}");
    assert_free(&proxy);
}

/// HTTP: who has sent the whole request may end its direction, and still waits for the response.
#[test]
fn a_half_closed_client_of_http_gets_its_response() {
    let proxy = tunnelled(wscope().stdin_null());
    let (mut client, mut tunnel) = dialing(&proxy, PAGE);
    client.eof();
    tunnel.send("HTTP/1.1 200 OK\r\n\r\n");
    tunnel.read_head();
    tunnel.send(super::NOT_FOUND);
    assert_status(&client.read_head(), 404);
}
