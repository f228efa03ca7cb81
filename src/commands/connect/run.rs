//! A run from its first connection to its last.

use std::time::{Duration, Instant};

use super::conversation::{Conversation, InputSource};
use super::retry_loop::{GivenUp, RetryLoop};
use crate::error::Error;
use crate::event::{EventKind, Level};
use crate::observer::{Progress, overall};
use crate::platform::signals::Signal;
use crate::resilience::Backoff;
use crate::resilience::idle_timeouts::{IdleTimeouts, may_be_idle_timeout};
use crate::resilience::transient::is_ending_transient;
use crate::session::{Plan, Report, Stop, Unsent};

/// A run: one connection after another, while lost ones are replaced.
pub(super) struct Run<'a, 'b> {
    pub(super) conversation: &'b mut Conversation<'a>,
}

/// How it ended.
pub(super) struct Ended {
    /// The report on the last connection.
    pub(super) report: Report,
    /// The end of that connection has been reported.
    pub(super) is_reported: bool,
    /// Why there is no further connection.
    pub(super) failure: Option<Error>,
}

impl Ended {
    /// Why no connection is open now.
    fn reason(&self) -> String {
        self.failure.as_ref().map_or_else(|| loss_error(&self.report).message(), Error::message)
    }

    /// Whether the connection ended while the user may still have been typing.
    pub(super) fn was_lost(&self) -> bool {
        let is_ours = matches!(
            self.report.stop,
            Some(Stop::Requested | Stop::Signal(_) | Stop::MaxTime | Stop::OutputClosed)
        );
        !is_ours && self.report.deadline.is_none()
    }

    /// The deadline for the end of the run, if a signal or `--max-time` ended it.
    pub(super) fn leave_by(&self) -> Option<Instant> {
        let is_ended = matches!(self.report.stop, Some(Stop::Signal(_) | Stop::MaxTime));
        self.report.deadline.or_else(|| is_ended.then(Instant::now))
    }
}

impl Run<'_, '_> {
    /// Runs until the end; `None` if it ended without a failure before there was a connection.
    ///
    /// # Errors
    /// Why no connection was opened.
    pub(super) fn run(mut self) -> Result<Option<Ended>, Error> {
        let resilience = &self.conversation.config.resilience;
        let mut backoff = Backoff::new(resilience.first_delay);
        let opening = self.conversation.opening();
        let retries = RetryLoop { opening, limit: resilience.retry, is_reconnect: false };
        let mut early = Unsent::default();
        let mut established = match retries.open(self.conversation, &mut backoff, &mut early, None)
        {
            Ok(established) => established,
            Err(given_up) => return self.never_open(given_up, &early),
        };
        let mut plan = self.first_plan(early);
        let mut backoff = Backoff::new(resilience.first_delay);
        let mut idle_timeouts = IdleTimeouts::default();
        loop {
            let mut report = self.conversation.run_session(established, plan)?;
            let Some(reason) = self.loss(&report) else {
                return Ok(Some(Ended { report, is_reported: false, failure: None }));
            };
            backoff.note_connection(report.closed.age);
            report.closed.failure_follows = true; // the reason for the next attempt is the same
            self.conversation.emit(EventKind::Closed(&report.closed));
            if idle_timeouts.note(self.idle_time(&report)) {
                let text = "two connections in a row were ended by the peer after the same time without traffic; \
                            --ping-interval TIME keeps a connection busy";
                self.conversation.emit(EventKind::Notice(Level::Warning, text));
            }
            let retries = RetryLoop { opening, limit: resilience.reconnect, is_reconnect: true };
            let mut unsent = report.unsent.take().unwrap_or_default();
            unsent.is_to_be_acknowledged = true;
            self.conversation.record.set_opening();
            match retries.open(self.conversation, &mut backoff, &mut unsent, Some(reason)) {
                Ok(next) => {
                    (established, plan) = (next, self.next_plan(report, unsent));
                }
                Err(given_up) => {
                    let given_up = self.unless_cancelled(given_up);
                    let ended = ended(report, unsent, given_up);
                    self.conversation.record.set_ended(ended.reason());
                    return Ok(Some(ended));
                }
            }
        }
    }

    /// Ctrl-C at a prompt that stays only ends the attempts to connect again.
    fn unless_cancelled(&mut self, given_up: GivenUp) -> GivenUp {
        let is_interrupted = matches!(given_up, GivenUp::Stopped(Stop::Signal(Signal::Interrupt)));
        let is_cancelled = is_interrupted
            && match &mut self.conversation.source {
                Some(InputSource::Repl(prompt)) => prompt.take_cancelled(),
                Some(InputSource::Queue(_)) => true,
                _ => false,
            };
        if is_cancelled { GivenUp::Stopped(Stop::Requested) } else { given_up }
    }

    /// What was typed between the first attempts follows the presets.
    fn first_plan(&self, early: Unsent) -> Plan {
        let mut plan = self.conversation.plan();
        plan.unsent.as_mut().unwrap_or(&mut plan.presets).extend(early.actions);
        plan
    }

    fn next_plan(&mut self, report: Report, unsent: Unsent) -> Plan {
        let text = match unsent.waiting() {
            0 => "reconnected".to_owned(),
            1 => "reconnected; sending 1 queued message".to_owned(),
            many => format!("reconnected; sending {many} queued messages"),
        };
        self.conversation.emit(EventKind::Notice(Level::Info, &text));
        Plan {
            observers: report.observers,
            unsent: Some(unsent.actions),
            input_ended: report.input_ended,
            ..self.conversation.plan()
        }
    }

    /// Why another connection is opened: this one was lost, and we did not end it.
    fn loss(&self, report: &Report) -> Option<String> {
        let resilience = &self.conversation.config.resilience;
        resilience.reconnect?;
        let is_decided =
            matches!(overall(&report.observers), Some(Progress::Met | Progress::Missed));
        if is_decided || report.input_error.is_some() {
            return None;
        }
        let is_lost = match &report.stop {
            Some(stop) => matches!(stop, Stop::PingTimeout(_) | Stop::IdleTimeout(_)),
            None => is_ending_transient(&report.closed.ending, resilience.on_close),
        };
        is_lost.then(|| loss_error(report).message())
    }

    /// How long there was no traffic when the peer ended the connection, if that may be an idle timeout.
    fn idle_time(&self, report: &Report) -> Option<Duration> {
        let is_pinged = self.conversation.config.resilience.times.ping_interval.is_some();
        let quiet = report.closed.quiet;
        (!is_pinged && may_be_idle_timeout(&report.closed.ending, quiet)).then_some(quiet)
    }

    /// The first connection was not opened: `early` was typed for it.
    fn never_open(&mut self, given_up: GivenUp, early: &Unsent) -> Result<Option<Ended>, Error> {
        self.conversation.emit_unsent(early, false);
        match given_up {
            GivenUp::Failed(error) => Err(error),
            GivenUp::Stopped(stop) => self.stopped_early(stop),
            GivenUp::Lost => Ok(None),
        }
    }

    fn stopped_early(&self, stop: Stop) -> Result<Option<Ended>, Error> {
        match stop {
            Stop::Signal(signal) => Err(Error::Signal(signal)),
            Stop::MaxTime => Err(self.conversation.opening().out_of_time()),
            Stop::OutputFailed(error) => Err(Error::Output(error)),
            Stop::System(error) => Err(Error::System("event loop".to_owned(), error)),
            Stop::Requested
            | Stop::GoalsMet
            | Stop::GoalMissed
            | Stop::PingTimeout(_)
            | Stop::IdleTimeout(_)
            | Stop::OutputClosed => Ok(None),
        }
    }
}

/// The end of a run whose last connection was lost.
fn ended(mut report: Report, unsent: Unsent, given_up: GivenUp) -> Ended {
    report.unsent = Some(unsent);
    let failure = match given_up {
        GivenUp::Failed(error) => Some(error),
        GivenUp::Lost => Some(loss_error(&report)),
        GivenUp::Stopped(stop) => {
            report.stop = Some(stop);
            None
        }
    };
    Ended { report, is_reported: true, failure }
}

/// The loss of a connection as a failure.
fn loss_error(report: &Report) -> Error {
    let silence_advice = report.closed.silence_advice;
    match report.stop {
        Some(Stop::PingTimeout(missed)) => Error::PingTimeout(missed, silence_advice),
        Some(Stop::IdleTimeout(limit)) => Error::IdleTimeout(limit, silence_advice),
        _ => Error::Abnormal(Box::new(report.closed.clone())),
    }
}
