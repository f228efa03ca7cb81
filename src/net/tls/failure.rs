//! Why a TLS handshake failed: which check, for which name, and the certificates of the server.

use std::fmt;
use std::time::Instant;

use native_tls::Protocol;

use super::certificate::{CertificateInfo, Validity, counted_days, utc};
use super::{TlsFault, TlsOptions, Trust, system_roots};
use crate::net::malformed::quoted;
use crate::net::tls_hello::{TlsAnswer, answer, certificate_request};

/// A TLS handshake that failed, or a connection that the server ended right after it.
#[derive(Clone, Debug)]
pub struct TlsFailure {
    /// When it failed.
    pub at: Instant,
    /// The other end.
    pub remote: String,
    /// The name for which the certificate must be valid.
    pub name: String,
    /// The TLS library's reason.
    pub reason: String,
    /// The fault, as far as the reason and the server's bytes prove it.
    pub fault: TlsFault,
    /// The server's answer so far.
    pub answer: TlsAnswer,
    /// Whether the server requested a client certificate, if that is known.
    pub asked: Option<bool>,
    /// The certificates that the server sent on a second connection, its own first.
    pub chain: Vec<CertificateInfo>,
    /// The client certificate, if there is one and it can be read.
    pub ours: Option<CertificateInfo>,
    /// There is a client certificate.
    pub has_identity: bool,
    /// Which certificates are trusted, and how many of `--cacert` are.
    pub trust: (Trust, usize),
    /// This system has no CA certificates in the places where the TLS library reads them.
    pub lacks_system_roots: bool,
    /// The limits on the version, `--tls-min` and `--tls-max`.
    pub limits: (Option<Protocol>, Option<Protocol>),
}

impl TlsFailure {
    /// From the TLS library's reason and what the server had sent until then.
    pub fn new(
        remote: String,
        name: String,
        reason: String,
        seen: &[u8],
        options: &TlsOptions,
    ) -> Self {
        let has_identity = options.identity.is_some();
        let fault = TlsFault::of(&reason, seen, has_identity);
        let is_untrusted = matches!(fault, TlsFault::UntrustedRoot | TlsFault::UnknownIssuer);
        Self {
            at: Instant::now(),
            remote,
            name,
            fault,
            answer: answer(seen),
            asked: certificate_request(seen),
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

    /// The certificate that causes the fault, if that is known.
    pub fn culprit(&self) -> Option<&CertificateInfo> {
        let reason = self.reason.to_ascii_lowercase();
        let mut chain = self.chain.iter();
        match self.fault {
            TlsFault::Expired => chain.find(|it| matches!(it.validity(), Validity::Expired(_))),
            TlsFault::NotYetValid => chain.find(|it| matches!(it.validity(), Validity::NotYet(_))),
            TlsFault::UntrustedRoot => self.end_of_chain().filter(|it| it.is_self_issued()),
            TlsFault::UnknownIssuer => self.end_of_chain().filter(|it| !it.is_self_issued()),
            // OpenSSL's texts for the key of the server's own certificate, of another one, and for signatures.
            TlsFault::Weak if reason.contains("ca certificate key") => {
                chain.skip(1).find(|it| it.has_weak_key())
            }
            TlsFault::Weak if reason.contains("digest") => {
                chain.find(|it| it.has_weak_signature() && !it.is_self_issued())
            }
            TlsFault::WrongPurpose => chain.find(|it| it.excludes_tls_servers()),
            _ => chain.next(),
        }
    }

    /// The last certificate of the chain from the server's own to its issuers, of those that were sent.
    fn end_of_chain(&self) -> Option<&CertificateInfo> {
        let mut last = self.chain.first()?;
        for _ in 1..self.chain.len() {
            match self.chain.iter().find(|it| it.subject == last.issuer) {
                Some(above) if !last.is_self_issued() => last = above,
                _ => break,
            }
        }
        Some(last)
    }

    /// The same, if it is not the server's own and more than the end of the chain.
    pub fn culprit_above(&self) -> Option<&CertificateInfo> {
        let is_of_its_own = matches!(
            self.fault,
            TlsFault::Expired | TlsFault::NotYetValid | TlsFault::Weak | TlsFault::WrongPurpose
        );
        self.culprit().filter(|culprit| is_of_its_own && Some(*culprit) != self.chain.first())
    }

    /// The start of a response in plain HTTP.
    pub fn plain_answer(&self) -> Option<&[u8]> {
        match &self.answer {
            TlsAnswer::Foreign(bytes) if self.fault == TlsFault::PlainHttp => Some(bytes),
            _ => None,
        }
    }

    /// Details from the server's bytes in addition to the library's reason.
    fn evidence(&self) -> Option<String> {
        Some(match (self.fault, &self.answer) {
            (TlsFault::NotTls, TlsAnswer::Foreign(bytes)) => format!("received {}", quoted(bytes)),
            (TlsFault::PlainHttp, TlsAnswer::Foreign(bytes)) => {
                let line = bytes.split(|byte| b"\r\n".contains(byte)).next();
                format!("received {}", quoted(line.unwrap_or_default()))
            }
            (TlsFault::Ended, TlsAnswer::Nothing) => "nothing was received".to_owned(),
            (TlsFault::Ended, TlsAnswer::ServerHello) => "after the ServerHello".to_owned(),
            _ => return None,
        })
    }

    /// Details from the certificates in addition to the library's reason.
    fn detail(&self) -> Option<String> {
        let certificate = self.culprit()?;
        let is_own = self.chain.first() == Some(certificate);
        let whose = match is_own {
            true => "it".to_owned(),
            false => format!("{}, above the server's,", certificate.subject),
        };
        Some(match (self.fault, certificate.validity()) {
            (TlsFault::Expired, Validity::Expired(days)) => {
                let end = utc(certificate.not_after);
                format!("{whose} was valid until {end}, {} ago", counted_days(days))
            }
            (TlsFault::NotYetValid, Validity::NotYet(days)) => {
                let start = utc(certificate.not_before);
                format!("{whose} is valid from {start}, in {}", counted_days(days))
            }
            (TlsFault::OtherName, _) => {
                format!("the certificate is for {}", certificate.hosts_in_short())
            }
            (TlsFault::UntrustedRoot, _) => format!("{} is not trusted", certificate.subject),
            (TlsFault::UnknownIssuer, _) => format!("{} is not known", certificate.issuer),
            (TlsFault::Weak, _) if is_own => {
                format!("its key is {}, its signature {}", certificate.key, certificate.signature)
            }
            (TlsFault::Weak, _) => {
                let CertificateInfo { key, signature, .. } = certificate;
                format!("{whose} has the key {key} and the signature {signature}")
            }
            (TlsFault::WrongPurpose, _) if is_own => {
                format!("the certificate is for {}", certificate.usages.join(", "))
            }
            (TlsFault::WrongPurpose, _) => {
                format!("{whose} is for {}", certificate.usages.join(", "))
            }
            _ => return None,
        })
    }

    fn version_limits(&self) -> Option<String> {
        let is_about_versions = matches!(
            self.fault,
            TlsFault::Version | TlsFault::NoVersionLeft | TlsFault::NothingInCommon
        );
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
        if let Some(detail) = self.detail().or_else(|| self.evidence()) {
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
