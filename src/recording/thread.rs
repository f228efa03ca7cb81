//! The thread that writes a file.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use memchr::memchr;

use super::file::OpenFile;
use super::progress::{Counts, Progress};
use super::sink::Sink;
use super::target::Target;
use super::writer::Content;
use super::written::WrittenFile;
use crate::event::Level;
use crate::platform::batches::{Batch, BatchQueue, Waited};

/// Writes the batches of a queue to a file.
pub(super) struct FileWriter {
    queue: BatchQueue,
    target: Target,
    content: Content,
    progress: Arc<Progress>,
    /// The start of a line of events whose end is in a later batch; unused for [`Content::Lines`].
    line: Vec<u8>,
    /// After a failure, the end of the content would make it whole.
    can_be_finished: bool,
    /// Another program has changed the file.
    is_changed: bool,
}

/// What a writer has written goes to the file in pieces of about this size: on a full disk no more than that is lost.
const PIECE: usize = 64 << 10;

impl FileWriter {
    pub(super) fn new(open: OpenFile, queue: BatchQueue, progress: Arc<Progress>) -> Self {
        let OpenFile { file, content } = open;
        Self {
            queue,
            target: Target::new(WrittenFile::new(file.file, file.length)),
            content,
            progress,
            line: Vec::new(),
            can_be_finished: true,
            is_changed: false,
        }
    }

    /// Ends the last line of the file, which a run that was killed has left.
    pub(super) fn end_cut_line(&mut self) -> io::Result<()> {
        self.target.file.end_line()
    }

    /// Writes until the queue has ended, or the file fails or is full.
    pub(super) fn run(mut self) {
        let result = self.write_all().and_then(|()| self.finish());
        self.queue.close(); // senders do not wait for room any more
        if result.is_err() {
            self.end_failed();
        }
        self.show_progress();
        let mut state = self.progress.state();
        match &mut self.content {
            Content::Lines => {}
            Content::Converted(writer) => {
                let warnings = writer.warnings().into_iter();
                state.remarks = warnings.map(|text| (Level::Warning, text)).collect();
            }
            Content::Rewritten(rewriter) => {
                state.is_full = rewriter.is_full();
                state.remarks = rewriter.take_remarks();
            }
        }
        state.is_changed = self.is_changed;
        state.failure = result.err();
    }

    fn write_all(&mut self) -> io::Result<()> {
        loop {
            match self.queue.wait_for_batches_until(self.content.deadline()) {
                Waited::Batch(batch) => {
                    self.write(&batch)?;
                    self.queue.recycle(batch.bytes);
                }
                Waited::TimedOut => {}
                Waited::Ended => return Ok(()),
            }
            if let Content::Rewritten(rewriter) = &mut self.content {
                rewriter.write_if_due(&mut self.target.file, Instant::now())?;
                if rewriter.is_full() {
                    return Ok(());
                }
            }
            self.show_progress();
        }
    }

    fn show_progress(&self) {
        let size = self.target.file.size();
        let (messages, unwritten) = match &self.content {
            Content::Rewritten(rewriter) => {
                (rewriter.written_messages(), rewriter.unwritten_messages())
            }
            _ => (self.target.messages, 0),
        };
        let mut state = self.progress.state();
        state.counts = Counts { messages, size };
        state.unwritten = unwritten;
    }

    fn write(&mut self, batch: &Batch) -> io::Result<()> {
        self.check_file()?;
        if batch.is_cut {
            self.line.clear();
            self.target.file.cut_begun();
            return Ok(());
        }
        if let Content::Lines = self.content {
            let (written, result) = self.target.file.add_lines(&batch.bytes);
            self.target.messages += batch.messages_in(written);
            return result;
        }
        self.convert(batch)
    }

    /// Has the whole lines taken, and keeps the rest. If one is refused, those before it are in the file.
    fn convert(&mut self, batch: &Batch) -> io::Result<()> {
        let mut taken = 0;
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
            let before = self.target.mark();
            result = match &mut self.content {
                Content::Lines => Ok(()),
                Content::Converted(writer) => writer.line(line, &mut self.target),
                Content::Rewritten(rewriter) => rewriter.line(line),
            };
            if result.is_err() {
                self.target.return_to(before);
                break;
            }
            taken += length + 1;
            if self.target.pending() >= PIECE {
                self.target.commit()?;
            }
        }
        self.target.commit()?;
        self.line.extend_from_slice(&batch.bytes[taken..]);
        result
    }

    fn finish(&mut self) -> io::Result<()> {
        match &mut self.content {
            Content::Lines => self.target.file.cut_begun(),
            Content::Converted(writer) => {
                self.can_be_finished = false; // only once
                writer.finish(&mut self.target)?;
                self.target.commit()?;
            }
            Content::Rewritten(rewriter) => {
                rewriter.write(&mut self.target.file, Instant::now())?
            }
        }
        self.check_file()
    }

    /// Checks that the file has what was written: an end alone would not make it whole again.
    fn check_file(&mut self) -> io::Result<()> {
        self.target.file.check().inspect_err(|_| {
            self.can_be_finished = false;
            self.is_changed = true;
        })
    }

    /// Writes to a file that has failed what there may be room for.
    fn end_failed(&mut self) {
        match &mut self.content {
            Content::Converted(writer) if self.can_be_finished => {
                // Readers take what is there also without an end.
                let finished = writer.finish(&mut self.target);
                let _ = finished.and_then(|()| self.target.commit());
            }
            Content::Rewritten(rewriter) => rewriter.write_what_fits(&mut self.target.file),
            Content::Lines | Content::Converted(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
