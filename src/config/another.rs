//! The configuration of a connection that is opened at the prompt: the options of the first one, for another URL.

use std::time::Duration;

use super::auth::{CredentialSources, basic_header};
use super::files::FileReader;
use super::route::target;
use super::secrets::{GivenValues, Used, secrets};
use super::{ConfigError, ConnectConfig, messages};
use crate::event::Level;
use crate::input::repl::Destination;
use crate::net::target::Target;
use crate::protocol::head::HeaderLine;

/// The time for reading files: the prompt waits for them.
const FILE_LIMIT: Duration = Duration::from_secs(5);

impl ConnectConfig {
    /// What the prompt has to know of it.
    pub fn destination(&self) -> Destination {
        Destination { messages: self.messages.clone(), secrets: self.endpoint.secrets.clone() }
    }

    /// The same options for another URL, under this name. Messages that are sent first are for the first URL only, and so are
    /// credentials, unless scheme, host and port are the same. The netrc file has those of each host.
    ///
    /// # Errors
    /// If the URL or the netrc file is not valid.
    pub fn for_url(&self, name: &str, url: &str) -> Result<Self, ConfigError> {
        let target = target(url, self.endpoint.route.socket.is_some())?;
        let is_same = messages::endpoint(&target) == messages::endpoint(&self.endpoint.target);
        let mut next = Self {
            warns_unchecked: false,
            notices: Vec::new(),
            presets: Vec::new(),
            name: name.to_owned(),
            ..self.clone()
        };
        if !is_same {
            next.messages = messages::beside(self.messages.as_deref(), &target);
        }
        let files = FileReader::new(Some(FILE_LIMIT));
        let own = next.own_authorization(&target, &files)?;
        let passwords = self.netrc.as_ref().map(|netrc| netrc.passwords(&target, &files));
        let used = Used {
            target: Some(&target),
            passwords: passwords.unwrap_or_default(),
            ..Used::default()
        };
        let own_secrets = secrets(&GivenValues::typed(&[]), &used, &files);
        next.endpoint.secrets = next.endpoint.secrets.and(own_secrets);
        let mut left_out = next.endpoint.retarget(target);
        if self.credential_sources.are_of_netrc() {
            left_out.retain(|name| name != "Authorization");
        }
        if !left_out.is_empty() {
            let [first, other] = Target::names_of(&self.endpoint.target, &next.endpoint.target);
            let text =
                format!("given for {first} and not sent to {other}: {}", left_out.join(", "));
            next.notices.push((Level::Warning, text));
        }
        if let Some((header, sources)) = own {
            next.authorize(header, sources);
        }
        Ok(next)
    }

    /// The credentials in the URL of another connection, or those that the netrc file has for it.
    fn own_authorization(
        &mut self,
        target: &Target,
        files: &FileReader,
    ) -> Result<Option<(HeaderLine, CredentialSources)>, ConfigError> {
        let login = target.credentials.as_ref();
        if let Some(login) = login
            && let Some(password) = &login.password
        {
            return Ok(Some((basic_header(&login.user, password), CredentialSources::of_url())));
        }
        // The credentials of the first connection are kept for the same server.
        let is_same = target.has_same_origin(&self.endpoint.target);
        if let Some(netrc) = self.netrc.as_ref().filter(|_| !is_same || login.is_some())
            && let Some(header) = netrc.authorization(target, false, files, &mut self.notices)?
        {
            return Ok(Some((header, CredentialSources::of_netrc())));
        }
        Ok(login.map(|login| (basic_header(&login.user, ""), CredentialSources::of_url())))
    }

    /// Sends these credentials, unless a header of the user's own takes precedence.
    fn authorize(&mut self, header: HeaderLine, sources: CredentialSources) {
        let handshake = &mut self.endpoint.handshake;
        if handshake.headers.iter().any(|line| line.is("Authorization")) {
            return;
        }
        handshake.credentials.retain(|line| !line.is("Authorization"));
        handshake.credentials.push(header);
        self.credential_sources = sources;
    }
}
