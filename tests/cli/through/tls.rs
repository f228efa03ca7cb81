//! TLS toward clients, toward the server, and both.

use super::{Proxied, assert_alive, assert_status, start};
use crate::scripts::start_untrusted_tls;
use crate::support::{Listener, Peer, wscope};
use crate::tls::{Credentials, start_tls};

const CERTIFICATE: [&str; 4] = ["--tls-cert", "cert.pem", "--tls-key", "key.pem"];

/// Another wscope is the client: it checks the certificate.
#[test]
fn clients_are_served_over_tls() {
    let own = Credentials::for_names(&["127.0.0.1"]);
    let program =
        wscope().stdin_null().file("cert.pem", &own.certificate).file("key.pem", &own.key);
    let server = crate::support::Server::script(|peer| {
        let head = peer.accept_request();
        assert!(head.contains("Host: 127.0.0.1:"), "{head}");
        peer.expect_text("hi");
        peer.send(crate::support::text("ho"));
        peer.answer_close(1000);
    });
    let mut running = program.arg("proxy").args(CERTIFICATE).args([":0", &server.url()]).spawn();
    let line = running.wait_stderr("listening on wss://");
    let port = crate::listen::port_in(&line).expect("a port");
    let client =
        wscope().file("ca.pem", &own.authority).args(["--cacert", "ca.pem", "-x", "hi", "-1"]);
    client.arg(format!("wss://127.0.0.1:{port}/")).run().code(0).stdout("ho\n");
    server.join();
}

#[test]
fn a_server_with_tls_is_verified() {
    let own = Credentials::for_names(&["127.0.0.1"]);
    let target = Listener::new();
    let url = target.url().replace("ws:", "wss:");
    let program = wscope().stdin_null().file("ca.pem", &own.authority);
    let (mut running, port) = start(program, &["--cacert", "ca.pem", "--json"], &url);
    let mut client = Peer::connect(port);
    client.request("/", &[&format!("Origin: http://localhost:{port}")]);
    let mut server = target.accept();
    start_tls(&mut server, &own.acceptor());
    let head = server.accept_request();
    let origin = crate::support::header(&head, "Origin").expect("an origin").to_owned();
    assert_eq!(origin, url.replace("wss:", "https:"));
    assert_status(&client.read_head(), 101);
    let open = super::event(&mut running, "open");
    assert!(open["tls"]["version"].is_string(), "{open}");
    assert_alive(&mut client, &mut server);
    server.eof();
    client.expect_eof();
    client.eof();
    server.expect_eof();
}

#[test]
fn an_untrusted_server_is_a_502_and_accepted_with_k() {
    let target = Listener::new();
    let url = target.url().replace("ws:", "wss:");
    let (mut running, port) = start(wscope().stdin_null(), &[], &url);
    let own = Credentials::for_names(&["127.0.0.1"]);
    let mut client = Peer::connect(port);
    client.request("/", &[]);
    let mut server = target.accept();
    start_tls(&mut server, &own.acceptor());
    assert_status(&client.read_head(), 502);
    let body = String::from_utf8_lossy(&client.read_until_eof()).into_owned();
    assert!(body.contains("certificate"), "{body}");
    running.wait_stderr("certificate");

    let target = Listener::new();
    let url = target.url().replace("ws:", "wss:");
    let (running, port) = start(wscope().stdin_null(), &["-k"], &url);
    let proxy = Proxied { running, port, target };
    let mut client = proxy.client();
    client.request("/", &[]);
    let mut server = proxy.target.accept();
    start_untrusted_tls(&mut server);
    server.accept_request();
    assert_status(&client.read_head(), 101);
    assert_alive(&mut client, &mut server);
}

/// An end of TCP without close_notify is passed on as such: the client is not told that all was sent.
#[test]
fn a_truncated_stream_stays_truncated() {
    let own = Credentials::for_names(&["127.0.0.1"]);
    let target = Listener::new();
    let program = wscope().stdin_null().file("ca.pem", &own.authority);
    let url = target.url().replace("ws:", "wss:");
    let (mut running, port) = start(program, &["--cacert", "ca.pem", "--json"], &url);
    let mut client = Peer::connect(port);
    client.request("/", &[]);
    let mut server = target.accept();
    start_tls(&mut server, &own.acceptor());
    server.accept_request();
    assert_status(&client.read_head(), 101);
    server.socket().shutdown(std::net::Shutdown::Write).expect("a socket");
    client.read_until_eof();
    client.eof();
    server.read_until_eof();
    let close = super::event(&mut running, "close");
    assert_eq!(close["code"], 1006, "{close}");
    assert_eq!(close["end"]["server"], "fin_without_close_notify", "{close}");
}
