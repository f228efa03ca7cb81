//! Resolves the options for TLS: trusted certificates, the client certificate, versions.

use std::path::{Path, PathBuf};

use native_tls::{Certificate, Protocol};

use super::ConfigError;
use super::files::FileReader;
use crate::cli::{TlsArgs, TlsVersion};
use crate::net::tls::{ServerName, TlsOptions, Trust, holds_pem};

mod identity;

pub(super) use identity::{Files, identity};

/// The maximum number of files in a folder of certificates.
const MAX_FILES: usize = 10_000;

/// Resolves the options. Prompts for a passphrase if one is missing.
///
/// # Errors
/// With the first file or value that is not valid.
pub(super) fn tls(args: &TlsArgs, reader: &FileReader) -> Result<TlsOptions, ConfigError> {
    if let (Some(min), Some(max)) = (args.tls_min, args.tls_max)
        && min > max
    {
        let reason = format!("it is newer than --tls-max {}", version_text(max));
        return Err(ConfigError::value("--tls-min", version_text(min), reason));
    }
    let mut roots = Vec::new();
    for path in &args.cacert {
        roots.extend(authorities(path, reader)?);
    }
    Ok(TlsOptions {
        insecure: args.insecure || args.no_check,
        roots,
        trust: if args.no_system_ca { Trust::Named } else { Trust::System },
        server_name: server_name(args.servername.as_deref())?,
        min: args.tls_min.map(protocol),
        max: args.tls_max.map(protocol),
        identity: identity(&Files {
            cert: ("--cert", args.cert.as_deref()),
            key: ("--key", args.key.as_deref()),
            pass: ("--pass", args.pass.as_ref()),
            reader,
        })?,
    })
}

fn protocol(version: TlsVersion) -> Protocol {
    match version {
        TlsVersion::V1_0 => Protocol::Tlsv10,
        TlsVersion::V1_1 => Protocol::Tlsv11,
        TlsVersion::V1_2 => Protocol::Tlsv12,
        TlsVersion::V1_3 => Protocol::Tlsv13,
    }
}

pub(super) fn version_text(version: TlsVersion) -> &'static str {
    match version {
        TlsVersion::V1_0 => "1.0",
        TlsVersion::V1_1 => "1.1",
        TlsVersion::V1_2 => "1.2",
        TlsVersion::V1_3 => "1.3",
    }
}

fn server_name(given: Option<&str>) -> Result<ServerName, ConfigError> {
    let Some(name) = given else { return Ok(ServerName::Host) };
    if name.is_empty() {
        return Ok(ServerName::Omitted);
    }
    let bad = |reason: &str| ConfigError::value("--servername", name, reason);
    match url::Host::parse(name) {
        Ok(url::Host::Domain(host)) => {
            let host = host.trim_end_matches('.');
            // The limits of DNS names and their labels (RFC 1035 section 2.3.4).
            match host.len() <= 253 && host.split('.').all(|label| (1..=63).contains(&label.len()))
            {
                true => Ok(ServerName::Other(host.to_owned())),
                false => Err(bad("that is not a host name")),
            }
        }
        Ok(url::Host::Ipv4(address)) => Ok(ServerName::Other(address.to_string())),
        Ok(url::Host::Ipv6(address)) => Ok(ServerName::Other(address.to_string())),
        Err(_) => Err(bad("that is not a host name; a port or a URL is not allowed here")),
    }
}

/// The certificates of a file, or of all files of a folder that contain any.
fn authorities(path: &Path, reader: &FileReader) -> Result<Vec<Certificate>, ConfigError> {
    let folder = path.to_owned();
    let listing = move || folder.is_dir().then(|| files(&folder));
    let Some(listing) = reader.run("--cacert", path, listing)? else {
        return match certificates(path, reader)? {
            found if found.is_empty() => {
                Err(bad_file("--cacert", path, "it contains no PEM certificate"))
            }
            found => Ok(found),
        };
    };
    let mut found = Vec::new();
    for file in listing? {
        found.extend(certificates(&file, reader)?);
    }
    match found.is_empty() {
        true => Err(bad_file("--cacert", path, "no file in it contains a PEM certificate")),
        false => Ok(found),
    }
}

/// The regular files of a folder, in the order of their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let failed = |error| ConfigError::file("--cacert", folder, error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_file() {
            files.push(path);
        }
        if files.len() > MAX_FILES {
            let reason = format!("there are more than {MAX_FILES} files in it");
            return Err(bad_file("--cacert", folder, reason));
        }
    }
    files.sort();
    Ok(files)
}

fn certificates(path: &Path, reader: &FileReader) -> Result<Vec<Certificate>, ConfigError> {
    let bytes = reader.long_bytes("--cacert", path)?;
    if !holds_pem(&bytes, "CERTIFICATE") {
        return Ok(Certificate::from_der(&bytes).into_iter().collect());
    }
    match Certificate::stack_from_pem(&bytes) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(bad_file("--cacert", path, "a certificate in it is damaged")),
    }
}

fn bad_file(option: &'static str, path: &Path, reason: impl ToString) -> ConfigError {
    ConfigError::value(option, &path.to_string_lossy(), reason)
}
