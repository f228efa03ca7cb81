//! Downloads that tabs have prepared and browsers have not asked for yet.

use std::collections::VecDeque;
use std::sync::Arc;

use super::filter::Filter;
use crate::recording::writer::RecordFormat;

/// The most of them; the oldest are forgotten.
const MOST: usize = 16;

/// A download: which rows, in which format.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) name: String,
    pub(super) format: RecordFormat,
    /// `None`: all rows.
    pub(super) filter: Option<Arc<Filter>>,
    /// The number behind the last row.
    pub(super) end: u64,
}

impl Prepared {
    /// The number of the first row that may be in it.
    pub(super) fn start(&self) -> u64 {
        self.filter.as_ref().map_or(0, |filter| filter.after)
    }
}

/// All of them, each with what its URL ends with.
#[derive(Debug, Default)]
pub(super) struct Downloads(VecDeque<(String, Prepared)>);

impl Downloads {
    /// Adds one. Returns what its URL ends with, which cannot be guessed.
    pub(super) fn add(&mut self, prepared: Prepared) -> String {
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        let id = format!("{:032x}", rand::random::<u128>());
        self.0.push_back((id.clone(), prepared));
        id
    }

    /// The one whose URL ends so, once.
    pub(super) fn take(&mut self, id: &str) -> Option<Prepared> {
        let at = self.0.iter().position(|(other, _)| other == id)?;
        self.0.remove(at).map(|(_, prepared)| prepared)
    }
}
