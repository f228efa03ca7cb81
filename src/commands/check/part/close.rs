//! The end of a part: connections that are still open are closed.

use std::time::{Duration, Instant};

use super::{PartRun, Stop};
use crate::commands::check::failure;
use crate::commands::check::link::Link;
use crate::input::Action;
use crate::protocol::CloseCode;
use crate::scenario::inbox::{End, Progress, WaitFailure};

/// How long the closing handshake and the end of TCP may take; the session's own limit is 5 s.
const CLOSE_TIME: Duration = Duration::from_secs(7);

/// The same after a failure.
const SHORT_CLOSE_TIME: Duration = Duration::from_secs(1);

/// How long an aborted connection may take to report its end.
const ABORT_TIME: Duration = Duration::from_millis(200);

impl PartRun<'_, '_> {
    /// Closes what is open, and looks at how each connection ended.
    pub(super) fn close(&mut self) -> Result<(), Stop> {
        for index in 0..self.links.len() {
            let name = self.part.connections[index].connect.name.clone();
            let who = name.map_or_else(|| "the connection".to_owned(), |name| format!("{name:?}"));
            let Some(link) = self.links[index].as_ref().filter(|link| link.is_usable()) else {
                continue;
            };
            let kept = failure::untaken(link.inbox().kept());
            let was_open = link.send(Action::Close(Some(CloseCode::NORMAL), None)).is_ok();
            let until = Instant::now() + CLOSE_TIME;
            let end = link.wait(self.file.interrupted, |inbox, now| match inbox.end() {
                Some(end) => Progress::Done(end.clone()),
                None if now >= until => Progress::Failed(WaitFailure::Timeout),
                None => Progress::Pending(until),
            });
            let warning = match end {
                None => return Err(Stop::Interrupted),
                Some(Progress::Done(_)) if self.ends_taken[index] => None,
                Some(Progress::Done(end)) => end_warning(&end, was_open),
                Some(_) => Some("did not end in time".to_owned()),
            };
            if let Some(warning) = warning {
                let kept = kept.map_or_else(String::new, |kept| format!("; {kept}"));
                self.warn(index, format!("{who}: {warning}{kept}"))?;
            }
        }
        match self.part.steps.last() {
            Some(step) => self.look_for_faults(&step.at),
            None => Ok(()),
        }
    }

    /// Closes what is open after a failure. How that goes does not matter any more.
    pub(super) fn close_after_failure(&self) {
        let links = || self.links.iter().flatten().filter(|link| link.is_usable());
        for link in links() {
            let _ = link.send(Action::Close(Some(CloseCode::NORMAL), None)); // it may have ended
        }
        let wait = |link: &Link, until: Instant| {
            let _ = link.wait::<()>(self.file.interrupted, |inbox, now| match inbox.end() {
                None if now < until => Progress::Pending(until),
                _ => Progress::Done(()),
            });
        };
        let until = Instant::now() + SHORT_CLOSE_TIME;
        for link in links() {
            wait(link, until);
            // How it ends tells of a message that was received in part.
            link.abort();
            wait(link, Instant::now() + ABORT_TIME);
        }
    }

    /// A warning is a failure with `--strict`.
    fn warn(&mut self, connection: usize, text: String) -> Result<(), Stop> {
        if self.file.config.strict {
            let at = &self.part.connections[connection].connect.at;
            return Err(self.failed(at, "warning", text).into());
        }
        self.warnings.push(text);
        Ok(())
    }
}

/// What is odd about the end of a connection that no step waited for.
fn end_warning(end: &End, was_open: bool) -> Option<String> {
    if was_open {
        return (!end.is_clean).then(|| {
            format!("the server did not complete the closing handshake: {}", end.description)
        });
    }
    let is_usual = matches!(end.code.get(), 1000 | 1001 | 1005);
    (!is_usual).then(|| end.description.clone())
}
