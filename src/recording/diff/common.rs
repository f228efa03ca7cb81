//! What two sequences have in common, in order.
//!
//! The time is bounded whatever the sequences are: short ones are compared exactly, long ones are divided at elements
//! that both have once (as patience diff does), and where there are none, each element is searched near its place.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// An element that stands for a message: equal ones are the same number.
pub(super) type Id = u32;

/// The indices of two elements that are equal.
pub(super) type Match = (usize, usize);

/// Sequences of this many elements together are compared exactly.
const EXACT: usize = 512;

/// How often a sequence is divided again.
const MAX_DEPTH: usize = 8;

/// How far an element is searched around its place.
const WINDOW: usize = 256;

/// Pairs of equal elements, in the order of both sequences.
pub(super) fn common(one: &[Id], other: &[Id]) -> Vec<Match> {
    let (one_places, ours) = shared(one, other);
    let (other_places, theirs) = shared(other, one);
    let mut search = Search { one: &ours, other: &theirs, found: Vec::new() };
    search.visit(0..ours.len(), 0..theirs.len(), 0);
    search.found.into_iter().map(|(at, to)| (one_places[at], other_places[to])).collect()
}

/// The places and elements of the first sequence that the second one has too. Elements that only one has would hide the
/// ones that both have once.
fn shared(one: &[Id], other: &[Id]) -> (Vec<usize>, Vec<Id>) {
    let known: HashSet<Id> = other.iter().copied().collect();
    one.iter().copied().enumerate().filter(|(_, id)| known.contains(id)).unzip()
}

struct Search<'a> {
    one: &'a [Id],
    other: &'a [Id],
    found: Vec<Match>,
}

impl Search<'_> {
    fn visit(&mut self, one: Range<usize>, other: Range<usize>, depth: usize) {
        let (mut from, mut to) = ((one.start, other.start), (one.end, other.end));
        while from.0 < to.0 && from.1 < to.1 && self.one[from.0] == self.other[from.1] {
            self.found.push(from);
            from = (from.0 + 1, from.1 + 1);
        }
        let mut end = 0;
        while from.0 < to.0 && from.1 < to.1 && self.one[to.0 - 1] == self.other[to.1 - 1] {
            to = (to.0 - 1, to.1 - 1);
            end += 1;
        }
        if from.0 < to.0 && from.1 < to.1 {
            self.visit_middle(from.0..to.0, from.1..to.1, depth);
        }
        self.found.extend((0..end).map(|index| (to.0 + index, to.1 + index)));
    }

    fn visit_middle(&mut self, one: Range<usize>, other: Range<usize>, depth: usize) {
        if one.len() + other.len() <= EXACT {
            return self.exact(one, other);
        }
        let anchors = match depth < MAX_DEPTH {
            true => self.anchors(one.clone(), other.clone()),
            false => Vec::new(),
        };
        if anchors.is_empty() {
            return self.nearby(one, other);
        }
        let mut from = (one.start, other.start);
        for anchor in anchors {
            self.visit(from.0..anchor.0, from.1..anchor.1, depth + 1);
            self.found.push(anchor);
            from = (anchor.0 + 1, anchor.1 + 1);
        }
        self.visit(from.0..one.end, from.1..other.end, depth + 1);
    }

    fn exact(&mut self, one: Range<usize>, other: Range<usize>) {
        let (from, to) = (one.start, other.start);
        let steps = capture_diff_slices(Algorithm::Myers, &self.one[one], &self.other[other]);
        for step in steps {
            if let DiffOp::Equal { old_index, new_index, len } = step {
                let equal = (0..len).map(|at| (from + old_index + at, to + new_index + at));
                self.found.extend(equal);
            }
        }
    }

    /// The longest list of elements that both ranges have exactly once, in the same order.
    fn anchors(&self, one: Range<usize>, other: Range<usize>) -> Vec<Match> {
        let single = |ids: &[Id], start: usize| {
            let mut places: HashMap<Id, Option<usize>> = HashMap::new();
            for (at, id) in ids.iter().enumerate() {
                places.entry(*id).and_modify(|it| *it = None).or_insert(Some(start + at));
            }
            places
        };
        let ours = single(&self.one[one.clone()], one.start);
        let theirs = single(&self.other[other.clone()], other.start);
        let pairs = one.filter_map(|at| {
            let id = &self.one[at];
            ours.get(id)?.as_ref()?;
            Some((at, (*theirs.get(id)?)?))
        });
        longest_increasing(&pairs.collect::<Vec<_>>())
    }

    /// Searches each element near its place.
    fn nearby(&mut self, one: Range<usize>, other: Range<usize>) {
        let mut at = (one.start, other.start);
        while at.0 < one.end && at.1 < other.end {
            let step = (0..=WINDOW).find_map(|step| {
                let next = |of: &[Id], at: usize, end: usize, id: Id| {
                    at + step < end && of[at + step] == id
                };
                if next(self.one, at.0, one.end, self.other[at.1]) {
                    Some((step, 0))
                } else {
                    let is_there = next(self.other, at.1, other.end, self.one[at.0]);
                    is_there.then_some((0, step))
                }
            });
            if let Some(step) = step {
                at = (at.0 + step.0, at.1 + step.1);
                self.found.push(at);
            }
            at = (at.0 + 1, at.1 + 1);
        }
    }
}

/// The longest list of pairs that increase in both numbers, of pairs that increase in the first.
fn longest_increasing(pairs: &[Match]) -> Vec<Match> {
    // The last pair of the best list of each length, and the pair before each pair in its list.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (index, (_, to)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs[*end].1 < *to);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        match ends.get_mut(length) {
            Some(end) => *end = index,
            None => ends.push(index),
        }
    }
    let mut list = Vec::with_capacity(ends.len());
    let mut next = ends.last().copied();
    while let Some(index) = next {
        list.push(pairs[index]);
        next = before[index];
    }
    list.reverse();
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> Vec<Id> {
        text.chars().map(Id::from).collect()
    }

    /// What is common, as text, once it is checked to be so.
    fn text(one: &[Id], other: &[Id]) -> String {
        let found = common(one, other);
        assert!(found.iter().all(|(at, to)| one[*at] == other[*to]), "{found:?}");
        assert!(found.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1), "{found:?}");
        found.iter().filter_map(|(at, _)| char::from_u32(one[*at])).collect()
    }

    #[test]
    fn short_sequences_are_compared_exactly() {
        for (one, other, expected) in [
            ("", "", ""),
            ("abc", "abc", "abc"),
            ("abc", "axc", "ac"),
            ("abc", "ac", "ac"),
            ("ac", "abc", "ac"),
            ("abc", "xyz", ""),
            ("hxhyhz", "hhxyhz", "hxyhz"),
            ("abcdefg", "gabcdef", "abcdef"),
            ("aab", "aaab", "aab"),
            ("xab", "yab", "ab"),
        ] {
            assert_eq!(text(&ids(one), &ids(other)), expected, "{one} {other}");
        }
    }

    #[test]
    fn what_both_have_once_divides_long_sequences() {
        let beats = |from: Id, count: Id| (from..from + count).flat_map(|id| [id, 1]);
        let one: Vec<Id> = beats(10, 2000).collect();
        let other = [5, 6, 7].into_iter().chain(beats(10, 1000)).chain([8, 1, 1, 1]);
        let other: Vec<Id> = other.chain(beats(1010, 1000)).collect();
        assert_eq!(common(&one, &other).len(), one.len());
        // The same block at another place: its order counts.
        let moved: Vec<Id> = beats(1000, 1010).chain(beats(10, 990)).collect();
        assert!(common(&one, &moved).len() >= 2020);
    }

    #[test]
    fn elements_that_repeat_are_searched_near_their_places() {
        let one: Vec<Id> = (0..30_000).map(|at| at % 7).collect();
        let mut other = one.clone();
        other.drain(10_000..10_003);
        other.insert(20_000, 99);
        assert!(common(&one, &other).len() >= one.len() - 10);
    }

    #[test]
    fn the_worst_sequences_take_little_time() {
        let one: Vec<Id> = (0..200_000).collect();
        let reversed: Vec<Id> = one.iter().rev().copied().collect();
        assert_eq!(common(&one, &reversed).len(), 1);
        let disjoint: Vec<Id> = (200_000..400_000).collect();
        assert_eq!(common(&one, &disjoint), []);
        // Each division finds one anchor only.
        let nested: Vec<Id> = (0..20_000).flat_map(|at| [at / 2, at % 2]).collect();
        let other: Vec<Id> = nested.iter().rev().copied().collect();
        assert!(!common(&nested, &other).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn it_is_a_common_subsequence_and_of_equal_sequences_all(
            one in proptest::collection::vec(0_u32..40, 0..900),
            other in proptest::collection::vec(0_u32..40, 0..900),
        ) {
            text(&one, &other);
            proptest::prop_assert_eq!(common(&one, &one).len(), one.len());
        }
    }
}
