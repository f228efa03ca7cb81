//! Secrets that were masked in the messages of a recording: a scenario has variables in their places.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::lines::last_chars;
use super::secrets::Secrets;
use super::session::Step;
use super::values::{Piece, Recordings};
use crate::event::MAX_MESSAGE_IDS;
use crate::redact::MASK;

/// How much of the text before a secret may hold the word that it is named after, in characters.
const MAX_CONTEXT: usize = 40;

/// The most variables; what is masked behind them has the last one.
const MAX_VARIABLES: usize = 100;

/// The variables of the secrets that were masked in text messages, pings, pongs and reasons, all of which are called messages.
#[derive(Debug, Default)]
pub(super) struct Masked {
    /// The names of those in a message, in order, by the number of its event, and whether the client sent it: the end of a
    /// connection has two.
    by_message: BTreeMap<(usize, bool), Vec<String>>,
    /// The names of all whose value has this hash.
    by_id: BTreeMap<u64, String>,
    /// The names of all that the client sent, by the word before them and their place among those of a message with that
    /// word, or among all with that word whose hash is known.
    by_word: BTreeMap<(String, usize), String>,
    /// That of the last one.
    last: Option<String>,
}

impl Masked {
    /// Finds them in the messages of these steps, each with the number of its event.
    pub(super) fn of<'a>(
        steps: impl Iterator<Item = &'a (usize, Step<'a>)> + Clone,
        secrets: &mut Secrets,
    ) -> Self {
        let mut masked = Self::default();
        // Those that the client sent name the variables.
        for wants_sent in [true, false] {
            for (number, step) in steps.clone() {
                let is_sent = step.is_of_client();
                if let Some((text, ids)) = step.masked_text().filter(|_| is_sent == wants_sent) {
                    masked.add((*number, is_sent), text, ids, secrets);
                }
            }
        }
        masked
    }

    /// Adds a message. A secret is named after the word before it, such as the name of a member of JSON. Where its hash is not
    /// known, each of those of a message has a variable of its own, and what was received has the variable of what was
    /// sent: only the client has secrets that are masked.
    fn add(&mut self, of: (usize, bool), text: &str, ids: &[u64], secrets: &mut Secrets) {
        let count = text.matches(MASK).count();
        // Else it is not known which mask has which one.
        let ids = if ids.len() == count.min(MAX_MESSAGE_IDS) { ids } else { &[] };
        let mut names = Vec::new();
        let mut places = BTreeMap::<&str, usize>::new();
        for (index, (at, _)) in text.match_indices(MASK).enumerate() {
            let word = word_before(&text[..at]);
            let place = places.entry(word).or_default();
            let name = match ids.get(index) {
                Some(id) => self.with_id(*id, word, secrets),
                None => self.at_place(word, *place, of.1, secrets),
            };
            *place += 1;
            self.last = Some(name.clone());
            names.push(name);
        }
        self.by_message.insert(of, names);
    }

    /// The variable of a secret with this hash.
    fn with_id(&mut self, id: u64, word: &str, secrets: &mut Secrets) -> String {
        if let Some(known) = self.by_id.get(&id) {
            return known.clone();
        }
        let name = secrets.with_id(id).or_else(|| self.last_of_all().cloned());
        let name = name.unwrap_or_else(|| {
            let is_taken = |place: &usize| self.by_word.contains_key(&(word.to_owned(), *place));
            let place = (0..).find(|place| !is_taken(place)).unwrap_or_default();
            self.new_variable(word, place, secrets)
        });
        self.by_id.insert(id, name.clone());
        name
    }

    /// The variable of a secret of which only the place is known.
    fn at_place(
        &mut self,
        word: &str,
        place: usize,
        is_sent: bool,
        secrets: &mut Secrets,
    ) -> String {
        let known = self.by_word.get(&(word.to_owned(), place));
        let known = known.or(if is_sent { self.last_of_all() } else { self.last.as_ref() });
        known.cloned().unwrap_or_else(|| self.new_variable(word, place, secrets))
    }

    /// The last variable, once there are [`MAX_VARIABLES`].
    fn last_of_all(&self) -> Option<&String> {
        self.last.as_ref().filter(|_| self.by_word.len() >= MAX_VARIABLES)
    }

    fn new_variable(&mut self, word: &str, place: usize, secrets: &mut Secrets) -> String {
        let name = secrets.masked_in_messages(word, place);
        self.by_word.insert((word.to_owned(), place), name.clone());
        name
    }

    /// Whether the recording says of a text that it is masked: then it says so of all.
    pub(super) fn are_any(&self) -> bool {
        !self.by_message.is_empty()
    }

    /// The pieces of a message with variables in place of what was masked in it.
    pub(super) fn pieces<'a>(
        &'a self,
        of: (usize, bool),
        pieces: Vec<Piece<'a>>,
    ) -> Vec<Piece<'a>> {
        let Some(names) = self.by_message.get(&of) else { return pieces };
        let mut names = names.iter();
        let mut all = Vec::new();
        for piece in pieces {
            let Piece::Text(text) = piece else {
                all.push(piece);
                continue;
            };
            for (index, part) in text.split(MASK).enumerate() {
                if index > 0 {
                    all.push(match names.next() {
                        Some(name) => Piece::Variable { name, value: MASK },
                        None => Piece::Text(MASK.into()),
                    });
                }
                if !part.is_empty() {
                    all.push(Piece::Text(Cow::Owned(part.to_owned())));
                }
            }
        }
        all
    }

    /// What stands for the variables in the recording.
    pub(super) fn values(&self) -> Recordings {
        let names = self.by_message.values().flatten();
        names.map(|name| (name.clone(), MASK.to_owned())).collect()
    }
}

/// The last word of a text.
fn word_before(text: &str) -> &str {
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let near = last_chars(text, MAX_CONTEXT).trim_end_matches(|c| !is_of_word(c));
    near.rsplit(|c| !is_of_word(c)).next().unwrap_or_default()
}
