//! Values that a server sent and its client sent back: a scenario captures them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::capture_query::query;
use super::lines::{Plain, is_of_value};
use super::values::{Known, MAX_VALUE, MIN_VALUE, Names, Piece, Recordings, pieces, pieces_of};
use crate::scenario::pattern::bare_json;

/// The longest message that values are captured from, in bytes: it is read again for each of them.
const MAX_SOURCE: usize = 256 << 10;

/// How many values of a recording may be sent back.
const MAX_CANDIDATES: usize = 50_000;

/// How many values are captured.
const MAX_CAPTURES: usize = 200;

/// How many bytes are read again in all, to find what was sent before and to find values in their messages.
const MAX_READ: usize = 128 << 20;

/// What it takes to begin with a text, in bytes that are read.
const BEGINNING: usize = 16;

/// Members that say what a message is. A word in them is a word of the protocol, whoever used it first.
const KINDS: [&str; 16] = [
    "type",
    "event",
    "op",
    "opcode",
    "action",
    "method",
    "kind",
    "cmd",
    "command",
    "channel",
    "topic",
    "status",
    "state",
    "jsonrpc",
    "version",
    "__typename",
];

/// A text message, or something else that the client sent, as the number of its event.
#[derive(Debug)]
pub(super) struct Text<'a> {
    pub(super) number: usize,
    pub(super) is_sent: bool,
    pub(super) text: &'a str,
    /// Values are found whatever their escapes are.
    plain: Plain<'a>,
}

impl<'a> Text<'a> {
    pub(super) fn new(number: usize, is_sent: bool, text: &'a str) -> Self {
        Self { number, is_sent, text, plain: Plain::of(text) }
    }
}

/// A value that a received message has.
#[derive(Debug)]
pub(super) struct Capture {
    pub(super) name: String,
    /// The value in the recording.
    pub(super) value: String,
    /// The query that finds it.
    pub(super) query: String,
}

/// The values that are captured.
#[derive(Debug, Default)]
pub(super) struct Captures {
    /// By the number of the event of their message.
    by_message: BTreeMap<usize, Vec<Capture>>,
    known: Known,
    /// The event that gives each of `known` its value, and its name.
    variables: Vec<(usize, String)>,
    /// Values that are sent back and not captured, by the events of the messages that send them first.
    uncaptured: BTreeMap<usize, String>,
}

impl Captures {
    /// Finds them in the text messages of all connections, in the order of their events. `secrets` have their values
    /// from the start.
    pub(super) fn find(texts: &[Text<'_>], secrets: &Recordings, names: &mut Names) -> Self {
        let mut captures = Self::default();
        for (name, value) in secrets {
            captures.know(0, name, value);
        }
        let mut search = Search::default();
        for (index, text) in texts.iter().enumerate() {
            match text.is_sent {
                true => {
                    search.sent.push(index);
                    captures.sent_back(index, texts, &mut search, names);
                }
                false => search.received(index, text.text),
            }
        }
        captures.find_uncaptured(texts);
        captures
    }

    /// A value that this message sends as it was recorded, though the server sent it before.
    pub(super) fn uncaptured(&self, number: usize) -> Option<&str> {
        self.uncaptured.get(&number).map(String::as_str)
    }

    /// Finds the first messages that send such values.
    fn find_uncaptured(&mut self, texts: &[Text<'_>]) {
        let mut left = MAX_READ;
        let (mut seen, mut found) = (BTreeSet::new(), BTreeMap::new());
        for (index, text) in texts.iter().enumerate().filter(|(_, text)| text.is_sent) {
            for piece in self.pieces(text.number, &text.plain.text) {
                let Piece::Text(part) = piece else { continue };
                let is_fit = |word: &&str| {
                    (MIN_VALUE..=MAX_VALUE).contains(&word.len())
                        && word.bytes().any(|byte| byte.is_ascii_digit())
                };
                for word in words(&part).filter(is_fit) {
                    if !seen.insert(word.to_owned()) {
                        continue;
                    }
                    let Some(first) = first_with(word, &texts[..index], &mut left) else {
                        continue;
                    };
                    if !first.is_sent {
                        found.entry(text.number).or_insert_with(|| word.to_owned());
                    }
                }
            }
        }
        self.uncaptured = found;
    }

    /// The captures of a received message.
    pub(super) fn of(&self, number: usize) -> &[Capture] {
        self.by_message.get(&number).map(Vec::as_slice).unwrap_or_default()
    }

    /// A message with variables in place of what was captured before it.
    pub(super) fn pieces<'a>(&'a self, number: usize, text: &'a str) -> Vec<Piece<'a>> {
        pieces(text, &self.known, |variable| self.variable(number, variable))
    }

    /// The same of a message that is sent. What has other escapes than in the message that it is captured from is a variable
    /// too; the rest stays byte for byte.
    pub(super) fn sent_pieces<'a>(&'a self, number: usize, text: &'a str) -> Vec<Piece<'a>> {
        pieces_of(&Plain::of(text), text, &self.known, |variable| self.variable(number, variable))
    }

    /// A line that opens a connection, with variables in place of what was captured before this event.
    pub(super) fn in_head(&self, number: usize, line: &str) -> String {
        let written = |piece: &Piece<'_>| match piece {
            Piece::Text(text) => text.to_string(), // as a line has it already
            variable => variable.written(),
        };
        self.pieces(number, line).iter().map(written).collect()
    }

    /// The name of a variable that has its value before this event.
    fn variable(&self, number: usize, variable: usize) -> Option<&str> {
        let (since, name) = &self.variables[variable];
        (*since < number).then_some(name.as_str())
    }

    /// All values, by the names of their variables.
    pub(super) fn values(&self, mut secrets: Recordings) -> Recordings {
        let captures = self.by_message.values().flatten();
        secrets.extend(captures.map(|it| (it.name.clone(), it.value.clone())));
        secrets
    }

    fn know(&mut self, since: usize, name: &str, value: &str) {
        if self.known.add(value, self.variables.len()) {
            self.variables.push((since, name.to_owned()));
        }
    }

    /// Captures the values that the message with this index sends back.
    fn sent_back(
        &mut self,
        index: usize,
        texts: &[Text<'_>],
        search: &mut Search,
        names: &mut Names,
    ) {
        let found: BTreeSet<usize> = search
            .known
            .find(&texts[index].plain.text)
            .into_iter()
            .map(|(.., number)| number)
            .collect();
        for candidate in found {
            if self.variables.len() >= MAX_CAPTURES || !search.decided.insert(candidate) {
                continue;
            }
            let Candidate { message, leaf, value } = search.candidates[candidate].clone();
            if self.known.has(&value) || search.was_sent_before(&value, message, texts) {
                continue;
            }
            let source = &texts[message];
            search.read += source.text.len();
            let Some((word, query)) = query(source.text, leaf, &value) else { continue };
            if is_word_of_protocol(&word, &value) {
                continue;
            }
            let name = names.new_like(&word);
            self.know(source.number, &name, &value);
            let capture = Capture { name, value, query };
            self.by_message.entry(source.number).or_default().push(capture);
        }
    }
}

/// A value that may be sent back.
#[derive(Clone, Debug)]
struct Candidate {
    /// The index of its message.
    message: usize,
    /// Which value of its JSON it is; `None` in other texts.
    leaf: Option<usize>,
    value: String,
}

/// What was received so far.
#[derive(Debug, Default)]
struct Search {
    candidates: Vec<Candidate>,
    known: Known,
    /// Those that are captured, or never will be.
    decided: BTreeSet<usize>,
    /// Which texts were sent.
    sent: Vec<usize>,
    /// How many bytes were read again.
    read: usize,
}

impl Search {
    fn received(&mut self, message: usize, text: &str) {
        if text.len() > MAX_SOURCE {
            return;
        }
        if let Some(json) = bare_json(text) {
            let mut leaf = 0;
            each_leaf(&json, &mut |value| {
                if let Some(value) = value_of(value) {
                    self.add(message, Some(leaf), &value);
                }
                leaf += 1;
            });
            return;
        }
        // Words are everywhere in a text: what was made for this session has a digit.
        let has_digit = |word: &&str| word.bytes().any(|byte| byte.is_ascii_digit());
        for run in text.split(|c| !is_of_value(c)) {
            let run = run.trim_matches(|c| matches!(c, '.' | ',' | ':' | ';' | '!' | '?'));
            for word in std::iter::once(value_in(run)).chain(words(run)).filter(has_digit) {
                self.add(message, None, word);
            }
        }
    }

    fn add(&mut self, message: usize, leaf: Option<usize>, value: &str) {
        let is_fit =
            (MIN_VALUE..=MAX_VALUE).contains(&value.len()) && value.chars().all(is_of_value);
        if is_fit
            && self.candidates.len() < MAX_CANDIDATES
            && self.known.add(value, self.candidates.len())
        {
            self.candidates.push(Candidate { message, leaf, value: value.to_owned() });
        }
    }

    /// Whether the client had it before this message. If that takes too long to find out, it counts as such.
    fn was_sent_before(&mut self, value: &str, message: usize, texts: &[Text<'_>]) -> bool {
        let finder = memchr::memmem::Finder::new(value);
        for index in self.sent.iter().take_while(|index| **index < message) {
            let text = texts[*index].plain.text.as_bytes();
            self.read += text.len() + BEGINNING;
            if self.read > MAX_READ || finder.find(text).is_some() {
                return true;
            }
        }
        self.read > MAX_READ
    }
}

/// The first text that has this word. None if there is none, or if `left` bytes are read before.
fn first_with<'t, 'a>(word: &str, texts: &'t [Text<'a>], left: &mut usize) -> Option<&'t Text<'a>> {
    let finder = memchr::memmem::Finder::new(word);
    texts.iter().find(|text| {
        *left = left.saturating_sub(text.text.len() + BEGINNING);
        *left > 0 && finder.find(text.plain.text.as_bytes()).is_some()
    })
}

/// What is behind the name in `session:a1b2` or `id=7`; of anything else the whole.
fn value_in(run: &str) -> &str {
    match run.split_once([':', '=']) {
        Some((name, value))
            if !value.starts_with("//") && name.bytes().all(|it| it.is_ascii_alphabetic()) =>
        {
            value
        }
        _ => run,
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))
}

/// The text of a string, or of a number that could be an identifier.
fn value_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => {
            Some(number.to_string()).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        }
        _ => None,
    }
}

/// Whether this is a word that both sides use, not something that was made for this session.
fn is_word_of_protocol(member: &str, value: &str) -> bool {
    let has_digit = value.bytes().any(|byte| byte.is_ascii_digit());
    !has_digit && KINDS.iter().any(|kind| member.eq_ignore_ascii_case(kind))
}

/// Calls `visit` with each value that is neither array nor object, in order.
fn each_leaf<'a>(value: &'a Value, visit: &mut dyn FnMut(&'a Value)) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|it| each_leaf(it, visit)),
        Value::Object(members) => members.values().for_each(|it| each_leaf(it, visit)),
        scalar => visit(scalar),
    }
}
