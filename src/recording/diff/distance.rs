//! How much two messages differ.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use bytes::Bytes;
use serde_json::Value;

use super::item::{Item, ItemKind};
use crate::recording::compare::{Ignore, json_of};
use crate::scenario::number;

/// What is compared of a message.
#[derive(Debug)]
pub(super) enum Features {
    /// Digests of the values in JSON with their places, sorted.
    Values(Vec<u64>),
    /// Other text, and bytes.
    Bytes(Bytes),
}

/// How many values of JSON are compared.
const MAX_VALUES: usize = 256;

/// How many bytes of other messages are compared, from the start and from the end.
const MAX_BYTES: usize = 2048;

/// Above this, messages with neither a name for their kind nor the same structure are not the same one, changed.
const UNRELATED: f64 = 0.7;

impl Features {
    pub(super) fn of(item: &Item, ignore: &Ignore) -> Self {
        let value = match item.kind {
            ItemKind::Text | ItemKind::Binary => json_of(&item.data, ignore),
            ItemKind::File | ItemKind::Ping | ItemKind::Pong => None,
        };
        let Some(value) = value else { return Self::Bytes(item.data.clone()) };
        let mut values = Vec::new();
        visit(&value, 0, &mut values);
        values.sort_unstable();
        Self::Values(values)
    }

    /// How many steps it takes to compare it.
    pub(super) fn work(&self) -> u64 {
        match self {
            Self::Values(values) => values.len() as u64,
            Self::Bytes(bytes) => bytes.len().min(2 * MAX_BYTES) as u64,
        }
    }

    /// From 0, equal, to 1.
    fn distance(&self, other: &Self) -> f64 {
        match (self, other) {
            (Self::Values(one), Self::Values(other)) => {
                let longest = one.len().max(other.len());
                share_of_difference(common_values(one, other), longest)
            }
            (Self::Bytes(one), Self::Bytes(other)) => {
                let start = std::iter::zip(one.iter(), other.iter()).take(MAX_BYTES);
                let start = start.take_while(|(one, other)| one == other).count();
                let rest = (one.len().min(other.len()) - start).min(MAX_BYTES);
                let end = std::iter::zip(one.iter().rev(), other.iter().rev()).take(rest);
                let end = end.take_while(|(one, other)| one == other).count();
                let longest = one.len().max(other.len()).min(2 * MAX_BYTES);
                share_of_difference(start + end, longest)
            }
            _ => 1.0,
        }
    }
}

fn share_of_difference(common: usize, all: usize) -> f64 {
    if all == 0 { 0.0 } else { 1.0 - (common as f64 / all as f64).min(1.0) }
}

/// How much two messages differ, from 0 to 1; `None`: they are not the same message, changed.
pub(super) fn distance(one: (&Item, &Features), other: (&Item, &Features)) -> Option<f64> {
    let ((one, one_features), (other, other_features)) = (one, other);
    if one.kind != other.kind {
        let are_data = [one, other].iter().all(|item| {
            item.content().is_some() && matches!(item.kind, ItemKind::Text | ItemKind::Binary)
        });
        return (are_data && one.data == other.data).then_some(0.1);
    }
    if one.shape.class != other.shape.class {
        return None;
    }
    let distance = one_features.distance(other_features);
    let is_related = one.shape.is_named || one.shape.structure == other.shape.structure;
    (is_related || distance <= UNRELATED).then_some(distance)
}

/// Collects the values that contain no other ones. Elements of an array have one place, so that one that is missing does
/// not change those behind it.
fn visit(value: &Value, place: u64, values: &mut Vec<u64>) {
    if values.len() >= MAX_VALUES {
        return;
    }
    let inside = |step: &str| digest(&(place, step));
    match value {
        Value::Array(elements) if !elements.is_empty() => {
            let place = inside("[]");
            elements.iter().for_each(|element| visit(element, place, values));
        }
        Value::Object(members) if !members.is_empty() => {
            members.iter().for_each(|(name, value)| visit(value, inside(name), values));
        }
        Value::Number(value) => values.push(digest(&(place, number::canonical(value)))),
        value => values.push(digest(&(place, value.to_string()))),
    }
}

fn digest(value: &impl Hash) -> u64 {
    let mut hash = DefaultHasher::new();
    value.hash(&mut hash);
    hash.finish()
}

/// How many elements two sorted lists have in common.
fn common_values(one: &[u64], other: &[u64]) -> usize {
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    let mut count = 0;
    while let (Some(a), Some(b)) = (one.peek(), other.peek()) {
        let (a, b) = (**a, **b);
        count += usize::from(a == b);
        if a <= b {
            one.next();
        }
        if b <= a {
            other.next();
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::replay::Side;

    fn between(one: (ItemKind, &str), other: (ItemKind, &str)) -> Option<f64> {
        let ignore = Ignore::parse(["$.ts"]).expect("a JSONPath");
        let [one, other] = [one, other].map(|(kind, text)| {
            Item::new(kind, Side::Server, Bytes::copy_from_slice(text.as_bytes()), &ignore)
        });
        let [one_features, other_features] = [&one, &other].map(|item| Features::of(item, &ignore));
        let forth = distance((&one, &one_features), (&other, &other_features));
        let back = distance((&other, &other_features), (&one, &one_features));
        assert_eq!(forth, back);
        forth
    }

    #[test]
    fn only_related_messages_have_a_distance() {
        for (one, other, expected) in [
            (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1.0}"#, Some(0.0)),
            (r#"{"a":1,"b":2}"#, r#"{"a":1,"b":3}"#, Some(0.5)),
            (r#"{"a":1,"ts":1}"#, r#"{"a":1,"ts":3}"#, Some(0.0)),
            (r#"{"a":1}"#, r#"{"a":2}"#, Some(1.0)),
            (r#"{"a":1}"#, r#"{"b":1}"#, None),
            (r#"{"type":"x","a":1}"#, r#"{"type":"x","b":2}"#, Some(0.5)),
            (r#"{"type":"x","a":1}"#, r#"{"type":"y","a":1}"#, None),
            ("[1,2,3,4]", "[0,1,2,3,4]", Some(1.0 - 4.0 / 5.0)),
            ("abcd", "abxd", Some(0.25)),
            ("", "", Some(0.0)),
            ("one", "two", None),
            ("PRICE 1", "PRICE 2", Some(1.0 - 6.0 / 7.0)),
            ("[1]", "[1", None),
        ] {
            let found = between((ItemKind::Text, one), (ItemKind::Text, other));
            assert_eq!(found, expected, "{one} {other}");
        }
        let kinds = |one, other, text| between((one, text), (other, text));
        assert_eq!(kinds(ItemKind::Text, ItemKind::Binary, "a"), Some(0.1));
        assert_eq!(kinds(ItemKind::Ping, ItemKind::Pong, "a"), None);
        assert_eq!(kinds(ItemKind::Ping, ItemKind::Text, "a"), None);
    }
}
