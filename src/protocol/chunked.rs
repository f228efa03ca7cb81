//! The chunked transfer coding (RFC 9112 section 7.1): which bytes are the data of chunks, and where the body
//! ends.

use std::borrow::Cow;

use super::head::MAX_HEAD;

/// The maximum length of a chunk-size line with its extensions and its line break, in bytes.
const MAX_SIZE_LINE: usize = 4 << 10;

/// The maximum length of the trailer section, in bytes.
const MAX_TRAILERS: usize = MAX_HEAD;

/// What is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grammar {
    /// What RFC 9112 requires: everything else is something that two recipients may interpret differently.
    Strict,
    /// Also lines that end with a bare LF, and white space around the size.
    Lenient,
}

/// Why a body is not in the chunked transfer coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkFault {
    /// A line that is not a size, optionally with extensions.
    #[error("malformed chunk size")]
    Size,
    /// A chunk-size line of more than 4 KiB.
    #[error("the line of a chunk size is longer than {} KiB", MAX_SIZE_LINE >> 10)]
    LongSize,
    /// The data of a chunk is longer than its size.
    #[error("no line break after the data of a chunk")]
    Break,
    /// A control character or a bare LF in the trailer section.
    #[error("malformed trailer section")]
    Trailers,
    /// A trailer section of more than 64 KiB.
    #[error("the trailer section is longer than {} KiB", MAX_TRAILERS >> 10)]
    LongTrailers,
}

/// A body in the chunked transfer coding, of which the bytes are passed in as they are received.
#[derive(Clone, Debug)]
pub(super) struct Chunked {
    grammar: Grammar,
    expected: Expected,
}

/// What the next byte belongs to.
#[derive(Clone, Debug)]
enum Expected {
    /// A chunk-size line, of which this was received.
    Size(Vec<u8>),
    /// The data of a chunk, of which so many bytes are missing: at least one.
    Data(u64),
    /// The line break after the data of a chunk; whether its CR was received.
    Break { has_cr: bool },
    /// The trailer section and the empty line that ends the body.
    Trailers(Trailers),
    /// The next message.
    End,
}

/// The part of a trailer section that was received.
#[derive(Clone, Copy, Debug)]
struct Trailers {
    length: usize,
    /// The line has no bytes other than its line break so far.
    is_empty_line: bool,
    has_cr: bool,
}

/// What the first bytes of those that were passed in are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// So many bytes of sizes, line breaks or trailers; at least one.
    Framing(usize),
    /// So many bytes of data; at least one.
    Data(usize),
    /// They do not belong to the body.
    End,
}

impl Chunked {
    pub(super) fn new(grammar: Grammar) -> Self {
        Self { grammar, expected: Expected::Size(Vec::new()) }
    }

    /// Interprets the start of `bytes`, at least one, which continue those of the steps before.
    ///
    /// # Errors
    /// If they are malformed. None of them is taken then, and the next call returns the same error for them.
    pub(super) fn step(&mut self, bytes: &[u8]) -> Result<Step, ChunkFault> {
        match &mut self.expected {
            Expected::Size(_) => self.size_line(bytes),
            Expected::Data(missing) => {
                let count = usize::try_from(*missing).unwrap_or(usize::MAX).min(bytes.len());
                *missing -= count as u64;
                if *missing == 0 {
                    self.expected = Expected::Break { has_cr: false };
                }
                Ok(Step::Data(count))
            }
            Expected::Break { has_cr } => {
                match (bytes.first(), *has_cr || self.grammar == Grammar::Lenient) {
                    (Some(b'\n'), true) => self.expected = Expected::Size(Vec::new()),
                    (Some(b'\r'), _) if !*has_cr => *has_cr = true,
                    _ => return Err(ChunkFault::Break),
                }
                Ok(Step::Framing(1))
            }
            Expected::Trailers(_) => self.trailers(bytes),
            Expected::End => Ok(Step::End),
        }
    }

    /// Whether all data was received: what may follow are trailers.
    pub(super) fn has_all_data(&self) -> bool {
        matches!(self.expected, Expected::Trailers(_) | Expected::End)
    }

    /// Whether the body was received completely.
    pub(super) fn is_complete(&self) -> bool {
        matches!(self.expected, Expected::End)
    }

    /// The bytes of an incomplete chunk-size line or line break.
    pub(super) fn pending(&self) -> &[u8] {
        match &self.expected {
            Expected::Size(line) => line,
            Expected::Break { has_cr: true } => b"\r",
            _ => &[],
        }
    }

    /// Whether the bytes of an incomplete chunk-size line cannot be the start of a chunk size.
    pub(super) fn is_pending_malformed(&self) -> bool {
        match &self.expected {
            Expected::Size(line) => !line.trim_ascii().is_empty() && lenient_size(line).is_none(),
            _ => false,
        }
    }

    fn size_line(&mut self, bytes: &[u8]) -> Result<Step, ChunkFault> {
        let Expected::Size(line) = &mut self.expected else { return Ok(Step::End) };
        let room = MAX_SIZE_LINE - line.len();
        let searched = &bytes[..bytes.len().min(room)];
        let Some(end) = memchr::memchr(b'\n', searched) else {
            if searched.len() == room {
                return Err(ChunkFault::LongSize);
            }
            line.extend_from_slice(searched);
            return Ok(Step::Framing(searched.len()));
        };
        let whole: Cow<'_, [u8]> = match line.is_empty() {
            true => Cow::Borrowed(&bytes[..end]),
            false => Cow::Owned([line, &bytes[..end]].concat()),
        };
        let size = match self.grammar {
            Grammar::Strict => strict_size(&whole),
            Grammar::Lenient => lenient_size(&whole),
        };
        self.expected = match size.ok_or(ChunkFault::Size)? {
            0 => Expected::Trailers(Trailers { length: 0, is_empty_line: true, has_cr: false }),
            size => Expected::Data(size),
        };
        Ok(Step::Framing(end + 1))
    }

    fn trailers(&mut self, bytes: &[u8]) -> Result<Step, ChunkFault> {
        let Expected::Trailers(section) = &mut self.expected else { return Ok(Step::End) };
        let mut next = *section;
        for (at, &byte) in bytes.iter().enumerate() {
            if next.push(byte, self.grammar)? {
                self.expected = Expected::End;
                return Ok(Step::Framing(at + 1));
            }
        }
        *section = next;
        Ok(Step::Framing(bytes.len()))
    }
}

impl Trailers {
    /// Adds a byte. Returns whether it is the last one.
    fn push(&mut self, byte: u8, grammar: Grammar) -> Result<bool, ChunkFault> {
        if self.length == MAX_TRAILERS {
            return Err(ChunkFault::LongTrailers);
        }
        self.length += 1;
        let is_strict = grammar == Grammar::Strict;
        if byte == b'\n' {
            if is_strict && !self.has_cr {
                return Err(ChunkFault::Trailers);
            }
            let is_end = self.is_empty_line;
            (self.is_empty_line, self.has_cr) = (true, false);
            return Ok(is_end);
        }
        if is_strict && (self.has_cr || (byte != b'\r' && is_control(byte))) {
            return Err(ChunkFault::Trailers);
        }
        self.is_empty_line &= byte == b'\r' && !self.has_cr;
        self.has_cr = byte == b'\r';
        Ok(false)
    }
}

/// The size in a line without its LF, by RFC 9112 section 7.1. Of more than 16 digits, which a recipient might
/// cut off, none is read.
fn strict_size(line: &[u8]) -> Option<u64> {
    let line = line.strip_suffix(b"\r")?;
    let count = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (digits, extensions) = line.split_at(count);
    let is_extended = extensions.trim_ascii_start().starts_with(b";");
    let is_valid = count <= 16
        && (extensions.is_empty() || is_extended)
        && !extensions.iter().any(|&byte| is_control(byte));
    u64::from_str_radix(str::from_utf8(digits).ok()?, 16).ok().filter(|_| is_valid)
}

/// The size in a line without its LF; white space around the size is accepted.
fn lenient_size(line: &[u8]) -> Option<u64> {
    let text = str::from_utf8(line).ok()?;
    let digits = text.split(';').next()?.trim();
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(digits, 16).ok().filter(|_| is_hex)
}

/// Whether this is a control character other than a tab.
const fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data, how many bytes belong to the body, and whether it is complete.
    fn read(grammar: Grammar, pieces: &[&[u8]]) -> Result<(Vec<u8>, usize, bool), ChunkFault> {
        let mut chunked = Chunked::new(grammar);
        let (mut data, mut total) = (Vec::new(), 0);
        for piece in pieces {
            let mut rest = *piece;
            while !rest.is_empty() {
                let count = match chunked.step(rest)? {
                    Step::Framing(count) => count,
                    Step::Data(count) => {
                        data.extend_from_slice(&rest[..count]);
                        count
                    }
                    Step::End => break,
                };
                total += count;
                rest = &rest[count..];
            }
        }
        Ok((data, total, chunked.is_complete()))
    }

    #[track_caller]
    fn assert_read(grammar: Grammar, bytes: &[u8], expected: Result<(&str, &[u8]), ChunkFault>) {
        let expected =
            expected.map(|(data, rest)| (data.as_bytes().to_vec(), bytes.len() - rest.len(), true));
        for cut in 0..=bytes.len() {
            let got = read(grammar, &[&bytes[..cut], &bytes[cut..]]);
            assert_eq!(got, expected, "{:?} cut at {cut}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn valid_bodies_end_where_they_end_at_every_split_point() {
        for (bytes, data, rest) in [
            ("0\r\n\r\n", "", ""),
            ("5\r\nhello\r\n0\r\n\r\nGET", "hello", "GET"),
            ("1\r\n\r\r\n09\r\n0\r\n\r\n0\r\n\r\r\n000\r\n\r\n\r\n", "\r0\r\n\r\n0\r\n\r", "\r\n"),
            ("3;a=\"x\";b\r\nabc\r\n0;end\r\n\r\n", "abc", ""),
            ("3 \t; a = b\r\nabc\r\n0\r\n\r\n", "abc", ""),
            ("F\r\n0123456789abcde\r\n0\r\nA: b\r\nC:\r\n\r\n0\r\n", "0123456789abcde", "0\r\n"),
            ("0000000000000001\r\na\r\n0\r\n\r\n", "a", ""),
        ] {
            assert_read(Grammar::Strict, bytes.as_bytes(), Ok((data, rest.as_bytes())));
        }
    }

    #[test]
    fn what_is_ambiguous_is_accepted_only_when_lenient() {
        for (bytes, fault) in [
            ("1\na\r\n0\r\n\r\n", ChunkFault::Size),
            ("1\r\na\n0\r\n\r\n", ChunkFault::Break),
            ("1\r\na\r\n0\r\n\n", ChunkFault::Trailers),
            ("1\r\na\r\n0\r\nX: y\n\r\n", ChunkFault::Trailers),
            ("1\r\na\r\n0\r\nX: y\rz\r\n\r\n", ChunkFault::Trailers),
            ("1\r\na\r\n0\r\n\r\r\n\r\n", ChunkFault::Trailers),
            ("1 \r\na\r\n0\r\n\r\n", ChunkFault::Size),
            (" 1\r\na\r\n0\r\n\r\n", ChunkFault::Size),
            ("1;a\rb\r\na\r\n0\r\n\r\n", ChunkFault::Size),
            ("1;a\0\r\na\r\n0\r\n\r\n", ChunkFault::Size),
            ("00000000000000001\r\na\r\n0\r\n\r\n", ChunkFault::Size),
        ] {
            assert_read(Grammar::Strict, bytes.as_bytes(), Err(fault));
            assert_read(Grammar::Lenient, bytes.as_bytes(), Ok(("a", b"")));
        }
    }

    #[test]
    fn malformed_bodies_are_recognised() {
        let long_size = [b"1;".as_slice(), &[b'x'; MAX_SIZE_LINE]].concat();
        let long_trailers =
            [b"0\r\n".as_slice(), &b"A: b\r\n".repeat(MAX_TRAILERS / 6 + 1)].concat();
        for (bytes, fault) in [
            (b"\r\n".as_slice(), ChunkFault::Size),
            (b"x\r\n", ChunkFault::Size),
            (b"-1\r\n", ChunkFault::Size),
            (b"+1\r\n", ChunkFault::Size),
            (b"0x1\r\n", ChunkFault::Size),
            (b"1 a\r\n", ChunkFault::Size),
            (b"10000000000000000\r\n", ChunkFault::Size),
            (b"1\xa0\r\n", ChunkFault::Size),
            (b"1\r\nab\r\n", ChunkFault::Break),
            (b"1\r\na\r\r\n", ChunkFault::Break),
            (&long_size, ChunkFault::LongSize),
        ] {
            assert_read(Grammar::Strict, bytes, Err(fault));
            assert_read(Grammar::Lenient, bytes, Err(fault));
        }
        for grammar in [Grammar::Strict, Grammar::Lenient] {
            assert_eq!(read(grammar, &[&long_trailers]), Err(ChunkFault::LongTrailers));
        }
    }

    #[test]
    fn the_longest_lines_are_accepted() {
        let line = format!("1;{}\r\n", "x".repeat(MAX_SIZE_LINE - 4));
        let body = format!("{line}a\r\n0\r\n\r\n");
        assert_read(Grammar::Strict, body.as_bytes(), Ok(("a", b"")));
        let trailers = format!("0\r\nA:{}\r\n\r\n", "x".repeat(MAX_TRAILERS - 6));
        assert_eq!(
            read(Grammar::Strict, &[trailers.as_bytes()]),
            Ok((Vec::new(), trailers.len(), true))
        );
    }
}
