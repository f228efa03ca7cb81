//! Warnings about a file, of limited number: a file may have as many mistakes as values.

use crate::recording::reading::Place;

const MAX: usize = 20;

/// What was wrong in a file that was read all the same.
#[derive(Debug)]
pub(super) struct Warnings {
    name: String,
    texts: Vec<String>,
    /// How many were left out.
    others: u64,
}

impl Warnings {
    /// About the file with this name.
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), texts: Vec::new(), others: 0 }
    }

    /// About a value that ends at a place.
    pub(super) fn add(&mut self, place: Place, reason: &str) {
        let Place { line, column, .. } = place;
        match self.texts.len() < MAX {
            true => self.texts.push(format!("{}:{line}:{column}: {reason}", self.name)),
            false => self.others += 1,
        }
    }

    /// All, with the number of those left out as the last one.
    pub(super) fn into_texts(mut self) -> Vec<String> {
        match self.others {
            0 => {}
            1 => self.texts.push(format!("{}: 1 more warning", self.name)),
            many => self.texts.push(format!("{}: {many} more warnings", self.name)),
        }
        self.texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn their_number_is_limited() {
        let mut warnings = Warnings::new("x.har");
        for line in 1..=22 {
            warnings.add(Place { line, column: 7, offset: 0 }, "odd");
        }
        let texts = warnings.into_texts();
        assert_eq!((texts.len(), &*texts[19]), (21, "x.har:20:7: odd"));
        assert_eq!(texts[20], "x.har: 2 more warnings");
    }
}
