//! Why there is no open connection: the evidence, without texts for users.

use super::redirect::{RedirectChain, RedirectError};
use crate::net::tls::TlsInfo;
use crate::net::upgrade::{Interim, UpgradeError};
use crate::net::{DialError, Interrupted, Remote};
use crate::protocol::handshake::Request;
use crate::redact::Secrets;

/// Why there is no open connection.
#[derive(Debug)]
pub enum OpenError {
    /// The server was not reached.
    Dial(Box<FailedDial>),
    /// The opening handshake failed.
    Handshake(Box<FailedHandshake>),
    /// The server redirects, and that is not followed.
    Redirect(Box<FailedHandshake>, RedirectError),
    /// A signal came.
    Interrupted(Interrupted),
}

/// A server that was not reached.
#[derive(Debug)]
pub struct FailedDial {
    /// Why.
    pub error: DialError,
    /// Which server.
    pub chain: RedirectChain,
}

/// An opening handshake that failed.
#[derive(Debug)]
pub struct FailedHandshake {
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
    /// There was a client certificate for a server that requests one.
    pub has_certificate: bool,
    /// Whether the server answers in TLS on a second connection; `None`: that was not tested.
    pub speaks_tls: Option<bool>,
    /// What must not be shown of the server's response.
    pub secrets: Secrets,
}
