//! The configuration of a connection that is opened at the prompt: the options of the first one, for another URL.

use super::auth::{CredentialSources, basic_header};
use super::route::target;
use super::secrets::{GivenValues, Used, secrets};
use super::{ConfigError, ConnectConfig, messages};
use crate::client::HandshakeConfig;
use crate::config::files::FileReader;
use crate::event::Level;
use crate::input::repl::Destination;

impl ConnectConfig {
    /// What the prompt has to know of it.
    pub fn destination(&self) -> Destination {
        Destination { messages: self.messages.clone(), secrets: self.endpoint.secrets.clone() }
    }

    /// The same options for another URL, under this name. Messages that are sent first are for the first URL only, and so are
    /// credentials, unless scheme, host and port are the same.
    ///
    /// # Errors
    /// If the URL is not valid.
    pub fn for_url(&self, name: &str, url: &str) -> Result<Self, ConfigError> {
        let target = target(url, self.endpoint.route.socket.is_some())?;
        let used = Used { target: Some(&target), ..Used::default() };
        let own = secrets(&GivenValues::typed(&[]), &used, &FileReader::new(None));
        let login = target.credentials.clone();
        let is_same = messages::endpoint(&target) == messages::endpoint(&self.endpoint.target);
        let folder = self.messages.clone();
        let messages = if is_same { folder } else { messages::beside(folder.as_deref(), &target) };
        let mut endpoint = self.endpoint.clone();
        endpoint.secrets = endpoint.secrets.and(own);
        let first = endpoint.target.host_header();
        let left_out = endpoint.retarget(target);
        let mut notices = Vec::new();
        if !left_out.is_empty() {
            let (other, what) = (endpoint.target.host_header(), left_out.join(", "));
            let text = format!("given for {first} and not sent to {other}: {what}");
            notices.push((Level::Warning, text));
        }
        let mut credential_sources = self.credential_sources;
        let HandshakeConfig { headers, credentials, .. } = &mut endpoint.handshake;
        let is_replaced = headers.iter().any(|line| line.is("Authorization"));
        if let Some(login) = login.filter(|_| !is_replaced) {
            credentials.retain(|line| !line.is("Authorization"));
            let password = login.password.as_deref().unwrap_or_default();
            credentials.push(basic_header(&login.user, password));
            credential_sources = CredentialSources::of_url();
        }
        Ok(Self {
            endpoint,
            credential_sources,
            warns_unchecked: false,
            notices,
            presets: Vec::new(),
            messages,
            name: name.to_owned(),
            ..self.clone()
        })
    }
}
