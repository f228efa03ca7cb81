//! Texts for what did not become a connection.

use super::upstream::{NoUpstream, Upstream};
use super::{Client, ClientRequest};
use crate::client::{FailedHandshake, OpenError, RedirectChain};
use crate::commands::proxy::connections::NotAdmitted;
use crate::commands::proxy::server::Server;
use crate::error::{AttemptContext, Error, Tries};
use crate::event::{AttemptView, Failure, FailureKind, Mask, ProxyClosed};
use crate::net::Target;
use crate::net::upgrade::{Interim, UpgradeError};
use crate::protocol::forward::Refused;
use crate::protocol::handshake::Request;
use crate::protocol::head::parse_request;
use crate::redact::Secrets;
use crate::server::{AcceptError, Rejected, Rejection};

impl Client<'_> {
    /// The status and text sent to the client when connecting to the server failed, and the error.
    pub(super) fn no_upstream(&self, why: NoUpstream) -> (Refused, Error) {
        match why {
            NoUpstream::Open(OpenError::Interrupted(..)) => {
                let refused = self.server.not_admitted(NotAdmitted::Ending);
                let error = Error::ProxyRefused(refused.reason.clone());
                (refused, error)
            }
            NoUpstream::Open(error) => {
                let error = Error::opening(error, &context(self.server));
                let status = if error.exit_code() == 7 { 504 } else { 502 };
                (Refused::new(status, error.message()), error)
            }
            NoUpstream::Loop(remote) => {
                let text =
                    format!("{remote} is the address of this proxy, which would connect to itself");
                let refused = Refused::new(502, &text);
                (refused, Error::ProxyRefused(text))
            }
            NoUpstream::System(error) => {
                let error = Error::System("connection to the server".to_owned(), error);
                (Refused::new(502, error.message()), error)
            }
        }
    }
}

impl NoUpstream {
    /// With the URL that this request of a client was to be sent to, as `head` has it.
    pub(super) fn of_request(mut self, request: &ClientRequest, head: &[u8]) -> Self {
        if let Self::Open(OpenError::Dial(failed)) = &mut self
            && let Ok(Some((line, _))) = parse_request(head)
        {
            failed.chain.target.resource = line.target;
            let secrets = std::mem::take(&mut failed.chain.secrets);
            failed.chain.secrets = secrets.and(request.secrets.clone());
        }
        self
    }
}

fn context(server: &Server) -> AttemptContext<'_> {
    AttemptContext {
        endpoint: &server.config.endpoint,
        credential_sources: server.config.credential_sources,
        tries: Tries::Several, // the client may try again
        max_time: None,
        awaited: None,
        shows_request: false,
        is_forwarded: true,
    }
}

/// The error of an opening handshake that the server refused, or did not answer.
pub(super) fn handshake_failed(
    server: &Server,
    (request, resource, secrets): (Request, &str, Secrets),
    upstream: &Upstream,
    (error, interim): (UpgradeError, Vec<Interim>),
) -> Error {
    let endpoint = &server.config.endpoint;
    let target = Target { resource: resource.to_owned(), ..endpoint.target.clone() };
    let failed = FailedHandshake {
        at: std::time::Instant::now(),
        error,
        interim,
        chain: RedirectChain::new(target),
        request,
        is_request_sent: true,
        replaced: Vec::new(),
        remote: upstream.remote.clone(),
        tls: upstream.tls.clone(),
        timings: upstream.timings,
        has_certificate: endpoint.tls.options().identity.is_some(),
        speaks_tls: None,
        secrets,
    };
    Error::opening(OpenError::Handshake(Box::new(failed)), &context(server))
}

/// A request that the proxy itself refuses.
pub(super) fn refusal(
    client: &Client<'_>,
    request: Option<&ClientRequest>,
    refused: &Refused,
) -> Failure {
    let text =
        format!("request from {} refused: {}: {}", client.remote, refused.status, refused.reason);
    let Some(request) = request else { return Failure::new(FailureKind::Handshake, text) };
    let mask = Mask::new(client.server.config.redaction, &request.secrets);
    let head = mask.head(&request.head);
    let attempt = AttemptView::received(mask.url(&request.line.target), head.clone());
    Failure {
        request: Some(head),
        attempt: Some(Box::new(attempt)),
        ..Failure::new(FailureKind::Handshake, mask.text(text))
    }
}

/// A connection without a request that can be forwarded; `None` if that is not worth a line.
pub(super) fn unreadable(rejected: &Rejected, server: &Server) -> Option<Failure> {
    let Rejection::Failed(error) = &rejected.rejection else { return None };
    let is_verbose = server.config.commentary.detail >= crate::output::human::Detail::Control;
    let remote = rejected.remote;
    let text = match error {
        AcceptError::Ended(_, 0) if !is_verbose => return None,
        AcceptError::Ended(end, 0) => {
            format!("{remote} ended the connection without a request: {end}")
        }
        AcceptError::Ended(end, _) => {
            format!("{remote} ended the connection within its request: {end}")
        }
        AcceptError::Tls(reason) => format!("TLS handshake with {remote} failed: {reason}"),
        AcceptError::TlsTimedOut => {
            format!("{remote} did not complete the TLS handshake in time (--handshake-timeout)")
        }
        AcceptError::Unreadable(error) => {
            // The error quotes the line, and a line that is not a request line may be a secret.
            let reason = Refused::unreadable(error).reason;
            format!("request from {remote} is not HTTP/1.1: {reason}")
        }
        AcceptError::TimedOut(_) => {
            format!("{remote} did not send a complete request in time (--handshake-timeout)")
        }
        AcceptError::Evicted(_) => return None,
        AcceptError::Unanswered(end) => format!("{remote} did not receive the response: {end}"),
        AcceptError::System(error) => format!("client {remote}: {error}"),
    };
    Some(Failure::new(FailureKind::Handshake, text))
}

/// Whether a connection ended as `wscope URL` with exit status 0 would.
pub(super) fn is_normal(closed: &ProxyClosed) -> bool {
    matches!(closed.code().get(), 1000 | 1001 | 1005) && !closed.leaves_client_unanswered()
}
