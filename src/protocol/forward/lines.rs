//! The lines of a head as they are on the wire.

use std::ops::Range;

use crate::protocol::head::Head;

/// A line after the start line, with its continuation lines (obsolete line folding, RFC 9112 section 5.2) and
/// its line break.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) bytes: &'a [u8],
}

/// The parts of a head.
pub(super) struct Lines<'a> {
    /// The start line, with its line break.
    pub(super) start_line: &'a [u8],
    pub(super) fields: Vec<Line<'a>>,
    /// The empty line that ends the head.
    pub(super) end: &'a [u8],
}

impl<'a> Lines<'a> {
    pub(super) fn of(head: &'a Head) -> Self {
        let (start_line, mut rest) = split_line(head.bytes());
        let mut fields = Vec::new();
        while !matches!(rest, [] | [b'\n', ..] | [b'\r', b'\n', ..]) {
            let mut length = split_line(rest).0.len();
            while matches!(rest[length..], [b' ' | b'\t', ..]) {
                length += split_line(&rest[length..]).0.len();
            }
            let (bytes, after) = rest.split_at(length);
            fields.push(Line { bytes });
            rest = after;
        }
        Self { start_line, fields, end: rest }
    }
}

impl<'a> Line<'a> {
    /// What is before the colon, without white space; empty if there is none.
    pub(super) fn name(self) -> &'a [u8] {
        let colon = memchr::memchr(b':', self.bytes).unwrap_or_default();
        self.bytes[..colon].trim_ascii()
    }

    pub(super) fn is(self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name.as_bytes())
    }

    /// The position of the value, without the white space around it; an empty one is before the line break.
    pub(super) fn value_at(self) -> Range<usize> {
        let from = memchr::memchr(b':', self.bytes).map_or(0, |colon| colon + 1);
        let line = self.bytes.strip_suffix(b"\n").unwrap_or(self.bytes);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let value = line[from..].trim_ascii_start();
        let start = line.len() - value.len();
        start..start + value.trim_ascii_end().len()
    }

    /// The value as text, without the white space around it.
    pub(super) fn value(self) -> String {
        String::from_utf8_lossy(&self.bytes[self.value_at()]).into_owned()
    }

    /// The lines that continue it.
    pub(super) fn continuations(self) -> impl Iterator<Item = Self> {
        let lines = self.bytes.split_inclusive(|&byte| byte == b'\n').skip(1);
        lines.map(|bytes| Self { bytes })
    }
}

/// The line break at the end of `line`.
pub(super) fn line_break(line: &[u8]) -> &'static [u8] {
    if line.ends_with(b"\r\n") { b"\r\n" } else { b"\n" }
}

/// The first line with its line break, and what follows.
fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes.split_at(memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1))
}
