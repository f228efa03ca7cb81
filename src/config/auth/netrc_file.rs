//! The netrc file that options name, and what it has for a server.

use std::io::ErrorKind;
use std::path::PathBuf;

use super::{ask, checked, host_and_port, netrc};
use crate::cli::AuthArgs;
use crate::config::files::FileReader;
use crate::config::{ConfigError, Env, privacy};
use crate::event::Level;
use crate::net::target::Target;
use crate::platform::files::FileError;
use crate::protocol::head::HeaderLine;

/// The source of credentials from the file, as messages name it.
pub(super) const FROM_NETRC: &str = "from the netrc file";

/// A netrc file.
#[derive(Clone, Debug)]
pub struct NetrcFile {
    /// `--netrc` or `--netrc-file`
    option: &'static str,
    path: PathBuf,
}

impl NetrcFile {
    /// The file that options name.
    pub(in crate::config) fn new(args: &AuthArgs, env: &Env) -> Option<Self> {
        let (option, path) = match (&args.netrc_file, &env.auth.netrc) {
            (Some(path), _) => ("--netrc-file", path),
            (None, Some(path)) if args.netrc => ("--netrc", path),
            _ => return None,
        };
        Some(Self { option, path: path.clone() })
    }

    /// All passwords for the target, also those that are not used.
    pub(in crate::config) fn passwords(&self, target: &Target, files: &FileReader) -> Vec<String> {
        if !self.path.is_file() {
            return Vec::new();
        }
        let (host, port) = host_and_port(target);
        let text = files.long_text(self.option, &self.path);
        text.map_or_else(|_| Vec::new(), |text| netrc::passwords(&text, &host, port))
    }

    /// The header with the credentials for the target, of the user in its URL if there is one.
    pub(in crate::config) fn authorization(
        &self,
        target: &Target,
        may_ask: bool,
        files: &FileReader,
        notices: &mut Vec<(Level, String)>,
    ) -> Result<Option<HeaderLine>, ConfigError> {
        let login = target.credentials.as_ref().map(|credentials| credentials.user.as_str());
        let Some(entry) = self.entry(target, login, files, notices)? else { return Ok(None) };
        let user = entry.login.unwrap_or_default();
        let password = match entry.password {
            Some(password) => password,
            None => ask("--netrc", &user, target, may_ask, files)?,
        };
        checked("--netrc", &user, &password).map(Some)
    }

    fn entry(
        &self,
        target: &Target,
        login: Option<&str>,
        files: &FileReader,
        notices: &mut Vec<(Level, String)>,
    ) -> Result<Option<netrc::NetrcEntry>, ConfigError> {
        let Self { option, path } = self;
        let text = match files.long_text(option, path) {
            Err(ConfigError::File { error: FileError::Io(error), .. })
                if error.kind() == ErrorKind::NotFound && *option == "--netrc" =>
            {
                let text = format!("--netrc: no such file: {}", path.display());
                notices.push((Level::Warning, text));
                return Ok(None);
            }
            text => text?,
        };
        let (host, port) = host_and_port(target);
        let found = netrc::find(&text, &host, port, login).map_err(|fault| {
            let reason = format!("line {}: {}", fault.line, fault.reason);
            ConfigError::value(option, &path.to_string_lossy(), reason)
        })?;
        if found.is_none() {
            let text = format!("{option}: nothing for {host} in {}", path.display());
            notices.push((Level::Info, text));
        } else if privacy::others_may_read(path) {
            notices.push((Level::Warning, privacy::warning(path)));
        }
        Ok(found)
    }
}
