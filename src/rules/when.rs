//! WHEN: for which of the messages that a pattern matches a rule holds.

use std::num::NonZeroU64;
use std::time::Duration;

use super::problem::{Problem, shortened};
use crate::input::repl::closest;
use crate::scenario::language::units::{decimal, parse_duration};

/// For which of the messages that match a rule holds, counted on each connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// All of them.
    Always,
    /// `nth N`: one, by its number from 1.
    Nth(NonZeroU64),
    /// `every N`: those whose number is a multiple.
    Every(NonZeroU64),
    /// `N%`: this share, at random; from 0 to 1.
    Share(f64),
    /// `after TIME`: those that come this long after the connection was opened, or later.
    After(Duration),
}

/// The words, each with what stands behind it.
const WORDS: [(&str, &str); 3] = [("nth", "3"), ("every", "3"), ("after", "5s")];

impl When {
    /// Takes the WHEN from the end of what stands before `=>`. The rest, without white space at its end, is the pattern.
    pub(super) fn split_off(text: &str) -> Result<(&str, Self), Problem<'_>> {
        let Some((pattern, written)) = written_at_end(text) else {
            return Ok((text, Self::Always));
        };
        if let Some((_, other)) = written_at_end(pattern) {
            let both = format!("{:?} and {:?}", shortened(other), shortened(written));
            return Err(Problem::new(text, format!("a rule has one condition, not {both}")));
        }
        Ok((pattern, Self::parse(written)?))
    }

    fn parse(written: &str) -> Result<Self, Problem<'_>> {
        match written.split_once(char::is_whitespace) {
            Some(("nth", number)) => Ok(Self::Nth(count(number.trim_start())?)),
            Some(("every", number)) => Ok(Self::Every(count(number.trim_start())?)),
            Some((_, value)) => {
                let value = value.trim_start();
                let time = parse_duration(value);
                time.map(Self::After).map_err(|reason| Problem::new(value, reason))
            }
            None => share(written),
        }
    }
}

/// Why a pattern without a prefix is probably not a text but a WHEN that is misspelt or at the wrong place. Such a rule
/// would never match.
pub(super) fn probable_when(pattern: &str) -> Option<Problem<'_>> {
    let first = pattern.split_whitespace().next()?;
    if let Some((word, value)) = WORDS.iter().find(|(word, _)| *word == first) {
        let reason = format!(
            "{word} stands before => and needs a value, as in {word} {value}; the text is written \
             text:{}",
            shortened(pattern)
        );
        return Some(Problem::new(pattern, reason));
    }
    let (before, value) = last_word(pattern)?;
    let word = last_word(before).map_or(before, |(_, word)| word);
    if value == "%" && is_value(word) {
        let reason = format!("a share is written without white space: {word}%");
        return Some(Problem::new(&pattern[before.len() - word.len()..], reason));
    }
    let meant = closest(word, WORDS.map(|(word, _)| word)).filter(|_| is_value(value))?;
    if word.len().abs_diff(meant.len()) > 1 {
        return None; // `month 3` is not `nth 3`
    }
    let reason = format!(
        "unknown condition {:?}: did you mean {meant} {value}? The text is written text:{}",
        shortened(word),
        shortened(pattern)
    );
    Some(Problem::new(word, reason))
}

/// What is written like a WHEN at the end of a text, valid or not, and the text before it.
fn written_at_end(text: &str) -> Option<(&str, &str)> {
    let (before, value) = last_word(text).unwrap_or(("", text));
    if value.strip_suffix('%').is_some_and(is_value) {
        return Some((before, value));
    }
    let (before, word) = last_word(before).unwrap_or(("", before));
    let is_written = WORDS.iter().any(|(known, _)| *known == word) && is_value(value);
    is_written.then(|| (before, text[before.len()..].trim_start()))
}

/// The last word, and the text before it without white space at its end.
fn last_word(text: &str) -> Option<(&str, &str)> {
    let (before, word) = text.rsplit_once(char::is_whitespace)?;
    Some((before.trim_end(), word))
}

/// Whether a word may be meant as a number or a duration.
fn is_value(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))
        && word.contains(|c: char| c.is_ascii_digit())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | ',' | '-' | '+'))
}

fn count(written: &str) -> Result<NonZeroU64, Problem<'_>> {
    let is_number = written.bytes().all(|byte| byte.is_ascii_digit());
    let number = written.parse().ok().filter(|_| is_number);
    number.ok_or_else(|| {
        let reason = format!("{:?} is not a number of messages, from 1", shortened(written));
        Problem::new(written, reason)
    })
}

fn share(written: &str) -> Result<When, Problem<'_>> {
    let percent = written.strip_suffix('%').and_then(decimal);
    match percent {
        Some(percent) if percent <= 100.0 => Ok(When::Share(percent / 100.0)),
        Some(_) => {
            Err(Problem::new(written, format!("{:?} is more than 100%", shortened(written))))
        }
        None => Err(Problem::new(
            written,
            format!("{:?} is not a share from 0% to 100%, such as 0.5%", shortened(written)),
        )),
    }
}
