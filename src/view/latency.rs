//! Pairs requests and answers by their JSON `id`.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::protocol::vocabulary::Direction;

/// The most requests that wait for an answer; the oldest make room.
const MAX_OPEN: usize = 1024;

/// A longer `id` is not compared, in bytes of JSON.
const MAX_ID: usize = 256;

/// A longer message is not looked at, in bytes.
const MAX_MESSAGE: usize = 1 << 20;

/// The connection, the sender and the `id` of a request.
type Key = (Option<u64>, Direction, String);

/// Requests without an answer yet, and when they were sent.
#[derive(Debug, Default)]
pub struct Latencies(Requests<Duration>);

impl Latencies {
    /// The time since the request that this message answers; if it answers none, it may be one.
    pub fn observe(
        &mut self,
        connection: Option<u64>,
        direction: Direction,
        data: &[u8],
        at: Duration,
    ) -> Option<Duration> {
        let start = self.0.observe(connection, direction, data, at)?;
        Some(at.saturating_sub(start))
    }
}

/// Requests without an answer yet, each with what its answer needs to know of it.
#[derive(Debug)]
pub struct Requests<T> {
    open: HashMap<Key, T>,
    /// In the order in which they were sent; also some that have been answered.
    order: VecDeque<Key>,
}

impl<T> Default for Requests<T> {
    fn default() -> Self {
        Self { open: HashMap::new(), order: VecDeque::new() }
    }
}

impl<T> Requests<T> {
    /// What is known of the request that this message answers; if it answers none, it may be one, of which `known` is.
    pub fn observe(
        &mut self,
        connection: Option<u64>,
        direction: Direction,
        data: &[u8],
        known: T,
    ) -> Option<T> {
        let head = Head::of(data)?;
        let id = head.id.filter(|id| id.len() <= MAX_ID)?.into_owned();
        let other = match direction {
            Direction::Received => Direction::Sent,
            Direction::Sent => Direction::Received,
        };
        // In JSON-RPC a message with a method is a request, also if the same number was used by the other side.
        if !head.has_method
            && let Some(request) = self.open.remove(&(connection, other, id.clone()))
        {
            return Some(request);
        }
        self.remember((connection, direction, id), known);
        None
    }

    fn remember(&mut self, key: Key, known: T) {
        if self.open.insert(key.clone(), known).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > MAX_OPEN
            && let Some(oldest) = self.order.pop_front()
        {
            self.open.remove(&oldest);
        }
    }
}

/// The members of an object that tell what it is.
#[derive(Debug, Default, PartialEq, Eq)]
struct Head<'a> {
    /// The JSON of a string or number.
    id: Option<Cow<'a, str>>,
    has_method: bool,
}

impl<'a> Head<'a> {
    /// Those of a message, if it is a JSON object.
    fn of(data: &'a [u8]) -> Option<Self> {
        let is_object = data.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        let may_have_id =
            data.len() <= MAX_MESSAGE && memchr::memmem::find(data, b"\"id\"").is_some();
        (is_object && may_have_id).then(|| serde_json::from_slice(data).ok())?
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Head<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Head<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Head<'de>, A::Error> {
                let mut head = Head::default();
                while let Some(key) = map.next_key::<Cow<'_, str>>()? {
                    match &*key {
                        "id" => head.id = id(map.next_value::<&RawValue>()?),
                        "method" => {
                            head.has_method = true;
                            map.next_value::<IgnoredAny>()?;
                        }
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(head)
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// The JSON of an `id` that is a string or a number.
fn id(value: &RawValue) -> Option<Cow<'_, str>> {
    let text = value.get();
    text.starts_with(|c: char| c == '"' || c == '-' || c.is_ascii_digit())
        .then_some(Cow::Borrowed(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn observe(latencies: &mut Latencies, sent: bool, data: &str, at: u32) -> Option<Duration> {
        let direction = if sent { Direction::Sent } else { Direction::Received };
        latencies.observe(None, direction, data.as_bytes(), at * MS)
    }

    #[test]
    fn an_answer_has_the_id_of_its_request() {
        let mut latencies = Latencies::default();
        let mut check = |sent, data, at, expected: Option<u32>| {
            let found = observe(&mut latencies, sent, data, at);
            assert_eq!(found, expected.map(|ms| ms * MS), "{data} at {at}");
        };
        check(true, r#"{"id":1,"method":"a"}"#, 10, None);
        check(true, r#" {"method":"b","params":{"id":7},"id":"1"}"#, 20, None);
        check(false, r#"{"id":7}"#, 21, None);
        check(false, r#"{"result":[{"id":9}],"id":"1"}"#, 25, Some(5));
        check(false, r#"{"id":1,"method":"of the peer"}"#, 26, None);
        check(false, r#"{"id":1,"result":2}"#, 30, Some(20));
        check(false, r#"{"id":1,"result":3}"#, 31, None);
        check(true, r#"{"id":7,"result":3}"#, 32, Some(11));
        check(true, r#"{"id":null}"#, 33, None);
        check(false, r#"{"id":null}"#, 34, None);
        check(true, r#"{"id":5"#, 35, None);
        check(false, r#"{"id":5}"#, 36, None);
        check(true, r#"[{"id":6}]"#, 37, None);
        check(false, r#"{"id":6}"#, 38, None);
    }

    #[test]
    fn requests_of_other_connections_are_others() {
        let mut latencies = Latencies::default();
        let request = br#"{"id":1}"#;
        assert_eq!(latencies.observe(Some(1), Direction::Sent, request, MS), None);
        assert_eq!(latencies.observe(Some(2), Direction::Received, request, 2 * MS), None);
        assert_eq!(latencies.observe(Some(1), Direction::Received, request, 3 * MS), Some(2 * MS));
    }

    #[test]
    fn requests_without_answers_are_bounded() {
        let mut latencies = Latencies::default();
        for id in 0..5_000 {
            observe(&mut latencies, true, &format!("{{\"id\":{id}}}"), 0);
        }
        assert!(latencies.0.open.len() <= MAX_OPEN && latencies.0.order.len() <= MAX_OPEN);
        assert_eq!(observe(&mut latencies, false, r#"{"id":1}"#, 1), None, "it made room");
        assert_eq!(observe(&mut latencies, false, r#"{"id":4999}"#, 1), Some(MS));
        for _ in 0..5_000 {
            observe(&mut latencies, true, r#"{"id":"same"}"#, 2);
            observe(&mut latencies, false, r#"{"id":"same"}"#, 3);
        }
        assert!(latencies.0.open.len() <= MAX_OPEN && latencies.0.order.len() <= MAX_OPEN);
    }
}
