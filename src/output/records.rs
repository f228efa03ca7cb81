//! What one set of outputs records: all events, whatever the view shows of them, in each file that is recorded to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use mio::Waker;

use super::recorders::{NewSender, RecordedFrames, Recorders};
use super::{Format, Outlet};
use crate::event::{Clock, Event, EventKind, Level, Opened, Stamp, Transit};

/// What outputs need to record.
pub struct RecordSource {
    /// What is recorded at the moment.
    pub recorders: Arc<Recorders>,
    /// Of the loop that writes to the outputs.
    pub waker: Arc<Waker>,
    /// Makes what turns events into lines, for each file.
    pub format: Arc<dyn Fn(RecordedFrames) -> Box<dyn Format> + Send + Sync>,
    /// The connection of events that have none.
    pub connection: Option<u64>,
    /// A file may be begun while a connection is open: it starts with the opening handshake then.
    pub late: Option<LateStart>,
    /// Notices about recordings are shown on the other outputs, with the time of this clock.
    pub notices: Option<Clock>,
}

/// The number that the opening handshake of an open connection gets in a file that begins now; `None`: there is only one
/// connection.
pub type LateStart = Box<dyn Fn() -> Option<u64> + Send>;

/// What a set of outputs records.
#[derive(Default)]
pub(super) struct Records {
    source: Option<RecordSource>,
    /// That of the recordings when they were last looked at.
    version: u64,
    /// There may be notices.
    has_changed: bool,
    list: Vec<Record>,
    /// The connections that are open, if a file may begin with them.
    opened: BTreeMap<Option<u64>, LateOpen>,
    /// The run is ending: what has no room is dropped.
    is_draining: bool,
}

/// A connection that was opened before a file begins.
struct LateOpen {
    at: Stamp,
    opened: Box<Opened>,
    is_in_transit: bool,
}

/// A file as one of its writers.
struct Record {
    number: u64,
    format: Box<dyn Format>,
    outlet: Outlet,
    /// It gets no more events.
    is_ending: bool,
    /// Messages that had no room.
    dropped: u64,
    /// The connection has no number in this file: it was the only one when it began. It keeps none once there are others.
    is_unnumbered: bool,
    /// A connection had a number from its start: `view` shows all connections of a recording.
    has_numbered: bool,
    shares_messages: bool,
}

/// At the end of a run nobody is made to wait: with more bytes waiting than this, messages are dropped.
const LAST_BYTES: usize = 16 << 20;

/// Room for what is not a message, such as the end of the connection.
const LAST_EVENTS: usize = 1 << 20;

/// Bytes that are handed to the thread of a file at a time: usually all that there are, which costs no copy.
const BATCH_SIZE: usize = 1 << 20;

/// As many bytes are handed over when an event follows: they are written while more is formatted, and are still in the cache.
const EARLY_SIZE: usize = 128 << 10;

impl Records {
    /// Records from now on.
    pub(super) fn start(&mut self, source: RecordSource) {
        source.recorders.subscribe(&source.waker);
        self.source = Some(source);
        self.follow();
    }

    /// Whether anything may be recorded.
    #[inline]
    pub(super) fn is_active(&self) -> bool {
        self.source.is_some()
    }

    /// Whether anything is recorded now, or a recording has begun or ended that was not looked at yet.
    pub(super) fn want_messages(&self) -> bool {
        let source = self.source.as_ref();
        !self.list.is_empty() || source.is_some_and(|it| it.recorders.version() != self.version)
    }

    /// Writes an event to all files. Returns, if that is wanted, what formats that share messages write of it, if it is a
    /// message, was rendered as a whole, and has no other number here.
    pub(super) fn event(&mut self, event: &Event<'_>, wants_rendered: bool) -> Option<&[u8]> {
        self.follow();
        let source = self.source.as_ref()?;
        let shown = event.connection;
        let numbered;
        let event = match (shown, source.connection) {
            (None, connection @ Some(_)) => {
                numbered = Event { connection, ..*event };
                &numbered
            }
            _ => event,
        };
        match &event.what {
            EventKind::Open(opened) if source.late.is_some() => {
                // Only a proxy has several at a time here.
                if event.transit.is_none() {
                    self.opened.clear();
                }
                let is_in_transit = event.transit.is_some();
                let late =
                    LateOpen { at: event.at, opened: Box::new((*opened).clone()), is_in_transit };
                self.opened.insert(event.connection, late);
            }
            EventKind::Closed(_) => self.opened.clear(),
            EventKind::ProxyClosed(_) => {
                self.opened.remove(&event.connection);
            }
            _ => {}
        }
        let is_message = matches!(event.what, EventKind::Message(_) | EventKind::FileSent(_));
        let mut rendered = None;
        for record in self.list.iter_mut().filter(|record| !record.is_ending) {
            if self.is_draining && record.drops(is_message) {
                continue;
            }
            let number = record.write(event, is_message);
            if wants_rendered && is_message && number == shown && record.shares_messages {
                rendered = record.outlet.last_record().or(rendered);
            }
        }
        rendered
    }

    /// Takes note of files that were begun or ended meanwhile.
    #[inline]
    fn follow(&mut self) {
        if let Some(source) = &self.source
            && source.recorders.version() != self.version
        {
            self.change();
        }
    }

    #[cold]
    fn change(&mut self) {
        let Some(source) = &self.source else { return };
        self.has_changed = true;
        self.version = source.recorders.version(); // before the files: what changes meanwhile is seen the next time
        let known = |number| self.list.iter().any(|record| record.number == number);
        let (numbers, new) = source.recorders.senders(known, &source.waker);
        for record in &mut self.list {
            record.is_ending = !numbers.contains(&record.number);
        }
        for NewSender { number, sender, frames } in new {
            let outlet = Outlet::batches("recording", sender).in_batches_of(BATCH_SIZE).optional();
            let format = (source.format)(frames);
            let mut record = Record {
                number,
                shares_messages: format.shares_messages(),
                format,
                outlet,
                is_ending: false,
                dropped: 0,
                is_unnumbered: false,
                has_numbered: false,
            };
            for (connection, late) in &self.opened {
                record.write(&late.event(*connection, source), false);
            }
            self.list.push(record);
        }
    }

    /// See [`Outlet::lend`].
    pub(super) fn lend(&mut self, payload: Option<&crate::protocol::Payload>) {
        for record in &mut self.list {
            record.outlet.lend(payload);
        }
    }

    /// See [`super::Outputs::announce`].
    pub(super) fn announce(&mut self, elapsed: Duration) {
        self.list.iter_mut().for_each(|record| record.outlet.announce(elapsed));
    }

    /// See [`super::Outputs::settle`].
    pub(super) fn settle(&mut self) {
        self.list.iter_mut().for_each(|record| record.outlet.settle());
    }

    /// The queues may take bytes again.
    pub(super) fn set_ready(&mut self) {
        for record in &mut self.list {
            record.outlet.set_ready(false);
        }
    }

    /// Hands over what the queues take now.
    pub(super) fn flush(&mut self) {
        self.follow();
        for record in &mut self.list {
            record.outlet.flush();
        }
        if self.list.iter().any(|record| record.is_ending) {
            let source = self.source.as_ref();
            self.list.retain_mut(|record| {
                let is_over = record.is_ending && record.outlet.pending() == 0;
                if is_over && let Some(source) = source {
                    record.report_lost(source);
                }
                !is_over
            });
        }
    }

    /// Notices to show on the other outputs, with their time, after a change.
    pub(super) fn take_notices(&mut self) -> Option<(Stamp, Vec<(Level, String)>)> {
        let source = self.source.as_ref()?;
        let clock = source.notices.as_ref().filter(|_| std::mem::take(&mut self.has_changed))?;
        let notices = source.recorders.take_notices();
        (!notices.is_empty()).then(|| (clock.now(), notices))
    }

    /// Whether so much is waiting that nothing should be added.
    #[inline]
    pub(super) fn are_backed_up(&self) -> bool {
        self.list.iter().any(|record| record.outlet.is_backed_up())
    }

    /// Bytes that are waiting, here or in the queues.
    pub(super) fn held(&self) -> usize {
        self.list.iter().map(|record| record.outlet.held()).sum()
    }

    /// Bytes that the queues have taken so far.
    pub(super) fn taken(&self) -> u64 {
        self.list.iter().map(|record| record.outlet.taken()).sum()
    }

    /// Whether nothing is waiting here.
    pub(super) fn are_drained(&self) -> bool {
        self.list.iter().all(|record| record.outlet.pending() == 0)
    }

    /// From now on what has no room is dropped.
    pub(super) fn end(&mut self) {
        self.is_draining = true;
    }

    pub(super) fn are_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl LateOpen {
    /// Its event, as that of the connection with this number if there are several.
    fn event(&self, connection: Option<u64>, source: &RecordSource) -> Event<'_> {
        let number = source.late.as_ref().and_then(|late| late());
        Event {
            at: self.at,
            connection: number.or(connection),
            mark: None,
            transit: self.is_in_transit.then(Transit::default),
            what: EventKind::Open(&self.opened),
        }
    }
}

impl Record {
    /// Writes an event. Returns the number that its connection has in this file.
    fn write(&mut self, event: &Event<'_>, is_message: bool) -> Option<u64> {
        let is_start = matches!(
            event.what,
            EventKind::Open(_) | EventKind::Redirect(_) | EventKind::RetryScheduled(_)
        );
        self.is_unnumbered |= is_start && event.connection.is_none();
        self.has_numbered |= is_start && event.connection.is_some();
        let keeps_number = self.has_numbered || !self.is_unnumbered;
        let connection = event.connection.filter(|_| keeps_number);
        self.outlet.offer_from(EARLY_SIZE);
        self.outlet.set_time(event.at.elapsed);
        match connection == event.connection {
            true => self.format.event(event, &mut self.outlet),
            false => self.format.event(&Event { connection, ..*event }, &mut self.outlet),
        }
        self.outlet.end_record(is_message);
        connection
    }

    /// Whether an event is dropped. After the first message that is dropped there is no other one, so that there are no
    /// gaps between messages.
    fn drops(&mut self, is_message: bool) -> bool {
        if self.outlet.is_backed_up() {
            self.outlet.set_ready(false);
            self.outlet.flush();
        }
        let limit = if is_message { LAST_BYTES } else { LAST_BYTES + LAST_EVENTS };
        let is_dropped = self.outlet.pending() > limit || (is_message && self.dropped > 0);
        self.dropped += u64::from(is_dropped && is_message);
        is_dropped
    }

    fn report_lost(&mut self, source: &RecordSource) {
        let lost = self.dropped + self.outlet.pending_messages();
        if lost > 0 {
            source.recorders.note_lost(self.number, lost);
        }
        self.dropped = 0;
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        if let Some(source) = &self.source {
            self.list.iter_mut().for_each(|record| record.report_lost(source));
        }
    }
}

#[cfg(test)]
mod tests;
