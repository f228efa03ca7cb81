//! Which connections of a recording are shown.

use std::collections::BTreeSet;

use crate::config::Entry;
use crate::error::Error;
use crate::output::escape::{Newlines, escape};
use crate::recording::{Recorded, RecordedKind};

/// How many connections are listed when none is the one asked for.
const MAX_LISTED: usize = 20;

/// How many numbers of connections whose URL matches are kept.
const MAX_MATCHING: usize = 100_000;

/// Chooses the events of connections.
#[derive(Debug)]
pub(super) struct Entries {
    wanted: Option<Entry>,
    /// Connections with a number whose URL matches.
    matching: BTreeSet<u64>,
    /// The connection that events without a number belong to: how many were opened until now.
    current: u64,
    /// Its URL matches.
    is_current_matching: bool,
    /// An event was accepted.
    found: bool,
    /// The first connections, as they are listed.
    listed: Vec<String>,
    count: u64,
}

impl Entries {
    pub(super) fn new(wanted: Option<Entry>) -> Self {
        Self {
            wanted,
            matching: BTreeSet::new(),
            current: 0,
            is_current_matching: false,
            found: false,
            listed: Vec::new(),
            count: 0,
        }
    }

    /// Whether an event is one of the connections that are wanted. What precedes the first connection belongs to it.
    pub(super) fn accept(&mut self, event: &Recorded) -> bool {
        let Some(wanted) = &self.wanted else { return true };
        if let RecordedKind::Open(opened) = &event.what {
            let matches = matches!(wanted, Entry::Url(part) if opened.url.contains(part.as_str()));
            let number = match event.connection {
                Some(number) => {
                    if !matches {
                        self.matching.remove(&number);
                    } else if self.matching.len() < MAX_MATCHING {
                        self.matching.insert(number);
                    }
                    number
                }
                None => {
                    self.current += 1;
                    self.is_current_matching = matches;
                    self.current
                }
            };
            self.count += 1;
            if self.listed.len() < MAX_LISTED {
                self.listed.push(format!("{number} {}", escape(&opened.url, Newlines::Escape)));
            }
        }
        let is_wanted = match (wanted, event.connection) {
            (Entry::Number(wanted), Some(number)) => number == *wanted,
            (Entry::Number(wanted), None) => self.current.max(1) == *wanted,
            (Entry::Url(_), Some(number)) => self.matching.contains(&number),
            (Entry::Url(_), None) => self.is_current_matching,
        };
        self.found |= is_wanted;
        is_wanted
    }

    /// # Errors
    /// If no connection was the one that is wanted: those that there are.
    pub(super) fn check(&self, name: &str) -> Result<(), Error> {
        let wanted = match &self.wanted {
            Some(Entry::Number(number)) if !self.found => format!("connection {number}"),
            Some(Entry::Url(part)) if !self.found => format!("connection to a URL with {part:?}"),
            _ => return Ok(()),
        };
        let more = self.count.saturating_sub(self.listed.len() as u64);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        let hint = match self.listed.is_empty() {
            true => "the recording has no connection".to_owned(),
            false => format!("it has {}{more}", self.listed.join(", ")),
        };
        Err(Error::Usage { message: format!("{name} has no {wanted}"), hint: Some(hint) })
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::recording::reader::{Limits, read};

    const FILE: &str = r#"{"event":"retry","attempt":1,"delay_ms":1,"elapsed_ms":0}
{"event":"open","url":"ws://a/x","elapsed_ms":1}
{"event":"ping","direction":"sent","elapsed_ms":2}
{"event":"open","url":"ws://b/y","elapsed_ms":3}
{"event":"ping","direction":"sent","elapsed_ms":4}
{"event":"open","connection":7,"url":"ws://b/z","elapsed_ms":5}
{"event":"open","connection":8,"url":"ws://c/z","elapsed_ms":6}
{"event":"ping","connection":7,"direction":"sent","elapsed_ms":7}
"#;

    fn accepted(entry: Option<Entry>) -> (Vec<u128>, Result<(), Error>) {
        let mut entries = Entries::new(entry);
        let mut times = Vec::new();
        let result = read("x", FILE.as_bytes(), &Limits::default(), &mut |event| {
            if entries.accept(&event) {
                times.push(event.at.elapsed.as_millis());
            }
            ControlFlow::Continue(())
        });
        assert!(result.is_ok(), "{result:?}");
        (times, entries.check("x"))
    }

    #[test]
    fn connections_are_chosen_by_number_or_url() {
        for (entry, expected) in [
            (None, vec![0, 1, 2, 3, 4, 5, 6, 7]),
            (Some(Entry::Number(1)), vec![0, 1, 2]),
            (Some(Entry::Number(2)), vec![3, 4]),
            (Some(Entry::Number(7)), vec![5, 7]),
            (Some(Entry::Url("//b".to_owned())), vec![3, 4, 5, 7]),
            (Some(Entry::Url("/z".to_owned())), vec![5, 6, 7]),
        ] {
            let (times, result) = accepted(entry.clone());
            assert_eq!(times, expected, "{entry:?}");
            assert!(result.is_ok(), "{entry:?}");
        }
    }

    #[test]
    fn the_connections_are_listed_if_none_is_wanted() {
        let (times, result) = accepted(Some(Entry::Number(9)));
        let error = result.expect_err("no such connection");
        assert!(times.is_empty());
        assert_eq!((error.exit_code(), &*error.message()), (2, "x has no connection 9"));
        let hint = error.hint().expect("the list");
        assert_eq!(hint, "it has 1 ws://a/x, 2 ws://b/y, 7 ws://b/z, 8 ws://c/z");
    }
}
