//! The way to the server, and servers that are down, silent, or something else.

use std::net::TcpListener;

use serde_json::json;

use super::{Proxied, assert_alive, assert_status, leave, proxy, start};
use crate::scripts::refused_url;
use crate::support::{Listener, Peer, Running, upgrade_request, wscope};

/// Requests a WebSocket. Returns the head and the body of the answer.
#[track_caller]
fn answered(port: u16, request: &str) -> (String, String) {
    let mut client = Peer::connect(port);
    client.send(request);
    let head = client.read_head();
    let body = String::from_utf8(client.read_until_eof()).expect("a body in UTF-8");
    (head, body)
}

const PAGE: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

#[track_caller]
fn expect_error(running: &mut Running, kind: &str) {
    let error = super::event(running, "error");
    assert_eq!((&error["kind"], &error["connection"]), (&json!(kind), &json!(1)), "{error}");
}

#[test]
fn a_server_that_is_down_is_a_502_and_served_once_it_is_back() {
    let target = Listener::new();
    let (mut running, port) = start(wscope().stdin_null(), &["--json"], &target.url());
    let target_port = target.port();
    drop(target);
    let (head, body) = answered(port, &upgrade_request("/", &[]));
    assert_status(&head, 502);
    assert!(body.contains("refused") && body.contains(&target_port.to_string()), "{body}");
    expect_error(&mut running, "connect");
    let (head, body) = answered(port, PAGE);
    assert_status(&head, 502);
    assert!(body.contains("refused"), "{body}");
    let proxy = Proxied { running, port, target: Listener::on(target_port) };
    let (mut client, mut server) = proxy.open();
    assert_alive(&mut client, &mut server);
    leave(client, server);
}

/// What a client wanted is what would have been connected to: the URL of the command line with its path and query.
#[test]
fn a_server_that_is_down_is_named_with_what_the_client_requested() {
    let target = Listener::new();
    let url = target.url().trim_end_matches('/').to_owned();
    let (mut running, port) = start(wscope().stdin_null(), &["--json"], &format!("{url}/api"));
    drop(target);
    answered(port, &upgrade_request("/foo?x=1&token=hunter2", &[]));
    let error = super::event(&mut running, "error");
    assert_eq!(error["url"], json!(format!("{url}/api/foo?x=1&token=***")), "{error}");
}

#[test]
fn garbage_of_a_server_is_a_502() {
    for (garbage, words) in [(&b"SSH-2.0-OpenSSH_9.9\r\n\r\n"[..], "HTTP"), (b"", "")] {
        let mut proxy = proxy(&["--json"]);
        for request in [upgrade_request("/", &[]), PAGE.to_owned()] {
            let mut client = proxy.client();
            client.send(&request);
            let mut server = proxy.target.accept();
            server.read_head();
            server.send(garbage);
            server.eof();
            assert_status(&client.read_head(), 502);
            let body = String::from_utf8(client.read_until_eof()).expect("UTF-8");
            assert!(body.contains(words) && body.len() > 20, "{body}");
        }
        expect_error(&mut proxy.running, "handshake");
        assert_eq!(proxy.event("http")["status"], 502);
    }
}

#[test]
fn a_silent_server_is_a_504_after_the_time_limit() {
    let mut proxy = proxy(&["--json", "--connect-timeout", "200ms"]);
    let mut client = proxy.client();
    client.request("/", &[]);
    let mut server = proxy.target.accept();
    server.read_head();
    assert_status(&client.read_head(), 504);
    let body = String::from_utf8(client.read_until_eof()).expect("UTF-8");
    assert!(body.contains("200ms"), "{body}");
    expect_error(&mut proxy.running, "timeout");
    server.read_until_eof();
}

#[test]
fn the_proxy_does_not_connect_to_itself() {
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port();
    let url = format!("ws://127.0.0.1:{port}");
    let address = format!("127.0.0.1:{port}");
    let mut running = wscope().stdin_null().args(["proxy", &address, &url]).spawn();
    running.wait_stderr("listening on ");
    let (head, body) = answered(port, &upgrade_request("/", &[]));
    assert_status(&head, 502);
    assert!(body.contains("itself"), "{body}");
    running.wait_stderr("itself");
}

#[test]
fn a_client_that_leaves_before_the_answer_is_reported() {
    let mut proxy = proxy(&["--json"]);
    let mut client = proxy.client();
    client.request("/", &[]);
    let mut server = proxy.target.accept();
    server.read_head();
    client.reset();
    server.expect_reset(b"");
    expect_error(&mut proxy.running, "abnormal");
    let (client, server) = proxy.open();
    leave(client, server);
}

/// The proxy of wscope is reached through another one.
#[test]
fn a_server_is_reached_through_a_proxy() {
    let tunnel = Listener::new();
    let (_running, port) = start(
        wscope().stdin_null(),
        &["--proxy", &tunnel.url().replace("ws:", "http:")],
        "ws://example.invalid:81/x",
    );
    let mut client = Peer::connect(port);
    client.request("/y", &[]);
    let mut server = tunnel.accept();
    let head = server.read_head();
    assert!(head.starts_with("CONNECT example.invalid:81 HTTP/1.1\r\n"), "{head}");
    server.send("HTTP/1.1 200 OK\r\n\r\n");
    let head = server.accept_request();
    assert!(head.starts_with("GET /x/y HTTP/1.1\r\n"), "{head}");
    assert_status(&client.read_head(), 101);
    assert_alive(&mut client, &mut server);
}

#[cfg(unix)]
#[test]
fn a_server_is_reached_at_a_unix_socket() {
    let program = wscope().stdin_null();
    let path = program.home().join("socket");
    let server = crate::support::Server::unix(&path, |peer| {
        let head = peer.accept_request();
        assert!(head.starts_with("GET /uri HTTP/1.1\r\n"), "{head}");
        peer.expect_text("hi");
        peer.send(crate::support::text("ho"));
        peer.answer_close(1000);
    });
    let (_running, port) = start(program, &[], &format!("ws+unix://{}:/uri", path.display()));
    let mut client = Peer::connect(port);
    client.request("/", &[]);
    assert_status(&client.read_head(), 101);
    client.send(crate::support::masked(&crate::support::text("hi")));
    client.expect_text("ho");
    client.close_and_expect_reply(1000);
    client.expect_eof();
    client.eof();
    server.join();
}

#[test]
fn an_address_in_use_is_exit_3() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let outcome = wscope().args(["proxy", &address, &refused_url()]).run().code(3);
    outcome.stderr_contains(&address).stderr_contains("in use");
}
