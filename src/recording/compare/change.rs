//! How one message differs from another, for people.

use serde_json::Value;

use super::{Content, Ignore, json_of};
use crate::output::escape::{Newlines, escape, escape_bytes};
use crate::protocol::MessageKind;
use crate::scenario::difference::{Step, json_path, shortened};
use crate::scenario::number;

/// One place in which two messages differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The place: a JSONPath, or in words; safe to show.
    pub place: String,
    /// What the recording has there, shortened and safe to show; `None`: nothing.
    pub recorded: Option<String>,
    /// What came instead.
    pub now: Option<String>,
}

/// The places in which two messages differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The first ones.
    pub list: Vec<Change>,
    /// How many there are.
    pub count: usize,
    /// How many values were compared.
    pub compared: usize,
}

/// How many places of a message are shown.
const MAX_CHANGES: usize = 5;

/// How many characters, or bytes of binary messages, are shown before and from the place of a difference.
const BEFORE: usize = 10;
const FROM: usize = 40;

/// How many bytes of a message are shown where it is not compared.
const MAX_SHOWN: usize = 60;

impl Changes {
    /// Compares a message with what was recorded.
    pub fn between(recorded: &Content, now: &Content, ignore: &Ignore) -> Self {
        let mut changes = Self::default();
        if recorded.kind != now.kind {
            let name = |content: &Content| Some(content.kind.name().to_owned());
            changes.note(|| ("type".to_owned(), name(recorded), name(now)));
            return changes;
        }
        match (json_of(&recorded.data, ignore), json_of(&now.data, ignore)) {
            (Some(recorded), Some(now)) => {
                changes.visit(&mut Vec::new(), Some(&recorded), Some(&now));
            }
            _ => changes.compare_bytes(recorded, now),
        }
        changes
    }

    /// How much differs: from 0, nothing, to 1, everything.
    pub fn distance(&self) -> f64 {
        match self.compared {
            0 if self.count == 0 => 0.0,
            0 => 1.0,
            compared => (self.count as f64 / compared as f64).min(1.0),
        }
    }

    fn visit<'a>(
        &mut self,
        path: &mut Vec<Step<'a>>,
        recorded: Option<&'a Value>,
        now: Option<&'a Value>,
    ) {
        match (recorded, now) {
            (Some(Value::Object(recorded)), Some(Value::Object(now))) => {
                let added = now.iter().filter(|(name, _)| !recorded.contains_key(*name));
                let kept = recorded.iter().map(|(name, value)| (name, Some(value), now.get(name)));
                for (name, recorded, now) in kept.chain(added.map(|(n, v)| (n, None, Some(v)))) {
                    path.push(Step::Member(name));
                    self.visit(path, recorded, now);
                    path.pop();
                }
            }
            (Some(Value::Array(recorded)), Some(Value::Array(now))) => {
                for index in 0..recorded.len().max(now.len()) {
                    path.push(Step::Element(index));
                    self.visit(path, recorded.get(index), now.get(index));
                    path.pop();
                }
            }
            (recorded, now) => {
                self.compared += 1;
                let is_equal = match (recorded, now) {
                    (Some(Value::Number(one)), Some(Value::Number(other))) => {
                        number::are_equal(one, other)
                    }
                    (one, other) => one == other,
                };
                if !is_equal {
                    let text =
                        |value: &Value| escape(&shortened(value), Newlines::Escape).into_owned();
                    self.note(|| {
                        let place = escape(&json_path(path), Newlines::Escape).into_owned();
                        (place, recorded.map(text), now.map(text))
                    });
                }
            }
        }
    }

    fn compare_bytes(&mut self, recorded: &Content, now: &Content) {
        let (one, other) = (&recorded.data[..], &now.data[..]);
        let length = one.len().max(other.len());
        if one == other {
            self.compared = length;
            return;
        }
        let common = |one: &mut dyn Iterator<Item = (u8, u8)>| {
            one.take_while(|(one, other)| one == other).count()
        };
        let start = common(&mut std::iter::zip(one.iter().copied(), other.iter().copied()));
        let rest = one.len().min(other.len()) - start;
        let ends = std::iter::zip(one.iter().rev().copied(), other.iter().rev().copied());
        let end = common(&mut ends.take(rest));
        let text = |content: &Content| match content.kind {
            MessageKind::Text => Some(text_at(&content.data, start)),
            MessageKind::Binary => Some(bytes_at(&content.data, start)),
        };
        self.note(|| {
            let place = match recorded.kind {
                MessageKind::Text => {
                    let before = String::from_utf8_lossy(&one[..start]);
                    format!("character {}", before.chars().count() + 1)
                }
                MessageKind::Binary => format!("byte {}", start + 1),
            };
            (place, text(recorded), text(now))
        });
        (self.compared, self.count) = (length, length - start - end);
    }

    fn note(&mut self, change: impl FnOnce() -> (String, Option<String>, Option<String>)) {
        self.count += 1;
        if self.list.len() < MAX_CHANGES {
            let (place, recorded, now) = change();
            self.list.push(Change { place, recorded, now });
        }
    }
}

/// A text around a place, in quotes.
fn text_at(data: &[u8], at: usize) -> String {
    let text = String::from_utf8_lossy(data);
    let mut from = at.min(text.len());
    while !text.is_char_boundary(from) {
        from -= 1;
    }
    let start = text[..from].char_indices().rev().nth(BEFORE - 1).map_or(0, |(at, _)| at);
    let end = text[from..].char_indices().nth(FROM).map_or(text.len(), |(length, _)| from + length);
    let dots = |is_cut| if is_cut { "…" } else { "" };
    let shown = escape(&text[start..end], Newlines::Escape);
    format!("{}\"{shown}\"{}", dots(start > 0), dots(end < text.len()))
}

/// Bytes around a place, in hexadecimal.
fn bytes_at(data: &[u8], at: usize) -> String {
    let start = at.saturating_sub(BEFORE / 2).min(data.len());
    let end = data.len().min(start.saturating_add(FROM / 2));
    let dots = |is_cut| if is_cut { "…" } else { "" };
    let hex = data_encoding::HEXLOWER.encode(&data[start..end]);
    format!("{}hex:{hex}{}", dots(start > 0), dots(end < data.len()))
}

/// The start of a message, on one line and safe to show. JSON stays as it is, other text is in quotes.
pub fn shown(content: &Content) -> String {
    let data = &content.data[..];
    let start = &data[..data.len().min(MAX_SHOWN)];
    let dots = if start.len() < data.len() { "…" } else { "" };
    match content.kind {
        MessageKind::Binary => bytes_at(data, 0),
        MessageKind::Text => {
            // Not in the middle of a character.
            let cut = match str::from_utf8(start) {
                Err(error) if error.error_len().is_none() => &start[..error.valid_up_to()],
                _ => start,
            };
            let text = escape_bytes(cut, Newlines::Escape);
            match cut.first() {
                Some(b'{' | b'[') => format!("{text}{dots}"),
                _ => format!("\"{text}\"{dots}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(recorded: &str, now: &str) -> Vec<String> {
        let content = |text: &str| Content::new(MessageKind::Text, text.as_bytes().to_vec());
        let changes = Changes::between(&content(recorded), &content(now), &Ignore::default());
        let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        let line = |it: Change| format!("{} {} {}", it.place, text(it.recorded), text(it.now));
        changes.list.into_iter().map(line).collect()
    }

    #[test]
    fn json_differs_at_paths() {
        for (recorded, now, expected) in [
            (r#"{"a":1}"#, r#"{"a":1.0}"#, &[][..]),
            (r#"{"a":1,"b":"x"}"#, r#"{"b":"y","a":2}"#, &["$.a 1 2", r#"$.b "x" "y""#]),
            (r#"{"a":1}"#, r#"{"b":[2]}"#, &["$.a 1 -", "$.b - [2]"]),
            ("[1,2,3]", "[1,4]", &["$[1] 2 4", "$[2] 3 -"]),
            (
                r#"{"a":{"b c":[{"d":1}]}}"#,
                r#"{"a":{"b c":[{"d":null}]}}"#,
                &[r#"$.a["b c"][0].d 1 null"#],
            ),
            (r#"{"a":{}}"#, r#"{"a":[]}"#, &["$.a {} []"]),
            (r#"{"a\u001b":1}"#, r#"{"a\u001b":2}"#, &[r#"$["a\u001b"] 1 2"#]),
            (
                "[1,1,1,1,1,1,1]",
                "[2,2,2,2,2,2,2]",
                &["$[0] 1 2", "$[1] 1 2", "$[2] 1 2", "$[3] 1 2", "$[4] 1 2"],
            ),
        ] {
            assert_eq!(changes(recorded, now), expected, "{recorded} {now}");
        }
    }

    #[test]
    fn other_text_differs_at_a_character() {
        for (recorded, now, expected) in [
            ("same", "same", &[][..]),
            ("hello", "hallo", &[r#"character 2 "hello" "hallo""#]),
            ("ééé", "éxé", &[r#"character 2 "ééé" "éxé""#]),
            ("", "a", &[r#"character 1 "" "a""#]),
            ("a\u{1b}", "b", &[r#"character 1 "a\e" "b""#]),
            ("[1]", "[1", &[r#"character 3 "[1]" "[1""#]),
        ] {
            assert_eq!(changes(recorded, now), expected, "{recorded} {now}");
        }
        let [one, other] = ["x", "y"].map(|c| format!("{}{c}{}", "a".repeat(30), "b".repeat(50)));
        let around = |c| format!("…\"aaaaaaaaaa{c}{}\"…", "b".repeat(39));
        assert_eq!(
            changes(&one, &other),
            [format!("character 31 {} {}", around('x'), around('y'))]
        );
    }

    #[test]
    fn types_and_bytes_differ() {
        let content = |kind, data: &[u8]| Content::new(kind, data.to_vec());
        use MessageKind::{Binary, Text};
        for (recorded, now, place, values) in [
            (content(Text, b"a"), content(Binary, b"a"), "type", ["text", "binary"]),
            (
                content(Binary, &[1, 2, 255]),
                content(Binary, &[1, 3]),
                "byte 2",
                ["hex:0102ff", "hex:0103"],
            ),
        ] {
            let changes = Changes::between(&recorded, &now, &Ignore::default());
            let [change] = &changes.list[..] else { panic!("{changes:?}") };
            assert_eq!(change.place, place);
            assert_eq!(
                [&change.recorded, &change.now],
                values.map(|it| Some(it.to_owned())).each_ref()
            );
        }
    }

    #[test]
    fn distances_are_shares_of_what_differs() {
        for (recorded, now, expected) in [
            ("[1,2,3,4]", "[1,2,3,5]", 0.25),
            ("[1]", "[1]", 0.0),
            ("[]", "[]", 0.0),
            ("abcd", "abxd", 0.25),
            ("", "ab", 1.0),
            ("[1]", "x", 1.0),
        ] {
            let content = |text: &str| Content::new(MessageKind::Text, text.as_bytes().to_vec());
            let changes = Changes::between(&content(recorded), &content(now), &Ignore::default());
            assert_eq!(changes.distance(), expected, "{recorded} {now}");
        }
    }

    #[test]
    fn the_start_of_a_message_is_shown_on_one_line() {
        let text = |text: &str| shown(&Content::new(MessageKind::Text, text.as_bytes().to_vec()));
        assert_eq!(text(r#"{"a":1}"#), r#"{"a":1}"#);
        assert_eq!(text("a\nb"), r#""a\nb""#);
        assert_eq!(text(&"é".repeat(40)), format!("\"{}\"…", "é".repeat(30)));
        assert_eq!(text(&format!("a{}", "é".repeat(40))), format!("\"a{}\"…", "é".repeat(29)));
        let binary = Content::new(MessageKind::Binary, vec![0, 255]);
        assert_eq!(shown(&binary), "hex:00ff");
    }
}
