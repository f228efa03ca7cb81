//! What to do about TLS that does not come about.

use crate::net::tls::{Fault, TlsFailure, Trust, Validity};

/// RFC 8996. native-tls cannot ask for another security level, but OpenSSL's own configuration can.
const OLD: &str = "TLS 1.0 and 1.1 are deprecated and off at OpenSSL's security level; OPENSSL_CONF may name a configuration with CipherString = DEFAULT@SECLEVEL=0";

pub(super) fn hint(failure: &TlsFailure) -> Option<String> {
    let text = match failure.fault {
        Fault::PlainHttp => {
            "the server speaks plain HTTP on this port: use ws:// instead of wss://".to_owned()
        }
        Fault::NotTls => {
            "the server does not speak TLS on this port: use ws:// instead of wss://".to_owned()
        }
        Fault::SelfSigned | Fault::UntrustedRoot | Fault::UnknownIssuer => untrusted(failure),
        Fault::NoRoot => {
            "a certificate of --cacert is signed by another CA, whose own is needed too: --cacert has to hold the root".to_owned()
        }
        Fault::Expired if failure.culprit().is_some() => {
            "it has to be renewed; -k accepts it all the same".to_owned()
        }
        Fault::Expired => {
            "the certificate (or one above it) has expired; -k accepts it all the same".to_owned()
        }
        Fault::NotYetValid => {
            "is the clock of this machine right? -k accepts the certificate all the same".to_owned()
        }
        Fault::OtherName => {
            "the certificate is for another name: connect by one that it is for, or --servername NAME asks for that one; -k accepts it all the same".to_owned()
        }
        Fault::Weak => {
            "the server needs a new certificate: RSA keys of 2048 bits and SHA-256 are the least; -k accepts it all the same".to_owned()
        }
        Fault::WrongPurpose => {
            "the certificate is not one for TLS servers; -k accepts it all the same".to_owned()
        }
        Fault::BadSignature => {
            "the certificate was not signed with the key of the CA trusted under that name: has the CA been made anew?".to_owned()
        }
        Fault::Certificate => "-k accepts any certificate".to_owned(),
        Fault::ClientCertificateWanted => {
            "the server wants a certificate from the client: --cert FILE --key FILE".to_owned()
        }
        Fault::ClientCertificateRejected => rejected(failure),
        Fault::Version if failure.limits_versions() => {
            "the server and wscope have no version of TLS in common; --tls-min and --tls-max limit ours".to_owned()
        }
        Fault::Version => format!("the server and wscope have no version of TLS in common; {OLD}"),
        Fault::NoVersionLeft => OLD.to_owned(),
        Fault::NothingInCommon => {
            "the server found no cipher, group or signature algorithm in common, or knows no host of that name".to_owned()
        }
        Fault::HandshakeFailure => {
            "the server found no cipher in common, wants a certificate from the client, or knows no host of that name".to_owned()
        }
        Fault::TooOld => {
            "the server's TLS is too old or too weak to be safe; OPENSSL_CONF may name a configuration of OpenSSL that allows it".to_owned()
        }
        Fault::UnknownName => {
            "the server knows no host of that name on this port; --servername NAME asks for another"
                .to_owned()
        }
        Fault::NoAlpn => {
            "the server does not accept http/1.1, which is the protocol that was offered (ALPN), on this port: a WebSocket needs HTTP/1.1 here".to_owned()
        }
        Fault::Ended => {
            "the server ended the connection during the TLS handshake: perhaps it speaks no TLS here; try ws://".to_owned()
        }
        Fault::Other => return None,
    };
    Some(text)
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

fn untrusted(failure: &TlsFailure) -> String {
    if failure.lacks_system_roots {
        return "this system has no certificates of CAs, or not where they are looked for: install them (most packages are called ca-certificates), or name a file of them by --cacert FILE or SSL_CERT_FILE; -k accepts any certificate".to_owned();
    }
    let trusted = match failure.trust {
        (Trust::Named, _) => {
            ", which is none of those it names now (--no-system-ca leaves out the system's)"
        }
        (Trust::System, 0) => "",
        (Trust::System, _) => ", which is none of those it names now",
    };
    let incomplete = match failure.chain.as_slice() {
        [leaf] if !leaf.is_self_issued() && failure.fault == Fault::UnknownIssuer => {
            "; the server sends its own certificate alone: if an intermediate CA has issued it, the server has to send that one too"
        }
        _ => "",
    };
    format!(
        "--cacert FILE trusts the CA that issued the certificate{trusted}; -k accepts any certificate{incomplete}"
    )
}

fn rejected(failure: &TlsFailure) -> String {
    let has = |words: &str| failure.reason.to_ascii_lowercase().contains(words);
    let ours = failure.ours.as_ref();
    if matches!(ours.map(|ours| ours.validity()), Some(Validity::Expired(_))) {
        return "the certificate of --cert has expired".to_owned();
    }
    let issuer = ours.map_or_else(String::new, |ours| format!(" ({})", ours.issuer));
    if has("unknown ca") {
        format!("the server does not trust the issuer{issuer} of the certificate of --cert")
    } else if has("certificate required") {
        format!(
            "the server accepts none from the issuer{issuer} of the certificate of --cert, so that it was not sent"
        )
    } else {
        format!("the server does not accept the certificate of --cert, issued by{issuer}")
    }
}
