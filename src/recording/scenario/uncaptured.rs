//! Values that a server sent and its client sent back where no variable stands in their place: a scenario names them.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};
use url::form_urlencoded::byte_serialize;

use super::captures::Captures;
use super::plain::escaped_in_json;
use super::texts::{
    MAX_READ, MAX_SOURCE, Place, Text, TextKind, each_value, is_word_of_protocol, words,
};
use super::values::{Known, MAX_VALUE, MIN_VALUE, Piece, Recordings};
use crate::scenario::pattern::bare_json;

/// How many values, in all of their forms, are looked for.
const MAX_FORMS: usize = 200_000;

/// How long these may be together, in bytes.
const MAX_SIZE: usize = 32 << 20;

/// The longest value that is looked for in other forms, in bytes.
const MAX_ENCODED: usize = 1024;

/// How many values are named for a message.
const MAX_NAMED: usize = 5;

/// The values, by the places of what sends them first.
#[derive(Debug, Default)]
pub(super) struct Uncaptured {
    by_place: BTreeMap<Place, Vec<Stale>>,
}

/// A value that is sent as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stale {
    /// As the server sent it.
    pub(super) value: String,
    /// As it is sent, if that is another form of it.
    pub(super) form: Option<String>,
    /// Whether that is data in which no variable can stand.
    pub(super) is_binary: bool,
}

impl Uncaptured {
    /// Finds them in what was sent and received, in the order of the events. Values of `secrets`, which are variables, are not
    /// named.
    pub(super) fn find(texts: &[Text<'_>], captures: &Captures, secrets: &Recordings) -> Self {
        let secrets = secrets.values().map(String::as_str).filter(|it| !it.is_empty()).collect();
        let mut search = Search { secrets, left: MAX_READ, ..Search::default() };
        let mut found = Self::default();
        for (index, text) in texts.iter().enumerate() {
            match text.is_sent {
                false => search.received(text),
                true => {
                    let mut stale = Vec::new();
                    for part in parts(text, captures) {
                        search.sent(&part, &texts[..index], &mut stale);
                    }
                    stale.iter_mut().for_each(|it| it.is_binary = text.kind == TextKind::Binary);
                    if !stale.is_empty() {
                        found.by_place.entry(text.place()).or_default().extend(stale);
                    }
                }
            }
        }
        found
    }

    /// Those that are sent here.
    pub(super) fn of(&self, place: Place) -> &[Stale] {
        self.by_place.get(&place).map(Vec::as_slice).unwrap_or_default()
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
struct Search<'a> {
    /// Values of secrets that are variables: no comment has them.
    secrets: Vec<&'a str>,
    /// Values of JSON that were received.
    values: Vec<String>,
    /// The values in all their forms: the numbers are those of `given`.
    known: Known,
    /// The index of the value that each form is of.
    given: Vec<usize>,
    /// How long all forms are together, in bytes.
    size: usize,
    /// What was looked for.
    seen: BTreeSet<String>,
    /// How many bytes may still be read.
    left: usize,
}

impl Search<'_> {
    fn received(&mut self, text: &Text<'_>) {
        let json = match text.kind {
            TextKind::Message if text.text.len() <= MAX_SOURCE => bare_json(text.text),
            _ => None,
        };
        let Some(json) = json else { return };
        each_value(&json, &mut |_, member, value| {
            let is_fit = value.chars().count() >= MIN_VALUE && value.len() <= MAX_VALUE;
            if is_fit && self.has_room() && !is_word_of_protocol(member, value) {
                self.values.push(value.to_owned());
                self.add(value);
                forms(value).iter().for_each(|form| self.add(form));
            }
        });
    }

    fn has_room(&self) -> bool {
        self.given.len() < MAX_FORMS && self.size < MAX_SIZE
    }

    /// Adds a form of the last value.
    fn add(&mut self, form: &str) {
        if self.has_room() && self.known.add(form, self.given.len()) {
            self.given.push(self.values.len() - 1);
            self.size += form.len();
        }
    }

    /// Whether nothing more is named for a message: it has enough, or it took too long.
    fn is_over(&self, stale: &[Stale]) -> bool {
        stale.len() >= MAX_NAMED || self.left == 0
    }

    /// Adds what is sent in a part of a text that the server sent before.
    fn sent(&mut self, part: &str, before: &[Text<'_>], stale: &mut Vec<Stale>) {
        if self.is_over(stale) {
            return;
        }
        let known = self.known.find(part).into_iter();
        let known: BTreeMap<_, _> =
            known.map(|(_, form, number)| (number, form.to_owned())).collect();
        for (number, form) in known {
            if self.is_over(stale) {
                return;
            }
            let value = self.values[self.given[number]].clone();
            if self.seen.insert(form.clone())
                && self.is_of_server(&form, &value, before)
                && !self.has_secret(&value)
            {
                let form = (form != value).then_some(form);
                stale.push(Stale { value, form, is_binary: false });
            }
        }
        let is_fit = |word: &&str| {
            (MIN_VALUE..=MAX_VALUE).contains(&word.len())
                && word.bytes().any(|byte| byte.is_ascii_digit())
        };
        for word in words(part).filter(is_fit) {
            if self.is_over(stale) {
                return;
            }
            let is_new = !self.seen.contains(word) && !self.is_named(word, stale);
            if is_new
                && self.seen.insert(word.to_owned())
                && self.is_of_server(word, word, before)
                && !self.has_secret(word)
            {
                stale.push(Stale { value: word.to_owned(), form: None, is_binary: false });
            }
        }
    }

    /// Whether a word is a part of what is named already.
    fn is_named(&mut self, word: &str, stale: &[Stale]) -> bool {
        let mut texts = stale.iter().flat_map(|it| [Some(&it.value), it.form.as_ref()]).flatten();
        texts.any(|text| {
            self.left = self.left.saturating_sub(text.len());
            text.contains(word)
        })
    }

    /// Whether a secret is a part of it.
    fn has_secret(&mut self, value: &str) -> bool {
        self.left = self.left.saturating_sub(value.len() * self.secrets.len());
        self.secrets.iter().any(|secret| value.contains(secret))
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
            false => {
                let digit = |value: u8| char::from(b"0123456789ABCDEF"[usize::from(value)]);
                encoded.extend(['%', digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
    encoded
}
