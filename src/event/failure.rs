//! Why a run failed, for outputs.

use super::{HeadView, InterimView};
use crate::net::tls::CertificateInfo;

/// The kinds of failure that events tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Wrong usage.
    Usage,
    /// No connection.
    Connect,
    /// The opening handshake was refused or wrong.
    Handshake,
    /// The peer broke the protocol.
    Protocol,
    /// The connection ended abnormally.
    Abnormal,
    /// A time limit ran out.
    Timeout,
    /// Trouble on this machine.
    Local,
    /// An expectation was not met.
    Expectation,
}

impl FailureKind {
    /// The name used in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Connect => "connect",
            Self::Handshake => "handshake",
            Self::Protocol => "protocol",
            Self::Abnormal => "abnormal",
            Self::Timeout => "timeout",
            Self::Local => "local",
            Self::Expectation => "expectation",
        }
    }
}

/// Why the run failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Which kind.
    pub kind: FailureKind,
    /// WHAT: WHY.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The request that was refused. Secrets are already masked.
    pub request: Option<HeadView>,
    /// The interim responses that came before the failure.
    pub interim: Vec<InterimView>,
    /// The response of a refused handshake.
    pub response: Option<FailedResponse>,
    /// The peer's own words, where they are no response to the handshake. Secrets are already masked.
    pub excerpt: Vec<u8>,
    /// The server's certificate, if that is why.
    pub certificate: Option<CertificateInfo>,
}

impl Failure {
    /// A failure of this kind, in words.
    pub fn new(kind: FailureKind, message: String) -> Self {
        Self {
            kind,
            message,
            hint: None,
            request: None,
            interim: Vec::new(),
            response: None,
            excerpt: Vec::new(),
            certificate: None,
        }
    }
}

/// What a server answered instead of 101.
#[derive(Clone, Debug)]
pub struct FailedResponse {
    /// Status code.
    pub status: u16,
    /// The head. Secrets are already masked.
    pub head: HeadView,
    /// The start of the body.
    pub body: Vec<u8>,
}
