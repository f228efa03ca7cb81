//! The file that a thread writes, as what makes its content sees it.

use std::io::{self, Write};

use super::sink::Sink;
use super::written::WrittenFile;

/// What was written, and is not in the file as something whole.
#[derive(Debug, Default)]
struct Pending {
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
#[derive(Debug)]
pub(super) struct Target {
    pub(super) file: WrittenFile,
    /// How many messages are in the file.
    pub(super) messages: u64,
    pending: Pending,
}

/// How much is kept in memory of what is whole only together with what follows.
const MAX_PENDING: usize = 256 << 10;

impl Target {
    /// A file that nothing is pending for.
    pub(super) fn new(file: WrittenFile) -> Self {
        Self { file, messages: 0, pending: Pending::default() }
    }

    /// How many bytes are pending.
    pub(super) fn pending(&self) -> usize {
        self.pending.bytes.len()
    }

    /// The end of what is pending.
    pub(super) fn mark(&self) -> Mark {
        let Pending { cleared, bytes, messages } = &self.pending;
        Mark { cleared: *cleared, bytes: bytes.len(), messages: *messages }
    }

    /// Removes what was written since. If what was pending then has been committed or begun, nothing is left pending.
    pub(super) fn return_to(&mut self, mark: Mark) {
        if self.file.is_begun() || self.pending.cleared != mark.cleared {
            self.discard();
        } else {
            self.pending.bytes.truncate(mark.bytes);
            self.pending.messages = mark.messages;
        }
    }
}

impl Pending {
    fn clear(&mut self) {
        self.bytes.clear();
        self.messages = 0;
        self.cleared += 1;
    }
}

impl Write for Target {
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

impl Sink for Target {
    fn count(&mut self, messages: u64) {
        self.pending.messages += messages;
    }

    fn commit(&mut self) -> io::Result<()> {
        let result = self.file.add(&self.pending.bytes);
        if result.is_ok() {
            self.messages += self.pending.messages;
        }
        self.pending.clear();
        result
    }

    fn discard(&mut self) {
        self.file.cut_begun();
        self.pending.clear();
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
            self.messages = self.messages.saturating_sub(messages);
        }
        Ok(is_taken)
    }
}
