//! The details of a certificate for display.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::algorithms::{self, key_text, signature_text};
use crate::protocol::counted::counted;

const SECONDS_PER_DAY: i64 = 86_400;

/// The maximum number of names that are stored; some networks use thousands in one certificate.
const MAX_NAMES: usize = 1000;

/// The maximum number of names in a sentence.
const MAX_NAMES_IN_SHORT: usize = 6;

const ANY_PURPOSE: &str = "any purpose";
const TLS_SERVER: &str = "TLS server";

/// The other extended key usages that are shown by name.
const EXTENDED_USAGES: [&str; 5] =
    ["TLS client", "code signing", "email", "time stamping", "OCSP signing"];

/// The details of a certificate for display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateInfo {
    /// Distinguished name of the subject.
    pub subject: String,
    /// Distinguished name of the issuer.
    pub issuer: String,
    /// Its names (subjectAltName): DNS names and IP addresses as they are, others with their kind
    /// in front.
    pub names: Vec<String>,
    /// Start of validity, seconds since the epoch.
    pub not_before: i64,
    /// End of validity, seconds since the epoch.
    pub not_after: i64,
    /// When it was received, seconds since the epoch.
    pub seen_at: i64,
    /// Serial number in hex, bytes separated by colons.
    pub serial: String,
    /// Type and size of the key, as text.
    pub key: String,
    /// The signature algorithm, as text.
    pub signature: String,
    /// What the key may be used for (keyUsage, extendedKeyUsage), as texts.
    pub usages: Vec<String>,
    /// It may sign other certificates (basicConstraints).
    pub is_authority: bool,
    /// SHA-256 of its DER, in hex, bytes separated by colons.
    pub fingerprint: String,
}

/// A moment relative to a certificate's period of validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// The period begins in this many days.
    NotYet(i64),
    /// The period ends in this many days.
    Valid(i64),
    /// The period ended this many days ago.
    Expired(i64),
}

impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotYet(days) => write!(f, "not valid for another {}", counted_days(*days)),
            Self::Valid(days) => write!(f, "{} left", counted_days(*days)),
            Self::Expired(days) => write!(f, "expired {} ago", counted_days(*days)),
        }
    }
}

impl CertificateInfo {
    /// Reads the DER; `None` if it is not a certificate.
    pub fn read(der: &[u8]) -> Option<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::read_at(der, i64::try_from(now.as_secs()).unwrap_or(i64::MAX))
    }

    fn read_at(der: &[u8], seen_at: i64) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let alternatives = certificate.subject_alternative_name().ok().flatten();
        let names = alternatives.map_or_else(Vec::new, |extension| {
            let names = extension.value.general_names.iter().filter_map(name_text);
            names.take(MAX_NAMES).collect()
        });
        let validity = certificate.validity();
        Some(Self {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            names,
            not_before: validity.not_before.timestamp(),
            not_after: validity.not_after.timestamp(),
            seen_at,
            serial: colons(certificate.tbs_certificate.raw_serial()),
            key: key_text(certificate.public_key()),
            signature: signature_text(&certificate.signature_algorithm),
            usages: usages(&certificate),
            is_authority: certificate.is_ca(),
            fingerprint: colons(&Sha256::digest(der)),
        })
    }

    /// Its validity when it was received, in whole days.
    pub fn validity(&self) -> Validity {
        let days = |seconds: i64| seconds / SECONDS_PER_DAY;
        if self.seen_at < self.not_before {
            Validity::NotYet(days(self.not_before.saturating_sub(self.seen_at)))
        } else if self.seen_at > self.not_after {
            Validity::Expired(days(self.seen_at.saturating_sub(self.not_after)))
        } else {
            Validity::Valid(days(self.not_after.saturating_sub(self.seen_at)))
        }
    }

    /// Whether all names were stored.
    pub fn has_all_names(&self) -> bool {
        self.names.len() < MAX_NAMES
    }

    /// The hosts that it is valid for, shortened to fit into a sentence.
    pub fn hosts_in_short(&self) -> String {
        let is_host = |name: &&str| !name.starts_with("email:") && !name.starts_with("URI:");
        let hosts: Vec<&str> = self.names.iter().map(String::as_str).filter(is_host).collect();
        match hosts.len() {
            0 => "no host".to_owned(),
            1..=MAX_NAMES_IN_SHORT => hosts.join(", "),
            many => {
                let first = hosts[..MAX_NAMES_IN_SHORT].join(", ");
                let least = if self.has_all_names() { "" } else { "at least " };
                format!("{first} and {least}{} more", many - MAX_NAMES_IN_SHORT)
            }
        }
    }

    /// Whether its key is too short for OpenSSL's security level 2.
    pub(super) fn has_weak_key(&self) -> bool {
        algorithms::is_short(&self.key)
    }

    /// Whether its issuer signed it with MD5 or SHA-1.
    pub(super) fn has_weak_signature(&self) -> bool {
        self.signature.ends_with(" with MD5") || self.signature.ends_with(" with SHA-1")
    }

    /// Whether its usages are limited to others than those of TLS servers (RFC 5280 section 4.2.1.12).
    pub(super) fn excludes_tls_servers(&self) -> bool {
        let has = |word: &&str| self.usages.iter().any(|usage| usage == word);
        let mut extended = EXTENDED_USAGES.iter();
        extended.any(has) && !has(&TLS_SERVER) && !has(&ANY_PURPOSE)
    }

    /// Whether subject and issuer are the same: it is probably signed by its own key.
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }
}

/// A moment as RFC 3339 writes it. RFC 5280 section 4.1.2.5 has 99991231235959Z for "no end", which is
/// a day beyond what times are calculated with.
pub fn utc(seconds: i64) -> String {
    match Timestamp::from_second(seconds) {
        Ok(timestamp) => timestamp.to_string(),
        Err(_) if seconds > 0 => "9999-12-31T23:59:59Z".to_owned(),
        Err(_) => Timestamp::MIN.to_string(),
    }
}

/// "1 day", "12 days", "less than a day".
pub(super) fn counted_days(days: i64) -> String {
    match days {
        0 => "less than a day".to_owned(),
        days => counted(days.unsigned_abs(), "day"),
    }
}

fn colons(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

fn name_text(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::RFC822Name(address) => Some(format!("email:{address}")),
        GeneralName::URI(uri) => Some(format!("URI:{uri}")),
        GeneralName::IPAddress(bytes) => match <[u8; 4]>::try_from(*bytes) {
            Ok(v4) => Some(Ipv4Addr::from(v4).to_string()),
            Err(_) => <[u8; 16]>::try_from(*bytes).ok().map(|v6| Ipv6Addr::from(v6).to_string()),
        },
        _ => None,
    }
}

fn usages(certificate: &X509Certificate<'_>) -> Vec<String> {
    let usage = certificate.key_usage().ok().flatten().map(|extension| extension.value);
    let extended = certificate.extended_key_usage().ok().flatten().map(|extension| extension.value);
    let mut words = Vec::new();
    if let Some(usage) = usage {
        words.extend([
            (usage.digital_signature(), "digital signature"),
            (usage.non_repudiation(), "non-repudiation"),
            (usage.key_encipherment(), "key encipherment"),
            (usage.data_encipherment(), "data encipherment"),
            (usage.key_agreement(), "key agreement"),
            (usage.key_cert_sign(), "certificate signing"),
            (usage.crl_sign(), "CRL signing"),
        ]);
    }
    if let Some(usage) = extended {
        words.extend([
            (usage.any, ANY_PURPOSE),
            (usage.server_auth, TLS_SERVER),
            (usage.client_auth, EXTENDED_USAGES[0]),
            (usage.code_signing, EXTENDED_USAGES[1]),
            (usage.email_protection, EXTENDED_USAGES[2]),
            (usage.time_stamping, EXTENDED_USAGES[3]),
            (usage.ocsp_signing, EXTENDED_USAGES[4]),
        ]);
    }
    words.into_iter().filter(|(is_set, _)| *is_set).map(|(_, word)| word.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use rcgen::{
        BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
        KeyUsagePurpose, SanType, date_time_ymd,
    };

    use super::*;

    fn der(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["a.example".to_owned(), "::1".to_owned()])
            .expect("names for a certificate");
        params.distinguished_name.push(DnType::CommonName, "A");
        (params.not_before, params.not_after) =
            (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        params.self_signed(&key).expect("a certificate").der().to_vec()
    }

    fn at(der: &[u8], time: &str) -> CertificateInfo {
        let time: Timestamp = time.parse().expect("a time");
        CertificateInfo::read_at(der, time.as_second()).expect("a certificate")
    }

    #[test]
    fn a_certificate_is_read() {
        let der = der(|params| {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.serial_number = Some(vec![1, 0xab].into());
            params.key_usages =
                vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign];
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            let uri = "spiffe://a/b".try_into().expect("ASCII");
            params.subject_alt_names.push(SanType::URI(uri));
        });
        let info = at(&der, "2020-06-01T00:00:00Z");
        assert!(info.subject.contains("CN=A") && info.is_self_issued() && info.is_authority);
        assert_eq!(info.names, ["a.example", "::1", "URI:spiffe://a/b"]);
        assert_eq!((info.serial.as_str(), info.fingerprint.len()), ("01:AB", 95));
        assert_eq!(info.usages, ["digital signature", "certificate signing", "TLS server"]);
        assert_eq!(
            (info.key.as_str(), info.signature.as_str()),
            ("EC P-256", "ECDSA with SHA-256")
        );
    }

    #[test]
    fn usages_that_exclude_tls_servers() {
        use ExtendedKeyUsagePurpose as Usage;
        for (usages, excludes) in [
            (vec![], false),
            (vec![Usage::ServerAuth], false),
            (vec![Usage::ClientAuth, Usage::Any], false),
            (vec![Usage::ClientAuth], true),
            (vec![Usage::Other(vec![1, 2, 3])], false), // what it means is not known
        ] {
            let der = der(|params| params.extended_key_usages = usages);
            let info = at(&der, "2020-06-01T00:00:00Z");
            assert_eq!(info.excludes_tls_servers(), excludes, "{:?}", info.usages);
        }
    }

    #[test]
    fn weak_keys_and_signatures() {
        let der = der(|_| {});
        let info = at(&der, "2020-06-01T00:00:00Z");
        assert!(!info.has_weak_key() && !info.has_weak_signature());
        for (key, is_weak) in [("RSA, 1024 bits", true), ("RSA, 2048 bits", false), ("?", false)] {
            let info = CertificateInfo { key: key.to_owned(), ..info.clone() };
            assert_eq!(info.has_weak_key(), is_weak, "{key}");
        }
        for (signature, is_weak) in [("RSA with SHA-1", true), ("RSA with SHA-512", false)] {
            let info = CertificateInfo { signature: signature.to_owned(), ..info.clone() };
            assert_eq!(info.has_weak_signature(), is_weak, "{signature}");
        }
    }

    #[test]
    fn validity_in_days() {
        let der = der(|_| {});
        for (time, expected) in [
            ("2019-12-31T12:00:00Z", Validity::NotYet(0)),
            ("2019-12-30T00:00:00Z", Validity::NotYet(2)),
            ("2020-12-31T00:00:00Z", Validity::Valid(1)),
            ("2020-12-31T00:00:01Z", Validity::Valid(0)),
            ("2021-01-11T00:00:00Z", Validity::Expired(10)),
        ] {
            assert_eq!(at(&der, time).validity(), expected, "{time}");
        }
    }

    #[test]
    fn a_certificate_without_an_end() {
        let der = der(|params| params.not_after = date_time_ymd(9999, 12, 31));
        assert!(utc(at(&der, "2020-12-31T00:00:00Z").not_after).starts_with("9999-12-3"));
        assert_eq!(utc(i64::MAX), "9999-12-31T23:59:59Z");
        assert!(utc(i64::MIN).starts_with('-'));
    }

    #[test]
    fn any_other_input_is_none() {
        let whole = der(|_| {});
        for cut in 0..whole.len() {
            assert_eq!(CertificateInfo::read(&whole[..cut]), None, "cut at {cut}");
        }
        for at in 0..whole.len() {
            let mut broken = whole.clone();
            broken[at] ^= 0xff;
            let _ = CertificateInfo::read(&broken); // any result
        }
    }
}
