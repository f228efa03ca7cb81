//! The server that `wscope URL` and `wscope proxy` connect to.

use std::time::Duration;

use super::auth::{CredentialSources, NetrcFile, auth};
use super::files::FileReader;
use super::route::{proxy_tls, route};
use super::secrets::{GivenValues, Used, secrets};
use super::tls::tls;
use super::{ConfigError, Env};
use crate::cli::{AuthArgs, RouteArgs, TlsArgs};
use crate::client::{EndpointConfig, EndpointTls, HandshakeConfig};
use crate::event::Level;
use crate::net::proxy::Choice;
use crate::net::target::Target;
use crate::net::tls::ClientContext;
use crate::protocol::head::HeaderLine;
use crate::redact::{Redaction, Secrets};

/// The options of both commands, and what each has made of its own.
pub(super) struct EndpointOptions<'a> {
    pub(super) target: Target,
    /// Without credentials.
    pub(super) handshake: HandshakeConfig,
    pub(super) route: &'a RouteArgs,
    pub(super) tls: &'a TlsArgs,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) lenient: bool,
    pub(super) max_redirects: Option<usize>,
    pub(super) redaction: Redaction,
}

impl EndpointOptions<'_> {
    /// The endpoint without credentials and secrets; [`add_credentials`] adds these.
    ///
    /// # Errors
    /// With the first value that cannot be used.
    pub(super) fn resolve(
        mut self,
        env: &Env,
        files: &FileReader,
    ) -> Result<EndpointConfig, ConfigError> {
        let tls = tls(self.tls, files)?;
        Ok(EndpointConfig {
            route: route(self.route, &self.target, &mut self.handshake, env, files)?,
            target: self.target,
            proxy_tls: ClientContext::new(proxy_tls(self.route, &tls)),
            tls: EndpointTls::new(tls),
            handshake: self.handshake,
            lenient: self.lenient,
            max_redirects: self.max_redirects,
            connect_timeout: self.connect_timeout,
            probes_tls: false,
            redaction: self.redaction,
            secrets: Secrets::default(),
        })
    }
}

/// What is known of the credentials that were added to an endpoint.
pub(super) struct AddedCredentials {
    pub(super) sources: CredentialSources,
    pub(super) netrc: Option<NetrcFile>,
    pub(super) notices: Vec<(Level, String)>,
}

/// Adds the credentials, and all secrets that were given. This is the last step, as it may ask for a password.
///
/// # Errors
/// With the first value that cannot be used.
pub(super) fn add_credentials(
    endpoint: &mut EndpointConfig,
    args: &AuthArgs,
    given: &GivenValues,
    env: &Env,
    files: &FileReader,
) -> Result<AddedCredentials, ConfigError> {
    let EndpointConfig { target, handshake, .. } = &mut *endpoint;
    let credentials = auth(args, &handshake.headers, target, env, files)?;
    handshake.credentials = credentials.headers;
    let netrc = NetrcFile::new(args, env);
    let passwords = netrc.as_ref().map(|netrc| netrc.passwords(target, files));
    endpoint.secrets = given_secrets(endpoint, given, passwords.unwrap_or_default(), env, files);
    Ok(AddedCredentials { sources: credentials.sources, netrc, notices: credentials.notices })
}

fn given_secrets(
    endpoint: &EndpointConfig,
    given: &GivenValues,
    passwords: Vec<String>,
    env: &Env,
    files: &FileReader,
) -> Secrets {
    let handshake = &endpoint.handshake;
    let own = handshake.headers.iter().chain(&handshake.credentials);
    let used = Used {
        target: Some(&endpoint.target),
        headers: own.chain(&endpoint.route.proxy_headers).collect(),
        user: env.auth.user.as_ref(),
        bearer: env.auth.bearer.as_ref(),
        proxies: Some(&env.proxies),
        passwords,
    };
    let secrets = secrets(given, &used, files);
    match endpoint.route.choose(&endpoint.target) {
        Ok(Choice::Through(proxy, _)) => secrets.and(proxy.secrets(Redaction::Mask)),
        _ => secrets,
    }
}

/// Checks the value of `--origin` or `--user-agent`.
///
/// # Errors
/// If it cannot be that of a header field.
pub(super) fn check_field(option: &'static str, value: Option<&str>) -> Result<(), ConfigError> {
    let Some(value) = value else { return Ok(()) };
    match HeaderLine::parse(&format!("X: {value}")) {
        Ok(_) => Ok(()),
        Err(error) => Err(ConfigError::value(option, value, error)),
    }
}
