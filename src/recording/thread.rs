//! The thread that writes a file.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use memchr::memchr_iter;

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
    pub(super) events: u64,
    /// Data messages, of both directions.
    pub(super) messages: u64,
    /// Bytes.
    pub(super) size: u64,
}

/// How far a file is written.
#[derive(Debug, Default)]
pub(super) struct Progress(Mutex<State>);

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
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the lines of messages begin.
const MESSAGE: &[u8] = b"{\"event\":\"message\"";

impl Counts {
    fn add(&mut self, is_message: bool) {
        self.events += 1;
        self.messages += u64::from(is_message);
    }

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
    /// That line is a message.
    is_message: bool,
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
            is_message: false,
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
            None => self.add(&batch.bytes),
            Some(_) => self.convert(&batch.bytes),
        }
    }

    /// Has the writer take the whole lines, and keeps the rest.
    fn convert(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        self.buffer.clear();
        while let Some(at) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(at);
            bytes = &rest[1..];
            let mut whole = std::mem::take(&mut self.line); // of a long one the start
            let line = match whole.is_empty() {
                true => line,
                false => {
                    whole.extend_from_slice(line);
                    &whole
                }
            };
            writer.line(line, &mut self.buffer)?;
            let is_message = line.starts_with(MESSAGE);
            self.counts.add(is_message);
        }
        self.line.extend_from_slice(bytes);
        self.put_buffer()
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
    fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (count, result) = match self.put(bytes) {
            Ok(()) => (bytes.len(), Ok(())),
            Err((count, error)) => (count, Err(error)),
        };
        let mut start = 0;
        for end in memchr_iter(b'\n', &bytes[..count]) {
            let is_message = match start == 0 && self.begun > 0 {
                true => self.is_message,
                false => bytes[start..].starts_with(MESSAGE),
            };
            self.counts.add(is_message);
            start = end + 1;
        }
        if start > 0 {
            let size = self.begun + start as u64;
            self.end += size;
            self.counts.size += size;
            self.begun = 0;
        }
        if self.begun == 0 {
            self.is_message = bytes[start..].starts_with(MESSAGE);
        }
        self.begun += (count - start) as u64;
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
