//! Where a JSON value differs from the one that was wanted.

use std::fmt;

use serde_json::Value;

use super::number;
use crate::protocol::counted::counted;

/// How much of a value is shown, in characters.
const MAX_SHOWN: usize = 60;

/// How far a value is from the wanted one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// How many of the wanted values are missing or different.
    pub count: usize,
    /// The first of them.
    pub first: Option<Difference>,
}

/// A place where two values differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The place as a JSONPath (RFC 9535).
    pub path: String,
    /// What was wanted there, and what was there instead.
    pub kind: DifferenceKind,
}

/// What is different, with values as shortened JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DifferenceKind {
    /// Another value.
    Value {
        /// The wanted value.
        wanted: String,
        /// The value that was there.
        got: String,
    },
    /// The object does not have the member.
    Missing {
        /// The wanted value.
        wanted: String,
    },
    /// The array has another length.
    Length {
        /// The wanted number of elements.
        wanted: usize,
        /// The number of elements that were there.
        got: usize,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.kind {
            DifferenceKind::Value { wanted, got } => {
                write!(f, "at {path} expected {wanted}, got {got}")
            }
            DifferenceKind::Missing { wanted } => {
                write!(f, "at {path} expected {wanted}, got no such member")
            }
            DifferenceKind::Length { wanted, got } => {
                let elements = counted(*wanted as u64, "element");
                write!(f, "at {path} expected {elements}, got {got}")
            }
        }
    }
}

/// Compares a value with what it has to contain: every wanted member is there and equal, other members
/// are free; arrays have the same length, and numbers the same value.
pub fn compare(value: &Value, wanted: &Value) -> Comparison {
    let mut comparison = Comparison::default();
    comparison.visit(&mut Vec::new(), value, wanted);
    comparison
}

/// A step from a value to one inside it.
enum Step<'a> {
    Member(&'a str),
    Element(usize),
}

impl Comparison {
    /// Whether the value contains what was wanted.
    pub fn is_match(&self) -> bool {
        self.count == 0
    }

    fn visit<'a>(&mut self, path: &mut Vec<Step<'a>>, value: &Value, wanted: &'a Value) {
        match (value, wanted) {
            (Value::Object(value), Value::Object(wanted)) => {
                for (name, wanted) in wanted {
                    path.push(Step::Member(name));
                    match value.get(name) {
                        Some(value) => self.visit(path, value, wanted),
                        None => self.note(path, leaves(wanted), || DifferenceKind::Missing {
                            wanted: shortened(wanted),
                        }),
                    }
                    path.pop();
                }
            }
            (Value::Array(value), Value::Array(wanted)) => {
                if value.len() != wanted.len() {
                    let (wanted, got) = (wanted.len(), value.len());
                    self.note(path, 1, || DifferenceKind::Length { wanted, got });
                }
                for (index, (value, wanted)) in value.iter().zip(wanted).enumerate() {
                    path.push(Step::Element(index));
                    self.visit(path, value, wanted);
                    path.pop();
                }
            }
            (Value::Number(value), Value::Number(wanted)) if number::are_equal(value, wanted) => {}
            _ if value == wanted => {}
            _ => self.note(path, leaves(wanted), || DifferenceKind::Value {
                wanted: shortened(wanted),
                got: shortened(value),
            }),
        }
    }

    fn note(&mut self, path: &[Step<'_>], count: usize, kind: impl FnOnce() -> DifferenceKind) {
        self.count = self.count.saturating_add(count);
        self.first.get_or_insert_with(|| Difference { path: json_path(path), kind: kind() });
    }
}

/// How many values a wanted value asks for.
fn leaves(value: &Value) -> usize {
    let sum = match value {
        Value::Object(members) => members.values().map(leaves).sum(),
        Value::Array(elements) => elements.iter().map(leaves).sum(),
        _ => 1,
    };
    sum.max(1)
}

fn json_path(path: &[Step<'_>]) -> String {
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

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(wanted: &str, got: &str) -> Comparison {
        let json = |text: &str| serde_json::from_str(text).expect("JSON");
        compare(&json(got), &json(wanted))
    }

    #[test]
    fn a_value_contains_what_is_wanted() {
        for (wanted, got) in [
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
            assert!(compared(wanted, got).is_match(), "{wanted} {got}");
        }
    }

    #[test]
    fn the_first_difference_is_named_with_its_place() {
        for (wanted, got, count, first) in [
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
                3,
                r#"at $.a expected {"x":1,"y":2}, got no such member"#,
            ),
            (r#"{"a":{"x":1,"y":2}}"#, "7", 2, r#"at $ expected {"a":{"x":1,"y":2}}, got 7"#),
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
            ("18446744073709551615", "1e300", 1, "at $ expected 18446744073709551615, got 1e+300"),
            ("1", "1.5", 1, "at $ expected 1, got 1.5"),
        ] {
            let comparison = compared(wanted, got);
            assert_eq!(comparison.count, count, "{wanted} {got}");
            assert_eq!(comparison.first.expect("a difference").to_string(), first);
        }
    }

    #[test]
    fn long_values_are_shortened_between_characters() {
        let long = format!("\"{}\"", "é".repeat(100));
        let first = compared("1", &long).first.expect("a difference").to_string();
        assert_eq!(first, format!("at $ expected 1, got \"{}…", "é".repeat(59)));
    }
}
