//! Streams read and written by threads, which may block: for files that can be neither polled nor reopened.

use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use mio::{Registry, Token, Waker};

use super::output_file::OutputFile;

/// The maximum number of bytes passed to or from a thread at a time.
const CHUNK: usize = 64 << 10;

/// The maximum time to wait for a thread.
const SLICE: Duration = Duration::from_millis(100);

/// A stream read by a thread.
#[derive(Debug)]
pub struct Reader {
    shared: Arc<Shared>,
    rest: Vec<u8>,
    taken: usize,
    ended: bool,
}

/// A stream written by a thread.
#[derive(Debug)]
pub struct Writer {
    shared: Arc<Shared>,
    /// Present until the thread is started with the first bytes.
    stream: Option<Stream>,
    is_terminal: bool,
}

type Stream = Box<dyn Output>;

/// A stream that a thread can write to.
trait Output: Write + Send + std::fmt::Debug {}

impl<T: Write + Send + std::fmt::Debug> Output for T {}

/// A chunk passed between the event loop and a thread.
#[derive(Debug, Default)]
struct Shared {
    slot: Mutex<Slot>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Slot {
    /// A chunk that was read, or is to be written.
    chunk: Option<io::Result<Vec<u8>>>,
    /// Bytes that the writing thread is writing.
    in_flight: usize,
    /// The other side was dropped.
    is_closed: bool,
    waker: Option<Arc<Waker>>,
}

impl Shared {
    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while(&self, condition: impl FnMut(&mut Slot) -> bool) -> MutexGuard<'_, Slot> {
        let waited = self.changed.wait_while(self.slot(), condition);
        waited.unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.slot().is_closed = true;
        self.changed.notify_all();
    }
}

impl Slot {
    fn wake(&self) {
        if let Some(waker) = &self.waker {
            let _ = waker.wake(); // fails only once the event loop has ended
        }
    }
}

impl Reader {
    /// Standard input; `waker` is woken when there is something to read.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn register(_: &Registry, _: Token, waker: &Arc<Waker>) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        shared.slot().waker = Some(Arc::clone(waker));
        let reader = Self { shared, rest: Vec::new(), taken: 0, ended: false };
        let shared = Arc::clone(&reader.shared);
        thread::Builder::new().name("stdin".to_owned()).spawn(move || read_on(&shared))?;
        Ok(reader)
    }

    /// Always false: the console edits lines.
    pub fn is_typed(&self) -> bool {
        false
    }

    /// Always false: there is no line to discard.
    pub fn clear_line(&self) -> bool {
        false
    }

    /// Does nothing: the thread continues by itself.
    ///
    /// # Errors
    /// None.
    pub fn renew(&mut self, _: &Registry) -> io::Result<()> {
        Ok(())
    }

    /// Does nothing: the waker is used.
    pub fn set_ready(&mut self) {}

    /// Reads the available bytes.
    ///
    /// # Errors
    /// `WouldBlock` if there are none; those of the system.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.rest.len() && !self.ended {
            let Some(chunk) = self.shared.slot().chunk.take() else {
                return Err(io::ErrorKind::WouldBlock.into());
            };
            self.shared.changed.notify_all();
            (self.rest, self.taken) = (chunk?, 0);
            self.ended = self.rest.is_empty();
        }
        let count = (self.rest.len() - self.taken).min(buffer.len());
        buffer[..count].copy_from_slice(&self.rest[self.taken..self.taken + count]);
        self.taken += count;
        Ok(count)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.shared.close();
    }
}

/// Reads standard input to its end, one chunk ahead.
fn read_on(shared: &Shared) {
    loop {
        let mut chunk = vec![0; CHUNK];
        let read = match io::stdin().read(&mut chunk) {
            Ok(count) => {
                chunk.truncate(count);
                Ok(chunk)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let is_last = !matches!(&read, Ok(chunk) if !chunk.is_empty());
        let mut slot = shared.wait_while(|slot| slot.chunk.is_some() && !slot.is_closed);
        if slot.is_closed {
            return;
        }
        slot.chunk = Some(read);
        slot.wake();
        if is_last {
            return;
        }
    }
}

impl Writer {
    /// Standard output.
    ///
    /// # Errors
    /// None.
    pub fn stdout() -> io::Result<Self> {
        let is_terminal = io::stdout().is_terminal();
        Ok(Self::new(Box::new(io::stdout()), is_terminal))
    }

    /// Standard error.
    ///
    /// # Errors
    /// None.
    pub fn stderr() -> io::Result<Self> {
        let is_terminal = io::stderr().is_terminal();
        Ok(Self::new(Box::new(io::stderr()), is_terminal))
    }

    /// A file, which is created or replaced. A FIFO is opened by the thread.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn file(path: &Path) -> io::Result<Self> {
        Ok(Self::new(Box::new(OutputFile::create(path)?), false))
    }

    /// A writer to a stream that may block.
    pub(super) fn to(stream: impl Write + Send + std::fmt::Debug + 'static) -> Self {
        Self::new(Box::new(stream), false)
    }

    fn new(stream: Stream, is_terminal: bool) -> Self {
        Self { shared: Arc::default(), stream: Some(stream), is_terminal }
    }

    /// Whether it is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Sets the waker that is woken when more can be written.
    ///
    /// # Errors
    /// None.
    pub fn register(&mut self, _: &Registry, _: Token, waker: &Arc<Waker>) -> io::Result<()> {
        self.shared.slot().waker = Some(Arc::clone(waker));
        Ok(())
    }

    /// Passes bytes to the thread.
    ///
    /// # Errors
    /// `WouldBlock` while it is writing others; the error of an earlier write.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(mut stream) = self.stream.take() {
            let shared = Arc::clone(&self.shared);
            let thread = thread::Builder::new().name("output".to_owned());
            thread.spawn(move || write_on(&shared, &mut stream))?;
        }
        if let Some(error) = self.take_error() {
            return Err(error);
        }
        let mut slot = self.shared.slot();
        match &slot.chunk {
            Some(_) => return Err(io::ErrorKind::WouldBlock.into()),
            None if slot.is_closed => return Err(io::ErrorKind::BrokenPipe.into()),
            None if slot.in_flight > 0 => return Err(io::ErrorKind::WouldBlock.into()),
            None => {}
        }
        let count = bytes.len().min(CHUNK);
        slot.chunk = Some(Ok(bytes[..count].to_vec()));
        slot.in_flight = count;
        self.shared.changed.notify_all();
        Ok(count)
    }

    /// The error of bytes that were accepted and could not be written, once.
    pub fn take_error(&mut self) -> Option<io::Error> {
        let mut slot = self.shared.slot();
        let result = slot.chunk.take_if(|chunk| chunk.is_err())?;
        slot.in_flight = 0;
        result.err()
    }

    /// Bytes passed to the thread and not written to the stream yet, also if that has failed and the error was not
    /// taken.
    pub fn in_flight(&self) -> usize {
        self.shared.slot().in_flight
    }

    /// Waits until more can be written; false if `until` passes before.
    ///
    /// # Errors
    /// `TimedOut` after a short time, so that the caller can check for signals, which do not interrupt it.
    pub fn wait(&mut self, until: Option<Instant>) -> io::Result<bool> {
        let now = Instant::now();
        let left = until.map_or(SLICE, |until| until.saturating_duration_since(now).min(SLICE));
        let is_busy = |slot: &mut Slot| slot.in_flight > 0 && !slot.is_closed;
        let waited = self.shared.changed.wait_timeout_while(self.shared.slot(), left, is_busy);
        if !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out() {
            return Ok(true);
        }
        match until.is_some_and(|until| until <= now + SLICE) {
            true => Ok(false),
            false => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.close();
    }
}

/// Whether standard output and error are the same stream; always false, as it is not known here.
pub fn are_one_stream() -> bool {
    false
}

/// Writes chunks until an error or the end.
fn write_on(shared: &Shared, stream: &mut Stream) {
    loop {
        let mut slot = shared.wait_while(|slot| slot.chunk.is_none() && !slot.is_closed);
        let Some(Ok(chunk)) = slot.chunk.take() else { return };
        drop(slot);
        let written = stream.write_all(&chunk).and_then(|()| stream.flush());
        let mut slot = shared.slot();
        match written {
            Ok(()) => slot.in_flight = 0,
            Err(error) => {
                slot.chunk = Some(Err(error));
                slot.is_closed = true;
            }
        }
        slot.wake();
        shared.changed.notify_all();
        if slot.is_closed {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blocking_stream_does_not_block_the_caller_and_nothing_is_lost() {
        let (mut reader, pipe) = io::pipe().expect("a pipe");
        let mut writer = Writer::to(pipe);
        let bytes: Vec<u8> = (0..1 << 20).map(|number: u32| (number % 251) as u8).collect();
        let mut rest = &bytes[..];
        while let Ok(count) = writer.write(rest) {
            rest = &rest[count..];
            if !matches!(writer.wait(Some(Instant::now())), Ok(true)) {
                break;
            }
        }
        assert!(!rest.is_empty(), "a pipe without a reader accepted everything");
        let collector = thread::spawn(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).map(|_| all)
        });
        while !rest.is_empty() {
            match writer.write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
            while writer.wait(None).is_err() {}
        }
        drop(writer);
        assert!(collector.join().expect("no panic").expect("read") == bytes);
    }

    #[test]
    fn an_error_of_the_stream_is_reported() {
        let (reader, pipe) = io::pipe().expect("a pipe");
        drop(reader);
        let mut writer = Writer::to(pipe);
        assert_eq!(writer.write(b"x").expect("accepted"), 1);
        while writer.wait(None).is_err() {}
        for _ in 0..2 {
            let error = writer.write(b"x").expect_err("no reader");
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        }
    }
}
