//! Refused certificates and their display; certificates accepted with a warning.

use std::time::Duration;

use openssl::ssl::SslVersion;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

use super::ends::{End, rsa};
use super::{Credentials, echo, params, start_tls, trusting, wss};
use crate::support::{Peer, Server, Terminal, Wscope, script, wscope};

const HEADING: &str = "the server's certificate (from a second connection, on which it was not checked):\n  subject   ";

/// Both handshakes of a client that refuses the certificate, over TLS 1.3, where it is encrypted.
fn refused_twice(credentials: &Credentials) -> Server {
    End::new(credentials).version(SslVersion::TLS1_3).refused(2)
}

fn localhost(program: Wscope, server: &Server) -> Wscope {
    program.arg(format!("wss://localhost:{}", server.port()))
}

#[test]
fn the_refused_certificate_is_shown() {
    let mut future = params(&["localhost"]);
    future.not_before = date_time_ymd(2090, 1, 1);
    for (credentials, trusted, reason, block) in [
        (
            Credentials::expired(),
            true,
            "certificate has expired: it was valid until 2020-01-01T00:00:00Z, ",
            " ago\n  serial ",
        ),
        (
            Credentials::signed_by("Test Authority", future),
            true,
            ": it is valid from 2090-01-01T00:00:00Z, in ",
            "not valid for another ",
        ),
        (
            Credentials::for_names(&["a.example", "*.b.example", "192.0.2.1"]),
            true,
            "hostname mismatch: the certificate is for a.example, *.b.example, 192.0.2.1\n",
            "  names     a.example, *.b.example, 192.0.2.1\n",
        ),
        (
            Credentials::for_names(&["localhost"]),
            false,
            "unable to get local issuer certificate: CN=Test Authority is not known\n",
            "  issuer    CN=Test Authority\n",
        ),
        (
            Credentials::self_signed(),
            false,
            "self-signed certificate\n",
            "  issuer    self-signed\n",
        ),
    ] {
        let server = refused_twice(&credentials);
        let program = if trusted { trusting(&credentials) } else { wscope() };
        localhost(program, &server)
            .run()
            .code(3)
            .stdout("")
            .stderr_contains("for 'localhost': certificate verify failed: ")
            .stderr_contains(reason)
            .stderr_contains(HEADING)
            .stderr_contains(block);
    }
}

/// The second connection uses the same route as the first.
#[test]
fn a_certificate_refused_behind_a_proxy_is_shown() {
    let server = End::new(&Credentials::self_signed()).refused_after(2, |peer| {
        let head = peer.read_head();
        assert!(head.starts_with("CONNECT other.example:443 HTTP/1.1\r\n"), "{head}");
        peer.send("HTTP/1.1 200 OK\r\n\r\n");
    });
    let proxy = server.http_url();
    wscope()
        .args(["--proxy", &proxy, "wss://other.example/"])
        .run()
        .code(3)
        .stderr_contains(" for 'other.example': certificate verify failed: self-signed certificate")
        .stderr_contains(
            "hint: --cacert FILE trusts this certificate if FILE contains it, but it is for ",
        )
        .stderr_contains(", not for other.example: ")
        .stderr_contains(HEADING);
}

#[test]
fn the_certificate_of_a_proxy_is_shown_if_it_is_refused() {
    let server = refused_twice(&Credentials::for_names(&["a.example"]));
    let proxy = format!("https://127.0.0.1:{}", server.port());
    wscope()
        .args(["--proxy", &proxy, "--servername", "b.example", "wss://other.example/"])
        .run()
        .code(3)
        .stderr_contains(" for '127.0.0.1': certificate verify failed: ")
        .stderr_contains("the proxy's certificate (from a second connection, on which it was not checked):\n  subject ");
}

#[test]
fn many_names_are_truncated_in_the_message() {
    let names: Vec<String> = (0..9).map(|n| format!("{n}.example")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let credentials = Credentials::for_names(&names);
    let server = refused_twice(&credentials);
    localhost(trusting(&credentials), &server)
        .run()
        .stderr_contains("is for 0.example, 1.example, 2.example, 3.example, 4.example, 5.example and 3 more\n")
        .stderr_contains("  names     0.example, 1.example, 2.example, 3.example, 4.example, 5.example, 6.example, 7.example, 8.example\n");
}

#[test]
fn the_number_of_counted_names_is_limited() {
    let names: Vec<String> = (0..1001).map(|n| format!("{n}.example")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let credentials = Credentials::for_names(&names);
    let server = refused_twice(&credentials);
    localhost(trusting(&credentials), &server)
        .run()
        .stderr_contains("5.example and at least 994 more\n")
        .stderr_contains(" 999.example …\n");
}

#[test]
fn the_refused_certificate_is_in_the_event() {
    let server = refused_twice(&Credentials::self_signed());
    let events = localhost(wscope().arg("--json"), &server).run().code(3).json_lines();
    assert_eq!(events[0]["certificate"]["subject"], "CN=Test Server", "{events:?}");
}

/// A leaf issued by an expired intermediate.
fn issued_by_expired_intermediate() -> Credentials {
    issued_by_intermediate(2020)
}

/// A leaf issued by an intermediate that is valid until the start of that year; all certificates but the root are
/// sent.
pub(super) fn issued_by_intermediate(end: i32) -> Credentials {
    let authority = |name: &str| {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        (params, KeyPair::generate().expect("a key"))
    };
    let (root, root_key) = authority("Root");
    let pem = root.self_signed(&root_key).expect("a certificate").pem();
    let root = Issuer::new(root, root_key);
    let (mut middle, middle_key) = authority("Middle");
    middle.not_after = date_time_ymd(end, 1, 1);
    let middle_pem = middle.signed_by(&middle_key, &root).expect("a certificate").pem();
    let middle = Issuer::new(middle, middle_key);
    let key = KeyPair::generate().expect("a key");
    let leaf = params(&["localhost"]).signed_by(&key, &middle).expect("a certificate").pem();
    Credentials { certificate: leaf + &middle_pem, key: key.serialize_pem(), authority: pem }
}

#[test]
fn an_expired_intermediate_is_reported() {
    let credentials = issued_by_expired_intermediate();
    let server = refused_twice(&credentials);
    localhost(trusting(&credentials), &server)
        .run()
        .code(3)
        .stderr_contains("certificate has expired: CN=Middle")
        .stderr_contains(", above the server's, was valid until 2020-01-01T00:00:00Z, ")
        .stderr_contains(HEADING)
        .stderr_contains(
            "the certificate above it, which is the one that failed:\n  subject   CN=Middle",
        );
}

#[test]
fn a_missing_intermediate_is_distinguished_from_an_unknown_root() {
    let whole = issued_by_expired_intermediate();
    let leaf = whole.certificate.split_inclusive("-----END CERTIFICATE-----\n").next();
    let alone = Credentials { certificate: leaf.expect("a leaf").to_owned(), ..whole.clone() };
    let server = refused_twice(&alone);
    localhost(trusting(&alone), &server)
        .run()
        .stderr_contains("CN=Middle is not known")
        .stderr_contains("; the server sends only its own certificate: ");
    let server = refused_twice(&whole);
    localhost(wscope(), &server)
        .run()
        .stderr_contains("CN=Root is not known")
        .stderr_contains("\nsent with it: CN=Middle (issued by CN=Root)\n")
        .stderr_lacks("alone");
}

#[test]
fn a_weak_key_is_refused() {
    let credentials = rsa(1024);
    let server = refused_twice(&credentials);
    localhost(trusting(&credentials), &server)
        .run()
        .code(3)
        .stderr_contains("key too weak: its key is RSA, 1024 bits, its signature RSA with SHA-256")
        .stderr_contains(
            "\nhint: each certificate of the chain requires an RSA key of at least 2048 bits",
        );
}

#[test]
fn a_stalled_second_connection_times_out_quickly() {
    let acceptor = Credentials::self_signed().acceptor();
    let server = Server::scripts([
        script(move |peer| {
            start_tls(peer, &acceptor);
            peer.read_until_eof();
        }),
        script(Peer::stall),
    ]);
    let outcome = wscope().args(["--connect-timeout", "2s", &wss(&server)]).run().code(3);
    assert!(outcome.elapsed < Duration::from_secs(6), "it took {:?}", outcome.elapsed);
    outcome.stderr_contains("self-signed certificate\nhint: ").stderr_lacks(HEADING);
}

#[test]
fn a_certificate_that_expires_soon_is_a_warning() {
    let now = std::time::SystemTime::now();
    for (days, warning) in [
        (13.5, Some("warning: the server's certificate expires soon: 13 days left, until ")),
        (0.5, Some("warning: the server's certificate expires soon: less than a day left, until ")),
        (14.5, None),
    ] {
        let mut params = params(&["127.0.0.1"]);
        params.not_after = (now + Duration::from_secs_f64(days * 86400.0)).into();
        let credentials = Credentials::signed_by("Test Authority", params);
        let server = echo(&credentials);
        let outcome = trusting(&credentials).args(["-x", "hi", &wss(&server)]).run().code(0);
        match warning {
            Some(warning) => outcome.stderr_contains(warning),
            None => outcome.stderr_lacks("warning"),
        };
    }
    let server = echo(&Credentials::expired());
    let outcome = wscope().args(["-k", "-x", "hi", &wss(&server)]).run().code(0);
    outcome.stderr_contains("warning: the server's certificate expired ");
}

/// Control characters in a certificate are never written to the terminal.
#[test]
fn names_in_certificates_are_escaped() {
    let hostile = "\u{1b}[31mred\u{202e}\r\nwscope: all is well";
    let mut params = params(&["127.0.0.1"]);
    params.distinguished_name.push(DnType::CommonName, hostile);
    let credentials = Credentials::signed_by("Test Authority", params);
    let is_clean = |output: &str| {
        let lines = output.split(['\r', '\n']);
        !output.contains(['\u{202e}'])
            && !lines.into_iter().any(|line| line.starts_with("wscope: all"))
    };
    let server = refused_twice(&credentials);
    let outcome = localhost(wscope(), &server).run().code(3).stderr_lacks("\u{1b}");
    assert!(is_clean(&outcome.stderr), "{}", outcome.stderr);
    outcome.stderr_contains("CN=\\e[31mred\\u{202e}\\r\\nwscope: all is well");
    for options in [&["-k"][..], &["-k", "-v"]] {
        let (server, _) = End::new(&credentials).echo();
        let url = wss(&server);
        let mut terminal = Terminal::spawn(options.iter().copied().chain([&*url]), 200, 50);
        terminal.wait_for("total");
        terminal.type_line("hi");
        terminal.wait_exit();
        let output = terminal.raw_output();
        assert!(is_clean(&output) && !output.contains("\u{1b}[31mred"), "{output}");
        assert!(output.contains("CN=\\e[31mred"), "{output}");
    }
}
