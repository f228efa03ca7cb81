//! A file, and how much of it is whole.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use memchr::memrchr;

use crate::platform::record_file::check_written;

/// What is taken back is read in pieces of this size.
const PIECE: usize = 64 << 10;

/// Why bytes could not be taken back.
enum Unread {
    /// Nothing of them can be read, as in a file that was opened for writing only.
    NotReadable,
    Failed(io::Error),
}

/// A file that ends with something whole, such as a line, whatever fails.
#[derive(Debug)]
pub(super) struct WrittenFile {
    file: File,
    /// Where what is whole ends, in bytes from the start of the file.
    end: u64,
    /// How much is behind that of what is begun, such as a long line.
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

    /// Adds bytes that are whole together, with those that were begun, or nothing.
    ///
    /// # Errors
    /// Of the file.
    pub(super) fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.begin(bytes)?;
        self.end += self.begun;
        self.size += std::mem::take(&mut self.begun);
        Ok(())
    }

    /// Adds bytes that are whole together with later ones.
    ///
    /// # Errors
    /// Of the file, which then has none of them.
    pub(super) fn begin(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (count, result) = match self.put(bytes) {
            Ok(()) => (bytes.len(), Ok(())),
            Err((count, error)) => (count, Err(error)),
        };
        self.begun += count as u64;
        if result.is_err() {
            self.cut();
        }
        result
    }

    /// Removes the last bytes of what is whole, and gives them to `to` in pieces. Returns whether that is possible: not if
    /// the file cannot be read, or another program has changed its length.
    ///
    /// # Errors
    /// Of `to`, or of the file: it has the bytes then.
    pub(super) fn take_back(
        &mut self,
        bytes: u64,
        to: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<bool> {
        let is_known = self.begun == 0 && bytes <= self.size;
        if !is_known || self.file.metadata()?.len() != self.end {
            return Ok(false);
        }
        let start = self.end - bytes;
        let read = self.read(start, bytes, to);
        self.file.seek(SeekFrom::Start(if read.is_ok() { start } else { self.end }))?;
        match read {
            Ok(()) => {}
            Err(Unread::NotReadable) => return Ok(false),
            Err(Unread::Failed(error)) => return Err(error),
        }
        if let Err(error) = self.file.set_len(start) {
            self.file.seek(SeekFrom::Start(self.end))?;
            return Err(error);
        }
        self.end = start;
        self.size -= bytes;
        Ok(true)
    }

    fn read(
        &mut self,
        start: u64,
        mut bytes: u64,
        to: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), Unread> {
        let mut buffer = vec![0; PIECE.min(usize::try_from(bytes).unwrap_or(PIECE))];
        let mut is_first = true;
        self.file.seek(SeekFrom::Start(start)).map_err(Unread::Failed)?;
        while bytes > 0 {
            let piece = &mut buffer[..PIECE.min(usize::try_from(bytes).unwrap_or(PIECE))];
            self.file.read_exact(piece).map_err(|error| match is_first {
                true => Unread::NotReadable,
                false => Unread::Failed(error),
            })?;
            is_first = false;
            bytes -= piece.len() as u64;
            to(piece).map_err(Unread::Failed)?;
        }
        Ok(())
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

    /// Whether something was begun.
    pub(super) fn is_begun(&self) -> bool {
        self.begun > 0
    }

    /// Removes what was begun.
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
        let options = File::options().read(true).write(true).create_new(true).open(&path);
        let file = options.expect("a file");
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

    #[test]
    fn the_end_is_taken_back_in_pieces() {
        let (_folder, path, mut file) = file();
        let text: String = (0..30_000).map(|number| format!("{number} ")).collect();
        file.add(text.as_bytes()).expect("a file");
        let mut taken = Vec::new();
        let mut take = |piece: &[u8]| {
            taken.extend_from_slice(piece);
            Ok(())
        };
        assert!(!file.take_back(text.len() as u64 + 1, &mut take).expect("a file"));
        assert!(file.take_back(text.len() as u64 - 4, &mut take).expect("a file"));
        assert_eq!(taken, &text.as_bytes()[4..]);
        let fails = file.take_back(1, &mut |_| Err(io::ErrorKind::StorageFull.into()));
        assert!(fails.is_err());
        file.add(b"new").expect("a file");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "0 1 new");
        fs::write(&path, "0 1 new, and more").expect("a file");
        assert!(!file.take_back(1, &mut |_| Ok(())).expect("a file"));
    }

    #[test]
    fn what_was_begun_is_whole_with_the_rest_or_removed() {
        let (_folder, path, mut file) = file();
        file.begin(b"one ").expect("a file");
        assert_eq!(file.size(), 0);
        file.add(b"two").expect("a file");
        file.begin(b"three").expect("a file");
        file.cut_begun();
        assert_eq!(fs::read_to_string(&path).expect("a file"), "one two");
        assert_eq!(file.size(), 7);
    }
}
