//! What is known of an attempt to connect that failed.

use std::time::Duration;

use crate::config::SentCredentials;
use crate::event::{AttemptView, HeadView};
use crate::net::upgrade::{Interim, UpgradeError};
use crate::redact::{Redaction, Secrets};

/// Whether a failed attempt is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tries {
    /// There is one attempt.
    One,
    /// There are several attempts, with `--retry` or `--reconnect`, or whenever the user wants at a prompt that stays.
    Several,
}

/// Details of a failed attempt to connect.
#[derive(Clone, Debug)]
pub struct DialAttempt {
    /// Whether it is repeated.
    pub tries: Tries,
    /// Secrets that a redirect may have put into the host name, to be masked.
    pub secrets: Secrets,
    /// The target is from a redirect.
    pub is_redirected: bool,
    /// `--max-time`, if it has run out.
    pub max_time: Option<Duration>,
    /// What was to be opened, for events.
    pub attempt: AttemptView,
}

/// A failed opening handshake, with details to explain it.
#[derive(Debug)]
pub struct RejectedHandshake {
    /// The error.
    pub error: UpgradeError,
    /// The interim responses received before it.
    pub interim: Vec<Interim>,
    /// A description of the proxy.
    pub via: Option<String>,
    /// The TLS version of the connection.
    pub tls: Option<String>,
    /// A client certificate was configured.
    pub gave_certificate: bool,
    /// Whether the server answers in TLS on a second connection, if that was tested.
    pub speaks_tls: Option<bool>,
    /// The request was that of a client of `wscope proxy`: hints about options would not be about it.
    pub is_forwarded: bool,
    /// The request had an Origin header.
    pub sent_origin: bool,
    /// The subprotocols that the request offered, without secrets.
    pub offered: Vec<String>,
    /// The requested path, without its query.
    pub path: String,
    /// The requested query. It may contain secrets and is never shown.
    pub query: String,
    /// The Host header of the request, without secrets.
    pub host: Option<String>,
    /// The headers of the handshake that -H replaced, with the new value without secrets, or removed.
    pub replaced: Vec<(&'static str, Option<String>)>,
    /// The request had Upgrade and Connection for an upgrade to websocket.
    pub asked_upgrade: bool,
    /// The credentials in the request.
    pub credentials: Option<SentCredentials>,
    /// Secrets that the server may repeat, to be masked.
    pub secrets: Secrets,
    /// `--connect-timeout`.
    pub limit: Duration,
    /// `--max-time`, if it has run out.
    pub max_time: Option<Duration>,
    /// Whether secrets are masked.
    pub redaction: Redaction,
    /// Redirects are followed.
    pub follows: bool,
    /// Whether it is repeated.
    pub tries: Tries,
    /// The request, if it is shown.
    pub request: Option<HeadView>,
    /// The request was already shown when it was sent.
    pub request_shown: bool,
    /// The same attempt, for events.
    pub attempt: AttemptView,
}

impl RejectedHandshake {
    /// The value with which -H replaced this header of the handshake; `Some(None)` if it removed it.
    pub(super) fn replaced(&self, name: &str) -> Option<Option<&str>> {
        let replaced = self.replaced.iter().find(|(replaced, _)| *replaced == name);
        replaced.map(|(_, value)| value.as_deref())
    }
}
