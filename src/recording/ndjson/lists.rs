//! Lists of limited length.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The most header fields of a head, malformed lines, or interim responses. A line may be long, and a list of short
/// elements takes many times its length in memory.
const MAX_ELEMENTS: usize = 10_000;

/// A list of limited length; `null` counts as missing.
struct List<T> {
    /// Elements beyond the limit are left out; otherwise they are an error.
    truncates: bool,
    element: PhantomData<T>,
}

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
        while list.len() < MAX_ELEMENTS {
            let Some(element) = elements.next_element()? else { return Ok(Some(list)) };
            list.push(element);
        }
        while elements.next_element::<IgnoredAny>()?.is_some() {
            if !self.truncates {
                let reason = format!("a list has more than {MAX_ELEMENTS} elements");
                return Err(A::Error::custom(reason));
            }
        }
        Ok(Some(list))
    }
}

/// A list, if it is not too long; `null` counts as missing.
pub(super) fn limited<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_any(List { truncates: false, element: PhantomData })
}

/// The first elements of a list, as many as may be; empty if it is missing.
pub(super) fn or_first<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let list = deserializer.deserialize_any(List { truncates: true, element: PhantomData })?;
    Ok(list.unwrap_or_default())
}

/// As [`limited`], empty if it is missing.
pub(super) fn or_limited<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(limited(deserializer)?.unwrap_or_default())
}
