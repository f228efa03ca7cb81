//! A file that is written.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::platform::files::is_fifo;

/// A file, opened now unless that may wait: a FIFO is opened with the first write, which blocks until it has a
/// reader.
#[derive(Debug)]
pub(super) struct OutputFile {
    path: PathBuf,
    file: Option<File>,
}

impl OutputFile {
    /// Creates or replaces the file.
    ///
    /// # Errors
    /// Those of the system.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file = if is_fifo(path) { None } else { Some(File::create(path)?) };
        Ok(Self { path: path.to_owned(), file })
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let file = match self.file.take() {
            Some(file) => file,
            None => OpenOptions::new().write(true).open(&self.path)?,
        };
        self.file.insert(file).write(bytes)
    }

    /// There is no buffer.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
