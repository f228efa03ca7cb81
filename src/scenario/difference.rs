//! Where a JSON value differs from the expected one.

use std::fmt;

use serde_json::Value;

use super::number;
use super::phrase::Phrase;

/// The maximum length of a shown value, in characters.
const MAX_SHOWN: usize = 60;

/// How many places that differ are named, besides the first.
const MAX_PATHS: usize = 3;

/// How many names of members are shown.
const MAX_NAMES: usize = 8;

/// How much a value differs from the expected one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// How many of the expected values are missing or different; a missing object counts as itself and its values.
    pub count: usize,
    /// How many of the expected members are missing.
    pub missing: usize,
    /// The first difference.
    pub first: Option<Difference>,
    /// How many more places differ.
    pub more: usize,
    /// The first of those, as JSONPaths.
    pub more_paths: Vec<String>,
    /// The value has all its members: their names can be shown.
    is_whole: bool,
    /// The differences are counted only.
    is_count: bool,
}

/// How far a value is from the expected one. Of two with as many differences, the one that has the members is closer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Distance {
    /// How many of the expected values are missing or different.
    pub differing: usize,
    /// How many of the expected members are missing.
    pub missing: usize,
}

/// A location where two values differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The location as a JSONPath (RFC 9535).
    pub path: String,
    /// How the values differ there.
    pub kind: DifferenceKind,
}

/// A difference, with values as shortened JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DifferenceKind {
    /// Another value.
    Value {
        /// The expected value.
        expected: String,
        /// The actual value.
        actual: String,
    },
    /// The object does not have the member.
    Missing {
        /// The expected value.
        expected: String,
        /// The names of the members that it has, the first ones, if they are known.
        members: Vec<String>,
    },
    /// The array has another length.
    Length {
        /// The expected number of elements.
        expected: usize,
        /// The actual number of elements.
        actual: usize,
    },
}

impl Difference {
    /// The difference in words.
    pub fn phrase(&self) -> Phrase {
        let place = Phrase::new("at ").value(&self.path).own(" expected ");
        match &self.kind {
            DifferenceKind::Value { expected, actual } => {
                place.value(expected).own(", got ").value(actual)
            }
            DifferenceKind::Missing { expected, members } => {
                let missing = place.value(expected).own(", got no such member");
                match members.is_empty() {
                    true => missing,
                    false => missing.own(" among ").value(members.join(", ")),
                }
            }
            DifferenceKind::Length { expected, actual } => {
                place.counted(*expected as u64, "element").own(", got ").number(*actual as u64)
            }
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.phrase().fmt(f)
    }
}

/// Compares a value with what it has to contain: every expected member is there and equal, other members are
/// ignored; arrays have the same length, and numbers the same value.
pub fn compare(value: &Value, expected: &Value) -> Comparison {
    let mut comparison = Comparison::default();
    comparison.visit(&mut Vec::new(), value, expected);
    comparison
}

/// Whether a value contains what is expected, as [`compare`] has it.
pub fn contains(value: &Value, expected: &Value) -> bool {
    match (value, expected) {
        (Value::Object(value), Value::Object(expected)) => {
            let has = |(name, expected): (&String, &Value)| {
                value.get(name).is_some_and(|value| contains(value, expected))
            };
            expected.iter().all(has)
        }
        (Value::Array(value), Value::Array(expected)) => {
            let mut pairs = value.iter().zip(expected);
            value.len() == expected.len()
                && pairs.all(|(value, expected)| contains(value, expected))
        }
        (Value::Number(value), Value::Number(expected)) => number::are_equal(value, expected),
        _ => value == expected,
    }
}

/// How far a value is from the expected one, without the differences in words.
pub fn distance(value: &Value, expected: &Value) -> Distance {
    let mut comparison = Comparison { is_count: true, ..Comparison::default() };
    comparison.visit(&mut Vec::new(), value, expected);
    comparison.distance()
}

/// As [`compare`], for a value that has all its members: their names are known.
pub fn compare_whole(value: &Value, expected: &Value) -> Comparison {
    let mut comparison = Comparison { is_whole: true, ..Comparison::default() };
    comparison.visit(&mut Vec::new(), value, expected);
    comparison
}

/// A step from a value to one inside it.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// To the member of an object.
    Member(&'a str),
    /// To the element of an array, from 0.
    Element(usize),
}

impl Comparison {
    /// Whether the value contains everything that is expected.
    pub fn is_match(&self) -> bool {
        self.count == 0
    }

    /// The first difference in words, and where more are; `None` if there is none.
    pub fn phrase(&self) -> Option<Phrase> {
        let first = self.first.as_ref()?.phrase();
        if self.more == 0 {
            return Some(first);
        }
        let paths = self.more_paths.join(", ");
        let rest = if self.more > self.more_paths.len() { ", …)" } else { ")" };
        let more = first.own(" (and ").number(self.more as u64).own(" more: ");
        Some(more.value(paths).own(rest))
    }

    /// How far the value is from the expected one.
    pub fn distance(&self) -> Distance {
        Distance { differing: self.count, missing: self.missing }
    }

    fn visit<'a>(&mut self, path: &mut Vec<Step<'a>>, value: &Value, expected: &'a Value) {
        match (value, expected) {
            (Value::Object(value), Value::Object(expected)) => {
                for (name, expected) in expected {
                    path.push(Step::Member(name));
                    match value.get(name) {
                        Some(value) => self.visit(path, value, expected),
                        None => {
                            let is_whole = self.is_whole;
                            self.missing += 1;
                            self.note(path, values(expected), || DifferenceKind::Missing {
                                expected: shortened(expected),
                                members: if is_whole { names(value) } else { Vec::new() },
                            });
                        }
                    }
                    path.pop();
                }
            }
            (Value::Array(value), Value::Array(expected)) => {
                if value.len() != expected.len() {
                    let (expected, actual) = (expected.len(), value.len());
                    self.note(path, 1, || DifferenceKind::Length { expected, actual });
                }
                for (index, (value, expected)) in value.iter().zip(expected).enumerate() {
                    path.push(Step::Element(index));
                    self.visit(path, value, expected);
                    path.pop();
                }
            }
            (Value::Number(value), Value::Number(expected))
                if number::are_equal(value, expected) => {}
            _ if value == expected => {}
            _ => self.note(path, values(expected), || DifferenceKind::Value {
                expected: shortened(expected),
                actual: shortened(value),
            }),
        }
    }

    fn note(&mut self, path: &[Step<'_>], count: usize, kind: impl FnOnce() -> DifferenceKind) {
        self.count = self.count.saturating_add(count);
        if self.is_count {
            return;
        }
        if self.first.is_none() {
            self.first = Some(Difference { path: json_path(path), kind: kind() });
            return;
        }
        self.more += 1;
        if self.more_paths.len() < MAX_PATHS {
            self.more_paths.push(json_path(path));
        }
    }
}

/// The number of values in an expected value, with itself: what has the right structure is closer.
fn values(value: &Value) -> usize {
    1 + match value {
        Value::Object(members) => members.values().map(values).sum::<usize>(),
        Value::Array(elements) => elements.iter().map(values).sum(),
        _ => 0,
    }
}

/// The names of members, the first of them.
fn names(members: &serde_json::Map<String, Value>) -> Vec<String> {
    let shown = members.keys().take(MAX_NAMES).map(|name| shortened(&Value::from(&**name)));
    let more = (members.len() > MAX_NAMES).then(|| "…".to_owned());
    shown.chain(more).collect()
}

/// The location as a JSONPath (RFC 9535).
pub fn json_path(path: &[Step<'_>]) -> String {
    path.iter().fold("$".to_owned(), |text, step| match step {
        Step::Member(name) if is_shorthand(name) => format!("{text}.{name}"),
        Step::Member(name) => format!("{text}[{}]", Value::from(*name)),
        Step::Element(index) => format!("{text}[{index}]"),
    })
}

/// Whether a member can be named without brackets (RFC 9535 section 2.5.1.1).
fn is_shorthand(name: &str) -> bool {
    let mut letters = name.chars();
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
    letters.next().is_some_and(is_first) && letters.all(|c| is_first(c) || c.is_ascii_digit())
}

/// The value as JSON of at most 60 characters.
pub fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::json;

    fn compared(expected: &str, actual: &str) -> Comparison {
        let json = |text: &str| json::parse(text.as_bytes()).expect("JSON");
        compare(&json(actual), &json(expected))
    }

    /// What only counts and what only decides must agree with what explains.
    #[test]
    fn all_comparisons_agree() {
        let texts = [
            "{}",
            "[]",
            "1",
            "1.0",
            "\"a\"",
            "null",
            r#"{"a":1}"#,
            r#"{"a":1.0,"b":[1,{"c":2}]}"#,
            r#"{"b":[1,{"c":3,"d":4}]}"#,
            r#"[1,{"c":2}]"#,
            r#"{"b":{}}"#,
        ];
        let values = texts.map(|text| json::parse(text.as_bytes()).expect("JSON"));
        for (value, expected) in
            values.iter().flat_map(|one| values.iter().map(move |two| (one, two)))
        {
            let comparison = compare(value, expected);
            assert_eq!(contains(value, expected), comparison.is_match(), "{value} {expected}");
            assert_eq!(distance(value, expected), comparison.distance(), "{value} {expected}");
        }
    }

    /// Scenario language, section 2: "objects by their named members, […] order of members free"
    #[test]
    fn a_value_contains_the_expected_members() {
        for (expected, actual) in [
            ("{}", r#"{"a":1}"#),
            (r#"{"a":1}"#, r#"{"b":2,"a":1.0}"#),
            (r#"{"a":{"b":[1,{"c":2}]}}"#, r#"{"a":{"b":[1,{"c":2,"d":3}],"x":0}}"#),
            ("[]", "[]"),
            ("1e2", "100"),
            ("9007199254740993", "9007199254740993"),
            ("18446744073709551615", "18446744073709551615"),
            ("-0.0", "0"),
            ("null", "null"),
        ] {
            assert!(compared(expected, actual).is_match(), "{expected} {actual}");
        }
    }

    /// Scenario language, section 2: "arrays by length and element"
    #[test]
    fn the_first_difference_is_named_with_its_path() {
        for (expected, actual, count, first) in [
            (r#"{"a":2}"#, r#"{"a":1,"b":2}"#, 1, "at $.a expected 2, got 1"),
            (r#"{"a":1}"#, r#"{"a":"1"}"#, 1, r#"at $.a expected 1, got "1""#),
            (r#"{"a":null}"#, "{}", 1, "at $.a expected null, got no such member"),
            (r#"{"a":[1]}"#, r#"{"a":[1,2]}"#, 1, "at $.a expected 1 element, got 2"),
            ("[1,2]", "[1]", 1, "at $ expected 2 elements, got 1"),
            (
                r#"{"a":[0,{"b":true}]}"#,
                r#"{"a":[0,{"b":false}]}"#,
                1,
                "at $.a[1].b expected true, got false",
            ),
            (
                r#"{"a b":{"é":1,"1":2}}"#,
                r#"{"a b":{"é":1}}"#,
                1,
                r#"at $["a b"]["1"] expected 2, got no such member"#,
            ),
            (
                r#"{"a":{"x":1,"y":2},"b":3}"#,
                "{}",
                4,
                r#"at $.a expected {"x":1,"y":2}, got no such member"#,
            ),
            (r#"{"a":{"b":1}}"#, r#"{"a":{}}"#, 1, "at $.a.b expected 1, got no such member"),
            (r#"{"a":{"b":1}}"#, r#"{"a":null}"#, 2, r#"at $.a expected {"b":1}, got null"#),
            (r#"{"a":{"b":1}}"#, "[]", 3, r#"at $ expected {"a":{"b":1}}, got []"#),
            (r#"{"a":{"x":1,"y":2}}"#, "7", 4, r#"at $ expected {"a":{"x":1,"y":2}}, got 7"#),
            (
                "9007199254740993",
                "9007199254740992",
                1,
                "at $ expected 9007199254740993, got 9007199254740992",
            ),
            (
                "9007199254740993",
                "9007199254740992.0",
                1,
                "at $ expected 9007199254740993, got 9007199254740992.0",
            ),
            ("18446744073709551615", "1e300", 1, "at $ expected 18446744073709551615, got 1e300"),
            ("1", "1.5", 1, "at $ expected 1, got 1.5"),
        ] {
            let comparison = compared(expected, actual);
            assert_eq!(comparison.count, count, "{expected} {actual}");
            assert_eq!(comparison.first.expect("a difference").to_string(), first);
        }
    }

    #[test]
    fn more_differences_are_counted_and_named() {
        for (expected, actual, text) in [
            ("1", "2", "at $ expected 1, got 2"),
            (
                r#"{"text":"a","id":1,"x":0}"#,
                r#"{"text":"b","id":2,"x":0}"#,
                "at $.text expected \"a\", got \"b\" (and 1 more: $.id)",
            ),
            (
                "[1,[2],3,4,5]",
                "[0,[0],0,0,0]",
                "at $[0] expected 1, got 0 (and 4 more: $[1][0], $[2], $[3], …)",
            ),
        ] {
            let phrase = compared(expected, actual).phrase().expect("a difference");
            assert_eq!(phrase.to_string(), text);
        }
        assert_eq!(compared("1", "1").phrase(), None);
    }

    #[test]
    fn the_members_that_are_there_are_named() {
        let first = |expected: &str, actual: &str| {
            let json = |text: &str| json::parse(text.as_bytes()).expect("JSON");
            let comparison = compare_whole(&json(actual), &json(expected));
            comparison.phrase().expect("a difference").to_string()
        };
        let text = first(r#"{"qty":1}"#, r#"{"sku":"a","quantity":1}"#);
        assert_eq!(text, r#"at $.qty expected 1, got no such member among "sku", "quantity""#);
        let many: Vec<_> = (0..9).map(|number| format!("\"m{number}\":0")).collect();
        let text = first(r#"{"a":1}"#, &format!("{{{}}}", many.join(",")));
        assert!(text.ends_with("\"m6\", \"m7\", …"), "{text}");
        assert_eq!(first(r#"{"a":1}"#, "{}"), "at $.a expected 1, got no such member");
    }

    #[test]
    fn long_values_are_shortened_between_characters() {
        let long = format!("\"{}\"", "é".repeat(100));
        let first = compared("1", &long).first.expect("a difference").to_string();
        assert_eq!(first, format!("at $ expected 1, got \"{}…", "é".repeat(59)));
    }
}
