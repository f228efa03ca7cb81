//! Opens a connection from its configuration, and follows redirects if that is configured.

use std::time::Instant;

use super::endpoint::EndpointConfig;
use super::error::{FailedDial, FailedHandshake, OpenError};
use super::redirect::{RedirectChain, RedirectError, is_redirect};
use super::request;
use crate::net::dial::{answers_in_tls, certificate_name};
use crate::net::tls::{TlsFailure, TlsInfo};
use crate::net::tunnel::Heads;
use crate::net::upgrade::{
    Interim, ServerResponse, UpgradeError, UpgradeFailed, Upgraded, upgrade,
};
use crate::net::{Deadline, DialError, Dialed, Reactor, Remote, Stream, Timings, dial};
use crate::protocol::handshake::Request;
use crate::protocol::head::{Head, StatusLine};
use crate::redact::Secrets;

/// A connection whose opening handshake succeeded.
#[derive(Debug)]
pub struct OpenConnection {
    /// The connection. Bytes already read after the response head are in `upgraded`.
    pub stream: Stream,
    /// The response and what was negotiated.
    pub upgraded: Upgraded,
    /// The request.
    pub request: Request,
    /// Where it was sent to.
    pub chain: RedirectChain,
    /// The other end.
    pub remote: Remote,
    /// The CONNECT request and its responses, with an HTTP proxy.
    pub proxy_heads: Option<Heads>,
    /// For wss.
    pub tls: Option<TlsInfo>,
    /// The time it took, without earlier redirects.
    pub timings: Timings,
    /// Secrets that the peer may repeat.
    pub secrets: Secrets,
}

impl OpenConnection {
    /// Whether subprotocols were offered and none was chosen. A client may fail the connection then
    /// (RFC 6455 section 4.1).
    pub fn lacks_subprotocol(&self) -> bool {
        !self.request.subprotocols().is_empty() && self.upgraded.agreement.subprotocol.is_none()
    }

    /// Whether permessage-deflate was not negotiated.
    pub fn lacks_compression(&self) -> bool {
        self.upgraded.agreement.deflate.is_none()
    }
}

/// Receives the events while a connection is opened.
pub trait OpenObserver {
    /// An HTTP proxy opened the tunnel to the target of `chain`. `secrets` must be masked in its response.
    fn tunnel_opened(&mut self, heads: &Heads, chain: &RedirectChain, secrets: &Secrets);

    /// The request was sent to the target of `chain`.
    fn request_sent(&mut self, request: &Request, chain: &RedirectChain);

    /// A redirect is followed.
    fn redirected(&mut self, redirect: &FollowedRedirect<'_>);
}

/// A redirect that is followed.
#[derive(Debug)]
pub struct FollowedRedirect<'a> {
    /// The request.
    pub request: &'a Request,
    /// The response.
    pub response: &'a ServerResponse,
    /// The interim responses before it.
    pub interim: &'a [Interim],
    /// The target that sent it.
    pub from: &'a RedirectChain,
    /// The target it leads to, with the secrets of all requests and responses so far.
    pub to: &'a RedirectChain,
    /// The next request lacks credentials, or a Host header of the user's own, that this one had.
    pub drops_credentials: bool,
}

/// Opens a connection, all within `deadline`.
///
/// # Errors
/// With the evidence of what failed, at the first failure.
pub fn open(
    endpoint: &EndpointConfig,
    deadline: Deadline,
    reactor: &mut Reactor,
    observer: &mut dyn OpenObserver,
) -> Result<OpenConnection, OpenError> {
    let mut opener = Opener { endpoint, deadline, reactor, observer };
    let mut chain = RedirectChain::new(endpoint.target.clone());
    loop {
        match opener.open(chain) {
            Err(OpenError::Handshake(failed)) => chain = opener.follow(failed)?,
            outcome => return outcome,
        }
    }
}

/// Connects to the server of `endpoint`, without an opening handshake.
///
/// # Errors
/// With the evidence of what failed.
pub fn dial_only(
    endpoint: &EndpointConfig,
    deadline: Deadline,
    reactor: &mut Reactor,
) -> Result<Dialed, OpenError> {
    dial(&endpoint.target, endpoint.dial_options(false), reactor, deadline)
        .map_err(|error| dial_failed(error, RedirectChain::new(endpoint.target.clone())))
}

struct Opener<'a> {
    endpoint: &'a EndpointConfig,
    deadline: Deadline,
    reactor: &'a mut Reactor,
    observer: &'a mut dyn OpenObserver,
}

impl Opener<'_> {
    /// Opens a connection to the current target of `chain`.
    fn open(&mut self, chain: RedirectChain) -> Result<OpenConnection, OpenError> {
        let endpoint = self.endpoint;
        let request = request::build(endpoint, &chain);
        let options = endpoint.dial_options(chain.is_foreign);
        let dialed = match dial(&chain.target, options, self.reactor, self.deadline) {
            Ok(dialed) => dialed,
            Err(error) => return Err(dial_failed(error, chain)),
        };
        let Dialed { mut stream, remote, heads: proxy_heads, tls, mut timings } = dialed;
        let mut secrets = sent_secrets(endpoint, &request, &chain);
        secrets = secrets.and(proxy_secrets(endpoint, &remote, proxy_heads.as_ref()));
        if let Some(heads) = &proxy_heads {
            self.observer.tunnel_opened(heads, &chain, &secrets);
        }
        let (outcome, is_request_sent) = self.upgrade(&mut stream, &request, &chain);
        let upgraded = match outcome {
            Ok(upgraded) => upgraded,
            Err(UpgradeFailed { error, interim, took }) => {
                drop(stream);
                timings.add_upgrade(took);
                return Err(self.handshake_failed(FailedHandshake {
                    at: Instant::now(),
                    interim,
                    request,
                    is_request_sent,
                    replaced: request::replaced_headers(endpoint, &chain),
                    chain,
                    remote,
                    tls,
                    timings,
                    has_certificate: options.tls.options().identity.is_some(),
                    speaks_tls: None,
                    secrets: secrets.and(response_secrets(endpoint, &error)),
                    error,
                }));
            }
        };
        timings.add_upgrade(Some(upgraded.took));
        Ok(OpenConnection {
            stream,
            upgraded,
            request,
            chain,
            remote,
            proxy_heads,
            tls,
            timings,
            secrets,
        })
    }

    /// The opening handshake, and whether the request was sent.
    fn upgrade(
        &mut self,
        stream: &mut Stream,
        request: &Request,
        chain: &RedirectChain,
    ) -> (Result<Upgraded, UpgradeFailed>, bool) {
        let (endpoint, mut is_sent) = (self.endpoint, false);
        let on_sent = || {
            is_sent = true;
            self.observer.request_sent(request, chain);
        };
        let is_followed = |line: &StatusLine, head: &Head| {
            matches!(redirected(endpoint, chain, line, head), Some(Ok(_)))
        };
        let (reactor, deadline) = (&mut *self.reactor, self.deadline);
        let outcome =
            upgrade(stream, request, reactor, deadline, endpoint.lenient, on_sent, is_followed);
        (outcome, is_sent)
    }

    /// The failure as an error, with the evidence of a second connection, if one is made.
    fn handshake_failed(&mut self, mut failed: FailedHandshake) -> OpenError {
        let options = self.endpoint.dial_options(failed.chain.is_foreign);
        match failed.error {
            UpgradeError::Interrupted(interrupted) => {
                return OpenError::Interrupted(interrupted, None);
            }
            UpgradeError::Tls(reason) => {
                let options = options.tls.options();
                let name = certificate_name(&failed.chain.target, options);
                let remote = failed.remote.to_string();
                let failure = TlsFailure::new(remote, name, reason, &[], options);
                return dial_failed(DialError::Tls(Box::new(failure)), failed.chain);
            }
            UpgradeError::Ended(_, ref received)
                if self.endpoint.probes_tls
                    && received.is_empty()
                    && failed.interim.is_empty()
                    && !failed.chain.target.scheme.is_tls() =>
            {
                let (remote, target) = (&failed.remote, &failed.chain.target);
                match answers_in_tls(remote, target, options, self.reactor, self.deadline) {
                    Ok(speaks_tls) => failed.speaks_tls = speaks_tls,
                    Err(interrupted) => {
                        let failure = Box::new(OpenError::Handshake(Box::new(failed)));
                        return OpenError::Interrupted(interrupted, Some(failure));
                    }
                }
            }
            _ => {}
        }
        OpenError::Handshake(Box::new(failed))
    }

    /// The target of the response, if it is a redirect that is followed.
    fn follow(&mut self, failed: Box<FailedHandshake>) -> Result<RedirectChain, OpenError> {
        let UpgradeError::Refused(response) = &failed.error else {
            return Err(OpenError::Handshake(failed));
        };
        let from = &failed.chain;
        let mut to = match redirected(self.endpoint, from, &response.line, &response.head) {
            Some(Ok(to)) => to,
            Some(Err(error)) => return Err(OpenError::Redirect(failed, error)),
            None => return Err(OpenError::Handshake(failed)),
        };
        // Including those in fields with white space before the colon.
        let head = response.head.lenient();
        let received = Secrets::of_response(self.endpoint.redaction, head.fields());
        to.secrets = failed.secrets.clone().and(received);
        self.observer.redirected(&FollowedRedirect {
            request: &failed.request,
            response,
            interim: &failed.interim,
            from,
            to: &to,
            drops_credentials: request::drops_credentials(self.endpoint, from, &to),
        });
        Ok(to)
    }
}

fn dial_failed(error: DialError, chain: RedirectChain) -> OpenError {
    match error {
        DialError::Interrupted(interrupted, failure) => {
            let failure = failure.map(|failure| Box::new(dial_failed(*failure, chain)));
            OpenError::Interrupted(interrupted, failure)
        }
        error => OpenError::Dial(Box::new(FailedDial { error, chain })),
    }
}

/// The target of this response, or why it is not followed; `None` if it is not a redirect to follow.
fn redirected(
    endpoint: &EndpointConfig,
    chain: &RedirectChain,
    line: &StatusLine,
    head: &Head,
) -> Option<Result<RedirectChain, RedirectError>> {
    let max = endpoint.max_redirects.filter(|_| is_redirect(line.status))?;
    let location = head.judged(endpoint.lenient).value("Location");
    Some(chain.redirected(location.as_deref(), max))
}

/// Secrets that the server may repeat, from the requests to it and to those before it.
fn sent_secrets(endpoint: &EndpointConfig, request: &Request, chain: &RedirectChain) -> Secrets {
    let (resource, fields) = (&chain.target.resource, request.head.fields());
    Secrets::of_request(endpoint.redaction, resource, fields)
        .and(chain.secrets.clone())
        .and(endpoint.masked_secrets())
}

/// The secrets sent to a proxy, which may have passed them on to the server.
fn proxy_secrets(endpoint: &EndpointConfig, remote: &Remote, heads: Option<&Heads>) -> Secrets {
    let redaction = endpoint.redaction;
    match (remote.via(), heads) {
        (_, Some(heads)) => Secrets::of_request(redaction, "", heads.request.fields()),
        (Some(via), None) => via.proxy.secrets(redaction),
        (None, None) => Secrets::default(),
    }
}

/// The tokens in the response of a server that chose a subprotocol which was not offered.
fn response_secrets(endpoint: &EndpointConfig, error: &UpgradeError) -> Secrets {
    let UpgradeError::Invalid(response, _) = error else { return Secrets::default() };
    let is_subprotocol = |name: &str| name.eq_ignore_ascii_case("Sec-WebSocket-Protocol");
    let fields = response.head.fields().filter(|(name, _)| is_subprotocol(name));
    Secrets::of_response(endpoint.redaction, fields)
}
