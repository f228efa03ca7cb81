//! Splits a stream of bytes into records, at newlines, at NULs, as it is read, or not at all, and parses
//! records to actions. Reads no file descriptor.

use super::repl::{CONNECTION_COMMANDS, FileRequest, Parsed, Prompt};
use super::{Action, InputError, Next, is_utf16, json};
use crate::protocol::{MessageKind, Utf8Checker, utf8_cause};

/// How a stream of bytes becomes messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputFraming {
    /// One message per line, without its newline.
    Lines,
    /// The same, but a line that starts with a slash is a command.
    Commands,
    /// A message up to each NUL byte.
    Nul,
    /// All of it is one message.
    Whole,
    /// The bytes of each read are a message.
    Chunks,
    /// One line of JSON per action.
    Json,
}

/// The maximum size of a message that is kept in memory, in bytes.
const MAX_MESSAGE: usize = 1 << 30;

/// A larger buffer is freed when no more input is available for now, in bytes.
const KEEP_SIZE: usize = 4 << 20;

/// Bytes read at a time.
const READ_SIZE: usize = 64 << 10;

/// Splits the bytes that are read into its buffer.
#[derive(Debug)]
pub(super) struct Cutter {
    framing: InputFraming,
    kind: MessageKind,
    buffer: Vec<u8>,
    /// Where the next record starts.
    start: usize,
    /// Up to where the buffer is filled.
    end: usize,
    /// Up to where no separator has been found.
    searched: usize,
    /// Where the next record, which begins at `start`, ends, without its separator.
    record_end: Option<usize>,
    /// Records taken.
    count: u64,
    /// Where `start` is in the whole input.
    offset: u64,
    /// The newlines before `start` and where the line begins, for chunks of text.
    lines: (u64, u64),
    utf8: Utf8Checker,
    ended: bool,
    /// The error, reported when all records before it have been taken.
    failure: Option<InputError>,
    /// The offset in the whole input of the first byte that is not UTF-8.
    bad_utf8: Option<u64>,
}

impl Cutter {
    pub(super) fn new(framing: InputFraming, kind: MessageKind) -> Self {
        Self {
            framing,
            kind,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            searched: 0,
            record_end: None,
            count: 0,
            offset: 0,
            lines: (0, 0),
            utf8: Utf8Checker::default(),
            ended: false,
            failure: None,
            bad_utf8: None,
        }
    }

    /// Whether reading has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Drops the messages that have been read as a whole and not taken, and returns how many.
    #[cold]
    pub(super) fn take_waiting_messages(&mut self) -> u64 {
        let mut messages = 0;
        while self.has_record() {
            if self.take_file().is_some() {
                messages += 1;
                continue;
            }
            messages += match self.next() {
                Next::Message(..) => 1,
                Next::Action(action) => u64::from(action.is_message()),
                Next::Pending | Next::End | Next::Failed(_) => break,
            };
        }
        messages
    }

    /// The space for the next bytes of the input.
    pub(super) fn space(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.searched -= self.start;
            self.start = 0;
        }
        if self.buffer.is_empty() {
            self.buffer = vec![0; READ_SIZE]; // zeroed by the allocator, without touching it
        } else if self.buffer.len() - self.end < READ_SIZE {
            self.buffer.resize(self.end + READ_SIZE, 0);
        }
        &mut self.buffer[self.end..]
    }

    /// Records that `count` bytes were read; 0 is the end of the input.
    pub(super) fn filled(&mut self, count: usize) {
        self.ended |= count == 0;
        let fresh = self.end..self.end + count;
        self.end = fresh.end;
        if self.kind == MessageKind::Text && self.framing != InputFraming::Json {
            let checked =
                if count == 0 { self.utf8.finish() } else { self.utf8.push(&self.buffer[fresh]) };
            self.bad_utf8 = checked.err();
            self.ended |= self.bad_utf8.is_some();
        }
        if self.end - self.start > MAX_MESSAGE && self.framing != InputFraming::Chunks {
            self.fail(InputError::TooLong { line: self.count + 1, limit: MAX_MESSAGE });
        }
    }

    /// Frees memory that only a long record needed: no more input is available for now.
    pub(super) fn release_idle_memory(&mut self) {
        let rest = self.end - self.start;
        if self.buffer.len() > KEEP_SIZE && rest <= READ_SIZE {
            self.buffer = self.buffer[self.start..self.end].to_vec();
            self.searched -= self.start;
            (self.start, self.end) = (0, rest);
        }
    }

    /// Records that the input can no longer be read.
    pub(super) fn fail(&mut self, failure: InputError) {
        self.ended = true;
        self.failure = Some(failure);
    }

    /// Looks for the next whole record.
    #[inline(always)]
    pub(super) fn has_record(&mut self) -> bool {
        while self.record_end.is_none() {
            let Some(end) = self.find_record() else { return false };
            if self.framing == InputFraming::Json
                && self.buffer[self.start..end].trim_ascii().is_empty()
            {
                self.consume(end); // a blank line between objects
            } else {
                self.record_end = Some(end);
            }
        }
        true
    }

    /// The file that the found record names, if any, which has to be loaded first. Call this before
    /// [`Cutter::next`].
    #[inline(always)]
    pub(super) fn take_file(&mut self) -> Option<FileRequest<Action>> {
        if self.framing == InputFraming::Commands { self.take_file_of_command() } else { None }
    }

    fn take_file_of_command(&mut self) -> Option<FileRequest<Action>> {
        let end = self.record_end?;
        let text = self.buffer[self.start..end].strip_prefix(b"/")?;
        let Ok(Parsed::File(file)) = command(text) else { return None };
        self.record_end = None;
        self.consume(end);
        Some(file)
    }

    /// Ends the input because the last record cannot be carried out.
    pub(super) fn refuse(&mut self, reason: String) -> InputError {
        self.drop_rest();
        InputError::BadCommand { line: self.count, reason }
    }

    /// The action of the record found, or how the input ended.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Next<'_> {
        let Some(end) = self.record_end.take() else { return self.end() };
        let start = self.start;
        let offset = self.offset + (end - start) as u64;
        if self.bad_utf8.is_some_and(|bad| bad < offset) {
            return self.end();
        }
        self.consume(end);
        let (record, line) = (&self.buffer[start..end], self.count);
        let action = match (self.framing, record) {
            (InputFraming::Json, _) => {
                json::action(record).map_err(|json::JsonError { column, reason }| {
                    InputError::BadJson { line, column, reason }
                })
            }
            (InputFraming::Commands, [b'/', text @ ..]) if !text.starts_with(b"/") => {
                match command(text) {
                    Ok(Parsed::Ready(action) | Parsed::Long { line: action, .. }) => Ok(action),
                    Ok(Parsed::File(_)) => return Next::Pending, // it is being loaded
                    Err(reason) => Err(InputError::BadCommand { line, reason }),
                }
            }
            (InputFraming::Commands, [b'/', text @ ..] | text) | (_, text) => {
                return Next::Message(self.kind, text);
            }
        };
        match action {
            Ok(action) => Next::Action(action),
            Err(problem) => {
                (self.ended, self.start, self.searched) = (true, self.end, self.end);
                Next::Failed(problem)
            }
        }
    }

    /// Where the record that begins at `start` ends, if it is complete.
    fn find_record(&mut self) -> Option<usize> {
        let separator = match self.framing {
            InputFraming::Lines | InputFraming::Commands | InputFraming::Json => b'\n',
            InputFraming::Nul => 0,
            InputFraming::Chunks => return self.find_chunk(),
            InputFraming::Whole => return self.find_last(),
        };
        match memchr::memchr(separator, &self.buffer[self.searched..self.end]) {
            Some(at) => Some(self.searched + at),
            None => {
                self.searched = self.end;
                self.find_last()
            }
        }
    }

    /// The rest at the end of the input. After a failed read it is only a part of a record.
    fn find_last(&mut self) -> Option<usize> {
        let is_good = self.ended && self.failure.is_none() && self.bad_utf8.is_none();
        let is_record =
            self.start < self.end || (self.framing == InputFraming::Whole && self.count == 0);
        (is_good && is_record).then_some(self.end)
    }

    /// Everything that has been read; text is not split inside a character.
    fn find_chunk(&mut self) -> Option<usize> {
        let mut end = self.end;
        if self.kind == MessageKind::Text {
            let tail = &self.buffer[self.start..end];
            let lead = tail.iter().rev().take(3).position(|byte| byte & 0xc0 == 0xc0);
            if let Some(behind) = lead.filter(|behind| is_cut(&tail[tail.len() - behind - 1..])) {
                end -= behind + 1;
            }
        }
        (self.start < end).then_some(end)
    }

    /// Continues after a record that ends there.
    fn consume(&mut self, end: usize) {
        let has_separator =
            end < self.end && !matches!(self.framing, InputFraming::Whole | InputFraming::Chunks);
        let next = end + usize::from(has_separator);
        self.count += 1;
        // Only an error in the text needs them, and counting costs as much as masking.
        if self.framing == InputFraming::Chunks && self.kind == MessageKind::Text {
            self.lines = self.lines_before(next - self.start);
        }
        self.offset += (next - self.start) as u64;
        self.start = next;
        self.searched = next;
    }

    /// Ends the input: nothing that was read is to be sent.
    fn drop_rest(&mut self) {
        self.ended = true;
        self.start = self.end;
        self.searched = self.end;
    }

    /// The newlines before a byte that is so far behind `start`, and where its line begins in the whole input.
    fn lines_before(&self, at: usize) -> (u64, u64) {
        let text = &self.buffer[self.start..self.end];
        let text = &text[..at.min(text.len())];
        let (lines, line_start) = self.lines;
        let last = memchr::memrchr(b'\n', text);
        let line_start = last.map_or(line_start, |last| self.offset + last as u64 + 1);
        (lines + memchr::memchr_iter(b'\n', text).count() as u64, line_start)
    }

    fn end(&mut self) -> Next<'_> {
        if !self.ended {
            return Next::Pending;
        }
        if let Some(offset) = self.bad_utf8.take() {
            let text = &self.buffer[self.start..self.end];
            let is_utf16 = offset == 0 && is_utf16(text);
            let at = usize::try_from(offset.saturating_sub(self.offset)).unwrap_or(usize::MAX);
            let (lines, line_start) = match self.framing {
                InputFraming::Whole | InputFraming::Chunks => self.lines_before(at),
                _ => (self.count, self.offset),
            };
            let (line, column) = (lines + 1, offset.saturating_sub(line_start) + 1);
            let unit = if self.framing == InputFraming::Nul { "record" } else { "line" };
            let cause = utf8_cause(text, at);
            self.drop_rest();
            return Next::Failed(InputError::NotUtf8 {
                unit,
                line,
                column,
                offset,
                is_utf16,
                cause,
            });
        }
        self.failure.take().map_or(Next::End, Next::Failed)
    }
}

/// A line without its slash, as the prompt understands it.
fn command(line: &[u8]) -> Result<Parsed<Action>, String> {
    let text = str::from_utf8(line).map_err(|_| "a command must be UTF-8".to_owned())?;
    CONNECTION_COMMANDS.command(text.trim_end_matches('\r'), Prompt::None, None)
}

/// Whether these bytes are the start of a character that is not complete.
fn is_cut(bytes: &[u8]) -> bool {
    matches!(str::from_utf8(bytes), Err(error) if error.error_len().is_none())
}

#[cfg(test)]
mod tests;
