//! Bytes on their way to a stream that may not take them all at once.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Instant;

use mio::{Registry, Token, Waker};

use super::backlog::{Backlog, Batch};
use crate::platform::stdio::Writer;

/// A way to a place that takes whole records, such as a line editor that redraws around them.
pub trait Lane: Send {
    /// Hands a batch over; gives it back when there is no room.
    ///
    /// # Errors
    /// The batch, when it was not taken.
    fn offer(&mut self, batch: Batch) -> Result<(), Batch>;

    /// Drops what was taken and is not shown yet. Returns how many received messages are among it.
    fn discard(&mut self) -> u64;
}

/// The same for a thread that may wait.
pub trait SharedLane: Send {
    /// Hands a portion over, as soon as there is room.
    fn hand_over(&mut self, bytes: Vec<u8>);
}

/// A buffer in front of a stream.
pub struct Outlet {
    name: &'static str,
    backlog: Backlog,
    /// What a lane did not take.
    refused: Option<Batch>,
    way: Way,
    ready: bool,
    /// Whether an error matters to the run.
    essential: bool,
    error: Option<io::Error>,
}

enum Way {
    Stream(Writer),
    /// Another way for a while, and the one to come back to.
    Lane(Box<dyn Lane>, Box<Way>),
    /// Streams that several threads write to, a whole batch at a time.
    SharedStdout,
    SharedStderr,
    SharedLane(Box<dyn SharedLane>),
    /// After an error nothing is kept.
    Broken,
    #[cfg(test)]
    Memory,
}

/// Above this many waiting bytes nothing should be added.
const HIGH_WATER: usize = 256 << 10;

/// Waiting bytes are brought on without being asked from this many on.
const FLUSH_SIZE: usize = 64 << 10;

/// Bytes that a lane is offered at a time: they are lost from sight when the display is stopped.
const BATCH_SIZE: usize = 8 << 10;

impl Outlet {
    /// An outlet to a stream called `name` in messages.
    pub fn stream(name: &'static str, writer: Writer) -> Self {
        Self::new(name, Way::Stream(writer))
    }

    /// Standard output, shared with other threads. Writes wait.
    pub fn shared_stdout() -> Self {
        Self::new("standard output", Way::SharedStdout)
    }

    /// Standard error, shared with other threads. Writes wait.
    pub fn shared_stderr() -> Self {
        Self::new("standard error", Way::SharedStderr)
    }

    /// A lane, shared with other threads. Writes wait.
    pub fn shared_lane(lane: impl SharedLane + 'static) -> Self {
        Self::new("standard output", Way::SharedLane(Box::new(lane)))
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
            refused: None,
            way,
            ready: true,
            essential: true,
            error: None,
        }
    }

    /// Takes bytes.
    pub fn put(&mut self, bytes: &[u8]) {
        if self.takes_whole_records() {
            self.backlog.extend(bytes);
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
        if bytes.len() + end.len() >= FLUSH_SIZE || matches!(self.way, Way::Broken) {
            self.put(bytes);
            return self.put(end);
        }
        self.backlog.extend_by(bytes, end);
        if self.pending() >= FLUSH_SIZE && !self.takes_whole_records() {
            self.flush();
        }
    }

    /// How many bytes were ever put in.
    pub(super) fn added(&self) -> u64 {
        self.backlog.added()
    }

    /// Says that what was put in until now is a whole record, and whether it is a received message.
    pub(super) fn end_record(&mut self, is_message: bool) {
        self.backlog.end_record(is_message);
    }

    /// Whether nothing may come between the parts of a record: neither what others write nor a prompt.
    fn takes_whole_records(&self) -> bool {
        !matches!(self.way, Way::Stream(_) | Way::Broken)
    }

    /// Brings on what the stream takes now.
    pub fn flush(&mut self) {
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

    fn offer(&mut self) {
        let Way::Lane(lane, _) = &mut self.way else { return };
        while self.refused.is_some() || self.backlog.len() > 0 {
            let batch = self.refused.take().unwrap_or_else(|| self.backlog.take_batch(BATCH_SIZE));
            if let Err(batch) = lane.offer(batch) {
                self.refused = Some(batch);
                return;
            }
        }
    }

    /// Bytes waiting.
    pub fn pending(&self) -> usize {
        let in_flight = if let Way::Stream(writer) = &self.way { writer.in_flight() } else { 0 };
        self.backlog.len() + self.refused.as_ref().map_or(0, |batch| batch.bytes.len()) + in_flight
    }

    /// Received messages waiting, or the last part of one.
    pub fn pending_messages(&self) -> u64 {
        self.backlog.messages() + self.refused.as_ref().map_or(0, |batch| batch.messages)
    }

    /// Drops what people were still to be shown, if this is their terminal. Returns how many received
    /// messages are among it.
    pub fn stop_display(&mut self) -> u64 {
        let shown_by_lane = match &mut self.way {
            Way::Lane(lane, _) => lane.discard(),
            Way::Stream(writer) if writer.is_terminal() => 0,
            _ => return 0,
        };
        let refused = self.refused.take().map_or(0, |batch| batch.messages);
        shown_by_lane + refused + self.backlog.discard_unbegun()
    }

    /// Whether people look at it.
    pub fn is_display(&self) -> bool {
        match &self.way {
            Way::Lane(..) => true,
            Way::Stream(writer) => writer.is_terminal(),
            _ => false,
        }
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

    /// Whether so much is waiting that nothing should be added.
    pub fn is_backed_up(&self) -> bool {
        self.pending() > HIGH_WATER
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
                Way::SharedStdout => write_batch(&mut io::stdout().lock(), &bytes[count..]),
                Way::SharedStderr => write_batch(&mut io::stderr().lock(), &bytes[count..]),
                Way::SharedLane(lane) => {
                    lane.hand_over(bytes[count..].to_vec());
                    Ok(bytes.len() - count)
                }
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
        self.refused = None;
    }
}

fn write_batch(stream: &mut dyn Write, bytes: &[u8]) -> io::Result<usize> {
    stream.write_all(bytes)?;
    stream.flush()?;
    Ok(bytes.len())
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
