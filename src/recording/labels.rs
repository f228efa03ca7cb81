//! Which connection an event belongs to, and what the connections of a recording are called: `--entry` means the same
//! wherever it is given.

use std::collections::HashMap;

use super::{Recorded, RecordedKind};
use crate::event::FailureKind;

/// The connections of a recording, in the order in which they were begun. An attempt that failed is one, too.
#[derive(Debug, Default)]
pub struct Labels {
    /// Of each number that events have, how many connections were begun, and the place of the last one.
    numbers: HashMap<Option<u64>, (u64, usize)>,
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

/// How many numbers are remembered. Connections with other ones cannot be followed.
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
            | RecordedKind::Closed(_) => current.is_none() && self.numbers.len() < MAX_NUMBERS,
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
        (place, label)
    }

    /// Whether a connection with this number can be followed: not if there are too many.
    pub fn has(&self, number: Option<u64>) -> bool {
        self.numbers.contains_key(&number)
    }

    /// The label that the next connection with this number will have.
    pub fn next(&self, number: Option<u64>) -> String {
        let begun = self.numbers.get(&number).map_or(0, |(begun, _)| *begun);
        match (number, begun) {
            (None, _) => (self.count + 1).to_string(),
            (Some(number), 0) => number.to_string(),
            (Some(number), times) => format!("{number}.{}", times + 1), // it was opened again
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
        assert_eq!(begun.map(label), ["0 7", "1 2", "2 7.2", "3 2", "4 5"]);
        assert_eq!(
            [labels.next(Some(7)), labels.next(Some(9)), labels.next(None)],
            ["7.3", "9", "6"]
        );
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
