//! Tests of TLS hints.

use super::*;
use crate::net::tls::TlsOptions;

fn failure(reason: &str, seen: &[u8]) -> TlsFailure {
    let (remote, name) = ("192.0.2.1:443".to_owned(), "h".to_owned());
    TlsFailure::new(remote, name, reason.to_owned(), seen, &TlsOptions::default())
}

/// An empty ServerHello of TLS 1.2.
fn server_hello() -> Vec<u8> {
    let body = [&[3, 3][..], &[7; 32], &[0, 0xc0, 0x2f, 0]].concat();
    let message = [&[2, 0, 0, body.len() as u8][..], &body].concat();
    [&[22, 3, 3, 0, message.len() as u8][..], &message].concat()
}

#[test]
fn the_hint_depends_on_what_the_server_sent() {
    let hello = server_hello();
    for (reason, seen, words, ws) in [
        ("unexpected EOF", &b""[..], "after the ClientHello: if it does not", true),
        ("unexpected EOF", &hello, "speaks TLS on this port, and ended the connection", false),
        ("wrong version number", b"SSH-2.0-x\r\n", "that is an SSH server", false),
        ("wrong version number", b"hello", "speaks neither TLS nor HTTP", false),
        ("wrong version number", b"HTTP/1.1 403 No", "the response is plain HTTP: if the", true),
        ("wrong version number", b"<HTML><body>", "the response is plain HTTP: if the", true),
        ("wrong version number", b"-ERR unknown command", "that is a Redis server", false),
        ("ssl/tls alert handshake failure", &[21, 3, 3], "rejected the ClientHello", false),
        ("ssl/tls alert bad certificate", &hello, "and none was given", false),
        ("tlsv1 alert internal error", &[21, 3, 3], "no certificate for 'h'; --servername", false),
    ] {
        let given = hint(&failure(reason, seen), &SERVER).unwrap_or_default();
        assert!(given.contains(words), "{reason}, {seen:?}: {given}");
        assert_eq!(given.contains("ws://"), ws, "{reason}, {seen:?}: {given}");
    }
    for reason in ["ssl/tls alert handshake failure", "tlsv1 alert internal error"] {
        assert_eq!(hint(&failure(reason, &hello), &SERVER), None, "{reason}");
    }
}

#[test]
fn limits_that_allow_old_versions_are_not_the_cause() {
    use Protocol::{Tlsv10, Tlsv11, Tlsv12, Tlsv13};
    for (limits, ours, old) in [
        ((None, None), false, true),
        ((Some(Tlsv10), None), false, true),
        ((Some(Tlsv11), Some(Tlsv13)), false, true),
        ((Some(Tlsv10), Some(Tlsv12)), true, true),
        ((Some(Tlsv12), None), true, false),
        ((None, Some(Tlsv12)), true, false),
    ] {
        let failure = TlsFailure { limits, ..failure("unsupported protocol", b"") };
        let given = hint(&failure, &SERVER).unwrap_or_default();
        assert_eq!(given.contains("ours"), ours, "{limits:?}: {given}");
        assert_eq!(given.contains("SECLEVEL"), old, "{limits:?}: {given}");
    }
}

#[test]
fn a_timeout_suggests_ws_only_if_no_tls_was_received() {
    for (answer, words, ws) in [
        (TlsAnswer::Nothing, "did not answer the ClientHello", true),
        (TlsAnswer::ServerHello, "speaks TLS on this port", false),
        (TlsAnswer::Foreign(b"220 x".to_vec()), "an SMTP or FTP server", false),
    ] {
        let given = timed_out(&answer, &SERVER);
        assert!(given.contains(words), "{answer:?}: {given}");
        assert_eq!(given.contains("ws://"), ws, "{answer:?}: {given}");
        assert!(!timed_out(&answer, &PROXY).contains("ws://"), "{answer:?}");
    }
}

#[test]
fn servers_and_proxies_have_different_hints_for_other_protocols() {
    let other_protocol = |bytes: &[u8]| TlsAnswer::Foreign(bytes.to_vec());
    let silent = "https:// is for proxies that speak TLS on this port: if";
    for (answer, server, proxy) in [
        (TlsAnswer::Nothing, "did not answer the ClientHello", silent),
        (other_protocol(b"HTTP/1.1 400"), "use ws://", "use http:// instead"),
        (other_protocol(b"SSH-2.0-x"), "server: is the port", "server: is the proxy's port"),
        (other_protocol(b"\x05\xff"), "neither TLS nor HTTP", "a SOCKS5 proxy (socks5h://)"),
        (other_protocol(b"hello"), "neither TLS nor HTTP", "https:// is for proxies that do"),
    ] {
        for (peer, words) in [(&SERVER, server), (&PROXY, proxy)] {
            let given = timed_out(&answer, peer);
            assert!(given.contains(words), "{answer:?}: {given}");
        }
    }
    assert!(not_tls(&TlsAnswer::Nothing, &PROXY).starts_with(silent));
    let ended = hint(&failure("unexpected EOF", b""), &PROXY).unwrap_or_default();
    assert!(ended.starts_with(silent), "{ended}");
}

#[test]
fn hints_for_a_proxy_name_its_own_options() {
    for reason in [
        "certificate verify failed: self-signed certificate",
        "certificate verify failed: certificate has expired",
        "certificate verify failed: hostname mismatch",
        "certificate verify failed: EE certificate key too weak",
    ] {
        let given = hint(&failure(reason, b""), &PROXY).unwrap_or_default();
        assert!(given.contains("--proxy-insecure") && !given.contains("-k "), "{given}");
        assert!(!given.contains("--servername"), "{given}");
    }
}
