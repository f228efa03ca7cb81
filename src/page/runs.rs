//! The runs of a recording, which may follow each other in one file: each counts its time from its own start. The
//! connections of `wscope URL` have no numbers in it, nor in a run that is shown live.

use std::collections::HashMap;

use super::facts::{Facts, Kind};
use super::members::{Members, text};
use crate::recording::Labels;

/// Two readings of the clock, in microseconds, that differ by no more than this from what has elapsed are of one run.
const MAX_DRIFT: u64 = 1_000_000;

/// The same if less has elapsed than at the row before: rows of one run may be in another order by a little.
const MAX_DRIFT_BACK: u64 = 5_000;

/// What the rows of a recording are numbered and timed by, and those of a run of `wscope URL` numbered.
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
    /// This is the run of `wscope URL` that is shown live.
    is_live: bool,
    /// Of a live run the connections that have another number on the page, or had none when they were opened.
    renumbered: HashMap<u64, u64>,
}

impl Runs {
    /// Those of a live run of `wscope URL`: its connections have numbers once there are several names.
    pub(super) fn live() -> Self {
        Self { is_live: true, ..Self::default() }
    }

    /// The number that the page has for the connection that has this one now.
    pub(super) fn current(&self, number: Option<u64>) -> Option<u64> {
        let own = |number| self.renumbered.get(&number).copied().unwrap_or(number);
        number.map(own).or(self.unnumbered)
    }

    /// The number that the run has for the connection that has this one on the page: `Some(None)` if it has none yet.
    pub(super) fn own(&self, number: u64) -> Option<Option<u64>> {
        let own = self.renumbered.iter().find(|(_, page)| **page == number).map(|(own, _)| *own);
        match own {
            Some(_) => Some(own),
            None if self.unnumbered == Some(number) => Some(None),
            None => self.labels.has(Some(number)).then_some(Some(number)),
        }
    }

    /// Gives a row the number that `wscope view --entry` takes, if it has none, and the time since the start of the first
    /// run. `line` is that of its event.
    pub(super) fn place(&mut self, facts: &mut Facts, line: &[u8]) {
        facts.connection = self.number(facts, line);
        if !self.is_live {
            facts.elapsed = self.since_first(facts.elapsed, line);
        }
    }

    fn number(&mut self, facts: &Facts, line: &[u8]) -> Option<u64> {
        let number = facts.connection;
        if let Some(own) = number.filter(|_| self.is_live) {
            self.renumber(own, facts, line);
        } else if self.begins(facts, line) {
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

    /// Gives a connection of a live run, which has this number of its own, one that no other has on the page.
    fn renumber(&mut self, own: u64, facts: &Facts, line: &[u8]) {
        if self.labels.has(Some(own)) || self.renumbered.contains_key(&own) {
            return;
        }
        self.has_numbers = true;
        let is_before = matches!(facts.kind, Kind::Redirect | Kind::Retry | Kind::Reconnect);
        let is_new = is_before || facts.kind == Kind::Open || failed_to_open(facts, line);
        match self.unnumbered.filter(|_| !is_new) {
            // It had no number before there were several.
            Some(number) => _ = self.renumbered.insert(own, number),
            None => match self.labels.next(Some(own)).parse::<u64>().is_ok() {
                true => _ = self.labels.begin(Some(own)),
                false => {
                    let (_, label) = self.labels.begin(None);
                    self.renumbered.extend(label.parse().ok().map(|number| (own, number)));
                }
            },
        }
    }

    /// Whether a connection begins with this row: see [`Labels::belonging`].
    fn begins(&self, facts: &Facts, line: &[u8]) -> bool {
        let is_new = !self.labels.has(facts.connection);
        match facts.kind {
            Kind::Open => true,
            Kind::Error if failed_to_open(facts, line) => true,
            Kind::Error => is_new && Members::new(line).find("kind") == Some(br#""timeout""#),
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

/// Whether an error is of a connection that was not opened.
fn failed_to_open(facts: &Facts, line: &[u8]) -> bool {
    let is_of_opening = |kind: &[u8]| matches!(kind, br#""connect""# | br#""handshake""#);
    facts.kind == Kind::Error && Members::new(line).find("kind").is_some_and(is_of_opening)
}
