//! The thread that writes a file.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use memchr::memchr;

use super::file::OpenFile;
use super::progress::{Counts, Progress};
use super::writer::Content;
use super::written::WrittenFile;
use crate::platform::batches::{Batch, BatchQueue, Waited};

/// Writes the batches of a queue to a file.
pub(super) struct FileWriter {
    queue: BatchQueue,
    file: WrittenFile,
    content: Content,
    progress: Arc<Progress>,
    /// Messages in the file.
    messages: u64,
    /// Unless lines are the content: the line that was begun.
    line: Vec<u8>,
    /// What a writer has written, and the file has not.
    buffer: Vec<u8>,
    /// A writer could not take a line.
    has_writer_failed: bool,
}

/// As much of what a writer has written goes to the file at once: on a full disk less than this is lost.
const PIECE: usize = 64 << 10;

impl FileWriter {
    pub(super) fn new(open: OpenFile, queue: BatchQueue, progress: Arc<Progress>) -> Self {
        let OpenFile { file, content } = open;
        Self {
            queue,
            file: WrittenFile::new(file.file, file.length),
            content,
            progress,
            messages: 0,
            line: Vec::new(),
            buffer: Vec::new(),
            has_writer_failed: false,
        }
    }

    /// Ends the last line of the file, which a run that was killed has left.
    pub(super) fn end_cut_line(&mut self) -> io::Result<()> {
        self.file.end_line()
    }

    /// Writes until the queue has ended, or the file fails or is full.
    pub(super) fn run(mut self) {
        let result = self.write_all().and_then(|()| self.finish());
        self.queue.close(); // nobody waits for it any more
        if result.is_err() {
            self.end_failed();
        }
        self.show_progress();
        let mut state = self.progress.state();
        if let Content::Rewritten(rewriter) = &mut self.content {
            state.is_full = rewriter.is_full();
            state.remarks = rewriter.take_remarks();
        }
        state.failure = result.err();
    }

    fn write_all(&mut self) -> io::Result<()> {
        loop {
            match self.queue.wait_for_batch_until(self.content.deadline()) {
                Waited::Batch(batch) => {
                    self.write(&batch)?;
                    self.queue.recycle(batch.bytes);
                }
                Waited::TimedOut => {}
                Waited::Ended => return Ok(()),
            }
            if let Content::Rewritten(rewriter) = &mut self.content {
                rewriter.write_if_due(&mut self.file, Instant::now())?;
                if rewriter.is_full() {
                    return Ok(());
                }
            }
            self.show_progress();
        }
    }

    fn show_progress(&self) {
        let size = self.file.size();
        let (messages, unwritten) = match &self.content {
            Content::Rewritten(rewriter) => {
                (rewriter.written_messages(), rewriter.unwritten_messages())
            }
            _ => (self.messages, 0),
        };
        let mut state = self.progress.state();
        state.counts = Counts { messages, size };
        state.unwritten = unwritten;
    }

    fn write(&mut self, batch: &Batch) -> io::Result<()> {
        self.file.check_name()?;
        if batch.is_cut {
            self.line.clear();
            self.file.cut_begun();
            return Ok(());
        }
        if let Content::Lines = self.content {
            let (written, result) = self.file.add_lines(&batch.bytes);
            self.messages += batch.messages_in(written);
            return result;
        }
        self.convert(batch)
    }

    /// Has the whole lines taken, and keeps the rest. If one is refused, those before it are in the file.
    fn convert(&mut self, batch: &Batch) -> io::Result<()> {
        let (mut taken, mut counted) = (0, 0);
        let mut result = Ok(());
        while let Some(length) = memchr(b'\n', &batch.bytes[taken..]) {
            let mut whole = std::mem::take(&mut self.line); // of a long line the start
            let rest = &batch.bytes[taken..taken + length];
            let line = match whole.is_empty() {
                true => rest,
                false => {
                    whole.extend_from_slice(rest);
                    &whole
                }
            };
            let before = self.buffer.len();
            result = match &mut self.content {
                Content::Lines => Ok(()),
                Content::Converted(writer) => writer.line(line, &mut self.buffer),
                Content::Rewritten(rewriter) => rewriter.line(line),
            };
            if result.is_err() {
                self.buffer.truncate(before);
                self.has_writer_failed = true;
                break;
            }
            taken += length + 1;
            if self.buffer.len() >= PIECE {
                self.put_buffer()?;
                let messages = batch.messages_in(taken);
                self.messages += messages - std::mem::replace(&mut counted, messages);
            }
        }
        self.put_buffer()?;
        self.messages += batch.messages_in(taken) - counted;
        self.line.extend_from_slice(&batch.bytes[taken..]);
        result
    }

    fn put_buffer(&mut self) -> io::Result<()> {
        let result = self.file.add(&self.buffer);
        self.buffer.clear();
        result
    }

    fn finish(&mut self) -> io::Result<()> {
        match &mut self.content {
            Content::Lines => self.file.cut_begun(),
            Content::Converted(writer) => {
                writer.finish(&mut self.buffer)?;
                self.put_buffer()?;
            }
            Content::Rewritten(rewriter) => rewriter.write(&mut self.file, Instant::now())?,
        }
        self.file.check_name()
    }

    /// Ends the content of a file that has failed, where there may be room for that.
    fn end_failed(&mut self) {
        if let Content::Converted(writer) = &mut self.content
            && !self.has_writer_failed
        {
            self.buffer.clear();
            // Readers take what is there also without an end.
            let _ = writer.finish(&mut self.buffer).and_then(|()| self.put_buffer());
        }
    }
}

#[cfg(test)]
mod tests;
