//! A buffer in front of a stream that may not take all bytes at once.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mio::{Registry, Token, Waker};

use super::OutputError;
use super::backlog::Backlog;
use super::batch_sink::BatchSink;
use super::deferred::{Deferred, LONG, Render, unchanged_piece};
use super::destination::Destination;
use crate::platform::batches::Batch;
use crate::platform::stdio::Writer;
use crate::protocol::Payload;

mod offering;

/// A buffer with the stream that it is written to.
pub struct Outlet {
    name: Cow<'static, str>,
    backlog: Backlog,
    /// What follows the backlog: a long value and all that comes behind it.
    deferred: Option<Box<Deferred>>,
    /// What a sink did not take.
    refused: Option<Batch>,
    /// The message that the current event is about, if it can be kept.
    payload: Option<Payload>,
    destination: Destination,
    /// Bytes that a sink is offered at a time.
    batch_size: usize,
    /// When the first event happened that a sink did not get, or later: a backlog that is never empty must not make what is
    /// new look old.
    since: Option<Duration>,
    /// When the last event happened.
    latest: Duration,
    ready: bool,
    /// It is a terminal.
    is_display: bool,
    /// An error ends the run.
    essential: bool,
    error: Option<io::Error>,
}

/// As many bytes are flushed when they are added.
const FLUSH_SIZE: usize = 64 << 10;

/// How many bytes of a long value are rendered ahead of the stream.
const RENDER_AHEAD: usize = 256 << 10;

/// Bytes that a sink is offered at a time, unless it is meant for much.
const BATCH_SIZE: usize = 8 << 10;

impl Outlet {
    /// An outlet to a stream that error messages call `name`.
    pub fn stream(name: &'static str, writer: Writer) -> Self {
        let is_display = writer.is_terminal();
        Self { is_display, ..Self::new(name, Destination::Stream(writer)) }
    }

    /// An outlet to a file, which is created or replaced. A thread of its own writes it, so that a slow disk and a FIFO
    /// without a reader hold up nothing. Error messages call it by its path.
    ///
    /// # Errors
    /// If it cannot be created. A FIFO is opened later.
    pub fn file(path: &Path) -> Result<Self, OutputError> {
        let name = path.display().to_string();
        match Writer::file(path) {
            Ok(writer) => Ok(Self::new(name, Destination::Stream(writer))),
            Err(error) => Err(OutputError { name: name.into(), error }),
        }
    }

    /// An outlet to a sink.
    pub fn batches(name: &'static str, sink: impl BatchSink + 'static) -> Self {
        let none = Box::new(Destination::Broken);
        Self::new(name, Destination::Batches(Box::new(sink), none))
    }

    /// The same, but the sink is offered this many bytes at a time.
    pub fn in_batches_of(mut self, size: usize) -> Self {
        self.batch_size = size;
        self
    }

    /// The same, but an error does not end the run.
    pub fn optional(mut self) -> Self {
        self.essential = false;
        self
    }

    fn new(name: impl Into<Cow<'static, str>>, destination: Destination) -> Self {
        Self {
            name: name.into(),
            backlog: Backlog::default(),
            deferred: None,
            refused: None,
            payload: None,
            destination,
            batch_size: BATCH_SIZE,
            since: None,
            latest: Duration::ZERO,
            ready: true,
            is_display: false,
            essential: true,
            error: None,
        }
    }

    /// See [`super::Outputs::lend`].
    pub(super) fn lend(&mut self, payload: Option<&Payload>) {
        self.payload = payload.cloned();
    }

    /// Adds bytes.
    pub fn put(&mut self, bytes: &[u8]) {
        if let Some(deferred) = &mut self.deferred {
            return deferred.add(bytes);
        }
        if self.destination.takes_whole_records() {
            match bytes.len() >= LONG && self.destination.takes_parts() {
                true => self.put_long(bytes, unchanged_piece),
                false => self.backlog.extend(bytes),
            }
            return;
        }
        if bytes.len() >= FLUSH_SIZE {
            self.flush();
        }
        // Long payloads are written without a copy.
        let direct = if bytes.len() >= FLUSH_SIZE && self.pending() == 0 {
            self.write_some(bytes)
        } else {
            0
        };
        if !self.destination.is_broken() {
            if direct > 0 {
                self.backlog.count_written(direct);
            }
            self.backlog.extend(&bytes[direct..]);
        }
        if self.pending() >= FLUSH_SIZE {
            self.flush();
        }
    }

    /// Adds a record and its end.
    pub fn put_record(&mut self, bytes: &[u8], end: &[u8]) {
        let size = bytes.len() + end.len();
        if size >= FLUSH_SIZE {
            self.put(bytes);
            return self.put(end);
        }
        let parts = [bytes, end];
        self.write_record(size, |record| parts.iter().for_each(|it| record.extend_from_slice(it)));
    }

    /// Adds a short record of about `size` bytes, which `write` appends.
    pub(super) fn write_record(&mut self, size: usize, write: impl FnOnce(&mut Vec<u8>)) {
        if let Some(deferred) = &mut self.deferred {
            return deferred.add_with(write);
        }
        let is_stream = !self.destination.takes_whole_records();
        if !self.destination.is_broken() {
            self.backlog.extend_with(size, write);
        }
        if is_stream && self.ready && self.backlog.len() >= FLUSH_SIZE {
            self.flush();
        }
    }

    /// Adds a value that is rendered as the stream takes it. A sink gets it as a whole, unless it takes parts.
    pub fn put_long(&mut self, value: &[u8], render: Render) {
        let takes_parts = self.destination.takes_parts();
        let is_whole = self.destination.takes_whole_records() && !takes_parts;
        let (mut at, mut piece) = (0, Vec::new());
        while at < value.len() && !self.destination.is_broken() {
            let is_stalled = self.deferred.is_some() || self.backlog.len() >= RENDER_AHEAD;
            if is_stalled && !is_whole {
                return self.deferred.get_or_insert_default().add_value(
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

    /// The last record, if all of it is here.
    pub(super) fn last_record(&self) -> Option<&[u8]> {
        self.backlog.last_record().filter(|_| self.deferred.is_none())
    }

    /// Marks the end of a record, if anything was added, and whether it is a received message.
    #[inline]
    pub(super) fn end_record(&mut self, is_message: bool) {
        match &mut self.deferred {
            None => self.backlog.end_record(is_message),
            Some(deferred) => deferred.end_record(is_message),
        }
    }

    /// Writes what the stream takes now.
    pub fn flush(&mut self) {
        self.flush_backlog();
        while self.deferred.is_some() && self.ready && self.backlog.len() < FLUSH_SIZE {
            self.render_more(RENDER_AHEAD);
            self.flush_backlog();
        }
    }

    fn render_more(&mut self, size: usize) {
        self.deferred.take_if(|deferred| !deferred.refill(&mut self.backlog, size));
    }

    fn flush_backlog(&mut self) {
        if self.pending() == 0 || !self.ready {
            return;
        }
        if matches!(self.destination, Destination::Batches(..)) {
            return self.offer();
        }
        if self.backlog.len() == 0 {
            if let Some(error) = self.destination.take_error() {
                self.break_off(error);
            }
            return;
        }
        // It cannot be borrowed while it is written.
        let mut backlog = std::mem::take(&mut self.backlog);
        let count = self.write_some(backlog.waiting());
        if !self.destination.is_broken() {
            backlog.advance(count);
            self.backlog = backlog;
        }
    }

    /// Writes without waiting for readiness if much is waiting, so that the reader of a pipe has work while
    /// more is received. Otherwise the two would take turns.
    pub fn flush_ahead(&mut self) {
        let is_much = self.backlog.len() >= FLUSH_SIZE || self.deferred.is_some();
        if is_much && matches!(self.destination, Destination::Stream(_)) {
            self.ready = true;
            self.flush();
        }
    }

    /// Bytes waiting; a value that is not rendered yet counts with its own size.
    pub fn pending(&self) -> usize {
        let deferred = self.deferred.as_ref().map_or(0, |deferred| deferred.held());
        let refused = self.refused.as_ref().map_or(0, |batch| batch.bytes.len());
        self.backlog.len() + deferred + refused + self.destination.in_flight()
    }

    /// Bytes written so far.
    pub fn taken(&self) -> u64 {
        self.backlog.taken()
    }

    /// Received messages of which at least the last byte is waiting.
    pub fn pending_messages(&self) -> u64 {
        let refused = self.refused.as_ref().map_or(0, |batch| batch.message_ends.len());
        let deferred = self.deferred.as_ref().map_or(0, |deferred| deferred.messages());
        self.backlog.messages() + deferred + refused as u64
    }

    /// Drops what is waiting, and all that follows if that cuts a record. Returns the numbers of received
    /// messages and bytes dropped.
    pub fn give_up(&mut self) -> (u64, usize) {
        if self.is_display {
            return (self.stop_display(), 0);
        }
        let messages = self.pending_messages();
        // The number of bytes is shown only without messages, and to render all of them takes time.
        let deferred =
            self.deferred.take_if(|_| messages == 0).map_or(0, |deferred| deferred.rendered_len());
        let bytes = self.pending() + deferred;
        if bytes == 0 {
            return (0, 0);
        }
        let is_cut =
            self.backlog.is_in_part() || self.refused.as_ref().is_some_and(|it| it.continues);
        self.backlog.clear();
        (self.deferred, self.refused) = (None, None);
        if is_cut || !self.destination.takes_whole_records() {
            self.destination = Destination::Broken;
        }
        (messages, bytes)
    }

    /// Drops what is waiting for a terminal. Returns how many received messages that were.
    pub fn stop_display(&mut self) -> u64 {
        if !self.is_display {
            return 0;
        }
        self.render_more(usize::MAX); // so that a record that was begun is not cut
        let in_sink = self.destination.discard();
        let refused = self.refused.take().map_or(0, |batch| batch.message_ends.len());
        in_sink + refused as u64 + self.backlog.discard_unbegun()
    }

    /// Whether it is a terminal.
    pub fn is_display(&self) -> bool {
        self.is_display
    }

    /// Bytes waiting, including those in a sink.
    pub fn held(&self) -> usize {
        self.pending() + self.destination.queued()
    }

    /// Whether so much is waiting that nothing should be added.
    #[inline]
    pub fn is_backed_up(&self) -> bool {
        let refused = self.refused.as_ref().map_or(0, |batch| batch.bytes.len());
        self.backlog.len() + refused > self.destination.high_water() || self.deferred.is_some()
    }

    /// Whether an error ends the run.
    pub fn is_essential(&self) -> bool {
        self.essential
    }

    /// What error messages call it.
    pub fn name(&self) -> Cow<'static, str> {
        self.name.clone()
    }

    /// The error, once.
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
        self.destination.register(registry, token, waker)
    }

    /// Marks the stream as ready, or its reader as gone.
    pub fn set_ready(&mut self, reader_gone: bool) {
        self.ready = true;
        if reader_gone && !self.destination.is_broken() {
            self.break_off(io::ErrorKind::BrokenPipe.into());
        }
    }

    fn write_some(&mut self, bytes: &[u8]) -> usize {
        let mut count = 0;
        while count < bytes.len() {
            let Some(written) = self.destination.write(&bytes[count..]) else { break };
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
        self.destination = Destination::Broken;
        self.backlog.clear();
        self.deferred = None;
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

impl Outlet {
    /// An outlet that keeps all bytes.
    pub(crate) fn memory() -> Self {
        Self { ready: false, ..Self::new("memory", Destination::Memory) }
    }

    /// The bytes added so far, to an outlet that keeps all.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.backlog.waiting()
    }

    /// The same as text.
    #[cfg(test)]
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }
}
