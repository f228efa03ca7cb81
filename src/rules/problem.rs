//! What is wrong with a rule, and where.

use std::ops::Range;

use crate::input::repl::closest;

/// Why a rule is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct RuleError {
    /// The part of the rule that is not valid, in bytes of its text; empty where something is missing.
    pub at: Range<usize>,
    /// Why, in words.
    pub reason: String,
}

impl RuleError {
    /// The reason, behind the part of the rule that it is about unless it names that itself. `source` is the rule.
    pub fn in_words(&self, source: &str) -> String {
        let part = source.get(self.at.clone()).unwrap_or_default().trim();
        let shown = shortened(part);
        match part.is_empty() || part == source.trim() || self.reason.contains(&shown) {
            true => self.reason.clone(),
            false => format!("{shown:?}: {}", self.reason),
        }
    }
}

/// The same while the rule is being parsed.
#[derive(Debug)]
pub(super) struct Problem<'a> {
    /// A part of the rule's text.
    at: &'a str,
    reason: String,
}

impl<'a> Problem<'a> {
    pub(super) fn new(at: &'a str, reason: impl Into<String>) -> Self {
        Self { at, reason: reason.into() }
    }

    /// A word that is not one of these.
    pub(super) fn unknown(word: &'a str, kind: &str, known: &[&str]) -> Self {
        let shown = shortened(word);
        Self::new(
            word,
            match closest(word, known.iter().copied()) {
                Some(meant) => format!("unknown {kind} {shown:?}: did you mean {meant}?"),
                None => format!("unknown {kind} {shown:?}: use {}", any_of(known)),
            },
        )
    }

    /// Its place is found in the text of the whole rule.
    pub(super) fn in_rule(self, source: &str) -> RuleError {
        let start = self.at.as_ptr().addr().wrapping_sub(source.as_ptr().addr());
        let range = start..start.saturating_add(self.at.len());
        let at = if source.get(range.clone()).is_some() { range } else { 0..source.len() };
        RuleError { at, reason: self.reason }
    }
}

/// `a, b or c`
pub(super) fn any_of(words: &[&str]) -> String {
    match words {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => words.concat(),
    }
}

/// A part of a rule as it is shown in a reason: cut if it is long.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
