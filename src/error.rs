//! Why a run failed: one variant a stage, each with its exit status, its words and its hint.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use crate::client::redirect::RedirectError;
use crate::config::{ConfigError, SentCredentials};
use crate::event::{
    Closed, FailedResponse, Failure, FailureKind, HeadView, Hop, InterimView, SilenceAdvice,
};
use crate::input::InputError;
use crate::net::DialError;
use crate::net::dial::ProxyCause;
use crate::net::tls::TlsFailure;
use crate::net::tunnel::Fault;
use crate::net::upgrade::{Interim, UpgradeError};
use crate::output::OutputError;
use crate::platform::signals::Signal;
use crate::protocol::body::MAX_KEPT;
use crate::protocol::keepalive::MissedPong;
use crate::redact::{Redaction, Secrets};

mod answer;
mod challenges;
mod hints;
mod opening;
mod proxy;
mod report;
mod text;
mod words;

use answer::Answer;
pub use opening::AttemptContext;
pub use report::report;

/// Why a run failed.
#[derive(Debug)]
pub enum Error {
    /// The command line cannot be carried out.
    Config(ConfigError),
    /// Wrong usage of another kind.
    Usage {
        /// What is wrong.
        message: String,
        /// What was meant, perhaps.
        hint: Option<String>,
    },
    /// There is no connection.
    Dial(DialError, Box<DialAttempt>),
    /// The opening handshake failed.
    Upgrade(Box<Rejected>),
    /// A redirect that is not followed.
    Redirect(Box<Rejected>, RedirectError),
    /// No subprotocol was chosen, and `--strict` wants one.
    NoSubprotocol {
        /// Those that were offered.
        offered: Vec<String>,
        /// The request, if it is to be shown, and the response.
        heads: Box<(Option<HeadView>, HeadView)>,
    },
    /// permessage-deflate was not accepted, and `--strict` wants it.
    NoCompression,
    /// The peer broke the protocol.
    Protocol(Box<Closed>),
    /// The connection ended abnormally.
    Abnormal(Box<Closed>),
    /// The peer did not answer our Close frame in time.
    CloseTimeout {
        /// `--close-timeout`.
        limit: Duration,
        /// The transport has not taken our Close frame.
        is_unsent: bool,
    },
    /// `--max-time` ran out.
    MaxTime(Duration),
    /// The peer did not answer a ping in time.
    PingTimeout(MissedPong, SilenceAdvice),
    /// Nothing was received for this time.
    IdleTimeout(Duration, SilenceAdvice),
    /// The input cannot be read.
    Input(InputError),
    /// An output cannot be written.
    Output(OutputError),
    /// The system failed us.
    System(String, io::Error),
    /// Goals that were not met, each in words, and the failure that ended the run before.
    Unmet(Vec<String>, Option<Box<Error>>),
    /// A signal ended the run.
    Signal(Signal),
}

/// Whether something is attempted more than once if it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tries {
    /// It is not.
    One,
    /// As `--retry` or `--reconnect` says.
    Several,
}

/// What is known of a failed attempt to dial beside the error.
#[derive(Clone, Debug)]
pub struct DialAttempt {
    /// How often it was attempted.
    pub tries: Tries,
    /// What a redirect may have put into the name of the host, and is not to be shown.
    pub secrets: Secrets,
    /// A redirect led there.
    pub is_redirected: bool,
    /// `--max-time`, if it has run out.
    pub max_time: Option<Duration>,
}

/// A failed opening handshake, with what is needed to explain it.
#[derive(Debug)]
pub struct Rejected {
    /// What the server did.
    pub error: UpgradeError,
    /// What it had answered before that.
    pub interim: Vec<Interim>,
    /// The proxy in between, in words.
    pub via: Option<String>,
    /// The version of TLS that the connection was under.
    pub tls: Option<String>,
    /// There was a certificate of ours for a server that asks for one.
    pub gave_certificate: bool,
    /// Whether the server answers in TLS on a second connection, if that was looked into.
    pub speaks_tls: Option<bool>,
    /// The request had an Origin header.
    pub sent_origin: bool,
    /// The subprotocols that the request offered, without secrets.
    pub offered: Vec<String>,
    /// The path that was asked for, without its query.
    pub path: String,
    /// The query that was asked for. It may hold secrets: it is read and not shown.
    pub query: String,
    /// The Host header of the request, without secrets.
    pub host: Option<String>,
    /// Which of the handshake's own headers -H replaced, with the new value without secrets, or removed.
    pub replaced: Vec<(&'static str, Option<String>)>,
    /// The request asked for an upgrade to websocket, in Upgrade and Connection.
    pub asked_upgrade: bool,
    /// The credentials that the request had.
    pub credentials: Option<SentCredentials>,
    /// What the server may say again and is not to be shown.
    pub secrets: Secrets,
    /// `--connect-timeout`.
    pub limit: Duration,
    /// `--max-time`, if it has run out.
    pub max_time: Option<Duration>,
    /// Whether secrets are masked.
    pub redaction: Redaction,
    /// Redirects are followed, as far as they can be.
    pub follows: bool,
    /// How often it was attempted.
    pub tries: Tries,
    /// The request, if it is to be shown.
    pub request: Option<HeadView>,
    /// The request has been shown when it was sent.
    pub request_shown: bool,
}

impl Rejected {
    /// What -H replaced this header of the handshake with, if it did: nothing if it removed it.
    fn replaced(&self, name: &str) -> Option<Option<&str>> {
        let replaced = self.replaced.iter().find(|(replaced, _)| *replaced == name);
        replaced.map(|(_, value)| value.as_deref())
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Interrupted(signal) => Self::Signal(signal),
            error => Self::Config(error),
        }
    }
}

impl Error {
    /// What ended the run, also where goals were not met because of it.
    fn cause(&self) -> &Self {
        match self {
            Self::Unmet(_, Some(end)) => end.cause(),
            other => other,
        }
    }

    /// The exit status.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Unmet(..) => 1,
            Self::Config(ConfigError::Unreadable { .. }) => 8,
            Self::Config(ConfigError::ReadTimeout { .. } | ConfigError::AnswerTimeout(..)) => 7,
            Self::Config(_) | Self::Usage { .. } => 2,
            Self::Dial(DialError::Interrupted(interrupted), _) => interrupted.0.exit_code(),
            Self::Dial(DialError::Setting(_), _) => 2,
            Self::Dial(error, attempt) if error.is_timeout() || attempt.max_time.is_some() => 7,
            Self::CloseTimeout { .. }
            | Self::MaxTime(_)
            | Self::PingTimeout(..)
            | Self::IdleTimeout(..) => 7,
            Self::Dial(..) => 3,
            Self::Upgrade(rejected) | Self::Redirect(rejected, _)
                if rejected.max_time.is_some() =>
            {
                7
            }
            Self::Upgrade(rejected) => match &rejected.error {
                UpgradeError::TimedOut(..) => 7,
                UpgradeError::Interrupted(interrupted) => interrupted.0.exit_code(),
                UpgradeError::System(_) => 8,
                _ => 4,
            },
            Self::Redirect(..) | Self::NoSubprotocol { .. } | Self::NoCompression => 4,
            Self::Protocol(_) => 5,
            Self::Abnormal(_) => 6,
            Self::Input(_) | Self::Output(_) | Self::System(..) => 8,
            Self::Signal(signal) => signal.exit_code(),
        }
    }

    /// The kind that events tell; `None` when the user ended the run.
    pub fn kind(&self) -> Option<FailureKind> {
        Some(match self.exit_code() {
            1 => FailureKind::Expectation,
            2 => FailureKind::Usage,
            3 => FailureKind::Connect,
            4 => FailureKind::Handshake,
            5 => FailureKind::Protocol,
            6 => FailureKind::Abnormal,
            7 => FailureKind::Timeout,
            8 => FailureKind::Local,
            _ => return None,
        })
    }

    /// WHAT: WHY, on one line.
    pub fn message(&self) -> String {
        text::message(self)
    }

    /// What to do about it, where that can be known.
    pub fn hint(&self) -> Option<String> {
        hints::hint(self)
    }

    /// The response of a refused handshake.
    pub fn response(&self) -> Option<FailedResponse> {
        Answer::of(self).map(|answer| answer.view())
    }

    /// The interim responses that came before the failure.
    pub fn interim(&self) -> Vec<InterimView> {
        let (interim, from, redaction, secrets) = match self.cause() {
            Self::Upgrade(it) | Self::Redirect(it, _) => {
                (&it.interim, Hop::Server, it.redaction, &it.secrets)
            }
            Self::Dial(DialError::Proxy(it), _) => {
                (&it.interim, Hop::Proxy, it.redaction, &it.secrets)
            }
            _ => return Vec::new(),
        };
        InterimView::all(interim, from, redaction, secrets)
    }

    /// The failed TLS handshake, with the server or with a proxy.
    pub fn tls(&self) -> Option<&TlsFailure> {
        match self.cause() {
            Self::Dial(DialError::Tls(failure), _) => Some(failure),
            Self::Dial(DialError::Proxy(proxy), _) => match &proxy.cause {
                ProxyCause::Reach(DialError::Tls(failure)) => Some(failure),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether what was sent is to be shown: then nothing that came is shortened for people.
    fn is_verbose(&self) -> bool {
        match self.cause() {
            Self::Upgrade(rejected) | Self::Redirect(rejected, _) => rejected.request.is_some(),
            Self::Dial(DialError::Proxy(proxy), _) => proxy.request.is_some(),
            _ => false,
        }
    }

    /// Bytes of the peer that explain the failure and are no HTTP response of its own.
    pub fn excerpt(&self) -> Option<Cow<'_, [u8]>> {
        let bytes: Option<Cow<'_, [u8]>> = match self.cause() {
            Self::Upgrade(rejected) => match &rejected.error {
                UpgradeError::Malformed(_, bytes)
                | UpgradeError::Ended(_, bytes)
                | UpgradeError::TimedOut(bytes, _) => {
                    Some(rejected.secrets.mask_cut(&bytes[..bytes.len().min(MAX_KEPT)]))
                }
                _ => None,
            },
            Self::Dial(DialError::Tls(failure), _) => failure.plain_answer().map(Cow::Borrowed),
            Self::Dial(DialError::Proxy(proxy), _) => match &proxy.cause {
                ProxyCause::Reach(DialError::Tls(failure)) => {
                    failure.plain_answer().map(Cow::Borrowed)
                }
                ProxyCause::Fault(
                    Fault::Malformed(_, bytes) | Fault::NotSocks(bytes) | Fault::Ended(_, bytes),
                ) => Some(proxy.secrets.mask_cut(&bytes[..bytes.len().min(MAX_KEPT)])),
                _ => None,
            },
            Self::Protocol(closed) => {
                let violation = closed.ending.violation.as_ref();
                let violation = violation.filter(|violation| violation.close_reason().is_none());
                let excerpt = violation.map(|violation| &violation.excerpt);
                excerpt.map(|bytes| Cow::Borrowed(&bytes[..bytes.len().min(MAX_KEPT)]))
            }
            _ => None,
        };
        bytes.filter(|bytes| !bytes.is_empty())
    }

    /// The failure as events tell it.
    pub fn failure(&self) -> Option<Failure> {
        Some(Failure {
            kind: self.kind()?,
            message: self.message(),
            hint: self.hint(),
            request: None,
            interim: self.interim(),
            response: self.response(),
            excerpt: self.excerpt().unwrap_or_default().into_owned(),
            certificate: self.tls().and_then(|failure| failure.chain.first().cloned()),
        })
    }
}
