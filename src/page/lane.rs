//! The lane: when rows occurred, in as many steps as the page has room for.

use serde::Serialize;

use super::block::{Block, Row};
use super::facts::{CATEGORIES, Counts, Kind};
use super::filter::Scratch;
use super::protocol::direction;
use super::row::millis;
use super::search::Search;
use super::store::{BlockInfo, Store, Want};

/// The most steps.
pub(super) const MAX_BUCKETS: usize = 600;

/// Up to so many rows have a dot each.
const MAX_DOTS: usize = 600;

/// The most pairs that are shown.
const MAX_PAIRS: usize = 200;

/// The most blocks that are read. Rows of others are counted as if they had occurred evenly between the first and the
/// last of their block.
const MAX_READ: usize = 700;

/// The most blocks of a lane that shows pairs.
const MAX_WITH_PAIRS: usize = 50;

/// Which rows a lane shows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Span {
    /// From one row to another, which is included.
    Rows(u64, u64),
    /// From one time to another, in microseconds since the start.
    Times(u64, u64),
}

/// A lane.
#[derive(Debug, Serialize)]
pub(super) struct Lane {
    from_ms: f64,
    to_ms: f64,
    /// How many rows each step has of each category.
    buckets: Vec<[u64; CATEGORIES]>,
    pairs: Vec<(u64, u64, f64, f64)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dots: Option<Vec<Dot>>,
}

type Dot = (u64, f64, Option<&'static str>, &'static str);

/// Puts rows into steps.
struct Builder {
    from: u64,
    to: u64,
    lane: Lane,
    dots: Vec<Dot>,
    has_all_dots: bool,
    has_pairs: bool,
}

/// The lane of these rows; with a search, of those that it has found.
pub(super) fn lane(store: &Store, span: Span, buckets: usize, search: Option<&Search>) -> Lane {
    let blocks = blocks(store, span);
    let (from, to) = match span {
        Span::Times(from, to) => (from, to.max(from)),
        Span::Rows(first, last) => times(store, &blocks, first, last),
    };
    let mut builder = Builder::new(from, to, buckets.clamp(1, MAX_BUCKETS));
    builder.has_pairs = blocks.len() <= MAX_WITH_PAIRS;
    let mut scratch = Scratch::default();
    let mut read = 0;
    for info in &blocks {
        let digest = &info.digest;
        let counts = match search {
            None => Some(digest.counts),
            Some(search) => search.counts_in(info.number),
        };
        if counts.is_some_and(|counts| counts == Counts::default()) {
            continue;
        }
        let is_within = span.has(info.first, digest.first_elapsed)
            && span.has(info.end().saturating_sub(1), digest.last_elapsed);
        let [first, last] =
            [digest.first_elapsed, digest.last_elapsed].map(|it| builder.bucket(it));
        let is_exact = is_within && first == last && !builder.has_pairs;
        if let Some(counts) = counts.filter(|_| is_exact || read >= MAX_READ) {
            builder.add_counts(first, last, &counts);
            continue;
        }
        read += 1;
        let needs_lines = search.is_some_and(|search| search.filter().needs_lines());
        let want = if needs_lines { Want::All } else { Want::Facts };
        let Some(block) = store.block(info.number, want) else { continue };
        let is_shown = |row: &Row<'_>| {
            span.has(row.number, row.facts.elapsed)
                && search.is_none_or(|search| search.filter().matches(row, &mut scratch))
        };
        block.rows_from(0).filter(is_shown).for_each(|row| builder.add(&row));
    }
    builder.finish()
}

/// The blocks that may have rows of a span.
fn blocks(store: &Store, span: Span) -> Vec<BlockInfo> {
    let (oldest, newest) = store.block_numbers();
    let (first_row, end) = store.rows();
    let (from, to) = match span {
        Span::Times(..) => (oldest, newest),
        Span::Rows(first, last) => {
            let last_kept = end.saturating_sub(1);
            let block_of =
                |row: u64| store.block_of(row.clamp(first_row, last_kept.max(first_row)));
            match (block_of(first), block_of(last)) {
                (Some(from), Some(to)) => (from, to),
                _ => return Vec::new(),
            }
        }
    };
    let count = usize::try_from((to + 1).saturating_sub(from)).unwrap_or_default();
    let mut infos = store.block_infos(from, count);
    infos.retain(|info| {
        info.rows > 0
            && match span {
                Span::Rows(..) => true,
                Span::Times(from, to) => {
                    info.digest.first_elapsed <= to && info.digest.last_elapsed >= from
                }
            }
    });
    infos
}

/// The times of the first and the last of these rows.
fn times(store: &Store, blocks: &[BlockInfo], first: u64, last: u64) -> (u64, u64) {
    let mut times = (u64::MAX, 0);
    let mut add = |from: u64, to: u64| times = (times.0.min(from), times.1.max(to));
    for info in blocks {
        if first <= info.first && last >= info.end().saturating_sub(1) {
            add(info.digest.first_elapsed, info.digest.last_elapsed);
        } else if let Some(block) = store.block(info.number, Want::Facts) {
            let within = |block: &Block| {
                let rows = block.facts.iter().zip(block.first..);
                let rows = rows.filter(|(_, number)| (first..=last).contains(number));
                rows.map(|(facts, _)| facts.elapsed).collect::<Vec<_>>()
            };
            within(&block).into_iter().for_each(|elapsed| add(elapsed, elapsed));
        }
    }
    if times.0 > times.1 { (0, 0) } else { times }
}

impl Span {
    fn has(self, row: u64, elapsed: u64) -> bool {
        match self {
            Self::Rows(first, last) => (first..=last).contains(&row),
            Self::Times(from, to) => (from..=to).contains(&elapsed),
        }
    }
}

impl Builder {
    fn new(from: u64, to: u64, buckets: usize) -> Self {
        let lane = Lane {
            from_ms: millis(from),
            to_ms: millis(to),
            buckets: vec![[0; CATEGORIES]; buckets],
            pairs: Vec::new(),
            dots: None,
        };
        Self { from, to, lane, dots: Vec::new(), has_all_dots: true, has_pairs: false }
    }

    /// The step of a time.
    fn bucket(&self, elapsed: u64) -> usize {
        let length = u128::from(self.to - self.from) + 1;
        let since = u128::from(elapsed.clamp(self.from, self.to) - self.from);
        (since * self.lane.buckets.len() as u128 / length) as usize // less than there are
    }

    fn add_counts(&mut self, first: usize, last: usize, counts: &Counts) {
        self.has_all_dots = false;
        let steps = (last - first + 1) as u64;
        for (category, count) in counts.iter().enumerate() {
            let count = u64::from(*count);
            for (at, bucket) in self.lane.buckets[first..=last].iter_mut().enumerate() {
                let at = at as u64;
                bucket[category] += count * (at + 1) / steps - count * at / steps;
            }
        }
    }

    fn add(&mut self, row: &Row<'_>) {
        let facts = row.facts;
        let bucket = self.bucket(facts.elapsed);
        self.lane.buckets[bucket][facts.category()] += 1;
        let at = millis(facts.elapsed);
        if self.has_all_dots {
            let kind: Kind = facts.kind;
            self.dots.push((row.number, at, facts.from.map(direction), kind.name()));
            self.has_all_dots = self.dots.len() <= MAX_DOTS;
        }
        if let Some(late) = facts.late()
            && self.has_pairs
            && self.lane.pairs.len() < MAX_PAIRS
        {
            let request = row.number.saturating_sub(u64::from(facts.request));
            let asked = millis(facts.elapsed.saturating_sub(u64::from(late)));
            self.lane.pairs.push((request, row.number, asked, at));
        }
    }

    fn finish(self) -> Lane {
        Lane { dots: self.has_all_dots.then_some(self.dots), ..self.lane }
    }
}
