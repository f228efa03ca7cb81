//! Which message of one recording is which message of the other.
//!
//! Each side's messages are aligned in their order: the equal ones first, then between them those that resemble each
//! other. How the messages of the two sides interleave depends on the network, and makes no difference.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use super::common::{Id, common};
use super::distance::{Features, distance};
use super::item::{Item, ItemKind};
use crate::recording::compare::{Fingerprint, Ignore, Pair, cheapest};
use crate::recording::replay::Side;

/// Messages between two equal ones are compared with each other if there are not more pairs of them than this; above it
/// they are aligned by their shapes.
const MAX_PAIRS: usize = 2500;

/// How many steps comparing messages may take in all.
const MAX_WORK: u64 = 300_000_000;

/// Pairs the messages of two connections, in the order of the first one as far as it has them.
pub(super) fn pairs(one: &[Item], other: &[Item], any_order: bool, ignore: &Ignore) -> Vec<Pair> {
    let mut pairing = Pairing { one, other, ignore, left: MAX_WORK, pairs: Vec::new() };
    let mut sides = [Side::Client, Side::Server].map(|side| {
        let of = |items: &[Item]| -> Vec<usize> {
            (0..items.len()).filter(|at| items[*at].side == side).collect()
        };
        match any_order {
            true => pairing.in_any_order(&of(one), &of(other)),
            false => pairing.in_order(&of(one), &of(other)),
        }
        let mut pairs = std::mem::take(&mut pairing.pairs);
        if any_order {
            pairs.sort_by_key(|pair| (places(*pair).0.unwrap_or(usize::MAX), places(*pair).1));
        }
        VecDeque::from(pairs)
    });
    let mut merged = Vec::with_capacity(sides[0].len() + sides[1].len());
    while let Some(next) = first_of(&sides) {
        merged.extend(sides[next].pop_front());
    }
    merged
}

/// The places of a pair in both recordings.
pub(super) const fn places(pair: Pair) -> (Option<usize>, Option<usize>) {
    match pair {
        Pair::Same(one, other) | Pair::Changed(one, other) => (Some(one), Some(other)),
        Pair::Missing(one) => (Some(one), None),
        Pair::Surplus(other) => (None, Some(other)),
    }
}

/// The list whose next pair is earlier.
fn first_of(sides: &[VecDeque<Pair>; 2]) -> Option<usize> {
    let [client, server] = sides.each_ref().map(|pairs| pairs.front().copied().map(places));
    let (client, server) = match (client, server) {
        (Some(client), Some(server)) => (client, server),
        (Some(_), None) => return Some(0),
        (None, Some(_)) => return Some(1),
        (None, None) => return None,
    };
    let is_server_first = match (client, server) {
        ((Some(client), _), (Some(server), _)) => server < client,
        ((_, Some(client)), (_, Some(server))) => server < client,
        // What is missing is shown before what was added in its place.
        ((None, _), _) => true,
        _ => false,
    };
    Some(usize::from(is_server_first))
}

struct Pairing<'a> {
    one: &'a [Item],
    other: &'a [Item],
    ignore: &'a Ignore,
    /// Steps that comparing may still take.
    left: u64,
    pairs: Vec<Pair>,
}

/// What messages are aligned by when there are too many to compare each with each.
#[derive(Clone, Copy)]
enum Level {
    Structure,
    Class,
    Nothing,
}

impl Pairing<'_> {
    fn in_order(&mut self, ones: &[usize], others: &[usize]) {
        let print = |item: &Item| (item.kind, item.print);
        self.align(ones, others, &print, &Pair::Same, Level::Structure);
    }

    /// Pairs messages that have the same key in order, and those between them by what comes next.
    fn align<K: Eq + Hash>(
        &mut self,
        ones: &[usize],
        others: &[usize],
        key: &dyn Fn(&Item) -> K,
        pair: &dyn Fn(usize, usize) -> Pair,
        next: Level,
    ) {
        let mut ids = HashMap::new();
        let mut id_of = |item: &Item| {
            let next = ids.len() as Id;
            *ids.entry(key(item)).or_insert(next)
        };
        let one_ids: Vec<Id> = ones.iter().map(|at| id_of(&self.one[*at])).collect();
        let other_ids: Vec<Id> = others.iter().map(|at| id_of(&self.other[*at])).collect();
        let mut from = (0, 0);
        for (at, to) in common(&one_ids, &other_ids) {
            self.gap(&ones[from.0..at], &others[from.1..to], next);
            self.pairs.push(pair(ones[at], others[to]));
            from = (at + 1, to + 1);
        }
        self.gap(&ones[from.0..], &others[from.1..], next);
    }

    /// Pairs messages of which none is equal to another one in its place.
    fn gap(&mut self, ones: &[usize], others: &[usize], level: Level) {
        if ones.is_empty() || others.is_empty() {
            self.leave(ones, others);
        } else if ones.len().saturating_mul(others.len()) <= MAX_PAIRS && self.left > 0 {
            self.closest(ones, others);
        } else {
            match level {
                Level::Structure => {
                    let key = |item: &Item| (item.kind, item.shape.structure);
                    self.align(ones, others, &key, &Pair::Changed, Level::Class);
                }
                Level::Class => {
                    let key = |item: &Item| match item.shape.is_named {
                        true => (item.kind, item.shape.class),
                        false => (item.kind, item.shape.structure),
                    };
                    self.align(ones, others, &key, &Pair::Changed, Level::Nothing);
                }
                Level::Nothing => self.leave(ones, others),
            }
        }
    }

    fn leave(&mut self, ones: &[usize], others: &[usize]) {
        self.pairs.extend(ones.iter().copied().map(Pair::Missing));
        self.pairs.extend(others.iter().copied().map(Pair::Surplus));
    }

    fn features(&self, ones: &[usize], others: &[usize]) -> [Vec<Features>; 2] {
        let of = |items: &[Item], places: &[usize]| -> Vec<Features> {
            places.iter().map(|at| Features::of(&items[*at], self.ignore)).collect()
        };
        [of(self.one, ones), of(self.other, others)]
    }

    /// Pairs messages so that they differ least.
    fn closest(&mut self, ones: &[usize], others: &[usize]) {
        let [one_features, other_features] = self.features(ones, others);
        let pairs = cheapest(ones.len(), others.len(), &mut |at, to| {
            let (one, other) = (&one_features[at], &other_features[to]);
            self.left = self.left.saturating_sub(1 + one.work() + other.work());
            distance((&self.one[ones[at]], one), (&self.other[others[to]], other))
        });
        self.pairs.extend(pairs.into_iter().map(|pair| pair.map(|at| ones[at], |to| others[to])));
    }

    /// Pairs equal messages wherever they are, then those that resemble each other.
    fn in_any_order(&mut self, ones: &[usize], others: &[usize]) {
        let mut places: HashMap<(ItemKind, Fingerprint), Vec<usize>> = HashMap::new();
        for to in others.iter().rev() {
            let item = &self.other[*to];
            places.entry((item.kind, item.print)).or_default().push(*to);
        }
        let mut missing = Vec::new();
        for at in ones {
            let item = &self.one[*at];
            match places.get_mut(&(item.kind, item.print)).and_then(Vec::pop) {
                Some(to) => self.pairs.push(Pair::Same(*at, to)),
                None => missing.push(*at),
            }
        }
        let mut added: Vec<usize> = places.into_values().flatten().collect();
        added.sort_unstable();
        for level in [Level::Structure, Level::Class] {
            (missing, added) = self.pair_groups(&missing, &added, level);
        }
        self.leave(&missing, &added);
    }

    /// Pairs messages of the same structure or class. Returns the rest.
    fn pair_groups(
        &mut self,
        ones: &[usize],
        others: &[usize],
        level: Level,
    ) -> (Vec<usize>, Vec<usize>) {
        let key = |item: &Item| match level {
            Level::Structure => (item.kind, item.shape.structure),
            Level::Class | Level::Nothing => (item.kind, item.shape.class),
        };
        let mut groups: HashMap<_, (Vec<usize>, VecDeque<usize>)> = HashMap::new();
        for at in ones {
            groups.entry(key(&self.one[*at])).or_default().0.push(*at);
        }
        for to in others {
            groups.entry(key(&self.other[*to])).or_default().1.push_back(*to);
        }
        let (mut missing, mut added) = (Vec::new(), Vec::new());
        // In order, so that the same files always have the same differences.
        let mut groups: Vec<_> = groups.into_values().collect();
        groups.sort_unstable();
        for (ones, mut others) in groups {
            missing.extend(self.pair_group(&ones, &mut others, level));
            added.extend(others);
        }
        missing.sort_unstable();
        added.sort_unstable();
        (missing, added)
    }

    /// Pairs each message with the closest one, or in order where there are many. Returns those that are left, and leaves
    /// the others that are.
    fn pair_group(
        &mut self,
        ones: &[usize],
        others: &mut VecDeque<usize>,
        level: Level,
    ) -> Vec<usize> {
        let mut missing = Vec::new();
        if ones.len().saturating_mul(others.len()) > MAX_PAIRS || self.left == 0 {
            for at in ones {
                let shape = &self.one[*at].shape;
                let are_related = shape.is_named || matches!(level, Level::Structure);
                match others.pop_front() {
                    Some(to) if are_related => self.pairs.push(Pair::Changed(*at, to)),
                    to => {
                        to.into_iter().for_each(|to| others.push_front(to));
                        missing.push(*at);
                    }
                }
            }
            return missing;
        }
        let [one_features, other_features] = self.features(ones, others.make_contiguous());
        let mut other_features = VecDeque::from(other_features);
        for (at, features) in ones.iter().zip(&one_features) {
            let mut best: Option<(f64, usize)> = None;
            for (place, (to, its)) in others.iter().zip(&other_features).enumerate() {
                self.left = self.left.saturating_sub(1 + features.work() + its.work());
                let between = distance((&self.one[*at], features), (&self.other[*to], its));
                if let Some(between) = between
                    && best.is_none_or(|(least, _)| between < least)
                {
                    best = Some((between, place));
                }
            }
            match best {
                Some((_, place)) => {
                    other_features.remove(place);
                    let to = others.remove(place);
                    self.pairs.extend(to.map(|to| Pair::Changed(*at, to)));
                }
                None => missing.push(*at),
            }
        }
        missing
    }
}

#[cfg(test)]
mod tests;
