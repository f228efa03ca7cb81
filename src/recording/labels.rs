//! Which connection an event belongs to, and what the connections of a recording are called: `--entry` means the same
//! wherever it is given.

use std::collections::{HashMap, HashSet};

use super::{Recorded, RecordedKind};
use crate::event::FailureKind;

/// The connections of a recording, in the order in which they were begun. An attempt that failed is one, too.
#[derive(Debug, Default)]
pub struct Labels {
    /// Of each number that events have, how many connections were begun, and the place of the last one.
    numbers: HashMap<Option<u64>, (u64, usize)>,
    /// The labels of connections without a number.
    unnumbered: HashSet<u64>,
    /// The label of the next one, once a connection was begun.
    free: u64,
    count: usize,
}

/// The connection that an event belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belonging {
    /// It is the first one of a connection, which [`Labels::begin`] begins.
    Begins,
    /// The connection with this place.
    Current(usize),
    /// No connection: it is about one that is not open yet.
    Nothing,
}

/// How many numbers are remembered, and how many labels of connections without one. Connections with other numbers
/// cannot be followed.
const MAX_NUMBERS: usize = 100_000;

impl Labels {
    /// The connection that an event belongs to.
    pub fn belonging(&self, event: &Recorded) -> Belonging {
        let current = self.numbers.get(&event.connection).map(|(_, place)| *place);
        let begins = match &event.what {
            RecordedKind::Open(_) => true,
            RecordedKind::Failure(failure) => match failure.kind {
                FailureKind::Connect | FailureKind::Handshake => true,
                FailureKind::Timeout => current.is_none(),
                _ => false,
            },
            // The recording begins in the middle of a connection.
            RecordedKind::Message(_)
            | RecordedKind::FileSent { .. }
            | RecordedKind::Ping(..)
            | RecordedKind::Pong(..)
            | RecordedKind::Omitted(_)
            | RecordedKind::Closed(_)
            | RecordedKind::ProxyClosed(_) => current.is_none() && self.numbers.len() < MAX_NUMBERS,
            _ => false,
        };
        match current {
            _ if begins => Belonging::Begins,
            Some(place) => Belonging::Current(place),
            None => Belonging::Nothing,
        }
    }

    /// Begins a connection. Returns its place, and the label that `--entry` takes.
    pub fn begin(&mut self, number: Option<u64>) -> (usize, String) {
        let place = self.count;
        let label = self.next(number);
        self.count += 1;
        if self.numbers.len() < MAX_NUMBERS || self.numbers.contains_key(&number) {
            let (begun, last) = self.numbers.entry(number).or_default();
            (*begun, *last) = (*begun + 1, place);
        }
        if number.is_none() && self.unnumbered.len() < MAX_NUMBERS {
            self.unnumbered.insert(self.free.max(1));
        }
        // It is its place, unless that is taken.
        self.free += u64::from(number.is_none());
        self.free = self.free.max(self.count as u64 + 1);
        while self.numbers.contains_key(&Some(self.free)) {
            self.free += 1;
        }
        (place, label)
    }

    /// Whether a connection with this number can be followed: not if there are too many.
    pub fn has(&self, number: Option<u64>) -> bool {
        self.numbers.contains_key(&number)
    }

    /// The label that the next connection with this number will have.
    pub fn next(&self, number: Option<u64>) -> String {
        let Some(own) = number else { return self.free.max(1).to_string() };
        let begun = self.numbers.get(&number).map_or(0, |(begun, _)| *begun);
        match begun + u64::from(self.unnumbered.contains(&own)) {
            0 => own.to_string(),
            times => format!("{own}.{}", times + 1), // it was opened again
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::ndjson::parse_event;

    #[test]
    fn labels_are_numbers_or_places() {
        let mut labels = Labels::default();
        let begun = [Some(7), None, Some(7), Some(2), None].map(|number| labels.begin(number));
        let label = |(place, label): (usize, String)| format!("{place} {label}");
        assert_eq!(begun.map(label), ["0 7", "1 2", "2 7.2", "3 2.2", "4 5"]);
        assert_eq!(
            [labels.next(Some(7)), labels.next(Some(9)), labels.next(None)],
            ["7.3", "9", "6"]
        );
    }

    #[test]
    fn no_two_connections_have_the_same_label() {
        let mut labels = Labels::default();
        let numbers = [Some(2), None, Some(3), None, None, Some(1), None, Some(5), Some(5), None];
        let begun = numbers.map(|number| {
            let next = labels.next(number);
            let (_, label) = labels.begin(number);
            assert_eq!(label, next);
            label
        });
        assert_eq!(begun, ["2", "3", "3.2", "4", "5", "1", "7", "5.2", "5.3", "10"]);
    }

    #[test]
    fn events_belong_to_the_last_connection_with_their_number() {
        use Belonging::{Begins, Current, Nothing};
        let mut labels = Labels::default();
        for (event, expected) in [
            (r#""event":"retry","attempt":1,"delay_ms":1"#, Nothing),
            (r#""event":"ping","direction":"sent","connection":4"#, Begins),
            (r#""event":"open","url":"ws://a""#, Begins),
            (r#""event":"retry","attempt":1,"delay_ms":1"#, Current(1)),
            (r#""event":"ping","direction":"sent","connection":4"#, Current(0)),
            (r#""event":"error","kind":"timeout","message":"x""#, Current(1)),
            (r#""event":"error","kind":"connect","message":"x""#, Begins),
            (r#""event":"error","kind":"timeout","message":"x","connection":5"#, Begins),
            (r#""event":"open","url":"ws://a","connection":4"#, Begins),
            (r#""event":"close","code":1000,"connection":4"#, Current(4)),
        ] {
            let line = format!("{{{event}}}");
            let event = parse_event(line.as_bytes()).expect("an event").expect("a known one");
            let found = labels.belonging(&event);
            assert_eq!(found, expected, "{line}");
            if found == Begins {
                labels.begin(event.connection);
            }
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut labels = Labels::default();
        let most = MAX_NUMBERS as u64;
        (0..most + 10).for_each(|number| drop(labels.begin(Some(number))));
        assert_eq!(labels.numbers.len(), MAX_NUMBERS);
        assert_eq!([labels.next(Some(0)), labels.next(Some(most))], ["0.2", "100000"]);
    }
}
