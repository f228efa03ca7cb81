//! The result of a connection that was open: success, or a failure.

use std::time::Duration;

use crate::error::Error;
use crate::observer::{Observer, Progress};
use crate::output::escape::quoted;
use crate::protocol::connection::{EndCause, Ending, Initiator};
use crate::session::{Report, Stop};

/// The time limits that may have expired, for messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeLimits {
    /// `--max-time`.
    pub(super) max_time: Option<Duration>,
    /// `--close-timeout`.
    pub(super) close_timeout: Option<Duration>,
}

/// The result of a connection: the first failure that applies. The end of the connection is marked if the
/// failure repeats it.
pub(super) fn verdict(report: &mut Report, limits: TimeLimits) -> Result<(), Error> {
    let verdict = judge(report, limits);
    report.closed.failure_follows = match &verdict {
        Err(Error::Unmet(..)) => report.closed.ending.initiator == Initiator::Peer,
        Err(Error::Protocol(_) | Error::Abnormal(_) | Error::CloseTimeout { .. }) => true,
        _ => false,
    };
    verdict
}

fn judge(report: &mut Report, limits: TimeLimits) -> Result<(), Error> {
    if let Some(signal) = report.stop.as_ref().and_then(Stop::signal) {
        return Err(Error::Signal(signal));
    }
    if let Some(Stop::OutputFailed(_) | Stop::System(_)) = report.stop {
        return match report.stop.take() {
            Some(Stop::OutputFailed(error)) => Err(Error::Output(error)),
            Some(Stop::System(error)) => Err(Error::System("event loop".to_owned(), error)),
            _ => Ok(()),
        };
    }
    if let Some(error) = report.input_error.take() {
        return Err(Error::Input(error));
    }
    let unmet: Vec<&dyn Observer> =
        report.observers.iter().map(AsRef::as_ref).filter(|goal| is_unmet(*goal)).collect();
    // We closed because nobody reads: how the peer answered does not matter.
    if unmet.is_empty() && matches!(report.stop, Some(Stop::OutputClosed)) {
        return Ok(());
    }
    let words = || unmet.iter().map(|goal| goal.shortfall());
    let failure = failure_of_end(report, limits);
    if unmet.iter().any(|goal| goal.outranks_abnormal_end()) {
        let failure = failure.filter(|failure| explains_unmet(failure, report));
        let close = failure.is_none().then(|| normal_close(&report.closed.ending)).flatten();
        return Err(Error::Unmet(words().chain(close).collect(), failure.map(Box::new)));
    }
    match failure {
        Some(failure) => Err(failure),
        None if unmet.is_empty() => Ok(()),
        None => {
            let close = normal_close(&report.closed.ending);
            Err(Error::Unmet(words().chain(close).collect(), None))
        }
    }
}

/// What was not done when a failure ended the connection before, unless the failure says it.
pub(super) fn shortfalls(report: &Report, verdict: &Result<(), Error>) -> Vec<String> {
    let is_told = matches!(verdict, Ok(()) | Err(Error::Unmet(..) | Error::Signal(_)));
    let unmet = report.observers.iter().filter(|goal| !is_told && is_unmet(goal.as_ref()));
    unmet.map(|goal| goal.shortfall()).collect()
}

fn is_unmet(observer: &dyn Observer) -> bool {
    matches!(observer.progress(), Some(Progress::Open | Progress::Missed))
}

/// How the connection failed, apart from its goals.
fn failure_of_end(report: &Report, limits: TimeLimits) -> Option<Error> {
    let closed = &report.closed;
    let ending = &closed.ending;
    let max_time = || Some(Error::MaxTime(limits.max_time.unwrap_or_default()));
    // A violation by the peer after the time limit is not why the run ended.
    match report.stop {
        Some(Stop::MaxTime) => return max_time(),
        Some(Stop::PingTimeout(missed)) => {
            return Some(Error::PingTimeout(missed, closed.silence_advice));
        }
        Some(Stop::IdleTimeout(limit)) => {
            return Some(Error::IdleTimeout(limit, closed.silence_advice));
        }
        _ => {}
    }
    if ending.violation.is_some() {
        return Some(Error::Protocol(Box::new(closed.clone())));
    }
    if report.deadline.is_some() && report.lost.received > 0 {
        return max_time();
    }
    let is_met = !report.observers.iter().any(|goal| is_unmet(goal.as_ref()));
    let outranks = report.observers.iter().any(|goal| goal.outranks_abnormal_end());
    if (is_met && outranks) || is_unanswered_success(report) {
        return None;
    }
    if ending.cause == EndCause::CloseTimeout {
        let limit = limits.close_timeout.unwrap_or_default();
        return Some(Error::CloseTimeout { limit, is_unsent: closed.is_unsent });
    }
    let is_failure = !is_normal(report) && !report.is_shut_down;
    is_failure.then(|| Error::Abnormal(Box::new(closed.clone())))
}

/// Whether a failure is the reason that a goal was not met. Once a goal is missed we close, and the answer to
/// our Close frame does not matter.
fn explains_unmet(failure: &Error, report: &Report) -> bool {
    let is_answer = matches!(failure, Error::Abnormal(_) | Error::CloseTimeout { .. });
    !(is_answer && matches!(report.stop, Some(Stop::GoalMissed)))
}

/// A normal close by the peer, with its reason if there is one.
fn normal_close(ending: &Ending) -> Option<String> {
    let close = ending.received.as_ref().filter(|_| ending.initiator == Initiator::Peer)?;
    let reason = match close.reason.as_str() {
        "" => String::new(),
        reason => format!(": {}", quoted(reason, false)),
    };
    Some(format!("closed by the peer: {}{reason}", ending.code()))
}

/// The peer did not answer our Close frame, which was sent because all goals were met (`--count`,
/// `--expect`). Many servers do not.
fn is_unanswered_success(report: &Report) -> bool {
    let ending = &report.closed.ending;
    let is_unanswered = match ending.cause {
        EndCause::Transport(..) => true,
        EndCause::CloseTimeout => !report.closed.is_unsent,
        _ => false,
    };
    matches!(report.stop, Some(Stop::GoalsMet)) && is_unanswered && ending.sent.is_some()
}

/// Whether it was closed with 1000, 1001 or without a code, or with the code that we chose.
fn is_normal(report: &Report) -> bool {
    let ending = &report.closed.ending;
    let chosen = ending.sent.as_ref().and_then(|close| close.code);
    let is_echo = ending.initiator == Initiator::Local && Some(ending.code()) == chosen;
    ending.is_clean() && (ending.code().is_normal() || is_echo)
}
