//! Which connections of a recording are shown.

use std::collections::HashSet;

use crate::error::Error;
use crate::output::escape::{Newlines, escape};
use crate::recording::replay::Selector;
use crate::recording::{Belonging, Labels, Recorded, RecordedKind};

/// How many connections are listed when none is the one asked for.
const MAX_LISTED: usize = 20;

/// Chooses the events of connections.
#[derive(Debug)]
pub(super) struct Entries {
    wanted: Selector,
    labels: Labels,
    /// Numbers of which the last connection is wanted.
    current: HashSet<Option<u64>>,
    /// An event was accepted.
    found: bool,
    /// The first connections, as they are listed.
    listed: Vec<String>,
    count: u64,
}

impl Entries {
    pub(super) fn new(wanted: Selector) -> Self {
        Self {
            wanted,
            labels: Labels::default(),
            current: HashSet::new(),
            found: false,
            listed: Vec::new(),
            count: 0,
        }
    }

    /// Whether all connections are shown.
    pub(super) fn are_all(&self) -> bool {
        self.wanted == Selector::Only
    }

    /// Whether an event is one of the connections that are wanted. What precedes the first connection belongs to it.
    pub(super) fn accept(&mut self, event: &Recorded) -> bool {
        if self.are_all() {
            return true;
        }
        let number = event.connection;
        let is_wanted = match self.labels.belonging(event) {
            Belonging::Current(_) => self.current.contains(&number),
            Belonging::Nothing => self.wanted.accepts(&self.labels.next(number), ""),
            Belonging::Begins => self.begin(event),
        };
        self.found |= is_wanted;
        is_wanted
    }

    fn begin(&mut self, event: &Recorded) -> bool {
        let number = event.connection;
        let (_, label) = self.labels.begin(number);
        let url = match &event.what {
            RecordedKind::Open(opened) => opened.url.as_str(),
            RecordedKind::Failure(failure) => {
                failure.attempt.as_ref().map_or("", |attempt| attempt.url.as_str())
            }
            _ => "",
        };
        self.count += 1;
        if self.listed.len() < MAX_LISTED {
            let url = if url.is_empty() { "(URL not recorded)" } else { url };
            self.listed.push(format!("{label} {}", escape(url, Newlines::Escape)));
        }
        let is_wanted = self.wanted.accepts(&label, url);
        if !is_wanted {
            self.current.remove(&number);
        } else if self.labels.has(number) {
            self.current.insert(number);
        }
        is_wanted
    }

    /// # Errors
    /// If no connection was the one that is wanted: those that there are.
    pub(super) fn check(&self, name: &str) -> Result<(), Error> {
        let wanted = match &self.wanted {
            Selector::Entry(entry) if !self.found => match self.wanted.is_number() {
                true => format!("connection {entry}"),
                false => format!("connection to a URL with {entry:?}"),
            },
            _ => return Ok(()),
        };
        let more = self.count.saturating_sub(self.listed.len() as u64);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        let hint = match self.listed.is_empty() {
            true => "the recording has no connection".to_owned(),
            false => format!("its connections: {}{more}", self.listed.join(", ")),
        };
        Err(Error::Usage { message: format!("{name} has no {wanted}"), hint: Some(hint) })
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::recording::compare::Ignore;
    use crate::recording::reader::{Limits, read};
    use crate::recording::{diff, replay};

    const FILE: &str = r#"{"event":"retry","attempt":1,"delay_ms":1,"elapsed_ms":0}
{"event":"open","url":"ws://a/x","elapsed_ms":1}
{"event":"ping","direction":"sent","elapsed_ms":2}
{"event":"open","url":"ws://b/y","elapsed_ms":3}
{"event":"ping","direction":"sent","elapsed_ms":4}
{"event":"open","connection":7,"url":"ws://b/z","elapsed_ms":5}
{"event":"open","connection":8,"url":"ws://c/z","elapsed_ms":6}
{"event":"ping","connection":7,"direction":"sent","elapsed_ms":7}
{"event":"error","connection":9,"kind":"connect","message":"m","url":"ws://d/z","elapsed_ms":8}
{"event":"open","connection":7,"url":"ws://e/x","elapsed_ms":9}
{"event":"ping","connection":7,"direction":"sent","elapsed_ms":10}
"#;

    fn accepted(entry: Option<&str>) -> (Vec<u128>, Result<(), Error>) {
        let mut entries = Entries::new(Selector::new(entry));
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
            (None, (0..=10).collect()),
            (Some("1"), vec![0, 1, 2]),
            (Some("2"), vec![3, 4]),
            (Some("7"), vec![5, 7]),
            (Some("7.2"), vec![9, 10]),
            (Some("9"), vec![8]),
            (Some("//b"), vec![3, 4, 5, 7]),
            (Some("/z"), vec![5, 6, 7, 8]),
            (Some("/x"), vec![1, 2, 9, 10]),
        ] {
            let (times, result) = accepted(entry);
            assert_eq!(times, expected, "{entry:?}");
            assert!(result.is_ok(), "{entry:?}");
        }
    }

    #[test]
    fn the_connections_are_listed_if_none_is_wanted() {
        let (times, result) = accepted(Some("7.3"));
        let error = result.expect_err("no such connection");
        assert!(times.is_empty());
        assert_eq!((error.exit_code(), &*error.message()), (2, "x has no connection 7.3"));
        let hint = error.hint().expect("the list");
        assert_eq!(
            hint,
            "its connections: 1 ws://a/x, 2 ws://b/y, 7 ws://b/z, 8 ws://c/z, 9 ws://d/z, 7.2 ws://e/x"
        );
    }

    /// One numbering everywhere: what `view` shows is what `replay` sends again and `diff` compares.
    #[test]
    fn a_label_means_the_same_connection_everywhere() {
        for (entry, url) in [("1", "ws://a/x"), ("2", "ws://b/y"), ("7.2", "ws://e/x")] {
            let mut shown = Vec::new();
            let mut entries = Entries::new(Selector::new(Some(entry)));
            let mut replayed = replay::Collector::new(Selector::new(Some(entry)), 1 << 20);
            let collecting = diff::Collecting {
                selector: Selector::new(Some(entry)),
                ignore: Ignore::default(),
                control: false,
            };
            let mut compared = diff::Collector::new(collecting);
            let result = read("x", FILE.as_bytes(), &Limits::default(), &mut |event| {
                if let (RecordedKind::Open(opened), true) = (&event.what, entries.accept(&event)) {
                    shown.push(opened.url.clone());
                }
                compared.push(event.clone())?;
                replayed.push(event)
            });
            assert!(result.is_ok(), "{result:?}");
            let info = replayed.finish().expect("a connection").info;
            let compared = compared.finish().expect("a connection");
            assert_eq!(shown, [url]);
            assert_eq!((&*info.label, info.url.as_deref()), (entry, Some(url)));
            assert_eq!((&*compared[0].label, compared[0].url.as_deref()), (entry, Some(url)));
        }
    }
}
