//! Why a connection could not be opened: the evidence, without texts for users.

use std::time::Instant;

use super::redirect::{RedirectChain, RedirectError};
use crate::net::tls::TlsInfo;
use crate::net::upgrade::{Interim, UpgradeError};
use crate::net::{DialError, Interrupted, Remote, Timings};
use crate::protocol::handshake::Request;
use crate::redact::Secrets;

/// Why a connection could not be opened.
#[derive(Debug)]
pub enum OpenError {
    /// The server could not be reached.
    Dial(Box<FailedDial>),
    /// The opening handshake failed.
    Handshake(Box<FailedHandshake>),
    /// The server redirects, and the redirect is not followed.
    Redirect(Box<FailedHandshake>, RedirectError),
    /// A signal was received, if during a second connection that was to explain a failure, with that.
    Interrupted(Interrupted, Option<Box<OpenError>>),
}

impl OpenError {
    /// When it failed, if a second connection may have been made after that.
    pub fn failed_at(&self) -> Option<Instant> {
        match self {
            Self::Dial(failed) => failed.error.failed_at(),
            Self::Handshake(failed) | Self::Redirect(failed, _) => Some(failed.at),
            Self::Interrupted(_, failure) => failure.as_ref()?.failed_at(),
        }
    }
}

/// A server that could not be reached.
#[derive(Debug)]
pub struct FailedDial {
    /// The reason.
    pub error: DialError,
    /// The server.
    pub chain: RedirectChain,
}

/// An opening handshake that failed.
#[derive(Debug)]
pub struct FailedHandshake {
    /// When it failed.
    pub at: Instant,
    /// What the server did.
    pub error: UpgradeError,
    /// The interim responses before that.
    pub interim: Vec<Interim>,
    /// Where the request was sent to.
    pub chain: RedirectChain,
    /// The request.
    pub request: Request,
    /// The request was sent completely.
    pub is_request_sent: bool,
    /// Which of the handshake's own headers the user replaced, with the new value, or removed.
    pub replaced: Vec<(&'static str, Option<String>)>,
    /// The other end of the connection.
    pub remote: Remote,
    /// TLS on it.
    pub tls: Option<TlsInfo>,
    /// How long each phase took, up to the response head; that of the handshake only if there was one.
    pub timings: Timings,
    /// There was a client certificate for a server that requests one.
    pub has_certificate: bool,
    /// Whether the server answers in TLS on a second connection; `None`: that was not tested.
    pub speaks_tls: Option<bool>,
    /// Secrets that the server's response may contain.
    pub secrets: Secrets,
}
