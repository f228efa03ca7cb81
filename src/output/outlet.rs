//! Bytes on their way to a stream that may not take them all at once.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use mio::{Registry, Token, Waker};

use super::backlog::Backlog;
use super::lane::Lane;
use super::later::{LONG, Later, Render, unchanged_piece};
use crate::platform::batches::Batch;
use crate::platform::stdio::Writer;
use crate::protocol::Payload;

/// A buffer in front of a stream.
pub struct Outlet {
    name: &'static str,
    backlog: Backlog,
    /// What follows the backlog, if that is not all.
    later: Option<Box<Later>>,
    /// What a lane did not take.
    refused: Option<Batch>,
    /// The message that the event is about, if it can be kept.
    payload: Option<Payload>,
    way: Way,
    ready: bool,
    /// Whether people look at it.
    is_display: bool,
    /// Whether an error matters to the run.
    essential: bool,
    error: Option<io::Error>,
}

enum Way {
    Stream(Writer),
    /// Batches of whole records, for a while or always, and the way to come back to.
    Lane(Box<dyn Lane>, Box<Way>),
    /// After an error nothing is kept.
    Broken,
    #[cfg(test)]
    Memory,
}

/// Above this many bytes that wait for a stream nothing should be added.
const HIGH_WATER: usize = 1 << 20;

/// The same for a lane: there may be one for each of many connections.
const LANE_HIGH_WATER: usize = 256 << 10;

/// Waiting bytes are brought on without being asked from this many on.
const FLUSH_SIZE: usize = 64 << 10;

/// So much of a long value is rendered before its stream takes it.
const RENDER_AHEAD: usize = 256 << 10;

/// Bytes that a lane is offered at a time: they are lost from sight when the display is stopped.
const BATCH_SIZE: usize = 8 << 10;

/// A record of more than this is handed over in parts where that is possible. Less than [`FLUSH_SIZE`]:
/// what is left below that is not handed over before more of the record is rendered.
const PART_SIZE: usize = 48 << 10;

impl Outlet {
    /// An outlet to a stream called `name` in messages.
    pub fn stream(name: &'static str, writer: Writer) -> Self {
        let is_display = writer.is_terminal();
        Self { is_display, ..Self::new(name, Way::Stream(writer)) }
    }

    /// An outlet by a lane alone. What was handed over to it is not taken back.
    pub fn lane(name: &'static str, lane: impl Lane + 'static) -> Self {
        Self::new(name, Way::Lane(Box::new(lane), Box::new(Way::Broken)))
    }

    /// The same, but when it cannot be written the run goes on.
    pub fn optional(mut self) -> Self {
        self.essential = false;
        self
    }

    fn new(name: &'static str, way: Way) -> Self {
        Self {
            name,
            backlog: Backlog::default(),
            later: None,
            refused: None,
            payload: None,
            way,
            ready: true,
            is_display: false,
            essential: true,
            error: None,
        }
    }

    /// Lends it the message that the events until the next call are about: then it needs no copy of it.
    pub(super) fn lend(&mut self, payload: Option<&Payload>) {
        self.payload = payload.cloned();
    }

    /// Takes bytes.
    pub fn put(&mut self, bytes: &[u8]) {
        if let Some(later) = &mut self.later {
            return later.add(bytes);
        }
        if self.takes_whole_records() {
            match bytes.len() >= LONG && self.takes_parts() {
                true => self.put_long(bytes, unchanged_piece),
                false => self.backlog.extend(bytes),
            }
            return;
        }
        if bytes.len() >= FLUSH_SIZE {
            self.flush();
        }
        // Long payloads go straight to the stream, without a copy.
        let direct = if bytes.len() >= FLUSH_SIZE && self.pending() == 0 {
            self.write_some(bytes)
        } else {
            0
        };
        if !matches!(self.way, Way::Broken) {
            if direct > 0 {
                self.backlog.pass(direct);
            }
            self.backlog.extend(&bytes[direct..]);
        }
        if self.pending() >= FLUSH_SIZE {
            self.flush();
        }
    }

    /// Takes a short record and what ends it.
    pub fn put_record(&mut self, bytes: &[u8], end: &[u8]) {
        let is_direct = self.later.is_none() && !matches!(self.way, Way::Broken);
        if bytes.len() + end.len() >= FLUSH_SIZE || !is_direct {
            self.put(bytes);
            return self.put(end);
        }
        self.backlog.extend_by(bytes, end);
        if self.backlog.len() >= FLUSH_SIZE && self.ready && !self.takes_whole_records() {
            self.flush();
        }
    }

    /// Takes a value that is rendered while the stream takes it. A lane gets it as a whole, unless it takes
    /// parts.
    pub fn put_long(&mut self, value: &[u8], render: Render) {
        let takes_parts = self.takes_parts();
        let is_whole = self.takes_whole_records() && !takes_parts;
        let (mut at, mut piece) = (0, Vec::new());
        while at < value.len() && !matches!(self.way, Way::Broken) {
            let is_stalled = self.later.is_some() || self.backlog.len() >= RENDER_AHEAD;
            if is_stalled && !is_whole {
                return self.later.get_or_insert_default().add_value(
                    &value[at..],
                    render,
                    self.payload.as_ref(),
                );
            }
            piece.clear();
            at += render(&value[at..], &mut piece);
            self.put(&piece);
            if takes_parts {
                self.offer();
            }
        }
    }

    /// Says that what was put in until now is a whole record, if there is anything, and whether it is a
    /// received message.
    #[inline]
    pub(super) fn end_record(&mut self, is_message: bool) {
        match &mut self.later {
            None => self.backlog.end_record(is_message),
            Some(later) => later.end_record(is_message),
        }
    }

    /// Whether nothing may come between the parts of a record: neither what others write nor a prompt.
    fn takes_whole_records(&self) -> bool {
        !matches!(self.way, Way::Stream(_) | Way::Broken)
    }

    fn takes_parts(&self) -> bool {
        matches!(&self.way, Way::Lane(lane, _) if lane.takes_parts())
    }

    /// Brings on what the stream takes now.
    pub fn flush(&mut self) {
        self.flush_backlog();
        while self.later.is_some() && self.ready && self.backlog.len() < FLUSH_SIZE {
            self.render_more(RENDER_AHEAD);
            self.flush_backlog();
        }
    }

    fn render_more(&mut self, size: usize) {
        self.later.take_if(|later| !later.refill(&mut self.backlog, size));
    }

    fn flush_backlog(&mut self) {
        if self.pending() == 0 || !self.ready {
            return;
        }
        if matches!(self.way, Way::Lane(..)) {
            return self.offer();
        }
        // Out of the way while it is written.
        let mut backlog = std::mem::take(&mut self.backlog);
        let count = self.write_some(backlog.waiting());
        if !matches!(self.way, Way::Broken) {
            backlog.advance(count);
            self.backlog = backlog;
        }
    }

    /// Tries to bring much that is waiting on before the stream is announced: its reader is to have
    /// work while more is received. Otherwise the two take turns, and wait for each other.
    pub fn flush_ahead(&mut self) {
        let is_much = self.backlog.len() >= FLUSH_SIZE || self.later.is_some();
        if is_much && matches!(self.way, Way::Stream(_)) {
            self.ready = true;
            self.flush();
        }
    }

    fn offer(&mut self) {
        let Way::Lane(lane, _) = &mut self.way else { return };
        let takes_parts = lane.takes_parts();
        while self.refused.is_some() || self.backlog.len() > 0 {
            let next = self.refused.take().or_else(|| match takes_parts {
                true => self.backlog.take_part(BATCH_SIZE, PART_SIZE),
                false => Some(self.backlog.take_batch(BATCH_SIZE)),
            });
            let Some(mut batch) = next else { return };
            if !lane.offer(&mut batch) {
                self.refused = Some(batch);
                return;
            }
        }
    }

    /// Bytes waiting; of a value that is rendered as the stream takes it, those of the value.
    pub fn pending(&self) -> usize {
        let in_flight = if let Way::Stream(writer) = &self.way { writer.in_flight() } else { 0 };
        let later = self.later.as_ref().map_or(0, |later| later.held());
        let refused = self.refused.as_ref().map_or(0, |batch| batch.bytes.len());
        self.backlog.len() + later + refused + in_flight
    }

    /// Bytes that have been brought on so far.
    pub fn taken(&self) -> u64 {
        self.backlog.taken()
    }

    /// Received messages waiting, or the last part of one.
    pub fn pending_messages(&self) -> u64 {
        let refused = self.refused.as_ref().map_or(0, |batch| batch.message_ends.len());
        let later = self.later.as_ref().map_or(0, |later| later.messages());
        self.backlog.messages() + later + refused as u64
    }

    /// Drops what waits, since the run ends without it, and what follows where a record may be cut by
    /// that. Returns received messages and bytes.
    pub fn give_up(&mut self) -> (u64, usize) {
        if self.is_display {
            return (self.stop_display(), 0);
        }
        let messages = self.pending_messages();
        // The number of bytes is shown only without messages, and to render all of them takes time.
        let later = self.later.take_if(|_| messages == 0).map_or(0, |later| later.rendered_len());
        let bytes = self.pending() + later;
        if bytes == 0 {
            return (0, 0);
        }
        let is_cut =
            self.backlog.is_in_part() || self.refused.as_ref().is_some_and(|it| it.continues);
        self.backlog.clear();
        (self.later, self.refused) = (None, None);
        if is_cut || !self.takes_whole_records() {
            self.way = Way::Broken;
        }
        (messages, bytes)
    }

    /// Drops what people were still to be shown, if this is their terminal. Returns how many received
    /// messages are among it.
    pub fn stop_display(&mut self) -> u64 {
        if !self.is_display {
            return 0;
        }
        self.render_more(usize::MAX); // a record that was begun ends
        let shown_by_lane = if let Way::Lane(lane, _) = &mut self.way { lane.discard() } else { 0 };
        let refused = self.refused.take().map_or(0, |batch| batch.message_ends.len());
        shown_by_lane + refused as u64 + self.backlog.discard_unbegun()
    }

    /// Whether people look at it.
    pub fn is_display(&self) -> bool {
        self.is_display
    }

    /// Waits until the stream takes more; false when `until` has passed.
    ///
    /// # Errors
    /// As the system says; `Interrupted` when a signal comes.
    pub fn wait(&mut self, until: Option<Instant>) -> io::Result<bool> {
        let is_writable = match &mut self.way {
            Way::Stream(writer) => writer.wait(until)?,
            _ => false,
        };
        self.ready |= is_writable;
        Ok(is_writable)
    }

    /// Bytes waiting, also those that a lane has taken and not brought on.
    pub fn held(&self) -> usize {
        let taken = if let Way::Lane(lane, _) = &self.way { lane.queued() } else { 0 };
        self.pending() + taken
    }

    /// Whether so much is waiting that nothing should be added.
    #[inline]
    pub fn is_backed_up(&self) -> bool {
        let refused = self.refused.as_ref().map_or(0, |batch| batch.bytes.len());
        let limit = if let Way::Lane(..) = self.way { LANE_HIGH_WATER } else { HIGH_WATER };
        self.backlog.len() + refused > limit || self.later.is_some()
    }

    /// Whether an error matters to the run.
    pub fn is_essential(&self) -> bool {
        self.essential
    }

    /// The stream's name in messages.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What went wrong, once.
    pub fn take_error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    /// See [`super::Outputs::register`].
    ///
    /// # Errors
    /// When the system refuses.
    pub fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        waker: &Arc<Waker>,
    ) -> io::Result<()> {
        match &mut self.way {
            Way::Stream(writer) => writer.register(registry, token, waker),
            _ => Ok(()),
        }
    }

    /// Takes note that the stream takes bytes again, or that its reader has gone.
    pub fn set_ready(&mut self, reader_gone: bool) {
        self.ready = true;
        if reader_gone && !matches!(self.way, Way::Broken) {
            self.break_off(io::ErrorKind::BrokenPipe.into());
        }
    }

    /// Sends everything that is waiting, and all that follows, another way.
    pub fn redirect(&mut self, lane: Box<dyn Lane>) {
        self.render_more(usize::MAX);
        let before = std::mem::replace(&mut self.way, Way::Broken);
        self.way = Way::Lane(lane, Box::new(before));
        self.ready = true;
    }

    /// Comes back from [`Outlet::redirect`].
    pub fn restore(&mut self) {
        self.way = match std::mem::replace(&mut self.way, Way::Broken) {
            Way::Lane(_, before) => *before,
            way => way,
        };
        if let Some(batch) = self.refused.take() {
            self.backlog.put_back(batch);
        }
    }

    fn write_some(&mut self, bytes: &[u8]) -> usize {
        let mut count = 0;
        while count < bytes.len() {
            let written = match &mut self.way {
                Way::Stream(writer) => writer.write(&bytes[count..]),
                Way::Lane(..) | Way::Broken => break,
                #[cfg(test)]
                Way::Memory => break,
            };
            match written {
                Ok(written) => count += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.ready = false;
                    break;
                }
                Err(error) => {
                    self.break_off(error);
                    return bytes.len();
                }
            }
        }
        count
    }

    fn break_off(&mut self, error: io::Error) {
        self.error = Some(error).filter(|_| self.essential);
        self.way = Way::Broken;
        self.backlog.clear();
        self.later = None;
        self.refused = None;
    }
}

impl fmt::Debug for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outlet")
            .field("name", &self.name)
            .field("pending", &self.pending())
            .finish()
    }
}

#[cfg(test)]
impl Outlet {
    /// An outlet that keeps everything.
    pub(crate) fn memory() -> Self {
        Self { ready: false, ..Self::new("memory", Way::Memory) }
    }

    /// What was put in so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(self.backlog.waiting()).into_owned()
    }
}
