//! Larger reads than the reader requests.

use std::io::{self, Read};

/// Bytes read at a time: a few TLS records, of 16 KiB at most each (RFC 8446 section 5.1).
const SIZE: usize = 64 << 10;

/// Bytes read at a time at first: enough for a handshake, and for a connection with little traffic.
const FIRST_SIZE: usize = 4 << 10;

/// Bytes that were read and not requested yet.
///
/// A TLS library reads each record's five-byte header and its body by themselves: two system calls
/// for 16 KiB.
#[derive(Debug, Default)]
pub(super) struct ReadAhead {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl ReadAhead {
    /// Reads from `source` once, and only if nothing is left from the last read.
    ///
    /// # Errors
    /// As `source`.
    pub(super) fn read(&mut self, source: &mut impl Read, target: &mut [u8]) -> io::Result<usize> {
        if self.start == self.end {
            if target.len() >= SIZE {
                return source.read(target);
            }
            self.make_room();
            (self.start, self.end) = (0, source.read(&mut self.buffer)?);
        }
        let count = target.len().min(self.end - self.start);
        target[..count].copy_from_slice(&self.buffer[self.start..self.start + count]);
        self.start += count;
        Ok(count)
    }

    /// Grows the buffer once a read has filled it.
    fn make_room(&mut self) {
        let was_filled = !self.buffer.is_empty() && self.end == self.buffer.len();
        let size = if was_filled { SIZE } else { FIRST_SIZE };
        if self.buffer.len() < size {
            self.buffer.resize(size, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives each piece in one read, then fails, then ends.
    struct Pieces(Vec<Option<&'static [u8]>>);

    impl Read for Pieces {
        fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            let piece = self.0.remove(0).ok_or(io::ErrorKind::WouldBlock)?;
            target[..piece.len()].copy_from_slice(piece);
            Ok(piece.len())
        }
    }

    #[test]
    fn no_byte_is_lost_or_read_too_early() {
        let mut source = Pieces(vec![Some(b"abcdef"), None, Some(b"g")]);
        let mut ahead = ReadAhead::default();
        let mut read = |size: usize| {
            let mut target = vec![0; size];
            let count = ahead.read(&mut source, &mut target).map_err(|error| error.kind())?;
            target.truncate(count);
            Ok(String::from_utf8(target).expect("ASCII"))
        };
        assert_eq!(read(4).as_deref(), Ok("abcd"));
        assert_eq!(read(4).as_deref(), Ok("ef"));
        assert_eq!(read(4), Err(io::ErrorKind::WouldBlock));
        assert_eq!(read(4).as_deref(), Ok("g"));
        assert_eq!(read(4).as_deref(), Ok(""));
    }

    #[test]
    fn the_buffer_grows_when_it_was_filled() {
        let mut ahead = ReadAhead::default();
        let mut sizes = Vec::new();
        for piece in [&[0; 10][..], &[0; FIRST_SIZE], &[0; 10], &[0; 10]] {
            let count = ahead.read(&mut &*piece, &mut [0; 5000]).expect("bytes");
            sizes.push((count, ahead.buffer.len()));
        }
        let [small, large] = [FIRST_SIZE, SIZE];
        assert_eq!(sizes, [(10, small), (small, small), (10, large), (10, large)]);
    }
}
