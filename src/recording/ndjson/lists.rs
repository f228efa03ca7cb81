//! Lists of limited length.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The most header fields of a head, malformed lines, or interim responses. A line may be long, and a list of short
/// elements takes many times its length in memory.
const MAX_ELEMENTS: usize = 10_000;

/// A list, if it is not too long; `null` counts as missing.
pub(super) fn limited<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct List<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
        type Value = Option<Vec<T>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a sequence")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
            let mut list = Vec::new();
            while let Some(element) = elements.next_element()? {
                if list.len() == MAX_ELEMENTS {
                    let reason = format!("a list has more than {MAX_ELEMENTS} elements");
                    return Err(A::Error::custom(reason));
                }
                list.push(element);
            }
            Ok(Some(list))
        }
    }

    deserializer.deserialize_any(List(PhantomData))
}

/// The first elements of a list, as many as may be; empty if it is missing.
pub(super) fn or_first<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct List<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a sequence")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
            let mut list = Vec::new();
            while list.len() < MAX_ELEMENTS {
                let Some(element) = elements.next_element()? else { return Ok(list) };
                list.push(element);
            }
            while elements.next_element::<IgnoredAny>()?.is_some() {}
            Ok(list)
        }
    }

    deserializer.deserialize_any(List(PhantomData))
}

/// As [`limited`], empty if it is missing.
pub(super) fn or_limited<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(limited(deserializer)?.unwrap_or_default())
}
