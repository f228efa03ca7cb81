//! Warnings about accepted certificates that expire soon, have expired or are not valid yet.

use crate::net::tls::{CertificateInfo, TlsInfo, TlsOptions, Validity, utc};

/// A certificate that expires in fewer days than this causes a warning.
const SOON: i64 = 14;

/// Warnings about the server's certificate, and about the client's if there is one.
pub(super) fn warnings(tls: Option<&TlsInfo>, options: &TlsOptions) -> Vec<String> {
    let Some(tls) = tls else { return Vec::new() };
    let server = tls.certificate.as_ref().and_then(|it| warning("the server's certificate", it));
    let ours = options.identity.as_ref().and_then(|identity| identity.certificate.as_ref());
    let ours = ours.and_then(|it| warning("the certificate of --cert", it));
    server.into_iter().chain(ours).collect()
}

fn warning(whose: &str, certificate: &CertificateInfo) -> Option<String> {
    let validity = certificate.validity();
    match validity {
        Validity::Valid(days) if days >= SOON => None,
        Validity::Valid(_) => {
            Some(format!("{whose} expires soon: {validity}, until {}", utc(certificate.not_after)))
        }
        Validity::Expired(_) => {
            Some(format!("{whose} {validity}: it was valid until {}", utc(certificate.not_after)))
        }
        Validity::NotYet(_) => {
            Some(format!("{whose} is {validity}: it becomes valid {}", utc(certificate.not_before)))
        }
    }
}
