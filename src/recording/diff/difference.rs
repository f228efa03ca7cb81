//! What differs between two recordings.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::connection::{Connection, End};
use super::heads::HeadDifference;
use super::item::{Item, ItemKind};
use crate::output::escape::{Newlines, escape_bytes};
use crate::protocol::counted::counted;
use crate::recording::compare::{Change, Changes, Ignore, json_of, shown, walk};
use crate::scenario::difference::json_path;

/// A difference, with the connections of the first and the second recording.
#[derive(Debug)]
pub struct Found<'a> {
    /// The connections.
    pub connections: [Option<&'a Connection>; 2],
    /// What differs.
    pub what: Difference<'a>,
}

/// What differs.
#[derive(Debug)]
pub enum Difference<'a> {
    /// Only one recording has the connection.
    Connection,
    /// The connection was opened in one recording only, or the attempts failed for different reasons.
    Opening,
    /// Something of the opening handshake.
    Head(HeadDifference),
    /// Only the first recording has the message.
    Missing(&'a Item),
    /// Only the second recording has the message.
    Added(&'a Item),
    /// The message changed.
    Changed([&'a Item; 2], ValueChanges),
    /// The time between a message, or the end, and the message before.
    Gap(Option<[&'a Item; 2]>, [Duration; 2]),
    /// The time that opening the connection took.
    OpeningTime([Duration; 2]),
    /// The end of the connection.
    Close([&'a End; 2]),
}

/// How a message changed.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueChanges {
    /// In JSON: the first places, and how many there are.
    Json(Vec<ValueChange>, usize),
    /// Elsewhere: the first place.
    Place(Change),
    /// It was not kept: memory is limited.
    NotKept,
}

/// A place in JSON with another value.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueChange {
    /// Its JSONPath.
    pub path: String,
    /// The value in the first recording.
    pub one: Option<Value>,
    /// The value in the second recording.
    pub other: Option<Value>,
}

/// How often recordings differ, and how often they do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Connections that both have.
    pub connections: u64,
    /// Messages that are the same.
    pub same: u64,
    /// Messages that only the first recording has.
    pub missing: u64,
    /// Messages that only the second recording has.
    pub added: u64,
    /// Messages that changed.
    pub changed: u64,
    /// Connections whose ends differ.
    pub closes: u64,
    /// Connections that were opened in one recording only, or failed for another reason.
    pub openings: u64,
    /// Differences between opening handshakes.
    pub heads: u64,
    /// Times that differ.
    pub times: u64,
    /// Connections that only the first recording has.
    pub missing_connections: u64,
    /// Connections that only the second recording has.
    pub added_connections: u64,
}

impl ValueChanges {
    /// Compares two messages. At most `limit` places in JSON are listed.
    pub(super) fn between(one: &Item, other: &Item, ignore: &Ignore, limit: usize) -> Self {
        if one.kind == ItemKind::File && other.kind == ItemKind::File {
            let size = |item: &Item| {
                let size = counted(item.size, "byte");
                match item.is_not_kept() {
                    true => Some(size),
                    false => Some(format!("{size} ({})", shown_path(&item.data))),
                }
            };
            let (recorded, now) = (size(one), size(other));
            return Self::Place(Change { place: "size".to_owned(), recorded, now });
        }
        let (Some(first), Some(second)) = (one.content(), other.content()) else {
            return Self::NotKept;
        };
        if [one, other].iter().any(|item| matches!(item.kind, ItemKind::Ping | ItemKind::Pong)) {
            let (recorded, now) = (Some(shown(&first)), Some(shown(&second)));
            return Self::Place(Change { place: "payload".to_owned(), recorded, now });
        }
        let [ours, theirs] = [&first, &second].map(|it| json_of(&it.data, ignore));
        if let (Some(ours), Some(theirs)) = (ours, theirs)
            && one.kind == other.kind
        {
            let (mut list, mut count) = (Vec::new(), 0_usize);
            walk(&ours, &theirs, &mut |path, one, other, is_equal| {
                if is_equal {
                    return;
                }
                count += 1;
                if list.len() < limit {
                    let (one, other) = (one.cloned(), other.cloned());
                    list.push(ValueChange { path: json_path(path), one, other });
                }
            });
            return Self::Json(list, count);
        }
        match Changes::between(&first, &second, ignore).list.into_iter().next() {
            Some(change) => Self::Place(change),
            None => Self::NotKept,
        }
    }
}

fn shown_path(path: &[u8]) -> String {
    escape_bytes(path, Newlines::Escape).into_owned()
}

impl Totals {
    /// Counts a difference.
    pub(super) fn count(&mut self, found: &Found<'_>) {
        let counter = match &found.what {
            Difference::Connection => match found.connections[0] {
                Some(_) => &mut self.missing_connections,
                None => &mut self.added_connections,
            },
            Difference::Opening => &mut self.openings,
            Difference::Head(_) => &mut self.heads,
            Difference::Missing(_) => &mut self.missing,
            Difference::Added(_) => &mut self.added,
            Difference::Changed(..) => &mut self.changed,
            Difference::Gap(..) | Difference::OpeningTime(_) => &mut self.times,
            Difference::Close(_) => &mut self.closes,
        };
        *counter += 1;
    }

    /// The number of differences.
    pub const fn differences(&self) -> u64 {
        self.missing
            + self.added
            + self.changed
            + self.closes
            + self.openings
            + self.heads
            + self.times
            + self.missing_connections
            + self.added_connections
    }
}

/// The counts, on one line.
impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let same = counted(self.same, "message");
        if self.differences() == 0 {
            let connections = counted(self.connections, "connection");
            return write!(f, "no differences: {same} on {connections}");
        }
        let messages =
            [(self.missing, "missing"), (self.added, "added"), (self.changed, "changed")];
        let mut words: Vec<String> = messages
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        let differing = [(self.closes, "close"), (self.openings, "opening"), (self.times, "time")];
        words.extend(differing.into_iter().filter(|(count, _)| *count > 0).map(|(count, noun)| {
            let verb = if count == 1 { "differs" } else { "differ" };
            format!("{} {verb}", counted(count, noun))
        }));
        let others = [
            (self.heads, "handshake difference"),
            (self.missing_connections, "missing connection"),
            (self.added_connections, "added connection"),
        ];
        let others = others.into_iter().filter(|(count, _)| *count > 0);
        words.extend(others.map(|(count, noun)| counted(count, noun)));
        let is_one = if self.same == 1 { "is" } else { "are" };
        write!(f, "{}; {same} {is_one} the same", words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::protocol::MessageKind;
    use crate::recording::replay::Side;

    fn item(kind: ItemKind, text: &str) -> Item {
        let data = Bytes::copy_from_slice(text.as_bytes());
        Item::new(kind, Side::Server, data, &Ignore::default())
    }

    #[test]
    fn changes_are_named_by_place() {
        use ItemKind::{Binary, Ping, Text};
        let ignore = Ignore::parse(["$.ts"]).expect("a JSONPath");
        for (one, other, expected) in [
            (item(Text, r#"{"v":1,"ts":1}"#), item(Text, r#"{"v":2,"ts":2}"#), "$.v 1 2"),
            (item(Binary, r#"{"v":null}"#), item(Binary, "{}"), "$.v null -"),
            (item(Text, "hello"), item(Text, "hallo"), r#"character 2 "hello" "hallo""#),
            (item(Text, "a"), item(Binary, "a"), "type text binary"),
            (item(Ping, "{}"), item(Ping, "[]"), "payload hex:7b7d hex:5b5d"),
            (
                Item::file(Side::Client, MessageKind::Text, "a\u{1b}", 1),
                Item::file(Side::Client, MessageKind::Text, "b", 2),
                "size 1 byte (a\\e) 2 bytes (b)",
            ),
        ] {
            let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
            let found = match ValueChanges::between(&one, &other, &ignore, 10) {
                ValueChanges::Json(list, 1) => {
                    let change = list.into_iter().next().expect("a change");
                    let [one, other] =
                        [change.one, change.other].map(|it| text(it.map(|it| it.to_string())));
                    format!("{} {one} {other}", change.path)
                }
                ValueChanges::Place(it) => {
                    format!("{} {} {}", it.place, text(it.recorded), text(it.now))
                }
                other => panic!("{other:?}"),
            };
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn what_was_not_kept_is_not_compared_and_lists_are_limited() {
        let mut long = item(ItemKind::Text, &"a".repeat(100));
        long.shorten();
        let other = item(ItemKind::Text, "b");
        let ignore = Ignore::default();
        assert_eq!(ValueChanges::between(&long, &other, &ignore, 9), ValueChanges::NotKept);
        let [one, other] = ["[1,1,1]", "[2,2,2]"].map(|text| item(ItemKind::Text, text));
        let changes = ValueChanges::between(&one, &other, &ignore, 2);
        let ValueChanges::Json(list, 3) = changes else { panic!("{changes:?}") };
        assert_eq!(list.len(), 2);
    }

    #[test]
    fn counts_are_one_line() {
        let same = Totals { same: 1, connections: 1, ..Totals::default() };
        assert_eq!(same.to_string(), "no differences: 1 message on 1 connection");
        let one = Totals { missing: 1, heads: 1, closes: 1, ..same };
        assert_eq!(
            one.to_string(),
            "1 missing, 1 close differs, 1 handshake difference; 1 message is the same"
        );
        let many = Totals { added: 2, changed: 3, heads: 2, times: 2, ..Totals::default() };
        assert_eq!(
            many.to_string(),
            "2 added, 3 changed, 2 times differ, 2 handshake differences; 0 messages are the same"
        );
        assert_eq!((one.differences(), many.differences()), (3, 9));
    }
}
