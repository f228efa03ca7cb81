//! Which connection an event belongs to, and what the connections of a recording are called.

use std::collections::HashMap;

/// The connections of a recording, in the order in which they were begun.
#[derive(Debug, Default)]
pub(super) struct Labels {
    /// The last connection of each number that events have.
    current: HashMap<Option<u64>, usize>,
    /// How many connections with the same number were begun.
    begun: HashMap<Option<u64>, u64>,
    count: usize,
}

impl Labels {
    /// The place of the connection that an event with this number belongs to, unless the event begins another one.
    pub(super) fn current(&self, number: Option<u64>) -> Option<usize> {
        self.current.get(&number).copied()
    }

    /// Begins a connection. Returns its place, and the label that `--entry` takes.
    pub(super) fn begin(&mut self, number: Option<u64>) -> (usize, String) {
        let index = self.count;
        self.count += 1;
        self.current.insert(number, index);
        let begun = self.begun.entry(number).or_default();
        *begun += 1;
        let label = match (number, *begun) {
            (None, _) => (index + 1).to_string(),
            (Some(number), 1) => number.to_string(),
            (Some(number), times) => format!("{number}.{times}"), // it was opened again
        };
        (index, label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_numbers_or_places() {
        let mut labels = Labels::default();
        assert_eq!(labels.current(None), None);
        let begun = [Some(7), None, Some(7), Some(2), None].map(|number| labels.begin(number));
        let label = |(index, label): (usize, String)| format!("{index} {label}");
        assert_eq!(begun.map(label), ["0 7", "1 2", "2 7.2", "3 2", "4 5"]);
        assert_eq!([labels.current(Some(7)), labels.current(None)], [Some(2), Some(4)]);
    }
}
