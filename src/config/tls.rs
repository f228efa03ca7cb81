//! TLS: what was typed → whom to trust, who we are, which versions.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use native_tls::{Certificate, Protocol};

use super::ConfigError;
use super::connect::read_text;
use crate::cli::{TlsArgs, TlsVersion};
use crate::net::tls::{
    Either, Identity, IdentityError, ServerName, TlsOptions, Trust, holds_pem, is_pkcs12,
};
use crate::platform::prompt::ask_secret;

/// The largest file of certificates or keys that is read, in bytes.
const MAX_FILE: u64 = 16 << 20;

/// The most files of a folder of certificates that are read.
const MAX_FILES: usize = 10_000;

/// Resolves what was typed. Asks for a passphrase if one is missing.
///
/// # Errors
/// With the first file or value that cannot be used.
pub(super) fn tls(args: &TlsArgs) -> Result<TlsOptions, ConfigError> {
    if let (Some(min), Some(max)) = (args.tls_min, args.tls_max)
        && min > max
    {
        let reason = format!("it is newer than --tls-max {}", version_text(max));
        return Err(ConfigError::value("--tls-min", version_text(min), reason));
    }
    let mut roots = Vec::new();
    for path in &args.cacert {
        roots.extend(authorities(path)?);
    }
    Ok(TlsOptions {
        insecure: args.insecure || args.no_check,
        roots,
        trust: if args.no_system_ca { Trust::Named } else { Trust::System },
        server_name: server_name(args.servername.as_deref())?,
        min: args.tls_min.map(protocol),
        max: args.tls_max.map(protocol),
        identity: identity(args)?,
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

fn version_text(version: TlsVersion) -> &'static str {
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
        return Ok(ServerName::Untold);
    }
    let bad = |reason: &str| ConfigError::value("--servername", name, reason);
    match url::Host::parse(name) {
        Ok(url::Host::Domain(host)) => {
            let host = host.trim_end_matches('.');
            // What does not fit into a label or a name is no DNS name (RFC 1035 section 2.3.4).
            match host.len() <= 253 && host.split('.').all(|label| (1..=63).contains(&label.len()))
            {
                true => Ok(ServerName::Other(host.to_owned())),
                false => Err(bad("that is no host name")),
            }
        }
        Ok(url::Host::Ipv4(address)) => Ok(ServerName::Other(address.to_string())),
        Ok(url::Host::Ipv6(address)) => Ok(ServerName::Other(address.to_string())),
        Err(_) => Err(bad("that is no host name; a port or a URL does not belong here")),
    }
}

/// The certificates of a file, or of all files of a folder that have any.
fn authorities(path: &Path) -> Result<Vec<Certificate>, ConfigError> {
    if !path.is_dir() {
        return match certificates(path)? {
            found if found.is_empty() => {
                Err(bad_file("--cacert", path, "it holds no certificate in PEM form"))
            }
            found => Ok(found),
        };
    }
    let mut found = Vec::new();
    for file in files(path)? {
        found.extend(certificates(&file)?);
    }
    match found.is_empty() {
        true => Err(bad_file("--cacert", path, "no file in it holds a certificate in PEM form")),
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

fn certificates(path: &Path) -> Result<Vec<Certificate>, ConfigError> {
    let bytes = read("--cacert", path)?;
    if !holds_pem(&bytes, "CERTIFICATE") {
        return Ok(Certificate::from_der(&bytes).into_iter().collect());
    }
    match Certificate::stack_from_pem(&bytes) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(bad_file("--cacert", path, "a certificate in it is damaged")),
    }
}

/// The client certificate with its key.
fn identity(args: &TlsArgs) -> Result<Option<Identity>, ConfigError> {
    let Some(cert) = &args.cert else { return Ok(None) };
    let certificates = read("--cert", cert)?;
    let mut passphrase = Passphrase::new(args.pass.as_ref())?;
    if is_pkcs12(&certificates) {
        if args.key.is_some() {
            let reason = "a PKCS#12 file has its key in it: leave out --key";
            return Err(bad_file("--cert", cert, reason));
        }
        let open = |secret: Option<&str>| Identity::from_pkcs12(&certificates, secret);
        return match passphrase.used_by(cert, open)? {
            Ok(identity) => Ok(Some(identity)),
            Err(IdentityError::WrongPassphrase) => Err(wrong_passphrase(cert)),
            Err(error) => Err(bad_file("--cert", cert, error)),
        };
    }
    let key = match &args.key {
        Some(path) => read("--key", path)?,
        None if holds_pem(&certificates, "PRIVATE KEY") => certificates.clone(),
        None => {
            let reason = "it holds no private key: --key FILE has to name it";
            return Err(bad_file("--cert", cert, reason));
        }
    };
    let (key_option, key_path) = args.key.as_ref().map_or(("--cert", cert), |key| ("--key", key));
    let mut certificate_fault = None;
    let open = |secret: Option<&str>| {
        Identity::from_files(&certificates, &key, secret).map_err(|error| match error {
            Either::Key(error) => error,
            Either::Certificate(error) => {
                certificate_fault = Some(error.clone());
                error
            }
        })
    };
    match (passphrase.used_by(key_path, open)?, certificate_fault) {
        (Ok(identity), _) => Ok(Some(identity)),
        (_, Some(error)) => Err(bad_file("--cert", cert, error)),
        (Err(IdentityError::WrongPassphrase), _) => Err(wrong_passphrase(key_path)),
        (Err(error), _) => Err(bad_file(key_option, key_path, error)),
    }
}

/// A passphrase that is given, or asked for once it is needed.
struct Passphrase {
    given: Option<String>,
}

impl Passphrase {
    /// `None` inside: the option without a value, as in wscat.
    fn new(given: Option<&Option<String>>) -> Result<Self, ConfigError> {
        let given = match given {
            Some(Some(text)) => Some(match text.strip_prefix('@') {
                Some(path) => {
                    let text = read_text("--pass", Path::new(path))?;
                    text.lines().next().unwrap_or_default().to_owned()
                }
                None => text.clone(),
            }),
            _ => None,
        };
        Ok(Self { given })
    }

    /// Opens something with the passphrase; asks for it if it turns out to be missing.
    fn used_by<T>(
        &mut self,
        path: &Path,
        mut open: impl FnMut(Option<&str>) -> Result<T, IdentityError>,
    ) -> Result<Result<T, IdentityError>, ConfigError> {
        match open(self.given.as_deref()) {
            Err(IdentityError::NeedsPassphrase) => {}
            done => return Ok(done),
        }
        match ask_secret(&format!("passphrase for {}: ", path.display())) {
            Ok(Some(secret)) => Ok(open(Some(&secret))),
            Ok(None) => Ok(Err(IdentityError::NeedsPassphrase)),
            Err(error) if error.kind() == ErrorKind::Interrupted => Err(ConfigError::Interrupted),
            Err(error) => Err(ConfigError::file("--pass: asking for it", path, error)),
        }
    }
}

fn wrong_passphrase(path: &Path) -> ConfigError {
    let reason = format!("it does not open {}", path.display());
    ConfigError::value("--pass", "***", reason)
}

fn bad_file(option: &'static str, path: &Path, reason: impl ToString) -> ConfigError {
    ConfigError::value(option, &path.to_string_lossy(), reason)
}

fn read(option: &'static str, path: &Path) -> Result<Vec<u8>, ConfigError> {
    use std::io::Read;
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
        .map_err(|error| ConfigError::file(option, path, error))?;
    match bytes.len() as u64 > MAX_FILE {
        true => Err(bad_file(option, path, "it is over 16 MiB large")),
        false => Ok(bytes),
    }
}
