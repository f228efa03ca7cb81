//! The application protocol negotiated in the TLS handshake (ALPN, RFC 7301).

use super::ends::End;
use super::{Credentials, echo, trusting, wss};

const ONLY_HTTP_1: &[u8] = b"\x08http/1.1";
const HTTP_2_FIRST: &[u8] = b"\x02h2\x08http/1.1";
const ONLY_HTTP_2: &[u8] = b"\x02h2";

#[test]
fn http_1_1_is_offered_and_shown() {
    let mine = Credentials::for_names(&["127.0.0.1"]);
    for protocols in [ONLY_HTTP_1, HTTP_2_FIRST] {
        let (server, _) = End::new(&mine).requires_alpn(protocols).echo();
        let outcome = trusting(&mine).args(["-v", "-x", "hi", &wss(&server)]).run().code(0);
        outcome.stdout("hi\n").stderr_contains(", ALPN http/1.1\n");
        let (server, _) = End::new(&mine).requires_alpn(protocols).echo();
        let outcome = trusting(&mine).args(["--json", "-x", "hi", &wss(&server)]).run().code(0);
        assert_eq!(outcome.json_lines()[0]["tls"]["alpn"], "http/1.1");
    }
}

#[test]
fn a_server_that_chooses_none_is_accepted() {
    let mine = Credentials::for_names(&["127.0.0.1"]);
    let server = echo(&mine);
    let outcome = trusting(&mine).args(["-v", "-x", "hi", &wss(&server)]).run().code(0);
    outcome.stderr_lacks("ALPN");
    let server = echo(&mine);
    let outcome = trusting(&mine).args(["--json", "-x", "hi", &wss(&server)]).run().code(0);
    assert!(outcome.json_lines()[0]["tls"]["alpn"].is_null());
}

#[test]
fn a_server_without_http_1_1_is_explained() {
    let mine = Credentials::for_names(&["127.0.0.1"]);
    let server = End::new(&mine).requires_alpn(ONLY_HTTP_2).refused(1);
    trusting(&mine).args(["-x", "hi", &wss(&server)]).run().code(3).stderr_contains(
        "alert no application protocol\nhint: the server does not accept http/1.1",
    );
}

/// The connection that fetches the certificates of a refused server offers the same protocols as the first.
#[test]
fn the_certificates_of_a_refused_server_are_shown() {
    let (mine, other) = (Credentials::for_names(&["127.0.0.1"]), Credentials::self_signed());
    let server = End::new(&mine).requires_alpn(ONLY_HTTP_1).refused(2);
    trusting(&other)
        .args(["-x", "hi", &wss(&server)])
        .run()
        .code(3)
        .stderr_contains("\n  subject   CN=Test Server\n");
}
