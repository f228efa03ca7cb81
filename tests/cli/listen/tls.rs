//! A server with TLS.

use super::{listen, start};
use crate::support::{Peer, Running, Wscope, wscope};

const OPTIONS: [&str; 4] = ["--tls-cert", "cert.pem", "--tls-key", "key.pem"];

/// A program with a certificate for localhost in its directory, and the certificate.
fn with_certificate() -> (Wscope, String) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let program = wscope()
        .stdin_null()
        .file("cert.pem", made.cert.pem())
        .file("key.pem", made.signing_key.serialize_pem());
    (program, made.cert.pem())
}

fn echo(options: &[&str]) -> (Running, u16, String) {
    let (program, certificate) = with_certificate();
    let (server, port) = start(program, &[&OPTIONS[..], &["--echo"], options].concat());
    (server, port, certificate)
}

#[test]
fn messages_pass_through_tls_and_its_version_is_reported() {
    let (mut server, port, certificate) = echo(&["-v"]);
    let url = format!("wss://127.0.0.1:{port}/");
    let client = wscope().file("ca.pem", certificate).args(["--cacert", "ca.pem", "-1", &url]);
    client.args(["-x", &"x".repeat(30_000)]).run().code(0);
    server.wait_stderr(&format!("connected to wss://127.0.0.1:{port}/"));
    let line = server.wait_stderr("TLSv1.");
    assert!(line.contains("TLS_"), "no cipher: {line}");
    assert!(server.wait_stderr("upgrade").contains("tls "), "no time for TLS");
}

#[test]
fn the_version_and_cipher_are_in_the_event() {
    let (mut server, port, _) = echo(&["--json"]);
    let url = format!("wss://127.0.0.1:{port}/");
    wscope().args(["-k", "-1", "-x", "hi", &url]).run().code(0);
    let event: serde_json::Value =
        serde_json::from_str(&server.read_stdout_line()).expect("an event");
    assert!(event["tls"]["version"].as_str().is_some_and(|v| v.starts_with("TLSv1.")), "{event}");
    assert!(event["tls"]["cipher"].as_str().is_some_and(|c| c.starts_with("TLS_")), "{event}");
}

/// Where the TLS library offers the choice.
#[cfg(not(any(windows, target_vendor = "apple")))]
#[test]
fn the_newest_version_is_negotiated_and_older_ones_on_request() {
    let (mut server, port, _) = echo(&["--json"]);
    let url = format!("wss://127.0.0.1:{port}/");
    for (options, version) in [
        (&[][..], "TLSv1.3"),
        (&["--tls-max", "1.2"], "TLSv1.2"),
        (&["--tls-min", "1.3"], "TLSv1.3"),
    ] {
        wscope().args(["-k", "-1", "-x", "hi", &url]).args(options).run().code(0).stdout("hi\n");
        let event = loop {
            let event: serde_json::Value =
                serde_json::from_str(&server.read_stdout_line()).expect("an event");
            if event["event"] == "open" {
                break event;
            }
        };
        assert_eq!(event["tls"]["version"], version, "{event}");
        assert_eq!(event["tls"]["alpn"], "http/1.1", "{event}");
    }
}

#[test]
fn a_client_that_sends_nothing_times_out() {
    let (mut server, port, _) = echo(&["--handshake-timeout", "100ms"]);
    let mut silent = Peer::connect(port);
    let line = server.wait_stderr("TLS handshake with 127.0.0.1:");
    assert!(line.contains(": timed out after 100ms"), "{line}");
    silent.expect_eof();
}

#[test]
fn plain_http_on_the_tls_port_is_reported() {
    let (mut server, port, _) = echo(&[]);
    let mut plain = Peer::connect(port);
    plain.request("/", &[]);
    server.wait_stderr("TLS handshake with 127.0.0.1:");
    server.wait_stderr("hint: the client speaks plain HTTP");
}

#[test]
fn tls_on_a_plain_port_is_reported() {
    let (mut server, port) = listen(&[]);
    let url = format!("wss://127.0.0.1:{port}/");
    wscope().arg(url).run().code(3);
    server.wait_stderr("hint: the client speaks TLS");
}

#[test]
fn a_key_that_does_not_match_the_certificate_is_refused() {
    let (program, _) = with_certificate();
    let other = rcgen::generate_simple_self_signed(["x".to_owned()]).expect("a certificate");
    let program = program.file("key.pem", other.signing_key.serialize_pem());
    let outcome = program.args(["listen", ":0"]).args(OPTIONS).run().code(2);
    outcome
        .stderr_contains("bad --tls-key \"key.pem\": the key does not belong to the certificate");
}

#[test]
fn files_without_a_key_or_certificate_are_reported() {
    let (program, certificate) = with_certificate();
    let old = "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let program = program.file("key.pem", old);
    let outcome = program.args(["listen", ":0"]).args(OPTIONS).run().code(2);
    outcome.stderr_contains("bad --tls-key \"key.pem\": it cannot be read");
    let program = wscope().file("key.pem", certificate).file("cert.pem", "");
    let outcome = program.args(["listen", ":0"]).args(OPTIONS).run().code(2);
    outcome.stderr_contains("bad --tls-cert \"cert.pem\": it contains no certificate");
    let outcome = program_with_key_only().run().code(2);
    outcome.stderr_contains(
        "bad --tls-cert \"cert.pem\": it contains no private key: give it with --tls-key FILE",
    );
}

fn program_with_key_only() -> Wscope {
    let (program, _) = with_certificate();
    program.args(["listen", ":0", "--tls-cert", "cert.pem"])
}
