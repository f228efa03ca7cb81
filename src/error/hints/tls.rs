//! Hints for failed TLS handshakes, based on the error of the library and on what was received.

use std::net::Ipv4Addr;

use native_tls::Protocol;

use super::banner::{protocol, socks};
use crate::error::RejectedHandshake;
use crate::net::tls::{TlsFailure, TlsFault, Trust, Validity, is_http};
use crate::net::tls_hello::TlsAnswer;

/// RFC 8996. native-tls cannot set another security level, but OpenSSL's configuration can.
const OLD: &str = "TLS 1.0 and 1.1 are deprecated and disabled at OpenSSL's security level; OPENSSL_CONF may name a configuration with CipherString = DEFAULT@SECLEVEL=0";

/// The peer of a TLS handshake, with the texts that depend on it.
pub(in crate::error) struct Peer {
    name: &'static str,
    /// The option that accepts any certificate.
    insecure: &'static str,
    /// How to connect without TLS.
    plain: &'static str,
    /// A question about its port.
    port: &'static str,
    /// The hint for an unknown protocol.
    unknown: &'static str,
    /// The hint if it does not answer the ClientHello, if different from a server's.
    silent: Option<&'static str>,
    is_proxy: bool,
}

pub(in crate::error) const SERVER: Peer = Peer {
    name: "the server",
    insecure: "-k",
    plain: "use ws:// instead of wss://",
    port: "is the port right?",
    unknown: "the server speaks neither TLS nor HTTP on this port: is the port right?",
    silent: None,
    is_proxy: false,
};

/// The target of a redirect: the user did not choose its scheme.
pub(in crate::error) const REDIRECTED: Peer =
    Peer { plain: "the redirect leads to a wrong port or scheme", ..SERVER };

pub(in crate::error) const PROXY: Peer = Peer {
    name: "the proxy",
    insecure: "--proxy-insecure",
    plain: "use http:// instead of https://",
    port: "is the proxy's port right?",
    unknown: "the proxy does not speak TLS on this port: https:// is for proxies that do",
    silent: Some(
        "https:// is for proxies that speak TLS on this port: if it is a plain HTTP proxy, use http://, if it is a SOCKS proxy, with socks5h://",
    ),
    is_proxy: true,
};

pub(in crate::error) fn hint(failure: &TlsFailure, peer: &Peer) -> Option<String> {
    if failure.fault.is_in_the_chain() {
        return Some(certificate(failure, peer));
    }
    let Peer { name, is_proxy, .. } = peer;
    let text = match failure.fault {
        TlsFault::PlainHttp => plain_http(peer),
        TlsFault::NotTls => return Some(not_tls(&failure.answer, peer)),
        TlsFault::Ended => return Some(ended(failure, peer)),
        TlsFault::ClientCertificateWanted | TlsFault::ClientCertificateUnclear if *is_proxy => {
            "the proxy's alert is about a client certificate, which wscope cannot send to a proxy"
                .to_owned()
        }
        TlsFault::ClientCertificateWanted => {
            "the server requires a client certificate: --cert FILE --key FILE".to_owned()
        }
        TlsFault::ClientCertificateUnclear => {
            "the server's alert is about a client certificate, and none was given: --cert FILE --key FILE gives one".to_owned()
        }
        TlsFault::ClientCertificateUnsent => {
            "the server requires a client certificate, and that of --cert was not sent: the server accepts no such key or issuer".to_owned()
        }
        TlsFault::ClientCertificateRejected => rejected(failure),
        TlsFault::Version => {
            format!("{name} and wscope have no version of TLS in common; {}", versions(failure))
        }
        TlsFault::NoVersionLeft => OLD.to_owned(),
        TlsFault::NothingInCommon => format!(
            "{name} rejected the ClientHello: no cipher, group or signature algorithm in common, or a host name that it does not serve{}",
            other_name(peer)
        ),
        TlsFault::HandshakeFailure | TlsFault::Other => return unexplained_alert(failure, peer),
        TlsFault::TooOld => {
            format!("{name}'s TLS is too old or too weak to be safe; OPENSSL_CONF may name a configuration of OpenSSL that allows it")
        }
        TlsFault::UnknownName => {
            format!("{name} has no host of that name on this port{}", other_name(peer))
        }
        TlsFault::NoAlpn => {
            format!("{name} does not accept http/1.1, which is the protocol that was offered (ALPN), on this port: a WebSocket requires HTTP/1.1 here")
        }
        _ => return None,
    };
    Some(text)
}

/// Why a version of the peer is not supported: limits that allow old versions do not exclude it.
fn versions(failure: &TlsFailure) -> String {
    let is_old = |version| matches!(version, Protocol::Tlsv10 | Protocol::Tlsv11);
    let (min, max) = failure.limits;
    let is_newest = max.is_none_or(|max| matches!(max, Protocol::Tlsv13));
    match (min, is_newest) {
        (None, true) => OLD.to_owned(),
        (Some(min), true) if is_old(min) => OLD.to_owned(),
        (Some(min), false) if is_old(min) => format!("--tls-max limits ours, and {OLD}"),
        _ => "--tls-min and --tls-max limit ours".to_owned(),
    }
}

/// The hint for a handshake that was not completed in time.
pub(in crate::error) fn timed_out(answer: &TlsAnswer, peer: &Peer) -> String {
    let Peer { name, plain, .. } = peer;
    match (answer, peer.silent) {
        (TlsAnswer::Nothing, Some(silent)) => silent.to_owned(),
        (TlsAnswer::Nothing, None) => format!(
            "{name} accepted the connection and did not answer the ClientHello: if it does not speak TLS on this port and waits for an HTTP request, {plain}"
        ),
        (TlsAnswer::Foreign(bytes), _) => other_protocol(bytes, peer),
        (TlsAnswer::Alert | TlsAnswer::Record | TlsAnswer::ServerHello, _) => {
            format!("{name} speaks TLS on this port, but did not complete the handshake in time")
        }
    }
}

/// The hint for a response that requests a client certificate: from nginx instead of ending the handshake (its
/// statuses 495 and 496, sent as 400), and from Apache if only some paths require one (403).
pub(super) fn client_certificate_hint(body: &str, rejected: &RejectedHandshake) -> Option<String> {
    if body.contains("No required SSL certificate was sent") {
        return Some(wanted_certificate(rejected).to_owned());
    }
    let version = rejected.tls.as_deref()?;
    if body.contains("Post-Handshake Authentication") && version == "TLSv1.3" {
        return Some(format!(
            "the server requests a client certificate after the request: {LATE_CERTIFICATE}"
        ));
    }
    (rejected.gave_certificate && body.contains("The SSL certificate error")).then(|| {
        "the server does not accept the certificate of --cert: wrong issuer, or expired?".to_owned()
    })
}

/// The hint for a response that requests a client certificate.
pub(super) fn wanted_certificate(rejected: &RejectedHandshake) -> &'static str {
    match (&rejected.tls, rejected.gave_certificate) {
        (None, _) => {
            "the response requires TLS with a client certificate: use wss:// instead of ws://, with --cert FILE --key FILE"
        }
        (Some(_), false) => "the response requests a client certificate: --cert FILE --key FILE",
        (Some(_), true) => {
            "the response requests a client certificate: that of --cert was not requested in the handshake, or is not accepted"
        }
    }
}

/// How to send a certificate to a server that requests it after the handshake: neither native-tls nor the safe
/// part of the openssl crate supports post_handshake_auth in TLS 1.3 (RFC 8446 section 4.2.6).
const LATE_CERTIFICATE: &str = "--tls-max 1.2 with --cert FILE --key FILE, as wscope does not do post-handshake authentication in TLS 1.3";

/// An addition to the hint for a server that ended the connection after the request, depending on the TLS
/// version; may be empty.
pub(super) fn late_certificate(version: Option<&str>) -> String {
    match version {
        Some("TLSv1.3") => format!(
            "; a server that requests a client certificate only after the request requires {LATE_CERTIFICATE}"
        ),
        _ => String::new(),
    }
}

fn other_name(peer: &Peer) -> &'static str {
    if peer.is_proxy { "" } else { "; --servername NAME sends another name" }
}

/// The hint for a plain HTTP response, which may also be from a firewall.
fn plain_http(peer: &Peer) -> String {
    let Peer { name, plain, .. } = peer;
    format!("the response is plain HTTP: if {name} does not speak TLS on this port, {plain}")
}

/// The hint if the TLS library reports that the response is not TLS.
fn not_tls(answer: &TlsAnswer, peer: &Peer) -> String {
    let Peer { name, plain, .. } = peer;
    match (answer, peer.silent) {
        (TlsAnswer::Foreign(bytes), _) => other_protocol(bytes, peer),
        (TlsAnswer::Nothing, Some(silent)) => silent.to_owned(),
        _ => format!("{name} does not speak TLS on this port: {plain}"),
    }
}

/// The hint for bytes of another protocol.
fn other_protocol(bytes: &[u8], peer: &Peer) -> String {
    let Peer { port, unknown, is_proxy, .. } = peer;
    if is_http(bytes) {
        return plain_http(peer);
    }
    match protocol(bytes).or_else(|| socks(bytes).filter(|_| *is_proxy)) {
        Some(what) => format!("that is {what}: {port}"),
        None => (*unknown).to_owned(),
    }
}

/// The hint for an end during the handshake without an alert.
fn ended(failure: &TlsFailure, peer: &Peer) -> String {
    let Peer { name, plain, is_proxy, .. } = peer;
    match (&failure.answer, peer.silent) {
        (TlsAnswer::Nothing, Some(silent)) => silent.to_owned(),
        (TlsAnswer::Nothing, None) => format!(
            "{name} ended the connection after the ClientHello: if it does not speak TLS on this port, {plain}"
        ),
        (TlsAnswer::Foreign(bytes), _) => other_protocol(bytes, peer),
        (TlsAnswer::Alert | TlsAnswer::Record | TlsAnswer::ServerHello, _) => {
            let asked = match (failure.asked, failure.has_identity, is_proxy) {
                (Some(true), false, false) => {
                    " after it had requested a client certificate: --cert FILE --key FILE"
                }
                (Some(true), true, false) => " after it had requested a client certificate",
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

/// The hint for an alert that is not about a client certificate.
fn unexplained_alert(failure: &TlsFailure, peer: &Peer) -> Option<String> {
    let is_internal = failure.reason.to_ascii_lowercase().contains("alert internal error");
    if is_internal && failure.answer == TlsAnswer::Alert {
        return Some(format!(
            "servers such as Caddy respond like this when they have no certificate for '{}'{}",
            failure.name,
            other_name(peer)
        ));
    }
    let is_unused = failure.has_identity && failure.asked == Some(false);
    is_unused.then(|| "the server did not request the certificate of --cert".to_owned())
}

/// The hint for an invalid certificate of the peer.
fn certificate(failure: &TlsFailure, peer: &Peer) -> String {
    let insecure = peer.insecure;
    let above = failure.culprit_above().map(|it| it.subject.as_str());
    match failure.fault {
        TlsFault::SelfSigned | TlsFault::UntrustedRoot | TlsFault::UnknownIssuer => untrusted(failure, peer),
        TlsFault::NoRoot => {
            let whose = match failure.trust.1 {
                0 => "a certificate that is trusted here",
                _ => "a certificate of --cacert",
            };
            format!("{whose} is signed by another CA, whose certificate is missing: --cacert FILE must contain the root")
        }
        TlsFault::Expired if failure.culprit().is_some() => {
            format!("it must be renewed; {insecure} accepts it anyway")
        }
        TlsFault::Expired => format!(
            "the certificate, or one above it, has expired; {insecure} accepts it anyway"
        ),
        TlsFault::NotYetValid => format!(
            "is the clock of this machine right? {insecure} accepts the certificate anyway"
        ),
        TlsFault::OtherName if peer.is_proxy => format!(
            "the certificate is for another name: use a host name that it is for; {insecure} accepts it anyway"
        ),
        TlsFault::OtherName => format!(
            "the certificate is for another name: connect to a host name that it is for, or request it with --servername NAME; {insecure} accepts it anyway"
        ),
        TlsFault::Weak => format!(
            "each certificate of the chain requires an RSA key of at least 2048 bits (or an elliptic curve) and a signature with SHA-256 or better; {insecure} accepts any"
        ),
        TlsFault::WrongPurpose => match (above, failure.culprit()) {
            (Some(subject), _) => format!(
                "the CA {subject} is not allowed to issue certificates for TLS servers; {insecure} accepts any certificate"
            ),
            (None, Some(_)) => format!(
                "the certificate is not one for TLS servers: {} needs one that is; {insecure} accepts it anyway",
                peer.name
            ),
            (None, None) => format!(
                "a certificate of the chain is not allowed for TLS servers; {insecure} accepts any certificate"
            ),
        },
        TlsFault::BadSignature => {
            "the signature does not fit the key of the issuer that is trusted under that name: if the CA has a new key, --cacert FILE must name its new certificate".to_owned()
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
    if failure.fault == TlsFault::SelfSigned {
        let now = match failure.trust {
            (Trust::System, 0) => "",
            _ => "; the current FILE does not",
        };
        let other_name = other_name_too(failure, peer).unwrap_or_default();
        return format!(
            "--cacert FILE trusts this certificate if FILE contains it{now}{other_name}; {insecure} accepts any certificate"
        );
    }
    let trusted = match failure.trust {
        (Trust::Named, _) => {
            ", which is not in the current FILE (--no-system-ca leaves out the system's)"
        }
        (Trust::System, 0) => "",
        (Trust::System, _) => ", which is not in the current FILE",
    };
    let wanted = match (failure.fault, failure.culprit()) {
        (TlsFault::UntrustedRoot, Some(root)) => format!("the certificate of {}", root.subject),
        (TlsFault::UnknownIssuer, Some(last)) => format!("the certificate of {}", last.issuer),
        _ => "the CA that issued the certificate".to_owned(),
    };
    let incomplete = match failure.chain.as_slice() {
        [leaf] if !leaf.is_self_issued() && failure.fault == TlsFault::UnknownIssuer => format!(
            "; {} sends only its own certificate: if an intermediate CA issued it, the certificate of that CA must be sent too",
            peer.name
        ),
        _ => String::new(),
    };
    format!(
        "--cacert FILE trusts {wanted}{trusted}; {insecure} accepts any certificate{incomplete}"
    )
}

/// What fails once a self-signed certificate is trusted, if it is for other hosts only.
fn other_name_too(failure: &TlsFailure, peer: &Peer) -> Option<String> {
    let certificate = failure.chain.first()?;
    let name = &failure.name;
    // Without a DNS name the subject would count (RFC 6125 section 6.4.4), and an IPv6 address has several forms.
    let is_address = name.parse::<Ipv4Addr>().is_ok();
    let has_host = |own: &String| own.contains('.') || !own.contains(':');
    let is_comparable = is_address || certificate.names.iter().any(has_host);
    let is_for = |own: &String| {
        let parent = name.split_once('.').map(|(_, parent)| parent);
        let wildcard = own.strip_prefix("*.").filter(|_| !is_address);
        own.eq_ignore_ascii_case(name)
            || wildcard.is_some_and(|own| parent.is_some_and(|it| it.eq_ignore_ascii_case(own)))
    };
    let is_other = is_comparable
        && !name.contains(':')
        && certificate.has_all_names()
        && !certificate.names.iter().any(is_for);
    let way = match peer.is_proxy {
        true => "use a host name that it is for",
        false => "connect to a host name that it is for, or request it with --servername NAME",
    };
    is_other.then(|| {
        format!(", but it is for {}, not for {name}: {way} as well", certificate.hosts_in_short())
    })
}

/// The hint for an alert about the client certificate (RFC 8446 section 6.2).
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
        "the server reports that the certificate of --cert is revoked".to_owned()
    } else if has("access denied") {
        "the server accepts the certificate of --cert, but does not grant it access".to_owned()
    } else if has("handshake failure") {
        format!(
            "the server requested a client certificate, and does not accept that of --cert or did not receive it: are its key type and issuer{issuer} among those that the server accepts?"
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
mod tests;
