//! Certificates with keys: of a client, for a server that requests one, or of a server.

use std::fmt;

use super::certificate::CertificateInfo;

#[cfg_attr(any(windows, target_vendor = "apple"), path = "identity/other.rs")]
mod openssl;

#[cfg(not(any(windows, target_vendor = "apple")))]
pub(super) use openssl::Pair;

/// A certificate with its key.
#[derive(Clone)]
pub struct Identity {
    pub(super) native: native_tls::Identity,
    /// The same for the TLS library.
    #[cfg(not(any(windows, target_vendor = "apple")))]
    pub(super) pair: Pair,
    /// The details of the certificate for display.
    pub certificate: Option<CertificateInfo>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

/// Why files are not a usable certificate with its key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// It is encrypted, and no passphrase was given.
    #[error("it is encrypted, and no passphrase was given")]
    NeedsPassphrase,
    /// The passphrase is wrong.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// There is no certificate.
    #[error("it contains no certificate")]
    NoCertificate,
    /// There is no private key.
    #[error("it contains no private key")]
    NoKey,
    /// The key is not that of the certificate.
    #[error("the key does not belong to the certificate ({0})")]
    NotAPair(String),
    /// The TLS library refuses such a certificate, for this reason.
    #[error(
        "it is too weak for TLS today ({0}): it requires an RSA key of at least 2048 bits, and a signature with SHA-256 or better"
    )]
    TooWeak(String),
    /// The TLS library refuses it for another reason.
    #[error("the TLS library does not accept it ({0})")]
    Rejected(String),
    /// An algorithm that the TLS library does not support (any more): its reason, and what to do.
    #[error("it is encrypted with an algorithm that is not supported any more ({0}): {1}")]
    Unsupported(String, &'static str),
    /// Another reason of the TLS library.
    #[error("{0}")]
    Unreadable(String),
}

impl Identity {
    /// From a certificate, with those above it, and its key: both PEM or DER; the key PKCS#8, PKCS#1
    /// or SEC 1, encrypted or not. A key that is not encrypted needs no passphrase.
    ///
    /// # Errors
    /// Which of them is not valid, and why: the certificate on the left, the key on the right.
    pub fn from_files(
        certificates: &[u8],
        key: &[u8],
        passphrase: Option<&str>,
    ) -> Result<Self, IdentityFileError> {
        openssl::from_files(certificates, key, passphrase)
    }

    /// From PKCS#12 (RFC 7292), with certificate and key in it.
    ///
    /// # Errors
    /// Why it is not valid.
    pub fn from_pkcs12(bytes: &[u8], passphrase: Option<&str>) -> Result<Self, IdentityError> {
        openssl::from_pkcs12(bytes, passphrase)
    }
}

/// Which of two files is unusable, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityFileError {
    /// The file with the certificate.
    Certificate(IdentityError),
    /// The file with the key.
    Key(IdentityError),
}

/// Whether bytes are PKCS#12: `SEQUENCE { INTEGER 3, …` (RFC 7292 section 4).
pub fn is_pkcs12(bytes: &[u8]) -> bool {
    let [0x30, length, rest @ ..] = bytes else { return false };
    let long = match length {
        0x80 => 0, // BER: the length is indefinite
        length if length & 0x80 != 0 => usize::from(length & 0x7f),
        _ => 0,
    };
    rest.get(long..).is_some_and(|body| body.starts_with(&[2, 1, 3]))
}

/// Whether there is a PEM block of this kind.
pub fn holds_pem(bytes: &[u8], kind: &str) -> bool {
    let label = format!("{kind}-----");
    memchr::memmem::find_iter(bytes, b"-----BEGIN ").any(|at| {
        let line = bytes[at..].split(|byte| *byte == b'\n').next().unwrap_or_default();
        line.trim_ascii_end().ends_with(label.as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pkcs12_is_distinguished_from_certificates() {
        assert!(is_pkcs12(&[0x30, 0x82, 1, 2, 2, 1, 3, 0x30]));
        assert!(is_pkcs12(&[0x30, 0x80, 2, 1, 3, 0x30]));
        assert!(!is_pkcs12(&[0x30, 0x82, 1, 2, 0x30, 0x82]));
        assert!(!is_pkcs12(b"-----BEGIN CERTIFICATE-----"));
        assert!(!is_pkcs12(&[0x30, 0xff]) && !is_pkcs12(&[0x30]) && !is_pkcs12(&[]));
    }

    #[test]
    fn kinds_of_pem_are_distinguished() {
        let pem = b"junk\n-----BEGIN RSA PRIVATE KEY-----\r\nAA==\n-----END RSA PRIVATE KEY-----\n";
        assert!(holds_pem(pem, "PRIVATE KEY") && !holds_pem(pem, "CERTIFICATE"));
        assert!(!holds_pem(b"-----END CERTIFICATE-----", "CERTIFICATE"));
    }
}
