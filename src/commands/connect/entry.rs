//! A connection of a prompt, as the loop of the prompt knows it.

use std::sync::Arc;
use std::time::Instant;

use super::link::Link;
use super::record::Record;
use crate::config::ConnectConfig;

pub(super) struct Entry {
    pub(super) config: Arc<ConnectConfig>,
    pub(super) record: Arc<Record>,
    /// `None`: it has ended, or the main loop has it.
    pub(super) link: Option<Link>,
    /// The main loop has it.
    pub(super) is_main: bool,
    /// Since when it is being closed, because the user asked for that.
    pub(super) closing: Option<Instant>,
    /// The connection to open under the same name once the thread of this one has ended. The end of a connection is shown
    /// before that.
    pub(super) next: Option<Arc<ConnectConfig>>,
}

impl Entry {
    /// Whether it is open, or being opened or closed.
    pub(super) fn is_running(&self) -> bool {
        self.is_main || self.link.as_ref().is_some_and(Link::is_running)
    }
}

/// Those that have a thread.
pub(super) fn running(entries: &[Entry]) -> impl Iterator<Item = (&Entry, &Link)> {
    entries.iter().filter_map(|entry| Some((entry, entry.link.as_ref()?)))
}

/// What `/status` shows of a connection that is not open.
pub(super) fn status(entry: &Entry) -> String {
    let record = &entry.record;
    let what = if record.is_opening() { "connecting" } else { "not connected" };
    let state = record.state();
    format!(
        "  {:<15} {}\n  {:<15} {what}\n  {:<15} {state}\n  {:<15} {}",
        "url",
        record.url,
        "state",
        "last",
        "messages",
        record.counts()
    )
}
