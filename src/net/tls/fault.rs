//! Determines the fault of a TLS handshake from the library's reason and the bytes of the server.

use crate::net::tls_hello::{TlsAnswer, answer, certificate_request};

/// Why a TLS handshake failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// The server's certificate is self-signed.
    SelfSigned,
    /// The chain ends in a root that is not trusted.
    UntrustedRoot,
    /// The chain ends in a certificate whose issuer is not known.
    UnknownIssuer,
    /// What is trusted is not a root, and its issuer is not known.
    NoRoot,
    /// A certificate has expired.
    Expired,
    /// A certificate is not valid yet.
    NotYetValid,
    /// The certificate is valid for other names only.
    OtherName,
    /// A key is too short, or a digest too weak.
    Weak,
    /// The certificate is not for TLS servers.
    WrongPurpose,
    /// The signature is not that of the issuer's key.
    BadSignature,
    /// Something else is wrong with a certificate of the server's.
    Certificate,
    /// The server requested a client certificate, and there is none.
    ClientCertificateWanted,
    /// It requires one, and ours was not sent.
    ClientCertificateUnsent,
    /// It requested one, and does not accept ours.
    ClientCertificateRejected,
    /// Its alert concerns a client certificate; we have none, and no request for one was received.
    ClientCertificateUnclear,
    /// No version of TLS in common.
    Version,
    /// The limits exclude all versions that the TLS library supports.
    NoVersionLeft,
    /// The server rejected the ClientHello.
    NothingInCommon,
    /// The server ended the handshake with an alert later, without another reason.
    HandshakeFailure,
    /// The server uses keys or algorithms that are too weak or too old for the TLS library.
    TooOld,
    /// The server has no host of that name.
    UnknownName,
    /// The server does not speak HTTP/1.1 here.
    NoAlpn,
    /// Plain HTTP.
    PlainHttp,
    /// Not TLS.
    NotTls,
    /// The server ended the connection.
    Ended,
    /// Something else.
    Other,
}

/// Alerts about client certificates (RFC 8446 section 6.2), in OpenSSL's texts.
const CLIENT_ALERTS: [&str; 7] = [
    "bad certificate",
    "unsupported certificate",
    "certificate revoked",
    "certificate expired",
    "certificate unknown",
    "unknown ca",
    "access denied",
];

/// The alert that is sent only for a missing client certificate.
const CERTIFICATE_REQUIRED: &str = "certificate required";

/// OpenSSL's texts, in lower case, and their meaning. The first one that the reason contains applies.
const TEXTS: [(&str, TlsFault); 35] = [
    ("http request", TlsFault::PlainHttp),
    ("self-signed certificate in certificate chain", TlsFault::UntrustedRoot),
    ("self signed certificate in certificate chain", TlsFault::UntrustedRoot),
    ("self-signed certificate", TlsFault::SelfSigned),
    ("self signed certificate", TlsFault::SelfSigned),
    ("unable to get issuer certificate", TlsFault::NoRoot),
    ("unable to get", TlsFault::UnknownIssuer),
    ("unable to verify the first certificate", TlsFault::UnknownIssuer),
    ("certificate has expired", TlsFault::Expired),
    ("certificate is not yet valid", TlsFault::NotYetValid),
    ("hostname mismatch", TlsFault::OtherName),
    ("ip address mismatch", TlsFault::OtherName),
    ("too weak", TlsFault::Weak),
    ("certificate purpose", TlsFault::WrongPurpose),
    ("signature failure", TlsFault::BadSignature),
    ("certificate verify failed", TlsFault::Certificate),
    ("unrecognized name", TlsFault::UnknownName),
    ("no application protocol", TlsFault::NoAlpn),
    ("no protocols available", TlsFault::NoVersionLeft),
    ("protocol version", TlsFault::Version),
    ("unsupported protocol", TlsFault::Version),
    ("version too low", TlsFault::Version),
    ("alert handshake failure", TlsFault::HandshakeFailure),
    ("insufficient security", TlsFault::HandshakeFailure),
    ("legacy sigalg", TlsFault::TooOld),
    ("wrong signature type", TlsFault::TooOld),
    ("unsafe legacy renegotiation", TlsFault::TooOld),
    ("key too small", TlsFault::TooOld),
    ("wrong version number", TlsFault::NotTls),
    ("packet length too long", TlsFault::NotTls),
    ("unknown protocol", TlsFault::NotTls),
    ("eof", TlsFault::Ended),
    ("reset", TlsFault::Ended),
    ("broken pipe", TlsFault::Ended),
    ("connection closed", TlsFault::Ended),
];

impl TlsFault {
    /// From the TLS library's reason, what the server had sent until then, and whether there is a client
    /// certificate.
    pub fn of(reason: &str, seen: &[u8], has_identity: bool) -> Self {
        let reason = reason.to_ascii_lowercase();
        let answer = answer(seen);
        if let TlsAnswer::Foreign(bytes) = &answer {
            return if is_http(bytes) { Self::PlainHttp } else { Self::NotTls };
        }
        if let Some(fault) = client_certificate(&reason, seen, has_identity) {
            return fault;
        }
        let known = TEXTS.iter().find(|(text, _)| reason.contains(text));
        match known.map(|(_, fault)| *fault) {
            Some(Self::HandshakeFailure) if answer == TlsAnswer::Alert => Self::NothingInCommon,
            Some(Self::NotTls) if answer != TlsAnswer::Nothing => Self::Other,
            Some(fault) => fault,
            None => Self::Other,
        }
    }

    /// Whether the server's certificates cause it, so that they explain it.
    pub fn is_in_the_chain(self) -> bool {
        matches!(
            self,
            Self::SelfSigned
                | Self::UntrustedRoot
                | Self::UnknownIssuer
                | Self::NoRoot
                | Self::Expired
                | Self::NotYetValid
                | Self::OtherName
                | Self::Weak
                | Self::WrongPurpose
                | Self::BadSignature
                | Self::Certificate
        )
    }
}

/// A response, or a page without one (HTTP/0.9).
pub fn is_http(bytes: &[u8]) -> bool {
    let starts =
        |word: &[u8]| bytes.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    bytes.starts_with(b"HTTP/") || starts(b"<html") || starts(b"<!doctype html")
}

/// A fault caused by the client certificate or its absence. An alert proves that if it has no other meaning, or
/// together with a CertificateRequest (RFC 8446 section 4.3.2).
fn client_certificate(reason: &str, seen: &[u8], has_identity: bool) -> Option<TlsFault> {
    if !reason.contains("alert") {
        return None;
    }
    if reason.contains(CERTIFICATE_REQUIRED) {
        return Some(match has_identity {
            true => TlsFault::ClientCertificateUnsent,
            false => TlsFault::ClientCertificateWanted,
        });
    }
    let is_about_one = CLIENT_ALERTS.iter().any(|alert| reason.contains(alert));
    let may_be = is_about_one || reason.contains("alert handshake failure");
    match (certificate_request(seen), has_identity) {
        (Some(true), true) if may_be => Some(TlsFault::ClientCertificateRejected),
        (Some(true), false) if may_be => Some(TlsFault::ClientCertificateWanted),
        (None, true) if is_about_one => Some(TlsFault::ClientCertificateRejected),
        (None, false) if is_about_one => Some(TlsFault::ClientCertificateUnclear),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::TlsFault;

    #[test]
    fn reasons_of_the_library() {
        let verify = |what: &str| format!("certificate verify failed: {what}");
        for (reason, fault) in [
            (verify("self-signed certificate"), TlsFault::SelfSigned),
            (verify("self-signed certificate in certificate chain"), TlsFault::UntrustedRoot),
            (verify("unable to get local issuer certificate"), TlsFault::UnknownIssuer),
            (verify("certificate has expired"), TlsFault::Expired),
            (verify("IP address mismatch"), TlsFault::OtherName),
            (verify("EE certificate key too weak"), TlsFault::Weak),
            (verify("CA signature digest algorithm too weak"), TlsFault::Weak),
            (verify("invalid CA certificate"), TlsFault::Certificate),
            ("tlsv1 alert protocol version".to_owned(), TlsFault::Version),
            ("something new".to_owned(), TlsFault::Other),
        ] {
            assert_eq!(TlsFault::of(&reason, b"", false), fault, "{reason}");
        }
        assert_eq!(TlsFault::of("something new", b"HTTP/1.1 400", false), TlsFault::PlainHttp);
        assert_eq!(TlsFault::of("something new", b"<HTML>", false), TlsFault::PlainHttp);
        assert_eq!(TlsFault::of("something new", b"SSH-2.0", false), TlsFault::NotTls);
        assert_eq!(TlsFault::of("something new", &[21, 3, 3], false), TlsFault::Other);
        assert_eq!(TlsFault::of("wrong version number", b"", false), TlsFault::NotTls);
        // Bytes of a server that had sent TLS before.
        assert_eq!(TlsFault::of("wrong version number", &[22, 3, 3], false), TlsFault::Other);
    }

    #[test]
    fn only_a_request_or_its_alert_proves_that_a_certificate_is_required() {
        let required = "tlsv13 alert certificate required";
        let bad = "ssl/tls alert bad certificate";
        let failure = "ssl/tls alert handshake failure";
        let asked = [22, 3, 3, 0, 4, 13, 0, 0, 0];
        let not_asked = [22, 3, 3, 0, 4, 14, 0, 0, 0];
        for (reason, seen, without, with) in [
            (
                required,
                &b""[..],
                TlsFault::ClientCertificateWanted,
                TlsFault::ClientCertificateUnsent,
            ),
            (bad, b"", TlsFault::ClientCertificateUnclear, TlsFault::ClientCertificateRejected),
            (bad, &asked, TlsFault::ClientCertificateWanted, TlsFault::ClientCertificateRejected),
            (bad, &not_asked, TlsFault::Other, TlsFault::Other),
            (
                failure,
                &asked,
                TlsFault::ClientCertificateWanted,
                TlsFault::ClientCertificateRejected,
            ),
            (failure, &not_asked, TlsFault::HandshakeFailure, TlsFault::HandshakeFailure),
            (failure, b"", TlsFault::HandshakeFailure, TlsFault::HandshakeFailure),
            (failure, &[21, 3, 3], TlsFault::NothingInCommon, TlsFault::NothingInCommon),
            ("tlsv1 alert decrypt error", b"", TlsFault::Other, TlsFault::Other),
        ] {
            assert_eq!(TlsFault::of(reason, seen, false), without, "{reason}, {seen:?}");
            assert_eq!(
                TlsFault::of(reason, seen, true),
                with,
                "{reason}, {seen:?}, with a certificate"
            );
        }
    }
}
