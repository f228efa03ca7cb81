//! How far a file is written, between its thread and the run.

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::scenario::MAX_EVENTS;
use crate::event::Level;
use crate::platform::files::format_size;
use crate::protocol::counted::counted;

/// What is in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Data messages, of both directions.
    pub(super) messages: u64,
    /// Bytes.
    pub(super) size: u64,
}

/// How far a file is written.
#[derive(Debug, Default)]
pub(super) struct Progress {
    state: Mutex<State>,
    /// Notified when the thread has ended.
    over: Condvar,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) counts: Counts,
    /// Messages that the thread has, and the file has not.
    pub(super) unwritten: u64,
    pub(super) failure: Option<io::Error>,
    /// Another program has changed the file: what is in it is not known.
    pub(super) is_changed: bool,
    /// What the file lacks, and what it needs, each in one line.
    pub(super) remarks: Vec<(Level, String)>,
    /// The file has no room for more, by the nature of its format.
    pub(super) is_full: bool,
    /// It was ended at the prompt.
    pub(super) is_stopped: bool,
    /// The thread has ended.
    pub(super) is_over: bool,
}

impl State {
    /// Whether events are recorded.
    pub(super) fn is_active(&self) -> bool {
        !(self.is_over || self.is_stopped || self.is_full) && self.failure.is_none()
    }

    /// Whether [`State::notices`] has said how the file ended.
    pub(super) fn is_reported(&self) -> bool {
        (self.is_stopped || self.is_full) && self.is_over && self.failure.is_none()
    }

    /// What the user has to know of the end of the file with this name, before the run ends.
    pub(super) fn notices(&mut self, name: &str) -> Vec<(Level, String)> {
        let ending = match &self.failure {
            Some(reason) => {
                let messages = self.counts.messages();
                let what = match self.is_changed {
                    true => format!("{messages} had been written"),
                    false => format!("it has {messages}"),
                };
                let text = format!("recording to {name} stopped: {reason}; {what}");
                (Level::Warning, text)
            }
            None if self.is_full => (Level::Warning, self.counts.full_text(name)),
            None if self.is_stopped => {
                (Level::Info, format!("recorded {} in {name}", self.counts.text()))
            }
            None => return Vec::new(),
        };
        let mut notices = vec![ending];
        notices.extend(self.take_remarks(name));
        notices
    }

    /// The remarks about the file with this name, once.
    pub(super) fn take_remarks(&mut self, name: &str) -> impl Iterator<Item = (Level, String)> {
        let remarks = std::mem::take(&mut self.remarks).into_iter();
        remarks.map(move |(level, text)| (level, format!("{name}: {text}")))
    }
}

impl Progress {
    /// The thread has nothing more to do.
    pub(super) fn set_over(&self) {
        self.state().is_over = true;
        self.over.notify_all();
    }

    /// Waits until the thread has nothing more to do, up to this time.
    pub(super) fn wait_until_over(&self, deadline: Instant) {
        let left = deadline.saturating_duration_since(Instant::now());
        // Whether it is over is asked again by whoever has waited.
        let _ = self.over.wait_timeout_while(self.state(), left, |state| !state.is_over);
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn messages(&self) -> String {
        counted(self.messages, "message")
    }

    /// Says that the scenario with this name has no room for more.
    pub(super) fn full_text(&self, name: &str) -> String {
        let (limit, messages) = (format_size(MAX_EVENTS as u64), self.messages());
        format!(
            "recording to {name} stopped: a scenario can hold {limit} of events; it has {messages}; \
             .ndjson and .har have no such limit"
        )
    }

    /// The counts as text.
    pub(super) fn text(&self) -> String {
        format!("{}, {}", self.messages(), format_size(self.size))
    }
}
