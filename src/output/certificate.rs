//! A certificate as text.

use super::escape::{Newlines, escape};
use super::style::{Role, Style};
use super::wrap::wrap;
use crate::net::tls::{CertificateInfo, utc};

/// Columns of the names of fields.
const LABEL: usize = 9;

/// All fields of a certificate, one per line, indented by `indent` columns. Text from the peer is escaped. On a terminal,
/// which has this many `columns`, lines are wrapped between words.
pub fn lines(
    certificate: &CertificateInfo,
    indent: usize,
    style: Style,
    columns: Option<usize>,
) -> String {
    let CertificateInfo { subject, issuer, serial, key, signature, fingerprint, .. } = certificate;
    let names = match certificate.names.is_empty() {
        true => "none".to_owned(),
        false if certificate.has_all_names() => certificate.names.join(", "),
        false => format!("{} …", certificate.names.join(", ")),
    };
    let issuer = match certificate.is_self_issued() {
        true => "self-signed".to_owned(),
        false => issuer.clone(),
    };
    let (start, end) = (utc(certificate.not_before), utc(certificate.not_after));
    let mut usages = certificate.usages.clone();
    usages.extend(certificate.is_authority.then(|| "certification authority".to_owned()));
    let valid = format!("from {start} until {end}, {}", certificate.validity());
    let mut lines = vec![
        ("subject", subject.clone()),
        ("names", names),
        ("issuer", issuer),
        ("valid", valid),
        ("serial", serial.clone()),
        ("key", key.clone()),
        ("signature", signature.clone()),
    ];
    if !usages.is_empty() {
        lines.push(("usage", usages.join(", ")));
    }
    lines.push(("SHA-256", breakable(fingerprint, columns, indent)));
    let line = |(label, text): &(&str, String)| {
        let column = indent + LABEL + " ".len();
        let text = escape(text, Newlines::Escape);
        let text = wrap(&text, columns, column, column);
        let label = style.paint(Role::Dim, &format!("{label:<LABEL$}"));
        format!("{:indent$}{label} {text}\n", "")
    };
    lines.iter().map(line).collect()
}

/// A fingerprint; with a space behind half of its bytes if it is too long for the line, where it is wrapped then.
fn breakable(fingerprint: &str, columns: Option<usize>, indent: usize) -> String {
    let width = indent + LABEL + " ".len() + fingerprint.len();
    let colon = fingerprint[..=fingerprint.len() / 2].rfind(':');
    match colon.filter(|_| columns.is_some_and(|columns| width > columns)) {
        Some(colon) => format!("{} {}", &fingerprint[..=colon], &fingerprint[colon + 1..]),
        None => fingerprint.to_owned(),
    }
}

/// A certificate on one line: subject, hosts, issuer, end of validity.
pub fn line(certificate: &CertificateInfo) -> String {
    let CertificateInfo { subject, issuer, .. } = certificate;
    let hosts = match certificate.names.is_empty() {
        true => String::new(),
        false => format!(" for {}", certificate.hosts_in_short()),
    };
    let issued = match certificate.is_self_issued() {
        true => "self-signed".to_owned(),
        false => format!("issued by {issuer}"),
    };
    let end = utc(certificate.not_after);
    let text =
        format!("certificate {subject}{hosts}, {issued}, until {end} ({})", certificate.validity());
    escape(&text, Newlines::Escape).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_fingerprint_is_broken_between_bytes() {
        let fingerprint = ["AB"; 32].join(":");
        let half = ["AB"; 16].join(":");
        assert_eq!(breakable(&fingerprint, None, 2), fingerprint);
        assert_eq!(breakable(&fingerprint, Some(107), 2), fingerprint);
        for columns in [80, 106] {
            assert_eq!(breakable(&fingerprint, Some(columns), 2), format!("{half}: {half}"));
        }
        assert_eq!(breakable("AB", Some(2), 2), "AB");
    }
}
