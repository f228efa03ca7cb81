//! Identities where the system's own TLS library is used: it accepts unencrypted PKCS#8 and PKCS#12.

use super::{CertificateInfo, Identity, IdentityError, IdentityFileError, holds_pem};

pub(super) fn from_files(
    certificates: &[u8],
    key: &[u8],
    _passphrase: Option<&str>,
) -> Result<Identity, IdentityFileError> {
    if !holds_pem(certificates, "CERTIFICATE") {
        return Err(IdentityFileError::Certificate(IdentityError::NoCertificate));
    }
    if !holds_pem(key, "BEGIN PRIVATE KEY") {
        let reason = "on this system the key must be PKCS#8 in PEM form, not encrypted; \
                      'openssl pkcs8 -topk8 -nocrypt -in FILE -out NEW.pem' makes one";
        return Err(IdentityFileError::Key(IdentityError::Unreadable(reason.to_owned())));
    }
    let start = memchr::memmem::find(key, b"-----BEGIN PRIVATE KEY-----").unwrap_or_default();
    match native_tls::Identity::from_pkcs8(certificates, &key[start..]) {
        Ok(native) => Ok(Identity { native, certificate: leaf(certificates) }),
        Err(error) => Err(IdentityFileError::Key(IdentityError::Unreadable(error.to_string()))),
    }
}

fn leaf(certificates: &[u8]) -> Option<CertificateInfo> {
    let chain = native_tls::Certificate::stack_from_pem(certificates).ok()?;
    CertificateInfo::read(&chain.first()?.to_der().ok()?)
}

pub(super) fn from_pkcs12(
    bytes: &[u8],
    passphrase: Option<&str>,
) -> Result<Identity, IdentityError> {
    match native_tls::Identity::from_pkcs12(bytes, passphrase.unwrap_or_default()) {
        Ok(native) => Ok(Identity { native, certificate: None }),
        Err(_) if passphrase.is_none() => Err(IdentityError::NeedsPassphrase),
        Err(error) => Err(IdentityError::Unreadable(error.to_string())),
    }
}
