//! The error of a run: a variant for each stage, with exit status, message and hint.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use crate::client::redirect::RedirectError;
use crate::config::ConfigError;
use crate::event::{
    AttemptView, Closed, FailedResponse, Failure, FailureKind, HeadView, Hop, InterimView, Mask,
    SilenceAdvice,
};
use crate::input::InputError;
use crate::net::DialError;
use crate::net::dial::ProxyCause;
use crate::net::tls::TlsFailure;
use crate::net::tunnel::ProxyFault;
use crate::net::upgrade::UpgradeError;
use crate::output::OutputError;
use crate::output::escape::{Newlines, escape};
use crate::platform::signals::Signal;
use crate::protocol::body::MAX_KEPT;
use crate::protocol::keepalive::MissedPong;
use crate::recording::ReadError;
use crate::recording::RecordError;

mod answer;
mod attempt;
mod challenges;
mod hints;
mod opening;
mod report;
mod text;
mod words;

use answer::Answer;
pub use attempt::{DialAttempt, RejectedHandshake, Tries};
pub use opening::AttemptContext;
pub use report::{received, report};

/// Why a run failed.
#[derive(Debug)]
pub enum Error {
    /// The configuration is invalid or cannot be read.
    Config(ConfigError),
    /// Other wrong usage.
    Usage {
        /// The message.
        message: String,
        /// The hint.
        hint: Option<String>,
    },
    /// The command line is empty: these are examples of what it could be.
    NoArguments(&'static str),
    /// Connecting failed.
    Dial(DialError, Box<DialAttempt>),
    /// The opening handshake failed.
    Upgrade(Box<RejectedHandshake>),
    /// A redirect that is not followed.
    Redirect(Box<RejectedHandshake>, RedirectError),
    /// No subprotocol was chosen, and `--strict` requires one.
    NoSubprotocol {
        /// The subprotocols that were offered.
        offered: Vec<String>,
        /// The request, if it is shown, and the response.
        heads: Box<(Option<HeadView>, HeadView)>,
        /// What was to be opened, for events.
        attempt: Box<AttemptView>,
    },
    /// permessage-deflate was not accepted, and `--strict` requires it.
    NoCompression,
    /// The peer violated the protocol.
    Protocol(Box<Closed>),
    /// The connection ended abnormally.
    Abnormal(Box<Closed>),
    /// The only connection through a proxy ended abnormally, in this way.
    ProxyEnded(String),
    /// A side of it violated the protocol, for which the proxy has closed it.
    ProxyViolated(String),
    /// The proxy itself refused its only request, for this reason.
    ProxyRefused(String),
    /// The server gave no response to it that can be passed on.
    ProxyUnanswered(String),
    /// An address cannot be listened on.
    Listen(String, io::Error),
    /// The peer did not answer our Close frame in time.
    CloseTimeout {
        /// `--close-timeout`.
        limit: Duration,
        /// Our Close frame was not completely written.
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
    /// A file cannot be recorded to.
    Record(RecordError),
    /// An error of the system.
    System(String, io::Error),
    /// Descriptions of the expectations that were not met, and the failure that ended the run before.
    Unmet(Vec<String>, Option<Box<Error>>),
    /// A signal ended the run.
    Signal(Signal),
    /// A signal ended the search for the cause of this failure.
    Interrupted(Signal, Box<Error>),
    /// The failure of a connection at a prompt that stayed. It was reported then.
    Earlier(Box<Error>),
    /// A recording cannot be read, or parts of it are invalid.
    Recording(ReadError),
    /// No connection of a recording can be used.
    Entry {
        /// The message.
        message: String,
        /// The connections to choose from, a line for each.
        list: Vec<String>,
    },
    /// What was received is not what was recorded.
    Differs {
        /// How many differences there are, and of which kinds.
        counts: String,
        /// The first of them, line by line.
        list: Vec<String>,
        /// The failure that ended the run before.
        end: Option<Box<Error>>,
        /// What to do about them, if that is known.
        hint: Option<String>,
    },
    /// Two recordings differ. How was shown.
    RecordingsDiffer,
    /// A part of a scenario failed. It was reported.
    ChecksFailed,
    /// Scenarios are invalid. What is wrong was reported.
    InvalidScenarios,
    /// Files with scenarios cannot be read. Why was reported.
    UnreadableScenarios,
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Interrupted(signal) => Self::Signal(signal),
            error => Self::Config(error),
        }
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        Self::Recording(error)
    }
}

impl Error {
    /// The error that ended the run, also if expectations were not met because of it.
    fn cause(&self) -> &Self {
        match self {
            Self::Unmet(_, Some(end))
            | Self::Differs { end: Some(end), .. }
            | Self::Interrupted(_, end)
            | Self::Earlier(end) => end.cause(),
            other => other,
        }
    }

    /// The exit status.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Earlier(error) => error.exit_code(),
            Self::Unmet(..)
            | Self::Differs { .. }
            | Self::RecordingsDiffer
            | Self::ChecksFailed => 1,
            Self::InvalidScenarios | Self::Entry { .. } => 2,
            Self::Record(error) if error.is_usage() => 2,
            Self::Config(
                ConfigError::Unreadable { .. }
                | ConfigError::File { option: "--variables-file", .. },
            ) => 8,
            Self::Config(
                ConfigError::ReadTimeout { .. }
                | ConfigError::ScenarioTimeout(_)
                | ConfigError::AnswerTimeout(..),
            ) => 7,
            Self::Config(_) | Self::Usage { .. } | Self::NoArguments(_) => 2,
            Self::Dial(DialError::Interrupted(interrupted, _), _) => interrupted.0.exit_code(),
            Self::Dial(DialError::Setting(_), _) => 2,
            Self::Dial(error, attempt) if error.is_timeout() || attempt.max_time.is_some() => 7,
            Self::CloseTimeout { .. }
            | Self::MaxTime(_)
            | Self::PingTimeout(..)
            | Self::IdleTimeout(..) => 7,
            Self::Dial(..) | Self::Listen(..) => 3,
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
            Self::Redirect(..)
            | Self::NoSubprotocol { .. }
            | Self::NoCompression
            | Self::ProxyRefused(_)
            | Self::ProxyUnanswered(_) => 4,
            Self::Recording(error) => error.exit_code(),
            Self::Protocol(_) | Self::ProxyViolated(_) => 5,
            Self::Abnormal(_) | Self::ProxyEnded(_) => 6,
            Self::Input(_)
            | Self::Output(_)
            | Self::Record(_)
            | Self::System(..)
            | Self::UnreadableScenarios => 8,
            Self::Signal(signal) | Self::Interrupted(signal, _) => signal.exit_code(),
        }
    }

    /// Whether it needs no report of its own: the user caused it, or has seen what failed.
    pub fn is_reported(&self) -> bool {
        matches!(
            self,
            Self::Signal(_)
                | Self::Earlier(_)
                | Self::RecordingsDiffer
                | Self::ChecksFailed
                | Self::InvalidScenarios
                | Self::UnreadableScenarios
        )
    }

    /// The kind used in events; `None` if the user ended the run.
    pub fn kind(&self) -> Option<FailureKind> {
        match self {
            Self::Interrupted(_, failure) => return failure.kind(),
            Self::Earlier(_) => return None, // it had its event
            _ => {}
        }
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

    /// The message, `WHAT: WHY`, on one line.
    pub fn message(&self) -> String {
        text::message(self)
    }

    /// The message with what [`report`] lists beside it.
    fn whole_message(&self) -> String {
        match self {
            Self::Differs { list, .. } | Self::Entry { list, .. } if !list.is_empty() => {
                // Indented lines belong to the one before.
                let text = list.iter().enumerate().fold(self.message(), |text, (at, line)| {
                    let gap = if line.starts_with(' ') { " " } else { "; " };
                    format!("{text}{}{}", if at == 0 { ": " } else { gap }, line.trim_start())
                });
                escape(&text, Newlines::Escape).into_owned()
            }
            _ => self.message(),
        }
    }

    /// What to do about it, if known.
    pub fn hint(&self) -> Option<String> {
        hints::hint(self)
    }

    /// The response of a refused handshake.
    pub fn response(&self) -> Option<FailedResponse> {
        Answer::of(self).map(|answer| answer.view())
    }

    /// The interim responses received before the failure.
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
        Mask::new(redaction, secrets).interim(interim, from)
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

    /// Whether the request is shown (-v): then received text is not shortened.
    fn is_verbose(&self) -> bool {
        match self.cause() {
            Self::Upgrade(rejected) | Self::Redirect(rejected, _) => rejected.request.is_some(),
            Self::Dial(DialError::Proxy(proxy), _) => proxy.request.is_some(),
            _ => false,
        }
    }

    /// Bytes received from the peer that explain the failure and are not an HTTP response.
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
                    ProxyFault::Malformed(_, bytes)
                    | ProxyFault::NotSocks(bytes)
                    | ProxyFault::Ended(_, bytes),
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

    /// What was to be opened, if that is what failed.
    fn attempt(&self) -> Option<&AttemptView> {
        match self.cause() {
            Self::Dial(_, attempt) => Some(&attempt.attempt),
            Self::Upgrade(rejected) | Self::Redirect(rejected, _) => Some(&rejected.attempt),
            Self::NoSubprotocol { attempt, .. } => Some(attempt),
            _ => None,
        }
    }

    /// The failure for events.
    pub fn failure(&self) -> Option<Failure> {
        Some(Failure {
            kind: self.kind()?,
            message: self.whole_message(),
            hint: self.hint(),
            request: None,
            interim: self.interim(),
            response: self.response(),
            excerpt: self.excerpt().unwrap_or_default().into_owned(),
            certificate: self.tls().and_then(|failure| failure.chain.first().cloned()),
            attempt: self.attempt().cloned().map(Box::new),
        })
    }
}
