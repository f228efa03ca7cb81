//! The runs of a recording, which may follow each other in one file: each counts its time from its own start, and the
//! connections of `wscope URL` have no numbers.

use super::facts::{Facts, Kind};
use super::members::{Members, text};
use crate::recording::Labels;

/// Two readings of the clock, in microseconds, that differ by no more than this from what has elapsed are of one run.
const MAX_DRIFT: u64 = 1_000_000;

/// The same if less has elapsed than at the row before: rows of one run may be in another order by a little.
const MAX_DRIFT_BACK: u64 = 5_000;

/// What the rows of a recording are numbered and timed by.
#[derive(Debug, Default)]
pub(super) struct Runs {
    labels: Labels,
    /// The number of the last connection without one of its own.
    unnumbered: Option<u64>,
    /// Some connections have a number of their own.
    has_numbers: bool,
    /// When the first run started, and the last one, by the clock, in microseconds.
    started: Option<(i64, i64)>,
    /// What had elapsed of its run at the last row.
    elapsed: u64,
}

impl Runs {
    /// The number that the page has for the connection that has this one now.
    pub(super) fn current(&self, number: Option<u64>) -> Option<u64> {
        number.or(self.unnumbered)
    }

    /// Gives a row the number that `wscope view --entry` takes, if it has none, and the time since the start of the first
    /// run. `line` is that of its event.
    pub(super) fn place(&mut self, facts: &mut Facts, line: &[u8]) {
        facts.connection = self.number(facts, line);
        facts.elapsed = self.since_first(facts.elapsed, line);
    }

    fn number(&mut self, facts: &Facts, line: &[u8]) -> Option<u64> {
        let number = facts.connection;
        if self.begins(facts, line) {
            let (_, label) = self.labels.begin(number);
            match number {
                Some(_) => self.has_numbers = true,
                None => self.unnumbered = label.parse().ok(),
            }
        }
        // What precedes the first connection belongs to it.
        let next = || self.labels.next(None).parse().ok().filter(|_| !self.has_numbers);
        self.current(number).or_else(next)
    }

    /// Whether a connection begins with this row: see [`Labels::belonging`].
    fn begins(&self, facts: &Facts, line: &[u8]) -> bool {
        let is_new = !self.labels.has(facts.connection);
        match facts.kind {
            Kind::Open => true,
            Kind::Error => match Members::new(line).find("kind") {
                Some(br#""connect""# | br#""handshake""#) => true,
                Some(br#""timeout""#) => is_new,
                _ => false,
            },
            Kind::Text | Kind::Binary | Kind::Omitted | Kind::Ping | Kind::Pong | Kind::Close => {
                is_new
            }
            _ => false,
        }
    }

    /// What has elapsed since the start of the first run.
    fn since_first(&mut self, elapsed: u64, line: &[u8]) -> u64 {
        let before = std::mem::replace(&mut self.elapsed, elapsed);
        let time = Members::new(line).find("time").map(text);
        let Some(time) = time.and_then(|time| time.parse::<jiff::Timestamp>().ok()) else {
            return elapsed;
        };
        let since_start = i64::try_from(elapsed).unwrap_or(i64::MAX);
        let start = time.as_microsecond().saturating_sub(since_start);
        let (first, last) = self.started.get_or_insert((start, start));
        let most = if elapsed < before { MAX_DRIFT_BACK } else { MAX_DRIFT };
        if start.abs_diff(*last) > most {
            *last = start;
        }
        elapsed.saturating_add_signed(last.saturating_sub(*first))
    }
}
