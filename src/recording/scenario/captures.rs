//! Values that a server sent and its client sent back: a scenario captures them.

use std::collections::{BTreeMap, BTreeSet};

use super::capture_query::query;
use super::lines::is_awkward;
use super::plain::{Plain, escaped_in_json, is_of_value};
use super::texts::{MAX_READ, MAX_SOURCE, Text, TextKind, each_value, is_word_of_protocol, words};
use super::values::{Known, MAX_VALUE, MIN_VALUE, Names, Piece, Recordings, pieces, pieces_of};
use crate::scenario::pattern::bare_json;

/// How many values of a recording may be sent back.
const MAX_CANDIDATES: usize = 50_000;

/// How many values are captured.
const MAX_CAPTURES: usize = 200;

/// A value that a received message has.
#[derive(Debug)]
pub(super) struct Capture {
    pub(super) name: String,
    /// The value in the recording, as it stands in plain texts: of JSON with the escapes that it needs.
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
            match (text.is_sent, text.kind) {
                (true, kind) => {
                    search.sent.push(index);
                    if kind != TextKind::Binary {
                        captures.sent_back(index, texts, &mut search, names);
                    }
                }
                (false, TextKind::Message) => search.received(index, text.text),
                (false, _) => {}
            }
        }
        captures
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
            each_value(&json, &mut |leaf, _, value| {
                if value.chars().count() >= MIN_VALUE
                    && !escaped_in_json(value).contains(is_awkward)
                {
                    self.add(message, Some(leaf), &escaped_in_json(value));
                }
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
        if (MIN_VALUE..=MAX_VALUE).contains(&value.len())
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
            self.read += text.len() + Text::BEGINNING;
            if self.read > MAX_READ || finder.find(text).is_some() {
                return true;
            }
        }
        self.read > MAX_READ
    }
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
