//! A stream that several threads write to through one dedicated thread, so that none of them waits for it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use mio::{Events, Poll, Token, Waker};

use super::OutputError;
use crate::platform::batches::{Batch, BatchQueue};
use crate::platform::stdio::Writer;

/// Standard output or error, written by a dedicated thread.
#[derive(Debug)]
pub struct SharedStream {
    name: &'static str,
    error: Arc<Mutex<Option<io::Error>>>,
}

/// The thread that writes.
struct StreamWriter {
    queue: BatchQueue,
    writer: Writer,
    poll: Poll,
    events: Events,
}

const BATCHES: Token = Token(0);
const STREAM: Token = Token(1);

/// The interval at which a stream that accepts nothing is tried again: not all of them can be polled.
const RETRY: Duration = Duration::from_millis(100);

/// Events of several connections that happen at about the same time are written in order: see [`BatchQueue::gather`].
const GATHER_TIME: Duration = Duration::from_millis(1);

/// Bytes written between two reports of progress.
const CHUNK: usize = 64 << 10;

impl SharedStream {
    /// Writes the batches from `queue` to the stream called `name` in messages. When that fails, the
    /// queue is closed and `control` woken.
    ///
    /// # Errors
    /// When the system refuses the thread or what it needs.
    pub fn start(
        name: &'static str,
        mut writer: Writer,
        queue: BatchQueue,
        control: Arc<Waker>,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), BATCHES)?);
        writer.register(poll.registry(), STREAM, &waker)?;
        queue.set_writer(waker);
        let error = Arc::<Mutex<Option<io::Error>>>::default();
        let place = Arc::clone(&error);
        let thread =
            StreamWriter { queue: queue.clone(), writer, poll, events: Events::with_capacity(8) };
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            let reason = thread.run();
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
            queue.close();
            let _ = control.wake(); // its loop has ended
        })?;
        Ok(Self { name, error })
    }

    /// Why it cannot be written any more, once.
    pub fn take_error(&self) -> Option<OutputError> {
        let error = self.error.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(OutputError { name: self.name.into(), error })
    }
}

impl StreamWriter {
    /// Writes until the stream fails.
    fn run(mut self) -> io::Error {
        loop {
            let result = match self.queue.take_in_order() {
                Some(batch) => self.write(&batch),
                None => self.wait(None).map(|()| self.queue.gather(GATHER_TIME)),
            };
            if let Err(error) = result {
                return error;
            }
        }
    }

    fn write(&mut self, batch: &Batch) -> io::Result<()> {
        let mut written = 0;
        while written < batch.bytes.len() {
            let rest = &batch.bytes[written..];
            match self.writer.write(&rest[..rest.len().min(CHUNK)]) {
                Ok(count) => {
                    written += count;
                    self.queue.progress(batch, written);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.wait(Some(RETRY))?;
                    if self.queue.is_closed() {
                        return Ok(());
                    }
                    self.queue.note_stall();
                }
                Err(error) => return Err(error),
            }
        }
        while self.writer.in_flight() > 0 && !self.queue.is_closed() {
            self.wait(Some(RETRY))?;
            self.writer.take_error().map_or(Ok(()), Err)?;
            self.queue.note_stall();
        }
        Ok(())
    }

    /// Waits until the stream can be written to or a batch arrives, and detects when the reader closes.
    fn wait(&mut self, limit: Option<Duration>) -> io::Result<()> {
        match self.poll.poll(&mut self.events, limit) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        let is_reader_gone = self
            .events
            .iter()
            .any(|event| event.token() == STREAM && (event.is_error() || event.is_write_closed()));
        if is_reader_gone { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
    }
}
