//! Which rows a tab shows.

use std::ops::RangeInclusive;

use super::block::{Digest, Row};
use super::facts::{Facts, Kind, Kinds};
use crate::protocol::Side;
use path::PathTest;
use text::TextTest;

mod decimal;
mod parse;
mod path;
mod pick;
#[cfg(test)]
mod tests;
mod text;

/// A filter: all terms hold for the rows that it shows.
#[derive(Debug, Default)]
pub(super) struct Filter {
    /// Terms that need no line.
    quick: Vec<Term<Quick>>,
    /// Terms that need one.
    slow: Vec<Term<Slow>>,
    /// Pings and pongs are hidden.
    pub(super) hides_control: bool,
    /// Rows before this one are hidden.
    pub(super) after: u64,
    /// Only rows of this connection are shown.
    pub(super) connection: Option<u64>,
}

#[derive(Debug)]
struct Term<T> {
    is_negated: bool,
    test: T,
}

/// A test of what is known of a row.
#[derive(Debug)]
enum Quick {
    From(Side),
    Kinds(Kinds),
    Size(RangeInclusive<u64>),
    Connections(Vec<RangeInclusive<u64>>),
    Codes(Vec<RangeInclusive<u16>>),
    Rules(Vec<RangeInclusive<u32>>),
    /// In microseconds.
    Late(RangeInclusive<u64>),
}

/// A test of the text of a row.
#[derive(Debug)]
enum Slow {
    Text(TextTest),
    Path(Box<PathTest>),
}

/// What a filter uses again for each row.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    text: Vec<u8>,
}

impl Filter {
    /// Whether it shows every row.
    pub(super) fn is_empty(&self) -> bool {
        let has_terms = !self.quick.is_empty() || !self.slow.is_empty();
        !has_terms && !self.hides_control && self.after == 0 && self.connection.is_none()
    }

    /// Whether it shows every row since Clear.
    pub(super) fn is_only_cleared(&self) -> bool {
        let has_terms = !self.quick.is_empty() || !self.slow.is_empty();
        !has_terms && !self.hides_control && self.after > 0 && self.connection.is_none()
    }

    /// Whether lines are needed.
    pub(super) fn needs_lines(&self) -> bool {
        !self.slow.is_empty()
    }

    /// Whether a block may have rows that it shows.
    pub(super) fn may_match(&self, digest: &Digest) -> bool {
        let has = |kinds: Kinds| digest.kinds.0 & kinds.0 != 0;
        let connections = digest.low_connection..=digest.high_connection;
        if self.connection.is_some_and(|number| !connections.contains(&number)) {
            return false;
        }
        self.quick.iter().filter(|term| !term.is_negated).all(|term| match &term.test {
            Quick::Kinds(kinds) => has(*kinds),
            Quick::Size(range) => *range.start() <= digest.largest,
            Quick::Connections(ranges) => {
                let overlaps = |range: &RangeInclusive<u64>| {
                    range.start() <= connections.end() && range.end() >= connections.start()
                };
                ranges.iter().any(overlaps)
            }
            Quick::Codes(_) => has(Kinds(Kind::Close.bit() | Kind::CloseFrame.bit())),
            Quick::From(_) | Quick::Rules(_) | Quick::Late(_) => true,
        })
    }

    /// Whether it shows a row.
    pub(super) fn matches(&self, row: &Row<'_>, scratch: &mut Scratch) -> bool {
        let facts = row.facts;
        let is_hidden = row.number < self.after
            || (self.hides_control && matches!(facts.kind, Kind::Ping | Kind::Pong))
            || (self.connection.is_some() && facts.connection != self.connection);
        !is_hidden
            && self.quick.iter().all(|term| term.test.holds(facts) != term.is_negated)
            && self.slow.iter().all(|term| term.test.holds(row, scratch) != term.is_negated)
    }
}

impl Quick {
    fn holds(&self, facts: &Facts) -> bool {
        match self {
            Self::From(side) => facts.from == Some(*side),
            Self::Kinds(kinds) => kinds.has(facts.kind),
            Self::Size(range) => facts.size.is_some_and(|size| range.contains(&size)),
            Self::Connections(ranges) => {
                facts.connection.is_some_and(|number| is_in(ranges, number))
            }
            Self::Codes(ranges) => facts.code != 0 && is_in(ranges, facts.code),
            Self::Rules(ranges) => facts.rule != 0 && is_in(ranges, facts.rule),
            Self::Late(range) => facts.late().is_some_and(|late| range.contains(&u64::from(late))),
        }
    }
}

fn is_in<T: PartialOrd>(ranges: &[RangeInclusive<T>], number: T) -> bool {
    ranges.iter().any(|range| range.contains(&number))
}

impl Slow {
    fn holds(&self, row: &Row<'_>, scratch: &mut Scratch) -> bool {
        match self {
            Self::Text(test) => test.holds(row, &mut scratch.text),
            Self::Path(test) => test.holds(row, &mut scratch.text),
        }
    }
}
