//! Secrets that were masked in the messages of a recording: a scenario has variables in their places.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::lines::last_chars;
use super::secrets::Secrets;
use super::session::{Step, text_of};
use super::values::{Piece, Recordings};
use crate::redact::MASK;

/// How much of the text before a secret may hold the word that it is named after, in characters.
const MAX_CONTEXT: usize = 40;

/// The most variables; what is masked behind them has the last one.
const MAX_VARIABLES: usize = 100;

/// The variables of the secrets that were masked in text messages.
#[derive(Debug, Default)]
pub(super) struct Masked {
    /// The names of those in a message, in order, by the number of its event.
    by_message: BTreeMap<usize, Vec<String>>,
    /// The names of all that the client sent, by the word before them and their place among those of a message with that
    /// word.
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
                let (message, is_sent) = match step {
                    Step::Sent(message) => (message, true),
                    Step::Received(message) => (message, false),
                    _ => continue,
                };
                let text = text_of(message).filter(|_| message.is_masked && is_sent == wants_sent);
                if let Some(text) = text {
                    masked.add(*number, text, is_sent, secrets);
                }
            }
        }
        masked
    }

    /// Adds a message. A secret is named after the word before it, such as the name of a member of JSON. Which of those of a
    /// message are the same is not recorded: each has a variable of its own. What was received has the variable of what was
    /// sent: only the client has secrets that are masked.
    fn add(&mut self, number: usize, text: &str, is_sent: bool, secrets: &mut Secrets) {
        let mut names = Vec::new();
        let mut places = BTreeMap::<&str, usize>::new();
        for (at, _) in text.match_indices(MASK) {
            let word = word_before(&text[..at]);
            let place = places.entry(word).or_default();
            let key = (word.to_owned(), *place);
            *place += 1;
            let known = self.by_word.get(&key).or(match (is_sent, self.by_word.len()) {
                (true, 0..MAX_VARIABLES) => None,
                _ => self.last.as_ref(),
            });
            let name = known.cloned().unwrap_or_else(|| {
                let name = secrets.masked_in_messages(word, key.1);
                self.by_word.insert(key, name.clone());
                name
            });
            self.last = Some(name.clone());
            names.push(name);
        }
        self.by_message.insert(number, names);
    }

    /// Whether the recording says of a text that it is masked: then it says so of all.
    pub(super) fn are_any(&self) -> bool {
        !self.by_message.is_empty()
    }

    /// The pieces of a message with variables in place of what was masked in it.
    pub(super) fn pieces<'a>(&'a self, number: usize, pieces: Vec<Piece<'a>>) -> Vec<Piece<'a>> {
        let Some(names) = self.by_message.get(&number) else { return pieces };
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
