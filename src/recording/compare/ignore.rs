//! Parts of JSON messages that are not compared (`--ignore`).

use serde_json::Value;
use serde_json_path::PathElement;

use crate::scenario::json_path::{BoundedPath, PathCost, PathError};

/// JSONPaths whose values are not compared.
#[derive(Clone, Debug, Default)]
pub struct Ignore(Vec<BoundedPath>);

/// Why a text is not taken as a JSONPath.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct IgnoreError(String);

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
        let parse =
            |text| BoundedPath::parse(text).map_err(|error| (text, IgnoreError::of(&error)));
        paths.into_iter().map(parse).collect::<Result<_, _>>().map(Self)
    }

    /// Removes what the paths select: members and elements, or everything (`$`).
    ///
    /// # Errors
    /// If a path would take too long; what those before it select is removed.
    pub fn remove_from(&self, value: &mut Value) -> Result<(), PathCost> {
        for path in &self.0 {
            let mut places: Vec<Vec<Element>> = path
                .query_located(value)?
                .locations()
                .map(|location| location.iter().map(element).collect())
                .collect();
            places.sort_unstable();
            places.dedup();
            match places.first() {
                Some(place) if place.is_empty() => *value = Value::Null,
                _ => remove(value, &places, 0),
            }
        }
        Ok(())
    }
}

impl IgnoreError {
    fn of(error: &PathError) -> Self {
        match error {
            PathError::Limit(reason, _) => Self(reason.clone()),
            PathError::Syntax(error) => {
                let text = error.to_string();
                let reason = text.lines().next().unwrap_or_default();
                Self(format!("not a JSONPath: {reason}; write for example '$.ts' or '$..id'"))
            }
        }
    }
}

fn element(element: &PathElement<'_>) -> Element {
    match element {
        PathElement::Name(name) => Element::Name((*name).to_owned()),
        PathElement::Index(index) => Element::Index(*index),
    }
}

/// Removes what these places are in a value that is `depth` steps from the start of each. They are in order, so those of
/// one member or element follow each other. Each object and array is gone through once.
fn remove(value: &mut Value, places: &[Vec<Element>], depth: usize) {
    let is_kept = |step: &Element, inner: &mut Value| {
        let start = places.partition_point(|place| place[depth] < *step);
        let length = places[start..].partition_point(|place| place[depth] == *step);
        match &places[start..start + length] {
            [] => true,
            // The shortest is the first one.
            [first, ..] if first.len() == depth + 1 => false,
            inside => {
                remove(inner, inside, depth + 1);
                true
            }
        }
    };
    match value {
        Value::Object(members) => {
            members.retain(|name, inner| is_kept(&Element::Name(name.clone()), inner));
        }
        Value::Array(elements) => {
            let mut index = 0;
            elements.retain_mut(|inner| {
                let is_kept = is_kept(&Element::Index(index), inner);
                index += 1;
                is_kept
            });
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
            (&["$['a', 'c']"], r#"{"c":1,"b":2,"a":3,"d":4}"#, r#"{"b":2,"d":4}"#),
            (&["$[1]", "$[*].a", "$[2]"], r#"[{"a":1},2,{"a":3},{"b":4}]"#, r#"[{},{}]"#),
            (&[], "[1]", "[1]"),
        ] {
            let ignore = Ignore::parse(paths.iter().copied()).expect("JSONPaths");
            let mut value = json::parse(text.as_bytes()).expect("JSON");
            ignore.remove_from(&mut value).expect("a small document");
            assert_eq!(value.to_string(), left, "{paths:?} {text}");
        }
    }

    #[test]
    fn many_members_take_little_time() {
        let ignore = Ignore::parse(["$.*", "$[*]"]).expect("JSONPaths");
        let members: Vec<_> = (0..200_000).map(|number| format!("\"{number}\":0")).collect();
        let mut object =
            json::parse(format!("{{{}}}", members.join(",")).as_bytes()).expect("JSON");
        let mut array =
            json::parse(format!("[{}0]", "0,".repeat(200_000)).as_bytes()).expect("JSON");
        ignore.remove_from(&mut object).expect("in time");
        ignore.remove_from(&mut array).expect("in time");
        assert_eq!((object.to_string(), array.to_string()), ("{}".to_owned(), "[]".to_owned()));
    }

    #[test]
    fn a_path_that_is_none_is_named() {
        let long = format!("$.{}", "a".repeat(4096));
        for (path, reason) in [
            ("ts", "not a JSONPath: "),
            ("$.", "not a JSONPath: "),
            ("$[", "not a JSONPath: "),
            ("", "not a JSONPath: "),
            (&long, "a JSONPath of 4098 bytes"),
            ("$..a..a..a", "a JSONPath has at most 2 \"..\""),
        ] {
            let (named, error) = Ignore::parse(["$.a", path]).expect_err("not a JSONPath");
            assert_eq!(named, path);
            assert!(error.to_string().starts_with(reason), "{error}");
        }
    }
}
