//! What to connect to, and how.

use std::time::Duration;

use super::redirect::RedirectChain;
use crate::net::Target;
use crate::net::dial::DialOptions;
use crate::net::route::RouteOptions;
use crate::net::tls::{ClientContext, TlsOptions};
use crate::protocol::head::HeaderLine;
use crate::redact::{Redaction, Secrets};

/// Everything that opening a connection depends on.
#[derive(Clone, Debug)]
pub struct EndpointConfig {
    /// The URL.
    pub target: Target,
    /// Addresses and proxies.
    pub route: RouteOptions,
    /// For wss.
    pub tls: EndpointTls,
    /// For https proxies.
    pub proxy_tls: ClientContext,
    /// The request.
    pub handshake: HandshakeConfig,
    /// Lines of responses that are not header fields are accepted.
    pub lenient: bool,
    /// The maximum number of redirects that are followed; `None`: a redirect is a refusal.
    pub max_redirects: Option<usize>,
    /// Limit on everything up to the end of the opening handshake.
    pub connect_timeout: Option<Duration>,
    /// After a connection over TCP that ended without a response, a second one determines whether the server
    /// expects TLS.
    pub probes_tls: bool,
    /// Whether secrets are masked.
    pub redaction: Redaction,
    /// All secrets that were given, sent or not.
    pub secrets: Secrets,
}

impl EndpointConfig {
    /// Changes the target. Credentials, a Host header of the user's own, and a client certificate are only for the
    /// scheme, host and port that they were given for. Returns what is left out now.
    pub fn retarget(&mut self, target: Target) -> Vec<String> {
        let is_same = target.has_same_origin(&self.target);
        self.target = target;
        if is_same {
            return Vec::new();
        }
        let chain = RedirectChain { is_foreign: true, ..RedirectChain::new(self.target.clone()) };
        let HandshakeConfig { credentials, headers, subprotocols, .. } = &mut self.handshake;
        let mut left_out = Vec::new();
        for lines in [credentials, headers] {
            lines.retain(|line| {
                let is_kept = line.is_removal || chain.allows_header(line);
                if !is_kept && !left_out.contains(&line.name) {
                    left_out.push(line.name.clone());
                }
                is_kept
            });
        }
        let allowed: Vec<_> =
            chain.allowed_subprotocols(subprotocols).into_iter().cloned().collect();
        if allowed.len() < subprotocols.len() {
            left_out.push("a subprotocol with a token".to_owned());
            *subprotocols = allowed;
        }
        if self.tls.drop_own() {
            left_out.push("the client certificate or --servername".to_owned());
        }
        left_out
    }

    /// How to dial the server of this configuration, or one that a redirect leads to (`is_foreign`).
    pub(super) fn dial_options(&self, is_foreign: bool) -> DialOptions<'_> {
        DialOptions {
            route: &self.route,
            tls: self.tls.context(is_foreign),
            proxy_tls: &self.proxy_tls,
            user_agent: &self.handshake.user_agent,
            lenient: self.lenient,
            redaction: self.redaction,
        }
    }

    /// The given secrets, if secrets are masked.
    pub(super) fn masked_secrets(&self) -> Secrets {
        match self.redaction {
            Redaction::Mask => self.secrets.clone(),
            Redaction::Show => Secrets::default(),
        }
    }
}

/// The fields of the request.
#[derive(Clone, Debug)]
pub struct HandshakeConfig {
    /// Offered subprotocols, in order of preference.
    pub subprotocols: Vec<String>,
    /// Origin header.
    pub origin: Option<String>,
    /// User-Agent header, also for HTTP proxies; empty: none.
    pub user_agent: String,
    /// Authorization and Cookie, from options and files.
    pub credentials: Vec<HeaderLine>,
    /// The user's own headers.
    pub headers: Vec<HeaderLine>,
    /// Extensions to offer.
    pub extensions: Option<String>,
}

/// TLS with the server of a configuration, and with those that redirects lead to: a client certificate and
/// `--servername` are not used for these.
#[derive(Clone, Debug)]
pub struct EndpointTls {
    own: ClientContext,
    /// `None`: the same as `own`.
    foreign: Option<ClientContext>,
}

impl EndpointTls {
    /// With these options for the server of the configuration.
    pub fn new(options: TlsOptions) -> Self {
        let foreign = options.for_other_hosts().map(ClientContext::new);
        Self { own: ClientContext::new(options), foreign }
    }

    /// Drops what is for the server of this configuration only. Returns whether there was anything.
    fn drop_own(&mut self) -> bool {
        let foreign = self.foreign.take();
        let is_changed = foreign.is_some();
        self.own = foreign.unwrap_or_else(|| std::mem::take(&mut self.own));
        is_changed
    }

    /// The options for the server of the configuration.
    pub fn options(&self) -> &TlsOptions {
        self.own.options()
    }

    fn context(&self, is_foreign: bool) -> &ClientContext {
        self.foreign.as_ref().filter(|_| is_foreign).unwrap_or(&self.own)
    }
}
