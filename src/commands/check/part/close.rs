//! The end of a part: connections that are still open are closed.

use std::time::Duration;

use super::{PartRun, Stop};
use crate::commands::check::failure::{self, Draft};
use crate::commands::check::link::Link;
use crate::input::Action;
use crate::protocol::CloseCode;
use crate::scenario::inbox::{End, Progress, WaitFailure};
use crate::scenario::language::syntax::{Payload, PayloadKind};
use crate::scenario::phrase::Phrase;
use crate::scenario::plan::{PlannedAction, PlannedStep};

/// How long the closing handshake and the end of TCP may take; the session's own limit is 5 s.
const CLOSE_TIME: Duration = Duration::from_secs(7);

/// The same after a failure.
const SHORT_CLOSE_TIME: Duration = Duration::from_secs(1);

impl PartRun<'_, '_> {
    /// Closes what is open, and looks at how each connection ended.
    pub(super) fn close(&mut self) -> Result<(), Stop> {
        let kept: Vec<_> = (0..self.links.len())
            .map(|index| self.usable(index).and_then(|link| failure::untaken(link.inbox().kept())))
            .collect();
        for link in (0..self.links.len()).filter_map(|index| self.usable(index)) {
            let _ = link.send(Action::Close(Some(CloseCode::NORMAL), None)); // it may have ended
        }
        let (until, is_cut) = self.limited(self.now() + CLOSE_TIME);
        for (index, kept) in kept.into_iter().enumerate() {
            let Some(link) = self.usable(index) else { continue };
            let end = link.wait(self.limits(), |inbox, now| match inbox.end() {
                Some(end) => Progress::Done(end.clone()),
                None if now >= until => Progress::Failed(WaitFailure::Timeout),
                None => Progress::Pending(until),
            });
            let connect = &self.part.connections[index].connect;
            if matches!(end, Some(Progress::Done(_))) && link.unsent() > 0 {
                return Err(self.not_sent(index).into());
            }
            let warning = match end {
                None => return Err(self.with_place(Stop::Interrupted(None), &connect.at)),
                Some(Progress::Done(_)) if self.ends_taken[index] => None,
                Some(Progress::Done(end)) => end_warning(&end),
                Some(_) if is_cut => Some(Phrase::new(NO_ANSWER_IN_TIME)),
                Some(_) => Some(Phrase::new("did not end in time")),
            };
            let who = match &connect.name {
                Some(name) => Phrase::new("\"").value(name).own("\""),
                None => Phrase::new("the connection"),
            };
            let warning = warning.map(|warning| match kept {
                Some(kept) => warning.own("; ").phrase(kept),
                None => warning,
            });
            if let Some(warning) = warning {
                self.warn(index, who.clone().own(": ").phrase(warning))?;
            }
        }
        match self.part.steps.last() {
            Some(step) => self.look_for_faults(&step.at),
            None => Ok(()),
        }
    }

    /// The first message that a step has sent and the connection has not, as it ended before.
    fn not_sent(&self, index: usize) -> Draft {
        let is_message = |payload: &Payload| {
            !matches!(
                payload.kind,
                PayloadKind::Ping(_) | PayloadKind::Pong(_) | PayloadKind::Close(_)
            )
        };
        let is_own = |step: &&PlannedStep| match &step.action {
            PlannedAction::Send(connection, payload) => *connection == index && is_message(payload),
            _ => false,
        };
        let inbox = self.links[index].as_ref().map(Link::inbox);
        let sent = inbox.as_ref().map_or(0, |inbox| inbox.sent());
        let mut sends = self.part.steps.iter().filter(is_own);
        let step = sends.nth(usize::try_from(sent).unwrap_or(usize::MAX));
        let at = step.map_or(&self.part.connections[index].connect.at, |step| &step.at);
        let message = match inbox.as_ref().and_then(|inbox| inbox.closed()) {
            Some(closed) => Phrase::new("cannot send: the connection ended: ").value(closed),
            None => Phrase::new("cannot send: the connection ended"),
        };
        self.failed(at, "closed", message)
    }

    fn usable(&self, index: usize) -> Option<&Link> {
        self.links[index].as_ref().filter(|link| link.is_usable())
    }

    /// Closes what is open after a failure. How that goes does not matter any more.
    pub(super) fn close_after_failure(&self) {
        let links = || self.links.iter().flatten().filter(|link| link.is_usable());
        for link in links() {
            let _ = link.send(Action::Close(Some(CloseCode::NORMAL), None)); // it may have ended
        }
        let until = self.now() + SHORT_CLOSE_TIME;
        for link in links() {
            let _ = link.wait::<()>(self.limits(), |inbox, now| match inbox.end() {
                None if now < until => Progress::Pending(until),
                _ => Progress::Done(()),
            });
        }
    }

    /// A warning is a failure with `--strict`.
    pub(super) fn warn(&mut self, connection: usize, text: impl Into<Phrase>) -> Result<(), Stop> {
        let text = text.into();
        let at = &self.part.connections[connection].connect.at;
        if self.file.config.strict {
            return Err(self.failed(at, "warning", text).into());
        }
        self.note(at, text);
        Ok(())
    }
}

const NO_ANSWER_IN_TIME: &str =
    "the server did not complete the closing handshake before the part's max-time";

/// What is odd about the end of a connection that no step waited for. Which side closed it first does not matter:
/// that may be chance.
fn end_warning(end: &End) -> Option<Phrase> {
    if end.is_ours && !end.is_clean {
        let text = Phrase::new("the server did not complete the closing handshake: ");
        return Some(text.value(&end.description));
    }
    let is_usual = matches!(end.code.get(), 1000 | 1001 | 1005);
    (!is_usual && !end.is_answer()).then(|| end.description.clone().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scenario language, section 3: "after the last step a code other than 1000, 1001, 1005 is a warning"
    #[test]
    fn unusual_codes_are_reported_whoever_closed_first() {
        for (code, sent, is_ours, is_clean, is_reported) in [
            (1000, Some(1000), true, true, false),
            (1001, None, false, true, false),
            (1005, None, false, true, false),
            (4001, Some(4001), false, true, true),
            (4001, Some(1000), true, true, true),
            (4001, Some(4001), true, true, false),
            (1006, None, false, false, true),
            (1006, Some(1000), true, false, true),
        ] {
            let end = End {
                code: CloseCode::new(code),
                reason: String::new(),
                is_clean,
                is_ours,
                sent: sent.map(CloseCode::new),
                incomplete: None,
                description: "closed".to_owned(),
            };
            assert_eq!(end_warning(&end).is_some(), is_reported, "{end:?}");
        }
    }
}
