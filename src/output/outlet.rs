//! Bytes on their way to a stream that may not take them all at once.

use std::fmt;
use std::io;

use mio::{Registry, Token};

use crate::platform::batches::{Batch, BatchSender};
use crate::platform::stdio::Writer;
use crate::protocol::large;

/// A way to a place that takes whole events in batches, such as a thread that writes for several.
pub trait Lane: Send {
    /// Hands a batch over; false if there is no room for it: then it is left as it is, and the loop is
    /// woken when it can be offered again.
    fn offer(&mut self, batch: &mut Batch) -> bool;

    /// Bytes that were handed over and are still in memory.
    fn queued(&self) -> usize {
        0
    }
}

impl Lane for BatchSender {
    fn offer(&mut self, batch: &mut Batch) -> bool {
        Self::offer(self, batch)
    }

    fn queued(&self) -> usize {
        Self::queued(self)
    }
}

/// A buffer in front of a stream.
pub struct Outlet {
    name: &'static str,
    buffer: Vec<u8>,
    written: usize,
    /// Where received messages end in `buffer`, for a lane.
    message_ends: Vec<usize>,
    way: Way,
    ready: bool,
    /// Whether an error matters to the run.
    essential: bool,
    error: Option<io::Error>,
}

enum Way {
    Stream(Writer),
    /// Batches of whole events, for a while or always, and the way to come back to.
    Lane(Box<dyn Lane>, Box<Way>),
    /// After an error nothing is kept.
    Broken,
    #[cfg(test)]
    Memory,
}

/// Above this many waiting bytes nothing should be added.
const HIGH_WATER: usize = 256 << 10;

/// Waiting bytes are brought on without being asked from this many on.
const FLUSH_SIZE: usize = 64 << 10;

/// Above this many bytes of capacity an emptied buffer gives its memory back.
const KEEP_CAPACITY: usize = 2 << 20;

impl Outlet {
    /// An outlet to a stream called `name` in messages.
    pub fn stream(name: &'static str, writer: Writer) -> Self {
        Self::new(name, Way::Stream(writer))
    }

    /// An outlet by a lane alone.
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
            buffer: Vec::new(),
            written: 0,
            message_ends: Vec::new(),
            way,
            ready: true,
            essential: true,
            error: None,
        }
    }

    /// Takes bytes.
    pub fn put(&mut self, bytes: &[u8]) {
        if self.takes_whole_events() {
            // What others write must not come between the parts of an event.
            large::reserve(&mut self.buffer, bytes.len());
            self.buffer.extend_from_slice(bytes);
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
            self.buffer.extend_from_slice(&bytes[direct..]);
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
        large::reserve(&mut self.buffer, bytes.len() + end.len());
        self.buffer.extend_from_slice(bytes);
        self.buffer.extend_from_slice(end);
        if self.pending() >= FLUSH_SIZE && !self.takes_whole_events() {
            self.flush();
        }
    }

    fn takes_whole_events(&self) -> bool {
        matches!(self.way, Way::Lane(..))
    }

    /// Takes note that what was put last is the end of a received message.
    pub fn end_message(&mut self) {
        if self.takes_whole_events() {
            self.message_ends.push(self.buffer.len());
        }
    }

    /// Brings on what the stream takes now.
    pub fn flush(&mut self) {
        if self.pending() == 0 || !self.ready {
            return;
        }
        if let Way::Lane(lane, _) = &mut self.way {
            let bytes = std::mem::take(&mut self.buffer);
            let mut batch = Batch { bytes, message_ends: std::mem::take(&mut self.message_ends) };
            if !lane.offer(&mut batch) {
                self.buffer = batch.bytes;
                self.message_ends = batch.message_ends;
            }
            return;
        }
        let buffer = std::mem::take(&mut self.buffer);
        self.written += self.write_some(&buffer[self.written..]);
        if !matches!(self.way, Way::Broken) {
            self.buffer = buffer;
        }
        if self.written >= self.buffer.len() {
            self.clear();
        } else if self.written >= FLUSH_SIZE {
            // A reader that keeps up, but never quite, must not make this grow.
            self.buffer.drain(..self.written);
            self.written = 0;
        }
    }

    /// Bytes waiting.
    pub fn pending(&self) -> usize {
        self.buffer.len() - self.written
    }

    /// Bytes waiting, also those that a lane has taken and not brought on.
    pub fn held(&self) -> usize {
        let taken = if let Way::Lane(lane, _) = &self.way { lane.queued() } else { 0 };
        self.pending() + taken
    }

    /// Whether so much is waiting that nothing should be added.
    pub fn is_backed_up(&self) -> bool {
        self.pending() > HIGH_WATER
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
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        match &mut self.way {
            Way::Stream(writer) => writer.register(registry, token),
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
        self.buffer.drain(..std::mem::take(&mut self.written));
        let before = std::mem::replace(&mut self.way, Way::Broken);
        self.way = Way::Lane(lane, Box::new(before));
        self.ready = true;
    }

    /// Comes back from [`Outlet::redirect`].
    pub fn restore(&mut self) {
        self.message_ends = Vec::new();
        self.way = match std::mem::replace(&mut self.way, Way::Broken) {
            Way::Lane(_, before) => *before,
            way => way,
        };
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
        self.clear();
    }

    fn clear(&mut self) {
        self.written = 0;
        self.buffer.clear();
        if self.buffer.capacity() > KEEP_CAPACITY {
            self.buffer = Vec::new();
        }
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
        String::from_utf8_lossy(&self.buffer).into_owned()
    }
}
