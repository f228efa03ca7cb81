//! What kind of message it is, as far as that can be seen.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use serde_json::{Map, Value};

/// A message's shape, as digests: that two are the same says nothing about values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Text, binary, a JSON object or array, with what names its kind: the values of members such as "type".
    pub(super) class: u64,
    /// The same with the names and types of members, or with the first word of other text.
    pub(super) structure: u64,
    /// Members name its kind.
    pub(super) is_named: bool,
}

/// Members whose value says what kind of message an object is.
const NAMING: [&str; 16] = [
    "type",
    "event",
    "op",
    "opcode",
    "action",
    "method",
    "cmd",
    "command",
    "kind",
    "topic",
    "channel",
    "stream",
    "e",
    "t",
    "__typename",
    "target",
];

/// A longer value names nothing, in bytes.
const MAX_NAME: usize = 64;

/// How deep, and how many values of, a JSON value are looked at.
const MAX_DEPTH: usize = 3;
const MAX_VALUES: usize = 256;

/// How many elements of an array may name the kind of message it is.
const NAMING_ELEMENTS: usize = 5;

impl Shape {
    /// The shape of a message that is not text, JSON or binary data.
    pub(super) fn of_kind(name: &str) -> Self {
        let class = digest(name);
        Self { class, structure: class, is_named: true }
    }

    /// The shape of JSON. `kind` is that of its message.
    pub(super) fn of_json(kind: &str, value: &Value) -> Self {
        let mut names = Vec::new();
        let is_array = match value {
            Value::Array(elements) => {
                let words = elements.iter().take(NAMING_ELEMENTS).filter_map(Value::as_str);
                names.extend(words.filter(|word| is_word(word)).map(str::to_owned));
                true
            }
            Value::Object(members) => {
                names.extend(NAMING.iter().filter_map(|name| naming(members, name)));
                false
            }
            _ => false,
        };
        let class = digest(&(kind, is_array, &names));
        let mut places = Vec::new();
        visit(value, digest("$"), 0, &mut places);
        places.sort_unstable();
        places.dedup();
        Self { class, structure: digest(&(class, places)), is_named: !names.is_empty() }
    }

    /// The shape of a text that is not JSON.
    pub(super) fn of_text(text: &[u8]) -> Self {
        let class = digest("text");
        let start = &text[..text.len().min(MAX_NAME)];
        let letters = start.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        Self { class, structure: digest(&(class, &start[..letters])), is_named: false }
    }

    /// The shape of bytes that are not JSON. Protocols often have the type of a message in the first one.
    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        let class = digest("binary");
        Self { class, structure: digest(&(class, bytes.first())), is_named: false }
    }
}

fn digest(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hash = DefaultHasher::new();
    value.hash(&mut hash);
    hash.finish()
}

/// The member of this name, if its value names a kind of message.
fn naming(members: &Map<String, Value>, name: &str) -> Option<String> {
    let value = match members.get(name)? {
        Value::String(text) if is_word(text) => text.clone(),
        // Such as the opcodes of Discord and the types of SignalR, but no times ("t").
        Value::Number(number) if name.len() > 1 && number.as_str().len() <= 3 => number.to_string(),
        _ => return None,
    };
    Some(format!("{name}={value}"))
}

/// Whether a text may be a name: no number or time, not long.
fn is_word(text: &str) -> bool {
    text.len() <= MAX_NAME && text.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$')
}

/// Collects the places of values, with their types. Elements of an array have one place.
fn visit(value: &Value, place: u64, depth: usize, places: &mut Vec<u64>) {
    if places.len() >= MAX_VALUES {
        return;
    }
    let kind = match value {
        Value::Null => 0_u8,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    };
    places.push(digest(&(place, kind)));
    if depth == MAX_DEPTH {
        return;
    }
    match value {
        Value::Array(elements) => {
            let inner = digest(&(place, "[]"));
            elements.iter().for_each(|element| visit(element, inner, depth + 1, places));
        }
        Value::Object(members) => {
            for (name, value) in members {
                visit(value, digest(&(place, name)), depth + 1, places);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::json;

    fn shape(text: &str) -> Shape {
        match json::parse(text.as_bytes()) {
            Ok(value) if json::looks_like_json(text.as_bytes()) => Shape::of_json("text", &value),
            _ => Shape::of_text(text.as_bytes()),
        }
    }

    #[test]
    fn kinds_are_told_apart_by_names_and_structure() {
        for (one, other, same_class, same_structure) in [
            (r#"{"type":"price","v":1}"#, r#"{"v":2,"type":"price"}"#, true, true),
            (r#"{"type":"price","v":1}"#, r#"{"type":"price","v":1,"w":2}"#, true, false),
            (r#"{"type":"price","v":1}"#, r#"{"type":"price","v":"1"}"#, true, false),
            (r#"{"type":"price","v":1}"#, r#"{"type":"trade","v":1}"#, false, false),
            (r#"{"op":1,"d":1}"#, r#"{"op":11,"d":1}"#, false, false),
            (r#"{"t":1700000001}"#, r#"{"t":1700000002}"#, true, true),
            (r#"{"a":1}"#, r#"{"b":1}"#, true, false),
            (r#"{"a":[1]}"#, r#"{"a":[1,2,3]}"#, true, true),
            (r#"["1","2","room","join",{}]"#, r#"["1","3","room","join",{}]"#, true, true),
            (r#"["1","2","room","join",{}]"#, r#"["1","2","room","leave",{}]"#, false, false),
            ("[1]", "{}", false, false),
            ("[1]", "[1", false, false),
            ("PRICE 1", "PRICE 2", true, true),
            ("PRICE 1", "TRADE 1", true, false),
            ("", "1", true, true),
        ] {
            let (one_shape, other_shape) = (shape(one), shape(other));
            assert_eq!(one_shape.class == other_shape.class, same_class, "{one} {other}");
            let is_same = one_shape.structure == other_shape.structure;
            assert_eq!(is_same, same_structure, "{one} {other}");
        }
        assert_ne!(Shape::of_bytes(b"a").class, Shape::of_text(b"a").class);
        assert_ne!(Shape::of_bytes(&[1, 2]).structure, Shape::of_bytes(&[2, 2]).structure);
        assert_ne!(Shape::of_kind("ping"), Shape::of_kind("pong"));
    }

    #[test]
    fn long_and_deep_values_are_looked_at_in_part() {
        let many = format!("[{}]", vec!["{\"a\":[[[[1]]]]}"; 10_000].join(","));
        let mut places = Vec::new();
        visit(&json::parse(many.as_bytes()).expect("JSON"), 0, 0, &mut places);
        assert_eq!(places.len(), MAX_VALUES);
        let long = format!("{{\"type\":\"{}\"}}", "a".repeat(MAX_NAME + 1));
        assert!(!shape(&long).is_named);
    }
}
