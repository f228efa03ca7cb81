//! The bytes of a file, with the place that was reached and a limit.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::Range;

use crate::recording::reading::Place;

/// What is known about the reading, also while the parser has the input.
#[derive(Debug)]
pub(super) struct Progress {
    /// The next byte that the parser takes.
    next: Cell<Place>,
    /// The last one that it took.
    last: Cell<Place>,
    /// The offsets of the starts of the last lines, with the current one as the last.
    lines: RefCell<VecDeque<u64>>,
    is_over_limit: Cell<bool>,
    is_at_end: Cell<bool>,
}

impl Progress {
    pub(super) fn new() -> Self {
        let start = Place { line: 1, column: 1, offset: 0 };
        Self {
            next: Cell::new(start),
            last: Cell::new(start),
            lines: RefCell::new(VecDeque::from([0])),
            is_over_limit: Cell::new(false),
            is_at_end: Cell::new(false),
        }
    }

    /// The byte that the parser looks at.
    pub(super) fn place(&self) -> Place {
        self.last.get()
    }

    /// How many bytes the parser has taken.
    pub(super) fn offset(&self) -> u64 {
        self.next.get().offset
    }

    /// Whether the file is larger than the limit.
    pub(super) fn is_over_limit(&self) -> bool {
        self.is_over_limit.get()
    }

    /// Whether the parser has found the end of the file right behind this byte.
    pub(super) fn is_end(&self, line: u64, column: u64) -> bool {
        let last = self.last.get();
        self.is_at_end.get() && (line, column) >= (last.line, last.column)
    }

    /// The place of a byte of the line that the parser is in, or of a little before: after an error it goes on to the
    /// ends of what contains the error. The offset of a line that is further back is not known exactly.
    pub(super) fn place_of(&self, line: u64, column: u64) -> Place {
        let back = self.next.get().line.saturating_sub(line);
        let lines = self.lines.borrow();
        let index = usize::try_from(back).ok().and_then(|back| lines.len().checked_sub(back + 1));
        let start = index.and_then(|index| lines.get(index)).or(lines.front());
        let offset = start.copied().unwrap_or_default().saturating_add(column.saturating_sub(1));
        Place { line, column: column.max(1), offset }
    }

    fn advance(&self, bytes: &[u8]) {
        let (mut last, mut next) = (self.last.get(), self.next.get());
        for byte in bytes {
            last = next;
            next.offset += 1;
            match byte {
                b'\n' => {
                    (next.line, next.column) = (next.line + 1, 1);
                    let mut lines = self.lines.borrow_mut();
                    if lines.len() == MAX_LINES {
                        lines.pop_front();
                    }
                    lines.push_back(next.offset);
                }
                _ => next.column += 1,
            }
        }
        self.last.set(last);
        self.next.set(next);
    }

    /// The place behind a byte order mark: it is no column.
    fn skip(&self, bytes: usize) {
        let mut next = self.next.get();
        next.offset += bytes as u64;
        self.next.set(next);
        *self.lines.borrow_mut() = VecDeque::from([next.offset]);
    }
}

/// Reads a file up to a limit, without the byte order mark that it may begin with.
///
/// The parser takes one byte at a time, so that the place is that of the byte it looks at.
pub(super) struct Input<'a, R> {
    file: R,
    buffer: Box<[u8]>,
    /// What of the buffer the parser does not have yet.
    unread: Range<usize>,
    /// How many bytes may still be read from the file.
    left: u64,
    is_start: bool,
    progress: &'a Progress,
}

/// How many lines back an offset is known.
const MAX_LINES: usize = 64;

const BUFFER: usize = 64 << 10;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl<'a, R: Read> Input<'a, R> {
    pub(super) fn new(file: R, limit: u64, progress: &'a Progress) -> Self {
        let buffer = vec![0; BUFFER].into_boxed_slice();
        Self { file, buffer, unread: 0..0, left: limit, is_start: true, progress }
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut length = self.fill_once(0)?;
        if self.is_start {
            self.is_start = false;
            while (1..BYTE_ORDER_MARK.len()).contains(&length) {
                match self.fill_once(length)? {
                    0 => break,
                    more => length += more,
                }
            }
            if self.buffer[..length].starts_with(BYTE_ORDER_MARK) {
                self.unread = BYTE_ORDER_MARK.len()..length;
                self.progress.skip(BYTE_ORDER_MARK.len());
                return if self.unread.is_empty() { self.fill() } else { Ok(()) };
            }
        }
        self.unread = 0..length;
        Ok(())
    }

    fn fill_once(&mut self, at: usize) -> io::Result<usize> {
        let length = loop {
            match self.file.read(&mut self.buffer[at..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        match self.left.checked_sub(length as u64) {
            Some(left) => self.left = left,
            None => {
                self.progress.is_over_limit.set(true);
                return Err(io::ErrorKind::FileTooLarge.into());
            }
        }
        Ok(length)
    }
}

impl<R: Read> Read for Input<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.unread.is_empty() {
            self.fill()?;
        }
        let length = out.len().min(self.unread.len());
        let bytes = &self.buffer[self.unread.start..][..length];
        out[..length].copy_from_slice(bytes);
        self.progress.advance(bytes);
        self.progress.is_at_end.set(length == 0 && !out.is_empty());
        self.unread.start += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns one byte at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let length = out.len().min(1);
            self.0.read(&mut out[..length])
        }
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        for (bytes, rest) in [
            (&b"\xef\xbb\xbf{}"[..], &b"{}"[..]),
            (b"\xef\xbb\xbf", b""),
            (b"\xef\xbb", b"\xef\xbb"),
            (b"{}", b"{}"),
            (b"", b""),
        ] {
            let progress = Progress::new();
            let mut read = Vec::new();
            Input::new(bytes, 100, &progress).read_to_end(&mut read).expect("bytes");
            assert_eq!(read, rest);
            read.clear();
            Input::new(Slow(bytes), 100, &progress).read_to_end(&mut read).expect("bytes");
            assert_eq!(read, rest);
        }
    }

    #[test]
    fn places_are_of_the_last_byte() {
        let progress = Progress::new();
        let mut input = Input::new(&b"ab\ncd"[..], 5, &progress);
        let mut places = Vec::new();
        while input.read(&mut [0]).expect("bytes") > 0 {
            let Place { line, column, offset } = progress.place();
            places.push((line, column, offset));
        }
        assert_eq!(places, [(1, 1, 0), (1, 2, 1), (1, 3, 2), (2, 1, 3), (2, 2, 4)]);
        assert_eq!(progress.offset(), 5);
        assert!(progress.is_end(2, 2) && !progress.is_end(1, 9));
        for (line, column, offset) in [(1, 1, 0), (1, 3, 2), (2, 1, 3), (2, 2, 4)] {
            assert_eq!(progress.place_of(line, column), Place { line, column, offset });
        }
        assert!(!progress.is_over_limit());
    }

    #[test]
    fn a_file_over_the_limit_is_an_error() {
        let progress = Progress::new();
        let mut input = Input::new(Slow(b"abc"), 2, &progress);
        assert!(input.read_to_end(&mut Vec::new()).is_err());
        assert!(progress.is_over_limit());
    }
}
