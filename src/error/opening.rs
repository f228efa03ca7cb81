//! From the evidence of a failed attempt to open a connection to an error with its texts.

use std::time::Duration;

use super::{DialAttempt, Error, RejectedHandshake, Tries};
use crate::client::redirect::RedirectChain;
use crate::client::{EndpointConfig, FailedDial, FailedHandshake, OpenError};
use crate::config::CredentialSources;
use crate::event::{AttemptView, Mask};
use crate::net::DialError;
use crate::redact::Redaction;

/// What is known of a failed attempt beside its evidence.
#[derive(Clone, Debug)]
pub struct AttemptContext<'a> {
    /// What was to be opened.
    pub endpoint: &'a EndpointConfig,
    /// Where the credentials of the request come from.
    pub credential_sources: CredentialSources,
    /// How often it is attempted.
    pub tries: Tries,
    /// `--max-time`, if it has run out.
    pub max_time: Option<Duration>,
    /// What was expected first of the connection, if anything was. It is missed when `--max-time` runs out.
    pub awaited: Option<String>,
    /// The request is shown with the failure.
    pub shows_request: bool,
    /// The request is that of a client of `wscope proxy`.
    pub is_forwarded: bool,
}

impl Error {
    /// The failure to open a connection.
    pub fn opening(error: OpenError, context: &AttemptContext<'_>) -> Self {
        let rejected = match error {
            OpenError::Interrupted(interrupted, None) => return Self::Signal(interrupted.0),
            OpenError::Interrupted(interrupted, Some(failure)) => {
                let failure = Self::opening(*failure, context);
                return Self::Interrupted(interrupted.0, Box::new(failure));
            }
            OpenError::Dial(failed) => return dial(*failed, context),
            OpenError::Handshake(failed) => Self::Upgrade(Box::new(rejected(*failed, context))),
            OpenError::Redirect(failed, error) => {
                let rejected = Box::new(rejected(*failed, context));
                let error = error.masked(rejected.redaction, &rejected.secrets);
                Self::Redirect(rejected, error)
            }
        };
        match &context.awaited {
            Some(awaited) if context.max_time.is_some() => {
                Self::Unmet(vec![awaited.clone()], Some(Box::new(rejected)))
            }
            _ => rejected,
        }
    }
}

fn dial(failed: FailedDial, context: &AttemptContext<'_>) -> Error {
    let FailedDial { mut error, chain } = failed;
    if let DialError::Proxy(proxy) = &mut error {
        proxy.request.take_if(|_| !context.shows_request);
        proxy.secrets = std::mem::take(&mut proxy.secrets).and(chain.secrets.clone());
    }
    let attempt = |max_time| {
        Box::new(DialAttempt {
            tries: context.tries,
            is_redirected: !chain.previous.is_empty(),
            attempt: AttemptView {
                url: url(&chain, context.endpoint.redaction),
                ..AttemptView::default()
            },
            secrets: chain.secrets,
            max_time,
        })
    };
    match (&context.awaited, context.max_time) {
        (Some(awaited), Some(limit)) if error.is_timeout() => {
            let late = format!("not open within --max-time {limit:?}");
            let error = Error::Dial(error, attempt(None)); // the limit is named already
            Error::Unmet(vec![awaited.clone(), late], Some(Box::new(error)))
        }
        (_, max_time) => Error::Dial(error, attempt(max_time)),
    }
}

/// What was to be opened, without secrets.
fn url(chain: &RedirectChain, redaction: Redaction) -> String {
    Mask::new(redaction, &chain.secrets).url(&chain.target.url())
}

fn rejected(failed: FailedHandshake, context: &AttemptContext<'_>) -> RejectedHandshake {
    let FailedHandshake { error, interim, chain, request, replaced, remote, tls, secrets, .. } =
        failed;
    let (endpoint, target) = (context.endpoint, &chain.target);
    let (path, query) = target.resource.split_once('?').unwrap_or((&target.resource, ""));
    let mask = |text: String| secrets.mask_text(text);
    RejectedHandshake {
        error,
        interim,
        via: remote.via().map(ToString::to_string),
        tls: tls.map(|tls| tls.version),
        gave_certificate: failed.has_certificate,
        speaks_tls: failed.speaks_tls,
        is_forwarded: context.is_forwarded,
        sent_origin: request.head.value("Origin").is_some(),
        offered: request.subprotocols().iter().cloned().map(mask).collect(),
        path: chain.secrets.mask_text(path.to_owned()),
        query: query.to_owned(),
        host: request.head.value("Host").map(mask),
        replaced: replaced.into_iter().map(|(name, value)| (name, value.map(mask))).collect(),
        asked_upgrade: request.asks_for_websocket(),
        credentials: context.credential_sources.sent(&target.resource, &request.head),
        limit: endpoint.connect_timeout.unwrap_or_default(),
        max_time: context.max_time,
        redaction: endpoint.redaction,
        tries: context.tries,
        follows: endpoint.max_redirects.is_some(),
        request: context
            .shows_request
            .then(|| Mask::new(endpoint.redaction, &chain.secrets).head(&request.head)),
        request_shown: failed.is_request_sent,
        attempt: AttemptView {
            url: url(&chain, endpoint.redaction),
            request: Some(Mask::new(endpoint.redaction, &chain.secrets).head(&request.head)),
            timings: Some(failed.timings),
            method: None,
        },
        secrets,
    }
}
