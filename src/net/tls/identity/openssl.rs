//! Identities where OpenSSL is the TLS library. native-tls accepts keys only as unencrypted PKCS#8:
//! other forms are converted to that here.

use openssl::error::ErrorStack;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslContext, SslMethod};
use openssl::x509::X509;

use super::{CertificateInfo, Identity, IdentityError, IdentityFileError, holds_pem};

/// A certificate, those above it, and its key.
#[derive(Clone)]
pub(in crate::net::tls) struct Pair {
    pub(in crate::net::tls) chain: Vec<X509>,
    pub(in crate::net::tls) key: PKey<Private>,
}

const CONVERT_PKCS12: &str =
    "'openssl pkcs12 -legacy -nodes -in FILE -out NEW.pem' makes a PEM file of it";
const CONVERT_KEY: &str = "'openssl pkcs8 -topk8 -in FILE -out NEW.pem' encrypts it anew";

pub(super) fn from_files(
    certificates: &[u8],
    key: &[u8],
    passphrase: Option<&str>,
) -> Result<Identity, IdentityFileError> {
    let mut chain = read_certificates(certificates).map_err(IdentityFileError::Certificate)?;
    let Some(first) = chain.first() else {
        return Err(IdentityFileError::Certificate(IdentityError::NoCertificate));
    };
    let key = read_key(key, passphrase).map_err(IdentityFileError::Key)?;
    let is_ours = |it: &X509| it.public_key().is_ok_and(|public| public.public_eq(&key));
    let Some(at) = chain.iter().position(is_ours) else {
        return Err(IdentityFileError::Key(IdentityError::NotAPair(subject(first))));
    };
    let leaf = chain.remove(at);
    identity(&in_order(leaf, chain), &key).map_err(IdentityFileError::Certificate)
}

fn identity(chain: &[X509], key: &PKey<Private>) -> Result<Identity, IdentityError> {
    check_strength(chain)?;
    convert(chain, key).map_err(|error| unreadable(&error))
}

/// A certificate that the TLS library rejects is reported here, where the file is known.
fn check_strength(chain: &[X509]) -> Result<(), IdentityError> {
    let Some(leaf) = chain.first() else { return Err(IdentityError::NoCertificate) };
    let tried = SslContext::builder(SslMethod::tls_client())
        .and_then(|mut builder| builder.set_certificate(leaf));
    tried.map_err(|error| rejected(reason(&error)))
}

/// A certificate that the TLS library does not accept, according to its message: "ee key too small", "ca md too weak".
fn rejected(reason: String) -> IdentityError {
    let is_weak = reason.contains("too small") || reason.contains("too weak");
    match is_weak {
        true => IdentityError::TooWeak(reason),
        false => IdentityError::Rejected(reason),
    }
}

fn convert(chain: &[X509], key: &PKey<Private>) -> Result<Identity, ErrorStack> {
    let mut pem = Vec::new();
    for certificate in chain {
        pem.extend(certificate.to_pem()?);
    }
    let pkcs8 = key.private_key_to_pem_pkcs8()?;
    match native_tls::Identity::from_pkcs8(&pem, &pkcs8) {
        Ok(native) => {
            let pair = Pair { chain: chain.to_vec(), key: key.clone() };
            Ok(Identity { native, pair, certificate: chain.first().and_then(info) })
        }
        Err(_) => Err(ErrorStack::get()), // it was read a moment ago
    }
}

fn info(certificate: &X509) -> Option<CertificateInfo> {
    CertificateInfo::read(&certificate.to_der().ok()?)
}

fn subject(certificate: &X509) -> String {
    info(certificate).map_or_else(String::new, |info| info.subject)
}

fn read_certificates(bytes: &[u8]) -> Result<Vec<X509>, IdentityError> {
    if holds_pem(bytes, "CERTIFICATE") {
        X509::stack_from_pem(bytes).map_err(|error| unreadable(&error))
    } else {
        let certificate = X509::from_der(bytes).map_err(|_| IdentityError::NoCertificate)?;
        Ok(vec![certificate])
    }
}

fn read_key(bytes: &[u8], passphrase: Option<&str>) -> Result<PKey<Private>, IdentityError> {
    if !holds_pem(bytes, "PRIVATE KEY") {
        return match PKey::private_key_from_der(bytes) {
            Ok(key) => Ok(key),
            Err(_) => read_encrypted_der(bytes, passphrase),
        };
    }
    let mut was_asked = false;
    let read = PKey::private_key_from_pem_callback(bytes, |buffer| {
        was_asked = true;
        Ok(answer(passphrase, buffer))
    });
    match read {
        Err(_) if was_asked && passphrase.is_none() => Err(IdentityError::NeedsPassphrase),
        Err(error) if was_asked => Err(undecipherable(&error, CONVERT_KEY)),
        read => read.map_err(|error| unreadable(&error)),
    }
}

/// PKCS#8 in DER may be encrypted too (RFC 5208 section 6).
fn read_encrypted_der(
    bytes: &[u8],
    passphrase: Option<&str>,
) -> Result<PKey<Private>, IdentityError> {
    let mut was_asked = false;
    let read = PKey::private_key_from_pkcs8_callback(bytes, |buffer| {
        was_asked = true;
        Ok(answer(passphrase, buffer))
    });
    match read {
        Err(_) if !was_asked => Err(IdentityError::NoKey),
        Err(_) if passphrase.is_none() => Err(IdentityError::NeedsPassphrase),
        read => read.map_err(|error| undecipherable(&error, CONVERT_KEY)),
    }
}

/// Gives OpenSSL the passphrase, up to the size of its buffer (1 KiB).
fn answer(passphrase: Option<&str>, buffer: &mut [u8]) -> usize {
    let secret = passphrase.unwrap_or_default().as_bytes();
    let count = secret.len().min(buffer.len());
    buffer[..count].copy_from_slice(&secret[..count]);
    count
}

pub(super) fn from_pkcs12(
    bytes: &[u8],
    passphrase: Option<&str>,
) -> Result<Identity, IdentityError> {
    let file = Pkcs12::from_der(bytes).map_err(|error| unreadable(&error))?;
    let parsed =
        file.parse2(passphrase.unwrap_or_default()).map_err(|error| {
            match undecipherable(&error, CONVERT_PKCS12) {
                IdentityError::WrongPassphrase if passphrase.is_none() => {
                    IdentityError::NeedsPassphrase
                }
                error => error,
            }
        })?;
    let key = parsed.pkey.ok_or(IdentityError::NoKey)?;
    let leaf = parsed.cert.ok_or(IdentityError::NoCertificate)?;
    let others = parsed.ca.into_iter().flatten().collect();
    identity(&in_order(leaf, others), &key)
}

/// Each certificate before its issuer's (RFC 8446 section 4.4.2); files contain them in any order.
fn in_order(leaf: X509, mut others: Vec<X509>) -> Vec<X509> {
    let mut chain = vec![leaf];
    while let Some(last) = chain.last()
        && let Some(at) = others.iter().position(|other| is_issuer(other, last))
    {
        chain.push(others.swap_remove(at));
    }
    chain
}

fn is_issuer(above: &X509, below: &X509) -> bool {
    let same = above.subject_name().try_cmp(below.issuer_name());
    same.is_ok_and(std::cmp::Ordering::is_eq)
}

/// Why something encrypted cannot be read. A wrong passphrase is detected by the padding, the decrypted
/// data or a checksum.
fn undecipherable(error: &ErrorStack, way_out: &'static str) -> IdentityError {
    match error.errors().iter().find_map(missing_algorithm) {
        Some(name) => IdentityError::Unsupported(name, way_out),
        None => IdentityError::WrongPassphrase,
    }
}

/// "Global default library context, Algorithm (RC2-40-CBC : 0), Properties ()" → "RC2-40-CBC". Data
/// that is not a key, because it was decrypted incorrectly, is "unsupported" too, but without an algorithm.
fn missing_algorithm(error: &openssl::error::Error) -> Option<String> {
    let data = error.data().filter(|_| error.reason() == Some("unsupported"))?;
    let name = data.split_once("Algorithm (")?.1.split([' ', ')']).next()?;
    Some(name.to_owned())
}

fn unreadable(error: &ErrorStack) -> IdentityError {
    IdentityError::Unreadable(format!("it cannot be read: {}", reason(error)))
}

fn reason(error: &ErrorStack) -> String {
    let reason = error.errors().iter().rev().find_map(|error| error.reason());
    reason.unwrap_or("damaged").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Encrypted with "right". Decrypted with "wrong153" it has the padding of a key, but is not one.
    const KEY: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgQmFE23GnjFAICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEFf2vqcXLk4ERqjN7dJGQOMEgZAY
y9hrttMTiXCbrk90bWuLEpP9btIdLAhTmsFAXAuWfSftW6P0s/mVdHlTBtQrmdU9
1PNBVq5lZesOnyzjZ9s7S5maXzj6w6yb8LUtPrVW9H5Y1M1VAe6YEp2TsuFC/TZR
6Afol6ulkZk6bBiW7qi9sHDFhJ3rmaCrtLIZpWbUSFAGY9TnaDSfuY9guDr8Kzc=
-----END ENCRYPTED PRIVATE KEY-----
";

    #[test]
    fn only_weak_certificates_are_reported_as_weak() {
        for (reason, is_weak) in [
            ("ee key too small", true),
            ("ca md too weak", true),
            ("unknown certificate type", false),
        ] {
            let error = rejected(reason.to_owned());
            assert_eq!(matches!(error, IdentityError::TooWeak(_)), is_weak, "{error}");
        }
    }

    #[test]
    fn a_wrong_passphrase_is_detected_even_if_the_padding_is_valid() {
        for passphrase in ["wrong1", "wrong153"] {
            let error = read_key(KEY.as_bytes(), Some(passphrase)).expect_err("a wrong passphrase");
            assert!(matches!(error, IdentityError::WrongPassphrase), "{passphrase}: {error}");
        }
        assert!(read_key(KEY.as_bytes(), Some("right")).is_ok());
    }
}
