//! Differences for programs: an object for each, and one with the counts.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::connection::{Connection, End};
use super::difference::{Difference, Found, Totals, ValueChanges};
use super::item::{Item, ItemKind};
use crate::protocol::close::ClosePayload;

/// A difference. `a` is what the first recording has, `b` what the second one has; `null`: nothing.
pub fn difference(found: &Found<'_>) -> Value {
    let mut object = Map::new();
    object.insert("event".to_owned(), "difference".into());
    object.insert("kind".to_owned(), kind(found).into());
    let [one, other] = found.connections.map(|it| it.map(|it| it.label.clone()));
    object.insert("connection".to_owned(), json!({"a": one, "b": other}));
    let mut both = |one: Value, other: Value| {
        object.insert("a".to_owned(), one);
        object.insert("b".to_owned(), other);
    };
    let [one, other] = found.connections;
    match &found.what {
        Difference::Connection => both(optional(one, summary), optional(other, summary)),
        Difference::Opening => both(optional(one, opening), optional(other, opening)),
        Difference::Head(head) => {
            both(head.one.clone().into(), head.other.clone().into());
            object.insert("part".to_owned(), head.part.into());
            object.insert("name".to_owned(), head.name.clone().into());
            object.insert("order".to_owned(), head.is_order.into());
        }
        Difference::Missing(item) => both(message(item), Value::Null),
        Difference::Added(item) => both(Value::Null, message(item)),
        Difference::Changed([one, other], changes) => {
            both(message(one), message(other));
            object.extend(list(changes));
        }
        Difference::Gap(items, gaps) => {
            let of = |index: usize| {
                let number = items.map(|items| items[index].number);
                json!({"message": number, "gap_ms": millis(gaps[index])})
            };
            both(of(0), of(1));
        }
        Difference::OpeningTime(times) => {
            let [one, other] = times.map(|time| json!({"opening_ms": millis(time)}));
            both(one, other);
        }
        Difference::Close([one, other]) => both(end(one), end(other)),
    }
    Value::Object(object)
}

/// The counts.
pub fn totals(totals: &Totals) -> Value {
    json!({
        "event": "summary",
        "differences": totals.differences(),
        "same": totals.same,
        "missing": totals.missing,
        "added": totals.added,
        "changed": totals.changed,
        "closes": totals.closes,
        "openings": totals.openings,
        "handshakes": totals.heads,
        "times": totals.times,
        "missing_connections": totals.missing_connections,
        "added_connections": totals.added_connections,
        "connections": totals.connections,
    })
}

fn kind(found: &Found<'_>) -> &'static str {
    match &found.what {
        Difference::Connection => match found.connections[0] {
            Some(_) => "missing_connection",
            None => "added_connection",
        },
        Difference::Opening => "opening",
        Difference::Head(_) => "handshake",
        Difference::Missing(_) => "missing",
        Difference::Added(_) => "added",
        Difference::Changed(..) => "changed",
        Difference::Gap(Some(_), _) | Difference::OpeningTime(_) => "timing",
        Difference::Gap(None, _) => "timing_of_end",
        Difference::Close(_) => "close",
    }
}

fn optional(connection: Option<&Connection>, object: fn(&Connection) -> Value) -> Value {
    connection.map_or(Value::Null, object)
}

fn summary(connection: &Connection) -> Value {
    json!({"url": connection.url, "messages": connection.items.len()})
}

fn opening(connection: &Connection) -> Value {
    let failure = connection.failure.as_ref().filter(|_| !connection.is_open());
    json!({
        "open": connection.is_open(),
        "error": failure.map(|failure| &failure.message),
        "status": failure.and_then(|failure| failure.response.as_ref()).map(|it| it.status),
        "messages": connection.items.len(),
    })
}

/// A message as in events, but with its number and who sent it: "client" or "server".
fn message(item: &Item) -> Value {
    let mut object = Map::new();
    object.insert("message".to_owned(), item.number.into());
    object.insert("elapsed_ms".to_owned(), millis(item.at));
    object.insert("direction".to_owned(), item.side.name().into());
    object.insert("type".to_owned(), item.kind.name().into());
    match item.kind {
        ItemKind::Text | ItemKind::File => {
            let name = if item.kind == ItemKind::File { "path" } else { "data" };
            object.insert(name.to_owned(), String::from_utf8_lossy(&item.data).into());
        }
        ItemKind::Binary | ItemKind::Ping | ItemKind::Pong => {
            object.insert("encoding".to_owned(), "base64".into());
            object.insert("data".to_owned(), data_encoding::BASE64.encode(&item.data).into());
        }
    }
    object.insert("size".to_owned(), item.size.into());
    if item.kind != ItemKind::File && item.data.len() as u64 != item.size {
        object.insert("truncated".to_owned(), true.into());
    }
    Value::Object(object)
}

/// The places that changed, and how many there are. A place that is not there has no `a` or `b`.
fn list(changes: &ValueChanges) -> Vec<(String, Value)> {
    let place = |key: &str, place: &str, one: Option<Value>, other: Option<Value>| {
        let mut object = Map::new();
        object.insert(key.to_owned(), place.into());
        object.extend(one.map(|value| ("a".to_owned(), value)));
        object.extend(other.map(|value| ("b".to_owned(), value)));
        Value::Object(object)
    };
    let (list, count): (Vec<Value>, Option<usize>) = match changes {
        ValueChanges::Json(list, count) => {
            let places =
                list.iter().map(|it| place("path", &it.path, it.one.clone(), it.other.clone()));
            (places.collect(), Some(*count))
        }
        ValueChanges::Place(it) => {
            let [one, other] = [&it.recorded, &it.now].map(|it| it.clone().map(Value::from));
            (vec![place("place", &it.place, one, other)], Some(1))
        }
        ValueChanges::NotKept => (Vec::new(), None),
    };
    vec![("changes".to_owned(), list.into()), ("count".to_owned(), json!(count))]
}

fn end(end: &End) -> Value {
    json!({
        "initiator": end.initiator.map(|side| side.name()),
        "client": close(end.client.as_ref()),
        "server": close(end.server.as_ref()),
        "was_clean": end.was_clean,
    })
}

fn close(close: Option<&ClosePayload>) -> Value {
    close.map_or(Value::Null, |close| {
        let code = close.code.map_or(1005, |code| code.get());
        json!({"code": code, "reason": close.reason})
    })
}

/// Milliseconds with three decimals, as in events.
fn millis(time: Duration) -> Value {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    json!(micros as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::recording::compare::Ignore;
    use crate::recording::replay::Side;

    fn item(kind: ItemKind, text: &str) -> Item {
        let data = Bytes::copy_from_slice(text.as_bytes());
        Item::new(kind, Side::Server, data, &Ignore::default())
    }

    #[test]
    fn a_change_has_both_messages_and_values() {
        let (one, other) = (item(ItemKind::Text, r#"{"v":null}"#), item(ItemKind::Text, "{}"));
        let changes = ValueChanges::between(&one, &other, &Ignore::default(), 9);
        let what = Difference::Changed([&one, &other], changes);
        let found = Found { connections: [None, None], what };
        let text = difference(&found).to_string();
        assert_eq!(
            text,
            concat!(
                r#"{"event":"difference","kind":"changed","connection":{"a":null,"b":null},"#,
                r#""a":{"message":0,"elapsed_ms":0.0,"direction":"server","type":"text","#,
                r#""data":"{\"v\":null}","size":10},"#,
                r#""b":{"message":0,"elapsed_ms":0.0,"direction":"server","type":"text","#,
                r#""data":"{}","size":2},"#,
                r#""changes":[{"path":"$.v","a":null}],"count":1}"#
            )
        );
    }

    #[test]
    fn messages_are_written_as_in_events() {
        let binary = message(&item(ItemKind::Binary, "a\u{0}"));
        assert_eq!((&binary["encoding"], &binary["data"]), (&json!("base64"), &json!("YQA=")));
        let mut long = item(ItemKind::Text, &"a".repeat(100));
        long.shorten();
        let long = message(&long);
        assert_eq!((&long["truncated"], &long["size"]), (&json!(true), &json!(100)));
        let file = Item::file(Side::Client, crate::protocol::MessageKind::Text, "p", 7);
        let file = message(&file);
        assert_eq!((&file["path"], &file["size"]), (&json!("p"), &json!(7)));
        assert!(file.get("truncated").is_none());
    }
}
