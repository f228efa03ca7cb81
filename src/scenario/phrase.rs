//! Sentences of the program about values that it does not control.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::protocol::counted::counted;

/// A sentence that keeps its own words apart from the values in it. Only the values can contain secrets, so only
/// they are masked: a secret that is an ordinary word leaves the sentence readable.
///
/// Own words are string literals and numbers, so that a value cannot be taken for one. A `String` is a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phrase(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Own(Cow<'static, str>),
    Value(String),
}

impl Phrase {
    /// A sentence that begins with these words.
    pub fn new(words: &'static str) -> Self {
        Self(vec![Piece::Own(words.into())])
    }

    /// The same, then these words.
    #[must_use]
    pub fn own(self, words: &'static str) -> Self {
        self.with(Piece::Own(words.into()))
    }

    /// The same, then a value: anything that a peer, a file or a variable may have given.
    #[must_use]
    pub fn value(self, value: impl Into<String>) -> Self {
        self.with(Piece::Value(value.into()))
    }

    /// The same, then a number.
    #[must_use]
    pub fn number(self, number: u64) -> Self {
        self.with(Piece::Own(number.to_string().into()))
    }

    /// The same, then a number with a noun: "1 byte", "2 bytes".
    #[must_use]
    pub fn counted(self, count: u64, noun: &'static str) -> Self {
        self.with(Piece::Own(counted(count, noun).into()))
    }

    /// The same, then a duration.
    #[must_use]
    pub fn time(self, duration: Duration) -> Self {
        self.with(Piece::Own(time(duration).into()))
    }

    /// The same, then another sentence.
    #[must_use]
    pub fn phrase(mut self, other: impl Into<Self>) -> Self {
        self.0.extend(other.into().0);
        self
    }

    fn with(mut self, piece: Piece) -> Self {
        self.0.push(piece);
        self
    }

    /// The text, with each value masked.
    pub fn masked(self, mask: impl Fn(String) -> String) -> String {
        let pieces = self.0.into_iter();
        pieces
            .map(|piece| match piece {
                Piece::Own(words) => words,
                Piece::Value(value) => mask(value).into(),
            })
            .collect()
    }
}

impl From<&'static str> for Phrase {
    fn from(words: &'static str) -> Self {
        Self::new(words)
    }
}

impl From<String> for Phrase {
    fn from(value: String) -> Self {
        Self(vec![Piece::Value(value)])
    }
}

/// With its values as they are.
impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Own(words) => f.write_str(words),
            Piece::Value(value) => f.write_str(value),
        })
    }
}

/// A duration for people: `40 ms`, `2.5 s`, `5 s`.
pub fn time(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ 0..1000 => format!("{millis} ms"),
        _ => format!("{:.1} s", duration.as_secs_f64()).replace(".0 s", " s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_values_are_masked() {
        let phrase = Phrase::new("line ").number(7).own(" took ").value("a message").own(", ");
        let phrase = phrase.counted(2, "message").phrase(" more").phrase("message".to_owned());
        assert_eq!(phrase.to_string(), "line 7 took a message, 2 messages moremessage");
        let masked = phrase.masked(|value| value.replace("message", "***"));
        assert_eq!(masked, "line 7 took a ***, 2 messages more***");
    }

    #[test]
    fn a_time_is_written_in_one_way() {
        for (millis, expected) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (1000, "1 s"),
            (1234, "1.2 s"),
            (1960, "2 s"),
            (300_000, "300 s"),
        ] {
            assert_eq!(time(Duration::from_millis(millis)), expected);
        }
    }
}
