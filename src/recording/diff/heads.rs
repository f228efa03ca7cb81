//! Differences between two opening handshakes.

use std::collections::HashMap;

use crate::event::head_view::HeadLine;
use crate::event::{HeadView, Opened};

/// A difference between two opening handshakes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadDifference {
    /// Where it is: "request", "response", or another property of the connection.
    pub part: &'static str,
    /// The name of the header field; `None`: of what has no name.
    pub name: Option<String>,
    /// What the first recording has.
    pub one: Option<String>,
    /// What the second recording has.
    pub other: Option<String>,
    /// The names are the same ones, in another order.
    pub is_order: bool,
}

/// Header fields that differ each time.
const UNIQUE: [&str; 3] = ["sec-websocket-key", "sec-websocket-accept", "date"];

/// What the list calls a line that is not a header field.
const MALFORMED: &str = "(malformed line)";

/// How many header fields of a head are compared: the work grows with the square of their number.
const MAX_FIELDS: usize = 1000;

/// A header field: its name in lower case, its name, its value.
type Field = (String, String, String);

/// The differences between two opening handshakes, without keys and times.
pub(super) fn differences(one: &Opened, other: &Opened) -> Vec<HeadDifference> {
    let mut list = Vec::new();
    property(&mut list, "URL", Some(&one.url), Some(&other.url));
    let is_same_url = list.is_empty();
    let [one_request, other_request] = [&one.request, &other.request];
    if has(one_request) && has(other_request) {
        // Another URL is not reported again where the request repeats it.
        if is_same_url {
            start_lines(&mut list, "request line", one_request, other_request);
        }
        let skipped: &[&str] = if is_same_url { &[] } else { &["host"] };
        fields(&mut list, "request", one_request, other_request, skipped);
    }
    if has(&one.response) && has(&other.response) {
        start_lines(&mut list, "status line", &one.response, &other.response);
        fields(&mut list, "response", &one.response, &other.response, &[]);
    } else {
        let [ours, theirs] = [one, other].map(|it| it.protocol.as_deref());
        property(&mut list, "subprotocol", ours, theirs);
        let [ours, theirs] = [one, other].map(|it| it.extensions.as_deref());
        property(&mut list, "extensions", ours, theirs);
    }
    list
}

/// Whether a head was recorded.
fn has(head: &HeadView) -> bool {
    !head.fields.is_empty()
}

fn property(
    list: &mut Vec<HeadDifference>,
    part: &'static str,
    one: Option<&str>,
    other: Option<&str>,
) {
    if one != other {
        let [one, other] = [one, other].map(|value| value.map(str::to_owned));
        list.push(HeadDifference { part, name: None, one, other, is_order: false });
    }
}

fn start_lines(
    list: &mut Vec<HeadDifference>,
    part: &'static str,
    one: &HeadView,
    other: &HeadView,
) {
    let [one, other] = [one, other].map(|head| String::from_utf8_lossy(&head.start_line));
    // Some programs do not record them.
    if !one.is_empty() && !other.is_empty() {
        property(list, part, Some(&one), Some(&other));
    }
}

fn fields(
    list: &mut Vec<HeadDifference>,
    part: &'static str,
    one: &HeadView,
    other: &HeadView,
    skipped: &[&str],
) {
    let [one, other] = [one, other].map(|head| compared(head, skipped));
    let mut left: HashMap<&str, Vec<&Field>> = HashMap::new();
    for field in &other {
        left.entry(&field.0).or_default().push(field);
    }
    // Equal ones first: of several with the same name one may be missing.
    let mut missing = Vec::new();
    for field in &one {
        let rest = left.entry(&field.0).or_default();
        let equal = rest.iter().position(|it| it.1 == field.1 && it.2 == field.2);
        let respelt = || rest.iter().position(|it| it.2 == field.2);
        match equal.or_else(respelt).map(|place| rest.remove(place)) {
            Some(found) if found.1 != field.1 => {
                let [one, other] = [field, found].map(|it| Some(format!("{}: {}", it.1, it.2)));
                let name = Some(field.1.clone());
                list.push(HeadDifference { part, name, one, other, is_order: false });
            }
            Some(_) => {}
            None => missing.push(field),
        }
    }
    for field in missing {
        let rest = left.entry(&field.0).or_default();
        let changed = (!rest.is_empty()).then(|| rest.remove(0).2.clone());
        let (name, one) = (Some(field.1.clone()), Some(field.2.clone()));
        list.push(HeadDifference { part, name, one, other: changed, is_order: false });
    }
    for field in &other {
        let rest = left.entry(&field.0).or_default();
        if let Some(place) = rest.iter().position(|it| std::ptr::eq(*it, field)) {
            rest.remove(place);
            let (name, added) = (Some(field.1.clone()), Some(field.2.clone()));
            list.push(HeadDifference { part, name, one: None, other: added, is_order: false });
        }
    }
    if has_same_names(&one, &other) {
        order(list, part, &one, &other);
    }
}

/// The header fields that are compared.
fn compared(head: &HeadView, skipped: &[&str]) -> Vec<Field> {
    let lines = head.lines().take(MAX_FIELDS).map(|line| match line {
        HeadLine::Field(name, value) => (name.to_owned(), value),
        HeadLine::Malformed(text) => (MALFORMED.to_owned(), text),
    });
    let fields = lines.map(|(name, value)| {
        (name.to_ascii_lowercase(), name, String::from_utf8_lossy(value).into_owned())
    });
    fields.filter(|it| !UNIQUE.contains(&&*it.0) && !skipped.contains(&&*it.0)).collect()
}

fn has_same_names(one: &[Field], other: &[Field]) -> bool {
    let names = |fields: &[Field]| {
        let mut names: Vec<_> = fields.iter().map(|it| it.0.clone()).collect();
        names.sort_unstable();
        names
    };
    names(one) == names(other)
}

/// The order of the names, if that is all that differs in them.
fn order(list: &mut Vec<HeadDifference>, part: &'static str, one: &[Field], other: &[Field]) {
    let is_same = one.iter().map(|it| &it.0).eq(other.iter().map(|it| &it.0));
    if !is_same {
        let names = |fields: &[Field]| {
            let names: Vec<_> = fields.iter().map(|it| &*it.1).collect();
            Some(names.join(", "))
        };
        let (one, other) = (names(one), names(other));
        list.push(HeadDifference { part, name: None, one, other, is_order: true });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::replay::testing::opened_with;

    /// The differences between handshakes: URL, request and response.
    fn found(one: [&str; 3], other: [&str; 3]) -> String {
        let differences =
            differences(&opened_with(one), &opened_with(other)).into_iter().map(|it| {
                let name = it.name.map(|name| format!(" {name}")).unwrap_or_default();
                let value = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
                let order = if it.is_order { "order " } else { "" };
                format!("{order}{}{name}: {} | {}", it.part, value(it.one), value(it.other))
            });
        differences.collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn heads_differ_in_fields_and_their_order() {
        const URL: &str = "ws://a/x";
        for (one, other, expected) in [
            ("Host: a;A: 1", "Host: a;A: 1", ""),
            ("A: 1;Sec-WebSocket-Key: x;Date: 1", "A: 1;sec-websocket-key: y;Date: 2", ""),
            ("A: 1", "A: 2", "request A: 1 | 2"),
            ("A: 1;B: 2", "A: 1", "request B: 2 | -"),
            ("A: 1", "A: 1;B: 2", "request B: - | 2"),
            ("A: 1", "a: 1", "request A: A: 1 | a: 1"),
            ("A: 1", "a: 2", "request A: 1 | 2"),
            ("A: 1;A: 2", "A: 2", "request A: 1 | -"),
            ("A: 1;B: 2", "B: 2;A: 1", "order request: A, B | B, A"),
            ("A: 1;B: 2", "B: 3;A: 1", "request B: 2 | 3; order request: A, B | B, A"),
            ("A: ***", "A: ***", ""),
            ("A: 1;bad", "A: 1", "request (malformed line): bad | -"),
            // Not recorded by one.
            ("", "A: 1", ""),
        ] {
            assert_eq!(found([URL, one, ""], [URL, other, ""]), expected, "{one} {other}");
        }
        let response = found([URL, "", "Server: x"], [URL, "", "Server: y"]);
        assert_eq!(response, "response Server: x | y");
    }

    #[test]
    fn another_url_is_reported_once() {
        assert_eq!(
            found(["ws://a/x", "Host: a", ""], ["wss://b/x", "Host: b", ""]),
            "URL: ws://a/x | wss://b/x"
        );
        assert_eq!(
            found(["ws://a/x", "Host: a", ""], ["ws://a/x", "Host: b", ""]),
            "request Host: a | b"
        );
    }
}
