//! Failures, and attempts to open a connection.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::heads::{Fields, Interim, head, interim, status_line};
use super::lists::{limited, or_first, or_limited};
use super::opened::{Certificate, Phases, secret_ids};
use super::payload::Encoding;
use super::values::{millis, or_default};
use crate::event::{
    AttemptView, FailedResponse, Failure, FailureKind, HeadView, Redirect, RetryScheduled, Stamp,
};
use crate::recording::RecordedKind;

/// The members of a failure.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct ErrorLine {
    kind: FailureKind,
    message: String,
    hint: Option<String>,
    status: Option<u16>,
    #[serde(default, deserialize_with = "limited")]
    response_headers: Option<Fields>,
    #[serde(default, deserialize_with = "or_default")]
    body: String,
    body_bytes: Option<String>,
    #[serde(default, deserialize_with = "or_limited")]
    malformed_headers: Vec<String>,
    #[serde(default, deserialize_with = "or_limited")]
    interim: Vec<Interim>,
    certificate: Option<Certificate>,
    status_line: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    body_notes: Vec<String>,
    url: Option<String>,
    method: Option<String>,
    #[serde(default, deserialize_with = "limited")]
    request_headers: Option<Fields>,
    timings_ms: Option<Phases>,
}

impl ErrorLine {
    /// # Errors
    /// Why it is not a failure.
    pub(super) fn kind(self, at: Stamp) -> Result<RecordedKind, String> {
        let mut failure = Failure {
            hint: self.hint,
            interim: interim(self.interim),
            certificate: self.certificate.map(|it| it.info(at)).transpose()?,
            ..Failure::new(self.kind, self.message)
        };
        // Of a body that is not UTF-8 the text is not all.
        let body = match self.body_bytes {
            None => self.body.into_bytes(),
            Some(bytes) => Encoding::Base64.decode(&bytes)?.into(),
        };
        if let Some(url) = self.url {
            let request = self.request_headers;
            let timings = self.timings_ms.as_ref().map(Phases::timings).transpose()?;
            failure.attempt = Some(Box::new(AttemptView {
                url,
                method: self.method,
                request: request.map(|fields| head(String::new(), fields, Vec::new())),
                timings,
            }));
        }
        match self.status {
            Some(status) => {
                let start_line = self.status_line;
                let start_line = start_line
                    .unwrap_or_else(|| status_line("HTTP/1.1", status, "").trim_end().to_owned());
                failure.response = Some(FailedResponse {
                    status,
                    head: head(
                        start_line,
                        self.response_headers.unwrap_or_default(),
                        self.malformed_headers,
                    ),
                    body,
                    is_partial: false,
                    notes: self.body_notes,
                });
            }
            None => {
                failure.excerpt = body;
                let malformed = self.malformed_headers;
                failure.request =
                    (!malformed.is_empty()).then(|| head(String::new(), Fields::new(), malformed));
            }
        }
        Ok(RecordedKind::Failure(Box::new(failure)))
    }
}

/// The members of a redirect.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct RedirectLine {
    status: u16,
    #[serde(default, deserialize_with = "or_default")]
    reason: String,
    #[serde(default, deserialize_with = "or_default")]
    from: String,
    to: String,
    #[serde(default, deserialize_with = "or_limited")]
    request_headers: Fields,
    #[serde(default, deserialize_with = "or_first")]
    secret_ids: Fields,
    #[serde(default, deserialize_with = "or_limited")]
    interim: Vec<Interim>,
}

impl RedirectLine {
    pub(super) fn kind(self) -> RecordedKind {
        RecordedKind::Redirect(Box::new(Redirect {
            status: self.status,
            reason: self.reason,
            from: self.from,
            to: self.to,
            request: HeadView {
                secret_ids: secret_ids(self.secret_ids),
                ..head(String::new(), self.request_headers, Vec::new())
            },
            interim: interim(self.interim),
        }))
    }
}

/// The members of a scheduled attempt.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct RetryLine {
    attempt: u64,
    delay_ms: Box<RawValue>,
    #[serde(default, deserialize_with = "or_default")]
    reason: String,
    #[serde(default, deserialize_with = "or_default")]
    waiting: usize,
    #[serde(default, deserialize_with = "or_default")]
    unconfirmed: u64,
    limit: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    requested: bool,
}

impl RetryLine {
    /// # Errors
    /// If its delay is not one.
    pub(super) fn kind(self, is_reconnect: bool) -> Result<RecordedKind, String> {
        Ok(RecordedKind::Retry(Box::new(RetryScheduled {
            is_reconnect,
            attempt: self.attempt,
            limit: self.limit,
            delay: millis(self.delay_ms.get())?,
            is_requested: self.requested,
            reason: self.reason,
            waiting: self.waiting,
            unconfirmed: self.unconfirmed,
        })))
    }
}
