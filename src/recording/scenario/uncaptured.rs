//! Values that a server sent and its client sent back where no variable stands in their place: a scenario names them.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};
use url::form_urlencoded::byte_serialize;

use super::captures::Captures;
use super::plain::escaped_in_json;
use super::texts::{MAX_READ, MAX_SOURCE, Text, TextKind, each_value, is_word_of_protocol, words};
use super::values::{Known, MAX_VALUE, MIN_VALUE, Piece};
use crate::scenario::pattern::bare_json;

/// How many values, in all of their forms, are looked for.
const MAX_FORMS: usize = 200_000;

/// The longest value that is looked for in other forms, in bytes.
const MAX_ENCODED: usize = 1024;

/// How many values are named for a message.
const MAX_NAMED: usize = 5;

/// The values, by the events of what sends them first.
#[derive(Debug, Default)]
pub(super) struct Uncaptured {
    by_event: BTreeMap<usize, Vec<Stale>>,
}

/// A value that is sent as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stale {
    /// As the server sent it.
    pub(super) value: String,
    /// As it is sent, if that is another form of it.
    pub(super) form: Option<String>,
}

impl Uncaptured {
    /// Finds them in what was sent and received, in the order of the events.
    pub(super) fn find(texts: &[Text<'_>], captures: &Captures) -> Self {
        let mut search = Search { left: MAX_READ, ..Search::default() };
        let mut found = Self::default();
        for (index, text) in texts.iter().enumerate() {
            match text.is_sent {
                false => search.received(text),
                true => {
                    let mut stale = Vec::new();
                    for part in parts(text, captures) {
                        search.sent(&part, &texts[..index], &mut stale);
                    }
                    stale.truncate(MAX_NAMED);
                    if !stale.is_empty() {
                        found.by_event.entry(text.number).or_default().extend(stale);
                    }
                }
            }
        }
        found
    }

    /// Those that this event sends.
    pub(super) fn of(&self, number: usize) -> &[Stale] {
        self.by_event.get(&number).map(Vec::as_slice).unwrap_or_default()
    }
}

/// What of a text is sent as it was recorded.
fn parts(text: &Text<'_>, captures: &Captures) -> Vec<String> {
    let plain = &text.plain.text;
    if text.kind == TextKind::Binary {
        return vec![plain.clone().into_owned()];
    }
    let pieces = captures.pieces(text.number, plain).into_iter();
    let recorded = pieces.filter_map(|piece| match piece {
        Piece::Text(part) => Some(part.into_owned()),
        Piece::Variable { .. } => None,
    });
    recorded.collect()
}

#[derive(Default)]
struct Search {
    /// Values of JSON that were received, in all their forms: the numbers are those of `given`.
    known: Known,
    given: Vec<Stale>,
    /// What was looked for.
    seen: BTreeSet<String>,
    /// How many bytes may still be read.
    left: usize,
}

impl Search {
    fn received(&mut self, text: &Text<'_>) {
        let json = match text.kind {
            TextKind::Message if text.text.len() <= MAX_SOURCE => bare_json(text.text),
            _ => None,
        };
        let Some(json) = json else { return };
        each_value(&json, &mut |_, member, value| {
            let is_fit = value.chars().count() >= MIN_VALUE && value.len() <= MAX_VALUE;
            if is_fit && !is_word_of_protocol(member, value) {
                self.add(value, None);
                forms(value).into_iter().for_each(|form| self.add(value, Some(form)));
            }
        });
    }

    fn add(&mut self, value: &str, form: Option<String>) {
        if self.given.len() < MAX_FORMS
            && self.known.add(form.as_deref().unwrap_or(value), self.given.len())
        {
            self.given.push(Stale { value: value.to_owned(), form });
        }
    }

    /// Adds what is sent in a part of a text that the server sent before.
    fn sent(&mut self, part: &str, before: &[Text<'_>], stale: &mut Vec<Stale>) {
        let known = self.known.find(part).into_iter();
        let known: BTreeSet<_> = known.map(|(.., number)| number).collect();
        for number in known {
            let given = self.given[number].clone();
            let form = given.form.clone().unwrap_or_else(|| given.value.clone());
            if self.seen.insert(form.clone()) && self.is_of_server(&form, &given.value, before) {
                stale.push(given);
            }
        }
        let is_fit = |word: &&str| {
            (MIN_VALUE..=MAX_VALUE).contains(&word.len())
                && word.bytes().any(|byte| byte.is_ascii_digit())
        };
        for word in words(part).filter(is_fit) {
            let is_named = |it: &Stale| {
                it.value.contains(word) || it.form.as_ref().is_some_and(|form| form.contains(word))
            };
            let is_new = !stale.iter().any(is_named) && self.seen.insert(word.to_owned());
            if is_new && self.is_of_server(word, word, before) {
                stale.push(Stale { value: word.to_owned(), form: None });
            }
        }
    }

    /// Whether the first text that has a value is one of the server. Not if it takes too long to find out.
    fn is_of_server(&mut self, form: &str, value: &str, texts: &[Text<'_>]) -> bool {
        let escaped = escaped_in_json(value);
        let finders = [form, value, &escaped].map(memchr::memmem::Finder::new);
        let first = texts.iter().find(|text| {
            let plain = text.plain.text.as_bytes();
            self.left = self.left.saturating_sub(plain.len() + Text::BEGINNING);
            self.left == 0 || finders.iter().any(|finder| finder.find(plain).is_some())
        });
        self.left > 0 && first.is_some_and(|text| !text.is_sent)
    }
}

/// Other forms of a value in which clients send it: as a part of a URL, as a string of JSON in a binary message or in another
/// string, and in base64.
fn forms(value: &str) -> Vec<String> {
    if value.len() > MAX_ENCODED {
        return Vec::new();
    }
    let mut forms = vec![
        percent_encoded(value, "-_.!~*'()"),
        percent_encoded(value, "-_.~/"),
        percent_encoded(value, "-_.!~*'();/?:@&=+$,#"),
        byte_serialize(value.as_bytes()).collect(),
        escaped_in_json(value).into_owned(),
        escaped_in_json(&escaped_in_json(value)).into_owned(),
        BASE64_NOPAD.encode(value.as_bytes()),
        BASE64URL_NOPAD.encode(value.as_bytes()),
    ];
    forms.retain(|form| form != value);
    forms
}

/// Percent-encoded but for letters, digits and these.
fn percent_encoded(value: &str, others: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        let c = char::from(byte);
        match c.is_ascii_alphanumeric() || c.is_ascii() && others.contains(c) {
            true => encoded.push(c),
            false => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
