//! Why there is no TLS: which check failed, for which name, and what the server showed.

use std::fmt;

use native_tls::Protocol;

use super::certificate::{CertificateInfo, Validity, counted_days, utc};
use super::{TlsOptions, Trust, system_roots};
use crate::net::tls_hello::{asks_for_certificate, is_alert_alone};

/// A TLS handshake that failed, or a connection that the server ended right after it.
#[derive(Clone, Debug)]
pub struct TlsFailure {
    /// Whom with.
    pub remote: String,
    /// The name that the certificate had to be for.
    pub name: String,
    /// The TLS library's words.
    pub reason: String,
    /// What is wrong, as far as the words tell.
    pub fault: Fault,
    /// The certificates that the server sent when it was asked again, its own first.
    pub chain: Vec<CertificateInfo>,
    /// Our own certificate, if we have one.
    pub ours: Option<CertificateInfo>,
    /// We have a certificate of our own.
    pub has_identity: bool,
    /// Whose certificates are trusted, and of how many others.
    pub trust: (Trust, usize),
    /// This system has no certificates of CAs where they are looked for.
    pub lacks_system_roots: bool,
    /// The limits on the version that were asked for.
    pub limits: (Option<Protocol>, Option<Protocol>),
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server's certificate is signed by itself.
    SelfSigned,
    /// The chain ends in a root that is not trusted.
    UntrustedRoot,
    /// The chain ends in a certificate whose issuer is not known.
    UnknownIssuer,
    /// What is trusted is no root, and its issuer is not known.
    NoRoot,
    /// A certificate has expired.
    Expired,
    /// A certificate is not valid yet.
    NotYetValid,
    /// The certificate is for other names.
    OtherName,
    /// A key is too short, or a digest too weak.
    Weak,
    /// The certificate is not for TLS servers.
    WrongPurpose,
    /// The signature is not that of the issuer's key.
    BadSignature,
    /// Something else is wrong with a certificate of the server's.
    Certificate,
    /// The server wants a certificate from us.
    ClientCertificateWanted,
    /// It does not like the one we have.
    ClientCertificateRejected,
    /// No version of TLS in common.
    Version,
    /// The limits leave no version that the TLS library still has.
    NoVersionLeft,
    /// The server gave up on our offer: no cipher in common, in most cases.
    NothingInCommon,
    /// The server gave up later.
    HandshakeFailure,
    /// The server uses what is too weak or too old for us.
    TooOld,
    /// The server knows no host of that name.
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

/// The first byte of whatever is TLS (RFC 8446 section 5.1).
const RECORD_TYPES: std::ops::RangeInclusive<u8> = 20..=24;

/// Alerts on certificates of clients (RFC 8446 section 6.2), as OpenSSL words them.
const CLIENT_ALERTS: [&str; 9] = [
    "bad certificate",
    "unsupported certificate",
    "certificate revoked",
    "certificate expired",
    "certificate unknown",
    "unknown ca",
    "access denied",
    "decrypt error",
    "certificate required",
];

/// What OpenSSL says, in lower case, when a check of the server's fails, and what it is then. The
/// first that is in its words holds.
const WORDS: [(&str, Fault); 35] = [
    ("http request", Fault::PlainHttp),
    ("self-signed certificate in certificate chain", Fault::UntrustedRoot),
    ("self signed certificate in certificate chain", Fault::UntrustedRoot),
    ("self-signed certificate", Fault::SelfSigned),
    ("self signed certificate", Fault::SelfSigned),
    ("unable to get issuer certificate", Fault::NoRoot),
    ("unable to get", Fault::UnknownIssuer),
    ("unable to verify the first certificate", Fault::UnknownIssuer),
    ("certificate has expired", Fault::Expired),
    ("certificate is not yet valid", Fault::NotYetValid),
    ("hostname mismatch", Fault::OtherName),
    ("ip address mismatch", Fault::OtherName),
    ("too weak", Fault::Weak),
    ("certificate purpose", Fault::WrongPurpose),
    ("signature failure", Fault::BadSignature),
    ("certificate verify failed", Fault::Certificate),
    ("unrecognized name", Fault::UnknownName),
    ("no application protocol", Fault::NoAlpn),
    ("no protocols available", Fault::NoVersionLeft),
    ("protocol version", Fault::Version),
    ("unsupported protocol", Fault::Version),
    ("version too low", Fault::Version),
    ("alert handshake failure", Fault::HandshakeFailure),
    ("insufficient security", Fault::HandshakeFailure),
    ("legacy sigalg", Fault::TooOld),
    ("wrong signature type", Fault::TooOld),
    ("unsafe legacy renegotiation", Fault::TooOld),
    ("key too small", Fault::TooOld),
    ("wrong version number", Fault::NotTls),
    ("packet length too long", Fault::NotTls),
    ("unknown protocol", Fault::NotTls),
    ("eof", Fault::Ended),
    ("reset", Fault::Ended),
    ("broken pipe", Fault::Ended),
    ("connection closed", Fault::Ended),
];

impl Fault {
    /// From the TLS library's words, what the server had sent until then, and whether we have a
    /// certificate of our own.
    pub fn of(reason: &str, seen: &[u8], has_identity: bool) -> Self {
        let reason = reason.to_ascii_lowercase();
        let about_ours = match has_identity {
            true => Self::ClientCertificateRejected,
            false => Self::ClientCertificateWanted,
        };
        if seen.starts_with(b"HTTP/") {
            return Self::PlainHttp;
        }
        if seen.first().is_some_and(|kind| !RECORD_TYPES.contains(kind)) {
            return Self::NotTls;
        }
        if reason.contains("alert") && CLIENT_ALERTS.iter().any(|alert| reason.contains(alert)) {
            return about_ours;
        }
        let known = WORDS.iter().find(|(words, _)| reason.contains(words));
        match known.map(|(_, fault)| *fault) {
            Some(Self::HandshakeFailure) if asks_for_certificate(seen) => about_ours,
            Some(Self::HandshakeFailure) if is_alert_alone(seen) => Self::NothingInCommon,
            Some(fault) => fault,
            None => Self::Other,
        }
    }

    /// Whether it lies in the server's certificates, so that they explain it.
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

impl TlsFailure {
    /// From the TLS library's words and what the server had sent until then.
    pub fn new(
        remote: String,
        name: String,
        reason: String,
        seen: &[u8],
        options: &TlsOptions,
    ) -> Self {
        let has_identity = options.identity.is_some();
        let fault = Fault::of(&reason, seen, has_identity);
        let is_untrusted = matches!(fault, Fault::UntrustedRoot | Fault::UnknownIssuer);
        Self {
            remote,
            name,
            fault,
            lacks_system_roots: is_untrusted
                && options.trust == Trust::System
                && system_roots::are_missing(),
            reason,
            chain: Vec::new(),
            ours: options.identity.as_ref().and_then(|identity| identity.certificate.clone()),
            has_identity,
            trust: (options.trust, options.roots.len()),
            limits: (options.min, options.max),
        }
    }

    /// The certificate that the fault lies in, as far as can be told.
    pub fn culprit(&self) -> Option<&CertificateInfo> {
        let matching: fn(&CertificateInfo) -> bool = match self.fault {
            Fault::Expired => |it| matches!(it.validity(), Validity::Expired(_)),
            Fault::NotYetValid => |it| matches!(it.validity(), Validity::NotYet(_)),
            Fault::UntrustedRoot | Fault::UnknownIssuer => return self.chain.last(),
            Fault::Weak if self.reason.contains("CA certificate key") => return self.chain.get(1),
            _ => return self.chain.first(),
        };
        self.chain.iter().find(|certificate| matching(certificate))
    }

    /// The same, if it is not the server's own and more than the end of the chain.
    pub fn culprit_above(&self) -> Option<&CertificateInfo> {
        let is_of_its_own = matches!(self.fault, Fault::Expired | Fault::NotYetValid | Fault::Weak);
        self.culprit().filter(|culprit| is_of_its_own && Some(*culprit) != self.chain.first())
    }

    /// What the certificates add to the library's words.
    fn detail(&self) -> Option<String> {
        let certificate = self.culprit()?;
        let whose = match self.chain.first() == Some(certificate) {
            true => "it".to_owned(),
            false => format!("{}, above the server's,", certificate.subject),
        };
        Some(match (self.fault, certificate.validity()) {
            (Fault::Expired, Validity::Expired(days)) => {
                let end = utc(certificate.not_after);
                format!("{whose} was valid until {end}, {} ago", counted_days(days))
            }
            (Fault::NotYetValid, Validity::NotYet(days)) => {
                let start = utc(certificate.not_before);
                format!("{whose} is valid from {start}, in {}", counted_days(days))
            }
            (Fault::OtherName, _) => {
                format!("the certificate is for {}", certificate.hosts_in_short())
            }
            (Fault::UntrustedRoot, _) => format!("{} is not trusted", certificate.subject),
            (Fault::UnknownIssuer, _) => format!("{} is not known", certificate.issuer),
            (Fault::Weak, _) => {
                format!("its key is {}, its signature {}", certificate.key, certificate.signature)
            }
            (Fault::WrongPurpose, _) if !certificate.usages.is_empty() => {
                format!("the certificate is for {}", certificate.usages.join(", "))
            }
            _ => return None,
        })
    }

    /// Whether it was asked for limits on the version.
    pub fn limits_versions(&self) -> bool {
        self.limits.0.is_some() || self.limits.1.is_some()
    }

    fn version_limits(&self) -> Option<String> {
        let is_about_versions =
            matches!(self.fault, Fault::Version | Fault::NoVersionLeft | Fault::NothingInCommon);
        let limit = |option, version: Option<Protocol>| {
            version.map(|version| format!("{option} {}", version_text(version)))
        };
        let limits = [limit("--tls-min", self.limits.0), limit("--tls-max", self.limits.1)];
        let limits: Vec<String> = limits.into_iter().flatten().collect();
        (is_about_versions && !limits.is_empty()).then(|| limits.join(", "))
    }
}

impl fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { remote, name, reason, .. } = self;
        write!(f, "TLS handshake with {remote} for '{name}': {reason}")?;
        if let Some(detail) = self.detail() {
            write!(f, ": {detail}")?;
        }
        if let Some(limits) = self.version_limits() {
            write!(f, " ({limits})")?;
        }
        Ok(())
    }
}

fn version_text(version: Protocol) -> &'static str {
    match version {
        Protocol::Sslv3 => "ssl3",
        Protocol::Tlsv10 => "1.0",
        Protocol::Tlsv11 => "1.1",
        Protocol::Tlsv12 => "1.2",
        _ => "1.3",
    }
}

#[cfg(test)]
mod tests {
    use super::Fault;

    #[test]
    fn words_of_the_library_are_understood() {
        let verify = |what: &str| format!("certificate verify failed: {what}");
        for (reason, fault) in [
            (verify("self-signed certificate"), Fault::SelfSigned),
            (verify("self-signed certificate in certificate chain"), Fault::UntrustedRoot),
            (verify("unable to get local issuer certificate"), Fault::UnknownIssuer),
            (verify("certificate has expired"), Fault::Expired),
            (verify("IP address mismatch"), Fault::OtherName),
            (verify("EE certificate key too weak"), Fault::Weak),
            (verify("CA signature digest algorithm too weak"), Fault::Weak),
            (verify("invalid CA certificate"), Fault::Certificate),
            ("tlsv1 alert protocol version".to_owned(), Fault::Version),
            ("something new".to_owned(), Fault::Other),
        ] {
            assert_eq!(Fault::of(&reason, b"", false), fault, "{reason}");
        }
        assert_eq!(Fault::of("something new", b"HTTP/1.1 400", false), Fault::PlainHttp);
        assert_eq!(Fault::of("something new", b"SSH-2.0", false), Fault::NotTls);
        assert_eq!(Fault::of("something new", &[21, 3, 3], false), Fault::Other);
    }

    #[test]
    fn alerts_on_our_certificate_depend_on_whether_we_have_one() {
        for reason in ["tlsv13 alert certificate required", "ssl/tls alert bad certificate"] {
            assert_eq!(Fault::of(reason, b"", false), Fault::ClientCertificateWanted);
            assert_eq!(Fault::of(reason, b"", true), Fault::ClientCertificateRejected);
        }
        let asked = [22, 3, 3, 0, 4, 13, 0, 0, 0];
        let failure = "ssl/tls alert handshake failure";
        assert_eq!(Fault::of(failure, &asked, false), Fault::ClientCertificateWanted);
        assert_eq!(Fault::of(failure, b"", false), Fault::HandshakeFailure);
    }
}
