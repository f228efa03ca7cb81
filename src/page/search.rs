//! What a filter finds: how many rows in each block. Which rows these are is found out again when they are shown, so that
//! the memory does not depend on how many there are: 8 bytes a block, which is 1 MB if 4 GiB are kept.

use std::collections::VecDeque;
use std::sync::Arc;

use super::block::{Block, Row};
use super::facts::{CATEGORIES, Counts};
use super::filter::{Filter, Scratch};
use super::store::{Store, Want};

/// A search, from the oldest block to those that are still added.
#[derive(Debug)]
pub(super) struct Search {
    filter: Arc<Filter>,
    /// Of each block that was searched whole, the oldest first.
    counts: VecDeque<Counts>,
    /// The number of the first of these.
    first_block: u64,
    /// How many rows were found in blocks that are no longer kept.
    gone: u64,
    /// How many were found in blocks that are, but for the last one.
    found: u64,
    /// What was found in the last block, which may get more rows.
    last: Counts,
    /// The number behind the last row that was searched.
    scanned: u64,
    scratch: Scratch,
}

impl Search {
    pub(super) fn new(filter: Arc<Filter>, store: &Store) -> Self {
        let (oldest, newest) = store.block_numbers();
        let (first_row, end) = store.rows();
        let start = filter.after.clamp(first_row, end);
        let first_block =
            store.block_of(start).unwrap_or(if start == end { newest } else { oldest });
        Self {
            filter,
            counts: VecDeque::new(),
            first_block,
            gone: 0,
            found: 0,
            last: Counts::default(),
            scanned: start,
            scratch: Scratch::default(),
        }
    }

    pub(super) fn filter(&self) -> &Arc<Filter> {
        &self.filter
    }

    /// The number behind the last row that was searched.
    pub(super) fn scanned(&self) -> u64 {
        self.scanned
    }

    /// The number of the first row of the list that is kept: they are numbered from 0.
    pub(super) fn first(&self) -> u64 {
        self.gone
    }

    /// How many rows were found so far, also those that are no longer kept.
    pub(super) fn found(&self) -> u64 {
        self.gone + self.found + sum(&self.last)
    }

    /// Searches the rows of the next block that were not searched. Returns whether there may be more to search.
    pub(super) fn step(&mut self, store: &Store) -> bool {
        self.forget(store);
        let number = self.first_block + self.counts.len() as u64;
        let Some(info) = store.block_info(number) else { return false };
        if info.end() > self.scanned {
            if self.filter.may_match(&info.digest) {
                let want = if self.filter.needs_lines() { Want::All } else { Want::Facts };
                // A block that has just gone is forgotten the next time.
                let Some(block) = store.block(number, want) else {
                    return store.block_info(number).is_none() || self.skip(info.end());
                };
                self.count(&block, info.end());
            }
            self.scanned = self.scanned.max(info.end());
        }
        if info.is_full {
            self.counts.push_back(self.last);
            self.found += sum(&self.last);
            self.last = Counts::default();
        }
        info.is_full
    }

    /// A block cannot be read: its rows are not found.
    fn skip(&mut self, end: u64) -> bool {
        self.scanned = end;
        true
    }

    fn count(&mut self, block: &Block, end: u64) {
        for row in block.rows_from(self.scanned).take_while(|row| row.number < end) {
            if self.filter.matches(&row, &mut self.scratch) {
                let count = &mut self.last[row.facts.category()];
                *count = count.saturating_add(1);
            }
        }
    }

    /// Forgets blocks that are no longer kept.
    fn forget(&mut self, store: &Store) {
        let (oldest, _) = store.block_numbers();
        while self.first_block < oldest {
            let counts = self.counts.pop_front();
            match counts {
                Some(counts) => self.found -= sum(&counts),
                None => self.scanned = self.scanned.max(store.rows().0),
            }
            self.gone += sum(&counts.unwrap_or_else(|| std::mem::take(&mut self.last)));
            self.first_block += 1;
        }
    }

    /// Calls `take` with each row from this one of the list on, as long as it returns true.
    pub(super) fn rows(
        &mut self,
        store: &Store,
        from: u64,
        want: Want,
        mut take: impl FnMut(&Row<'_>) -> bool,
    ) {
        self.forget(store);
        let mut before = self.gone; // the number of the first row of the list in the block
        let want = if self.filter.needs_lines() { Want::All } else { want };
        for at in 0..=self.counts.len() {
            let count = sum(self.counts.get(at).unwrap_or(&self.last));
            if count > 0
                && before + count > from
                && let Some(block) = store.block(self.first_block + at as u64, want)
            {
                let skipped = from.saturating_sub(before);
                let searched = block.rows_from(0).take_while(|row| row.number < self.scanned);
                let found = searched.filter(|row| self.filter.matches(row, &mut self.scratch));
                // Not more than were counted: a line that cannot be read now must not shift the others.
                for row in found.take(count as usize).skip(skipped as usize) {
                    if !take(&row) {
                        return;
                    }
                }
            }
            before += count;
        }
    }

    /// The number in the list of this row, or of the next one in it; `None`: there is none yet.
    pub(super) fn index_of(&mut self, store: &Store, row: u64) -> Option<u64> {
        self.forget(store);
        let (first_row, _) = store.rows();
        let row = row.max(first_row);
        let number = store.block_of(row)?;
        let at = usize::try_from(number.saturating_sub(self.first_block)).ok()?;
        let earlier = self.counts.iter().take(at).map(sum).sum::<u64>();
        let mut index = self.gone + earlier;
        if number >= self.first_block {
            let want = if self.filter.needs_lines() { Want::All } else { Want::Facts };
            let block = store.block(number, want)?;
            let before = block.rows_from(0).take_while(|it| it.number < row.min(self.scanned));
            index +=
                before.filter(|row| self.filter.matches(row, &mut self.scratch)).count() as u64;
        }
        (index < self.found()).then_some(index)
    }

    /// How many rows were found in a block; `None`: it was not searched whole.
    pub(super) fn counts_in(&self, number: u64) -> Option<Counts> {
        let at = usize::try_from(number.checked_sub(self.first_block)?).ok()?;
        self.counts.get(at).copied()
    }
}

fn sum(counts: &Counts) -> u64 {
    counts.iter().take(CATEGORIES).map(|count| u64::from(*count)).sum()
}
