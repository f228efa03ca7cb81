//! Which received message belongs to which recorded one.

use std::collections::{HashMap, VecDeque};

use super::Fingerprint;

/// A recorded message, a received one, or both, by their indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pair {
    /// They are equal.
    Same(usize, usize),
    /// The received one took the place of the recorded one.
    Changed(usize, usize),
    /// Nothing was received in place of the recorded one.
    Missing(usize),
    /// The received one was not recorded.
    Surplus(usize),
}

impl Pair {
    /// The same pair with other indices.
    pub(in crate::recording) fn map(
        self,
        recorded: impl Fn(usize) -> usize,
        now: impl Fn(usize) -> usize,
    ) -> Self {
        match self {
            Self::Same(one, other) => Self::Same(recorded(one), now(other)),
            Self::Changed(one, other) => Self::Changed(recorded(one), now(other)),
            Self::Missing(one) => Self::Missing(recorded(one)),
            Self::Surplus(other) => Self::Surplus(now(other)),
        }
    }
}

/// How far ahead an equal message is searched.
const WINDOW: usize = 256;

/// In a gap with more possible pairs than this, messages are paired in order: to compare them all takes time.
const MAX_PAIRS: usize = 144;

/// What a message costs that stays unpaired, in distances: two messages that have nothing in common (1) are still a
/// pair if both would be unpaired.
const UNPAIRED: f64 = 0.6;

/// Aligns received messages with recorded ones, in order. `distance` says how much two differ, from 0 to 1; it is
/// called for messages that are not equal.
///
/// The time is in proportion to the number of messages.
pub fn align(
    recorded: &[Fingerprint],
    now: &[Fingerprint],
    distance: &mut dyn FnMut(usize, usize) -> f64,
) -> Vec<Pair> {
    let mut pairs = Vec::with_capacity(recorded.len().max(now.len()));
    let (mut from, mut to) = ((0, 0), (0, 0));
    while to.0 < recorded.len() && to.1 < now.len() {
        if recorded[to.0] == now[to.1] {
            close_gap(from, to, distance, &mut pairs);
            pairs.push(Pair::Same(to.0, to.1));
            to = (to.0 + 1, to.1 + 1);
            from = to;
            continue;
        }
        let ahead = (1..=WINDOW).find_map(|step| {
            let is_missing = recorded.get(to.0 + step) == Some(&now[to.1]);
            let is_surplus = now.get(to.1 + step) == Some(&recorded[to.0]);
            match (is_missing, is_surplus) {
                (true, _) => Some((to.0 + step, to.1)),
                (_, true) => Some((to.0, to.1 + step)),
                _ => None,
            }
        });
        to = ahead.unwrap_or((to.0 + 1, to.1 + 1));
    }
    close_gap(from, (recorded.len(), now.len()), distance, &mut pairs);
    pairs
}

/// Pairs the messages between two equal ones.
fn close_gap(
    from: (usize, usize),
    to: (usize, usize),
    distance: &mut dyn FnMut(usize, usize) -> f64,
    pairs: &mut Vec<Pair>,
) {
    let (recorded, now) = (to.0 - from.0, to.1 - from.1);
    if recorded == now || recorded == 0 || now == 0 || recorded.saturating_mul(now) > MAX_PAIRS {
        let both = recorded.min(now);
        pairs.extend((0..both).map(|index| Pair::Changed(from.0 + index, from.1 + index)));
        pairs.extend((from.0 + both..to.0).map(Pair::Missing));
        pairs.extend((from.1 + both..to.1).map(Pair::Surplus));
        return;
    }
    let cheapest =
        cheapest(recorded, now, &mut |one, other| Some(distance(from.0 + one, from.1 + other)));
    pairs.extend(cheapest.into_iter().map(|pair| pair.map(|at| from.0 + at, |at| from.1 + at)));
}

/// The pairs of so many messages with so many others, in order, that differ least in all. `distance` says how much two
/// differ, from 0 to 1; `None`: they cannot be a pair.
///
/// It is called once for each two, so their number has to be limited.
pub(in crate::recording) fn cheapest(
    recorded: usize,
    now: usize,
    distance: &mut dyn FnMut(usize, usize) -> Option<f64>,
) -> Vec<Pair> {
    let width = now + 1;
    // The least cost of what is left from each place on, and the pair that comes first there.
    let mut costs = vec![0.0; (recorded + 1) * width];
    let mut first = vec![Pair::Missing(0); costs.len()];
    for one in (0..=recorded).rev() {
        for other in (0..=now).rev() {
            let place = one * width + other;
            let mut best: Option<(f64, Pair)> = None;
            let mut offer = |cost: f64, pair| {
                if best.is_none_or(|(least, _)| cost < least) {
                    best = Some((cost, pair));
                }
            };
            if one < recorded
                && other < now
                && let Some(distance) = distance(one, other)
            {
                offer(distance + costs[place + width + 1], Pair::Changed(one, other));
            }
            if one < recorded {
                offer(UNPAIRED + costs[place + width], Pair::Missing(one));
            }
            if other < now {
                offer(UNPAIRED + costs[place + 1], Pair::Surplus(other));
            }
            if let Some((cost, pair)) = best {
                (costs[place], first[place]) = (cost, pair);
            }
        }
    }
    let mut pairs = Vec::with_capacity(recorded.max(now));
    let (mut one, mut other) = (0, 0);
    while one < recorded || other < now {
        let pair = first[one * width + other];
        pairs.push(pair);
        one += usize::from(!matches!(pair, Pair::Surplus(_)));
        other += usize::from(!matches!(pair, Pair::Missing(_)));
    }
    pairs
}

/// Matches received messages with recorded ones in any order: equal ones first, then the closest of what is left.
/// The pairs are in the order of the recording, surplus messages last.
pub fn match_any_order(
    recorded: &[Fingerprint],
    now: &[Fingerprint],
    distance: &mut dyn FnMut(usize, usize) -> f64,
) -> Vec<Pair> {
    let mut places: HashMap<Fingerprint, Vec<usize>> = HashMap::new();
    for (index, print) in now.iter().enumerate().rev() {
        places.entry(*print).or_default().push(index);
    }
    let mut pairs = Vec::with_capacity(recorded.len().max(now.len()));
    let mut left = Vec::new();
    for (index, print) in recorded.iter().enumerate() {
        match places.get_mut(print).and_then(Vec::pop) {
            Some(came) => pairs.push(Pair::Same(index, came)),
            None => left.push(index),
        }
    }
    let mut surplus: Vec<usize> = places.into_values().flatten().collect();
    surplus.sort_unstable();
    let mut surplus = VecDeque::from(surplus);
    let is_compared = left.len().saturating_mul(surplus.len()) <= MAX_PAIRS;
    for index in left {
        let closest = match is_compared {
            true => (0..surplus.len()).min_by(|one, other| {
                distance(index, surplus[*one]).total_cmp(&distance(index, surplus[*other]))
            }),
            false => (!surplus.is_empty()).then_some(0),
        };
        pairs.push(match closest.and_then(|place| surplus.remove(place)) {
            Some(came) => Pair::Changed(index, came),
            None => Pair::Missing(index),
        });
    }
    pairs.sort_by_key(|pair| match pair {
        Pair::Same(index, _) | Pair::Changed(index, _) | Pair::Missing(index) => *index,
        Pair::Surplus(_) => usize::MAX,
    });
    pairs.extend(surplus.into_iter().map(Pair::Surplus));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::MessageKind;
    use crate::recording::compare::{Changes, Content, Ignore};

    type Aligner =
        fn(&[Fingerprint], &[Fingerprint], &mut dyn FnMut(usize, usize) -> f64) -> Vec<Pair>;

    fn aligned(aligner: Aligner, recorded: &str, now: &str) -> String {
        let contents = |text: &str| -> Vec<Content> {
            let words = text.split_whitespace();
            words.map(|it| Content::new(MessageKind::Text, it.as_bytes().to_vec())).collect()
        };
        let (recorded, now) = (contents(recorded), contents(now));
        let ignore = Ignore::default();
        let prints = |list: &[Content]| -> Vec<_> {
            list.iter().map(|it| it.fingerprint(&ignore)).collect()
        };
        let mut distance = |one: usize, other: usize| {
            Changes::between(&recorded[one], &now[other], &ignore).distance()
        };
        let text = |content: &Content| String::from_utf8_lossy(&content.data).into_owned();
        let pairs = aligner(&prints(&recorded), &prints(&now), &mut distance);
        let words = pairs.iter().filter_map(|pair| match pair {
            Pair::Same(..) => None,
            Pair::Changed(one, other) => {
                Some(format!("{}~{}", text(&recorded[*one]), text(&now[*other])))
            }
            Pair::Missing(one) => Some(format!("-{}", text(&recorded[*one]))),
            Pair::Surplus(other) => Some(format!("+{}", text(&now[*other]))),
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn in_order_the_fewest_messages_differ() {
        for (recorded, now, expected) in [
            ("", "", ""),
            ("a b c", "a b c", ""),
            ("a b c", "a x c", "b~x"),
            ("a b c", "a c", "-b"),
            ("a c", "a b c", "+b"),
            ("a b c", "a b", "-c"),
            ("a", "a b c", "+b +c"),
            ("a b c", "", "-a -b -c"),
            ("a b c d", "b c d", "-a"),
            ("h x h y", "h h x y", "-x +x"),
            ("aaaa1 bbbb1 d", "bbbb2 d", "-aaaa1 bbbb1~bbbb2"),
            ("a bbbb1 d", "a cccc1 bbbb2 d", "+cccc1 bbbb1~bbbb2"),
            (
                r#"{"t":"a","v":1} {"t":"b","v":1}"#,
                r#"{"t":"b","v":2}"#,
                concat!(r#"-{"t":"a","v":1} "#, r#"{"t":"b","v":1}~{"t":"b","v":2}"#,),
            ),
            ("a b", "b a", "-a +a"),
        ] {
            assert_eq!(aligned(align, recorded, now), expected, "{recorded} | {now}");
        }
    }

    #[test]
    fn in_any_order_only_what_is_there_counts() {
        for (recorded, now, expected) in [
            ("a b c", "c a b", ""),
            ("a a b", "a b b", "a~b"),
            ("aaaa1 bbbb1", "bbbb2 aaaa2", "aaaa1~aaaa2 bbbb1~bbbb2"),
            ("a b", "b", "-a"),
            ("b", "a b", "+a"),
        ] {
            assert_eq!(aligned(match_any_order, recorded, now), expected, "{recorded} | {now}");
        }
    }

    #[test]
    fn many_messages_take_little_time() {
        let many = |word: &str| vec![word; 20_000].join(" ");
        let count = |text: String| text.split(' ').count();
        let different = [many("a"), many("b")];
        for aligner in [align, match_any_order] as [Aligner; 2] {
            assert_eq!(count(aligned(aligner, &different[0], &different[1])), 20_000);
            assert_eq!(count(aligned(aligner, &different[0], "x")), 20_000);
        }
    }
}
