//! Texts for why a connection did not become a WebSocket client.

use std::net::SocketAddr;
use std::time::Duration;

use crate::event::{AttemptView, FailedResponse, Failure, FailureKind, Mask, UNKNOWN_HOST};
use crate::net::malformed::objections;
use crate::output::escape::{Newlines, escape};
use crate::protocol::counted::counted;
use crate::protocol::handshake::{MALFORMED, Refusal, Response, resource_name};
use crate::protocol::head::{Head, HeadError};
use crate::protocol::vocabulary::TransportEnd;
use crate::redact::{Redaction, Secrets};
use crate::server::{AcceptError, ReceivedRequest};

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
        AcceptError::Ended(end @ (TransportEnd::Reset | TransportEnd::Error(_)), _) => {
            (FailureKind::Handshake, format!("opening handshake with {remote}: {end}"))
        }
        AcceptError::Ended(_, 0) => (
            FailureKind::Handshake,
            format!("{remote} connected and closed the connection without a request"),
        ),
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
                "opening handshake with {remote}: timed out: the client sent nothing within {limit:?}"
            ),
        ),
        AcceptError::TimedOut(count) => (
            FailureKind::Timeout,
            format!(
                "opening handshake with {remote}: timed out: the client sent {} of an incomplete request within {limit:?}",
                counted(*count as u64, "byte")
            ),
        ),
        AcceptError::Evicted(_) => (
            FailureKind::Handshake,
            format!("unfinished handshake with {remote} closed for newer connections"),
        ),
        AcceptError::Unanswered(end) => {
            (FailureKind::Handshake, format!("the response could not be sent to {remote}: {end}"))
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
            Some("the client speaks plain HTTP: this server requires wss:// or https://")
        }
        AcceptError::Tls(reason) if reason.contains("unknown ca") => {
            Some("the client does not trust the certificate: wscope --cacert FILE, or -k")
        }
        AcceptError::Tls(reason) if reason.contains("certificate unknown") => Some(
            "the client does not accept the certificate; in a browser, open https:// at this address and accept it there",
        ),
        AcceptError::Unreadable(HeadError::NotHttp(bytes)) if bytes.starts_with(&[0x16, 0x03]) => {
            Some("the client speaks TLS: use ws:// there, or --tls-cert and --tls-key here")
        }
        _ => None,
    }
}

/// The secrets in a request, also those in fields with white space before the colon.
pub(super) fn secrets_of(request: &ReceivedRequest, redaction: Redaction) -> Secrets {
    Secrets::of_request(redaction, &request.line.target, request.head.lenient().fields())
}

/// A request that is refused, with the secrets to mask in texts that repeat it.
pub(super) struct RefusedRequest<'a> {
    remote: SocketAddr,
    request: &'a ReceivedRequest,
    is_tls: bool,
    redaction: Redaction,
    secrets: Secrets,
}

impl<'a> RefusedRequest<'a> {
    /// The request of the client at `remote`.
    pub(super) fn new(
        remote: SocketAddr,
        request: &'a ReceivedRequest,
        is_tls: bool,
        redaction: Redaction,
    ) -> Self {
        Self { remote, request, is_tls, redaction, secrets: secrets_of(request, redaction) }
    }

    /// Why it is refused, on one line. `head` is the head that was checked.
    pub(super) fn reason(&self, refusal: &Refusal, head: &Head) -> String {
        if refusal.is_plain {
            return "not a WebSocket request".to_owned();
        }
        let lines = objections(head, self.redaction, &self.secrets);
        let others = refusal.findings.iter().filter(|finding| finding.header != MALFORMED);
        let others = others.map(|finding| self.masked(finding.to_string()));
        lines.into_iter().chain(others).collect::<Vec<_>>().join("; ")
    }

    /// The failure with the response, its reason and a hint.
    pub(super) fn failure(
        &self,
        response: &Response,
        (reason, hint): (&str, Option<&str>),
    ) -> Box<Failure> {
        let status = String::from_utf8_lossy(response.head.start_line()).into_owned();
        let status = status.trim_start_matches("HTTP/1.1 ");
        let text = format!("request from {} refused: {status}: {reason}", self.remote);
        let mask = Mask::new(self.redaction, &self.secrets);
        let head = mask.head(&self.request.head);
        let attempt = AttemptView::received(mask.url(&self.url()), head.clone());
        Box::new(Failure {
            hint: hint.map(str::to_owned),
            request: Some(head),
            attempt: Some(Box::new(attempt)),
            response: Some(answered(response, self.redaction, |body| self.masked(body))),
            ..Failure::new(FailureKind::Handshake, escape(&text, Newlines::Escape).into_owned())
        })
    }

    /// The URL that was requested.
    fn url(&self) -> String {
        let s = if self.is_tls { "s" } else { "" };
        let host = self.request.head.value("Host").filter(|host| !host.trim().is_empty());
        let host = host.unwrap_or_else(|| UNKNOWN_HOST.to_owned());
        format!("ws{s}://{}{}", host.trim(), resource_name(&self.request.line.target))
    }

    /// A text that may repeat the request, without its secrets.
    fn masked(&self, text: String) -> String {
        let target = &self.request.line.target;
        self.secrets.mask_text(without(text, target, &self.redaction.url(target)))
    }
}

/// A text in which `asked` is replaced by the form in which it may be shown.
fn without(text: String, asked: &str, shown: &str) -> String {
    match asked == shown {
        true => text,
        false => text.replace(asked, shown),
    }
}

/// The failure of a client whose connection we ended, followed by the failure of the closing handshake, if any.
pub(super) fn forced_close(failure: Option<Failure>, why: &str) -> Failure {
    let end = failure.map_or_else(String::new, |failure| format!("; {}", failure.message));
    Failure::new(FailureKind::Abnormal, format!("{why}; closed with 1013{end}"))
}

/// Our response. Its body may repeat parts of the request.
fn answered(
    response: &Response,
    redaction: Redaction,
    masked: impl FnOnce(String) -> String,
) -> FailedResponse {
    let body = String::from_utf8_lossy(&response.body).into_owned();
    FailedResponse {
        status: response.status,
        head: Mask::new(redaction, &Secrets::default()).head(&response.head),
        body: masked(body).into_bytes(),
        is_partial: false,
        notes: Vec::new(),
    }
}
