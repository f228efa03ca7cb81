//! Reading blocks, from memory or from the file.

use std::collections::VecDeque;
use std::sync::Arc;

use super::state::{Place, encoded_length};
use super::{BlockInfo, Store, locked};
use crate::page::block::{Block, FULL_BYTES};
use crate::page::facts::Facts;
use crate::platform::positioned::read_exact_at;

/// How many blocks of the file are kept after they were read: the rows of two screens are in one or two.
const CACHED: usize = 8;

/// The longest start of a line that is read where the rest does not matter. The lines of frames are before it.
const START: usize = 3 * FULL_BYTES;

/// What of a block is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::page) enum Want {
    /// Only what is known of its rows: it may be without lines.
    Facts,
    /// Its lines, and of a long one at least the start.
    Starts,
    /// Everything.
    All,
}

/// Blocks that were read from the file.
#[derive(Debug, Default)]
pub(super) struct Cache(VecDeque<(u64, Arc<Block>)>);

impl Cache {
    fn get(&mut self, number: u64) -> Option<Arc<Block>> {
        let at = self.0.iter().position(|(other, _)| *other == number)?;
        let entry = self.0.remove(at)?;
        let block = Arc::clone(&entry.1);
        self.0.push_back(entry);
        Some(block)
    }

    fn add(&mut self, number: u64, block: &Arc<Block>) {
        if self.0.len() == CACHED {
            self.0.pop_front();
        }
        self.0.push_back((number, Arc::clone(block)));
    }
}

impl Store {
    /// The oldest row that is kept, and the number behind the last one.
    pub(in crate::page) fn rows(&self) -> (u64, u64) {
        self.state().rows()
    }

    /// The number of the oldest block, and of the one that takes rows.
    pub(in crate::page) fn block_numbers(&self) -> (u64, u64) {
        self.state().block_numbers()
    }

    /// What is known of a block; `None`: it is not kept.
    pub(in crate::page) fn block_info(&self, number: u64) -> Option<BlockInfo> {
        self.state().info(number)
    }

    /// The same of the blocks from this one on, at most so many.
    pub(in crate::page) fn block_infos(&self, from: u64, most: usize) -> Vec<BlockInfo> {
        let state = self.state();
        (from..).map_while(|number| state.info(number)).take(most).collect()
    }

    /// The number of the block that has a row; `None`: it is not kept.
    pub(in crate::page) fn block_of(&self, row: u64) -> Option<u64> {
        self.state().block_of(row)
    }

    /// A block with what is wanted of it; `None`: it is not kept, or cannot be read.
    pub(in crate::page) fn block(&self, number: u64, want: Want) -> Option<Arc<Block>> {
        let (info, offset) = {
            let state = self.state();
            let info = state.info(number)?;
            match state.place(number) {
                None => return Some(Arc::new(state.tail())),
                Some(Place::Memory(block)) => return Some(block),
                Some(Place::File(offset)) => (info, offset),
            }
        };
        if let Some(block) = locked(&self.cache).get(number) {
            return Some(block);
        }
        let block = Arc::new(self.read(&info, offset, want)?);
        if block.lines.len() == info.lines as usize && info.lines as usize <= START {
            let keeps = want == Want::Starts; // who reads everything does so once
            keeps.then(|| locked(&self.cache).add(number, &block));
        }
        Some(block)
    }

    fn read(&self, info: &BlockInfo, offset: u64, want: Want) -> Option<Block> {
        let lines = match want {
            Want::Facts => 0,
            Want::Starts => info.lines.min(START as u32),
            Want::All => info.lines,
        };
        let length = usize::try_from(encoded_length(info.rows, lines)).ok()?;
        let mut bytes = vec![0; length];
        read_exact_at(self.file.get()?, &mut bytes, offset).ok()?;
        // What replaces it in the file is written after it is dropped.
        let is_kept =
            matches!(self.state().place(info.number), Some(Place::File(at)) if at == offset);
        is_kept.then(|| Block::decode(info.first, info.rows as usize, bytes))
    }

    /// What is known of a row; `None`: it is not kept.
    pub(in crate::page) fn facts(&self, row: u64) -> Option<Facts> {
        let block = self.block(self.block_of(row)?, Want::Facts)?;
        block.numbered(row).map(|row| *row.facts)
    }
}
