//! A certificate with its key, from files in any of the usual forms.

use std::io;
use std::path::Path;

use super::bad_file;
use crate::config::ConfigError;
use crate::config::files::FileReader;
use crate::net::tls::{Identity, IdentityError, IdentityFileError, holds_pem, is_pkcs12};

/// The options that name a certificate, its key and the passphrase for it, with their values.
pub(in crate::config) struct Files<'a> {
    pub(in crate::config) cert: Named<Option<&'a Path>>,
    pub(in crate::config) key: Named<Option<&'a Path>>,
    /// `None` inside: the option without a value, as in wscat.
    pub(in crate::config) pass: Named<Option<&'a Option<String>>>,
    pub(in crate::config) reader: &'a FileReader,
}

/// An option and its value.
type Named<T> = (&'static str, T);

/// The certificate with its key. Prompts for the passphrase if it is missing.
///
/// # Errors
/// Which file is not valid, and why.
pub(in crate::config) fn identity(files: &Files<'_>) -> Result<Option<Identity>, ConfigError> {
    let (cert_option, Some(cert)) = files.cert else { return Ok(None) };
    let certificates = files.reader.bytes(cert_option, cert)?;
    let mut passphrase = Passphrase::new(files.pass, files.reader)?;
    if is_pkcs12(&certificates) {
        if files.key.1.is_some() {
            let reason = format!("a PKCS#12 file includes the key: leave out {}", files.key.0);
            return Err(bad_file(cert_option, cert, reason));
        }
        let open = |secret: Option<&str>| Identity::from_pkcs12(&certificates, secret);
        return match passphrase.used_by(cert, open)? {
            Ok(identity) => Ok(Some(identity)),
            Err(IdentityError::WrongPassphrase) => Err(passphrase.wrong(cert)),
            Err(error) => Err(bad_file(cert_option, cert, passphrase.reason(&error))),
        };
    }
    let key = match files.key {
        (option, Some(path)) => files.reader.bytes(option, path)?,
        _ if holds_pem(&certificates, "PRIVATE KEY") => certificates.clone(),
        (option, None) => {
            let reason = format!("it contains no private key: give it with {option} FILE");
            return Err(bad_file(cert_option, cert, reason));
        }
    };
    let (key_option, key_path) = match files.key {
        (option, Some(path)) => (option, path),
        _ => (cert_option, cert),
    };
    let mut certificate_fault = None;
    let open = |secret: Option<&str>| {
        Identity::from_files(&certificates, &key, secret).map_err(|error| match error {
            IdentityFileError::Key(error) => error,
            IdentityFileError::Certificate(error) => {
                certificate_fault = Some(error.clone());
                error
            }
        })
    };
    match (passphrase.used_by(key_path, open)?, certificate_fault) {
        (Ok(identity), _) => Ok(Some(identity)),
        (_, Some(error)) => Err(bad_file(cert_option, cert, passphrase.reason(&error))),
        (Err(IdentityError::WrongPassphrase), _) => Err(passphrase.wrong(key_path)),
        (Err(error), _) => Err(bad_file(key_option, key_path, passphrase.reason(&error))),
    }
}

/// A passphrase that is given, or prompted for when it is needed.
struct Passphrase<'a> {
    option: &'static str,
    given: Option<String>,
    reader: &'a FileReader,
}

impl<'a> Passphrase<'a> {
    fn new(
        (option, given): Named<Option<&Option<String>>>,
        reader: &'a FileReader,
    ) -> Result<Self, ConfigError> {
        let given = match given {
            Some(Some(text)) => Some(match text.strip_prefix('@') {
                Some(path) => {
                    let text = reader.text(option, Path::new(path))?;
                    text.lines().next().unwrap_or_default().to_owned()
                }
                None => text.clone(),
            }),
            _ => None,
        };
        Ok(Self { option, given, reader })
    }

    /// Decrypts a file with the passphrase; prompts for it if it turns out to be required.
    fn used_by<T>(
        &mut self,
        path: &Path,
        mut open: impl FnMut(Option<&str>) -> Result<T, IdentityError>,
    ) -> Result<Result<T, IdentityError>, ConfigError> {
        match open(self.given.as_deref()) {
            Err(IdentityError::NeedsPassphrase) => {}
            done => return Ok(done),
        }
        let prompt = format!("passphrase for {}: ", path.display());
        let failed = |error: io::Error| ConfigError::file("--pass: prompting for it", path, error);
        match self.reader.ask("passphrase", &prompt, failed)? {
            Some(secret) => Ok(open(Some(&secret))),
            None => Ok(Err(IdentityError::NeedsPassphrase)),
        }
    }

    /// The error, with the option for the passphrase.
    fn reason(&self, error: &IdentityError) -> String {
        match error {
            IdentityError::NeedsPassphrase => {
                format!("it is encrypted: give the passphrase with {}", self.option)
            }
            error => error.to_string(),
        }
    }

    fn wrong(&self, path: &Path) -> ConfigError {
        ConfigError::value(self.option, "***", format!("it does not open {}", path.display()))
    }
}
