//! What the content of a recording is written to.

use std::io::{self, Write};

/// A file, or whatever else takes the content of a recording. Only what is committed is there for good.
pub trait Sink: Write {
    /// Says that so many messages are in what was written since the last commit.
    fn count(&mut self, messages: u64) {
        let _ = messages;
    }

    /// What was written since the last commit is whole: it gets into the file completely, or not at all.
    ///
    /// # Errors
    /// If it is not in the file.
    fn commit(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Removes what was written since the last commit, of which a part is missing.
    fn discard(&mut self) {}

    /// Commits what was written, then removes the last bytes, with so many messages, and gives them to `to` in pieces.
    /// Returns whether that is possible.
    ///
    /// # Errors
    /// If they cannot be read, or of `to`: they are still there then.
    fn take_back(
        &mut self,
        bytes: u64,
        messages: u64,
        to: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<bool> {
        let _ = (bytes, messages, to);
        Ok(false)
    }
}

impl<W: Write> Sink for io::BufWriter<W> {}

impl Sink for Vec<u8> {
    fn take_back(
        &mut self,
        bytes: u64,
        _: u64,
        to: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<bool> {
        let bytes = usize::try_from(bytes).ok();
        let Some(start) = bytes.and_then(|bytes| self.len().checked_sub(bytes)) else {
            return Ok(false);
        };
        to(&self[start..])?;
        self.truncate(start);
        Ok(true)
    }
}
