//! The failure of a run, for outputs.

use serde::Deserialize;

use super::{HeadView, InterimView};
use crate::net::Timings;
use crate::net::tls::CertificateInfo;

/// The host in the URL of a request without a Host header. It cannot be that of a server (RFC 2606).
pub const UNKNOWN_HOST: &str = "unknown.invalid";

/// The kinds of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")] // as FailureKind::name
pub enum FailureKind {
    /// Wrong usage.
    Usage,
    /// Connecting failed.
    Connect,
    /// The opening handshake was refused or invalid.
    Handshake,
    /// The peer violated the protocol.
    Protocol,
    /// The connection ended abnormally.
    Abnormal,
    /// A timeout ran out.
    Timeout,
    /// A local error.
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

/// The failure of a run.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The kind.
    pub kind: FailureKind,
    /// The message, `WHAT: WHY`.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The request that was refused. Secrets are already masked.
    pub request: Option<HeadView>,
    /// The interim responses received before the failure.
    pub interim: Vec<InterimView>,
    /// The response of a refused handshake.
    pub response: Option<FailedResponse>,
    /// Data sent by the peer that is not a handshake response. Secrets are already masked.
    pub excerpt: Vec<u8>,
    /// The server's certificate, if it is the cause.
    pub certificate: Option<CertificateInfo>,
    /// What was to be opened, if that is what failed.
    pub attempt: Option<Box<AttemptView>>,
}

/// An attempt to open a connection. Secrets are already masked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttemptView {
    /// The URL, without userinfo.
    pub url: String,
    /// The method of a request that a server received, which may be any; a client's own is GET.
    pub method: Option<String>,
    /// The request, if there was one.
    pub request: Option<HeadView>,
    /// How long its phases took, if that is known.
    pub timings: Option<Timings>,
}

impl AttemptView {
    /// A request that a server has received.
    pub fn received(url: String, request: HeadView) -> Self {
        let line = String::from_utf8_lossy(&request.start_line);
        let method = line.split_once(' ').map_or(&*line, |(method, _)| method).to_owned();
        Self { url, method: Some(method), request: Some(request), timings: None }
    }
}

impl Failure {
    /// A failure with this kind and message.
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
            attempt: None,
        }
    }
}

/// A response of the server other than 101.
#[derive(Clone, Debug)]
pub struct FailedResponse {
    /// Status code.
    pub status: u16,
    /// The head. Secrets are already masked.
    pub head: HeadView,
    /// The first bytes of the body.
    pub body: Vec<u8>,
    /// The body may be longer: what ends it here may be the start of a secret.
    pub is_partial: bool,
    /// For people: what is missing of the body, and why.
    pub notes: Vec<String>,
}
