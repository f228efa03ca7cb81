//! The thread that writes a file.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use memchr::{memchr, memrchr};

use super::file::OpenFile;
use super::writer::RecordWriter;
use crate::event::Level;
use crate::platform::batches::{Batch, BatchQueue};
use crate::platform::files::format_size;
use crate::platform::record_file::is_deleted;
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
    pub(super) failure: Option<io::Error>,
    /// It was ended at the prompt.
    pub(super) is_stopped: bool,
    /// The thread has ended.
    pub(super) is_over: bool,
}

impl State {
    /// Whether events are recorded.
    pub(super) fn is_active(&self) -> bool {
        !(self.is_over || self.is_stopped) && self.failure.is_none()
    }

    /// What the user has to know of the end of the file with this name, if anything.
    pub(super) fn notice(&self, name: &str) -> Option<(Level, String)> {
        match &self.failure {
            Some(reason) => {
                let messages = self.counts.messages();
                let text = format!("recording to {name} stopped: {reason}; {messages} are in it");
                Some((Level::Warning, text))
            }
            None => self
                .is_stopped
                .then(|| (Level::Info, format!("recorded {} in {name}", self.counts.text()))),
        }
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

    /// They, in words.
    pub(super) fn text(&self) -> String {
        format!("{}, {}", self.messages(), format_size(self.size))
    }
}

/// Writes the batches of a queue to a file.
pub(super) struct FileWriter {
    queue: BatchQueue,
    file: File,
    writer: Option<Box<dyn RecordWriter>>,
    progress: Arc<Progress>,
    counts: Counts,
    /// Where the last whole line ends, in bytes from the start of the file.
    end: u64,
    /// How much of a long line is behind that.
    begun: u64,
    /// For a writer, the line that was begun.
    line: Vec<u8>,
    /// What a writer has written.
    buffer: Vec<u8>,
}

impl FileWriter {
    pub(super) fn new(open: OpenFile, queue: BatchQueue, progress: Arc<Progress>) -> Self {
        let OpenFile { file, writer } = open;
        Self {
            queue,
            file: file.file,
            writer,
            progress,
            counts: Counts::default(),
            end: file.length,
            begun: 0,
            line: Vec::new(),
            buffer: Vec::new(),
        }
    }

    /// Ends the last line of the file, which a run that was killed has left.
    pub(super) fn end_cut_line(&mut self) -> io::Result<()> {
        self.file.write_all(b"\n")?;
        self.end += 1;
        Ok(())
    }

    /// Writes until the queue has ended, or the file fails.
    pub(super) fn run(mut self) {
        let result = self.write_all().and_then(|()| self.finish());
        self.queue.close(); // after a failure nobody waits for it
        let mut state = self.progress.state();
        (state.counts, state.failure) = (self.counts, result.err());
    }

    fn write_all(&mut self) -> io::Result<()> {
        while let Some(batch) = self.queue.wait_for_batch() {
            self.write(&batch)?;
            self.progress.state().counts = self.counts;
            self.queue.recycle(batch.bytes);
        }
        Ok(())
    }

    fn write(&mut self, batch: &Batch) -> io::Result<()> {
        if is_deleted(&self.file) {
            return Err(io::Error::other("the file was deleted"));
        }
        match &mut self.writer {
            _ if batch.is_cut => {
                self.line.clear();
                self.cut();
                Ok(())
            }
            None => self.add(batch),
            Some(_) => self.convert(batch),
        }
    }

    /// Has the writer take the whole lines, and keeps the rest. If one is refused, those before it are in the file.
    fn convert(&mut self, batch: &Batch) -> io::Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let (mut taken, mut result) = (0, Ok(()));
        self.buffer.clear();
        while let Some(length) = memchr(b'\n', &batch.bytes[taken..]) {
            let rest = &batch.bytes[taken..taken + length];
            let mut whole = std::mem::take(&mut self.line); // of a long line the start
            let line = match whole.is_empty() {
                true => rest,
                false => {
                    whole.extend_from_slice(rest);
                    &whole
                }
            };
            let before = self.buffer.len();
            result = writer.line(line, &mut self.buffer);
            if result.is_err() {
                self.buffer.truncate(before);
                break;
            }
            taken += length + 1;
        }
        self.put_buffer()?;
        self.counts.messages += batch.message_ends.partition_point(|end| *end <= taken) as u64;
        self.line.extend_from_slice(&batch.bytes[taken..]);
        result
    }

    fn put_buffer(&mut self) -> io::Result<()> {
        let buffer = std::mem::take(&mut self.buffer);
        let written = self.put(&buffer);
        if written.is_err() {
            self.cut();
        } else {
            self.end += buffer.len() as u64;
            self.counts.size += buffer.len() as u64;
        }
        self.buffer = buffer;
        written.map_err(|(_, error)| error)
    }

    /// Adds lines as they are. If that fails, the file ends after the last whole one.
    fn add(&mut self, batch: &Batch) -> io::Result<()> {
        let (count, result) = match self.put(&batch.bytes) {
            Ok(()) => (batch.bytes.len(), Ok(())),
            Err((count, error)) => (count, Err(error)),
        };
        let whole = memrchr(b'\n', &batch.bytes[..count]).map_or(0, |at| at + 1);
        if whole > 0 {
            let size = self.begun + whole as u64;
            self.end += size;
            self.counts.size += size;
            self.begun = 0;
        }
        self.begun += (count - whole) as u64;
        let messages = batch.message_ends.partition_point(|end| *end <= whole);
        self.counts.messages += messages as u64;
        if result.is_err() {
            self.cut();
        }
        result
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// With the number of bytes that were written before.
    fn put(&mut self, bytes: &[u8]) -> Result<(), (usize, io::Error)> {
        let mut count = 0;
        while count < bytes.len() {
            match self.file.write(&bytes[count..]) {
                Ok(0) => return Err((count, io::ErrorKind::WriteZero.into())),
                Ok(written) => count += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err((count, error)),
            }
        }
        Ok(())
    }

    /// Removes what is behind the last whole line, if anything may be.
    fn cut(&mut self) {
        self.begun = 0;
        let cut = self.file.set_len(self.end);
        // If it cannot be cut either, the last line stays as it is: readers pass over it.
        let _ = cut.and_then(|()| self.file.seek(SeekFrom::Start(self.end)));
    }

    fn finish(&mut self) -> io::Result<()> {
        if let Some(writer) = &mut self.writer {
            self.buffer.clear();
            writer.finish(&mut self.buffer)?;
            self.put_buffer()?;
        }
        if self.begun > 0 {
            self.cut();
        }
        match is_deleted(&self.file) {
            true => Err(io::Error::other("the file was deleted")),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
