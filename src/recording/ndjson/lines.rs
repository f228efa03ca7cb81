//! Lines of a file, each with its place.

use std::io::{self, ErrorKind, Read};

/// How much is read at once.
const BLOCK: usize = 256 << 10;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Reads a file line by line. The buffer is as large as the longest line, and at least a block.
pub(super) struct Lines<R> {
    file: R,
    buffer: Vec<u8>,
    /// Where the next line starts in the buffer, and the end of what was read.
    start: usize,
    end: usize,
    /// Up to here no line end was found.
    searched: usize,
    /// The offset of `start` in the file.
    offset: u64,
    /// The number of the last line.
    number: u64,
    limit: usize,
    is_at_end: bool,
}

/// A line without its line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// `None`: it is longer than the limit.
    pub(super) text: Option<&'a [u8]>,
    /// Its number, from 1.
    pub(super) number: u64,
    /// The byte of the file where it starts.
    pub(super) offset: u64,
    /// How many bytes of the line are before `text`: those of a byte order mark.
    pub(super) skipped: u64,
}

impl<R: Read> Lines<R> {
    /// Lines of up to `limit` bytes.
    pub(super) fn new(file: R, limit: u64) -> Self {
        Self {
            file,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            searched: 0,
            offset: 0,
            number: 0,
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            is_at_end: false,
        }
    }

    /// How many bytes of the file were taken.
    pub(super) fn offset(&self) -> u64 {
        self.offset + (self.end - self.start) as u64
    }

    /// The next line; `None` at the end of the file.
    ///
    /// # Errors
    /// Of the file.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let mut dropped = 0;
        let found = loop {
            let unseen = &self.buffer[self.searched..self.end];
            if let Some(at) = memchr::memchr(b'\n', unseen) {
                break Some(self.searched + at);
            }
            self.searched = self.end;
            if self.is_at_end {
                break None;
            }
            if self.end - self.start > self.limit {
                dropped += (self.end - self.start) as u64;
                (self.start, self.end, self.searched) = (0, 0, 0);
            }
            self.fill()?;
        };
        let (from, to) = (self.start, found.unwrap_or(self.end));
        if found.is_none() && from == to && dropped == 0 {
            return Ok(None);
        }
        let offset = self.offset;
        self.start = found.map_or(to, |at| at + 1);
        self.searched = self.start;
        self.offset += dropped + (self.start - from) as u64;
        self.number += 1;
        let text = &self.buffer[from..to];
        let is_too_long = dropped > 0 || text.len() > self.limit;
        let bare = match self.number {
            1 => text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text),
            _ => text,
        };
        Ok(Some(Line {
            text: (!is_too_long).then_some(bare),
            number: self.number,
            offset,
            skipped: (text.len() - bare.len()) as u64,
        }))
    }

    /// Reads on.
    fn fill(&mut self) -> io::Result<()> {
        if self.start > 0 && self.buffer.len() - self.end < BLOCK {
            self.buffer.copy_within(self.start..self.end, 0);
            self.searched -= self.start;
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() - self.end < BLOCK {
            let more = BLOCK.max(self.buffer.len());
            self.buffer.resize(self.buffer.len() + more, 0);
        }
        loop {
            match self.file.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(0) => {
                    self.is_at_end = true;
                    return Ok(());
                }
                Ok(count) => {
                    self.end += count;
                    return Ok(());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives at most this many bytes at once.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(space.len());
            space[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    type Found = (Option<Vec<u8>>, u64, u64);

    fn lines(bytes: &[u8], step: usize, limit: u64) -> Vec<Found> {
        let mut lines = Lines::new(Trickle(bytes, step), limit);
        let mut found = Vec::new();
        while let Some(line) = lines.next().expect("no error") {
            assert_eq!(
                line.skipped,
                if line.offset == 0 && bytes.starts_with(BYTE_ORDER_MARK) { 3 } else { 0 }
            );
            found.push((line.text.map(<[u8]>::to_vec), line.number, line.offset));
        }
        assert_eq!(lines.offset(), bytes.len() as u64);
        found
    }

    #[test]
    fn lines_have_their_place_whatever_is_read_at_once() {
        let some = |text: &str| Some(text.as_bytes().to_vec());
        for step in 1..20 {
            assert_eq!(lines(b"", step, 9), []);
            assert_eq!(
                lines(b"ab\n\ncd", step, 9),
                [(some("ab"), 1, 0), (some(""), 2, 3), (some("cd"), 3, 4)]
            );
            let marked = [BYTE_ORDER_MARK, b"a\nb\n"].concat();
            assert_eq!(lines(&marked, step, 9), [(some("a"), 1, 0), (some("b"), 2, 5)]);
            assert_eq!(
                lines(b"0123456789\nab\n0123456789x", step, 9),
                [(None, 1, 0), (some("ab"), 2, 11), (None, 3, 14)]
            );
        }
    }

    #[test]
    fn a_long_line_takes_no_more_memory_than_the_limit_allows() {
        let long = vec![b'x'; 8 << 20];
        let mut lines = Lines::new(&long[..], 1000);
        assert_eq!(lines.next().expect("no error").map(|line| line.text), Some(None));
        assert!(lines.buffer.len() <= 2 * BLOCK, "{}", lines.buffer.len());
        assert_eq!(lines.next().expect("no error"), None);
    }

    #[test]
    fn a_line_over_many_blocks_is_whole() {
        let mut text = vec![b'x'; 3 * BLOCK + 17];
        text.push(b'\n');
        text.extend(vec![b'y'; BLOCK]);
        let mut lines = Lines::new(&text[..], u64::MAX);
        for (byte, length) in [(b'x', 3 * BLOCK + 17), (b'y', BLOCK)] {
            let line = lines.next().expect("no error").expect("a line");
            assert_eq!(line.text.map(<[u8]>::len), Some(length));
            assert!(line.text.expect("its text").iter().all(|it| *it == byte));
        }
    }
}
