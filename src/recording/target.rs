//! The file that a thread writes, as what makes its content sees it.

use std::io::{self, Write};

use super::sink::Sink;
use super::written::WrittenFile;

/// What was written, and is not in the file as something whole.
#[derive(Debug, Default)]
pub(super) struct Pending {
    bytes: Vec<u8>,
    messages: u64,
    /// How often all of it was committed or removed.
    cleared: u64,
}

/// A place in what is pending.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    cleared: u64,
    bytes: usize,
    messages: u64,
}

/// A file with what is pending for it.
pub(super) struct Target<'a> {
    pub(super) file: &'a mut WrittenFile,
    pub(super) pending: &'a mut Pending,
    /// How many messages are in the file.
    pub(super) messages: &'a mut u64,
}

/// How much is kept in memory of what is whole only together with what follows.
const MAX_PENDING: usize = 256 << 10;

impl Pending {
    /// How many bytes there are.
    pub(super) fn length(&self) -> usize {
        self.bytes.len()
    }

    /// The end of what there is.
    pub(super) fn mark(&self) -> Mark {
        Mark { cleared: self.cleared, bytes: self.bytes.len(), messages: self.messages }
    }

    /// Removes what was written since, to a file that has something of it, or to one that was given none of it.
    pub(super) fn return_to(&mut self, mark: Mark, file: &mut WrittenFile) {
        if file.is_begun() || self.cleared != mark.cleared {
            self.discard(file);
        } else {
            self.bytes.truncate(mark.bytes);
            self.messages = mark.messages;
        }
    }

    fn discard(&mut self, file: &mut WrittenFile) {
        file.cut_begun();
        self.clear();
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.messages = 0;
        self.cleared += 1;
    }
}

impl Write for Target<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.bytes.extend_from_slice(bytes);
        if self.pending.bytes.len() > MAX_PENDING {
            let result = self.file.begin(&self.pending.bytes);
            self.pending.bytes.clear();
            result.inspect_err(|_| self.pending.clear())?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for Target<'_> {
    fn count(&mut self, messages: u64) {
        self.pending.messages += messages;
    }

    fn commit(&mut self) -> io::Result<()> {
        let result = self.file.add(&self.pending.bytes);
        if result.is_ok() {
            *self.messages += self.pending.messages;
        }
        self.pending.clear();
        result
    }

    fn discard(&mut self) {
        self.pending.discard(self.file);
    }

    fn take_back(
        &mut self,
        bytes: u64,
        messages: u64,
        to: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<bool> {
        self.commit()?;
        let is_taken = self.file.take_back(bytes, to)?;
        if is_taken {
            *self.messages = self.messages.saturating_sub(messages);
        }
        Ok(is_taken)
    }
}
