//! The configuration of a connection that is opened at the prompt: the options of the first one, for another URL.

use super::auth::{CredentialSources, basic_header};
use super::secrets::{GivenValues, Used, secrets};
use super::{ConfigError, ConnectConfig};
use crate::config::files::FileReader;
use crate::event::Level;
use crate::input::repl::check_name;
use crate::net::target::Target;

/// What is wrong with a URL, if anything.
///
/// # Errors
/// That, as text.
pub fn check_url(url: &str) -> Result<(), String> {
    Target::parse(url).map(drop).map_err(|error| ConfigError::Target(error).to_string())
}

impl ConnectConfig {
    /// With the name of its endpoint, if that can be one of a connection.
    #[must_use]
    pub fn named(self, endpoint: Option<String>) -> Self {
        let name = endpoint.filter(|name| check_name(name).is_ok());
        Self { name: name.unwrap_or(self.name), ..self }
    }

    /// The same options for another URL. Messages that are sent first are for the first URL only, and so are
    /// credentials, unless scheme, host and port are the same.
    ///
    /// # Errors
    /// If the URL is not valid.
    pub fn for_url(&self, url: &str) -> Result<Self, ConfigError> {
        let target = Target::parse(url).map_err(ConfigError::Target)?;
        let mut config = self.clone();
        config.notices.clear();
        config.presets.clear();
        config.warns_unchecked = false;
        let first = config.endpoint.target.host_header();
        let used = Used { target: Some(&target), ..Used::default() };
        let own = secrets(&GivenValues::typed(&[]), &used, &FileReader::new(None));
        config.endpoint.secrets = config.endpoint.secrets.and(own);
        let login = target.credentials.clone();
        let left_out = config.endpoint.retarget(target);
        if !left_out.is_empty() {
            let (other, what) = (config.endpoint.target.host_header(), left_out.join(", "));
            let text = format!("given for {first} and not sent to {other}: {what}");
            config.notices.push((Level::Warning, text));
        }
        let handshake = &mut config.endpoint.handshake;
        let is_replaced = handshake.headers.iter().any(|line| line.is("Authorization"));
        if let Some(login) = login.filter(|_| !is_replaced) {
            handshake.credentials.retain(|line| !line.is("Authorization"));
            let password = login.password.as_deref().unwrap_or_default();
            handshake.credentials.push(basic_header(&login.user, password));
            config.credential_sources = CredentialSources::of_url();
        }
        Ok(config)
    }
}
