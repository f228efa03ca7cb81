//! What to do about TLS that does not come about. What is said follows from the library's verdict and from
//! what the other end had sent.

use super::banner::protocol;
use crate::net::tls::{Fault, TlsFailure, Trust, Validity};
use crate::net::tls_hello::Answer;

/// RFC 8996. native-tls cannot ask for another security level, but OpenSSL's own configuration can.
const OLD: &str = "TLS 1.0 and 1.1 are deprecated and disabled at OpenSSL's security level; OPENSSL_CONF may name a configuration with CipherString = DEFAULT@SECLEVEL=0";

/// The other end of TLS, and which options are about it.
pub(in crate::error) struct Peer {
    name: &'static str,
    /// Accepts any certificate.
    insecure: &'static str,
    /// Does without TLS.
    plain: &'static str,
    is_proxy: bool,
}

pub(in crate::error) const SERVER: Peer = Peer {
    name: "the server",
    insecure: "-k",
    plain: "use ws:// instead of wss://",
    is_proxy: false,
};

/// A server that a redirect led to: the user did not choose its scheme.
pub(in crate::error) const REDIRECTED: Peer =
    Peer { plain: "the redirect leads to a wrong port or scheme", ..SERVER };

pub(in crate::error) const PROXY: Peer = Peer {
    name: "the proxy",
    insecure: "--proxy-insecure",
    plain: "write it with http:// instead of https://",
    is_proxy: true,
};

pub(in crate::error) fn hint(failure: &TlsFailure, peer: &Peer) -> Option<String> {
    if failure.fault.is_in_the_chain() {
        return Some(certificate(failure, peer));
    }
    let Peer { name, plain, is_proxy, .. } = peer;
    let text = match failure.fault {
        Fault::PlainHttp => format!("{name} speaks plain HTTP on this port: {plain}"),
        Fault::NotTls => return Some(not_tls(&failure.answer, peer)),
        Fault::Ended => return Some(ended(failure, peer)),
        Fault::ClientCertificateWanted | Fault::ClientCertificateUnclear if *is_proxy => {
            "the proxy's alert is about a client certificate, which wscope cannot send to a proxy"
                .to_owned()
        }
        Fault::ClientCertificateWanted => {
            "the server wants a certificate from the client: --cert FILE --key FILE".to_owned()
        }
        Fault::ClientCertificateUnclear => {
            "the server's alert is about a client certificate, and none was given: --cert FILE --key FILE gives one".to_owned()
        }
        Fault::ClientCertificateUnsent => {
            "the server requires a client certificate, and that of --cert was not sent: the server accepts no such key or issuer".to_owned()
        }
        Fault::ClientCertificateRejected => rejected(failure),
        Fault::Version if failure.limits_versions() => {
            format!("{name} and wscope have no version of TLS in common; --tls-min and --tls-max limit ours")
        }
        Fault::Version => format!("{name} and wscope have no version of TLS in common; {OLD}"),
        Fault::NoVersionLeft => OLD.to_owned(),
        Fault::NothingInCommon => format!(
            "{name} rejected the ClientHello: no cipher, group or signature algorithm in common, or a host name that it does not know{}",
            other_name(peer)
        ),
        Fault::HandshakeFailure | Fault::Other => return unasked(failure, peer),
        Fault::TooOld => {
            format!("{name}'s TLS is too old or too weak to be safe; OPENSSL_CONF may name a configuration of OpenSSL that allows it")
        }
        Fault::UnknownName => {
            format!("{name} does not know a host of that name on this port{}", other_name(peer))
        }
        Fault::NoAlpn => {
            format!("{name} does not accept http/1.1, which is the protocol that was offered (ALPN), on this port: a WebSocket needs HTTP/1.1 here")
        }
        _ => return None,
    };
    Some(text)
}

/// A handshake that was not completed in time.
pub(in crate::error) fn timed_out(answer: &Answer, peer: &Peer) -> String {
    let Peer { name, plain, .. } = peer;
    match answer {
        Answer::Nothing => format!(
            "{name} accepted the connection and did not answer the ClientHello: if it does not speak TLS on this port and waits for an HTTP request, {plain}"
        ),
        Answer::Foreign(_) => not_tls(answer, peer),
        Answer::Alert | Answer::Record | Answer::ServerHello => {
            format!("{name} speaks TLS on this port, but did not complete the handshake in time")
        }
    }
}

/// What nginx answers instead of ending the handshake (its statuses 495 and 496, sent as 400), and Apache
/// where only some paths want a certificate (403).
pub(super) fn client_certificate_hint(body: &str) -> Option<String> {
    if body.contains("Post-Handshake Authentication") {
        return Some(format!(
            "the server asks for a client certificate after the request: {LATE_CERTIFICATE}"
        ));
    }
    let text = if body.contains("No required SSL certificate was sent") {
        "the server wants a certificate from the client: --cert FILE --key FILE"
    } else if body.contains("The SSL certificate error") {
        "the server does not accept the certificate of --cert: wrong issuer, or expired?"
    } else {
        return None;
    };
    Some(text.to_owned())
}

/// How the user can have a server ask for a certificate where it cannot do so in TLS 1.3: neither native-tls
/// nor the safe part of the openssl crate can offer post_handshake_auth (RFC 8446 section 4.2.6).
const LATE_CERTIFICATE: &str = "--tls-max 1.2 with --cert FILE --key FILE, as wscope does not do post-handshake authentication in TLS 1.3";

/// What a server may have wanted that ended the connection when it had the request, under this version of
/// TLS; empty if nothing is known.
pub(super) fn late_certificate(version: Option<&str>) -> String {
    match version {
        Some("TLSv1.3") => format!(
            "; a server that asks for a client certificate only after the request needs {LATE_CERTIFICATE}"
        ),
        _ => String::new(),
    }
}

fn other_name(peer: &Peer) -> &'static str {
    if peer.is_proxy { "" } else { "; --servername NAME sends another name" }
}

/// Bytes that are not TLS are some other protocol's.
fn not_tls(answer: &Answer, peer: &Peer) -> String {
    let Peer { name, plain, .. } = peer;
    match answer {
        Answer::Foreign(bytes) if bytes.starts_with(b"HTTP/") => {
            format!("{name} speaks plain HTTP on this port: {plain}")
        }
        Answer::Foreign(bytes) => match protocol(bytes) {
            Some(what) => format!("that is {what}: is the port right?"),
            None => format!("{name} speaks neither TLS nor HTTP on this port: is the port right?"),
        },
        _ => format!("{name} does not speak TLS on this port: {plain}"),
    }
}

/// An end during the handshake, without an alert.
fn ended(failure: &TlsFailure, peer: &Peer) -> String {
    let Peer { name, plain, is_proxy, .. } = peer;
    match &failure.answer {
        Answer::Nothing => format!(
            "{name} ended the connection when it had the ClientHello: if it does not speak TLS on this port, {plain}"
        ),
        Answer::Foreign(_) => not_tls(&failure.answer, peer),
        Answer::Alert | Answer::Record | Answer::ServerHello => {
            let asked = match (failure.asked, failure.has_identity, is_proxy) {
                (Some(true), false, false) => {
                    " after it had asked for a client certificate: --cert FILE --key FILE"
                }
                (Some(true), true, false) => " after it had asked for a client certificate",
                _ => "",
            };
            match asked {
                "" => format!(
                    "{name} speaks TLS on this port, and ended the connection during the handshake: its log may say why"
                ),
                asked => format!("{name} ended the connection{asked}"),
            }
        }
    }
}

/// An alert that is not about a certificate of ours.
fn unasked(failure: &TlsFailure, peer: &Peer) -> Option<String> {
    let is_internal = failure.reason.to_ascii_lowercase().contains("alert internal error");
    if is_internal && failure.answer == Answer::Alert {
        return Some(format!(
            "servers such as Caddy answer so when they have no certificate for '{}'{}",
            failure.name,
            other_name(peer)
        ));
    }
    let is_unused = failure.has_identity && failure.asked == Some(false);
    is_unused.then(|| "the server did not ask for the certificate of --cert".to_owned())
}

/// What is wrong lies in the certificates that the other end sent.
fn certificate(failure: &TlsFailure, peer: &Peer) -> String {
    let insecure = peer.insecure;
    let above = failure.culprit_above().map(|it| it.subject.as_str());
    match failure.fault {
        Fault::SelfSigned | Fault::UntrustedRoot | Fault::UnknownIssuer => untrusted(failure, peer),
        Fault::NoRoot => {
            let whose = match failure.trust.1 {
                0 => "a certificate that is trusted here",
                _ => "a certificate of --cacert",
            };
            format!("{whose} is signed by another CA, whose certificate is missing: --cacert FILE has to contain the root")
        }
        Fault::Expired if failure.culprit().is_some() => {
            format!("it has to be renewed; {insecure} accepts it all the same")
        }
        Fault::Expired => format!(
            "the certificate, or one above it, has expired; {insecure} accepts it all the same"
        ),
        Fault::NotYetValid => format!(
            "is the clock of this machine right? {insecure} accepts the certificate all the same"
        ),
        Fault::OtherName if peer.is_proxy => format!(
            "the certificate is for another name: write the proxy with one that it is for; {insecure} accepts it all the same"
        ),
        Fault::OtherName => format!(
            "the certificate is for another name: connect by one that it is for, or --servername NAME asks for that one; {insecure} accepts it all the same"
        ),
        Fault::Weak => format!(
            "each certificate of the chain needs an RSA key of at least 2048 bits (or an elliptic curve) and a signature with SHA-256 or better; {insecure} accepts any"
        ),
        Fault::WrongPurpose => match (above, failure.culprit()) {
            (Some(subject), _) => format!(
                "the CA {subject} may not issue certificates for TLS servers; {insecure} accepts any certificate"
            ),
            (None, Some(_)) => format!(
                "the certificate is not one for TLS servers: {} needs one that is; {insecure} accepts it all the same",
                peer.name
            ),
            (None, None) => format!(
                "a certificate of the chain may not be used for TLS servers; {insecure} accepts any certificate"
            ),
        },
        Fault::BadSignature => {
            "the signature does not fit the key of the issuer that is trusted under that name: if the CA was created anew, --cacert FILE has to name its new certificate".to_owned()
        }
        _ => format!("{insecure} accepts any certificate"),
    }
}

fn untrusted(failure: &TlsFailure, peer: &Peer) -> String {
    let insecure = peer.insecure;
    if failure.lacks_system_roots {
        return format!(
            "this system has no CA certificates, or not where they are looked for: install them (most packages are called ca-certificates), or name a file of them by --cacert FILE or SSL_CERT_FILE; {insecure} accepts any certificate"
        );
    }
    if failure.fault == Fault::SelfSigned {
        let now = match failure.trust {
            (Trust::System, 0) => "",
            _ => "; that of now does not",
        };
        return format!(
            "--cacert FILE trusts this certificate if FILE contains it{now}; {insecure} accepts any certificate"
        );
    }
    let trusted = match failure.trust {
        (Trust::Named, _) => {
            ", which is not among those it names now (--no-system-ca leaves out the system's)"
        }
        (Trust::System, 0) => "",
        (Trust::System, _) => ", which is not among those it names now",
    };
    let wanted = match (failure.fault, failure.culprit()) {
        (Fault::UntrustedRoot, Some(root)) => format!("the certificate of {}", root.subject),
        (Fault::UnknownIssuer, Some(last)) => format!("the certificate of {}", last.issuer),
        _ => "the CA that issued the certificate".to_owned(),
    };
    let incomplete = match failure.chain.as_slice() {
        [leaf] if !leaf.is_self_issued() && failure.fault == Fault::UnknownIssuer => format!(
            "; {} sends its own certificate alone: if an intermediate CA has issued it, that CA's has to be sent, too",
            peer.name
        ),
        _ => String::new(),
    };
    format!(
        "--cacert FILE trusts {wanted}{trusted}; {insecure} accepts any certificate{incomplete}"
    )
}

/// RFC 8446 section 6.2 has what the alerts mean.
fn rejected(failure: &TlsFailure) -> String {
    let has = |words: &str| failure.reason.to_ascii_lowercase().contains(words);
    let ours = failure.ours.as_ref();
    if matches!(ours.map(|ours| ours.validity()), Some(Validity::Expired(_))) {
        return "the certificate of --cert has expired".to_owned();
    }
    let issuer = ours.map_or_else(String::new, |ours| format!(" ({})", ours.issuer));
    if has("unknown ca") {
        format!("the server does not trust the issuer{issuer} of the certificate of --cert")
    } else if has("certificate expired") {
        "the server considers the certificate of --cert, or its issuer's, expired: is its clock right?"
            .to_owned()
    } else if has("certificate revoked") {
        "the certificate of --cert is revoked, as the server says".to_owned()
    } else if has("access denied") {
        "the server accepts the certificate of --cert, but does not grant it access".to_owned()
    } else if has("handshake failure") {
        format!(
            "the server asked for a client certificate, and does not accept that of --cert or did not get it: are its key type and issuer{issuer} among those that the server accepts?"
        )
    } else {
        format!(
            "the server does not accept the certificate of --cert; its issuer is{}",
            match ours {
                Some(ours) => format!(" {}", ours.issuer),
                None => " not known".to_owned(),
            }
        )
    }
}

#[cfg(test)]
mod tests {
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
    fn what_the_server_had_sent_decides() {
        let hello = server_hello();
        for (reason, seen, words, ws) in [
            ("unexpected EOF", &b""[..], "when it had the ClientHello: if it does not", true),
            ("unexpected EOF", &hello, "speaks TLS on this port, and ended the connection", false),
            ("wrong version number", b"SSH-2.0-x\r\n", "that is an SSH server", false),
            ("wrong version number", b"hello", "speaks neither TLS nor HTTP", false),
            ("wrong version number", b"HTTP/1.1 400", "speaks plain HTTP", true),
            ("ssl/tls alert handshake failure", &[21, 3, 3], "rejected the ClientHello", false),
            ("ssl/tls alert bad certificate", &hello, "and none was given", false),
            (
                "tlsv1 alert internal error",
                &[21, 3, 3],
                "no certificate for 'h'; --servername",
                false,
            ),
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
    fn a_timeout_suggests_ws_only_where_no_tls_was_seen() {
        for (answer, words, ws) in [
            (Answer::Nothing, "did not answer the ClientHello", true),
            (Answer::ServerHello, "speaks TLS on this port", false),
            (Answer::Foreign(b"220 x".to_vec()), "an SMTP or FTP server", false),
        ] {
            let given = timed_out(&answer, &SERVER);
            assert!(given.contains(words), "{answer:?}: {given}");
            assert_eq!(given.contains("ws://"), ws, "{answer:?}: {given}");
            assert!(!timed_out(&answer, &PROXY).contains("ws://"), "{answer:?}");
        }
    }

    #[test]
    fn a_proxy_has_options_of_its_own() {
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
}
