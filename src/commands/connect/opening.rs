//! One attempt to open a connection, with the events and warnings about it.

use std::io::Write;
use std::time::{Duration, Instant, SystemTime};

use super::record::Record;
use crate::client::retry::FailureClass;
use crate::client::{OpenConnection, OpenError, open};
use crate::commands::certificates;
use crate::config::ConnectConfig;
use crate::error::{AttemptContext, Error, Tries};
use crate::event::{AttemptView, EventKind, Level, Opened};
use crate::net::malformed::objections;
use crate::net::{Deadline, Reactor, Stream};
use crate::output::human::Detail;
use crate::protocol::CloseCode;
use crate::protocol::connection::{Connection, ConnectionOptions};
use crate::protocol::frame::Masks;
use crate::protocol::vocabulary::Role;
use crate::session::Journal;
use events::{OpeningEvent, OpeningEvents, opened};

pub(in crate::commands) mod events;

/// The connection to open.
#[derive(Clone, Copy)]
pub(super) struct Opening<'a> {
    pub(super) config: &'a ConnectConfig,
    /// What the prompt knows about it.
    pub(super) record: &'a Record,
    /// The deadline of the whole run.
    pub(super) max_time: Option<Instant>,
}

/// An open connection that meets the requirements, with its details for display.
pub(super) struct Established {
    pub(super) stream: Stream,
    pub(super) connection: Connection,
    pub(super) opened: Opened,
}

/// A failed attempt.
pub(super) struct FailedAttempt {
    pub(super) error: Error,
    pub(super) class: FailureClass,
}

/// The server did not agree to what `--strict` requires. Another attempt would fail in the same way.
impl From<Error> for FailedAttempt {
    fn from(error: Error) -> Self {
        Self { error, class: FailureClass::Permanent }
    }
}

impl Opening<'_> {
    /// Opens the connection, emits the events of that, and checks what was negotiated.
    ///
    /// # Errors
    /// Why the connection could not be opened, or does not meet the requirements.
    pub(super) fn attempt(
        &self,
        tries: Tries,
        reactor: &mut Reactor,
        journal: &mut Journal<'_>,
    ) -> Result<Established, FailedAttempt> {
        let open = self.open(tries, reactor, |event| event.emit(journal))?;
        self.establish(open, journal)
    }

    /// Opens the connection, and gives the events of that to `emit`.
    ///
    /// # Errors
    /// Why the connection could not be opened.
    pub(super) fn open(
        &self,
        tries: Tries,
        reactor: &mut Reactor,
        emit: impl FnMut(OpeningEvent),
    ) -> Result<OpenConnection, FailedAttempt> {
        let endpoint = &self.config.endpoint;
        let mut events = OpeningEvents { emit, redaction: endpoint.redaction };
        open(endpoint, self.deadline(), reactor, &mut events)
            .map_err(|error| self.failed(error, tries))
    }

    /// Emits that a connection is open, and checks what was negotiated.
    ///
    /// # Errors
    /// That it does not meet the requirements.
    pub(super) fn establish(
        &self,
        open: OpenConnection,
        journal: &mut Journal<'_>,
    ) -> Result<Established, FailedAttempt> {
        let opened = opened(&open, self.config.endpoint.redaction);
        self.require_subprotocol(&open, &opened)?;
        // Before it is shown: whoever has read it may type /connect at once.
        self.record.set_open();
        journal.emit_now(EventKind::Open(&opened));
        for text in self.warnings(&open, &opened) {
            journal.emit_now(EventKind::Notice(Level::Warning, &text));
        }
        let connection = self.connection(&open);
        let lacks_compression =
            self.config.negotiation.wants_compression && open.lacks_compression();
        let mut established = Established { stream: open.stream, connection, opened };
        if lacks_compression {
            self.miss_compression(&mut established, journal)?;
        }
        Ok(established)
    }

    /// The end of `--connect-timeout` or of `--max-time`, whichever is earlier.
    fn deadline(&self) -> Deadline {
        let deadline = Deadline::after(self.config.endpoint.connect_timeout);
        match self.max_time.filter(|end| deadline.at.is_none_or(|at| *end < at)) {
            None => deadline,
            Some(end) => {
                Deadline { at: Some(end), limit: self.config.ending.max_time.unwrap_or_default() }
            }
        }
    }

    fn failed(&self, error: OpenError, tries: Tries) -> FailedAttempt {
        let failed_at = error.failed_at().unwrap_or_else(Instant::now);
        let is_out_of_time = self.max_time.is_some_and(|end| failed_at >= end);
        let class = FailureClass::of(&error, SystemTime::now());
        let context = AttemptContext {
            endpoint: &self.config.endpoint,
            credential_sources: self.config.credential_sources,
            tries,
            max_time: is_out_of_time.then_some(self.config.ending.max_time).flatten(),
            awaited: self.awaited(),
            shows_request: self.shows_request(),
            is_forwarded: false,
        };
        FailedAttempt { error: Error::opening(error, &context), class }
    }

    /// The error for a `--max-time` that expired before a connection was open.
    pub(super) fn out_of_time(&self) -> Error {
        let limit = self.config.ending.max_time.unwrap_or(Duration::ZERO);
        match self.awaited() {
            Some(awaited) => {
                Error::Unmet(vec![awaited, format!("not open within --max-time {limit:?}")], None)
            }
            None => Error::MaxTime(limit),
        }
    }

    /// The first expectation, if there is one.
    fn awaited(&self) -> Option<String> {
        let pattern = self.config.ending.expect.first()?;
        Some(format!("expected {:?}", pattern.to_string()))
    }

    fn shows_request(&self) -> bool {
        self.config.commentary.detail >= Detail::Control
    }

    fn require_subprotocol(&self, open: &OpenConnection, opened: &Opened) -> Result<(), Error> {
        if !open.lacks_subprotocol() || !self.config.negotiation.strict {
            return Ok(());
        }
        Err(Error::NoSubprotocol {
            offered: opened.offered.clone(),
            heads: Box::new((
                self.shows_request().then(|| opened.request.clone()),
                opened.response.clone(),
            )),
            attempt: Box::new(AttemptView {
                url: opened.url.clone(),
                request: Some(opened.request.clone()),
                timings: Some(opened.timings),
                method: None,
            }),
        })
    }

    fn warnings(&self, open: &OpenConnection, opened: &Opened) -> Vec<String> {
        let mut warnings = self.ignored_lines(open);
        let tls = self.config.endpoint.tls.options();
        warnings.extend(certificates::warnings(open.tls.as_ref(), tls));
        if open.lacks_subprotocol() {
            warnings.push(format!(
                "the server chose none of the subprotocols offered ({})",
                opened.offered.join(", ")
            ));
        }
        warnings
    }

    /// The lines of the responses of a proxy and of the server that are not header fields. With `--lenient` they
    /// do not fail the handshake.
    fn ignored_lines(&self, open: &OpenConnection) -> Vec<String> {
        let lines = |head| objections(head, self.config.endpoint.redaction, &open.secrets);
        let by_proxy = open.proxy_heads.as_ref().and_then(|heads| heads.response.as_ref());
        let by_proxy = by_proxy.and_then(lines).map(|lines| format!("answer to CONNECT: {lines}"));
        let all = by_proxy.into_iter().chain(lines(&open.upgraded.head));
        all.map(|lines| format!("{lines}: ignored (--lenient)")).collect()
    }

    fn connection(&self, open: &OpenConnection) -> Connection {
        let config = self.config;
        let options = ConnectionOptions {
            role: Role::Client,
            max_message_size: config.max_message_size,
            close_timeout: config.ending.close_timeout,
            observe_frames: config.commentary.observes_frames(config.ui.as_ref()),
            lenient: config.endpoint.lenient,
            deflate: open.upgraded.agreement.deflate,
            masks: Masks::random(),
        };
        Connection::new(options, &open.upgraded.early)
            .with_other_extensions(open.upgraded.agreement.has_others)
    }

    /// Compression was requested and not negotiated. A client that cannot do without an extension closes with 1010
    /// (RFC 6455 section 7.4.1).
    fn miss_compression(
        &self,
        established: &mut Established,
        journal: &mut Journal<'_>,
    ) -> Result<(), Error> {
        if !self.config.negotiation.strict {
            let text = "the server did not accept permessage-deflate: nothing is compressed";
            journal.emit_now(EventKind::Notice(Level::Warning, text));
            return Ok(());
        }
        let Established { stream, connection, .. } = established;
        let code = Some(CloseCode::MANDATORY_EXTENSION);
        if connection.close(code, "permessage-deflate", Instant::now()).is_ok() {
            let _ = stream.write_all(connection.pending_output()); // the failure is reported in any case
            stream.finish_sending();
        }
        Err(Error::NoCompression)
    }
}
