//! The verdict on a connection, and what is reported at its start and its end.

use std::sync::atomic::Ordering;

use super::conversation::Conversation;
use super::run::Ended;
use crate::commands::lost;
use crate::commands::verdict::{TimeLimits, shortfalls, verdict};
use crate::config::proxy_remark;
use crate::error::{Error, report};
use crate::event::{EventKind, Level, Shown};
use crate::output::human::Detail;
use crate::output::style::Style;
use crate::platform::terminal;
use crate::session::{Lost, Stop, Unsent};

/// The least width that a failure is laid out for.
const MIN_COLUMNS: usize = 20;

impl Conversation<'_> {
    /// Emits what is to be said before the connection is opened.
    pub(super) fn emit_notices(&mut self) {
        let config = self.config;
        let assumption = config.endpoint.target.assumption();
        if let Some(text) = assumption {
            self.emit(EventKind::Notice(Level::Info, &text));
        }
        if config.warns_unchecked {
            self.emit(EventKind::Notice(
                Level::Warning,
                "-n: the server's certificate is not checked",
            ));
        }
        for (level, text) in &config.notices {
            self.emit(EventKind::Notice(*level, text));
        }
        self.emit_proxy_notice();
        self.outputs.flush_early();
    }

    fn emit_proxy_notice(&mut self) {
        let endpoint = &self.config.endpoint;
        let choice = endpoint.route.choose(&endpoint.target);
        if let Some((is_detail, text)) = choice.ok().as_ref().and_then(proxy_remark)
            && (!is_detail || self.config.commentary.detail >= Detail::Control)
        {
            self.emit(EventKind::Notice(Level::Info, &text));
        }
    }

    /// Reports the end of a run of connections.
    ///
    /// # Errors
    /// The verdict.
    pub(super) fn conclude(&mut self, ended: Ended) -> Result<(), Error> {
        let Ended { mut report, is_reported, failure } = ended;
        let ending = &self.config.ending;
        let limits = TimeLimits { max_time: ending.max_time, close_timeout: ending.close_timeout };
        let closed_itself = matches!(report.stop, Some(Stop::Requested));
        let mut verdict = verdict(&mut report, limits);
        // Of a single message it is clear that it was not received, and --check has a verdict of its own.
        let shortfalls = match ending.count {
            Some(2..) if self.playback.is_none() => shortfalls(&report, &verdict),
            _ => Vec::new(),
        };
        let mut remark = None;
        if let Some(playback) = &self.playback {
            (verdict, remark) = playback.verdict(verdict, &self.config.endpoint.secrets);
            // A list of differences does not repeat how the connection ended.
            report.closed.failure_follows &=
                !matches!(verdict, Err(Error::Differs { end: None, .. }));
        }
        if !is_reported {
            self.emit(EventKind::Closed(&report.closed));
        }
        if let Some(text) = remark {
            self.emit(EventKind::Notice(Level::Info, &text));
        }
        for text in shortfalls {
            self.emit(EventKind::Notice(Level::Warning, &text));
        }
        let peer_closed =
            report.deadline.is_none() && !closed_itself && report.closed.ending.received.is_some();
        self.warn_of_lost(&report.lost, peer_closed);
        self.emit_unsent(&report.unsent.unwrap_or_default(), is_reported);
        match (failure, verdict) {
            (None, verdict) => verdict,
            (Some(error), Err(Error::Unmet(unmet, _))) => {
                Err(Error::Unmet(unmet, Some(Box::new(error))))
            }
            (Some(error), _) => Err(error),
        }
    }

    /// Reports the end of a connection while the run goes on. Goals that it did not meet do not matter once another one
    /// has decided the run.
    ///
    /// # Errors
    /// The verdict.
    pub(super) fn verdict(&mut self, ended: Ended) -> Result<(), Error> {
        let decides = ended.report.stop.as_ref().is_some_and(is_decision);
        let was_decided = match decides {
            true => self.shared.is_decided.swap(true, Ordering::SeqCst),
            false => self.shared.is_decided.load(Ordering::SeqCst),
        };
        match self.conclude(ended) {
            Err(Error::Unmet(..)) if was_decided => Ok(()),
            verdict => verdict.map_err(|error| self.report_failure(error)),
        }
    }

    /// Warns of input that was kept for a connection and not delivered.
    pub(super) fn emit_unsent(&mut self, unsent: &Unsent, was_lost: bool) {
        let texts = [
            match unsent.waiting() {
                0 => None,
                1 => Some("not sent: 1 message that was read from the input".to_owned()),
                many => Some(format!("not sent: {many} messages that were read from the input")),
            },
            match unsent.unconfirmed {
                0 => None,
                1 => Some("1 message may not have arrived".to_owned()),
                many => Some(format!("up to {many} messages may not have arrived")),
            }
            .filter(|_| was_lost),
        ];
        for text in texts.iter().flatten() {
            self.emit(EventKind::Notice(Level::Warning, text));
        }
    }

    /// Columns of the name before lines about the connection.
    fn margin(&self) -> usize {
        let Some(view) = &self.shared.view else { return 0 };
        match self.shared.prompt.are_several().load(Ordering::Relaxed) {
            true => view.prefix(self.record.number).len(),
            false => 0,
        }
    }

    /// Warns of what was not delivered.
    pub(super) fn warn_of_lost(&mut self, lost: &Lost, peer_closed: bool) {
        for text in lost::texts(lost, self.outputs.have_display(), peer_closed) {
            self.emit(EventKind::Notice(Level::Warning, &text));
        }
    }

    /// Reports a failure while the run goes on, as it would be at its end.
    pub(super) fn report_failure(&mut self, error: Error) -> Error {
        if error.is_reported() {
            return error;
        }
        if let Some(failure) = error.failure() {
            self.emit(EventKind::Failure(&failure));
        }
        let style = Style::new(self.config.commentary.stdout_color);
        let columns = terminal::width().saturating_sub(self.margin()).max(MIN_COLUMNS);
        let text = report(&error, style, Some(columns));
        self.emit(EventKind::Shown(Shown::Failure(&text)));
        self.outputs.flush_early();
        Error::Earlier(Box::new(error))
    }
}

/// Whether the run ends, also where the prompt stays when a connection ends.
pub(super) fn is_decision(stop: &Stop) -> bool {
    match stop {
        Stop::GoalsMet
        | Stop::GoalMissed
        | Stop::MaxTime
        | Stop::OutputClosed
        | Stop::OutputFailed(_)
        | Stop::System(_) => true,
        Stop::Requested | Stop::PingTimeout(_) | Stop::IdleTimeout(_) | Stop::Signal(_) => false,
    }
}
