//! Finds the differences between the connections of two recordings.

use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow;
use std::time::Duration;

use super::connection::{Connection, End};
use super::difference::{Difference, Found, Totals, ValueChanges};
use super::heads;
use super::item::Item;
use super::pairs::{pairs, places};
use crate::protocol::close::ClosePayload;
use crate::recording::compare::{Ignore, Pair};

/// What is compared, and how.
#[derive(Clone, Debug, Default)]
pub struct Comparing {
    /// What is not compared in JSON.
    pub ignore: Ignore,
    /// Messages may come in any order.
    pub any_order: bool,
    /// Opening handshakes too.
    pub handshake: bool,
    /// Times too.
    pub timing: bool,
    /// How many places of a changed message are listed.
    pub max_changes: usize,
}

/// What is known about a comparison in the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// The counts.
    pub totals: Totals,
    /// Connections whose end only one recording has, by their labels in the first one, and which recording lacks it: 0
    /// or 1.
    pub unknown_ends: Vec<(String, usize)>,
}

/// A longer gap is another one if it has this many times the length, and is longer by [`LONGER_BY`].
const LONGER_TIMES: u32 = 2;

/// See [`LONGER_TIMES`].
const LONGER_BY: Duration = Duration::from_millis(50);

/// Compares two recordings. `sink` gets each difference, in the order of the first one, and says whether to go on.
pub fn compare(
    one: &[Connection],
    other: &[Connection],
    comparing: &Comparing,
    sink: &mut dyn FnMut(&Found<'_>) -> ControlFlow<()>,
) -> Compared {
    let mut compared = Compared::default();
    let Compared { totals, unknown_ends } = &mut compared;
    for connections in paired(one, other) {
        let mut pair = PairOf { connections, comparing, totals, unknown_ends, sink };
        if pair.compare().is_break() {
            break;
        }
    }
    compared
}

/// Pairs connections: those to the same path in their order, whatever the host. The only ones of both recordings are a
/// pair in any case.
fn paired<'a>(one: &'a [Connection], other: &'a [Connection]) -> Vec<[Option<&'a Connection>; 2]> {
    if let ([one], [other]) = (one, other) {
        return vec![[Some(one), Some(other)]];
    }
    let mut of_path: HashMap<&str, VecDeque<usize>> = HashMap::new();
    for (index, connection) in other.iter().enumerate() {
        of_path.entry(connection.path()).or_default().push_back(index);
    }
    let mut pairs: Vec<_> = one
        .iter()
        .map(|connection| {
            let same = of_path.get_mut(connection.path()).and_then(VecDeque::pop_front);
            [Some(connection), same.map(|index| &other[index])]
        })
        .collect();
    let mut added: Vec<_> = of_path.into_values().flatten().collect();
    added.sort_unstable();
    pairs.extend(added.into_iter().map(|index| [None, Some(&other[index])]));
    pairs
}

struct PairOf<'a, 's> {
    connections: [Option<&'a Connection>; 2],
    comparing: &'s Comparing,
    totals: &'s mut Totals,
    unknown_ends: &'s mut Vec<(String, usize)>,
    sink: &'s mut dyn FnMut(&Found<'_>) -> ControlFlow<()>,
}

impl<'a> PairOf<'a, '_> {
    fn found(&mut self, what: Difference<'_>) -> ControlFlow<()> {
        let found = Found { connections: self.connections, what };
        self.totals.count(&found);
        (self.sink)(&found)
    }

    fn compare(&mut self) -> ControlFlow<()> {
        let [Some(one), Some(other)] = self.connections else {
            return self.found(Difference::Connection);
        };
        self.totals.connections += 1;
        if one.is_open() != other.is_open() || is_other_failure(one, other) {
            return self.found(Difference::Opening);
        }
        if let (Some(ours), Some(theirs)) = (&one.opened, &other.opened) {
            if self.comparing.handshake {
                for difference in heads::differences(ours, theirs) {
                    self.found(Difference::Head(difference))?;
                }
            }
            let times = [ours.timings.total, theirs.timings.total];
            if self.comparing.timing && !times.contains(&Duration::ZERO) && differ(times) {
                self.found(Difference::OpeningTime(times))?;
            }
        }
        let gap = self.messages(one, other)?;
        self.end(one, other, gap)
    }

    /// Compares the messages. Returns the times between the last one that both have, and the end.
    fn messages(
        &mut self,
        one: &'a Connection,
        other: &'a Connection,
    ) -> ControlFlow<(), Option<[Duration; 2]>> {
        let Comparing { ignore, any_order, max_changes, .. } = self.comparing;
        let pairs = pairs(&one.items, &other.items, *any_order, ignore);
        let common = || pairs.iter().filter_map(|pair| both_places(*pair));
        let (ours, our_end) = gaps(one, common().map(|(at, _)| at));
        let (theirs, their_end) = gaps(other, common().map(|(_, to)| to));
        for pair in pairs.iter().copied() {
            match pair {
                Pair::Missing(at) => self.found(Difference::Missing(&one.items[at]))?,
                Pair::Surplus(to) => self.found(Difference::Added(&other.items[to]))?,
                Pair::Same(..) => self.totals.same += 1,
                Pair::Changed(at, to) => {
                    let items = [&one.items[at], &other.items[to]];
                    let changes = ValueChanges::between(items[0], items[1], ignore, *max_changes);
                    self.found(Difference::Changed(items, changes))?;
                }
            }
            if let Some((at, to)) = both_places(pair) {
                self.gap([&one.items[at], &other.items[to]], [ours[at], theirs[to]])?;
            }
        }
        ControlFlow::Continue(our_end.zip(their_end).map(|(ours, theirs)| [ours, theirs]))
    }

    fn gap(&mut self, items: [&'a Item; 2], gaps: [Duration; 2]) -> ControlFlow<()> {
        match self.comparing.timing && differ(gaps) {
            true => self.found(Difference::Gap(Some(items), gaps)),
            false => ControlFlow::Continue(()),
        }
    }

    fn end(
        &mut self,
        one: &'a Connection,
        other: &'a Connection,
        gaps: Option<[Duration; 2]>,
    ) -> ControlFlow<()> {
        match (&one.end, &other.end) {
            (Some(ours), Some(theirs)) => {
                if self.comparing.timing
                    && let Some(gaps) = gaps
                    && differ(gaps)
                {
                    self.found(Difference::Gap(None, gaps))?;
                }
                if is_other_end(ours, theirs) {
                    self.found(Difference::Close([ours, theirs]))?;
                }
            }
            (None, None) => {}
            (ours, _) => {
                self.unknown_ends.push((one.label.clone(), usize::from(ours.is_some())));
            }
        }
        ControlFlow::Continue(())
    }
}

/// The places of a message that both recordings have.
fn both_places(pair: Pair) -> Option<(usize, usize)> {
    let (at, to) = places(pair);
    at.zip(to)
}

/// The time of each message, and of the end, since the message before it in the same recording that both recordings
/// have, whatever its direction. `common` are the places of those.
fn gaps(
    connection: &Connection,
    common: impl Iterator<Item = usize>,
) -> (Vec<Duration>, Option<Duration>) {
    let mut is_common = vec![false; connection.items.len()];
    common.for_each(|place| is_common[place] = true);
    let mut last = connection.start;
    let mut gap = |(item, is_common): (&Item, bool)| {
        let gap = item.at.saturating_sub(last);
        last = if is_common { item.at } else { last };
        gap
    };
    let gaps = connection.items.iter().zip(is_common).map(&mut gap).collect();
    (gaps, connection.end.as_ref().map(|end| end.at.saturating_sub(last)))
}

/// Whether attempts to connect failed for different reasons.
fn is_other_failure(one: &Connection, other: &Connection) -> bool {
    let reason = |connection: &Connection| {
        let failure = connection.failure.as_ref()?;
        Some((failure.kind, failure.response.as_ref().map(|response| response.status)))
    };
    !one.is_open() && reason(one) != reason(other)
}

/// Whether connections ended in different ways, as far as both are known.
fn is_other_end(one: &End, other: &End) -> bool {
    let is_unknown = |end: &End| end.is_abandoned;
    let differs = |frame: fn(&End) -> Option<&ClosePayload>| {
        let is_known = |end: &End| !is_unknown(end) || frame(end).is_some();
        is_known(one) && is_known(other) && frame(one) != frame(other)
    };
    let initiators = one.initiator.zip(other.initiator);
    initiators.is_some_and(|(one, other)| one != other)
        || differs(|end| end.client.as_ref())
        || differs(|end| end.server.as_ref())
        || (!is_unknown(one) && !is_unknown(other) && one.was_clean != other.was_clean)
}

/// Whether one time is notably longer than the other.
fn differ(times: [Duration; 2]) -> bool {
    let [one, other] = times;
    let (shorter, longer) = (one.min(other), one.max(other));
    longer.saturating_sub(shorter) > LONGER_BY && longer > shorter.saturating_mul(LONGER_TIMES)
}

#[cfg(test)]
mod tests;
