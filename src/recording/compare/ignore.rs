//! Parts of JSON messages that are not compared (`--ignore`).

use serde_json::Value;
use serde_json_path::{JsonPath, PathElement};

/// JSONPaths whose values are not compared.
#[derive(Clone, Debug, Default)]
pub struct Ignore(Vec<JsonPath>);

/// Why a text is not a JSONPath.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a JSONPath: {0}; write for example '$.ts' or '$..id'")]
pub struct IgnoreError(String);

/// The longest JSONPath, in bytes.
const MAX_PATH: usize = 4096;

/// A step to a value, owned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Element {
    Name(String),
    Index(usize),
}

impl Ignore {
    /// Parses JSONPaths (RFC 9535).
    ///
    /// # Errors
    /// With the first text that is not one, and why.
    pub fn parse<'a>(
        paths: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, (&'a str, IgnoreError)> {
        let parse = |text: &'a str| match text.len() > MAX_PATH {
            true => Err((text, IgnoreError(format!("longer than {MAX_PATH} bytes")))),
            false => JsonPath::parse(text)
                .map_err(|error| (text, IgnoreError(first_line(&error.to_string())))),
        };
        paths.into_iter().map(parse).collect::<Result<_, _>>().map(Self)
    }

    /// Removes what the paths select: members and elements, or everything (`$`).
    pub fn remove_from(&self, value: &mut Value) {
        for path in &self.0 {
            let mut places: Vec<Vec<Element>> = path
                .query_located(value)
                .locations()
                .map(|location| location.iter().map(element).collect())
                .collect();
            // From the end, so that the places before stay where they are.
            places.sort_unstable();
            places.dedup();
            places.iter().rev().for_each(|place| remove(value, place));
        }
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn element(element: &PathElement<'_>) -> Element {
    match element {
        PathElement::Name(name) => Element::Name((*name).to_owned()),
        PathElement::Index(index) => Element::Index(*index),
    }
}

fn remove(mut value: &mut Value, place: &[Element]) {
    let Some((last, above)) = place.split_last() else {
        *value = Value::Null;
        return;
    };
    for step in above {
        let inner = match step {
            Element::Name(name) => value.get_mut(name),
            Element::Index(index) => value.get_mut(index),
        };
        let Some(inner) = inner else { return };
        value = inner;
    }
    match (last, value) {
        (Element::Name(name), Value::Object(members)) => drop(members.shift_remove(name)),
        (Element::Index(index), Value::Array(elements)) if *index < elements.len() => {
            elements.remove(*index);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::json;

    #[test]
    fn what_a_path_selects_is_removed() {
        for (paths, text, left) in [
            (&["$.ts"][..], r#"{"a":1,"ts":2}"#, r#"{"a":1}"#),
            (&["$.ts"], r#"{"a":{"ts":2}}"#, r#"{"a":{"ts":2}}"#),
            (&["$..ts"], r#"{"ts":{"ts":1},"a":[{"ts":2,"b":3}]}"#, r#"{"a":[{"b":3}]}"#),
            (&["$[0,2]"], "[1,2,3,4]", "[2,4]"),
            (&["$[0:2]", "$[0]"], "[1,2,3,4]", "[4]"),
            (&["$[*]"], "[1,[2],3]", "[]"),
            (&["$..*"], r#"{"a":[1,{"b":2}]}"#, "{}"),
            (&["$"], "[1]", "null"),
            (&["$.l[?@.id == 2]"], r#"{"l":[{"id":1},{"id":2}]}"#, r#"{"l":[{"id":1}]}"#),
            (&["$['a b']", "$.é"], r#"{"a b":1,"é":2}"#, "{}"),
            (&[], "[1]", "[1]"),
        ] {
            let ignore = Ignore::parse(paths.iter().copied()).expect("JSONPaths");
            let mut value = json::parse(text.as_bytes()).expect("JSON");
            ignore.remove_from(&mut value);
            assert_eq!(value.to_string(), left, "{paths:?} {text}");
        }
    }

    #[test]
    fn a_path_that_is_none_is_named() {
        let long = format!("$.{}", "a".repeat(MAX_PATH));
        for path in ["ts", "$.", "$[", "", &long] {
            let (named, error) = Ignore::parse(["$.a", path]).expect_err("not a JSONPath");
            assert_eq!(named, path);
            assert!(error.to_string().starts_with("not a JSONPath: "), "{error}");
        }
    }
}
