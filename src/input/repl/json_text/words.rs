//! Keys and strings of JSON messages, for completion in JSON that is being typed.

use std::collections::HashSet;

use super::tokens::{Kind, Token, tokens};
use crate::output::escape;

/// A longer string is not offered, in characters.
const MAX_WORD: usize = 200;

/// Of the strings of all messages, so many are looked at.
const MAX_LOOKED_AT: usize = 50_000;

/// The most strings that are offered.
const MAX_OFFERED: usize = 100;

/// The string that is being typed at the end of a text.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::input::repl) struct OpenString<'t> {
    /// What is typed of it, without its quote.
    pub(in crate::input::repl) start: &'t str,
    place: StringPlace,
}

/// Where a string stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum StringPlace {
    Key,
    /// As the value of this key, with its quotes; in an array of the key before that.
    Value(Option<String>),
}

/// The string at the end of a text that is not closed yet.
pub(in crate::input::repl) fn open_string(text: &str) -> Option<OpenString<'_>> {
    let mut places = Places::default();
    let mut last = None;
    for token in tokens(text) {
        last = places.take(token).map(|place| (token, place));
    }
    let (token, place) = last?;
    (!is_closed(token.text)).then(|| OpenString { start: &token.text[1..], place })
}

/// The strings that continue an open one, newest first, as they are written in JSON: those that were keys where it is one,
/// else values of the same key if there are any, else any values. `texts` are the messages, newest first.
pub(in crate::input::repl) fn continuations<'t>(
    open: &OpenString<'_>,
    texts: impl Iterator<Item = &'t str>,
) -> Vec<String> {
    let (mut of_key, mut others) = (Offers::default(), Offers::default());
    let mut looked_at = 0;
    for text in texts {
        let mut places = Places::default();
        for token in tokens(text) {
            let Some(place) = places.take(token) else { continue };
            looked_at += 1;
            if looked_at > MAX_LOOKED_AT {
                break;
            }
            match (&open.place, &place) {
                (StringPlace::Key, StringPlace::Key) => of_key.add(token, open.start),
                (StringPlace::Value(key), StringPlace::Value(other)) => {
                    let is_same = key.is_some() && key == other;
                    let offers = if is_same { &mut of_key } else { &mut others };
                    offers.add(token, open.start);
                }
                _ => {}
            }
        }
    }
    if of_key.words.is_empty() { others.words } else { of_key.words }
}

#[derive(Default)]
struct Offers {
    words: Vec<String>,
    seen: HashSet<String>,
}

impl Offers {
    fn add(&mut self, token: Token<'_>, start: &str) {
        if self.words.len() >= MAX_OFFERED || token.text.len() > MAX_WORD * 4 {
            return;
        }
        let Ok(text) = serde_json::from_str::<String>(token.text) else { return };
        let word = escaped(&text);
        let fits = word.len() > start.len() && word.starts_with(start);
        if fits && text.chars().count() <= MAX_WORD && self.seen.insert(text) {
            self.words.push(word);
        }
    }
}

/// A string as it is written between quotes. What cannot be seen is escaped, too.
fn escaped(text: &str) -> String {
    let mut word = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' => word.extend(['\\', c]),
            '\n' => word.push_str("\\n"),
            '\t' => word.push_str("\\t"),
            c if escape::is_hidden(c) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    word.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => word.push(c),
        }
    }
    word
}

fn is_closed(string: &str) -> bool {
    let inner = string.strip_suffix('"').filter(|inner| !inner.is_empty());
    inner.is_some_and(|inner| {
        let backslashes = inner.bytes().rev().take_while(|byte| *byte == b'\\').count();
        backslashes.is_multiple_of(2)
    })
}

/// Follows the tokens of a text to know where its strings stand.
#[derive(Default)]
struct Places {
    open: Vec<Container>,
}

struct Container {
    is_object: bool,
    /// A key comes next.
    awaits_key: bool,
    /// The last key, with its quotes; of an array that of the object around it.
    key: Option<String>,
}

impl Places {
    /// The place of a token, if it is a string.
    fn take(&mut self, token: Token<'_>) -> Option<StringPlace> {
        match (token.kind, self.open.last_mut()) {
            (Kind::Open, around) => {
                let is_object = token.text == "{";
                let key = around.and_then(|it| it.key.clone()).filter(|_| !is_object);
                self.open.push(Container { is_object, awaits_key: is_object, key });
            }
            (Kind::Close, _) => drop(self.open.pop()),
            (Kind::Comma, Some(container)) => container.awaits_key = container.is_object,
            (Kind::Colon, Some(container)) => container.awaits_key = false,
            (Kind::Key | Kind::Str, Some(container)) if container.awaits_key => {
                let is_kept = token.text.len() <= MAX_WORD;
                container.key = is_kept.then(|| token.text.to_owned());
                return Some(StringPlace::Key);
            }
            (Kind::Key | Kind::Str, container) => {
                return Some(StringPlace::Value(container.and_then(|it| it.key.clone())));
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGES: [&str; 4] = [
        r#"{"type":"error","user":{"name":"Kim","이름":"김"},"tags":["new","old"]}"#,
        r#"{"type":"hello","text":"he said \"hi\"\n\u202e"}"#,
        "no JSON \"type",
        r#"{"type":"hello","cut":"#,
    ];

    fn offered(typed: &str) -> Vec<String> {
        open_string(typed).map_or_else(Vec::new, |open| continuations(&open, MESSAGES.into_iter()))
    }

    #[test]
    fn keys_and_values_seen_before_are_offered() {
        for (typed, words) in [
            (r#"{""#, &["type", "user", "name", "이름", "tags", "text", "cut"][..]),
            (r#"{"t"#, &["type", "tags", "text"]),
            (r#"{"a":1,"na"#, &["name"]),
            (r#"{"a":{"이"#, &["이름"]),
            (r#"{"type":""#, &["error", "hello"]),
            (r#"{"type": "h"#, &["hello"]),
            (r#"{"tags":["n"#, &["new"]),
            (r#"{"text":"he"#, &[r#"he said \"hi\"\n\u202e"#]),
            (r#"{"other":"K"#, &["Kim"]),
            (r#"["o"#, &["old"]),
            (r#"{"type":"zz"#, &[]),
            (r#"{"type":"hello""#, &[]),
            (r#"{"type":"#, &[]),
            (r#"{"type":"a\""#, &[]),
            ("{", &[]),
            ("", &[]),
        ] {
            assert_eq!(offered(typed), words, "{typed}");
        }
    }

    #[test]
    fn what_is_looked_at_and_offered_is_limited() {
        let long = "x".repeat(MAX_WORD + 1);
        let text = format!(
            "[\"{long}\"{}]",
            (0..100_000).fold(String::new(), |text, n| text + &format!(",\"x{n}\""))
        );
        let open = open_string("[\"x").expect("open");
        let words = continuations(&open, std::iter::repeat_n(text.as_str(), 50));
        assert_eq!(words.len(), MAX_OFFERED);
        assert!(words.iter().all(|word| word.len() <= MAX_WORD));
    }
}
