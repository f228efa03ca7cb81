//! Keys and signatures of certificates, as text.

use x509_parser::der_parser::oid::Oid;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

/// Type and size of a key: "RSA, 2048 bits", "EC P-256".
pub(super) fn key_text(key: &SubjectPublicKeyInfo<'_>) -> String {
    let algorithm = key.algorithm.algorithm.to_id_string();
    match algorithm.as_str() {
        "1.3.101.112" => return "Ed25519".to_owned(),
        "1.3.101.113" => return "Ed448".to_owned(),
        _ => {}
    }
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => format!("RSA, {} bits", bits(rsa.modulus)),
        Ok(PublicKey::EC(_)) => format!("EC {}", curve(&key.algorithm)),
        Ok(PublicKey::DSA(y)) => format!("DSA, {} bits", bits(y)),
        _ => format!("algorithm {algorithm}"),
    }
}

/// The shortest RSA and DSA keys of OpenSSL's security level 2, in bits.
const LEAST_BITS: usize = 2048;

/// Whether the key with this text is RSA or DSA and too short.
pub(super) fn is_short(key: &str) -> bool {
    let bits = key.strip_prefix("RSA, ").or_else(|| key.strip_prefix("DSA, "));
    let bits = bits.and_then(|bits| bits.strip_suffix(" bits")?.parse::<usize>().ok());
    bits.is_some_and(|bits| bits < LEAST_BITS)
}

/// The length of a number, without leading zeros.
fn bits(number: &[u8]) -> usize {
    let first = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    let number = &number[first..];
    number.first().map_or(0, |byte| number.len() * 8 - byte.leading_zeros() as usize)
}

fn curve(algorithm: &AlgorithmIdentifier<'_>) -> String {
    let parameters = algorithm.parameters.as_ref();
    let Some(oid) = parameters.and_then(|parameters| parameters.as_oid().ok()) else {
        return "with a curve of its own".to_owned();
    };
    match oid.to_id_string().as_str() {
        "1.2.840.10045.3.1.7" => "P-256".to_owned(),
        "1.3.132.0.34" => "P-384".to_owned(),
        "1.3.132.0.35" => "P-521".to_owned(),
        "1.3.132.0.10" => "secp256k1".to_owned(),
        "1.3.36.3.3.2.8.1.1.7" => "brainpoolP256r1".to_owned(),
        "1.3.36.3.3.2.8.1.1.11" => "brainpoolP384r1".to_owned(),
        other => other.to_owned(),
    }
}

/// How a certificate is signed: "RSA with SHA-256".
pub(super) fn signature_text(algorithm: &AlgorithmIdentifier<'_>) -> String {
    let oid = algorithm.algorithm.to_id_string();
    let name = match oid.as_str() {
        "1.2.840.113549.1.1.4" => "RSA with MD5",
        "1.2.840.113549.1.1.5" => "RSA with SHA-1",
        "1.2.840.113549.1.1.10" => return pss_text(algorithm),
        "1.2.840.113549.1.1.11" => "RSA with SHA-256",
        "1.2.840.113549.1.1.12" => "RSA with SHA-384",
        "1.2.840.113549.1.1.13" => "RSA with SHA-512",
        "1.2.840.113549.1.1.14" => "RSA with SHA-224",
        "1.2.840.10040.4.3" => "DSA with SHA-1",
        "2.16.840.1.101.3.4.3.2" => "DSA with SHA-256",
        "1.2.840.10045.4.1" => "ECDSA with SHA-1",
        "1.2.840.10045.4.3.1" => "ECDSA with SHA-224",
        "1.2.840.10045.4.3.2" => "ECDSA with SHA-256",
        "1.2.840.10045.4.3.3" => "ECDSA with SHA-384",
        "1.2.840.10045.4.3.4" => "ECDSA with SHA-512",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        _ => return format!("algorithm {oid}"),
    };
    name.to_owned()
}

/// RSASSA-PSS names its digest among its parameters (RFC 4055 section 3.1).
fn pss_text(algorithm: &AlgorithmIdentifier<'_>) -> String {
    use x509_parser::signature_algorithm::RsaSsaPssParams;
    let digest = algorithm
        .parameters
        .as_ref()
        .and_then(|parameters| RsaSsaPssParams::try_from(parameters).ok())
        .map(|parameters| digest_name(parameters.hash_algorithm_oid()));
    digest.map_or_else(|| "RSA-PSS".to_owned(), |digest| format!("RSA-PSS with {digest}"))
}

fn digest_name(oid: &Oid<'_>) -> String {
    match oid.to_id_string().as_str() {
        "1.3.14.3.2.26" => "SHA-1".to_owned(),
        "2.16.840.1.101.3.4.2.1" => "SHA-256".to_owned(),
        "2.16.840.1.101.3.4.2.2" => "SHA-384".to_owned(),
        "2.16.840.1.101.3.4.2.3" => "SHA-512".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::bits;

    #[test]
    fn lengths_of_numbers() {
        for (number, expected) in [
            (&[][..], 0),
            (&[0][..], 0),
            (&[1][..], 1),
            (&[0, 0x80][..], 8),
            (&[0x7f, 0][..], 15),
            (&[0x80, 0][..], 16),
        ] {
            assert_eq!(bits(number), expected, "{number:?}");
        }
    }
}
