//! A file, and how much of it is whole.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use memchr::memrchr;

use crate::platform::record_file::check_written;

/// A file that ends with something whole, such as a line, whatever fails.
#[derive(Debug)]
pub(super) struct WrittenFile {
    file: File,
    /// Where what is whole ends, in bytes from the start of the file.
    end: u64,
    /// How much of a long line is behind that.
    begun: u64,
    /// How many bytes of what is whole were written by this.
    size: u64,
}

impl WrittenFile {
    /// A file that has this many bytes, with its position at their end.
    pub(super) fn new(file: File, length: u64) -> Self {
        Self { file, end: length, begun: 0, size: 0 }
    }

    /// How many bytes of what is whole were written.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Checks that no other program deleted or truncated it.
    ///
    /// # Errors
    /// If one did.
    pub(super) fn check(&self) -> io::Result<()> {
        check_written(&self.file, self.end + self.begun)
    }

    /// Adds bytes that are whole together, or nothing.
    ///
    /// # Errors
    /// Of the file.
    pub(super) fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.put(bytes) {
            Ok(()) => {
                self.end += bytes.len() as u64;
                self.size += bytes.len() as u64;
                Ok(())
            }
            Err((count, error)) => {
                self.begun = count as u64;
                self.cut();
                Err(error)
            }
        }
    }

    /// Ends a line that the file had before.
    ///
    /// # Errors
    /// Of the file.
    pub(super) fn end_line(&mut self) -> io::Result<()> {
        self.file.write_all(b"\n")?;
        self.end += 1;
        Ok(())
    }

    /// Adds lines, the last of which may lack its end. Returns how many bytes of the whole ones were written, and the
    /// error if that is not all.
    pub(super) fn add_lines(&mut self, bytes: &[u8]) -> (usize, io::Result<()>) {
        let (count, result) = match self.put(bytes) {
            Ok(()) => (bytes.len(), Ok(())),
            Err((count, error)) => (count, Err(error)),
        };
        let whole = memrchr(b'\n', &bytes[..count]).map_or(0, |at| at + 1);
        if whole > 0 {
            let size = self.begun + whole as u64;
            self.end += size;
            self.size += size;
            self.begun = 0;
        }
        self.begun += (count - whole) as u64;
        if result.is_err() {
            self.cut();
        }
        (whole, result)
    }

    /// Replaces the whole content. The bytes that the file has already are used again: on a full disk what fitted before
    /// fits again.
    ///
    /// # Errors
    /// Of the file, with the number of bytes that were written before. It has an undefined content then.
    pub(super) fn replace(&mut self, bytes: &[u8]) -> Result<(), (usize, io::Error)> {
        let failed = |error| (0, error);
        self.file.seek(SeekFrom::Start(0)).map_err(failed)?;
        self.put(bytes)?;
        let length = bytes.len() as u64;
        self.file.set_len(length).map_err(failed)?;
        (self.end, self.size) = (length, length);
        Ok(())
    }

    /// Removes all, if possible.
    pub(super) fn clear(&mut self) {
        (self.end, self.size) = (0, 0);
        let cleared = self.file.set_len(0);
        let _ = cleared.and_then(|()| self.file.rewind()); // the content is undefined otherwise
    }

    /// Removes a line that was begun.
    pub(super) fn cut_begun(&mut self) {
        if self.begun > 0 {
            self.cut();
        }
    }

    /// Removes what is not whole, if possible. Nothing is cut of a file that is shorter or longer than what was written:
    /// the rest is that of another program.
    fn cut(&mut self) {
        let length = self.end + std::mem::take(&mut self.begun);
        if self.file.metadata().is_ok_and(|found| found.len() == length) {
            let cut = self.file.set_len(self.end);
            // If it cannot be cut either, the last line stays as it is: readers pass over it.
            let _ = cut.and_then(|()| self.file.seek(SeekFrom::Start(self.end)));
        }
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
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    fn file() -> (tempfile::TempDir, PathBuf, WrittenFile) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("r");
        let file = File::create(&path).expect("a file");
        (folder, path, WrittenFile::new(file, 0))
    }

    #[test]
    fn content_is_replaced_by_a_longer_and_by_a_shorter_one() {
        let (_folder, path, mut file) = file();
        for text in ["one", "longer", "", "two"] {
            file.replace(text.as_bytes()).expect("a file");
            assert_eq!(fs::read_to_string(&path).expect("a file"), text);
            assert_eq!(file.size(), text.len() as u64);
        }
        file.clear();
        assert_eq!(fs::read_to_string(&path).expect("a file"), "");
    }

    #[test]
    fn a_file_that_another_program_truncated_is_neither_longer_nor_taken_as_whole() {
        let (_folder, path, mut file) = file();
        assert_eq!(file.add_lines(b"one\ntwo\nthr").0, 8);
        assert!(file.check().is_ok());
        fs::write(&path, "one\n").expect("a file");
        let error = file.check().expect_err("a file that is too short").to_string();
        assert_eq!(error, "the file was truncated by another program");
        file.cut_begun();
        assert_eq!(fs::read_to_string(&path).expect("a file"), "one\n");
    }

    #[test]
    fn a_line_that_was_begun_is_removed() {
        let (_folder, path, mut file) = file();
        assert_eq!(file.add_lines(b"one\ntwo\nthr").0, 8);
        assert_eq!(file.size(), 8);
        file.cut_begun();
        assert_eq!(fs::read_to_string(&path).expect("a file"), "one\ntwo\n");
        assert_eq!(file.add_lines(b"thr").0, 0);
        assert_eq!(file.add_lines(b"ee\n").0, 3);
        file.cut_begun();
        assert_eq!(fs::read_to_string(&path).expect("a file"), "one\ntwo\nthree\n");
        assert_eq!(file.size(), 14);
    }
}
