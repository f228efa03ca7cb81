//! Why there came no client of a connection, in words.

use std::net::SocketAddr;
use std::time::Duration;

use crate::event::{FailedResponse, Failure, FailureKind, HeadView};
use crate::net::accept::{AcceptError, Asked};
use crate::net::malformed::objections;
use crate::output::escape::{Newlines, escape};
use crate::protocol::connection::TransportEnd;
use crate::protocol::handshake::{MALFORMED, Refusal, Response};
use crate::protocol::head::{Head, HeadError, HeaderLine, RequestLine};
use crate::redact::{Redaction, Secrets};

/// A failure of the client at `remote`.
pub(super) fn failed(
    error: &AcceptError,
    remote: SocketAddr,
    limit: Duration,
    response: Option<&Response>,
    redaction: Redaction,
) -> Box<Failure> {
    let (kind, text) = match error {
        AcceptError::Tls(reason) => {
            (FailureKind::Connect, format!("TLS handshake with {remote}: {reason}"))
        }
        AcceptError::TlsTimedOut => (
            FailureKind::Timeout,
            format!("TLS handshake with {remote}: timed out after {limit:?}"),
        ),
        AcceptError::Ended(TransportEnd::Error(error), _) => {
            (FailureKind::Handshake, format!("opening handshake with {remote}: {error}"))
        }
        AcceptError::Ended(_, 0) => {
            (FailureKind::Handshake, format!("{remote} closed the connection without a request"))
        }
        AcceptError::Ended(..) => (
            FailureKind::Handshake,
            format!("{remote} closed the connection in the middle of its request"),
        ),
        AcceptError::Unreadable(HeadError::StartLine(line)) => {
            let line = redaction.start_line(line.as_bytes());
            let error = HeadError::StartLine(String::from_utf8_lossy(&line).into_owned());
            (FailureKind::Handshake, format!("bad request from {remote}: {error}"))
        }
        AcceptError::Unreadable(error) => {
            (FailureKind::Handshake, format!("bad request from {remote}: {error}"))
        }
        AcceptError::TimedOut(0) => (
            FailureKind::Timeout,
            format!(
                "opening handshake with {remote}: timed out: the client connected and sent nothing within {limit:?}"
            ),
        ),
        AcceptError::TimedOut(count) => (
            FailureKind::Timeout,
            format!(
                "opening handshake with {remote}: timed out: the client sent no whole request within {limit:?}, only {count} bytes"
            ),
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
        response: response.map(|response| {
            let asked = match error {
                AcceptError::Unreadable(HeadError::StartLine(line)) => line,
                _ => "",
            };
            let shown = redaction.start_line(asked.as_bytes());
            let shown = String::from_utf8_lossy(&shown);
            answered(response, redaction, |body| without(body, asked, &shown))
        }),
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

/// Why a request is refused, on one line and without its secrets.
pub(super) fn reason(
    refusal: &Refusal,
    line: &RequestLine,
    head: &Head,
    redaction: Redaction,
) -> String {
    if refusal.is_plain {
        return "it asks for no WebSocket".to_owned();
    }
    let secrets = Secrets::of_request(redaction, &line.target, head.fields());
    let lines = objections(head, redaction, &secrets);
    let others = refusal.findings.iter().filter(|finding| finding.header != MALFORMED);
    let target = redaction.url(&line.target);
    let others = others.map(|it| secrets.mask_text(without(it.to_string(), &line.target, &target)));
    lines.into_iter().chain(others).collect::<Vec<_>>().join("; ")
}

/// A text in which what was asked stands as it may be shown.
fn without(text: String, asked: &str, shown: &str) -> String {
    match asked == shown {
        true => text,
        false => text.replace(asked, shown),
    }
}

/// The failure of a client whose connection we ended; how its end went is the lesser part.
pub(super) fn forced_close(failure: Option<Failure>, why: &str) -> Failure {
    let end = failure.map_or_else(String::new, |failure| format!("; {}", failure.message));
    Failure::new(FailureKind::Abnormal, format!("{why}; closed with 1013{end}"))
}

/// A request that is refused with this response, for this reason; with what can be done about it.
pub(super) fn refused(
    remote: SocketAddr,
    asked: &Asked,
    response: &Response,
    (reason, hint): (&str, Option<&str>),
    redaction: Redaction,
) -> Box<Failure> {
    let Asked { line, head, .. } = asked;
    let status = String::from_utf8_lossy(response.head.start_line()).into_owned();
    let status = status.trim_start_matches("HTTP/1.1 ");
    let text = format!("request from {remote} refused: {status}: {reason}");
    let secrets = Secrets::of_request(redaction, &line.target, head.fields());
    let target = redaction.url(&line.target);
    Box::new(Failure {
        hint: hint.map(str::to_owned),
        request: Some(HeadView::new(head, redaction)),
        response: Some(answered(response, redaction, |body| {
            secrets.mask_text(without(body, &line.target, &target))
        })),
        ..Failure::new(FailureKind::Handshake, escape(&text, Newlines::Escape).into_owned())
    })
}

/// Our answer. Its body may repeat what was asked.
fn answered(
    response: &Response,
    redaction: Redaction,
    masked: impl FnOnce(String) -> String,
) -> FailedResponse {
    let body = String::from_utf8_lossy(&response.body).into_owned();
    FailedResponse {
        status: response.status,
        head: HeadView::new(&response.head, redaction),
        body: masked(body).into_bytes(),
        text: None,
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
