//! What came of a connection that was open: success, or which failure.

use std::time::Duration;

use crate::error::Error;
use crate::platform::signals::Signal;
use crate::protocol::connection::{EndCause, Ending, Party};
use crate::scenario::{Goal, Progress};
use crate::session::{Report, Stop};

/// The time limits that may have run out, for messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// `--max-time`.
    pub(super) max_time: Option<Duration>,
    /// `--close-timeout`.
    pub(super) close_timeout: Option<Duration>,
}

/// Tells the goals how the connection ended, once. They have heard of Close frames already, and an
/// end without one has a code too: 1006.
pub(super) fn note_end(report: &mut Report) {
    let ending = &report.closed.ending;
    if ending.received.is_none() {
        report.goals.iter_mut().for_each(|goal| _ = goal.close(ending.code()));
    }
}

/// The exit status of a connection; the first reason that holds counts. The end of it is marked if
/// the failure tells the same.
pub(super) fn verdict(report: &mut Report, limits: Limits) -> Result<(), Error> {
    let verdict = judge(report, limits);
    report.closed.failure_follows = matches!(
        &verdict,
        Err(Error::Protocol(_) | Error::Abnormal(_) | Error::CloseTimeout { .. })
    );
    verdict
}

fn judge(report: &mut Report, limits: Limits) -> Result<(), Error> {
    let ending = &report.closed.ending;
    if let Some(signal) = report.stop.as_ref().and_then(signal_of) {
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
    if matches!(report.stop, Some(Stop::OutputClosed)) {
        return Ok(());
    }
    if ending.violation.is_some() {
        return Err(Error::Protocol(Box::new(report.closed.clone())));
    }
    let unmet: Vec<&dyn Goal> = report
        .goals
        .iter()
        .map(AsRef::as_ref)
        .filter(|goal| goal.progress() != Progress::Met)
        .collect();
    let words = || {
        let circumstances = circumstances(report.stop.as_ref(), ending, limits);
        unmet.iter().map(|goal| goal.shortfall()).chain(circumstances).collect()
    };
    if unmet.iter().any(|goal| goal.outranks_abnormal_end()) {
        return Err(Error::Unmet(words()));
    }
    match report.stop {
        Some(Stop::MaxTime) => return Err(Error::MaxTime(limits.max_time.unwrap_or_default())),
        Some(Stop::PingTimeout(limit)) => return Err(Error::PingTimeout(limit)),
        Some(Stop::IdleTimeout(limit)) => return Err(Error::IdleTimeout(limit)),
        _ => {}
    }
    if report.leave_by.is_some() && report.lost.received > 0 {
        return Err(Error::MaxTime(limits.max_time.unwrap_or_default()));
    }
    let is_met = !report.goals.is_empty() && unmet.is_empty();
    let outranks = report.goals.iter().any(|goal| goal.outranks_abnormal_end());
    if (is_met && outranks) || is_unanswered_success(report) {
        return Ok(());
    }
    if ending.cause == EndCause::CloseTimeout {
        let limit = limits.close_timeout.unwrap_or_default();
        return Err(Error::CloseTimeout { limit, is_unsent: report.closed.is_unsent });
    }
    if !is_normal(report) && !report.is_shut_down {
        return Err(Error::Abnormal(Box::new(report.closed.clone())));
    }
    if unmet.is_empty() { Ok(()) } else { Err(Error::Unmet(words())) }
}

/// Why no more came, in the words of the peer if it had any.
fn circumstances(stop: Option<&Stop>, ending: &Ending, limits: Limits) -> Option<String> {
    if matches!(stop, Some(Stop::MaxTime)) {
        return Some(Error::MaxTime(limits.max_time.unwrap_or_default()).message());
    }
    let close = ending.received.as_ref().filter(|_| ending.initiator == Party::Peer)?;
    let reason =
        if close.reason.is_empty() { String::new() } else { format!(": {:?}", close.reason) };
    Some(format!("closed by the peer: {}{reason}", ending.code()))
}

fn signal_of(stop: &Stop) -> Option<Signal> {
    match stop {
        Stop::Signal(signal) => Some(*signal),
        _ => None,
    }
}

/// The peer ended TCP instead of answering our Close frame, which said that all had come that was asked
/// for (`--count`, `--expect`). Many servers do so.
fn is_unanswered_success(report: &Report) -> bool {
    let ending = &report.closed.ending;
    matches!(report.stop, Some(Stop::GoalsMet))
        && matches!(ending.cause, EndCause::Transport(..))
        && ending.sent.is_some()
}

/// Closed with 1000, 1001 or without a code, or with the code that we chose.
fn is_normal(report: &Report) -> bool {
    let ending = &report.closed.ending;
    let chosen = ending.sent.as_ref().and_then(|close| close.code);
    let is_echo = ending.initiator == Party::Local && Some(ending.code()) == chosen;
    ending.is_clean() && (ending.code().is_normal() || is_echo)
}
