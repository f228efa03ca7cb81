//! Rows that are kept together: the lines of their events, and what is known of each.

use super::facts::{Counts, Facts, Kinds};

/// A block is full with at most this many bytes of lines. A line that is longer is in a block of its own.
pub(super) const FULL_BYTES: usize = 64 << 10;

/// A block is full with this many rows.
pub(super) const FULL_ROWS: usize = 512;

/// Rows that follow each other.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    /// The number of the first row.
    pub(super) first: u64,
    pub(super) facts: Vec<Facts>,
    /// The lines; without their end, or empty, if no more was read.
    pub(super) lines: Vec<u8>,
}

/// A row of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) number: u64,
    pub(super) facts: &'a Facts,
    /// The line, or the start of it.
    pub(super) line: &'a [u8],
    /// The lines of its frames.
    pub(super) frames: &'a [u8],
}

impl Block {
    /// The number behind the last row.
    pub(super) fn end(&self) -> u64 {
        self.first + self.facts.len() as u64
    }

    /// The bytes that it takes.
    pub(super) fn size(&self) -> u64 {
        (self.lines.len() + self.facts.len() * Facts::SIZE) as u64
    }

    /// Whether there is no room for a row with this many bytes, where a block is full with `full` bytes of lines.
    pub(super) fn is_full_for(&self, bytes: usize, full: usize) -> bool {
        !self.facts.is_empty() && (self.facts.len() >= FULL_ROWS || self.lines.len() + bytes > full)
    }

    /// The row at this place.
    pub(super) fn row(&self, at: usize) -> Option<Row<'_>> {
        let facts = self.facts.get(at)?;
        let before = at.checked_sub(1).and_then(|at| self.facts.get(at));
        let frames_start = before.map_or(0, |facts| facts.end as usize + 1);
        let within = |from: usize, to: usize| {
            let to = to.min(self.lines.len());
            self.lines.get(from..to).unwrap_or_default()
        };
        Some(Row {
            number: self.first + at as u64,
            facts,
            line: within(facts.start as usize, facts.end as usize),
            frames: within(frames_start, facts.start as usize),
        })
    }

    /// The row of this number.
    pub(super) fn numbered(&self, number: u64) -> Option<Row<'_>> {
        self.row(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// The rows from this number on.
    pub(super) fn rows_from(&self, number: u64) -> impl DoubleEndedIterator<Item = Row<'_>> {
        let start = usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        (start.min(self.facts.len())..self.facts.len()).filter_map(|at| self.row(at))
    }

    /// Appends it as it is in a file: facts, then lines.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        self.facts.iter().for_each(|facts| facts.encode(out));
        out.extend_from_slice(&self.lines);
    }

    /// Reads a number of rows, with as much of the lines as there is.
    pub(super) fn decode(first: u64, rows: usize, mut bytes: Vec<u8>) -> Self {
        let (all, _) = bytes.as_chunks();
        let facts: Vec<_> = all.iter().take(rows).map(Facts::decode).collect();
        bytes.drain(..(facts.len() * Facts::SIZE).min(bytes.len()));
        Self { first, facts, lines: bytes }
    }
}

impl<'a> Row<'a> {
    /// What is between the quotes of its data, or the start of that.
    pub(super) fn data(&self) -> &'a [u8] {
        let (start, length) = (self.facts.data as usize, self.facts.data_length as usize);
        let end = (start + length).min(self.line.len());
        self.line.get(start..end).unwrap_or_default()
    }

    /// Whether the end of the line is missing.
    pub(super) fn is_cut(&self) -> bool {
        (self.line.len() as u64) < u64::from(self.facts.end - self.facts.start)
    }
}

/// What is known of a block without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digest {
    pub(super) kinds: Kinds,
    pub(super) counts: Counts,
    /// Times since the start, in microseconds.
    pub(super) first_elapsed: u64,
    pub(super) last_elapsed: u64,
    /// The lowest and highest number of a connection; rows without one count as 0.
    pub(super) low_connection: u64,
    pub(super) high_connection: u64,
    pub(super) largest: u64,
}

impl Default for Digest {
    fn default() -> Self {
        Self {
            kinds: Kinds::default(),
            counts: Counts::default(),
            first_elapsed: u64::MAX,
            last_elapsed: 0,
            low_connection: u64::MAX,
            high_connection: 0,
            largest: 0,
        }
    }
}

impl Digest {
    pub(super) fn add(&mut self, facts: &Facts) {
        self.kinds.0 |= facts.kind.bit();
        let count = &mut self.counts[facts.category()];
        *count = count.saturating_add(1);
        self.first_elapsed = self.first_elapsed.min(facts.elapsed);
        self.last_elapsed = self.last_elapsed.max(facts.elapsed);
        let connection = facts.connection.unwrap_or_default();
        self.low_connection = self.low_connection.min(connection);
        self.high_connection = self.high_connection.max(connection);
        self.largest = self.largest.max(facts.size.unwrap_or_default());
    }
}
