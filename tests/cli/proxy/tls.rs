//! TLS to the target through a proxy, TLS to the proxy, and both: one within the other.

use std::io::{self, Read, Write};

use native_tls::{Identity, TlsAcceptor, TlsStream};
use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

use super::ESTABLISHED;
use crate::scripts::echo_once;
use crate::support::{Layer, Outcome, Peer, Server, Wire, wscope};

/// A self-signed certificate in PEM, and the acceptor of a server that uses it.
pub(crate) fn identity(name: &str) -> (String, TlsAcceptor) {
    let mut params = CertificateParams::new([name.to_owned()]).expect("a name for a certificate");
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_after = date_time_ymd(2096, 5, 4);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate").pem();
    let identity = Identity::from_pkcs8(certificate.as_bytes(), key.serialize_pem().as_bytes());
    let acceptor = TlsAcceptor::new(identity.expect("an identity")).expect("an acceptor");
    (certificate, acceptor)
}

/// The layer below TLS.
struct Below(Box<dyn Wire>);

impl std::fmt::Debug for Below {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Below")
    }
}

impl Read for Below {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Below {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Wire for Layer<TlsStream<Below>> {
    fn end(&mut self) -> io::Result<()> {
        let Some(stream) = &mut self.0 else { return Ok(()) };
        stream.shutdown()?;
        stream.get_mut().0.end()
    }
}

/// Starts TLS on the connection; the client may abort the handshake.
pub(crate) fn start_tls(peer: &mut Peer, acceptor: &TlsAcceptor) {
    peer.nest(|below| Layer(acceptor.accept(Below(below)).ok()));
}

/// Accepts CONNECT, and starts TLS as the target.
fn tunnel(peer: &mut Peer, acceptor: &TlsAcceptor) {
    peer.read_head();
    peer.respond(ESTABLISHED);
    start_tls(peer, acceptor);
}

/// Runs through a proxy of this scheme to `wss://target.invalid`, with these certificates trusted.
fn run_through(
    scheme: &str,
    trusted: &[&str],
    steps: impl FnOnce(&mut Peer) + Send + 'static,
) -> Outcome {
    let proxy = Server::script(steps);
    let url = format!("{scheme}://localhost:{}", proxy.port());
    wscope()
        .file("ca.pem", trusted.concat())
        .args(["--cacert", "ca.pem", "--proxy", &url, "-x", "hi", "wss://target.invalid"])
        .run()
}

#[test]
fn tls_through_an_http_proxy() {
    let (trusted, acceptor) = identity("target.invalid");
    let outcome = run_through("http", &[&trusted], move |peer| {
        let head = peer.read_head();
        assert!(head.starts_with("CONNECT target.invalid:443 HTTP/1.1\r\n"), "{head}");
        peer.respond(ESTABLISHED);
        start_tls(peer, &acceptor);
        echo_once(peer);
    });
    outcome.code(0).stdout("hi\n").stderr_contains("(via proxy http://localhost:");
}

#[test]
fn tls_through_a_socks_proxy() {
    let (trusted, acceptor) = identity("target.invalid");
    let outcome = run_through("socks5h", &[&trusted], move |peer| {
        peer.read_exact(3);
        peer.send(b"\x05\x00");
        peer.read_exact(4 + 1 + "target.invalid".len() + 2);
        peer.send(b"\x05\x00\x00\x01\0\0\0\0\0\0");
        start_tls(peer, &acceptor);
        echo_once(peer);
    });
    outcome.code(0).stdout("hi\n");
}

#[test]
fn tls_within_tls() {
    let (proxy_trusted, proxy_acceptor) = identity("localhost");
    let (trusted, acceptor) = identity("target.invalid");
    let outcome = run_through("https", &[&trusted, &proxy_trusted], move |peer| {
        start_tls(peer, &proxy_acceptor);
        tunnel(peer, &acceptor);
        echo_once(peer);
    });
    outcome.code(0).stdout("hi\n").stderr_contains("(via proxy https://localhost:");
}

#[test]
fn a_large_message_passes_through_tls_within_tls() {
    const SIZE: usize = 3 << 20;
    let (proxy_trusted, proxy_acceptor) = identity("localhost");
    let (trusted, acceptor) = identity("target.invalid");
    let proxy = Server::script(move |peer| {
        start_tls(peer, &proxy_acceptor);
        tunnel(peer, &acceptor);
        echo_once(peer);
    });
    let data: Vec<u8> = (0..SIZE).map(|at| (at % 251) as u8).collect();
    let url = format!("https://localhost:{}", proxy.port());
    wscope()
        .file("ca.pem", [trusted, proxy_trusted].concat())
        .file("data", &data)
        .args(["--cacert", "ca.pem", "--proxy", &url, "-b", "--send-file", "data"])
        .arg("wss://target.invalid")
        .run()
        .code(0)
        .stdout_bytes(&data);
}

#[test]
fn a_plain_target_behind_an_https_proxy() {
    let (trusted, acceptor) = identity("localhost");
    let proxy = Server::script(move |peer| {
        start_tls(peer, &acceptor);
        peer.read_head();
        // Early bytes within TLS: a response sent before the request.
        peer.send(format!("{ESTABLISHED}HTTP/1.1 404 Early\r\nContent-Length: 0\r\n\r\n"));
        peer.read_head();
    });
    let url = format!("https://localhost:{}", proxy.port());
    wscope()
        .file("ca.pem", trusted)
        .args(["--cacert", "ca.pem", "--proxy", &url, "ws://target.invalid"])
        .run()
        .code(4)
        .stderr_contains("404 Early");
}

#[test]
fn the_certificate_of_the_proxy_is_checked_separately() {
    for (options, code) in [(&[][..], 3), (&["-k"], 3), (&["--proxy-insecure"], 0)] {
        let (_, acceptor) = identity("localhost");
        let proxy = Server::script(move |peer| {
            start_tls(peer, &acceptor);
            if code == 0 {
                peer.read_head();
                peer.respond(ESTABLISHED);
                echo_once(peer);
            } else {
                peer.read_until_eof();
            }
        });
        let url = format!("https://localhost:{}", proxy.port());
        let command = wscope().args(["-x", "hi", "--proxy", &url]).args(options);
        let outcome = command.arg("ws://target.invalid").run().code(code);
        if code == 3 {
            outcome
                .stderr_contains("proxy https://localhost:")
                .stderr_contains("certificate")
                .stderr_contains(
                    "hint: --cacert FILE trusts this certificate if FILE contains it; --proxy-insecure accepts any",
                );
        }
    }
}

#[test]
fn a_proxy_without_tls_is_recognised() {
    let outcome = run_through("https", &[&identity("localhost").0], |peer| {
        peer.read_exact(1);
        peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
        peer.read_until_eof();
    });
    outcome
        .code(3)
        .stderr_contains("hint: the response is plain HTTP: if the proxy does not speak TLS on this port, use http://");
}

/// The hints for a server with TLS do not apply to a proxy.
#[test]
fn an_https_proxy_that_does_not_answer_in_tls() {
    for (answer, hint) in [
        ("", "hint: https:// is for proxies that speak TLS on this port: if it is a plain HTTP"),
        ("\x05\x01", "hint: that is a SOCKS5 proxy (socks5h://): is the proxy's port right?"),
        ("hello", "hint: the proxy does not speak TLS on this port: https:// is for proxies that"),
    ] {
        let outcome = run_through("https", &[&identity("localhost").0], move |peer| {
            peer.read_exact(1);
            peer.send(answer);
        });
        outcome.code(3).stderr_contains(hint).stderr_lacks("ws://");
    }
}

#[test]
fn a_refused_certificate_of_the_target_is_reported_with_the_proxy() {
    let (_, acceptor) = identity("target.invalid");
    let outcome = run_through("http", &[&identity("other.invalid").0], move |peer| {
        tunnel(peer, &acceptor);
        peer.read_until_eof();
    });
    outcome
        .code(3)
        .stderr_contains("TLS handshake with target.invalid:443 via proxy http://localhost:")
        .stderr_contains("self-signed certificate");
}
