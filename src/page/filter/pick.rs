//! One member of a JSON text, without building the others: a filter looks at all messages, while somebody waits.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// The value at a path of names. `None`: there is none, or it is not JSON.
pub(super) fn pick(data: &[u8], names: &[Box<str>]) -> Option<Value> {
    let mut deserializer = serde_json::Deserializer::from_slice(data);
    let found = Pick(names).deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    found
}

/// Reads a whole value, of which the one at these names is kept.
struct Pick<'a>(&'a [Box<str>]);

impl<'de> DeserializeSeed<'de> for Pick<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match self.0 {
            [] => Value::deserialize(deserializer).map(Some),
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Pick<'_> {
    type Value = Option<Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Some((name, rest)) = self.0.split_first() else { return Ok(None) };
        let mut found = None;
        while let Some(is_wanted) = map.next_key_seed(Is(name))? {
            match is_wanted {
                // The last one of the same name counts, as for serde_json.
                true => found = map.next_value_seed(Pick(rest))?,
                false => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Whether a name is this one.
struct Is<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::scenario::json_path::BoundedPath;

    fn names(path: &str) -> Vec<Box<str>> {
        path.split('.').map(Into::into).collect()
    }

    #[test]
    fn one_value_is_found_and_the_rest_is_checked() {
        let found = [
            (r#"{"a":1,"b":{"a":[2]}}"#, "b.a", Some(json!([2]))),
            (r#"{"a":1}"#, "a", Some(json!(1))),
            (r#"{"a":null}"#, "a", Some(json!(null))),
            (r#"{"a":1,"a":{"b":"x"}}"#, "a.b", Some(json!("x"))),
            (r#"{"a":{"b":"x"},"a":1}"#, "a.b", None),
            (r#"{"\u0061":true}"#, "a", Some(json!(true))),
            (r#"[{"a":1}]"#, "a", None),
            ("7.5e3", "a", None),
            (r#"{"a":1} x"#, "a", None),
            (r#"{"a":1,}"#, "a", None),
            (r#"{"a":1,"b":nul}"#, "a", None),
            ("", "a", None),
        ];
        for (text, path, expected) in found {
            assert_eq!(pick(text.as_bytes(), &names(path)), expected, "{text}");
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e9..1e9).prop_map(|number: f64| json!(number)),
            "[ab\"\\\\ü]{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[ab]", inner, 0..3)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_is_what_the_whole_path_finds(document in any_json(), path in "[ab](\\.[ab]){0,2}") {
            let text = document.to_string();
            let whole = BoundedPath::parse(&format!("$.{path}")).expect("a path");
            let expected = whole.query(&document).expect("few").first().map(|value| (*value).clone());
            prop_assert_eq!(pick(text.as_bytes(), &names(&path)), expected);
        }
    }
}
