//! The differences between what was recorded and what was received, for people.

use std::fmt;
use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use super::sent_back::SentBack;
use crate::output::escape::{Newlines, escape};
use crate::protocol::counted::counted;
use crate::recording::compare::{Change, Changes};

/// The differences between a recording and what was received. The first ones are kept, all are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    list: Vec<Difference>,
    /// The number of messages of the server that were recorded: the client's are not compared.
    recorded: usize,
    missing: u64,
    /// Messages that were received and not recorded.
    pub(super) surplus: u64,
    changed: u64,
    late: u64,
    /// How the end differs.
    pub(super) close: Option<CloseDifference>,
    /// A value of the session that the client sent back as it was recorded.
    pub(super) sent_back: Option<SentBack>,
}

/// The kinds of differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Missing,
    Surplus,
    Changed,
    Late,
}

/// One difference. Messages have the numbers of the recording, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Difference {
    Missing { number: usize, shown: String },
    Surplus { after: usize, shown: Option<String> },
    Changed { number: usize, changes: Changes },
    Late(Lateness),
}

/// An answer that came late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lateness {
    pub(super) number: usize,
    /// How long after the wait for it ran out.
    pub(super) by: Duration,
}

/// How the connection ended, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CloseDifference {
    pub(super) recorded: String,
    pub(super) now: String,
}

/// How many differences are listed.
const MAX_LISTED: usize = 50;

/// The width of the list.
const COLUMNS: usize = 80;

impl Differences {
    pub(super) fn new(recorded: usize) -> Self {
        Self { recorded, ..Self::default() }
    }

    /// Counts a difference, and keeps it if it is to be listed.
    pub(super) fn push(&mut self, kind: Kind, difference: impl FnOnce() -> Difference) {
        *match kind {
            Kind::Missing => &mut self.missing,
            Kind::Surplus => &mut self.surplus,
            Kind::Changed => &mut self.changed,
            Kind::Late => &mut self.late,
        } += 1;
        if self.list.len() < MAX_LISTED {
            self.list.push(difference());
        }
    }

    /// The number of differences.
    pub fn count(&self) -> u64 {
        self.missing + self.surplus + self.changed + self.late + u64::from(self.close.is_some())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// What to do about differences that come from a value of the session.
    pub fn hint(&self) -> Option<String> {
        let SentBack { number, place } = self.sent_back.as_ref()?;
        Some(format!(
            "the client sends back {place} of message {number} as it was recorded, and the server sent another value now: \
             'wscope view FILE --record x.wscope' writes a scenario for 'wscope check' that sends the new one"
        ))
    }

    /// The differences, in lines of at most 80 columns where values are not longer.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.list.iter().flat_map(Difference::lines).collect();
        let listed = self.list.len() as u64 + u64::from(self.close.is_some());
        if self.count() > listed {
            lines.push(format!("… and {}", counted(self.count() - listed, "more difference")));
        }
        if let Some(CloseDifference { recorded, now }) = &self.close {
            lines.push("the close differs:".to_owned());
            let escaped = |text: &str| escape(text, Newlines::Escape).into_owned();
            lines.push(format!("    recorded: {}", escaped(recorded)));
            lines.push(format!("    now:      {}", escaped(now)));
        }
        lines
    }
}

/// The counts.
impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let messages = counted(self.recorded as u64, "message");
        let compared = format!("(compared: {messages} of the server)");
        if self.is_empty() {
            return write!(f, "the answers are as recorded {compared}");
        }
        let counts = [
            (self.missing, "missing"),
            (self.surplus, "surplus"),
            (self.changed, "changed"),
            (self.late, "late"),
        ];
        let mut words: Vec<_> = counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        words.extend(self.close.as_ref().map(|_| "the close differs".to_owned()));
        let differences = counted(self.count(), "difference");
        write!(f, "{differences} from the recording {compared}: {}", words.join(", "))
    }
}

impl Difference {
    fn lines(&self) -> Vec<String> {
        match self {
            Self::Missing { number, shown } => {
                vec![format!("message {number} is missing: {shown}")]
            }
            Self::Surplus { after, shown } => {
                let place = match after {
                    0 => "before message 1".to_owned(),
                    after => format!("after message {after}"),
                };
                match shown {
                    Some(shown) => vec![format!("surplus {place}: {shown}")],
                    None => vec![format!("surplus {place}")],
                }
            }
            Self::Changed { number, changes } => {
                let mut lines = vec![format!("message {number} is changed:")];
                lines.extend(change_lines(changes));
                lines
            }
            Self::Late(Lateness { number, by }) => vec![format!(
                "message {number} is late: it came {:.1}s after the wait for it ran out",
                by.as_secs_f64()
            )],
        }
    }
}

/// The changes of a message, in one line.
pub(super) fn changes_on_one_line(changes: &Changes) -> String {
    let mut parts: Vec<String> = changes.list.iter().map(on_one_line).collect();
    parts.extend(more_places(changes));
    parts.join("; ")
}

/// The changes of a message, in lines.
fn change_lines(changes: &Changes) -> Vec<String> {
    let mut lines: Vec<String> = changes.list.iter().flat_map(lines_of).collect();
    lines.extend(more_places(changes).map(|more| format!("    {more}")));
    if changes.list.is_empty() {
        lines.push("    it was not kept: memory is limited".to_owned());
    }
    lines
}

/// How many places are not listed.
fn more_places(changes: &Changes) -> Option<String> {
    let more = changes.count.saturating_sub(changes.list.len());
    let is_said = more > 0 && changes.list.len() > 1;
    is_said.then(|| format!("… and {}", counted(more as u64, "more place")))
}

/// The recorded value, and the one in its place.
fn values(change: &Change) -> [&str; 2] {
    [&change.recorded, &change.now].map(|value| value.as_deref().unwrap_or("nothing"))
}

fn on_one_line(change: &Change) -> String {
    let [recorded, now] = values(change);
    format!("{}: recorded {recorded}, now {now}", change.place)
}

fn lines_of(change: &Change) -> Vec<String> {
    let line = format!("    {}", on_one_line(change));
    if line.width() <= COLUMNS {
        return vec![line];
    }
    let (place, [recorded, now]) = (&change.place, values(change));
    vec![
        format!("    {place}:"),
        format!("      recorded {recorded}"),
        format!("      now      {now}"),
    ]
}
