//! The opening handshake of a connection of a scenario, and what queries see of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::client::{FailedHandshake, OpenConnection, OpenError, open};
use crate::commands::connect::events::{OpeningEvent, OpeningEvents, opened};
use crate::config::ConnectConfig;
use crate::error::{AttemptContext, Error, Tries};
use crate::event::{self, EventKind};
use crate::net::tls::TlsInfo;
use crate::net::upgrade::{ServerResponse, UpgradeError};
use crate::net::{Deadline, Reactor, Stream};
use crate::output::json::JsonFrames;
use crate::protocol::connection::{Connection, ConnectionOptions};
use crate::protocol::frame::Masks;
use crate::protocol::head::Head;
use crate::protocol::vocabulary::Role;
use crate::resilience::transient::{is_dial_transient, is_upgrade_transient};
use crate::scenario::query::{CertificateFacts, HandshakeFacts, Timings};
use crate::session::Journal;

/// What the handshake of a connection came to.
#[derive(Debug)]
pub(super) enum Handshake {
    /// There is a connection, and what is odd about it.
    Open(Box<HandshakeFacts>, Vec<String>),
    /// The server refused with another status, which may be what the scenario expects.
    Refused(Box<HandshakeFacts>, String),
    /// There is none: why, and advice.
    Failed(String, Option<String>),
}

/// A connection that is open.
pub(super) struct Opened {
    pub(super) stream: Stream,
    pub(super) connection: Connection,
    pub(super) opened: event::Opened,
    pub(super) facts: Box<HandshakeFacts>,
    /// What is odd about it.
    pub(super) warnings: Vec<String>,
}

/// The first wait before another attempt, and the longest.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// What an attempt needs at least: so much is left for the last one.
const LAST_ATTEMPT: Duration = Duration::from_millis(100);

/// How often connecting is tried again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retries {
    /// The most attempts after the first.
    pub(super) count: u64,
    /// The status that the scenario expects, which is not retried. `None`: any status.
    pub(super) expected: Option<u16>,
}

/// Opens the connection; while the server cannot be reached or answers 502 or 503, again.
pub(super) fn attempt(
    config: &ConnectConfig,
    until: Option<Instant>,
    retries: Retries,
    cancelled: &AtomicBool,
    reactor: &mut Reactor,
    journal: &mut Journal<'_>,
) -> Result<Box<Opened>, Handshake> {
    let mut waits = waits();
    let mut left = retries.count;
    loop {
        let error = match open_once(config, until, reactor, journal) {
            Ok(open) => return Ok(Box::new(established(config, open, journal))),
            Err(error) => error,
        };
        let is_final = left == 0 || !is_transient(&error, retries.expected);
        let tries = if retries.count > 0 { Tries::Several } else { Tries::One };
        let failed = failed(config, error, tries, journal);
        let left_time = until.map(|it| it.saturating_duration_since(Instant::now()));
        let wait = waits.next().and_then(|wait| cut_wait(wait, left_time));
        let Some(wait) = wait.filter(|_| !is_final && !cancelled.load(Ordering::SeqCst)) else {
            return Err(failed);
        };
        left -= 1;
        pause(wait, cancelled);
    }
}

/// How long to wait before each further attempt. It never ends.
fn waits() -> impl Iterator<Item = Duration> {
    std::iter::successors(Some(FIRST_WAIT), |wait| Some((*wait * 2).min(LONGEST_WAIT)))
}

/// The wait before the next attempt, which has to fit into the time that is left; `None` if it does not.
fn cut_wait(wait: Duration, left: Option<Duration>) -> Option<Duration> {
    match left {
        None => Some(wait),
        Some(left) => left.checked_sub(LAST_ATTEMPT).map(|most| wait.min(most)),
    }
}

fn open_once(
    config: &ConnectConfig,
    until: Option<Instant>,
    reactor: &mut Reactor,
    journal: &mut Journal<'_>,
) -> Result<OpenConnection, OpenError> {
    let limit = Deadline::after(config.endpoint.connect_timeout);
    let deadline = match until.filter(|end| limit.at.is_none_or(|at| *end < at)) {
        Some(end) => {
            Deadline { at: Some(end), limit: end.saturating_duration_since(Instant::now()) }
        }
        None => limit,
    };
    let mut events = OpeningEvents {
        emit: |event: OpeningEvent| event.emit(journal),
        redaction: config.endpoint.redaction,
    };
    open(&config.endpoint, deadline, reactor, &mut events)
}

fn pause(time: Duration, cancelled: &AtomicBool) {
    let end = Instant::now() + time;
    while Instant::now() < end && !cancelled.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(10));
    }
}

fn is_transient(error: &OpenError, expected: Option<u16>) -> bool {
    match error {
        OpenError::Dial(failed) => is_dial_transient(&failed.error),
        OpenError::Handshake(failed) => match &failed.error {
            UpgradeError::Refused(response) => {
                let status = response.line.status;
                matches!(status, 502 | 503) && expected.is_some_and(|it| it != status)
            }
            error => is_upgrade_transient(error),
        },
        OpenError::Redirect(..) | OpenError::Interrupted(..) => false,
    }
}

fn established(config: &ConnectConfig, open: OpenConnection, journal: &mut Journal<'_>) -> Opened {
    let opened = opened(&open, config.endpoint.redaction);
    journal.wake(); // what other connections do from now on is recorded behind this
    journal.emit(EventKind::Open(&opened));
    let warnings = match open.lacks_subprotocol() {
        true => vec![format!(
            "the server chose none of the subprotocols offered ({})",
            opened.offered.join(", ")
        )],
        false => Vec::new(),
    };
    let options = ConnectionOptions {
        role: Role::Client,
        max_message_size: config.max_message_size,
        close_timeout: config.ending.close_timeout,
        observe_frames: config.record.frames > JsonFrames::None,
        lenient: config.endpoint.lenient,
        deflate: open.upgraded.agreement.deflate,
        masks: Masks::random(),
    };
    let connection = Connection::new(options, &open.upgraded.early)
        .with_other_extensions(open.upgraded.agreement.has_others);
    let facts = HandshakeFacts {
        subprotocol: open.upgraded.agreement.subprotocol.clone(),
        timings: timings(open.timings),
        ..facts(open.upgraded.line.status, &open.upgraded.head, open.tls.as_ref())
    };
    Opened { stream: open.stream, connection, opened, facts: Box::new(facts), warnings }
}

fn failed(
    config: &ConnectConfig,
    error: OpenError,
    tries: Tries,
    journal: &mut Journal<'_>,
) -> Handshake {
    let refusal = match &error {
        OpenError::Handshake(failed) => match &failed.error {
            UpgradeError::Refused(response) => Some(refusal(response, failed)),
            _ => None,
        },
        _ => None,
    };
    let context = AttemptContext {
        endpoint: &config.endpoint,
        credential_sources: config.credential_sources,
        tries,
        max_time: None,
        awaited: None,
        shows_request: false,
        is_forwarded: false,
    };
    let error = Error::opening(error, &context);
    if let Some(failure) = error.failure() {
        match shows_what_was_received(&failure) {
            true => journal.emit_now(EventKind::Failure(&failure)),
            false => journal.record_now(EventKind::Failure(&failure)),
        }
    }
    match refusal {
        Some(facts) => Handshake::Refused(Box::new(facts), error.message()),
        None => Handshake::Failed(error.message(), error.hint()),
    }
}

/// Whether the peer sent anything: only that belongs in a transcript.
fn shows_what_was_received(failure: &event::Failure) -> bool {
    failure.response.is_some() || !failure.interim.is_empty() || !failure.excerpt.is_empty()
}

fn refusal(response: &ServerResponse, failed: &FailedHandshake) -> HandshakeFacts {
    HandshakeFacts {
        body: Some(response.body.bytes.clone()),
        timings: timings(failed.timings),
        ..facts(response.line.status, &response.head, failed.tls.as_ref())
    }
}

fn facts(status: u16, head: &Head, tls: Option<&TlsInfo>) -> HandshakeFacts {
    let fields = head
        .fields()
        .map(|(name, value)| (name.to_owned(), String::from_utf8_lossy(value).into_owned()));
    let certificate = tls.and_then(|tls| tls.certificate.as_ref());
    HandshakeFacts {
        status,
        headers: fields.collect(),
        extensions: head.value("Sec-WebSocket-Extensions"),
        tls_version: tls.map(|tls| tls.version.clone()),
        certificate: certificate.map(|certificate| CertificateFacts {
            subject: certificate.subject.clone(),
            issuer: certificate.issuer.clone(),
            not_after: Timestamp::from_second(certificate.not_after).unwrap_or_default(),
            days_left: (certificate.not_after - certificate.seen_at).div_euclid(86_400),
        }),
        ..HandshakeFacts::default()
    }
}

fn timings(timings: crate::net::Timings) -> Timings {
    Timings {
        dns: timings.dns,
        tcp: timings.tcp,
        tls: timings.tls,
        upgrade: timings.upgrade,
        total: Some(timings.total),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scenario language, section 3: "again after 250 ms, growing to 1 s"
    #[test]
    fn waits_between_attempts_grow_from_250_ms_to_a_second() {
        let millis: Vec<_> = waits().take(5).map(|wait| wait.as_millis()).collect();
        assert_eq!(millis, [250, 500, 1000, 1000, 1000]);
    }

    /// Scenario language, section 3: "within `max-time`"
    #[test]
    fn the_last_wait_is_cut_so_that_an_attempt_follows() {
        let millis = Duration::from_millis;
        assert_eq!(cut_wait(millis(250), None), Some(millis(250)));
        assert_eq!(cut_wait(millis(250), Some(millis(900))), Some(millis(250)));
        assert_eq!(cut_wait(millis(1000), Some(millis(740))), Some(millis(640)));
        assert_eq!(cut_wait(millis(1000), Some(millis(99))), None);
    }
}
