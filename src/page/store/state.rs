//! What threads share of a store: its rows, in blocks, and what is known of connections.

use std::collections::VecDeque;
use std::sync::Arc;

use super::frames::Frames;
use super::lines::{Line, read};
use super::ring::Room;
use super::{Phase, StoreOptions, Summary};
use crate::page::block::{Block, Digest, FULL_BYTES};
use crate::page::connections::Connections;
use crate::page::facts::{Facts, Kind};
use crate::page::pairs::{Asked, Pairs};
use crate::page::runs::Runs;

/// The state of a store.
#[derive(Debug, Default)]
pub(super) struct State {
    /// This program is the server of connections that do not say otherwise.
    is_server: bool,
    /// Full blocks, the oldest first: those in the file, then those in memory.
    blocks: VecDeque<Entry>,
    /// The number of the oldest block that is kept.
    first_block: u64,
    /// How many of the blocks are in the file.
    in_file: usize,
    /// A block is full with this many bytes of lines: fewer where little is kept, as blocks are dropped whole.
    full_bytes: usize,
    /// The block that takes rows.
    tail: Block,
    tail_digest: Digest,
    /// The bytes of the blocks in memory, but for the tail.
    memory: u64,
    messages: u64,
    bytes: u64,
    frames: Frames,
    pairs: Pairs,
    /// Those of a recording or of `wscope URL`.
    runs: Option<Runs>,
    pub(super) connections: Connections,
    /// `None`: that of a server, whose clients come and go.
    pub(super) phase: Option<Phase>,
    pub(super) why: Option<String>,
    pub(super) time: Option<String>,
    pub(super) recorded_end: Option<String>,
    /// Why the file takes nothing more.
    pub(super) file_error: Option<String>,
}

/// What is kept has this many blocks at least, unless rows are large.
const BLOCKS: u64 = 16;

/// A full block.
#[derive(Debug)]
struct Entry {
    first: u64,
    rows: u32,
    lines: u32,
    digest: Digest,
    place: Place,
}

/// Where a block is.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Memory(Arc<Block>),
    /// At this offset of the file.
    File(u64),
}

/// What is known of a block.
#[derive(Clone, Debug)]
pub(in crate::page) struct BlockInfo {
    /// Its number: they follow each other.
    pub(in crate::page) number: u64,
    /// The number of its first row.
    pub(in crate::page) first: u64,
    pub(in crate::page) rows: u32,
    /// The bytes of its lines.
    pub(in crate::page) lines: u32,
    pub(in crate::page) digest: Digest,
    /// No more rows are added to it.
    pub(in crate::page) is_full: bool,
}

impl BlockInfo {
    /// The number behind the last row.
    pub(in crate::page) fn end(&self) -> u64 {
        self.first + u64::from(self.rows)
    }
}

impl State {
    /// Nothing yet.
    pub(super) fn new(options: &StoreOptions) -> Self {
        let full_bytes = usize::try_from(options.history / BLOCKS).unwrap_or(FULL_BYTES);
        Self {
            is_server: options.is_server,
            full_bytes: full_bytes.min(FULL_BYTES),
            runs: match options.is_connect {
                true => Some(Runs::live()),
                false => options.is_recording.then(Runs::default),
            },
            ..Self::default()
        }
    }

    /// The number that the page has for the connection that has this one now.
    pub(super) fn known(&self, number: Option<u64>) -> Option<u64> {
        self.runs.as_ref().map_or(number, |runs| runs.current(number))
    }

    /// The number that the run has for a connection of the page; `None`: it is known and not open.
    pub(super) fn own_number(&self, number: Option<u64>) -> Option<Option<u64>> {
        let (Some(runs), Some(page)) = (&self.runs, number) else { return Some(number) };
        runs.own(page).filter(|_| self.connections.is_open(number))
    }

    /// Takes a line, without its newline.
    pub(super) fn line(&mut self, line: &[u8]) {
        let (connections, is_server) = (&self.connections, self.is_server);
        let runs = self.runs.as_ref();
        let known = |number| runs.map_or(number, |runs| runs.current(number));
        let is_server = |number| is_server || connections.is_server(known(number)).unwrap_or(false);
        match read(line, is_server) {
            None => {}
            Some(Line::Frame(frame)) => {
                if frame.kind == Kind::Close {
                    self.connections.begin_close(known(frame.connection), frame.from);
                }
                self.frames.add(&frame, line);
            }
            Some(Line::Row(facts)) => self.row(facts, line),
        }
    }

    fn row(&mut self, mut facts: Facts, line: &[u8]) {
        let mut frames = Vec::new();
        self.frames.take(facts.connection, facts.from, facts.kind, &mut frames);
        if self.tail.is_full_for(frames.len() + line.len() + 1, self.full_bytes) {
            self.seal();
        }
        let row = self.tail.end();
        if let Some(runs) = &mut self.runs {
            runs.place(&mut facts, line);
        }
        if let Some(asked) = self.answered(&facts, line, row) {
            facts.request = u32::try_from(row - asked.row).unwrap_or_default();
            let late = facts.elapsed.saturating_sub(asked.elapsed);
            facts.late = u32::try_from(late).unwrap_or(u32::MAX);
        }
        self.connections.observe(row, &facts, line);
        if facts.kind.is_message() {
            self.messages += 1;
            self.bytes = self.bytes.saturating_add(facts.size.unwrap_or_default());
        }
        let lines = &mut self.tail.lines;
        lines.extend_from_slice(&frames);
        // A line has at most 2 GiB, and is alone if the block would have more than 64 KiB.
        (facts.start, facts.end) = (lines.len() as u32, (lines.len() + line.len()) as u32);
        lines.extend_from_slice(line);
        lines.push(b'\n');
        self.tail_digest.add(&facts);
        self.tail.facts.push(facts);
    }

    fn answered(&mut self, facts: &Facts, line: &[u8], row: u64) -> Option<Asked> {
        let (start, length) = (facts.data as usize, facts.data_length as usize);
        let (from, data) = (facts.from?, line.get(start..start + length)?);
        let (connection, asked) = (facts.connection, Asked { row, elapsed: facts.elapsed });
        match facts.kind {
            Kind::Text => self.pairs.message(connection, from, data, asked),
            Kind::Ping => {
                self.pairs.ping(connection, from, data, asked);
                None
            }
            Kind::Pong => self.pairs.pong(connection, from, data),
            _ => None,
        }
    }

    fn seal(&mut self) {
        let next = Block { first: self.tail.end(), ..Block::default() };
        let full = std::mem::replace(&mut self.tail, next);
        self.memory += full.size();
        self.blocks.push_back(Entry {
            first: full.first,
            rows: full.facts.len() as u32,  // at most FULL_ROWS
            lines: full.lines.len() as u32, // see above
            digest: std::mem::take(&mut self.tail_digest),
            place: Place::Memory(Arc::new(full)),
        });
    }

    /// The bytes of all blocks, in memory and in the file.
    pub(super) fn total(&self) -> u64 {
        let length = |entry: &Entry| encoded_length(entry.rows, entry.lines);
        self.blocks.iter().map(length).sum::<u64>() + self.tail.size()
    }

    /// The oldest block in memory, if there are more bytes than these; full or not.
    pub(super) fn over(&mut self, limit: u64) -> Option<Arc<Block>> {
        let total = self.memory.saturating_add(self.tail.size());
        if total <= limit {
            return None;
        }
        if self.in_file == self.blocks.len() {
            self.seal();
        }
        match &self.blocks.get(self.in_file)?.place {
            Place::Memory(block) => Some(Arc::clone(block)),
            Place::File(_) => None,
        }
    }

    /// Forgets the blocks in the file that are in the way.
    pub(super) fn clear(&mut self, room: Room) {
        while self.in_file > 0
            && let Some(Entry { place: Place::File(offset), rows, lines, .. }) = self.blocks.front()
            && room.claims(*offset, encoded_length(*rows, *lines))
        {
            self.drop_oldest();
        }
    }

    /// The oldest block in memory is in the file now.
    pub(super) fn moved(&mut self, offset: u64) {
        if let Some(entry) = self.blocks.get_mut(self.in_file) {
            self.in_file += 1;
            self.memory -= encoded_length(entry.rows, entry.lines);
            entry.place = Place::File(offset);
        }
    }

    /// There is no room for the oldest block in memory: it goes, with all that are older. Returns whether it has gone: the
    /// newest row stays, however large it is.
    pub(super) fn drop_oldest_in_memory(&mut self) -> bool {
        let is_newest = self.in_file + 1 == self.blocks.len() && self.tail.facts.is_empty();
        if is_newest && self.blocks.back().is_some_and(|entry| entry.rows == 1) {
            (0..self.in_file).for_each(|_| self.drop_oldest());
            return false;
        }
        (0..=self.in_file).for_each(|_| self.drop_oldest());
        true
    }

    fn drop_oldest(&mut self) {
        let Some(entry) = self.blocks.pop_front() else { return };
        self.first_block += 1;
        match entry.place {
            Place::File(_) => self.in_file -= 1,
            Place::Memory(_) => self.memory -= encoded_length(entry.rows, entry.lines),
        }
    }

    pub(super) fn summary(&mut self) -> Summary {
        let first = self.first_row();
        Summary {
            rows: self.tail.end(),
            first,
            messages: self.messages,
            bytes: self.bytes,
            connections: self.connections.count(),
            connections_version: self.connections.version(),
            phase: self.phase.unwrap_or(match self.connections.has_open() {
                true => Phase::Live,
                false => Phase::Waiting,
            }),
            why: self.why.clone(),
            time: self.time.clone(),
            dropped: first,
            recorded_end: self.recorded_end.clone().or_else(|| self.file_error.clone()),
        }
    }

    /// The oldest row that is kept, and the number behind the last one.
    pub(super) fn rows(&self) -> (u64, u64) {
        (self.first_row(), self.tail.end())
    }

    fn first_row(&self) -> u64 {
        self.blocks.front().map_or(self.tail.first, |entry| entry.first)
    }

    /// The numbers of the oldest block and of the one that takes rows.
    pub(super) fn block_numbers(&self) -> (u64, u64) {
        (self.first_block, self.first_block + self.blocks.len() as u64)
    }

    /// What is known of a block that is kept.
    pub(super) fn info(&self, number: u64) -> Option<BlockInfo> {
        let at = usize::try_from(number.checked_sub(self.first_block)?).ok()?;
        if at == self.blocks.len() {
            return Some(BlockInfo {
                number,
                first: self.tail.first,
                rows: self.tail.facts.len() as u32, // at most FULL_ROWS
                lines: self.tail.lines.len() as u32, // see `row`
                digest: self.tail_digest,
                is_full: false,
            });
        }
        let Entry { first, rows, lines, digest, .. } = *self.blocks.get(at)?;
        Some(BlockInfo { number, first, rows, lines, digest, is_full: true })
    }

    /// The number of the block that has a row.
    pub(super) fn block_of(&self, row: u64) -> Option<u64> {
        let (first, end) = self.rows();
        if row < first || row >= end {
            return None;
        }
        let at = self.blocks.partition_point(|entry| entry.first + u64::from(entry.rows) <= row);
        Some(self.first_block + at as u64)
    }

    /// Where a full block is; `None`: it is the one that takes rows, or is not kept.
    pub(super) fn place(&self, number: u64) -> Option<Place> {
        let at = usize::try_from(number.checked_sub(self.first_block)?).ok()?;
        self.blocks.get(at).map(|entry| entry.place.clone())
    }

    /// A copy of the block that takes rows.
    pub(super) fn tail(&self) -> Block {
        self.tail.clone()
    }
}

/// The length of a block in the file, in bytes.
pub(super) const fn encoded_length(rows: u32, lines: u32) -> u64 {
    rows as u64 * Facts::SIZE as u64 + lines as u64
}
