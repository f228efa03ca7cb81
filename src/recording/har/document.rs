//! The document of a HAR, parsed as it is read: whatever ends the parsing, what was before it is kept.

use std::fmt;
use std::io::Read;

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::input::{Input, Progress};
use super::message::Message;
use super::warnings::Warnings;
use crate::protocol::counted::counted;
use crate::recording::reading::Place;

/// The entries of a document that are WebSocket connections, and how its parsing ended.
#[derive(Debug)]
pub(super) struct Document {
    /// In the order of the file; the last one may not be complete.
    pub(super) entries: Vec<Entry>,
    /// What only our own HARs have.
    pub(super) own: Option<Box<RawValue>>,
    /// It has `log.entries`.
    pub(super) has_entries: bool,
    /// Why the parsing ended before the end of the document.
    pub(super) error: Option<serde_json::Error>,
}

/// An entry, of which the values are parsed when they are needed: one of the wrong type is no reason to lose others.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// Its number among all entries, from 1.
    pub(super) number: u64,
    /// Where it begins.
    pub(super) place: Option<Place>,
    pub(super) messages: Option<Vec<Message>>,
    pub(super) control: Vec<Message>,
    /// The first of its messages that could not be read.
    pub(super) skipped: Option<Skipped>,
    pub(super) values: EntryValues,
}

/// Messages of an entry that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Skipped {
    /// Where the first one ends.
    pub(super) place: Place,
    /// Why it could not be read.
    pub(super) reason: String,
    /// How many follow it.
    pub(super) others: u64,
}

/// Values as they are in the file.
#[derive(Debug, Default)]
pub(super) struct EntryValues {
    pub(super) started: Option<Box<RawValue>>,
    pub(super) request: Option<Box<RawValue>>,
    pub(super) response: Option<Box<RawValue>>,
    pub(super) timings: Option<Box<RawValue>>,
    pub(super) server_address: Option<Box<RawValue>>,
    pub(super) server_port: Option<Box<RawValue>>,
    pub(super) resource_type: Option<Box<RawValue>>,
    pub(super) close: Option<Box<RawValue>>,
    /// What only our own HARs have.
    pub(super) own: Option<Box<RawValue>>,
    pub(super) error: Option<Box<RawValue>>,
    pub(super) violations: Option<Box<RawValue>>,
}

impl EntryValues {
    /// The value of a key that is needed.
    pub(super) fn of(&mut self, key: &str) -> Option<&mut Option<Box<RawValue>>> {
        Some(match key {
            "startedDateTime" => &mut self.started,
            "request" => &mut self.request,
            "response" => &mut self.response,
            "timings" => &mut self.timings,
            "serverIPAddress" => &mut self.server_address,
            "_serverPort" => &mut self.server_port,
            "_resourceType" => &mut self.resource_type,
            "_wscopeError" => &mut self.error,
            "_wscopeViolations" => &mut self.violations,
            "_webSocketClose" => &mut self.close,
            "_wscope" => &mut self.own,
            _ => return None,
        })
    }
}

/// Parses a document. `is_wanted` says of a whole entry whether to keep it.
pub(super) fn parse(
    file: impl Read,
    limit: u64,
    progress: &Progress,
    warnings: &mut Warnings,
    is_wanted: &dyn Fn(&Entry) -> bool,
) -> Document {
    let mut parser = Parser {
        progress,
        warnings,
        is_wanted,
        entries: Vec::new(),
        current: None,
        count: 0,
        own: None,
        has_entries: false,
    };
    let mut json = serde_json::Deserializer::from_reader(Input::new(file, limit, progress));
    let result = json.deserialize_map(Root(&mut parser)).and_then(|()| json.end());
    // Its values may say that it is not wanted, but it may also lack those that would say that it is.
    let current = parser.current.take();
    parser.entries.extend(current.filter(|entry| entry.messages.is_some() || is_wanted(entry)));
    let Parser { entries, own, has_entries, .. } = parser;
    Document { entries, own, has_entries, error: result.err() }
}

struct Parser<'a> {
    progress: &'a Progress,
    warnings: &'a mut Warnings,
    is_wanted: &'a dyn Fn(&Entry) -> bool,
    entries: Vec<Entry>,
    /// The entry that is being parsed.
    current: Option<Entry>,
    /// Of all entries.
    count: u64,
    own: Option<Box<RawValue>>,
    has_entries: bool,
}

impl Parser<'_> {
    fn warn(&mut self, reason: &str) {
        let reason = self.named(reason);
        self.warnings.add(self.progress.place(), &reason);
    }

    fn named(&self, reason: &str) -> String {
        format!("entry {}: {reason}", self.count)
    }

    /// Warns of what could not be read of a list, and remembers that the current entry lacks messages.
    fn skip(&mut self, kind: List, reason: &str) {
        self.warn(reason);
        if kind == List::Control {
            return; // the messages are there
        }
        let (place, reason) = (self.progress.place(), self.named(reason));
        let Some(entry) = &mut self.current else { return };
        match &mut entry.skipped {
            Some(skipped) => skipped.others += 1,
            none => *none = Some(Skipped { place, reason, others: 0 }),
        }
    }
}

/// The methods of a visitor for strings, numbers and booleans: all pass over the value by `Self::other`.
macro_rules! other_scalars {
    () => {
        other_scalars! { visit_str: &str, visit_bool: bool, visit_u64: u64, visit_i64: i64, visit_f64: f64 }
    };
    ($($visit:ident: $value:ty),+) => {
        $(
            fn $visit<E>(self, _: $value) -> Result<(), E> {
                self.other();
                Ok(())
            }
        )+
    };
}

/// Visits an object: an implementation for each kind of object takes the values of the keys that it knows.
macro_rules! objects {
    ($name:ident, $expecting:literal, |$parser:ident, $key:ident, $map:ident| $value:expr) => {
        struct $name<'a, 'b>(&'a mut Parser<'b>);

        impl<'de> Visitor<'de> for $name<'_, '_> {
            type Value = ();

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($expecting)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut $map: A) -> Result<(), A::Error> {
                let $parser = self.0;
                while let Some($key) = $map.next_key::<String>()? {
                    $value
                }
                Ok(())
            }
        }

        impl<'de> DeserializeSeed<'de> for $name<'_, '_> {
            type Value = ();

            fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
                json.deserialize_map(self)
            }
        }
    };
}

objects!(Root, "an object that has `log`", |parser, key, map| match &*key {
    "log" => map.next_value_seed(Log(parser))?,
    _ => drop(map.next_value::<IgnoredAny>()?),
});

objects!(Log, "an object as `log`", |parser, key, map| match &*key {
    "entries" => {
        parser.has_entries = true;
        map.next_value_seed(Entries(parser))?;
    }
    "_wscope" => parser.own = map.next_value()?,
    _ => drop(map.next_value::<IgnoredAny>()?),
});

struct Entries<'a, 'b>(&'a mut Parser<'b>);

impl<'de> Visitor<'de> for Entries<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array as `log.entries`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let parser = self.0;
        while entries.next_element_seed(EntrySeed(parser))?.is_some() {
            let entry = parser.current.take();
            parser.entries.extend(entry.filter(|entry| (parser.is_wanted)(entry)));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Entries<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

struct EntrySeed<'a, 'b>(&'a mut Parser<'b>);

impl<'de> Visitor<'de> for EntrySeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entry")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let parser = self.0;
        parser.count += 1;
        let (number, place) = (parser.count, Some(parser.progress.place()));
        parser.current = Some(Entry { number, place, ..Entry::default() });
        while let Some(key) = map.next_key::<String>()? {
            match &*key {
                "_webSocketMessages" => map.next_value_seed(Messages(parser, List::Messages))?,
                "_webSocketControl" => map.next_value_seed(Messages(parser, List::Control))?,
                _ => {
                    let known = parser.current.as_mut().and_then(|entry| entry.values.of(&key));
                    match known {
                        Some(value) => *value = map.next_value()?,
                        None => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        self.other();
        Ok(())
    }

    other_scalars!();

    fn visit_unit<E>(self) -> Result<(), E> {
        self.other();
        Ok(())
    }
}

impl EntrySeed<'_, '_> {
    fn other(self) {
        self.0.count += 1;
        self.0.warn("it is not an object: skipped");
    }
}

impl<'de> DeserializeSeed<'de> for EntrySeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        // With serde_json's `arbitrary_precision` a number may be an object with an unknown key: an empty entry.
        json.deserialize_any(self)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Messages,
    Control,
}

impl List {
    const fn name(self) -> &'static str {
        match self {
            Self::Messages => "_webSocketMessages",
            Self::Control => "_webSocketControl",
        }
    }
}

/// The messages of the current entry.
struct Messages<'a, 'b>(&'a mut Parser<'b>, List);

impl<'de> Visitor<'de> for Messages<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self(parser, kind) = self;
        let mut number: u64 = 0;
        let mut odd_times: u64 = 0;
        // There even if it is empty: it says that this is a WebSocket.
        parser.current.as_mut().map(|entry| entry.list(kind)).ok_or_else(no_entry)?;
        while let Some(value) = list.next_element::<Box<RawValue>>()? {
            let name = format!("{}[{number}]", kind.name());
            number += 1;
            let warn = &mut |reason: &str| parser.warn(&format!("{name}: {reason}"));
            let message = match Message::parse(&value, warn) {
                Ok(message) => message,
                Err(reason) => {
                    parser.skip(kind, &format!("{name}: {reason}"));
                    continue;
                }
            };
            if message.has_odd_time {
                odd_times += 1;
                if odd_times == 1 {
                    let reason = "`time` is not a time: it follows the one before";
                    parser.warn(&format!("{name}: {reason}"));
                }
            }
            parser.current.as_mut().ok_or_else(no_entry)?.list(kind).push(message);
        }
        if odd_times > 1 {
            let more = counted(odd_times - 1, "message");
            parser.warn(&format!("{}: the same for {more} behind that", kind.name()));
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.other();
        Ok(())
    }

    other_scalars!();
}

fn no_entry<E: serde::de::Error>() -> E {
    E::custom("a list of messages without an entry")
}

impl Messages<'_, '_> {
    fn other(self) {
        let reason = format!("{} is not an array: skipped", self.1.name());
        self.0.skip(self.1, &reason);
    }
}

impl<'de> DeserializeSeed<'de> for Messages<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl Entry {
    fn list(&mut self, list: List) -> &mut Vec<Message> {
        match list {
            List::Messages => self.messages.get_or_insert_default(),
            List::Control => &mut self.control,
        }
    }
}
