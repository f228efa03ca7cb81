//! Why there came no client of a connection, in words.

use std::net::SocketAddr;
use std::time::Duration;

use crate::event::{FailedResponse, Failure, FailureKind, HeadView};
use crate::net::accept::AcceptError;
use crate::output::escape::{Newlines, escape};
use crate::protocol::connection::TransportEnd;
use crate::protocol::handshake::Response;
use crate::protocol::head::{Head, HeadError, HeaderLine};
use crate::redact::Redaction;

/// A failure of the client at `remote`.
pub(super) fn failed(
    error: &AcceptError,
    remote: SocketAddr,
    limit: Duration,
    response: Option<&Response>,
) -> Box<Failure> {
    let (kind, text) = match error {
        AcceptError::Tls(reason) => {
            (FailureKind::Connect, format!("TLS handshake with {remote}: {reason}"))
        }
        AcceptError::TlsTimedOut => (
            FailureKind::Timeout,
            format!("TLS handshake with {remote}: not done within {limit:?}"),
        ),
        AcceptError::Ended(TransportEnd::Error(error), _) => {
            (FailureKind::Handshake, format!("opening handshake with {remote}: {error}"))
        }
        AcceptError::Ended(_, 0) => {
            (FailureKind::Handshake, format!("{remote} connected and hung up"))
        }
        AcceptError::Ended(..) => {
            (FailureKind::Handshake, format!("{remote} hung up in the middle of its request"))
        }
        AcceptError::Unreadable(error) => {
            (FailureKind::Handshake, format!("bad request from {remote}: {error}"))
        }
        AcceptError::TimedOut(0) => {
            (FailureKind::Timeout, format!("{remote} connected and sent nothing within {limit:?}"))
        }
        AcceptError::TimedOut(count) => (
            FailureKind::Timeout,
            format!("{remote} sent no whole request within {limit:?}, only {count} bytes"),
        ),
        AcceptError::Evicted(_) => (
            FailureKind::Handshake,
            format!("unfinished handshake with {remote} closed for newer connections"),
        ),
        AcceptError::Unanswered(end) => {
            (FailureKind::Handshake, format!("{remote} did not take the response: {end}"))
        }
        AcceptError::System(error) => (FailureKind::Local, format!("client {remote}: {error}")),
    };
    Box::new(Failure {
        hint: hint(error).map(str::to_owned),
        response: response.map(|response| answered(response, Redaction::Mask)),
        ..Failure::new(kind, escape(&text, Newlines::Escape).into_owned())
    })
}

fn hint(error: &AcceptError) -> Option<&'static str> {
    match error {
        AcceptError::Tls(reason) if reason.contains("http request") => {
            Some("the client speaks plain HTTP: it has to use wss:// and https:// here")
        }
        AcceptError::Tls(reason) if reason.contains("unknown ca") => {
            Some("the client does not trust the certificate: wscope --cacert FILE, or -k")
        }
        AcceptError::Tls(reason) if reason.contains("certificate unknown") => {
            Some("the client does not accept the certificate; browsers have to be told to")
        }
        AcceptError::Unreadable(HeadError::NotHttp(bytes)) if bytes.starts_with(&[0x16, 0x03]) => {
            Some(
                "the client speaks TLS: it has to use ws://, or --tls-cert and --tls-key are wanted",
            )
        }
        _ => None,
    }
}

/// A request that is refused with this response, for this reason; with what can be done about it.
pub(super) fn refused(
    remote: SocketAddr,
    request: &Head,
    response: &Response,
    (reason, hint): (&str, Option<&str>),
    redaction: Redaction,
) -> Box<Failure> {
    let status = String::from_utf8_lossy(response.head.start_line()).into_owned();
    let status = status.trim_start_matches("HTTP/1.1 ");
    let text = format!("request from {remote} refused: {status}: {reason}");
    Box::new(Failure {
        hint: hint.map(str::to_owned),
        request: Some(HeadView::new(request, redaction)),
        response: Some(answered(response, redaction)),
        ..Failure::new(FailureKind::Handshake, escape(&text, Newlines::Escape).into_owned())
    })
}

fn answered(response: &Response, redaction: Redaction) -> FailedResponse {
    FailedResponse {
        status: response.status,
        head: HeadView::new(&response.head, redaction),
        body: response.body.clone(),
        is_cut: false,
    }
}

/// When clients that are one too many may try again, in seconds.
const RETRY_AFTER: &str = "5";

/// The response to those who may try again later.
pub(super) fn unavailable(reason: &str) -> Response {
    let retry = HeaderLine::new("Retry-After", RETRY_AFTER);
    Response::text(503, &[retry], &format!("{reason}\n"))
}

/// Why a connection is closed before its handshake is done.
pub(super) const TOO_MANY_HANDSHAKES: &str = "too many unfinished handshakes";
