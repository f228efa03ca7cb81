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
pub(super) struct Downloads {
    waiting: VecDeque<(String, Prepared)>,
    /// The program ends: browsers can get no more.
    is_over: bool,
}

impl Downloads {
    /// Adds one. Returns what its URL ends with, which cannot be guessed; `None`: nothing can be downloaded any more.
    pub(super) fn add(&mut self, prepared: Prepared) -> Option<String> {
        if self.is_over {
            return None;
        }
        if self.waiting.len() == MOST {
            self.waiting.pop_front();
        }
        let id = format!("{:032x}", rand::random::<u128>());
        self.waiting.push_back((id.clone(), prepared));
        Some(id)
    }

    /// Takes no more.
    pub(super) fn end(&mut self) {
        self.is_over = true;
    }

    /// The one whose URL ends so, once.
    pub(super) fn take(&mut self, id: &str) -> Option<Prepared> {
        let at = self.waiting.iter().position(|(other, _)| other == id)?;
        self.waiting.remove(at).map(|(_, prepared)| prepared)
    }
}
